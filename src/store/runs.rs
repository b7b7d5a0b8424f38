//! What targets are doing, and what runs said. The first follows from the log and is locked while a run begins; the
//! second is kept beside the log for a while, by its digest there.

use super::{Batch, Store, Tx, fault, on_read, on_tx};
use crate::fault::{Fault, FaultKind};
use firebell_domain::id::IncidentId;
use firebell_domain::run::RunNo;
use firebell_domain::run::target::Held;
use firebell_domain::time::Timestamp;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};

/// Outputs that are kept: some weeks of a busy team, at most a few gigabytes.
const OUTPUTS_KEPT_MAX: i64 = 20_000;

/// Files that are kept, of at most a megabyte each.
const FILES_KEPT_MAX: i64 = 2_000;

/// What one command of a run said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutput {
    /// Twice its index, one more for what was looked at afterwards.
    pub place: i64,
    pub digest: String,
    pub output: String,
    /// To be kept with it. They are read back one by one, as they are asked for.
    pub files: Vec<KeptFile>,
}

/// A file that a command made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    pub name: String,
    pub media_type: String,
    pub digest: String,
    pub content: Vec<u8>,
}

impl Batch {
    /// What these targets are doing. On Postgres each is locked until the commit, also one that nothing was done to yet:
    /// of two replicas that start runs on it the second waits, and sees the first. Locked after the incidents, in order.
    pub async fn targets(&mut self, names: &BTreeSet<String>) -> Result<BTreeMap<String, Held>, Fault> {
        const MAKE: &str = "INSERT INTO run_target (name, state) VALUES ($1, '{}') ON CONFLICT DO NOTHING";
        let mut found = BTreeMap::new();
        for name in names {
            let pg = matches!(self.tx(), Tx::Pg(_));
            on_tx!(self.tx(), |c| sqlx::query(MAKE).bind(name).execute(c).await.map(|_| ()).map_err(fault))?;
            let sql = format!("SELECT state FROM run_target WHERE name = $1{}", if pg { " FOR UPDATE" } else { "" });
            let state: String = on_tx!(self.tx(), |c| {
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(name).fetch_one(c).await.map_err(fault)
            })?;
            found.insert(name.clone(), held(name, &state)?);
        }
        Ok(found)
    }

    pub async fn write_targets(&mut self, targets: &BTreeMap<String, Held>) -> Result<(), Fault> {
        const SQL: &str = "INSERT INTO run_target (name, state) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET state = excluded.state";
        for (name, held) in targets {
            let state = serde_json::to_string(held).map_err(Fault::bug)?;
            on_tx!(self.tx(), |c| sqlx::query(SQL).bind(name).bind(state).execute(c).await.map(|_| ()).map_err(fault))?;
        }
        Ok(())
    }
}

impl Store {
    pub async fn all_targets(&self) -> Result<BTreeMap<String, Held>, Fault> {
        const SQL: &str = "SELECT name, state FROM run_target";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    let (name, state): (String, String) = (r.try_get(0).map_err(fault)?, r.try_get(1).map_err(fault)?);
                    let held = held(&name, &state)?;
                    Ok((name, held))
                })
                .collect()
        })
    }

    /// Keeps what the commands of a run said; the oldest of all make room.
    pub async fn keep_outputs(
        &self,
        id: IncidentId,
        run: RunNo,
        at: Timestamp,
        all: &[RunOutput],
    ) -> Result<(), Fault> {
        const SQL: &str = "INSERT INTO run_output (incident_id, run_no, place, at, digest, output) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (incident_id, run_no, place) DO UPDATE SET at = excluded.at, digest = excluded.digest, output = excluded.output";
        const FILE: &str = "INSERT INTO run_file (incident_id, run_no, place, name, media_type, digest, content) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (incident_id, run_no, place, name) DO UPDATE SET media_type = excluded.media_type, digest = excluded.digest, content = excluded.content";
        const FORGET: &str =
            "DELETE FROM run_output WHERE at < (SELECT at FROM run_output ORDER BY at DESC LIMIT 1 OFFSET $1)";
        const FORGET_FILES: &str = "DELETE FROM run_file WHERE EXISTS (SELECT 1 FROM run_output o WHERE o.incident_id = run_file.incident_id AND o.run_no = run_file.run_no AND o.place = run_file.place AND o.at < (SELECT n.at FROM run_output n JOIN run_file f ON f.incident_id = n.incident_id AND f.run_no = n.run_no AND f.place = n.place ORDER BY n.at DESC LIMIT 1 OFFSET $1))";
        let mut tx = self.begin().await?;
        for o in all {
            on_tx!(&mut tx, |c| {
                let q = sqlx::query(SQL).bind(id.0).bind(i64::from(run)).bind(o.place).bind(at.0);
                q.bind(&o.digest).bind(&o.output).execute(c).await.map(|_| ()).map_err(fault)
            })?;
            for f in &o.files {
                on_tx!(&mut tx, |c| {
                    let q = sqlx::query(FILE).bind(id.0).bind(i64::from(run)).bind(o.place).bind(&f.name);
                    let q = q.bind(&f.media_type).bind(&f.digest).bind(&f.content);
                    q.execute(c).await.map(|_| ()).map_err(fault)
                })?;
            }
        }
        on_tx!(&mut tx, |c| sqlx::query(FORGET).bind(OUTPUTS_KEPT_MAX).execute(c).await.map(|_| ()).map_err(fault))?;
        if all.iter().any(|o| !o.files.is_empty()) {
            on_tx!(&mut tx, |c| {
                sqlx::query(FORGET_FILES).bind(FILES_KEPT_MAX).execute(c).await.map(|_| ()).map_err(fault)
            })?;
        }
        tx.commit().await
    }

    pub async fn outputs(&self, id: IncidentId, run: RunNo) -> Result<Vec<RunOutput>, Fault> {
        const SQL: &str =
            "SELECT place, digest, output FROM run_output WHERE incident_id = $1 AND run_no = $2 ORDER BY place";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(id.0).bind(i64::from(run)).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    Ok(RunOutput {
                        place: r.try_get(0).map_err(fault)?,
                        digest: r.try_get(1).map_err(fault)?,
                        output: r.try_get(2).map_err(fault)?,
                        files: Vec::new(),
                    })
                })
                .collect()
        })
    }

    /// One file of a run, by the place of its command and its name. `None`: it made room, or was never there.
    pub async fn run_file(
        &self,
        id: IncidentId,
        run: RunNo,
        place: i64,
        name: &str,
    ) -> Result<Option<KeptFile>, Fault> {
        const SQL: &str = "SELECT name, media_type, digest, content FROM run_file WHERE incident_id = $1 AND run_no = $2 AND place = $3 AND name = $4";
        on_read!(self, |p| {
            let q = sqlx::query(SQL).bind(id.0).bind(i64::from(run)).bind(place).bind(name);
            let row = q.fetch_optional(p).await.map_err(fault)?;
            row.map(|r| {
                Ok(KeptFile {
                    name: r.try_get(0).map_err(fault)?,
                    media_type: r.try_get(1).map_err(fault)?,
                    digest: r.try_get(2).map_err(fault)?,
                    content: r.try_get(3).map_err(fault)?,
                })
            })
            .transpose()
        })
    }
}

fn held(name: &str, state: &str) -> Result<Held, Fault> {
    serde_json::from_str(state)
        .map_err(|e| Fault::new(FaultKind::Damaged, format!("what is stored of target {name} does not read: {e}")))
}
