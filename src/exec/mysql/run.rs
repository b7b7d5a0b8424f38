//! Carries out the statements of a mysql command one after the other, as the client does: each takes effect by itself
//! unless the text opens a transaction. What only reads does so in a read-only transaction that is taken back at its end.

use super::asked::{Asked, Does};
use super::link::{self, Link, Piece};
use crate::exec::database::grid::{Column, Grid, Mysql};
use crate::exec::database::said::Said;
use crate::exec::database::server::Server;
use crate::exec::database::statements::Statement;
use crate::exec::database::{Failed, LAST_LOOK, Phase};
use std::time::Duration;

/// Times the bytes of output that rows may take before they are printed: a table is wider than its cells.
const BEFORE_PRINTING: usize = 2;

/// What is known of a call while it is under way, and after somebody stopped waiting for it.
pub struct Work {
    pub phase: Phase,
    pub id: u64,
    pub database: Option<String>,
    /// The statement that is under way.
    pub what: String,
}

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
    (work.id, work.phase) = (link.id, Phase::Looking);
    let whole = match &asked.does {
        Does::Ping => {
            said.line("mysqld is alive");
            said.reading("accepting connections", 1.0, "");
            Ok(true)
        }
        Does::Check { verb, databases, tables } => {
            check(&mut link, verb, databases.as_deref(), tables, work, said).await.map(|()| true)
        }
        Does::Statements(statements) if bounds.changes => {
            changing(&mut link, statements, asked, bounds, work, said).await.map(|()| true)
        }
        Does::Statements(statements) => reading(&mut link, statements, asked, bounds, said).await,
    };
    match whole {
        Ok(true) => link.close().await,
        Ok(false) => {
            said.note("more rows than can be shown: the rest was not read");
            drop(link);
            link::end(server, work.id, LAST_LOOK).await;
        }
        Err(failed) => return Err(failed),
    }
    Ok(())
}

async fn reading(
    link: &mut Link,
    statements: &[Statement],
    asked: &Asked,
    bounds: &Bounds,
    said: &mut Said,
) -> Result<bool, Failed> {
    link.done("START TRANSACTION READ ONLY").await?;
    for statement in statements {
        link.prepare(&statement.text).await?;
        if !one(link, statement, asked, bounds, said).await? {
            return Ok(false);
        }
    }
    link.done("ROLLBACK").await?;
    Ok(true)
}

async fn changing(
    link: &mut Link,
    statements: &[Statement],
    asked: &Asked,
    bounds: &Bounds,
    work: &mut Work,
    said: &mut Said,
) -> Result<(), Failed> {
    let mut open = false;
    for statement in statements {
        link.prepare(&statement.text).await?;
        let first = statement.first();
        work.what = statement.words.iter().take(2).map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        open = open || first == "BEGIN" || statement.begins(&["START", "TRANSACTION"]);
        let rows = ["BEGIN", "START", "INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "SET", "ROLLBACK"];
        work.phase = match () {
            () if open && rows.contains(&first) => Phase::Open,
            // It ends a transaction by itself, as DDL does, or stands alone.
            () => Phase::Alone,
        };
        one(link, statement, asked, bounds, said).await?;
        open = open && work.phase == Phase::Open && first != "ROLLBACK";
        if !open {
            work.phase = Phase::Looking;
        }
    }
    if open {
        said.note("the text opens a transaction and does not commit it: nothing of it stays");
    }
    Ok(())
}

/// One statement and what it answers. `false`: there is more than is kept, and the rest was not read.
async fn one(
    link: &mut Link,
    statement: &Statement,
    asked: &Asked,
    bounds: &Bounds,
    said: &mut Said,
) -> Result<bool, Failed> {
    let mut grids: Vec<Grid> = Vec::new();
    let (mut current, mut touched): (Option<Grid>, Option<u64>) = (None, None);
    let mut take = |piece: Piece| match piece {
        Piece::Row(columns, row) => {
            let columns = || columns.into_iter().map(|(name, number)| Column { name, number }).collect();
            let grid = current.get_or_insert_with(|| Grid::new(columns(), bounds.bytes * BEFORE_PRINTING));
            // What changes something is carried out to its end, whatever it answers.
            grid.push(row) || bounds.changes
        }
        Piece::End(rows) => {
            touched = Some(touched.unwrap_or(0) + rows);
            grids.extend(current.take());
            true
        }
    };
    let whole = link.pieces(&statement.text, &mut take).await?;
    grids.extend(current);
    let show = Mysql { vertical: asked.show.vertical || statement.vertical, ..asked.show };
    for grid in &grids {
        said.print(&show.print(grid));
        grid.readings(crate::exec::database::about(statement), said);
        said.dropped += grid.more_bytes;
    }
    let reads = ["SELECT", "SHOW", "WITH", "DESC", "DESCRIBE", "EXPLAIN", "TABLE", "VALUES", "USE", "CHECKSUM", "HELP"];
    if let (Some(rows), true) = (touched, grids.is_empty() && !reads.contains(&statement.first())) {
        if !asked.show.batch {
            let row = if rows == 1 { "row" } else { "rows" };
            said.line(&format!("Query OK, {rows} {row} affected"));
        }
        said.reading("rows", rows as f64, "");
    }
    Ok(whole)
}

/// As mysqlcheck does: each table by itself, and what the server says of it.
async fn check(
    link: &mut Link,
    verb: &str,
    databases: Option<&[String]>,
    tables: &[String],
    work: &mut Work,
    said: &mut Said,
) -> Result<(), Failed> {
    let mut bad = 0;
    for (database, table) in found(link, databases, tables).await? {
        (work.phase, work.what) = (Phase::Alone, format!("{verb} TABLE {database}.{table}"));
        let answers = link.all(&format!("{verb} TABLE {}.{}", quoted(&database), quoted(&table))).await?;
        work.phase = Phase::Looking;
        let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let name = format!("{database}.{table}");
        match &answers[..] {
            [row] if cell(row, 2) == "status" => said.line(&format!("{name:<50} {}", cell(row, 3))),
            rows => {
                said.line(&name);
                rows.iter().for_each(|row| said.line(&format!("{:<8} : {}", cell(row, 2), cell(row, 3))));
            }
        }
        bad += answers.iter().filter(|row| cell(row, 2).eq_ignore_ascii_case("error")).count();
    }
    said.reading("tables with errors", bad as f64, "");
    said.code = i32::from(bad > 0);
    Ok(())
}

/// Tables of these databases, or of all that are no part of the server itself.
pub async fn found(
    link: &mut Link,
    databases: Option<&[String]>,
    tables: &[String],
) -> Result<Vec<(String, String)>, Failed> {
    let own = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' \
        AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'sys') ORDER BY 1, 2";
    let all = link.all(own).await?.into_iter().filter_map(|row| {
        let mut cells = row.into_iter().flatten();
        Some((cells.next()?, cells.next()?))
    });
    let asked = |(database, table): &(String, String)| {
        databases.is_none_or(|d| d.contains(database)) && (tables.is_empty() || tables.contains(table))
    };
    Ok(all.filter(asked).collect())
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
