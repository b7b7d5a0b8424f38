//! How the connection to Slack is: what `/health/components` says of it. Counts; decides nothing.

use firebell_domain::time::Timestamp;
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug, Default)]
pub struct State {
    /// Sockets that have said hello and are open.
    pub connected: usize,
    pub hellos: u64,
    pub last_inbound_at: Option<Timestamp>,
    /// Why the sockets are down.
    pub problem: Option<String>,
    /// Why the last call was refused until somebody changes something.
    pub refused: Option<String>,
    pub unreadable: u64,
}

#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<State>>);

impl Health {
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    pub fn read(&self) -> State {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
