//! One connection to a MySQL or MariaDB server: made from what the configuration says and nothing else, told its limits
//! before anything is asked, and ended at the server when nobody waits for it any more.

use crate::exec::database::server::{At, Encrypted, Server};
use crate::exec::database::{Failed, cause, trust};
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlColumn, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions, Connection, Either, Executor, Row, SqlSafeStr, TypeInfo};
use std::time::Duration;

pub struct Link {
    conn: MySqlConnection,
    pub id: u64,
    pub version: String,
}

/// Errors of the server by which it says that the limit it was told was reached.
const TOO_LONG: [u16; 2] = [1969, 3024];
/// That it goes away, or that somebody ended the session.
const LOST: [u16; 5] = [1053, 1077, 1079, 1317, 1927];
/// That a statement cannot be looked at before it runs.
const UNPREPARED: u16 = 1295;

pub async fn connect(server: &Server, database: Option<&str>, time: Duration, read_only: bool) -> Result<Link, Failed> {
    // What the library would make of a file that it cannot use names no key.
    if server.ca_file.is_some() {
        trust::authorities(server).await.map_err(Failed::Unreached)?;
    }
    let conn = options(server, database).connect().await.map_err(|e| unreached(server, &e))?;
    let mut link = Link { conn, id: 0, version: String::new() };
    let told = async {
        let row = link.first("SELECT VERSION(), CONNECTION_ID()").await?;
        let mut cells = row.into_iter().flatten();
        link.version = cells.next().unwrap_or_default();
        link.id = cells.next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let (s, ms) = (time.as_secs().max(1), time.as_millis().max(1));
        let limit = match link.version.contains("MariaDB") {
            true => format!("max_statement_time = {}.{:03}", ms / 1000, ms % 1000),
            false => format!("max_execution_time = {ms}"),
        };
        link.done(&format!("SET SESSION {limit}, lock_wait_timeout = {s}, innodb_lock_wait_timeout = {s}")).await?;
        // For every transaction of the session, also one that a statement would begin by itself.
        let may = if read_only { "READ ONLY" } else { "READ WRITE" };
        link.done(&format!("SET SESSION TRANSACTION {may}")).await
    };
    told.await.map_err(|e| Failed::Unreached(format!("{}: {}", server.shown(), e.sentence())))?;
    Ok(link)
}

fn options(server: &Server, database: Option<&str>) -> MySqlConnectOptions {
    let mode = match server.encrypted {
        Encrypted::Never => MySqlSslMode::Disabled,
        Encrypted::Preferred => MySqlSslMode::Preferred,
        Encrypted::Required => MySqlSslMode::Required,
        Encrypted::Verified => MySqlSslMode::VerifyIdentity,
    };
    let mut options = MySqlConnectOptions::new()
        .username(server.user.as_deref().unwrap_or("root"))
        .ssl_mode(mode)
        // As the client prints it: nothing of the session is otherwise than the server has it.
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .disable_statement_logging();
    if let Some(password) = &server.password {
        options = options.password(password.expose_secret());
    }
    if let Some(database) = database {
        options = options.database(database);
    }
    if let Some(file) = &server.ca_file {
        options = options.ssl_ca(file);
    }
    match &server.at {
        At::Tcp(host, port) => options.host(host).port(*port),
        At::Socket(path) => options.socket(path),
    }
}

/// What a statement answers, piece by piece.
pub enum Piece {
    /// Names, each with whether it is a number, and the cells.
    Row(Vec<(String, bool)>, Vec<Option<String>>),
    /// The end of one answer: how many rows were touched.
    End(u64),
}

impl Link {
    /// The server refuses a text that is more than one statement here. Some statements it cannot look at before.
    pub async fn prepare(&mut self, text: &str) -> Result<(), Failed> {
        match self.conn.prepare(AssertSqlSafe(text).into_sql_str()).await {
            Ok(_) => Ok(()),
            Err(error) if number(&error) == Some(UNPREPARED) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Runs it and hands over each piece. `false`: no more is wanted.
    pub async fn pieces(&mut self, text: &str, take: &mut (dyn FnMut(Piece) -> bool + Send)) -> Result<bool, Failed> {
        let mut answers = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(&mut self.conn);
        while let Some(answer) = answers.try_next().await.map_err(|e| failed(&e))? {
            let wanted = match answer {
                Either::Left(done) => take(Piece::End(done.rows_affected())),
                Either::Right(row) => take(Piece::Row(row.columns().iter().map(column).collect(), cells(&row))),
            };
            if !wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// For statements of ours whose answer is nothing.
    pub async fn done(&mut self, text: &str) -> Result<(), Failed> {
        self.pieces(text, &mut |_| true).await.map(|_| ())
    }

    pub async fn all(&mut self, text: &str) -> Result<Vec<Vec<Option<String>>>, Failed> {
        let mut rows = Vec::new();
        let mut take = |piece: Piece| {
            if let Piece::Row(_, row) = piece {
                rows.push(row);
            }
            true
        };
        self.pieces(text, &mut take).await?;
        Ok(rows)
    }

    pub async fn first(&mut self, text: &str) -> Result<Vec<Option<String>>, Failed> {
        Ok(self.all(text).await?.into_iter().next().unwrap_or_default())
    }

    pub async fn one(&mut self, text: &str) -> Result<Option<String>, Failed> {
        Ok(self.first(text).await?.into_iter().next().flatten())
    }

    pub async fn close(self) {
        self.conn.close().await.ok();
    }
}

/// Ends the connection of that number and says whether it is gone.
pub async fn end(server: &Server, id: u64, time: Duration) -> bool {
    if id == 0 {
        return false;
    }
    let work = async {
        let mut link = connect(server, None, time, true).await.ok()?;
        // Gone already: that is what is wanted.
        link.done(&format!("KILL CONNECTION {id}")).await.ok();
        loop {
            let left = format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id}");
            if link.one(&left).await.ok()?.as_deref() == Some("0") {
                link.close().await;
                return Some(());
            }
            link.done("DO SLEEP(0.02)").await.ok()?;
        }
    };
    tokio::time::timeout(time, work).await.is_ok_and(|gone| gone.is_some())
}

fn column(column: &MySqlColumn) -> (String, bool) {
    let kind = column.type_info().name();
    let number = ["INT", "DECIMAL", "DOUBLE", "FLOAT", "YEAR", "BOOLEAN"].iter().any(|n| kind.contains(n));
    (column.name().to_string(), number)
}

fn cells(row: &MySqlRow) -> Vec<Option<String>> {
    let cell = |at: usize| {
        let bytes = row.try_get_unchecked::<Option<&[u8]>, _>(at).ok().flatten()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    (0..row.columns().len()).map(cell).collect()
}

fn number(error: &sqlx::Error) -> Option<u16> {
    let sqlx::Error::Database(said) = error else { return None };
    said.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

fn unreached(server: &Server, error: &sqlx::Error) -> Failed {
    let at = server.shown();
    Failed::Unreached(match error {
        sqlx::Error::Database(said) => match number(error) {
            Some(1044 | 1045 | 1698) => format!("{at} does not let us in: {}", said.message()),
            _ => format!("{at} refuses: {}", said.message()),
        },
        sqlx::Error::Tls(why) if why.to_string().contains("does not support TLS") => trust::unencrypted(server),
        other => trust::trouble(server, other).unwrap_or_else(|| format!("{at} cannot be reached: {}", cause(other))),
    })
}

/// As the program prints it.
fn failed(error: &sqlx::Error) -> Failed {
    match (error, number(error)) {
        (sqlx::Error::Database(said), Some(number)) => {
            let state = said.code().map_or(String::new(), |s| format!(" ({s})"));
            let text = format!("ERROR {number}{state}: {}", said.message());
            match number {
                n if TOO_LONG.contains(&n) => Failed::TooLong(text),
                n if LOST.contains(&n) => Failed::Lost(text),
                _ => Failed::Said(text),
            }
        }
        (sqlx::Error::Io(_) | sqlx::Error::Tls(_), _) => {
            Failed::Lost(format!("The connection was lost: {}", cause(error)))
        }
        (other, _) => Failed::Said(format!("ERROR: {}", cause(other))),
    }
}
