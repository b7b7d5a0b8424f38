//! Sentences that pass trouble on: "Page the CTO after 30 minutes if unresolved", "15 min: team lead", "15分後に部長へ電話",
//! "if not acknowledged within 10 minutes → notify bo".
//!
//! Gives verb, target and time as far as they are said. Whether a text stands where such sentences stand is for the
//! caller to know: a verb alone makes no escalation.

#[cfg(test)]
mod tests;

use super::duration::{Dur, Found, duration, scan};
use super::severity;
use crate::fold::{Fold, folded, is_wide};
use crate::lexicon::{Bound, Header, Moment, Unless, header, lexicon};
use crate::model::Action;
use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// None if no verb is said: "15 min: team lead".
    pub action: Option<Action>,
    /// Without verb and time, as written.
    pub target: String,
    pub after_s: Option<u64>,
    /// "notify bo within an hour": by when it is done.
    pub within_s: Option<u64>,
    pub unless: Option<Unless>,
}

impl Step {
    /// Names a person, a group or an address: not a thing to be done.
    pub fn reaches_people(&self) -> bool {
        let folded = folded(&self.target);
        folded.starts_with(['@', '#']) || lexicon().people.first(&folded).is_some()
    }
}

/// What a list item, cell or sentence says; none if it names nobody and nothing.
pub fn step(text: &str) -> Option<Step> {
    let fold = without_end(text);
    read(&fold, lengths(&fold))
}

/// A step that says what is done, and when.
pub fn timed_step(text: &str) -> Option<Step> {
    let fold = without_end(text);
    let lengths = lengths(&fold);
    // Most of what is asked has neither, which is seen at once.
    if lengths.is_empty() || lexicon().actions.first(&fold.text).is_none() {
        return None;
    }
    read(&fold, lengths).filter(|s| s.after_s.or(s.within_s).is_some_and(|s| s > 0) && s.action.is_some())
}

fn read(fold: &Fold, lengths: Vec<Found>) -> Option<Step> {
    const NOBODY: [&str; 9] = ["no ", "none", "not ", "kein", "pas de ", "aucun", "sin ", "sem ", "nessun"];
    if NOBODY.iter().any(|w| fold.text.starts_with(w)) && lexicon().unless.first(&fold.text).is_none() {
        return None;
    }
    if let Some((lead, _)) = fold.source().split_once([':', '：'])
        && !acts_or_waits(&folded(lead))
        && matches!(header(lead), Some(Header::Resolution | Header::Response | Header::UpdateEvery))
    {
        return None;
    }
    let mut reader = Reader { fold, gone: vec![false; fold.text.len()] };
    reader.read(lengths)
}

fn acts_or_waits(folded: &str) -> bool {
    lexicon().actions.first(folded).is_some() || lexicon().unless.first(folded).is_some()
}

fn without_end(text: &str) -> Fold<'_> {
    Fold::new(text.trim().trim_end_matches(['.', '。', ';', '!', ',']))
}

/// Delays and deadlines: not what is looked back on, and no rhythm.
fn lengths(fold: &Fold) -> Vec<Found> {
    scan(fold)
        .into_iter()
        .filter(|f| !matches!(f.bound, Some(Bound::Last | Bound::Every)) && !matches!(f.dur, Dur::Cadence(_)))
        .collect()
}

struct Reader<'a> {
    fold: &'a Fold<'a>,
    /// Bytes of the folded text that are time or condition.
    gone: Vec<bool>,
}

impl Reader<'_> {
    fn read(&mut self, lengths: Vec<Found>) -> Option<Step> {
        let text = self.fold.text.as_str();
        let known = lexicon();
        let unless = known.unless.first(text);
        let conditions = self.conditions(unless.as_ref().map(|(r, _)| r.clone()));
        let (mut after_s, mut within_s) = (None, None);
        for found in &lengths {
            let conditional = conditions.iter().any(|c| c.contains(&found.range.start)) || unless.is_some();
            match (found.bound, &found.dur) {
                // "if the lag is more than 60s": a limit, no delay.
                (Some(Bound::AtLeast), _) if unless.is_none() && conditional => {}
                (_, Dur::Range(from, _)) => after_s = after_s.or(Some(*from)),
                (Some(Bound::UpTo), d) if !conditional => within_s = within_s.or(d.upper_s()),
                (_, d) => after_s = after_s.or(d.upper_s()),
            }
            self.drop(found.range.clone());
        }
        conditions.into_iter().for_each(|range| self.drop(range));
        if let Some((range, _)) = &unless {
            self.drop(range.clone());
        }
        for (range, moment) in known.moments.all(text) {
            if moment == Moment::Now {
                after_s = after_s.or(Some(0));
                self.drop(range);
            }
        }
        let verb = self.verb();
        let target = match &verb {
            Some((range, action)) => self.target(range, *action),
            None => self.plain(0..text.len()),
        };
        let action = verb.map(|(_, a)| a);
        let long = target.chars().count() > 80;
        (!target.is_empty() && !long).then(|| Step { action, target, after_s, within_s, unless: unless.map(|u| u.1) })
    }

    fn drop(&mut self, range: Range<usize>) {
        let end = range.end.min(self.gone.len());
        self.gone[range.start.min(end)..end].fill(true);
    }

    /// "if … ," up to the end of its clause; in scripts without spaces, up to the word that ends a condition.
    fn conditions(&self, unless: Option<Range<usize>>) -> Vec<Range<usize>> {
        const ENDS: &[char] = &[',', ':', ';', '→', '、', '。'];
        let text = self.fold.text.as_str();
        let mut ranges = Vec::new();
        for (range, ()) in lexicon().conditions.all(text) {
            let stop = text[range.end..].find(ENDS).or_else(|| text[range.end..].find(" then "));
            let verb = || {
                let verbs = lexicon().actions.first(&text[range.end..]);
                verbs.map(|(r, _)| r.start).filter(|_| range.start == 0)
            };
            let end = stop.or_else(verb).map_or(text.len(), |n| range.end + n);
            ranges.push(range.start..end);
        }
        if let Some(range) = unless {
            const MARKS: &[&str] = &[
                "場合には",
                "場合は",
                "場合",
                "なければ",
                "ければ",
                "时",
                "時は",
                "時",
                "则",
                "的",
                "경우에는",
                "경우",
                "시",
                "으면",
                "면",
                "을",
                "은",
                "는",
                "ば",
                "ときは",
                "とき",
                "、",
                ",",
                "에",
                "다면",
            ];
            let wide = text[range.clone()].chars().next_back().is_some_and(is_wide);
            let mut end = range.end;
            let next = |end: usize| {
                let rest = text[end..].trim_start();
                MARKS.iter().find(|m| rest.starts_with(**m)).map(|m| text.len() - rest.len() + m.len())
            };
            while let Some(after) = next(end).filter(|_| wide) {
                end = after;
            }
            let start =
                text[..range.start].rfind(ENDS).map_or(0, |n| n + text[n..].chars().next().map_or(1, char::len_utf8));
            ranges.push(if wide { start..end } else { range.start..end });
        }
        ranges
    }

    /// What is left of a range, as written, without joining words at its ends.
    fn plain(&self, range: Range<usize>) -> String {
        let mut kept = String::new();
        let mut run: Option<usize> = None;
        let push = |from: usize, to: usize, kept: &mut String| {
            let piece = self.fold.written(from..to);
            let frame = kept.ends_with('(') && piece.starts_with(')');
            if !(kept.is_empty() || piece.is_empty() || frame) {
                kept.push(' ');
            }
            kept.push_str(piece);
        };
        for (at, _) in self.fold.text[range.clone()].char_indices() {
            let at = range.start + at;
            match (self.gone[at], run) {
                (false, None) => run = Some(at),
                (true, Some(from)) => {
                    push(from, at, &mut kept);
                    run = None;
                }
                _ => {}
            }
        }
        if let Some(from) = run {
            push(from, range.end, &mut kept);
        }
        trim_words(&kept)
    }

    /// The verb that leads, or in languages that put it last, the one that ends.
    fn verb(&self) -> Option<(Range<usize>, Action)> {
        const LEADS: &[&str] =
            &["then", "and", "please", "also", "must", "we", "should", "or", "sie", "dann", "et", "y", "e"];
        let text = self.fold.text.as_str();
        let mut hits = lexicon().actions.all(text);
        hits.retain(|(r, _)| !self.gone[r.start] && !text[..r.start].ends_with(['-', '@', '#', '.']));
        // "Post-mortem" and "no paging" call nobody.
        hits.retain(|(r, _)| !glued(&text[r.end..]));
        if hits.is_empty() {
            return None;
        }
        // "on call" is who, not what.
        let people = lexicon().people.all(text);
        hits.retain(|(r, _)| !people.iter().any(|(p, ())| p.start < r.start && r.start < p.end));
        let lead = |r: &Range<usize>| {
            let before = folded(&self.plain(0..r.start));
            before.split_whitespace().all(|w| LEADS.contains(&w.trim_matches(|c: char| !c.is_alphanumeric())))
        };
        if let Some(first) = hits.iter().find(|(r, _)| lead(r)) {
            return Some(first.clone());
        }
        let ends =
            |r: &Range<usize>| self.plain(r.end..text.len()).chars().filter(|c| c.is_alphanumeric()).count() == 0;
        let spaced = |r: &Range<usize>| !text[r.clone()].starts_with(is_wide);
        let german = |r: &Range<usize>| text[r.clone()].ends_with("en") || text[r.clone()].ends_with("iert");
        if let Some(last) = hits.iter().rev().find(|(r, _)| !spaced(r) || (ends(r) && german(r))) {
            return Some(last.clone());
        }
        // "The on-call engineer notifies bo": a person does it.
        let by_people = |r: &Range<usize>| {
            lexicon().people.first(&text[..r.start]).is_some() && !self.plain(r.end..text.len()).is_empty()
        };
        hits.into_iter().find(|(r, _)| by_people(r) && text[r.clone()].ends_with('s'))
    }

    fn target(&self, verb: &Range<usize>, action: Action) -> String {
        let text = self.fold.text.as_str();
        let mut end = text.len();
        let stops = lexicon().means.all(&text[verb.end..]);
        if let Some((means, ())) = stops.iter().find(|(r, ())| text[verb.end..verb.end + r.start].trim() != "") {
            end = verb.end + means.start;
        }
        if let Some(n) =
            text[verb.end..end].find(['→', ';', '。']).filter(|n| text[verb.end..verb.end + n].trim() != "")
        {
            end = verb.end + n;
        }
        let after = self.plain(verb.end..end);
        let object = match action {
            // The object is in the phrase: "open a bridge call".
            Action::Bridge | Action::Ticket if !text[verb.clone()].starts_with(is_wide) => {
                let phrase = self.fold.written(verb.clone());
                // "War room" is said without a verb.
                let object = phrase.split_once(' ').filter(|(verb, _)| !verb.eq_ignore_ascii_case("war"));
                trim_words(object.map_or(phrase, |(_, object)| object))
            }
            Action::Bridge | Action::Ticket => self.fold.written(verb.clone()).to_string(),
            _ => String::new(),
        };
        match (action, after.is_empty()) {
            (Action::Bridge, false) => format!("{object} {after}").trim().to_string(),
            (_, false) => after,
            (_, true) => {
                let before = self.plain(0..verb.start);
                if before.is_empty() { object } else { before }
            }
        }
    }
}

/// A hyphen and more of the same word.
fn glued(behind: &str) -> bool {
    behind.strip_prefix('-').is_some_and(|more| more.starts_with(char::is_alphanumeric))
}

/// Without articles, prepositions, particles and punctuation at the ends.
fn trim_words(text: &str) -> String {
    const PUNCTUATION: &[char] = &[
        ' ', ',', ':', ';', '.', '-', '–', '—', '→', '(', '[', '*', '"', '：', '、', '，', '。', '/', '|', '>', '（',
        '+', '!',
    ];
    const PARTICLES: &[&str] =
        &["へ", "に", "を", "は", "の", "에게", "께", "으로", "에", "를", "을", "로", "が", "で"];
    let known = lexicon();
    let mut text = text.trim();
    loop {
        let before = text.len();
        text = text.trim_start_matches(PUNCTUATION).trim_end_matches(|c| PUNCTUATION.contains(&c) && c != '.');
        let open = text.matches(['(', '（']).count();
        if open < text.matches([')', '）']).count() {
            text = text.trim_end_matches([')', '）']);
        } else if open > text.matches([')', '）']).count() && !text.ends_with(')') {
            let at = text.rfind(['(', '（']).unwrap_or(text.len());
            if text[at..].chars().filter(|c| c.is_alphanumeric()).count() == 0 {
                text = &text[..at];
            }
        }
        text = text.trim_end_matches("()").trim_end_matches("（）").trim();
        let fold = Fold::new(text);
        let first = known.to.at(&fold.text, 0).or_else(|| known.and.at(&fold.text, 0));
        // A word of its own, an elided article, or one of the signs that stand right before a name.
        let joins = |len: usize| {
            let (word, after) = fold.text.split_at(len);
            !after.is_empty() && (after.starts_with(' ') || word.ends_with('\'') || "给到至向由".contains(word))
        };
        if let Some((len, ())) = first.filter(|(len, ())| joins(*len)) {
            text = text.get(fold.back(len)..).unwrap_or(text);
        }
        for word in ["and", "then", "or", "if", "und", "within", "after", "by", "et", "y", "e"] {
            if let Some(rest) = text.strip_suffix(word).filter(|r| r.ends_with(' ')) {
                text = rest;
            }
        }
        for particle in PARTICLES {
            if let Some(rest) = text.strip_suffix(particle).filter(|r| r.chars().next_back().is_some_and(is_wide)) {
                text = rest;
                break;
            }
        }
        if text.len() == before {
            return text.to_string();
        }
    }
}

/// One cell with a rule for each severity: "High: 20 min, Medium: 2 h".
pub fn per_severity(text: &str) -> Vec<(String, Dur)> {
    let pieces = text.split([',', ';', '\n', '，', '；', '、']).flat_map(|p| p.split(" / ")).map(str::trim);
    let mut rules = Vec::new();
    for piece in pieces.filter(|p| !p.is_empty()) {
        let rule = severity::reference(piece).and_then(|r| {
            let said = if r.rest.is_empty() { r.name.clone().unwrap_or_default() } else { r.rest.clone() };
            duration(&said).map(|d| (r.label, d))
        });
        match rule {
            Some(rule) => rules.push(rule),
            None => return Vec::new(),
        }
    }
    rules
}
