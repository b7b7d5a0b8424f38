//! What recurs, and when: titles ("Weekly cleanup (Sunday 2:00 AM)"), items ("Keys: every 90 days"), tables, comments
//! above commands, crontab lines.
//!
//! The nearest word wins: an item overrides its section, a section its parent. A deadline ("within 48 hours") is no
//! rhythm, and how often people are told of an incident is none either.

mod fences;
mod items;
mod tables;
#[cfg(test)]
mod tests;

use super::Reading;
use crate::document::{BlockKind, SectionId, SectionKind};
use crate::fold::{Fold, folded};
use crate::grammar::duration;
use crate::grammar::schedule::{Rhythm, rhythm, without};
use crate::lexicon::{DayPart, Header, Role, lexicon};
use crate::model::{Cadence, Line, Schedule};
use crate::proposal::Proposal;
use std::collections::BTreeSet;

pub fn schedules(reading: &Reading<'_>) -> (Vec<Schedule>, Vec<Proposal>) {
    let document = reading.document;
    let one = document.sections.iter().filter(|s| s.kind == SectionKind::Heading(1)).count() == 1;
    let said: Vec<Option<Rhythm>> = (0..document.sections.len()).map(|id| title(reading, id, one)).collect();
    let mut of_section: Vec<Option<usize>> = vec![None; document.sections.len()];
    let mut found: Vec<Schedule> = Vec::new();
    let roofs: Vec<bool> = (0..document.sections.len()).map(|id| roof(reading, id, &said)).collect();
    for (id, place) in of_section.iter_mut().enumerate().skip(1) {
        if let Some(schedule) = section(reading, id, &said, &roofs) {
            *place = Some(found.len());
            found.push(schedule);
        }
    }
    // What a section is already scheduled as, for what stands in it.
    let around = |mut id: SectionId| loop {
        if let Some(at) = of_section[id] {
            return Some(at);
        }
        match document.sections[id].parent {
            Some(parent) => id = parent,
            None => return None,
        }
    };
    let mut nearer: Vec<Schedule> = Vec::new();
    for block in &document.blocks {
        // An overview may list in a table what runs how often.
        let listed = || match &block.kind {
            BlockKind::Table(table) => {
                reading.nearest(block.section, 0, &SUBJECTS) == Some(Role::Overview)
                    && reading.heads(table).contains(&Some(Header::Cadence))
                    && !reading.sets_nothing(block.section)
            }
            _ => false,
        };
        if !recurs(reading, block.section) && !listed() {
            continue;
        }
        let outer = around(block.section).map(|at| found[at].clone());
        let place =
            items::Place { reading, block, outer: outer.as_ref(), said: inherited(reading, block.section, &said) };
        match &block.kind {
            BlockKind::Item(item) => nearer.extend(items::item(&place, item)),
            BlockKind::Paragraph(lines) => nearer.extend(items::paragraph(&place, lines)),
            BlockKind::Table(table) => nearer.extend(tables::table(&place, table)),
            BlockKind::Fence(fence) => nearer.extend(fences::fence(&place, fence)),
            _ => {}
        }
    }
    // "Frequency: daily at 9:00" below a daily title says the same thing more exactly.
    nearer.retain(|s| {
        let same = |f: &&mut Schedule| {
            f.name == s.name && f.cadence == s.cadence && f.when.is_none() && f.line < s.line && s.tasks.is_empty()
        };
        match found.iter_mut().rfind(same) {
            Some(known) => {
                (known.when, known.cron) = (s.when.clone(), s.cron.clone());
                false
            }
            None => true,
        }
    });
    let nearer_lines: BTreeSet<Line> = nearer.iter().map(|s| s.line).collect();
    for (id, at) in of_section.iter().enumerate() {
        if let Some(at) = at {
            found[*at].tasks = tasks(reading, id, &of_section, &nearer_lines);
        }
    }
    // A title over nothing but a table whose rows say when.
    let covered: Vec<usize> = of_section
        .iter()
        .enumerate()
        .filter_map(|(id, at)| at.map(|at| (id, at)))
        .filter(|(id, at)| found[*at].when.is_none() && only_table(reading, *id, &nearer_lines))
        .map(|(_, at)| at)
        .collect();
    let mut at = 0..found.len();
    found.retain(|_| at.next().is_some_and(|at| !covered.contains(&at)));
    found.extend(nearer);
    found.sort_by_key(|s| s.line);
    let proposals = found.iter().filter(|s| by_days(s)).map(proposal).collect();
    (found, proposals)
}

/// Holds a table with scheduled rows, and nothing else to do.
fn only_table(reading: &Reading<'_>, id: SectionId, scheduled: &BTreeSet<Line>) -> bool {
    let inside = || reading.blocks(id).iter().filter(|b| b.first > reading.document.sections[id].line);
    let rows = |b: &crate::document::Block| scheduled.range(b.first..=b.last).next().is_some();
    let other = |b: &crate::document::Block| matches!(b.kind, BlockKind::Item(_) | BlockKind::Fence(_));
    inside().any(|b| matches!(b.kind, BlockKind::Table(_)) && rows(b)) && !inside().any(other)
}

/// "Every 90 days" has the name of a rhythm, but drifts against the calendar.
fn by_days(schedule: &Schedule) -> bool {
    let said = schedule.when.as_deref().map(duration::find).unwrap_or_default();
    let long = |d: &duration::Dur| matches!(d, duration::Dur::Cadence(s) if *s > 28 * 86_400 && *s % (7 * 86_400) != 0);
    schedule.cadence.is_some() && schedule.cron.is_none() && said.iter().any(|(_, d)| long(d))
}

fn proposal(schedule: &Schedule) -> Proposal {
    let when = schedule.when.as_deref().unwrap_or_default();
    let cadence = schedule.cadence.map(|c| format!("{c:?}").to_lowercase()).unwrap_or_default();
    let reason = format!("\"{when}\" counts from the last time; the calendar's nearest rhythm is {cadence}.");
    let lines = (schedule.line, schedule.line);
    Proposal::new(format!("schedule {}", schedule.name), reason, lines, "schedules by number of days".into())
}

const SUBJECTS: [Role; 14] = [
    Role::Schedule,
    Role::Checklist,
    Role::Response,
    Role::Severity,
    Role::Escalation,
    Role::Communication,
    Role::Symptoms,
    Role::Causes,
    Role::Threshold,
    Role::Overview,
    Role::Postmortem,
    Role::Template,
    Role::History,
    Role::ExpectedOutput,
];

/// Not under incidents, templates, thresholds, contents: what is said to be regular there is about something else.
fn recurs(reading: &Reading<'_>, id: SectionId) -> bool {
    let near = reading.nearest(id, 0, &SUBJECTS);
    matches!(near, None | Some(Role::Schedule | Role::Checklist)) && !reading.sets_nothing(id)
}

/// The rhythm of a title, if the title is about when: an adjective somewhere in a sentence is not.
fn title(reading: &Reading<'_>, id: SectionId, one: bool) -> Option<Rhythm> {
    let section = &reading.document.sections[id];
    // The title of the whole document names its subject.
    let whole = one && section.kind == SectionKind::Heading(1);
    let trouble = lexicon().trouble.first(&folded(&section.name)).is_some();
    if section.kind == SectionKind::Document || whole || !recurs(reading, id) {
        return None;
    }
    let found = rhythm(&section.name)?;
    // How often people are told while an incident lasts.
    let often = !matches!(found.cadence, Some(c) if c != Cadence::Hourly) && found.when.is_some() && found.strong;
    if often && phases_word(&section.name) {
        return None;
    }
    let framed = in_parentheses(&section.name, &found);
    let first = found.range.start == 0 || section.name.chars().count() < 24;
    let place = framed || first || found.strong;
    let does = || reading.blocks(id).iter().any(|b| matches!(b.kind, BlockKind::Fence(_)));
    let interval = found.cadence.is_none() && found.strong && found.when.is_some() && !framed;
    let interval = interval && !(found.range.start == 0 && does());
    // "First Monday: disaster drill" is a date; "Daily report failure" is trouble.
    let dated = framed || (found.range.start == 0 && found.when.is_some());
    (place && !interval && (dated || !trouble)).then_some(found)
}

/// A step of a procedure by its name.
fn phases_word(name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or("").to_lowercase();
    ["step", "phase", "schritt", "étape", "paso", "fase", "etapa", "шаг", "этап"]
        .contains(&first.trim_end_matches([':', '.']))
}

fn in_parentheses(text: &str, rhythm: &Rhythm) -> bool {
    let fold = Fold::new(text);
    let before = &fold.text[..rhythm.range.start];
    before.matches('(').count() > before.matches(')').count()
}

/// The rhythm of the nearest title around, its own included.
fn inherited<'a>(reading: &Reading<'_>, mut id: SectionId, said: &'a [Option<Rhythm>]) -> Option<&'a Rhythm> {
    loop {
        if let Some(found) = said[id].as_ref().filter(|r| r.cadence.is_some()) {
            return Some(found);
        }
        id = reading.document.sections[id].parent?;
    }
}

/// Whether a section is something that recurs, rather than a part of it or a roof over several.
fn section(reading: &Reading<'_>, id: SectionId, said: &[Option<Rhythm>], roofs: &[bool]) -> Option<Schedule> {
    let document = reading.document;
    let this = &document.sections[id];
    let parent = this.parent.unwrap_or(0);
    let outer = inherited(reading, parent, said);
    let own = said[id].as_ref();
    let heading = matches!(this.kind, SectionKind::Heading(_));
    let mut cadence = own.and_then(|r| r.cadence);
    match (own, outer) {
        (Some(_), _) if roofs[id] => return None,
        // "9:00 AM" and "Monday" say when; how often is said above.
        (Some(r), Some(o)) if cadence.is_none() && r.when.is_some() && !r.strong => cadence = o.cadence,
        (Some(r), None) if cadence.is_none() && !r.strong => return None,
        (Some(_), _) => {}
        // "Morning health check" under "Daily operations", among children of which one says when.
        (None, Some(o)) if heading && roofs[parent] && !is_text(reading, id) && recurs(reading, id) => {
            cadence = o.cadence;
        }
        _ => return None,
    }
    let rhythm = own.cloned().unwrap_or_default();
    // A child that repeats its parent's rhythm is a part of it.
    let scheduled = |mut id: SectionId| {
        while let Some(up) = document.sections[id].parent {
            if let Some(r) = said[up].as_ref().filter(|_| !roofs[up]) {
                return Some((r, r.cadence.or_else(|| inherited(reading, up, said).and_then(|o| o.cadence))));
            }
            id = up;
        }
        None
    };
    if let Some((above, above_cadence)) = scheduled(id)
        && above_cadence == cadence
        && (rhythm.when.is_none() || rhythm.when == above.when)
    {
        return None;
    }
    let cron = rhythm.cron.clone().or_else(|| {
        // The cadence came from above: with it the time may be exact.
        let word = match cadence? {
            Cadence::Daily => "daily",
            Cadence::Weekly => "weekly",
            _ => return None,
        };
        rhythm.when.as_ref().and_then(|w| crate::grammar::schedule::rhythm(&format!("{word} {w}"))).and_then(|r| r.cron)
    });
    Some(Schedule {
        name: name(&this.name, own),
        cadence,
        when: rhythm.when,
        cron,
        tasks: Vec::new(),
        command_lines: Vec::new(),
        line: this.line,
    })
}

/// "Daily operations" over dated children: the children recur, not the roof.
fn roof(reading: &Reading<'_>, id: SectionId, said: &[Option<Rhythm>]) -> bool {
    let document = reading.document;
    let bare = said[id].as_ref().is_some_and(|r| r.cadence.is_some() && r.when.is_none());
    if !bare || !matches!(document.sections[id].kind, SectionKind::Heading(_)) {
        return false;
    }
    let own_list = reading
        .blocks(id)
        .iter()
        .any(|b| b.section == id && matches!(b.kind, BlockKind::Item(_) | BlockKind::Fence(_) | BlockKind::Table(_)));
    !own_list
        && reading.children(id).any(|child| {
            let name = folded(&document.sections[child].name);
            let part = lexicon().day_parts.all(&name).iter().any(|(_, p)| *p == DayPart::Some);
            matches!(document.sections[child].kind, SectionKind::Heading(_)) && (said[child].is_some() || part)
        })
}

/// Holds nothing to do.
fn is_text(reading: &Reading<'_>, id: SectionId) -> bool {
    !reading.blocks(id).iter().any(|b| matches!(b.kind, BlockKind::Item(_) | BlockKind::Fence(_) | BlockKind::Table(_)))
}

/// A title without the parenthesis or lead that says when, and without estimates.
fn name(title: &str, said: Option<&Rhythm>) -> String {
    let mut text = title.to_string();
    if let Some(rhythm) = said {
        let fold = Fold::new(title);
        let after = fold.text[rhythm.range.end..].trim_start();
        let leads = rhythm.range.start == 0 && after.starts_with([':', '-', '→', '|']);
        let ends = rhythm.range.end == fold.text.len()
            && fold.text[..rhythm.range.start].trim_end().ends_with([':', '-', '|', ',']);
        if (leads || ends) && !in_parentheses(title, rhythm) {
            text = without(title, rhythm);
        }
    }
    let says_when = |inside: &str| {
        rhythm(inside).is_some_and(|r| without(inside, &r).chars().filter(|c| c.is_alphabetic()).count() <= 4)
    };
    let text = frames(&text, |inside| says_when(inside) || duration::find(inside).len() == 1);
    let text = text.trim().trim_end_matches([':', '：', '-', '–', ' ']).to_string();
    if text.chars().any(char::is_alphabetic) { text } else { title.trim().to_string() }
}

/// A text without the parentheses whose content is this.
fn frames(text: &str, is: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['(', '（', '[', '【']) {
        let open = rest[at..].chars().next().map_or(1, char::len_utf8);
        let Some(close) = rest[at..].find([')', '）', ']', '】']) else { break };
        let end = at + close + rest[at + close..].chars().next().map_or(1, char::len_utf8);
        if is(&rest[at + open..at + close]) {
            out.push_str(rest[..at].trim_end());
        } else {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The items under a section that are not scheduled by themselves; of a section without items, the titles in it.
fn tasks(reading: &Reading<'_>, id: SectionId, of_section: &[Option<usize>], nearer: &BTreeSet<Line>) -> Vec<String> {
    let document = reading.document;
    let other = |mut inner: SectionId| {
        while inner != id {
            if of_section[inner].is_some() {
                return true;
            }
            inner = document.sections[inner].parent.unwrap_or(id);
        }
        false
    };
    let mut tasks = Vec::new();
    for block in reading.blocks(id).iter().filter(|b| b.first > document.sections[id].line && !other(b.section)) {
        let BlockKind::Item(item) = &block.kind else { continue };
        let text = item.text.iter().map(|l| l.plain.trim()).collect::<Vec<_>>().join(" ");
        if !text.is_empty() && !nearer.contains(&block.first) {
            tasks.push(text);
        }
    }
    if tasks.is_empty() {
        let inside =
            (id + 1..reading.end(id)).filter(|c| !other(*c) && document.sections[*c].kind != SectionKind::Lead);
        tasks.extend(inside.map(|c| document.sections[c].name.clone()));
    }
    tasks
}
