//! What monitoring says: firing, resolved, firing again, unreadable.

use super::{Decider, Unreadable};
use crate::alert::{self, Delivery};
use crate::escalation;
use crate::event::{CancelReason, EscalateReason, Event, ReopenCause};
use crate::intent::NoticeKind;
use crate::limits;
use crate::refusal::Refusal;
use crate::status::IncidentStatus;

/// The delivery that declared the incident.
pub(super) fn first(d: &mut Decider, delivery: &Delivery) {
    let news = alert::news(&d.incident.groups, delivery);
    record(d, delivery, news);
}

fn record(d: &mut Decider, delivery: &Delivery, news: alert::News) {
    d.emit(Event::AlertsReceived {
        source: delivery.source.clone(),
        group: delivery.group.clone(),
        changed: news.changed,
        untracked: news.untracked,
        partial: news.partial,
        group_status: delivery.word(),
    });
}

pub(super) fn received(d: &mut Decider, delivery: &Delivery) -> Result<(), Refusal> {
    let news = alert::news(&d.incident.groups, delivery);
    if news.is_empty() {
        // A repeat: sources repeat what they said until somebody silences them.
        return Err(Refusal::Stale);
    }
    let known = d.incident.groups.iter().any(|g| g.source == delivery.source && g.key == delivery.group);
    if !known && d.incident.groups.len() >= limits::ALERT_GROUPS_MAX {
        return Err(Refusal::TooMany { what: "alert groups in this incident", max: limits::ALERT_GROUPS_MAX });
    }
    if !d.incident.status.open() && d.incident.status != IncidentStatus::Resolved {
        return Err(Refusal::Stale);
    }
    let fires = news.fires();
    record(d, delivery, news);
    if d.incident.status == IncidentStatus::Resolved {
        if !fires {
            // Its alerts end after people have: kept, so that what fires later is told from a repeat.
            return Ok(());
        }
        d.emit(Event::Reopened { cause: ReopenCause::AlertsFiring, reason: String::new(), arrived_at: None });
        d.notice(NoticeKind::Reopened);
        escalation::start(d, EscalateReason::Resumed);
        return Ok(());
    }
    match d.incident.firing_alerts() {
        true if d.incident.quiet_resolves_at.is_some() => escalation::start(d, EscalateReason::Resumed),
        true if fires => from_monitoring(d),
        true => {}
        false if d.incident.acknowledged.is_some() => to_monitoring(d),
        false if d.incident.quiet_resolves_at.is_none() => {
            d.cancel_pages(CancelReason::AlertsCleared);
            let resolves_at = d.now.plus_s(d.directory.settings.quiet_resolve_s);
            d.emit(Event::AlertsCleared { resolves_at });
        }
        false => {}
    }
    Ok(())
}

/// Somebody has it and its alerts are over: monitoring, and its lead is asked whether it can be resolved.
pub(super) fn to_monitoring(d: &mut Decider) {
    let from = d.incident.status;
    if from.open() && from != IncidentStatus::Monitoring {
        let text = "All alerts have resolved.".to_string();
        d.emit(Event::StatusChanged { from, to: IncidentStatus::Monitoring, text });
        d.notice(NoticeKind::StatusUpdate);
    }
}

/// Whoever has it believed the harm over: the room hears that it is not. Nobody is paged, but "still working?" is
/// asked again when nothing is heard.
fn from_monitoring(d: &mut Decider) {
    if d.incident.status == IncidentStatus::Monitoring && d.incident.acknowledged.is_some() {
        let text = "Alerts fire again.".to_string();
        d.emit(Event::StatusChanged { from: IncidentStatus::Monitoring, to: IncidentStatus::Investigating, text });
        d.notice(NoticeKind::StatusUpdate);
    }
}

/// Joined only to an open incident: in an ended one nobody would see it, so the caller declares anew.
pub(super) fn unreadable_again(d: &mut Decider, u: &Unreadable) -> Result<(), Refusal> {
    super::people::open(d)?;
    unreadable(d, u);
    Ok(())
}

pub(super) fn unreadable(d: &mut Decider, u: &Unreadable) {
    d.emit(Event::UnreadableReceived {
        source: u.source.clone(),
        problem: u.problem.clone(),
        bytes: u.bytes,
        kept: u.kept.clone(),
        kept_as: u.kept_as,
    });
}
