//! Rhythms of single lines: "Daily: databases", "Passwords: every 90 days", "review the access logs weekly".

use super::name;
use crate::document::{Block, Inline, Item, SpanKind};
use crate::fold::{Fold, folded};
use crate::grammar::schedule::{Rhythm, clauses, cron_expression, may_recur, rhythm, without};
use crate::lexicon::{Header, Role, header};
use crate::meaning::Reading;
use crate::model::Schedule;

/// Where a line stands.
pub struct Place<'a> {
    pub reading: &'a Reading<'a>,
    pub block: &'a Block,
    /// The schedule that the section around it is.
    pub outer: Option<&'a Schedule>,
    /// The rhythm that titles around it say.
    pub said: Option<&'a Rhythm>,
}

pub fn item(place: &Place<'_>, item: &Item) -> Vec<Schedule> {
    let Some(text) = item.text.first() else { return Vec::new() };
    // A bold item with things under it is a section and was asked as one.
    let opens = place.reading.document.sections[place.block.section].line == place.block.first;
    if opens || is_link(text) {
        return Vec::new();
    }
    expression(text).map_or_else(|| line(place, text, true), |found| vec![found])
}

/// `0 5 * * 1` in code, and what it is for beside it.
fn expression(text: &Inline) -> Option<Schedule> {
    let code = text.spans.iter().find(|s| s.kind == SpanKind::Code)?;
    let written = text.plain.get(code.range.clone())?.trim();
    let (cron, cadence) = cron_expression(written)?;
    let (before, behind) = (&text.plain[..code.range.start], &text.plain[code.range.end..]);
    let bare = |s: &str| s.trim_matches(|c: char| !c.is_alphanumeric() && c != ')').trim().to_owned();
    let name = [bare(behind), bare(before)].into_iter().find(|n| n.chars().any(char::is_alphabetic))?;
    Some(Schedule {
        tasks: vec![name.clone()],
        name,
        cadence,
        when: Some(written.to_owned()),
        cron: Some(cron),
        command_lines: Vec::new(),
        line: text.line,
    })
}

pub fn paragraph(place: &Place<'_>, lines: &[Inline]) -> Vec<Schedule> {
    let mut found = Vec::new();
    for text in lines {
        let several = text.lead().is_none() && text.plain.trim_end().trim_end_matches('.').contains(". ");
        if !several {
            found.extend(line(place, text, false));
            continue;
        }
        // Each sentence has its own rhythm.
        for sentence in text.plain.split(". ") {
            let plain = sentence.trim().to_owned();
            found.extend(line(place, &Inline { line: text.line, plain, spans: Vec::new() }, false));
        }
    }
    found
}

fn is_link(text: &Inline) -> bool {
    text.spans.iter().any(|s| matches!(s.kind, SpanKind::Link(_)) && s.range.len() + 4 >= text.plain.trim().len())
}

fn line(place: &Place<'_>, text: &Inline, listed: bool) -> Vec<Schedule> {
    let plain = text.plain.trim().trim_end_matches(['.', '。']);
    if plain.chars().count() > 220 || !may_recur(&folded(plain)) {
        return Vec::new();
    }
    let make = |name: String, found: Rhythm, tasks: Vec<String>| Schedule {
        name,
        cadence: found.cadence,
        when: found.when,
        cron: found.cron,
        tasks,
        command_lines: Vec::new(),
        line: text.line,
    };
    let (key, value) = split(text, plain);
    // "Phone: see the roster (rotates weekly)".
    if matches!(header(key), Some(Header::Phone | Header::Email | Header::Channel)) && value.is_some() {
        return Vec::new();
    }
    if let Some(value) = value {
        // "Daily: databases", "Monday: rotate logs" under weekly tasks.
        if let Some(mut found) = rhythm(key)
            && (without(key, &found).chars().filter(|c| c.is_alphabetic()).count() <= 6 || opens(key, &found))
        {
            if found.cadence.is_none() {
                found.cadence = place.said.and_then(|r| r.cadence);
            }
            let alone = found.strong || found.cadence.is_some();
            let leads = listed || found.range.start == 0 && found.strong && found.cadence.is_some();
            return (alone && leads && !same(place, &found))
                .then(|| make(value.to_string(), found, vec![value.to_string()]))
                .into_iter()
                .collect();
        }
        // "Schedule: every Sunday 02:00" speaks of its section.
        if matches!(header(key), Some(Header::Cadence | Header::When))
            || crate::lexicon::roles(key) == [Role::Schedule] && rhythm(key).is_none()
        {
            let cron = cron_expression(value).map(|(cron, cadence)| Rhythm {
                cadence,
                when: Some(value.into()),
                cron: Some(cron),
                ..Rhythm::default()
            });
            let found = cron.or_else(|| rhythm(value).filter(|r| says(r) && value.split_whitespace().count() <= 12));
            let section = &place.reading.document.sections[place.reading.titled(place.block.section)];
            return found
                .filter(|f| !same(place, f))
                .map(|f| make(name(&section.name, None), f, Vec::new()))
                .into_iter()
                .collect();
        }
        // "Passwords: every 90 days", "Images: review weekly, apply monthly".
        let parts = clauses(value);
        let many = parts.len() > 1;
        let short = value.split_whitespace().count() <= 10;
        let made: Vec<Schedule> = parts
            .into_iter()
            .filter(|(part, found)| says(found) && (many || short && edge(part, found)))
            .filter(|(_, found)| many || !same(place, found))
            .map(|(part, found)| {
                let rest = without(&part, &found);
                let rest = if rest.chars().filter(|c| c.is_alphabetic()).count() > 2 {
                    format!("{key}: {rest}")
                } else {
                    key.to_string()
                };
                make(rest, found, vec![plain.to_string()])
            })
            .collect();
        let only = || rhythm(value).is_some_and(|r| r.cadence.is_some() && is_all(value, &r));
        if !made.is_empty() && (listed || place.said.is_some() || text.lead().is_some() || only()) {
            return made;
        }
    }
    if let Some((name, found)) = part(plain).filter(|(_, f)| !same(place, f)) {
        return vec![make(name, found, vec![plain.to_string()])];
    }
    if !listed {
        return sentence(place, plain).into_iter().map(|(n, f)| make(n, f, vec![plain.to_string()])).collect();
    }
    // "毎日 9:00 バックアップの確認", "Every Monday 09:00 hand-over" in a list of what is regular.
    let regular = place.reading.nearest(place.block.section, 0, &[Role::Schedule]).is_some();
    let told = |r: &Rhythm| regular || r.cron.is_some();
    if let Some(found) = rhythm(plain).filter(|r| told(r) && r.range.start == 0 && says(r) && r.cadence.is_some()) {
        // "Daily full backup at 2am": what is done stands inside.
        let fold = Fold::new(plain);
        let inside = fold.text[found.range.clone()].split_whitespace().count();
        let said = found.when.as_deref().map_or(0, |w| w.split_whitespace().count());
        let name = if inside > said + 2 { plain.to_owned() } else { without(plain, &found) };
        if !same(place, &found) && name.chars().filter(|c| c.is_alphabetic()).count() > 2 {
            return vec![make(name, found, vec![plain.to_string()])];
        }
    }
    // An adverb at the end, or in a parenthesis there: "review the access logs weekly".
    let parts = clauses(plain);
    parts
        .into_iter()
        .filter(|(part, found)| says(found) && at_end(part, found) && !same(place, found))
        .map(|(part, found)| make(without(&part, &found), found.clone(), vec![part.clone()]))
        .filter(|s| s.name.chars().filter(|c| c.is_alphabetic()).count() > 2)
        .collect()
}

/// "Backups – Sunday 03:00: copy them away", "Second Tuesday, 20:00 – patch": one part between dashes, colons or brackets
/// says when and nothing else.
fn part(plain: &str) -> Option<(String, Rhythm)> {
    const MARKS: [&str; 7] = [" – ", " - ", " — ", ": ", " (", ") ", "："];
    let mut cuts: Vec<(usize, usize)> =
        MARKS.iter().flat_map(|m| plain.match_indices(m).map(|(at, m)| (at, at + m.len()))).collect();
    cuts.sort_unstable();
    let (mut parts, mut from) = (Vec::new(), 0);
    for (at, end) in cuts.into_iter().filter(|(at, _)| *at >= 1) {
        parts.push(plain.get(from..at).unwrap_or_default());
        from = end.max(from);
    }
    parts.push(&plain[from..]);
    if parts.len() < 2 {
        return None;
    }
    let says = |p: &&str| rhythm(p).filter(|r| r.strong && r.cadence.is_some() && is_all(p, r));
    let (at, found) = parts.iter().enumerate().find_map(|(at, p)| says(p).map(|r| (at, r)))?;
    let other = if at == 0 { parts.get(1) } else { parts.first() }?;
    let name = other.trim().to_owned();
    (name.chars().filter(|c| c.is_alphabetic()).count() > 2).then_some((name, found))
}

/// "Monthly, first working day": begins with a rhythm and a comma.
fn opens(key: &str, found: &Rhythm) -> bool {
    let fold = Fold::new(key);
    let comma = fold.text[found.range.end..].starts_with([',', ' ']) && fold.text.contains(',');
    found.range.start == 0 && found.strong && found.cadence.is_some() && comma && key.split_whitespace().count() <= 5
}

/// Nothing but a rhythm, a zone or a joining word aside.
fn is_all(text: &str, found: &Rhythm) -> bool {
    const FILLERS: usize = 3;
    let fold = Fold::new(text);
    let letters = |s: &str| s.chars().filter(|c| c.is_alphabetic()).count();
    letters(&fold.text[..found.range.start]) + letters(&fold.text[found.range.end..]) <= FILLERS
}

/// "The nightly dump runs every day at 02:00 UTC.": rhythm and time of day, in one sentence.
fn sentence(place: &Place<'_>, plain: &str) -> Option<(String, Rhythm)> {
    let found = rhythm(plain)?;
    // "Daily review of these panels:" over what is to be looked at.
    if plain.ends_with([':', '：']) && found.range.start == 0 && found.cadence.is_some() && !same(place, &found) {
        return Some((plain.trim_end_matches([':', '：', ' ']).to_string(), found));
    }
    let exact = found.cron.is_some() && found.strong && found.cadence.is_some();
    let about = place.reading.nearest(place.block.section, 0, &[Role::Schedule]).is_some();
    let section = &place.reading.document.sections[place.reading.titled(place.block.section)];
    let fits = exact
        && plain.split_whitespace().count() <= 25
        && place.outer.is_none_or(|o| o.cadence != found.cadence)
        && (about || !section.name.is_empty());
    fits.then(|| (name(&section.name, None), found))
}

/// A rhythm with a name, or an interval of an hour at least.
fn says(found: &Rhythm) -> bool {
    found.strong && (found.cadence.is_some() || found.cron.is_none() && found.when.is_some())
}

/// No more than the section says already.
fn same(place: &Place<'_>, found: &Rhythm) -> bool {
    place.outer.is_some_and(|o| o.cadence == found.cadence && (found.when.is_none() || found.when == o.when))
}

fn at_end(text: &str, found: &Rhythm) -> bool {
    let fold = Fold::new(text);
    let after = fold.text[found.range.end..].trim_matches(|c: char| !c.is_alphanumeric());
    after.is_empty() && found.range.start > 0
}

/// At the beginning or the end of a value.
fn edge(text: &str, found: &Rhythm) -> bool {
    let fold = Fold::new(text);
    let before = fold.text[..found.range.start].split_whitespace().count();
    at_end(text, found) || before <= 2
}

fn split<'t>(text: &'t Inline, plain: &'t str) -> (&'t str, Option<&'t str>) {
    const JOINS: &[char] = &[':', '：', '-', '–', '—', ' '];
    if let Some((lead, rest)) = text.lead() {
        let value = rest.trim_start_matches(JOINS).trim().trim_end_matches('.');
        return (lead.trim().trim_end_matches([':', '：', ' ']), Some(value).filter(|v| !v.is_empty()));
    }
    let at = plain.match_indices([':', '：']).find(|(n, c)| c.len() > 1 || plain[n + 1..].starts_with(' '));
    match at {
        Some((n, c)) if plain[..n].chars().count() <= 60 => {
            (plain[..n].trim(), Some(plain[n + c.len()..].trim()).filter(|v| !v.is_empty()))
        }
        _ => (plain, None),
    }
}
