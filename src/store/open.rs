//! Opening a database: connections, durability, migrations, and refusing what must be refused (a second instance on
//! one SQLite file, a database newer than this binary).

use super::{Store, fault};
use crate::fault::Fault;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// How long a start waits for Postgres's first answer.
const CONNECT: Duration = Duration::from_secs(10);

/// Why a database was not opened, in words for the operator.
#[derive(Debug)]
pub enum OpenError {
    BadUrl {
        url: String,
        why: String,
    },
    InUse {
        path: PathBuf,
    },
    Newer {
        have: i64,
        know: i64,
    },
    Missing {
        path: PathBuf,
    },
    /// Another program's file, or none of a database at all.
    NotOurs {
        path: PathBuf,
    },
    Unreachable {
        url: String,
        why: String,
    },
    /// A Postgres database in which no Firebell has been started yet.
    Empty {
        url: String,
    },
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
            OpenError::NotOurs { path } => write!(
                f,
                "{} is not a Firebell database, or is damaged. Move it away to start anew, name another database_url, or put a backup back with \"firebell restore FILE --force\".",
                path.display()
            ),
            OpenError::Unreachable { url, why } => {
                write!(f, "{url} cannot be reached: {why}. Start Postgres, or correct database_url.")
            }
            OpenError::Empty { url } => {
                write!(f, "There is no Firebell in {url} yet. \"firebell serve\" sets it up.")
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
        // One connection by itself first: the pool would only say that it timed out.
        let version = have_postgres(&options, &without_password(url)).await?;
        match (mode, version) {
            (Mode::Read, None) => return Err(OpenError::Empty { url: without_password(url) }),
            (_, Some(have)) if have > newest(&POSTGRES) => {
                return Err(OpenError::Newer { have, know: newest(&POSTGRES) });
            }
            _ => {}
        }
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
    ours(&path).await?;
    // What only reads sets no journal mode: that would be a write, and a copy that was just restored has another.
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        // `keep_log_short` empties the write-ahead log beside the writer, which otherwise stalls everybody who waits
        // for it. Only what that has not managed at 65,536 pages (256 MB) the writer does itself; afterwards the file
        // shrinks again.
        .pragma("wal_autocheckpoint", "65536")
        .pragma("journal_size_limit", "67108864")
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(5));
    if mode == Mode::Serve {
        for_its_owner_only(&path)?;
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_millis(1_500))
            .after_release(|c, _| Box::pin(usable(c)))
            .connect_with(
                // 16 MB: the incidents and logs that a storm moves, instead of reading them again for each commit. And
                // what a statement may have to take back stays in memory, instead of in a file of its own.
                options
                    .clone()
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .pragma("cache_size", "-16000")
                    .pragma("temp_store", "MEMORY"),
            )
            .await?;
        migrate(SQLITE.run(&write).await, &SQLITE)?;
        let read = readers(options).await?;
        return Ok((Store::Lite { read, write }, lock));
    }
    let read = readers(options).await?;
    newer(&read).await?;
    Ok((Store::Lite { write: read.clone(), read }, lock))
}

/// A new database is made readable by its owner only: private incidents are in it. SQLite gives its logs the same mode.
fn for_its_owner_only(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::OpenOptionsExt;
    match File::options().create_new(true).write(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => {
            Err(OpenError::Failed(Fault::new(crate::fault::FaultKind::Unavailable, format!("{}: {e}", path.display()))))
        }
    }
}

/// Refuses a file that is no database of ours, before anything is written to it. One that is not there, or is empty,
/// may become ours.
pub async fn ours(path: &Path) -> Result<(), OpenError> {
    if std::fs::metadata(path).map_or(0, |m| m.len()) == 0 {
        return Ok(());
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(5));
    const SQL: &str =
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE name = '_sqlx_migrations') FROM sqlite_master WHERE type = 'table'";
    let looked = async {
        let mut c = SqliteConnection::connect_with(&options).await?;
        let tables: (i64, i64) = sqlx::query_as(SQL).fetch_one(&mut c).await?;
        c.close().await?;
        Ok::<(i64, i64), sqlx::Error>(tables)
    };
    match looked.await {
        Ok((0, _) | (_, 1..)) => Ok(()),
        Ok(_) => Err(OpenError::NotOurs { path: path.to_path_buf() }),
        // A first start was killed in the middle of a write, which whoever may write takes back.
        Err(e) if e.as_database_error().and_then(|d| d.code()).as_deref() == Some("776") => Ok(()),
        Err(e) => Err(unreadable(path, e)),
    }
}

/// Whether a connection is out of its transaction. On a full disk SQLite rolls back by itself, the driver's own ROLLBACK
/// then fails, and the connection counts as being in a transaction for ever: it is closed, and a new one opened.
async fn usable(c: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if c.is_in_transaction() {
        c.ping().await?; // behind a rollback that waits for its turn
    }
    Ok(!c.is_in_transaction())
}

/// SQLite's NOTADB and CORRUPT mean the file, everything else the attempt.
fn unreadable(path: &Path, e: sqlx::Error) -> OpenError {
    let code = e.as_database_error().and_then(|d| d.code()).and_then(|c| c.parse::<i64>().ok());
    match code.map(|c| c & 0xff) {
        Some(26 | 11) => OpenError::NotOurs { path: path.to_path_buf() },
        _ => e.into(),
    }
}

/// The newest migration that a Postgres database has had; `None` where there was none.
async fn have_postgres(options: &PgConnectOptions, url: &str) -> Result<Option<i64>, OpenError> {
    const THERE: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    const NEWEST: &str = "SELECT MAX(version) FROM _sqlx_migrations";
    let looked = async {
        let mut c = PgConnection::connect_with(options).await?;
        let there: bool = sqlx::query_scalar(THERE).fetch_one(&mut c).await?;
        let newest = match there {
            true => sqlx::query_scalar(NEWEST).fetch_one(&mut c).await?,
            false => None,
        };
        c.close().await?;
        Ok::<Option<i64>, sqlx::Error>(newest)
    };
    let why = match tokio::time::timeout(CONNECT, looked).await {
        Ok(Ok(newest)) => return Ok(newest),
        Ok(Err(sqlx::Error::Database(e))) => e.message().to_string(),
        Ok(Err(e)) => e.to_string(),
        Err(_) => format!("no answer within {} s", CONNECT.as_secs()),
    };
    Err(OpenError::Unreachable { url: url.to_string(), why })
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
