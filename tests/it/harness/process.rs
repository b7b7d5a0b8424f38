//! Programs that a test runs beside itself.
//!
//! A child never outlives its test: it is killed and reaped on drop, and the kernel kills it when the thread
//! that started it dies (`setpriv --pdeathsig`). So start programs from the test's own thread, never from
//! `spawn_blocking`. What a child prints goes to a file, whose end is shown when the test fails.

use super::LOOK_EVERY;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Enough to see the reason of a failure, short enough to read.
const LOG_LINES_SHOWN: usize = 80;

#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// A command that runs `program` and dies with the calling thread.
pub fn kept(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

impl Process {
    /// Starts the command; its output is appended to `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Process {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", log.display()));
        let errors = output.try_clone().expect("a file can be opened twice");
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}"));
        Process { name: name.to_owned(), child, log: log.to_owned() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: &str) {
        signal_all(signal, &[self.id()]);
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits until it has ended.
    pub async fn end_within(&mut self, bound: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            let ended = self.ended();
            if ended.is_some() || began.elapsed() > bound {
                return ended;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Kills it with SIGKILL and reaps it.
    pub fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// The last lines of what it printed.
    pub fn log_tail(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- the last lines of {} ---\n{}\n--- end of {} ---", self.name, self.log_tail(), self.name);
        }
    }
}

/// Sends a signal (`STOP`, `TERM`, …) to processes; those that are gone are passed over.
pub fn signal_all(signal: &str, ids: &[u32]) {
    for id in ids {
        // The shell's own `kill`: there is no such program on a small Debian.
        Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\" 2>/dev/null", signal])
            .arg(id.to_string())
            .status()
            .expect("a shell can be started");
    }
}

/// The direct children of a process.
pub fn children_of(parent: u32) -> Vec<u32> {
    running().filter(|id| stat_fields(*id).and_then(|fields| fields.get(1)?.parse().ok()) == Some(parent)).collect()
}

/// The kernel's letter for what a process does: `R`, `S`, `T` (stopped), `Z` (ended, not reaped), …
pub fn state_of(id: u32) -> Option<char> {
    stat_fields(id)?.first()?.chars().next()
}

/// Every process whose working folder is `folder` or lies in it.
pub fn all_inside(folder: &Path) -> Vec<u32> {
    let works_inside = |id: &u32| fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
    running().filter(works_inside).collect()
}

/// Kills every process whose working folder is `folder` or lies in it.
pub fn kill_all_inside(folder: &Path) {
    signal_all("KILL", &all_inside(folder));
}

fn running() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc")
        .expect("/proc is mounted")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The fields of /proc/ID/stat after the name (which may hold blanks and brackets): state, parent, …
fn stat_fields(id: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    Some(after_name.split(' ').map(str::to_owned).collect())
}
