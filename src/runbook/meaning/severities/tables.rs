//! Severities in tables: those of Markdown, and columns that plain text sets with blanks.

use super::fields::kind_of;
use super::{Draft, same};
use crate::document::{SectionId, Table};
use crate::fold::{folded, key};
use crate::grammar::duration;
use crate::grammar::severity::{self, Reference};
use crate::lexicon::{Header, Role, lexicon};
use crate::meaning::Reading;
use crate::model::Line;

pub fn of_table(reading: &Reading<'_>, section: SectionId, table: &Table) -> Vec<Draft> {
    let heads = reading.heads(table);
    let at = |wanted: &[Header]| heads.iter().position(|h| h.is_some_and(|h| wanted.contains(&h)));
    let is_level = |at: usize| {
        let said = heads[at] == Some(Header::Level);
        table.rows.iter().filter(|r| r.cells.get(at).is_some_and(|c| level_in(&c.plain, said).is_some())).count()
    };
    // The column of level tokens is the level, whatever its header is called.
    let Some(level) = (0..table.head.len()).find(|c| is_level(*c) * 2 > table.rows.len()) else { return Vec::new() };
    let foreign = at(&[
        Header::Date,
        Header::Metric,
        Header::Status,
        Header::Warning,
        Header::Critical,
        Header::Phone,
        Header::Email,
    ]);
    let said = heads[level] == Some(Header::Level) || reading.nearest(section, 0, &[Role::Severity]).is_some();
    const ABOUT: [Role; 3] = [Role::Severity, Role::Escalation, Role::Contacts];
    let about = reading.nearest(section, 0, &ABOUT);
    let elsewhere = matches!(about, Some(Role::Escalation | Role::Contacts));
    let refers = passes_on(&heads, about == Some(Role::Escalation));
    let response = at(&[Header::Response])
        .or_else(|| column_of_durations(table, &heads).filter(|c| !(refers && times_calls(heads[*c]))));
    let refers = refers && response.is_none();
    let names = refers && heads[level] == Some(Header::Level);
    if foreign.is_some() || !(said || response.is_some()) || elsewhere && response.is_none() && !names {
        return Vec::new();
    }
    let (resolution, name) = (at(&[Header::Resolution]), at(&[Header::Name]).filter(|c| *c != level));
    let texts = [Header::Description, Header::Impact, Header::Examples, Header::Scope, Header::Condition];
    let text = texts.iter().find_map(|h| heads.iter().position(|x| *x == Some(*h)).filter(|c| *c != level));
    let mut drafts: Vec<Draft> = Vec::new();
    for row in &table.rows {
        let cell =
            |at: Option<usize>| at.and_then(|at| row.cells.get(at)).map(|c| c.plain.trim()).filter(|t| !t.is_empty());
        let said = heads[level] == Some(Header::Level);
        let Some(reference) = cell(Some(level)).and_then(|c| level_in(c, said)) else { continue };
        // "Level 2" or a lone digit in a table of escalation are people, or the order of the steps.
        if refers && !(reference.strong || reference.word.is_some()) {
            return Vec::new();
        }
        if drafts.iter().any(|d| same(&d.level, &reference.label)) {
            // A level that repeats records what happened.
            return Vec::new();
        }
        drafts.push(Draft {
            name: cell(name).map(str::to_owned).or_else(|| reference.name.clone()),
            level: reference.label,
            description: cell(text).map(str::to_owned),
            response: cell(response).and_then(duration::duration),
            resolution: cell(resolution).and_then(duration::duration),
            line: row.line,
            sure: true,
            refers,
        });
    }
    // One level alone is defined where the table says so itself: its headers, and a time.
    let timed = |d: &Draft| d.response.as_ref().is_some_and(|r| r.upper_s().is_some());
    let alone =
        || heads[level] == Some(Header::Level) && heads.contains(&Some(Header::Response)) && drafts.iter().any(timed);
    if drafts.len() < 2 && !alone() { Vec::new() } else { drafts }
}

/// A table that says whom to call for each severity, and nothing else of it: its times are those of the calls.
pub fn passes_on(heads: &[Option<Header>], under_escalation: bool) -> bool {
    const DEFINES: [Header; 6] = [
        Header::Description,
        Header::Impact,
        Header::Examples,
        Header::Response,
        Header::Resolution,
        Header::UpdateEvery,
    ];
    let calls = heads.contains(&Some(Header::EscalateTo))
        || under_escalation && heads.iter().any(|h| matches!(h, Some(Header::Who | Header::Role | Header::Contact)));
    heads.contains(&Some(Header::Level)) && calls && !heads.iter().flatten().any(|h| DEFINES.contains(h))
}

/// Titles that may stand over the time of a call: "Timeframe", "Within", "When".
fn times_calls(head: Option<Header>) -> bool {
    matches!(head, None | Some(Header::After | Header::When | Header::Hold | Header::Limit | Header::Condition))
}

/// Columns that are set with blanks, as plain text writes tables: `A   Pay run lost      call within 10 minutes`.
pub fn of_columns(body: &[(Line, String)]) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (line, text) in body {
        let cells: Vec<&str> = text.split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
        let [first, rest @ ..] = cells.as_slice() else { continue };
        let Some(reference) = level_in(first, true).filter(|_| !rest.is_empty()) else { continue };
        let mut draft =
            Draft { level: reference.label, name: reference.name, line: *line, sure: true, ..Draft::default() };
        draft.description = rest.iter().find(|c| duration::find(c).is_empty()).map(|c| (*c).to_owned());
        for cell in rest {
            let Some(dur) = duration::duration(cell).filter(|d| d.upper_s().is_some()) else { continue };
            match kind_of(&key(cell)) {
                Some(Header::Resolution) => draft.resolution.get_or_insert(dur),
                _ => draft.response.get_or_insert(dur),
            };
        }
        if drafts.iter().any(|d| same(&d.level, &draft.level)) {
            return Vec::new();
        }
        drafts.push(draft);
    }
    if drafts.iter().filter(|d| d.response.is_some()).count() >= 2 { drafts } else { Vec::new() }
}

/// The level in a cell; where the header says that levels stand here, a lone digit or letter is one.
fn level_in(cell: &str, said: bool) -> Option<Reference> {
    severity::reference(cell).or_else(|| {
        let bare = cell.trim().trim_matches(['*', '`', '.', ')']);
        let mut chars = bare.chars();
        let (only, more) = (chars.next()?, chars.next());
        // `K1`, `A2`: short codes of the house.
        let code = bare.len() <= 3
            && bare.ends_with(|c: char| c.is_ascii_digit())
            && bare.trim_end_matches(|c: char| c.is_ascii_digit()).chars().all(|c| c.is_ascii_uppercase());
        (said && (more.is_none() || code) && (only.is_ascii_digit() || only.is_ascii_uppercase())).then(|| Reference {
            label: bare.to_owned(),
            number: only.to_digit(10),
            ..Reference::default()
        })
    })
}

/// A column most of whose cells are durations and whose header says nothing else: "SLA", "Target".
fn column_of_durations(table: &Table, heads: &[Option<Header>]) -> Option<usize> {
    (0..heads.len()).find(|at| {
        let durations = table
            .rows
            .iter()
            .filter(|r| {
                r.cells.get(*at).is_some_and(|c| duration::duration(&c.plain).is_some_and(|d| d.upper_s().is_some()))
            })
            .count();
        // "Product lead", "Executive team": when they are told.
        let person = || lexicon().people.first(&folded(&table.head[*at].plain)).is_some();
        !matches!(
            heads[*at],
            Some(Header::Resolution | Header::UpdateEvery | Header::After | Header::Cadence | Header::When)
        ) && durations * 3 >= table.rows.len() * 2
            && durations >= 2
            && !person()
    })
}
