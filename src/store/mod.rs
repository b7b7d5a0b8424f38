//! The store: SQLite (embedded) or Postgres behind one interface. Nobody outside this folder sees a row or an SQL
//! word. SQL is written once with `$n` for both; where they differ (locks, opening) the difference is named.
//! SQL never asks what time it is.

mod answers;
mod batch;
mod checkpoints;
mod copies;
mod digest;
mod facts;
mod figures;
mod open;
mod operations;
mod reads;
mod rebuild;
mod rights;
mod runs;
mod sql;
mod workspaces;

pub use batch::{Batch, Loaded, Written, event_row};
pub use checkpoints::{Checkpoint, Head, RawEvent};
pub use copies::{copy_to, inspect, settle};
pub use digest::ToldRow;
pub use facts::FactsKept;
pub use figures::Figures;
pub use open::{Lock, Mode, OpenError, lock, open, ours, sqlite_path, without_password};
pub use operations::Operations;
pub use reads::{DueIntent, FailedIntent, IncidentRow, OutboxDepth};
pub use rights::{Ended, Ending, Right, SESSION_ENDED, SessionRow};
pub use runs::{KeptFile, RunOutput};
pub use workspaces::{Installation, Workspace};

use crate::fault::{Fault, FaultKind};
use sqlx::{PgPool, SqlitePool};

#[derive(Clone, Debug)]
pub enum Store {
    /// `read` has several connections, `write` exactly one.
    Lite {
        read: SqlitePool,
        write: SqlitePool,
    },
    Pg(PgPool),
}

/// A transaction of either database.
pub enum Tx {
    Lite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Pg(sqlx::Transaction<'static, sqlx::Postgres>),
}

/// Runs one expression on whichever database it is: `$c` is the connection or pool.
macro_rules! on_tx {
    ($tx:expr, |$c:ident| $body:expr) => {
        match $tx {
            $crate::store::Tx::Lite(t) => {
                let $c = &mut **t;
                $body
            }
            $crate::store::Tx::Pg(t) => {
                let $c = &mut **t;
                $body
            }
        }
    };
}
macro_rules! on_read {
    ($store:expr, |$c:ident| $body:expr) => {
        match $store {
            $crate::store::Store::Lite { read, .. } => {
                let $c = read;
                $body
            }
            $crate::store::Store::Pg(pool) => {
                let $c = pool;
                $body
            }
        }
    };
}
pub(crate) use {on_read, on_tx};

impl Store {
    pub fn is_postgres(&self) -> bool {
        matches!(self, Store::Pg(_))
    }

    /// Begins a transaction that will write. On SQLite it takes the write lock at once: a transaction that reads
    /// first and upgrades later fails with BUSY_SNAPSHOT, and no waiting helps.
    pub async fn begin(&self) -> Result<Tx, Fault> {
        match self {
            Store::Lite { write, .. } => Ok(Tx::Lite(write.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?)),
            Store::Pg(pool) => Ok(Tx::Pg(pool.begin().await.map_err(fault)?)),
        }
    }

    pub async fn close(&self) {
        match self {
            Store::Lite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Store::Pg(pool) => pool.close().await,
        }
    }
}

impl Tx {
    pub async fn commit(self) -> Result<(), Fault> {
        match self {
            Tx::Lite(t) => t.commit().await.map_err(fault),
            // A lost connection during COMMIT leaves it open whether it happened.
            Tx::Pg(t) => t.commit().await.map_err(|e| match fault(e) {
                f if f.kind == FaultKind::Unavailable => Fault::new(FaultKind::Unknown, f.chain),
                f => f,
            }),
        }
    }
}

/// Sorts a database error by what it means for a person.
pub(crate) fn fault(error: sqlx::Error) -> Fault {
    let kind = match &error {
        sqlx::Error::Io(e) if e.kind() == std::io::ErrorKind::StorageFull => FaultKind::Full,
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_) => FaultKind::Unavailable,
        sqlx::Error::Database(db) => {
            let code = db.code().unwrap_or_default().to_string();
            match code.as_str() {
                // SQLite: FULL (13) and IOERR with its extended codes; Postgres: disk_full, insufficient_resources.
                "13" | "53100" | "53000" | "53200" => FaultKind::Full,
                "53300" | "57P01" | "57P02" | "57P03" | "08000" | "08003" | "08006" | "5" | "6" | "261" | "517" => {
                    FaultKind::Unavailable
                }
                // Serialization failure and deadlock: the same again works.
                "40001" | "40P01" => FaultKind::Unavailable,
                c if c.parse::<i64>().is_ok_and(|n| n & 0xff == 10) => FaultKind::Unavailable,
                _ => FaultKind::Bug,
            }
        }
        _ => FaultKind::Bug,
    };
    Fault::new(kind, format!("database: {error}"))
}
