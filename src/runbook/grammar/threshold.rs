//! Limits as people write them: `> 80% of max`, `P95 > 1s for 5 minutes`, `<150/200`, `queue_depth >500`, `超过 80%`.
//!
//! `cell` reads a text that is a limit and nothing else; `clauses` finds every metric with a limit in a sentence.
//! Comparators stay as written; nobody's direction is guessed here.

mod number;
mod words;

use number::{multiplier, number, unit};
use std::ops::Range;
use words::{BEHIND, SIGNS, STATISTICS, WORDS};

#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// `>`, `>=`, `<`, `<=`, `=`.
    pub op: String,
    pub value: f64,
    /// As written, without what only says of what it is a share.
    pub unit: Option<String>,
}

/// A metric and its limit within a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub metric: String,
    pub limit: Cell,
    pub range: Range<usize>,
}

/// A text that is a limit: an operator and a number, with a statistic before and a unit, a share and a hold behind.
pub fn cell(text: &str) -> Option<Cell> {
    let text = text.trim().trim_matches(['*', '`', '_']).trim();
    let mut rest = text;
    loop {
        let word = rest.split_whitespace().next()?;
        let bare = word.trim_matches(['(', ')', ':', ',']).to_lowercase();
        if STATISTICS.contains(&bare.as_str()) {
            rest = rest[word.len()..].trim_start();
        } else {
            break;
        }
    }
    let (limit, end) = limit(rest)?;
    tail_is_known(&rest[end..]).then_some(limit)
}

/// A number with its unit and no comparator, as a column for alarms needs none: `80 %`, `120 ms`.
pub fn bare(text: &str) -> Option<Cell> {
    let text = text.trim().trim_matches(['*', '`', '_']).trim();
    let text = text.strip_prefix("at ").or_else(|| text.strip_prefix("ab ")).unwrap_or(text);
    let (value, digits) = number(text)?;
    let (unit, length) = unit(&text[digits..]);
    let tail = &text[digits + length..];
    let plain = !tail.trim_start().starts_with(['-', '–', '/', ':', '~']) && tail_is_known(tail);
    plain.then(|| Cell { op: String::new(), value, unit })
}

/// Every metric with a limit in a text: `queue_a >100, queue_b >500`, `CPU usage > 80%`.
pub fn clauses(text: &str) -> Vec<Clause> {
    let mut found: Vec<Clause> = Vec::new();
    // There is no limit without a number.
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return found;
    }
    let mut from = 0;
    let mut at = 0;
    while at < text.len() {
        let Some(c) = text[at..].chars().next() else { break };
        if let Some((limit, length)) = operator_at(text, at).and_then(|_| limit(&text[at..])) {
            let metric = metric(&text[from..at]);
            let end = at + length;
            if let Some(metric) = metric {
                found.push(Clause { metric, limit, range: from..end });
            }
            at = end;
            from = end;
        } else {
            at += c.len_utf8();
        }
    }
    // `Warning: >70% disk usage`: what is measured stands behind.
    if found.is_empty() {
        found.extend(metric_behind(text));
    }
    found
}

fn metric_behind(text: &str) -> Option<Clause> {
    let start =
        text.char_indices().find(|(at, _)| operator_at(text, *at).is_some_and(|_| limit(&text[*at..]).is_some()))?.0;
    let (limit, length) = limit(&text[start..])?;
    let behind = text[start + length..].trim_start().trim_start_matches("of ").trim();
    let behind = behind.split([',', ';', '(', '.', '，', '。']).next().unwrap_or("").trim();
    let fits = (1..=5).contains(&behind.split_whitespace().count()) && behind.chars().any(char::is_alphabetic);
    fits.then(|| Clause { metric: behind.to_owned(), limit, range: start..text.len() })
}

/// The name right before an operator: back to a comma, a bracket, a connecting word.
fn metric(before: &str) -> Option<String> {
    let mut text = before.trim_end();
    text = text.trim_end_matches([':', '：', '(', '-', '–']).trim_end();
    for word in [
        "should be",
        "must be",
        "should stay",
        "is",
        "are",
        "ist",
        "liegt bei",
        "est",
        "es",
        "é",
        "è",
        "stays",
        "at",
        "goes",
        "sollte",
        "soll",
        "devrait être",
        "debe ser",
        "deve ser",
        "в",
    ] {
        let cut = text.len().saturating_sub(word.len());
        if text.is_char_boundary(cut) && text[cut..].to_lowercase() == word && text[..cut].ends_with([' ', ':']) {
            text = text[..cut].trim_end().trim_end_matches([':', '：']).trim_end();
        }
    }
    let from = text
        .char_indices()
        .rev()
        .find(|(_, c)| matches!(c, ',' | ';' | '(' | '，' | '、' | '；' | '。' | '|'))
        .map_or(0, |(at, c)| at + c.len_utf8());
    let mut name = text[from..].trim();
    for word in [
        "and ",
        "or ",
        "und ",
        "oder ",
        "et ",
        "ou ",
        "y ",
        "o ",
        "e ",
        "и ",
        "или ",
        "if ",
        "when ",
        "wenn ",
        "si ",
        "se ",
        "если ",
        "如果",
        "当",
    ] {
        name = name.strip_prefix(word).unwrap_or(name).trim_start();
        let lower = name.to_lowercase();
        if lower.starts_with(word) && lower.len() == name.len() {
            name = name[word.len()..].trim_start();
        }
    }
    let name = name.rsplit([':', '：']).find(|p| !p.trim().is_empty()).unwrap_or(name).trim();
    let name = name.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | '(' | '%' | '/' | '_'));
    let words = name.split_whitespace().count();
    ((1..=6).contains(&words) && name.chars().any(char::is_alphabetic)).then(|| name.to_owned())
}

fn operator_at(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let rest = &text[at..];
    if let Some((sign, op)) = SIGNS.iter().find(|(s, _)| rest.starts_with(s)) {
        // `->`, `=>` of an arrow and `<name>` are no comparisons.
        let arrow = text[..at].ends_with('-') && *op == ">";
        let number =
            rest[sign.len()..].trim_start().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '$' | '€'));
        return (!arrow && number).then_some((op, sign.len()));
    }
    let begins = at == 0 || text[..at].ends_with(|c: char| !c.is_alphanumeric() || c > '\u{2fff}');
    if !begins {
        return None;
    }
    // The number stands right behind the words.
    const LONGEST: usize = 28;
    if !rest.chars().take(LONGEST).any(|c| c.is_ascii_digit()) {
        return None;
    }
    let head: String = rest.chars().take(LONGEST).collect::<String>().to_lowercase();
    WORDS
        .iter()
        .find(|(w, _)| head.starts_with(w) && head[w.len()..].trim_start().starts_with(|c: char| c.is_ascii_digit()))
        .map(|(w, op)| (*op, w.len()))
}

/// An operator, a number and its unit at the beginning of a text, and how far they go.
fn limit(text: &str) -> Option<(Cell, usize)> {
    let (mut op, length) = match operator_at(text, 0) {
        Some(found) => (Some(found.0), found.1),
        None => (None, 0),
    };
    let mut at = length + blanks(&text[length..]);
    at += text[at..].chars().next().filter(|c| matches!(c, '$' | '€' | '~')).map_or(0, char::len_utf8);
    let (mut value, digits) = number(&text[at..])?;
    at += digits;
    if let Some((factor, length)) = multiplier(&text[at..]) {
        value *= factor;
        at += length;
    }
    // `<150/200`: the second number is the most there can be.
    if text[at..].starts_with('/') && text[at + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        at += 1 + number(&text[at + 1..]).map_or(0, |(_, n)| n);
    }
    let (unit, length) = unit(&text[at..]);
    at += length;
    let behind = text[at..].trim_start();
    if op.is_none()
        && let Some((word, found)) = BEHIND.iter().find(|(w, _)| behind.starts_with(w))
    {
        op = Some(found);
        at = text.len() - behind.len() + word.len();
    }
    Some((Cell { op: op?.to_owned(), value, unit }, at))
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Behind a limit in its cell: nothing, a share, a hold, a remark in parentheses.
fn tail_is_known(tail: &str) -> bool {
    let tail = tail.trim();
    let lower = tail.to_lowercase();
    tail.is_empty()
        || tail.starts_with(['(', '（'])
        || [
            "of ",
            "for ",
            "over ",
            "per ",
            "in ",
            "during ",
            "sustained",
            "für ",
            "pendant ",
            "durante ",
            "por ",
            "per ",
            "в течение",
            "持续",
            "継続",
            "von ",
            "der ",
            "used",
            "usage",
            "connections",
            "errors",
            "free",
            "remaining",
            "in der",
            "/",
        ]
        .iter()
        .any(|w| lower.starts_with(w))
        || tail.split_whitespace().count() <= 2
}
