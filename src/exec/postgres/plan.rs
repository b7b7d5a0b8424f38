//! What a psql command would do: the statements as they would be sent, and how many rows they would touch, counted in a
//! read-only transaction. Changes nothing.

use super::asked::{Does, Unit};
use super::link::{self, Link};
use super::{Ready, changes};
use crate::engine::ports::execute::{Call, Cannot, Plan};
use crate::exec::database::statements::Statement;
use crate::exec::database::{Failed, LAST_LOOK};
use std::time::Duration;

/// Statements of which rows are counted.
const COUNTED_MAX: usize = 10;
/// For counting: a person waits.
const COUNT: Duration = Duration::from_secs(4);

pub(super) async fn plan(ready: &Ready<'_>, call: &Call) -> Result<Plan, Cannot> {
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

/// The query that counts what a plain UPDATE, DELETE, TRUNCATE or DROP TABLE would touch.
fn counting(statement: &Statement) -> Option<String> {
    let text = &statement.text;
    let word = |at: usize| statement.words.get(at).filter(|w| w.depth == 0);
    if statement.words.iter().any(|w| !w.quoted && w.depth == 0 && ["USING", "RETURNING", "CURRENT"].contains(&w.text.as_str())) {
        return None;
    }
    match statement.first() {
        "DELETE" => {
            let from = word(1).filter(|w| w.text == "FROM" && !w.quoted)?;
            Some(format!("SELECT count(*) FROM {}", &text[from.at.end..]))
        }
        "UPDATE" => {
            let (set, table) = (statement.top("SET")?, word(0)?);
            if statement.top("FROM").is_some() {
                return None;
            }
            let which = statement.top("WHERE").map_or("", |w| &text[w.at.start..]);
            Some(format!("SELECT count(*) FROM {} {which}", &text[table.at.end..set.at.start]))
        }
        "TRUNCATE" | "DROP" => {
            let skipped = ["TRUNCATE", "DROP", "TABLE", "ONLY", "IF", "EXISTS"];
            let begin = statement.words.iter().take_while(|w| !w.quoted && skipped.contains(&w.text.as_str())).last()?.at.end;
            let ends = ["CASCADE", "RESTRICT", "RESTART", "CONTINUE"];
            let end = statement.words.iter().find(|w| !w.quoted && ends.contains(&w.text.as_str())).map_or(text.len(), |w| w.at.start);
            let tables: Vec<&str> = text.get(begin..end)?.split(',').map(str::trim).collect();
            let counts: Vec<String> = tables.iter().map(|t| format!("(SELECT count(*) FROM {t})")).collect();
            Some(format!("SELECT {}", counts.join(" + ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::database::statements::{Dialect, split};

    fn of(text: &str) -> Option<String> {
        counting(&split(text, Dialect::Postgres).expect("a statement").remove(0))
            .map(|q| q.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_a_change_would_touch_is_counted_by_its_own_condition() {
        for (text, query) in [
            ("DELETE FROM t WHERE x = 'WHERE'", "SELECT count(*) FROM t WHERE x = 'WHERE'"),
            ("UPDATE ONLY a.t AS x SET y = (SELECT 1 FROM z WHERE 1=1) WHERE id > 3", "SELECT count(*) FROM ONLY a.t AS x WHERE id > 3"),
            ("update t set y = 1", "SELECT count(*) FROM t"),
            ("TRUNCATE TABLE a, b CASCADE", "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b)"),
            ("DROP TABLE IF EXISTS a", "SELECT (SELECT count(*) FROM a)"),
        ] {
            assert_eq!(of(text).as_deref(), Some(query), "{text}");
        }
        for text in ["DELETE FROM t USING u WHERE t.id = u.id", "UPDATE t SET x = 1 FROM u", "DELETE FROM t RETURNING id"] {
            assert_eq!(of(text), None, "{text}");
        }
        let lines = ["Delete on t  (cost=0.00..35.50 rows=0 width=0)", "  ->  Seq Scan on t  (cost=0.00..35.50 rows=2550 width=6)"];
        assert_eq!(estimate(&lines.map(String::from)), Some(2550));
    }
}
