//! What people do: every input that a command, a button or the API makes.

use super::{Decider, Input};
use crate::alert::{self, Group};
use crate::escalation;
use crate::event::{CancelReason, EscalateReason, Event, ReopenCause, ResolveCause, UnackCause};
use crate::id::IncidentId;
use crate::intent::NoticeKind;
use crate::limits;
use crate::postmortem::written;
use crate::refusal::Refusal;
use crate::run;
use crate::status::IncidentStatus;
use crate::text;
use crate::time::Timestamp;

pub(super) fn said(d: &mut Decider, input: &Input) -> Result<(), Refusal> {
    // What may still be said about an incident that has ended.
    match input {
        Input::Note { .. }
        | Input::Quote { .. }
        | Input::AddAction { .. }
        | Input::FinishAction { .. }
        | Input::Reopen { .. }
        | Input::AssignRole { .. }
        | Input::AssignLead { .. }
        | Input::SetPostmortem { .. }
        | Input::EditPostmortem { .. }
        | Input::StopRun { .. }
        | Input::SetSeverity { .. } => {}
        _ => open(d)?,
    }
    match input {
        Input::Acknowledge => acknowledge(d)?,
        Input::Unacknowledge { reason } => {
            if d.incident.acknowledged.is_none() {
                return Err(Refusal::NotAcknowledged { id: d.incident.id });
            }
            let reason = text::block("reason", reason)?;
            d.emit(Event::Unacknowledged { cause: UnackCause::ByHand, reason });
            d.notice(NoticeKind::Changed);
            escalation::start(d, EscalateReason::Resumed);
        }
        Input::Snooze { until } => {
            snoozable(d, *until)?;
            d.emit(Event::Snoozed { until: *until });
            d.cancel_pages(CancelReason::Snoozed);
        }
        Input::SnoozeUpdates { until } => {
            snoozable(d, *until)?;
            if d.incident.severity.clocks.update_every_s.is_none() {
                return Err(Refusal::NoReminder { id: d.incident.id, level: d.incident.severity.level.clone() });
            }
            if d.incident.acknowledged.is_none() {
                return Err(Refusal::NotAcknowledged { id: d.incident.id });
            }
            d.emit(Event::UpdatesSnoozed { until: *until });
        }
        Input::SetPostmortem { status } => {
            let (id, from) = (d.incident.id, d.incident.course.postmortem);
            if d.incident.status != IncidentStatus::Resolved {
                return Err(Refusal::NoPostmortem { id, status: d.incident.status });
            }
            if from == *status {
                return Err(already(d, "post-mortem", status.as_words()));
            }
            d.emit(Event::PostmortemStatusChanged { from, to: *status });
        }
        Input::EditPostmortem { base, texts } => written::edit(d, *base, texts)?,
        Input::SetSeverity { severity, reason } => {
            let from = d.incident.severity.clone();
            if from == *severity {
                return Err(already(d, "severity", &severity.level));
            }
            let reason = text::block("reason", reason)?;
            d.emit(Event::SeverityChanged { from: from.clone(), to: severity.clone(), reason });
            d.notice(NoticeKind::Changed);
            escalation::follow_severity(d, &from);
        }
        Input::SetStatus { status: IncidentStatus::Resolved, text } => resolve(d, text)?,
        Input::SetStatus { status, text } => {
            let from = d.incident.status;
            let text = text::block("update", text)?;
            match (from == *status, text.is_empty()) {
                (true, true) => return Err(already(d, "status", status.as_str())),
                (true, false) => d.emit(Event::UpdatePosted { text }),
                (false, _) if !status.open() => return Err(Refusal::UnknownStatus { word: status.to_string() }),
                (false, _) => d.emit(Event::StatusChanged { from, to: *status, text }),
            }
            d.notice(NoticeKind::StatusUpdate);
        }
        Input::PostUpdate { text } => {
            let text = not_empty("update", text)?;
            d.emit(Event::UpdatePosted { text });
            d.notice(NoticeKind::StatusUpdate);
        }
        Input::Note { text } => {
            let text = not_empty("note", text)?;
            d.emit(Event::Noted { text, origin: None });
        }
        Input::Quote { text, origin } => {
            let text = not_empty("note", text)?;
            d.emit(Event::Noted { text, origin: origin.cleaned().map(Box::new) });
        }
        Input::AssignLead { person } => {
            if d.incident.lead.as_ref() == Some(person) {
                return Err(already(d, "lead", &format!("@{person}")));
            }
            d.emit(Event::LeadAssigned { person: person.clone() });
        }
        Input::AssignRole { role, person } => {
            let role = text::line("role", &role.to_lowercase(), limits::NAME_CHARS_MAX)?;
            if d.incident.roles.get(&role) == Some(person) {
                return Err(already(d, "role", &format!("{role} = @{person}")));
            }
            if d.incident.roles.len() >= limits::RESPONDERS_MAX {
                return Err(Refusal::TooMany { what: "roles", max: limits::RESPONDERS_MAX });
            }
            d.emit(Event::RoleAssigned { role, person: person.clone() });
        }
        Input::Page { whom, text } => {
            let text = text::block("text", text)?;
            escalation::page_by_hand(d, whom, &text)?;
        }
        Input::Escalate => {
            if d.incident.policy.is_none() && d.directory.pagers.is_empty() {
                return Err(Refusal::NoPolicyLevels { id: d.incident.id });
            }
            escalation::advance(d, EscalateReason::ByHand);
        }
        Input::AddAction { text, owner, due } => {
            if d.incident.actions.len() >= limits::ACTION_ITEMS_MAX {
                return Err(Refusal::TooMany { what: "action items", max: limits::ACTION_ITEMS_MAX });
            }
            let text = text::line("action item", text, limits::TITLE_CHARS_MAX)?;
            let no = d.incident.actions.len() as u32 + 1;
            let remind_at = crate::reminders::first_of_action(d, owner.as_ref(), *due);
            d.emit(Event::ActionAdded { no, text, owner: owner.clone(), due: *due, remind_at });
        }
        Input::FinishAction { no } => {
            let id = d.incident.id;
            match d.incident.actions.iter().find(|a| a.no == *no) {
                None => {
                    let open = d.incident.actions.iter().filter(|a| a.done_at.is_none()).count();
                    return Err(Refusal::UnknownActionItem { id, no: no.to_string(), open });
                }
                Some(a) if a.done_at.is_some() => return Err(Refusal::ActionItemDone { id, no: *no }),
                Some(_) => d.emit(Event::ActionDone { no: *no }),
            }
        }
        Input::StartPlaybook { playbook } => {
            let steps = playbook.steps.len();
            if steps == 0 {
                return Err(Refusal::EmptyPlaybook { name: playbook.name.clone(), file: playbook.file.clone() });
            }
            if steps > limits::PLAYBOOK_STEPS_MAX {
                return Err(Refusal::TooMany { what: "steps in that playbook", max: limits::PLAYBOOK_STEPS_MAX });
            }
            d.emit(Event::PlaybookStarted { playbook: playbook.clone() });
        }
        Input::TickStep { done, text } => {
            let id = d.incident.id;
            let Some(walk) = &d.incident.walk else { return Err(Refusal::NoPlaybook { id }) };
            let (no, over) = (walk.next, walk.step().is_none());
            if over {
                return Err(Refusal::PlaybookOver { id, name: walk.playbook.name.clone() });
            }
            let text = text::block("text", text)?;
            d.emit(match done {
                true => Event::PlaybookStepDone { no, text },
                false => Event::PlaybookStepFailed { no, text },
            });
        }
        Input::UseRoom { chat, place } => {
            if d.incident.rooms.get(chat).and_then(|r| r.place.as_ref()) == Some(place) {
                return Err(already(d, "channel", "this one"));
            }
            d.emit(Event::RoomOpened { chat: chat.clone(), place: place.clone() });
        }
        Input::AskRun { order } => run::decide::ask(d, order)?,
        Input::ApproveRun(word) => run::decide::approve(d, word)?,
        Input::DenyRun { no, reason } => run::decide::deny(d, *no, reason)?,
        Input::StopRun { no, reason } => run::decide::stop(d, *no, reason)?,
        Input::Resolve { text } => resolve(d, text)?,
        Input::Reopen { reason } => {
            let (id, status) = (d.incident.id, d.incident.status);
            if status != IncidentStatus::Resolved {
                return Err(match status.open() {
                    true => Refusal::NotResolved { id, status },
                    false => Refusal::Ended { id, status, merged_into: d.incident.merged_into },
                });
            }
            let reason = not_empty("reason", reason)?;
            d.emit(Event::Reopened { cause: ReopenCause::ByHand, reason, arrived_at: None });
            d.notice(NoticeKind::Reopened);
            escalation::start(d, EscalateReason::Resumed);
        }
        Input::Merge { into } => {
            if *into == d.incident.id {
                return Err(Refusal::IntoItself { id: *into });
            }
            d.emit(Event::MergedInto { into: *into });
            d.ended();
        }
        Input::Absorb { from, title, groups } => absorb(d, *from, title, groups)?,
        Input::Cancel { reason } => {
            let reason = not_empty("reason", reason)?;
            d.emit(Event::Cancelled { reason });
            d.ended();
        }
        Input::Declare(_)
        | Input::AcknowledgePage { .. }
        | Input::Alerts(_)
        | Input::Unreadable(_)
        | Input::TimerDue(_)
        | Input::Claim { .. }
        | Input::ClaimTogether { .. }
        | Input::Delivered { .. }
        | Input::StartRun { .. }
        | Input::RunReported { .. }
        | Input::ClaimLost { .. } => {}
    }
    Ok(())
}

/// A snooze, of pages or of a reminder: a minute at least, a week at most.
fn snoozable(d: &Decider, until: Timestamp) -> Result<(), Refusal> {
    let (seconds, min_s, max_s) = (until.seconds_since(d.now), 60, limits::STEP_DELAY_MAX_S);
    match (min_s..=max_s).contains(&seconds) {
        true => Ok(()),
        false => Err(Refusal::SpanOutOfRange { what: "snooze", seconds, min_s, max_s }),
    }
}

/// Takes the incident: whatever way it comes, the same act.
fn acknowledge(d: &mut Decider) -> Result<(), Refusal> {
    if let Some(a) = &d.incident.acknowledged {
        let (by, at) = (a.by.shown(), a.at);
        return Err(Refusal::AlreadyAcknowledged { id: d.incident.id, by, at });
    }
    d.emit(Event::Acknowledged);
    d.notice(NoticeKind::Acknowledged);
    d.cancel_pages(CancelReason::Acknowledged);
    d.follow_pages();
    if !d.incident.groups.is_empty() && !d.incident.firing_alerts() {
        super::alerts::to_monitoring(d);
    }
    Ok(())
}

fn resolve(d: &mut Decider, said: &str) -> Result<(), Refusal> {
    let text = text::block("text", said)?;
    d.emit(Event::Resolved { cause: ResolveCause::ByHand, text });
    d.ended();
    Ok(())
}

/// Another incident becomes part of this one. Its alert groups come along, and if they fire, this one does not end
/// for the quiet of its own.
fn absorb(d: &mut Decider, from: IncidentId, title: &str, groups: &[Group]) -> Result<(), Refusal> {
    let known = |g: &&Group| d.incident.groups.iter().any(|have| have.source == g.source && have.key == g.key);
    let further = groups.iter().filter(|g| !known(g)).count();
    if d.incident.groups.len() + further > limits::ALERT_GROUPS_MAX {
        return Err(Refusal::TooMany { what: "alert groups in this incident", max: limits::ALERT_GROUPS_MAX });
    }
    let groups = alert::joining(&d.incident.groups, groups);
    d.emit(Event::MergedFrom { from, title: title.to_string(), groups });
    if d.incident.quiet_resolves_at.is_some() && d.incident.firing_alerts() {
        escalation::start(d, EscalateReason::Resumed);
    }
    Ok(())
}

pub(super) fn open(d: &Decider) -> Result<(), Refusal> {
    let i = &d.incident;
    match i.status.open() {
        true => Ok(()),
        false => Err(Refusal::Ended { id: i.id, status: i.status, merged_into: i.merged_into }),
    }
}

fn already(d: &Decider, what: &'static str, value: &str) -> Refusal {
    Refusal::AlreadyThere { id: d.incident.id, what, value: value.to_string() }
}

fn not_empty(what: &'static str, said: &str) -> Result<String, Refusal> {
    let text = text::block(what, said)?;
    if text.is_empty() { Err(Refusal::Empty { what }) } else { Ok(text) }
}
