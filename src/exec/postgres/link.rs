//! One connection to a PostgreSQL server: made from what the configuration says and nothing else, told its limits before
//! anything is asked, and ended at the server when nobody waits for it any more. Makes no statement of its own that
//! changes anything but its own session.

use crate::exec::database::server::{At, Encrypted, Server};
use crate::exec::database::{Failed, cause, trust};
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgColumn, PgConnectOptions, PgConnection, PgDatabaseError, PgRow, PgSslMode};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions, Connection, Either, Executor, Row, SqlSafeStr, TypeInfo, ValueRef,
};
use std::time::Duration;

/// What the server shows others of us, and by which we find our own session there.
const NAME: &str = "firebell";

pub struct Link {
    conn: PgConnection,
    pub pid: i32,
}

/// What the server ended, and why: codes of SQLSTATE.
const CANCELLED: &str = "57014";

pub async fn connect(server: &Server, database: Option<&str>, time: Duration, read_only: bool) -> Result<Link, Failed> {
    // What the library would make of a file that it cannot use names no key.
    if server.ca_file.is_some() {
        trust::authorities(server).await.map_err(Failed::Unreached)?;
    }
    let conn = options(server, database).connect().await.map_err(|e| unreached(server, &e))?;
    let mut link = Link { conn, pid: 0 };
    let settings = format!(
        "SET statement_timeout = {ms}; SET idle_in_transaction_session_timeout = {idle}; \
         SET standard_conforming_strings = on; SET default_transaction_read_only = {read_only}; \
         SET client_min_messages = warning; SET datestyle = 'ISO, MDY'",
        ms = time.as_millis().max(1),
        idle = time.as_millis().max(1) + 10_000,
        read_only = if read_only { "on" } else { "off" },
    );
    let told = async {
        link.done(&settings).await?;
        link.one("SELECT pg_catalog.pg_backend_pid()").await
    };
    let pid = told.await.map_err(|e| Failed::Unreached(format!("{}: {}", server.shown(), e.sentence())))?;
    link.pid = pid.and_then(|p| p.parse().ok()).unwrap_or(0);
    Ok(link)
}

fn options(server: &Server, database: Option<&str>) -> PgConnectOptions {
    let mode = match server.encrypted {
        Encrypted::Never => PgSslMode::Disable,
        Encrypted::Preferred => PgSslMode::Prefer,
        Encrypted::Required => PgSslMode::Require,
        Encrypted::Verified => PgSslMode::VerifyFull,
    };
    let user = server.user.as_deref().unwrap_or("postgres");
    let password = server.password.as_ref().map_or("", |p| p.expose_secret());
    // Everything is set: what is not would be looked for in the environment.
    let mut options = PgConnectOptions::new_without_pgpass()
        .username(user)
        .password(password)
        .database(database.unwrap_or(user))
        .application_name(NAME)
        .ssl_mode(mode)
        .disable_statement_logging();
    if let Some(file) = &server.ca_file {
        options = options.ssl_root_cert(file);
    }
    match &server.at {
        At::Tcp(host, port) => options.host(host).port(*port),
        At::Socket(path) if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".s.PGSQL.")) => {
            options.socket(path.parent().unwrap_or(path)).port(port_of(path))
        }
        At::Socket(path) => options.socket(path).port(5432),
    }
}

/// `.s.PGSQL.5433`
fn port_of(path: &std::path::Path) -> u16 {
    path.extension().and_then(|p| p.to_str()).and_then(|p| p.parse().ok()).unwrap_or(5432)
}

/// Whether a row is still wanted.
pub type Take<'a> = dyn FnMut(Result<Vec<Option<String>>, u64>) -> bool + Send + 'a;

impl Link {
    /// Columns of what the statement answers, each with whether it is a number; the server refuses a text that is more
    /// than one statement here.
    pub async fn prepare(&mut self, text: &str) -> Result<Vec<(String, bool)>, Failed> {
        let prepared = self.conn.prepare(AssertSqlSafe(text).into_sql_str()).await.map_err(|e| failed(&e))?;
        use sqlx::Statement;
        Ok(prepared.columns().iter().map(column).collect())
    }

    /// Runs it and hands over each row, then how many rows it touched. `false`: no more is wanted.
    pub async fn rows(&mut self, text: &str, take: &mut Take<'_>) -> Result<bool, Failed> {
        let mut answers = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(&mut self.conn);
        while let Some(answer) = answers.try_next().await.map_err(|e| failed(&e))? {
            let wanted = match answer {
                Either::Left(done) => take(Err(done.rows_affected())),
                Either::Right(row) => take(Ok(cells(&row))),
            };
            if !wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// For statements of ours whose answer is nothing.
    pub async fn done(&mut self, text: &str) -> Result<(), Failed> {
        self.rows(text, &mut |_| true).await.map(|_| ())
    }

    /// The first cell of the first row.
    pub async fn one(&mut self, text: &str) -> Result<Option<String>, Failed> {
        let mut found = None;
        let mut take = |row: Result<Vec<Option<String>>, u64>| {
            if let (Ok(row), None) = (row, &found) {
                found = row.into_iter().next().flatten();
            }
            true
        };
        self.rows(text, &mut take).await?;
        Ok(found)
    }

    pub async fn close(self) {
        self.conn.close().await.ok();
    }
}

/// Ends the session with that number, if it is ours, and says whether it is gone.
pub async fn end(server: &Server, database: Option<&str>, pid: i32, time: Duration) -> bool {
    if pid == 0 {
        return false;
    }
    let work = async {
        let mut link = connect(server, database, time, true).await.ok()?;
        let ours = format!("FROM pg_catalog.pg_stat_activity WHERE pid = {pid} AND application_name = '{NAME}'");
        link.done(&format!("SELECT pg_catalog.pg_terminate_backend(pid) {ours}")).await.ok()?;
        let mut gone = false;
        // The statement ends at its next look at its orders.
        while !gone {
            gone = link.one(&format!("SELECT count(*) {ours}")).await.ok()?.as_deref() == Some("0");
            if !gone {
                link.done("SELECT pg_catalog.pg_sleep(0.02)").await.ok()?;
            }
        }
        link.close().await;
        Some(true)
    };
    tokio::time::timeout(time, work).await.ok().flatten().unwrap_or(false)
}

fn column(column: &PgColumn) -> (String, bool) {
    const NUMBERS: [&str; 7] = ["INT2", "INT4", "INT8", "FLOAT4", "FLOAT8", "NUMERIC", "OID"];
    let kind = column.type_info().name();
    (column.name().to_string(), NUMBERS.contains(&kind) || ["MONEY", "XID", "CID", "xid8"].contains(&kind))
}

fn cells(row: &PgRow) -> Vec<Option<String>> {
    let cell = |at: usize| {
        let value = row.try_get_raw(at).ok().filter(|v| !v.is_null())?;
        value.as_bytes().ok().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    (0..row.columns().len()).map(cell).collect()
}

fn unreached(server: &Server, error: &sqlx::Error) -> Failed {
    let at = server.shown();
    Failed::Unreached(match error {
        sqlx::Error::Database(said) => match said.code().as_deref() {
            Some("28P01" | "28000") => format!("{at} does not let us in: {}", said.message()),
            _ => format!("{at} refuses: {}", said.message()),
        },
        sqlx::Error::Tls(why) if why.to_string().contains("does not support TLS") => trust::unencrypted(server),
        other => trust::trouble(server, other).unwrap_or_else(|| format!("{at} cannot be reached: {}", cause(other))),
    })
}

fn failed(error: &sqlx::Error) -> Failed {
    let sqlx::Error::Database(said) = error else {
        return match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) => {
                Failed::Lost(format!("The connection was lost: {}", cause(error)))
            }
            other => Failed::Said(format!("ERROR:  {}", cause(other))),
        };
    };
    let mut text = format!("ERROR:  {}", said.message());
    if let Some(said) = said.try_downcast_ref::<PgDatabaseError>() {
        for (name, more) in [("DETAIL", said.detail()), ("HINT", said.hint())] {
            if let Some(more) = more {
                text.push_str(&format!("\n{name}:  {more}"));
            }
        }
    }
    match said.code().as_deref() {
        Some(CANCELLED) if said.message().contains("timeout") => Failed::TooLong(text),
        // The server goes away, or an operator ends the session.
        Some("57P01" | "57P02" | "57P03" | "57P05" | "25P03") => Failed::Lost(text),
        _ => Failed::Said(text),
    }
}
