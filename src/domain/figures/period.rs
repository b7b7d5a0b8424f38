//! Which incidents are asked about: whole months of a calendar in somebody's zone.

use crate::time::Timestamp;
use chrono::{Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

/// A month of a calendar, such as `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    year: i32,
    /// 1 to 12.
    month: u32,
}

impl Month {
    pub fn of(at: Timestamp, zone: Tz) -> Month {
        let local = at.utc().with_timezone(&zone);
        Month { year: local.year(), month: local.month() }
    }

    pub fn parse(text: &str) -> Option<Month> {
        let (year, month) = text.trim().split_once('-')?;
        let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
        (first.year() >= 1970).then(|| Month { year: first.year(), month: first.month() })
    }

    /// So many months later; earlier with a negative number.
    pub fn plus(self, months: i32) -> Month {
        let all = self.number().saturating_add(months);
        Month { year: all.div_euclid(12), month: all.rem_euclid(12).unsigned_abs() + 1 }
    }

    /// Months since the year 0, so that two can be subtracted.
    pub fn number(self) -> i32 {
        self.year.saturating_mul(12).saturating_add(i32::try_from(self.month).unwrap_or(1) - 1)
    }

    /// Its first instant in a zone.
    pub fn begins(self, zone: Tz) -> Timestamp {
        let first = NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default().and_time(NaiveTime::MIN);
        // Where clocks are put forward at midnight, the day begins with the first instant that it has.
        let hours = (0..4).map(|h| first + Duration::hours(h));
        let begins = hours.filter_map(|wall| zone.from_local_datetime(&wall).earliest()).next();
        begins.map_or(first.and_utc(), |t| t.with_timezone(&Utc)).into()
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Incidents declared from the first to the last of these months, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: Month,
    pub to: Month,
    #[serde(serialize_with = "zone_name")]
    pub zone: Tz,
}

pub(super) fn zone_name<S: Serializer>(zone: &Tz, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(zone.name())
}

impl Period {
    pub fn begins(self) -> Timestamp {
        self.from.begins(self.zone)
    }
    /// The first instant that is no longer in it.
    pub fn ends(self) -> Timestamp {
        self.to.plus(1).begins(self.zone)
    }
    pub fn months(self) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(self.from), |m| Some(m.plus(1))).take_while(move |m| *m <= self.to)
    }
}
