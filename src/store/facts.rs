//! What the figures are made of, for the incidents of a period: one pass over light columns, one over an index that has
//! only the few events of which rounds are made, one over an index of what rang. No incident's state is read but that
//! of private ones, for who is in them. All of one look is read of one instant. `kept` has what was read before.

mod kept;

pub use kept::FactsKept;

use super::batch::loaded;
use super::sql::chunks;
use super::{Store, Tx, fault, on_read, on_tx};
use crate::fault::{Fault, FaultKind};
use firebell_domain::event::Event;
use firebell_domain::figures::{self, Facts, Mark, Ring};
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::status::IncidentStatus;
use firebell_domain::storm::Summary;
use firebell_domain::time::Timestamp;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;
use std::sync::Arc;

const ROWS: &str =
    "SELECT incident_id, title, severity, severity_rank, service, private, status, declared_at FROM incident WHERE";
const DECLARED: &str = "declared_at >= $1 AND declared_at < $2 ORDER BY declared_at, incident_id LIMIT $3";
/// Word for word what the index `event_mark` is for, so that it is used.
const MARKS: &str = "SELECT incident_id, seq, kind, at FROM event WHERE kind IN ('acknowledged', 'resolved', 'reopened', 'milestone_breached') AND";
const RINGS: &str =
    "SELECT incident_id, intent_no, recipient, rang_at, summary FROM outbox WHERE rang_at IS NOT NULL AND";
const STATES: &str = "SELECT incident_id, head_hash, state FROM incident WHERE";
const BETWEEN: &str = "incident_id BETWEEN $1 AND $2";

/// Which incidents are read.
enum Which<'a> {
    /// Declared in [from, to), the oldest first; at most so many.
    Declared(Timestamp, Timestamp, i64),
    These(&'a [IncidentId]),
}

/// An event as the index has it, without its body.
struct Marked {
    seq: i64,
    kind: String,
    at: Timestamp,
}

impl Store {
    /// Of every incident that was declared in [from, to), the oldest first; at most `limit`. Read anew.
    pub async fn facts(&self, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<Arc<Facts>>, Fault> {
        let mut tx = self.begin_read().await?;
        let all = tx.facts(Which::Declared(from, to, limit)).await?;
        tx.commit().await?;
        Ok(all)
    }

    /// Everything that is read in it is of one instant.
    async fn begin_read(&self) -> Result<Tx, Fault> {
        const AT_ONE_INSTANT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        match self {
            Store::Lite { read, .. } => Ok(Tx::Lite(read.begin().await.map_err(fault)?)),
            Store::Pg(pool) => Ok(Tx::Pg(pool.begin_with(AT_ONE_INSTANT).await.map_err(fault)?)),
        }
    }

    /// How the database goes about its passes, in its own words, for whoever wants to be sure.
    pub async fn plans_of_facts(&self) -> Result<Vec<String>, Fault> {
        let mut plans = Vec::new();
        for sql in [format!("{MARKS} {BETWEEN}"), format!("{RINGS} {BETWEEN}")] {
            let (explain, column) = if self.is_postgres() { ("EXPLAIN", 0) } else { ("EXPLAIN QUERY PLAN", 3) };
            let sql = AssertSqlSafe(format!("{explain} {sql}"));
            let lines: Vec<String> = on_read!(self, |p| {
                let rows = sqlx::query(sql).bind(1_i64).bind(i64::MAX).fetch_all(p).await.map_err(fault)?;
                rows.iter().map(|r| r.try_get(column).map_err(fault)).collect::<Result<_, Fault>>()
            })?;
            plans.push(lines.join("\n"));
        }
        Ok(plans)
    }
}

macro_rules! fact_row {
    ($row:expr) => {{
        let row = $row;
        let id = IncidentId(row.try_get(0).map_err(fault)?);
        let (rank, status): (i64, String) = (row.try_get(3).map_err(fault)?, row.try_get(6).map_err(fault)?);
        Facts {
            id,
            title: row.try_get(1).map_err(fault)?,
            severity: row.try_get(2).map_err(fault)?,
            rank: u32::try_from(rank).unwrap_or(u32::MAX),
            service: row.try_get(4).map_err(fault)?,
            private: row.try_get(5).map_err(fault)?,
            involved: Vec::new(),
            status: IncidentStatus::parse(&status).ok_or_else(|| damaged(id, "an unknown status"))?,
            declared_at: Timestamp(row.try_get(7).map_err(fault)?),
            rounds: Vec::new(),
            breached: Vec::new(),
            rings: Vec::new(),
        }
    }};
}

/// Runs a statement that is about some incidents, and hands each row to `$each`: once over a range of numbers, or in
/// chunks of those that are wanted.
macro_rules! each_row {
    ($tx:expr, $sql:expr, $span:expr, |$row:ident| $each:expr) => {
        match $span {
            Span::Between(first, last) => {
                let sql = AssertSqlSafe(format!("{} {BETWEEN} ORDER BY 1, 2", $sql));
                on_tx!($tx, |c| {
                    for $row in &sqlx::query(sql).bind(first.0).bind(last.0).fetch_all(c).await.map_err(fault)? {
                        $each
                    }
                })
            }
            Span::These(ids) => {
                for chunk in chunks(ids) {
                    let list = $tx.values(1, chunk.len());
                    let sql = AssertSqlSafe(format!("{} incident_id IN {list} ORDER BY 1, 2", $sql));
                    on_tx!($tx, |c| {
                        let mut q = sqlx::query(sql);
                        for id in chunk {
                            q = q.bind(id.0);
                        }
                        for $row in &q.fetch_all(c).await.map_err(fault)? {
                            $each
                        }
                    })
                }
            }
        }
    };
}

/// What the passes beside the first are about.
#[derive(Clone, Copy)]
enum Span<'a> {
    Between(IncidentId, IncidentId),
    These(&'a [IncidentId]),
}

impl Tx {
    async fn facts(&mut self, which: Which<'_>) -> Result<Vec<Arc<Facts>>, Fault> {
        let rows = self.fact_rows(&which).await?;
        let ids = || rows.iter().map(|f| f.id);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(Vec::new()) };
        let span = match which {
            Which::Declared(..) => Span::Between(first, last),
            Which::These(ids) => Span::These(ids),
        };
        let marked = self.marked(span).await?;
        let bodies = self.bodies(&wanted(&marked)).await?;
        let mut rings = self.rings_of(span).await?;
        let private: Vec<IncidentId> = rows.iter().filter(|f| f.private).map(|f| f.id).collect();
        let mut involved = self.involved(&private).await?;
        let mut all = Vec::with_capacity(rows.len());
        for mut f in rows {
            let marks: Vec<(Mark, Timestamp)> = marked
                .get(&f.id)
                .into_iter()
                .flatten()
                .map(|m| mark(f.id, m, &bodies).map(|mark| (mark, m.at)))
                .collect::<Result<_, Fault>>()?;
            (f.rounds, f.breached) = figures::rounds(f.declared_at, marks);
            f.rings = rings.remove(&f.id).unwrap_or_default();
            f.involved = involved.remove(&f.id).unwrap_or_default();
            all.push(Arc::new(f));
        }
        Ok(all)
    }

    async fn fact_rows(&mut self, which: &Which<'_>) -> Result<Vec<Facts>, Fault> {
        let mut all = Vec::new();
        match which {
            Which::Declared(from, to, limit) => {
                let sql = AssertSqlSafe(format!("{ROWS} {DECLARED}"));
                on_tx!(self, |c| {
                    let q = sqlx::query(sql).bind(from.0).bind(to.0).bind(limit);
                    for row in &q.fetch_all(c).await.map_err(fault)? {
                        all.push(fact_row!(row));
                    }
                });
            }
            Which::These(ids) => each_row!(self, ROWS, Span::These(ids), |row| all.push(fact_row!(row))),
        }
        Ok(all)
    }

    async fn marked(&mut self, span: Span<'_>) -> Result<BTreeMap<IncidentId, Vec<Marked>>, Fault> {
        let mut all: BTreeMap<IncidentId, Vec<Marked>> = BTreeMap::new();
        each_row!(self, MARKS, span, |row| {
            let (seq, kind) = (row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?);
            let at = Timestamp(row.try_get(3).map_err(fault)?);
            let id = IncidentId(row.try_get(0).map_err(fault)?);
            all.entry(id).or_default().push(Marked { seq, kind, at });
        });
        Ok(all)
    }

    async fn rings_of(&mut self, span: Span<'_>) -> Result<BTreeMap<IncidentId, Vec<Ring>>, Fault> {
        let mut all: BTreeMap<IncidentId, Vec<Ring>> = BTreeMap::new();
        each_row!(self, RINGS, span, |row| {
            let id = IncidentId(row.try_get(0).map_err(fault)?);
            let no: i64 = row.try_get(1).map_err(fault)?;
            let no = u32::try_from(no).map_err(|_| damaged(id, "an intent without a number"))?;
            let who: Option<String> = row.try_get(2).map_err(fault)?;
            let at = Timestamp(row.try_get(3).map_err(fault)?);
            let summary: Option<String> = row.try_get(4).map_err(fault)?;
            let summary = match summary {
                Some(s) => Summary::parse(&s).ok_or_else(|| damaged(id, "a summary of no page"))?,
                None => Summary { incident: id, no },
            };
            let message = (summary.incident, summary.no);
            all.entry(id).or_default().push(Ring { who: who.unwrap_or_default(), at, message });
        });
        Ok(all)
    }

    /// Who is in these.
    async fn involved(&mut self, ids: &[IncidentId]) -> Result<BTreeMap<IncidentId, Vec<PersonId>>, Fault> {
        let mut all = BTreeMap::new();
        each_row!(self, STATES, Span::These(ids), |row| {
            let id = IncidentId(row.try_get(0).map_err(fault)?);
            let (head, state): (Vec<u8>, String) = (row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?);
            all.insert(id, loaded(id, &head, &state)?.incident.responders);
        });
        Ok(all)
    }

    async fn bodies(&mut self, keys: &[(IncidentId, i64)]) -> Result<BTreeMap<(IncidentId, i64), String>, Fault> {
        let mut found = BTreeMap::new();
        for chunk in chunks(keys) {
            let list = self.values(chunk.len(), 2);
            let sql = format!("SELECT incident_id, seq, body FROM event WHERE (incident_id, seq) IN (VALUES {list})");
            on_tx!(self, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (id, seq) in chunk {
                    q = q.bind(id.0).bind(seq);
                }
                for row in q.fetch_all(c).await.map_err(fault)? {
                    let key = (IncidentId(row.try_get(0).map_err(fault)?), row.try_get(1).map_err(fault)?);
                    found.insert(key, row.try_get(2).map_err(fault)?);
                }
            });
        }
        Ok(found)
    }
}

/// Of which events the kind alone does not say enough: which clock ran out; and, where nobody had acknowledged, whether
/// somebody resolved it.
fn wanted(marked: &BTreeMap<IncidentId, Vec<Marked>>) -> Vec<(IncidentId, i64)> {
    let mut keys = Vec::new();
    for (id, marks) in marked {
        let mut acknowledged = false;
        for m in marks {
            match m.kind.as_str() {
                "acknowledged" => acknowledged = true,
                "reopened" => acknowledged = false,
                "resolved" if acknowledged => {}
                _ => keys.push((*id, m.seq)),
            }
        }
    }
    keys
}

fn mark(id: IncidentId, m: &Marked, bodies: &BTreeMap<(IncidentId, i64), String>) -> Result<Mark, Fault> {
    let body = bodies.get(&(id, m.seq));
    match (m.kind.as_str(), body) {
        ("acknowledged", _) => Ok(Mark::Acknowledged),
        ("reopened", _) => Ok(Mark::Reopened),
        // Acknowledged before: how it ended makes no difference.
        ("resolved", None) => Ok(Mark::Resolved { quiet: false }),
        (_, Some(body)) => {
            let event: Event = serde_json::from_str(body).map_err(|e| damaged(id, &format!("event {}: {e}", m.seq)))?;
            Mark::of(&event).ok_or_else(|| damaged(id, "an event of another kind than its row says"))
        }
        (_, None) => Err(damaged(id, "an event is gone")),
    }
}

fn damaged(id: IncidentId, what: &str) -> Fault {
    Fault::new(FaultKind::Damaged, format!("figures of {id}: {what}"))
}
