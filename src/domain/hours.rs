//! Working hours: which of a policy's levels count at an instant. By the wall clock of a zone, so that nine o'clock
//! stays nine o'clock when the clocks change.

use crate::time::{SECOND, Timestamp};
use chrono::{Datelike, NaiveDate, Timelike, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Days that are looked through for working time: beyond ten years nobody means working days.
const DAYS_LOOKED_AT: usize = 3_660;

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
        within(&self.days, (self.from_min, self.to_min), wall.weekday(), wall.hour() * 60 + wall.minute())
    }
}

/// Whether a minute of a day lies in a stretch that begins on some weekdays.
pub(crate) fn within(days: &[Weekday], (from_min, to_min): (u32, u32), day: Weekday, minute: u32) -> bool {
    let begins = |day| days.contains(&day);
    match from_min < to_min {
        true => begins(day) && (from_min..to_min).contains(&minute),
        false => (begins(day) && minute >= from_min) || (begins(day.pred()) && minute < to_min),
    }
}

impl WorkingHours {
    /// The instant at which so many seconds of working time have passed.
    pub fn after(&self, from: Timestamp, seconds: i64) -> Timestamp {
        let mut left_us = seconds.max(0) * SECOND;
        for (begin, end) in self.stretches(from) {
            let begin = begin.max(from);
            let length_us = (end.0 - begin.0).max(0);
            if left_us <= length_us {
                return Timestamp(begin.0 + left_us);
            }
            left_us -= length_us;
        }
        from.plus_s(seconds)
    }

    /// The same time of the so-manieth working day: one day from Friday 15:00 is Monday 15:00, and what begins outside
    /// working hours counts from the next that begin.
    pub fn after_days(&self, from: Timestamp, days: i64) -> Timestamp {
        let mut stretches = self.stretches(from);
        let Some((begin, _)) = stretches.next() else { return from.plus_s(days.saturating_mul(86_400)) };
        let into_us = (from.0 - begin.0).max(0);
        match usize::try_from(days).ok().and_then(|days| days.checked_sub(1)) {
            None => begin.max(from),
            Some(skipped) => match stretches.nth(skipped) {
                Some((begin, end)) => Timestamp((begin.0 + into_us).min(end.0)),
                None => from.plus_s(days.saturating_mul(86_400)),
            },
        }
    }

    /// Stretches of working time that are not over at an instant, in order.
    fn stretches(&self, from: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let first = from.utc().with_timezone(&self.zone).date_naive();
        let dates = std::iter::successors(first.pred_opt(), |date| date.succ_opt()).take(DAYS_LOOKED_AT);
        dates.filter_map(|date| self.stretch(date)).filter(move |(_, end)| *end > from)
    }

    /// The one that begins on a date.
    fn stretch(&self, date: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        if !self.days.contains(&date.weekday()) {
            return None;
        }
        let last = if self.from_min < self.to_min { date } else { date.succ_opt()? };
        let at = |date: NaiveDate, minute: u32| {
            let wall = date.and_hms_opt(0, 0, 0)?.checked_add_signed(chrono::Duration::minutes(i64::from(minute)))?;
            Some(crate::schedule::instant_of(self.zone, wall))
        };
        Some((at(date, self.from_min)?, at(last, self.to_min)?))
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

    #[test]
    fn working_days_end_at_the_same_time_of_a_later_working_day() {
        let week = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
        let office = hours(&week, 9 * 60, 17 * 60);
        for (from, days, due) in [
            ("2026-07-07T13:00:00Z", 1, "2026-07-08T13:00:00Z"),
            ("2026-07-10T13:00:00Z", 1, "2026-07-13T13:00:00Z"),
            ("2026-07-11T08:00:00Z", 1, "2026-07-14T07:00:00Z"),
            ("2026-07-07T19:00:00Z", 2, "2026-07-10T07:00:00Z"),
            // Nine o'clock in Berlin before the clocks go back, and after it.
            ("2026-10-23T07:00:00Z", 1, "2026-10-26T08:00:00Z"),
            ("2026-07-07T13:00:00Z", 0, "2026-07-07T13:00:00Z"),
        ] {
            assert_eq!(office.after_days(utc(from), days), utc(due), "{days} from {from}");
        }
    }

    #[test]
    fn working_time_that_never_comes_is_plain_time() {
        let never = hours(&[], 9 * 60, 17 * 60);
        assert_eq!(never.after(utc("2026-07-07T13:00:00Z"), 3_600), utc("2026-07-07T14:00:00Z"));
        assert_eq!(never.after_days(utc("2026-07-07T13:00:00Z"), 1), utc("2026-07-08T13:00:00Z"));
    }

    proptest! {
        /// Against the definition, minute by minute, for hours that neither begin nor end within the hour that comes
        /// twice (such a stretch takes place once): the first instant before which so many working minutes lie.
        #[test]
        fn working_time_is_what_counting_minutes_says(
            minute in 0i64..(40 * 1_440), from_min in 0u32..1_440, length in 30u32..=1_440, wanted in 1i64..2_000,
        ) {
            let w = WorkingHours {
                zone: chrono_tz::Europe::Berlin,
                days: vec![Weekday::Mon, Weekday::Wed, Weekday::Sun],
                from_min,
                to_min: (from_min + length) % 1_440,
            };
            // The clocks change within these weeks.
            prop_assume!(![w.from_min, w.to_min].iter().any(|m| (120..180).contains(m)));
            let begin: Timestamp = Utc.with_ymd_and_hms(2026, 10, 1, 0, 0, 0).unwrap().into();
            let from = begin.plus_s(minute * 60);
            let (mut at, mut counted) = (from, 0);
            while counted < wanted {
                counted += i64::from(w.contains(at));
                at = at.plus_s(60);
            }
            prop_assert_eq!(w.after(from, wanted * 60), at);
        }

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
