//! Working hours: which of a policy's levels count at an instant. By the wall clock of a zone, so that nine o'clock
//! stays nine o'clock when the clocks change.

use crate::time::Timestamp;
use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// When a level of a policy counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Always,
    WorkingHours,
    OffHours,
}

impl When {
    /// So that what is usual takes no room in the log.
    pub fn is_always(&self) -> bool {
        *self == When::Always
    }
    pub fn as_words(self) -> &'static str {
        match self {
            When::Always => "always",
            When::WorkingHours => "working hours",
            When::OffHours => "off hours",
        }
    }
    /// Whether a level of this kind counts while working hours are on, or not.
    pub fn holds(self, working: bool) -> bool {
        match self {
            When::Always => true,
            When::WorkingHours => working,
            When::OffHours => !working,
        }
    }
}

/// A stretch of some weekdays. One that ends before it begins goes on into the next day: 22:00 to 06:00 on Friday
/// ends on Saturday morning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkingHours {
    pub zone: Tz,
    /// On which it begins.
    pub days: Vec<Weekday>,
    /// Minutes since midnight, 0 to 1,439.
    pub from_min: u32,
    /// Minutes since midnight, 1 to 1,440, itself excluded; the same as `from_min` means around the clock.
    pub to_min: u32,
}

impl WorkingHours {
    pub fn contains(&self, at: Timestamp) -> bool {
        let wall = at.utc().with_timezone(&self.zone);
        let minute = wall.hour() * 60 + wall.minute();
        let (today, yesterday) = (wall.weekday(), wall.weekday().pred());
        let begins = |day| self.days.contains(&day);
        match self.from_min < self.to_min {
            true => begins(today) && (self.from_min..self.to_min).contains(&minute),
            false => (begins(today) && minute >= self.from_min) || (begins(yesterday) && minute < self.to_min),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;

    fn hours(days: &[Weekday], from_min: u32, to_min: u32) -> WorkingHours {
        WorkingHours { zone: chrono_tz::Europe::Berlin, days: days.to_vec(), from_min, to_min }
    }

    fn utc(text: &str) -> Timestamp {
        text.parse::<chrono::DateTime<Utc>>().unwrap().into()
    }

    #[test]
    fn nine_o_clock_is_nine_o_clock_in_summer_and_in_winter() {
        let office = hours(&[Weekday::Mon], 9 * 60, 17 * 60);
        assert!(!office.contains(utc("2026-07-06T06:59:59Z")));
        assert!(office.contains(utc("2026-07-06T07:00:00Z")));
        assert!(!office.contains(utc("2026-01-05T07:59:59Z")));
        assert!(office.contains(utc("2026-01-05T08:00:00Z")));
        assert!(!office.contains(utc("2026-01-05T16:00:00Z")), "the end is not part of it");
    }

    #[test]
    fn a_night_that_begins_on_friday_ends_on_saturday() {
        let night = hours(&[Weekday::Fri], 22 * 60, 6 * 60);
        assert!(!night.contains(utc("2026-07-03T19:59:00Z")));
        assert!(night.contains(utc("2026-07-03T20:00:00Z")));
        assert!(night.contains(utc("2026-07-04T03:59:00Z")));
        assert!(!night.contains(utc("2026-07-04T04:00:00Z")));
        assert!(!night.contains(utc("2026-07-03T03:00:00Z")), "Thursday's night is nobody's");
    }

    proptest! {
        /// Against the definition, minute by minute: going back from an instant, at most one day, some minute is
        /// the beginning on a chosen weekday, and the end has not come since.
        #[test]
        fn it_is_what_walking_back_to_its_beginning_says(
            minute in 0i64..(366 * 1_440), from_min in 0u32..1_440, length in 1u32..=1_440, days in 0u8..128,
        ) {
            let all = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
            let days: Vec<Weekday> = all.into_iter().enumerate().filter(|(n, _)| days & (1 << n) != 0).map(|(_, d)| d).collect();
            let to_min = (from_min + length) % 1_440;
            let zone = chrono_tz::UTC;
            let w = WorkingHours { zone, days: days.clone(), from_min, to_min };
            let begin = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap();
            let at = begin + chrono::Duration::minutes(minute);
            let walked = (0..1_440).any(|back| {
                let then = at - chrono::Duration::minutes(back);
                then.hour() * 60 + then.minute() == from_min && days.contains(&then.weekday()) && back < i64::from(length)
            });
            prop_assert_eq!(w.contains(at.into()), walked);
        }
    }
}
