//! What a rhythm is made of: words of frequency, intervals, weekdays, positions in the month, months, times of day.

use crate::fold::{Fold, is_wide};
use crate::grammar::duration::{Dur, scan};
use crate::lexicon::{Bound, DayPart, Often, lexicon};
use crate::model::Cadence;
use std::ops::Range;

#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub often: Option<(Range<usize>, Often)>,
    /// "every 90 days".
    pub interval: Option<(Range<usize>, u64)>,
    /// Days of the week, 0 is Sunday; a span of days is all of them.
    pub weekdays: Vec<(Range<usize>, u8)>,
    pub every_weekday: bool,
    /// "first", "last" right before a weekday.
    pub ordinals: Vec<(Range<usize>, i8)>,
    /// Days of the month.
    pub days: Vec<(Range<usize>, u8)>,
    pub months: Vec<(Range<usize>, u8)>,
    /// Hour and minute.
    pub times: Vec<(Range<usize>, (u8, u8))>,
    /// "02:00-04:00": the second time ends it.
    pub span_of_time: bool,
    /// "first week of the month", "last day": said, but not in fields.
    pub vague: bool,
}

/// A folder ("backups/daily/") or a number of things ("30 daily backups").
fn is_part(text: &str, word: &Range<usize>) -> bool {
    let counted = || {
        let before = text[..word.start].trim_end();
        let number = before.rsplit(' ').next().unwrap_or_default();
        before.len() < word.start && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    };
    text[..word.start].ends_with('/') && !text[..word.start].ends_with(" /") || counted()
}

impl Parts {
    pub fn read(fold: &Fold) -> Parts {
        let known = lexicon();
        let text = fold.text.as_str();
        let often = known.often.first(text).filter(|(r, _)| !is_part(text, r));
        let mut parts = Parts { often, ..Parts::default() };
        let every = |bound| bound == Bound::Every;
        let recurs = known.before.may_hold(text, every) || known.behind.may_hold(text, every);
        let every = recurs.then(|| scan(fold).into_iter().find(|f| f.bound == Some(Bound::Every))).flatten();
        if let Some(found) = every
            && let Dur::Cadence(seconds) = found.dur
        {
            let inside = parts.often.as_ref().is_some_and(|(r, _)| r.start <= found.range.start);
            if !inside && seconds >= 60 {
                parts.interval = Some((found.range, seconds));
            }
        }
        parts.weekdays = known.weekdays.all(text);
        // "every other Thursday"
        for (range, ()) in known.every_other.all(text) {
            let next = range.end + (text[range.end..].len() - text[range.end..].trim_start().len());
            if parts.weekdays.iter().any(|(w, _)| w.start == next) {
                parts.often = Some((range, Often::Biweekly));
            }
        }
        parts.span_of_weekdays(text);
        parts.positions(text);
        parts.months = known.months.all(text).into_iter().filter(|(r, _)| parts.is_month(text, r)).collect();
        parts.times = times(fold);
        if let [a, b] = parts.times.as_slice() {
            let between = text.get(a.0.end..b.0.start).unwrap_or_default().trim();
            parts.span_of_time = known.between.whole(between).is_some();
        }
        parts
    }

    /// "Monday to Thursday".
    fn span_of_weekdays(&mut self, text: &str) {
        let known = lexicon();
        if let [(a, from), (b, to)] = self.weekdays.clone().as_slice()
            && from < to
            && known.between.whole(text[a.end..b.start].trim()).is_some()
        {
            self.weekdays = (*from..=*to).map(|d| (a.start..b.end, d)).collect();
        }
        self.every_weekday = self.weekdays.first().is_some_and(|(r, _)| {
            let before = text[..r.start].trim_end();
            known.every.all(before).last().is_some_and(|(e, ())| e.end == before.len())
        });
    }

    /// Ordinals before weekdays are positions; numbers of a day count if the month is spoken of.
    fn positions(&mut self, text: &str) {
        let known = lexicon();
        let monthly = matches!(self.often, Some((_, Often::Monthly | Often::Quarterly)));
        if self.weekdays.is_empty() && !monthly {
            return;
        }
        for (range, n) in known.ordinals.all(text) {
            let after = text[range.end..].trim_start();
            let gap = range.end..text.len() - after.len();
            let joined = self.weekdays.iter().any(|(w, _)| w.start == gap.end);
            let and = known.and.at(after, 0).is_some() || after.starts_with(['/', ',']);
            if joined || (and && !self.weekdays.is_empty()) {
                self.ordinals.push((range, n));
            } else if monthly {
                let unit = known.units.at(after, 0).map(|(_, u)| u);
                match (unit, n) {
                    (None | Some(crate::lexicon::Unit::Day), 1..) => self.days.push((range, n as u8)),
                    _ => self.vague = true,
                }
            }
        }
        if !monthly {
            return;
        }
        let mut before = ' ';
        for (at, c) in text.char_indices() {
            let starts =
                c.is_ascii_digit() && !before.is_alphanumeric() | is_wide(before) && !matches!(before, ':' | '.');
            before = c;
            if !starts {
                continue;
            }
            let digits = text[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - at);
            let tail = &text[at + digits..];
            const MARKS: &[&str] = &["st", "nd", "rd", "th", "日", "号", "號", "일", "o", "er", "-го", "-е", "."];
            let mark = MARKS.iter().find(|m| {
                tail.strip_prefix(**m).is_some_and(|t| !t.starts_with(|c: char| c.is_alphanumeric() && !is_wide(c)))
            });
            if let (Some(mark), Ok(day @ 1..=31)) = (mark, text[at..at + digits].parse::<u8>()) {
                let range = at..at + digits + mark.len();
                let known = self.days.iter().chain(&[]).any(|(r, _)| r.start == at);
                if !known && !self.ordinals.iter().any(|(r, _)| r.start == at) {
                    self.days.push((range, day));
                }
            }
        }
    }

    /// "may" and "march" are verbs; a month that counts stands with a day, a preposition of time, or alone.
    fn is_month(&self, text: &str, range: &Range<usize>) -> bool {
        let word = &text[range.clone()];
        let after = text[range.end..].trim_start();
        let with_day = after.starts_with(|c: char| c.is_ascii_digit());
        let short = matches!(word, "may" | "march" | "mars" | "mai" | "sep" | "dec" | "mayo" | "marzo");
        let before = text[..range.start].trim_end();
        let placed = [" in", "every", " each", " im", " en", " em", " a"].iter().any(|p| before.ends_with(p));
        // A date with a year is no rhythm.
        let year = after.trim_start_matches(|c: char| c.is_ascii_digit() && c != '2').trim_start_matches([',', ' ']);
        !year.starts_with("20") && (with_day || placed || !short)
    }

    pub fn weekday_of_month(&self) -> bool {
        !self.ordinals.is_empty() && !self.weekdays.is_empty()
    }

    /// From the first to the last word of any part.
    pub fn range(&self) -> Option<Range<usize>> {
        self.ranges(true)
    }

    /// The same, without a mere word of frequency at either end.
    pub fn specific(&self) -> Option<Range<usize>> {
        let often = self.often.as_ref().filter(|(_, o)| matches!(o, Often::Other));
        let inner = self.ranges(false)?;
        Some(often.map_or(inner.clone(), |(r, _)| r.start.min(inner.start)..r.end.max(inner.end)))
    }

    fn ranges(&self, often: bool) -> Option<Range<usize>> {
        let mut all: Vec<&Range<usize>> = Vec::new();
        all.extend(self.interval.iter().map(|(r, _)| r));
        all.extend(self.weekdays.iter().map(|(r, _)| r));
        all.extend(self.ordinals.iter().map(|(r, _)| r));
        all.extend(self.days.iter().map(|(r, _)| r));
        all.extend(self.months.iter().map(|(r, _)| r));
        all.extend(self.times.iter().map(|(r, _)| r));
        let placed = !self.ordinals.is_empty() || !self.days.is_empty();
        let other = matches!(self.often, Some((_, Often::Other | Often::Weekdays)));
        // "first Monday of the month": what follows the position belongs to it, what stands elsewhere does not.
        let end = all.iter().map(|r| r.end).max().unwrap_or(0);
        let follows = |r: &Range<usize>| {
            (r.start >= end && r.start <= end + 4) || (r.start < end && all.iter().any(|a| a.start < r.start))
        };
        let belongs = self.often.as_ref().is_some_and(|(r, _)| often || other || (placed && follows(r)));
        all.extend(self.often.iter().map(|(r, _)| r).filter(|_| belongs));
        Some(all.iter().map(|r| r.start).min()?..all.iter().map(|r| r.end).max()?)
    }

    pub fn cron(&self, cadence: Option<Cadence>) -> Option<String> {
        if let (Some((_, seconds)), true) = (&self.interval, self.times.is_empty()) {
            let minutes = seconds / 60;
            let even = seconds % 60 == 0 && minutes > 1 && minutes < 60 && 60 % minutes == 0;
            return even.then(|| format!("*/{minutes} * * * *"));
        }
        if self.vague || self.weekday_of_month() || self.interval.is_some() {
            return None;
        }
        let (_, (hour, minute)) = self.times.first()?;
        let hours = match self.times.len() {
            1 => hour.to_string(),
            2 if self.span_of_time => hour.to_string(),
            _ if self.times.iter().all(|(_, (_, m))| m == minute) => {
                let mut hours: Vec<u8> = self.times.iter().map(|(_, (h, _))| *h).collect();
                hours.sort_unstable();
                hours.dedup();
                hours.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
            }
            _ => return None,
        };
        let list = |of: &[(Range<usize>, u8)]| {
            let mut values: Vec<u8> = of.iter().map(|(_, v)| *v).collect();
            values.sort_unstable();
            values.dedup();
            match values.as_slice() {
                [first, .., last] if values.len() > 2 && (last - first) as usize + 1 == values.len() => {
                    format!("{first}-{last}")
                }
                _ => values.iter().map(u8::to_string).collect::<Vec<_>>().join(","),
            }
        };
        let often = self.often.as_ref().map(|(_, o)| *o);
        let fields = match cadence? {
            Cadence::Daily if often == Some(Often::Weekdays) => "* * 1-5".to_string(),
            Cadence::Daily if self.weekdays.is_empty() => "* * *".to_string(),
            Cadence::Daily | Cadence::Weekly if !self.weekdays.is_empty() => format!("* * {}", list(&self.weekdays)),
            Cadence::Monthly if !self.days.is_empty() && self.weekdays.is_empty() => {
                format!("{} * *", list(&self.days))
            }
            Cadence::Yearly | Cadence::Quarterly if !self.days.is_empty() && !self.months.is_empty() => {
                format!("{} {} *", list(&self.days), list(&self.months))
            }
            _ => return None,
        };
        Some(format!("{minute} {hours} {fields}"))
    }
}

/// Times of day in a folded text.
fn times(fold: &Fold) -> Vec<(Range<usize>, (u8, u8))> {
    let text = fold.text.as_str();
    let known = lexicon();
    let (mut found, mut skip_to, mut before) = (Vec::new(), 0, ' ');
    for (at, c) in text.char_indices() {
        let starts = !(before.is_alphanumeric() || matches!(before, '.' | ':' | '_' | '$' | ',')) || is_wide(before);
        before = c;
        if at < skip_to || !(starts || is_wide(c)) {
            continue;
        }
        let one = if c.is_ascii_digit() {
            clock(text, at, None)
        } else {
            match known.day_parts.at(text, at) {
                Some((len, DayPart::Noon)) => Some((at + len, (12, 0))),
                Some((len, DayPart::Midnight)) => Some((at + len, (0, 0))),
                // "上午9点", "오후 3시".
                Some((len, part @ (DayPart::Am | DayPart::Pm))) if is_wide(c) => {
                    let digits = at + len + (text[at + len..].len() - text[at + len..].trim_start().len());
                    text[digits..]
                        .starts_with(|c: char| c.is_ascii_digit())
                        .then(|| clock(text, digits, Some(part)))
                        .flatten()
                }
                _ => None,
            }
        };
        if let Some((end, time)) = one {
            skip_to = end;
            found.push((at..zone(text, end), time));
        }
    }
    found
}

/// The zone belongs to the time as written.
fn zone(text: &str, end: usize) -> usize {
    const ZONES: &[&str] = &[
        "utc",
        "gmt",
        "cet",
        "cest",
        "est",
        "edt",
        "pst",
        "pdt",
        "cst",
        "cdt",
        "mst",
        "mdt",
        "bst",
        "ist",
        "jst",
        "kst",
        "et",
        "pt",
        "ct",
        "mez",
        "mesz",
        "msk",
        "brt",
        "local time",
        "local",
    ];
    let rest = text[end..].trim_start();
    let at = text.len() - rest.len();
    let found = ZONES.iter().find(|z| rest.strip_prefix(**z).is_some_and(|t| !t.starts_with(char::is_alphanumeric)));
    found.map_or(end, |z| at + z.len())
}

/// An hour, with minutes or a word that makes it one: "9:00", "9 am", "14.30 Uhr", "14h30", "9点半", "오전 9시 30분".
fn clock(text: &str, at: usize, part: Option<DayPart>) -> Option<(usize, (u8, u8))> {
    let digits = text[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - at);
    let two = |s: &str| {
        let n = s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
        (n == 2).then(|| s[..2].parse::<u8>().ok()).flatten().filter(|m| *m < 60)
    };
    let mut end = at + digits;
    let mut hour: u8;
    let (mut minute, mut sure) = (0u8, part.is_some());
    match digits {
        1 | 2 => hour = text[at..end].parse().ok()?,
        // "0200 hours", "0200 UTC".
        4 => {
            let after = text[end..].trim_start();
            let military = ["hrs", "hours", "utc", "h "].iter().any(|w| after.starts_with(w));
            (hour, minute) = (text[at..at + 2].parse().ok()?, two(&text[at + 2..end])?);
            sure = military;
        }
        _ => return None,
    }
    let rest = &text[end..];
    if let Some(m) = rest.strip_prefix(':').and_then(two) {
        // A date before it makes it a moment of the past.
        let dated = text[..at].trim_end_matches(['t', ' ']).ends_with(|c: char| c.is_ascii_digit())
            && text[..at].trim_end_matches(['t', ' ']).contains('-');
        (minute, sure) = (m, !dated);
        end += 3;
        if text[end..].strip_prefix(':').and_then(two).is_some() {
            end += 3;
        }
    } else if let Some(m) = rest.strip_prefix('.').and_then(two)
        && text[end + 3..].trim_start().starts_with("uhr")
    {
        (minute, sure) = (m, true);
        end += 3;
    } else if let Some(tail) = rest.strip_prefix(" h").filter(|t| !t.starts_with(char::is_alphanumeric)) {
        // "à 5 h 30", "à 9 h"; without the preposition it is a length.
        if !said_at(text, at) {
            return None;
        }
        (sure, end) = (true, end + 2);
        if let Some(m) = tail.strip_prefix(' ').and_then(two) {
            (minute, end) = (m, end + 3);
        }
    } else if let Some(tail) = rest.strip_prefix('h') {
        match two(tail) {
            Some(m) => (minute, sure, end) = (m, true, end + 3),
            None if !tail.starts_with(char::is_alphanumeric) && said_at(text, at) => (sure, end) = (true, end + 1),
            None => return None,
        }
    }
    let tail = text[end..].trim_start();
    let tail_at = text.len() - tail.len();
    let mut half = part;
    match lexicon().day_parts.at(tail, 0) {
        Some((len, p @ (DayPart::Am | DayPart::Pm))) if !is_wide(tail.chars().next()?) => {
            (half, sure, end) = (Some(p), true, tail_at + len);
        }
        Some((len, DayPart::Clock)) if wide_or_uhr(tail) || said_at(text, at) => {
            (sure, end) = (true, tail_at + len);
            let more = text[end..].trim_start();
            let from = text.len() - more.len();
            let n = more.find(|c: char| !c.is_ascii_digit()).unwrap_or(more.len());
            if let Some(rest) = more[n..].trim_start().strip_prefix(['分', '분'])
                && let Ok(m @ 0..60) = more[..n].parse::<u8>()
            {
                (minute, end) = (m, text.len() - rest.len());
            } else if more.starts_with(['半', '반']) {
                (minute, end) = (30, from + more.chars().next()?.len_utf8());
            } else if n == 0
                && let Some(DayPart::Am | DayPart::Pm) = lexicon().day_parts.at(more, 0).map(|(_, p)| p)
            {
                let (len, p) = lexicon().day_parts.at(more, 0)?;
                (half, end) = (Some(p), from + len);
            }
        }
        _ => {}
    }
    match half {
        Some(DayPart::Pm) if hour < 12 => hour += 12,
        Some(DayPart::Am) if hour == 12 => hour = 0,
        _ => {}
    }
    (sure && hour < 24 && minute < 60).then_some((end, (hour, minute)))
}

/// "点", "時" and "Uhr" make an hour by themselves; "hours" after a number is mostly a length.
fn wide_or_uhr(tail: &str) -> bool {
    // "2時間" and "2시간" are lengths.
    let length = tail.starts_with("時間") || tail.starts_with("시간") || tail.starts_with("小时");
    !length && (tail.starts_with("uhr") || tail.starts_with("o'clock") || tail.starts_with(is_wide))
}

/// "at", "um", "às", "в" or a weekday right before the number.
fn said_at(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end();
    let near = before.len().saturating_sub(24);
    let near = (near..=before.len()).find(|i| before.is_char_boundary(*i)).unwrap_or(before.len());
    let tail = &before[near..];
    let ends = |r: &Range<usize>| r.end == tail.len() || tail[r.end..].trim_matches([',', ' ']).is_empty();
    lexicon().day_parts.all(tail).iter().any(|(r, p)| *p == DayPart::At && ends(r))
        || lexicon().weekdays.all(tail).iter().any(|(r, _)| ends(r))
}
