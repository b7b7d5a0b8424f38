//! The files of an embedded database: its write-ahead log kept short; copies, taken while it is written to, inspected
//! before they are trusted.

use super::{OpenError, Store, fault};
use crate::fault::{Fault, FaultKind};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;

/// The log's length above which it is emptied into the database, in bytes.
const LOG_BYTES: u64 = 8 * 1024 * 1024;
/// How often its length is looked at. Its flushes hold up a commit now and then: often enough that the log stays short,
/// seldom enough that under full load fewer than one commit in a hundred meets one.
const LOG_EVERY: std::time::Duration = std::time::Duration::from_secs(2);

impl Store {
    /// Empties the write-ahead log into the database beside the writer, on a connection of its own, for as long as the
    /// database is open. Never blocks the writer; when it fails, the writer does the work itself, only later.
    pub async fn keep_log_short(self, path: std::path::PathBuf) {
        let Store::Lite { write, .. } = &self else { return };
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = std::path::PathBuf::from(log);
        let options = SqliteConnectOptions::new().filename(&path);
        let mut connection = None;
        let mut emptied_at = None;
        while !write.is_closed() {
            tokio::time::sleep(LOG_EVERY).await;
            let Ok(now) = std::fs::metadata(&log) else { continue };
            // The file keeps its length when the log begins anew: what counts is whether it was written to since.
            if now.len() < LOG_BYTES || now.modified().ok() == emptied_at {
                continue;
            }
            let c = match connection.take() {
                Some(c) => Ok(c),
                None => SqliteConnection::connect_with(&options).await,
            };
            let Ok(mut c) = c else { continue };
            match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut c).await {
                Ok(_) => {
                    emptied_at = now.modified().ok();
                    connection = Some(c);
                }
                Err(e) => tracing::debug!("the write-ahead log was not emptied: {e}"),
            }
        }
    }
}

/// A consistent copy as of one moment; the bot goes on writing meanwhile.
pub async fn copy_to(path: &Path, copy: &Path) -> Result<(), Fault> {
    let Some(target) = copy.to_str() else {
        return Err(Fault::new(FaultKind::Bug, "the file's name is not UTF-8"));
    };
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::from_secs(30));
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(fault)?;
    sqlx::query("VACUUM INTO $1").bind(target).execute(&mut connection).await.map_err(fault)?;
    connection.close().await.map_err(fault)
}

/// What a copy holds, after checking that it is whole and ours; the error says what it is instead.
pub async fn inspect(path: &Path) -> Result<String, String> {
    if !path.exists() {
        return Err("there is no such file".to_string());
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
    let not_ours = |_| "it is not a Firebell database".to_string();
    let mut c = SqliteConnection::connect_with(&options).await.map_err(not_ours)?;
    let check: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut c).await.map_err(not_ours)?;
    if check != "ok" {
        return Err(format!("it is damaged: {check}"));
    }
    let version: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut c).await.map_err(not_ours)?;
    let know = super::open::newest_sqlite();
    match version {
        Some(have) if have > know => return Err(OpenError::Newer { have, know }.to_string()),
        Some(_) => {}
        None => return Err("it is not a Firebell database".to_string()),
    }
    let events: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM event").fetch_one(&mut c).await.map_err(not_ours)?;
    let incidents: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM incident").fetch_one(&mut c).await.map_err(not_ours)?;
    let counted = firebell_domain::timeline::words::counted;
    Ok(format!("{}, {}", counted(incidents as usize, "incident"), counted(events as usize, "event")))
}

/// Moves what the write-ahead log holds into the file itself. The database must not be in use.
pub async fn settle(path: &Path) -> Result<(), Fault> {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(fault)?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.map_err(fault)?;
    connection.close().await.map_err(fault)
}
