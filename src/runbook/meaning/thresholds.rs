//! Limits of metrics: columns of tables, bullets under a title about thresholds, "if X > N: do Y", and what a good
//! state should be (turned round: crossing it is the alarm).

mod said;

use super::Reading;
use crate::document::{BlockKind, Inline, SectionId, Table};
use crate::fold::{folded, key};
use crate::grammar::threshold::{Cell, Clause, bare, cell, clauses};
use crate::lexicon::{Header, Role, header};
use crate::model::{Bound, Line, Threshold};

pub fn thresholds(reading: &Reading<'_>) -> Vec<Threshold> {
    let mut found: Vec<Threshold> = Vec::new();
    for block in &reading.document.blocks {
        if reading.sets_nothing(block.section) {
            continue;
        }
        if let BlockKind::Item(item) = &block.kind
            && let Some(text) = item.text.first().filter(|t| compares(&t.plain))
            && let Some(critical) = alerts(reading, block.section)
            && let Some(clause) = comparison(&text.plain)
        {
            add(&mut found, clause, critical, text.line, false);
            continue;
        }
        if happened(reading, block.section) {
            continue;
        }
        match &block.kind {
            BlockKind::Table(table) => found.extend(of_table(reading, table)),
            BlockKind::Item(item) => {
                item.text.iter().take(1).for_each(|l| of_line(reading, block.section, l, &mut found))
            }
            BlockKind::Paragraph(lines) => {
                lines.iter().filter(|l| has_digit(&l.plain)).for_each(|l| match level_of(&l.plain) {
                    Some(_) => of_line(reading, block.section, l, &mut found),
                    None if said::names_a_level(&l.plain) => found.extend(said::in_sentence(&l.plain, l.line)),
                    None => {}
                })
            }
            _ => {}
        }
    }
    found
}

/// Achievements, load over the year, signs of trouble: numbers that limit nothing.
fn happened(reading: &Reading<'_>, id: SectionId) -> bool {
    const OTHER: [Role; 3] = [Role::History, Role::Symptoms, Role::Escalation];
    reading.nearest(id, 0, &OTHER).is_some()
}

/// A list of what raises an alert ("Critical alerts", "Trigger conditions" of a warning): whether the alert is critical.
fn alerts(reading: &Reading<'_>, id: SectionId) -> Option<bool> {
    const TITLES: [&str; 14] = [
        "alert",
        "alarm",
        "alerta",
        "alerte",
        "allarm",
        "warnung",
        "trigger",
        "threshold",
        "告警",
        "报警",
        "アラート",
        "알림",
        "경보",
        "оповещ",
    ];
    let titles = reading.around(id).take(2);
    let names: Vec<String> = titles.map(|id| folded(&reading.document.sections[id].name)).collect();
    if !names.iter().any(|n| TITLES.iter().any(|t| n.contains(t))) {
        return None;
    }
    let said = |n: &String| n.split(|c: char| !c.is_alphanumeric()).find_map(header);
    let levels = names.iter().filter_map(said).find(|h| matches!(h, Header::Warning | Header::Critical));
    let triggers = names.iter().any(|n| n.contains("trigger"));
    levels.map(|h| h == Header::Critical).or(triggers.then_some(false))
}

/// Most lines have no such sign, which is seen at once.
fn compares(plain: &str) -> bool {
    has_digit(plain) && plain.contains(['<', '>', '≤', '≥', '＜', '＞'])
}

/// `CPU load > 80 %` and nothing else.
fn comparison(plain: &str) -> Option<Clause> {
    const WORDS_MAX: usize = 7;
    let name = plain.split(['<', '>', '≤', '≥', '＜', '＞']).next()?;
    let mut said = clauses(plain);
    let one = said.len() == 1 && name.split_whitespace().count() <= WORDS_MAX && !name.contains(['(', ',', ';']);
    (one && name.chars().any(char::is_alphabetic)).then(|| said.remove(0))
}

/// There is no limit without a number.
fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Normal,
    Warning,
    Critical,
}

/// `Warning: …`, `🚨 Kritisch: …`: the level that a line begins with.
fn level_of(plain: &str) -> Option<(Level, &str)> {
    let text = plain.trim_start_matches(|c: char| !c.is_alphanumeric());
    let (head, rest) = text.split_once([':', '：'])?;
    let level = match header(head)? {
        Header::Warning => Level::Warning,
        Header::Critical => Level::Critical,
        Header::Good | Header::Target => Level::Normal,
        _ => return None,
    };
    (head.split_whitespace().count() <= 3).then_some((level, rest.trim()))
}

fn bound(limit: &Cell) -> Bound {
    Bound { op: limit.op.clone(), value: limit.value }
}

/// Crossing the edge of what is good is the alarm.
fn turned(limit: &Cell) -> Bound {
    let op = match limit.op.as_str() {
        ">" => "<",
        "<" => ">",
        ">=" => "<",
        "<=" => ">",
        other => other,
    };
    Bound { op: op.into(), value: limit.value }
}

fn of_table(reading: &Reading<'_>, table: &Table) -> Vec<Threshold> {
    let heads = reading.heads(table);
    let at = |wanted: Header| heads.iter().position(|h| *h == Some(wanted));
    let (warning, critical, limit) = (at(Header::Warning), at(Header::Critical), at(Header::Limit));
    if warning.is_none() && critical.is_none() && limit.is_none() {
        return Vec::new();
    }
    // What is measured: its column, or the first one that says nothing else.
    let Some(metric) = at(Header::Metric).or_else(|| {
        (0..heads.len()).find(|i| [Some(*i)] != [warning] && [Some(*i)] != [critical] && [Some(*i)] != [limit])
    }) else {
        return Vec::new();
    };
    let units = at(Header::Unit);
    let mut found = Vec::new();
    for row in &table.rows {
        let text = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).map(|c| c.plain.trim());
        let read = |at: Option<usize>| {
            text(at).and_then(|t| cell(t).or_else(|| clauses(t).into_iter().next().map(|c| c.limit)))
        };
        let (mut w, mut c) =
            (read(warning), read(critical).or_else(|| if critical.is_none() { read(limit) } else { None }));
        if w.is_none() && c.is_none() {
            (w, c) = ordered(text(warning).and_then(bare), text(critical).and_then(bare));
        }
        let name = text(Some(metric)).unwrap_or("").trim_matches('*').to_owned();
        if (w.is_none() && c.is_none()) || name.is_empty() {
            continue;
        }
        let unit = [&w, &c]
            .into_iter()
            .flatten()
            .find_map(|l| l.unit.clone())
            .or_else(|| text(units).filter(|u| !u.is_empty()).map(str::to_owned));
        found.push(Threshold {
            metric: name,
            warning: w.as_ref().map(bound),
            critical: c.as_ref().map(bound),
            unit,
            line: row.line,
        });
    }
    found
}

/// Two numbers without comparators: which is worse says the direction.
fn ordered(warning: Option<Cell>, critical: Option<Cell>) -> (Option<Cell>, Option<Cell>) {
    let (Some(mut w), Some(mut c)) = (warning, critical) else { return (None, None) };
    let op = if w.value < c.value { ">" } else { "<" };
    if w.value == c.value {
        return (None, None);
    }
    (w.op, c.op) = (op.to_owned(), op.to_owned());
    (Some(w), Some(c))
}

/// `CPU: warning above 70 %, critical above 90 %`.
fn two_levels(plain: &str, line: Line) -> Option<Threshold> {
    let (metric, rest) = plain.split_once([':', '：'])?;
    let (mut warning, mut critical, mut said) = (None, None, 0);
    for part in rest.split([',', ';', '，', '；', '、']).flat_map(|p| p.split(" / ")).flat_map(|p| p.split(" and "))
    {
        let part = part.trim().trim_end_matches('.');
        let end = part.find(|c: char| !c.is_alphabetic()).unwrap_or(part.len());
        let level = header(&part[..end]);
        let rest = part[end..].trim_start_matches([':', '：', ' ', '-']);
        let limit = cell(rest).or_else(|| bare(rest));
        match (level, limit) {
            (Some(Header::Warning), Some(limit)) => warning = Some(limit),
            (Some(Header::Critical), Some(limit)) => critical = Some(limit),
            (_, Some(limit)) if matches!(part[..end].to_lowercase().as_str(), "page" | "alarm" | "alert") => {
                critical = Some(limit)
            }
            _ => continue,
        }
        said += 1;
    }
    if said < 2 || metric.split_whitespace().count() > 6 {
        return None;
    }
    let (warning, critical) = match (&warning, &critical) {
        (Some(w), Some(c)) if w.op.is_empty() && c.op.is_empty() => ordered(warning, critical),
        _ => (warning, critical),
    };
    let unit = [&warning, &critical].into_iter().flatten().find_map(|l| l.unit.clone());
    (warning.is_some() || critical.is_some()).then(|| Threshold {
        metric: metric.trim().trim_matches('*').to_owned(),
        warning: warning.as_ref().map(bound),
        critical: critical.as_ref().map(bound),
        unit,
        line,
    })
}

fn of_line(reading: &Reading<'_>, section: SectionId, inline: &Inline, found: &mut Vec<Threshold>) {
    let plain = inline.plain.as_str();
    if !has_digit(plain) {
        return;
    }
    if let Some(both) = two_levels(plain, inline.line) {
        found.push(both);
        return;
    }
    if said::names_a_level(plain)
        && let Some(one) = said::in_parentheses(plain, inline.line).or_else(|| said::in_sentence(plain, inline.line))
    {
        found.push(one);
        return;
    }
    if let Some((level, rest)) = level_of(plain) {
        if level != Level::Normal {
            for clause in clauses(rest) {
                let critical = level == Level::Critical;
                add(found, clause, critical, inline.line, false);
            }
        }
        return;
    }
    if let Some(rule) = super::rules::sentence(plain, inline.line) {
        for clause in clauses(&rule.condition) {
            // The same limit was said as a level already.
            let known = found.iter().rev().take(8).any(|t| {
                [&t.warning, &t.critical]
                    .into_iter()
                    .flatten()
                    .any(|b| b.value == clause.limit.value && b.op == clause.limit.op)
                    && t.unit == clause.limit.unit
            });
            if !known {
                add(found, clause, false, inline.line, false);
            }
        }
        return;
    }
    // "Acknowledgement: < 5 minutes" is what a severity promises.
    let promised = plain.split_once([':', '：']).is_some_and(|(label, value)| {
        let level = || reading.around(section).any(|id| reading.level(id).is_some_and(|r| r.number.is_some()));
        let field = || matches!(header(label), Some(Header::Response | Header::Resolution));
        crate::grammar::duration::duration(value).is_some() && (field() || level())
    });
    if promised || !good_state(reading, section, plain) {
        return;
    }
    let whole = clauses(plain);
    for clause in whole {
        add(found, clause, false, inline.line, true);
    }
}

/// A line that says how it should be: under a title about limits or dashboards, or in so many words.
fn good_state(reading: &Reading<'_>, section: SectionId, plain: &str) -> bool {
    let lower = plain.to_lowercase();
    let said = [
        "should be",
        "should stay",
        "must be",
        "must stay",
        "normal",
        "expected",
        "target",
        "sollte",
        "soll ",
        "devrait",
        "doit ",
        "debe ",
        "deve ",
        "должн",
        "应",
        "正常",
        "meta:",
        "objetivo:",
        "ziel:",
        "cible :",
        "目标",
        "목표",
    ]
    .iter()
    .any(|w| lower.contains(w));
    // A bare `name: <limit` under such a title.
    let about = reading.nearest(section, 0, &[Role::Threshold]).is_some()
        || reading.nearest(section, 0, &[Role::Checklist, Role::Verify, Role::Diagnose]) == Some(Role::Checklist);
    let bare = plain.split_once([':', '：']).is_some_and(|(name, limit)| {
        name.split_whitespace().count() <= 5 && limit.trim_start().starts_with(['<', '>', '≤', '≥', '＜', '＞'])
    });
    said && plain.contains(['<', '>', '≤', '≥']) || about && bare || bare && is_box(reading, section)
}

fn is_box(reading: &Reading<'_>, section: SectionId) -> bool {
    reading.blocks(section).iter().any(|b| matches!(&b.kind, BlockKind::Item(item) if item.check.is_some()))
}

/// The two levels of one metric, said one after the other, are one threshold.
fn add(found: &mut Vec<Threshold>, clause: Clause, critical: bool, line: Line, good: bool) {
    let limit = if good { turned(&clause.limit) } else { bound(&clause.limit) };
    let id = key(&clause.metric);
    let open = found.iter_mut().rev().take(6).find(|t| {
        key(&t.metric) == id
            && line.abs_diff(t.line) <= 6
            && if critical { t.critical.is_none() } else { t.warning.is_none() }
    });
    if let Some(open) = open.filter(|_| !good) {
        let slot = if critical { &mut open.critical } else { &mut open.warning };
        *slot = Some(limit);
        return;
    }
    let (warning, critical) = if critical { (None, Some(limit)) } else { (Some(limit), None) };
    found.push(Threshold { metric: clause.metric, warning, critical, unit: clause.limit.unit, line });
}
