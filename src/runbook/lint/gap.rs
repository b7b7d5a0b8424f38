//! What a responder will look for and not find.

use super::{Facts, push};
use crate::document::BlockKind;
use crate::grammar::severity;
use crate::grammar::threshold::{self, Cell};
use crate::lexicon::Header;
use crate::meaning::severities::same;
use crate::model::{Finding, Level, Line};

pub fn find(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    severities(facts, found);
    undefined(facts, found);
    bands(facts, found);
    contacts(facts, found);
    elsewhere(facts, found);
    zones(facts, found);
}

fn severities(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let without: Vec<_> = facts.runbook.severities.iter().filter(|s| s.response_time_s.is_none()).collect();
    if without.is_empty() {
        return;
    }
    // Steps with deadlines under a severity's own procedure are its times.
    let without: Vec<_> = without
        .into_iter()
        .filter(|s| {
            !facts.runbook.phases.iter().any(|p| p.severity.as_deref() == Some(&s.level) && p.deadline_s.is_some())
        })
        .collect();
    if let Some(first) = without.first() {
        let levels: Vec<&str> = without.iter().map(|s| s.level.as_str()).collect();
        let lines = without.iter().map(|s| s.line).collect();
        let verb = if levels.len() == 1 { "has" } else { "have" };
        push(
            found,
            "severity-without-response-time",
            Level::Warning,
            lines,
            format!(
                "{} {verb} no response time: nobody is reminded and nothing escalates by itself. Write one, such as \"{}: respond within 15 minutes\".",
                levels.join(", "),
                first.level
            ),
        );
    }
}

/// A level that is used as if everybody knew it. Only said where the document speaks of levels and defines none like it.
fn undefined(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let mut used: Vec<(String, Line)> = Vec::new();
    for block in &facts.reading.document.blocks {
        let texts: Vec<(Line, &str)> = match &block.kind {
            BlockKind::Paragraph(lines) => lines.iter().map(|l| (l.line, l.plain.as_str())).collect(),
            BlockKind::Item(item) => item.text.iter().map(|l| (l.line, l.plain.as_str())).collect(),
            _ => continue,
        };
        for (line, text) in texts {
            for level in severity::mentions(text) {
                let known = facts.runbook.severities.iter().any(|s| same(&s.level, &level));
                if !known && !used.iter().any(|(l, _)| same(l, &level)) {
                    used.push((level, line));
                }
            }
        }
    }
    if !used.is_empty() {
        let levels: Vec<&str> = used.iter().map(|(l, _)| l.as_str()).collect();
        let mut lines: Vec<Line> = used.iter().map(|(_, l)| *l).collect();
        lines.dedup();
        let (is, it) = if levels.len() == 1 { ("is", "it") } else { ("are", "them") };
        push(
            found,
            "level-not-defined",
            Level::Note,
            lines,
            format!(
                "{} {is} used and not defined in this document. Define {it}, or name the document that does.",
                levels.join(", ")
            ),
        );
    }
}

/// Warning up to 1, critical from 10: what is 5?
fn bands(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    for block in &facts.reading.document.blocks {
        let BlockKind::Table(table) = &block.kind else { continue };
        let heads = facts.reading.heads(table);
        let at = |wanted: Header| heads.iter().position(|h| *h == Some(wanted));
        let (Some(warning), Some(critical)) = (at(Header::Warning), at(Header::Critical)) else { continue };
        let mut lines = Vec::new();
        let mut example = None;
        for row in &table.rows {
            let cell = |at: usize| row.cells.get(at).and_then(|c| threshold::cell(&c.plain));
            let (Some(w), Some(c)) = (cell(warning), cell(critical)) else { continue };
            // Opposite signs: the warning is the outer edge of a band, and the critical one begins elsewhere.
            if hole(&w, &c) {
                lines.push(row.line);
                let text = |at: usize| row.cells.get(at).map_or("", |c| c.plain.trim()).to_owned();
                example.get_or_insert((
                    row.cells.first().map_or(String::new(), |c| c.plain.trim().to_owned()),
                    text(warning),
                    text(critical),
                ));
            }
        }
        if let Some((metric, w, c)) = example {
            push(
                found,
                "threshold-hole",
                Level::Warning,
                lines,
                format!(
                    "{metric}: warning {w}, critical {c}. What lies between belongs to neither; written so, the warning is the edge of a good range and not the point from which to warn. Write both as the value from which the level holds."
                ),
            );
        }
    }
}

fn hole(warning: &Cell, critical: &Cell) -> bool {
    let up = |op: &str| op.starts_with('>');
    let down = |op: &str| op.starts_with('<');
    warning.value != critical.value
        && (down(&warning.op) && up(&critical.op) && warning.value < critical.value
            || up(&warning.op) && down(&critical.op) && warning.value > critical.value)
}

fn contacts(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    for contact in &facts.runbook.contacts {
        let line = facts.reading.source.line(contact.line);
        // What is visibly still to be filled in is said by `open-contact`.
        // A pager or a portal is an address of its own kind, and crosses in a number are told as still to be filled in.
        let paged = ["pagerduty", "opsgenie", "pager", "console", "portal", "http", "xxx"];
        let lower = line.to_lowercase();
        let otherwise = paged.iter().any(|p| lower.contains(p));
        let none = contact.phone.is_none() && contact.email.is_none() && contact.channel.is_none();
        if none && !otherwise && !line.contains('[') {
            let who = contact.role.as_deref().or(contact.name.as_deref()).unwrap_or("This contact");
            push(
                found,
                "contact-without-address",
                Level::Warning,
                vec![contact.line],
                format!("{who}: no phone, mail address or channel. At night that is nobody."),
            );
        }
    }
}

/// "Use INCIDENT-RESPONSE.md": half of the procedure is in another file.
fn elsewhere(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let mut files: Vec<(String, Vec<Line>)> = Vec::new();
    for block in &facts.reading.document.blocks {
        let texts = match &block.kind {
            BlockKind::Item(item) => &item.text,
            BlockKind::Paragraph(lines) => lines,
            _ => continue,
        };
        for inline in texts.iter().filter(|l| l.plain.contains(".md")) {
            let lower = inline.plain.to_lowercase();
            let delegates = [
                "escalat",
                "severity",
                "incident",
                "using",
                "according to",
                "defined in",
                "gemäß",
                "selon",
                "según",
                "conforme",
            ]
            .iter()
            .any(|w| lower.contains(w));
            for word in inline
                .plain
                .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '`'))
                .filter(|w| w.ends_with(".md") && w.len() > 4)
            {
                let linked = inline.spans.iter().any(|s| matches!(&s.kind, crate::document::SpanKind::Link(_)));
                if delegates && !linked {
                    match files.iter_mut().find(|(f, _)| f == word) {
                        Some((_, lines)) => lines.push(inline.line),
                        None => files.push((word.to_owned(), vec![inline.line])),
                    }
                }
            }
        }
    }
    for (file, mut lines) in files {
        lines.dedup();
        push(
            found,
            "delegated-elsewhere",
            Level::Note,
            lines,
            format!(
                "{file} holds a part of the response. Load it as a runbook too ([[runbooks]] path), or Firebell knows nothing of it."
            ),
        );
    }
}

fn zones(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    let lines: Vec<Line> = facts
        .runbook
        .schedules
        .iter()
        .filter(|s| {
            s.cron.as_deref().is_some_and(|c| c.split(' ').nth(1).is_some_and(|h| h != "*"))
                || s.when.as_deref().is_some_and(|w| w.contains(':'))
        })
        .map(|s| s.line)
        .collect();
    let zone = (1..=facts.reading.document.line_count).map(|n| facts.reading.source.line(n)).any(|l| {
        l.split(|c: char| !c.is_ascii_alphanumeric() && c != '/').any(|w| {
            matches!(
                w,
                "UTC"
                    | "GMT"
                    | "CET"
                    | "CEST"
                    | "EST"
                    | "EDT"
                    | "PST"
                    | "PDT"
                    | "JST"
                    | "KST"
                    | "MEZ"
                    | "MESZ"
                    | "BRT"
                    | "IST"
                    | "MSK"
            ) || w.contains('/') && ["Europe/", "America/", "Asia/"].iter().any(|region| w.contains(region))
        })
    });
    if !lines.is_empty() && !zone {
        push(found, "schedule-without-zone", Level::Note, lines, "A time of day without a time zone. Write the zone, or set `zone` in the overlay; until then these schedules stay off.".into());
    }
}
