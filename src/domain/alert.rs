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

/// When an alert began to fire of which the source does not say so.
pub const START_UNKNOWN: Timestamp = Timestamp(0);

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
    /// Where its source shows it: an address of http or https, as whoever read the delivery checked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
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

impl Delivery {
    /// The word on the group as a whole. A source that calls a group resolved beside an alert that fires means
    /// that it fires.
    pub fn word(&self) -> AlertStatus {
        match self.alerts.iter().any(|a| a.status == AlertStatus::Firing) {
            true => AlertStatus::Firing,
            false => self.group_status,
        }
    }
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
    /// Where the source shows what fired last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What of a delivery is news to an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub changed: Vec<Alert>,
    pub untracked: u32,
    pub partial: bool,
    /// The group itself changed its status although no followed alert did.
    pub group_changed: bool,
    /// That change was to firing.
    pub group_fires: bool,
}

impl News {
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.group_changed
    }
    /// Something began to fire. A resolution beside what fired before is news, but not this.
    pub fn fires(&self) -> bool {
        self.group_fires || self.changed.iter().any(|a| a.status == AlertStatus::Firing)
    }
}

impl Group {
    pub fn firing(&self) -> bool {
        self.alerts.values().any(|a| a.status == AlertStatus::Firing)
            || (self.partial && self.status == AlertStatus::Firing)
    }

    /// What another incident knew of the same group: of each alert the later firing, and of one firing its end.
    pub(crate) fn join(&mut self, other: &Group) {
        for (fingerprint, theirs) in &other.alerts {
            let ours = self.alerts.entry(fingerprint.clone()).or_insert_with(|| theirs.clone());
            if theirs.starts_at > ours.starts_at
                || (theirs.starts_at == ours.starts_at && theirs.status == AlertStatus::Resolved)
            {
                *ours = theirs.clone();
            }
        }
        self.partial |= other.partial;
        self.link = self.link.take().or_else(|| other.link.clone());
        if other.status == AlertStatus::Firing {
            self.status = AlertStatus::Firing;
        }
    }
}

/// The groups of an incident that becomes part of another, cut to what that one may follow: what finds no room is
/// only counted, so the group's own word ends it.
pub fn joining(have: &[Group], more: &[Group]) -> Vec<Group> {
    let mut room = limits::ALERTS_TRACKED_MAX.saturating_sub(have.iter().map(|g| g.alerts.len()).sum());
    let mut joining = more.to_vec();
    for g in &mut joining {
        let known = have.iter().find(|h| h.source == g.source && h.key == g.key);
        let mut cut_firing = false;
        g.alerts.retain(|fingerprint, t| {
            if known.is_some_and(|k| k.alerts.contains_key(fingerprint)) {
                return true;
            }
            let fits = room > 0;
            room -= usize::from(fits);
            cut_firing |= !fits && t.status == AlertStatus::Firing;
            fits
        });
        g.partial |= cut_firing;
    }
    joining
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
            // The same firing cannot start again after it has resolved: a late repeat. Where no start is known it may
            // be another firing, and rather a page too many than one too few.
            Some(t)
                if t.starts_at == alert.starts_at
                    && t.status == AlertStatus::Resolved
                    && alert.starts_at != START_UNKNOWN => {}
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
    let word = delivery.word();
    news.group_changed = match known {
        Some(g) if word == AlertStatus::Resolved => g.firing(),
        Some(g) => news.partial && (!g.partial || g.status == AlertStatus::Resolved),
        None => news.partial && word == AlertStatus::Firing,
    };
    news.group_fires = news.group_changed && word == AlertStatus::Firing;
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

/// Decides it from the incident that the group belonged to last, if any. A resolved incident hears of its group
/// within the reopen window, and what begins to fire then reopens it; later, or after it was cancelled, the group
/// declares anew. So it does where a log has grown to its bound.
pub fn route(last: Option<&Incident>, delivery: &Delivery, settings: &Settings, now: Timestamp) -> Route {
    let fires = delivery.alerts.iter().any(|a| a.status == AlertStatus::Firing)
        || (delivery.truncated > 0 && delivery.group_status == AlertStatus::Firing);
    let Some(incident) = last else { return if fires { Route::New } else { Route::Nothing } };
    let news = news(&incident.groups, delivery);
    let full = incident.seq >= limits::EVENTS_PER_INCIDENT_MAX;
    let ended_s = incident.ended_at.map_or(i64::MAX, |t| now.seconds_since(t));
    let lately = incident.status.open() || ended_s <= settings.reopen_window_s;
    let takes_it = incident.status.open() || incident.status == IncidentStatus::Resolved;
    match (lately, takes_it, full) {
        // Repeats of what was firing when people ended it are no news.
        (true, true, false) if news.is_empty() => Route::Nothing,
        (true, true, false) => Route::Existing,
        (true, _, _) if !news.fires() => Route::Nothing,
        _ if fires => Route::New,
        _ => Route::Nothing,
    }
}
