//! A run as a table: every command of it with what came of it, also while others are under way, and what has changed
//! since the same command last said something. Made of the log alone, so every room shows the same; decides nothing.

use super::{CommandEnd, Judged, Order, Ordered, Reading, RunKind, RunNo, RunResult};
use crate::event::{Actor, Event, IncidentEvent};
use crate::time::Timestamp;
use crate::timeline::runs as words;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    pub run: RunNo,
    pub name: String,
    pub kind: RunKind,
    /// Where it changes something; empty for what is looked at in several places.
    pub target: String,
    pub file: String,
    pub asked_by: Actor,
    pub asked_at: Timestamp,
    pub began_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// `is running`, `done`, `outcome unknown`.
    pub standing: String,
    pub over: bool,
    /// Whether it helped, where something was looked at afterwards.
    pub verified: Option<bool>,
    pub rows: Vec<Row>,
    /// Of the event that it was made up to.
    pub seq: i64,
}

/// How a command stands; a word and a sign for each, so that no colour has to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Waiting,
    Healthy,
    Done,
    Warning,
    Critical,
    Failed,
    /// Somebody types it.
    ByHand,
    NotRun,
    Unknown,
}

impl Mark {
    pub fn as_word(self) -> &'static str {
        match self {
            Mark::Waiting => "waiting",
            Mark::Healthy => "healthy",
            Mark::Done => "done",
            Mark::Warning => "warning",
            Mark::Critical => "critical",
            Mark::Failed => "failed",
            Mark::ByHand => "by hand",
            Mark::NotRun => "not run",
            Mark::Unknown => "unknown",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Mark::Waiting => "…",
            Mark::Healthy | Mark::Done => "✓",
            Mark::Warning => "▲",
            Mark::Critical | Mark::Failed => "✕",
            Mark::ByHand => "✎",
            Mark::NotRun => "–",
            Mark::Unknown => "?",
        }
    }

    /// Somebody should look at it.
    pub fn wants_attention(self) -> bool {
        matches!(self, Mark::Warning | Mark::Critical | Mark::Failed | Mark::Unknown)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Index into the order's commands, or into what is looked at afterwards.
    pub at: u32,
    pub verifies: bool,
    /// Of the runbook, from 1; 0 where no runbook says it.
    pub line: u32,
    /// What the runbook calls it, else the command.
    pub what: String,
    pub text: String,
    pub target: String,
    pub mark: Mark,
    /// What it said, in a line: the values that were read, else the line that says most.
    pub says: String,
    pub readings: Vec<Reading>,
    /// Since the same command last said something in this incident: `memory of web was 71 %`.
    pub change: Option<String>,
    pub took_ms: Option<u64>,
    pub native: bool,
    /// Bytes of what it said that are kept, and its digest.
    pub output: Option<super::Output>,
    pub files: Vec<super::RunFile>,
}

/// What earlier runs read, by command and metric.
type Before = BTreeMap<(String, String, String), String>;

/// The run as it stands at the end of these events, which are a log from its beginning. `None`: there is no such run.
pub fn table(log: &[IncidentEvent], no: RunNo) -> Option<Table> {
    let mut orders: BTreeMap<RunNo, &Order> = BTreeMap::new();
    let mut before = Before::new();
    let mut table: Option<Table> = None;
    for event in log {
        match &event.body {
            Event::RunAsked { run, order, .. } => {
                orders.insert(*run, order);
                if *run == no {
                    table = Some(begin(event, *run, order));
                }
            }
            Event::RunFinished { run, results, .. } if *run < no => {
                remember(orders.get(run).copied(), results, &mut before);
            }
            _ => {}
        }
        if let Some(t) = &mut table {
            follow(t, event, &before);
        }
    }
    table
}

/// Every run that was asked for, in that order.
pub fn all(log: &[IncidentEvent]) -> Vec<RunNo> {
    let asked = log.iter().filter_map(|e| match &e.body {
        Event::RunAsked { run, .. } => Some(*run),
        _ => None,
    });
    asked.collect()
}

fn begin(event: &IncidentEvent, run: RunNo, order: &Order) -> Table {
    let row = |verifies: bool| {
        move |(at, c): (u32, &Ordered)| Row {
            at,
            verifies,
            line: c.line,
            what: if c.about.is_empty() { c.text.clone() } else { c.about.clone() },
            text: c.text.clone(),
            target: c.target.clone(),
            mark: Mark::Waiting,
            says: String::new(),
            readings: Vec::new(),
            change: None,
            took_ms: None,
            native: false,
            output: None,
            files: Vec::new(),
        }
    };
    let commands = (0..).zip(&order.commands).map(row(false));
    let looks = (0..).zip(&order.verify).map(row(true));
    Table {
        run,
        name: order.name.clone(),
        kind: order.kind,
        target: order.target.clone(),
        file: order.file.clone(),
        asked_by: event.actor.clone(),
        asked_at: event.at,
        began_at: None,
        ended_at: None,
        standing: "waits to begin".to_string(),
        over: false,
        verified: None,
        rows: commands.chain(looks).collect(),
        seq: event.seq,
    }
}

fn follow(t: &mut Table, event: &IncidentEvent, before: &Before) {
    let standing = match &event.body {
        Event::RunAsked { run, needs, .. } if *run == t.run && *needs != super::Needs::Nothing => "waits for approval",
        Event::RunApproved { run, .. } if *run == t.run => "waits to begin",
        Event::RunDenied { run, .. } if *run == t.run => "was denied",
        Event::RunExpired { run, .. } if *run == t.run => "expired",
        Event::RunWithdrawn { run, .. } if *run == t.run => "was withdrawn",
        Event::RunStarted { run, .. } if *run == t.run => {
            t.began_at = Some(event.at);
            "is running"
        }
        Event::RunStopAsked { run, .. } if *run == t.run => "is being stopped",
        Event::RunProgressed { run, results } if *run == t.run => {
            fill(t, results, before);
            "is running"
        }
        Event::RunFinished { run, end, results, verified } if *run == t.run => {
            fill(t, results, before);
            (t.verified, t.ended_at) = (*verified, Some(event.at));
            end.as_words()
        }
        Event::RunOutcomeUnknown { run, results, .. } if *run == t.run => {
            fill(t, results, before);
            t.ended_at = Some(event.at);
            "outcome unknown"
        }
        _ => return,
    };
    t.standing = standing.to_string();
    t.seq = event.seq;
    t.over = !matches!(standing, "waits for approval" | "waits to begin" | "is running" | "is being stopped");
    if t.over {
        let unknown = standing == "outcome unknown";
        for row in t.rows.iter_mut().filter(|r| r.mark == Mark::Waiting) {
            row.mark = if unknown { Mark::Unknown } else { Mark::NotRun };
        }
    }
}

fn fill(t: &mut Table, results: &[RunResult], before: &Before) {
    for r in results {
        let Some(row) = t.rows.iter_mut().find(|x| x.at == r.at && x.verifies == r.verifies) else { continue };
        row.mark = mark(r);
        row.readings = r.readings.clone();
        let read: Vec<String> = r.readings.iter().map(words::reading).collect();
        row.says = match (&r.end, read.is_empty()) {
            (CommandEnd::Exited { status: 0 }, false) => read.join(", "),
            (CommandEnd::Exited { status: 0 }, true) => r.says.clone(),
            (CommandEnd::Exited { status }, _) if r.says.is_empty() => format!("status {status}"),
            (CommandEnd::Exited { status }, _) => format!("status {status}: {}", r.says),
            (other, _) => words::end(other),
        };
        if let Some(ms) = r.sampled_ms {
            row.says.push_str(&format!(", sampled {}.{} s ago", ms / 1_000, ms % 1_000 / 100));
        }
        row.change = change(row, before);
        (row.took_ms, row.native) = (Some(r.took_ms), r.native);
        (row.output, row.files) = (r.output.clone(), r.files.clone());
    }
}

fn mark(r: &RunResult) -> Mark {
    match &r.end {
        CommandEnd::Exited { status: 0 } => match words::judged(r) {
            Some(Judged::Critical) => Mark::Critical,
            Some(Judged::Warning) => Mark::Warning,
            Some(Judged::Healthy) => Mark::Healthy,
            None => Mark::Done,
        },
        CommandEnd::Exited { .. } | CommandEnd::TimedOut => Mark::Failed,
        CommandEnd::Stopped | CommandEnd::NotStarted { .. } => Mark::NotRun,
        CommandEnd::Manual { .. } => Mark::ByHand,
        CommandEnd::Unknown { .. } => Mark::Unknown,
    }
}

fn remember(order: Option<&Order>, results: &[RunResult], before: &mut Before) {
    let Some(order) = order else { return };
    for r in results {
        let list = if r.verifies { &order.verify } else { &order.commands };
        let Some(command) = list.get(r.at as usize) else { continue };
        for reading in &r.readings {
            let key = (command.text.clone(), command.target.clone(), reading.metric.clone());
            before.insert(key, value(reading));
        }
    }
}

fn value(r: &Reading) -> String {
    if r.unit.is_empty() { r.value.clone() } else { format!("{} {}", r.value, r.unit) }
}

fn change(row: &Row, before: &Before) -> Option<String> {
    let of = |r: &Reading| {
        let was = before.get(&(row.text.clone(), row.target.clone(), r.metric.clone()))?;
        (*was != value(r)).then(|| format!("{} was {was}", r.metric))
    };
    let all: Vec<String> = row.readings.iter().filter_map(of).collect();
    (!all.is_empty()).then(|| all.join(", "))
}
