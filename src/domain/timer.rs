//! Durable promises to wake. Which timers an incident has is a function of its state, so there is nothing to
//! forget: the store keeps the difference between before and after, and a rebuild computes them again.

use crate::incident::Incident;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The next level, or the next round of pages when nobody is reached.
    Escalate,
    /// The snooze is over.
    SnoozeEnd,
    /// The alerts have stayed resolved long enough.
    QuietResolve,
}

impl TimerKind {
    pub const ALL: [TimerKind; 3] = [TimerKind::Escalate, TimerKind::SnoozeEnd, TimerKind::QuietResolve];
    pub fn as_str(self) -> &'static str {
        match self {
            TimerKind::Escalate => "escalate",
            TimerKind::SnoozeEnd => "snooze_end",
            TimerKind::QuietResolve => "quiet_resolve",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    pub kind: TimerKind,
    pub due_at: Timestamp,
}

/// The timers of an incident. While it is open, unacknowledged and its policy is not used up there is exactly one
/// (DESIGN, rule 5): the next level, or what stands in for it while it is snoozed or its alerts have cleared.
pub fn timers(incident: &Incident) -> impl Iterator<Item = Timer> {
    let of = |kind, at: Option<Timestamp>| at.map(|due_at| Timer { kind, due_at });
    [
        of(TimerKind::Escalate, incident.escalation.next_at),
        of(TimerKind::SnoozeEnd, incident.snoozed_until),
        of(TimerKind::QuietResolve, incident.quiet_resolves_at),
    ]
    .into_iter()
    .flatten()
}
