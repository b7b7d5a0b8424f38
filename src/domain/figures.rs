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

/// `zone_of`: by whose clock somebody lives who was paged (`@ana`).
pub fn figures(period: Period, as_of: Timestamp, all: &[Facts], zone_of: &dyn Fn(&str) -> Option<Tz>) -> Figures {
    let (begins, ends) = (period.begins(), period.ends());
    let of_period: Vec<&Facts> = all.iter().filter(|f| (begins..ends).contains(&f.declared_at)).collect();
    let with = |status| of_period.iter().filter(|f| f.status == status).count();
    let counted: Vec<&Facts> = of_period.iter().copied().filter(|f| f.counts()).collect();
    let levels = levels(&counted);
    let mut months: BTreeMap<Month, Vec<&Facts>> = period.months().map(|m| (m, Vec::new())).collect();
    let mut severities: BTreeMap<(u32, &str), Vec<&Facts>> = BTreeMap::new();
    let mut services: BTreeMap<&str, Vec<&Facts>> = BTreeMap::new();
    for f in &counted {
        months.entry(Month::of(f.declared_at, period.zone)).or_default().push(f);
        severities.entry((f.rank, &f.severity)).or_default().push(f);
        services.entry(f.service.as_deref().unwrap_or_default()).or_default().push(f);
    }
    let mut services: Vec<Group> = services.iter().map(|(name, facts)| group(name, facts, &levels)).collect();
    services.sort_by(|a, b| b.incidents.cmp(&a.incidents).then_with(|| a.name.cmp(&b.name)));
    let whole = group("", &counted, &levels);
    Figures {
        period,
        as_of,
        incidents: whole.incidents,
        open: counted.iter().filter(|f| f.status.open()).count(),
        cancelled: with(IncidentStatus::Cancelled),
        merged: with(IncidentStatus::Merged),
        pages: whole.pages,
        breached: whole.breached,
        acknowledge: whole.acknowledge,
        resolve: whole.resolve,
        months: months.iter().map(|(m, facts)| group(&m.to_string(), facts, &levels)).collect(),
        severities: severities.iter().map(|((_, level), facts)| group(level, facts, &levels)).collect(),
        services,
        people: load::people(&counted, period.zone, zone_of),
        clocks: Milestone::ALL.into_iter().map(|m| breaches(&counted, m)).collect(),
    }
}

/// Every severity there is, worst first.
fn levels(counted: &[&Facts]) -> BTreeSet<(u32, String)> {
    counted.iter().map(|f| (f.rank, f.severity.clone())).collect()
}

fn group(name: &str, facts: &[&Facts], levels: &BTreeSet<(u32, String)>) -> Group {
    let spans = |of: fn(&Round) -> Option<i64>| {
        Spread::of(facts.iter().flat_map(|f| &f.rounds).filter_map(of).collect::<Vec<_>>())
    };
    let has = |(rank, level): &(u32, String)| facts.iter().filter(|f| f.rank == *rank && f.severity == *level).count();
    Group {
        name: name.to_string(),
        incidents: facts.len(),
        acknowledge: spans(Round::acknowledge_s),
        resolve: spans(Round::resolve_s),
        pages: load::messages(facts.iter().flat_map(|f| &f.rings)),
        breached: facts.iter().map(|f| f.breached.len()).sum(),
        by_severity: levels.iter().map(|l| (l.1.clone(), has(l))).collect(),
    }
}

fn breaches(counted: &[&Facts], milestone: Milestone) -> Breaches {
    let each = counted.iter().map(|f| f.breached.iter().filter(|m| **m == milestone).count());
    let each: Vec<usize> = each.filter(|n| *n > 0).collect();
    Breaches { milestone, breached: each.iter().sum(), incidents: each.len() }
}
