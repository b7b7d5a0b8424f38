//! What a psql command would do: the statements as they would be sent, and how many rows they would touch, counted in a
//! read-only transaction. Changes nothing.

use super::asked::{Does, Unit};
use super::link::{self, Link};
use super::{Ready, changes};
use crate::engine::ports::execute::{Call, Cannot, Plan};
use crate::exec::database::counting::counting;
use crate::exec::database::statements::Statement;
use crate::exec::database::{Failed, LAST_LOOK};
use std::time::Duration;

/// Statements of which rows are counted.
const COUNTED_MAX: usize = 10;
/// For counting: a person waits.
const COUNT: Duration = Duration::from_secs(4);

pub(super) async fn plan(ready: &Ready, call: &Call) -> Result<Plan, Cannot> {
    let Ready { server, asked, database } = ready;
    let place = match database {
        Some(database) => format!("{}/{database}", server.shown()),
        None => server.shown(),
    };
    let does = match &asked.does {
        Does::Ready => "connect".to_string(),
        Does::Units(units) => units.iter().map(|u| native(u, changes(call))).collect::<Vec<_>>().join("; "),
    };
    let does = format!("{does} on {place} within {} s", call.bounds.time.as_secs());
    let mut finds = Vec::new();
    let look = async {
        let mut link = link::connect(server, database.as_deref(), COUNT, true).await?;
        let version = link.one("SHOW server_version").await?.unwrap_or_default();
        finds.push(format!("PostgreSQL {version} at {place}"));
        if let (Does::Units(units), true) = (&asked.does, changes(call)) {
            for statement in units.iter().flat_map(|u| &u.statements).take(COUNTED_MAX) {
                finds.extend(rows(&mut link, statement).await?);
            }
        }
        link.close().await;
        Ok::<_, Failed>(())
    };
    match tokio::time::timeout(call.bounds.time.min(2 * LAST_LOOK), look).await {
        Ok(Ok(())) => {}
        Ok(Err(Failed::Unreached(why))) => return Err(Cannot(server.secrets.hide(&why))),
        Ok(Err(failed)) => finds.push(format!("It could not be looked at: {}", failed.sentence())),
        Err(_) => return Err(Cannot(format!("{} did not answer in time", server.shown()))),
    }
    let finds = finds.iter().map(|f| server.secrets.hide(f)).collect();
    Ok(Plan { does: server.secrets.hide(&does), native: true, finds })
}

fn native(unit: &Unit, changes: bool) -> String {
    let texts = unit.statements.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("; ");
    match (changes, unit.alone, unit.back) {
        (false, ..) => format!("BEGIN READ ONLY; {texts}; ROLLBACK"),
        (true, true, _) => texts,
        (true, false, true) => format!("BEGIN; {texts}; ROLLBACK"),
        (true, false, false) => format!("BEGIN; {texts}; COMMIT"),
    }
}

/// The rows that a statement would touch: counted, else as the planner estimates.
async fn rows(link: &mut Link, statement: &Statement) -> Result<Option<String>, Failed> {
    let what = match statement.first() {
        verb @ ("UPDATE" | "DELETE" | "TRUNCATE" | "WITH" | "INSERT" | "MERGE") => verb,
        "DROP" if statement.begins(&["DROP", "TABLE"]) => "DROP TABLE",
        _ => return Ok(None),
    };
    if let Some(query) = counting(statement) {
        link.done("BEGIN READ ONLY").await?;
        // A text that is more than one statement is no query to count by.
        let counted = match link.prepare(&query).await {
            Ok(_) => link.one(&query).await,
            Err(failed) => Err(failed),
        };
        link.done("ROLLBACK").await?;
        match counted {
            Ok(count) => return Ok(Some(format!("{what}: {} rows as it is now", count.unwrap_or("0".to_string())))),
            Err(Failed::Said(_) | Failed::TooLong(_)) => {}
            Err(failed) => return Err(failed),
        }
    }
    let explain = format!("EXPLAIN {}", statement.text);
    link.done("BEGIN READ ONLY").await?;
    let explained = match link.prepare(&explain).await {
        Ok(_) => lines(link, &explain).await,
        Err(failed) => Err(failed),
    };
    link.done("ROLLBACK").await?;
    match explained {
        Ok(lines) => Ok(estimate(&lines).map(|rows| format!("{what}: about {rows} rows, as the server estimates"))),
        Err(Failed::Said(why)) => Ok(Some(format!("{what}: {}", why.lines().next().unwrap_or_default()))),
        Err(Failed::TooLong(_)) => Ok(None),
        Err(failed) => Err(failed),
    }
}

async fn lines(link: &mut Link, query: &str) -> Result<Vec<String>, Failed> {
    let mut lines = Vec::new();
    let mut take = |row: Result<Vec<Option<String>>, u64>| {
        lines.extend(row.ok().and_then(|r| r.into_iter().next().flatten()));
        lines.len() < 200
    };
    link.rows(query, &mut take).await?;
    Ok(lines)
}

/// Of the first node below the one that changes: that one itself answers no rows.
fn estimate(lines: &[String]) -> Option<u64> {
    let rows = |line: &String| {
        let (_, after) = line.split_once(" rows=")?;
        after.split_whitespace().next()?.parse::<u64>().ok()
    };
    lines.iter().filter_map(rows).find(|rows| *rows > 0).or(lines.iter().find_map(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_that_of_the_rows_below_the_change() {
        let lines = [
            "Delete on t  (cost=0.00..35.50 rows=0 width=0)",
            "  ->  Seq Scan on t  (cost=0.00..35.50 rows=2550 width=6)",
        ];
        assert_eq!(estimate(&lines.map(String::from)), Some(2550));
    }
}
