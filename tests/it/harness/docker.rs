//! A real Docker daemon of the test's own: its own folder, socket and containers, no network, no registry. It is never
//! the system's, and it is killed with everything in it when the test is over.

use super::eventually;
use super::files::{TempDir, temp_dir};
use super::process::{Process, all_inside, kept, kill_all_inside};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// It starts its own containerd, which takes some seconds on a busy machine.
const START_BOUND: Duration = Duration::from_secs(60);

/// The image of all its containers.
pub const IMAGE: &str = "lab:1";

#[derive(Debug)]
pub struct Daemon {
    process: Process,
    folder: TempDir,
}

impl Daemon {
    pub async fn start() -> Daemon {
        // Nothing of this machine is changed: no driver that mounts.
        let daemon = Daemon::bare(&["--storage-driver=vfs"]).await;
        daemon.image(IMAGE, &[]);
        daemon
    }

    /// Makes an image out of this machine's packages, with these programs.
    pub fn image(&self, name: &str, programs: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/image.sh");
        let mut made = Command::new(script);
        made.arg(self.host()).arg(name).args(programs.iter().flat_map(|program| ["--with", program]));
        let made = made.output().expect("a script can be started");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// For a test in a network and with mounts of its own: containers may have networks and ports there. No image yet.
    pub async fn networked() -> Daemon {
        Daemon::bare(&[]).await
    }

    async fn bare(more: &[&str]) -> Daemon {
        for program in ["/usr/sbin/dockerd", "/bin/busybox"] {
            assert!(Path::new(program).exists(), "{program} is not installed. Run: ./test --install");
        }
        let folder = temp_dir();
        let mut command = kept("/usr/sbin/dockerd");
        command.current_dir(folder.path());
        for (option, name) in [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")] {
            command.arg(option).arg(folder.join(name));
        }
        command.arg("--host").arg(format!("unix://{}", folder.join("docker.sock").display()));
        // No bridge and no rules of the firewall of its own. Without a bridge dockerd takes away what is called docker0,
        // which may be that of the Docker that people here work with: it is named then, and left alone.
        let devices = std::fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
        let theirs = devices.lines().any(|l| l.trim_start().starts_with("docker0:"));
        command.args([
            if theirs { "--bridge=docker0" } else { "--bridge=none" },
            "--iptables=false",
            "--ip-forward=false",
            "--ip-masq=false",
            "--log-level=error",
        ]);
        command.args(more);
        let process = Process::start("dockerd", command, &folder.join("dockerd.log"));
        let mut daemon = Daemon { process, folder };
        eventually("dockerd answers", START_BOUND, async || {
            assert!(daemon.process.ended().is_none(), "dockerd ended:\n{}", daemon.process.log_tail());
            daemon.try_docker(&["version"]).is_ok()
        })
        .await;
        daemon
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The docker command line: the view from outside. Panics with what it said when it fails.
    pub fn docker(&self, arguments: &[&str]) -> String {
        self.try_docker(arguments).unwrap_or_else(|said| panic!("docker {arguments:?}: {said}"))
    }

    pub fn try_docker(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", self.host()).env("HOME", self.folder.path());
        let output = command.output().expect("docker is installed");
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_string()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim_end().to_string()),
        }
    }

    /// Starts a container that runs this text in a shell.
    pub fn container(&self, name: &str, options: &[&str], script: &str) {
        let fixed = ["run", "--detach", "--network=none", "--name", name];
        self.docker(&[&fixed[..], options, &[IMAGE, "sh", "-c", script]].concat());
    }

    /// One field of a container, from outside.
    pub fn state(&self, name: &str, format: &str) -> String {
        self.docker(&["inspect", "--format", format, name])
    }

    pub fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // What it runs is not its child: containers first, then the daemon with its containerd.
        if let Ok(all) = self.try_docker(&["ps", "--all", "--quiet"]) {
            let all: Vec<&str> = all.split_whitespace().collect();
            if !all.is_empty() {
                self.try_docker(&[&["rm", "--force", "--volumes"], &all[..]].concat()).ok();
            }
        }
        self.process.signal("TERM");
        super::eventually_blocking("dockerd ends", START_BOUND, || self.process.ended().is_some());
        kill_all_inside(self.folder.path());
        super::eventually_blocking("nothing of dockerd is left", START_BOUND, || {
            all_inside(self.folder.path()).is_empty()
        });
        // Namespaces and shared memory that a container left mounted would keep the folder.
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        let inside = mounts.lines().filter_map(|l| l.split(' ').nth(1));
        for mount in inside.filter(|m| Path::new(m).starts_with(self.folder.path())) {
            Command::new("umount").args(["--lazy", mount]).status().ok();
        }
    }
}
