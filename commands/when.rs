//! Times and days as people say them, in their own zone. Never guesses a day that has passed; never reads a clock.

use super::words::Word;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use chrono_tz::Tz;
use firebell_domain::schedule::instant_of;
use firebell_domain::time::{Timestamp, parse_span};
use std::str::FromStr;

/// A bare time of day means the next one. One that passed within these seconds is more likely a slip than meant
/// for tomorrow: it is refused, and "tomorrow 07:00" says it plainly.
const JUST_PASSED_S: i64 = 6 * 3_600;
/// Years that a day may have: what every platform's date field can hold.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9_999;

pub const TIMES: &str = "2h, +2h, 18:00, tomorrow 09:00, friday 09:00, 2026-12-24 18:00 or 2026-12-24T18:00:00Z";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTime {
    NotATime,
    /// A time of day that has just passed.
    JustPassed,
}

/// Where relative words count from.
#[derive(Clone, Copy, Debug)]
pub struct From {
    pub now: Timestamp,
    /// What "+2h" and a bare time of day come after; `now`, or the beginning of what is to end.
    pub after: Timestamp,
    pub zone: Tz,
}

/// The time that the words begin with, and how many of them it takes.
pub fn point(words: &[Word], from: From) -> Result<(Timestamp, usize), NoTime> {
    let first = word(words, 0).ok_or(NoTime::NotATime)?;
    if first == "now" {
        return Ok((from.now, 1));
    }
    if let Some(text) = first.strip_prefix('+') {
        let seconds = parse_span(text).ok_or(NoTime::NotATime)?;
        return Ok((from.after.plus_s(seconds), 1));
    }
    if let Ok(t) = chrono::DateTime::parse_from_rfc3339(&first.to_uppercase()) {
        return if YEARS.contains(&t.year()) { Ok((t.to_utc().into(), 1)) } else { Err(NoTime::NotATime) };
    }
    if let Some((seconds, used)) = in_span(words) {
        return Ok((from.after.plus_s(seconds), used));
    }
    let zone = |used: usize| match word(words, used).as_deref() {
        Some("utc" | "z" | "gmt") => (Tz::UTC, used + 1),
        _ => (from.zone, used),
    };
    if let Some(wall) = wall_clock(&first) {
        let (zone, used) = zone(1);
        return Ok((instant_of(zone, wall), used));
    }
    if let Some(time) = time_of_day(&first) {
        let (zone, used) = zone(1);
        return Ok((next(time, zone, from)?, used));
    }
    let (day, used) = date(words, from.zone, from.now).ok_or(NoTime::NotATime)?;
    let time = word(words, used).as_deref().and_then(time_of_day).ok_or(NoTime::NotATime)?;
    let (zone, used) = zone(used + 1);
    Ok((instant_of(zone, day.and_time(time)), used))
}

fn word(words: &[Word], at: usize) -> Option<String> {
    words.get(at).map(|w| w.text.to_lowercase())
}

/// The next time that the clock shows this after `from.after`.
fn next(time: NaiveTime, zone: Tz, from: From) -> Result<Timestamp, NoTime> {
    let today = from.after.utc().with_timezone(&zone).date_naive();
    let at = instant_of(zone, today.and_time(time));
    if at > from.after {
        return Ok(at);
    }
    if from.after == from.now && from.now.seconds_since(at) <= JUST_PASSED_S {
        return Err(NoTime::JustPassed);
    }
    let tomorrow = today.checked_add_days(Days::new(1)).ok_or(NoTime::NotATime)?;
    Ok(instant_of(zone, tomorrow.and_time(time)))
}

/// `in 2h`, `in 3 days`.
fn in_span(words: &[Word]) -> Option<(i64, usize)> {
    if word(words, 0)? != "in" {
        return None;
    }
    let one = word(words, 1)?;
    match (parse_span(&one), word(words, 2)) {
        (Some(seconds), _) => Some((seconds, 2)),
        (None, Some(unit)) => parse_span(&format!("{one}{unit}")).map(|s| (s, 3)),
        (None, None) => None,
    }
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    let text = text.to_uppercase();
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|f| NaiveDateTime::parse_from_str(&text, f).ok())
        .filter(|t| YEARS.contains(&t.year()))
}

/// The day that the words begin with, and how many of them it takes. A weekday is the next one, never today.
pub fn date(words: &[Word], zone: Tz, now: Timestamp) -> Option<(NaiveDate, usize)> {
    let first = word(words, 0)?;
    let today = now.utc().with_timezone(&zone).date_naive();
    let plus = |days: u64| today.checked_add_days(Days::new(days));
    let (day, used) = match first.as_str() {
        "today" => (today, 1),
        "tomorrow" => (plus(1)?, 1),
        "in" => {
            let count: u32 = word(words, 1)?.parse().ok()?;
            let day = match word(words, 2)?.trim_end_matches('s') {
                "day" => plus(count.into())?,
                "week" => plus(u64::from(count).checked_mul(7)?)?,
                "month" => today.checked_add_months(Months::new(count))?,
                _ => return None,
            };
            (day, 3)
        }
        text => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => (day, 1),
            Err(_) => {
                let wanted = Weekday::from_str(text).ok()?;
                let ahead = (7 + wanted.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
                (plus(if ahead == 0 { 7 } else { ahead.into() })?, 1)
            }
        },
    };
    YEARS.contains(&day.year()).then_some((day, used))
}

/// Whether somebody has tried to write a day: `2026-13-45`, `3 days`.
pub fn looks_like_date(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['-', '/', '.'])
}

/// A time as a person in that zone reads it.
pub fn local(at: Timestamp, zone: Tz) -> String {
    at.utc().with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::words::Words;

    // A Sunday, 03:30 in Madrid.
    const NOW: &str = "2026-11-22T02:30:00Z";

    fn at(text: &str) -> Timestamp {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    fn read(text: &str, after: &str) -> Result<(String, usize), NoTime> {
        let words = Words::new(text);
        let from = From { now: at(NOW), after: at(after), zone: chrono_tz::Europe::Madrid };
        point(words.left(), from).map(|(t, n)| (t.utc().format("%Y-%m-%dT%H:%MZ").to_string(), n))
    }

    #[test]
    fn times_are_read_in_the_zone_of_whoever_says_them() {
        for (text, expected, used) in [
            ("now", "2026-11-22T02:30Z", 1),
            ("+2h", "2026-11-22T04:30Z", 1),
            ("in 2 hours", "2026-11-22T04:30Z", 3),
            ("in 90m please", "2026-11-22T04:00Z", 2),
            ("07:00", "2026-11-22T06:00Z", 1),
            ("7:00 UTC", "2026-11-22T07:00Z", 2),
            ("tomorrow 09:00 x", "2026-11-23T08:00Z", 2),
            ("Friday 09:00", "2026-11-27T08:00Z", 2),
            ("sunday 09:00", "2026-11-29T08:00Z", 2),
            ("2026-07-01 18:00", "2026-07-01T16:00Z", 2),
            ("2026-07-01t18:00", "2026-07-01T16:00Z", 1),
            ("2026-07-01 18:00 utc", "2026-07-01T18:00Z", 3),
            ("2026-12-24T18:00:00+02:00", "2026-12-24T16:00Z", 1),
        ] {
            assert_eq!(read(text, NOW), Ok((expected.to_string(), used)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none_and_what_has_just_passed_is_not_tomorrow() {
        for text in ["", "soon", "25:00", "friday", "2026-02-30 10:00", "+5", "12026-01-01 10:00", "in", "in 3 parsecs"]
        {
            assert_eq!(read(text, NOW), Err(NoTime::NotATime), "{text}");
        }
        assert_eq!(read("03:00", NOW), Err(NoTime::JustPassed));
        // Twenty hours ago: tomorrow's is meant.
        assert_eq!(read("21:00", "2026-11-22T02:30:00Z"), Ok(("2026-11-22T20:00Z".to_string(), 1)));
    }

    #[test]
    fn an_end_counts_from_its_beginning() {
        let begin = "2026-11-27T17:00:00Z";
        assert_eq!(read("09:00", begin), Ok(("2026-11-28T08:00Z".to_string(), 1)));
        assert_eq!(read("+2h", begin), Ok(("2026-11-27T19:00Z".to_string(), 1)));
        assert_eq!(read("tomorrow 09:00", begin), Ok(("2026-11-23T08:00Z".to_string(), 2)));
    }

    #[test]
    fn an_hour_that_is_skipped_or_repeated_has_one_instant() {
        assert_eq!(read("2027-03-28 02:30", NOW), Ok(("2027-03-28T01:00Z".to_string(), 2)));
        assert_eq!(read("2027-10-31 02:30", NOW), Ok(("2027-10-31T00:30Z".to_string(), 2)));
    }

    #[test]
    fn days_are_read_as_people_say_them() {
        for (text, expected) in [
            ("2026-12-01", Some("2026-12-01")),
            ("tomorrow", Some("2026-11-23")),
            ("friday", Some("2026-11-27")),
            ("sun", Some("2026-11-29")),
            ("in 3 days", Some("2026-11-25")),
            ("in 2 weeks", Some("2026-12-06")),
            ("in 1 month", Some("2026-12-22")),
            ("in 99999999999 days", None),
            ("in 4294967295 months", None),
            ("2026-13-45", None),
            ("someday", None),
        ] {
            let words = Words::new(text);
            let day = date(words.left(), chrono_tz::Europe::Madrid, at(NOW)).map(|d| d.0.to_string());
            assert_eq!(day.as_deref(), expected, "{text}");
        }
    }
}
