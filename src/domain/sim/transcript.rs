//! What a run says: one terse line per event, a hash over all of them, the last ones kept for a failure.

use crate::event::{Event, IncidentEvent};
use crate::intent::{Intent, What};
use std::collections::VecDeque;
use std::fmt::Write;

const KEPT: usize = 200;

pub struct Transcript {
    begins_at: i64,
    hash: u64,
    last: VecDeque<String>,
}

impl Transcript {
    pub fn new(begins_at: i64) -> Self {
        Transcript { begins_at, hash: 0xcbf2_9ce4_8422_2325, last: VecDeque::with_capacity(KEPT) }
    }

    /// Adds a line at a true time.
    pub fn say(&mut self, now: i64, text: std::fmt::Arguments<'_>) {
        let ms = (now - self.begins_at) / 1_000;
        let mut line = if self.last.len() == KEPT { self.last.pop_front().unwrap_or_default() } else { String::new() };
        line.clear();
        let _ = write!(
            line,
            "t+{:02}:{:02}:{:02}.{:03} {text}",
            ms / 3_600_000,
            ms / 60_000 % 60,
            ms / 1_000 % 60,
            ms % 1_000
        );
        for byte in line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.last.push_back(line);
    }

    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub fn tail(&self) -> String {
        self.last.iter().fold(String::new(), |all, line| all + line + "\n")
    }
}

/// An event in a few words.
pub struct Terse<'a>(pub &'a IncidentEvent);

impl std::fmt::Display for Terse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let e = self.0;
        write!(f, "{} {} {}", e.incident, e.seq, e.body.kind())?;
        let at = e.at;
        let next = |t: &Option<crate::time::Timestamp>| match t {
            Some(t) => format!("next +{}s", t.seconds_since(at)),
            None => "no next".to_string(),
        };
        match &e.body {
            Event::Declared { policy, .. } => match policy {
                Some(p) => {
                    let delays: Vec<i64> = p.steps.iter().map(|s| s.delay_s).collect();
                    write!(f, " policy {delays:?} repeat {:?}", p.repeat_max)
                }
                None => write!(f, " no policy"),
            },
            Event::Escalated { step, pass, reason, people, next_at, .. } => {
                write!(f, " step {step} pass {pass} {reason:?} → {people:?} {}", next(next_at))
            }
            Event::StepSkipped { step, pass, .. } => write!(f, " step {step} pass {pass}"),
            Event::NobodyReached { pagers, next_at } => write!(f, " {pagers} pagers {}", next(next_at)),
            Event::Snoozed { until } => write!(f, " +{}s", until.seconds_since(at)),
            Event::AlertsCleared { resolves_at } => write!(f, " resolves +{}s", resolves_at.seconds_since(at)),
            Event::AlertsReceived { group, changed, untracked, partial, group_status, .. } => {
                let names = changed.iter().take(4).map(|a| format!("{} {:?}", a.fingerprint, a.status));
                let names: Vec<String> = names.collect();
                let n = changed.len();
                write!(f, " {group} {group_status:?} {n} {names:?} untracked {untracked} partial {partial}")
            }
            Event::IntentsQueued { intents } => {
                for i in intents.iter().take(8) {
                    write!(f, " {}", TerseIntent(i))?;
                }
                if intents.len() > 8 { write!(f, " … {} in all", intents.len()) } else { Ok(()) }
            }
            Event::IntentsCancelled { numbers, why } => write!(f, " {} {why:?}", Numbers(numbers)),
            Event::IntentClaimed { no, worker, attempt, .. } => write!(f, " #{no} {worker} try {attempt}"),
            Event::IntentDone { no, .. } | Event::IntentFailed { no, .. } | Event::IntentAbandoned { no } => {
                write!(f, " #{no}")
            }
            Event::IntentRetried { no, due_at, maybe_sent, .. } => {
                let maybe = if *maybe_sent { " maybe sent" } else { "" };
                write!(f, " #{no} +{}s{maybe}", due_at.seconds_since(at))
            }
            Event::Resolved { cause, .. } => write!(f, " {cause:?}"),
            Event::Reopened { cause, .. } => write!(f, " {cause:?}"),
            Event::Unacknowledged { cause, .. } => write!(f, " {cause:?}"),
            Event::StatusChanged { from, to, .. } => write!(f, " {from} → {to}"),
            Event::MergedInto { into } => write!(f, " {into}"),
            Event::MergedFrom { from, .. } => write!(f, " {from}"),
            Event::PagedByHand { people, .. } => write!(f, " {people:?}"),
            _ => Ok(()),
        }
    }
}

struct Numbers<'a>(&'a [u32]);
impl std::fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().take(12).try_for_each(|n| write!(f, "#{n} "))
    }
}

struct TerseIntent<'a>(&'a Intent);
impl std::fmt::Display for TerseIntent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let i = self.0;
        match &i.what {
            What::Page(p) => {
                let who = p.person.as_ref().map_or("everyone", |p| p.as_str());
                write!(f, "#{} page {who} {}", i.no, i.channel)
            }
            What::Follow { page, over, .. } => {
                write!(f, "#{} {} #{page} {}", i.no, if *over { "over" } else { "acked" }, i.channel)
            }
            What::Room { task, .. } => write!(f, "#{} {} {}", i.no, task.word(), i.channel),
            What::Run { run } => write!(f, "#{} run {run}", i.no),
            What::Notice { kind, .. } => write!(f, "#{} {kind:?} {}", i.no, i.channel),
        }
    }
}
