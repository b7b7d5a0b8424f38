//! What a call has said so far: two bounded streams, values, and lines of progress on the way.

use crate::engine::ports::execute::{End, Ran, Reading};
use crate::exec::clean::{Kept, Secrets};
use crate::exec::ran;
use tokio::sync::mpsc::Sender;

pub struct Said {
    out: Kept,
    err: Kept,
    pub code: i32,
    pub readings: Vec<Reading>,
    /// Of rows that were dropped before they were printed.
    pub dropped: u64,
    secrets: Secrets,
    progress: Sender<String>,
}

/// Values of one call: a table of all tables has thousands.
const READINGS_MAX: usize = 200;

impl Said {
    pub fn new(bytes_max: usize, secrets: Secrets, progress: Sender<String>) -> Said {
        let kept = || Kept::new(bytes_max);
        Said { out: kept(), err: kept(), code: 0, readings: Vec::new(), dropped: 0, secrets, progress }
    }

    pub fn print(&mut self, text: &str) {
        self.out.push(text.as_bytes());
    }

    /// A line of output that is also progress, if somebody takes it now.
    pub fn line(&mut self, text: &str) {
        self.out.push(format!("{text}\n").as_bytes());
        if let Ok(place) = self.progress.try_reserve() {
            place.send(self.secrets.line(text.as_bytes()));
        }
    }

    pub fn err(&mut self, text: &str) {
        self.err.push(format!("{text}\n").as_bytes());
    }

    /// Something of ours, beside what the server said.
    pub fn note(&mut self, text: &str) {
        self.err(&format!("[{text}]"));
    }

    pub fn reading(&mut self, metric: impl Into<String>, value: f64, unit: &str) {
        if self.readings.len() < READINGS_MAX && value.is_finite() {
            self.readings.push(ran::reading(metric, value, unit));
        }
    }

    pub fn into_ran(self, end: End) -> Ran {
        let mut ran = ran::ended(end, true);
        ran.left_out = self.out.left_out() + self.err.left_out() + self.dropped;
        ran.stdout = self.secrets.text(&self.out.into_bytes());
        ran.stderr = self.secrets.text(&self.err.into_bytes());
        ran.readings = self.readings;
        ran
    }
}
