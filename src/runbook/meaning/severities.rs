//! Severities: tables with a column of levels, lines and items that begin with a level, titles that are one.
//!
//! A mention defines nothing, and a level that comes twice in one table counts occurrences. The rank comes from the
//! order of definition, turned round only where names or response times say that the worst stands last.

mod fields;
mod tables;

pub use tables::passes_on;

use super::Reading;
use crate::document::{BlockKind, Inline, SectionId, SectionKind};
use crate::fold::{folded, key};
use crate::grammar::duration::{self, Dur};
use crate::grammar::severity::{self, Reference};
use crate::lexicon::{Header, Role, header, lexicon};
use crate::model::{Finding, FindingKind, Level, Line, Severity};
use crate::proposal::Proposal;
use fields::{bounded, field, is_field, noted, times, without_times};

/// A definition before ranks are known.
#[derive(Clone, Debug, Default)]
struct Draft {
    level: String,
    name: Option<String>,
    description: Option<String>,
    response: Option<Dur>,
    resolution: Option<Dur>,
    line: Line,
    /// Not only a word that may be anything ("High: …"), or under a title about severities.
    sure: bool,
    /// Only spoken of: whom to call for it.
    refers: bool,
}

pub fn severities(reading: &Reading<'_>, proposals: &mut Vec<Proposal>, findings: &mut Vec<Finding>) -> Vec<Severity> {
    let mut groups: Vec<Vec<Draft>> = Vec::new();
    for block in &reading.document.blocks {
        if reading.sets_nothing(block.section) {
            continue;
        }
        if let BlockKind::Table(table) = &block.kind {
            groups.push(tables::of_table(reading, block.section, table));
        }
        let set: Vec<(Line, String)> = match &block.kind {
            BlockKind::Fence(fence) if fence.lang.is_none() => fence.body.clone(),
            BlockKind::Paragraph(lines) if lines.iter().all(|l| l.plain.trim().contains("  ")) => {
                lines.iter().map(|l| (l.line, l.plain.clone())).collect()
            }
            _ => Vec::new(),
        };
        if !set.is_empty() && reading.nearest(block.section, 0, &[Role::Severity]).is_some() {
            groups.push(tables::of_columns(&set));
        }
    }
    groups.extend(lines_of(reading));
    groups.extend(titles_of(reading));
    groups.retain(|g| !g.is_empty());
    // What says times defines; a table that only refers to the levels adds to it.
    groups.sort_by_key(|g| (g[0].refers, !g.iter().any(|d| d.response.is_some()), tabled(reading, g), g[0].line));
    let count = groups.len();
    let mut drafts: Vec<Draft> = Vec::new();
    groups.into_iter().for_each(|group| merge(&mut drafts, group, findings));
    drafts.sort_by_key(|d| d.line);
    let drafts = one_scale(drafts, count, proposals);
    rank(drafts)
}

/// A table of definitions comes before other texts.
fn tabled(reading: &Reading<'_>, group: &[Draft]) -> bool {
    let line = group[0].line;
    let at = reading.document.blocks.partition_point(|b| b.last < line);
    !reading.document.blocks.get(at).is_some_and(|b| matches!(b.kind, BlockKind::Table(_)))
}

/// Lines of a paragraph, or items of a list, each of which begins with a level.
fn lines_of(reading: &Reading<'_>) -> Vec<Vec<Draft>> {
    let mut groups: Vec<Vec<Draft>> = Vec::new();
    let mut open: Option<(SectionId, Option<u32>)> = None;
    for block in &reading.document.blocks {
        // "Response time: …" one step deeper is said of the item above.
        if let (BlockKind::Item(item), Some((section, _))) = (&block.kind, open)
            && item.depth > 0
            && below(reading, block.section, section)
            && let Some(text) = item.text.first().filter(|l| is_field(&l.plain))
            && let Some(draft) = groups.last_mut().and_then(|g| g.last_mut())
        {
            field(draft, &text.plain);
            continue;
        }
        let (lines, list): (Vec<&Inline>, Option<u32>) = match &block.kind {
            BlockKind::Paragraph(lines) => (lines.iter().collect(), None),
            BlockKind::Item(item) if item.depth == 0 || open == Some((block.section, Some(item.list))) => {
                (item.text.first().into_iter().collect(), Some(item.list))
            }
            _ => continue,
        };
        const ABOUT: [Role; 3] = [Role::Severity, Role::Escalation, Role::Contacts];
        let named = reading.nearest(block.section, 0, &ABOUT);
        // A list about escalation defines severities only by the fields below them.
        let elsewhere = named == Some(Role::Escalation);
        if reading.sets_nothing(block.section) || named == Some(Role::Contacts) || elsewhere && list.is_none() {
            continue;
        }
        let about = reading.nearest(block.section, 0, &[Role::Severity]).is_some();
        // The fields of a level that a paragraph names stand in the list below it.
        if let Some((section, None)) = open
            && list.is_some()
            && below(reading, block.section, section)
            && let Some(draft) = groups.last_mut().and_then(|g| g.last_mut())
            && lines.iter().all(|l| severity::reference(&l.plain).is_none())
        {
            lines.iter().filter(|l| is_field(&l.plain)).for_each(|l| field(draft, &l.plain));
            continue;
        }
        for (at, inline) in lines.iter().enumerate() {
            let draft = of_line(inline, about).or_else(|| of_term(inline, lines.get(at + 1)?));
            let draft = draft.map(|d| match elsewhere {
                true => Draft { response: None, resolution: None, refers: true, ..d },
                false => d,
            });
            let Some(mut draft) = draft else { continue };
            // Under "Recovery time objectives" a time is no time to answer.
            let titled = || header(&reading.document.sections[reading.titled(block.section)].name);
            if draft.resolution.is_none() && draft.response.is_some() && titled() == Some(Header::Resolution) {
                draft.resolution = draft.response.take();
            }
            let here = Some((block.section, list));
            match groups.last_mut().filter(|_| open == here || list.is_none() && open == Some((block.section, None))) {
                Some(group) => group.push(draft),
                None => groups.push(vec![draft]),
            }
            open = here;
        }
    }
    // One line alone is a mention; and what repeats itself is a list of what happened.
    groups.retain(|g| {
        let timed = g.iter().filter(|d| d.response.is_some()).count();
        let sure = g.iter().all(|d| d.sure) && !g[0].refers;
        g.len() >= 2
            && (sure || timed >= 2)
            && g.iter().enumerate().all(|(at, d)| !g[..at].iter().any(|o| same(&o.level, &d.level)))
    });
    groups.iter_mut().flatten().for_each(|d| d.refers = false);
    groups
}

/// In a section, or under one of its lead-ins.
fn below(reading: &Reading<'_>, id: SectionId, section: SectionId) -> bool {
    id == section || reading.titled(id) == reading.titled(section)
}

/// `**P1 - Critical**: all is down (respond within 15 minutes)`.
fn of_line(inline: &Inline, about: bool) -> Option<Draft> {
    let plain = inline.plain.as_str();
    let (head, rest) = match inline.lead() {
        Some((lead, rest)) => (lead.to_owned(), rest),
        None => {
            let at = plain
                .find([':', '：'])
                .or_else(|| plain.find(" - "))
                .or_else(|| plain.find(" – "))
                .or_else(|| plain.find(" — "))?;
            let width = plain[at..].chars().next().map_or(1, |c| if c == ' ' { 0 } else { c.len_utf8() });
            (plain[..at].to_owned(), &plain[at + width..])
        }
    };
    let head = head.trim().trim_end_matches([':', '：']).trim();
    let Reference { label, name, number, rest: more, .. } = severity::reference(head)?;
    // "Critical: page somebody" under any title is a sentence; with a number, under such a title, or beside others
    // with times (the group decides), it is a level.
    let counted = name.as_deref().and_then(|n| n.split_whitespace().next_back()).map(folded).is_some_and(|last| {
        // "P0 incidents: 23 of them mended" counts what happened.
        last.ends_with('s') && lexicon().trouble.whole(&last).is_some()
    });
    let sure = about || number.is_some() && !counted;
    if !more.trim().is_empty() && more.chars().count() > 40 {
        return None;
    }
    let mut rest = rest.trim_start_matches([':', '：', ' ', '-', '–', '—', '→']).trim();
    let mut name = name;
    // `P1 (Critical) - text`, `P1 – Critical: text` where only the label is bold.
    if name.is_none()
        && let Some((first, behind)) =
            rest.split_once([':', '：']).or_else(|| rest.split_once(" - ")).or_else(|| rest.split_once(" – "))
        && first.split_whitespace().count() <= 3
        && duration::find(first).is_empty()
    {
        name = Some(first.trim().trim_matches(['(', ')']).to_owned());
        rest = behind.trim();
    }
    let mut draft = Draft { level: label, name, line: inline.line, sure, ..Draft::default() };
    times(&mut draft, &format!("{more} ; {rest}"));
    draft.description = Some(without_times(rest)).filter(|r| !r.is_empty());
    Some(draft)
}

/// A definition list: the level on a line of its own, what it means behind a colon on the next.
fn of_term(term: &Inline, meaning: &Inline) -> Option<Draft> {
    let text = meaning.plain.trim_start().strip_prefix(':')?.trim();
    let Reference { label, name, number: Some(_), rest, .. } = severity::reference(term.plain.trim())? else {
        return None;
    };
    if !rest.trim().is_empty() {
        return None;
    }
    let mut draft = Draft { level: label, name, line: term.line, sure: true, ..Draft::default() };
    times(&mut draft, text);
    draft.description = Some(without_times(text)).filter(|r| !r.is_empty());
    Some(draft)
}

/// Titles that are a level with what stands below: under a title about severities, or, wherever they stand, codes that
/// are nothing else with their response times.
fn titles_of(reading: &Reading<'_>) -> Vec<Vec<Draft>> {
    let document = reading.document;
    let mut groups: Vec<(SectionId, bool, Vec<Draft>)> = Vec::new();
    for id in 1..document.sections.len() {
        let section = &document.sections[id];
        let Some(parent) = section.parent else { continue };
        let Some(reference) = reading.level(id) else { continue };
        let about = reading.nearest(parent, 0, &[Role::Severity]).is_some();
        let other =
            reading.nearest(parent, 0, &[Role::Escalation, Role::Response, Role::Contacts, Role::Playbook]).is_some();
        let own = reading.own(parent).contains(&Role::Severity);
        // "Severity template" is no template of something else.
        let silent = match own {
            true => reading.nearest(id, 0, &[Role::ExpectedOutput, Role::Postmortem, Role::History]).is_some(),
            false => reading.sets_nothing(id),
        };
        if !(about || reference.strong)
            || other && !own
            || silent
            || !matches!(section.kind, SectionKind::Heading(_) | SectionKind::Bold | SectionKind::Item(_))
        {
            continue;
        }
        let mut draft = Draft {
            level: reference.label.clone(),
            name: reference.name.clone(),
            line: section.line,
            ..Draft::default()
        };
        for block in reading.blocks(id) {
            let lines = match &block.kind {
                BlockKind::Paragraph(lines) => lines,
                BlockKind::Item(item) => &item.text,
                BlockKind::Fence(fence) => {
                    fence.body.iter().for_each(|(_, text)| noted(&mut draft, text));
                    continue;
                }
                _ => continue,
            };
            for inline in lines.iter().filter(|l| l.line != section.line) {
                field(&mut draft, &inline.plain);
            }
        }
        // What a field says comes before what its title says: "P1 (page at once)" may still have 15 minutes.
        let mut said = reference.rest.clone();
        // "P2 - within 1 hour": a time is no name.
        if let Some(name) = draft.name.take_if(|n| !duration::find(n).is_empty()) {
            said = format!("{name} ; {said}");
        }
        if !said.trim().is_empty() {
            times(&mut draft, &said);
            if draft.response.is_none() {
                draft.response = bounded(&said);
            }
        }
        match groups.last_mut().filter(|(p, ..)| *p == parent) {
            Some((.., group)) => group.push(draft),
            None => groups.push((parent, about, vec![draft])),
        }
    }
    let timed = |group: &[Draft]| group.iter().filter(|d| d.response.is_some()).count() >= 2;
    groups.into_iter().filter(|(_, about, g)| g.len() >= 2 && (*about || timed(g))).map(|(.., g)| g).collect()
}

/// What is defined twice is one severity; two different times are reported.
fn merge(into: &mut Vec<Draft>, group: Vec<Draft>, findings: &mut Vec<Finding>) {
    for draft in group {
        let Some(known) = into.iter_mut().find(|d| same(&d.level, &draft.level)) else {
            into.push(draft);
            continue;
        };
        let (old, new) =
            (known.response.as_ref().and_then(Dur::upper_s), draft.response.as_ref().and_then(Dur::upper_s));
        if let (Some(old), Some(new)) = (old, new)
            && old != new
        {
            findings.push(Finding {
                kind: FindingKind::Contradiction,
                rule: "response-time-differs".into(),
                level: Level::Warning,
                lines: vec![draft.line, known.line],
                message: format!("{} has a response time of {new} s here and of {old} s on line {}. Firebell uses line {}; decide for one.", known.level, known.line, known.line),
            });
        }
        known.name = known.name.take().or(draft.name);
        known.description = known.description.take().or(draft.description);
        known.response = known.response.take().or(draft.response);
        known.resolution = known.resolution.take().or(draft.resolution);
    }
}

/// Two scales in one document (`P1…` and `SEV1…`) are proposed as aliases, never merged silently: the first is used.
fn one_scale(drafts: Vec<Draft>, groups: usize, proposals: &mut Vec<Proposal>) -> Vec<Draft> {
    let family = |level: &str| -> String {
        key(level).chars().take_while(|c| !c.is_ascii_digit()).filter(|c| c.is_alphabetic()).collect()
    };
    let numbered = |d: &Draft| d.level.chars().any(|c| c.is_ascii_digit());
    let Some(first) = drafts.first().filter(|_| groups > 1) else { return drafts };
    let (own, numbers) = (family(&first.level), numbered(first));
    let (kept, other): (Vec<Draft>, Vec<Draft>) =
        drafts.into_iter().partition(|d| numbered(d) == numbers && (!numbers || family(&d.level) == own));
    for draft in other {
        proposals.push(Proposal::new(
            format!("severity {}", draft.level),
            "A second scale of severities stands in this document; it may be another name for the first.".into(),
            (draft.line, draft.line),
            "severities".into(),
        ));
    }
    kept
}

fn rank(drafts: Vec<Draft>) -> Vec<Severity> {
    let weight = |d: &Draft| weight_of(d.name.as_deref().unwrap_or(&d.level));
    let worst_last = match (drafts.first(), drafts.last()) {
        (Some(first), Some(last)) if drafts.len() > 1 => match (weight(first), weight(last)) {
            (Some(a), Some(b)) if a != b => a > b,
            _ => {
                match (first.response.as_ref().and_then(Dur::upper_s), last.response.as_ref().and_then(Dur::upper_s)) {
                    (Some(a), Some(b)) if a != b => a > b,
                    _ => false,
                }
            }
        },
        _ => false,
    };
    let count = drafts.len() as u32;
    drafts
        .into_iter()
        .enumerate()
        .map(|(at, d)| Severity {
            rank: if worst_last { count - at as u32 } else { at as u32 + 1 },
            business_time: [&d.response, &d.resolution].into_iter().flatten().any(Dur::business),
            response_time_s: d.response.as_ref().and_then(Dur::upper_s),
            resolution_time_s: d.resolution.as_ref().and_then(Dur::upper_s),
            level: d.level,
            name: d.name,
            description: d.description,
            line: d.line,
        })
        .collect()
}

/// `P1`, `p-1` and `P 1` are one level.
pub fn same(one: &str, other: &str) -> bool {
    let bare = |s: &str| -> String { key(s).chars().filter(|c| c.is_alphanumeric()).collect() };
    // Labels are short: most are told apart, or found equal, by their letters and digits as written.
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain(one) && plain(other) {
        return one.eq_ignore_ascii_case(other);
    }
    bare(one) == bare(other)
}

/// What a name says of the order: 1 is worst.
fn weight_of(name: &str) -> Option<u8> {
    let name = key(name);
    lexicon().level_words.whole(&name).or_else(|| lexicon().level_words.first(&name).map(|(_, weight)| weight))
}
