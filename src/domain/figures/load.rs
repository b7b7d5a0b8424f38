//! Whose phone rang how often, and at which hours of their own day.

use super::facts::{Facts, Ring};
use super::period::zone_name;
use crate::hours::within;
use crate::id::IncidentId;
use crate::time::Timestamp;
use chrono::Weekday::{self, Fri, Mon, Sat, Sun, Thu, Tue, Wed};
use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::BTreeMap;

/// When people sleep or should, by their own clock: minutes since midnight.
pub const ASLEEP_MIN: (u32, u32) = (22 * 60, 7 * 60);
/// When they work, from Monday to Friday.
pub const AT_WORK_MIN: (u32, u32) = (9 * 60, 17 * 60);
const WEEK: [Weekday; 7] = [Mon, Tue, Wed, Thu, Fri, Sat, Sun];
const OFFICE: [Weekday; 5] = [Mon, Tue, Wed, Thu, Fri];

/// How often somebody was paged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// `@ana`, or the channel of a pager that nobody in particular answers.
    pub who: String,
    /// Whose clock the hours are of.
    #[serde(serialize_with = "zone_name")]
    pub zone: Tz,
    pub pages: usize,
    pub working: usize,
    pub free: usize,
    pub asleep: usize,
    /// In how many incidents.
    pub incidents: usize,
}

/// The hours of a person's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hour {
    Working,
    Free,
    Asleep,
}

impl Hour {
    pub fn of(at: Timestamp, zone: Tz) -> Hour {
        let wall = at.utc().with_timezone(&zone);
        let (day, minute) = (wall.weekday(), wall.hour() * 60 + wall.minute());
        match () {
            () if within(&WEEK, ASLEEP_MIN, day, minute) => Hour::Asleep,
            () if within(&OFFICE, AT_WORK_MIN, day, minute) => Hour::Working,
            () => Hour::Free,
        }
    }
}

/// Pages that went as one message rang once. Sorting what is nearly sorted is cheaper than a set of thousands.
pub(super) fn messages<'a>(rings: impl Iterator<Item = &'a Ring>) -> usize {
    let mut all: Vec<((IncidentId, u32), &str)> = rings.map(|r| (r.message, r.who.as_str())).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

#[derive(Default)]
struct Rang {
    messages: Vec<((IncidentId, u32), Timestamp)>,
    incidents: Vec<IncidentId>,
}

pub(super) fn people(counted: &[&Facts], zone: Tz, zone_of: &dyn Fn(&str) -> Option<Tz>) -> Vec<Load> {
    let mut by_who: BTreeMap<&str, Rang> = BTreeMap::new();
    for f in counted {
        for ring in &f.rings {
            let rang = by_who.entry(&ring.who).or_default();
            rang.messages.push((ring.message, ring.at));
            rang.incidents.push(f.id);
        }
    }
    let load = |(who, mut rang): (&str, Rang)| {
        let zone = zone_of(who).unwrap_or(zone);
        // One message rings when the first of its pages does.
        rang.messages.sort_unstable();
        rang.messages.dedup_by_key(|(message, _)| *message);
        rang.incidents.sort_unstable();
        rang.incidents.dedup();
        let hours: Vec<Hour> = rang.messages.iter().map(|(_, at)| Hour::of(*at, zone)).collect();
        let with = |hour| hours.iter().filter(|h| **h == hour).count();
        let (working, free, asleep) = (with(Hour::Working), with(Hour::Free), with(Hour::Asleep));
        let (pages, incidents) = (hours.len(), rang.incidents.len());
        Load { who: who.to_string(), zone, pages, working, free, asleep, incidents }
    };
    let mut all: Vec<Load> = by_who.into_iter().map(load).collect();
    all.sort_by(|a, b| b.pages.cmp(&a.pages).then_with(|| a.who.cmp(&b.who)));
    all
}
