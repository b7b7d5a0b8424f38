//! Operations of a runbook's schedule: what is looked at by itself at its time, once, whoever runs and however often the
//! process stops; and what is made of what was found. One row for each operation, changed only by what is here, under a
//! lock. Runs nothing and reads no clock: when something is due is said by whoever asks.

pub mod found;
pub mod post;
#[cfg(test)]
mod tests;

use crate::alert::{Alert, AlertStatus, Delivery};
use crate::chain::hex;
use crate::id::{ChannelId, IncidentId};
use crate::limits;
use crate::text;
use crate::time::Timestamp;
pub use found::{Row, Verdict};
use post::Post;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The source that operations are to incidents; no `[ingest.NAME]` can be called so, because it has a blank.
pub const SOURCE: &str = "runbook schedule";

/// What is known of one operation between its times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// When it is due, as the runbook and the overlay say it: where that is another, what was due before is nobody's.
    pub rule: String,
    /// Since when that is known. What was due before was not missed: nobody had promised it.
    pub since: Timestamp,
    /// The last time that it was due, and what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// What was critical, from the first time on that it was found so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streak: Option<Streak>,
    /// What became of the turn before, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_word: Option<String>,
    /// What is still to be told to incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owes: Option<Word>,
    /// What chats show of it, one message each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub posts: BTreeMap<ChannelId, Post>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub due: Timestamp,
    #[serde(flatten)]
    pub became: Became,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "became", rename_all = "snake_case")]
pub enum Became {
    Running {
        worker: String,
        /// From then on whoever runs it is thought dead.
        until: Timestamp,
    },
    Ended {
        at: Timestamp,
        verdict: Verdict,
        rows: Vec<Row>,
    },
    /// Nobody was there at its time, and it is too late now.
    Missed {
        at: Timestamp,
    },
    /// Whoever ran it stopped in the middle. It is not begun again by itself.
    Interrupted {
        at: Timestamp,
    },
    /// People do it: they are reminded from its time on.
    Due,
}

pub const MISSED: &str = "missed";
pub const INTERRUPTED: &str = "interrupted";
pub const DUE: &str = "due";

impl Became {
    /// `None` while it runs.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Became::Running { .. } => None,
            Became::Ended { verdict, .. } => Some(verdict.as_word()),
            Became::Missed { .. } => Some(MISSED),
            Became::Interrupted { .. } => Some(INTERRUPTED),
            Became::Due => Some(DUE),
        }
    }
}

impl Turn {
    /// When it became so; `None` while it runs.
    pub fn since(&self) -> Option<Timestamp> {
        match &self.became {
            Became::Running { .. } => None,
            Became::Ended { at, .. } | Became::Missed { at } | Became::Interrupted { at } => Some(*at),
            // Whoever hears of it later hears of something old.
            Became::Due => Some(self.due),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    pub since: Timestamp,
    /// The incident that it declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// What was found last, in one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What incidents are to hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Otherwise it is over.
    pub critical: bool,
    pub since: Timestamp,
    /// One line.
    pub text: String,
}

/// What a look at a state came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing to do.
    Rest,
    /// To be written down: it became known, was missed, or was interrupted.
    Note(State),
    /// To be written down, and then to be run, by nobody else.
    Run(State),
}

/// Who looks, and by what rules.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub now: Timestamp,
    pub worker: &'a str,
    /// Another worker's claim is nobody's, because there can be no other worker.
    pub alone: bool,
    /// Seconds after its time at which it is still run.
    pub grace_s: i64,
    /// Seconds that it may take.
    pub limit_s: i64,
}

impl State {
    pub fn new(rule: &str, since: Timestamp) -> State {
        let rule = rule.to_string();
        State { rule, since, turn: None, streak: None, last_word: None, owes: None, posts: BTreeMap::new() }
    }

    /// From when on the next time that it is due counts.
    pub fn known_until(&self) -> Timestamp {
        self.turn.as_ref().map_or(self.since, |t| t.due.max(self.since))
    }

    /// The incident that it has declared and whose cause is not over, as far as is known here.
    pub fn incident(&self) -> Option<IncidentId> {
        self.streak.as_ref().and_then(|s| s.incident)
    }
}

/// What to do about an operation whose last time was `due`.
pub fn look(state: Option<&State>, rule: &str, due: Option<Timestamp>, by: Look) -> Step {
    let Some(known) = state else { return Step::Note(State::new(rule, by.now)) };
    let mut next = known.clone();
    if known.rule != rule {
        (next.rule, next.since) = (rule.to_string(), by.now);
    }
    if let Some(Turn { due, became: Became::Running { worker, until } }) = &known.turn {
        let lost = *until <= by.now || (by.alone && worker != by.worker);
        if !lost {
            return if next == *known { Step::Rest } else { Step::Note(next) };
        }
        next.turn = Some(Turn { due: *due, became: Became::Interrupted { at: by.now } });
    }
    if let Some(due) = due.filter(|due| *due > next.known_until() && *due <= by.now) {
        let in_time = by.now.seconds_since(due) <= by.grace_s;
        let until = by.now.plus_s(by.limit_s.clamp(1, limits::RUN_MAX_S) + limits::RUN_GRACE_S);
        let became = match in_time {
            true => Became::Running { worker: by.worker.to_string(), until },
            false => Became::Missed { at: by.now },
        };
        next.last_word = word_of(&next);
        next.turn = Some(Turn { due, became });
        return if in_time { Step::Run(next) } else { Step::Note(next) };
    }
    if next == *known { Step::Rest } else { Step::Note(next) }
}

/// What to note of an operation that people are reminded of, whose last time was `due`. `None`: nothing.
pub fn remind(state: Option<&State>, rule: &str, due: Option<Timestamp>, now: Timestamp) -> Option<State> {
    let Some(known) = state else { return Some(State::new(rule, now)) };
    let mut next = known.clone();
    if known.rule != rule {
        (next.rule, next.since) = (rule.to_string(), now);
    }
    if let Some(due) = due.filter(|due| *due > next.known_until() && *due <= now) {
        next.turn = Some(Turn { due, became: Became::Due });
    }
    (next != *known).then_some(next)
}

fn word_of(state: &State) -> Option<String> {
    state.turn.as_ref().and_then(|t| t.became.word()).map(str::to_string).or_else(|| state.last_word.clone())
}

/// What was found, of whoever ran it. `None`: it is not theirs any more, and what they found counts no longer.
/// `declares`: what is critical makes an incident.
pub fn ended(
    state: &State,
    due: Timestamp,
    worker: &str,
    rows: Vec<Row>,
    declares: bool,
    now: Timestamp,
) -> Option<State> {
    let mine = |t: &Turn| t.due == due && matches!(&t.became, Became::Running { worker: w, .. } if w == worker);
    state.turn.as_ref().filter(|t| mine(t))?;
    let mut next = state.clone();
    let verdict = found::verdict(&rows);
    match (verdict, &state.streak) {
        (Verdict::Critical, streak) => {
            let text = found::worst(&rows);
            let begun = streak.clone().unwrap_or(Streak { since: due, incident: None, text: String::new() });
            let streak = Streak { text: text.clone(), ..begun };
            next.owes = declares.then_some(Word { critical: true, since: streak.since, text });
            next.streak = Some(streak);
        }
        // What could not be looked at is neither good nor bad.
        (Verdict::Unclear, _) => {}
        (Verdict::Healthy | Verdict::Warning, Some(streak)) => {
            next.owes = Some(Word { critical: false, since: streak.since, text: found::worst(&rows) });
            next.streak = None;
        }
        (Verdict::Healthy | Verdict::Warning, None) => next.owes = None,
    }
    next.turn = Some(Turn { due, became: Became::Ended { at: now, verdict, rows: found::bounded(rows) } });
    Some(next)
}

/// Incidents have heard it.
pub fn told(state: &State, word: &Word, incident: Option<IncidentId>) -> State {
    let mut next = state.clone();
    if state.owes.as_ref() == Some(word) {
        next.owes = None;
    }
    if let Some(streak) = next.streak.as_mut().filter(|s| word.critical && s.since == word.since) {
        streak.incident = incident.or(streak.incident);
    }
    next
}

/// An operation in sixteen characters, for what has room for no more.
pub fn short(system: &str, name: &str) -> String {
    let digest = Sha256::new().chain_update(system).chain_update([0]).chain_update(name).finalize();
    hex(&digest).chars().take(16).collect()
}

/// What people declare by hand where it is only offered: what is critical since then, in the same words and with the
/// same beginning as the operation itself would.
pub fn offered(state: &State, since: Timestamp) -> Option<Word> {
    let streak = state.streak.as_ref().filter(|s| s.since == since)?;
    let text = if streak.text.is_empty() { "found critical" } else { &streak.text };
    Some(Word { critical: true, since: streak.since, text: text.to_string() })
}

/// What a press is told that comes too late: of this operation, or of one that is gone.
pub fn nothing_to_declare(name: Option<&str>) -> String {
    let why = match name {
        Some(name) => format!("{name} was found well meanwhile"),
        None => "That schedule is in no runbook any more".to_string(),
    };
    format!("{why}, so nothing was declared. To declare all the same: \"/incident declare\".")
}

/// The same as an alert: what keeps one open incident to an operation, and lets it end, is what does so for alerts.
pub fn delivery(system: &str, name: &str, word: &Word) -> Delivery {
    let status = if word.critical { AlertStatus::Firing } else { AlertStatus::Resolved };
    let key = format!("{system}: {name}");
    let alert = Alert {
        fingerprint: key.clone(),
        status,
        starts_at: word.since,
        summary: text::line_of_machine(&word.text, limits::TITLE_CHARS_MAX),
        link: None,
    };
    Delivery { source: SOURCE.to_string(), group: key, alerts: vec![alert], group_status: status, truncated: 0 }
}
