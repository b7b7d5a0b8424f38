//! Units of readings and thresholds: `91 %` is judged by `> 90 %`, `1,200 ms` by `> 1 s`. What cannot be brought into the
//! threshold's unit is not judged by it. Also reads the one value that a command may print by itself.

/// What a unit measures, and how many of the base that is.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Seconds,
    Bytes,
    Percent,
    PerSecond,
}

fn unit(text: &str) -> Option<(Of, f64)> {
    const KIB: f64 = 1_024.0;
    let lower = text.trim().to_lowercase();
    Some(match lower.trim_end_matches('.') {
        "us" | "µs" => (Of::Seconds, 1e-6),
        "ms" | "msec" | "millisecond" | "milliseconds" => (Of::Seconds, 1e-3),
        "s" | "sec" | "secs" | "second" | "seconds" => (Of::Seconds, 1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => (Of::Seconds, 60.0),
        "h" | "hour" | "hours" => (Of::Seconds, 3_600.0),
        "d" | "day" | "days" => (Of::Seconds, 86_400.0),
        "b" | "byte" | "bytes" => (Of::Bytes, 1.0),
        "kb" => (Of::Bytes, 1e3),
        "mb" => (Of::Bytes, 1e6),
        "gb" => (Of::Bytes, 1e9),
        "tb" => (Of::Bytes, 1e12),
        "k" | "kib" => (Of::Bytes, KIB),
        "mib" => (Of::Bytes, KIB * KIB),
        "g" | "gib" => (Of::Bytes, KIB * KIB * KIB),
        "tib" => (Of::Bytes, KIB * KIB * KIB * KIB),
        "%" | "percent" | "pct" => (Of::Percent, 1.0),
        "/s" | "per second" | "req/s" | "rps" | "qps" | "requests/s" => (Of::PerSecond, 1.0),
        "/min" | "per minute" | "req/min" | "rpm" => (Of::PerSecond, 1.0 / 60.0),
        _ => return None,
    })
}

/// A value in another unit. One that is not said is taken to be the other.
pub fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    if from.is_empty() || to.is_empty() || from.eq_ignore_ascii_case(to) {
        return Some(value);
    }
    let (from, to) = (unit(from)?, unit(to)?);
    (from.0 == to.0).then(|| value * from.1 / to.1)
}

/// The one value that a command printed, with its unit: `512`, `(integer) 512`, `93%`, `1.5 GB`, or the only row of the
/// only column of a table of psql. `None` where it said more than that.
pub fn only_value(said: &str) -> Option<(f64, String)> {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let line = match lines.as_slice() {
        [only] => only.strip_prefix("(integer) ").unwrap_or(only),
        [_, rule, value, "(1 row)"] if rule.chars().all(|c| c == '-') => value,
        _ => return None,
    };
    let line = line.trim_matches('"');
    let digits = line.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(line.len());
    let (number, rest) = line.split_at_checked(digits)?;
    let value: f64 = number.parse().ok()?;
    let rest = rest.trim();
    (rest.is_empty() || unit(rest).is_some()).then(|| (value, rest.to_string()))
}

/// As people read it: no more digits than it takes.
pub fn shown(value: f64) -> String {
    if value.fract().abs() < 0.05 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_brought_into_the_unit_of_its_threshold_or_not_judged() {
        for (value, from, to, expected) in [
            (1_200.0, "ms", "s", Some(1.2)),
            (2.0, "min", "seconds", Some(120.0)),
            (1_500.0, "MB", "GB", Some(1.5)),
            (2.0, "GiB", "MiB", Some(2_048.0)),
            (91.0, "%", "percent", Some(91.0)),
            (600.0, "req/min", "req/s", Some(10.0)),
            (7.0, "", "ms", Some(7.0)),
            (7.0, "widgets", "Widgets", Some(7.0)),
            (7.0, "widgets", "ms", None),
            (7.0, "ms", "MB", None),
        ] {
            let found = convert(value, from, to);
            let same = match (found, expected) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-9,
                (a, b) => a.is_none() && b.is_none(),
            };
            assert!(same, "{value} {from} in {to}: {found:?}");
        }
    }

    #[test]
    fn what_prints_one_value_is_read_and_what_prints_more_is_not() {
        for (said, expected) in [
            ("512\n", Some((512.0, ""))),
            ("(integer) 512", Some((512.0, ""))),
            (" count \n-------\n   42\n(1 row)\n", Some((42.0, ""))),
            ("93%", Some((93.0, "%"))),
            ("1.5 GB", Some((1.5, "GB"))),
            ("-1", Some((-1.0, ""))),
        ] {
            assert_eq!(only_value(said), expected.map(|(v, u)| (v, u.to_string())), "{said}");
        }
        for said in ["", "ok", "512 orders wait", "1\n2", "2026-11-22", "1.2.3", "-", "web-1"] {
            assert_eq!(only_value(said), None, "{said}");
        }
    }
}
