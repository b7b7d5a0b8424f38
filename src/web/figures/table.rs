//! The figures as tables: one list of columns for the table under a picture, and one for its export. An export has
//! seconds and everything; a page has spans as people say them.

use firebell_domain::figures::{Facts, Figures, Group, Load, Round, Spread};
use firebell_domain::time::{Timestamp, span};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    Incidents,
    Months,
    Severities,
    Services,
    People,
    Clocks,
}

impl Export {
    pub const ALL: [Export; 6] =
        [Export::Incidents, Export::Months, Export::Severities, Export::Services, Export::People, Export::Clocks];
    pub fn as_str(self) -> &'static str {
        match self {
            Export::Incidents => "incidents",
            Export::Months => "months",
            Export::Severities => "severities",
            Export::Services => "services",
            Export::People => "people",
            Export::Clocks => "clocks",
        }
    }
    pub fn parse(text: &str) -> Option<Export> {
        Export::ALL.into_iter().find(|e| e.as_str() == text)
    }
}

/// What stands in a cell of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// What somebody wrote, or may have.
    Text(String),
    /// Ours: numbers, times, words of ours.
    Plain(String),
}

impl Cell {
    fn text(text: &str) -> Cell {
        Cell::Text(text.to_string())
    }
    fn plain(value: impl ToString) -> Cell {
        Cell::Plain(value.to_string())
    }
    /// Empty where there is nothing: never 0.
    fn maybe(value: Option<impl ToString>) -> Cell {
        Cell::Plain(value.map(|v| v.to_string()).unwrap_or_default())
    }
}

pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

pub fn export(which: Export, figures: &Figures, facts: &[Arc<Facts>]) -> Table {
    match which {
        Export::Incidents => incidents(facts),
        Export::Months => groups("month", &figures.months),
        Export::Severities => groups("severity", &figures.severities),
        Export::Services => groups("service", &figures.services),
        Export::People => people(&figures.people),
        Export::Clocks => Table {
            head: words(&["milestone", "breached", "incidents"]),
            rows: figures
                .clocks
                .iter()
                .map(|c| vec![Cell::plain(c.milestone.as_str()), Cell::plain(c.breached), Cell::plain(c.incidents)])
                .collect(),
        },
    }
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// One line for each that counts.
fn incidents(facts: &[Arc<Facts>]) -> Table {
    let sum = |f: &Facts, of: fn(&Round) -> Option<i64>| Spread::of(f.rounds.iter().filter_map(of).collect());
    let first = |f: &Facts, of: fn(&Round) -> Option<Timestamp>| f.rounds.iter().find_map(of).map(Timestamp::rfc3339);
    let row = |f: &Facts| {
        let breached: Vec<&str> = f.breached.iter().map(|m| m.as_str()).collect();
        let people: std::collections::BTreeSet<&str> = f.rings.iter().map(|r| r.who.as_str()).collect();
        let people: Vec<&str> = people.into_iter().collect();
        vec![
            Cell::plain(f.id),
            Cell::text(&f.title),
            Cell::text(&f.severity),
            Cell::plain(f.rank),
            Cell::text(f.service.as_deref().unwrap_or_default()),
            Cell::plain(f.private),
            Cell::plain(f.status),
            Cell::plain(f.declared_at.rfc3339()),
            Cell::maybe(first(f, |r| r.acknowledged_at)),
            Cell::maybe(f.rounds.last().and_then(|r| r.resolved_at).map(Timestamp::rfc3339)),
            Cell::maybe(sum(f, Round::acknowledge_s).map(|s| s.mean_s)),
            Cell::maybe(sum(f, Round::resolve_s).map(|s| s.mean_s)),
            Cell::plain(f.rounds.len() - 1),
            Cell::plain(f.rings.len()),
            Cell::text(&people.join(" ")),
            Cell::plain(breached.join(" ")),
        ]
    };
    Table {
        head: words(&[
            "incident",
            "title",
            "severity",
            "severity_rank",
            "service",
            "private",
            "status",
            "declared_at",
            "acknowledged_at",
            "resolved_at",
            "acknowledge_mean_s",
            "resolve_mean_s",
            "reopened",
            "pages",
            "paged",
            "breached",
        ]),
        rows: facts.iter().filter(|f| f.counts()).map(|f| row(f)).collect(),
    }
}

fn groups(name: &str, groups: &[Group]) -> Table {
    let mut head = words(&[name, "incidents"]);
    let levels = groups.first().map(|g| g.by_severity.as_slice()).unwrap_or_default();
    head.extend(levels.iter().map(|(level, _)| format!("incidents_{level}")));
    for what in ["acknowledge", "resolve"] {
        head.extend(["count", "mean_s", "p50_s", "p90_s", "p95_s", "max_s"].map(|of| format!("{what}_{of}")));
    }
    head.extend(words(&["pages", "breached"]));
    let row = |g: &Group| {
        let mut row = vec![Cell::text(&g.name), Cell::plain(g.incidents)];
        row.extend(g.by_severity.iter().map(|(_, n)| Cell::plain(n)));
        for s in [g.acknowledge, g.resolve] {
            row.push(Cell::plain(s.map_or(0, |s| s.count)));
            let spans: [fn(Spread) -> i64; 5] = [|s| s.mean_s, |s| s.p50_s, |s| s.p90_s, |s| s.p95_s, |s| s.max_s];
            row.extend(spans.map(|of| Cell::maybe(s.map(of))));
        }
        row.extend([Cell::plain(g.pages), Cell::plain(g.breached)]);
        row
    };
    Table { head, rows: groups.iter().map(row).collect() }
}

fn people(people: &[Load]) -> Table {
    let row = |l: &Load| {
        let counts = [l.pages, l.working, l.free, l.asleep, l.incidents];
        let mut row = vec![Cell::text(&l.who), Cell::plain(l.zone.name())];
        row.extend(counts.map(Cell::plain));
        row
    };
    Table {
        head: words(&["who", "zone", "pages", "working_hours", "free_time", "sleeping_hours", "incidents"]),
        rows: people.iter().map(row).collect(),
    }
}

/// As a page shows a span.
pub fn shown(seconds: Option<i64>) -> String {
    seconds.map_or_else(|| "–".to_string(), span)
}

/// RFC 4180, with the line breaks that it asks for.
pub fn csv(table: &Table) -> String {
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = String>| {
        out.push_str(&cells.collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    };
    // A severity's name is somebody's text too.
    line(&mut table.head.iter().map(|h| quoted(&harmless(h))));
    for row in &table.rows {
        line(&mut row.iter().map(|cell| match cell {
            Cell::Text(text) => quoted(&harmless(text)),
            Cell::Plain(text) => quoted(text),
        }));
    }
    out
}

/// A spreadsheet takes what begins like this for a formula and computes it, also when it came out of a title that an
/// attacker's alert brought. An apostrophe in front makes it text.
fn harmless(text: &str) -> String {
    match text.trim_start_matches([' ', '\u{a0}', '\u{feff}', '\u{200b}']).chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '|' | '%' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text.to_string(),
    }
}

fn quoted(text: &str) -> String {
    match text.contains(['"', ',', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}
