//! The course of an incident as a picture needs it: stretches of time in lanes (what fired, who had it, how it
//! stood) and points between them (pages, deadlines). Says the same as the timeline, only by place; draws nothing.

use super::reached::{Outcome, Reached};
use crate::alert::AlertStatus;
use crate::clocks::Milestone;
use crate::event::{Event, IncidentEvent};
use crate::incident::Incident;
use crate::status::IncidentStatus;
use crate::time::Timestamp;
use crate::timeline::words::{one, reached, rfc3339, sentence, who};
use serde::Serialize;
use std::collections::BTreeSet;

/// Seconds before the declaration that are always shown when an alert had begun by then.
const LEAD_IN_S: i64 = 3_600;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Course {
    #[serde(serialize_with = "rfc3339")]
    pub from: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    pub to: Timestamp,
    pub stretches: Vec<Stretch>,
    pub points: Vec<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    Alerts,
    Severity,
    Status,
    Paging,
    WhoHasIt,
    Clocks,
}

impl Lane {
    pub const ALL: [Lane; 6] = [Lane::Alerts, Lane::Severity, Lane::Status, Lane::Paging, Lane::WhoHasIt, Lane::Clocks];
    pub fn as_words(self) -> &'static str {
        match self {
            Lane::Alerts => "Alerts",
            Lane::Severity => "Severity",
            Lane::Status => "Status",
            Lane::Paging => "Paging",
            Lane::WhoHasIt => "Who has it",
            Lane::Clocks => "Milestones",
        }
    }
}

/// How it looks, beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Plain,
    Good,
    Bad,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    pub lane: Lane,
    #[serde(serialize_with = "rfc3339")]
    pub from: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    pub to: Timestamp,
    pub what: String,
    pub tone: Tone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    pub lane: Lane,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub what: String,
    pub tone: Tone,
}

/// A lane that is somewhere at any time: what it says now, since when.
#[derive(Default)]
struct Now(Option<(Timestamp, String, Tone)>);

impl Now {
    fn change(&mut self, lane: Lane, at: Timestamp, next: Option<(String, Tone)>, out: &mut Vec<Stretch>) {
        if let Some((from, what, tone)) = self.0.take() {
            out.push(Stretch { lane, from, to: at.max(from), what, tone });
        }
        self.0 = next.map(|(what, tone)| (at, what, tone));
    }
}

pub fn course(incident: &Incident, events: &[IncidentEvent], clocks: &[Reached]) -> Course {
    let to = incident.ended_at.unwrap_or(incident.updated_at).max(incident.declared_at);
    let mut stretches = Vec::new();
    let mut points = Vec::new();
    let (mut severity, mut status, mut has_it, mut alerts) =
        (Now::default(), Now::default(), Now::default(), Now::default());
    let mut firing: BTreeSet<(&str, &str)> = BTreeSet::new();
    let nobody = || Some(("nobody".to_string(), Tone::Bad));
    for e in events.iter().filter(|e| e.at <= to) {
        let at = e.at;
        match &e.body {
            Event::Declared { severity: s, .. } => {
                severity.change(Lane::Severity, at, Some((one(&s.level), Tone::Plain)), &mut stretches);
                status.change(Lane::Status, at, Some(stands(IncidentStatus::Investigating)), &mut stretches);
                has_it.change(Lane::WhoHasIt, at, nobody(), &mut stretches);
                points.push(Point {
                    lane: Lane::Status,
                    at,
                    what: format!("Declared by {}", who(&e.actor)),
                    tone: Tone::Plain,
                });
            }
            Event::SeverityChanged { to, .. } => {
                severity.change(Lane::Severity, at, Some((one(&to.level), Tone::Plain)), &mut stretches);
            }
            Event::StatusChanged { to, .. } => {
                status.change(Lane::Status, at, Some(stands(*to)), &mut stretches);
            }
            Event::Acknowledged => {
                let name = who(&e.actor);
                points.push(Point {
                    lane: Lane::WhoHasIt,
                    at,
                    what: format!("Acknowledged by {name}"),
                    tone: Tone::Good,
                });
                has_it.change(Lane::WhoHasIt, at, Some((name, Tone::Good)), &mut stretches);
            }
            Event::Unacknowledged { .. } => has_it.change(Lane::WhoHasIt, at, nobody(), &mut stretches),
            Event::Resolved { .. } | Event::Cancelled { .. } | Event::MergedInto { .. } => {
                let word = match &e.body {
                    Event::Cancelled { .. } => "Cancelled",
                    Event::MergedInto { .. } => "Merged",
                    _ => "Resolved",
                };
                points.push(Point {
                    lane: Lane::Status,
                    at,
                    what: format!("{word} by {}", who(&e.actor)),
                    tone: Tone::Good,
                });
                for (now, lane) in [(&mut status, Lane::Status), (&mut has_it, Lane::WhoHasIt)] {
                    now.change(lane, at, None, &mut stretches);
                }
            }
            Event::Reopened { .. } => {
                points.push(Point { lane: Lane::Status, at, what: "Reopened".to_string(), tone: Tone::Bad });
                status.change(Lane::Status, at, Some(stands(IncidentStatus::Investigating)), &mut stretches);
                has_it.change(Lane::WhoHasIt, at, nobody(), &mut stretches);
            }
            Event::Escalated { step, people, pagers, .. } => {
                let what = format!("Level {} paged: {}", step.saturating_add(1), reached(people, pagers));
                points.push(Point { lane: Lane::Paging, at, what, tone: Tone::Plain });
            }
            Event::PagedByHand { people, pagers, .. } => {
                let what = format!("Paged by hand: {}", reached(people, pagers));
                points.push(Point { lane: Lane::Paging, at, what, tone: Tone::Plain });
            }
            Event::NobodyReached { .. } => {
                let what = "Nobody could be reached".to_string();
                points.push(Point { lane: Lane::Paging, at, what, tone: Tone::Bad });
            }
            Event::PolicyUsedUp => {
                points.push(Point { lane: Lane::Paging, at, what: "Policy used up".to_string(), tone: Tone::Bad });
            }
            Event::AlertsReceived { group, changed, .. } => {
                let before = firing.is_empty();
                for a in changed {
                    match a.status {
                        AlertStatus::Firing => firing.insert((group, &a.fingerprint)),
                        AlertStatus::Resolved => firing.remove(&(group, &a.fingerprint)),
                    };
                }
                match (before, firing.is_empty()) {
                    (true, false) => {
                        let began = changed.iter().filter(|a| a.status == AlertStatus::Firing).map(|a| a.starts_at);
                        let began = began.min().unwrap_or(at).min(at);
                        alerts.change(Lane::Alerts, began, Some(("firing".to_string(), Tone::Bad)), &mut stretches);
                    }
                    (false, true) => alerts.change(Lane::Alerts, at, None, &mut stretches),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let open = [(severity, Lane::Severity), (status, Lane::Status), (has_it, Lane::WhoHasIt), (alerts, Lane::Alerts)];
    for (mut now, lane) in open {
        now.change(lane, to, None, &mut stretches);
    }
    points.extend(clocks.iter().filter(|c| c.milestone != Milestone::Postmortem).filter_map(|c| deadline(c, to)));
    let from = begins(incident.declared_at, to, &stretches);
    for s in &mut stretches {
        s.from = s.from.max(from);
    }
    stretches.sort_by_key(|s| (s.lane, s.from, s.to));
    points.sort_by_key(|p| (p.at, p.lane));
    Course { from, to, stretches, points }
}

/// An alert that had fired for a week does not push the incident itself out of the picture.
fn begins(declared: Timestamp, to: Timestamp, stretches: &[Stretch]) -> Timestamp {
    let first = stretches.iter().map(|s| s.from).min().unwrap_or(declared);
    let earliest = declared.plus_s(-LEAD_IN_S.max(to.seconds_since(declared)));
    first.max(earliest).min(declared)
}

fn stands(status: IncidentStatus) -> (String, Tone) {
    let tone = if status == IncidentStatus::Monitoring { Tone::Good } else { Tone::Plain };
    (status.to_string(), tone)
}

/// Where a promised time stood, and what became of it.
fn deadline(c: &Reached, to: Timestamp) -> Option<Point> {
    let due = c.due_at.filter(|due| *due <= to)?;
    let (what, tone) = match c.outcome {
        Outcome::Missed => ("missed", Tone::Bad),
        Outcome::Met => ("met", Tone::Good),
        _ => ("due", Tone::Plain),
    };
    let what = format!("{} {what}: it was due here", sentence(c.milestone.as_str()));
    Some(Point { lane: Lane::Clocks, at: due, what, tone })
}
