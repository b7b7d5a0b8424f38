//! Durable promises to wake. Which timers an incident has is a function of its state, so there is nothing to
//! forget. The store keeps the next of each incident only: none takes effect before those that are due before it,
//! and what it does arms the one that follows.

use crate::clocks;
use crate::incident::Incident;
use crate::reminders;
use crate::run;
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
    /// A milestone's warning or its breach.
    Milestone,
    /// "Still working?" is to be asked, or has not been answered.
    StillWorking,
    /// The next status update is due.
    UpdateReminder,
    /// Nobody leads.
    LeadReminder,
    /// The post-mortem is overdue.
    DraftReminder,
    /// An action item is due, or late.
    ActionReminder,
    /// Nobody has approved a run in time, or it has not begun in time.
    RunExpiry,
}

impl TimerKind {
    pub const ALL: [TimerKind; 10] = [
        TimerKind::Escalate,
        TimerKind::SnoozeEnd,
        TimerKind::QuietResolve,
        TimerKind::Milestone,
        TimerKind::StillWorking,
        TimerKind::UpdateReminder,
        TimerKind::LeadReminder,
        TimerKind::DraftReminder,
        TimerKind::ActionReminder,
        TimerKind::RunExpiry,
    ];
    pub fn as_str(self) -> &'static str {
        match self {
            TimerKind::Escalate => "escalate",
            TimerKind::SnoozeEnd => "snooze_end",
            TimerKind::QuietResolve => "quiet_resolve",
            TimerKind::Milestone => "milestone",
            TimerKind::StillWorking => "still_working",
            TimerKind::UpdateReminder => "update_reminder",
            TimerKind::LeadReminder => "lead_reminder",
            TimerKind::DraftReminder => "draft_reminder",
            TimerKind::ActionReminder => "action_reminder",
            TimerKind::RunExpiry => "run_expiry",
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

/// The timers of an incident. While it is open, unacknowledged and its policy is not used up there is exactly one that
/// leads on (DESIGN, rule 5): the next level, or what stands in for it while it is snoozed or its alerts have cleared.
/// The others page nobody, but for the question "still working?".
pub fn timers(incident: &Incident) -> impl Iterator<Item = Timer> {
    let of = |kind, at: Option<Timestamp>| at.map(|due_at| Timer { kind, due_at });
    [
        of(TimerKind::Escalate, incident.escalation.next_at),
        of(TimerKind::SnoozeEnd, incident.snoozed_until),
        of(TimerKind::QuietResolve, incident.quiet_resolves_at),
        of(TimerKind::Milestone, clocks::milestone_timer(incident)),
        of(TimerKind::StillWorking, clocks::still_working_timer(incident)),
        of(TimerKind::UpdateReminder, clocks::update_timer(incident)),
        of(TimerKind::LeadReminder, clocks::lead_timer(incident)),
        of(TimerKind::DraftReminder, reminders::draft_timer(incident)),
        of(TimerKind::ActionReminder, reminders::action_timer(incident)),
        of(TimerKind::RunExpiry, run::expiry(incident)),
    ]
    .into_iter()
    .flatten()
}

/// The timer that takes effect next: the earliest, and of several at one instant the first by kind.
pub fn next(incident: &Incident) -> Option<Timer> {
    timers(incident).min_by_key(|t| (t.due_at, t.kind))
}

impl TimerKind {
    /// Whether it is one of those of which rule 5 counts exactly one.
    pub fn leads_on(self) -> bool {
        matches!(self, TimerKind::Escalate | TimerKind::SnoozeEnd | TimerKind::QuietResolve)
    }
}
