//! All processes of one run: its group, and by a mark in the environment those that left the group. Ends them all; never
//! touches a process that has no mark of this run. Looks at `/proc` on a thread for blocking work.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs;
use std::time::Duration;

/// The variable that every process of a run inherits.
pub const MARK: &str = "FIREBELL_RUN";
/// Rounds of looking for what is left and killing it. A process that forks faster than it is found loses: each round
/// kills all that were there when it began, and their number is bounded while they run.
const ROUNDS_MAX: usize = 50;

pub fn mark() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

pub struct Group {
    leader: Option<Pid>,
    /// As it stands in an environment: NAME=VALUE.
    mark: String,
    /// Nothing of it was left when last looked.
    swept: bool,
}

impl Group {
    pub fn new(leader: Option<u32>, mark: String) -> Group {
        let leader = leader.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        Group { leader, mark: format!("{MARK}={mark}"), swept: false }
    }

    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // That it is gone already is what we want.
            kill_process_group(leader, signal).ok();
        }
    }

    /// How many processes there are, and the memory that they hold.
    pub async fn size(&self) -> (usize, u64) {
        let mark = self.mark.clone();
        let look = move || {
            let all = marked(&mark);
            (all.len(), all.iter().map(|id| resident_bytes(*id)).sum())
        };
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// Kills what is left, and says how many there were.
    pub async fn sweep(&mut self) -> usize {
        let (mark, leader) = (self.mark.clone(), self.leader);
        self.swept = true;
        tokio::task::spawn_blocking(move || sweep(&mark, leader)).await.unwrap_or_default()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.swept {
            self.kill();
            sweep(&self.mark, self.leader);
        }
    }
}

fn sweep(mark: &str, leader: Option<Pid>) -> usize {
    let mut killed = std::collections::BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let left = marked(mark);
        if left.is_empty() {
            break;
        }
        for id in left {
            killed.insert(id.as_raw_pid());
            kill_process(id, Signal::KILL).ok();
        }
        // The kernel takes a moment to end what was killed.
        std::thread::sleep(Duration::from_millis(2));
    }
    if let Some(leader) = leader {
        // Those that emptied their environment and stayed in the group.
        kill_process_group(leader, Signal::KILL).ok();
    }
    killed.len()
}

/// Living processes that carry the mark. What has ended and was not reaped has no environment any more.
fn marked(mark: &str) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|b| *b == 0).any(|one| one == mark.as_bytes())
    })
    .filter_map(Pid::from_raw)
    .collect()
}

fn resident_bytes(id: Pid) -> u64 {
    const PAGE_BYTES: u64 = 4096;
    let text = fs::read_to_string(format!("/proc/{}/statm", id.as_raw_pid())).unwrap_or_default();
    let field = |no: usize| text.split(' ').nth(no).and_then(|f| f.trim().parse::<u64>().ok()).unwrap_or(0);
    // What is shared with others (libraries) would be counted for each.
    field(1).saturating_sub(field(2)) * PAGE_BYTES
}
