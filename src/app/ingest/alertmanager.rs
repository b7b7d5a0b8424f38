//! Prometheus Alertmanager's webhook, version 4 of its body (Alertmanager's documentation, "Configuration", section
//! `webhook_config`). Unknown keys pass: newer versions add some. A mixed group says `firing`; `endsAt` of a firing
//! alert is the year 1, so it is not looked at.

use super::{Reader, Reading, group_key, title};
use firebell_domain::alert::{Alert, AlertStatus, Delivery};
use firebell_domain::decide::Declaration;
use firebell_domain::text;
use firebell_domain::time::Timestamp;
use serde_json::Value;

pub(super) fn read(reader: &Reader<'_>, body: &Value) -> Result<Reading, String> {
    let group = body.get("groupKey").and_then(Value::as_str).filter(|g| !g.is_empty());
    let group = group.ok_or("no groupKey: is this Alertmanager's webhook (version 4)?")?;
    let all = body.get("alerts").and_then(Value::as_array).ok_or("no list of alerts")?;
    let mut alerts = Vec::with_capacity(all.len());
    for (index, raw) in all.iter().enumerate() {
        alerts.push(alert(raw).map_err(|e| format!("alert {}: {e}", index + 1))?);
    }
    let group_status = match body.get("status").and_then(Value::as_str) {
        Some(s) => status(s).ok_or_else(|| format!("the group's status \"{}\" is unknown", quoted(s)))?,
        None if alerts.iter().any(|a| a.status == AlertStatus::Firing) => AlertStatus::Firing,
        None => AlertStatus::Resolved,
    };
    let truncated = body.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or(0);
    if group_status == AlertStatus::Firing && all.is_empty() && truncated == 0 {
        return Err("the group fires, but no alert of it is listed".to_string());
    }
    let delivery = Delivery {
        source: reader.source.to_string(),
        group: group_key(group),
        group_status,
        truncated: u32::try_from(truncated).unwrap_or(u32::MAX),
        alerts,
    };
    let declaration = Declaration {
        title: title(&headline(body, all)),
        severity: severity(reader, body, all),
        service: reader.service(label(body, all, &reader.settings.service_label)),
        private: false,
        because: None,
    };
    Ok(Reading { delivery, declaration })
}

fn alert(raw: &Value) -> Result<Alert, String> {
    let text_of = |key: &str| raw.get(key).and_then(Value::as_str);
    let said = text_of("status").ok_or("no status")?;
    let starts = text_of("startsAt").ok_or("no startsAt")?;
    let starts_at: Timestamp = chrono::DateTime::parse_from_rfc3339(starts)
        .map_err(|_| format!("startsAt \"{}\" is no time", quoted(starts)))?
        .with_timezone(&chrono::Utc)
        .into();
    let summary = summary(raw);
    // Alertmanager has always sent one; without it the labels are the identity.
    let fingerprint = match text_of("fingerprint").filter(|f| !f.is_empty()) {
        Some(f) => group_key(f),
        None => group_key(&raw.get("labels").map(Value::to_string).unwrap_or_default()),
    };
    Ok(Alert {
        fingerprint,
        status: status(said).ok_or_else(|| format!("status \"{}\" is unknown", quoted(said)))?,
        starts_at,
        summary: title(&summary),
    })
}

/// What a source wrote, as part of a sentence about it.
fn quoted(word: &str) -> String {
    text::line_of_machine(word, 40)
}

fn status(word: &str) -> Option<AlertStatus> {
    match word {
        "firing" => Some(AlertStatus::Firing),
        "resolved" => Some(AlertStatus::Resolved),
        _ => None,
    }
}

fn pick<'a>(of: &'a Value, map: &str, key: &str) -> Option<&'a str> {
    of.get(map).and_then(|m| m.get(key)).and_then(Value::as_str).filter(|s| !s.trim().is_empty())
}

fn summary(alert: &Value) -> String {
    pick(alert, "annotations", "summary")
        .or_else(|| pick(alert, "annotations", "description"))
        .or_else(|| pick(alert, "labels", "alertname"))
        .unwrap_or("an alert without a name")
        .to_string()
}

/// What all alerts of the group share, else the first one that fires and how many there are.
fn headline(body: &Value, alerts: &[Value]) -> String {
    if let Some(shared) = pick(body, "commonAnnotations", "summary") {
        return shared.to_string();
    }
    let first = alerts.iter().find(|a| a.get("status").and_then(Value::as_str) == Some("firing")).or(alerts.first());
    if let ([_], Some(first)) = (alerts, first) {
        return summary(first);
    }
    let name = pick(body, "commonLabels", "alertname").map(str::to_string);
    let name = name.or_else(|| first.map(summary)).unwrap_or_else(|| "an alert without a name".to_string());
    match alerts.len() {
        0 | 1 => name,
        n => format!("{name} ({n} alerts)"),
    }
}

fn label<'a>(body: &'a Value, alerts: &'a [Value], key: &str) -> Option<&'a str> {
    pick(body, "commonLabels", key).or_else(|| alerts.iter().find_map(|a| pick(a, "labels", key)))
}

/// The worst severity of what fires.
fn severity(reader: &Reader<'_>, body: &Value, alerts: &[Value]) -> firebell_domain::severity::Severity {
    let key = &reader.settings.severity_label;
    if let Some(word) = pick(body, "commonLabels", key) {
        return reader.severity(Some(word));
    }
    let words = alerts
        .iter()
        .filter(|a| a.get("status").and_then(Value::as_str) != Some("resolved"))
        .filter_map(|a| pick(a, "labels", key));
    words.map(|w| reader.severity(Some(w))).min_by_key(|s| s.rank).unwrap_or_else(|| reader.severity(None))
}
