//! Deliveries of alerts: repeated, late, out of order, flapping, too many; and what becomes of the incident.

use super::*;
use crate::alert::{Group, Route, route};
use crate::directory::Settings;

/// As the intake does it.
fn routed(case: &Case, delivery: &Delivery) -> Route {
    route(Some(&case.incident), delivery, &case.directory.settings, case.now)
}

#[test]
fn repeats_are_no_news() {
    let mut case = by_alerts(&["a", "b"]);
    for again in [&["a", "b"][..], &["b"], &["a"], &["a", "-unknown"]] {
        assert_eq!(case.alerts(&delivery(again)).expect_err("a repeat").code(), "stale", "{again:?}");
        assert_eq!(routed(&case, &delivery(again)), Route::Nothing);
    }
    case.alerts(&delivery(&["a", "-b"])).expect("news");
    assert_eq!(case.alerts(&delivery(&["a", "b"])), Err(Refusal::Stale), "b's firing is told late");
    case.alerts(&delivery(&["a", "b@9"])).expect("b fires anew");
    assert_eq!(case.alerts(&delivery(&["a", "-b"])), Err(Refusal::Stale), "the end of b's first firing is late");
    assert!(case.incident.firing_alerts());
}

#[test]
fn of_one_delivery_that_names_an_alert_twice_the_later_word_counts() {
    let mut case = by_alerts(&["a"]);
    case.alerts(&delivery(&["-a", "a", "a@5", "-a@5", "b"])).expect("news");
    let g = &case.incident.groups[0];
    assert_eq!(g.alerts["a"].status, AlertStatus::Resolved);
    assert_eq!(g.alerts["a"].starts_at, START.plus_s(5));
}

#[test]
fn when_all_have_resolved_it_ends_after_five_quiet_minutes() {
    let mut case = by_alerts(&["a", "b"]);
    case.sent(2);
    case.alerts(&delivery(&["-a", "b"])).expect("news");
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate), "b still fires");
    case.wait(60);
    case.alerts(&delivery(&["-a", "-b"])).expect("news");
    assert_eq!(case.timer(), Some(Timer { kind: TimerKind::QuietResolve, due_at: START.plus_s(360) }));
    let events = case.fire();
    assert!(matches!(events[0], Event::Resolved { cause: ResolveCause::Quiet, .. }));
    assert_eq!(case.follows(), [(2, true)]);
}

#[test]
fn while_quiet_nothing_is_paged() {
    let mut case = by_alerts(&["a"]);
    let seq = case.claim(2);
    case.alerts(&delivery(&["-a"])).expect("news");
    assert!(case.log.iter().all(|e| !matches!(e.body, Event::IntentsCancelled { .. })), "it is under way");
    case.deliver(2, seq, retry(false)).expect("decided");
    assert!(case.pages().is_empty());
    assert_eq!(case.outbox[&2].why.as_deref(), Some("alerts_cleared"));
}

#[test]
fn firing_again_within_the_quiet_time_pages_from_the_first_level() {
    let mut case = by_alerts(&["a"]);
    case.sent(2);
    case.fire();
    case.alerts(&delivery(&["-a"])).expect("news");
    case.wait(299);
    let events = case.alerts(&delivery(&["a@600"])).expect("news");
    assert_eq!(kinds(&events), ["alerts_received", "escalated", "intents_queued"]);
    assert_eq!(case.paged(), ["ana/pager"]);
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate));
}

#[test]
fn acknowledged_and_over_means_monitoring() {
    let mut case = by_alerts(&["a"]);
    case.says(Input::Acknowledge);
    let events = case.alerts(&delivery(&["-a"])).expect("news");
    assert_eq!(kinds(&events), ["alerts_received", "status_changed", "intents_queued"]);
    assert_eq!((case.incident.status, case.timer()), (IncidentStatus::Monitoring, None));
    let mut case = by_alerts(&["a"]);
    case.alerts(&delivery(&["-a"])).expect("news");
    case.says(Input::Acknowledge);
    assert_eq!((case.incident.status, case.timer()), (IncidentStatus::Monitoring, None), "the other way round");
}

#[test]
fn a_new_firing_within_half_an_hour_reopens_and_later_declares_anew() {
    for quiet in [true, false] {
        let mut case = by_alerts(&["a"]);
        if quiet {
            case.alerts(&delivery(&["-a"])).expect("news");
            case.fire();
        } else {
            case.says(resolve());
        }
        let again = delivery(&["a@900"]);
        case.wait(1_800);
        assert_eq!(routed(&case, &again), Route::Existing);
        assert_eq!(routed(&case, &delivery(&["a"])), Route::Nothing, "a repeat of what had fired before");
        let mut later = case.incident.clone();
        later.ended_at = later.ended_at.map(|t| t.plus_s(-1));
        assert_eq!(route(Some(&later), &again, &case.directory.settings, case.now), Route::New);
        let events = case.alerts(&again).expect("news");
        assert_eq!(kinds(&events)[..2], ["alerts_received", "reopened"]);
        assert_eq!(case.paged(), ["ana/pager"]);
    }
}

#[test]
fn one_alert_that_ends_beside_another_does_not_reopen_what_people_have_resolved() {
    let mut case = by_alerts(&["a", "b"]);
    case.says(resolve());
    let rest = delivery(&["-a", "b"]);
    assert_eq!(routed(&case, &rest), Route::Existing);
    assert_eq!(kinds(&case.alerts(&rest).expect("recorded")), ["alerts_received"]);
    assert_eq!(case.incident.status, IncidentStatus::Resolved);
    case.alerts(&delivery(&["-b"])).expect("recorded");
    assert!(!case.incident.firing_alerts());
    case.alerts(&delivery(&["b@50"])).expect("news");
    assert!(case.incident.status.open());
}

#[test]
fn a_cancelled_or_merged_incident_takes_nothing_back() {
    let mut case = by_alerts(&["a", "b"]);
    case.says(Input::Cancel { reason: "a drill".into() });
    assert_eq!(routed(&case, &delivery(&["a", "b"])), Route::Nothing, "what fired when it was cancelled");
    assert_eq!(routed(&case, &delivery(&["-a", "b"])), Route::Nothing, "an end is no reason to declare");
    assert_eq!(routed(&case, &delivery(&["a@50", "b"])), Route::New);
    case.wait(1_801);
    assert_eq!(routed(&case, &delivery(&["a", "b"])), Route::New, "still firing half an hour later");
}

#[test]
fn nothing_is_declared_by_what_has_resolved() {
    let settings = Settings::default();
    assert_eq!(route(None, &delivery(&["-a"]), &settings, START), Route::Nothing);
    assert_eq!(route(None, &delivery(&["-a", "b"]), &settings, START), Route::New);
    assert_eq!(route(None, &delivery(&[]), &settings, START), Route::Nothing);
    let cut = Delivery { truncated: 3, group_status: AlertStatus::Firing, ..delivery(&["-a"]) };
    assert_eq!(route(None, &cut, &settings, START), Route::New, "what was left out may fire");
}

#[test]
fn a_full_log_makes_room_by_declaring_anew() {
    let mut case = by_alerts(&["a"]);
    case.incident.seq = limits::EVENTS_PER_INCIDENT_MAX;
    assert_eq!(routed(&case, &delivery(&["a", "b"])), Route::New);
    assert_eq!(routed(&case, &delivery(&["a"])), Route::Nothing);
    assert_eq!(routed(&case, &delivery(&["-a"])), Route::Nothing);
}

#[test]
fn a_truncated_group_ends_only_with_the_groups_own_word() {
    let mut case = by_alerts(&["a"]);
    let cut = Delivery { truncated: 5, ..delivery(&["a"]) };
    case.alerts(&cut).expect("it is not complete");
    assert_eq!(case.alerts(&cut), Err(Refusal::Stale));
    let mut shown = delivery(&["-a"]);
    shown.group_status = AlertStatus::Firing;
    case.alerts(&shown).expect("news");
    assert!(case.incident.firing_alerts(), "the five that nobody saw");
    case.alerts(&delivery(&[])).expect("the group's own word");
    assert!(!case.incident.firing_alerts());
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::QuietResolve));
}

#[test]
fn a_late_word_on_the_whole_group_does_not_silence_what_began_since() {
    let mut case = by_alerts(&["a"]);
    case.alerts(&delivery(&["a", "b@50"])).expect("b begins");
    case.alerts(&delivery(&["-a"])).expect("sent before b began, and late");
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::QuietResolve));
    case.alerts(&delivery(&["-a", "b@50"])).expect("the source says it again, and it is news");
    assert!(case.incident.firing_alerts());
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate));
}

#[test]
fn a_source_that_calls_a_group_resolved_beside_a_firing_alert_means_that_it_fires() {
    let odd = Delivery { group_status: AlertStatus::Resolved, ..delivery(&["a"]) };
    let mut case = Case::of(directory(), declaration(Some(Because::Alerts(odd.clone()))));
    assert!(case.incident.firing_alerts());
    assert_eq!(case.alerts(&odd), Err(Refusal::Stale));
}

#[test]
fn ten_thousand_alerts_of_one_group_are_one_incident_of_bounded_size() {
    let names: Vec<String> = (0..10_000).map(|n| format!("fp{n}")).collect();
    let mut case = by_alerts(&["fp0"]);
    for (upto, news) in [(500, true), (1_500, true), (10_000, false)] {
        let words: Vec<&str> = names.iter().take(upto).map(String::as_str).collect();
        assert_eq!(case.alerts(&delivery(&words)).is_ok(), news, "{upto}: what is only counted is told once");
        assert!(case.incident.groups[0].alerts.len() <= limits::ALERTS_TRACKED_MAX);
    }
    assert!(case.incident.groups[0].partial);
    let ended: Vec<String> = (0..1_000).map(|n| format!("-fp{n}")).collect();
    let mut rest = delivery(&ended.iter().map(String::as_str).collect::<Vec<_>>());
    rest.group_status = AlertStatus::Firing;
    case.alerts(&rest).expect("news");
    assert!(case.incident.firing_alerts(), "nine thousand that are only counted");
    case.alerts(&delivery(&[])).expect("the group's own word");
    assert!(!case.incident.firing_alerts());
    assert_eq!(case.log.iter().filter(|e| matches!(e.body, Event::Declared { .. })).count(), 1);
}

#[test]
fn a_flapping_alert_pages_each_time_and_keeps_one_timer() {
    let mut case = by_alerts(&["a"]);
    for n in 1..60 {
        case.alerts(&delivery(&[&format!("-a@{n}")])).expect("over");
        case.wait(10);
        case.alerts(&delivery(&[&format!("a@{}", n + 1)])).expect("and again");
        assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate));
        assert_eq!(case.pages().len(), 1, "one page waits, not {n}");
    }
}

fn group(key: &str, words: &[&str]) -> Group {
    let alerts = words.iter().map(|w| alert(w));
    let alerts = alerts.map(|a| (a.fingerprint, crate::alert::Tracked { status: a.status, starts_at: a.starts_at }));
    let alerts: BTreeMap<_, _> = alerts.collect();
    let status = if words.iter().any(|w| !w.starts_with('-')) { AlertStatus::Firing } else { AlertStatus::Resolved };
    Group { source: "prom".into(), key: key.into(), alerts, partial: false, status, link: None }
}

fn absorb(groups: Vec<Group>) -> Input {
    Input::Absorb { from: IncidentId(2), title: "db is down".into(), groups }
}

#[test]
fn what_is_merged_in_brings_its_alerts_and_wakes_what_was_about_to_end() {
    let mut case = by_alerts(&["a"]);
    case.alerts(&delivery(&["-a"])).expect("quiet");
    let events = case.says(absorb(vec![group("db", &["x"])]));
    assert_eq!(kinds(&events), ["merged_from", "escalated", "intents_queued"]);
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate), "x fires: it does not end by itself");
    let end = Delivery { group: "db".into(), ..delivery(&["-x"]) };
    assert_eq!(routed(&case, &end), Route::Existing);
    case.alerts(&end).expect("known");
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::QuietResolve));
}

#[test]
fn what_two_incidents_know_of_one_group_is_joined_alert_by_alert() {
    let mut case = by_alerts(&["a", "b"]);
    case.alerts(&delivery(&["-a", "-b"])).expect("quiet");
    case.says(absorb(vec![group("disk", &["a@40", "b", "c"])]));
    let alerts = &case.incident.groups[0].alerts;
    assert_eq!(alerts["a"].status, AlertStatus::Firing, "a began again");
    assert_eq!(alerts["b"].status, AlertStatus::Resolved, "b's firing had ended");
    assert_eq!(alerts["c"].status, AlertStatus::Firing);
    assert_eq!(case.incident.groups.len(), 1);
}

#[test]
fn merging_respects_the_bounds_on_groups_and_alerts() {
    let mut case = by_alerts(&["a"]);
    let names: Vec<String> = (0..800).map(|n| format!("fp{n}")).collect();
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    case.says(absorb(vec![group("one", &words), group("two", &words)]));
    let tracked: usize = case.incident.groups.iter().map(|g| g.alerts.len()).sum();
    assert_eq!(tracked, limits::ALERTS_TRACKED_MAX);
    assert!(case.incident.groups[2].partial && case.incident.groups[2].firing());
    let many: Vec<Group> = (0..limits::ALERT_GROUPS_MAX).map(|n| group(&format!("g{n}"), &["x"])).collect();
    assert_eq!(case.say(absorb(many)).expect_err("too many").code(), "too_many");
}

#[test]
fn an_alert_group_beyond_the_bound_is_refused_so_that_it_declares_its_own() {
    let mut case = by_alerts(&["a"]);
    for n in 1..limits::ALERT_GROUPS_MAX {
        case.alerts(&Delivery { group: format!("g{n}"), ..delivery(&["a"]) }).expect("room");
    }
    let more = Delivery { group: "more".into(), ..delivery(&["a"]) };
    assert_eq!(case.alerts(&more).expect_err("full").code(), "too_many");
}

#[test]
fn what_could_not_be_read_is_joined_to_an_open_incident_only() {
    let garbage = super::transitions::unreadable();
    let mut case = Case::of(directory(), declaration(Some(Because::Unreadable(garbage.clone()))));
    assert_eq!(case.paged(), ["ana/pager"]);
    let source = Actor::Source { name: "prom".into() };
    case.by(&source, &Input::Unreadable(garbage.clone())).expect("joined");
    case.says(resolve());
    assert_eq!(case.by(&source, &Input::Unreadable(garbage)).expect_err("ended").code(), "ended");
}
