//! Signals from monitoring as the domain sees them, whatever source they came from, and which incident they
//! belong to. Knows no vendor's field names: `src/app/ingest` translates.

use crate::limits;
use crate::status::IncidentStatus;
use crate::time::Timestamp;
use crate::{directory::Settings, incident::Incident};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    Firing,
    Resolved,
}

/// One alert of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The source's own identity of the alert, stable while its labels are.
    pub fingerprint: String,
    pub status: AlertStatus,
    /// When it began to fire, as the source said it. With fingerprint and status it tells a repeat from news.
    pub starts_at: Timestamp,
    /// One line for people.
    pub summary: String,
}

/// One delivery of one group of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `[ingest.NAME]`.
    pub source: String,
    /// What the source groups by.
    pub group: String,
    pub alerts: Vec<Alert>,
    /// What the source says of the group as a whole.
    pub group_status: AlertStatus,
    /// Alerts that the source left out of this delivery.
    pub truncated: u32,
}

/// Where one alert stands: its last status and when that firing began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    pub status: AlertStatus,
    pub starts_at: Timestamp,
}

/// What an incident knows of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub source: String,
    pub key: String,
    pub alerts: BTreeMap<String, Tracked>,
    /// Some alerts are not followed one by one (truncated by the source, or beyond `ALERTS_TRACKED_MAX`):
    /// only the group's own word says that it has resolved.
    pub partial: bool,
    pub status: AlertStatus,
}

/// What of a delivery is news to an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub changed: Vec<Alert>,
    pub untracked: u32,
    pub partial: bool,
    /// The group itself changed its status although no followed alert did.
    pub group_changed: bool,
}

impl News {
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.group_changed
    }
    pub fn fires(&self) -> bool {
        self.changed.iter().any(|a| a.status == AlertStatus::Firing)
    }
}

impl Group {
    pub fn firing(&self) -> bool {
        self.alerts.values().any(|a| a.status == AlertStatus::Firing)
            || (self.partial && self.status == AlertStatus::Firing)
    }
}

/// What is new in a delivery: an alert whose start or status differs from what the incident knows. An alert that
/// the incident has never seen and that is already resolved is no news.
pub fn news(groups: &[Group], delivery: &Delivery) -> News {
    let known = groups.iter().find(|g| g.source == delivery.source && g.key == delivery.group);
    let tracked_elsewhere: usize = groups.iter().map(|g| g.alerts.len()).sum();
    let mut news = News { partial: delivery.truncated > 0, ..News::default() };
    let mut latest: BTreeMap<&str, &Alert> = BTreeMap::new();
    for alert in &delivery.alerts {
        // A delivery that names one alert twice: the later start wins, and of one start the resolution.
        let slot = latest.entry(&alert.fingerprint).or_insert(alert);
        if alert.starts_at > slot.starts_at
            || (alert.starts_at == slot.starts_at && alert.status == AlertStatus::Resolved)
        {
            *slot = alert;
        }
    }
    let mut room = limits::ALERTS_TRACKED_MAX.saturating_sub(tracked_elsewhere);
    for alert in latest.into_values() {
        match known.and_then(|g| g.alerts.get(&alert.fingerprint)) {
            // An older firing that arrives late (retries reorder deliveries) changes nothing.
            Some(t) if t.starts_at > alert.starts_at => {}
            Some(t) if t.starts_at == alert.starts_at && t.status == alert.status => {}
            // The same firing cannot start again after it has resolved: a late repeat.
            Some(t) if t.starts_at == alert.starts_at && t.status == AlertStatus::Resolved => {}
            None if alert.status == AlertStatus::Resolved => {}
            None if room == 0 => {
                news.untracked += 1;
                news.partial = true;
            }
            known => {
                if known.is_none() {
                    room -= 1;
                }
                news.changed.push(alert.clone());
            }
        }
    }
    news.group_changed = match known {
        Some(g) if delivery.group_status == AlertStatus::Resolved => g.firing(),
        Some(g) => news.partial && (!g.partial || g.status == AlertStatus::Resolved),
        None => news.partial && delivery.group_status == AlertStatus::Firing,
    };
    news
}

/// Where a delivery goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Nothing in it that anybody must know.
    Nothing,
    /// It belongs to the incident that its group belonged to last.
    Existing,
    /// It declares an incident.
    New,
}

/// Decides it from the incident that the group belonged to last, if any. A closed incident takes its group back
/// within the reopen window; later, or after it was cancelled, the group declares anew.
pub fn route(last: Option<&Incident>, delivery: &Delivery, settings: &Settings, now: Timestamp) -> Route {
    let fires = delivery.alerts.iter().any(|a| a.status == AlertStatus::Firing)
        || (delivery.truncated > 0 && delivery.group_status == AlertStatus::Firing);
    let Some(incident) = last else { return if fires { Route::New } else { Route::Nothing } };
    let news = news(&incident.groups, delivery);
    if incident.status.open() {
        return if news.is_empty() { Route::Nothing } else { Route::Existing };
    }
    if !fires {
        return Route::Nothing;
    }
    let ended_s = incident.ended_at.map_or(i64::MAX, |t| now.seconds_since(t));
    match incident.status {
        IncidentStatus::Resolved if ended_s <= settings.reopen_window_s => {
            // Repeats of what was firing when people resolved it do not reopen it; a new firing does.
            if news.is_empty() { Route::Nothing } else { Route::Existing }
        }
        IncidentStatus::Cancelled if news.is_empty() && ended_s <= settings.reopen_window_s => Route::Nothing,
        _ => Route::New,
    }
}
