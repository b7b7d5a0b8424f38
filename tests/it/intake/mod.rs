//! What alert sources send and what becomes of it, at the wire: rules, groups of any size and shape, links, figures,
//! and the dry run that says so beforehand.

mod dry_run;
mod groups;
mod rules;

use crate::harness::Answer;
use crate::live::{Live, TOKEN};
use serde_json::{Value, json};

/// One alert as Alertmanager sends it: a fingerprint and labels as `severity=info team=mail`.
pub fn alert(fingerprint: &str, status: &str, labels: &str) -> Value {
    let pairs = labels.split_whitespace().filter_map(|pair| pair.split_once('='));
    let labels: serde_json::Map<String, Value> = pairs.map(|(k, v)| (k.to_string(), json!(v))).collect();
    json!({
        "status": status, "labels": labels, "annotations": {"summary": format!("{fingerprint} is ill")},
        "startsAt": "2026-03-02T01:14:07.518Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fingerprint,
        "generatorURL": format!("https://prometheus.example.org/graph?g0.expr={fingerprint}"),
    })
}

/// A group as Alertmanager sends it.
pub fn group(key: &str, alerts: &[Value]) -> Value {
    let firing = alerts.iter().any(|a| a["status"] == "firing");
    let status = if firing { "firing" } else { "resolved" };
    json!({"version": "4", "groupKey": key, "status": status, "alerts": alerts, "truncatedAlerts": 0})
}

/// What became of a delivery, as `INC-1 declared`.
pub fn results(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let all = answer.json()["results"].as_array().cloned().unwrap_or_default();
    let said = |r: &Value| format!("{} {}", r["incident"].as_str().unwrap_or("-"), r["result"].as_str().unwrap_or("?"));
    all.iter().map(said).collect()
}

impl Live {
    /// Delivers a group as Prometheus' Alertmanager does.
    pub async fn told(&self, body: &Value) -> Vec<String> {
        results(&self.hook("prometheus", Some(TOKEN), body.to_string()).await)
    }

    /// A figure of the bot's own metrics.
    pub async fn figure(&self, name: &str) -> u64 {
        let metrics = self.serve.get("/metrics").await.body;
        let line = metrics.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' ')).map(str::to_string);
        let line = line.unwrap_or_else(|| panic!("{name} is not counted:\n{metrics}"));
        line.parse().unwrap_or_else(|_| panic!("{name} is {line}"))
    }
}
