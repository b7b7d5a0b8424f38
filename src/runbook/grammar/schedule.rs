//! Rhythms: "Sunday 2:00 AM", "First Monday", "every 90 days", "wöchentlich, Mo 6 Uhr", "毎月1日 3時", crontab lines.
//!
//! Says what is written; the zone is never assumed, and cron is given only where it says exactly the same.

mod cron;
mod parts;
#[cfg(test)]
mod tests;

pub use cron::{cron_expression, cron_line};

use crate::fold::Fold;
use crate::lexicon::{Often, lexicon};
use crate::model::Cadence;
use parts::Parts;
use std::ops::Range;

/// When something recurs, as far as one text says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rhythm {
    /// None for what has no name ("every 10 minutes", "twice a year") and for a time of day alone.
    pub cadence: Option<Cadence>,
    /// Weekday, position, time, interval as written; a mere "weekly" says no more than the cadence.
    pub when: Option<String>,
    pub cron: Option<String>,
    /// Bytes of the folded text between the first and the last word of it.
    pub range: Range<usize>,
    /// Says by itself that something recurs; a lone time of day or weekday does not.
    pub strong: bool,
}

/// What a text says of when; none if it names neither rhythm nor day nor time of day.
pub fn rhythm(text: &str) -> Option<Rhythm> {
    let fold = Fold::new(text);
    if !may_recur(&fold.text) {
        return None;
    }
    of_parts(&fold, &Parts::read(&fold))
}

/// Whether anything in a folded text can be part of a rhythm, or of a cron line: most lines are done with this.
pub fn may_recur(folded: &str) -> bool {
    folded.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'*' | b'@'))
        || lexicon().recurring.may_hold(folded, |()| true)
}

/// One rhythm for each clause that has its own: "review weekly, apply monthly" gives the clauses and their rhythms.
pub fn clauses(text: &str) -> Vec<(String, Rhythm)> {
    let mut pieces: Vec<&str> = vec![];
    let mut start = 0;
    for (at, sep) in text.match_indices([',', ';', '，', '；', '、']) {
        // Not the comma of a number.
        if text[at + sep.len()..].starts_with([' ', '\t']) || sep.len() > 1 {
            pieces.push(&text[start..at]);
            start = at + sep.len();
        }
    }
    pieces.push(&text[start..]);
    let pieces: Vec<&str> = pieces.into_iter().map(str::trim).filter(|p| !p.is_empty()).collect();
    let own = |p: &&str| Parts::read(&Fold::new(p)).often.is_some();
    if pieces.len() < 2 || !pieces.iter().all(own) {
        return rhythm(text).map(|r| (text.trim().to_string(), r)).into_iter().collect();
    }
    pieces.into_iter().filter_map(|p| rhythm(p).map(|r| (p.to_string(), r))).collect()
}

/// The text without the words of its rhythm, the parenthesis around them, and what joined the two.
pub fn without(text: &str, rhythm: &Rhythm) -> String {
    let fold = Fold::new(text);
    let source = fold.source();
    let (from, to) = (fold.back(rhythm.range.start), fold.back(rhythm.range.end));
    let (mut before, mut after) = (source[..from].trim_end(), source[to.max(from)..].trim_start());
    if before.ends_with(['(', '[', '（', '【'])
        && let Some(rest) = after.strip_prefix([')', ']', '）', '】'])
    {
        before = before.trim_end_matches(['(', '[', '（', '【']);
        after = rest;
    }
    let join = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | '：' | ',' | '|' | '/' | '·');
    let (before, after) = (before.trim_end_matches(join), after.trim_start_matches(join));
    let both = [before, after].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
    both.join(" ").trim_matches(join).trim_matches('*').trim().to_string()
}

fn of_parts(fold: &Fold, parts: &Parts) -> Option<Rhythm> {
    let interval = parts.interval.as_ref().map(|(_, s)| *s);
    let ordinal_day = parts.weekday_of_month();
    let cadence = match parts.often.as_ref().map(|(_, o)| *o) {
        Some(Often::Other) => None,
        // "Monday of each month" names a position only with an ordinal, yet is monthly as said.
        Some(often) => named(often),
        None if interval.is_some() => interval.and_then(of_seconds),
        None if ordinal_day => Some(Cadence::Monthly),
        None => match (parts.months.len(), parts.days.is_empty(), parts.weekdays.len()) {
            (4, _, _) => Some(Cadence::Quarterly),
            (1.., _, _) => Some(Cadence::Yearly),
            (0, false, 0) => Some(Cadence::Monthly),
            (0, _, 1..=3) => Some(Cadence::Weekly),
            (0, _, 5..) => Some(Cadence::Daily),
            _ => None,
        },
    };
    // The nearer word wins over the wider one: weekly work on every first Monday is monthly.
    let cadence = if ordinal_day && cadence == Some(Cadence::Weekly) { Some(Cadence::Monthly) } else { cadence };
    let often = parts.often.as_ref().map(|(_, o)| *o);
    let range = parts.range()?;
    let specific = parts.specific();
    let when = specific.map(|r| fold.written(r).trim_matches([',', ':', ' ']).to_string());
    let strong = often.is_some() || interval.is_some() || ordinal_day || parts.every_weekday;
    let strong = strong || (!parts.weekdays.is_empty() && !parts.times.is_empty());
    Some(Rhythm { cadence, when: when.filter(|w| !w.is_empty()), cron: parts.cron(cadence), range, strong })
}

fn named(often: Often) -> Option<Cadence> {
    Some(match often {
        Often::Hourly => Cadence::Hourly,
        Often::Daily | Often::Weekdays => Cadence::Daily,
        Often::Weekly => Cadence::Weekly,
        Often::Biweekly => Cadence::Biweekly,
        Often::Monthly => Cadence::Monthly,
        Often::Quarterly => Cadence::Quarterly,
        Often::Yearly => Cadence::Yearly,
        Often::Other => return None,
    })
}

fn of_seconds(seconds: u64) -> Option<Cadence> {
    const DAY: u64 = 86_400;
    Some(match seconds {
        3600 => Cadence::Hourly,
        DAY => Cadence::Daily,
        s if s == 7 * DAY => Cadence::Weekly,
        s if s == 14 * DAY => Cadence::Biweekly,
        s if (28 * DAY..=31 * DAY).contains(&s) => Cadence::Monthly,
        s if (89 * DAY..=92 * DAY).contains(&s) => Cadence::Quarterly,
        s if (360 * DAY..=366 * DAY).contains(&s) => Cadence::Yearly,
        _ => return None,
    })
}
