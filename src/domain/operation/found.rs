//! What a scheduled look found, as a table of words, values and thresholds, and the verdict over all of it. A command that
//! fails is critical; one that could not be tried says nothing of what it was to look at.

use crate::limits;
use crate::run::{CommandEnd, Judged, Ordered, RunResult};
use crate::text;
use serde::{Deserialize, Serialize};

/// Rows that are kept of one look.
const ROWS_MAX: usize = 40;
/// Programs that end with 1 where they found nothing, which is no failure.
const FINDERS: [&str; 8] = ["grep", "egrep", "fgrep", "zgrep", "rg", "pgrep", "diff", "cmp"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Healthy,
    /// Something could not be looked at, and nothing else is wrong.
    Unclear,
    Warning,
    Critical,
}

impl Verdict {
    pub const ALL: [Verdict; 4] = [Verdict::Healthy, Verdict::Unclear, Verdict::Warning, Verdict::Critical];
    pub fn as_word(self) -> &'static str {
        match self {
            Verdict::Healthy => "healthy",
            Verdict::Unclear => "unclear",
            Verdict::Warning => "warning",
            Verdict::Critical => "critical",
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What was looked at.
    pub what: String,
    /// What was found, with its unit; why not, where it could not be looked at.
    pub value: String,
    pub is: Standing,
    /// The threshold that was reached, as the runbook has it: `> 90 %`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    /// Of the command, in the runbook.
    pub line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Healthy,
    Warning,
    Critical,
    /// Looked at, and no threshold says what is too much.
    Seen,
    /// The command failed.
    Failed,
    /// It could not be tried.
    NotLooked,
}

impl Standing {
    pub fn as_word(self) -> &'static str {
        match self {
            Standing::Healthy => "healthy",
            Standing::Warning => "warning",
            Standing::Critical => "critical",
            Standing::Seen => "seen",
            Standing::Failed => "failed",
            Standing::NotLooked => "not looked at",
        }
    }

    fn verdict(self) -> Verdict {
        match self {
            Standing::Healthy | Standing::Seen => Verdict::Healthy,
            Standing::Warning => Verdict::Warning,
            Standing::Critical | Standing::Failed => Verdict::Critical,
            Standing::NotLooked => Verdict::Unclear,
        }
    }
}

impl Row {
    /// `queue depth: 512, critical (> 500)`
    pub fn words(&self) -> String {
        let bound = self.bound.as_ref().map_or(String::new(), |b| format!(" ({b})"));
        match (self.is, self.value.is_empty()) {
            (Standing::Seen, true) => format!("{}: done", self.what),
            (Standing::Seen, false) => format!("{}: {}", self.what, self.value),
            (is, true) => format!("{}: {}{bound}", self.what, is.as_word()),
            (is, false) => format!("{}: {}, {}{bound}", self.what, self.value, is.as_word()),
        }
    }
}

/// The worst of all.
pub fn verdict(rows: &[Row]) -> Verdict {
    let order = |v: &Verdict| Verdict::ALL.iter().position(|x| x == v);
    rows.iter().map(|r| r.is.verdict()).max_by_key(order).unwrap_or(Verdict::Unclear)
}

/// The rows that made the verdict, as one line.
pub fn worst(rows: &[Row]) -> String {
    let all = verdict(rows);
    let those: Vec<String> = rows.iter().filter(|r| r.is.verdict() == all).take(3).map(Row::words).collect();
    match all {
        Verdict::Healthy => "nothing is too much and nothing failed".to_string(),
        _ => text::line_of_machine(&those.join("; "), limits::TITLE_CHARS_MAX),
    }
}

/// What one command gave.
pub fn rows(command: &Ordered, result: &RunResult) -> Vec<Row> {
    let what = if command.about.is_empty() { command.text.clone() } else { command.about.clone() };
    let row = |value: String, is: Standing| Row { what: what.clone(), value, is, bound: None, line: command.line };
    let says = |fallback: String| if result.says.is_empty() { fallback } else { result.says.clone() };
    match &result.end {
        CommandEnd::Exited { status: 0 } => {}
        CommandEnd::Exited { status: 1 } if finds(&command.text) && result.readings.is_empty() => {
            return vec![row("found nothing".into(), Standing::Seen)];
        }
        CommandEnd::Exited { status } => return vec![row(says(format!("exit {status}")), Standing::Failed)],
        CommandEnd::TimedOut => return vec![row("no answer in time".into(), Standing::Failed)],
        CommandEnd::Stopped => return vec![row("stopped".into(), Standing::NotLooked)],
        CommandEnd::NotStarted { why } | CommandEnd::Manual { why } | CommandEnd::Unknown { why } => {
            return vec![row(why.clone(), Standing::NotLooked)];
        }
    }
    if result.readings.is_empty() {
        return vec![row(says(String::new()), Standing::Seen)];
    }
    let reading = |r: &crate::run::Reading| Row {
        what: r.metric.clone(),
        value: if r.unit.is_empty() { r.value.clone() } else { format!("{} {}", r.value, r.unit) },
        is: match r.judged {
            None => Standing::Seen,
            Some(Judged::Healthy) => Standing::Healthy,
            Some(Judged::Warning) => Standing::Warning,
            Some(Judged::Critical) => Standing::Critical,
        },
        bound: r.bound.clone(),
        line: command.line,
    };
    result.readings.iter().map(reading).collect()
}

/// Whether the program whose status it is looks for something.
fn finds(text: &str) -> bool {
    let last = text.rsplit(['|', ';', '&']).next().unwrap_or(text).trim();
    let mut words = last.split_whitespace().skip_while(|w| *w == "sudo" || w.contains('='));
    words.next().is_some_and(|w| FINDERS.contains(&w.rsplit('/').next().unwrap_or(w)))
}

/// What is worst first, cut to what a row of the database keeps.
pub(super) fn bounded(mut rows: Vec<Row>) -> Vec<Row> {
    let order = |r: &Row| Verdict::ALL.iter().position(|v| *v == r.is.verdict());
    rows.sort_by_key(|r| std::cmp::Reverse(order(r)));
    rows.truncate(ROWS_MAX);
    for row in &mut rows {
        row.what = text::line_of_machine(&row.what, limits::NAME_CHARS_MAX);
        row.value = text::line_of_machine(&row.value, limits::TITLE_CHARS_MAX);
    }
    rows
}
