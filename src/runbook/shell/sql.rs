//! What a statement of SQL does, or several of them; the worst decides.
//!
//! Three looks, of which the worst counts: what it begins with (a table), its tree (inserts in a CTE, `SELECT … INTO`,
//! functions), and its words one by one, so that nothing that the tree leaves out is called a read. What no parser takes
//! is at least `mutate`. Never executes, never resolves a name; work and depth are bounded.

mod functions;
mod leading;
mod tree;
mod words;

use std::sync::OnceLock;

use sqlparser::dialect::{Dialect as Grammar, GenericDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::tokenizer::{Token, Tokenizer};

use super::inner::{Inner, Verbs};
use crate::model::Risk;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Mysql,
    Sqlite,
    /// ClickHouse, Cassandra and whatever else speaks something like SQL.
    Other,
}

/// Longer texts are not taken apart: nobody can review them in a chat either.
const LONGEST: usize = 64 * 1024;

pub fn judge(statement: &str, dialect: Dialect) -> Inner {
    if statement.len() > LONGEST {
        return Inner::new(Risk::Destroy, "sql too long to judge");
    }
    let text = mysql_hints(statement);
    let mut rest = text.trim_start();
    let mut all: Option<Inner> = None;
    let mut add = |one: Inner| {
        all = Some(match all.take() {
            Some(before) => before.and(one),
            None => one,
        });
    };
    // Commands of the client stand on lines of their own, between statements or alone.
    while !rest.is_empty() {
        let ends = if rest.starts_with('\\') || rest.starts_with('.') {
            let end = rest.find('\n').unwrap_or(rest.len());
            add(leading::client_command(&rest[..end], dialect));
            end
        } else {
            let end = next_client_line(rest);
            for one in statements(&rest[..end], dialect) {
                add(one);
            }
            end
        };
        rest = rest[ends..].trim_start();
    }
    all.unwrap_or_else(|| Inner::new(Risk::Read, "sql without a statement"))
}

/// Where the next line begins that a client keeps for itself.
fn next_client_line(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let command = line.trim_start();
        let meta = command.starts_with('\\')
            || command.strip_prefix('.').is_some_and(|c| c.starts_with(|c: char| c.is_ascii_lowercase()));
        if at > 0 && meta {
            return at;
        }
        at += line.len();
    }
    text.len()
}

/// `/*!50000 DROP TABLE t */` is a comment to everybody but MySQL, which runs it.
fn mysql_hints(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains("/*!") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("/*!") {
        out.push_str(&rest[..at]);
        let inside = rest[at + 3..].trim_start_matches(|c: char| c.is_ascii_digit());
        let (hint, after) = inside.split_once("*/").unwrap_or((inside, ""));
        out.push_str(&format!(" {hint} "));
        rest = after;
    }
    out.push_str(rest);
    out.into()
}

fn grammar(dialect: Dialect) -> &'static dyn Grammar {
    match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Mysql => &MySqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Other => &GenericDialect {},
    }
}

fn statements(text: &str, dialect: Dialect) -> Vec<Inner> {
    // `\G`, `\watch 5` and `\gexec` end a statement as a semicolon does.
    let (body, tail) = leading::client_tail(text);
    let tokens = match Tokenizer::new(grammar(dialect), body).tokenize() {
        Ok(tokens) => tokens,
        Err(_) => return vec![words::crude(body)],
    };
    let mut judged: Vec<Inner> = tokens
        .split(|t| *t == Token::SemiColon)
        .map(|part| part.iter().filter(|t| !matches!(t, Token::Whitespace(_))).cloned().collect::<Vec<_>>())
        .filter(|part| !part.is_empty())
        .map(|part| one(&part, dialect))
        .collect();
    judged.extend(tail.map(|t| leading::client_command(t, dialect)));
    judged
}

/// One statement, without blanks and comments.
fn one(tokens: &[Token], dialect: Dialect) -> Inner {
    let mut tokens = tokens;
    let mut explained = None;
    // EXPLAIN in front: only ANALYZE carries out what follows.
    while let Some((rest, runs)) = leading::explain(tokens) {
        tokens = rest;
        explained = Some(explained.unwrap_or(true) && runs);
    }
    if explained == Some(false) {
        return Inner::new(Risk::Read, "sql EXPLAIN");
    }
    let spoken = words::spoken(tokens);
    let Some((key, _, verb)) = verbs().find(&spoken) else {
        let opens = tokens.first() == Some(&Token::LParen);
        if opens {
            return tree::query(tokens, dialect).and(words::every(tokens));
        }
        let word = spoken.first().map_or("?", String::as_str);
        return Inner::new(Risk::Mutate, format!("sql {word}: not known")).and(words::every(tokens));
    };
    let mut inner = verb.inner(format!("sql {key}"));
    if verb.look {
        inner = inner.and(tree::query(tokens, dialect));
    }
    inner = leading::closer(key, tokens, &spoken, dialect, inner);
    inner.problem = inner.problem.or_else(|| leading::problem(key, &spoken, dialect));
    inner.and(words::every(tokens))
}

fn verbs() -> &'static Verbs {
    static TABLE: OnceLock<Verbs> = OnceLock::new();
    TABLE.get_or_init(|| Verbs::read(include_str!("../knowledge/verbs/sql.toml")).unwrap_or_default())
}

#[cfg(test)]
mod tests;
