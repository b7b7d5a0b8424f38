//! Certificates that real servers show: trusted, of a stranger, of another name, over their time; and those of files.

use super::{TARGET, call, run};
use crate::harness::files::TempDir;
use crate::harness::moved_clock;
use crate::harness::port::free_port;
use crate::harness::process::{Process, kept};
use crate::harness::{BOUND, eventually, temp_dir};
use firebell::engine::ports::execute::{Call, End, Execute, Ran};
use firebell::exec::http::Allowed;
use firebell::exec::tls::{Place, Tls};
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::process::Command;

/// An authority, and what it signed: `good`, `other` (for another name) and `old` (ended years ago).
pub(super) fn authority() -> TempDir {
    let folder = temp_dir();
    let openssl = |program: &[&str], line: &str| {
        let (first, rest) = program.split_first().expect("a program");
        let mut command = Command::new(first);
        command.args(rest).args(line.split(' ')).current_dir(folder.path());
        let output =
            command.output().unwrap_or_else(|e| panic!("{first} is not installed ({e}). Run: ./test --install"));
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let preload = moved_clock::preload();
    let (now, then) = (["openssl"], ["env", &preload, "FAKETIME=2021-01-01 00:00:00", "openssl"]);
    let key = "-newkey rsa:2048 -nodes";
    openssl(&now, &format!("req -x509 {key} -keyout ca.key -out ca.crt -days 3650 -subj /O=Shop/CN=authority"));
    for (name, host, clock) in
        [("good", "localhost", &now[..]), ("other", "shop.example.org", &now), ("old", "localhost", &then)]
    {
        fs::write(folder.join("names"), format!("subjectAltName=DNS:{host},IP:127.0.0.1\n")).expect("a file");
        openssl(clock, &format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={host}"));
        let sign = format!(
            "x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out {name}.crt -days 30 -extfile names"
        );
        openssl(clock, &sign);
    }
    folder
}

fn words(line: &str) -> Call {
    call(&line.split(' ').collect::<Vec<_>>())
}

fn days(ran: &Ran, name: &str) -> f64 {
    let metric = format!("days left of {name}");
    ran.readings.iter().find(|r| r.metric == metric).unwrap_or_else(|| panic!("no {metric}: {ran:?}")).value
}

#[tokio::test]
async fn what_servers_show_is_read_and_judged() {
    let folder = authority();
    let mut servers = Vec::new();
    for name in ["good", "other", "old"] {
        let port = free_port();
        let mut command = kept("openssl");
        let files = ["-cert".to_string(), format!("{name}.crt"), "-key".to_string(), format!("{name}.key")];
        command.args(["s_server", "-quiet", "-www", "-accept", &port.address()]).args(files).current_dir(folder.path());
        servers.push((Process::start(name, command, &folder.join("server.log")), port));
    }
    let hosts: Vec<String> = servers.iter().map(|(_, port)| format!("localhost:{}", port.number())).collect();
    for (_, port) in &servers {
        eventually("the server listens", BOUND, async || TcpStream::connect(port.address()).is_ok()).await;
    }
    let place = |authorities: Option<&str>| Place {
        allowed: hosts.iter().filter_map(|h| Allowed::read(h)).collect(),
        folder: folder.path().to_owned(),
        authorities: authorities.map(|name| folder.join(name)),
    };
    let at = |place| Tls::new(BTreeMap::from([(TARGET.to_string(), place)]));
    let tls = at(place(Some("ca.crt")));

    let ran = run(&tls, &words(&format!("tls {} --days 14", hosts[0]))).await;
    assert_eq!(ran.end, End::Exited(0), "{}", ran.stderr);
    assert!((29.0..=30.0).contains(&days(&ran, "localhost")), "{ran:?}");
    let ran = run(&tls, &words(&format!("tls {} --days 60", hosts[0]))).await;
    // In the second in which it was made it has all thirty.
    let said = ran.stderr.replace("30 days", "29 days");
    assert_eq!((ran.end, said.as_str()), (End::Exited(1), "29 days are left, and 60 are wanted\n"));
    let stranger = run(&at(place(None)), &words(&format!("tls {}", hosts[0]))).await;
    assert!(stranger.end == End::Exited(1) && stranger.stderr.contains("UnknownIssuer"), "{stranger:?}");
    let other = run(&tls, &words(&format!("tls {}", hosts[1]))).await;
    assert!(other.end == End::Exited(1) && other.stderr.contains("not valid for name"), "{other:?}");
    let old = run(&tls, &words(&format!("tls {}", hosts[2]))).await;
    assert!(
        old.end == End::Exited(1) && days(&old, "localhost") < -1_000.0 && old.stderr.contains("expired"),
        "{old:?}"
    );

    // The two halves of the usual pipeline, one's output the other's input.
    let shown = run(&tls, &words(&format!("openssl s_client -connect {} -servername localhost", hosts[2]))).await;
    assert!(shown.ok() && shown.stdout.contains("Verification error: "), "{shown:?}");
    let mut dates = words("openssl x509 -noout -subject -issuer -dates");
    dates.input = Some(shown.stdout.into_bytes());
    let expected = "subject=CN = localhost\nissuer=O = Shop, CN = authority\nnotBefore=Jan  1 00:00:0";
    let ran = run(&tls, &dates).await;
    assert!(
        ran.ok() && ran.stdout.starts_with(expected) && ran.stdout.contains("notAfter=Jan 31 00:00:0"),
        "{}",
        ran.stdout
    );

    assert!(tls.plan(&words("tls localhost:1")).await.is_err(), "it is not among the hosts");
    let closed = at(Place { allowed: vec![Allowed::read("127.0.0.1:9").expect("a host")], ..Place::default() });
    let ran = run(&closed, &words("tls 127.0.0.1:9")).await;
    assert!(ran.end == End::Exited(1) && ran.stderr.starts_with("No connection to 127.0.0.1:9: "), "{ran:?}");
}

#[tokio::test]
async fn files_are_read_as_openssl_reads_them() {
    let folder = authority();
    let place = Place { folder: folder.path().to_owned(), ..Place::default() };
    let tls = Tls::new(BTreeMap::from([(TARGET.to_string(), place)]));
    for line in [
        "openssl x509 -in good.crt -noout -dates",
        "openssl x509 -in good.crt -noout -subject",
        "openssl x509 -in good.crt -noout -issuer",
        "openssl x509 -in good.crt -noout -enddate -checkend 86400",
        "openssl x509 -in old.crt -noout -checkend 0",
        "openssl x509 -in good.crt -noout -checkend 8640000",
        "openssl x509 -in ca.crt -noout -serial",
    ] {
        let ours = run(&tls, &words(line)).await;
        let theirs =
            Command::new("openssl").args(line.split(' ').skip(1)).current_dir(folder.path()).output().expect("openssl");
        assert_eq!(
            (ours.end, ours.stdout.as_str()),
            (End::Exited(theirs.status.code().unwrap_or(-1)), &*String::from_utf8_lossy(&theirs.stdout)),
            "{line}"
        );
    }
    fs::write(folder.join("nonsense"), "nonsense").expect("a file");
    for line in [
        "openssl x509 -in gone.crt -noout -dates",
        "openssl x509 -in nonsense -noout -dates",
        "openssl x509 -in . -noout -dates",
    ] {
        assert_eq!(run(&tls, &words(line)).await.end, End::Exited(1), "{line}");
    }
}
