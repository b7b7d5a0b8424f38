//! Bodies from alert sources, readable or not: a page is never lost to a parser. Whatever arrives either says why it
//! cannot be read or declares an incident that the domain accepts, twice delivered or not. Never touches a database.
#![no_main]

use firebell::app::ingest::{self, Reading};
use firebell::config::{Ingest, IngestKind, Mapping, Matcher, Rule};
use firebell_domain::alert::{self, Route};
use firebell_domain::decide::{self, Because, Declaration, Input};
use firebell_domain::directory::Directory;
use firebell_domain::event::{Actor, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);
const LATER: Timestamp = Timestamp(1_790_000_060_000_000);

static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
    let severity = |level: &str, rank| Severity::new(level, level, rank);
    Directory {
        severities: vec![severity("P1", 1), severity("P2", 2)],
        pagers: vec!["pagerduty".into()],
        notice_channels: vec!["webhook.ops".into()],
        ..Directory::default()
    }
});

fn rule(condition: &str, incident: bool) -> Rule {
    let conditions = vec![Matcher::parse(condition).expect("a condition")];
    Rule { conditions, severity: Some("P1".into()), service: None, incident, place: "line 1".into() }
}

static SOURCES: LazyLock<[Ingest; 3]> = LazyLock::new(|| {
    let many = Mapping { alerts: Some("alerts".into()), ..Mapping::default() };
    [IngestKind::Alertmanager, IngestKind::Generic(Box::default()), IngestKind::Generic(Box::new(many))].map(|kind| {
        Ingest {
            kind,
            token: "0123456789abcdef".into(),
            severity: "P2".into(),
            service: None,
            severity_label: "severity".into(),
            service_label: "service".into(),
            rules: vec![rule("severity=~\"warn.*\"", true), rule("title=~\".*quiet.*\"", false)],
        }
    })
});

fuzz_target!(|body: &[u8]| {
    for source in SOURCES.iter() {
        match ingest::read("monitor", source, body, &DIRECTORY) {
            Ok(readings) => readings.iter().for_each(deliver),
            Err(problem) => {
                assert!(!problem.is_empty() && problem.chars().count() < 1_000, "{problem:?}");
                let unreadable = ingest::unreadable("monitor", &problem, body, body.len() as u64);
                declare(&Declaration {
                    title: "source monitor sent something unreadable".into(),
                    severity: DIRECTORY.severities[0].clone(),
                    service: None,
                    private: false,
                    because: Some(Because::Unreadable(unreadable)),
                });
            }
        }
    }
});

fn actor() -> Actor {
    Actor::Source { name: "monitor".into() }
}

fn deliver(reading: &Reading) {
    let Reading { delivery, declaration, .. } = reading;
    assert!(!delivery.group.chars().any(char::is_control), "a group's key with a control character");
    assert!(delivery.alerts.iter().all(|a| a.summary.chars().count() <= limits::TITLE_CHARS_MAX));
    match alert::route(None, delivery, &DIRECTORY.settings, NOW) {
        Route::Existing => panic!("there is no incident yet"),
        Route::Nothing => {}
        Route::New => {
            let because = Some(Because::Alerts(delivery.clone()));
            let incident = declare(&Declaration { because, ..declaration.clone() });
            // The same again, as Alertmanager repeats itself: no news, or news that is legal.
            if let Route::Existing = alert::route(Some(&incident), delivery, &DIRECTORY.settings, LATER) {
                let again = Input::Alerts(delivery.clone());
                if let Err(decide::No::Illegal(illegal)) =
                    decide::decide(&incident, &again, &actor(), &DIRECTORY, LATER)
                {
                    panic!("illegal: {illegal}");
                }
            }
        }
    }
}

/// Declares it, and reads it back from what the log would hold.
fn declare(declaration: &Declaration) -> Incident {
    let decision = match decide::declare(IncidentId(1), declaration, &actor(), &DIRECTORY, NOW) {
        Ok(decision) => decision,
        Err(no) => panic!("an alert was refused: {no:?}"),
    };
    let log = serde_json::to_string(&decision.events).expect("events are JSON");
    let events: Vec<IncidentEvent> = serde_json::from_str(&log).expect("what was written can be read");
    let mut replayed = Incident::begin(&events[0]).expect("the first event declares");
    for event in &events[1..] {
        replayed.apply(event).expect("a decided event is legal");
    }
    assert_eq!(replayed, decision.incident, "the log says something else");
    replayed
}
