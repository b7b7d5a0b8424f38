//! Sign-in: invitations and sessions, kept as hashes of their tokens, so that a copy of the database opens no door.

use super::{Store, Tx, fault, on_read, on_tx};
use crate::fault::Fault;
use firebell_domain::limits::SESSIONS_SHOWN_MAX;
use firebell_domain::time::Timestamp;
use sqlx::Row;

/// How replicas are told that a session is over: this, a colon, its hash.
pub const SESSION_ENDED: &str = "session";

/// Who a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    pub person: String,
    pub admin: bool,
}

/// A session as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub hash: String,
    pub person: String,
    pub admin: bool,
    /// On what it was begun, in words.
    pub browser: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Which of a person's sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a> {
    /// The one whose hash begins like this.
    One(&'a str),
    /// All but the one with this hash.
    Others(&'a str),
    /// All, and links that were not used yet: who is shut out stays out.
    All,
}

/// What was ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Hashes.
    pub sessions: Vec<String>,
    /// Links that were withdrawn.
    pub links: usize,
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

    /// Exchanges an invitation for a session: the invitation is gone afterwards, also when two try at once. What has
    /// expired goes with it.
    pub async fn redeem_invitation(
        &self,
        invitation_hash: &str,
        session_hash: &str,
        browser: &str,
        now: Timestamp,
        session_expires_at: Timestamp,
    ) -> Result<Option<Right>, Fault> {
        const TAKE: &str = "DELETE FROM invitation WHERE token_hash = $1 RETURNING person, admin, expires_at";
        const ADD: &str = "INSERT INTO session (token_hash, person, admin, created_at, expires_at, browser) VALUES ($1, $2, $3, $4, $5, $6)";
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
            q.bind(now.0).bind(session_expires_at.0).bind(browser).execute(c).await.map(|_| ()).map_err(fault)
        })?;
        for sql in ["DELETE FROM session WHERE expires_at <= $1", "DELETE FROM invitation WHERE expires_at <= $1"] {
            on_tx!(&mut tx, |c| sqlx::query(sql).bind(now.0).execute(c).await.map(|_| ()).map_err(fault))?;
        }
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

    /// Who is signed in, or where one person is: by name, the latest first.
    pub async fn sessions(&self, person: Option<&str>, now: Timestamp) -> Result<Vec<SessionRow>, Fault> {
        const SQL: &str = "SELECT token_hash, person, admin, browser, created_at, expires_at FROM session WHERE expires_at > $1 AND ($2 = '' OR person = $2) ORDER BY person, created_at DESC, token_hash LIMIT $3";
        on_read!(self, |p| {
            let q = sqlx::query(SQL).bind(now.0).bind(person.unwrap_or("")).bind(SESSIONS_SHOWN_MAX);
            let rows = q.fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    Ok(SessionRow {
                        hash: r.try_get(0).map_err(fault)?,
                        person: r.try_get(1).map_err(fault)?,
                        admin: r.try_get(2).map_err(fault)?,
                        browser: r.try_get(3).map_err(fault)?,
                        created_at: Timestamp(r.try_get(4).map_err(fault)?),
                        expires_at: Timestamp(r.try_get(5).map_err(fault)?),
                    })
                })
                .collect()
        })
    }

    /// Ends sessions of one person; other replicas hear of it with the commit.
    pub async fn end_sessions(&self, person: &str, which: Ending<'_>) -> Result<Ended, Fault> {
        const SQL: &str = "DELETE FROM session WHERE person = $1 AND substr(token_hash, 1, $2) = $3 AND token_hash <> $4 RETURNING token_hash";
        const LINKS: &str = "DELETE FROM invitation WHERE person = $1 RETURNING token_hash";
        let (begins, kept) = match which {
            Ending::One(begins) => (begins, ""),
            Ending::Others(kept) => ("", kept),
            Ending::All => ("", ""),
        };
        let mut tx = self.begin().await?;
        let sessions: Vec<String> = on_tx!(&mut tx, |c| {
            let q = sqlx::query_scalar(SQL).bind(person).bind(begins.len() as i32).bind(begins).bind(kept);
            q.fetch_all(c).await.map_err(fault)
        })?;
        let links: Vec<String> = match which {
            Ending::All => {
                on_tx!(&mut tx, |c| sqlx::query_scalar(LINKS).bind(person).fetch_all(c).await.map_err(fault))?
            }
            _ => Vec::new(),
        };
        if let Tx::Pg(t) = &mut tx {
            for hash in &sessions {
                let told = sqlx::query("SELECT pg_notify('firebell', $1)").bind(format!("{SESSION_ENDED}:{hash}"));
                told.execute(&mut **t).await.map_err(fault)?;
            }
        }
        tx.commit().await?;
        Ok(Ended { sessions, links: links.len() })
    }

    /// Whether nobody was ever invited here, by a start, by the command line or by somebody signed in.
    pub async fn nobody_was_invited(&self) -> Result<bool, Fault> {
        const SQL: &str = "SELECT seq FROM event WHERE incident_id = 0 AND kind = 'invited' ORDER BY seq LIMIT 1";
        on_read!(self, |p| {
            let first: Option<i64> = sqlx::query_scalar(SQL).fetch_optional(p).await.map_err(fault)?;
            Ok(first.is_none())
        })
    }
}
