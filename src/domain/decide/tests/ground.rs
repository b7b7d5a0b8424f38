//! What lies under every decision: each kind of event survives its text, damage to a log is found, order is kept.

use super::*;
use crate::clocks::Milestone;
use crate::event::{ReopenCause, Unreachable, UnreachableReason};
use crate::hours::{When, WorkingHours};
use crate::intent::PageReason;
use crate::playbook::{self, Playbook};
use crate::postmortem::Chapter;
use crate::status::PostmortemStatus;

/// Something to follow: a question, and what is for its yes.
fn playbook() -> Playbook {
    let step = |no, part, under| playbook::Step {
        part,
        text: format!("step {no}"),
        written: Some("as the runbook has it".into()),
        line: no,
        under,
        risk: Some(playbook::Risk::Destroy),
        why: None,
        fill: vec!["<id>".into()],
        caution: Some("never ends".into()),
        runs_on: Some("broker".into()),
    };
    let steps = vec![step(1, playbook::Part::Condition, None), step(2, playbook::Part::Resolve, Some(1))];
    Playbook { system: "shop".into(), name: "Queue".into(), file: "shop.md".into(), revision: "0".into(), steps }
}

/// One of every kind, with every optional field once there and once not.
fn every_event() -> Vec<Event> {
    let mut all = events_but_of_runs();
    all.extend(super::runs::every_event());
    all
}

fn events_but_of_runs() -> Vec<Event> {
    let (text, reason) = ("text".to_string(), "reason".to_string());
    let person = PersonId::from("ana");
    let unreachable = vec![Unreachable { target: "@dee".into(), why: UnreachableReason::Unknown }];
    let page = Page {
        person: Some(person.clone()),
        method: 1,
        reason: PageReason::ByHand,
        step: 2,
        pass: 3,
        text: Some(text.clone()),
    };
    let everyone = Page { person: None, text: None, reason: PageReason::NobodyReached, ..page.clone() };
    let whats = [
        What::Page(page),
        What::Page(everyone),
        What::Follow { page: 1, person: Some(person.clone()), over: true },
        What::Notice { about_seq: 1, kind: NoticeKind::PostmortemReady },
        What::Run { run: 3 },
    ];
    let channel = ChannelId::from("pager");
    let intents = (1..).zip(whats).map(|(no, what)| Intent { no, lane: Lane::Page, channel: channel.clone(), what });
    let intents = intents.collect();
    vec![
        Event::Declared {
            title: text.clone(),
            severity: severity("P1", 1),
            service: Some(ServiceId::from("checkout")),
            private: true,
            policy: Some(policy(&[(&["ana"], 300)], Some(2))),
            arrived_at: Some(START),
        },
        Event::Declared {
            title: text.clone(),
            severity: severity("P1", 1),
            service: None,
            private: false,
            policy: Some(EscalationPolicy {
                hours: Some(WorkingHours {
                    zone: chrono_tz::Europe::Berlin,
                    days: vec![chrono::Weekday::Mon],
                    from_min: 540,
                    to_min: 1_020,
                }),
                ack_timeout_s: Some(1_800),
                ..EscalationPolicy::new(
                    PolicyId::from("p"),
                    vec![
                        Step::new(vec![Target::Owners, Target::Schedule("s".into())], 10),
                        Step { when: When::OffHours, ..Step::new(vec![Target::Pager("smtp".into())], 10) },
                    ],
                    None,
                )
            }),
            arrived_at: None,
        },
        Event::Acknowledged,
        Event::Unacknowledged { cause: UnackCause::SnoozeEnded, reason: String::new() },
        Event::Snoozed { until: START },
        Event::SnoozeEnded,
        Event::SeverityChanged { from: severity("P1", 1), to: severity("P2", 2), reason: reason.clone() },
        Event::EscalationChanged {
            policy: EscalationPolicy::new(PolicyId::from("p"), vec![Step::new(vec![Target::Owners], 10)], Some(1)),
        },
        Event::StatusChanged {
            from: IncidentStatus::Investigating,
            to: IncidentStatus::Identified,
            text: String::new(),
        },
        Event::UpdatePosted { text: text.clone() },
        Event::Noted { text: text.clone(), origin: None },
        Event::LeadAssigned { person: person.clone() },
        Event::RoleAssigned { role: "scribe".into(), person: person.clone() },
        Event::Escalated {
            step: 1,
            pass: 2,
            reason: EscalateReason::PagesFailed,
            people: vec![person.clone()],
            pagers: vec!["smtp".into()],
            unreachable: unreachable.clone(),
            next_at: Some(START),
        },
        Event::StepSkipped { step: 0, pass: 0, when: When::OffHours, unreachable: unreachable.clone() },
        Event::NobodyReached { pagers: 2, next_at: None },
        Event::PolicyUsedUp,
        Event::PagedByHand {
            people: vec![person.clone()],
            pagers: vec!["smtp".into()],
            unreachable: Vec::new(),
            text: text.clone(),
        },
        Event::MilestoneWarned { milestone: Milestone::Diagnose, due_at: START },
        Event::MilestoneBreached { milestone: Milestone::Postmortem, due_at: START, remind_at: Some(START) },
        Event::DraftReminded { due_at: START, next_at: Some(START) },
        Event::UpdateReminded,
        Event::UpdatesSnoozed { until: START },
        Event::LeadReminded,
        Event::StillWorkingAsked { resumes_at: START },
        Event::StillWorking,
        Event::PostmortemStatusChanged { from: PostmortemStatus::Draft, to: PostmortemStatus::InReview },
        Event::PostmortemEdited {
            version: 3,
            texts: [(Chapter::Factors, text.clone()), (Chapter::WentWell, String::new())].into(),
        },
        Event::Unacknowledged { cause: UnackCause::TimedOut, reason: String::new() },
        Event::IntentsQueued { intents },
        Event::IntentsCancelled { numbers: vec![1, 2], why: CancelReason::AlertsCleared },
        Event::IntentClaimed { no: 1, worker: "w".into(), attempt: 2, lease_until: START, summary: None },
        Event::IntentClaimed {
            no: 1,
            worker: "w".into(),
            attempt: 2,
            lease_until: START,
            summary: Some(crate::storm::Summary { incident: IncidentId(2), no: 3 }),
        },
        Event::IntentDone { no: 1, receipt: Some("v".into()) },
        Event::IntentRetried { no: 1, due_at: START, why: reason.clone(), maybe_sent: true },
        Event::IntentFailed { no: 1, why: reason.clone() },
        Event::IntentAbandoned { no: 1 },
        Event::ActionAdded {
            no: 1,
            text: text.clone(),
            owner: Some(person),
            due: chrono::NaiveDate::from_ymd_opt(2026, 12, 1),
            remind_at: Some(START),
        },
        Event::ActionReminded { no: 1, days_late: 7, next_at: None },
        Event::ActionDone { no: 1 },
        Event::PlaybookStarted { playbook: playbook() },
        Event::PlaybookStepDone { no: 1, text: text.clone() },
        Event::PlaybookStepFailed { no: 2, text: String::new() },
        Event::AlertsReceived {
            source: "prom".into(),
            group: "{}".into(),
            changed: vec![alert("a"), alert("-b")],
            untracked: 7,
            partial: true,
            group_status: AlertStatus::Firing,
        },
        Event::AlertsCleared { resolves_at: START },
        Event::UnreadableReceived {
            source: "prom".into(),
            problem: text.clone(),
            bytes: u64::MAX,
            kept: "\u{0}\"".into(),
            kept_as: KeptAs::Base64,
        },
        Event::Resolved { cause: ResolveCause::Quiet, text },
        Event::Reopened { cause: ReopenCause::AlertsFiring, reason: reason.clone(), arrived_at: Some(START) },
        Event::MergedInto { into: IncidentId(2) },
        Event::MergedFrom { from: IncidentId(2), title: "t".into(), groups: Vec::new() },
        Event::Cancelled { reason },
    ]
}

#[test]
fn every_event_survives_its_text_and_is_stored_under_its_name() {
    let mut names = std::collections::BTreeSet::new();
    for body in every_event() {
        let event = IncidentEvent {
            incident: IncidentId(1),
            seq: 1,
            at: START,
            actor: Actor::Source { name: "prom".into() },
            body,
        };
        let text = serde_json::to_string(&event).expect("text");
        let kind = format!("\"kind\":\"{}\"", event.body.kind());
        assert!(text.contains(&kind), "{kind} is not in {text}");
        assert_eq!(serde_json::from_str::<IncidentEvent>(&text).ok(), Some(event), "{text}");
        names.insert(kind);
    }
    assert_eq!(names.len(), 58, "a new kind of event belongs into this table");
}

#[test]
fn a_damaged_log_does_not_load() {
    let mut case = Case::new();
    case.sent(2);
    case.says(Input::Acknowledge);
    case.says(resolve());
    let whole = case.log.clone();
    assert!(Incident::replay(&whole).is_ok());
    for gone in 0..whole.len() - 1 {
        let mut log = whole.clone();
        log.remove(gone);
        assert!(Incident::replay(&log).is_err(), "without event {}", gone + 1);
    }
    for at in 0..whole.len() - 1 {
        let mut log = whole.clone();
        log.swap(at, at + 1);
        assert!(Incident::replay(&log).is_err(), "events {} and the next swapped", at + 1);
        let mut log = whole.clone();
        log[at].incident = IncidentId(9);
        assert!(Incident::replay(&log).is_err(), "event {} of another incident", at + 1);
    }
}

#[test]
fn an_event_that_cannot_follow_is_refused_by_the_incident_itself() {
    let mut acked = Case::new();
    acked.says(Input::Acknowledge);
    let mut ended = Case::new();
    ended.says(resolve());
    let open = Case::new();
    let next_at = Some(START.plus_s(9));
    let escalated = |next_at| Event::Escalated {
        step: 0,
        pass: 0,
        reason: EscalateReason::ByHand,
        people: Vec::new(),
        pagers: Vec::new(),
        unreachable: Vec::new(),
        next_at,
    };
    let claimed = Event::IntentClaimed { no: 2, worker: "w".into(), attempt: 1, lease_until: START, summary: None };
    for (case, body) in [
        (&acked, Event::Acknowledged),
        (&acked, escalated(next_at)),
        (&acked, Event::AlertsCleared { resolves_at: START }),
        (&acked, claimed.clone()),
        (&ended, claimed),
        (&ended, escalated(None)),
        (&ended, Event::Snoozed { until: START }),
        (&ended, Event::NobodyReached { pagers: 1, next_at: None }),
        (&ended, Event::Cancelled { reason: "r".into() }),
        (&open, Event::Unacknowledged { cause: UnackCause::ByHand, reason: String::new() }),
        (&open, Event::SnoozeEnded),
        (&open, Event::Reopened { cause: crate::event::ReopenCause::ByHand, reason: "r".into(), arrived_at: None }),
        (&open, Event::IntentDone { no: 77, receipt: None }),
        (&open, Event::IntentRetried { no: 2, due_at: START, why: "w".into(), maybe_sent: false }),
        (&open, Event::ActionAdded { no: 2, text: "t".into(), owner: None, due: None, remind_at: None }),
        (&open, Event::ActionReminded { no: 1, days_late: 0, next_at: None }),
        (&open, Event::DraftReminded { due_at: START, next_at: None }),
        (&open, Event::ActionDone { no: 1 }),
        (&open, Event::PlaybookStepDone { no: 1, text: String::new() }),
        (&ended, Event::PlaybookStarted { playbook: playbook() }),
        (&open, Event::PostmortemEdited { version: 2, texts: [(Chapter::Factors, "t".to_string())].into() }),
    ] {
        let kind = body.kind();
        let mut incident = case.incident.clone();
        let (id, seq) = (incident.id, incident.seq + 1);
        let event = IncidentEvent { incident: id, seq, at: START, actor: Actor::Engine, body };
        let illegal = incident.apply(&event).expect_err(kind);
        assert_eq!((illegal.seq, illegal.kind), (seq, kind));
    }
}

#[test]
fn a_clock_that_steps_back_keeps_the_order_of_the_log() {
    let mut case = Case::new();
    case.now = START.plus_s(-3_600);
    case.says(Input::Acknowledge);
    case.says(resolve());
    assert!(case.log.iter().zip(1..).all(|(e, seq)| e.seq == seq));
    assert!(case.log.last().is_some_and(|e| e.at < START), "`at` is what the clock said; `seq` is the order");
}
