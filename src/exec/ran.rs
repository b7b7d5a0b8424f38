//! How a run ends, in the few forms that every executor needs. Says nothing about what ran.

use crate::engine::ports::execute::{End, File, Ran, Reading, Watch};
use std::time::Duration;

/// Nothing was begun, so nothing was changed.
pub fn not_started(why: impl Into<String>, native: bool) -> Ran {
    ended(End::NotStarted(why.into()), native)
}

/// A run without output.
pub fn ended(end: End, native: bool) -> Ran {
    Ran {
        end,
        stdout: String::new(),
        stderr: String::new(),
        left_out: 0,
        readings: Vec::new(),
        files: Vec::<File>::new(),
        took: Duration::ZERO,
        native,
        sampled: None,
    }
}

pub fn reading(metric: impl Into<String>, value: f64, unit: &str) -> Reading {
    Reading { metric: metric.into(), value, unit: unit.to_string() }
}

/// Ready when somebody wants the run to stop; never when nobody can any more.
pub async fn stopped(stop: &mut tokio::sync::watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// What ended the wait for a piece of work.
pub enum Waited<T> {
    Done(T),
    TimedOut,
    Stopped,
}

/// Waits for `work`, but no longer than `time`, and not after somebody stopped the run.
pub async fn within<T>(time: Duration, watch: &mut Watch, work: impl Future<Output = T>) -> Waited<T> {
    tokio::select! {
        done = work => Waited::Done(done),
        () = tokio::time::sleep(time) => Waited::TimedOut,
        () = stopped(&mut watch.stop) => Waited::Stopped,
    }
}

/// An error of the system without its number.
pub fn io(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
