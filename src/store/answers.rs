//! First answers under an idempotency key, for what is done by several commands or by none that can carry the key
//! itself: the key is taken before, and the answer kept after. What can carry it (`app::Once`) keeps it in its own
//! transaction instead.

use super::{Store, fault, on_tx};
use crate::fault::Fault;
use firebell_domain::time::Timestamp;
use sqlx::Row;

impl Store {
    /// Takes a key. `None`: it is ours now; else when it was taken and what was kept under it so far.
    pub async fn take_key(&self, key: &str, now: Timestamp, begun: &str) -> Result<Option<(Timestamp, String)>, Fault> {
        const ADD: &str = "INSERT INTO idempotency (key, at, answer) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING";
        const SEE: &str = "SELECT at, answer FROM idempotency WHERE key = $1";
        let mut tx = self.begin().await?;
        let added = on_tx!(&mut tx, |c| {
            let q = sqlx::query(ADD).bind(key).bind(now.0).bind(begun);
            q.execute(c).await.map(|done| done.rows_affected()).map_err(fault)
        })?;
        let kept = match added {
            0 => on_tx!(&mut tx, |c| {
                let row = sqlx::query(SEE).bind(key).fetch_one(c).await.map_err(fault)?;
                let at: i64 = row.try_get(0).map_err(fault)?;
                Ok::<_, Fault>(Some((Timestamp(at), row.try_get::<String, _>(1).map_err(fault)?)))
            })?,
            _ => None,
        };
        tx.commit().await?;
        Ok(kept)
    }

    pub async fn keep_answer(&self, key: &str, answer: &str) -> Result<(), Fault> {
        const SQL: &str = "UPDATE idempotency SET answer = $2 WHERE key = $1";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| sqlx::query(SQL).bind(key).bind(answer).execute(c).await.map(|_| ()).map_err(fault))?;
        tx.commit().await
    }

    /// Gives a key back under which nothing was done.
    pub async fn give_key_back(&self, key: &str) -> Result<(), Fault> {
        const SQL: &str = "DELETE FROM idempotency WHERE key = $1";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| sqlx::query(SQL).bind(key).execute(c).await.map(|_| ()).map_err(fault))?;
        tx.commit().await
    }
}
