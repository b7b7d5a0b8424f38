//! What the beginning of a statement settles, and where its next words matter: `EXPLAIN ANALYZE`, `COPY … TO`,
//! `ALTER TABLE … DROP`, commands of the client (`\dt`, `.tables`).

use std::sync::OnceLock;

use sqlparser::tokenizer::Token;

use super::{Dialect, words};
use crate::model::Risk;
use crate::shell::inner::{Inner, Verbs};

/// The statement behind `EXPLAIN …`, and whether it is carried out.
pub(super) fn explain(tokens: &[Token]) -> Option<(&[Token], bool)> {
    let first = words::word(tokens.first())?;
    let analyze = matches!(first.as_str(), "ANALYZE" | "ANALYSE");
    if !(matches!(first.as_str(), "EXPLAIN" | "DESCRIBE" | "DESC") || analyze) {
        return None;
    }
    let mut runs = analyze;
    let mut at = 1;
    if tokens.get(1) == Some(&Token::LParen) && !analyze {
        let close = tokens.iter().position(|t| *t == Token::RParen)?;
        let options = &tokens[2..close];
        let named = |t: &Token| words::word(Some(t)).is_some_and(|w| w == "ANALYZE" || w == "ANALYSE");
        let place = options.iter().position(named);
        let off = |t: &Token| t.to_string() == "0" || words::word(Some(t)).is_some_and(|w| w == "OFF" || w == "FALSE");
        runs |= place.is_some_and(|p| !options.get(p + 1).is_some_and(off));
        at = close + 1;
    }
    // Words between EXPLAIN and the statement; a statement that is none (`DESC orders`) ends the search.
    while let Some(word) = words::word(tokens.get(at)) {
        match word.as_str() {
            "ANALYZE" | "ANALYSE" => runs = true,
            "SELECT" | "WITH" | "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "MERGE" | "VALUES" | "TABLE"
            | "EXECUTE" | "CREATE" | "DECLARE" | "REFRESH" | "EXPLAIN" => break,
            "VERBOSE" | "EXTENDED" | "PARTITIONS" | "QUERY" | "PLAN" | "FORMAT" | "PIPELINE" | "AST" | "SYNTAX"
            | "ESTIMATE" | "JSON" | "TREE" | "TRADITIONAL" | "FOR" | "CONNECTION" => {}
            _ if runs && !analyze => break, // whatever it is, it is carried out
            _ => return (!analyze).then_some((&tokens[at..], false)), // a table: `DESC orders`; `ANALYZE orders` stays what it is
        }
        at += 1;
        if tokens.get(at) == Some(&Token::Eq) {
            at += 2; // FORMAT=JSON
        }
    }
    let rest = tokens.get(at..).unwrap_or_default();
    // `ANALYZE` alone gathers statistics; `EXPLAIN FOR CONNECTION 7` has no statement.
    if analyze && words::word(rest.first()).is_none_or(|w| w == "TABLE") {
        return None;
    }
    Some((rest, runs && !rest.is_empty()))
}

/// Where the words behind the verb change what it does.
pub(super) fn closer(key: &str, tokens: &[Token], spoken: &[String], dialect: Dialect, inner: Inner) -> Inner {
    let has = |w: &str| tokens.iter().any(|t| words::word(Some(t)).as_deref() == Some(w));
    let follows = |a: &str, b: &[&str]| {
        tokens.windows(2).any(|p| {
            words::word(p.first()).as_deref() == Some(a)
                && words::word(p.get(1)).is_some_and(|w| b.contains(&w.as_str()))
        })
    };
    match key {
        "COPY" => copy(tokens, inner),
        "SET" => {
            let global = spoken.iter().any(|w| w.starts_with("@@GLOBAL") || w.starts_with("@@PERSIST"))
                || has("GLOBAL") && dialect != Dialect::Postgres
                || has("PASSWORD");
            if global { Inner::new(Risk::Mutate, "sql SET GLOBAL") } else { inner }
        }
        "ALTER" => alter(tokens, spoken, inner),
        "CREATE" if follows("OR", &["REPLACE"]) && (has("TABLE") || has("DATABASE")) => {
            Inner::new(Risk::Destroy, "sql CREATE OR REPLACE TABLE")
        }
        "DO" | "EXECUTE" | "PREPARE" | "CALL" => inside_strings(tokens, inner),
        "REINDEX" | "REFRESH MATERIALIZED VIEW" => Inner { affects_availability: !has("CONCURRENTLY"), ..inner },
        "VACUUM" => Inner { affects_availability: has("FULL"), ..inner },
        "FLUSH" if has("LOCK") => Inner { affects_availability: true, ..inner },
        "DECLARE" | "FETCH" | "MOVE" | "CLOSE" | "HANDLER" | "FROM" => inner,
        "PRAGMA" => pragma(tokens, inner),
        _ => inner,
    }
}

fn copy(tokens: &[Token], inner: Inner) -> Inner {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            t if depth == 0 && words::word(Some(t)).as_deref() == Some("TO") => {
                let reads = words::word(tokens.get(at + 1)).as_deref() == Some("STDOUT");
                let body = tokens.get(1..at).unwrap_or_default();
                let query = body.strip_prefix(&[Token::LParen]).and_then(|b| b.strip_suffix(&[Token::RParen]));
                let asked = query.map(|q| super::one(q, Dialect::Postgres));
                let written = Inner::new(if reads { Risk::Read } else { Risk::Mutate }, "sql COPY TO");
                return asked.map_or(written.clone(), |a| written.and(a));
            }
            _ => {}
        }
    }
    inner
}

/// Columns, partitions and tablespaces are data; a role that may not log in has lost access.
fn alter(tokens: &[Token], spoken: &[String], inner: Inner) -> Inner {
    let schema =
        ["CONSTRAINT", "INDEX", "DEFAULT", "NOT", "FOREIGN", "PRIMARY", "KEY", "CHECK", "EXPRESSION", "IDENTITY", "IF"];
    let table = spoken
        .get(1)
        .is_some_and(|w| matches!(w.as_str(), "TABLE" | "FOREIGN" | "KEYSPACE" | "TYPE" | "IGNORE" | "ONLINE"));
    let account = spoken.get(1).is_some_and(|w| matches!(w.as_str(), "USER" | "ROLE" | "DATABASE" | "LOGIN"));
    for (at, token) in tokens.iter().enumerate() {
        let Some(word) = words::word(Some(token)) else { continue };
        let next = words::word(tokens.get(at + 1));
        let next = next.as_deref().unwrap_or("");
        let data = match word.as_str() {
            "DROP" => {
                table
                    && (!schema.contains(&next)
                        || next == "IF" && words::word(tokens.get(at + 3)).as_deref() != Some("CONSTRAINT"))
            }
            "TRUNCATE" | "DISCARD" => table,
            "DELETE" => table && next != "CASCADE", // ClickHouse: ALTER TABLE t DELETE WHERE …; not ON DELETE CASCADE
            _ => false,
        };
        let on_delete =
            word == "DELETE" && words::word(at.checked_sub(1).and_then(|b| tokens.get(b))).as_deref() == Some("ON");
        if data && !on_delete {
            return Inner::new(Risk::Destroy, format!("sql ALTER TABLE {word}"));
        }
        let cut = word == "NOLOGIN"
            || word == "LOCK" && account
            || word == "DISABLE" && spoken.get(1).is_some_and(|w| w == "LOGIN");
        if account && cut {
            return Inner { affects_availability: true, ..Inner::new(Risk::Destroy, format!("sql ALTER {word}")) };
        }
    }
    inner
}

/// Code in a text: it is carried out, so its words count.
fn inside_strings(tokens: &[Token], mut inner: Inner) -> Inner {
    for token in tokens {
        let text = match token {
            Token::DollarQuotedString(s) => s.value.as_str(),
            Token::SingleQuotedString(s) | Token::EscapedStringLiteral(s) => s.as_str(),
            _ => continue,
        };
        let found = words::crude(text);
        if found.risk == Risk::Destroy {
            inner = inner.and(Inner::new(Risk::Destroy, "sql code that deletes"));
        }
    }
    inner
}

/// SQLite: a question unless it is given a value or is one of those that work.
fn pragma(tokens: &[Token], inner: Inner) -> Inner {
    let name = words::word(tokens.get(1)).unwrap_or_default().to_lowercase();
    let works = ["wal_checkpoint", "optimize", "incremental_vacuum", "shrink_memory"].contains(&name.as_str());
    let asks = [
        "table_info",
        "index_list",
        "index_info",
        "foreign_key_list",
        "table_list",
        "integrity_check",
        "quick_check",
        "table_xinfo",
        "foreign_key_check",
    ]
    .contains(&name.as_str());
    let given = tokens.iter().any(|t| matches!(t, Token::Eq | Token::LParen));
    if !works && (asks || !given) { Inner::new(Risk::Read, "sql PRAGMA") } else { inner }
}

/// What the server answers with a syntax error, and what to write instead.
pub(super) fn problem(key: &str, spoken: &[String], dialect: Dialect) -> Option<String> {
    let second = spoken.get(1).map_or("", String::as_str);
    let tell = |text: &str| Some(text.to_owned());
    match (dialect, key) {
        (Dialect::Postgres, "SHOW") => match second {
            "TABLES" => tell("PostgreSQL has no SHOW TABLES; use \\dt"),
            "DATABASES" | "SCHEMAS" => tell("PostgreSQL has no SHOW DATABASES; use \\l"),
            "PROCESSLIST" | "FULL" => tell("PostgreSQL has no SHOW PROCESSLIST; select from pg_stat_activity"),
            _ => None,
        },
        (Dialect::Mysql, "VACUUM") => tell("MySQL has no VACUUM; use OPTIMIZE TABLE"),
        (Dialect::Mysql, "REINDEX") => tell("MySQL has no REINDEX; use OPTIMIZE TABLE"),
        (Dialect::Postgres, "OPTIMIZE") => tell("PostgreSQL has no OPTIMIZE; use VACUUM"),
        _ => None,
    }
}

/// `… \G`, `… \watch 5`: the statement, and what the client is told at its end.
pub(super) fn client_tail(text: &str) -> (&str, Option<&str>) {
    let Some(at) = text.rfind('\\') else { return (text, None) };
    let (body, tail) = text.split_at(at);
    let word = tail.split_whitespace().next().unwrap_or("");
    let known = client_verbs().find(&[word.to_uppercase()]).is_some();
    let outside = body.matches('\'').count().is_multiple_of(2) && body.matches('"').count().is_multiple_of(2);
    if known && outside && !tail.contains(['\'', '"', ';']) { (body, Some(tail.trim_end())) } else { (text, None) }
}

/// A line that the client keeps: `\dt`, `\copy …`, `.tables`.
pub(super) fn client_command(line: &str, dialect: Dialect) -> Inner {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or("").trim_end_matches(';');
    let upper = name.to_uppercase();
    let rest = line.trim_start()[name.len()..].trim();
    let why = format!("sql {name}");
    // `\! ls`, `\!ls`, `\o |cmd`, `\g file`: another program or a file.
    if upper.starts_with("\\!") {
        return Inner::new(Risk::Mutate, why);
    }
    if matches!(upper.as_str(), "\\G" | "\\GX")
        && dialect == Dialect::Postgres
        && !rest.is_empty()
        && !rest.starts_with('(')
    {
        return Inner::new(Risk::Mutate, why);
    }
    if upper == "\\COPY" {
        return client_copy(rest, why);
    }
    if upper.starts_with("\\D") && dialect != Dialect::Mysql {
        return Inner::new(Risk::Read, why);
    }
    let mut inner = match client_verbs().find(std::slice::from_ref(&upper)) {
        Some((_, _, verb)) => verb.inner(why),
        None => Inner::new(Risk::Mutate, format!("{why}: not known")),
    };
    if dialect == Dialect::Mysql && (upper.starts_with("\\D") || upper == "\\L") && upper.len() > 1 {
        inner.problem = Some(format!("`{name}` is psql's; in MySQL write SHOW TABLES or SHOW DATABASES"));
    }
    inner
}

/// `\copy (SELECT …) to stdout` only asks; anything else writes a table or a file.
fn client_copy(rest: &str, why: String) -> Inner {
    let end = rest.to_lowercase();
    let query = rest.strip_prefix('(').and_then(|r| r.rfind(')').map(|at| &r[..at]));
    let written = if end.ends_with("to stdout") { Risk::Read } else { Risk::Mutate };
    let inner = Inner::new(written, why);
    query.map_or(inner.clone(), |q| inner.and(super::judge(q, Dialect::Postgres)))
}

pub(super) fn client_verbs() -> &'static Verbs {
    static TABLE: OnceLock<Verbs> = OnceLock::new();
    TABLE.get_or_init(|| Verbs::read(include_str!("../../knowledge/verbs/psql.toml")).unwrap_or_default())
}
