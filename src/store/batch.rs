//! One transaction for many commands: what they need is read in a few statements, what they did is written in a few.
//! Locks are always taken in the same order (alert groups, then incidents, then targets of runs, each sorted), so that replicas on one
//! Postgres never wait for each other in a circle.

use super::sql::chunks;
use super::{Store, Tx, fault, on_tx};
use crate::fault::{Fault, FaultKind};
use firebell_domain::chain::Hash;
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::org::OrgEntry;
use firebell_domain::outbox::OutboxRow;
use firebell_domain::run::target::Held;
use firebell_domain::schedule::Override;
use firebell_domain::time::Timestamp;
use firebell_domain::timer::Timer;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An incident as loaded for a decision, with the head of its chain.
#[derive(Clone)]
pub struct Loaded {
    pub incident: Incident,
    pub head: Hash,
}

/// An event as it is written: the texts are exactly what was hashed.
pub struct EventRow {
    pub incident: IncidentId,
    pub seq: i64,
    pub at: Timestamp,
    pub kind: &'static str,
    pub actor: String,
    pub body: String,
    pub hash: Hash,
}

/// Everything that a batch changed.
#[derive(Default)]
pub struct Written {
    pub events: Vec<EventRow>,
    pub incidents: BTreeMap<IncidentId, Loaded>,
    /// Of incidents whose next timer is another now: that one, or that there is none.
    pub timers: BTreeMap<IncidentId, Option<Timer>>,
    pub outbox: BTreeMap<(IncidentId, u32), OutboxRow>,
    pub groups: BTreeMap<(String, String), IncidentId>,
    /// What targets are doing from here on.
    pub targets: BTreeMap<String, Held>,
    pub answers: Vec<(String, Timestamp, String)>,
    pub org: Vec<OrgEntry>,
}

pub struct Batch {
    tx: Tx,
}

impl Store {
    pub async fn batch(&self) -> Result<Batch, Fault> {
        Ok(Batch { tx: self.begin().await? })
    }
}

impl Batch {
    pub async fn commit(self) -> Result<(), Fault> {
        self.tx.commit().await
    }

    /// The incidents that these groups belonged to last. On Postgres each group is locked, also one that no incident
    /// has yet, so that two replicas cannot both declare for it.
    pub async fn groups(
        &mut self,
        keys: &BTreeSet<(String, String)>,
    ) -> Result<BTreeMap<(String, String), IncidentId>, Fault> {
        let keys: Vec<&(String, String)> = keys.iter().collect();
        let mut found = BTreeMap::new();
        for chunk in chunks(&keys) {
            let pg = matches!(self.tx, Tx::Pg(_));
            let list = self.tx.values(chunk.len(), 2);
            if pg {
                let sql = format!(
                    "INSERT INTO alert_group (source, group_key, incident_id) SELECT v.s, v.g, 0 FROM (VALUES {list}) AS v (s, g) ON CONFLICT DO NOTHING"
                );
                on_tx!(&mut self.tx, |c| {
                    let mut q = sqlx::query(AssertSqlSafe(sql));
                    for (source, group) in chunk {
                        q = q.bind(source).bind(group);
                    }
                    q.execute(c).await.map(|_| ()).map_err(fault)
                })?;
            }
            let lock = if pg { " ORDER BY source, group_key FOR UPDATE" } else { "" };
            let sql = format!(
                "SELECT source, group_key, incident_id FROM alert_group WHERE (source, group_key) IN (VALUES {list}){lock}"
            );
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (source, group) in chunk {
                    q = q.bind(source).bind(group);
                }
                for row in q.fetch_all(c).await.map_err(fault)? {
                    let key = (row.try_get(0).map_err(fault)?, row.try_get(1).map_err(fault)?);
                    let id: i64 = row.try_get(2).map_err(fault)?;
                    if id > 0 {
                        found.insert(key, IncidentId(id));
                    }
                }
                Ok::<(), Fault>(())
            })?;
        }
        Ok(found)
    }

    /// Of these alerts, the open incidents that followed them last. Nothing is locked: what two replicas say at the same
    /// instant about one alert in two groups may declare two incidents.
    pub async fn open_followers(
        &mut self,
        keys: &BTreeSet<(String, String)>,
    ) -> Result<BTreeMap<(String, String), IncidentId>, Fault> {
        let keys: Vec<&(String, String)> = keys.iter().collect();
        let mut found = BTreeMap::new();
        for chunk in chunks(&keys) {
            let sql = followers_sql(&self.tx.values(chunk.len(), 2), matches!(self.tx, Tx::Pg(_)));
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (source, alert) in chunk {
                    q = q.bind(source).bind(alert);
                }
                for row in q.fetch_all(c).await.map_err(fault)? {
                    let key = (row.try_get(0).map_err(fault)?, row.try_get(1).map_err(fault)?);
                    found.insert(key, IncidentId(row.try_get(2).map_err(fault)?));
                }
                Ok::<(), Fault>(())
            })?;
        }
        Ok(found)
    }

    /// Loads incidents for a decision; on Postgres their rows are locked until the commit.
    pub async fn incidents(&mut self, ids: &BTreeSet<IncidentId>) -> Result<HashMap<IncidentId, Loaded>, Fault> {
        let ids: Vec<IncidentId> = ids.iter().copied().collect();
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in chunks(&ids) {
            let lock = if matches!(self.tx, Tx::Pg(_)) { " ORDER BY incident_id FOR UPDATE" } else { "" };
            let list: String = self.tx.values(1, chunk.len());
            let sql = format!("SELECT incident_id, head_hash, state FROM incident WHERE incident_id IN {list}{lock}");
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for id in chunk {
                    q = q.bind(id.0);
                }
                for row in q.fetch_all(c).await.map_err(fault)? {
                    let id = IncidentId(row.try_get(0).map_err(fault)?);
                    let head: Vec<u8> = row.try_get(1).map_err(fault)?;
                    let state: String = row.try_get(2).map_err(fault)?;
                    found.insert(id, loaded(id, &head, &state)?);
                }
                Ok::<(), Fault>(())
            })?;
        }
        Ok(found)
    }

    /// First answers that were given under these keys.
    pub async fn answers(&mut self, keys: &BTreeSet<String>) -> Result<HashMap<String, String>, Fault> {
        let keys: Vec<&String> = keys.iter().collect();
        let mut found = HashMap::new();
        for chunk in chunks(&keys) {
            let list = self.tx.values(1, chunk.len());
            let sql = format!("SELECT key, answer FROM idempotency WHERE key IN {list}");
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for key in chunk {
                    q = q.bind(*key);
                }
                for row in q.fetch_all(c).await.map_err(fault)? {
                    found.insert(row.try_get(0).map_err(fault)?, row.try_get(1).map_err(fault)?);
                }
                Ok::<(), Fault>(())
            })?;
        }
        Ok(found)
    }

    /// Stand-ins that are not over, by schedule, in the order in which they were added.
    pub async fn overrides(&mut self, now: Timestamp) -> Result<Vec<(String, Override)>, Fault> {
        const SQL: &str = "SELECT schedule, person, from_at, to_at FROM oncall_override WHERE to_at > $1 ORDER BY seq";
        on_tx!(&mut self.tx, |c| {
            let rows = sqlx::query(SQL).bind(now.0).fetch_all(c).await.map_err(fault)?;
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

    /// How many incidents have been declared; locked on Postgres until the commit, so that numbers have no gaps.
    pub async fn incidents_declared(&mut self) -> Result<i64, Fault> {
        let lock = if matches!(self.tx, Tx::Pg(_)) { " FOR UPDATE" } else { "" };
        let sql = format!("SELECT incidents FROM organisation WHERE id = 1{lock}");
        on_tx!(&mut self.tx, |c| sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(c).await.map_err(fault))
    }

    pub async fn set_incidents_declared(&mut self, before: i64, after: i64) -> Result<(), Fault> {
        const SQL: &str = "UPDATE organisation SET incidents = $1 WHERE id = 1";
        if before == after {
            return Ok(());
        }
        on_tx!(&mut self.tx, |c| sqlx::query(SQL).bind(after).execute(c).await.map(|_| ()).map_err(fault))
    }

    pub async fn write(&mut self, w: &Written) -> Result<(), Fault> {
        self.write_org(&w.org).await?;
        self.write_events(&w.events).await?;
        self.write_incidents(&w.incidents).await?;
        self.write_timers(&w.timers).await?;
        self.write_outbox(&w.outbox).await?;
        self.write_targets(&w.targets).await?;
        let groups: Vec<_> = w.groups.iter().collect();
        for chunk in chunks(&groups) {
            let sql = format!(
                "INSERT INTO alert_group (source, group_key, incident_id) VALUES {} ON CONFLICT (source, group_key) DO UPDATE SET incident_id = excluded.incident_id",
                self.tx.values(chunk.len(), 3)
            );
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for ((source, group), id) in chunk {
                    q = q.bind(source).bind(group).bind(id.0);
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        for chunk in chunks(&w.answers) {
            let sql = format!("INSERT INTO idempotency (key, at, answer) VALUES {}", self.tx.values(chunk.len(), 3));
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (key, at, answer) in chunk {
                    q = q.bind(key).bind(at.0).bind(answer);
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        Ok(())
    }

    async fn write_events(&mut self, events: &[EventRow]) -> Result<(), Fault> {
        for chunk in chunks(events) {
            let sql = format!(
                "INSERT INTO event (incident_id, seq, at, kind, actor, body, hash) VALUES {}",
                self.tx.values(chunk.len(), 7)
            );
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for e in chunk {
                    q = q
                        .bind(e.incident.0)
                        .bind(e.seq)
                        .bind(e.at.0)
                        .bind(e.kind)
                        .bind(&e.actor)
                        .bind(&e.body)
                        .bind(e.hash.as_slice());
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        Ok(())
    }

    pub(super) async fn write_incidents(&mut self, incidents: &BTreeMap<IncidentId, Loaded>) -> Result<(), Fault> {
        let rows: Vec<(&Loaded, String)> = incidents
            .values()
            .map(|l| serde_json::to_string(&l.incident).map(|s| (l, s)).map_err(Fault::bug))
            .collect::<Result<_, _>>()?;
        for chunk in chunks(&rows) {
            let sql = format!(
                "INSERT INTO incident (incident_id, title, severity, severity_rank, service, private, status, is_open, lead, acknowledged_by, acknowledged_at, declared_at, ended_at, updated_at, head_seq, head_hash, checkpointed_seq, state) VALUES {} \
                 ON CONFLICT (incident_id) DO UPDATE SET title = excluded.title, severity = excluded.severity, severity_rank = excluded.severity_rank, service = excluded.service, status = excluded.status, is_open = excluded.is_open, lead = excluded.lead, acknowledged_by = excluded.acknowledged_by, acknowledged_at = excluded.acknowledged_at, ended_at = excluded.ended_at, updated_at = excluded.updated_at, head_seq = excluded.head_seq, head_hash = excluded.head_hash, state = excluded.state",
                self.tx.values(chunk.len(), 18)
            );
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (l, state) in chunk {
                    let i = &l.incident;
                    q = q
                        .bind(i.id.0)
                        .bind(&i.title)
                        .bind(&i.severity.level)
                        .bind(i64::from(i.severity.rank))
                        .bind(i.service.as_ref().map(|s| s.as_str()))
                        .bind(i.private)
                        .bind(i.status.as_str())
                        .bind(i.status.open())
                        .bind(i.lead.as_ref().map(|p| p.as_str()))
                        .bind(i.acknowledged.as_ref().map(|a| a.by.shown()))
                        .bind(i.acknowledged.as_ref().map(|a| a.at.0))
                        .bind(i.declared_at.0)
                        .bind(i.ended_at.map(|t| t.0))
                        .bind(i.updated_at.0)
                        .bind(i.seq)
                        .bind(l.head.as_slice())
                        .bind(0_i64)
                        .bind(state);
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        Ok(())
    }

    async fn write_timers(&mut self, timers: &BTreeMap<IncidentId, Option<Timer>>) -> Result<(), Fault> {
        let gone: Vec<IncidentId> = timers.iter().filter(|(_, t)| t.is_none()).map(|(id, _)| *id).collect();
        for chunk in chunks(&gone) {
            let sql = format!("DELETE FROM timer WHERE incident_id IN {}", self.tx.values(1, chunk.len()));
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for id in chunk {
                    q = q.bind(id.0);
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        let set: Vec<(IncidentId, Timer)> = timers.iter().filter_map(|(id, t)| t.map(|t| (*id, t))).collect();
        for chunk in chunks(&set) {
            let sql = format!(
                "INSERT INTO timer (incident_id, kind, due_at) VALUES {} ON CONFLICT (incident_id) DO UPDATE SET kind = excluded.kind, due_at = excluded.due_at",
                self.tx.values(chunk.len(), 3)
            );
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (id, timer) in chunk {
                    q = q.bind(id.0).bind(timer.kind.as_str()).bind(timer.due_at.0);
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        Ok(())
    }

    pub(super) async fn write_outbox(&mut self, rows: &BTreeMap<(IncidentId, u32), OutboxRow>) -> Result<(), Fault> {
        let rows: Vec<(&OutboxRow, String)> = rows
            .values()
            .map(|r| serde_json::to_string(&r.intent).map(|s| (r, s)).map_err(Fault::bug))
            .collect::<Result<_, _>>()?;
        for chunk in chunks(&rows) {
            let sql = format!(
                "INSERT INTO outbox (incident_id, intent_no, lane, channel, status, queued_at, due_at, attempt, worker, lease_until, claim_seq, maybe_sent, why, receipt, intent, updated_at, recipient, rang_at, summary) VALUES {} \
                 ON CONFLICT (incident_id, intent_no) DO UPDATE SET status = excluded.status, due_at = excluded.due_at, attempt = excluded.attempt, worker = excluded.worker, lease_until = excluded.lease_until, claim_seq = excluded.claim_seq, maybe_sent = excluded.maybe_sent, why = excluded.why, receipt = excluded.receipt, updated_at = excluded.updated_at, rang_at = excluded.rang_at, summary = excluded.summary",
                self.tx.values(chunk.len(), 19)
            );
            on_tx!(&mut self.tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (r, intent) in chunk {
                    q = q
                        .bind(r.incident.0)
                        .bind(i64::from(r.intent.no))
                        .bind(r.intent.lane.as_str())
                        .bind(r.intent.channel.as_str())
                        .bind(r.status.as_str())
                        .bind(r.queued_at.0)
                        .bind(r.due_at.0)
                        .bind(i64::from(r.attempt))
                        .bind(r.worker.as_deref())
                        .bind(r.lease_until.map(|t| t.0))
                        .bind(r.claim_seq)
                        .bind(r.maybe_sent)
                        .bind(r.why.as_deref())
                        .bind(r.receipt.as_deref())
                        .bind(intent)
                        .bind(r.updated_at.0)
                        .bind(r.recipient())
                        .bind(r.rang_at.map(|t| t.0))
                        .bind(r.summary.map(|s| s.to_string()));
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        Ok(())
    }

    /// Appends to the organisation's own stream.
    async fn write_org(&mut self, entries: &[OrgEntry]) -> Result<(), Fault> {
        if entries.is_empty() {
            return Ok(());
        }
        let lock = if matches!(self.tx, Tx::Pg(_)) { " FOR UPDATE" } else { "" };
        let sql = format!("SELECT head_seq, head_hash FROM organisation WHERE id = 1{lock}");
        let (mut seq, mut head): (i64, Hash) = on_tx!(&mut self.tx, |c| {
            let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(c).await.map_err(fault)?;
            let hash: Vec<u8> = row.try_get(1).map_err(fault)?;
            Ok::<_, Fault>((row.try_get(0).map_err(fault)?, to_hash(&hash)?))
        })?;
        let mut rows = Vec::with_capacity(entries.len());
        for e in entries {
            seq += 1;
            let row = event_row(IncidentId::ORG, seq, e.at, e.body.kind(), &e.actor, &e.body, &head)?;
            head = row.hash;
            if let Some((schedule, o)) = e.body.as_override() {
                const SQL: &str =
                    "INSERT INTO oncall_override (seq, schedule, person, from_at, to_at) VALUES ($1, $2, $3, $4, $5)";
                on_tx!(&mut self.tx, |c| {
                    let q = sqlx::query(SQL).bind(seq).bind(schedule.as_str()).bind(o.person.as_str());
                    q.bind(o.from.0).bind(o.to.0).execute(c).await.map(|_| ()).map_err(fault)
                })?;
            }
            rows.push(row);
        }
        self.write_events(&rows).await?;
        const SQL: &str = "UPDATE organisation SET head_seq = $1, head_hash = $2 WHERE id = 1";
        on_tx!(&mut self.tx, |c| {
            sqlx::query(SQL).bind(seq).bind(head.as_slice()).execute(c).await.map(|_| ()).map_err(fault)
        })
    }

    /// Tells the other replicas that something is there to do or to show (Postgres only).
    pub async fn notify(&mut self, payload: &str) -> Result<(), Fault> {
        match &mut self.tx {
            Tx::Lite(_) => Ok(()),
            Tx::Pg(t) => sqlx::query("SELECT pg_notify('firebell', $1)")
                .bind(payload)
                .execute(&mut **t)
                .await
                .map(|_| ())
                .map_err(fault),
        }
    }

    pub(super) fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

pub(super) fn followers_sql(list: &str, postgres: bool) -> String {
    let open = if postgres { "i.is_open" } else { "i.is_open = 1" };
    format!(
        "SELECT g.source, g.group_key, g.incident_id FROM alert_group g JOIN incident i ON i.incident_id = g.incident_id WHERE (g.source, g.group_key) IN (VALUES {list}) AND {open}"
    )
}

/// Writes an event's texts once and hashes exactly those.
pub fn event_row(
    incident: IncidentId,
    seq: i64,
    at: Timestamp,
    kind: &'static str,
    actor: &Actor,
    body: &impl serde::Serialize,
    previous: &Hash,
) -> Result<EventRow, Fault> {
    let actor = serde_json::to_string(actor).map_err(Fault::bug)?;
    let body = serde_json::to_string(body).map_err(Fault::bug)?;
    let hash = firebell_domain::chain::link(previous, incident, seq, at, &actor, &body);
    Ok(EventRow { incident, seq, at, kind, actor, body, hash })
}

pub(super) fn to_hash(bytes: &[u8]) -> Result<Hash, Fault> {
    Hash::try_from(bytes).map_err(|_| Fault::new(FaultKind::Damaged, "a hash that is not 32 bytes long"))
}

pub(super) fn loaded(id: IncidentId, head: &[u8], state: &str) -> Result<Loaded, Fault> {
    let incident: Incident = serde_json::from_str(state)
        .map_err(|e| Fault::new(FaultKind::Damaged, format!("the stored state of {id} does not read: {e}")))?;
    Ok(Loaded { incident, head: to_hash(head)? })
}
