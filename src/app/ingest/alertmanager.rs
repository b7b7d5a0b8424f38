//! Prometheus Alertmanager's webhook, version 4 of its body (Alertmanager's documentation, "Configuration", section
//! `webhook_config`). Unknown keys pass: newer versions add some. A mixed group says `firing`; `endsAt` of a firing
//! alert is the year 1, so it is not looked at.

use super::sort::{Reader, Sorted, link};
use super::{Reading, group_key, title};
use firebell_domain::alert::{Alert, AlertStatus};
use firebell_domain::text;
use firebell_domain::time::Timestamp;
use serde_json::Value;
use std::borrow::Cow;

pub(super) fn read(reader: &Reader<'_>, body: &Value) -> Result<Reading, String> {
    let group = body.get("groupKey").and_then(Value::as_str).filter(|g| !g.is_empty());
    let group = group.ok_or("no groupKey: is this Alertmanager's webhook (version 4)?")?;
    let all = body.get("alerts").and_then(Value::as_array).ok_or("no list of alerts")?;
    let elsewhere = body.get("externalURL").and_then(Value::as_str).and_then(link);
    let mut sorted = Vec::with_capacity(all.len());
    for (index, raw) in all.iter().enumerate() {
        let alert = alert(raw, elsewhere.as_ref()).map_err(|e| format!("alert {}: {e}", index + 1))?;
        sorted.push(sort(reader, body, raw, alert));
    }
    let group_status = match body.get("status").and_then(Value::as_str) {
        Some(s) => status(s).ok_or_else(|| format!("the group's status \"{}\" is unknown", quoted(s)))?,
        None if sorted.iter().any(|s| s.alert.status == AlertStatus::Firing) => AlertStatus::Firing,
        None => AlertStatus::Resolved,
    };
    let truncated = body.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or(0);
    let truncated = u32::try_from(truncated).unwrap_or(u32::MAX);
    if group_status == AlertStatus::Firing && all.is_empty() && truncated == 0 {
        return Err("the group fires, but no alert of it is listed".to_string());
    }
    if group_status == AlertStatus::Firing && all.is_empty() {
        return Ok(unlisted(reader, body, group, truncated, elsewhere));
    }
    let heard: Vec<&Value> = all.iter().zip(&sorted).filter(|(_, s)| !s.muted()).map(|(raw, _)| raw).collect();
    let heard = if heard.is_empty() { all.iter().collect() } else { heard };
    Ok(reader.reading(group, group_status, truncated, title(&headline(body, &heard)), sorted))
}

fn sort(reader: &Reader<'_>, body: &Value, raw: &Value, alert: Alert) -> Sorted {
    let settings = reader.settings;
    let said = |key: &str| pick(body, "commonLabels", key).or_else(|| pick(raw, "labels", key));
    reader.sort(
        alert,
        |name| said(name).map(Cow::Borrowed),
        said(&settings.severity_label),
        said(&settings.service_label),
    )
}

/// A group that fires and lists none of its alerts: judged by what they share.
fn unlisted(reader: &Reader<'_>, body: &Value, group: &str, truncated: u32, link: Option<String>) -> Reading {
    let (status, starts_at) = (AlertStatus::Firing, firebell_domain::alert::START_UNKNOWN);
    let summary = format!("{truncated} alerts that are not listed");
    let nameless = Alert { fingerprint: String::new(), status, starts_at, summary, link };
    let shared = serde_json::json!({ "labels": body.get("groupLabels") });
    let judged = sort(reader, body, &shared, nameless);
    let mut reading = reader.reading(group, status, truncated, title(&headline(body, &[])), vec![judged]);
    reading.delivery.alerts.clear();
    reading
}

fn alert(raw: &Value, elsewhere: Option<&String>) -> Result<Alert, String> {
    let text_of = |key: &str| raw.get(key).and_then(Value::as_str);
    let said = text_of("status").ok_or("no status")?;
    let starts = text_of("startsAt").ok_or("no startsAt")?;
    let starts_at: Timestamp = chrono::DateTime::parse_from_rfc3339(starts)
        .map_err(|_| format!("startsAt \"{}\" is no time", quoted(starts)))?
        .with_timezone(&chrono::Utc)
        .into();
    // Alertmanager has always sent one; without it the labels are the identity.
    let fingerprint = match text_of("fingerprint").filter(|f| !f.is_empty()) {
        Some(f) => group_key(f),
        None => group_key(&raw.get("labels").map(Value::to_string).unwrap_or_default()),
    };
    Ok(Alert {
        fingerprint,
        status: status(said).ok_or_else(|| format!("status \"{}\" is unknown", quoted(said)))?,
        starts_at,
        summary: title(&summary(raw)),
        link: text_of("generatorURL").and_then(link).or_else(|| elsewhere.cloned()),
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
fn headline(body: &Value, alerts: &[&Value]) -> String {
    if let Some(shared) = pick(body, "commonAnnotations", "summary") {
        return shared.to_string();
    }
    let firing = |a: &&&Value| a.get("status").and_then(Value::as_str) == Some("firing");
    let first = alerts.iter().find(firing).or(alerts.first());
    if let ([_], Some(first)) = (alerts, first) {
        return summary(first);
    }
    let name = pick(body, "commonLabels", "alertname").or_else(|| pick(body, "groupLabels", "alertname"));
    let name = name.map(str::to_string).or_else(|| first.map(|a| summary(a)));
    let name = name.unwrap_or_else(|| "an alert without a name".to_string());
    match alerts.len() {
        0 | 1 => name,
        n => format!("{name} ({n} alerts)"),
    }
}
