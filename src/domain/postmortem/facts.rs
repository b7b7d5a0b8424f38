//! The parts of the draft that are lists: who, which alerts, which pages and what came of each, updates, action
//! items. Counts and copies, never judges.

use super::written::{Version, versions};
use super::{
    ActionFact, AlertFact, Chapter, Involved, PageFact, PageOutcome, UnreadableFact, UpdateFact, VersionFact,
    WrittenFact,
};
use crate::alert::{Alert, AlertStatus};
use crate::directory::EscalationPolicy;
use crate::event::{CancelReason, Event, IncidentEvent, KeptAs};
use crate::incident::Incident;
use crate::intent::{IntentNo, Page, PageReason, What};
use crate::text;
use crate::time::span;
use crate::timeline::{target_words, words};
use std::collections::BTreeMap;
use words::{counted, who, whole};

/// "default: level 1 @ana (5 min), level 2 @bo, @cy (5 min), repeated until somebody acknowledges".
pub fn policy(policy: &EscalationPolicy) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (no, step) in (1..).zip(&policy.steps) {
        let targets: Vec<String> = step.targets.iter().map(target_words).collect();
        parts.push(format!("level {no} {} ({})", targets.join(" and "), span(step.delay_s)));
    }
    parts.push(match policy.repeat_max {
        None => "repeated until somebody acknowledges".to_string(),
        Some(0) => "not repeated".to_string(),
        Some(n) => format!("repeated {}", counted(n as usize, "time")),
    });
    format!("{}: {}", whole(policy.name.as_str()), parts.join(", "))
}

/// What one event is as a deed of the person who made it.
fn deed(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Declared { .. } => "declared it",
        Event::Acknowledged => "acknowledged",
        Event::Unacknowledged { .. } => "handed it back",
        Event::Snoozed { .. } => "snoozed it",
        Event::SeverityChanged { .. } => "changed the severity",
        Event::StatusChanged { .. } => "changed the status",
        Event::UpdatePosted { .. } => "posted an update",
        Event::Noted { .. } => "wrote a note",
        Event::LeadAssigned { .. } => "assigned the lead",
        Event::RoleAssigned { .. } => "assigned a role",
        Event::PagedByHand { .. } => "paged by hand",
        Event::UpdatesSnoozed { .. } => "put off the next update",
        Event::StillWorking => "confirmed to be working on it",
        Event::PostmortemStatusChanged { .. } => "moved the post-mortem on",
        Event::PostmortemEdited { .. } => "wrote in the post-mortem",
        Event::ActionAdded { .. } => "added an action item",
        Event::ActionDone { .. } => "finished an action item",
        Event::PlaybookStarted { .. } => "began a playbook",
        Event::PlaybookStepDone { .. } | Event::PlaybookStepFailed { .. } => "ticked a step of a playbook",
        Event::RunAsked { .. } => "asked for a run",
        Event::RunApproved { break_glass: Some(_), .. } => "approved a run alone",
        Event::RunApproved { .. } => "approved a run",
        Event::RunDenied { .. } => "denied a run",
        Event::RunStopAsked { .. } => "stopped a run",
        Event::Resolved { .. } => "resolved it",
        Event::Reopened { .. } => "reopened it",
        Event::MergedInto { .. } | Event::MergedFrom { .. } => "merged it",
        Event::Cancelled { .. } => "cancelled it",
        Event::Escalated { reason: crate::event::EscalateReason::ByHand, .. } => "escalated",
        Event::RoomOpened { .. } => "moved it into a channel",
        // What follows from those by itself.
        Event::Escalated { .. }
        | Event::EscalationChanged { .. }
        | Event::SnoozeEnded
        | Event::StepSkipped { .. }
        | Event::NobodyReached { .. }
        | Event::PolicyUsedUp
        | Event::IntentsQueued { .. }
        | Event::IntentsCancelled { .. }
        | Event::IntentClaimed { .. }
        | Event::IntentDone { .. }
        | Event::IntentRetried { .. }
        | Event::IntentFailed { .. }
        | Event::IntentAbandoned { .. }
        | Event::AlertsReceived { .. }
        | Event::AlertsCleared { .. }
        | Event::UnreadableReceived { .. }
        | Event::MilestoneWarned { .. }
        | Event::MilestoneBreached { .. }
        | Event::UpdateReminded
        | Event::LeadReminded
        | Event::DraftReminded { .. }
        | Event::ActionReminded { .. }
        | Event::RunExpired { .. }
        | Event::RunWithdrawn { .. }
        | Event::RunStarted { .. }
        | Event::RunProgressed { .. }
        | Event::RunFinished { .. }
        | Event::RunOutcomeUnknown { .. }
        | Event::StillWorkingAsked { .. } => return None,
    })
}

/// Everybody who did something, was given a role or was paged, in the order of their first appearance.
pub fn people(events: &[IncidentEvent]) -> Vec<Involved> {
    struct Sum {
        involved: Involved,
        deeds: Vec<(&'static str, usize)>,
    }
    let mut all: Vec<Sum> = Vec::new();
    fn of<'a>(all: &'a mut Vec<Sum>, person: &crate::id::PersonId) -> Option<&'a mut Sum> {
        let name = whole(person.as_str());
        if !all.iter().any(|s| s.involved.person == name) {
            let involved = Involved { person: name.clone(), roles: Vec::new(), did: Vec::new(), pages: 0 };
            all.push(Sum { involved, deeds: Vec::new() });
        }
        all.iter_mut().find(|s| s.involved.person == name)
    }
    fn role(sum: Option<&mut Sum>, role: String) {
        if let Some(s) = sum
            && !s.involved.roles.contains(&role)
        {
            s.involved.roles.push(role);
        }
    }
    for event in events {
        if let (Some(person), Some(deed)) = (event.actor.as_person(), deed(&event.body))
            && let Some(sum) = of(&mut all, person)
        {
            match sum.deeds.iter_mut().find(|d| d.0 == deed) {
                Some(d) => d.1 += 1,
                None => sum.deeds.push((deed, 1)),
            }
        }
        match &event.body {
            Event::LeadAssigned { person } => role(of(&mut all, person), "incident lead".to_string()),
            Event::RoleAssigned { role: name, person } => role(of(&mut all, person), whole(name)),
            Event::IntentsQueued { intents } => {
                for intent in intents {
                    if let What::Page(Page { person: Some(p), .. }) = &intent.what
                        && let Some(sum) = of(&mut all, p)
                    {
                        sum.involved.pages += 1;
                    }
                }
            }
            _ => {}
        }
    }
    let finish = |s: Sum| {
        let times = |(deed, n): &(&str, usize)| match n {
            1 => deed.to_string(),
            n => format!("{deed} ({n} times)"),
        };
        Involved { did: s.deeds.iter().map(times).collect(), ..s.involved }
    };
    all.into_iter().map(finish).collect()
}

pub fn alerts(events: &[IncidentEvent]) -> Vec<AlertFact> {
    let mut all = Vec::new();
    for event in events {
        if let Event::AlertsReceived { source, group, changed, .. } = &event.body {
            let fact = |a: &Alert| AlertFact {
                received_at: event.at,
                source: whole(source),
                group: whole(group),
                fingerprint: whole(&a.fingerprint),
                status: match a.status {
                    AlertStatus::Firing => "firing",
                    AlertStatus::Resolved => "resolved",
                },
                starts_at: a.starts_at,
                summary: whole(&a.summary),
            };
            all.extend(changed.iter().map(fact));
        }
    }
    all
}

/// What people wrote, and in which versions.
pub fn written(events: &[IncidentEvent]) -> WrittenFact {
    let versions = versions(events);
    let seen = |(chapter, said): (&Chapter, &String)| (*chapter, text::strip(said).trim().to_string());
    let texts = versions.last().map(|v| v.texts.iter().map(seen).collect()).unwrap_or_default();
    let fact = |v: Version| VersionFact { version: v.no, at: v.at, by: who(&v.by), changed: v.changed };
    WrittenFact { texts, versions: versions.into_iter().map(fact).collect() }
}

pub fn unreadable(events: &[IncidentEvent]) -> Vec<UnreadableFact> {
    let fact = |e: &IncidentEvent| match &e.body {
        Event::UnreadableReceived { source, problem, bytes, kept, kept_as } => Some(UnreadableFact {
            at: e.at,
            source: whole(source),
            problem: whole(problem),
            bytes: *bytes,
            kept_as: match kept_as {
                KeptAs::Text => "text",
                KeptAs::Base64 => "base64",
            },
            kept: text::strip(&kept.replace("\r\n", "\n")).replace('\t', words::INDENT).trim_matches('\n').to_string(),
        }),
        _ => None,
    };
    events.iter().filter_map(fact).collect()
}

/// Every page with what came of it.
pub fn pages(events: &[IncidentEvent]) -> Vec<PageFact> {
    let mut all: BTreeMap<IntentNo, PageFact> = BTreeMap::new();
    for event in events {
        let at = event.at;
        let mut over = |no: &IntentNo, outcome: PageOutcome, detail: Option<String>| {
            if let Some(page) = all.get_mut(no) {
                (page.outcome, page.over_at) = (outcome, Some(at));
                page.detail = detail.or(page.detail.take());
            }
        };
        match &event.body {
            Event::IntentsQueued { intents } => {
                for intent in intents {
                    if let What::Page(page) = &intent.what {
                        let fact = PageFact {
                            no: intent.no,
                            person: page.person.as_ref().map(|p| whole(p.as_str())),
                            channel: whole(intent.channel.as_str()),
                            why: why(page),
                            queued_at: at,
                            tries: 0,
                            outcome: PageOutcome::Waiting,
                            detail: None,
                            over_at: None,
                        };
                        all.insert(intent.no, fact);
                    }
                }
            }
            Event::IntentClaimed { no, attempt, .. } => {
                if let Some(page) = all.get_mut(no) {
                    page.tries = *attempt;
                }
            }
            Event::IntentRetried { no, why, .. } => {
                if let Some(page) = all.get_mut(no) {
                    page.detail = Some(whole(why));
                }
            }
            Event::IntentDone { no, receipt } => {
                over(no, PageOutcome::Sent, receipt.as_deref().map(|r| format!("receipt {}", whole(r))));
            }
            Event::IntentFailed { no, why } => over(no, PageOutcome::Failed, Some(whole(why))),
            Event::IntentAbandoned { no } => over(no, PageOutcome::MaybeSent, None),
            Event::IntentsCancelled { numbers, why } => {
                let why = match why {
                    CancelReason::Acknowledged => "acknowledged before",
                    CancelReason::Snoozed => "snoozed before",
                    CancelReason::AlertsCleared => "its alerts resolved before",
                    CancelReason::Ended => "ended before",
                    CancelReason::Superseded => "another page took its place",
                    CancelReason::RunOver => "the run was over before",
                };
                numbers.iter().for_each(|no| over(no, PageOutcome::TakenBack, Some(why.to_string())));
            }
            _ => {}
        }
    }
    all.into_values().collect()
}

fn why(page: &Page) -> String {
    let level = u64::try_from(page.step).unwrap_or(u64::MAX).saturating_add(1);
    match (page.reason, page.pass) {
        (PageReason::Escalation, 0) => format!("level {level}"),
        (PageReason::Escalation, pass) => format!("level {level}, round {}", u64::from(pass) + 1),
        (PageReason::NobodyReached, _) => "nobody could be reached".to_string(),
        (PageReason::ByHand, _) => "by hand".to_string(),
        (PageReason::StillWorking, _) => "asked whether they still work on it".to_string(),
    }
}

pub fn updates(events: &[IncidentEvent]) -> Vec<UpdateFact> {
    let fact = |e: &IncidentEvent| {
        let (status, text) = match &e.body {
            Event::StatusChanged { to, text, .. } => (Some(to.to_string()), text),
            Event::UpdatePosted { text } => (None, text),
            _ => return None,
        };
        Some(UpdateFact { at: e.at, by: who(&e.actor), status, text: words::said(text) })
    };
    events.iter().filter_map(fact).collect()
}

/// The last end of an incident that has ended.
pub fn end(incident: &Incident, events: &[IncidentEvent]) -> Option<super::End> {
    incident.ended_at?;
    let one = |e: &IncidentEvent| {
        let text = match &e.body {
            Event::Resolved { text, .. } => words::said(text),
            Event::Cancelled { reason } => words::said(reason),
            Event::MergedInto { into } => format!("became part of {into}"),
            _ => return None,
        };
        Some(super::End { at: e.at, by: who(&e.actor), text })
    };
    events.iter().rev().find_map(one)
}

pub fn actions(incident: &Incident) -> Vec<ActionFact> {
    let fact = |a: &crate::incident::ActionItem| ActionFact {
        no: a.no,
        text: whole(&a.text),
        owner: a.owner.as_ref().map(|p| whole(p.as_str())),
        due: a.due,
        done_at: a.done_at,
    };
    incident.actions.iter().map(fact).collect()
}
