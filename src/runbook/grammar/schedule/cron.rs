//! Crontab: five fields, or one of its nicknames.

use crate::model::Cadence;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronLine {
    /// Five POSIX fields: names as numbers, Sunday as 0.
    pub cron: String,
    /// As written.
    pub written: String,
    pub cadence: Option<Cadence>,
    pub command: String,
}

/// A line of a crontab: five fields and a command. A user may stand between them; he is part of the command here.
pub fn cron_line(line: &str) -> Option<CronLine> {
    let line = line.trim();
    if let Some(nick) = line.strip_prefix('@') {
        let (word, command) = nick.split_once(char::is_whitespace)?;
        let (cron, cadence) = nickname(word)?;
        let written = format!("@{word}");
        return Some(CronLine { cron, written, cadence, command: command.trim().into() });
    }
    let mut rest = line;
    let mut fields = Vec::new();
    for _ in 0..5 {
        let end = rest.find(char::is_whitespace)?;
        fields.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    let (cron, cadence) = five(&fields)?;
    (!rest.is_empty()).then(|| CronLine { cron, written: fields.join(" "), cadence, command: rest.to_string() })
}

/// An expression alone, as in a cell or a code span.
pub fn cron_expression(text: &str) -> Option<(String, Option<Cadence>)> {
    let text = text.trim().trim_matches(['`', '"', '\'']);
    match text.strip_prefix('@') {
        Some(word) => nickname(word),
        None => five(&text.split_whitespace().collect::<Vec<_>>()),
    }
}

fn nickname(word: &str) -> Option<(String, Option<Cadence>)> {
    let (cron, cadence) = match word {
        "hourly" => ("0 * * * *", Cadence::Hourly),
        "daily" | "midnight" => ("0 0 * * *", Cadence::Daily),
        "weekly" => ("0 0 * * 0", Cadence::Weekly),
        "monthly" => ("0 0 1 * *", Cadence::Monthly),
        "yearly" | "annually" => ("0 0 1 1 *", Cadence::Yearly),
        _ => return None,
    };
    Some((cron.into(), Some(cadence)))
}

fn five(fields: &[&str]) -> Option<(String, Option<Cadence>)> {
    const BOUNDS: [(u8, u8); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    let [minute, hour, day, month, weekday] = fields else { return None };
    let mut written = Vec::new();
    for (n, (text, (low, high))) in [minute, hour, day, month, weekday].into_iter().zip(BOUNDS).enumerate() {
        written.push(field(text, low, high, n)?);
    }
    // Five bare numbers are a row of figures more often than a time.
    if !fields.iter().any(|f| f.contains(['*', '/'])) {
        return None;
    }
    let one = |f: &str| f.chars().all(|c| c.is_ascii_digit());
    let cadence = match written.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [m, "*", "*", "*", "*"] if one(m) => Some(Cadence::Hourly),
        [m, h, "*", "*", "*" | "1-5"] if one(m) && one(h) => Some(Cadence::Daily),
        [m, h, "*", "*", d] if one(m) && one(h) && *d != "*" => Some(Cadence::Weekly),
        [m, h, d, "*", "*"] if one(m) && one(h) && one(d) => Some(Cadence::Monthly),
        [m, h, d, "*/3" | "1,4,7,10" | "3,6,9,12" | "2,5,8,11", "*"] if one(m) && one(h) && one(d) => {
            Some(Cadence::Quarterly)
        }
        [m, h, d, month, "*"] if one(m) && one(h) && one(d) && one(month) => Some(Cadence::Yearly),
        _ => None,
    };
    Some((written.join(" "), cadence))
}

/// One field, its names as numbers.
fn field(text: &str, low: u8, high: u8, place: usize) -> Option<String> {
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let value = |word: &str| -> Option<u8> {
        let lower = word.to_ascii_lowercase();
        let named = match place {
            3 => MONTHS.iter().position(|m| *m == lower).map(|n| n as u8 + 1),
            4 => DAYS.iter().position(|d| *d == lower).map(|n| n as u8),
            _ => None,
        };
        let number = named.or_else(|| word.parse().ok().filter(|_| word.bytes().all(|b| b.is_ascii_digit())))?;
        let number = if place == 4 && number == 7 { 0 } else { number };
        (low..=high).contains(&number).then_some(number)
    };
    let mut parts = Vec::new();
    for part in text.split(',') {
        let (span, step) = part.split_once('/').map_or((part, None), |(a, b)| (a, Some(b)));
        let span = match span.split_once('-') {
            _ if span == "*" => "*".to_string(),
            Some((a, b)) => format!("{}-{}", value(a)?, value(b)?),
            None => value(span)?.to_string(),
        };
        parts.push(match step {
            Some(step) => format!("{span}/{}", step.parse::<u8>().ok().filter(|n| *n > 0)?),
            None => span,
        });
    }
    Some(parts.join(","))
}
