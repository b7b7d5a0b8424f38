//! Steps of answering an incident that have a time: windows ("0-2 minutes") and deadlines ("< 15 minutes"), in titles,
//! numbered steps and tables. The same parenthesis behind a routine task is an estimate and makes nothing.

mod steps;

use super::Reading;
use crate::document::{BlockKind, SectionId, SectionKind, Table};
use crate::grammar::duration::{self, Dur};
use crate::grammar::escalation::step;
use crate::grammar::severity;
use crate::lexicon::{Header, Role, header};
use crate::model::Phase;
use crate::proposal::Proposal;

pub fn phases(reading: &Reading<'_>, proposals: &mut Vec<Proposal>) -> Vec<Phase> {
    let document = reading.document;
    let mut found: Vec<Phase> = Vec::new();
    let mut timed_parents: Vec<SectionId> = Vec::new();
    let chained_at = in_a_row(reading);
    for (id, chained) in chained_at.iter().enumerate().skip(1) {
        // The steps of the first minutes of an incident have deadlines too.
        let step = || is_step(reading, id) && document.sections[id].parent.is_some_and(|p| chained_at[p]);
        let chained = *chained || step();
        if !(answers(reading, id) || chained) || of_people(reading, id) || reading.sets_nothing_but_postmortem(id) {
            continue;
        }
        let section = &document.sections[id];
        let own = time_of(&section.name, is_step(reading, id) || chained);
        let inherited = || {
            // Bold steps under a title with a window are the parts of that window.
            let parent = section.parent?;
            let bold = matches!(section.kind, SectionKind::Bold | SectionKind::Item(_));
            let time = bold.then(|| time_of(&document.sections[parent].name, false)).flatten();
            // "P1 (page at once)" says when a severity is answered, not how long its parts take.
            time.filter(|t| t.window.is_some() || reading.level(parent).is_none())
        };
        if let Some(time) = own.or_else(inherited) {
            if let Some(parent) = section.parent.filter(|p| answers(reading, *p)) {
                timed_parents.push(parent);
            }
            if time.guessed {
                proposals.push(Proposal::new(
                    format!("phase {}", name(&section.name)),
                    "A bare duration behind a step: a deadline or an estimate.".into(),
                    (section.line, section.line),
                    "phases".into(),
                ));
            }
            found.push(phase(reading, id, time));
        }
    }
    // Their siblings without a number ("after the incident") are phases too; nothing is due.
    for id in 1..document.sections.len() {
        let section = &document.sections[id];
        let sibling = section.parent.is_some_and(|p| timed_parents.contains(&p)) && is_step(reading, id);
        if sibling && !found.iter().any(|p| p.line == section.line) && !reading.sets_nothing_but_postmortem(id) {
            found.push(phase(reading, id, Time { window: None, deadline: None, guessed: false }));
        }
    }
    for block in &document.blocks {
        match &block.kind {
            BlockKind::Table(table) if answers(reading, block.section) => {
                found.extend(of_table(reading, block.section, table))
            }
            BlockKind::Item(item)
                if answers(reading, block.section)
                    && reading.nearest(block.section, 0, &[Role::Escalation, Role::Severity])
                        != Some(Role::Escalation) =>
            {
                let Some(first) = item.text.first() else { continue };
                let opens = document.sections[block.section].line == block.first;
                // "P1 (critical): respond within 5 minutes" defines a severity.
                let defines = first.lead().is_some_and(|(lead, _)| severity::reference(lead).is_some());
                let defines = defines || first.lead().is_some_and(|(lead, rest)| is_field(lead, rest));
                if opens || defines || !(item.number.is_some() || item.check.is_some() || first.lead().is_some()) {
                    continue;
                }
                // `1. Acknowledge the page within 5 minutes`; `2. **Assess** (< 10 min): look at …`
                if let Some(time) = deadline_in(&first.plain, first.lead().is_some()) {
                    // "If not resolved in 30 minutes, escalate": who takes over, not what is done by then.
                    if step(&first.plain).is_some_and(|s| s.unless.is_some()) {
                        continue;
                    }
                    let text = first.lead().map_or(first.plain.as_str(), |(lead, _)| lead);
                    let actions = first
                        .lead()
                        .map(|(_, rest)| without_time(rest))
                        .map(|r| r.trim_start_matches([':', '：', ' ', '-', '–']).trim().to_owned())
                        .filter(|r| !r.is_empty())
                        .into_iter()
                        .collect();
                    found.push(Phase {
                        severity: scope(reading, block.section),
                        name: name(text),
                        window: time.window,
                        deadline_s: time.deadline,
                        actions,
                        command_lines: Vec::new(),
                        line: block.first,
                    });
                }
            }
            _ => {}
        }
    }
    found.extend(steps::in_lists(reading));
    found.sort_by_key(|p| p.line);
    found.dedup_by_key(|p| p.line);
    found
}

#[derive(Clone, Debug)]
struct Time {
    window: Option<[u64; 2]>,
    deadline: Option<u64>,
    guessed: bool,
}

/// Stands under something about answering incidents, and not under a routine.
fn answers(reading: &Reading<'_>, id: SectionId) -> bool {
    const ABOUT: [Role; 7] = [
        Role::Response,
        Role::Severity,
        Role::Escalation,
        Role::Schedule,
        Role::Deploy,
        Role::Contacts,
        Role::Prerequisites,
    ];
    match reading.nearest(id, 0, &ABOUT) {
        Some(Role::Response | Role::Severity) => true,
        _ => reading
            .around(id)
            .any(|id| reading.level(id).is_some_and(|r| r.number.is_some()) || !reading.levels(id).is_empty()),
    }
}

/// "Level 2: team lead (within 30 minutes)" under escalation.
fn of_people(reading: &Reading<'_>, id: SectionId) -> bool {
    const ABOUT: [Role; 3] = [Role::Escalation, Role::Severity, Role::Response];
    reading.nearest(id, 0, &ABOUT) == Some(Role::Escalation)
        && reading.level(id).is_some_and(|r| !r.strong && r.number.is_some())
}

/// Titles beside each other whose windows follow each other ("0-15 min", "15-60 min"), or one that is the first
/// minutes: only an incident is counted so, whatever stands above.
fn in_a_row(reading: &Reading<'_>) -> Vec<bool> {
    let document = reading.document;
    let mut chained = vec![false; document.sections.len()];
    let mut last: std::collections::BTreeMap<SectionId, (SectionId, u64)> = std::collections::BTreeMap::new();
    for (id, section) in document.sections.iter().enumerate().skip(1) {
        let routine = reading.nearest(id, 0, &[Role::Schedule, Role::Deploy, Role::Escalation]).is_some();
        let titled = matches!(section.kind, SectionKind::Heading(_) | SectionKind::Bold | SectionKind::Item(_));
        let Some([from, to]) = reading.window(id).filter(|_| titled && !routine) else { continue };
        let parent = section.parent.unwrap_or(0);
        if let Some((before, _)) = last.get(&parent).filter(|(_, end)| *end == from && from > 0) {
            chained[*before] = true;
            chained[id] = true;
        }
        chained[id] |= from == 0 && time_of(&section.name, true).is_some();
        last.insert(parent, (id, to));
    }
    // "Step 1: … (within 5 minutes)", "Step 2: … (5-15 min)": steps beside each other, at least two with a time that
    // is surely none of an estimate.
    let mut steps: std::collections::BTreeMap<SectionId, Vec<SectionId>> = std::collections::BTreeMap::new();
    for (id, section) in document.sections.iter().enumerate().skip(1) {
        let routine = reading.nearest(id, 0, &[Role::Schedule, Role::Deploy, Role::Escalation]).is_some();
        if is_step(reading, id) && !routine && time_of(&section.name, false).is_some() {
            steps.entry(section.parent.unwrap_or(0)).or_default().push(id);
        }
    }
    for id in steps.into_values().filter(|s| s.len() >= 2).flatten() {
        chained[id] = true;
    }
    chained
}

/// `**Response time**: 15 min` under a level is what the level promises, no step.
fn is_field(lead: &str, rest: &str) -> bool {
    const FIELDS: [Header; 7] = [
        Header::Response,
        Header::Resolution,
        Header::UpdateEvery,
        Header::EscalateTo,
        Header::After,
        Header::Availability,
        Header::Cadence,
    ];
    let lead = lead.trim().trim_end_matches([':', '：', ' ']);
    let value = rest.trim_start();
    !value.starts_with(['(', '（', '[']) && header(lead).is_some_and(|h| FIELDS.contains(&h))
}

/// A step of a procedure: numbered, or named so.
fn is_step(reading: &Reading<'_>, id: SectionId) -> bool {
    let section = &reading.document.sections[id];
    let numbered = matches!(section.kind, SectionKind::Item(Some(_)))
        || section.title.plain.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let first = section.name.split_whitespace().next().unwrap_or("").to_lowercase();
    numbered
        || [
            "step",
            "phase",
            "schritt",
            "étape",
            "etape",
            "paso",
            "fase",
            "etapa",
            "passo",
            "passaggio",
            "шаг",
            "фаза",
            "этап",
        ]
        .contains(&first.trim_end_matches([':', '.']))
        || section.name.starts_with("步骤")
        || section.name.starts_with("手順")
        || section.name.starts_with("ステップ")
        || section.name.starts_with("단계")
}

/// The time in a title: in parentheses, or behind a colon or a dash.
fn time_of(title: &str, step: bool) -> Option<Time> {
    let mut parts: Vec<(&str, bool)> = Vec::new();
    let mut rest = title;
    while let Some((_, inner)) = rest.split_once(['(', '（', '[', '【']) {
        let Some((inside, behind)) = inner.split_once([')', '）', ']', '】']) else { break };
        parts.push((inside, true));
        rest = behind;
    }
    for mark in [" - ", " – ", " — ", ": ", "："] {
        if let Some((before, behind)) = title.rsplit_once(mark) {
            parts.push((behind, false));
            parts.push((before, false));
        }
    }
    parts.into_iter().find_map(|(part, inside)| {
        // "Time: 0-5 minutes", "T+15 min", "within 30 min".
        let part = part.rsplit([':', '：']).next().unwrap_or(part).trim();
        let dur = duration::duration(part).or_else(|| whole(part))?;
        // "Mitigation: apply an immediate fix" is a manner, "(immediately)" a time.
        (inside || dur != Dur::Immediate).then(|| time(dur, step)).flatten()
    })
}

/// "first 15 minutes", "Minute 0-5", "T+0 to T+15 min": a duration with a word or two around it.
fn whole(part: &str) -> Option<Dur> {
    let found = duration::find(part);
    let [(range, dur)] = found.as_slice() else { return None };
    let around = part[..range.start].split_whitespace().count() + part[range.end..].split_whitespace().count();
    // "Apply an immediate fix" is no time.
    (around <= 2 && *dur != Dur::Immediate).then(|| dur.clone())
}

fn time(dur: Dur, step: bool) -> Option<Time> {
    match dur {
        Dur::Range(from, to) => Some(Time { window: Some([from, to]), deadline: Some(to), guessed: false }),
        Dur::UpTo(to) => Some(Time { window: None, deadline: Some(to), guessed: false }),
        Dur::Immediate => Some(Time { window: None, deadline: Some(0), guessed: false }),
        Dur::Exact(to) if step => Some(Time { window: None, deadline: Some(to), guessed: true }),
        Dur::Calendar { .. } if step => {
            dur.upper_s().map(|to| Time { window: None, deadline: Some(to), guessed: true })
        }
        _ => None,
    }
}

/// A bound ("within 5 minutes") in the text of a step, or a time in parentheses behind its bold words.
fn deadline_in(text: &str, bold: bool) -> Option<Time> {
    if bold && let Some(found) = time_of(text, true) {
        return Some(found);
    }
    let found = duration::find(text);
    let [(_, dur)] = found.as_slice() else { return None };
    matches!(dur, Dur::UpTo(_)).then(|| time(dur.clone(), true)).flatten()
}

fn without_time(text: &str) -> String {
    let text = text.trim_start();
    match text.strip_prefix(['(', '（']).and_then(|r| r.split_once([')', '）'])) {
        Some((_, behind)) => behind.to_owned(),
        None => text.to_owned(),
    }
}

/// The title without its time: "Step 1: Immediate assessment".
fn name(title: &str) -> String {
    let mut name = String::new();
    let mut rest = title;
    while let Some(at) = rest.find(['(', '（', '[', '【']) {
        let open = rest[at..].chars().next().map_or(1, char::len_utf8);
        let Some(end) = rest[at..].find([')', '）', ']', '】']) else { break };
        let inside = &rest[at + open..at + end];
        name.push_str(rest[..at].trim_end());
        if duration::find(inside).is_empty() && duration::duration(inside).is_none() {
            let close = rest[at + end..].chars().next().map_or(1, char::len_utf8);
            name.push(' ');
            name.push_str(&rest[at..at + end + close]);
        }
        rest = &rest[at + end + rest[at + end..].chars().next().map_or(1, char::len_utf8)..];
    }
    name.push_str(rest);
    name.trim().trim_end_matches([':', '：']).trim().to_owned()
}

/// The severity whose procedure this is.
fn scope(reading: &Reading<'_>, id: SectionId) -> Option<String> {
    reading.around(id).find_map(|id| {
        reading.level(id).filter(|r| r.number.is_some()).map(|r| r.label.clone()).or_else(|| match reading.levels(id) {
            [one] => Some(one.clone()),
            _ => None,
        })
    })
}

fn phase(reading: &Reading<'_>, id: SectionId, time: Time) -> Phase {
    let section = &reading.document.sections[id];
    let actions = reading
        .blocks(id)
        .iter()
        .filter(|b| b.first != section.line && !reading.in_step_of(b.section, id))
        .filter_map(|b| match &b.kind {
            BlockKind::Item(item) => Some(item.text.iter().map(|l| l.plain.as_str()).collect::<Vec<_>>().join(" ")),
            _ => None,
        })
        .filter(|t| !t.is_empty())
        .collect();
    Phase {
        severity: scope(reading, id),
        name: name(&section.name),
        window: time.window,
        deadline_s: time.deadline,
        actions,
        command_lines: Vec::new(),
        line: section.line,
    }
}

/// A table of steps with a column of times.
fn of_table(reading: &Reading<'_>, section: SectionId, table: &Table) -> Vec<Phase> {
    let heads = reading.heads(table);
    let at = |wanted: &[Header]| heads.iter().position(|h| h.is_some_and(|h| wanted.contains(&h)));
    let Some(step) = at(&[Header::Step, Header::Task, Header::Name])
        .filter(|_| at(&[Header::Level, Header::EscalateTo, Header::Metric]).is_none())
    else {
        return Vec::new();
    };
    let Some(when) = at(&[Header::When, Header::After, Header::Response, Header::Resolution]) else {
        return Vec::new();
    };
    let action = at(&[Header::Action, Header::Description]).filter(|c| *c != step);
    let mut found = Vec::new();
    for row in &table.rows {
        let cell = |at: usize| row.cells.get(at).map_or("", |c| c.plain.trim());
        if let Some(time) = duration::duration(cell(when)).and_then(|d| time(d, true)) {
            let actions = action.map(|a| cell(a).to_owned()).filter(|a| !a.is_empty()).into_iter().collect();
            found.push(Phase {
                severity: scope(reading, section),
                name: cell(step).to_owned(),
                window: time.window,
                deadline_s: time.deadline,
                actions,
                command_lines: Vec::new(),
                line: row.line,
            });
        }
    }
    found
}
