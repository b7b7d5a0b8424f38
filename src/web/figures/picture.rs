//! Figures as pictures: where each bar and mark stands. Only geometry and words; the template draws it (and escapes
//! whatever somebody wrote). Every picture has a title, a sentence for whoever does not see it, and a table with the
//! same; parts of a bar differ in pattern and are named in the legend, so that colour only repeats it.

use super::table::{Export, shown};
use firebell_domain::figures::{Breaches, Figures, Group, Load, Spread};
use firebell_domain::limits::FIGURES_ROWS_MAX;
use serde::Serialize;

/// In the units of the picture: a phone's width, so that letters are as large there as elsewhere on the page.
const WIDTH: usize = 360;
const LEFT: usize = 96;
/// Where bars end at most; what they mean stands behind them.
const RIGHT: usize = 276;
const ROW: usize = 22;
const TOP: usize = 8;
/// Letters of a label that fit before the bars; the table has the whole.
const LABEL_CHARS: usize = 15;
/// Patterns that there are; whatever comes after the last has it too.
const PATTERNS: usize = 5;

#[derive(Debug, Serialize)]
pub struct Picture {
    pub id: &'static str,
    pub title: &'static str,
    pub description: String,
    pub width: usize,
    pub height: usize,
    pub legend: Vec<Part>,
    pub rows: Vec<Row>,
    pub head: Vec<String>,
    pub table: Vec<Vec<String>>,
    pub export: &'static str,
    /// Rows that only the export has.
    pub more: usize,
}

#[derive(Debug, Serialize)]
pub struct Part {
    pub pattern: usize,
    pub word: String,
}

#[derive(Debug, Serialize)]
pub struct Row {
    pub y: usize,
    pub label: String,
    pub parts: Vec<Bar>,
    /// From the shortest to the longest percentile.
    pub line: Option<(usize, usize)>,
    pub marks: Vec<Mark>,
    pub words: String,
}

#[derive(Debug, Serialize)]
pub struct Bar {
    pub x: usize,
    pub width: usize,
    pub pattern: usize,
    pub words: String,
}

#[derive(Debug, Serialize)]
pub struct Mark {
    pub x: usize,
    /// `round`, `square`, `post`.
    pub form: &'static str,
    pub words: String,
}

pub fn pictures(f: &Figures) -> Vec<Picture> {
    let count = |g: &Group| g.incidents;
    let whole = [
        by_severity(Export::Months, "months", "Incidents per month", &f.months),
        spreads("acknowledge", "Time to acknowledge (MTTA)", &f.months, |g| g.acknowledge),
        spreads("resolve", "Time to resolve (MTTR)", &f.months, |g| g.resolve),
    ];
    let (services, more) = cut(&f.services);
    let severities = totals(Export::Severities, "severities", "By severity", &f.severities, count);
    let services = Picture { more, ..totals(Export::Services, "services", "By service", services, count) };
    whole.into_iter().chain([severities, services, people(&f.people), clocks(&f.clocks)]).collect()
}

fn cut<T>(all: &[T]) -> (&[T], usize) {
    let shown = all.get(..FIGURES_ROWS_MAX).unwrap_or(all);
    (shown, all.len() - shown.len())
}

fn label(text: &str) -> String {
    let text = if text.is_empty() { "no service" } else { text };
    match text.chars().count() > LABEL_CHARS {
        true => text.chars().take(LABEL_CHARS - 1).chain(['…']).collect(),
        false => text.to_string(),
    }
}

fn scaled(value: usize, max: usize) -> usize {
    ((RIGHT - LEFT) * value).div_ceil(max.max(1))
}

/// A row of parts one behind the other.
fn stacked(n: usize, name: &str, parts: &[(String, usize)], max: usize, words: String) -> Row {
    let mut before = 0;
    let mut bars = Vec::new();
    for (pattern, (word, value)) in parts.iter().enumerate().filter(|(_, (_, v))| *v > 0) {
        let (from, to) = (scaled(before, max), scaled(before + value, max));
        let words = format!("{name}: {value} {word}");
        bars.push(Bar { x: LEFT + from, width: (to - from).max(1), pattern: pattern.min(PATTERNS - 1), words });
        before += value;
    }
    Row { y: TOP + n * ROW, label: label(name), parts: bars, line: None, marks: Vec::new(), words }
}

struct Table(Vec<String>, Vec<Vec<String>>);

fn picture(
    (id, title, export): (&'static str, &'static str, Export),
    description: String,
    legend: Vec<String>,
    rows: Vec<Row>,
    Table(head, table): Table,
) -> Picture {
    let legend = legend.into_iter().enumerate();
    let legend = legend.map(|(n, word)| Part { pattern: n.min(PATTERNS - 1), word }).collect();
    let height = 2 * TOP + rows.len() * ROW;
    let export = export.as_str();
    Picture { id, title, description, width: WIDTH, height, legend, rows, head, table, export, more: 0 }
}

fn head(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn by_severity(export: Export, id: &'static str, title: &'static str, groups: &[Group]) -> Picture {
    let max = groups.iter().map(|g| g.incidents).max().unwrap_or(0);
    let all: usize = groups.iter().map(|g| g.incidents).sum();
    let levels = groups.first().map(|g| g.by_severity.as_slice()).unwrap_or_default();
    let levels: Vec<String> = levels.iter().map(|(level, _)| level.clone()).collect();
    let rows = groups.iter().enumerate();
    let rows = rows.map(|(n, g)| stacked(n, &g.name, &g.by_severity, max, g.incidents.to_string())).collect();
    let most = groups.iter().max_by_key(|g| g.incidents).filter(|g| g.incidents > 0);
    let most = most.map_or_else(String::new, |g| format!(", the most in {}: {}", g.name, g.incidents));
    let description = format!("{all} incidents in {} months{most}.", groups.len());
    let line = |g: &Group| {
        let counts = g.by_severity.iter().map(|(_, n)| n.to_string());
        std::iter::once(g.name.clone()).chain(counts).chain([g.incidents.to_string()]).collect()
    };
    let head = head(&["Month"]).into_iter().chain(levels.iter().cloned()).chain(head(&["All"])).collect();
    picture((id, title, export), description, levels, rows, Table(head, groups.iter().map(line).collect()))
}

fn spreads(id: &'static str, title: &'static str, groups: &[Group], of: fn(&Group) -> Option<Spread>) -> Picture {
    let max = groups.iter().filter_map(of).map(|s| s.p95_s).max().unwrap_or(0);
    let max = usize::try_from(max).unwrap_or(0);
    let x = |s: i64| LEFT + scaled(usize::try_from(s).unwrap_or(0), max).min(RIGHT - LEFT);
    let row = |(n, g): (usize, &Group)| {
        let s = of(g);
        let mark = |form, p, at| Mark { x: x(at), form, words: format!("{}: {p} {}", g.name, shown(Some(at))) };
        let marks = s
            .map(|s| vec![mark("round", "p50", s.p50_s), mark("square", "p90", s.p90_s), mark("post", "p95", s.p95_s)]);
        Row {
            y: TOP + n * ROW,
            label: label(&g.name),
            parts: Vec::new(),
            line: s.map(|s| (x(s.p50_s), x(s.p95_s))),
            marks: marks.unwrap_or_default(),
            words: s.map_or_else(|| "–".to_string(), |s| shown(Some(s.p50_s))),
        }
    };
    let rows = groups.iter().enumerate().map(row).collect();
    let measured: usize = groups.iter().filter_map(of).map(|s| s.count).sum();
    let description = format!(
        "For each month the 50th (round), 90th (square) and 95th percentile (post) of {measured} spans; the 50th is also written. The longest mark is {}.",
        shown(i64::try_from(max).ok())
    );
    let head = head(&["Month", "Spans", "Mean", "p50", "p90", "p95", "Longest"]);
    let line = |g: &Group| {
        let s = of(g);
        let spans: [fn(Spread) -> i64; 5] = [|s| s.mean_s, |s| s.p50_s, |s| s.p90_s, |s| s.p95_s, |s| s.max_s];
        let first = [g.name.clone(), s.map_or(0, |s| s.count).to_string()];
        first.into_iter().chain(spans.map(|of| shown(s.map(of)))).collect()
    };
    let table = Table(head, groups.iter().map(line).collect());
    picture((id, title, Export::Months), description, Vec::new(), rows, table)
}

fn totals(export: Export, id: &'static str, title: &'static str, groups: &[Group], of: fn(&Group) -> usize) -> Picture {
    let max = groups.iter().map(of).max().unwrap_or(0);
    let rows = groups.iter().enumerate();
    let rows = rows.map(|(n, g)| stacked(n, &g.name, &[("incidents".into(), of(g))], max, of(g).to_string())).collect();
    let said: Vec<String> = groups.iter().take(5).map(|g| format!("{} {}", label(&g.name), of(g))).collect();
    let head = head(&[
        "Name",
        "Incidents",
        "MTTA",
        "p50",
        "p90",
        "p95",
        "MTTR",
        "p50",
        "p90",
        "p95",
        "Pages",
        "Clocks missed",
    ]);
    let line = |g: &Group| {
        let spans: [fn(Spread) -> i64; 4] = [|s| s.mean_s, |s| s.p50_s, |s| s.p90_s, |s| s.p95_s];
        let name = if g.name.is_empty() { "no service".to_string() } else { g.name.clone() };
        let both = [g.acknowledge, g.resolve].into_iter().flat_map(|s| spans.map(|of| shown(s.map(of))));
        let last = [g.pages.to_string(), g.breached.to_string()];
        [name, g.incidents.to_string()].into_iter().chain(both).chain(last).collect()
    };
    let table = Table(head, groups.iter().map(line).collect());
    picture((id, title, export), format!("Incidents: {}.", said.join(", ")), Vec::new(), rows, table)
}

fn people(all: &[Load]) -> Picture {
    let (loads, more) = cut(all);
    let max = loads.iter().map(|l| l.pages).max().unwrap_or(0);
    const HOURS: [&str; 3] = ["working hours", "free time", "sleeping hours"];
    let parts = |l: &Load| -> Vec<(String, usize)> {
        HOURS.iter().map(ToString::to_string).zip([l.working, l.free, l.asleep]).collect()
    };
    let words = |l: &Load| match l.asleep {
        0 => l.pages.to_string(),
        n => format!("{}, {n} asleep", l.pages),
    };
    let rows = loads.iter().enumerate().map(|(n, l)| stacked(n, &l.who, &parts(l), max, words(l))).collect();
    let (pages, asleep) = (all.iter().map(|l| l.pages).sum::<usize>(), all.iter().map(|l| l.asleep).sum::<usize>());
    let description = format!("{pages} pages to {} phones, {asleep} of them in sleeping hours.", all.len());
    let line = |l: &Load| {
        let counts = [l.pages, l.working, l.free, l.asleep, l.incidents].map(|n| n.to_string());
        std::iter::once(l.who.clone()).chain(counts).chain([l.zone.name().to_string()]).collect()
    };
    let head = head(&["Who", "Pages", "Working hours", "Free time", "Sleeping hours", "Incidents", "By the clock of"]);
    let table = Table(head, loads.iter().map(line).collect());
    let id = ("people", "Page load per person", Export::People);
    Picture { more, ..picture(id, description, HOURS.map(str::to_string).to_vec(), rows, table) }
}

fn clocks(all: &[Breaches]) -> Picture {
    let max = all.iter().map(|c| c.breached).max().unwrap_or(0);
    let row = |(n, c): (usize, &Breaches)| {
        stacked(n, c.milestone.as_noun(), &[("missed".into(), c.breached)], max, c.breached.to_string())
    };
    let rows = all.iter().enumerate().map(row).collect();
    let sum: usize = all.iter().map(|c| c.breached).sum();
    let line = |c: &Breaches| vec![c.milestone.as_noun().to_string(), c.breached.to_string(), c.incidents.to_string()];
    let table = Table(head(&["Clock", "Ran out", "In incidents"]), all.iter().map(line).collect());
    let id = ("clocks", "Clocks that ran out", Export::Clocks);
    picture(id, format!("{sum} times something was not reached in its time."), Vec::new(), rows, table)
}
