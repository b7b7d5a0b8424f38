//! What a rebuild compares and replaces.

use super::{Batch, Store, fault, on_read, on_tx};
use crate::fault::{Fault, FaultKind};
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{Intent, IntentNo};
use firebell_domain::outbox::{OutboxRow, OutboxStatus};
use firebell_domain::storm::Summary;
use firebell_domain::time::Timestamp;
use firebell_domain::timer::{Timer, TimerKind};
use sqlx::Row;
use std::collections::BTreeMap;

impl Store {
    pub async fn timer_of(&self, id: IncidentId) -> Result<Option<Timer>, Fault> {
        const SQL: &str = "SELECT kind, due_at FROM timer WHERE incident_id = $1";
        on_read!(self, |p| {
            let row = sqlx::query(SQL).bind(id.0).fetch_optional(p).await.map_err(fault)?;
            row.map(|r| {
                let kind: String = r.try_get(0).map_err(fault)?;
                let kind = TimerKind::parse(&kind).ok_or_else(|| damaged(id, "a timer of unknown kind"))?;
                Ok(Timer { kind, due_at: Timestamp(r.try_get(1).map_err(fault)?) })
            })
            .transpose()
        })
    }

    pub async fn outbox_of(&self, id: IncidentId) -> Result<BTreeMap<IntentNo, OutboxRow>, Fault> {
        const SQL: &str = "SELECT status, queued_at, due_at, attempt, worker, lease_until, claim_seq, maybe_sent, why, receipt, intent, updated_at, lane, channel, recipient, rang_at, summary FROM outbox WHERE incident_id = $1";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(id.0).fetch_all(p).await.map_err(fault)?;
            let mut found = BTreeMap::new();
            for r in &rows {
                let status: String = r.try_get(0).map_err(fault)?;
                let attempt: i64 = r.try_get(3).map_err(fault)?;
                let intent: String = r.try_get(10).map_err(fault)?;
                let mut intent: Intent =
                    serde_json::from_str(&intent).map_err(|e| damaged(id, &format!("an intent does not read: {e}")))?;
                // The columns that queries use must say the same as the intent itself.
                let lane: String = r.try_get(12).map_err(fault)?;
                let channel: String = r.try_get(13).map_err(fault)?;
                if lane != intent.lane.as_str() || channel != intent.channel.as_str() {
                    intent.channel = ChannelId::new(format!("{lane}:{channel}"));
                }
                let summary: Option<String> = r.try_get(16).map_err(fault)?;
                let mut row = OutboxRow {
                    incident: id,
                    status: OutboxStatus::parse(&status).ok_or_else(|| damaged(id, "an unknown status"))?,
                    queued_at: Timestamp(r.try_get(1).map_err(fault)?),
                    due_at: Timestamp(r.try_get(2).map_err(fault)?),
                    attempt: attempt as u32,
                    worker: r.try_get(4).map_err(fault)?,
                    lease_until: r.try_get::<Option<i64>, _>(5).map_err(fault)?.map(Timestamp),
                    claim_seq: r.try_get(6).map_err(fault)?,
                    maybe_sent: r.try_get(7).map_err(fault)?,
                    why: r.try_get(8).map_err(fault)?,
                    receipt: r.try_get(9).map_err(fault)?,
                    updated_at: Timestamp(r.try_get(11).map_err(fault)?),
                    rang_at: r.try_get::<Option<i64>, _>(15).map_err(fault)?.map(Timestamp),
                    summary: summary
                        .map(|s| Summary::parse(&s).ok_or_else(|| damaged(id, "a summary of no page")))
                        .transpose()?,
                    intent,
                };
                // Nobody reads a row whose recipient is wrong: to the comparison it is another row.
                if r.try_get::<Option<String>, _>(14).map_err(fault)? != row.recipient() {
                    row.intent.channel = ChannelId::new(format!("{lane}:{channel} for somebody else"));
                }
                found.insert(row.intent.no, row);
            }
            Ok(found)
        })
    }

    /// Whether the columns of the list say the same as an incident's state.
    pub async fn summary_agrees(&self, i: &Incident) -> Result<bool, Fault> {
        const SQL: &str = "SELECT title, severity, severity_rank, service, private, status, is_open, lead, acknowledged_by, acknowledged_at, declared_at, ended_at, updated_at, head_seq FROM incident WHERE incident_id = $1";
        on_read!(self, |p| {
            let Some(r) = sqlx::query(SQL).bind(i.id.0).fetch_optional(p).await.map_err(fault)? else {
                return Ok(true); // said elsewhere
            };
            let text = |n: usize| r.try_get::<Option<String>, _>(n).map_err(fault);
            let number = |n: usize| r.try_get::<Option<i64>, _>(n).map_err(fault);
            let flag = |n: usize| r.try_get::<bool, _>(n).map_err(fault);
            Ok(text(0)?.as_deref() == Some(i.title.as_str())
                && text(1)?.as_deref() == Some(i.severity.level.as_str())
                && number(2)? == Some(i64::from(i.severity.rank))
                && text(3)?.as_deref() == i.service.as_ref().map(|s| s.as_str())
                && flag(4)? == i.private
                && text(5)?.as_deref() == Some(i.status.as_str())
                && flag(6)? == i.status.open()
                && text(7)?.as_deref() == i.lead.as_ref().map(|l| l.as_str())
                && text(8)? == i.acknowledged.as_ref().map(|a| a.by.shown())
                && number(9)? == i.acknowledged.as_ref().map(|a| a.at.0)
                && number(10)? == Some(i.declared_at.0)
                && number(11)? == i.ended_at.map(|t| t.0)
                && number(12)? == Some(i.updated_at.0)
                && number(13)? == Some(i.seq))
        })
    }

    pub async fn all_groups(&self) -> Result<BTreeMap<(String, String), IncidentId>, Fault> {
        const SQL: &str = "SELECT source, group_key, incident_id FROM alert_group WHERE incident_id > 0";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    let key = (r.try_get(0).map_err(fault)?, r.try_get(1).map_err(fault)?);
                    Ok((key, IncidentId(r.try_get(2).map_err(fault)?)))
                })
                .collect()
        })
    }

    /// Incidents that are listed although the log has nothing of them.
    pub async fn incidents_without_events(&self) -> Result<Vec<IncidentId>, Fault> {
        const SQL: &str = "SELECT i.incident_id FROM incident i WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.incident_id = i.incident_id) ORDER BY i.incident_id LIMIT 100";
        on_read!(self, |p| {
            let ids: Vec<i64> = sqlx::query_scalar(SQL).fetch_all(p).await.map_err(fault)?;
            Ok(ids.into_iter().map(IncidentId).collect())
        })
    }
}

impl Batch {
    /// Removes an incident's timer and outbox rows, so that they can be written anew; and takes it for one that no
    /// checkpoint has, so that whoever keeps something of it reads it again.
    pub async fn forget(&mut self, id: IncidentId) -> Result<(), Fault> {
        for sql in [
            "DELETE FROM timer WHERE incident_id = $1",
            "DELETE FROM outbox WHERE incident_id = $1",
            "UPDATE incident SET checkpointed_seq = 0 WHERE incident_id = $1",
        ] {
            on_tx!(self.tx(), |c| sqlx::query(sql).bind(id.0).execute(c).await.map(|_| ()).map_err(fault))?;
        }
        Ok(())
    }
}

fn damaged(id: IncidentId, what: &str) -> Fault {
    Fault::new(FaultKind::Damaged, format!("{id}: {what}"))
}
