//! A real OpenSSH server on a loopback port, with keys and a configuration of its own, that lets in who runs the tests.
//! It never reads or changes anything of that user's own ssh.

use super::files::{TempDir, temp_dir};
use super::port::{Port, free_port};
use super::process::{Process, kept};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const SSHD: &str = "/usr/sbin/sshd";
const START_BOUND: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Sshd {
    process: Process,
    port: Port,
    folder: TempDir,
}

impl Sshd {
    pub async fn start() -> Sshd {
        assert!(Path::new(SSHD).exists(), "{SSHD} is not installed. Run: ./test --install");
        let (folder, port) = (temp_dir(), free_port());
        for name in ["host_key", "other_host_key", "key", "other_key"] {
            let file = folder.join(name);
            let mut command = Command::new("ssh-keygen");
            command.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(file);
            assert!(command.status().expect("ssh-keygen is installed").success());
        }
        fs::copy(folder.join("key.pub"), folder.join("authorized_keys")).expect("a key");
        let file = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "Port {}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
            port.number(),
            file("host_key"),
            file("authorized_keys"),
        );
        fs::write(folder.join("sshd_config"), config).expect("a file");
        // Where root's server puts what speaks before anybody is let in; the package's service makes it at its start.
        fs::create_dir_all("/run/sshd").ok();
        let process = run(&folder);
        let mut sshd = Sshd { process, port, folder };
        sshd.answers().await;
        sshd.know("host_key");
        sshd
    }

    async fn answers(&mut self) {
        let (process, address) = (&mut self.process, self.port.address());
        super::eventually("sshd answers", START_BOUND, async || {
            assert!(process.ended().is_none(), "sshd ended:\n{}", process.log_tail());
            tokio::net::TcpStream::connect(&address).await.is_ok()
        })
        .await;
    }

    /// Writes known_hosts: the key of this file is the host's.
    pub fn know(&self, key: &str) {
        let public = fs::read_to_string(self.folder.join(&format!("{key}.pub"))).expect("a key");
        let line = format!("[127.0.0.1]:{} {public}", self.port.number());
        fs::write(self.known_hosts(), line).expect("a file");
    }

    /// Whoever is let in speaks through this program from here on, which gets the command as the words of a shell: to
    /// another machine, where the server itself is not.
    pub fn leads_through(&self, program: &str) {
        let key = fs::read_to_string(self.folder.join("key.pub")).expect("a key");
        let line = format!("command=\"exec {program} sh -c \\\"$SSH_ORIGINAL_COMMAND\\\"\" {key}");
        fs::write(self.folder.join("authorized_keys"), line).expect("a file");
    }

    pub fn known_hosts(&self) -> PathBuf {
        self.folder.join("known_hosts")
    }

    /// A private key, as text: `key` is let in, `other_key` is not.
    pub fn key(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).expect("a key")
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    pub fn user(&self) -> String {
        let output = Command::new("id").arg("-un").output().expect("id is installed");
        String::from_utf8_lossy(&output.stdout).trim().to_string()
    }

    /// Goes away as a machine does, with all its connections.
    pub fn stop(&mut self) {
        let children = super::process::children_of(self.process.id());
        // Of each connection: the part with its rights, and below it the one without.
        let below: Vec<u32> = children.iter().flat_map(|c| super::process::children_of(*c)).collect();
        self.process.kill();
        super::process::signal_all("KILL", &children);
        super::process::signal_all("KILL", &below);
    }

    pub async fn start_again(&mut self) {
        self.process = run(&self.folder);
        self.answers().await;
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(folder: &TempDir) -> Process {
    let mut command = kept(SSHD);
    command.args(["-D", "-e", "-f"]).arg(folder.join("sshd_config")).current_dir(folder.path());
    Process::start("sshd", command, &folder.join("sshd.log"))
}
