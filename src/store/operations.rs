//! What is known of scheduled operations, one row each. A change is decided under the row's lock, so of two replicas that
//! want the same turn one gets it.

use super::{Store, Tx, fault, on_read, on_tx};
use crate::fault::{Fault, FaultKind};
use firebell_domain::operation::State;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// By system and name.
pub type Operations = BTreeMap<(String, String), State>;

impl Store {
    pub async fn operations(&self) -> Result<Operations, Fault> {
        const SQL: &str = "SELECT system, name, state FROM operation WHERE state <> ''";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    let (system, name): (String, String) = (r.try_get(0).map_err(fault)?, r.try_get(1).map_err(fault)?);
                    let text: String = r.try_get(2).map_err(fault)?;
                    let state = read(&name, &text)?;
                    Ok(((system, name), state))
                })
                .collect()
        })
    }

    /// Changes one by what is decided of it as it stands; `None` leaves it as it is. Returns what it is then.
    pub async fn change_operation(
        &self,
        system: &str,
        name: &str,
        decide: impl FnOnce(Option<&State>) -> Option<State> + Send,
    ) -> Result<Option<State>, Fault> {
        const MAKE: &str = "INSERT INTO operation (system, name, state) VALUES ($1, $2, '') ON CONFLICT DO NOTHING";
        const WRITE: &str = "UPDATE operation SET state = $3 WHERE system = $1 AND name = $2";
        let lock = if self.is_postgres() { " FOR UPDATE" } else { "" };
        let see = format!("SELECT state FROM operation WHERE system = $1 AND name = $2{lock}");
        let mut tx: Tx = self.begin().await?;
        on_tx!(&mut tx, |c| sqlx::query(MAKE).bind(system).bind(name).execute(c).await.map(|_| ()).map_err(fault))?;
        let text: String = on_tx!(&mut tx, |c| {
            sqlx::query_scalar(AssertSqlSafe(see)).bind(system).bind(name).fetch_one(c).await.map_err(fault)
        })?;
        let known = if text.is_empty() { None } else { Some(read(name, &text)?) };
        let Some(next) = decide(known.as_ref()) else { return Ok(known) };
        let text = serde_json::to_string(&next).map_err(Fault::bug)?;
        on_tx!(&mut tx, |c| {
            let q = sqlx::query(WRITE).bind(system).bind(name).bind(text);
            q.execute(c).await.map(|_| ()).map_err(fault)
        })?;
        tx.commit().await?;
        Ok(Some(next))
    }
}

fn read(name: &str, text: &str) -> Result<State, Fault> {
    serde_json::from_str(text).map_err(|e| {
        Fault::new(FaultKind::Damaged, format!("what is stored of the schedule \"{name}\" does not read: {e}"))
    })
}
