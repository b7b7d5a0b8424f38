//! When something that recurs is due: what a calendar says and cron cannot ("the first Monday", every second week,
//! every quarter). By the wall clock of a zone, so that nine o'clock stays nine o'clock when the clocks change: a time
//! that is skipped takes place at the first moment that exists, one that comes twice takes place once.

use crate::schedule::instant_of;
use crate::time::Timestamp;
use chrono::{Datelike, Duration, NaiveDate, Weekday};
use chrono_tz::Tz;

/// Days that are looked through for the next time: the 29th of February comes every eight years at the latest.
const DAYS_LOOKED_AT: usize = 8 * 366 + 2;
/// Months of a quarter and of a year.
const QUARTER: u32 = 3;
const YEAR: u32 = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    pub days: Days,
    /// Minutes since midnight, 0 to 1,439.
    pub at_min: u32,
    pub zone: Tz,
}

/// On which days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Days {
    Daily,
    /// On these weekdays.
    Weekly(Vec<Weekday>),
    /// On one weekday of every second week, counted from Monday 1970-01-05.
    Biweekly(Weekday),
    Monthly(InMonth),
    /// In January, April, July and October.
    Quarterly(InMonth),
    /// In one month, 1 to 12.
    Yearly(u32, InMonth),
}

/// On which day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InMonth {
    /// 1 to 31; a month that is shorter has it on its last day.
    Day(u32),
    /// The so-manieth of a weekday: 1 to 5.
    Nth(u32, Weekday),
    Last(Weekday),
}

impl Recurrence {
    /// The first time after an instant.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let today = at.utc().with_timezone(&self.zone).date_naive();
        let dates = std::iter::successors(today.pred_opt(), |date| date.succ_opt()).take(DAYS_LOOKED_AT);
        dates.filter(|date| self.days.has(*date)).filter_map(|date| self.on(date)).find(|t| *t > at)
    }

    fn on(&self, date: NaiveDate) -> Option<Timestamp> {
        let wall = date.and_hms_opt(0, 0, 0)?.checked_add_signed(Duration::minutes(i64::from(self.at_min)))?;
        Some(instant_of(self.zone, wall))
    }
}

impl Days {
    pub fn has(&self, date: NaiveDate) -> bool {
        match self {
            Days::Daily => true,
            Days::Weekly(days) => days.contains(&date.weekday()),
            Days::Biweekly(day) => date.weekday() == *day && week(date) % 2 == 0,
            Days::Monthly(day) => day.is(date),
            Days::Quarterly(day) => date.month0().is_multiple_of(QUARTER) && day.is(date),
            Days::Yearly(month, day) => date.month0() + 1 == (*month).clamp(1, YEAR) && day.is(date),
        }
    }
}

/// Weeks since Monday 1970-01-05.
fn week(date: NaiveDate) -> i64 {
    const FIRST_MONDAY_CE: i64 = 719_167;
    (i64::from(date.num_days_from_ce()) - FIRST_MONDAY_CE).div_euclid(7)
}

impl InMonth {
    fn is(self, date: NaiveDate) -> bool {
        let of_the_next_month =
            |days: i64| date.checked_add_signed(Duration::days(days)).is_none_or(|d| d.month() != date.month());
        match self {
            InMonth::Day(day) => date.day() == day || (date.day() < day && of_the_next_month(1)),
            InMonth::Nth(nth, weekday) => date.weekday() == weekday && date.day0() / 7 + 1 == nth,
            InMonth::Last(weekday) => date.weekday() == weekday && of_the_next_month(7),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Timelike, Utc};
    use proptest::prelude::*;

    fn utc(text: &str) -> Timestamp {
        text.parse::<chrono::DateTime<Utc>>().expect("a time").into()
    }

    fn next(days: Days, at_min: u32, after: &str) -> Timestamp {
        Recurrence { days, at_min, zone: chrono_tz::Europe::Berlin }.next_after(utc(after)).expect("a next time")
    }

    #[test]
    fn what_cron_cannot_say_is_found_on_the_calendar() {
        let nine = 9 * 60;
        for (days, after, due) in [
            (Days::Monthly(InMonth::Nth(1, Weekday::Mon)), "2026-11-22T00:00:00Z", "2026-12-07T08:00:00Z"),
            (Days::Monthly(InMonth::Last(Weekday::Fri)), "2026-11-22T00:00:00Z", "2026-11-27T08:00:00Z"),
            (Days::Monthly(InMonth::Nth(5, Weekday::Sun)), "2026-11-22T00:00:00Z", "2026-11-29T08:00:00Z"),
            (Days::Monthly(InMonth::Day(31)), "2027-02-01T00:00:00Z", "2027-02-28T08:00:00Z"),
            (Days::Quarterly(InMonth::Day(1)), "2026-11-22T00:00:00Z", "2027-01-01T08:00:00Z"),
            (Days::Yearly(2, InMonth::Day(29)), "2026-11-22T00:00:00Z", "2027-02-28T08:00:00Z"),
            (Days::Weekly(vec![Weekday::Sat, Weekday::Sun]), "2026-11-22T08:00:00Z", "2026-11-28T08:00:00Z"),
            (Days::Daily, "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"),
        ] {
            assert_eq!(next(days.clone(), nine, after), utc(due), "{days:?} after {after}");
        }
    }

    #[test]
    fn every_second_week_is_two_weeks_apart_also_over_a_year_with_53_weeks() {
        let mut at = utc("2026-11-01T00:00:00Z");
        let rule = Recurrence { days: Days::Biweekly(Weekday::Thu), at_min: 0, zone: Tz::UTC };
        let mut last = rule.next_after(at).expect("a first time");
        for _ in 0..60 {
            at = rule.next_after(last).expect("a next time");
            assert_eq!(at.seconds_since(last), 14 * 86_400);
            last = at;
        }
    }

    #[test]
    fn a_skipped_time_takes_place_once_and_so_does_one_that_comes_twice() {
        // In Berlin 02:30 does not exist on 2026-03-29, and comes twice on 2026-10-25.
        let half_past_two = 2 * 60 + 30;
        assert_eq!(next(Days::Daily, half_past_two, "2026-03-28T12:00:00Z"), utc("2026-03-29T01:00:00Z"));
        assert_eq!(next(Days::Daily, half_past_two, "2026-03-29T01:00:00Z"), utc("2026-03-30T00:30:00Z"));
        assert_eq!(next(Days::Daily, half_past_two, "2026-10-24T12:00:00Z"), utc("2026-10-25T00:30:00Z"));
        assert_eq!(next(Days::Daily, half_past_two, "2026-10-25T00:30:00Z"), utc("2026-10-26T01:30:00Z"));
    }

    fn any_days() -> impl Strategy<Value = Days> {
        let weekday = || (0u8..7).prop_map(|n| Weekday::try_from(n).expect("a weekday"));
        let in_month = || {
            prop_oneof![
                (1u32..=31).prop_map(InMonth::Day),
                (1u32..=5, weekday()).prop_map(|(n, d)| InMonth::Nth(n, d)),
                weekday().prop_map(InMonth::Last),
            ]
        };
        prop_oneof![
            Just(Days::Daily),
            proptest::collection::vec(weekday(), 1..4).prop_map(Days::Weekly),
            weekday().prop_map(Days::Biweekly),
            in_month().prop_map(Days::Monthly),
            in_month().prop_map(Days::Quarterly),
            (1u32..=12, in_month()).prop_map(|(m, d)| Days::Yearly(m, d)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// Against the definition: of the minutes after an instant, the first whose wall clock shows the time on a day
        /// that counts, is not a repetition of it, or is the first after a gap that swallowed it.
        #[test]
        fn the_next_time_is_what_walking_through_the_minutes_says(
            days in any_days(), at_min in 0u32..1_440, zone_no in 0usize..4, start_h in 0i64..(400 * 24),
        ) {
            let zone = [Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe, Tz::Asia__Kolkata][zone_no];
            let begin: Timestamp = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap().into();
            let at = begin.plus_s(start_h * 3_600);
            let rule = Recurrence { days: days.clone(), at_min, zone };
            let found = rule.next_after(at);
            let wall = |t: Timestamp| t.utc().with_timezone(&zone).naive_local();
            let walked = (1..=32i64 * 1_440).map(|m| at.plus_s(m * 60)).find(|t| {
                let (before, now) = (wall(t.plus_s(-60)), wall(*t));
                let due = |date: NaiveDate| date.and_hms_opt(0, 0, 0).expect("midnight") + Duration::minutes(i64::from(at_min));
                let shows = due(now.date());
                let repeated = || (1..=120i64).any(|m| wall(t.plus_s(-60 * m)) == now);
                let swallowed = before < shows && shows < now;
                let hits = (now == shows && !repeated()) || swallowed;
                hits && now.time().second() == 0 && days.has(shows.date())
            });
            match walked {
                Some(t) => prop_assert_eq!(found, Some(t)),
                None => prop_assert!(found.is_none_or(|f| f.seconds_since(at) > 32 * 86_400)),
            }
        }
    }
}
