//! Several systems with runbooks of their own: whose severity is meant, who is paged, and what a new revision of a
//! runbook leaves as it was.

use super::*;
use crate::clocks::{self, Milestone};
use crate::directory::System;
use crate::hours::WorkingHours;
use crate::severity::Clocks;

fn of(system: &str, severity: Severity) -> Severity {
    Severity { system: Some(system.to_string()), ..severity }
}

fn chain(name: &str, person: &str) -> EscalationPolicy {
    let step = Step::new(vec![Target::Person(PersonId::from(person))], 300);
    EscalationPolicy::new(PolicyId::from(name), vec![step], None)
}

/// shop and bank have runbooks; checkout is the shop's, ledger the bank's, and nothing else says who is paged.
fn two_systems() -> Directory {
    let mut d = directory();
    d.policies.clear();
    let shop = System {
        severities: vec![of("shop", severity("P1", 1)), of("shop", severity("P2", 2))],
        chains: BTreeMap::from([(None, chain("shop", "ana")), (Some("P2".to_string()), chain("shop P2", "cy"))]),
    };
    let bank = System {
        severities: vec![of("bank", severity("P0", 1)), of("bank", severity("P1", 2))],
        chains: BTreeMap::from([(None, chain("bank", "bo"))]),
    };
    d.systems = BTreeMap::from([("shop".to_string(), shop), ("bank".to_string(), bank)]);
    for (service, system) in [("checkout", "shop"), ("ledger", "bank"), ("mail", "none")] {
        let service = ServiceId::from(service);
        d.services.insert(service, Service { system: Some(system.into()), ..Service::default() });
    }
    d
}

fn paged(d: &Directory, service: Option<&str>, severity: &Severity) -> Option<String> {
    let service = service.map(ServiceId::from);
    d.policy_of(service.as_ref(), severity).map(|p| p.name.to_string())
}

#[test]
fn the_scale_is_that_of_the_service_then_of_the_default_system() {
    let mut d = two_systems();
    let system = |d: &Directory, service: Option<&str>| {
        let service = service.map(ServiceId::from);
        d.system_of(service.as_ref()).map(str::to_string)
    };
    assert_eq!(system(&d, Some("ledger")).as_deref(), Some("bank"));
    assert_eq!(system(&d, Some("mail")), None, "its system has no runbook");
    assert_eq!(system(&d, None), None, "nobody said which");
    d.default_system = Some("bank".into());
    assert_eq!(system(&d, None).as_deref(), Some("bank"));
    assert_eq!(d.scale(Some("bank"))[0].level, "P0");
    assert_eq!(d.scale(None), d.severities.as_slice());
    let ranks: Vec<(&str, u32)> = d.meanings("p-1").map(|(system, s)| (system, s.rank)).collect();
    assert_eq!(ranks, [("bank", 2), ("shop", 1)]);
    d.default_system = None;
    d.systems.remove("shop");
    assert_eq!(system(&d, None).as_deref(), Some("bank"), "there is only one");
}

#[test]
fn the_runbook_pages_where_the_configuration_says_nothing() {
    let mut d = two_systems();
    let (p1, p2) = (severity("P1", 1), severity("P2", 2));
    assert_eq!(paged(&d, Some("checkout"), &p1).as_deref(), Some("shop"));
    assert_eq!(paged(&d, Some("checkout"), &p2).as_deref(), Some("shop P2"), "the level has a chain of its own");
    assert_eq!(paged(&d, Some("ledger"), &p2).as_deref(), Some("bank"));
    assert_eq!(paged(&d, None, &of("bank", p1.clone())).as_deref(), Some("bank"), "the severity says whose it is");
    assert_eq!(paged(&d, None, &p1), None, "nobody said which system, so nobody is guessed");
    d.policies.insert(PolicyId::from("night"), chain("night", "cy"));
    assert_eq!(paged(&d, None, &p1).as_deref(), Some("night"), "the only policy there is");
    assert_eq!(paged(&d, Some("checkout"), &p1).as_deref(), Some("shop"), "which nobody named for that service");
    d.policies.insert(PolicyId::from("default"), chain("default", "cy"));
    assert_eq!(paged(&d, Some("checkout"), &p1).as_deref(), Some("default"), "what the configuration says wins");
    d.services.entry(ServiceId::from("checkout")).or_default().policy = Some(PolicyId::from("night"));
    assert_eq!(paged(&d, Some("checkout"), &p1).as_deref(), Some("night"));
}

#[test]
fn a_new_revision_of_the_runbook_moves_no_clock_and_no_level_of_an_open_incident() {
    let mut d = two_systems();
    let clocks = Clocks { resolve_s: Some(7_200), ..Clocks::default() };
    let p1 = Severity { response_s: Some(900), clocks, ..of("shop", severity("P1", 1)) };
    d.systems.get_mut("shop").expect("shop").severities[0] = p1.clone();
    let mut case = Case::of(d, Declaration { severity: p1, ..declaration(None) });
    let promised = |i: &Incident| [Milestone::Acknowledge, Milestone::Resolve].map(|m| clocks::deadline(i, m));
    let (before, levels) = (promised(&case.incident), case.incident.policy.clone());
    assert!(before.iter().all(Option::is_some));
    // The next revision promises less, pages somebody else, and then the system is gone.
    case.directory.systems.clear();
    case.wait(60);
    case.says(Input::Acknowledge);
    assert_eq!((promised(&case.incident), case.incident.policy.clone()), (before, levels));
    assert_eq!(case.incident.policy.as_ref().map(|p| p.name.as_str()), Some("shop"));
}

#[test]
fn a_promise_in_business_days_is_kept_in_working_hours_and_never_in_plain_seconds() {
    let days = vec![chrono::Weekday::Mon, chrono::Weekday::Tue];
    let hours = WorkingHours { zone: chrono_tz::UTC, days, from_min: 540, to_min: 1_020 };
    let from: Timestamp = "2026-11-24T15:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().expect("a time").into();
    let due = |s: &Severity, span_s| s.due(from, span_s).to_string();
    let p4 = Severity { response_s: Some(86_400), hours: Some(hours.clone()), ..severity("P4", 4) };
    assert_eq!(due(&p4, 86_400), "2026-11-30 15:00 UTC", "Tuesday's next working day is Monday");
    let mixed = Severity {
        clocks: Clocks { resolve_s: Some(172_800), ..Clocks::default() },
        response_s: Some(14_400),
        ..p4.clone()
    };
    assert_eq!(due(&mixed, 14_400), "2026-11-24 19:00 UTC", "the days are business days, the hours are not");
    assert_eq!(due(&mixed, 172_800), "2026-12-01 15:00 UTC");
    let in_hours = Severity { response_s: Some(14_400), hours: Some(hours), ..severity("P3", 3) };
    assert_eq!(due(&in_hours, 14_400), "2026-11-30 11:00 UTC", "two hours on Tuesday, two on Monday");
    assert_eq!(due(&Severity { hours: None, ..p4 }, 86_400), "2026-11-25 15:00 UTC");
}

/// Who was paged by the last decision, by the reason of it.
fn escalated(events: &[Event]) -> Vec<(EscalateReason, Vec<String>)> {
    let of = |e: &Event| match e {
        Event::Escalated { reason, people, .. } => Some((*reason, people.iter().map(ToString::to_string).collect())),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn set(level: &str, rank: u32) -> Input {
    Input::SetSeverity { severity: of("shop", severity(level, rank)), reason: String::new() }
}

fn of_the_shop(level: &str, rank: u32) -> Case {
    let declared = Declaration { severity: of("shop", severity(level, rank)), ..declaration(None) };
    Case::of(two_systems(), declared)
}

#[test]
fn a_level_with_a_chain_of_its_own_is_paged_by_it_from_the_change_on() {
    let mut case = of_the_shop("P1", 1);
    let events = case.says(set("P2", 2));
    assert_eq!(escalated(&events), [(EscalateReason::SeverityChanged, vec!["cy".to_string()])]);
    assert_eq!(case.incident.policy.as_ref().map(|p| p.name.as_str()), Some("shop P2"));
    assert_eq!(case.incident.escalation.step, Some(0));
    // Back again: the chain for all levels.
    let events = case.says(set("P1", 1));
    assert_eq!(escalated(&events), [(EscalateReason::SeverityChanged, vec!["ana".to_string()])]);
    let said = crate::timeline::entries(&case.log).into_iter().map(|e| e.text).collect::<Vec<_>>().join("\n");
    assert!(said.contains("It is paged by the escalation of its severity now: shop, 1 level"), "{said}");
}

#[test]
fn whoever_has_it_keeps_it_and_the_new_chain_waits_until_nobody_does() {
    let mut case = of_the_shop("P1", 1);
    case.says(Input::Acknowledge);
    let events = case.says(set("P2", 2));
    assert_eq!(escalated(&events), []);
    assert_eq!(case.incident.policy.as_ref().map(|p| p.name.as_str()), Some("shop P2"));
    let events = case.says(Input::Unacknowledge { reason: String::new() });
    assert_eq!(escalated(&events), [(EscalateReason::Resumed, vec!["cy".to_string()])]);
}

#[test]
fn where_the_configuration_pages_or_both_levels_are_paged_alike_nothing_begins_anew() {
    let mut alike = of_the_shop("P1", 1);
    let events = alike.says(set("P3", 3));
    assert_eq!(escalated(&events), []);
    assert!(!events.iter().any(|e| matches!(e, Event::EscalationChanged { .. })));
    let mut d = two_systems();
    d.policies.insert(PolicyId::from("default"), chain("default", "bo"));
    let declared = Declaration { severity: of("shop", severity("P1", 1)), ..declaration(None) };
    let mut said = Case::of(d, declared);
    let events = said.says(set("P2", 2));
    assert_eq!(escalated(&events), []);
    assert_eq!(said.incident.policy.as_ref().map(|p| p.name.as_str()), Some("default"));
}
