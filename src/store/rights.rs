//! Sign-in: invitations and sessions, kept as hashes of their tokens, so that a copy of the database opens no door.

use super::{Store, fault, on_read, on_tx};
use crate::fault::Fault;
use firebell_domain::time::Timestamp;
use sqlx::Row;

/// Who a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    pub person: String,
    pub admin: bool,
}

impl Store {
    pub async fn add_invitation(&self, token_hash: &str, right: &Right, expires_at: Timestamp) -> Result<(), Fault> {
        const SQL: &str = "INSERT INTO invitation (token_hash, person, admin, expires_at) VALUES ($1, $2, $3, $4)";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| {
            let q = sqlx::query(SQL).bind(token_hash).bind(&right.person).bind(right.admin).bind(expires_at.0);
            q.execute(c).await.map(|_| ()).map_err(fault)
        })?;
        tx.commit().await
    }

    /// Exchanges an invitation for a session: the invitation is gone afterwards, also when two try at once.
    pub async fn redeem_invitation(
        &self,
        invitation_hash: &str,
        session_hash: &str,
        now: Timestamp,
        session_expires_at: Timestamp,
    ) -> Result<Option<Right>, Fault> {
        const TAKE: &str = "DELETE FROM invitation WHERE token_hash = $1 RETURNING person, admin, expires_at";
        const ADD: &str =
            "INSERT INTO session (token_hash, person, admin, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
        let mut tx = self.begin().await?;
        let taken = on_tx!(&mut tx, |c| {
            match sqlx::query(TAKE).bind(invitation_hash).fetch_optional(c).await.map_err(fault)? {
                None => Ok::<_, Fault>(None),
                Some(row) => {
                    let right = Right { person: row.try_get(0).map_err(fault)?, admin: row.try_get(1).map_err(fault)? };
                    Ok(Some((right, Timestamp(row.try_get(2).map_err(fault)?))))
                }
            }
        })?;
        let Some((right, expires_at)) = taken else { return Ok(None) };
        if expires_at <= now {
            tx.commit().await?;
            return Ok(None);
        }
        on_tx!(&mut tx, |c| {
            let q = sqlx::query(ADD).bind(session_hash).bind(&right.person).bind(right.admin);
            q.bind(now.0).bind(session_expires_at.0).execute(c).await.map(|_| ()).map_err(fault)
        })?;
        tx.commit().await?;
        Ok(Some(right))
    }

    pub async fn session(&self, token_hash: &str, now: Timestamp) -> Result<Option<Right>, Fault> {
        const SQL: &str = "SELECT person, admin FROM session WHERE token_hash = $1 AND expires_at > $2";
        on_read!(self, |p| {
            let row = sqlx::query(SQL).bind(token_hash).bind(now.0).fetch_optional(p).await.map_err(fault)?;
            row.map(|r| Ok(Right { person: r.try_get(0).map_err(fault)?, admin: r.try_get(1).map_err(fault)? }))
                .transpose()
        })
    }

    pub async fn end_session(&self, token_hash: &str) -> Result<(), Fault> {
        const SQL: &str = "DELETE FROM session WHERE token_hash = $1";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| sqlx::query(SQL).bind(token_hash).execute(c).await.map(|_| ()).map_err(fault))?;
        tx.commit().await
    }

    /// Whether anybody can sign in yet.
    pub async fn nobody_signed_in(&self) -> Result<bool, Fault> {
        const SQL: &str = "SELECT COUNT(*) FROM session";
        on_read!(self, |p| {
            let n: i64 = sqlx::query_scalar(SQL).fetch_one(p).await.map_err(fault)?;
            Ok(n == 0)
        })
    }
}
