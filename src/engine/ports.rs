//! What the engine needs from the outside, without naming a vendor. Adapters implement these; they know no policy:
//! they send one thing once, say what came of it, and never retry by themselves (the outbox does, durably).

pub mod chat;
pub mod execute;

use firebell_domain::id::{ChannelId, IncidentId, PersonId};
use std::future::Future;
use std::pin::Pin;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One thing to send through one channel, already worded. Neutral: no vendor's field names.
#[derive(Clone, Debug)]
pub struct Sending {
    pub incident: Option<IncidentId>,
    /// Stable over retries and restarts: the same intent always has the same key.
    pub idempotency_key: String,
    /// Sequence number of the claim in the incident's log, so that a receiver can compare it with the
    /// acknowledgement's. 0 for a test page.
    pub claim_seq: i64,
    /// 1 for the first try.
    pub attempt: u32,
    /// An earlier try may have arrived (its outcome is unknown, e.g. a crash between send and receipt).
    pub maybe_repeated: bool,
    /// Whom to reach; `None` means the channel's own default address (its routing key, its URL).
    pub person: Option<PersonId>,
    pub kind: SendingKind,
    pub message: Message,
    /// Of a message that stands for many pages: each of them, the first being the one whose key this is.
    pub parts: Vec<Part>,
}

/// One page of a message that stands for many.
#[derive(Clone, Debug)]
pub struct Part {
    pub incident: Option<IncidentId>,
    pub idempotency_key: String,
    pub claim_seq: i64,
    pub summary: String,
    pub ack_link: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendingKind {
    /// A demand for attention that somebody must answer.
    Page,
    /// Tells the vendor that the page with this `thread` was acknowledged.
    PageAcknowledged,
    /// Tells the vendor that the page with this `thread` is over.
    PageResolved,
    /// Information that needs no answer (a card, a status update).
    Notice,
    /// A marked test page: must reach the person like a real one and say that it is a test.
    Test,
}

/// What is said, neutrally; each adapter renders it.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// One line, with incident and severity: `[P1] INC-42 checkout is down`.
    pub summary: String,
    /// Further lines, may be empty.
    pub text: String,
    /// Groups what belongs to one page at the vendor (PagerDuty's `dedup_key`).
    pub thread: String,
    pub severity_level: String,
    /// 1 is worst.
    pub severity_rank: u32,
    pub service: Option<String>,
    /// investigating, identified, monitoring, resolved, merged or cancelled.
    pub status: String,
    /// Where to look and act.
    pub link: Option<String>,
    /// A signed address whose page acknowledges with one press, without signing in; for pages to people only.
    pub ack_link: Option<String>,
}

/// What came of a send. `why` is one sentence for the timeline: no secrets, no HTML, at most 300 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor has taken it; its own id where it gave one.
    Done { receipt: Option<String> },
    /// May work later (time-out, 429, 5xx, reset). `after_s` is the vendor's own `Retry-After`, unclamped.
    /// `maybe_arrived`: the vendor may have taken it all the same (a time-out or reset after the request was sent).
    Retry { after_s: Option<i64>, why: String, maybe_arrived: bool },
    /// Will not work however often it is tried (bad routing key, 4xx).
    Never { why: String },
}

/// What a crash between send and receipt can do on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// The receiver merges a repeated send by its key: people see it once.
    EffectivelyOnce,
    /// May arrive twice; the second is labelled.
    AtLeastOnceLabelled,
}

/// An outside watcher that is told that all is well; the error is a sentence without the watcher's address.
pub trait Beat: Send + Sync {
    fn beat(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// A pager. One file each in `src/notify/`.
pub trait Notify: Send + Sync {
    fn channel(&self) -> &ChannelId;
    fn guarantee(&self) -> Guarantee;
    fn send<'a>(&'a self, sending: &'a Sending) -> BoxFuture<'a, Outcome>;
}
