//! What time it is in the test's Slack: the machine's, or whatever the test says.
//!
//! It never waits by itself. Limits, triggers and acknowledgements ask here, so that a test on virtual time moves them.
#![allow(
    clippy::disallowed_methods,
    reason = "Slack stands outside the program: unless a test says otherwise its time is real"
)]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub const SECOND: i64 = 1_000_000;

/// Microseconds since 1970, as Slack's `ts` has them.
#[derive(Clone)]
pub struct Time(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Time {
    pub fn real() -> Time {
        Time::of(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the machine's clock is past 1970");
            i64::try_from(since.as_micros()).expect("the year is below 294000")
        })
    }

    /// The test's own clock.
    pub fn of(now: impl Fn() -> i64 + Send + Sync + 'static) -> Time {
        Time(Arc::new(now))
    }

    pub fn now(&self) -> i64 {
        (self.0)()
    }

    pub fn seconds(&self) -> i64 {
        self.now() / SECOND
    }
}

/// `1700000000.000100`
pub fn ts_of(us: i64) -> String {
    format!("{}.{:06}", us / SECOND, us % SECOND)
}

/// The time of a `ts`; nothing if it is none. Whole seconds are taken too, as `oldest` and `latest` allow.
pub fn us_of(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(seconds.parse::<i64>().ok()? * SECOND + micros)
}
