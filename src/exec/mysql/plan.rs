//! What a mysql command would do: the statements as they would be sent, and how many rows they would touch, counted in a
//! read-only transaction. Changes nothing.

use super::asked::Does;
use super::link::{self, Link};
use super::run::found;
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
        Does::Ping => "connect".to_string(),
        Does::Check { verb, databases, .. } => {
            let of = databases.as_ref().map_or("all databases".to_string(), |d| d.join(", "));
            format!("{verb} TABLE of each table of {of}")
        }
        Does::Statements(statements) => {
            let texts = statements.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("; ");
            match changes(call) {
                true => texts,
                false => format!("START TRANSACTION READ ONLY; {texts}; ROLLBACK"),
            }
        }
    };
    let does = format!("{does} on {place} within {} s", call.bounds.time.as_secs());
    let mut finds = Vec::new();
    let look = async {
        let mut link = link::connect(server, database.as_deref(), COUNT, true).await?;
        let product = if link.version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
        finds.push(format!("{product} {} at {place}", link.version.split('-').next().unwrap_or_default()));
        match &asked.does {
            Does::Statements(statements) if changes(call) => {
                for statement in statements.iter().take(COUNTED_MAX) {
                    finds.extend(rows(&mut link, statement).await?);
                }
            }
            Does::Check { databases, tables, .. } => {
                let all = found(&mut link, databases.as_deref(), tables).await?;
                finds.push(format!("{} tables", all.len()));
            }
            _ => {}
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

/// The rows that a statement would touch. The server estimates none for what it may not do in such a transaction.
async fn rows(link: &mut Link, statement: &Statement) -> Result<Option<String>, Failed> {
    let what = match statement.first() {
        verb @ ("UPDATE" | "DELETE" | "TRUNCATE") => verb,
        "DROP" if statement.begins(&["DROP", "TABLE"]) => "DROP TABLE",
        _ => return Ok(None),
    };
    let counted = match counting(statement) {
        None => None,
        Some(query) => asked(link, &query).await?.and_then(|rows| rows.first()?.first()?.clone()),
    };
    Ok(Some(match counted {
        Some(count) => format!("{what}: {count} rows as it is now"),
        None => format!("{what}: its rows cannot be counted"),
    }))
}

/// In a transaction that can change nothing; `None` where the server does not take it.
async fn asked(link: &mut Link, query: &str) -> Result<Option<Vec<Vec<Option<String>>>>, Failed> {
    link.done("START TRANSACTION READ ONLY").await?;
    let rows = match link.prepare(query).await {
        Ok(()) => link.all(query).await,
        Err(failed) => Err(failed),
    };
    match rows {
        Ok(rows) => link.done("ROLLBACK").await.map(|()| Some(rows)),
        Err(Failed::Said(_) | Failed::TooLong(_)) => link.done("ROLLBACK").await.map(|()| None),
        Err(failed) => Err(failed),
    }
}
