//! How somebody waits for what they asked: a chat says "not recorded yet" after its own time and goes on waiting for the
//! outcome, and says a thing once however often its platform delivers it. Decides nothing; the writer keeps the keys.

use super::act::{Changed, Once};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A manner of asking, for one saying; commands know nothing of it.
pub struct Manner {
    patience: Duration,
    key: String,
    acts: AtomicU32,
    again: OnceLock<String>,
}

impl Manner {
    /// Waits for a commit as long as `patience`; whatever is done is done once under `key`.
    pub fn new(patience: Duration, key: String) -> Manner {
        Manner { patience, key, acts: AtomicU32::new(0), again: OnceLock::new() }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// The key of the next thing that is done: a saying does the same ones in the same order when it is said again.
    pub(super) fn once(&self) -> Once {
        let n = self.acts.fetch_add(1, Ordering::Relaxed);
        let answer = |changed: &Changed| changed.after.id.to_string();
        Once { key: format!("{}#{n}", self.key), answer: Box::new(answer) }
    }

    pub(super) fn heard_again(&self, kept: &str) {
        let _ = self.again.set(kept.to_string());
    }

    /// The incident that this was about when it was done the first time; `None` when this is the first time.
    pub fn again(&self) -> Option<&str> {
        self.again.get().map(String::as_str)
    }
}
