//! Figures over many incidents: how many there were, how long until somebody had them and until they were over, whose
//! phone rang at which hours, which clocks ran out. Computed from a few facts of each incident and from nothing
//! else: whoever may not see an incident is handed figures of facts without it, so that no total tells of it. Reads no
//! clock, knows no page and no file format.

mod facts;
mod load;
mod period;
mod spread;
#[cfg(test)]
mod tests;

pub use facts::{Facts, Mark, Ring, Round, rounds};
pub use load::{Hour, Load};
pub use period::{Month, Period};
pub use spread::Spread;

use crate::clocks::Milestone;
use crate::status::IncidentStatus;
use crate::time::Timestamp;
use crate::timeline::words::rfc3339;
use chrono_tz::Tz;
use serde::Serialize;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// What is said of a month, a severity or a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// `2026-11`, `P1`, `checkout`; `""` is the group of incidents without a service.
    pub name: String,
    pub incidents: usize,
    pub acknowledge: Option<Spread>,
    pub resolve: Option<Spread>,
    /// Messages that rang somebody's phone.
    pub pages: usize,
    /// Clocks that ran out.
    pub breached: usize,
    /// Incidents by severity, worst first; every severity of the period is named, also with 0.
    #[serde(serialize_with = "by_severity")]
    pub by_severity: Vec<(String, usize)>,
}

fn by_severity<S: serde::Serializer>(all: &[(String, usize)], s: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Of<'a> {
        severity: &'a str,
        incidents: usize,
    }
    s.collect_seq(all.iter().map(|(severity, incidents)| Of { severity, incidents: *incidents }))
}

/// How often a milestone was not reached in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Breaches {
    pub milestone: Milestone,
    pub breached: usize,
    /// In how many incidents: one that was reopened may have missed it twice.
    pub incidents: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub period: Period,
    #[serde(serialize_with = "rfc3339")]
    pub as_of: Timestamp,
    pub incidents: usize,
    pub open: usize,
    /// Not counted in anything else: they were none.
    pub cancelled: usize,
    /// Not counted as incidents of their own: they became part of another one.
    pub merged: usize,
    pub pages: usize,
    pub breached: usize,
    pub acknowledge: Option<Spread>,
    pub resolve: Option<Spread>,
    /// In time.
    pub months: Vec<Group>,
    /// Worst first.
    pub severities: Vec<Group>,
    /// The most incidents first.
    pub services: Vec<Group>,
    /// The most pages first.
    pub people: Vec<Load>,
    pub clocks: Vec<Breaches>,
}

impl Facts {
    /// What was no incident, or no incident of its own, has no part in the figures.
    pub fn counts(&self) -> bool {
        !matches!(self.status, IncidentStatus::Cancelled | IncidentStatus::Merged)
    }
}

/// An incident that counts, and the place of its severity among those of the period.
#[derive(Clone, Copy)]
struct Counted<'a> {
    facts: &'a Facts,
    level: usize,
}

/// `zone_of`: by whose clock somebody lives who was paged (`@ana`).
pub fn figures(
    period: Period,
    as_of: Timestamp,
    all: &[impl Borrow<Facts>],
    zone_of: &dyn Fn(&str) -> Option<Tz>,
) -> Figures {
    let (begins, ends) = (period.begins(), period.ends());
    let of_period: Vec<&Facts> =
        all.iter().map(Borrow::borrow).filter(|f| (begins..ends).contains(&f.declared_at)).collect();
    let with = |status| of_period.iter().filter(|f| f.status == status).count();
    let counting: Vec<&Facts> = of_period.iter().copied().filter(|f| f.counts()).collect();
    // Every severity there is, worst first.
    let levels: BTreeSet<(u32, &str)> = counting.iter().map(|f| (f.rank, f.severity.as_str())).collect();
    let levels: Vec<(u32, &str)> = levels.into_iter().collect();
    let level = |f: &Facts| levels.partition_point(|l| *l < (f.rank, f.severity.as_str()));
    let counted: Vec<Counted> = counting.iter().map(|f| Counted { facts: f, level: level(f) }).collect();
    // A month is found by the instants at which months begin: a conversion to the zone for each incident costs more.
    let months: Vec<(Month, Timestamp)> = period.months().map(|m| (m, m.begins(period.zone))).collect();
    let mut of_month: Vec<Vec<Counted>> = vec![Vec::new(); months.len()];
    let mut severities: Vec<Vec<Counted>> = vec![Vec::new(); levels.len()];
    let mut services: BTreeMap<&str, Vec<Counted>> = BTreeMap::new();
    for c in &counted {
        let month = months.partition_point(|(_, begins)| *begins <= c.facts.declared_at).saturating_sub(1);
        of_month.get_mut(month).into_iter().for_each(|m| m.push(*c));
        severities.get_mut(c.level).into_iter().for_each(|s| s.push(*c));
        services.entry(c.facts.service.as_deref().unwrap_or_default()).or_default().push(*c);
    }
    let mut services: Vec<Group> = services.iter().map(|(name, facts)| group(name, facts, &levels)).collect();
    services.sort_by(|a, b| b.incidents.cmp(&a.incidents).then_with(|| a.name.cmp(&b.name)));
    let whole = group("", &counted, &levels);
    Figures {
        period,
        as_of,
        incidents: whole.incidents,
        open: counting.iter().filter(|f| f.status.open()).count(),
        cancelled: with(IncidentStatus::Cancelled),
        merged: with(IncidentStatus::Merged),
        pages: whole.pages,
        breached: whole.breached,
        acknowledge: whole.acknowledge,
        resolve: whole.resolve,
        months: months.iter().zip(&of_month).map(|((m, _), of)| group(&m.to_string(), of, &levels)).collect(),
        severities: levels.iter().zip(&severities).map(|((_, level), of)| group(level, of, &levels)).collect(),
        services,
        people: load::people(&counting, period.zone, zone_of),
        clocks: Milestone::ALL.into_iter().map(|m| breaches(&counting, m)).collect(),
    }
}

fn group(name: &str, all: &[Counted], levels: &[(u32, &str)]) -> Group {
    let spans = |of: fn(&Round) -> Option<i64>| {
        Spread::of(all.iter().flat_map(|c| &c.facts.rounds).filter_map(of).collect::<Vec<_>>())
    };
    let mut by_severity: Vec<(String, usize)> = levels.iter().map(|(_, level)| (level.to_string(), 0)).collect();
    for c in all {
        by_severity.get_mut(c.level).into_iter().for_each(|(_, n)| *n += 1);
    }
    Group {
        name: name.to_string(),
        incidents: all.len(),
        acknowledge: spans(Round::acknowledge_s),
        resolve: spans(Round::resolve_s),
        pages: load::messages(all.iter().flat_map(|c| &c.facts.rings)),
        breached: all.iter().map(|c| c.facts.breached.len()).sum(),
        by_severity,
    }
}

fn breaches(counted: &[&Facts], milestone: Milestone) -> Breaches {
    let each = counted.iter().map(|f| f.breached.iter().filter(|m| **m == milestone).count());
    let each: Vec<usize> = each.filter(|n| *n > 0).collect();
    Breaches { milestone, breached: each.iter().sum(), incidents: each.len() }
}
