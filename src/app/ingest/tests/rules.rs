//! What rules make of alerts: the first that fits decides, a mixed group has the worst of what is heard, what is muted
//! declares nothing and keeps nothing that is open from ending.

use super::*;
use crate::config::{Matcher, Rule};
use firebell_domain::alert::Delivery;

fn rule(conditions: &[&str]) -> Rule {
    let conditions = conditions.iter().map(|c| Matcher::parse(c).expect("a condition")).collect();
    Rule { conditions, severity: None, service: None, incident: true, place: "line 1".into() }
}

fn muting(conditions: &[&str]) -> Rule {
    Rule { incident: false, ..rule(conditions) }
}

fn is(conditions: &[&str], severity: &str, service: &str) -> Rule {
    let service = Some(service).filter(|s| !s.is_empty()).map(Into::into);
    let severity = Some(severity).filter(|s| !s.is_empty()).map(str::to_string);
    Rule { severity, service, ..rule(conditions) }
}

fn with(rules: Vec<Rule>) -> Ingest {
    Ingest { rules, ..alertmanager() }
}

/// A group of alerts with these labels each: `severity=info team=mail`, resolved after a `!`.
fn group(alerts: &[&str]) -> String {
    let alert = |(n, text): (usize, &&str)| {
        let (status, text) = text.strip_prefix('!').map_or(("firing", *text), |rest| ("resolved", rest));
        let pairs = text.split_whitespace().filter_map(|p| p.split_once('='));
        let labels: serde_json::Map<String, Value> = pairs.map(|(k, v)| (k.to_string(), json!(v))).collect();
        json!({"status": status, "labels": labels, "annotations": {"summary": format!("alert {n}: {text}")},
            "startsAt": "2026-03-02T04:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": format!("f{n}")})
    };
    let status = if alerts.iter().all(|a| a.starts_with('!')) { "resolved" } else { "firing" };
    let alerts: Vec<Value> = alerts.iter().enumerate().map(alert).collect();
    json!({"status": status, "groupKey": "{}:{dc=\"eu\"}", "alerts": alerts, "truncatedAlerts": 0}).to_string()
}

fn heard(d: &Delivery) -> Vec<&str> {
    d.alerts.iter().map(|a| a.fingerprint.as_str()).collect()
}

#[test]
fn the_first_rule_that_fits_decides_alone_and_what_none_fits_goes_by_its_labels() {
    let settings = with(vec![
        is(&["team=\"mail\"", "severity=~\"warn.*\""], "P4", ""),
        is(&["team=\"mail\""], "", "checkout"),
        is(&["team!=\"\""], "P1", "mail"),
    ]);
    let sorted = |labels: &str| {
        let Reading { sorted, declaration, .. } = one(&settings, &group(&[labels]));
        let service = declaration.service.map(|s| s.to_string()).unwrap_or_default();
        (sorted[0].rule, declaration.severity.level, service)
    };
    assert_eq!(sorted("team=mail severity=warning service=checkout"), (Some(0), "P4".into(), "checkout".into()));
    assert_eq!(sorted("team=mail severity=critical"), (Some(1), "P1".into(), "checkout".into()));
    assert_eq!(sorted("team=ops severity=info"), (Some(2), "P1".into(), "mail".into()));
    assert_eq!(sorted("severity=info service=checkout"), (None, "P4".into(), "checkout".into()));
    assert_eq!(sorted("severity=info"), (None, "P4".into(), "mail".into()), "the source's own service");
}

#[test]
fn a_mixed_group_has_the_worst_severity_of_what_makes_an_incident_and_that_alerts_service() {
    let settings = with(vec![
        muting(&["severity=\"info\""]),
        is(&["team=\"pay\""], "P2", "checkout"),
        is(&["team=\"ops\""], "P3", "mail"),
    ]);
    let body = group(&["severity=info team=pay", "team=ops", "team=pay", "!team=ops severity=critical"]);
    let reading = one(&settings, &body);
    assert_eq!(reading.declaration.severity.level, "P2");
    assert_eq!(reading.declaration.service, Some("checkout".into()));
    assert_eq!(heard(&reading.delivery), ["f1", "f2", "f3"], "the muted one is left out");
    assert_eq!((reading.muted(), reading.all_muted()), (1, false));
    assert!(reading.declaration.title.starts_with("alert 1: team=ops (3 alerts)"), "{}", reading.declaration.title);
    let rules: Vec<_> = reading.sorted.iter().map(|s| s.rule).collect();
    assert_eq!(rules, [Some(0), Some(2), Some(1), Some(2)]);
}

#[test]
fn a_group_of_which_all_that_fires_is_muted_declares_nothing_truncated_or_not() {
    let settings = with(vec![muting(&["severity=\"info\""])]);
    for truncated in [0, 7] {
        let body = changed(&group(&["severity=info", "severity=info", "!severity=critical"]), |b| {
            b["truncatedAlerts"] = json!(truncated);
        });
        let reading = one(&settings, &body);
        assert!(reading.all_muted());
        let now = at("2026-03-02T04:01:00Z");
        assert_eq!(route(None, &reading.delivery, &Settings::default(), now), Route::Nothing);
    }
    let none_listed = changed(&group(&[]), |b| {
        *b = json!({"status": "firing", "groupKey": "g", "alerts": [], "truncatedAlerts": 9,
            "groupLabels": {"severity": "info"}});
    });
    let reading = one(&settings, &none_listed);
    assert!(reading.all_muted());
    assert_eq!(route(None, &reading.delivery, &Settings::default(), at("2026-03-02T04:01:00Z")), Route::Nothing);
}

#[test]
fn a_rule_written_later_ends_nothing_that_is_open_and_keeps_nothing_from_ending() {
    let before = one(&alertmanager(), &group(&["severity=info", "severity=critical"]));
    let incident = declared(before.declaration, &before.delivery);
    let muted = with(vec![muting(&[])]);
    // Its repeats are not heard, and are no word that it is over.
    let repeat = one(&muted, &group(&["severity=info", "severity=critical"]));
    assert!(repeat.all_muted() && repeat.delivery.alerts.is_empty());
    assert_eq!(repeat.delivery.group_status, AlertStatus::Firing);
    assert_eq!(routed(&incident, &repeat.delivery), Route::Nothing);
    // Its resolutions are, by halves and as a whole.
    let half = one(&muted, &group(&["severity=info", "!severity=critical"]));
    let incident = received(&incident, half.delivery);
    assert!(incident.firing_alerts());
    let incident = received(&incident, one(&muted, &group(&["!severity=info", "!severity=critical"])).delivery);
    assert!(!incident.firing_alerts() && incident.quiet_resolves_at.is_some());
    // Firing anew, muted: it stays as it is.
    let anew = group(&["severity=info"]).replace("04:00:00", "04:30:00");
    assert_eq!(routed(&incident, &one(&muted, &anew).delivery), Route::Nothing);
}

#[test]
fn labels_that_all_alerts_share_and_labels_of_their_own_both_count() {
    let settings = with(vec![is(&["cluster=\"eu\"", "pod=~\"web-.*\""], "P4", "")]);
    let body = changed(&group(&["pod=web-1"]), |b| b["commonLabels"] = json!({"cluster": "eu"}));
    assert_eq!(one(&settings, &body).declaration.severity.level, "P4");
    // A label of another type is none.
    let odd = changed(&body, |b| b["alerts"][0]["labels"]["pod"] = json!(["web-1"]));
    assert_eq!(one(&settings, &odd).sorted[0].rule, None);
}

#[test]
fn a_severity_that_the_scale_no_longer_has_is_what_the_labels_say() {
    let settings = with(vec![is(&[], "SEV-9", "")]);
    assert_eq!(one(&settings, &group(&["severity=warning"])).declaration.severity.level, "P3");
}

#[test]
fn rules_of_a_generic_source_look_at_mapped_fields_and_at_dotted_paths() {
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
    let rules = |rules: Vec<Rule>| {
        let settings = Ingest { rules, ..generic(mapping.clone()) };
        let all = read("prod", &settings, NESTED.as_bytes(), &directory()).expect("it can be read");
        all.iter()
            .map(|r| (r.delivery.group.clone(), r.declaration.severity.level.clone(), r.muted()))
            .collect::<Vec<_>>()
    };
    let group = |name: &str, level: &str, muted| (name.to_string(), level.to_string(), muted);
    // `group` is the mapped one; the body has no such key.
    let by_group = rules(vec![muting(&["group=\"us\""])]);
    assert_eq!(by_group[1].2, 1);
    assert_eq!(by_group[0], group("eu", "P2", 0));
    // A dotted path, also into a list, and a number.
    assert_eq!(rules(vec![is(&["check.labels.0=\"us\""], "P4", "")])[1], group("us", "P4", 0));
    assert_eq!(rules(vec![is(&["fingerprint=\"32\""], "P1", ""), muting(&["check.id!=\"32\""])])[1].2, 1);
    // What is not there is empty.
    assert_eq!(rules(vec![muting(&["no.such.path=\"\""])]).iter().map(|g| g.2).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_generic_alerts_link_is_kept_when_it_is_one() {
    let link = |link: Value| {
        let body = changed(FLAT, |b| b["link"] = link);
        one(&generic(Mapping::default()), &body).delivery.alerts[0].link.clone()
    };
    assert_eq!(
        link(json!("https://monitor.example.org/c/7?x=1")).as_deref(),
        Some("https://monitor.example.org/c/7?x=1")
    );
    for odd in [json!("javascript:alert(1)"), json!("see the board"), json!(7), json!({"href": "https://x.example"})] {
        assert_eq!(link(odd.clone()), None, "{odd}");
    }
}

#[test]
fn a_label_of_megabytes_is_looked_at_by_its_beginning() {
    let settings = with(vec![muting(&["blob=~\"x*\""])]);
    let body = group(&[&format!("blob={}y", "x".repeat(3_000_000))]);
    assert_eq!(one(&settings, &body).muted(), 1);
}

#[test]
fn reading_that_stumbles_is_a_sentence_like_any_other() {
    let stumbles = || -> Result<(), String> { panic!("planted") };
    let said = super::super::not_stumbling("prod", stumbles);
    assert_eq!(said, Err("Firebell stumbled over it, which is a defect of Firebell".to_string()));
    assert_eq!(super::super::not_stumbling("prod", || Ok::<_, String>(7)), Ok(7));
}
