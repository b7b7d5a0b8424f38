//! Levels of people, each a section with bullets: scope, response time, authority, and when the next one is called.

use super::Chain;
use super::lists::is_tier;
use crate::document::{BlockKind, SectionId};
use crate::grammar::duration::{self, Dur, duration};
use crate::grammar::escalation::{Step, step};
use crate::grammar::severity;
use crate::lexicon::{Header, Role, header, roles};
use crate::meaning::Reading;
use crate::model::Line;

#[derive(Default)]
struct Level {
    label: String,
    who: Option<String>,
    response_s: Option<u64>,
    authority: Vec<String>,
    /// Until the next level is called.
    next_s: Option<u64>,
    /// Said of this level itself: "(after 30 minutes)" in its title.
    own_s: Option<u64>,
    line: Line,
}

/// The levels under a section, if they are two or more; gives the sections that are accounted for.
pub fn levels(reading: &Reading<'_>, id: SectionId, chain: &mut Chain) -> Vec<SectionId> {
    let children: Vec<SectionId> = reading.children(id).collect();
    let mut found: Vec<(SectionId, Level)> = Vec::new();
    for child in children {
        if let Some(level) = level(reading, child) {
            found.push((child, level));
        }
    }
    if found.len() < 2 {
        return Vec::new();
    }
    let mut before: Option<u64> = None;
    let mut taken = Vec::new();
    for (n, (child, level)) in found.into_iter().enumerate() {
        let after_s = level.own_s.or(before.take());
        before = level.next_s;
        let target = level.who.clone().unwrap_or_else(|| level.label.clone());
        let said = Step { action: None, target, after_s, within_s: None, unless: None };
        let made = chain.push(id, Some(level.label), said, level.line);
        made.order = n as u32 + 1;
        made.response_time_s = level.response_s;
        made.authority = level.authority;
        taken.push(child);
    }
    taken
}

fn level(reading: &Reading<'_>, id: SectionId) -> Option<Level> {
    let section = &reading.document.sections[id];
    let name = short_tier(&section.name);
    let reference = severity::reference(&name).filter(|r| r.number.is_some() && is_tier(&r.label))?;
    let label = if name == section.name { reference.label.clone() } else { reference.label.replacen("Level ", "L", 1) };
    let timed = duration::find(&section.name).into_iter().map(|(_, d)| d).find(|d| d.lower_s().is_some());
    // "(within 15 minutes)" is how fast they answer, "(after 15 minutes)" when they are called.
    let (response_s, own_s) = match &timed {
        Some(dur @ Dur::UpTo(_)) => (dur.upper_s(), None),
        other => (None, other.as_ref().and_then(Dur::lower_s)),
    };
    let mut level =
        Level { label, who: reference.name.clone(), response_s, own_s, line: section.line, ..Level::default() };
    let mut bullets = 0;
    for block in reading.blocks(id) {
        let lines = match &block.kind {
            BlockKind::Item(item) => item.text.as_slice(),
            BlockKind::Paragraph(lines) => lines.as_slice(),
            _ => continue,
        };
        for text in lines {
            let split = || text.plain.split_once([':', '：']).map(|(k, v)| (k.trim(), v));
            let Some((key, value)) = text.lead().filter(|(_, rest)| !rest.trim().is_empty()).or_else(split) else {
                continue;
            };
            let value = value.trim_start_matches([':', '：', ' ', '-', '–', '—']).trim();
            bullets += usize::from(bullet(&mut level, key.trim().trim_end_matches([':', '：']), value));
        }
    }
    // What they do may be all that stands below.
    let named = level.who.as_deref().and_then(step).is_some_and(|s| s.reaches_people());
    (bullets > 0 || named).then_some(level)
}

fn bullet(level: &mut Level, key: &str, value: &str) -> bool {
    let next = || duration::find(value).into_iter().find_map(|(_, d)| d.upper_s());
    match header(key) {
        Some(Header::Response) => level.response_s = duration(value).and_then(|d| d.upper_s()).or_else(next),
        Some(Header::Authority) => level.authority = split_list(value),
        Some(Header::Who | Header::Contact | Header::Role | Header::Name) => {
            let open = crate::meaning::contacts::address::is_open(value);
            let who = step(value).map(|s| s.target).filter(|_| !open && level.who.is_none());
            level.who = level.who.take().or(who);
        }
        Some(Header::After | Header::EscalateTo | Header::Condition) => level.next_s = level.next_s.or_else(next),
        Some(Header::Scope | Header::Responsibility | Header::Availability | Header::Description) => {}
        _ if roles(key).contains(&Role::Escalation) => level.next_s = level.next_s.or_else(next),
        _ => return false,
    }
    true
}

/// "L2 – Database team" is a level too.
fn short_tier(name: &str) -> String {
    match name.strip_prefix(['L', 'l']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("Level {rest}"),
        _ => name.to_string(),
    }
}

/// "L2: platform lead (30m)" without the level.
pub fn untiered(text: &str) -> String {
    let tier = severity::reference(&short_tier(text)).filter(|r| r.number.is_some() && is_tier(&r.label));
    match tier.and_then(|r| r.name.map(|name| format!("{name} {}", r.rest))) {
        Some(named) => named,
        None => text.to_string(),
    }
}

/// Split at commas that stand outside of parentheses.
pub fn split_list(text: &str) -> Vec<String> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '（' | '[' => depth += 1,
            ')' | '）' | ']' => depth = depth.saturating_sub(1),
            ',' | ';' | '，' | '；' | '、' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.into_iter().map(|p| p.trim_end_matches('.')).filter(|p| !p.is_empty()).map(str::to_string).collect()
}
