//! The Grafana dashboard as a file: importable, each panel explained and in its place. What its expressions come to is
//! asked of a real Prometheus in tests/it/watched/prometheus.rs.

use super::{DASHBOARD, file, metrics_of};
use serde_json::Value;
use std::collections::BTreeSet;

pub struct Panel {
    pub title: String,
    /// Expression and legend.
    pub targets: Vec<(String, String)>,
    json: Value,
}

pub fn panels() -> Vec<Panel> {
    let dashboard: Value = serde_json::from_str(&file(DASHBOARD)).expect("the dashboard is JSON");
    let all = dashboard["panels"].as_array().cloned().expect("panels");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    all.into_iter()
        .map(|json| Panel {
            title: text(&json["title"]),
            targets: json["targets"]
                .as_array()
                .map(|t| t.iter().map(|t| (text(&t["expr"]), text(&t["legendFormat"]))).collect())
                .unwrap_or_default(),
            json,
        })
        .collect()
}

/// As Grafana fills it in, with every replica chosen.
pub fn filled_in(expression: &str) -> String {
    expression.replace("$__rate_interval", "1m").replace("$__range", "1h").replace("$instance", ".*")
}

#[test]
fn grafana_can_import_it_and_asks_which_prometheus_it_shows() {
    let dashboard: Value = serde_json::from_str(&file(DASHBOARD)).expect("the dashboard is JSON");
    assert!(dashboard["schemaVersion"].as_i64().is_some_and(|v| v >= 36), "of Grafana 9 or later");
    assert_eq!(dashboard["id"], Value::Null, "an id belongs to one Grafana");
    let input = &dashboard["__inputs"][0];
    assert_eq!((&input["name"], &input["pluginId"]), (&"DS_PROMETHEUS".into(), &"prometheus".into()));
    let text = file(DASHBOARD);
    let sources = text.matches("\"uid\": \"").count();
    assert_eq!(sources, text.matches("\"uid\": \"${DS_PROMETHEUS}\"").count() + 1, "only the dashboard's own differs");
    let variable = &dashboard["templating"]["list"][0];
    assert_eq!((&variable["name"], &variable["allValue"]), (&"instance".into(), &".*".into()));
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit_and_stands_in_its_place() {
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels() {
        let (json, title) = (&panel.json, &panel.title);
        assert!(ids.insert(json["id"].as_i64().expect("an id")), "{title}: its id is another's");
        assert!(json["description"].as_str().is_some_and(|d| d.len() > 20), "{title}: no description");
        let at = |key: &str| json["gridPos"][key].as_i64().unwrap_or_else(|| panic!("{title}: no {key}"));
        assert!(at("x") + at("w") <= 24, "{title}: too far to the right");
        for place in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
            assert!(taken.insert(place), "{title}: lies over another");
        }
        if json["type"] == "row" {
            continue;
        }
        assert!(json["fieldConfig"]["defaults"]["unit"].as_str().is_some_and(|u| !u.is_empty()), "{title}: no unit");
        assert_eq!(json["datasource"]["uid"], "${DS_PROMETHEUS}", "{title}");
        assert!(!panel.targets.is_empty(), "{title}: no expression");
        for (expression, legend) in &panel.targets {
            assert!(!metrics_of(expression).is_empty(), "{title}: {expression}");
            assert!(expression.contains("{instance=~\"$instance\""), "{title}: {expression}: for all replicas");
            assert!(!legend.is_empty(), "{title}: {expression}: without a legend");
        }
    }
}

#[test]
fn what_people_look_for_first_is_there() {
    let shown: BTreeSet<String> =
        panels().iter().flat_map(|p| &p.targets).flat_map(|(expression, _)| metrics_of(expression)).collect();
    for metric in [
        "firebell_incidents_open",
        "firebell_alert_to_page_seconds",
        "firebell_page_to_acknowledge_seconds",
        "firebell_outbox_finished_total",
        "firebell_escalations_total",
        "firebell_nobody_reached_total",
        "firebell_act_latency_seconds",
        "firebell_queue_waiting",
        "firebell_outbox_oldest_age_seconds",
        "firebell_engine_lag_seconds",
        "firebell_database_up",
        "firebell_checkpoint_age_seconds",
        "process_resident_memory_bytes",
    ] {
        assert!(shown.contains(metric), "no panel shows {metric}");
    }
}
