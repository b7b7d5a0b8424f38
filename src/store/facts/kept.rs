//! Facts that were read before, so that figures over 10,000 incidents need not read them again. At each look the
//! database itself says which incidents have moved since the last one, in one question of an index, and only those are
//! read; so nothing depends on which replica wrote, or on whether an announcement came. Holds no total and knows nobody's
//! eyes. What is kept is given up as soon as it is not certain: another database, or one that went back.
//!
//! Why no change is missed: the database numbers each change of an incident's row (migration 7). SQLite has one writer,
//! so whoever sees a number sees every smaller one. On Postgres the number is that of the transaction, and a snapshot
//! says below which number every transaction is over and seen (`settled`); changes from there on are asked for again at
//! the next look, however late they commit.

use super::{Facts, Fresh, State, Which};
use crate::fault::Fault;
use crate::store::{Store, Tx, fault, on_tx};
use firebell_domain::id::IncidentId;
use firebell_domain::limits::FIGURES_KEPT_BYTES_MAX;
use firebell_domain::time::Timestamp;
use sqlx::Row;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What an entry takes besides its facts: its places in the maps, and the counters of a shared value.
const ENTRY_BYTES: usize = 160;
const LITE_PLACE: &str = "SELECT '', COALESCE(MAX(moved), 0) + 1, COALESCE(MAX(moved), 0) + 1 FROM incident";
/// Another server, or one that was started again, may have lost what this one had seen (a replica that was promoted);
/// another file of the table is one that was restored or emptied.
const PG_PLACE: &str = "SELECT extract(epoch FROM pg_postmaster_start_time())::text || ' ' || pg_relation_filenode('incident')::text, txid_snapshot_xmin(s), txid_snapshot_xmax(s) FROM txid_current_snapshot() AS s";
const MOVED: &str = "SELECT incident_id, moved, head_seq, declared_at FROM incident WHERE moved >= $1 AND moved < $2";

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
#[derive(Debug, PartialEq, Eq)]
struct Place {
    database: String,
    /// Every change with a smaller number is seen.
    settled: i64,
    /// No change with this number or a larger one is seen, unless another database gave it.
    next: i64,
}

/// An incident whose row has changed, or may have.
struct Moved {
    id: IncidentId,
    state: State,
    declared_at: Timestamp,
}

#[derive(Debug)]
struct Shelf {
    place: Option<Place>,
    /// Everything that was declared from here on is kept.
    since: Timestamp,
    /// Nothing from before here is kept: there is no room for it.
    floor: Timestamp,
    by_time: BTreeMap<(Timestamp, IncidentId), Fresh>,
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
        if shelf.place.as_ref().is_some_and(|p| p.database != place.database || p.settled > place.settled) {
            *shelf = Shelf::default();
        }
        let mut fresh = match &shelf.place {
            None => Vec::new(),
            Some(before) => {
                let moved = tx.moved(before.settled, place.next).await?;
                let others =
                    moved.iter().filter(|m| m.declared_at >= shelf.since && shelf.state(m.id) != Some(m.state));
                tx.facts(Which::These(&others.map(|m| m.id).collect::<Vec<_>>())).await?
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
        for f in fresh.into_iter().filter(|f| f.facts.declared_at >= since) {
            shelf.put(f);
        }
        shelf.make_room(self.bytes_max);
        let all = match from < shelf.since {
            false => Ok(shelf.between(from, to, limit)),
            true => {
                drop(shelf);
                tx.facts(Which::Declared(from, to, limit)).await.map(|all| all.into_iter().map(|f| f.facts).collect())
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

fn bytes(fresh: &Fresh) -> usize {
    fresh.facts.bytes() + ENTRY_BYTES
}

impl Shelf {
    fn state(&self, id: IncidentId) -> Option<State> {
        let at = *self.times.get(&id)?;
        self.by_time.get(&(at, id)).map(|f| f.state)
    }

    fn put(&mut self, fresh: Fresh) {
        let (id, at) = (fresh.facts.id, fresh.facts.declared_at);
        if let Some(before) = self.times.insert(id, at) {
            let gone = self.by_time.remove(&(before, id));
            self.bytes -= gone.as_ref().map_or(0, bytes);
        }
        self.bytes += bytes(&fresh);
        self.by_time.insert((at, id), fresh);
    }

    /// The oldest go, and do not come back.
    fn make_room(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max {
            let Some(((at, id), gone)) = self.by_time.pop_first() else { break };
            self.times.remove(&id);
            self.bytes -= bytes(&gone);
            self.since = Timestamp(at.0 + 1);
            self.floor = self.since;
        }
        // Of one instant all are kept, or none.
        while self.by_time.first_key_value().is_some_and(|((at, _), _)| *at < self.since) {
            let Some(((_, id), gone)) = self.by_time.pop_first() else { break };
            self.times.remove(&id);
            self.bytes -= bytes(&gone);
        }
    }

    fn between(&self, from: Timestamp, to: Timestamp, limit: i64) -> Vec<Arc<Facts>> {
        let first = IncidentId(i64::MIN);
        let limit = usize::try_from(limit).unwrap_or(0);
        let range = (from < to).then(|| self.by_time.range((from, first)..(to, first)));
        range.into_iter().flatten().take(limit).map(|(_, f)| f.facts.clone()).collect()
    }
}

impl Tx {
    async fn place(&mut self) -> Result<Place, Fault> {
        let sql = if matches!(self, Tx::Pg(_)) { PG_PLACE } else { LITE_PLACE };
        on_tx!(self, |c| {
            let row = sqlx::query(sql).fetch_one(c).await.map_err(fault)?;
            let (settled, next) = (row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?);
            Ok(Place { database: row.try_get(0).map_err(fault)?, settled, next })
        })
    }

    /// What has moved with a number in [from, to).
    async fn moved(&mut self, from: i64, to: i64) -> Result<Vec<Moved>, Fault> {
        on_tx!(self, |c| {
            let rows = sqlx::query(MOVED).bind(from).bind(to).fetch_all(c).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let state = State { moved: row.try_get(1).map_err(fault)?, seq: row.try_get(2).map_err(fault)? };
                    let declared_at = Timestamp(row.try_get(3).map_err(fault)?);
                    Ok(Moved { id: IncidentId(row.try_get(0).map_err(fault)?), state, declared_at })
                })
                .collect()
        })
    }
}
