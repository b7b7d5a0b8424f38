//! What is told to stakeholders, the newest first, from an index of its own: the length of all logs costs nothing. The
//! one question about incidents that leaves out private ones by itself: nobody may ask for those here.

use super::{Store, fault, on_read};
use crate::fault::{Fault, FaultKind};
use firebell_domain::event::{Actor, Event, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::time::Timestamp;
use sqlx::{AssertSqlSafe, Row};

/// An event that is told, and the incident that it is of, as it stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldRow {
    pub event: IncidentEvent,
    pub title: String,
    pub severity: String,
    pub severity_rank: u32,
}

/// `kind IN` word for word what the index `event_told` is for, so that it is used.
fn sql(postgres: bool) -> String {
    let public = if postgres { "NOT i.private" } else { "i.private = 0" };
    format!(
        "SELECT e.incident_id, e.seq, e.at, e.actor, e.body, i.title, i.severity, i.severity_rank FROM event e JOIN incident i ON i.incident_id = e.incident_id WHERE e.kind IN ('declared', 'severity_changed', 'status_changed', 'update_posted', 'resolved', 'reopened', 'merged_into', 'cancelled') AND {public} ORDER BY e.at DESC, e.incident_id DESC, e.seq DESC LIMIT $1"
    )
}

impl Store {
    pub async fn digest(&self, limit: i64) -> Result<Vec<ToldRow>, Fault> {
        let sql = AssertSqlSafe(sql(self.is_postgres()));
        on_read!(self, |p| {
            let rows = sqlx::query(sql).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let (id, seq): (i64, i64) = (row.try_get(0).map_err(fault)?, row.try_get(1).map_err(fault)?);
                    let (actor, body): (String, String) =
                        (row.try_get(3).map_err(fault)?, row.try_get(4).map_err(fault)?);
                    let damaged = |e: serde_json::Error| {
                        Fault::new(FaultKind::Damaged, format!("event {seq} of INC-{id} does not read: {e}"))
                    };
                    let rank: i64 = row.try_get(7).map_err(fault)?;
                    Ok(ToldRow {
                        event: IncidentEvent {
                            incident: IncidentId(id),
                            seq,
                            at: Timestamp(row.try_get(2).map_err(fault)?),
                            actor: serde_json::from_str::<Actor>(&actor).map_err(damaged)?,
                            body: serde_json::from_str::<Event>(&body).map_err(damaged)?,
                        },
                        title: row.try_get(5).map_err(fault)?,
                        severity: row.try_get(6).map_err(fault)?,
                        severity_rank: u32::try_from(rank).unwrap_or(u32::MAX),
                    })
                })
                .collect()
        })
    }

    /// How the database goes about it, in its own words, for whoever wants to be sure.
    pub async fn plan_of_digest(&self) -> Result<String, Fault> {
        let (explain, column) = if self.is_postgres() { ("EXPLAIN", 0) } else { ("EXPLAIN QUERY PLAN", 3) };
        let sql = AssertSqlSafe(format!("{explain} {}", sql(self.is_postgres())));
        on_read!(self, |p| {
            let rows = sqlx::query(sql).bind(1_i64).fetch_all(p).await.map_err(fault)?;
            let lines: Vec<String> = rows.iter().map(|r| r.try_get(column).map_err(fault)).collect::<Result<_, _>>()?;
            Ok(lines.join("\n"))
        })
    }
}
