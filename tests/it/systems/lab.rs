//! One system of `tests/lab` on a daemon of the test's own, and how it is broken and seen from outside: by HTTP and by
//! the docker command line, never through the bot.

use crate::harness::docker::Daemon;
use crate::harness::files::TempDir;
use crate::harness::{Answer, BOUND, eventually, http_client, temp_dir};
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Lab {
    pub daemon: Daemon,
    pub system: &'static str,
    http: reqwest::Client,
    folder: TempDir,
}

impl Lab {
    /// Builds the system and starts it; what it needs to come up is for the caller to wait for.
    pub async fn up(system: &'static str) -> Lab {
        let mut lab = Lab { daemon: Daemon::networked().await, system, http: http_client(), folder: temp_dir() };
        lab.script(&["up", system, &lab.folder().display().to_string()]);
        let authority = std::fs::read(lab.authority()).expect("the lab has an authority");
        let authority = reqwest::Certificate::from_pem(&authority).expect("a certificate");
        let client = reqwest::Client::builder().no_proxy().timeout(BOUND).tls_certs_merge([authority]);
        lab.http = client.build().expect("the HTTP client could not be built");
        lab
    }

    /// Who signed the certificates of its web servers.
    pub fn authority(&self) -> PathBuf {
        self.folder().join("ssl/ca.pem")
    }

    /// Shows a folder of the system in another place, to this test and what it starts.
    pub fn shows(&self, folder: &str, place: &str) {
        let mounted = Command::new("mount").arg("--bind").arg(self.folder().join(folder)).arg(place).status();
        assert!(mounted.is_ok_and(|status| status.success()), "{folder} is not shown at {place}");
    }

    /// Where its files are, those of Compose among them.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join(self.system)
    }

    /// `lab.sh break …`.
    pub fn break_it(&self, what: &[&str]) {
        self.script(&[&["break"], what].concat());
    }

    fn script(&self, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab.sh");
        let mut command = Command::new(script);
        command.args(arguments).env("DOCKER_HOST", self.daemon.host()).env("HOME", self.folder.path());
        let output = command.output().expect("a script can be started");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "lab.sh {arguments:?}: {said}");
    }

    /// What the world gets at an address: the status, or 0 where nobody answers.
    pub async fn status(&self, url: &str) -> u16 {
        Answer::to(self.http.get(url)).await.map_or(0, |answer| answer.status)
    }

    /// Why nobody gets an answer there.
    pub async fn trouble(&self, url: &str) -> Option<String> {
        Answer::to(self.http.get(url)).await.err()
    }

    pub async fn until(&self, url: &str, status: u16) {
        eventually(&format!("{url} answers {status}"), BOUND * 2, async || self.status(url).await == status).await;
    }
}
