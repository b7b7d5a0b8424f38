//! What becomes of bodies as monitoring really sends them, and of bodies that are none.

use super::{Reading, read, unreadable};
use crate::config::{Ingest, IngestKind, Mapping};
use firebell_domain::alert::{AlertStatus, Route, route};
use firebell_domain::decide::{self, Because, Declaration, Input};
use firebell_domain::directory::{Directory, Service, Settings};
use firebell_domain::event::{Actor, KeptAs};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use serde_json::{Value, json};

mod arbitrary;
mod captured;
mod rules;

const FIRING: &str = include_str!("../../../tests/data/webhooks/alertmanager/firing.json");
const MIXED: &str = include_str!("../../../tests/data/webhooks/alertmanager/mixed.json");
const RESOLVED: &str = include_str!("../../../tests/data/webhooks/alertmanager/resolved.json");
const TRUNCATED: &str = include_str!("../../../tests/data/webhooks/alertmanager/truncated.json");
const WATCHDOG: &str = include_str!("../../../tests/data/webhooks/alertmanager/watchdog.json");
const FLAT: &str = include_str!("../../../tests/data/webhooks/generic/flat.json");
const NESTED: &str = include_str!("../../../tests/data/webhooks/generic/nested.json");

fn directory() -> Directory {
    let severities = [("P1", "Critical", 1), ("P2", "High", 2), ("P3", "Medium", 3), ("P4", "Low", 4)]
        .map(|(level, name, rank)| Severity::new(level, name, rank))
        .to_vec();
    let services = [("checkout".into(), Service::default()), ("mail".into(), Service::default())].into();
    Directory { severities, services, ..Directory::default() }
}

fn source(kind: IngestKind) -> Ingest {
    Ingest {
        kind,
        token: "0123456789abcdef".to_string().into(),
        severity: "P2".into(),
        service: Some("mail".into()),
        severity_label: "severity".into(),
        service_label: "service".into(),
        rules: Vec::new(),
    }
}

fn alertmanager() -> Ingest {
    source(IngestKind::Alertmanager)
}

fn generic(mapping: Mapping) -> Ingest {
    source(IngestKind::Generic(Box::new(mapping)))
}

/// What is read of a body that has one group.
fn one(settings: &Ingest, body: &str) -> Reading {
    let mut all = read("prod", settings, body.as_bytes(), &directory()).expect("it can be read");
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The sentence about a body that cannot be read.
fn problem(settings: &Ingest, body: &str) -> String {
    read("prod", settings, body.as_bytes(), &directory()).expect_err("it cannot be read")
}

fn changed(body: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut json: Value = serde_json::from_str(body).expect("test data is JSON");
    change(&mut json);
    json.to_string()
}

fn at(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time").into()
}

#[test]
fn a_firing_group_declares_its_alert_by_its_summary_severity_and_service() {
    let Reading { delivery, declaration, .. } = one(&alertmanager(), FIRING);
    assert_eq!(declaration.title, "Orders fail at checkout");
    assert_eq!(declaration.severity.level, "P1");
    assert_eq!(declaration.service, Some("checkout".into()));
    assert!(!declaration.private && declaration.because.is_none());
    assert_eq!(delivery.source, "prod");
    assert_eq!(delivery.group, "{}/{service=\"checkout\"}:{alertname=\"CheckoutErrors\", service=\"checkout\"}");
    assert_eq!((delivery.group_status, delivery.truncated), (AlertStatus::Firing, 0));
    let [alert] = &delivery.alerts[..] else { panic!("{:?}", delivery.alerts) };
    assert_eq!(alert.fingerprint, "4be1c0a7d25f3391");
    assert_eq!(alert.status, AlertStatus::Firing);
    assert_eq!(alert.starts_at, at("2026-03-02T01:14:07.518Z"));
    assert_eq!(alert.summary, "Orders fail at checkout");
}

#[test]
fn a_mixed_group_fires_with_the_worst_severity_of_what_still_fires() {
    let Reading { delivery, declaration, .. } = one(&alertmanager(), MIXED);
    assert_eq!(declaration.title, "DiskFull (3 alerts)");
    assert_eq!(declaration.severity.level, "P2", "the critical one has resolved");
    assert_eq!(declaration.service, Some("mail".into()), "the source's own, because no label names one");
    let statuses: Vec<_> = delivery.alerts.iter().map(|a| a.status).collect();
    assert_eq!(statuses, [AlertStatus::Resolved, AlertStatus::Firing, AlertStatus::Firing]);
    assert_eq!(delivery.group_status, AlertStatus::Firing);
    assert_eq!(delivery.alerts[1].summary, "The disk of db-2 is 91 % full");
}

#[test]
fn a_resolved_group_keeps_its_start_so_that_it_is_known_as_the_end_of_that_firing() {
    let (firing, resolved) = (one(&alertmanager(), FIRING).delivery, one(&alertmanager(), RESOLVED).delivery);
    assert_eq!(resolved.group_status, AlertStatus::Resolved);
    assert_eq!(resolved.group, firing.group);
    assert_eq!(resolved.alerts[0].status, AlertStatus::Resolved);
    assert_eq!(resolved.alerts[0].starts_at, firing.alerts[0].starts_at);
    assert_eq!(resolved.alerts[0].fingerprint, firing.alerts[0].fingerprint);
}

#[test]
fn a_truncated_group_says_how_many_alerts_are_missing_and_alerts_without_annotations_have_a_name() {
    let Reading { delivery, declaration, .. } = one(&alertmanager(), TRUNCATED);
    assert_eq!((delivery.truncated, delivery.alerts.len()), (41, 2));
    assert_eq!(delivery.alerts[0].starts_at, at("2026-03-02T03:11:00.638281Z"), "nanoseconds are cut, not refused");
    assert_eq!(declaration.title, "PodsRestart (2 alerts)");
    assert_eq!(delivery.alerts[0].summary, "PodsRestart");
    assert_eq!(declaration.severity.level, "P3");
    // Older versions know no such key; nonsense in it loses no alert.
    for odd in [json!(null), json!("3"), json!(-1), json!({})] {
        assert_eq!(one(&alertmanager(), &changed(TRUNCATED, |b| b["truncatedAlerts"] = odd)).delivery.alerts.len(), 2);
    }
    let huge = one(&alertmanager(), &changed(TRUNCATED, |b| b["truncatedAlerts"] = json!(u64::MAX)));
    assert_eq!(huge.delivery.truncated, u32::MAX);
}

#[test]
fn a_watchdog_is_the_least_severe_and_its_repeats_are_the_same_delivery() {
    let first = one(&alertmanager(), WATCHDOG);
    assert_eq!(first.declaration.severity.level, "P4");
    assert_eq!(first.declaration.title, "Always fires: monitoring is alive");
    assert_eq!(first, one(&alertmanager(), WATCHDOG));
}

#[test]
fn what_is_missing_or_of_the_wrong_type_is_named_in_a_sentence() {
    let am = alertmanager();
    let without = |key: &str| changed(FIRING, |b| drop(b.as_object_mut().and_then(|o| o.remove(key))));
    let alert_without =
        |key: &str| changed(FIRING, |b| drop(b["alerts"][0].as_object_mut().and_then(|o| o.remove(key))));
    let alert_with = |key: &str, v: Value| changed(FIRING, |b| b["alerts"][0][key] = v);
    for (body, expected) in [
        (without("groupKey"), "no groupKey: is this Alertmanager's webhook (version 4)?"),
        (changed(FIRING, |b| b["groupKey"] = json!("")), "no groupKey: is this Alertmanager's webhook (version 4)?"),
        (changed(FIRING, |b| b["groupKey"] = json!(7)), "no groupKey: is this Alertmanager's webhook (version 4)?"),
        (without("alerts"), "no list of alerts"),
        (changed(FIRING, |b| b["alerts"] = json!({"status": "firing"})), "no list of alerts"),
        (changed(FIRING, |b| b["alerts"] = json!([])), "the group fires, but no alert of it is listed"),
        (changed(FIRING, |b| b["status"] = json!("suppressed")), "the group's status \"suppressed\" is unknown"),
        (alert_without("status"), "alert 1: no status"),
        (alert_with("status", json!(true)), "alert 1: no status"),
        (alert_with("status", json!("fi\u{0}\u{202e}re")), "alert 1: status \"fire\" is unknown"),
        (alert_without("startsAt"), "alert 1: no startsAt"),
        (alert_with("startsAt", json!("yesterday")), "alert 1: startsAt \"yesterday\" is no time"),
        (alert_with("startsAt", json!(1_772_414_047)), "alert 1: no startsAt"),
        (changed(MIXED, |b| b["alerts"][2] = json!("DiskFull")), "alert 3: no status"),
        (String::new(), "not JSON: it ends too early at line 1, column 0"),
        (FIRING[..FIRING.len() / 2].to_string(), "not JSON: it ends too early at line 21, column 6"),
        ("{\"alerts\": oops}".to_string(), "not JSON: something unexpected stands there at line 1, column 12"),
        ("[]".to_string(), "no groupKey: is this Alertmanager's webhook (version 4)?"),
        ("null".to_string(), "no groupKey: is this Alertmanager's webhook (version 4)?"),
    ] {
        assert_eq!(problem(&am, &body), expected, "{body}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(problem(&am, &deep).starts_with("not JSON: "), "nesting does not exhaust the stack");
}

#[test]
fn keys_that_a_newer_version_adds_and_labels_of_another_type_lose_no_alert() {
    let body = changed(FIRING, |b| {
        b["notificationReason"] = json!({"kind": "new"});
        b["alerts"][0]["silenceURL"] = json!("http://alertmanager.example.org/#/silences/new");
        b["commonLabels"]["severity"] = json!(1);
        b["alerts"][0]["labels"]["severity"] = json!(["critical"]);
        b["commonAnnotations"] = json!(null);
        b["alerts"][0]["annotations"] = json!("none");
    });
    let Reading { delivery, declaration, .. } = one(&alertmanager(), &body);
    assert_eq!(declaration.severity.level, "P2", "the source's default");
    assert_eq!(declaration.title, "CheckoutErrors");
    assert_eq!(delivery.alerts.len(), 1);
    // The group says nothing of itself: what its alerts say counts.
    let silent = |body: &str| changed(body, |b| drop(b.as_object_mut().and_then(|o| o.remove("status"))));
    assert_eq!(one(&alertmanager(), &silent(MIXED)).delivery.group_status, AlertStatus::Firing);
    assert_eq!(one(&alertmanager(), &silent(RESOLVED)).delivery.group_status, AlertStatus::Resolved);
}

#[test]
fn an_alert_without_a_fingerprint_is_known_by_its_labels_and_long_ones_stay_apart() {
    let print = |change: &dyn Fn(&mut Value)| {
        one(&alertmanager(), &changed(FIRING, |b| change(&mut b["alerts"][0]))).delivery.alerts.remove(0).fingerprint
    };
    let none = |a: &mut Value| drop(a.as_object_mut().and_then(|o| o.remove("fingerprint")));
    let other = |a: &mut Value| {
        none(a);
        a["labels"]["instance"] = json!("10.0.4.8:9100");
    };
    assert_eq!(print(&none), print(&none));
    assert_ne!(print(&none), print(&other));
    let long = "f".repeat(600);
    let (a, b) = (format!("{long}1"), format!("{long}2"));
    assert_ne!(print(&|v| v["fingerprint"] = json!(a)), print(&|v| v["fingerprint"] = json!(b)));
    assert!(print(&|v| v["fingerprint"] = json!(a)).len() < 200);
}

#[test]
fn ten_thousand_alerts_in_one_group_are_one_incident_that_only_the_groups_own_word_ends() {
    let alert = |i: usize, status: &str| {
        json!({"status": status, "labels": {"alertname": "HostDown", "host": format!("h{i}")},
            "annotations": {"summary": format!("h{i} is down")}, "startsAt": "2026-03-02T04:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "fingerprint": format!("{i:016x}")})
    };
    let group = |status: &str, n: usize| {
        let alerts: Vec<Value> = (0..n).map(|i| alert(i, status)).collect();
        json!({"status": status, "groupKey": "{}:{dc=\"eu\"}", "alerts": alerts, "version": "4"}).to_string()
    };
    let Reading { delivery, declaration, .. } = one(&alertmanager(), &group("firing", 10_000));
    assert_eq!(delivery.alerts.len(), 10_000);
    assert_eq!(declaration.title, "h0 is down (10000 alerts)");

    let incident = declared(declaration, &delivery);
    let [followed] = &incident.groups[..] else { panic!("{:?}", incident.groups) };
    assert_eq!(followed.alerts.len(), limits::ALERTS_TRACKED_MAX);
    assert!(followed.partial && incident.firing_alerts());

    // The followed ones resolve, the counted ones do not: it still fires.
    let mut some = one(&alertmanager(), &group("resolved", limits::ALERTS_TRACKED_MAX)).delivery;
    some.group_status = AlertStatus::Firing;
    some.truncated = 9_000;
    let incident = received(&incident, some);
    assert!(incident.firing_alerts());
    let incident = received(&incident, one(&alertmanager(), &group("resolved", 10_000)).delivery);
    assert!(!incident.firing_alerts() && incident.quiet_resolves_at.is_some());
}

#[test]
fn severity_words_mean_what_monitoring_means_by_them_and_the_scale_comes_first() {
    let level = |word: Value| {
        let body = changed(FIRING, |b| b["commonLabels"]["severity"] = word);
        one(&alertmanager(), &body).declaration.severity.level
    };
    for (level_meant, words) in [
        ("P1", &["critical", "CRITICAL", "page", "emergency", "disaster", "p1", "P-1", "sev1", "SEV 1"][..]),
        ("P2", &["error", "high", "major", "p2", "Sev-2"]),
        ("P3", &["warning", "warn", "average", "medium", "minor", "p3"]),
        ("P4", &["info", "none", "debug", "low", "notice", "p4"]),
    ] {
        for word in words {
            assert_eq!(level(json!(word)), level_meant, "{word}");
        }
    }
    // What nobody knows is the source's default, never the least severe.
    for word in ["purple", "p9", "🔥", "critical!!", "0"] {
        assert_eq!(level(json!(word)), if word == "critical!!" { "P1" } else { "P2" }, "{word}");
    }
    // A default that the scale does not have (its team renamed the levels) is the worst.
    let settings = Ingest { severity: "SEV-9".into(), ..alertmanager() };
    let body = changed(FIRING, |b| b["commonLabels"]["severity"] = json!("purple"));
    assert_eq!(one(&settings, &body).declaration.severity.level, "P1");
}

#[test]
fn a_service_that_is_not_configured_is_the_sources_own() {
    let service = |settings: &Ingest, word: &str| {
        let body = changed(FIRING, |b| b["commonLabels"]["service"] = json!(word));
        one(settings, &body).declaration.service
    };
    assert_eq!(service(&alertmanager(), "checkout"), Some("checkout".into()));
    assert_eq!(service(&alertmanager(), "no-such"), Some("mail".into()));
    let settings = Ingest { service: None, ..alertmanager() };
    assert_eq!(service(&settings, "no-such"), None);
    let by_job = Ingest { service_label: "job".into(), ..alertmanager() };
    assert_eq!(service(&by_job, "mail"), Some("checkout".into()), "its job is checkout");
}

#[test]
fn a_generic_body_is_read_through_its_mapping() {
    let Reading { delivery, declaration, .. } = one(&generic(Mapping::default()), FLAT);
    assert_eq!(declaration.title, "Queue of mails grows");
    assert_eq!(declaration.severity.level, "P2");
    assert_eq!(declaration.service, Some("mail".into()));
    assert_eq!((delivery.group.as_str(), delivery.group_status), ("mail-queue", AlertStatus::Firing));
    assert_eq!(delivery.alerts[0].fingerprint, "mail-queue-eu");
    for over in ["resolved", "OK", "Closed", " inactive "] {
        let body = changed(FLAT, |b| b["status"] = json!(over));
        assert_eq!(one(&generic(Mapping::default()), &body).delivery.alerts[0].status, AlertStatus::Resolved, "{over}");
    }
    for odd in [json!("acknowledged"), json!(null), json!(0), json!({"is": "ok"})] {
        let body = changed(FLAT, |b| b["status"] = odd.clone());
        assert_eq!(one(&generic(Mapping::default()), &body).delivery.alerts[0].status, AlertStatus::Firing, "{odd}");
    }
}

#[test]
fn a_generic_list_is_read_at_nested_paths_and_each_group_is_its_own() {
    let mapping = Mapping {
        alerts: Some("batch.checks".into()),
        group: "check.labels.0".into(),
        title: "check.name".into(),
        status: "states.0.state".into(),
        fingerprint: "check.id".into(),
        severity: "impact".into(),
        service: "owner.unit".into(),
        ..Mapping::default()
    };
    let all = read("prod", &generic(mapping.clone()), NESTED.as_bytes(), &directory()).expect("it can be read");
    let groups: Vec<(&str, usize, AlertStatus)> =
        all.iter().map(|r| (r.delivery.group.as_str(), r.delivery.alerts.len(), r.delivery.group_status)).collect();
    assert_eq!(groups, [("eu", 2, AlertStatus::Firing), ("us", 1, AlertStatus::Firing)]);
    assert_eq!(all[0].delivery.alerts[1].fingerprint, "32", "a number is an identity too");
    assert_eq!(all[0].delivery.alerts[1].status, AlertStatus::Resolved);
    assert_eq!(all[0].declaration.severity.level, "P2", "the worst of the group");
    assert_eq!(all[0].declaration.service, Some("checkout".into()));
    assert_eq!(all[1].declaration.title, "Backup is 26 h old");

    let settings = generic(mapping.clone());
    assert_eq!(problem(&settings, "{}"), "\"batch.checks\" is not there; it should be the list of alerts");
    assert_eq!(problem(&settings, r#"{"batch":{"checks":{}}}"#), "\"batch.checks\" is not a list");
    assert_eq!(problem(&settings, r#"{"batch":{"checks":[7]}}"#), "alert 1: it is not an object");
    let second = r#"{"batch":{"checks":[{"check":{"name":"x"}},{"check":{"id":1}}]}}"#;
    assert_eq!(problem(&settings, second), "alert 2: neither \"check.name\" nor \"text\" says what is wrong");
}

#[test]
fn many_alerts_in_one_body_are_read_in_one_go_and_too_many_groups_are_refused_as_a_whole() {
    let settings = generic(Mapping { alerts: Some("a".into()), ..Mapping::default() });
    let body = |alerts: usize, groups: usize| {
        let alert = |i: usize| json!({"title": "x", "group": format!("g{}", i % groups), "fingerprint": i});
        json!({ "a": (0..alerts).map(alert).collect::<Vec<Value>>() }).to_string()
    };
    let max = limits::GROUPS_PER_REQUEST_MAX;
    let all = read("prod", &settings, body(100_000, max).as_bytes(), &directory()).expect("it can be read");
    assert_eq!(all.len(), max);
    assert_eq!(all.iter().map(|r| r.delivery.alerts.len()).sum::<usize>(), 100_000);
    assert_eq!(problem(&settings, &body(max + 1, max + 1)), format!("more than {max} groups in one request"));
}

#[test]
fn firing_again_is_news_also_where_a_source_names_no_start() {
    let settings = generic(Mapping::default());
    let firing = one(&settings, FLAT);
    let resolved = one(&settings, &changed(FLAT, |b| b["status"] = json!("resolved"))).delivery;
    let incident = declared(firing.declaration, &firing.delivery);
    assert_eq!(routed(&incident, &firing.delivery), Route::Nothing, "a repeat");
    let incident = received(&incident, resolved.clone());
    assert!(incident.quiet_resolves_at.is_some());
    assert_eq!(routed(&incident, &resolved), Route::Nothing, "a repeat");
    let incident = received(&incident, firing.delivery);
    assert!(incident.firing_alerts() && incident.quiet_resolves_at.is_none(), "the escalation goes on");
}

#[test]
fn titles_and_summaries_are_one_visible_line_of_bounded_length() {
    let body = changed(FIRING, |b| {
        b["commonAnnotations"]["summary"] =
            json!(format!("<!channel> @everyone\r\n\u{202e}\u{0}{}", "x".repeat(4_000)));
        b["alerts"][0]["annotations"]["summary"] = json!("\u{0}\u{200b}\n");
        b["alerts"][0]["annotations"]["description"] = json!(" ");
    });
    let Reading { delivery, declaration, .. } = one(&alertmanager(), &body);
    assert!(declaration.title.starts_with("<!channel> @everyone xxx"), "{}", declaration.title);
    assert_eq!(declaration.title.chars().count(), limits::TITLE_CHARS_MAX);
    assert_eq!(delivery.alerts[0].summary, "an alert without a name");
    let nothing = changed(FIRING, |b| b["commonAnnotations"]["summary"] = json!("\u{200b}"));
    assert_eq!(one(&alertmanager(), &nothing).declaration.title, "an alert without a name");
}

#[test]
fn a_key_of_ours_cannot_be_sent_and_two_long_keys_stay_two() {
    let group = |key: &str| one(&alertmanager(), &changed(FIRING, |b| b["groupKey"] = json!(key))).delivery.group;
    use super::super::belongs::UNREADABLE;
    assert_ne!(group(UNREADABLE), UNREADABLE);
    assert_ne!(group("a\u{1}b"), group("ab"));
    let long = "k".repeat(600);
    assert_ne!(group(&format!("{long}1")), group(&format!("{long}2")));
}

#[test]
fn the_first_64_kb_of_what_cannot_be_read_are_kept_as_text_or_else_as_base64() {
    let kept = unreadable("prod", "it is odd", b"{\"a\":\0 1", 8);
    assert_eq!((kept.kept.as_str(), kept.kept_as, kept.bytes), ("{\"a\":\0 1", KeptAs::Text, 8));
    let long = "é".repeat(40_000);
    let odd_cut = format!("x{long}");
    let kept = unreadable("prod", "it is long", odd_cut.as_bytes(), 80_001);
    assert_eq!(kept.kept_as, KeptAs::Text, "a cut inside a character is not what makes it no text");
    assert_eq!(kept.kept.len(), limits::UNREADABLE_KEPT_BYTES_MAX - 1);
    let kept = unreadable("prod", "it is no text", &[0xff; 70_000], 70_000);
    assert_eq!((kept.kept_as, kept.kept.len()), (KeptAs::Base64, limits::UNREADABLE_KEPT_BYTES_MAX.div_ceil(3) * 4));
}

/// The incident that a reading declares.
fn declared(declaration: Declaration, delivery: &firebell_domain::alert::Delivery) -> Incident {
    let because = Some(Because::Alerts(delivery.clone()));
    let declaration = Declaration { because, ..declaration };
    decide::declare(IncidentId(1), &declaration, &source_actor(), &directory(), at("2026-03-02T04:00:05Z"))
        .expect("it is declared")
        .incident
}

fn received(incident: &Incident, delivery: firebell_domain::alert::Delivery) -> Incident {
    let now = at("2026-03-02T04:01:00Z");
    decide::decide(incident, &Input::Alerts(delivery), &source_actor(), &directory(), now).expect("it is news").incident
}

fn routed(incident: &Incident, delivery: &firebell_domain::alert::Delivery) -> Route {
    route(Some(incident), delivery, &Settings::default(), at("2026-03-02T04:01:00Z"))
}

fn source_actor() -> Actor {
    Actor::Source { name: "prod".into() }
}
