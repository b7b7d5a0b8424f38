//! Checkpoints over the heads of all incidents, reading the log for verification, and rebuilding what the log implies.

use super::batch::to_hash;
use super::sql::chunks;
use super::{Store, Tx, fault, on_read, on_tx};
use crate::fault::Fault;
use firebell_domain::chain::Hash;
use firebell_domain::id::IncidentId;
use firebell_domain::time::Timestamp;
use sqlx::{AssertSqlSafe, Row};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub incident: IncidentId,
    pub seq: i64,
    pub hash: Hash,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub no: i64,
    pub at: Timestamp,
    /// MAC of the checkpoint before, empty for the first.
    pub previous: String,
    /// JSON of the heads that moved.
    pub heads: String,
    pub mac: String,
}

/// An event as stored, for verification: nothing is parsed.
#[derive(Clone, Debug)]
pub struct RawEvent {
    pub incident: IncidentId,
    pub seq: i64,
    pub at: Timestamp,
    pub kind: String,
    pub actor: String,
    pub body: String,
    pub hash: Vec<u8>,
}

impl Store {
    /// Takes the heads that moved since the last checkpoint (at most `limit`), lets `make` turn them into the next
    /// checkpoint, and records both in one transaction. `None` when nothing has moved.
    pub async fn checkpoint(
        &self,
        limit: i64,
        make: impl FnOnce(Option<&Checkpoint>, Vec<Head>) -> Checkpoint,
    ) -> Result<Option<Checkpoint>, Fault> {
        let mut tx = self.begin().await?;
        let pg = matches!(tx, Tx::Pg(_));
        let last = on_tx!(&mut tx, |c| {
            if pg {
                // One sweeper at a time; the others find nothing left.
                sqlx::query("SELECT pg_advisory_xact_lock(7911)").execute(&mut *c).await.map_err(fault)?;
            }
            const SQL: &str =
                "SELECT checkpoint_no, at, previous, heads, mac FROM checkpoint ORDER BY checkpoint_no DESC LIMIT 1";
            let row = sqlx::query(SQL).fetch_optional(c).await.map_err(fault)?;
            row.map(|r| checkpoint_of!(r)).transpose()
        })?;
        let lock = if pg { " FOR UPDATE" } else { "" };
        let sql = format!(
            "SELECT incident_id, head_seq, head_hash FROM incident WHERE checkpointed_seq < head_seq ORDER BY incident_id LIMIT $1{lock}"
        );
        let mut heads: Vec<Head> = on_tx!(&mut tx, |c| {
            let rows = sqlx::query(AssertSqlSafe(sql)).bind(limit).fetch_all(c).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    let hash: Vec<u8> = r.try_get(2).map_err(fault)?;
                    Ok::<_, Fault>(Head {
                        incident: IncidentId(r.try_get(0).map_err(fault)?),
                        seq: r.try_get(1).map_err(fault)?,
                        hash: to_hash(&hash)?,
                    })
                })
                .collect::<Result<_, _>>()
        })?;
        for chunk in chunks(&heads.iter().map(|h| (h.incident.0, h.seq)).collect::<Vec<_>>()) {
            // The head that was read, not the row's present one: on Postgres it is locked, on SQLite we alone write.
            let sql = format!(
                "UPDATE incident SET checkpointed_seq = head_seq WHERE incident_id IN {}",
                tx.values(1, chunk.len())
            );
            on_tx!(&mut tx, |c| {
                let mut q = sqlx::query(AssertSqlSafe(sql));
                for (id, _) in chunk {
                    q = q.bind(id);
                }
                q.execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        let org = on_tx!(&mut tx, |c| {
            const SQL: &str = "UPDATE organisation SET checkpointed_seq = head_seq WHERE id = 1 AND checkpointed_seq < head_seq RETURNING head_seq, head_hash";
            let row = sqlx::query(SQL).fetch_optional(c).await.map_err(fault)?;
            row.map(|r| {
                let hash: Vec<u8> = r.try_get(1).map_err(fault)?;
                Ok::<_, Fault>(Head {
                    incident: IncidentId::ORG,
                    seq: r.try_get(0).map_err(fault)?,
                    hash: to_hash(&hash)?,
                })
            })
            .transpose()
        })?;
        heads.splice(0..0, org);
        if heads.is_empty() {
            return Ok(None);
        }
        let next = make(last.as_ref(), heads);
        const SQL: &str =
            "INSERT INTO checkpoint (checkpoint_no, at, previous, heads, mac) VALUES ($1, $2, $3, $4, $5)";
        on_tx!(&mut tx, |c| {
            let q = sqlx::query(SQL).bind(next.no).bind(next.at.0).bind(&next.previous);
            q.bind(&next.heads).bind(&next.mac).execute(c).await.map(|_| ()).map_err(fault)
        })?;
        tx.commit().await?;
        Ok(Some(next))
    }

    /// A small durable write, so that whoever says "incidents can be recorded" has just recorded something.
    pub async fn prove_commit(&self, worker: &str, now: Timestamp) -> Result<(), Fault> {
        const SQL: &str = "INSERT INTO lease (name, holder, until) VALUES ('heartbeat', $1, $2) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| sqlx::query(SQL).bind(worker).bind(now.0).execute(c).await.map(|_| ()).map_err(fault))?;
        tx.commit().await
    }

    /// Takes or keeps a lease for a holder; says whether it is theirs until then. One that has run out is free.
    pub async fn hold_lease(&self, name: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
        const SQL: &str = "INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE lease.holder = excluded.holder OR lease.until <= $4";
        let mut tx = self.begin().await?;
        let taken = on_tx!(&mut tx, |c| {
            let q = sqlx::query(SQL).bind(name).bind(holder).bind(until.0).bind(now.0);
            q.execute(c).await.map(|done| done.rows_affected()).map_err(fault)
        })?;
        tx.commit().await?;
        Ok(taken == 1)
    }

    /// Gives a lease back before it has run out.
    pub async fn give_lease_back(&self, name: &str, holder: &str) -> Result<(), Fault> {
        const SQL: &str = "DELETE FROM lease WHERE name = $1 AND holder = $2";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| sqlx::query(SQL).bind(name).bind(holder).execute(c).await.map(|_| ()).map_err(fault))?;
        tx.commit().await
    }

    /// Checkpoints after a number, in order.
    pub async fn checkpoints(&self, after: i64, limit: i64) -> Result<Vec<Checkpoint>, Fault> {
        const SQL: &str = "SELECT checkpoint_no, at, previous, heads, mac FROM checkpoint WHERE checkpoint_no > $1 ORDER BY checkpoint_no LIMIT $2";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(after).bind(limit).fetch_all(p).await.map_err(fault)?;
            rows.iter().map(|r| checkpoint_of!(r)).collect()
        })
    }

    /// The raw log after a place in it, ordered by incident and number.
    pub async fn raw_events(&self, after: (IncidentId, i64), limit: i64) -> Result<Vec<RawEvent>, Fault> {
        const SQL: &str = "SELECT incident_id, seq, at, kind, actor, body, hash FROM event WHERE (incident_id, seq) > ($1, $2) ORDER BY incident_id, seq LIMIT $3";
        on_read!(self, |p| {
            let q = sqlx::query(SQL).bind(after.0.0).bind(after.1).bind(limit);
            let rows = q.fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    Ok(RawEvent {
                        incident: IncidentId(r.try_get(0).map_err(fault)?),
                        seq: r.try_get(1).map_err(fault)?,
                        at: Timestamp(r.try_get(2).map_err(fault)?),
                        kind: r.try_get(3).map_err(fault)?,
                        actor: r.try_get(4).map_err(fault)?,
                        body: r.try_get(5).map_err(fault)?,
                        hash: r.try_get(6).map_err(fault)?,
                    })
                })
                .collect()
        })
    }
}

macro_rules! checkpoint_of {
    ($row:expr) => {{
        let row = $row;
        Ok::<Checkpoint, Fault>(Checkpoint {
            no: row.try_get(0).map_err(fault)?,
            at: Timestamp(row.try_get(1).map_err(fault)?),
            previous: row.try_get(2).map_err(fault)?,
            heads: row.try_get(3).map_err(fault)?,
            mac: row.try_get(4).map_err(fault)?,
        })
    }};
}
use checkpoint_of;
