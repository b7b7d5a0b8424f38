//! Intents: committed wishes to send something, and what became of them. One state machine for pages, cards,
//! updates and the follow-ups that a vendor is told; the incident keeps those that are not over yet.

use crate::chat::RoomTask;
use crate::id::{ChannelId, PersonId};
use crate::limits;
use crate::run::RunNo;
use crate::storm::Summary;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Number of an intent within its incident, from 1.
pub type IntentNo = u32;

/// What goes first when much is waiting. The order of the variants is the order of the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    Page,
    Card,
    Update,
    Digest,
}

impl Lane {
    pub const ALL: [Lane; 4] = [Lane::Page, Lane::Card, Lane::Update, Lane::Digest];
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::Page => "page",
            Lane::Card => "card",
            Lane::Update => "update",
            Lane::Digest => "digest",
        }
    }
    pub fn parse(text: &str) -> Option<Lane> {
        Self::ALL.into_iter().find(|l| l.as_str() == text)
    }
    pub fn attempts_max(self) -> u32 {
        match self {
            Lane::Page => limits::PAGE_ATTEMPTS_MAX,
            _ => limits::NOTICE_ATTEMPTS_MAX,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub no: IntentNo,
    pub lane: Lane,
    pub channel: ChannelId,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    Page(Page),
    /// The vendor is told that an earlier page was acknowledged or is over.
    Follow {
        page: IntentNo,
        person: Option<PersonId>,
        over: bool,
    },
    /// Something to do where the incident is open in a chat.
    Room {
        #[serde(flatten)]
        task: RoomTask,
        /// It edits a message that is there, which platforms count apart from posts.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        edits: bool,
    },
    /// A card or update about the event with this sequence number.
    Notice {
        about_seq: i64,
        kind: NoticeKind,
    },
    /// A run of the incident is begun, by one worker and one time.
    Run {
        run: RunNo,
    },
}

/// One demand for attention to one person by one contact method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// `None`: the channel's own address, because nobody in particular could be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Index into the person's contact methods, so that a failure goes on from there.
    pub method: usize,
    pub reason: PageReason,
    pub step: usize,
    pub pass: u32,
    /// What the person who paged by hand wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageReason {
    /// The escalation policy reached this level.
    Escalation,
    /// No policy, or nobody in it could be reached: every pager is paged.
    NobodyReached,
    /// Somebody paged by hand.
    ByHand,
    /// Whoever has it is asked whether they still work on it.
    StillWorking,
}

impl PageReason {
    pub fn as_str(self) -> &'static str {
        match self {
            PageReason::Escalation => "escalation",
            PageReason::NobodyReached => "nobody_reached",
            PageReason::ByHand => "by_hand",
            PageReason::StillWorking => "still_working",
        }
    }
    /// Sent because somebody has to be found, not because somebody or something asked for this person.
    pub fn by_policy(self) -> bool {
        matches!(self, PageReason::Escalation | PageReason::NobodyReached)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    Declared,
    Acknowledged,
    Changed,
    PolicyUsedUp,
    StatusUpdate,
    Ended,
    Reopened,
    PostmortemReady,
    /// A milestone, a reminder, "still working?".
    Clock,
    /// A run waits for somebody's word.
    RunAsked,
    /// A run is over, or nobody knows whether it is.
    RunEnded,
}

/// An intent that is not over, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    pub intent: Intent,
    pub queued_at: Timestamp,
    /// Tries so far, claims that came to nothing included.
    pub attempt: u32,
    /// Not before.
    pub due_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Of a task in a chat: the number of its first claim. What a try has left there shows at least that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_claim: Option<i64>,
    /// An earlier try may have arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maybe_sent: bool,
    /// When it rang last, or may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rang_at: Option<Timestamp>,
    /// The page in whose message it went, or may have gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

/// The right to send it, held by one worker until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub worker: String,
    /// Sequence number of the claim's event.
    pub seq: i64,
    pub lease_until: Timestamp,
}

/// A page that a vendor has been told of, so that it can be told of the acknowledgement and the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    pub channel: ChannelId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What the vendor was last asked to believe.
    pub told: Told,
    /// When the vendor took it; `None` where it only may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Triggered,
    Acknowledged,
    Over,
}

/// Seconds to wait after failed try number `attempt`, before jitter: 1, 2, 4 … 60; the vendor's own wish is
/// honoured up to `RETRY_AFTER_MAX_S`.
pub fn backoff_s(attempt: u32, retry_after_s: Option<i64>) -> i64 {
    let exponent = attempt.saturating_sub(1).min(6);
    let own = (limits::BACKOFF_FIRST_S << exponent).min(limits::BACKOFF_MAX_S);
    match retry_after_s {
        Some(s) => s.clamp(own, limits::RETRY_AFTER_MAX_S),
        None => own,
    }
}

/// Adds up to a quarter of the wait, from the intent's own identity: spread out, and the same on every replay.
pub fn jitter_us(wait_s: i64, incident: i64, no: IntentNo, attempt: u32) -> i64 {
    let mut x = (incident as u64) ^ (u64::from(no) << 32) ^ (u64::from(attempt) << 17);
    // splitmix64's finaliser: good spread from consecutive numbers.
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    let quarter_us = (wait_s.max(0) as u64).saturating_mul(250_000).max(1);
    (x % quarter_us) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_a_vendor_may_ask_for_two() {
        let own: Vec<i64> = (1..=9).map(|n| backoff_s(n, None)).collect();
        assert_eq!(own, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(backoff_s(1, Some(30)), 30);
        assert_eq!(backoff_s(1, Some(i64::MAX)), limits::RETRY_AFTER_MAX_S);
        assert_eq!(backoff_s(5, Some(-3)), 16);
        assert_eq!(backoff_s(u32::MAX, None), 60);
    }

    #[test]
    fn jitter_stays_within_a_quarter_and_differs_between_intents() {
        let all: std::collections::BTreeSet<i64> = (0..100).map(|n| jitter_us(8, 42, n, 1)).collect();
        assert!(all.iter().all(|j| (0..2_000_000).contains(j)));
        assert!(all.len() > 90, "{} different", all.len());
    }
}
