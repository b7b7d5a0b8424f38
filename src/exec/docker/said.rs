//! What a native command has said so far: two bounded streams, values, and lines of progress on the way.

use super::address::Failed;
use crate::engine::ports::execute::{End, Ran, Reading};
use crate::exec::clean::{Kept, Secrets};
use crate::exec::ran;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

pub struct Said {
    out: Kept,
    err: Kept,
    pub code: i32,
    /// Where it is not simply over with `code`.
    pub end: Option<End>,
    pub readings: Vec<Reading>,
    /// The age of the oldest of them that was taken before anybody asked.
    pub sampled: Option<Duration>,
    secrets: Secrets,
    progress: Sender<String>,
}

impl Said {
    pub fn new(bytes_max: usize, secrets: Secrets, progress: Sender<String>) -> Said {
        let kept = || Kept::new(bytes_max);
        Said { out: kept(), err: kept(), code: 0, end: None, readings: Vec::new(), sampled: None, secrets, progress }
    }

    /// Piece by piece; a whole line is also progress, if somebody takes it now.
    pub fn out(&mut self, bytes: &[u8]) {
        self.out.push(bytes);
        self.show(bytes);
    }

    pub fn err(&mut self, bytes: &[u8]) {
        self.err.push(bytes);
        self.show(bytes);
    }

    fn show(&self, bytes: &[u8]) {
        if let (Some(line), Ok(place)) = (bytes.strip_suffix(b"\n"), self.progress.try_reserve()) {
            place.send(self.secrets.line(line));
        }
    }

    /// A result as a whole.
    pub fn print(&mut self, text: &str) {
        self.out.push(text.as_bytes());
    }

    pub fn line(&mut self, text: &str) {
        self.out(format!("{text}\n").as_bytes());
    }

    /// Something went wrong, and the rest may go on.
    pub fn failed(&mut self, failed: &Failed) {
        self.err(format!("{}\n", failed.sentence()).as_bytes());
        self.code = 1;
    }

    pub fn reading(&mut self, metric: String, value: f64, unit: &str) {
        self.readings.push(ran::reading(metric, value, unit));
    }

    pub fn into_ran(self, end: End) -> Ran {
        let mut ran = ran::ended(end, true);
        ran.left_out = self.out.left_out() + self.err.left_out();
        ran.stdout = self.secrets.text(&self.out.into_bytes());
        ran.stderr = self.secrets.text(&self.err.into_bytes());
        (ran.readings, ran.sampled) = (self.readings, self.sampled);
        ran
    }
}
