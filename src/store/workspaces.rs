//! Workspaces of chat platforms that Firebell is installed in, and installations that were begun. Tokens come in sealed and
//! go out sealed. A change names the version that it was made of, so that of two replicas one makes it.

use super::{Store, fault, on_read, on_tx};
use crate::fault::Fault;
use firebell_domain::time::Timestamp;
use sqlx::Row;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    pub team: String,
    pub name: String,
    pub bot_user: String,
    pub scopes: String,
    pub sealed: String,
    /// 0: never.
    pub expires_at: i64,
    pub obtained_at: i64,
    /// 0: no renewal is under way.
    pub renewing_since: i64,
    pub standing: String,
    pub installed_at: i64,
    pub installed_by: String,
    pub version: i64,
}

/// An installation that somebody has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    pub person: String,
    pub browser_hash: String,
    pub expires_at: Timestamp,
}

impl Store {
    /// All of one platform, the first that was installed first.
    pub async fn workspaces(&self, chat: &str) -> Result<Vec<Workspace>, Fault> {
        const SQL: &str = "SELECT team, name, bot_user, scopes, sealed, expires_at, obtained_at, renewing_since, standing, installed_at, installed_by, version FROM workspace WHERE chat = $1 ORDER BY installed_at, team";
        on_read!(self, |p| {
            let rows = sqlx::query(SQL).bind(chat).fetch_all(p).await.map_err(fault)?;
            rows.iter()
                .map(|r| {
                    Ok(Workspace {
                        team: r.try_get(0).map_err(fault)?,
                        name: r.try_get(1).map_err(fault)?,
                        bot_user: r.try_get(2).map_err(fault)?,
                        scopes: r.try_get(3).map_err(fault)?,
                        sealed: r.try_get(4).map_err(fault)?,
                        expires_at: r.try_get(5).map_err(fault)?,
                        obtained_at: r.try_get(6).map_err(fault)?,
                        renewing_since: r.try_get(7).map_err(fault)?,
                        standing: r.try_get(8).map_err(fault)?,
                        installed_at: r.try_get(9).map_err(fault)?,
                        installed_by: r.try_get(10).map_err(fault)?,
                        version: r.try_get(11).map_err(fault)?,
                    })
                })
                .collect()
        })
    }

    /// A fresh installation, whatever was there before: when it was installed first stays.
    pub async fn install_workspace(&self, chat: &str, w: &Workspace) -> Result<(), Fault> {
        const SQL: &str = "INSERT INTO workspace (chat, team, name, bot_user, scopes, sealed, expires_at, obtained_at, renewing_since, standing, installed_at, installed_by, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, 1) ON CONFLICT (chat, team) DO UPDATE SET name = excluded.name, bot_user = excluded.bot_user, scopes = excluded.scopes, sealed = excluded.sealed, expires_at = excluded.expires_at, obtained_at = excluded.obtained_at, renewing_since = 0, standing = excluded.standing, installed_by = excluded.installed_by, version = workspace.version + 1";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| {
            let q = sqlx::query(SQL).bind(chat).bind(&w.team).bind(&w.name).bind(&w.bot_user).bind(&w.scopes);
            let q = q.bind(&w.sealed).bind(w.expires_at).bind(w.obtained_at).bind(&w.standing);
            q.bind(w.installed_at).bind(&w.installed_by).execute(c).await.map(|_| ()).map_err(fault)
        })?;
        tx.commit().await
    }

    /// Changes what may change of one, if it is still as it was read; whether it was. The version that it has then is one
    /// more.
    pub async fn change_workspace(&self, chat: &str, w: &Workspace) -> Result<bool, Fault> {
        const SQL: &str = "UPDATE workspace SET sealed = $4, expires_at = $5, obtained_at = $6, renewing_since = $7, standing = $8, scopes = $9, version = version + 1 WHERE chat = $1 AND team = $2 AND version = $3";
        let mut tx = self.begin().await?;
        let changed = on_tx!(&mut tx, |c| {
            let q = sqlx::query(SQL).bind(chat).bind(&w.team).bind(w.version).bind(&w.sealed).bind(w.expires_at);
            let q = q.bind(w.obtained_at).bind(w.renewing_since).bind(&w.standing).bind(&w.scopes);
            q.execute(c).await.map(|done| done.rows_affected()).map_err(fault)
        })?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Somebody begins one. What expired before `forget` goes with it: until then its end can still be told.
    pub async fn begin_installation(
        &self,
        chat: &str,
        state_hash: &str,
        begun: &Installation,
        forget: Timestamp,
    ) -> Result<(), Fault> {
        const ADD: &str =
            "INSERT INTO installation (state_hash, chat, person, browser_hash, expires_at) VALUES ($1, $2, $3, $4, $5)";
        const FORGET: &str = "DELETE FROM installation WHERE expires_at <= $1";
        let mut tx = self.begin().await?;
        on_tx!(&mut tx, |c| {
            let q = sqlx::query(ADD).bind(state_hash).bind(chat).bind(&begun.person).bind(&begun.browser_hash);
            q.bind(begun.expires_at.0).execute(c).await.map(|_| ()).map_err(fault)
        })?;
        on_tx!(&mut tx, |c| sqlx::query(FORGET).bind(forget.0).execute(c).await.map(|_| ()).map_err(fault))?;
        tx.commit().await
    }

    /// Takes one, so that nobody takes it again.
    pub async fn take_installation(&self, chat: &str, state_hash: &str) -> Result<Option<Installation>, Fault> {
        const SQL: &str =
            "DELETE FROM installation WHERE chat = $1 AND state_hash = $2 RETURNING person, browser_hash, expires_at";
        let mut tx = self.begin().await?;
        let taken = on_tx!(&mut tx, |c| {
            let row = sqlx::query(SQL).bind(chat).bind(state_hash).fetch_optional(c).await.map_err(fault)?;
            row.map(|r| {
                Ok::<_, Fault>(Installation {
                    person: r.try_get(0).map_err(fault)?,
                    browser_hash: r.try_get(1).map_err(fault)?,
                    expires_at: Timestamp(r.try_get(2).map_err(fault)?),
                })
            })
            .transpose()
        })?;
        tx.commit().await?;
        Ok(taken)
    }
}
