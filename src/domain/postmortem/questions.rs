//! What people are asked about the two sections that only they can write. Every question is made from something
//! that happened in this incident; what did not happen is not asked about. Never blames: asks what, not who.

mod praise;

use super::{Draft, PageOutcome, Questions};
use crate::clocks::Milestone;
use crate::event::{Actor, EscalateReason, Event, IncidentEvent, UnackCause};
use crate::incident::Incident;
use crate::status::IncidentStatus;
use crate::time::{Timestamp, span};
use crate::timeline::words::{because, clock, counted, one, people, said, unreachable};

/// Seconds after which an acknowledgement is asked about where the severity names no deadline.
const ACKNOWLEDGE_S: i64 = 300;
/// Seconds without a word to those who wait that are asked about.
const SILENCE_S: i64 = 1_800;
/// Questions of one kind: a night of pages every five minutes is one matter, not a hundred.
const OF_ONE_KIND_MAX: usize = 3;

pub fn ask(draft: &Draft, incident: &Incident, events: &[IncidentEvent]) -> Questions {
    Questions {
        contributing_factors: factors(draft, incident, events),
        lessons: lessons(draft, incident, events),
        went_well: praise::went_well(draft),
        lucky: praise::lucky(draft, incident),
    }
}

fn factors(draft: &Draft, incident: &Incident, events: &[IncidentEvent]) -> Vec<String> {
    let mut all = Vec::new();
    let shown = |at: Timestamp| clock(at, incident.declared_at);
    let title = &draft.title;
    if incident.status == IncidentStatus::Cancelled {
        all.push(format!("\"{title}\" was no incident: what made it look like one?"));
    } else {
        let what = draft.service.as_ref().map_or("What".to_string(), |s| format!("What in {s}, or near it,"));
        let first = shown(first_sign(draft));
        all.push(format!(
            "{what} made \"{title}\" possible? The first sign in the log is at {first}: what came before it?"
        ));
    }
    let first_alert = draft.alerts.iter().filter(|a| a.status == "firing").map(|a| a.starts_at).min();
    let declared = incident.declared_at;
    match first_alert {
        None if matches!(incident.declared_by, Actor::Person { .. }) => {
            let by = &draft.milestones.declared_by;
            all.push(format!("No alert fired, {by} declared it: what could have shown it earlier?"));
        }
        Some(t) if declared.seconds_since(t) >= 60 => {
            let late = span(declared.seconds_since(t));
            all.push(format!(
                "The first alert began to fire {late} before the incident was declared: what took that long?"
            ));
        }
        _ => {}
    }
    for e in events {
        let at = shown(e.at);
        match &e.body {
            Event::SeverityChanged { from, to, reason } => {
                let (from, to, why) = (one(&from.level), one(&to.level), because(reason));
                all.push(format!("At {at} the severity changed from {from} to {to}{why}. What was known then that was not known before?"));
            }
            Event::Reopened { reason, .. } => {
                let why = because(reason);
                all.push(format!("It was resolved and at {at} reopened{why}. What had made it look over?"));
            }
            Event::UnreadableReceived { source, problem, .. } => {
                let (source, problem) = (one(source), one(problem));
                all.push(format!(
                    "At {at} source {source} sent something unreadable ({problem}): what had changed there?"
                ));
            }
            Event::Resolved { text, .. } if !text.is_empty() => {
                all.push(format!("It was resolved at {at} with \"{}\": why did that help?", said(text)));
            }
            Event::MergedFrom { from, title, .. } => {
                all.push(format!("{from} ({}) turned out to be part of this: what connects the two?", one(title)));
            }
            _ => {}
        }
    }
    all
}

/// When the first alert began to fire, or the declaration.
fn first_sign(draft: &Draft) -> Timestamp {
    let firing = draft.alerts.iter().filter(|a| a.status == "firing").map(|a| a.starts_at);
    firing.chain([draft.milestones.declared_at]).min().unwrap_or(draft.milestones.declared_at)
}

fn lessons(draft: &Draft, incident: &Incident, events: &[IncidentEvent]) -> Vec<String> {
    let mut all = Vec::new();
    let m = &draft.milestones;
    let asked_s = incident.severity.response_s.unwrap_or(ACKNOWLEDGE_S);
    match (m.time_to_acknowledge_s, &m.acknowledged_by) {
        (Some(s), Some(by)) if s > asked_s => {
            let (took, asked, level) = (span(s), span(asked_s), &draft.severity);
            all.push(format!(
                "It took {took} until {by} acknowledged, and {level} asks for {asked}: what stood in the way?"
            ));
        }
        (None, _) if !incident.status.open() => {
            all.push(
                "Nobody ever acknowledged it: should it have paged anybody, or did nobody see the pages?".to_string(),
            );
        }
        _ => {}
    }
    few(&mut all, gaps(incident, events), "more levels had no answer");
    few(&mut all, skipped(incident, events), "more times somebody could not be reached");
    few(&mut all, failed(draft), "more pages had trouble");
    for e in events {
        let at = clock(e.at, incident.declared_at);
        match &e.body {
            Event::PolicyUsedUp => {
                all.push(format!(
                    "At {at} the policy was used up and nobody had acknowledged: who should be its last level?"
                ));
            }
            Event::Unacknowledged { cause: UnackCause::ByHand, reason } => {
                all.push(format!(
                    "It was handed back at {at}{}: what would a good hand-over have been?",
                    because(reason)
                ));
            }
            Event::Unacknowledged { cause: UnackCause::SnoozeEnded, .. } => {
                all.push(format!("It was snoozed and at {at} nobody had it: was the snooze the right means?"));
            }
            Event::Unacknowledged { cause: UnackCause::TimedOut, .. } => {
                all.push(format!(
                    "At {at} nobody answered \"still working?\" and paging began again: what happened to whoever had it?"
                ));
            }
            Event::MilestoneBreached { milestone, due_at, .. } if *milestone != Milestone::Acknowledge => {
                let due = clock(*due_at, incident.declared_at);
                let missing = milestone.as_missing();
                all.push(format!("{missing} by {due}, when it was due: was the time too short, or what was missing?"));
            }
            _ => {}
        }
    }
    silence(&mut all, draft, incident);
    if draft.lead.is_none() && draft.people.iter().filter(|p| !p.did.is_empty()).count() > 1 {
        let n = draft.people.iter().filter(|p| !p.did.is_empty()).count();
        all.push(format!(
            "{} worked on it and nobody was named lead: who decided?",
            counted(n, "person").replace("persons", "people")
        ));
    }
    match draft.actions.iter().filter(|a| a.done_at.is_none() && a.owner.is_none()).count() {
        _ if draft.actions.is_empty() && incident.status != IncidentStatus::Cancelled => {
            all.push("No action item was recorded: what has to change so that this does not come again?".to_string());
        }
        0 => {}
        n => all.push(format!("{} has nobody's name on it: who takes it?", counted(n, "open action item"))),
    }
    if all.is_empty() {
        let lasted = span(incident.ended_at.unwrap_or(incident.updated_at).seconds_since(incident.declared_at));
        all.push(format!("It lasted {lasted}: what would have made it shorter?"));
    }
    all
}

fn few(all: &mut Vec<String>, questions: Vec<String>, more: &str) {
    let left = questions.len().saturating_sub(OF_ONE_KIND_MAX);
    all.extend(questions.into_iter().take(OF_ONE_KIND_MAX));
    if left > 0 {
        all.push(format!("{left} {more}: is it one matter or several?"));
    }
}

/// Levels that had to follow because the one before did not answer.
fn gaps(incident: &Incident, events: &[IncidentEvent]) -> Vec<String> {
    let mut before: Option<(Timestamp, String, String)> = None;
    let mut all = Vec::new();
    for e in events {
        match &e.body {
            Event::Escalated { step, reason, people: paged, .. } => {
                let level = format!("level {}", step.saturating_add(1));
                if let (EscalateReason::NotAcknowledged, Some((t, last, whom))) = (reason, &before) {
                    let gap = span(e.at.seconds_since(*t));
                    let at = clock(e.at, incident.declared_at);
                    all.push(format!(
                        "At {at} {level} was paged {gap} after {last}: what kept {last} ({whom}) from being answered?"
                    ));
                }
                before = Some((e.at, level, people(paged)));
            }
            Event::NobodyReached { pagers, .. } => {
                before = Some((e.at, "every pager".to_string(), counted(*pagers, "pager")));
            }
            Event::Acknowledged => before = None,
            _ => {}
        }
    }
    all
}

fn skipped(incident: &Incident, events: &[IncidentEvent]) -> Vec<String> {
    let mut all = Vec::new();
    for e in events {
        let at = clock(e.at, incident.declared_at);
        match &e.body {
            Event::StepSkipped { step, when, unreachable: not, .. } if when.is_always() => {
                let level = step.saturating_add(1);
                all.push(format!("Level {level} was skipped at {at} ({}): who should stand there?", unreachable(not)));
            }
            Event::Escalated { unreachable: not, .. } | Event::PagedByHand { unreachable: not, .. }
                if !not.is_empty() =>
            {
                all.push(format!(
                    "At {at} not everybody could be paged: {}. How should they be reached?",
                    unreachable(not)
                ));
            }
            Event::NobodyReached { pagers: 0, .. } => {
                all.push(format!(
                    "At {at} nobody was paged because no pager is configured: how did people hear of it?"
                ));
            }
            _ => {}
        }
    }
    all.dedup_by_key(|q| q.replace(|c: char| c.is_ascii_digit(), ""));
    all
}

fn failed(draft: &Draft) -> Vec<String> {
    let mut all = Vec::new();
    for p in &draft.pages {
        let whom = p.person.as_ref().map_or("everybody".to_string(), |w| format!("@{w}"));
        let (channel, why) = (&p.channel, p.detail.as_deref().unwrap_or("no reason given"));
        match p.outcome {
            PageOutcome::Failed => {
                all.push(format!("The page to {whom} through {channel} failed ({why}): would anybody have found out without this incident?"));
            }
            PageOutcome::MaybeSent => {
                all.push(format!("Firebell stopped while it paged {whom} through {channel}: what stopped it?"));
            }
            _ if p.tries > 1 => {
                let tries = counted(p.tries as usize, "try").replace("trys", "tries");
                all.push(format!(
                    "The page to {whom} through {channel} took {tries}: was {channel} in trouble at that time?"
                ));
            }
            _ => {}
        }
    }
    all
}

/// The longest time in which those who wait heard nothing.
fn silence(all: &mut Vec<String>, draft: &Draft, incident: &Incident) {
    let end = incident.ended_at.unwrap_or(incident.updated_at);
    let told = draft.updates.iter().map(|u| u.at).filter(|t| *t <= end);
    let mut last = incident.declared_at;
    let mut longest = (0, last);
    for t in told.chain([end]) {
        if t.seconds_since(last) > longest.0 {
            longest = (t.seconds_since(last), last);
        }
        last = t;
    }
    if longest.0 >= SILENCE_S {
        let (time, from) = (span(longest.0), clock(longest.1, incident.declared_at));
        all.push(format!("For {time} from {from} on no status update was written: who was waiting for one?"));
    }
}
