//! What the figures are made of, for the incidents of a period: one pass over light columns, one over an index that has
//! only the few events of which rounds are made, one over an index of what rang. No incident's state is read, except
//! by whoever asks who is in one.

use super::batch::loaded;
use super::sql::{chunks, values};
use super::{Store, fault, on_read};
use crate::fault::{Fault, FaultKind};
use firebell_domain::event::Event;
use firebell_domain::figures::{self, Facts, Mark, Ring};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::status::IncidentStatus;
use firebell_domain::storm::Summary;
use firebell_domain::time::Timestamp;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

const ROWS: &str = "SELECT incident_id, title, severity, severity_rank, service, private, status, declared_at FROM incident WHERE declared_at >= $1 AND declared_at < $2 ORDER BY declared_at, incident_id LIMIT $3";
/// Word for word what the index `event_mark` is for, so that it is used.
const MARKS: &str = "SELECT incident_id, seq, kind, at FROM event WHERE kind IN ('acknowledged', 'resolved', 'reopened', 'milestone_breached') AND incident_id BETWEEN $1 AND $2 ORDER BY incident_id, seq";
const RINGS: &str = "SELECT incident_id, intent_no, recipient, rang_at, summary FROM outbox WHERE rang_at IS NOT NULL AND incident_id BETWEEN $1 AND $2 ORDER BY incident_id, intent_no";

/// An event as the index has it, without its body.
struct Marked {
    seq: i64,
    kind: String,
    at: Timestamp,
}

impl Store {
    /// Of every incident that was declared in [from, to), the oldest first; at most `limit`.
    pub async fn facts(&self, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<Facts>, Fault> {
        let mut all = self.fact_rows(from, to, limit).await?;
        let ids = || all.iter().map(|f| f.id);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else { return Ok(all) };
        let marked = self.marked(first, last).await?;
        let bodies = self.bodies(&wanted(&marked)).await?;
        let mut rings = self.rings_of(first, last).await?;
        for f in &mut all {
            let marks: Vec<(Mark, Timestamp)> = marked
                .get(&f.id)
                .into_iter()
                .flatten()
                .map(|m| mark(f.id, m, &bodies).map(|mark| (mark, m.at)))
                .collect::<Result<_, Fault>>()?;
            (f.rounds, f.breached) = figures::rounds(f.declared_at, marks);
            f.rings = rings.remove(&f.id).unwrap_or_default();
        }
        Ok(all)
    }

    /// Incidents as they stand, of those that are there.
    pub async fn incidents_of(&self, ids: &[IncidentId]) -> Result<Vec<Incident>, Fault> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in chunks(ids) {
            let list = values(self.is_postgres(), 1, chunk.len());
            let sql = format!("SELECT incident_id, head_hash, state FROM incident WHERE incident_id IN {list}");
            let rows: Result<Vec<Incident>, Fault> = on_read!(self, |p| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for id in chunk {
                    q = q.bind(id.0);
                }
                let rows = q.fetch_all(p).await.map_err(fault)?;
                rows.iter()
                    .map(|row| {
                        let (head, state): (Vec<u8>, String) =
                            (row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?);
                        loaded(IncidentId(row.try_get(0).map_err(fault)?), &head, &state).map(|l| l.incident)
                    })
                    .collect()
            });
            found.extend(rows?);
        }
        Ok(found)
    }

    async fn fact_rows(&self, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<Facts>, Fault> {
        on_read!(self, |p| {
            let q = sqlx::query(ROWS).bind(from.0).bind(to.0).bind(limit);
            let rows = q.fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let id = IncidentId(row.try_get(0).map_err(fault)?);
                    let (rank, status): (i64, String) =
                        (row.try_get(3).map_err(fault)?, row.try_get(6).map_err(fault)?);
                    Ok(Facts {
                        id,
                        title: row.try_get(1).map_err(fault)?,
                        severity: row.try_get(2).map_err(fault)?,
                        rank: u32::try_from(rank).unwrap_or(u32::MAX),
                        service: row.try_get(4).map_err(fault)?,
                        private: row.try_get(5).map_err(fault)?,
                        status: IncidentStatus::parse(&status).ok_or_else(|| damaged(id, "an unknown status"))?,
                        declared_at: Timestamp(row.try_get(7).map_err(fault)?),
                        rounds: Vec::new(),
                        breached: Vec::new(),
                        rings: Vec::new(),
                    })
                })
                .collect()
        })
    }

    async fn marked(&self, first: IncidentId, last: IncidentId) -> Result<BTreeMap<IncidentId, Vec<Marked>>, Fault> {
        on_read!(self, |p| {
            let rows = sqlx::query(MARKS).bind(first.0).bind(last.0).fetch_all(p).await.map_err(fault)?;
            let mut all: BTreeMap<IncidentId, Vec<Marked>> = BTreeMap::new();
            for row in &rows {
                let (seq, kind) = (row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?);
                let at = Timestamp(row.try_get(3).map_err(fault)?);
                let id = IncidentId(row.try_get(0).map_err(fault)?);
                all.entry(id).or_default().push(Marked { seq, kind, at });
            }
            Ok(all)
        })
    }

    async fn bodies(&self, keys: &[(IncidentId, i64)]) -> Result<BTreeMap<(IncidentId, i64), String>, Fault> {
        let mut found = BTreeMap::new();
        for chunk in chunks(keys) {
            let list = values(self.is_postgres(), chunk.len(), 2);
            let sql = format!("SELECT incident_id, seq, body FROM event WHERE (incident_id, seq) IN (VALUES {list})");
            on_read!(self, |p| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (id, seq) in chunk {
                    q = q.bind(id.0).bind(seq);
                }
                for row in q.fetch_all(p).await.map_err(fault)? {
                    let key = (IncidentId(row.try_get(0).map_err(fault)?), row.try_get(1).map_err(fault)?);
                    found.insert(key, row.try_get(2).map_err(fault)?);
                }
                Ok::<(), Fault>(())
            })?;
        }
        Ok(found)
    }

    async fn rings_of(&self, first: IncidentId, last: IncidentId) -> Result<BTreeMap<IncidentId, Vec<Ring>>, Fault> {
        on_read!(self, |p| {
            let rows = sqlx::query(RINGS).bind(first.0).bind(last.0).fetch_all(p).await.map_err(fault)?;
            let mut all: BTreeMap<IncidentId, Vec<Ring>> = BTreeMap::new();
            for row in &rows {
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
            }
            Ok(all)
        })
    }

    /// How the database goes about its passes, in its own words, for whoever wants to be sure.
    pub async fn plans_of_facts(&self) -> Result<Vec<String>, Fault> {
        let mut plans = Vec::new();
        for sql in [MARKS, RINGS] {
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
