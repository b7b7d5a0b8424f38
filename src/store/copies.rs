//! Copies of an embedded database: taken while it is written to, inspected before they are trusted.

use super::{OpenError, fault};
use crate::fault::{Fault, FaultKind};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;

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
    Ok(format!("{incidents} incidents, {events} events"))
}

/// Moves what the write-ahead log holds into the file itself. The database must not be in use.
pub async fn settle(path: &Path) -> Result<(), Fault> {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(fault)?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.map_err(fault)?;
    connection.close().await.map_err(fault)
}
