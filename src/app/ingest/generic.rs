//! Any JSON body, read through a configured mapping of dotted paths. What does not say that it has resolved fires:
//! rather a page too many than one too few.

use super::sort::{Reader, Sorted, link};
use super::{Reading, group_key, title};
use crate::config::Mapping;
use firebell_domain::alert::{Alert, AlertStatus, START_UNKNOWN};
use firebell_domain::limits;
use firebell_domain::text;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// A group as far as the body has been read.
struct Group {
    key: String,
    /// With its headline each.
    alerts: Vec<(Sorted, String)>,
}

pub(super) fn read(reader: &Reader<'_>, mapping: &Mapping, body: &Value) -> Result<Vec<Reading>, String> {
    let items: Vec<&Value> = match &mapping.alerts {
        None => vec![body],
        Some(path) => match at(body, path) {
            Some(Value::Array(all)) => all.iter().collect(),
            Some(_) => return Err(format!("\"{path}\" is not a list")),
            None => return Err(format!("\"{path}\" is not there; it should be the list of alerts")),
        },
    };
    let mut groups: Vec<Group> = Vec::new();
    // By an index: a body of 32 MB may hold a hundred thousand groups.
    let mut at_group: HashMap<String, usize> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let (key, alert) = one(reader, mapping, item).map_err(|e| format!("alert {}: {e}", index + 1))?;
        match at_group.entry(key) {
            Entry::Occupied(known) => {
                if let Some(same) = groups.get_mut(*known.get()) {
                    same.alerts.push(alert);
                }
            }
            Entry::Vacant(_) if groups.len() >= limits::GROUPS_PER_REQUEST_MAX => {
                return Err(format!("more than {} groups in one request", limits::GROUPS_PER_REQUEST_MAX));
            }
            Entry::Vacant(new) => {
                groups.push(Group { key: new.key().clone(), alerts: vec![alert] });
                new.insert(groups.len() - 1);
            }
        }
    }
    Ok(groups.into_iter().map(|g| reading(reader, g)).collect())
}

fn reading(reader: &Reader<'_>, group: Group) -> Reading {
    let heard = group.alerts.iter().find(|(a, _)| !a.muted()).or(group.alerts.first());
    let title = title(heard.map_or("", |(_, headline)| headline));
    let sorted: Vec<Sorted> = group.alerts.into_iter().map(|(alert, _)| alert).collect();
    let fires = sorted.iter().any(|s| s.alert.status == AlertStatus::Firing);
    let group_status = if fires { AlertStatus::Firing } else { AlertStatus::Resolved };
    reader.reading(&group.key, group_status, 0, title, sorted)
}

/// The group's key, the alert and its headline.
fn one(reader: &Reader<'_>, mapping: &Mapping, item: &Value) -> Result<(String, (Sorted, String)), String> {
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
        link: said(&mapping.link).as_deref().and_then(link),
    };
    // A condition names a mapped field, else a dotted path.
    let named = |name: &str| said(mapped(mapping, name).unwrap_or(name)).map(Cow::Owned);
    let (severity, service) = (said(&mapping.severity), said(&mapping.service));
    let sorted = reader.sort(alert, named, severity.as_deref(), service.as_deref());
    Ok((group_key(&group), (sorted, headline)))
}

/// The path of a field that the mapping names.
fn mapped<'a>(mapping: &'a Mapping, name: &str) -> Option<&'a str> {
    Some(match name {
        "group" => &mapping.group,
        "title" => &mapping.title,
        "text" => &mapping.text,
        "status" => &mapping.status,
        "fingerprint" => &mapping.fingerprint,
        "severity" => &mapping.severity,
        "service" => &mapping.service,
        "link" => &mapping.link,
        _ => return None,
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
