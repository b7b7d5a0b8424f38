//! Times that are lengths: "< 15 minutes", "1-2 h", "binnen 30 Min.", "30分以内", "next business day", "every 90 days".
//!
//! Never a time of day and never a date: those are `schedule`'s.

#[cfg(test)]
mod tests;

use crate::fold::{Fold, is_wide, key};
use crate::lexicon::{Bound, Moment, Unit, lexicon};
use std::ops::Range;

/// Beyond it a number is no time (a century in seconds).
const MAX_SECONDS: f64 = 3.2e9;

#[derive(Clone, Debug, PartialEq)]
pub enum Dur {
    Exact(u64),
    UpTo(u64),
    Range(u64, u64),
    /// Counted by the calendar: business days and hours, next day, end of day. Without seconds where none are said.
    Calendar {
        seconds: Option<u64>,
        business: bool,
    },
    Immediate,
    /// Said to have no time: best effort, n/a.
    None,
    /// Every so many seconds.
    Cadence(u64),
    /// A time, but more than one or with conditions: kept as written.
    Verbatim(String),
}

impl Dur {
    /// The latest moment it allows.
    pub fn upper_s(&self) -> Option<u64> {
        match self {
            Dur::Exact(s) | Dur::UpTo(s) | Dur::Range(_, s) => Some(*s),
            Dur::Calendar { seconds, .. } => *seconds,
            Dur::Immediate => Some(0),
            Dur::None | Dur::Cadence(_) | Dur::Verbatim(_) => None,
        }
    }

    /// The earliest moment it speaks of.
    pub fn lower_s(&self) -> Option<u64> {
        match self {
            Dur::Range(s, _) => Some(*s),
            Dur::UpTo(_) => Some(0),
            other => other.upper_s(),
        }
    }

    /// No clock may count it as plain seconds.
    pub fn business(&self) -> bool {
        matches!(self, Dur::Calendar { business: true, .. })
    }
}

/// A length inside a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Bytes of the folded text, with the words that bound it.
    pub range: Range<usize>,
    pub dur: Dur,
    pub bound: Option<Bound>,
}

/// What a whole cell says.
pub fn duration(text: &str) -> Option<Dur> {
    const WORDS_MAX: usize = 7;
    let known = lexicon();
    let fold = Fold::new(text.trim());
    if !fold.text.is_empty() && fold.text.chars().all(|c| matches!(c, '-' | ' ')) {
        return Some(Dur::None);
    }
    let whole = key(text);
    if let Some(dur) = known.moments.whole(&whole).and_then(moment) {
        return Some(dur);
    }
    let mut found: Vec<Found> = scan_as(&fold, true);
    let moments: Vec<Moment> = known.moments.all(&whole).into_iter().map(|(_, m)| m).collect();
    // "15 minutes (24/7)": how long service runs is no second time.
    found.retain(|f| f.bound != Some(Bound::Last));
    match found.as_slice() {
        [one] => Some(match (&one.dur, one.dur.upper_s()) {
            (Dur::Cadence(_), _) => one.dur.clone(),
            (_, Some(seconds)) if moments.contains(&Moment::BusinessTime) => {
                Dur::Calendar { seconds: Some(seconds), business: true }
            }
            _ => one.dur.clone(),
        }),
        [] if whole.split_whitespace().count() <= WORDS_MAX => moments.into_iter().find_map(moment),
        [] => None,
        [first, rest @ ..] if rest.iter().all(|f| f.dur == first.dur) => Some(first.dur.clone()),
        _ => Some(Dur::Verbatim(text.trim().to_string())),
    }
}

fn moment(moment: Moment) -> Option<Dur> {
    const DAY: u64 = 86_400;
    match moment {
        Moment::Now => Some(Dur::Immediate),
        Moment::NextBusinessDay => Some(Dur::Calendar { seconds: Some(DAY), business: true }),
        Moment::NextDay => Some(Dur::Calendar { seconds: Some(DAY), business: false }),
        Moment::EndOfDay => Some(Dur::Calendar { seconds: None, business: false }),
        Moment::BestEffort => Some(Dur::None),
        Moment::BusinessTime | Moment::AroundTheClock => None,
    }
}

/// Whether a text says a length and nothing else.
pub fn only_duration(text: &str) -> bool {
    const FILLERS: usize = 3;
    let fold = Fold::new(text);
    match scan_as(&fold, true).as_slice() {
        [one] => {
            let rest = fold.text.len() - one.range.len();
            let letters = |r: &str| r.chars().filter(|c| c.is_alphabetic()).count();
            rest == 0 || letters(&fold.text[..one.range.start]) + letters(&fold.text[one.range.end..]) <= FILLERS
        }
        _ => lexicon().moments.whole(&key(text)).is_some(),
    }
}

/// Every length in a text, as bytes of the text.
pub fn find(text: &str) -> Vec<(Range<usize>, Dur)> {
    let fold = Fold::new(text);
    let inside = |at: usize| (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let place = |r: &Range<usize>| inside(fold.back(r.start))..inside(fold.back(r.end));
    scan(&fold).into_iter().map(|f| (place(&f.range), f.dur)).collect()
}

/// Every length in a folded text, from left to right.
pub fn scan(fold: &Fold) -> Vec<Found> {
    scan_as(fold, false)
}

/// `alone`: nothing but a length is expected, so that "1h30" is no time of day.
fn scan_as(fold: &Fold, alone: bool) -> Vec<Found> {
    let text = fold.text.as_str();
    // Without a number only "every minute" is a length.
    let known = lexicon();
    let every = |bound| bound == Bound::Every;
    if !text.bytes().any(|b| b.is_ascii_digit())
        && !known.numbers.may_hold(text, |_| true)
        && !known.before.may_hold(text, every)
    {
        return Vec::new();
    }
    let (mut found, mut skip_to, mut before, mut earlier) = (Vec::new(), 0, ' ', ' ');
    for (at, c) in text.char_indices() {
        let starts = !before.is_alphanumeric() || is_wide(before) || (is_wide(c) && !before.is_ascii_digit());
        // `1.5`, `10:30`, `v2-3`: the middle of a number is no number; `$5m` is no time. `时间:5分` begins one.
        let inside = (c.is_ascii_digit() && matches!(before, '.' | ',' | '$' | '€' | '#' | '_' | '/' | '@'))
            || (c.is_ascii_digit() && before == ':' && !is_wide(earlier) && !earlier.is_alphabetic())
            || matches!(before, '_' | '@');
        (earlier, before) = (before, c);
        if at < skip_to || !starts || inside || c == ' ' {
            continue;
        }
        if let Some(one) = (Parser { fold, text, alone }).length(at) {
            skip_to = one.range.end;
            found.push(one);
        }
    }
    found
}

/// From when to when something lasts: "0-5 min", "first 15 minutes", "minutes 5 to 10", "T+5 to T+15 min".
pub fn window(text: &str) -> Option<[u64; 2]> {
    let fold = Fold::new(text);
    scan_as(&fold, true).into_iter().find_map(|f| match (f.dur, f.bound) {
        (Dur::Range(from, to), bound) if bound != Some(Bound::Every) => Some([from, to]),
        (Dur::Exact(to) | Dur::UpTo(to), Some(Bound::First)) => Some([0, to]),
        _ => None,
    })
}

struct Parser<'a> {
    fold: &'a Fold<'a>,
    text: &'a str,
    alone: bool,
}

/// A number as written, and the unit behind it if there is one.
struct Amount {
    value: f64,
    unit: Option<Unit>,
    end: usize,
}

impl Parser<'_> {
    fn length(&self, at: usize) -> Option<Found> {
        let known = lexicon();
        let (mut pos, mut bound) = (at, None);
        // "for about 5 minutes", "within the first 10 minutes": the last one said is the nearest.
        while let Some((len, means)) = known.before.at(self.text, pos).filter(|_| pos < at + 60) {
            bound = match (bound, means) {
                (Some(_), Bound::About) => bound,
                (Some(Bound::Every), Bound::UpTo) => bound,
                _ => Some(means),
            };
            pos = self.blank(pos + len);
        }
        if let Some(range) = self.unit_first(pos) {
            return Some(Found { range: at..range.1, dur: Dur::Range(range.0[0], range.0[1]), bound });
        }
        let Some(mut first) = self.amount(pos) else {
            // "every minute", "毎分": a unit alone, once.
            let every = bound == Some(Bound::Every);
            let (len, unit) = known.units.at(self.text, pos).filter(|_| every)?;
            return Some(Found {
                range: at..pos + len,
                dur: Dur::Cadence(seconds(1.0, unit)?),
                bound: Some(Bound::Every),
            });
        };
        let mut second = None;
        if let Some(other) = self.second(first.end)
            && (first.unit.is_some() || other.unit.is_some())
        {
            first.unit = first.unit.or(other.unit);
            second = Some(other);
        }
        // "T+30" counts minutes.
        let minutes = self.text[at..].starts_with("t+").then_some(Unit::Minute);
        let unit = first.unit.or(minutes)?;
        let mut end = second.as_ref().map_or(first.end, |s| s.end);
        let (mut low, mut high) = (seconds(first.value, unit)?, None);
        match &second {
            Some(s) => high = Some(seconds(s.value, s.unit.unwrap_or(unit))?),
            None => (low, end) = self.compound(low, unit, end, bound.is_some()),
        }
        while let Some((next, means)) = self.behind(end) {
            bound = match means {
                Bound::About => bound.or(Some(Bound::About)),
                Bound::After if bound == Some(Bound::First) => bound,
                _ => Some(means),
            };
            end = next;
        }
        let business = unit.business() || second.as_ref().and_then(|s| s.unit).is_some_and(Unit::business);
        let dur = match (bound, high) {
            (Some(Bound::Every), _) => Dur::Cadence(high.unwrap_or(low)),
            (_, high) if business => Dur::Calendar { seconds: Some(high.unwrap_or(low)), business: true },
            (_, Some(high)) if low <= high => Dur::Range(low, high),
            (_, Some(_)) => return None,
            (Some(Bound::UpTo), None) => Dur::UpTo(low),
            _ => Dur::Exact(low),
        };
        Some(Found { range: at..end, dur, bound })
    }

    fn blank(&self, at: usize) -> usize {
        self.text[at..].find(|c| c != ' ').map_or(self.text.len(), |n| at + n)
    }

    /// "Minutes 0-5": only with a range, since "minute 5" is the name of a moment.
    fn unit_first(&self, at: usize) -> Option<([u64; 2], usize)> {
        let (len, unit) = lexicon().units.at(self.text, at).filter(|(len, _)| *len > 2)?;
        let first = self.number(self.blank(at + len)).filter(|_| self.text[at + len..].starts_with(' '))?;
        let second = self.second(first.1)?;
        let unit_two = second.unit.unwrap_or(unit);
        Some(([seconds(first.0, unit)?, seconds(second.value, unit_two)?], second.end)).filter(|(r, _)| r[0] <= r[1])
    }

    fn amount(&self, at: usize) -> Option<Amount> {
        let (value, mut end) = self.number(at)?;
        if self.text[end..].starts_with('+') {
            end += 1;
        }
        let unit_at = self.blank(end);
        // "15-minute window"; not the dash of a range, which has a number behind it.
        let unit_at = if self.text[unit_at..].starts_with('-') { unit_at + 1 } else { unit_at };
        match lexicon().units.at(self.text, unit_at).filter(|(len, unit)| self.is_unit(unit_at, *len, *unit, value)) {
            Some((len, unit)) => Some(Amount { value, unit: Some(unit), end: unit_at + len }),
            None => Some(Amount { value, unit: None, end }),
        }
    }

    /// `512M` is no time, `5/s` a rate, and a year is no length.
    fn is_unit(&self, at: usize, len: usize, unit: Unit, value: f64) -> bool {
        let written = &self.fold.source()[self.fold.back(at)..self.fold.back(at + len)];
        let year = unit == Unit::Year && value >= 100.0;
        let clock = matches!(unit, Unit::Minute) && self.after_clock(at);
        written != "M" && written != "S" && written != "D" && !year && !clock && !self.text[at + len..].starts_with('/')
    }

    /// The minutes of a time of day: "9点30分", "9時30分", "9시 30분".
    fn after_clock(&self, at: usize) -> bool {
        let before = self.text[..at].trim_end().trim_end_matches(|c: char| c.is_ascii_digit()).trim_end();
        before.ends_with(['点', '點', '時', '시']) || (before.ends_with('时') && !before.ends_with("小时"))
    }

    fn number(&self, at: usize) -> Option<(f64, usize)> {
        let rest = &self.text[at..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 {
            let (len, value) = lexicon().numbers.at(self.text, at)?;
            return Some((value, at + len));
        }
        if digits > 9 {
            return None;
        }
        let mut end = digits;
        let mut value: f64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        if let Some(fraction) = tail.strip_prefix(['.', ',']) {
            let more = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            if (1..=2).contains(&more) {
                value += fraction[..more].parse::<f64>().ok()? / 10f64.powi(more as i32);
                end += 1 + more;
            }
        }
        Some((value, at + end))
    }

    /// The upper end of a range.
    fn second(&self, end: usize) -> Option<Amount> {
        let pos = self.blank(end);
        let (len, ()) = lexicon().between.at(self.text, pos)?;
        let mut pos = self.blank(pos + len);
        if let Some((len, Bound::After)) = lexicon().before.at(self.text, pos) {
            pos = self.blank(pos + len);
        }
        self.text[pos..].starts_with(|c: char| c.is_ascii_digit()).then(|| self.amount(pos)).flatten()
    }

    /// "1 hour 30 minutes", "1h30m", "1 h et 30 min", "1h30".
    fn compound(&self, low: u64, unit: Unit, end: usize, bounded: bool) -> (u64, usize) {
        let mut pos = self.blank(end);
        if let Some((len, ())) = lexicon().and.at(self.text, pos) {
            pos = self.blank(pos + len);
        }
        let digit = self.text[pos..].starts_with(|c: char| c.is_ascii_digit());
        match self.amount(pos).filter(|_| digit) {
            Some(Amount { value, unit: Some(minor), end: to }) if minor.seconds() < unit.seconds() => {
                seconds(value, minor).map_or((low, end), |s| (low + s, to))
            }
            Some(Amount { value, unit: None, end: to })
                if unit == Unit::Hour && to == pos + 2 && value < 60.0 && (self.alone || (bounded && pos == end)) =>
            {
                (low + value as u64 * 60, to)
            }
            _ => (low, end),
        }
    }

    fn behind(&self, end: usize) -> Option<(usize, Bound)> {
        let pos = self.blank(end);
        let (len, bound) = lexicon().behind.at(self.text, pos)?;
        Some((pos + len, bound))
    }
}

fn seconds(value: f64, unit: Unit) -> Option<u64> {
    let seconds = value * unit.seconds();
    (seconds <= MAX_SECONDS).then_some(seconds.round() as u64)
}
