//! What the integration tests stand on: real programs (Postgres, Prometheus, Alertmanager, firebell itself)
//! started and stopped by the test that needs them, and stand-ins of vendors that speak the real wire.
//!
//! It never skips: what is not installed fails the test with a sentence that says what to do. Everything
//! listens on loopback, and nothing here outlives its test, except the Postgres cluster that all tests of a
//! run share, which ends by itself when nobody has used it for a while (`postgres.sh`).
//!
//! The harness is the world outside the program, so it is the one place beside `src/clock.rs` that reads the
//! real clock and waits on it: `eventually` and its likes are bounded and level-triggered.
#![allow(clippy::disallowed_methods, reason = "the harness stands outside the program: its time is real time")]
#![allow(dead_code, reason = "a harness offers a whole vocabulary; today's tests need not say every word")]

pub mod axe;
pub mod chromium;
pub mod docker;
pub mod fake_pagerduty;
pub mod fake_webhook;
pub mod faults;
pub mod files;
pub mod mail;
pub mod mariadb;
pub mod moved_clock;
pub mod port;
pub mod postgres;
pub mod process;
pub mod prometheus;
pub mod redis;
pub mod scraper;
pub mod serve;
pub mod ssh;
pub mod wire;

use std::time::{Duration, Instant};

pub use files::temp_dir;

/// How long a test waits for something that takes milliseconds on an idle machine. Long, because it is only
/// spent when the test fails anyway or when the machine is very busy.
pub const BOUND: Duration = Duration::from_secs(20);

/// How often a condition that cannot announce itself is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until `check` answers true; panics with `what` when it has not within `bound`.
pub async fn eventually(what: &str, bound: Duration, mut check: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    loop {
        let left = bound.saturating_sub(began.elapsed());
        match tokio::time::timeout(left, check()).await {
            Ok(true) => return,
            Ok(false) if began.elapsed() < bound => tokio::time::sleep(LOOK_EVERY).await,
            _ => panic!("waited {bound:?} in vain until {what}"),
        }
    }
}

/// `eventually` for code that is not async. It blocks the thread: never call it while a task of the same
/// runtime has to make progress (the stand-ins have a runtime of their own, see `wire`).
pub fn eventually_blocking(what: &str, bound: Duration, mut check: impl FnMut() -> bool) {
    let began = Instant::now();
    while !check() {
        assert!(began.elapsed() < bound, "waited {bound:?} in vain until {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Waits until a stand-in's state satisfies `check`; panics with its report when it never does.
async fn watch_until<T>(
    state: &tokio::sync::watch::Sender<T>,
    bound: Duration,
    what: &str,
    check: impl FnMut(&T) -> bool,
    report: impl FnOnce() -> String,
) {
    let mut watcher = state.subscribe();
    let came = tokio::time::timeout(bound, watcher.wait_for(check)).await;
    if came.is_err() {
        panic!("waited {bound:?} in vain until {what}. {}", report());
    }
}

/// An HTTP client for one test: it ignores proxies of the environment and gives up after `BOUND`.
pub fn http_client() -> reqwest::Client {
    // Only one caller in the process can install the provider; for the others it is already there.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().timeout(BOUND).build().expect("the HTTP client could not be built")
}

/// What an HTTP server answered, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    /// Sends the request; an error of the connection comes back as its sentence.
    pub async fn to(request: reqwest::RequestBuilder) -> Result<Answer, String> {
        let response = request.send().await.map_err(|error| chain(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.text().await.map_err(|error| chain(&error))?;
        Ok(Answer { status, headers, body })
    }

    /// The body as JSON; panics with the body when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("the answer ({}) is not JSON: {error}\n{}", self.status, self.body))
    }

    /// One header as text, if it was sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An error with all its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
