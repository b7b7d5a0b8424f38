//! The stand-in's time: real, faster than real, standing still, or read from the test's own clock.
//! Every deadline of the stand-in (3 seconds, 15 minutes, buckets) is counted by it; it never waits.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

type Reads = Arc<dyn Fn() -> i64 + Send + Sync>;

enum How {
    Running { began: Instant, at_ms: i64, scale: f64 },
    Held { at_ms: i64 },
    Reads(Reads),
}

/// Milliseconds since 1970, as Discord's snowflakes count after their own epoch.
#[derive(Clone)]
pub struct Time(Arc<Mutex<How>>);

impl Time {
    /// The machine's time.
    pub fn real() -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the machine's clock is after 1970");
        let at_ms = i64::try_from(since.as_millis()).expect("fits");
        Time(Arc::new(Mutex::new(How::Running { began: Instant::now(), at_ms, scale: 1.0 })))
    }

    pub fn now_ms(&self) -> i64 {
        match &*self.0.lock().expect("not poisoned") {
            How::Running { began, at_ms, scale } => at_ms + (began.elapsed().as_secs_f64() * 1000.0 * scale) as i64,
            How::Held { at_ms } => *at_ms,
            How::Reads(read) => read(),
        }
    }

    /// From now on it stands still, and moves only by `advance`.
    pub fn hold(&self) {
        let at_ms = self.now_ms();
        *self.0.lock().expect("not poisoned") = How::Held { at_ms };
    }

    /// From now on it runs `scale` times as fast as the machine's.
    pub fn run(&self, scale: f64) {
        let at_ms = self.now_ms();
        *self.0.lock().expect("not poisoned") = How::Running { began: Instant::now(), at_ms, scale };
    }

    /// From now on it is what `read` says (milliseconds since 1970).
    pub fn read_from(&self, read: impl Fn() -> i64 + Send + Sync + 'static) {
        *self.0.lock().expect("not poisoned") = How::Reads(Arc::new(read));
    }

    /// Jumps ahead. A clock that is read from the test is moved there.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("fits");
        match &mut *self.0.lock().expect("not poisoned") {
            How::Running { at_ms, .. } | How::Held { at_ms } => *at_ms += by,
            How::Reads(_) => panic!("this time is read from the test's clock: advance that one"),
        }
    }
}

/// As the API writes moments: `2026-11-22T10:59:07.123000+00:00`.
pub fn iso(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Howard Hinnant's civil-from-days.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (h, m, s, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{milli:03}000+00:00")
}
