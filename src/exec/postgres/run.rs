//! Carries out the units of a psql command, one transaction each. What only reads does so in a read-only transaction that
//! is taken back at its end, whatever its text says; a statement that cannot run in a transaction runs by itself.

use super::asked::{Asked, Does, Unit};
use super::link::{self, Link};
use crate::exec::database::grid::{Column, Grid};
use crate::exec::database::said::Said;
use crate::exec::database::server::Server;
use crate::exec::database::statements::Statement;
use crate::exec::database::{Failed, Phase};
use std::time::Duration;

/// Times the bytes of output that rows may take before they are printed: a table is wider than its cells.
const BEFORE_PRINTING: usize = 2;

/// What is known of a call while it is under way, and after somebody stopped waiting for it.
pub struct Work {
    pub phase: Phase,
    pub pid: i32,
    /// Of the transaction that is open or being committed, once it has one.
    pub xid: Option<String>,
    /// Of the server, since when it has run: after a crash it may give a number of a transaction again.
    pub since: Option<String>,
    pub database: Option<String>,
    pub alone: Option<String>,
}

pub const SINCE: &str = "SELECT pg_catalog.pg_postmaster_start_time()";

pub struct Bounds {
    pub time: Duration,
    pub bytes: usize,
    pub changes: bool,
}

pub async fn run(
    server: &Server,
    asked: &Asked,
    bounds: &Bounds,
    work: &mut Work,
    said: &mut Said,
) -> Result<(), Failed> {
    let mut link = link::connect(server, work.database.as_deref(), bounds.time, !bounds.changes).await?;
    (work.pid, work.phase) = (link.pid, Phase::Looking);
    let units = match &asked.does {
        Does::Ready => {
            said.line(&format!("{} - accepting connections", server.shown()));
            said.reading("accepting connections", 1.0, "");
            &[]
        }
        Does::Units(units) => &units[..],
    };
    for unit in units {
        let done = match (bounds.changes, unit.alone) {
            (false, _) => reading(&mut link, unit, asked, bounds, said).await,
            (true, true) => alone(&mut link, unit, asked, bounds, work, said).await,
            (true, false) => transaction(&mut link, unit, asked, bounds, work, said).await,
        };
        match done {
            Ok(true) => {}
            // More than can be shown: the rest is not fetched.
            Ok(false) => {
                said.note("more rows than can be shown: the rest was not read");
                drop(link);
                link::end(server, work.database.as_deref(), work.pid, crate::exec::database::LAST_LOOK).await;
                return Ok(());
            }
            Err(Failed::Said(why)) => {
                said.err(&why);
                said.code = 1;
                // What comes after it was written for what would have come of it.
                break;
            }
            Err(failed) => return Err(failed),
        }
    }
    link.close().await;
    Ok(())
}

/// Nothing of it stays: the transaction is read-only from its first statement, which also fixes that, and is taken back.
async fn reading(
    link: &mut Link,
    unit: &Unit,
    asked: &Asked,
    bounds: &Bounds,
    said: &mut Said,
) -> Result<bool, Failed> {
    link.done("BEGIN READ ONLY").await?;
    // After a first query nobody can make the transaction one that writes.
    link.done("SELECT 1").await?;
    for statement in &unit.statements {
        match one(link, statement, asked, bounds, said).await {
            Ok(true) => {}
            Err(Failed::Said(why)) => {
                link.done("ROLLBACK").await?;
                return Err(Failed::Said(why));
            }
            other => return other,
        }
    }
    link.done("ROLLBACK").await?;
    Ok(true)
}

async fn transaction(
    link: &mut Link,
    unit: &Unit,
    asked: &Asked,
    bounds: &Bounds,
    work: &mut Work,
    said: &mut Said,
) -> Result<bool, Failed> {
    link.done("BEGIN READ WRITE").await?;
    (work.phase, work.xid) = (Phase::Open, None);
    for statement in &unit.statements {
        if let Err(failed) = one(link, statement, asked, bounds, said).await {
            if let Failed::Said(_) = failed {
                link.done("ROLLBACK").await?;
                work.phase = Phase::Looking;
                said.note("rolled back: nothing of it was changed");
            }
            return Err(failed);
        }
    }
    if unit.back {
        link.done("ROLLBACK").await?;
    } else {
        work.xid = link.one("SELECT pg_catalog.txid_current_if_assigned()").await?;
        work.since = link.one(SINCE).await?;
        work.phase = Phase::Committing;
        if let Err(failed) = link.done("COMMIT").await {
            if let Failed::Said(_) = failed {
                work.phase = Phase::Looking;
                said.note("rolled back: nothing of it was changed");
            }
            return Err(failed);
        }
    }
    (work.phase, work.xid) = (Phase::Looking, None);
    Ok(true)
}

async fn alone(
    link: &mut Link,
    unit: &Unit,
    asked: &Asked,
    bounds: &Bounds,
    work: &mut Work,
    said: &mut Said,
) -> Result<bool, Failed> {
    for statement in &unit.statements {
        work.phase = Phase::Alone;
        work.alone = Some(statement.words.iter().take(2).map(|w| w.text.as_str()).collect::<Vec<_>>().join(" "));
        one(link, statement, asked, bounds, said).await?;
        work.phase = Phase::Looking;
    }
    Ok(true)
}

/// One statement and what it answers. `false`: there is more than is kept, and the rest was not read.
async fn one(
    link: &mut Link,
    statement: &Statement,
    asked: &Asked,
    bounds: &Bounds,
    said: &mut Said,
) -> Result<bool, Failed> {
    let columns = link.prepare(&statement.text).await?;
    let columns: Vec<Column> = columns.into_iter().map(|(name, number)| Column { name, number }).collect();
    let answers = !columns.is_empty();
    let mut grid = Grid::new(columns, bounds.bytes * BEFORE_PRINTING);
    let mut touched = 0;
    let mut take = |row: Result<Vec<Option<String>>, u64>| match row {
        Err(rows) => {
            touched += rows;
            true
        }
        // What changes something is carried out to its end, whatever it answers.
        Ok(row) => grid.push(row) || bounds.changes,
    };
    let whole = link.rows(&statement.text, &mut take).await?;
    if answers {
        said.print(&asked.show.print(&grid));
        grid.readings(crate::exec::database::about(statement), said);
        said.dropped += grid.more_bytes;
    }
    if !answers || !matches!(statement.first(), "SELECT" | "WITH" | "TABLE" | "VALUES" | "SHOW" | "EXPLAIN") {
        let tag = tag(statement, touched);
        if !tag.is_empty() {
            said.line(&tag);
        }
        if touched > 0 {
            said.reading("rows", touched as f64, "");
        }
    }
    Ok(whole)
}

/// What psql prints of a statement without rows. The server says it too, in a form that does not reach us.
fn tag(statement: &Statement, touched: u64) -> String {
    let plain: Vec<&str> =
        statement.words.iter().filter(|w| !w.quoted && w.depth == 0).map(|w| w.text.as_str()).collect();
    let first = plain.first().copied().unwrap_or_default();
    let verb = match first {
        "WITH" => plain
            .iter()
            .rev()
            .find(|w| ["INSERT", "UPDATE", "DELETE", "MERGE"].contains(w))
            .copied()
            .unwrap_or("SELECT"),
        first => first,
    };
    let skipped =
        ["OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE", "GLOBAL", "LOCAL", "RECURSIVE", "CONCURRENTLY"];
    match verb {
        "INSERT" => format!("INSERT 0 {touched}"),
        "UPDATE" | "DELETE" | "MERGE" => format!("{verb} {touched}"),
        "SELECT" => format!("SELECT {touched}"),
        "CREATE" if plain.contains(&"AS") && plain.contains(&"SELECT") && plain.contains(&"TABLE") => {
            format!("SELECT {touched}")
        }
        "CREATE" | "ALTER" | "DROP" => {
            let what: Vec<&str> = plain.iter().skip(1).filter(|w| !skipped.contains(w)).take(2).copied().collect();
            match &what[..] {
                ["MATERIALIZED", next] => format!("{verb} MATERIALIZED {next}"),
                [what, ..] => format!("{verb} {what}"),
                [] => verb.to_string(),
            }
        }
        "TRUNCATE" => "TRUNCATE TABLE".to_string(),
        "REFRESH" => "REFRESH MATERIALIZED VIEW".to_string(),
        "LOCK" => "LOCK TABLE".to_string(),
        verb => verb.to_string(),
    }
}
