//! Named places at which a kill test may stop the process for good, as `kill -9` would: no destructor runs, nothing
//! is flushed. Off unless `FIREBELL_STOP_AT=PLACE:N` is in the environment of the process (the N-th arrival stops).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A batch is decided and written, not committed.
    BeforeCommit,
    /// A batch is committed, nobody has been answered.
    AfterCommit,
    /// A claim is committed, nothing has been sent.
    BeforeSend,
    /// The receiver has answered, the receipt is not committed.
    AfterSend,
    /// A platform has given new tokens, they are not committed.
    AfterExchange,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::BeforeCommit => "before_commit",
            Place::AfterCommit => "after_commit",
            Place::BeforeSend => "before_send",
            Place::AfterSend => "after_send",
            Place::AfterExchange => "after_exchange",
        }
    }
}

static WISH: OnceLock<Option<(String, u64)>> = OnceLock::new();
static ARRIVALS: AtomicU64 = AtomicU64::new(0);

/// Passes, unless this is the arrival that was wished for.
pub fn point(place: Place) {
    let wish = WISH.get_or_init(|| {
        let text = std::env::var("FIREBELL_STOP_AT").ok()?;
        let (name, n) = text.split_once(':')?;
        Some((name.to_string(), n.parse().ok()?))
    });
    if let Some((name, n)) = wish
        && name == place.name()
        && ARRIVALS.fetch_add(1, Ordering::SeqCst) + 1 == *n
    {
        eprintln!("stopped at {name}, arrival {n}");
        std::process::abort();
    }
}
