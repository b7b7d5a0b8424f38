//! What a target is doing: which changing run has it, and what was done to it lately. Across incidents, so it stands
//! beside them: one row for each target, locked by the transaction that starts a run, and computed from the events like
//! every other row. Two replicas that start runs on one target therefore wait for each other, and the second sees the first.

use super::{Order, RunNo, RunState};
use crate::event::{Event, IncidentEvent};
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::limits;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Holder>,
    /// The latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Past>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub incident: IncidentId,
    pub run: RunNo,
    /// It has certainly ended by then, also where nobody knows how.
    pub until: Timestamp,
}

/// Something that was done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pub action: String,
    pub at: Timestamp,
}

impl Held {
    /// Who else has it at an instant.
    pub fn busy(&self, incident: IncidentId, run: RunNo, at: Timestamp) -> Option<&Holder> {
        self.by.as_ref().filter(|h| h.until > at && (h.incident, h.run) != (incident, run))
    }

    /// Until when the same thing is not done to it again: every further time within the hour doubles the wait.
    pub fn cools_until(&self, order: &Order, cooldown_s: i64, at: Timestamp) -> Option<Timestamp> {
        let action = order.action();
        let hour = at.plus_s(-3_600);
        let lately = self.past.iter().filter(|p| p.action == action && p.at > hour).count();
        let last = self.past.iter().rev().find(|p| p.action == action)?;
        let factor = 1_i64 << lately.saturating_sub(1).min(4);
        let until = last.at.plus_s(cooldown_s.saturating_mul(factor));
        (until > at).then_some(until)
    }

    pub fn take(&mut self, change: &Change) {
        match change {
            Change::Taken { by, past } => {
                self.by = Some(by.clone());
                self.past.push(past.clone());
                let over = self.past.len().saturating_sub(limits::TARGET_PAST_MAX);
                self.past.drain(..over);
            }
            Change::Released { incident, run } => {
                self.by.take_if(|h| (h.incident, h.run) == (*incident, *run));
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Taken { by: Holder, past: Past },
    Released { incident: IncidentId, run: RunNo },
}

/// What these events change of which target. A run of unknown outcome keeps it until its time is up.
pub fn changes(events: &[IncidentEvent], after: &Incident) -> Vec<(String, Change)> {
    let mut changes = Vec::new();
    let of = |no: &RunNo| after.runs.get(no).filter(|r| r.order.changes() && !r.order.target.is_empty());
    for event in events {
        match &event.body {
            Event::RunStarted { run, until, .. } => {
                if let Some(r) = of(run) {
                    let by = Holder { incident: after.id, run: *run, until: *until };
                    let past = Past { action: r.action.clone(), at: event.at };
                    changes.push((r.order.target.clone(), Change::Taken { by, past }));
                }
            }
            Event::RunFinished { run, .. } => {
                if let Some(r) = of(run).filter(|r| matches!(r.state, RunState::Finished { .. })) {
                    let released = Change::Released { incident: after.id, run: *run };
                    changes.push((r.order.target.clone(), released));
                }
            }
            _ => {}
        }
    }
    changes
}
