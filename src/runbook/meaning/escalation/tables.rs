//! Tables of escalation: a row for each step or each severity, or a column for each time.

use super::levels::split_list;
use super::{Chain, scope};
use crate::document::{Block, Row, Table};
use crate::fold::folded;
use crate::grammar::duration::{Dur, duration, only_duration};
use crate::grammar::escalation::{Step, per_severity, step};
use crate::grammar::severity;
use crate::lexicon::{Header, lexicon};
use crate::meaning::Reading;
use crate::meaning::contacts::address::is_open;
use crate::meaning::severities::passes_on;

pub fn table(reading: &Reading<'_>, block: &Block, table: &Table, inside: bool, chain: &mut Chain) {
    let heads = reading.heads(table);
    let at = |wanted: &[Header]| {
        wanted.iter().find_map(|w| (0..heads.len()).find(|n| heads[*n] == Some(*w) && !yes_or_no(table, *n)))
    };
    let level = at(&[Header::Level]);
    let times: Vec<(usize, u64)> = table
        .head
        .iter()
        .enumerate()
        .filter_map(|(n, c)| duration(&c.plain).and_then(|d| d.lower_s()).map(|s| (n, s)))
        .collect();
    let titled = |n: &usize| matches!(heads[*n], Some(Header::EscalateTo));
    if times.len() >= 2 && (inside || times.iter().all(|(n, _)| titled(n))) {
        return grid(reading, block, table, &times, chain);
    }
    if inside && (turned(reading, block, table, chain) || people_above(reading, block, table, chain)) {
        return;
    }
    let after = at(&[Header::After, Header::When, Header::Hold, Header::Limit]);
    let keyed = level.is_some() && passes_on(&heads, inside);
    let after = after.or_else(|| (inside || keyed).then(|| column_of_times(table, &heads)).flatten());
    let target = if inside {
        at(&[Header::EscalateTo, Header::Who, Header::Role, Header::Contact, Header::Name, Header::Action])
    } else {
        at(&[Header::EscalateTo]).filter(|_| level.is_some())
    };
    // "Audience | Channel | When": whom the first column names is told then.
    let target = target.or_else(|| (inside && after.is_some() && heads.first() == Some(&None)).then_some(0));
    let Some(target) = target.filter(|t| Some(*t) != after) else { return };
    let response = at(&[Header::Response]);
    let authority = at(&[Header::Authority]);
    let section = reading.titled(block.section);
    for row in &table.rows {
        let cell = |n: Option<usize>| n.and_then(|n| row.cells.get(n)).map_or("", |c| c.plain.trim());
        let row_scope = severity::reference(cell(level)).map(|r| r.label).or_else(|| {
            let named = cell(level);
            (!named.is_empty() && named.split_whitespace().count() <= 3).then(|| named.to_string())
        });
        let row_scope = row_scope.or_else(|| scope(reading, block.section));
        let who = cell(Some(target));
        if who.is_empty() || is_open(who) || only_duration(who) {
            continue;
        }
        // "On-call → lead → director": one cell with a whole chain.
        let chained: Vec<Step> = if who.contains('→') || who.contains("->") {
            who.split(['→', '⇒']).flat_map(|p| p.split("->")).filter_map(step).collect()
        } else {
            Vec::new()
        };
        if inside && chained.len() > 1 && chained.iter().all(|s| s.target.split_whitespace().count() <= 6) {
            for said in chained {
                chain.push(section, row_scope.clone(), said, row.line);
            }
            continue;
        }
        let Some(mut said) = step(who) else { continue };
        let reaches = inside || keyed || said.reaches_people() || said.action.is_some();
        if !reaches || said.target.split_whitespace().count() > 10 {
            continue;
        }
        let rules = per_severity(cell(after));
        if !rules.is_empty() {
            for (label, dur) in rules {
                let one = Step { after_s: dur.upper_s(), ..said.clone() };
                chain.push(section, Some(label), one, row.line);
            }
            continue;
        }
        said.after_s = said.after_s.or_else(|| duration(cell(after)).and_then(|d| delay(&d)));
        let order = cell(level).trim_matches(|c: char| !c.is_ascii_digit()).parse::<u32>().ok();
        let chained = level.is_some() && super::is_tier(cell(level)) || cell(level).chars().all(|c| c.is_ascii_digit());
        let made = chain.push(
            section,
            row_scope.filter(|_| level.is_none() || !cell(level).chars().all(|c| c.is_ascii_digit())),
            said,
            row.line,
        );
        if let Some(order) = order.filter(|_| chained) {
            made.order = order.max(1);
        }
        made.response_time_s = made.response_time_s.or_else(|| duration(cell(response)).and_then(|d| d.upper_s()));
        made.authority = split_list(cell(authority)).into_iter().filter(|a| !is_open(a)).collect();
    }
}

/// "0-15 min" calls at its beginning, "15 min" and "after 15 min" then.
fn delay(dur: &Dur) -> Option<u64> {
    match dur {
        Dur::Range(from, _) => Some(*from),
        other => other.upper_s(),
    }
}

/// A column whose cells are all times, whatever its title; not that of a response.
fn column_of_times(table: &Table, heads: &[Option<Header>]) -> Option<usize> {
    let timed = |n: usize| {
        let cells: Vec<&str> = table.rows.iter().filter_map(|r| r.cells.get(n)).map(|c| c.plain.trim()).collect();
        let said = |c: &&str| duration(c).is_some_and(|d| d != Dur::None) || is_open(c);
        cells.iter().any(said) && cells.iter().all(|c| c.is_empty() || said(c) || duration(c).is_some())
    };
    (0..table.head.len()).find(|n| {
        !matches!(heads[*n], Some(Header::Response | Header::Resolution | Header::UpdateEvery | Header::Availability))
            && timed(*n)
    })
}

/// "Page?": a column of nothing but yes and no.
fn yes_or_no(table: &Table, column: usize) -> bool {
    const WORDS: [&str; 16] =
        ["yes", "no", "ja", "nein", "oui", "non", "sí", "si", "sim", "não", "是", "否", "✓", "✅", "❌", "-"];
    let cells = || table.rows.iter().filter_map(|r| r.cells.get(column)).map(|c| c.plain.trim().to_lowercase());
    cells().next().is_some() && cells().all(|c| c.is_empty() || WORDS.contains(&c.as_str()))
}

/// A row for each severity, a column for each person, and in the cells when they are called.
fn people_above(reading: &Reading<'_>, block: &Block, table: &Table, chain: &mut Chain) -> bool {
    let named = |c: &crate::document::Inline| lexicon().people.first(&folded(&c.plain)).is_some();
    let people: Vec<usize> = (1..table.head.len()).filter(|n| named(&table.head[*n])).collect();
    let cell = |row: &'_ Row, n: usize| row.cells.get(n).map(|c| c.plain.trim().to_owned()).unwrap_or_default();
    let time = |row: &Row, n: usize| duration(&cell(row, n)).and_then(|d| d.upper_s());
    let timed =
        table.rows.iter().flat_map(|r| people.iter().map(move |n| (r, *n))).filter(|(r, n)| time(r, *n).is_some());
    let scoped = |row: &Row| severity::reference(&cell(row, 0)).filter(|r| r.strong || r.word.is_some());
    if people.len() < 2
        || timed.count() * 2 <= people.len() * table.rows.len()
        || !table.rows.iter().all(|r| scoped(r).is_some())
    {
        return false;
    }
    let section = reading.titled(block.section);
    for row in &table.rows {
        let mut called: Vec<(u64, usize)> = people.iter().filter_map(|n| time(row, *n).map(|t| (t, *n))).collect();
        called.sort_unstable();
        for (after, n) in called {
            if let Some(said) = step(&table.head[n].plain) {
                let said = Step { after_s: Some(after), action: None, ..said };
                chain.push(section, scoped(row).map(|r| r.label), said, row.line);
            }
        }
    }
    true
}

/// A row for each time, a column for each severity, people in the cells. Who is told again is told once.
fn turned(reading: &Reading<'_>, block: &Block, table: &Table, chain: &mut Chain) -> bool {
    let scopes: Vec<(usize, String)> = table
        .head
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(n, c)| severity::reference(&c.plain).map(|r| (n, r)))
        .filter(|(_, r)| r.strong || r.word.is_some())
        .map(|(n, r)| (n, r.label))
        .collect();
    let time = |row: &Row| {
        row.cells.first().and_then(|c| duration(c.plain.trim().trim_end_matches('+'))).and_then(|d| d.lower_s())
    };
    if scopes.len() < 2 || table.rows.is_empty() || !table.rows.iter().all(|r| time(r).is_some()) {
        return false;
    }
    let section = reading.titled(block.section);
    for (n, scope) in scopes {
        let mut before = String::new();
        for row in &table.rows {
            let who = row.cells.get(n).map_or("", |c| c.plain.trim()).trim_start_matches('+').trim_start();
            if let Some(said) = step(who).filter(|_| !is_open(who) && who != before) {
                let said = Step { after_s: time(row), ..said };
                chain.push(section, Some(scope.clone()), said, row.line);
            }
            before = who.to_string();
        }
    }
    true
}

/// A row for each severity, a column for each time, people in the cells.
fn grid(reading: &Reading<'_>, block: &Block, table: &Table, times: &[(usize, u64)], chain: &mut Chain) {
    let section = reading.titled(block.section);
    for row in &table.rows {
        let first = row.cells.first().map_or("", |c| c.plain.trim());
        let row_scope =
            severity::reference(first).map(|r| r.label).or_else(|| (!first.is_empty()).then(|| first.to_string()));
        for (n, after) in times {
            let who = row.cells.get(*n).map_or("", |c| c.plain.trim());
            if let Some(said) = step(who).filter(|_| !is_open(who)) {
                let said = Step { after_s: Some(*after), ..said };
                chain.push(section, row_scope.clone().filter(|_| *n != 0), said, row.line);
            }
        }
    }
}
