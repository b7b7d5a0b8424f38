//! What the executors of databases share: where a server is and who may be spoken to there (`server.rs`), the statements
//! of a text (`statements.rs`), rows as a client prints them (`grid.rs`), how many a
//! change would touch (`counting.rs`), which of a command's clients runs where
//! (`ways.rs`), which certificates are trusted (`trust.rs`). Speaks to nobody, and decides nothing about whether something may run.

pub mod counting;
pub mod grid;
pub mod said;
pub mod server;
pub mod statements;
pub mod trust;
pub mod ways;

use crate::engine::ports::execute::Call;
use firebell_domain::playbook::Risk;
use firebell_runbook::model;
use firebell_runbook::shell::{Asked, Tongue, judge};
use statements::Statement;
use std::time::Duration;

/// For ending at the server what was not waited for, and for looking at what became of it.
pub const LAST_LOOK: Duration = Duration::from_secs(4);

/// Why something came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Failed {
    /// No connection, or no entry: nothing was begun.
    Unreached(String),
    /// The server's answer to a statement.
    Said(String),
    /// The server ended it at the limit that it was told.
    TooLong(String),
    /// The connection was lost while a statement was under way.
    Lost(String),
}

impl Failed {
    pub fn sentence(&self) -> &str {
        match self {
            Failed::Unreached(why) | Failed::Said(why) | Failed::TooLong(why) | Failed::Lost(why) => why,
        }
    }
}

/// How far a call has come: what decides what can be said of one that was not waited for to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    Connecting,
    /// Whatever was done so far changed nothing.
    Looking,
    /// In a transaction that the server takes back by itself if nothing more comes.
    Open,
    Committing,
    /// A statement that takes effect by itself.
    Alone,
}

/// Whether a call may change anything.
pub fn changes(call: &Call) -> bool {
    call.risk > Risk::Read
}

/// Whether a statement of a call that only reads does no more: it begins with one of these words, and the importer's own
/// judge finds nothing in it that changes anything. The server is held to it as well.
pub fn only_reads(statement: &Statement, tongue: Tongue, begins: &[&str]) -> Result<(), String> {
    let first = statement.first();
    if !begins.contains(&first) {
        return Err(format!("{first} does more than read, and this command is run as one that only reads"));
    }
    let judged = judge(&Asked { text: &statement.text, tongue, ..Asked::default() });
    match judged.risk {
        model::Risk::Read => Ok(()),
        _ => {
            let why = judged.why.first().cloned().unwrap_or_default();
            Err(format!("This statement does more than read ({why}), and is run as one that only reads"))
        }
    }
}

/// Variables of a call that a client would take its password from are known to the target already; all others would
/// make the client work elsewhere or otherwise than configured.
pub fn environment<'a>(names: impl IntoIterator<Item = &'a str>, password: &str) -> Result<(), String> {
    match names.into_iter().find(|name| *name != password) {
        None => Ok(()),
        Some(name) => Err(format!("The variable {name} is not taken: the target says how its server is reached")),
    }
}

/// The innermost reason of an error, without the number of the system.
pub fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// The table that a query asks, for the name of a count.
pub fn about(statement: &Statement) -> Option<&str> {
    let at = statement.words.iter().position(|w| !w.quoted && w.text == "FROM")?;
    let first = statement.words.get(at + 1)?;
    // `schema.table`
    let joined =
        statement.words.get(at + 2).filter(|next| statement.text.get(first.at.end..next.at.start) == Some("."));
    let name = &joined.unwrap_or(first).at;
    statement.text.get(name.clone()).map(|n| n.trim_matches(['"', '`']))
}
