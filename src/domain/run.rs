//! A run: commands of a runbook that are to be carried out for an incident, from the wish to the outcome. What exactly
//! is to run stands in its [`Order`] and never changes; whatever is approved, started and reported is that order.
//! Runs nothing and knows no executor.

pub mod apply;
pub mod authority;
pub mod decide;
pub mod sample;
pub mod table;
pub mod target;
#[cfg(test)]
mod tests;
pub mod units;

use crate::chain;
use crate::event::Actor;
use crate::incident::Incident;
use crate::intent::IntentNo;
use crate::playbook::Risk;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Number of a run within its incident, from 1.
pub type RunNo = u32;

/// The channel of the outbox that runs wait in. No pager can have that name: theirs are kinds of `[paging]`.
pub const CHANNEL: &str = "runs";

/// By which way somebody speaks who only showed that they can read a file of this machine.
pub const LOCAL_TOKEN: &str = "the local token";
/// What begins the way of whoever has a token of the API.
pub const API_TOKEN: &str = "api:";

/// Whether a way shows who it is that speaks. Whoever has a token may speak as anybody, so it is nobody's second person.
pub fn shows_who(via: &str) -> bool {
    via != LOCAL_TOKEN && !via.starts_with(API_TOKEN)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Looks at what is there.
    Diagnose,
    /// Changes something so that the trouble ends.
    Remediate,
    /// Looks whether it helped.
    Verify,
    /// Takes a change back.
    Rollback,
}

impl RunKind {
    pub const ALL: [RunKind; 4] = [RunKind::Diagnose, RunKind::Remediate, RunKind::Verify, RunKind::Rollback];
    pub fn as_str(self) -> &'static str {
        match self {
            RunKind::Diagnose => "diagnose",
            RunKind::Remediate => "remediate",
            RunKind::Verify => "verify",
            RunKind::Rollback => "rollback",
        }
    }
}

/// One command line of the runbook, ready to be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Where it stands in the runbook, from 1; 0 for a check that is ready-made.
    pub line: u32,
    /// As in a runbook's JSON: `docker`, `http`.
    pub executor: String,
    /// `[targets.NAME]` that it acts on.
    pub target: String,
    /// As the runbook has it, placeholders open. What is carried out is made of this and the parameters, so that a value
    /// is never taken for a piece of the command.
    pub written: String,
    /// As it reads with its values filled in: what people approve. Secrets stay references.
    pub text: String,
    /// What it is written in where that is no shell's: `postgres`, `mysql`, `redis`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tongue: String,
    /// Values that are too much, by the runbook: what readings of it are judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<Bound>,
    /// What it is about, for a table: `memory of n8n`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Why it changes something or worse, as its importer judged it: `docker restart, inside a pipeline`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to say for the runbook's quick fix of what it is about, should it be red: `run line 42 (Queue is full)`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

/// A threshold of the runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    pub metric: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// As the runbook has it: `> 90`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Limit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<Limit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// `>`, `>=`, `<`, `<=`, `=`
    pub op: String,
    /// A number as text: a log compares exactly.
    pub value: String,
}

impl Limit {
    pub fn reached(&self, value: f64) -> bool {
        let Ok(limit) = self.value.parse::<f64>() else { return false };
        match self.op.as_str() {
            ">" => value > limit,
            ">=" => value >= limit,
            "<" => value < limit,
            "<=" => value <= limit,
            _ => (value - limit).abs() < f64::EPSILON,
        }
    }
}

/// What exactly is to run on what. An approval is for all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub kind: RunKind,
    /// How people call it: a step of a playbook, a quick fix.
    pub name: String,
    pub system: String,
    /// The runbook it stands in, and the SHA-256 of what it said.
    pub file: String,
    pub revision: String,
    /// The worst of its commands.
    pub risk: Risk,
    /// What it acts on, and what one changing run at a time may have; empty where only looked at in several places.
    pub target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    pub commands: Vec<Ordered>,
    /// What is looked at afterwards, to see whether it helped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verify: Vec<Ordered>,
    /// What the runbook names to take it back, as it is to be said after `run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
    /// Placeholder, as written, to its value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Seconds after which it is ended, all of it together.
    pub limit_s: i64,
}

impl Order {
    pub fn changes(&self) -> bool {
        self.risk > Risk::Read
    }

    /// What an approval binds: every letter of it.
    pub fn digest(&self) -> String {
        digest("firebell order 1\n", &serde_json::to_string(self).unwrap_or_default())
    }

    /// The same thing done to the same target, whoever asks and in whatever incident: what the cool-down counts.
    pub fn action(&self) -> String {
        let texts: Vec<&str> = self.commands.iter().map(|c| c.text.as_str()).collect();
        digest("firebell action 1\n", &serde_json::to_string(&(&self.target, texts)).unwrap_or_default())
    }
}

fn digest(prefix: &str, text: &str) -> String {
    let mut h = Sha256::new();
    h.update(prefix.as_bytes());
    h.update(text.as_bytes());
    chain::hex(&h.finalize())
}

/// Who has to agree before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Whoever is in the incident may look.
    Nothing,
    /// Somebody with the authority, also the one who asked.
    Confirmation,
    /// Somebody with the authority who is not the one who asked.
    SecondPerson,
}

impl Needs {
    pub fn of(risk: Risk) -> Needs {
        match risk {
            Risk::Read => Needs::Nothing,
            Risk::Mutate => Needs::Confirmation,
            Risk::Destroy => Needs::SecondPerson,
        }
    }
}

/// A run and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub no: RunNo,
    /// Its commands are left out once a look is over: they stand in the log.
    pub order: Order,
    pub digest: String,
    /// What the cool-down goes by.
    pub action: String,
    pub needs: Needs,
    pub asked_by: Actor,
    pub asked_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Of the outbox, once it may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<IntentNo>,
    /// The last event that changed its table; 0 where it has none: of one command there is nothing to list.
    #[serde(default, skip_serializing_if = "has_no_table")]
    pub table_seq: i64,
    pub state: RunState,
}

fn has_no_table(seq: &i64) -> bool {
    *seq == 0
}

/// The recorded word of somebody entitled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub by: Actor,
    pub at: Timestamp,
    /// By what right: `administrator`, or the runbook's level.
    pub authority: String,
    /// Of the order that was approved.
    pub digest: String,
    /// Why nobody else was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RunState {
    /// Waits for somebody's word.
    Asked {
        until: Timestamp,
    },
    /// May run; waits for a worker, or for its target.
    Ready {
        until: Timestamp,
    },
    Running {
        since: Timestamp,
        /// Until when its target is kept for it.
        until: Timestamp,
        /// Of the claim in the log.
        claim_seq: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stop_asked: bool,
    },
    Denied,
    /// Nobody agreed in time, or it did not begin in time.
    Expired,
    /// Taken back before it began.
    Withdrawn,
    Finished {
        end: RunEnd,
        verified: Option<bool>,
    },
    /// It began, and what became of it is not known.
    Unknown {
        claim_seq: i64,
    },
}

impl RunState {
    pub fn over(&self) -> bool {
        !matches!(self, RunState::Asked { .. } | RunState::Ready { .. } | RunState::Running { .. })
    }

    /// A word for tables.
    pub fn as_words(&self) -> &'static str {
        match self {
            RunState::Asked { .. } => "waits for approval",
            RunState::Ready { .. } => "waits to begin",
            RunState::Running { stop_asked: true, .. } => "is being stopped",
            RunState::Running { .. } => "is running",
            RunState::Denied => "was denied",
            RunState::Expired => "expired",
            RunState::Withdrawn => "was withdrawn",
            RunState::Finished { end, .. } => end.as_words(),
            RunState::Unknown { .. } => "outcome unknown",
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// Every command exited with 0.
    Done,
    Failed,
    TimedOut,
    Stopped,
    /// The first command never began: nothing was changed.
    NotStarted,
}

impl RunEnd {
    pub const ALL: [RunEnd; 5] = [RunEnd::Done, RunEnd::Failed, RunEnd::TimedOut, RunEnd::Stopped, RunEnd::NotStarted];
    pub fn as_str(self) -> &'static str {
        match self {
            RunEnd::Done => "done",
            RunEnd::Failed => "failed",
            RunEnd::TimedOut => "timed_out",
            RunEnd::Stopped => "stopped",
            RunEnd::NotStarted => "not_started",
        }
    }
    pub fn as_words(self) -> &'static str {
        match self {
            RunEnd::Done => "done",
            RunEnd::Failed => "failed",
            RunEnd::TimedOut => "ran out of time",
            RunEnd::Stopped => "was stopped",
            RunEnd::NotStarted => "never began",
        }
    }
}

/// What came of one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResult {
    /// Index into the order's commands, or, where `verifies`, into what is looked at afterwards.
    pub at: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verifies: bool,
    #[serde(flatten)]
    pub end: CommandEnd,
    /// Of what it said; the text is kept beside the log for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    pub took_ms: u64,
    /// By the target's own API, not by a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub native: bool,
    /// Milliseconds since the oldest reading in it was taken, where some were before anybody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled_ms: Option<u64>,
    /// The line of its output that says most.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<Reading>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<RunFile>,
}

/// A file that a command made beside its text: a graph. Its content is kept beside the log for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Of no other file of the same command.
    pub name: String,
    pub media_type: String,
    /// SHA-256, in hexadecimal.
    pub digest: String,
    pub bytes: u64,
}

/// Where what a command said and made is kept beside the log: twice its index, one more for what was looked at afterwards.
pub fn place(at: u32, verifies: bool) -> i64 {
    i64::from(at) * 2 + i64::from(verifies)
}

impl RunResult {
    /// As it should be: it ended well, and nothing that was read is critical.
    pub fn well(&self) -> bool {
        self.end.ok() && self.readings.iter().all(|r| r.judged != Some(Judged::Critical))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum CommandEnd {
    Exited {
        status: i32,
    },
    TimedOut,
    Stopped,
    /// Nothing was changed; why.
    NotStarted {
        why: String,
    },
    /// Nothing here can carry it out; why. Somebody types it.
    Manual {
        why: String,
    },
    /// It may have taken effect; how to find out.
    Unknown {
        why: String,
    },
}

impl CommandEnd {
    pub fn ok(&self) -> bool {
        *self == CommandEnd::Exited { status: 0 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// SHA-256, in hexadecimal.
    pub digest: String,
    pub bytes: u64,
    /// Bytes that were left out of its middle.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A value that was read, and what the runbook's thresholds say of it. Numbers are texts here: a log compares exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub metric: String,
    pub value: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// The threshold as the runbook has it: `> 90 %`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    Healthy,
    Warning,
    Critical,
}

impl Judged {
    pub fn as_word(self) -> &'static str {
        match self {
            Judged::Healthy => "healthy",
            Judged::Warning => "warning",
            Judged::Critical => "critical",
        }
    }
}

/// Why a run that had not begun never will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpireReason {
    NotApproved,
    /// Approved, and it did not begin in time: no worker, or its target was busy.
    NotStarted,
    /// The runbook says something else by now.
    RunbookChanged,
    /// A policy forbids it by now.
    Forbidden,
}

impl ExpireReason {
    pub const ALL: [ExpireReason; 4] =
        [ExpireReason::NotApproved, ExpireReason::NotStarted, ExpireReason::RunbookChanged, ExpireReason::Forbidden];
    pub fn as_str(self) -> &'static str {
        match self {
            ExpireReason::NotApproved => "not_approved",
            ExpireReason::NotStarted => "not_started",
            ExpireReason::RunbookChanged => "runbook_changed",
            ExpireReason::Forbidden => "forbidden",
        }
    }
    pub fn as_words(self) -> &'static str {
        match self {
            ExpireReason::NotApproved => "nobody approved it in time",
            ExpireReason::NotStarted => "it could not begin in time",
            ExpireReason::RunbookChanged => "the runbook has changed since",
            ExpireReason::Forbidden => "a policy forbids it now",
        }
    }
}

/// A line that its log marks as an error: a word in capitals, or a level by its name.
pub fn marks_an_error(line: &str) -> bool {
    const MARKS: [&str; 7] =
        ["ERROR", "FATAL", "CRITICAL", "PANIC", "level=error", "\"level\":\"error\"", "\"level\":\"fatal\""];
    MARKS.iter().any(|mark| line.contains(mark))
}

/// When the next run that has not begun expires.
pub fn expiry(incident: &Incident) -> Option<Timestamp> {
    let until = |r: &Run| match r.state {
        RunState::Asked { until } | RunState::Ready { until } => Some(until),
        _ => None,
    };
    incident.runs.values().filter_map(until).min()
}

/// What the thresholds of a command say of a value: the one whose metric shares most words with it, in its unit.
pub fn judge(bounds: &[Bound], metric: &str, unit: &str, value: f64) -> (Option<Judged>, Option<String>) {
    let wanted = words(metric);
    let usable = bounds.iter().filter_map(|b| Some((b, units::convert(value, unit, &b.unit)?)));
    let near = usable.map(|(b, value)| (shared(b, &wanted), b, value)).filter(|(n, _, _)| *n > 0);
    let judged = near.map(|(n, bound, value)| (n, by(bound, value)));
    // Of two that are as near the worse verdict holds: a checklist's limit must not hide that it is critical.
    judged.max_by_key(|(n, (verdict, _))| (*n, *verdict)).map_or((None, None), |(_, verdict)| verdict)
}

/// The one value that a command printed, as a reading of the metric that the command is about; `None` where it printed
/// more than that, or where it is not clear which threshold is meant.
pub fn read(command: &Ordered, said: &str) -> Option<Reading> {
    let (value, unit) = units::only_value(said)?;
    let wanted = words(&format!("{} {}", command.about, command.text));
    let usable = command.bounds.iter().filter_map(|b| Some((b, units::convert(value, &unit, &b.unit)?)));
    let mut found: Vec<(usize, &Bound, f64)> =
        usable.map(|(b, v)| (shared(b, &wanted), b, v)).filter(|(n, _, _)| *n > 0).collect();
    found.sort_by_key(|(n, _, _)| std::cmp::Reverse(*n));
    let (best, bound, in_unit) = *found.first()?;
    if found.get(1).is_some_and(|(n, other, _)| *n == best && other.metric != bound.metric) {
        return None;
    }
    let (judged, reached) = by(bound, in_unit);
    let unit = if unit.is_empty() { bound.unit.clone() } else { unit };
    Some(Reading { metric: bound.metric.clone(), value: units::shown(value), unit, judged, bound: reached })
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let all = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 1);
    all.map(|w| w.trim_end_matches('s').to_string()).collect()
}

fn shared(bound: &Bound, wanted: &[String]) -> usize {
    words(&bound.metric).iter().filter(|w| wanted.contains(w)).count()
}

fn by(bound: &Bound, value: f64) -> (Option<Judged>, Option<String>) {
    let shown =
        |l: &Limit| format!("{} {}{}{}", l.op, l.value, if bound.unit.is_empty() { "" } else { " " }, bound.unit);
    let reached = |l: &Option<Limit>| l.as_ref().filter(|l| l.reached(value)).map(shown);
    match (reached(&bound.critical), reached(&bound.warning)) {
        (Some(said), _) => (Some(Judged::Critical), Some(said)),
        (None, Some(said)) => (Some(Judged::Warning), Some(said)),
        (None, None) => (Some(Judged::Healthy), None),
    }
}
