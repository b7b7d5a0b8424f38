//! Amounts, spans and ages in Kubernetes' words.

use crate::clock;
use chrono::DateTime;

/// `250m`, `1.5`, `128Mi`, `2G`, `35137n`: in units, as a number.
pub fn quantity(text: &str) -> Option<f64> {
    let at = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(at);
    let number: f64 = number.parse().ok()?;
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        exponent => 10f64.powi(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(number * factor)
}

/// `1h30m`, `300s`: in seconds.
pub fn span_s(text: &str) -> Option<i64> {
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let number: f64 = rest[..at].parse().ok()?;
        let units = [("ms", 0.001), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (unit, seconds) = units.into_iter().find(|(unit, _)| rest[at..].starts_with(unit))?;
        total += number * seconds;
        rest = &rest[at + unit.len()..];
    }
    (!text.is_empty() && total < 1e9).then_some(total as i64)
}

pub fn is_time(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
}

pub fn now_s() -> i64 {
    clock::system_now().0.div_euclid(1_000_000)
}

pub fn now() -> String {
    let now = DateTime::from_timestamp(now_s(), 0).unwrap_or_default();
    now.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long ago a time of the API was, `5d3h`, as kubectl writes ages.
pub fn age(time: Option<&str>, now_s: i64) -> String {
    let then = time.and_then(|t| DateTime::parse_from_rfc3339(t).ok());
    then.map_or("<unknown>".to_string(), |then| human(now_s - then.timestamp()))
}

fn human(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |big: i64, unit: &str, small: i64, rest: &str| match small {
        0 => format!("{big}{unit}"),
        small => format!("{big}{unit}{small}{rest}"),
    };
    match seconds {
        ..0 => "0s".to_string(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        _ if days < 8 * 365 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// `250m` of processors.
pub fn millicores(cores: f64) -> String {
    format!("{}m", (cores * 1000.0).ceil() as i64)
}

/// `128Mi`.
pub fn mebibytes(bytes: f64) -> String {
    format!("{}Mi", (bytes / (1024.0 * 1024.0)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_all_their_units() {
        for (text, expected) in [
            ("250m", Some(0.25)),
            ("1.5", Some(1.5)),
            ("128Mi", Some(134_217_728.0)),
            ("2G", Some(2e9)),
            ("35137n", Some(0.000_035_137)),
            ("1e3", Some(1000.0)),
            ("", None),
            ("x", None),
            ("1Q", None),
        ] {
            let read = quantity(text);
            let same = match (read, expected) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12 * b.abs().max(1.0),
                (a, b) => a == b,
            };
            assert!(same, "{text}: {read:?}");
        }
        assert_eq!((millicores(0.2501), mebibytes(134_217_728.0)), ("251m".to_string(), "128Mi".to_string()));
    }

    #[test]
    fn ages_are_written_as_kubectl_writes_them() {
        for (seconds, text) in [
            (5, "5s"),
            (119, "119s"),
            (121, "2m1s"),
            (540, "9m"),
            (3_600, "60m"),
            (11_000, "3h3m"),
            (36_000, "10h"),
            (180_000, "2d2h"),
            (86_400 * 30, "30d"),
            (86_400 * 800, "2y70d"),
            (86_400 * 4000, "10y"),
            (-5, "0s"),
        ] {
            assert_eq!(human(seconds), text);
        }
        assert_eq!((span_s("1h30m"), span_s("300s"), span_s("5"), span_s("")), (Some(5_400), Some(300), None, None));
    }
}
