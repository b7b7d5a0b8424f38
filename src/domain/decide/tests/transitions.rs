//! Every input in every status: what is accepted, and with which word it is refused.

use super::*;

const STANDS: [&str; 6] = ["unacknowledged", "acknowledged", "monitoring", "resolved", "merged", "cancelled"];

/// `.` is accepted; a word is the refusal's code. One column for each of `STANDS`.
const TABLE: &[(&str, [&str; 6])] = &[
    ("acknowledge", [".", "already_acknowledged", ".", "ended", "ended", "ended"]),
    ("unacknowledge", ["not_acknowledged", ".", "not_acknowledged", "ended", "ended", "ended"]),
    ("snooze", [".", ".", ".", "ended", "ended", "ended"]),
    ("severity", [".", ".", ".", ".", ".", "."]),
    ("status investigating", ["already_there", "already_there", ".", "ended", "ended", "ended"]),
    ("status identified", [".", ".", ".", "ended", "ended", "ended"]),
    ("status monitoring", [".", ".", "already_there", "ended", "ended", "ended"]),
    ("status resolved", [".", ".", ".", "ended", "ended", "ended"]),
    ("status merged", ["unknown_status", "unknown_status", "unknown_status", "ended", "ended", "ended"]),
    ("status cancelled", ["unknown_status", "unknown_status", "unknown_status", "ended", "ended", "ended"]),
    ("update", [".", ".", ".", "ended", "ended", "ended"]),
    ("note", [".", ".", ".", ".", ".", "."]),
    ("lead", [".", ".", ".", ".", ".", "."]),
    ("role", [".", ".", ".", ".", ".", "."]),
    ("page", [".", ".", ".", "ended", "ended", "ended"]),
    ("escalate", [".", ".", ".", "ended", "ended", "ended"]),
    ("action", [".", ".", ".", ".", ".", "."]),
    ("done", [".", ".", ".", ".", ".", "."]),
    ("resolve", [".", ".", ".", "ended", "ended", "ended"]),
    ("reopen", ["not_resolved", "not_resolved", "not_resolved", ".", "ended", "ended"]),
    ("merge", [".", ".", ".", "ended", "ended", "ended"]),
    ("merge into itself", ["into_itself", "into_itself", "into_itself", "ended", "ended", "ended"]),
    ("absorb", [".", ".", ".", "ended", "ended", "ended"]),
    ("cancel", [".", ".", ".", "ended", "ended", "ended"]),
    ("alerts", [".", ".", ".", ".", "stale", "stale"]),
    ("alerts again", ["stale", "stale", "stale", "stale", "stale", "stale"]),
    ("unreadable", [".", ".", ".", "ended", "ended", "ended"]),
    ("timer", [".", "stale", ".", "stale", "stale", "stale"]),
    ("timer of another time", ["stale", "stale", "stale", "stale", "stale", "stale"]),
    ("claim of a page", [".", "stale", ".", "stale", "stale", "stale"]),
    ("claim of nothing", ["stale", "stale", "stale", "stale", "stale", "stale"]),
    ("delivered", [".", ".", ".", ".", ".", "."]),
    ("delivered to another claim", ["stale", "stale", "stale", "stale", "stale", "stale"]),
    ("claim lost", [".", ".", ".", ".", ".", "."]),
    ("another claim lost", ["stale", "stale", "stale", "stale", "stale", "stale"]),
];

/// Declared by an alert, with an action item, and three intents: a card (claimed), and a page that waits.
fn standing(stand: &str) -> Case {
    let mut case = by_alerts(&["a"]);
    case.says(Input::AddAction { text: "write it up".into(), owner: None, due: None });
    case.claim(1);
    match stand {
        "acknowledged" => drop(case.says(Input::Acknowledge)),
        "monitoring" => {
            drop(case.says(Input::SetStatus { status: IncidentStatus::Monitoring, text: String::new() }));
        }
        "resolved" => drop(case.says(resolve())),
        "merged" => drop(case.says(Input::Merge { into: IncidentId(2) })),
        "cancelled" => drop(case.says(Input::Cancel { reason: "a drill".into() })),
        _ => {}
    }
    case
}

fn input(word: &str, case: &Case) -> Input {
    let (text, reason) = ("half the checkouts fail".to_string(), "it is back".to_string());
    let claim_seq = case.log.iter().find(|e| matches!(e.body, Event::IntentClaimed { .. })).map_or(0, |e| e.seq);
    if let Some(status) = word.strip_prefix("status ") {
        let status = IncidentStatus::parse(status).expect("a status");
        return Input::SetStatus { status, text: String::new() };
    }
    let due = Timer { kind: TimerKind::Escalate, due_at: START.plus_s(300) };
    match word {
        "acknowledge" => Input::Acknowledge,
        "unacknowledge" => Input::Unacknowledge { reason },
        "snooze" => Input::Snooze { until: case.now.plus_s(3_600) },
        "severity" => Input::SetSeverity { severity: severity("P2", 2), reason },
        "update" => Input::PostUpdate { text },
        "note" => Input::Note { text },
        "lead" => Input::AssignLead { person: PersonId::from("bo") },
        "role" => Input::AssignRole { role: "scribe".into(), person: PersonId::from("bo") },
        "page" => Input::Page { whom: to(&["bo"])[0].clone(), text },
        "escalate" => Input::Escalate,
        "action" => Input::AddAction { text, owner: None, due: None },
        "done" => Input::FinishAction { no: 1 },
        "resolve" => Input::Resolve { text },
        "reopen" => Input::Reopen { reason },
        "merge" => Input::Merge { into: IncidentId(2) },
        "merge into itself" => Input::Merge { into: IncidentId(1) },
        "absorb" => Input::Absorb { from: IncidentId(2), title: "db is down".into(), groups: Vec::new() },
        "cancel" => Input::Cancel { reason },
        "alerts" => Input::Alerts(delivery(&["a", "b"])),
        "alerts again" => Input::Alerts(delivery(&["a"])),
        "unreadable" => Input::Unreadable(unreadable()),
        "timer" => Input::TimerDue(due),
        "timer of another time" => Input::TimerDue(Timer { due_at: START.plus_s(299), ..due }),
        "claim of a page" => Input::Claim { no: 2, worker: "w2".into() },
        "claim of nothing" => Input::Claim { no: 99, worker: "w2".into() },
        "delivered" => Input::Delivered { no: 1, claim_seq, outcome: done() },
        "delivered to another claim" => Input::Delivered { no: 1, claim_seq: claim_seq + 1, outcome: done() },
        "claim lost" => Input::ClaimLost { no: 1, claim_seq },
        "another claim lost" => Input::ClaimLost { no: 1, claim_seq: claim_seq - 1 },
        _ => panic!("{word} is no input"),
    }
}

pub fn unreadable() -> Unreadable {
    let problem = "the JSON ends in the middle".to_string();
    Unreadable { source: "prom".into(), problem, bytes: 12, kept: "{".into(), kept_as: KeptAs::Text }
}

#[test]
fn every_input_in_every_status_is_accepted_or_refused_as_the_table_says() {
    for (word, row) in TABLE {
        for (stand, expected) in STANDS.iter().zip(row) {
            let mut case = standing(stand).after(301);
            let said = input(word, &case);
            let before = case.incident.clone();
            let got = match case.by(&Actor::person("bo", "test"), &said) {
                Ok(events) => {
                    assert!(!events.is_empty(), "{word} while {stand} was accepted and changed nothing");
                    "."
                }
                Err(refusal) => {
                    assert_eq!(case.incident, before, "{word} while {stand} was refused and changed something");
                    refusal.code()
                }
            };
            assert_eq!(got, *expected, "{word} while {stand}");
        }
    }
}

#[test]
fn an_incident_is_declared_once() {
    let case = Case::new();
    let again = Input::Declare(declaration(None));
    let no = decide(&case.incident, &again, &Actor::Engine, &case.directory, case.now);
    assert!(matches!(no, Err(No::Illegal(Illegal { kind: "declared", .. }))));
}

#[test]
fn a_timer_before_its_time_is_stale() {
    let mut case = Case::new().after(299);
    let timer = case.timer().expect("armed");
    assert_eq!(case.engine(Input::TimerDue(timer)), Err(Refusal::Stale));
    case.wait(1);
    assert!(case.engine(Input::TimerDue(timer)).is_ok());
}
