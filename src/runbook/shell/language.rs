//! The languages inside: where the shell's side hands over to them.

use super::arg::Arg;
use crate::knowledge::OPAQUE;
use crate::knowledge::entry::Client;
use crate::model::Risk;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Mysql,
    Sqlite,
}

#[derive(Clone, Debug)]
pub struct Inner {
    pub risk: Risk,
    pub why: String,
    pub problem: Option<String>,
    pub affects_availability: bool,
    pub expensive: bool,
}

/// An ordinary word in place of what cannot be read, so that the language's own grammar can.
fn readable(text: &str) -> String {
    text.replace(OPAQUE, "FBPH0001")
}

fn unread(what: &str) -> Inner {
    Inner {
        risk: Risk::Mutate,
        why: format!("{what} that is not understood"),
        problem: None,
        affects_availability: false,
        expensive: false,
    }
}

pub fn sql(statement: &str, _dialect: Dialect) -> Inner {
    let _ = readable(statement);
    unread("SQL")
}

pub fn redis(_words: &[String]) -> Inner {
    unread("redis command")
}

pub fn http(_client: Client, _args: &[Arg]) -> Inner {
    unread("HTTP request")
}

/// A snippet that takes its input apart and prints something: nothing in it could write, start or send.
pub fn only_prints(snippet: &str) -> bool {
    if snippet.contains(OPAQUE) {
        return false;
    }
    const WORDS: &[&str] = &[
        "import",
        "json",
        "sys",
        "print",
        "load",
        "loads",
        "dumps",
        "stdin",
        "read",
        "for",
        "in",
        "if",
        "else",
        "not",
        "and",
        "or",
        "len",
        "get",
        "items",
        "keys",
        "values",
        "sorted",
        "sum",
        "min",
        "max",
        "join",
        "split",
        "strip",
        "str",
        "int",
        "float",
        "round",
        "indent",
        "True",
        "False",
        "None",
        "key",
        "lambda",
        "enumerate",
        "re",
        "math",
        "data",
        "d",
        "x",
        "k",
        "v",
        "i",
        "r",
        "line",
        "lines",
        "item",
        "j",
        "o",
        "p",
        "s",
        "n",
        "is",
        "list",
        "dict",
        "set",
        "datetime",
        "time",
        "now",
        "platform",
        "version",
        "ensure_ascii",
        "exit",
        "rstrip",
        "lstrip",
        "isoformat",
        "utcnow",
    ];
    // Names in quotes are keys of what came in.
    let mut outside = String::new();
    let mut quote = None;
    for c in snippet.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                outside.push(' ');
            }
            None => outside.push(c),
        }
    }
    outside
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty() && !w.chars().all(|c| c.is_ascii_digit()))
        .all(|w| WORDS.contains(&w))
}

pub fn deletes(snippet: &str) -> bool {
    [
        "unlink",
        "rmtree",
        "os.remove",
        "rmdir",
        "drop(",
        "drop_all",
        "delete(",
        ".delete",
        "flushall",
        "flushdb",
        "truncate",
    ]
    .iter()
    .any(|w| snippet.to_ascii_lowercase().contains(w))
}
