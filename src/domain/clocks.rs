//! The clocks of an incident besides its escalation: what its severity promises (milestones), the next status
//! update, the missing lead, and whether whoever has it still works on it. All are functions of the incident's
//! state, so a restart forgets none of them. Nothing here pages, except the question "still working?".

use crate::decide::Decider;
use crate::escalation;
use crate::event::{CancelReason, EscalateReason, Event, UnackCause};
use crate::incident::Incident;
use crate::intent::{NoticeKind, Page, PageReason};
use crate::limits;
use crate::reminders;
use crate::status::{IncidentStatus, PostmortemStatus};
use crate::time::{SECOND, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a severity may promise a time for. In the order in which an incident usually passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    Acknowledge,
    Diagnose,
    Mitigate,
    Resolve,
    Postmortem,
}

impl Milestone {
    pub const ALL: [Milestone; 5] =
        [Milestone::Acknowledge, Milestone::Diagnose, Milestone::Mitigate, Milestone::Resolve, Milestone::Postmortem];
    pub fn as_str(self) -> &'static str {
        match self {
            Milestone::Acknowledge => "acknowledge",
            Milestone::Diagnose => "diagnose",
            Milestone::Mitigate => "mitigate",
            Milestone::Resolve => "resolve",
            Milestone::Postmortem => "postmortem",
        }
    }
    /// What is missing until it is reached, as the beginning of a sentence.
    pub fn as_missing(self) -> &'static str {
        match self {
            Milestone::Acknowledge => "Not acknowledged",
            Milestone::Diagnose => "Cause not identified",
            Milestone::Mitigate => "Not mitigated",
            Milestone::Resolve => "Not resolved",
            Milestone::Postmortem => "Post-mortem not published",
        }
    }
    /// What reaching it is called: "the acknowledgement".
    pub fn as_noun(self) -> &'static str {
        match self {
            Milestone::Acknowledge => "acknowledgement",
            Milestone::Diagnose => "diagnosis",
            Milestone::Mitigate => "mitigation",
            Milestone::Resolve => "resolution",
            Milestone::Postmortem => "post-mortem",
        }
    }
    /// Milestones that a status says have been reached.
    fn of_status(status: IncidentStatus) -> &'static [Milestone] {
        match status {
            IncidentStatus::Investigating => &[],
            IncidentStatus::Identified => &[Milestone::Diagnose],
            IncidentStatus::Monitoring => &[Milestone::Diagnose, Milestone::Mitigate],
            _ => &[Milestone::Acknowledge, Milestone::Diagnose, Milestone::Mitigate, Milestone::Resolve],
        }
    }
}

/// Where the clocks stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// From when they run: the declaration, or the last reopening.
    since: Timestamp,
    pub reached: BTreeMap<Milestone, Timestamp>,
    pub warned: BTreeSet<Milestone>,
    pub breached: BTreeSet<Milestone>,
    /// When a person last said anything.
    touched_at: Timestamp,
    /// "Still working?" was asked, and nobody has said anything since.
    pub asked_at: Option<Timestamp>,
    pub update_due_at: Option<Timestamp>,
    pub lead_due_at: Option<Timestamp>,
    lead_reminders: u32,
    pub postmortem: PostmortemStatus,
    /// When the overdue post-mortem is spoken of next, and how often it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft_remind_at: Option<Timestamp>,
    pub draft_reminders: u32,
}

/// What a milestone's timer does when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Warn,
    Breach,
}

/// When a milestone has to be reached; `None` where its severity promises nothing or its clock has not begun.
pub fn deadline(i: &Incident, milestone: Milestone) -> Option<Timestamp> {
    let clocks = &i.severity.clocks;
    let span_s = match milestone {
        Milestone::Acknowledge => i.severity.response_s,
        Milestone::Diagnose => clocks.diagnose_s,
        Milestone::Mitigate => clocks.mitigate_s,
        Milestone::Resolve => clocks.resolve_s,
        Milestone::Postmortem => clocks.postmortem_s,
    };
    begin(i, milestone).zip(span_s).map(|(from, s)| match milestone {
        Milestone::Acknowledge | Milestone::Resolve => i.severity.due(from, s),
        _ => from.plus_s(s),
    })
}

pub fn begin(i: &Incident, milestone: Milestone) -> Option<Timestamp> {
    match milestone {
        Milestone::Postmortem if i.status == IncidentStatus::Resolved => i.ended_at,
        Milestone::Postmortem => None,
        _ => Some(i.course.since.max(i.declared_at)),
    }
}

/// Whether its clock is running: promised, begun, not reached, and the incident neither ended nor about to end by
/// itself.
pub fn runs(i: &Incident, milestone: Milestone) -> bool {
    let alive = match milestone {
        Milestone::Postmortem => i.status == IncidentStatus::Resolved,
        _ => i.status.open() && i.quiet_resolves_at.is_none(),
    };
    alive && !i.course.reached.contains_key(&milestone)
}

/// When the room is warned: a quarter of the time is left.
fn warning(i: &Incident, milestone: Milestone) -> Option<Timestamp> {
    let (from, due) = (begin(i, milestone)?, deadline(i, milestone)?);
    Some(Timestamp(due.0 - (due.0 - from.0) / 4))
}

fn next_milestone(i: &Incident) -> Option<(Timestamp, Milestone, Stage)> {
    let of = |m: Milestone| {
        let (stage, at) = match (i.course.breached.contains(&m), i.course.warned.contains(&m)) {
            (true, _) => return None,
            (false, true) => (Stage::Breach, deadline(i, m)),
            (false, false) => (Stage::Warn, warning(i, m)),
        };
        at.map(|at| (at, m, stage))
    };
    Milestone::ALL.into_iter().filter(|m| runs(i, *m)).filter_map(of).min()
}

pub fn milestone_timer(i: &Incident) -> Option<Timestamp> {
    next_milestone(i).map(|(at, ..)| at)
}

/// When "still working?" is asked, or, once asked, when the escalation resumes without an answer. Not while it is
/// snoozed (somebody said until when) or in monitoring (the harm is over).
pub fn still_working_timer(i: &Incident) -> Option<Timestamp> {
    let acknowledged = i.acknowledged.as_ref()?;
    let timeout_s = i.policy.as_ref()?.ack_timeout_s?;
    if !i.status.open() || i.snoozed_until.is_some() || i.status == IncidentStatus::Monitoring {
        return None;
    }
    Some(match i.course.asked_at {
        Some(asked) => asked.plus_s(limits::STILL_WORKING_GRACE_S),
        None => i.course.touched_at.max(acknowledged.at).plus_s(timeout_s),
    })
}

pub fn update_timer(i: &Incident) -> Option<Timestamp> {
    i.course.update_due_at.filter(|_| at_work(i))
}

pub fn lead_timer(i: &Incident) -> Option<Timestamp> {
    i.course.lead_due_at.filter(|_| at_work(i))
}

/// Somebody has it, and has not put it aside.
fn at_work(i: &Incident) -> bool {
    i.status.open() && i.acknowledged.is_some() && i.snoozed_until.is_none()
}

/// What an event does to the clocks; called when the rest of the incident has taken it in.
pub fn follow(i: &mut Incident, event: &Event, at: Timestamp, by_person: bool) {
    if by_person {
        (i.course.touched_at, i.course.asked_at) = (at, None);
    }
    let clocks = i.severity.clocks;
    let update_due_at = clocks.update_every_s.map(|s| at.plus_s(s));
    let lead_due_at = clocks.lead_within_s.filter(|_| i.lead.is_none()).map(|s| at.plus_s(s));
    match event {
        Event::Declared { .. } => (i.course.since, i.course.touched_at) = (at, at),
        Event::Acknowledged => {
            i.course.reached.entry(Milestone::Acknowledge).or_insert(at);
            (i.course.update_due_at, i.course.lead_due_at) = (update_due_at, lead_due_at);
            i.course.lead_reminders = 0;
        }
        Event::Unacknowledged { .. } => stop(&mut i.course),
        Event::StatusChanged { to, .. } => {
            arrive(i, *to, at);
            i.course.update_due_at = update_due_at.filter(|_| i.acknowledged.is_some());
        }
        Event::UpdatePosted { .. } | Event::UpdateReminded => {
            i.course.update_due_at = update_due_at.filter(|_| i.acknowledged.is_some());
        }
        Event::UpdatesSnoozed { until } => i.course.update_due_at = Some(*until),
        Event::LeadAssigned { .. } => i.course.lead_due_at = None,
        Event::LeadReminded => {
            i.course.lead_reminders = i.course.lead_reminders.saturating_add(1);
            let more = i.course.lead_reminders < limits::LEAD_REMINDERS_MAX;
            i.course.lead_due_at = lead_due_at.filter(|_| more);
        }
        Event::SeverityChanged { .. } => {
            // What its new severity gives more time for is warned of again.
            let late = |m: &Milestone| deadline(i, *m).is_some_and(|due| due <= at);
            let breached: BTreeSet<_> = i.course.breached.iter().copied().filter(late).collect();
            let soon = |m: &Milestone| warning(i, *m).is_some_and(|due| due <= at);
            let warned: BTreeSet<_> = i.course.warned.iter().copied().filter(soon).collect();
            (i.course.breached, i.course.warned) = (breached, warned);
            if i.acknowledged.is_some() && i.status.open() {
                i.course.update_due_at = update_due_at;
                let reminded = i.course.lead_reminders >= limits::LEAD_REMINDERS_MAX;
                i.course.lead_due_at = lead_due_at.filter(|_| !reminded);
            }
        }
        Event::MilestoneWarned { milestone, .. } => {
            i.course.warned.insert(*milestone);
        }
        Event::MilestoneBreached { milestone, remind_at, .. } => {
            i.course.warned.insert(*milestone);
            i.course.breached.insert(*milestone);
            if *milestone == Milestone::Postmortem {
                (i.course.draft_remind_at, i.course.draft_reminders) = (*remind_at, 0);
            }
        }
        Event::DraftReminded { next_at, .. } => {
            i.course.draft_remind_at = *next_at;
            i.course.draft_reminders = i.course.draft_reminders.saturating_add(1);
        }
        Event::StillWorkingAsked { .. } => i.course.asked_at = Some(at),
        Event::StillWorking => i.course.asked_at = None,
        Event::Resolved { .. } => {
            arrive(i, IncidentStatus::Resolved, at);
            stop(&mut i.course);
        }
        Event::Cancelled { .. } | Event::MergedInto { .. } => stop(&mut i.course),
        Event::Reopened { .. } => {
            i.course = Course { since: at, touched_at: at, ..Course::default() };
        }
        Event::PostmortemStatusChanged { to, .. } => {
            i.course.postmortem = *to;
            match to {
                PostmortemStatus::Published => {
                    i.course.reached.insert(Milestone::Postmortem, at);
                    i.course.draft_remind_at = None;
                }
                _ => {
                    i.course.reached.remove(&Milestone::Postmortem);
                }
            }
        }
        _ => {}
    }
}

/// A status says what has been reached, and also what has not after all: back to investigating, the clocks that
/// had stopped run on.
fn arrive(i: &mut Incident, status: IncidentStatus, at: Timestamp) {
    let reached = Milestone::of_status(status);
    for milestone in [Milestone::Diagnose, Milestone::Mitigate, Milestone::Resolve] {
        if !reached.contains(&milestone) {
            i.course.reached.remove(&milestone);
        }
    }
    for milestone in reached {
        i.course.reached.entry(*milestone).or_insert(at);
    }
}

fn stop(course: &mut Course) {
    (course.update_due_at, course.lead_due_at, course.asked_at) = (None, None, None);
}

/// The milestone whose time it is.
pub(crate) fn milestone_due(d: &mut Decider) {
    let Some((_, milestone, _)) = next_milestone(&d.incident) else { return };
    let Some(due_at) = deadline(&d.incident, milestone) else { return };
    // After a long stop both may be past: then the breach alone is news.
    match due_at <= d.now {
        true => {
            let remind_at = (milestone == Milestone::Postmortem).then(|| reminders::first_of_draft(d)).flatten();
            d.emit(Event::MilestoneBreached { milestone, due_at, remind_at });
        }
        false => d.emit(Event::MilestoneWarned { milestone, due_at }),
    }
    d.notice(NoticeKind::Clock);
}

pub(crate) fn update_due(d: &mut Decider) {
    d.emit(Event::UpdateReminded);
    d.notice(NoticeKind::Clock);
}

pub(crate) fn lead_due(d: &mut Decider) {
    d.emit(Event::LeadReminded);
    d.notice(NoticeKind::Clock);
}

/// Nobody has said anything for long: whoever has it is asked, by their own pager; without an answer the escalation
/// resumes from its first level.
pub(crate) fn still_working_due(d: &mut Decider) {
    if d.incident.course.asked_at.is_some() {
        d.emit(Event::Unacknowledged { cause: UnackCause::TimedOut, reason: String::new() });
        d.notice(NoticeKind::Changed);
        d.cancel_pages(CancelReason::Superseded);
        return escalation::start(d, EscalateReason::Resumed);
    }
    let asked = d.incident.acknowledged.as_ref().and_then(|a| a.by.as_person().cloned());
    let resumes_at = d.now.plus_s(limits::STILL_WORKING_GRACE_S);
    d.emit(Event::StillWorkingAsked { resumes_at });
    d.notice(NoticeKind::Clock);
    let (step, pass) = (d.incident.escalation.step.unwrap_or(0), d.incident.escalation.pass);
    let page = Page { person: asked, method: 0, reason: PageReason::StillWorking, step, pass, text: None };
    escalation::queue_pages(d, vec![page]);
}

/// Whatever a person does answers "still working?".
pub(crate) fn answered(d: &mut Decider) {
    d.emit(Event::StillWorking);
    d.cancel_pages(CancelReason::Acknowledged);
    d.follow_pages();
}

/// Seconds that are left until a milestone has to be reached, negative when it is late.
pub fn left_s(i: &Incident, milestone: Milestone, now: Timestamp) -> Option<i64> {
    deadline(i, milestone).map(|due| (due.0 - now.0).div_euclid(SECOND))
}
