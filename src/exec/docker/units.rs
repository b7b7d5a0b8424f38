//! Sizes, spans and moments in the words of the docker command line.

use crate::clock;
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// `1.5g`, `512MiB`, `2gb`: with units of 1,024, as for memory.
pub fn bytes(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let power = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return None,
    };
    let value = number.parse::<f64>().ok()? * 1024_f64.powi(power);
    (value < 9e18).then_some(value as i64)
}

/// As of images and networks: `1.24GB`.
pub fn human(bytes: i64) -> String {
    scaled(bytes as f64, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB"], 3)
}

/// As of the disk's use: `1.235GB`.
pub fn human_exact(bytes: i64) -> String {
    scaled(bytes as f64, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB"], 4)
}

/// As of memory: `12.34MiB`.
pub fn human_binary(bytes: u64) -> String {
    scaled(bytes as f64, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 4)
}

fn scaled(mut value: f64, base: f64, units: &[&str], digits: usize) -> String {
    let mut unit = 0;
    while value >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    format!("{}{}", significant(value, digits), units[unit])
}

/// A number with so many digits that count, without zeros at its end.
fn significant(value: f64, digits: usize) -> String {
    let before = if value < 1.0 { 1 } else { value.log10().floor() as usize + 1 };
    let text = format!("{value:.*}", digits.saturating_sub(before));
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// `About an hour`, `3 weeks`.
pub fn span(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, (seconds as f64 / 3600.0).round() as i64);
    match seconds {
        ..1 => "Less than a second".to_string(),
        1 => "1 second".to_string(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".to_string(),
        120..3600 => format!("{minutes} minutes"),
        _ if hours == 1 => "About an hour".to_string(),
        _ if hours < 48 => format!("{hours} hours"),
        _ if hours < 24 * 7 * 2 => format!("{} days", hours / 24),
        _ if hours < 24 * 30 * 2 => format!("{} weeks", hours / 24 / 7),
        _ if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

/// A `--since` or `--until`: `24h`, `1h30m`, a number of seconds since 1970, a date or a time. In seconds since 1970.
pub fn moment(text: &str, now: DateTime<Utc>) -> Option<i64> {
    if let Some(seconds) = go_span(text) {
        return Some(now.timestamp() - seconds);
    }
    if let Ok(seconds) = text.split('.').next()?.parse::<i64>() {
        return Some(seconds);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"];
    let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let time = time.or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0));
    time.map(|time| time.and_utc().timestamp())
}

/// `1h30m`, in seconds, rounded down.
fn go_span(text: &str) -> Option<i64> {
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let number: f64 = rest[..at].parse().ok()?;
        let after = &rest[at..];
        let (unit, seconds) = [("ms", 0.001), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)]
            .into_iter()
            .find(|(unit, _)| after.starts_with(unit))?;
        total += number * seconds;
        rest = &after[unit.len()..];
    }
    (!text.is_empty() && total < 1e12).then_some(total as i64)
}

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(clock::system_now().0).unwrap_or_default()
}

pub fn date(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S +0000 UTC").to_string()
}

pub fn rfc3339(seconds: i64, nanos: u32) -> String {
    DateTime::from_timestamp(seconds, nanos).map_or(String::new(), |t| t.to_rfc3339_opts(SecondsFormat::Nanos, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_the_command_line_writes_them() {
        for (bytes, text) in [
            (0, "0B"),
            (999, "999B"),
            (1_000, "1kB"),
            (1_239_999, "1.24MB"),
            (123_456_789, "123MB"),
            (5_000_000_000, "5GB"),
        ] {
            assert_eq!(human(bytes), text);
        }
        for (bytes, text) in
            [(0, "0B"), (1024, "1KiB"), (12_939_428, "12.34MiB"), (2_147_483_648, "2GiB"), (655_360, "640KiB")]
        {
            assert_eq!(human_binary(bytes), text);
        }
        for (text, value) in
            [("512m", Some(536_870_912)), ("1.5g", Some(1_610_612_736)), ("2GiB", Some(2_147_483_648)), ("x", None)]
        {
            assert_eq!(bytes(text), value, "{text}");
        }
    }

    #[test]
    fn spans_are_written_as_the_command_line_writes_them() {
        for (seconds, text) in [
            (0, "Less than a second"),
            (45, "45 seconds"),
            (61, "About a minute"),
            (600, "10 minutes"),
            (3_700, "About an hour"),
            (7_200, "2 hours"),
            (86_400 * 3, "3 days"),
            (86_400 * 20, "2 weeks"),
            (86_400 * 100, "3 months"),
            (86_400 * 800, "2 years"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn moments_are_read_in_all_their_forms() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("a time");
        for (text, expected) in [
            ("24h", Some(1_790_000_000 - 86_400)),
            ("1h30m", Some(1_790_000_000 - 5_400)),
            ("1700000000", Some(1_700_000_000)),
            ("2026-01-05", Some(1_767_571_200)),
            ("2026-01-05T00:00:00Z", Some(1_767_571_200)),
            ("2026-01-05T02:00:00+02:00", Some(1_767_571_200)),
            ("2026-01-05T00:00:00", Some(1_767_571_200)),
            ("yesterday", None),
            ("h", None),
            ("", None),
        ] {
            assert_eq!(moment(text, now), expected, "{text}");
        }
    }
}
