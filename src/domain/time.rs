//! Points in time and spans as Firebell stores and speaks them: microseconds since 1970 in UTC, because
//! both databases keep exactly that much. Never reads a clock: see `src/clock.rs` for the one place that does.

use chrono::{DateTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A point in time in microseconds since the Unix epoch (UTC).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

pub const SECOND: i64 = 1_000_000;

impl Timestamp {
    pub fn plus_s(self, seconds: i64) -> Self {
        Timestamp(self.0.saturating_add(seconds.saturating_mul(SECOND)))
    }
    pub fn plus_us(self, micros: i64) -> Self {
        Timestamp(self.0.saturating_add(micros))
    }
    /// Seconds from `earlier` to `self`, rounded down; negative when `self` is earlier.
    pub fn seconds_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(SECOND)
    }
    /// As a calendar time. Times outside chrono's range (year ±262,000) are pinned to its ends.
    pub fn utc(self) -> DateTime<Utc> {
        match Utc.timestamp_micros(self.0) {
            chrono::LocalResult::Single(t) => t,
            _ if self.0 < 0 => DateTime::<Utc>::MIN_UTC,
            _ => DateTime::<Utc>::MAX_UTC,
        }
    }
    /// RFC 3339 with microseconds, as the API prints it.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(t: DateTime<Utc>) -> Self {
        Timestamp(t.timestamp_micros())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.utc().format("%Y-%m-%d %H:%M UTC"))
    }
}

/// A span as people say it: "45 s", "5 min", "2 h 30 min", "3 d 4 h". Negative spans read as zero.
pub fn span(seconds: i64) -> String {
    let s = seconds.max(0);
    let (d, h, m) = (s / 86_400, s % 86_400 / 3_600, s % 3_600 / 60);
    match (d, h, m) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, m) if s % 60 == 0 || m >= 10 => format!("{m} min"),
        (0, 0, m) => format!("{m} min {} s", s % 60),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, 0, _) => format!("{d} d"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// Reads a span as people and configuration write it: `90s`, `5m`, `5 min`, `2h30m`, `1 day`, `1w`.
/// A bare number is refused, because nobody agrees on its unit.
pub fn parse_span(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let n: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let unit = match rest.get(..letters)?.to_ascii_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "wk" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        total = total.checked_add(n.checked_mul(unit)?)?;
        rest = rest.get(letters..)?.trim_start_matches([' ', ',']);
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("5m", 300),
            ("5 min", 300),
            ("2h30m", 9_000),
            ("1 day", 86_400),
            ("1w", 604_800),
            ("1h, 5m", 3_900),
        ] {
            assert_eq!(parse_span(text), Some(seconds), "{text}");
        }
        for text in ["", "5", "m", "-5m", "5 parsecs", "99999999999999999999h", "9999999999999999w"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn spans_print_short() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (90, "1 min 30 s"),
            (300, "5 min"),
            (754, "12 min"),
            (9_000, "2 h 30 min"),
            (7_200, "2 h"),
            (100_000, "1 d 3 h"),
            (-4, "0 s"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
