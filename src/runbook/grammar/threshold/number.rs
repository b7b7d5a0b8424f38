//! The number of a limit and its unit: `15,000`, `2.000`, `99,9 %`, `18K/sec`.

use super::blanks;
use super::words::{BEHIND, UNITS};

/// `15,000`, `1.5`, `99,9`: a comma before exactly three digits groups, otherwise it is the decimal point.
pub fn number(text: &str) -> Option<(f64, usize)> {
    if let Some(grouped) = grouped(text) {
        return Some(grouped);
    }
    let end = text.bytes().position(|b| !(b.is_ascii_digit() || matches!(b, b'.' | b',' | b'_'))).unwrap_or(text.len());
    let raw = text[..end].trim_end_matches([',', '.', '_']);
    if !raw.bytes().any(|b| b.is_ascii_digit()) || !raw.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let groups: Vec<&str> = raw.split(',').collect();
    let plain = if groups.len() > 1 && groups[1..].iter().all(|g| g.split('.').next().unwrap_or("").len() == 3) {
        raw.replace([',', '_'], "")
    } else {
        raw.replace(',', ".").replace('_', "")
    };
    plain.parse().ok().map(|value| (value, raw.len()))
}

/// `10 000`, `2.000`: groups of three as much of the world writes them. A share or a time of three decimals is none.
fn grouped(text: &str) -> Option<(f64, usize)> {
    let first = text.find(|c: char| !c.is_ascii_digit())?;
    let mark = text[first..].chars().next().filter(|c| matches!(c, ' ' | '.' | '\u{a0}' | '\u{202f}' | '\''))?;
    if !(1..=3).contains(&first) || text.starts_with('0') {
        return None;
    }
    let (mut end, mut digits) = (first, text[..first].to_owned());
    while let Some(group) = text[end..].strip_prefix(mark).and_then(|rest| rest.get(..3))
        && group.bytes().all(|b| b.is_ascii_digit())
    {
        digits.push_str(group);
        end += mark.len_utf8() + 3;
    }
    let after = text[end..].trim_start();
    let goes_on = text[end..].starts_with(|c: char| c.is_ascii_digit() || c == ',' || c == '.' && mark == '.');
    let fine = mark == '.' && (after.starts_with('%') || after.starts_with("s ") || after == "s");
    (end > first && !goes_on && !fine).then(|| digits.parse().ok().map(|value| (value, end))).flatten()
}

/// `18K/sec` is 18,000; `5M` is 5,000,000. `MB` and `ms` are units.
pub fn multiplier(text: &str) -> Option<(f64, usize)> {
    let mut chars = text.chars();
    let factor = match chars.next()? {
        'k' | 'K' => 1e3,
        'M' => 1e6,
        _ => return None,
    };
    let next = chars.next();
    next.is_none_or(|c| !c.is_alphanumeric()).then_some((factor, 1))
}

/// What the number counts, as written: `%`, `ms`, `/sec`, `jobs/minute`, `GB`.
pub fn unit(text: &str) -> (Option<String>, usize) {
    let ahead = blanks(text);
    let rest = &text[ahead..];
    if rest.starts_with(['%', '％']) {
        let width = rest.chars().next().map_or(1, char::len_utf8);
        return (Some("%".into()), ahead + width);
    }
    let end = rest
        .find(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | ')' | '(' | '，' | '。' | '|' | ':' | '：' | '<' | '>' | '`')
        })
        .unwrap_or(rest.len());
    let mut word = rest[..end].trim_end_matches(['.', '*']);
    for (behind, _) in BEHIND {
        if let Some(at) = word.find(behind) {
            word = &word[..at];
        }
    }
    let lower = word.to_lowercase();
    let rate = lower.split_once('/').is_some_and(|(what, per)| {
        what.chars().all(char::is_alphabetic)
            && matches!(per, "s" | "sec" | "second" | "min" | "minute" | "m" | "h" | "hr" | "hour" | "day" | "d")
    });
    // A word that stands apart may be the beginning of a sentence; only what is known counts there.
    if word.is_empty() || !(UNITS.contains(&lower.as_str()) || rate) {
        return (None, 0);
    }
    (Some(word.to_owned()), ahead + word.len())
}
