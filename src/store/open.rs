//! Opening a database: connections, durability, migrations, and refusing what must be refused (a second instance on
//! one SQLite file, a database newer than this binary).

use super::{Store, fault};
use crate::fault::Fault;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// Why a database was not opened, in words for the operator.
#[derive(Debug)]
pub enum OpenError {
    BadUrl { url: String, why: String },
    InUse { path: PathBuf },
    Newer { have: i64, know: i64 },
    Missing { path: PathBuf },
    Failed(Fault),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpenError::BadUrl { url, why } => {
                write!(f, "database_url \"{url}\": {why}. Write sqlite://firebell.db or postgres://user@host/name.")
            }
            OpenError::InUse { path } => write!(
                f,
                "{} is in use by another firebell. Stop that one first, or use Postgres for several replicas.",
                path.display()
            ),
            OpenError::Newer { have, know } => write!(
                f,
                "The database has migration {have}, this firebell knows {know}: it was written by a newer version. Start that version, or restore a backup."
            ),
            OpenError::Missing { path } => {
                write!(f, "There is no database at {}. \"firebell serve\" makes one.", path.display())
            }
            OpenError::Failed(fault) => write!(f, "The database could not be opened: {}", fault.chain),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<sqlx::Error> for OpenError {
    fn from(e: sqlx::Error) -> Self {
        OpenError::Failed(fault(e))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The one that writes: takes the lock, migrates.
    Serve,
    /// Beside a running one: never writes, never migrates.
    Read,
}

/// Keeps the lock of an embedded database for as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

/// Opens `database_url`. Relative SQLite paths are relative to the working directory.
pub async fn open(url: &str, mode: Mode) -> Result<(Store, Lock), OpenError> {
    let bad = |why: &str| OpenError::BadUrl { url: without_password(url), why: why.to_string() };
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| bad("not a Postgres address"))?
            .application_name("firebell")
            .log_statements(tracing::log::LevelFilter::Trace)
            .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5));
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .min_connections(1)
            .acquire_timeout(Duration::from_millis(1_500))
            .connect_lazy_with(options);
        if mode == Mode::Serve {
            migrate(POSTGRES.run(&pool).await, &POSTGRES)?;
        }
        return Ok((Store::Pg(pool), Lock { _file: None }));
    }
    let Some(path) = sqlite_path(url) else { return Err(bad("unknown kind of database")) };
    let lock = match mode {
        Mode::Serve => lock(&path)?,
        Mode::Read if !path.exists() => return Err(OpenError::Missing { path }),
        Mode::Read => Lock { _file: None },
    };
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(mode == Mode::Serve)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        // Migrations run in WAL too; a checkpoint every 4,000 pages (16 MB) keeps a burst from stalling on it.
        .pragma("wal_autocheckpoint", "4000")
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5));
    if mode == Mode::Serve {
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_millis(1_500))
            .connect_with(options.clone())
            .await?;
        migrate(SQLITE.run(&write).await, &SQLITE)?;
        let read = readers(options).await?;
        return Ok((Store::Lite { read, write }, lock));
    }
    let read = readers(options).await?;
    newer(&read).await?;
    Ok((Store::Lite { write: read.clone(), read }, lock))
}

async fn readers(options: SqliteConnectOptions) -> Result<sqlx::SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(4)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(2))
        .connect_with(options.read_only(true))
        .await
}

/// The file that a `sqlite:` address means.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    let path = rest.split('?').next().unwrap_or(rest);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Takes the lock of an embedded database, or says who has it.
pub fn lock(path: &Path) -> Result<Lock, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let at = PathBuf::from(name);
    let io = |e: std::io::Error| {
        OpenError::Failed(Fault::new(crate::fault::FaultKind::Unavailable, format!("{}: {e}", at.display())))
    };
    if let Some(folder) = at.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(&at).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: Some(file) }),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_path_buf() }),
        Err(std::fs::TryLockError::Error(e)) => Err(io(e)),
    }
}

fn migrate(ran: Result<(), sqlx::migrate::MigrateError>, known: &sqlx::migrate::Migrator) -> Result<(), OpenError> {
    use sqlx::migrate::MigrateError;
    match ran {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(have) | MigrateError::VersionTooNew(have, _)) => {
            Err(OpenError::Newer { have, know: newest(known) })
        }
        Err(MigrateError::Execute(e)) => Err(e.into()),
        Err(e) => Err(OpenError::Failed(Fault::bug(format!("migration: {e}")))),
    }
}

/// The newest migration that this binary knows for SQLite.
pub fn newest_sqlite() -> i64 {
    newest(&SQLITE)
}

fn newest(known: &sqlx::migrate::Migrator) -> i64 {
    known.iter().map(|m| m.version).max().unwrap_or(0)
}

/// A reader beside a newer `serve` would misread it.
async fn newer(read: &sqlx::SqlitePool) -> Result<(), OpenError> {
    let have: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(read).await?;
    match (have, newest(&SQLITE)) {
        (Some(have), know) if have > know => Err(OpenError::Newer { have, know }),
        _ => Ok(()),
    }
}

/// An address that can be printed.
pub fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            let user = url.get(scheme + 3..at).unwrap_or_default().split(':').next().unwrap_or_default();
            format!("{}://{user}@{}", url.get(..scheme).unwrap_or_default(), url.get(at + 1..).unwrap_or_default())
        }
        _ => url.to_string(),
    }
}
