//! Webhooks as a real Alertmanager sent them, in the order in which it did: what is read of each, and what the domain
//! makes of the sequence.

use super::*;
use firebell_domain::alert::Delivery;

macro_rules! captured {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/data/webhooks/alertmanager/captured/", $name, ".json"))
    };
}

const TWO_FIRING: &str = captured!("two_firing");
const MIXED: &str = captured!("mixed");
const RESOLVED: &str = captured!("resolved");
const UNGROUPED_FIRING: &str = captured!("ungrouped_firing");
const UNGROUPED_RESOLVED: &str = captured!("ungrouped_resolved");
const WATCHDOG: &str = captured!("watchdog");
const WATCHDOG_REPEAT: &str = captured!("watchdog_repeat");
const TRUNCATED: &str = captured!("truncated");
const TRUNCATED_0_33: &str = captured!("truncated_0_33");

fn delivered(body: &str) -> Delivery {
    one(&alertmanager(), body).delivery
}

fn statuses(d: &Delivery) -> Vec<(String, AlertStatus)> {
    d.alerts.iter().map(|a| (a.summary.clone(), a.status)).collect()
}

#[test]
fn a_group_that_fires_recovers_by_halves_and_is_over_is_one_incident_with_three_pieces_of_news() {
    use AlertStatus::{Firing, Resolved};
    let Reading { delivery, declaration, .. } = one(&alertmanager(), TWO_FIRING);
    assert_eq!(declaration.title, "InstanceDown (2 alerts)");
    assert_eq!(declaration.severity.level, "P1");
    assert_eq!(delivery.group, "{}:{alertname=\"InstanceDown\", team=\"payments\"}");
    let link = "http://prometheus.example.org:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1";
    assert_eq!(delivery.alerts[0].link.as_deref(), Some(link));

    let incident = declared(declaration, &delivery);
    assert_eq!(routed(&incident, &delivery), Route::Nothing, "a repeat");
    let mixed = delivered(MIXED);
    assert_eq!(mixed.group_status, Firing, "a mixed group says that it fires");
    let told =
        [("Instance 10.0.4.7 of api is down".into(), Resolved), ("Instance 10.0.4.8 of api is down".into(), Firing)];
    assert_eq!(statuses(&mixed), told);
    let incident = received(&incident, mixed.clone());
    assert!(incident.firing_alerts());
    // Deliveries overtake each other: the first one again starts nothing anew.
    assert_eq!(routed(&incident, &delivery), Route::Nothing);
    let incident = received(&incident, delivered(RESOLVED));
    assert!(!incident.firing_alerts() && incident.quiet_resolves_at.is_some());
    for late in [&delivery, &mixed] {
        assert_eq!(routed(&incident, late), Route::Nothing, "late");
    }
    assert_eq!(incident.source_link(), Some(link));
}

#[test]
fn a_group_of_one_alert_with_hostile_words_is_declared_in_one_line_and_ends() {
    let Reading { delivery, declaration, .. } = one(&alertmanager(), UNGROUPED_FIRING);
    assert_eq!(declaration.title, "The probe of http://shop.example.org/healthz fails");
    assert_eq!(declaration.severity.level, "P3");
    assert!(delivery.group.contains("instance=\"http://shop.example.org/healthz\""), "{}", delivery.group);
    let incident = received(&declared(declaration, &delivery), delivered(UNGROUPED_RESOLVED));
    assert!(!incident.firing_alerts());
    let without_summary = changed(UNGROUPED_FIRING, |b| {
        for at in ["/commonAnnotations", "/alerts/0/annotations"] {
            drop(b.pointer_mut(at).and_then(Value::as_object_mut).map(|o| o.remove("summary")));
        }
    });
    let title = one(&alertmanager(), &without_summary).declaration.title;
    assert_eq!(title, "two lines <script>alert(1)</script> & *bold* `code` @here <!channel> ünïcödé 🔥");
}

#[test]
fn a_repeat_is_the_same_delivery() {
    assert_eq!(one(&alertmanager(), WATCHDOG), one(&alertmanager(), WATCHDOG_REPEAT));
    let reading = one(&alertmanager(), WATCHDOG);
    let incident = declared(reading.declaration, &reading.delivery);
    assert_eq!(routed(&incident, &delivered(WATCHDOG_REPEAT)), Route::Nothing);
}

#[test]
fn a_truncated_group_of_any_version_ends_by_its_own_word_only() {
    for (body, left_out) in [(TRUNCATED, 3), (TRUNCATED_0_33, 1)] {
        let Reading { delivery, declaration, .. } = one(&alertmanager(), body);
        assert_eq!((delivery.alerts.len(), delivery.truncated), (2, left_out));
        assert_eq!(delivery.alerts[0].link.as_deref(), Some("http://alertmanager.example.org:9093/"), "no generator");
        let incident = declared(declaration, &delivery);
        let listed_are_over = changed(body, |b| {
            for a in b["alerts"].as_array_mut().expect("a list") {
                a["status"] = json!("resolved");
            }
        });
        let incident = received(&incident, delivered(&listed_are_over));
        assert!(incident.firing_alerts(), "what was left out may still fire");
        let all_is_over = changed(&listed_are_over, |b| b["status"] = json!("resolved"));
        assert!(!received(&incident, delivered(&all_is_over)).firing_alerts());
    }
}

#[test]
fn what_is_optional_may_be_missing() {
    for key in
        ["receiver", "version", "externalURL", "groupLabels", "commonLabels", "commonAnnotations", "truncatedAlerts"]
    {
        let body = changed(MIXED, |b| drop(b.as_object_mut().and_then(|o| o.remove(key))));
        let delivery = delivered(&body);
        assert_eq!((delivery.alerts.len(), delivery.truncated), (2, 0), "without {key}");
        assert_eq!(one(&alertmanager(), &body).declaration.severity.level, "P1", "without {key}");
    }
    for key in ["annotations", "endsAt", "generatorURL", "labels"] {
        let body = changed(MIXED, |b| drop(b["alerts"][1].as_object_mut().and_then(|o| o.remove(key))));
        assert_eq!(delivered(&body).alerts.len(), 2, "without {key}");
    }
}

#[test]
fn a_group_that_lists_none_of_its_alerts_is_judged_by_what_they_share() {
    let none_listed = changed(TRUNCATED, |b| (b["alerts"], b["truncatedAlerts"]) = (json!([]), json!(5)));
    let Reading { delivery, declaration, sorted } = one(&alertmanager(), &none_listed);
    assert_eq!((delivery.alerts.len(), delivery.truncated), (0, 5));
    assert_eq!((declaration.title.as_str(), declaration.severity.level.as_str()), ("PodsRestart", "P3"));
    assert_eq!(sorted[0].alert.summary, "5 alerts that are not listed");
    assert!(declared(declaration, &delivery).firing_alerts());
}
