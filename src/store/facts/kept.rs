//! Facts that were read before, so that figures over 10,000 incidents need not read them again. At each look the
//! database itself says which incidents may have moved since the last one, and only those are read; so nothing depends
//! on which replica wrote, or on whether an announcement came. Holds no total and knows nobody's eyes. What is kept is
//! given up as soon as it is not certain.
//!
//! Why no change is missed: what has moved is what checkpoints are made of. An incident whose log has grown is in the
//! index of those that no checkpoint has yet; when it leaves it, the checkpoint that took it names it, in the same
//! transaction. Checkpoints are numbered in the order in which they commit. So what is in that index now, and what the
//! checkpoints since the last look name, is all that can be otherwise than it was at the last look. What was in the
//! index then is read again too: a database that was put back to an earlier time has lost it, or has another there. A
//! checkpoint's MAC is over everything before it: where the one of the last look is not there, nothing is kept.

use super::{Facts, Which};
use crate::fault::{Fault, FaultKind};
use crate::store::{Store, Tx, fault, on_tx};
use firebell_domain::id::IncidentId;
use firebell_domain::limits::FIGURES_KEPT_BYTES_MAX;
use firebell_domain::time::Timestamp;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Mutex;

/// What an entry takes besides its facts: its places in the maps, and the counters of a shared value.
const ENTRY_BYTES: usize = 160;
/// Checkpoints of which it is read what they name, a busy hour of them. Beyond it everything is read again.
const CHECKPOINTS_MAX: i64 = 3_600;
/// Word for word what the index `incident_unchecked` is for, so that it is used.
const UNCHECKED: &str = "SELECT incident_id FROM incident WHERE checkpointed_seq < head_seq ORDER BY incident_id";
const NEWEST: &str = "SELECT checkpoint_no, mac FROM checkpoint ORDER BY checkpoint_no DESC LIMIT 1";
const IS_THERE: &str = "SELECT COUNT(*) FROM checkpoint WHERE checkpoint_no = $1 AND mac = $2";
const NAMED: &str = "SELECT heads FROM checkpoint WHERE checkpoint_no > $1 ORDER BY checkpoint_no";

/// One for each process; whoever looks at the same time waits for the one that reads.
#[derive(Debug)]
pub struct FactsKept {
    shelf: Mutex<Shelf>,
    bytes_max: usize,
}

impl Default for FactsKept {
    fn default() -> FactsKept {
        FactsKept::new(FIGURES_KEPT_BYTES_MAX)
    }
}

/// How far the database had come at a look.
#[derive(Debug)]
struct Place {
    /// 0 where there was none.
    checkpoint_no: i64,
    mac: String,
    /// What no checkpoint had yet.
    unchecked: BTreeSet<IncidentId>,
}

#[derive(Debug)]
struct Shelf {
    place: Option<Place>,
    /// Everything that was declared from here on is kept.
    since: Timestamp,
    /// Nothing from before here is kept: there is no room for it.
    floor: Timestamp,
    by_time: BTreeMap<(Timestamp, IncidentId), Arc<Facts>>,
    times: BTreeMap<IncidentId, Timestamp>,
    bytes: usize,
}

impl Default for Shelf {
    fn default() -> Shelf {
        let (since, floor) = (Timestamp(i64::MAX), Timestamp(i64::MIN));
        Shelf { place: None, since, floor, by_time: BTreeMap::new(), times: BTreeMap::new(), bytes: 0 }
    }
}

impl FactsKept {
    pub fn new(bytes_max: usize) -> FactsKept {
        FactsKept { shelf: Mutex::default(), bytes_max }
    }

    /// The same as `Store::facts`.
    pub async fn facts(
        &self,
        store: &Store,
        from: Timestamp,
        to: Timestamp,
        limit: i64,
    ) -> Result<Vec<Arc<Facts>>, Fault> {
        let mut shelf = self.shelf.lock().await;
        let mut tx = store.begin_read().await?;
        let place = tx.place().await?;
        let moved = match &shelf.place {
            None => None,
            Some(before) => tx.moved(before, &place).await?,
        };
        let mut fresh = match moved {
            Some(moved) => tx.facts(Which::These(&moved)).await?,
            None => {
                *shelf = Shelf::default();
                Vec::new()
            }
        };
        let mut since = shelf.since;
        if from < shelf.since && from >= shelf.floor {
            let older = tx.facts(Which::Declared(from, shelf.since, limit)).await?;
            if (older.len() as i64) < limit && shelf.bytes + older.iter().map(bytes).sum::<usize>() <= self.bytes_max {
                fresh.extend(older);
                since = from;
            } else {
                shelf.floor = Timestamp(from.0 + 1);
            }
        }
        // From here on nothing waits: who goes away in the middle leaves the shelf as it was, or as it will be.
        shelf.since = since;
        shelf.place = Some(place);
        for f in fresh.into_iter().filter(|f| f.declared_at >= since) {
            shelf.put(f);
        }
        shelf.make_room(self.bytes_max);
        let all = match from < shelf.since {
            false => Ok(shelf.between(from, to, limit)),
            true => {
                drop(shelf);
                tx.facts(Which::Declared(from, to, limit)).await
            }
        };
        tx.commit().await?;
        all
    }

    /// How many incidents are kept, and about how many bytes they take.
    pub async fn size(&self) -> (usize, usize) {
        let shelf = self.shelf.lock().await;
        (shelf.by_time.len(), shelf.bytes)
    }
}

fn bytes(facts: &Arc<Facts>) -> usize {
    facts.bytes() + ENTRY_BYTES
}

impl Shelf {
    fn put(&mut self, facts: Arc<Facts>) {
        let (id, at) = (facts.id, facts.declared_at);
        if let Some(before) = self.times.insert(id, at) {
            let gone = self.by_time.remove(&(before, id));
            self.bytes -= gone.as_ref().map_or(0, bytes);
        }
        self.bytes += bytes(&facts);
        self.by_time.insert((at, id), facts);
    }

    /// The oldest go, all of one instant, and do not come back.
    fn make_room(&mut self, bytes_max: usize) {
        while let Some(((at, id), _)) = self.by_time.first_key_value().map(|(key, f)| (*key, f)) {
            if self.bytes <= bytes_max && at >= self.since {
                return;
            }
            if let Some(gone) = self.by_time.remove(&(at, id)) {
                self.bytes -= bytes(&gone);
            }
            self.times.remove(&id);
            self.since = Timestamp(at.0 + 1);
            self.floor = self.since;
        }
    }

    fn between(&self, from: Timestamp, to: Timestamp, limit: i64) -> Vec<Arc<Facts>> {
        let first = IncidentId(i64::MIN);
        let limit = usize::try_from(limit).unwrap_or(0);
        let range = (from < to).then(|| self.by_time.range((from, first)..(to, first)));
        range.into_iter().flatten().take(limit).map(|(_, f)| f.clone()).collect()
    }
}

impl Tx {
    async fn place(&mut self) -> Result<Place, Fault> {
        on_tx!(self, |c| {
            let newest: Option<(i64, String)> = sqlx::query_as(NEWEST).fetch_optional(&mut *c).await.map_err(fault)?;
            let unchecked: Vec<i64> = sqlx::query_scalar(UNCHECKED).fetch_all(c).await.map_err(fault)?;
            let (checkpoint_no, mac) = newest.unwrap_or_default();
            Ok(Place { checkpoint_no, mac, unchecked: unchecked.into_iter().map(IncidentId).collect() })
        })
    }

    /// What may be otherwise than it was; `None` where that cannot be said.
    async fn moved(&mut self, before: &Place, now: &Place) -> Result<Option<Vec<IncidentId>>, Fault> {
        let mut moved: BTreeSet<IncidentId> = before.unchecked.union(&now.unchecked).copied().collect();
        let goes_on = match before.checkpoint_no == now.checkpoint_no {
            true => before.mac == now.mac,
            false => (0..=CHECKPOINTS_MAX).contains(&(now.checkpoint_no - before.checkpoint_no)),
        };
        if !goes_on {
            return Ok(None);
        }
        if before.checkpoint_no == now.checkpoint_no {
            return Ok(Some(moved.into_iter().collect()));
        }
        let named: Option<Vec<String>> = on_tx!(self, |c| {
            let q = sqlx::query_scalar(IS_THERE).bind(before.checkpoint_no).bind(&before.mac);
            let there: i64 = q.fetch_one(&mut *c).await.map_err(fault)?;
            match there == 1 || before.checkpoint_no == 0 {
                false => None,
                true => Some(sqlx::query_scalar(NAMED).bind(before.checkpoint_no).fetch_all(c).await.map_err(fault)?),
            }
        });
        let Some(named) = named else { return Ok(None) };
        for heads in &named {
            let heads: Vec<(i64, IgnoredAny, IgnoredAny)> = serde_json::from_str(heads)
                .map_err(|e| Fault::new(FaultKind::Damaged, format!("the heads of a checkpoint do not read: {e}")))?;
            moved.extend(heads.into_iter().map(|(id, _, _)| IncidentId(id)).filter(|id| *id != IncidentId::ORG));
        }
        Ok(Some(moved.into_iter().collect()))
    }
}
