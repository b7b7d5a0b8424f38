//! Limits that a sentence or a list names by their level: "Queue depth: 1000 (warning), 5000 (critical)", "Replication
//! lag is critical above 30 s", "Disk is a warning above 80 % and critical above 90 %".

use super::{Level, bound, ordered};
use crate::fold::folded;
use crate::grammar::threshold::{Cell, bare, cell};
use crate::lexicon::{Header, lexicon};
use crate::model::{Line, Threshold};

const METRIC_WORDS_MAX: usize = 6;

/// Whether a line with a number may name a level at all: most do not.
pub fn names_a_level(plain: &str) -> bool {
    let alarms = |header| matches!(header, Header::Warning | Header::Critical);
    lexicon().headers.may_hold(&folded(plain), alarms)
}

/// A number with its level in parentheses behind it, for each level.
pub fn in_parentheses(plain: &str, line: Line) -> Option<Threshold> {
    let (metric, rest) = plain.split_once([':', '：'])?;
    let (mut warning, mut critical) = (None, None);
    for part in rest.split([',', ';', '，', '；', '、']).flat_map(|p| p.split(" / ")).map(str::trim) {
        let (number, word) = part.trim_end_matches('.').strip_suffix([')', '）'])?.split_once(['(', '（'])?;
        let limit = cell(number).or_else(|| bare(number))?;
        match level(word.trim())? {
            Level::Warning => warning = Some(limit),
            Level::Critical => critical = Some(limit),
            Level::Normal => {}
        }
    }
    threshold(metric, warning, critical, line)
}

/// A level, said of a metric, with a comparison right behind it.
pub fn in_sentence(plain: &str, line: Line) -> Option<Threshold> {
    let plain = plain.trim().trim_end_matches(['.', '。']);
    let (mut metric, mut warning, mut critical) = (None, None, None);
    for part in plain.split([',', ';', '，', '；']).flat_map(|p| split_at_and(p)) {
        let (before, level, limit) = said(part)?;
        match (&metric, before.is_empty()) {
            (None, false) => metric = Some(before),
            (None, true) => return None,
            (Some(_), true) => {}
            (Some(first), false) if *first == before => {}
            (Some(_), false) => return None,
        }
        match level {
            Level::Warning => warning = Some(limit),
            Level::Critical => critical = Some(limit),
            Level::Normal => return None,
        }
    }
    threshold(metric?, warning, critical, line)
}

fn split_at_and(text: &str) -> Vec<&str> {
    let mut parts = vec![text];
    for and in [" and ", " und ", " et ", " y ", " e ", " и "] {
        parts = parts.into_iter().flat_map(|p| p.split(and)).collect();
    }
    parts
}

/// What stands before the level without the verb, the level, and the limit behind it.
fn said(part: &str) -> Option<(&str, Level, Cell)> {
    const VERBS: [&str; 20] = [
        "is", "are", "becomes", "become", "turns", "goes", "gets", "a", "an", "it", "ist", "sind", "wird", "gilt",
        "als", "est", "es", "è", "é", "is:",
    ];
    let mut at = 0;
    for word in part.split_inclusive(' ') {
        let (from, to) = (at, at + word.len());
        at = to;
        let Some(level) = level(word.trim()) else { continue };
        let limit = cell(part[to..].trim())?;
        let mut before = part[..from].trim();
        while let Some((rest, last)) = before.rsplit_once(' ').or_else(|| (!before.is_empty()).then_some(("", before)))
            && VERBS.contains(&last.to_lowercase().as_str())
        {
            before = rest.trim_end();
        }
        return Some((before, level, limit));
    }
    None
}

fn level(word: &str) -> Option<Level> {
    if word.is_empty() || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    match lexicon().headers.whole(&folded(word))? {
        Header::Warning => Some(Level::Warning),
        Header::Critical => Some(Level::Critical),
        Header::Good | Header::Target => Some(Level::Normal),
        _ => None,
    }
}

fn threshold(metric: &str, warning: Option<Cell>, critical: Option<Cell>, line: Line) -> Option<Threshold> {
    let bare = |limit: &Option<Cell>| limit.as_ref().is_none_or(|l| l.op.is_empty());
    let (warning, critical) =
        if bare(&warning) && bare(&critical) { ordered(warning, critical) } else { (warning, critical) };
    let metric = metric.trim().trim_matches('*').trim();
    let named = (1..=METRIC_WORDS_MAX).contains(&metric.split_whitespace().count())
        && metric.chars().any(char::is_alphabetic)
        && !metric.chars().any(|c| matches!(c, '<' | '>'));
    let compared = [&warning, &critical].into_iter().flatten().all(|l| !l.op.is_empty());
    let unit = [&warning, &critical].into_iter().flatten().find_map(|l| l.unit.clone());
    (named && compared && (warning.is_some() || critical.is_some())).then(|| Threshold {
        metric: metric.to_owned(),
        warning: warning.as_ref().map(bound),
        critical: critical.as_ref().map(bound),
        unit,
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: Option<Threshold>) -> Option<String> {
        let limit = |b: Option<crate::model::Bound>| b.map_or("-".to_owned(), |b| format!("{}{}", b.op, b.value));
        found.map(|t| format!("{} {} {} {}", t.metric, limit(t.warning), limit(t.critical), t.unit.unwrap_or_default()))
    }

    #[test]
    fn levels_in_parentheses_behind_their_numbers_are_limits() {
        for (text, expected) in [
            ("Queue depth: 1000 (warning), 5000 (critical)", Some("Queue depth >1000 >5000 ")),
            ("Free disk: 20 % (warning), 5 % (critical)", Some("Free disk <20 <5 %")),
            ("Latency: >2 s (warning), >5 s (critical)", Some("Latency >2 >5 s")),
            ("Fällige Aufträge: 50 (Warnung), 200 (kritisch)", Some("Fällige Aufträge >50 >200 ")),
            ("Seats: 40 (front), 20 (back)", None),
            ("Queue depth: 1000 (warning)", None),
        ] {
            assert_eq!(shown(in_parentheses(text, 1)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_sentence_that_says_from_where_something_is_critical_is_a_limit() {
        for (text, expected) in [
            ("Replication lag is critical above 30 s", Some("Replication lag - >30 s")),
            ("Disk usage is a warning above 80 % and critical above 90 %.", Some("Disk usage >80 >90 %")),
            ("Free memory becomes critical below 5 %", Some("Free memory - <5 %")),
            ("Der Rückstau ist kritisch über 500", Some("Der Rückstau - >500 ")),
            ("The order of steps is critical", None),
            ("It is critical to call within 30 s", None),
            ("Two of the 5 nodes are critical", None),
        ] {
            assert_eq!(shown(in_sentence(text, 1)).as_deref(), expected, "{text}");
        }
    }
}
