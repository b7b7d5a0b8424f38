//! Any JSON body, read through a configured mapping of dotted paths. What does not say that it has resolved fires:
//! rather a page too many than one too few.

use super::{Reader, Reading, group_key, title};
use crate::config::Mapping;
use firebell_domain::alert::{Alert, AlertStatus, Delivery, START_UNKNOWN};
use firebell_domain::decide::Declaration;
use firebell_domain::limits;
use firebell_domain::text;
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub(super) fn read(reader: &Reader<'_>, mapping: &Mapping, body: &Value) -> Result<Vec<Reading>, String> {
    let items: Vec<&Value> = match &mapping.alerts {
        None => vec![body],
        Some(path) => match at(body, path) {
            Some(Value::Array(all)) => all.iter().collect(),
            Some(_) => return Err(format!("\"{path}\" is not a list")),
            None => return Err(format!("\"{path}\" is not there; it should be the list of alerts")),
        },
    };
    let mut readings: Vec<Reading> = Vec::new();
    // By an index: a body of 32 MB may hold a hundred thousand groups.
    let mut at_group: HashMap<String, usize> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let reading = one(reader, mapping, item).map_err(|e| format!("alert {}: {e}", index + 1))?;
        match at_group.entry(reading.delivery.group.clone()) {
            Entry::Occupied(known) => {
                let Some(same) = readings.get_mut(*known.get()) else { continue };
                same.delivery.alerts.extend(reading.delivery.alerts);
                if reading.delivery.group_status == AlertStatus::Firing {
                    same.delivery.group_status = AlertStatus::Firing;
                }
                if reading.declaration.severity.rank < same.declaration.severity.rank {
                    same.declaration.severity = reading.declaration.severity;
                }
            }
            Entry::Vacant(_) if readings.len() >= limits::GROUPS_PER_REQUEST_MAX => {
                return Err(format!("more than {} groups in one request", limits::GROUPS_PER_REQUEST_MAX));
            }
            Entry::Vacant(new) => {
                new.insert(readings.len());
                readings.push(reading);
            }
        }
    }
    Ok(readings)
}

fn one(reader: &Reader<'_>, mapping: &Mapping, item: &Value) -> Result<Reading, String> {
    if !item.is_object() {
        return Err("it is not an object".to_string());
    }
    let said = |path: &str| at(item, path).and_then(scalar).filter(|s| !s.trim().is_empty());
    let headline = said(&mapping.title).or_else(|| said(&mapping.text));
    let Some(headline) = headline else {
        return Err(format!("neither \"{}\" nor \"{}\" says what is wrong", mapping.title, mapping.text));
    };
    let status = match said(&mapping.status) {
        Some(word) if mapping.resolved_values.iter().any(|v| v.eq_ignore_ascii_case(word.trim())) => {
            AlertStatus::Resolved
        }
        _ => AlertStatus::Firing,
    };
    let group = said(&mapping.group).or_else(|| said(&mapping.fingerprint)).unwrap_or_else(|| headline.clone());
    let fingerprint = said(&mapping.fingerprint).unwrap_or_else(|| group.clone());
    let alert = Alert {
        fingerprint: group_key(&fingerprint),
        status,
        // Firing again after a resolution is then told apart by its status alone.
        starts_at: START_UNKNOWN,
        summary: text::line_of_machine(&headline, limits::TITLE_CHARS_MAX),
    };
    Ok(Reading {
        delivery: Delivery {
            source: reader.source.to_string(),
            group: group_key(&group),
            group_status: status,
            truncated: 0,
            alerts: vec![alert],
        },
        declaration: Declaration {
            title: title(&headline),
            severity: reader.severity(said(&mapping.severity).as_deref()),
            service: reader.service(said(&mapping.service).as_deref()),
            private: false,
            because: None,
        },
    })
}

/// The value at a dotted path; a number is an index into a list.
fn at<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(body, |v, part| match v {
        Value::Array(all) => part.parse::<usize>().ok().and_then(|i| all.get(i)),
        _ => v.get(part),
    })
}

fn scalar(v: &Value) -> Option<String> {
    match v {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}
