//! Why things happened: the closed lists of reasons that events carry. Persisted by name, like the events.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptAs {
    Text,
    Base64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnackCause {
    ByHand,
    SnoozeEnded,
    /// "Still working?" was asked and nobody answered.
    TimedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalateReason {
    /// The first level, because it was declared.
    Declared,
    /// Nobody acknowledged in time.
    NotAcknowledged,
    ByHand,
    /// Handed back, woken from a snooze, reopened, or its alerts fire again.
    Resumed,
    /// Every page of the level failed for good.
    PagesFailed,
    /// Somebody approved alone what needs two people.
    BreakGlass,
    /// Its level has a chain of its own, which begins.
    SeverityChanged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolveCause {
    ByHand,
    /// All alerts stayed resolved for the quiet time.
    Quiet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReopenCause {
    ByHand,
    AlertsFiring,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    Acknowledged,
    Snoozed,
    AlertsCleared,
    Ended,
    /// Another page takes its place.
    Superseded,
    /// The run that it would have begun was taken back, or its time is over.
    RunOver,
}

impl CancelReason {
    pub fn as_str(self) -> &'static str {
        match self {
            CancelReason::Acknowledged => "acknowledged",
            CancelReason::Snoozed => "snoozed",
            CancelReason::AlertsCleared => "alerts_cleared",
            CancelReason::Ended => "ended",
            CancelReason::Superseded => "superseded",
            CancelReason::RunOver => "run_over",
        }
    }
}

impl EscalateReason {
    pub const ALL: [EscalateReason; 7] = [
        EscalateReason::Declared,
        EscalateReason::NotAcknowledged,
        EscalateReason::ByHand,
        EscalateReason::Resumed,
        EscalateReason::PagesFailed,
        EscalateReason::BreakGlass,
        EscalateReason::SeverityChanged,
    ];
    pub fn as_str(self) -> &'static str {
        match self {
            EscalateReason::Declared => "declared",
            EscalateReason::NotAcknowledged => "not_acknowledged",
            EscalateReason::ByHand => "by_hand",
            EscalateReason::Resumed => "resumed",
            EscalateReason::PagesFailed => "pages_failed",
            EscalateReason::BreakGlass => "break_glass",
            EscalateReason::SeverityChanged => "severity_changed",
        }
    }
}

impl UnackCause {
    pub const ALL: [UnackCause; 3] = [UnackCause::ByHand, UnackCause::SnoozeEnded, UnackCause::TimedOut];
    pub fn as_str(self) -> &'static str {
        match self {
            UnackCause::ByHand => "by_hand",
            UnackCause::SnoozeEnded => "snooze_ended",
            UnackCause::TimedOut => "timed_out",
        }
    }
}

impl ReopenCause {
    pub const ALL: [ReopenCause; 2] = [ReopenCause::ByHand, ReopenCause::AlertsFiring];
    pub fn as_str(self) -> &'static str {
        match self {
            ReopenCause::ByHand => "by_hand",
            ReopenCause::AlertsFiring => "alerts_firing",
        }
    }
}

/// Somebody (or something) that a level names and that cannot be paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreachable {
    /// As configured: `@ana`, `schedule:primary`, `owners`.
    pub target: String,
    pub why: UnreachableReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreachableReason {
    /// No `[people.NAME]`.
    Unknown,
    /// The person has no contact method through a configured pager.
    NoContactMethod,
    /// Nobody is on call, or the service has no owners.
    NobodyThere,
    /// No pager of that name is configured any more.
    NoPager,
}
