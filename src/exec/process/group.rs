//! All processes of one run: its group, and by a mark in the environment those that left the group. Ends them all; never
//! touches a process that has no mark of this run. Looks at `/proc` on a thread for blocking work.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::collections::BTreeSet;
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
        let mut killed = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            let mark = self.mark.clone();
            let found = tokio::task::spawn_blocking(move || kill_marked(&mark)).await.unwrap_or_default();
            if found.is_empty() {
                break;
            }
            killed.extend(found);
            // The kernel takes a moment to end what was killed.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Those that emptied their environment and stayed in the group.
        self.kill();
        self.swept = true;
        killed.len()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.swept {
            return;
        }
        self.kill();
        for _ in 0..ROUNDS_MAX {
            if kill_marked(&self.mark).is_empty() {
                break;
            }
            std::thread::yield_now();
        }
    }
}

fn kill_marked(mark: &str) -> Vec<i32> {
    let found = marked(mark);
    for id in &found {
        kill_process(*id, Signal::KILL).ok();
    }
    found.into_iter().map(Pid::as_raw_pid).collect()
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
