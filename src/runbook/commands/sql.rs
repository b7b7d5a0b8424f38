//! SQL statements (and the commands of Redis and MongoDB) among lines: where one begins, where it ends, and which
//! server it is for. Never says what it does.

use super::phrases::{self, phrases};
use super::scan::{Budget, Joined, note};
use crate::model::Line;
use crate::shell::Tongue;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Whether a list of `knowledge/statements.txt` holds the word.
fn among(list: &str, word: &str) -> bool {
    static LISTS: OnceLock<BTreeSet<(&str, &str)>> = OnceLock::new();
    let lists = LISTS.get_or_init(|| {
        let rows = include_str!("../knowledge/statements.txt").lines().filter_map(|row| row.split_once(": "));
        rows.flat_map(|(name, words)| words.split_whitespace().map(move |word| (name, word))).collect()
    });
    lists.contains(&(list, word))
}

/// Whether a statement begins here. In capitals one word decides, with what follows; in small letters two must.
pub fn begins(text: &str, inside: bool) -> bool {
    let text = text.trim();
    let mut words = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(')).filter(|w| !w.is_empty());
    let Some(first) = words.next() else { return false };
    let upper = first.to_ascii_uppercase();
    if !among("first", &upper) {
        return false;
    }
    let closed = ended(text);
    if inside {
        let sure = matches!(
            upper.as_str(),
            "SELECT"
                | "INSERT"
                | "UPDATE"
                | "DELETE"
                | "CREATE"
                | "ALTER"
                | "DROP"
                | "SHOW"
                | "EXPLAIN"
                | "WITH"
                | "GRANT"
                | "REVOKE"
        );
        return closed || upper == first || sure && words.next().is_some();
    }
    let second = words.next();
    let keyword = second.is_some_and(|w| among("second", &w.trim_matches('"').to_ascii_uppercase()));
    let lower = text.to_ascii_lowercase();
    if first == upper {
        if matches!(first, "COPY" | "USER" | "CHECK" | "START" | "STOP" | "COMMENT" | "LOAD" | "USE" | "SET" | "DO")
            && !closed
        {
            return keyword
                || lower.contains(" from ") && first == "COPY" && lower.contains("stdin")
                || lower.contains("$$");
        }
        return closed
            || keyword
            || matches!(first, "SELECT" | "WITH")
            || second.is_some_and(|w| w.chars().all(|c| c.is_ascii_uppercase() || c == '*'))
            || matches!(first, "BEGIN" | "COMMIT" | "ROLLBACK" | "CHECKPOINT" | "VACUUM" | "ANALYZE")
                && second.is_none()
            || first == "UPDATE" && lower.contains(" set ");
    }
    match first.to_ascii_lowercase().as_str() {
        "select" => lower.contains(" from ") || closed,
        "delete" => lower.starts_with("delete from "),
        "insert" => lower.starts_with("insert into "),
        "update" => lower.contains(" set ") && (closed || lower.contains(" where ")),
        "with" => lower.contains(" as ("),
        "explain" | "analyze" | "vacuum" | "reindex" | "begin" | "commit" | "rollback" | "checkpoint" | "use"
        | "call" => closed,
        "set" | "kill" | "lock" | "start" | "stop" | "check" | "load" | "copy" | "do" | "exec" | "replace"
        | "rename" => closed && keyword,
        _ => keyword,
    }
}

/// A command of the client itself: `\dt`, `\q`, `\x on`.
pub fn meta(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('\\') && chars.next().is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '?' | '!'))
}

fn ended(text: &str) -> bool {
    let text = match text.find("--").filter(|at| text[..*at].matches('\'').count().is_multiple_of(2)) {
        Some(at) => text[..at].trim_end(),
        None => text.trim_end(),
    };
    text.ends_with(';')
        || text.ends_with("\\G")
        || text.ends_with("\\g")
        || text.ends_with("\\gx")
        || text.ends_with("\\gexec")
}

#[derive(Clone, Copy, PartialEq)]
enum In {
    Code,
    Single,
    Double,
    Tick,
    Block,
}

/// The statement that begins on the first of the lines: to the `;` that ends a line, or to where another one begins.
pub fn join(lines: &[(Line, &str)], budget: &mut Budget) -> Joined {
    // `ends_at` remembers the last line behind which nothing was open.
    let mut joined = Joined::default();
    let mut state = In::Code;
    let mut dollar: Option<String> = None;
    let mut ends_at: Option<(usize, usize, Line)> = None;
    for (index, &(line, raw)) in lines.iter().enumerate() {
        let quoted = state == In::Single || dollar.is_some();
        if !quoted && state == In::Code && index > 0 {
            let text = raw.trim();
            if text.is_empty() {
                // A blank line inside a statement is allowed; one before another statement ends it.
                let next = lines[index + 1..].iter().take(20).find(|l| !l.1.trim().is_empty());
                if next.is_none_or(|l| {
                    begins(l.1, true) || meta(l.1.trim()) || l.1.trim().starts_with("--") || l.1.trim().starts_with('#')
                }) {
                    break;
                }
                continue;
            }
            if text.starts_with("--") || text.starts_with('#') {
                if lines.get(index + 1).is_none_or(|l| l.1.trim().is_empty()) {
                    break;
                }
                continue;
            }
            if text.contains(" -") && !text.ends_with(',') && super::sure::strong(text, &Default::default()) {
                break;
            }
        }
        if quoted {
            joined.text.push('\n');
        } else if !joined.text.is_empty() {
            joined.text.push(' ');
        }
        let text = if quoted { raw } else { raw.trim_start() };
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut kept = text.len();
        let mut last = ' ';
        while at < bytes.len() {
            if let Some(tag) = &dollar {
                match text[at..].find(tag.as_str()) {
                    Some(found) => {
                        at += found + tag.len();
                        dollar = None;
                        last = '$';
                    }
                    None => at = bytes.len(),
                }
                continue;
            }
            let c = text[at..].chars().next().unwrap_or(' ');
            match (state, c) {
                (In::Code, '\'') => state = In::Single,
                (In::Code, '"') => state = In::Double,
                (In::Code, '`') => state = In::Tick,
                (In::Code, '-') if text[at..].starts_with("-- ") || &text[at..] == "--" => {
                    joined.comment = note(text[at..].trim_start_matches('-'));
                    kept = at;
                    break;
                }
                (In::Code, '/') if text[at..].starts_with("/*") => state = In::Block,
                (In::Code, '$') => {
                    let length = text[at + 1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(0);
                    if text[at + 1 + length..].starts_with('$') {
                        dollar = Some(text[at..at + length + 2].to_owned());
                        at += length + 2;
                        continue;
                    }
                }
                (In::Single, '\'') | (In::Double, '"') | (In::Tick, '`') => state = In::Code,
                (In::Single, '\\') => at += text[at + 1..].chars().next().map_or(0, char::len_utf8),
                (In::Block, '*') if text[at..].starts_with("*/") => {
                    state = In::Code;
                    at += 1;
                }
                _ => {}
            }
            if !c.is_whitespace() {
                last = c;
            }
            at += c.len_utf8();
        }
        let open = state == In::Single || dollar.is_some();
        joined.text.push_str(if open { &text[..kept] } else { text[..kept].trim_end() });
        joined.taken = index + 1;
        joined.last = line;
        let done = state == In::Code && dollar.is_none() && (last == ';' || ended(&text[..kept]));
        if done || (index == 0 && meta(text)) {
            break;
        }
        if state == In::Code && dollar.is_none() {
            ends_at = Some((joined.text.len(), index + 1, line));
        }
        if index > 0 && (index >= 2_000 || !budget.left()) {
            break;
        }
    }
    if state != In::Code || dollar.is_some() {
        // Something opened and never closed: take what was whole before it, or the first line alone.
        budget.spend(joined.text.len() + 1);
        match ends_at {
            Some((length, taken, last)) => {
                joined.text.truncate(length);
                (joined.taken, joined.last) = (taken, last);
            }
            None => {
                let first = lines.first().map_or("", |l| l.1.trim());
                joined = Joined {
                    text: first.to_owned(),
                    last: lines.first().map_or(0, |l| l.0),
                    taken: 1,
                    ..Joined::default()
                };
            }
        }
        joined.problem = Some("a quote of this statement is never closed".to_owned());
    }
    joined.taken = joined.taken.max(1);
    joined
}

/// Which server a statement itself gives away.
pub fn own(statement: &str) -> Option<Tongue> {
    let lower = statement.to_ascii_lowercase();
    const POSTGRES: [&str; 15] = [
        "pg_",
        "vacuum",
        "reindex",
        "::",
        " ilike ",
        "alter system",
        "interval '",
        "concurrently",
        "refresh materialized",
        "application_name",
        "postgres",
        " returning ",
        "checkpoint;",
        "cluster ",
        "create extension",
    ];
    const MYSQL: [&str; 24] = [
        "processlist",
        "`",
        "\\g",
        "show global",
        "show variables",
        "show slave",
        "show replica",
        "show master",
        "show binary",
        "innodb",
        "flush ",
        "optimize table",
        "mysql.",
        "performance_schema",
        "set global",
        "start slave",
        "stop slave",
        "start replica",
        "stop replica",
        "change master",
        "change replication",
        "purge binary",
        "show engine",
        "show status",
    ];
    if MYSQL.iter().any(|w| lower.contains(w)) {
        Some(Tongue::Mysql)
    } else if POSTGRES.iter().any(|w| lower.contains(w)) || meta(&lower) {
        Some(Tongue::Postgres)
    } else {
        None
    }
}

/// Which server words name.
pub fn named(text: &str) -> Option<Tongue> {
    let lower = text.to_lowercase();
    if phrases::any(&lower, &phrases().mysql) {
        Some(Tongue::Mysql)
    } else if phrases::any(&lower, &phrases().postgres) {
        Some(Tongue::Postgres)
    } else {
        None
    }
}

/// Whether the line begins with a verb of Redis; `inside` a session small letters count too.
pub fn redis(text: &str, inside: bool) -> bool {
    let first = text.split_whitespace().next().unwrap_or("");
    let upper = first.to_ascii_uppercase();
    (inside || upper == first)
        && (among("redis", &upper)
            || upper.starts_with('Z') && upper.len() > 3 && first.bytes().all(|b| b.is_ascii_alphabetic()) && inside)
}

/// Whether the line is typed at MongoDB's prompt.
pub fn mongo(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("db.")
        || text.starts_with("rs.")
        || text.starts_with("sh.")
        || text.starts_with("show ")
        || text.starts_with("use ")
}
