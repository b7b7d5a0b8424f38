//! What is read outside a decision: lists, logs, what is due, how full the outbox is. Never locks, never writes.

use super::batch::{followers_sql, loaded};
use super::sql::{chunks, values};
use super::{Loaded, Store, fault, on_read};
use crate::fault::{Fault, FaultKind};
use firebell_domain::event::{Actor, Event, IncidentEvent};
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::intent::{Intent, IntentNo, Lane, PageReason, What};
use firebell_domain::limits;
use firebell_domain::schedule::Override;
use firebell_domain::storm::Summary;
use firebell_domain::time::Timestamp;
use firebell_domain::timer::{Timer, TimerKind};
use sqlx::Row;

/// A line of the list of incidents.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRow {
    pub id: IncidentId,
    pub title: String,
    pub severity: String,
    pub severity_rank: u32,
    pub service: Option<String>,
    pub private: bool,
    pub status: String,
    pub lead: Option<String>,
    pub acknowledged_by: Option<String>,
    pub declared_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub seq: i64,
}

/// A queued intent that may be claimed now.
#[derive(Clone, Debug, PartialEq)]
pub struct DueIntent {
    /// Whose phone it rings; `None` for what is no page.
    pub recipient: Option<String>,
    /// Somebody asked for it.
    pub by_hand: bool,
    pub incident: IncidentId,
    pub no: u32,
    pub channel: ChannelId,
    pub lane: Lane,
}

/// An intent that was given up.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedIntent {
    pub incident: IncidentId,
    pub no: u32,
    pub channel: String,
    pub lane: String,
    pub why: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutboxDepth {
    /// Per lane and channel: how many wait, and since when the oldest is due.
    pub queued: Vec<(String, String, i64, Timestamp)>,
    pub claimed: i64,
}

const INCIDENT_COLUMNS: &str = "incident_id, title, severity, severity_rank, service, private, status, lead, acknowledged_by, declared_at, ended_at, updated_at, head_seq";

macro_rules! incident_row {
    ($row:expr) => {{
        let row = $row;
        let rank: i64 = row.try_get(3).map_err(fault)?;
        Ok::<IncidentRow, Fault>(IncidentRow {
            id: IncidentId(row.try_get(0).map_err(fault)?),
            title: row.try_get(1).map_err(fault)?,
            severity: row.try_get(2).map_err(fault)?,
            severity_rank: rank as u32,
            service: row.try_get(4).map_err(fault)?,
            private: row.try_get(5).map_err(fault)?,
            status: row.try_get(6).map_err(fault)?,
            lead: row.try_get(7).map_err(fault)?,
            acknowledged_by: row.try_get(8).map_err(fault)?,
            declared_at: Timestamp(row.try_get(9).map_err(fault)?),
            ended_at: row.try_get::<Option<i64>, _>(10).map_err(fault)?.map(Timestamp),
            updated_at: Timestamp(row.try_get(11).map_err(fault)?),
            seq: row.try_get(12).map_err(fault)?,
        })
    }};
}

fn by_hand(intent: &Intent) -> bool {
    matches!(&intent.what, What::Page(page) if page.reason == PageReason::ByHand)
}

macro_rules! due_intent {
    ($row:expr, $lane:expr, $channel:expr) => {{
        let row = $row;
        let no: i64 = row.try_get(1).map_err(fault)?;
        let intent: String = row.try_get(3).map_err(fault)?;
        let incident = IncidentId(row.try_get(0).map_err(fault)?);
        Ok(DueIntent {
            incident,
            no: no as u32,
            channel: $channel.clone(),
            lane: $lane,
            recipient: row.try_get(2).map_err(fault)?,
            by_hand: serde_json::from_str(&intent).is_ok_and(|i| by_hand(&i)),
        })
    }};
}

impl Store {
    pub async fn ping(&self) -> Result<(), Fault> {
        on_read!(self, |p| sqlx::query("SELECT 1").execute(p).await.map(|_| ()).map_err(fault))
    }

    /// Open incidents, worst and oldest first.
    pub async fn open_incidents(&self, limit: i64) -> Result<Vec<IncidentRow>, Fault> {
        self.open_incidents_where(if self.is_postgres() { "is_open" } else { "is_open = 1" }, limit).await
    }

    /// The same without private ones: how many of those there are shortens nobody's list.
    pub async fn open_public_incidents(&self, limit: i64) -> Result<Vec<IncidentRow>, Fault> {
        let public = if self.is_postgres() { "is_open AND NOT private" } else { "is_open = 1 AND private = 0" };
        self.open_incidents_where(public, limit).await
    }

    async fn open_incidents_where(&self, which: &'static str, limit: i64) -> Result<Vec<IncidentRow>, Fault> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {INCIDENT_COLUMNS} FROM incident WHERE {which} ORDER BY severity_rank, declared_at LIMIT $1"
        ));
        on_read!(self, |p| {
            let rows = sqlx::query(sql).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter().map(|r| incident_row!(r)).collect()
        })
    }

    /// Incidents declared before a time, newest first.
    pub async fn recent_incidents(&self, before: Timestamp, limit: i64) -> Result<Vec<IncidentRow>, Fault> {
        self.recent_incidents_where("", before, limit).await
    }

    /// The same without private ones.
    pub async fn recent_public_incidents(&self, before: Timestamp, limit: i64) -> Result<Vec<IncidentRow>, Fault> {
        let public = if self.is_postgres() { " AND NOT private" } else { " AND private = 0" };
        self.recent_incidents_where(public, before, limit).await
    }

    async fn recent_incidents_where(
        &self,
        and: &'static str,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<IncidentRow>, Fault> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {INCIDENT_COLUMNS} FROM incident WHERE declared_at < $1{and} ORDER BY declared_at DESC, incident_id DESC LIMIT $2"
        ));
        on_read!(self, |p| {
            let rows = sqlx::query(sql).bind(before.0).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter().map(|r| incident_row!(r)).collect()
        })
    }

    /// Incidents with a smaller number, newest first. Numbers never tie; the times of one batch do.
    pub async fn incidents_before(&self, id: IncidentId, limit: i64) -> Result<Vec<IncidentRow>, Fault> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {INCIDENT_COLUMNS} FROM incident WHERE incident_id < $1 ORDER BY incident_id DESC LIMIT $2"
        ));
        on_read!(self, |p| {
            let rows = sqlx::query(sql).bind(id.0).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter().map(|r| incident_row!(r)).collect()
        })
    }

    pub async fn incident(&self, id: IncidentId) -> Result<Option<Loaded>, Fault> {
        const SQL: &str = "SELECT head_hash, state FROM incident WHERE incident_id = $1";
        on_read!(self, |p| match sqlx::query(SQL).bind(id.0).fetch_optional(p).await.map_err(fault)? {
            None => Ok(None),
            Some(row) => {
                let head: Vec<u8> = row.try_get(0).map_err(fault)?;
                let state: String = row.try_get(1).map_err(fault)?;
                loaded(id, &head, &state).map(Some)
            }
        })
    }

    /// The incident that a source's group, or one alert of it, belonged to last.
    pub async fn last_incident_of(&self, source: &str, group: &str) -> Result<Option<IncidentId>, Fault> {
        const SQL: &str =
            "SELECT incident_id FROM alert_group WHERE source = $1 AND group_key = $2 AND incident_id > 0";
        on_read!(self, |p| {
            let id: Option<i64> =
                sqlx::query_scalar(SQL).bind(source).bind(group).fetch_optional(p).await.map_err(fault)?;
            Ok(id.map(IncidentId))
        })
    }

    /// The groups of a source with the incident that each belonged to last, the newest incidents' first.
    pub async fn groups_of(&self, source: &str, limit: i64) -> Result<Vec<(String, IncidentId)>, Fault> {
        const SQL: &str = "SELECT group_key, incident_id FROM alert_group WHERE source = $1 AND incident_id > 0 \
             ORDER BY incident_id DESC LIMIT $2";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(source).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| Ok((row.try_get(0).map_err(fault)?, IncidentId(row.try_get(1).map_err(fault)?))))
                .collect()
        })
    }

    /// Of these alerts, the open incidents that followed them last.
    pub async fn open_followers(
        &self,
        keys: &[(String, String)],
    ) -> Result<Vec<((String, String), IncidentId)>, Fault> {
        let mut found = Vec::new();
        for chunk in chunks(keys) {
            let pg = self.is_postgres();
            let sql = sqlx::AssertSqlSafe(followers_sql(&values(pg, chunk.len(), 2), pg));
            let rows: Result<Vec<_>, Fault> = on_read!(self, |p| {
                let mut q = sqlx::query(sql);
                for (source, alert) in chunk {
                    q = q.bind(source).bind(alert);
                }
                let rows = q.fetch_all(p).await.map_err(fault)?;
                rows.iter()
                    .map(|row| {
                        let key = (row.try_get(0).map_err(fault)?, row.try_get(1).map_err(fault)?);
                        Ok((key, IncidentId(row.try_get(2).map_err(fault)?)))
                    })
                    .collect()
            });
            found.extend(rows?);
        }
        Ok(found)
    }

    /// Events of an incident after a sequence number, in order.
    /// A whole log, in pieces that no other reader waits long for.
    pub async fn log(&self, id: IncidentId) -> Result<Vec<IncidentEvent>, Fault> {
        const PIECE: i64 = 1_000;
        let mut log: Vec<IncidentEvent> = Vec::new();
        while (log.len() as i64) <= limits::EVENTS_PER_INCIDENT_MAX {
            let mut next = self.events(id, log.last().map_or(0, |e| e.seq), PIECE).await?;
            let last = (next.len() as i64) < PIECE;
            log.append(&mut next);
            if last {
                break;
            }
        }
        Ok(log)
    }

    pub async fn events(&self, id: IncidentId, after: i64, limit: i64) -> Result<Vec<IncidentEvent>, Fault> {
        const SQL: &str =
            "SELECT seq, at, actor, body FROM event WHERE incident_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(id.0).bind(after).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let seq: i64 = row.try_get(0).map_err(fault)?;
                    let actor: String = row.try_get(2).map_err(fault)?;
                    let body: String = row.try_get(3).map_err(fault)?;
                    let damaged = |e: serde_json::Error| {
                        Fault::new(FaultKind::Damaged, format!("event {seq} of {id} does not read: {e}"))
                    };
                    Ok(IncidentEvent {
                        incident: id,
                        seq,
                        at: Timestamp(row.try_get(1).map_err(fault)?),
                        actor: serde_json::from_str::<Actor>(&actor).map_err(damaged)?,
                        body: serde_json::from_str::<Event>(&body).map_err(damaged)?,
                    })
                })
                .collect()
        })
    }

    /// Timers that are due, in the order in which they were due.
    pub async fn due_timers(&self, now: Timestamp, limit: i64) -> Result<Vec<(IncidentId, Timer)>, Fault> {
        const SQL: &str = "SELECT incident_id, kind, due_at FROM timer WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(now.0).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let kind: String = row.try_get(1).map_err(fault)?;
                    let kind = TimerKind::parse(&kind)
                        .ok_or_else(|| Fault::new(FaultKind::Damaged, format!("unknown timer kind {kind}")))?;
                    let timer = Timer { kind, due_at: Timestamp(row.try_get(2).map_err(fault)?) };
                    Ok((IncidentId(row.try_get(0).map_err(fault)?), timer))
                })
                .collect()
        })
    }

    /// When the next timer is due.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>, Fault> {
        const SQL: &str = "SELECT MIN(due_at) FROM timer";
        on_read!(self, |p| {
            let at: Option<i64> = sqlx::query_scalar(SQL).fetch_one(p).await.map_err(fault)?;
            Ok(at.map(Timestamp))
        })
    }

    /// Intents of one lane and channel that may be claimed now, the longest due first; without those for whom pages
    /// have to wait.
    pub async fn due_intents(
        &self,
        lane: Lane,
        channel: &ChannelId,
        now: Timestamp,
        limit: i64,
        without: &[String],
    ) -> Result<Vec<DueIntent>, Fault> {
        let mut sql = String::from(
            "SELECT incident_id, intent_no, recipient, intent FROM outbox WHERE status = 'queued' AND lane = $1 AND channel = $2 AND due_at <= $3",
        );
        if !without.is_empty() {
            let list: Vec<String> = (0..without.len()).map(|n| format!("${}", n + 5)).collect();
            sql.push_str(&format!(" AND recipient NOT IN ({})", list.join(", ")));
        }
        sql.push_str(" ORDER BY due_at LIMIT $4");
        on_read!(self, |p| {
            let sql = sqlx::AssertSqlSafe(sql);
            let mut q = sqlx::query(sql).bind(lane.as_str()).bind(channel.as_str()).bind(now.0).bind(limit);
            for recipient in without {
                q = q.bind(recipient);
            }
            let rows = q.fetch_all(p).await.map_err(fault)?;
            rows.iter().map(|row| due_intent!(row, lane, channel)).collect()
        })
    }

    /// Pages to one recipient through one channel that may be claimed now, the longest due first.
    pub async fn due_pages_of(
        &self,
        recipient: &str,
        channel: &ChannelId,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<DueIntent>, Fault> {
        const SQL: &str = "SELECT incident_id, intent_no, recipient, intent FROM outbox WHERE status = 'queued' AND lane = 'page' AND channel = $1 AND due_at <= $2 AND recipient = $3 ORDER BY due_at LIMIT $4";
        on_read!(self, |p| {
            let q = sqlx::query(SQL).bind(channel.as_str()).bind(now.0).bind(recipient).bind(limit);
            let rows = q.fetch_all(p).await.map_err(fault)?;
            rows.iter().map(|row| due_intent!(row, Lane::Page, channel)).collect()
        })
    }

    /// How often a phone rang in (since, now]. A summary is one ring.
    pub async fn rings(&self, recipient: &str, since: Timestamp, now: Timestamp) -> Result<usize, Fault> {
        const SQL: &str = "SELECT COUNT(*) FILTER (WHERE summary IS NULL) + COUNT(DISTINCT summary) FROM outbox WHERE recipient = $1 AND rang_at > $2 AND rang_at <= $3";
        on_read!(self, |p| {
            let q = sqlx::query_scalar(SQL).bind(recipient).bind(since.0).bind(now.0);
            let n: i64 = q.fetch_one(p).await.map_err(fault)?;
            Ok(n as usize)
        })
    }

    /// The pages that went, or may have gone, in one message.
    pub async fn pages_of_summary(&self, summary: Summary) -> Result<Vec<(IncidentId, IntentNo)>, Fault> {
        const SQL: &str =
            "SELECT incident_id, intent_no FROM outbox WHERE summary = $1 ORDER BY incident_id, intent_no";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(summary.to_string()).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let no: i64 = row.try_get(1).map_err(fault)?;
                    Ok((IncidentId(row.try_get(0).map_err(fault)?), no as u32))
                })
                .collect()
        })
    }

    /// Claims that are lost: their lease has run out, or (`others_of` given) another worker than that one holds them.
    pub async fn lost_claims(
        &self,
        now: Timestamp,
        others_of: Option<&str>,
        limit: i64,
    ) -> Result<Vec<(IncidentId, u32, i64)>, Fault> {
        const SQL: &str = "SELECT incident_id, intent_no, claim_seq FROM outbox WHERE status = 'claimed' AND (lease_until <= $1 OR worker <> $2) ORDER BY lease_until LIMIT $3";
        const BY_LEASE: &str = "SELECT incident_id, intent_no, claim_seq FROM outbox WHERE status = 'claimed' AND lease_until <= $1 AND $2 = '' ORDER BY lease_until LIMIT $3";
        let sql = if others_of.is_some() { SQL } else { BY_LEASE };
        on_read!(self, |p| {
            let q = sqlx::query(sql).bind(now.0).bind(others_of.unwrap_or("")).bind(limit);
            let rows = q.fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let no: i64 = row.try_get(1).map_err(fault)?;
                    let seq: Option<i64> = row.try_get(2).map_err(fault)?;
                    Ok((IncidentId(row.try_get(0).map_err(fault)?), no as u32, seq.unwrap_or(0)))
                })
                .collect()
        })
    }

    pub async fn outbox_depth(&self) -> Result<OutboxDepth, Fault> {
        // One statement, so that what goes from one state to the other meanwhile is seen in one of them.
        const SQL: &str = "SELECT lane, channel, COUNT(*), MIN(due_at) FROM outbox WHERE status = 'queued' \
             GROUP BY lane, channel \
             UNION ALL SELECT '', '', COUNT(*), CAST(0 AS BIGINT) FROM outbox WHERE status = 'claimed'";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).fetch_all(p).await.map_err(fault)?;
            let mut depth = OutboxDepth::default();
            for row in &rows {
                let (lane, count): (String, i64) = (row.try_get(0).map_err(fault)?, row.try_get(2).map_err(fault)?);
                if lane.is_empty() {
                    depth.claimed = count;
                } else {
                    let oldest = Timestamp(row.try_get(3).map_err(fault)?);
                    depth.queued.push((lane, row.try_get(1).map_err(fault)?, count, oldest));
                }
            }
            Ok(depth)
        })
    }

    /// Intents that were given up since a time, newest first.
    pub async fn failed_intents(&self, since: Timestamp, limit: i64) -> Result<Vec<FailedIntent>, Fault> {
        const SQL: &str = "SELECT incident_id, intent_no, channel, lane, why, updated_at FROM outbox WHERE status = 'failed' AND updated_at >= $1 ORDER BY updated_at DESC LIMIT $2";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(since.0).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let no: i64 = row.try_get(1).map_err(fault)?;
                    let why: Option<String> = row.try_get(4).map_err(fault)?;
                    Ok(FailedIntent {
                        incident: IncidentId(row.try_get(0).map_err(fault)?),
                        no: no as u32,
                        channel: row.try_get(2).map_err(fault)?,
                        lane: row.try_get(3).map_err(fault)?,
                        why: why.unwrap_or_default(),
                        at: Timestamp(row.try_get(5).map_err(fault)?),
                    })
                })
                .collect()
        })
    }

    /// Stand-ins that are not over, in the order in which they were added.
    pub async fn overrides(&self, now: Timestamp) -> Result<Vec<(String, Override)>, Fault> {
        const SQL: &str = "SELECT schedule, person, from_at, to_at FROM oncall_override WHERE to_at > $1 ORDER BY seq";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(now.0).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|row| {
                    let person: String = row.try_get(1).map_err(fault)?;
                    let stand_in = Override {
                        person: person.as_str().into(),
                        from: Timestamp(row.try_get(2).map_err(fault)?),
                        to: Timestamp(row.try_get(3).map_err(fault)?),
                    };
                    Ok((row.try_get(0).map_err(fault)?, stand_in))
                })
                .collect()
        })
    }

    /// The random name of this installation, made by the first start.
    pub async fn install(&self, candidate: &str) -> Result<String, Fault> {
        let mut tx = self.begin().await?;
        const INSERT: &str = "INSERT INTO organisation (id, install, incidents, head_seq, head_hash, checkpointed_seq) VALUES (1, $1, 0, 0, $2, 0) ON CONFLICT (id) DO NOTHING";
        const SELECT: &str = "SELECT install FROM organisation WHERE id = 1";
        let genesis = firebell_domain::chain::GENESIS;
        super::on_tx!(&mut tx, |c| {
            sqlx::query(INSERT).bind(candidate).bind(genesis.as_slice()).execute(c).await.map(|_| ()).map_err(fault)
        })?;
        let install: String = super::on_tx!(&mut tx, |c| sqlx::query_scalar(SELECT).fetch_one(c).await.map_err(fault))?;
        tx.commit().await?;
        Ok(install)
    }
}
