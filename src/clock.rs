//! The one place that reads the time. Everything else is told what time it is, so that tests can say so.

use firebell_domain::time::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's, but never backwards: see [`after`].
    System,
    /// Moves only when told.
    Set(Arc<AtomicI64>),
}

impl Clock {
    pub fn set_to(at: Timestamp) -> Clock {
        Clock::Set(Arc::new(AtomicI64::new(at.0)))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
                let (at, wall) = (instant(), system_now());
                let now = last.map_or(wall, |(then, before)| after(before, at.duration_since(then), wall));
                *last = Some((at, now));
                now
            }
            Clock::Set(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a clock that is set; does nothing to the system's.
    pub fn advance_s(&self, seconds: i64) {
        if let Clock::Set(at) = self {
            at.fetch_add(seconds * firebell_domain::time::SECOND, Ordering::SeqCst);
        }
    }
}

/// When, and what time it was said to be then.
static LAST: Mutex<Option<(Instant, Timestamp)>> = Mutex::new(None);

/// The time, given what was last said, how long ago that was, and what the machine says now. A machine that is set back
/// by an hour would make every level that is armed wait an hour longer, and order the log against what happened. So
/// we go on at half speed until the machine has caught up: a wait is at most doubled, and the truth is reached again.
fn after(before: Timestamp, elapsed: std::time::Duration, wall: Timestamp) -> Timestamp {
    let half_us = i64::try_from(elapsed.as_micros() / 2).unwrap_or(i64::MAX);
    wall.max(before.plus_us(half_us))
}

/// For constructors that take a plain function.
#[allow(clippy::disallowed_methods)] // this is the place
pub fn system_now() -> Timestamp {
    chrono::Utc::now().into()
}

/// Monotonic time for measuring durations (latencies, health), never for deciding.
#[allow(clippy::disallowed_methods)] // this is the place
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebell_domain::time::SECOND;
    use std::time::Duration;

    #[test]
    fn a_machine_that_is_set_back_is_waited_for_at_half_speed() {
        let noon = Timestamp(1_790_000_000_000_000);
        // In step, or jumped forward: the machine's word.
        assert_eq!(after(noon, Duration::from_secs(2), noon.plus_s(2)), noon.plus_s(2));
        assert_eq!(after(noon, Duration::from_secs(2), noon.plus_s(3_600)), noon.plus_s(3_600));
        // Set back by an hour: neither backwards nor standing still.
        assert_eq!(after(noon, Duration::from_secs(2), noon.plus_s(-3_598)), noon.plus_s(1));
        assert_eq!(after(noon, Duration::from_secs(7_200), noon.plus_s(3_600)), noon.plus_s(3_600));
        assert_eq!(after(noon, Duration::ZERO, noon.plus_us(-SECOND)), noon);
    }
}
