//! The store of the simulation: what a commit makes durable, all of it or nothing. Keeps the same four things that
//! the real one does (log, projection, timers, outbox) as separate tables, so that oracles can compare them.

use crate::decide::Decision;
use crate::event::{Event, IncidentEvent};
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::intent::IntentNo;
use crate::limits;
use crate::outbox::{OutboxRow, OutboxStatus, rows};
use crate::time::Timestamp;
use crate::timer::{self, Timer};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Store {
    pub incidents: BTreeMap<IncidentId, Stored>,
    /// Which incident a group of alerts belonged to last.
    pub groups: BTreeMap<(String, String), IncidentId>,
}

pub struct Stored {
    pub log: Vec<IncidentEvent>,
    pub incident: Incident,
    /// The next one only, as the real store has it.
    pub timer: Option<Timer>,
    /// Rows of the outbox that are queued or claimed, which a worker looks in.
    pub waiting: BTreeMap<IntentNo, OutboxRow>,
    /// Rows that are over.
    pub over: BTreeMap<IntentNo, OutboxRow>,
    /// When the first of its timers, retries and leases is due.
    pub due_at: Timestamp,
    /// Pages that rang a while ago at most, as an index of the real store would find them.
    pub rang: BTreeMap<IntentNo, Timestamp>,
}

impl Stored {
    /// A row, wherever it is.
    pub fn row(&self, no: IntentNo) -> Option<&OutboxRow> {
        self.waiting.get(&no).or_else(|| self.over.get(&no))
    }
}

/// Everything that one decision changes, as differences.
pub struct WriteSet {
    pub id: IncidentId,
    base_seq: i64,
    events: Vec<IncidentEvent>,
    after: Incident,
    /// What the next timer is now, where that changes.
    rearm: Option<Option<Timer>>,
    rows: BTreeMap<IntentNo, OutboxRow>,
}

impl WriteSet {
    pub fn of(before: Option<&Incident>, decision: Decision) -> WriteSet {
        let (old, new) = (before.and_then(timer::next), timer::next(&decision.incident));
        WriteSet {
            id: decision.incident.id,
            base_seq: before.map_or(0, |i| i.seq),
            rows: rows(before, &decision.events),
            rearm: (old != new).then_some(new),
            events: decision.events,
            after: decision.incident,
        }
    }
}

impl Store {
    /// Applies every write set or, if the ground of one has moved since it was decided, none.
    /// Returns how many events each incident has now got.
    pub fn commit(&mut self, sets: Vec<WriteSet>) -> Result<Vec<(IncidentId, usize)>, String> {
        for set in &sets {
            let have = self.incidents.get(&set.id).map_or(0, |s| s.incident.seq);
            if have != set.base_seq {
                return Err(format!("{} was decided on event {} but stands at {have}", set.id, set.base_seq));
            }
        }
        Ok(sets.into_iter().map(|set| self.apply(set)).collect())
    }

    fn apply(&mut self, set: WriteSet) -> (IncidentId, usize) {
        for event in &set.events {
            match &event.body {
                Event::AlertsReceived { source, group, .. } => {
                    self.groups.insert((source.clone(), group.clone()), set.id);
                }
                Event::MergedFrom { groups, .. } => {
                    for g in groups {
                        self.groups.insert((g.source.clone(), g.key.clone()), set.id);
                    }
                }
                _ => {}
            }
        }
        let stored = self.incidents.entry(set.id).or_insert_with(|| Stored {
            log: Vec::new(),
            incident: set.after.clone(),
            timer: None,
            waiting: BTreeMap::new(),
            over: BTreeMap::new(),
            due_at: Timestamp(i64::MAX),
            rang: BTreeMap::new(),
        });
        let n = set.events.len();
        stored.log.extend(set.events);
        stored.incident = set.after;
        if let Some(timer) = set.rearm {
            stored.timer = timer;
        }
        let a_while_ago = stored.incident.updated_at.plus_s(-2 * limits::RING_WINDOW_S);
        stored.rang.retain(|_, at| *at > a_while_ago);
        for (no, row) in set.rows {
            match row.rang_at {
                Some(at) => stored.rang.insert(no, at),
                None => stored.rang.remove(&no),
            };
            match row.status {
                OutboxStatus::Queued | OutboxStatus::Claimed => stored.waiting.insert(no, row),
                _ => {
                    stored.waiting.remove(&no);
                    stored.over.insert(no, row)
                }
            };
        }
        let rows = stored.waiting.values().map(|row| row.lease_until.unwrap_or(row.due_at));
        let due = rows.chain(stored.timer.map(|t| t.due_at)).min();
        stored.due_at = due.unwrap_or(Timestamp(i64::MAX));
        (set.id, n)
    }
}
