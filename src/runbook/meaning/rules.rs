//! "If this, do that", where the document says it in one line: a bullet, or the action column of a table of limits.

use super::Reading;
use crate::document::{BlockKind, Table};
use crate::grammar::threshold::clauses;
use crate::lexicon::Header;
use crate::model::{Line, Rule};

pub fn rules(reading: &Reading<'_>) -> Vec<Rule> {
    let mut found = Vec::new();
    for block in &reading.document.blocks {
        if reading.sets_nothing(block.section) {
            continue;
        }
        match &block.kind {
            BlockKind::Item(item) => {
                let text = item.text.iter().map(|l| l.plain.as_str()).collect::<Vec<_>>().join(" ");
                found.extend(sentence(&text, block.first));
            }
            BlockKind::Table(table) => found.extend(of_table(reading, table)),
            _ => {}
        }
    }
    found
}

/// `If queue > 500: scale workers`, `Wenn …, dann …`, `…の場合：…`.
pub fn sentence(text: &str, line: Line) -> Option<Rule> {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '>' | '<'));
    let lower = text.to_lowercase();
    let begins = BEGIN.iter().find(|w| lower.starts_with(**w) && lower.len() < text.len() + 8);
    let (condition, action) = match begins {
        Some(word) => {
            // Lower case may change a length; the words themselves do not.
            let rest = text.get(word.len()..).unwrap_or("").trim_start();
            split(rest)?
        }
        None => {
            let (condition, action) = text.split_once([':', '：', '→']).or_else(|| text.split_once("->"))?;
            let condition = condition.trim();
            let stem = END.iter().find_map(|w| condition.strip_suffix(w)).or_else(|| compares(condition))?;
            (stem.trim().to_owned(), action.trim().to_owned())
        }
    };
    let fits = |s: &str| (2..=160).contains(&s.chars().count());
    (fits(&condition) && fits(&action)).then_some(Rule { condition, action, line })
}

/// `queue > 500: add workers`: a comparison that ends the condition needs no "if".
fn compares(condition: &str) -> Option<&str> {
    const HOLD_MAX: usize = 4;
    if condition.matches(['(', '（']).count() > condition.matches([')', '）']).count() {
        return None;
    }
    let last = clauses(condition).pop()?;
    let behind = condition.get(last.range.end..).unwrap_or_default();
    (behind.split_whitespace().count() <= HOLD_MAX).then_some(condition)
}

const BEGIN: &[&str] = &[
    "if ",
    "when ",
    "whenever ",
    "in case of ",
    "in case ",
    "wenn ",
    "falls ",
    "sobald ",
    "si ",
    "lorsque ",
    "quand ",
    "en cas de ",
    "en cas d'",
    "cuando ",
    "en caso de ",
    "se ",
    "quando ",
    "em caso de ",
    "caso ",
    "in caso di ",
    "если ",
    "при ",
    "когда ",
    "如果",
    "若",
    "当",
    "如",
    "もし",
    "만약 ",
    "만약",
];
const END: &[&str] = &["場合は", "の場合", "場合", "ときは", "とき", "たら", "时", "時", "경우", "면"];

/// Whether a title is a condition: "If the queue is full", "Bei vollem Speicher".
pub fn begins_with_condition(title: &str) -> bool {
    let title = title.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if title.starts_with("when to ") {
        return false;
    }
    let numbered = title.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
    BEGIN.iter().any(|w| numbered.starts_with(w))
        || END.iter().any(|w| numbered.chars().any(|c| c > '\u{2fff}') && numbered.ends_with(w))
}

/// The colon or the arrow divides; without one, the first comma.
fn split(rest: &str) -> Option<(String, String)> {
    let at = rest
        .char_indices()
        .find(|(at, c)| {
            matches!(c, '：' | '→')
                || *c == ':' && rest[at + 1..].starts_with(' ')
                || rest[*at..].starts_with("->")
                || rest[*at..].starts_with("=>")
        })
        .or_else(|| {
            rest.char_indices().find(|(at, c)| matches!(c, '，' | '、') || *c == ',' && rest[at + 1..].starts_with(' '))
        })?;
    let condition = rest[..at.0].trim();
    let action = rest[at.0..].trim_start_matches([':', '：', '→', '-', '=', '>', ',', '，', '、']).trim();
    let action = ["then ", "dann ", "alors ", "entonces ", "então ", "allora ", "то ", "则", "就"]
        .iter()
        .find_map(|w| action.strip_prefix(w))
        .unwrap_or(action);
    Some((condition.trim_end_matches(['则', '时', '時']).to_owned(), action.to_owned()))
}

/// A limit and what to do when it is crossed.
fn of_table(reading: &Reading<'_>, table: &Table) -> Vec<Rule> {
    let heads = reading.heads(table);
    let at = |wanted: &[Header]| heads.iter().position(|h| h.is_some_and(|h| wanted.contains(&h)));
    let conditions = at(&[Header::Condition]);
    let (Some(action), metric) = (at(&[Header::Action, Header::Fix]), at(&[Header::Metric])) else { return Vec::new() };
    let limit = at(&[Header::Warning]).or_else(|| at(&[Header::Limit])).or_else(|| at(&[Header::Critical]));
    let mut found = Vec::new();
    for row in &table.rows {
        let text = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).map_or("", |c| c.plain.trim());
        let condition = match (conditions, metric, limit) {
            (Some(_), ..) => text(conditions).to_owned(),
            (None, Some(_), Some(_)) if text(limit).chars().any(|c| c.is_ascii_digit()) => {
                format!("{} {}", text(metric), text(limit))
            }
            _ => continue,
        };
        let action = text(Some(action));
        if !condition.is_empty() && action.chars().any(char::is_alphabetic) {
            found.push(Rule { condition, action: action.to_owned(), line: row.line });
        }
    }
    found
}
