//! What the severity promised and what became of it: every milestone of every round (from the declaration, or from a
//! reopening, to the end that followed), with its deadline and by how much it was met or missed. Spans come from the
//! milestones of `crate::clocks` and from nothing else; a clock that still ran has no span.

use crate::alert::AlertStatus;
use crate::clocks::{self, Milestone};
use crate::event::{Event, IncidentEvent, ResolveCause};
use crate::incident::{Illegal, Incident};
use crate::status::IncidentStatus;
use crate::time::Timestamp;
use crate::timeline::words::{rfc3339, rfc3339_or_null, whole};
use serde::Serialize;

/// A milestone of one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// From 1; every reopening begins another.
    pub round: u32,
    pub milestone: Milestone,
    #[serde(serialize_with = "rfc3339")]
    pub from: Timestamp,
    /// What the severity allows, as it stood at the end of the round; `null` where it promises nothing.
    pub allowed_s: Option<i64>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub due_at: Option<Timestamp>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub reached_at: Option<Timestamp>,
    pub took_s: Option<i64>,
    pub outcome: Outcome,
    /// Seconds that were left when it was reached; negative: so late was it.
    pub left_s: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Met,
    /// Reached late, or not at all although its time was over.
    Missed,
    /// Reached, and nobody had promised by when.
    Reached,
    /// Its clock runs.
    Running,
    /// It ended otherwise (cancelled, merged) before.
    NotReached,
}

/// From the first sign in an alert source to the declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detection {
    #[serde(serialize_with = "rfc3339")]
    pub began_at: Timestamp,
    pub source: String,
    pub alert: String,
    /// Negative where people had declared it before the alert fired.
    pub took_s: i64,
}

/// Means over the rounds, in seconds; `null` where the milestone was never reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Means {
    /// How long the alerts had fired before the declaration.
    pub detect_s: Option<i64>,
    pub acknowledge_s: Option<i64>,
    pub diagnose_s: Option<i64>,
    pub mitigate_s: Option<i64>,
    pub resolve_s: Option<i64>,
}

/// Every milestone of every round, in the order in which they are usually passed.
pub fn rounds(events: &[IncidentEvent]) -> Result<Vec<Reached>, Illegal> {
    let mut all = Vec::new();
    let (mut round, mut quiet): (u32, bool) = (1, false);
    let mut incident: Option<Incident> = None;
    for event in events {
        match &event.body {
            Event::Reopened { .. } => {
                all.extend(incident.iter().flat_map(|i| of_round(i, round, quiet)));
                (round, quiet) = (round.saturating_add(1), false);
            }
            Event::Resolved { cause, .. } => quiet = *cause == ResolveCause::Quiet,
            _ => {}
        }
        match &mut incident {
            None => incident = Some(Incident::begin(event)?),
            Some(i) => i.apply(event)?,
        }
    }
    all.extend(incident.iter().flat_map(|i| of_round(i, round, quiet)));
    Ok(all)
}

/// `quiet`: it ended by itself.
fn of_round(i: &Incident, round: u32, quiet: bool) -> Vec<Reached> {
    Milestone::ALL.into_iter().filter_map(|m| of_milestone(i, m, round, quiet)).collect()
}

fn of_milestone(i: &Incident, milestone: Milestone, round: u32, quiet: bool) -> Option<Reached> {
    let from = clocks::begin(i, milestone)?;
    // An end that came by itself stops the clocks, but nobody had answered or found the cause then.
    let by_people = matches!(milestone, Milestone::Acknowledge | Milestone::Diagnose);
    let counts = |at: &Timestamp| !(quiet && by_people && Some(*at) == i.ended_at);
    let (due_at, reached_at) = (clocks::deadline(i, milestone), i.course.reached.get(&milestone).copied());
    let reached_at = reached_at.filter(counts);
    // Nobody promised a post-mortem and nobody published one: nothing to say.
    if milestone == Milestone::Postmortem && due_at.is_none() && reached_at.is_none() {
        return None;
    }
    let left_s = due_at.zip(reached_at).map(|(due, at)| due.seconds_since(at));
    let outcome = match (left_s, reached_at) {
        (Some(left), _) if left < 0 => Outcome::Missed,
        (Some(_), _) => Outcome::Met,
        (None, Some(_)) => Outcome::Reached,
        (None, None) if i.course.breached.contains(&milestone) => Outcome::Missed,
        (None, None) if clocks::runs(i, milestone) || i.status.open() => Outcome::Running,
        (None, None) => Outcome::NotReached,
    };
    let took_s = reached_at.map(|at| at.seconds_since(from));
    let allowed_s = due_at.map(|due| due.seconds_since(from));
    Some(Reached { round, milestone, from, allowed_s, due_at, reached_at, took_s, outcome, left_s })
}

/// The first alert that fired, by its own start.
pub fn detection(incident: &Incident, events: &[IncidentEvent]) -> Option<Detection> {
    let mut first: Option<Detection> = None;
    for e in events {
        let Event::AlertsReceived { source, changed, .. } = &e.body else { continue };
        for a in changed.iter().filter(|a| a.status == AlertStatus::Firing) {
            if first.as_ref().is_none_or(|f| a.starts_at < f.began_at) {
                let took_s = incident.declared_at.seconds_since(a.starts_at);
                let (source, alert) = (whole(source), whole(&a.summary));
                first = Some(Detection { began_at: a.starts_at, source, alert, took_s });
            }
        }
    }
    first
}

/// Of a cancelled incident nothing is averaged: it was none.
pub fn means(incident: &Incident, all: &[Reached], detection: Option<&Detection>) -> Means {
    if incident.status == IncidentStatus::Cancelled {
        return Means::default();
    }
    let of = |milestone: Milestone| {
        let spans: Vec<i64> = all.iter().filter(|r| r.milestone == milestone).filter_map(|r| r.took_s).collect();
        let n = i64::try_from(spans.len()).ok().filter(|n| *n > 0)?;
        Some(spans.iter().fold(0i64, |sum, s| sum.saturating_add(*s)) / n)
    };
    Means {
        detect_s: detection.map(|d| d.took_s).filter(|s| *s >= 0),
        acknowledge_s: of(Milestone::Acknowledge),
        diagnose_s: of(Milestone::Diagnose),
        mitigate_s: of(Milestone::Mitigate),
        resolve_s: of(Milestone::Resolve),
    }
}
