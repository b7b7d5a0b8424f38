//! The engine: one loop that wakes, fires what is due and delivers what is committed. It names no vendor and decides
//! nothing: what it finds goes through `app::act` like everything else.

mod claims;
mod deliver;
mod heartbeat;
mod operations;
mod outlets;
pub mod ports;
mod posts;
mod rooms;
mod runs;
mod tick;
mod warm;

pub use outlets::Outlets;
pub use tick::Engine;

use firebell_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What the engine says of itself, for `/health/components` and metrics.
#[derive(Debug, Default)]
pub struct EngineState {
    inner: Mutex<Inner>,
}

#[derive(Clone, Debug, Default)]
pub struct Inner {
    pub ticked_at: Option<Timestamp>,
    pub passes: u64,
    /// The last tick could not read or commit.
    pub failing: Option<String>,
    pub channels: BTreeMap<String, ChannelState>,
    /// The checkpoint log outside the database could not be written.
    pub checkpoint_failing: Option<String>,
    /// When checkpoints last covered all of the log, inside the database and outside it.
    pub covered_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
pub struct ChannelState {
    pub done: u64,
    pub failures_in_a_row: u64,
    pub last_problem: Option<String>,
    pub last_done_at: Option<Timestamp>,
    pub last_problem_at: Option<Timestamp>,
}

impl EngineState {
    pub fn read(&self) -> Inner {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
    /// What was said of these channels is of settings that are not in force any more.
    pub fn forget_channels(&self, channels: &[String]) {
        self.change(|s| s.channels.retain(|c, _| !channels.contains(c)));
    }
    pub(crate) fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}
