//! Databases that encrypt, with an authority that the tests make and nobody else trusts: the real servers, asked with the
//! right authority, a wrong one, none, and where they cannot encrypt at all.

use super::tls::authority;
use super::{TARGET, call, run};
use crate::harness::files::TempDir;
use crate::harness::mariadb::{self, MariaDb};
use crate::harness::port::free_port;
use crate::harness::postgres::PrivatePostgres;
use crate::harness::redis::{self, RedisServer};
use crate::harness::{BOUND, eventually};
use firebell::engine::ports::execute::{Call, End, Execute};
use firebell::exec::clean::Secrets;
use firebell::exec::database::server::{Keys, Kind, Server};
use firebell::exec::docker::Docker;
use firebell::exec::mysql::Mysql;
use firebell::exec::postgres::Postgres;
use firebell::exec::redis::Redis;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server by its address, and what is asked of it.
struct Asked {
    kind: Kind,
    address: String,
    call: Call,
}

impl Asked {
    fn with(&self, ca_file: Option<PathBuf>) -> Box<dyn Execute> {
        let password = (self.kind == Kind::Redis).then(|| redis::PASSWORD.into());
        let keys = Keys { address: self.address.clone(), ca_file, password, ..Keys::default() };
        let server = [Server::read(self.kind, TARGET, keys, Secrets::default()).expect("an address")];
        let docker = Docker::new(BTreeMap::new());
        match self.kind {
            Kind::Postgres => Box::new(Postgres::new(server, docker)),
            Kind::Mysql => Box::new(Mysql::new(server, docker)),
            Kind::Redis => Box::new(Redis::new(server, docker)),
        }
    }

    /// What it prints.
    async fn says(&self, ca_file: Option<PathBuf>) -> String {
        let ran = run(self.with(ca_file).as_ref(), &self.call).await;
        assert_eq!(ran.end, End::Exited(0), "{ran:?}");
        ran.stdout.trim().to_string()
    }

    /// It is not begun, and the sentence has this.
    async fn refused(&self, ca_file: Option<PathBuf>, why: &str) {
        let ran = run(self.with(ca_file).as_ref(), &self.call).await;
        match &ran.end {
            End::NotStarted(said) => assert!(said.contains(why), "not {why:?}: {said}"),
            other => panic!("{other:?}: {ran:?}"),
        }
    }

    /// The authority that signed it lets it be asked; another one, a file that is none and nobody at all do not.
    async fn only_by(&self, right: &TempDir, expected: &str) {
        assert_eq!(self.says(Some(right.join("ca.crt"))).await, expected);
        let wrong = authority();
        let stranger = wrong.join("ca.crt");
        let why = format!("has not signed: set ca_file of [targets.{TARGET}] to the certificate of the one that has");
        self.refused(Some(stranger), &why).await;
        self.refused(
            Some(right.join("gone.crt")),
            "gone.crt cannot be read (no such file or directory): correct ca_file",
        )
        .await;
        self.refused(Some(right.join("ca.key")), "ca.key holds no certificate").await;
    }
}

const NOT_KNOWN: &str = "shows a certificate of an authority that is not known here: set ca_file of [targets.lab]";
const UNENCRYPTED: &str = "does not encrypt, and [targets.lab] asks for it: switch TLS on there, or take ca_file out";

/// A copy of a certificate and its key that a server of another user may read, and nobody else.
fn lay(authority: &TempDir, name: &str, place: &Path, user: &str) {
    for (from, to) in [("crt", "server.crt"), ("key", "server.key")] {
        let file = place.join(to);
        fs::copy(authority.join(&format!("{name}.{from}")), &file).expect("the server's folder can be written");
        for (program, how) in [("chmod", "600"), ("chown", user)] {
            let done = Command::new(program).arg(how).arg(&file).status();
            assert!(done.is_ok_and(|status| status.success()), "{program} {how} {}", file.display());
        }
    }
}

#[tokio::test]
async fn a_postgres_proves_who_it_is_or_is_not_asked() {
    let (authority, server) = (authority(), PrivatePostgres::start());
    let address = server.url().replace("127.0.0.1", "localhost");
    let call = call(&["psql", "-At", "-c", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"]);
    let asked = Asked { kind: Kind::Postgres, address: address.clone(), call: call.clone() };
    let required = Asked { kind: Kind::Postgres, address: format!("{address}?sslmode=require"), call: call.clone() };
    let verified = Asked { kind: Kind::Postgres, address: format!("{address}?sslmode=verify-full"), call };

    assert_eq!(asked.says(None).await, "f", "it cannot encrypt yet");
    asked.refused(Some(authority.join("ca.crt")), UNENCRYPTED).await;
    required.refused(None, "asks for it: switch TLS on there, or take sslmode out").await;

    lay(&authority, "good", &server.folder().join("data"), "postgres");
    server.query("alter system set ssl = on").expect("it may be switched on");
    server.query("select pg_reload_conf()").expect("it reads its configuration");
    eventually("Postgres encrypts", BOUND, async || server.query("show ssl").is_ok_and(|on| on == "on")).await;
    assert_eq!((asked.says(None).await.as_str(), required.says(None).await.as_str()), ("t", "t"), "it can by now");
    asked.only_by(&authority, "t").await;
    verified.refused(None, NOT_KNOWN).await;
}

#[tokio::test]
async fn a_mariadb_proves_who_it_is_or_is_not_asked() {
    let (authority, mut server) = (authority(), MariaDb::start());
    let address = server.url().replace("127.0.0.1", "localhost");
    assert!(address.contains(mariadb::USER));
    let call = call(&[
        "mysql",
        "-BN",
        "-e",
        "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'",
    ]);
    let asked = Asked { kind: Kind::Mysql, address: address.clone(), call: call.clone() };
    let verified = Asked { kind: Kind::Mysql, address: format!("{address}?ssl-mode=verify_identity"), call };

    assert_eq!(asked.says(None).await, "0", "it cannot encrypt yet");
    asked.refused(Some(authority.join("ca.crt")), UNENCRYPTED).await;

    server.encrypts(|folder| lay(&authority, "good", folder, "mysql"));
    assert_eq!(asked.says(None).await, "1", "it can by now");
    asked.only_by(&authority, "1").await;
    verified.refused(None, NOT_KNOWN).await;
}

#[tokio::test]
async fn a_redis_proves_who_it_is_or_is_not_asked() {
    let (authority, port) = (authority(), free_port());
    let file = |name: &str| authority.join(name).display().to_string();
    let start = |name: &str| {
        let (cert, key, tls) = (file(&format!("{name}.crt")), file(&format!("{name}.key")), port.number().to_string());
        let certificate = ["--tls-port", &tls, "--tls-cert-file", &cert, "--tls-key-file", &key];
        RedisServer::start_with(&[&certificate[..], &["--tls-auth-clients", "no"]].concat())
    };
    let server = start("good");
    server.cli(&["SET", "who", "ana"]);
    let call = call(&["redis-cli", "--raw", "GET", "who"]);
    let at = |scheme: &str, port: u16| Asked {
        kind: Kind::Redis,
        address: format!("{scheme}://localhost:{port}"),
        call: call.clone(),
    };
    let asked = at("rediss", port.number());
    asked.only_by(&authority, "ana").await;
    asked.refused(None, NOT_KNOWN).await;
    assert_eq!(at("redis", port.number()).says(Some(authority.join("ca.crt"))).await, "ana", "ca_file asks for it too");

    // Its other port speaks without protection.
    let plain: u16 = server.address().rsplit(':').next().and_then(|p| p.parse().ok()).expect("a port");
    assert_eq!(at("redis", plain).says(None).await, "ana");
    let silent = "If it does not encrypt: switch TLS on there, or take";
    at("rediss", plain).refused(None, &format!("{silent} the s of rediss out of [targets.lab]")).await;
    at("redis", plain).refused(Some(authority.join("ca.crt")), &format!("{silent} ca_file out of")).await;

    drop(server);
    for (name, why) in [("other", "for another name: write that name into address"), ("old", "that has expired")] {
        let _server = start(name);
        asked.refused(Some(authority.join("ca.crt")), why).await;
    }
}
