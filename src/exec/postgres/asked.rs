//! Reads the words of a `psql` command: what is to be run, how it is to be printed, and what server it names. What is
//! not understood whole is refused; what would read or write a file, or wait for a keyboard, likewise.

use crate::exec::database::grid::Psql;
use crate::exec::database::server::Named;
use crate::exec::database::statements::{Dialect, Statement, split};
use crate::exec::words::{Flag, Mixed, Words, value, yes};

#[derive(Debug, PartialEq)]
pub struct Asked {
    pub named: Named,
    pub does: Does,
    pub show: Psql,
    /// As it stands behind the program, for the client in a container.
    pub words: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub enum Does {
    /// What belongs together is carried out in one transaction.
    Units(Vec<Unit>),
    /// `pg_isready`
    Ready,
}

#[derive(Debug, PartialEq)]
pub struct Unit {
    pub statements: Vec<Statement>,
    /// Cannot run in a transaction, and is alone.
    pub alone: bool,
    /// The text ends its transaction with ROLLBACK.
    pub back: bool,
}

const PSQL: &[Flag] = &[
    value("host", 'h'),
    value("port", 'p'),
    value("username", 'U'),
    value("dbname", 'd'),
    value("command", 'c'),
    value("file", 'f'),
    value("field-separator", 'F'),
    value("set", 'v'),
    value("variable", ' '),
    value("pset", 'P'),
    yes("tuples-only", 't'),
    yes("no-align", 'A'),
    yes("expanded", 'x'),
    yes("csv", ' '),
    yes("quiet", 'q'),
    yes("no-psqlrc", 'X'),
    yes("no-password", 'w'),
    yes("password", 'W'),
    yes("single-transaction", '1'),
    yes("list", 'l'),
    yes("echo-errors", 'b'),
    yes("no-readline", 'n'),
];

const READY: &[Flag] = &[
    value("host", 'h'),
    value("port", 'p'),
    value("username", 'U'),
    value("dbname", 'd'),
    value("timeout", 't'),
    yes("quiet", 'q'),
];

/// What `\l` and `-l` ask for.
const LIST: &str = "SELECT d.datname AS \"Name\", pg_catalog.pg_get_userbyid(d.datdba) AS \"Owner\", \
    pg_catalog.pg_encoding_to_char(d.encoding) AS \"Encoding\", d.datcollate AS \"Collate\", d.datctype AS \"Ctype\" \
    FROM pg_catalog.pg_database d ORDER BY 1";

pub fn read(argv: &[String], input: Option<&[u8]>) -> Result<Asked, String> {
    let (program, rest) = argv.split_first().ok_or("There is no command")?;
    match program.rsplit('/').next().unwrap_or_default() {
        "psql" => psql(rest, input),
        "pg_isready" => {
            let words = Words::read(rest, READY, Mixed::Yes)?;
            Ok(Asked { named: named(&words)?, does: Does::Ready, show: Psql::default(), words: rest.to_vec() })
        }
        other => Err(format!("{other} is a program of its own, which is not run by us")),
    }
}

fn named(words: &Words) -> Result<Named, String> {
    let mut named = Named {
        host: words.text("host"),
        port: words.text("port"),
        user: words.text("username"),
        database: words.text("dbname"),
    };
    if let [_, _, third, ..] = &words.words[..] {
        return Err(format!("{third} is one word too many: psql takes a database and a user"));
    }
    let mut words = words.words.iter();
    if let Some(database) = words.next() {
        match named.database {
            None => named.database = Some(database.clone()),
            Some(_) => named.user = named.user.or(Some(database.clone())),
        }
    }
    if let Some(user) = words.next() {
        named.user = Some(user.clone());
    }
    if let Some(text) = named.database.clone().filter(|d| d.contains("://") || d.contains('=')) {
        address(&text, &mut named)?;
    }
    Ok(named)
}

/// `postgres://user@host:port/database` where a database's name could stand.
fn address(text: &str, named: &mut Named) -> Result<(), String> {
    let url = url::Url::parse(text).ok().filter(|u| ["postgres", "postgresql"].contains(&u.scheme()));
    let url = url.ok_or("A database is given in a form that is not read here. Write -h, -U and -d")?;
    if url.query().is_some() {
        return Err("The address has parameters, and the target says how its server is reached".to_string());
    }
    let given = |text: &str| (!text.is_empty()).then(|| text.to_string());
    named.host = url.host_str().and_then(given).or(named.host.take());
    named.port = url.port().map(|p| p.to_string()).or(named.port.take());
    named.user = given(url.username()).or(named.user.take());
    named.database = given(url.path().trim_matches('/'));
    Ok(())
}

fn psql(rest: &[String], input: Option<&[u8]>) -> Result<Asked, String> {
    let words = Words::read(rest, PSQL, Mixed::Yes)?;
    for setting in words.all("set").iter().chain(&words.all("variable")) {
        if !setting.starts_with("ON_ERROR_STOP") {
            return Err(format!("-v {setting}: variables of psql are not filled in here"));
        }
    }
    let show = show(&words)?;
    let commands = words.all("command");
    let mut units = Vec::new();
    if words.has("list") {
        units.extend(unit(split(LIST, Dialect::Postgres)?, true)?);
    }
    for command in &commands {
        let text = if command.trim() == "\\l" { LIST } else { command };
        units.extend(unit(split(text, Dialect::Postgres)?, true)?);
    }
    for file in words.all("file") {
        if file != "-" && file != "/dev/stdin" {
            return Err(format!("-f {file} is a file of another machine. Its text can be given with -c"));
        }
    }
    if commands.is_empty() && !words.has("list") {
        let Some(input) = input else { return Err("psql without -c waits for a keyboard".to_string()) };
        let text = std::str::from_utf8(input).map_err(|_| "What is fed to psql is no UTF-8 text")?;
        let all = split(text, Dialect::Postgres)?;
        match words.has("single-transaction") {
            true => units.extend(unit(all, true)?),
            false => {
                for together in transactions(all) {
                    units.extend(unit(together, false)?);
                }
            }
        }
    } else if words.has("single-transaction") {
        let all: Vec<Statement> = units.drain(..).flat_map(|u| u.statements).collect();
        units.extend(unit(all, true)?);
    }
    match units.is_empty() {
        true => Err("There is no statement in it".to_string()),
        false => Ok(Asked { named: named(&words)?, does: Does::Units(units), show, words: rest.to_vec() }),
    }
}

fn show(words: &Words) -> Result<Psql, String> {
    let mut show = Psql {
        csv: words.has("csv"),
        unaligned: words.has("no-align"),
        tuples_only: words.has("tuples-only"),
        expanded: words.has("expanded"),
        separator: words.text("field-separator"),
        null: String::new(),
    };
    for setting in words.all("pset") {
        match setting.split_once('=').unwrap_or((&setting, "")) {
            ("pager", _) | ("footer", "on") | ("border", "1") => {}
            ("format", "csv") => show.csv = true,
            ("format", "unaligned") => show.unaligned = true,
            ("format", "aligned") => show.unaligned = false,
            ("tuples_only", "" | "on") => show.tuples_only = true,
            ("expanded", "" | "on") => show.expanded = true,
            ("null", text) => show.null = text.to_string(),
            ("fieldsep", text) => show.separator = Some(text.to_string()),
            _ => return Err(format!("-P {setting} is not understood")),
        }
    }
    Ok(show)
}

/// Statements fed one by one: each by itself, except what stands between BEGIN and its end.
fn transactions(all: Vec<Statement>) -> Vec<Vec<Statement>> {
    let mut out: Vec<Vec<Statement>> = Vec::new();
    let mut open = false;
    for statement in all {
        let (begins, ends) = (begins(&statement), ends(&statement));
        match out.last_mut().filter(|_| open) {
            Some(together) => together.push(statement),
            None => out.push(vec![statement]),
        }
        open = (open || begins) && !ends;
    }
    out
}

fn begins(statement: &Statement) -> bool {
    statement.first() == "BEGIN" || statement.begins(&["START", "TRANSACTION"])
}

fn ends(statement: &Statement) -> bool {
    matches!(statement.first(), "COMMIT" | "END" | "ROLLBACK" | "ABORT")
        && !statement.has("TO")
        && !statement.has("PREPARED")
}

/// One transaction, without the words that make it one: those are ours. `together`: one text, which the server takes as
/// one transaction.
fn unit(mut statements: Vec<Statement>, together: bool) -> Result<Option<Unit>, String> {
    let mut back = false;
    if statements.len() > 1 && statements.first().is_some_and(begins) && statements.last().is_some_and(ends) {
        if statements[0].words.len() > 2 {
            return Err(format!("{}: a transaction of a kind of its own is typed by hand", statements[0].text));
        }
        back = matches!(statements.pop().as_ref().map(Statement::first), Some("ROLLBACK" | "ABORT"));
        statements.remove(0);
    }
    if let Some(one) = statements.iter().find(|s| begins(s) || controls(s)) {
        return Err(format!("{} in the middle of a text: which of it would stay cannot be promised", one.first()));
    }
    if statements.iter().any(|s| s.first() == "COPY") {
        return Err("COPY reads or writes a file, which is not done here".to_string());
    }
    let two = |s: &Statement| s.words.iter().take(2).map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
    let lonely = statements.iter().find(|s| stands_alone(s)).map(two);
    // A procedure may end transactions of its own.
    let calls = !back && matches!(&statements[..], [one] if one.first() == "CALL");
    match (statements.len(), lonely) {
        (1, None) if calls => Ok(Some(Unit { statements, alone: true, back: false })),
        (0, _) => Ok(None),
        (1, Some(_)) if !back => Ok(Some(Unit { statements, alone: true, back: false })),
        (_, Some(what)) if together || back => {
            Err(format!("{what} cannot run in a transaction, so it needs a -c of its own"))
        }
        (_, alone) => Ok(Some(Unit { statements, alone: alone.is_some(), back })),
    }
}

/// Words that end or begin a transaction in the middle of one.
fn controls(statement: &Statement) -> bool {
    matches!(statement.first(), "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE")
        || statement.begins(&["PREPARE", "TRANSACTION"])
        || statement.begins(&["START", "TRANSACTION"])
}

/// What PostgreSQL refuses in a transaction.
fn stands_alone(statement: &Statement) -> bool {
    let concurrently = statement.words.iter().take(6).any(|w| !w.quoted && w.text == "CONCURRENTLY");
    let begins = |words: &[&str]| statement.begins(words);
    match statement.first() {
        "VACUUM" => true,
        "REINDEX" => {
            concurrently
                || statement.words.iter().take(6).any(|w| !w.quoted && (w.text == "DATABASE" || w.text == "SYSTEM"))
        }
        "CLUSTER" => statement.words.len() == 1 || (statement.words.len() == 2 && statement.has("VERBOSE")),
        "CREATE" | "DROP" => {
            (concurrently && statement.has("INDEX"))
                || ["DATABASE", "TABLESPACE", "SUBSCRIPTION"].iter().any(|w| begins(&[statement.first(), w]))
        }
        "ALTER" => {
            begins(&["ALTER", "SYSTEM"])
                || (begins(&["ALTER", "DATABASE"]) && statement.has("TABLESPACE"))
                || (begins(&["ALTER", "TABLE"]) && statement.has("DETACH") && statement.has("CONCURRENTLY"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
