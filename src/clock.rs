//! The one place that reads the time. Everything else is told what time it is, so that tests can say so.

use firebell_domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Clone, Debug)]
pub enum Clock {
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
            Clock::System => system_now(),
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
