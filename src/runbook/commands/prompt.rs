//! Recognises the prompts that people copy along with what they typed at them.

pub mod typed;

use super::tools;

/// Who was listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Shell,
    PowerShell,
    Cmd,
    Postgres,
    Mysql,
    /// SQL at a prompt that names no server that we know.
    Sql,
    Redis,
    Mongo,
    /// RMAN, Data Guard's and ASM's.
    Oracle,
    /// A console of a programming language.
    Console,
}

/// The prompt a line begins with, and what was typed.
pub fn prompt(line: &str) -> Option<(At, &str)> {
    let text = line.trim_start();
    // `(venv) $ …`
    if let Some(inside) = text.strip_prefix('(')
        && let Some(end) = inside.find(") ")
        && inside[..end].chars().all(|c| c.is_alphanumeric() || "._-:/".contains(c))
        && let Some(found) = bare(inside[end + 2..].trim_start())
    {
        return Some(found);
    }
    bare(text)
}

fn bare(text: &str) -> Option<(At, &str)> {
    if text == "$" {
        return Some((At::Shell, ""));
    }
    if let Some(rest) = text.strip_prefix("$ ").or_else(|| text.strip_prefix("$\t")) {
        return Some((At::Shell, rest.trim()));
    }
    for mark in ["❯ ", "λ ", "» ", "➜ "] {
        if let Some(rest) = text.strip_prefix(mark) {
            let rest = rest.trim();
            return Some((At::Shell, rest.strip_prefix("~ ").unwrap_or(rest).trim()));
        }
    }
    if let Some(rest) = text.strip_prefix("% ") {
        let first = rest.split_whitespace().next().unwrap_or("");
        if tools::is_known_tool(first) || tools::is_program_path(first) {
            return Some((At::Shell, rest.trim()));
        }
    }
    power_shell(text)
        .or_else(|| cmd(text))
        .or_else(|| postgres(text))
        .or_else(|| client(text))
        .or_else(|| at_host(text))
        .or_else(|| named_shell(text))
}

/// `PS C:\Users\ana> `, `PS> `.
fn power_shell(text: &str) -> Option<(At, &str)> {
    let rest = text.strip_prefix("PS")?;
    let at = rest.find('>')?;
    let place = &rest[..at];
    (place.is_empty() || place.starts_with(' ') && !place.contains('|'))
        .then(|| (At::PowerShell, rest[at + 1..].trim_start_matches('>').trim()))
}

/// `C:\Windows>dir`.
fn cmd(text: &str) -> Option<(At, &str)> {
    let bytes = text.as_bytes();
    if bytes.len() < 4 || !bytes[0].is_ascii_alphabetic() || &bytes[1..3] != b":\\" {
        return None;
    }
    let at = text.find('>')?;
    (!text[..at].contains('"')).then(|| (At::Cmd, text[at + 1..].trim()))
}

/// Prompts of database clients and consoles.
fn client(text: &str) -> Option<(At, &str)> {
    // SQL*Plus needs no blank behind its prompt.
    if let Some(rest) = text.strip_prefix("SQL>") {
        return Some((At::Sql, rest.trim()));
    }
    if let Some(rest) = ["RMAN>", "DGMGRL>", "ASMCMD>"].iter().find_map(|p| text.strip_prefix(p)) {
        return Some((At::Oracle, rest.trim()));
    }
    let at = text.find("> ").or_else(|| text.strip_suffix('>').map(str::len))?;
    let head = &text[..at];
    let rest = text[at + 1..].trim();
    let kind = match head {
        "mysql" => At::Mysql,
        "redis" | "valkey" => At::Redis,
        "sqlite" | "SQL" | "cqlsh" | "ksql" | "hive" | "presto" | "trino" => At::Sql,
        "psql" => At::Postgres,
        "mongo" | "mongosh" => At::Mongo,
        ">>" => At::Console,
        _ if head.starts_with("MariaDB [") || head.starts_with("mysql [") => At::Mysql,
        _ if head.starts_with("cqlsh:") => At::Sql,
        _ if head.starts_with("irb(") || head.starts_with("iex(") || head.starts_with("pry(") => At::Console,
        _ if head.ends_with(":PRIMARY") || head.ends_with(":SECONDARY") || head.contains(" [direct: ") => At::Mongo,
        _ if redis_address(head) => At::Redis,
        _ => return None,
    };
    Some((kind, rest))
}

/// `127.0.0.1:6379`, `redis 10.0.0.5:6379[2]`.
fn redis_address(head: &str) -> bool {
    let head = head.strip_prefix("redis ").unwrap_or(head);
    let head = head.split('[').next().unwrap_or(head);
    let Some((host, port)) = head.rsplit_once(':') else { return false };
    !host.is_empty()
        && !host.contains(char::is_whitespace)
        && (4..=5).contains(&port.len())
        && port.bytes().all(|b| b.is_ascii_digit())
}

/// `shop=# `, `shop=> `, `shop-# `.
fn postgres(text: &str) -> Option<(At, &str)> {
    let name = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|&n| n > 0)?;
    let mark = text.get(name..name + 2)?;
    if !matches!(mark, "=#" | "=>") {
        return None;
    }
    let rest = &text[name + 2..];
    (rest.is_empty() || rest.starts_with(' ')).then(|| (At::Postgres, rest.trim()))
}

/// A second prompt of psql or mysql: the statement goes on.
pub fn goes_on(line: &str) -> Option<&str> {
    let text = line.trim_start();
    for mark in ["-> ", "'> ", "\"> ", "...> ", "... "] {
        if let Some(rest) = text.strip_prefix(mark) {
            return Some(rest);
        }
    }
    let name = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|&n| n > 0)?;
    let mark = text.get(name..name + 3)?;
    matches!(mark, "-# " | "-> " | "(# " | "(> ").then(|| &text[name + 3..])
}

/// The second and later prompts of SQL*Plus: `  2  FROM jobs` is the line after the one that was counted last.
pub fn numbered(line: &str, last: u32) -> Option<&str> {
    let text = line.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].strip_prefix("  ").or_else(|| text[digits..].is_empty().then_some(""))?;
    (line.starts_with(' ') && text[..digits].parse() == Ok(last + 1)).then_some(rest)
}

/// `ana@web1:~$ `, `[root@db1 data]# `.
fn at_host(text: &str) -> Option<(At, &str)> {
    let (body, bracket) = match text.strip_prefix('[') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let name = body.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c)))?;
    if name == 0 || !body[name..].starts_with('@') {
        return None;
    }
    let host = &body[name + 1..];
    let end = host.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c)))?;
    if end == 0 {
        return None;
    }
    let rest = &host[end..];
    let rest = if bracket {
        let close = rest.find(']')?;
        rest[close + 1..].trim_start()
    } else {
        let mark = rest.find(['$', '#', '%', '>'])?;
        let place = &rest[..mark];
        if !(place.is_empty() || place == " " || place.starts_with(':') || place.starts_with(' ')) || place.len() > 80 {
            return None;
        }
        // `scp … ana@web1:/etc/x $HOME` is no prompt: a prompt stands alone before a blank.
        if place.trim_start_matches(':').trim().contains(' ') && !place.starts_with(' ') {
            return None;
        }
        &rest[mark..]
    };
    let after = rest.strip_prefix(['$', '#', '%', '>'])?;
    (after.is_empty() || after.starts_with(' ')).then(|| (At::Shell, after.trim()))
}

/// `bash-5.1$ `, `sh-4.2# `, `/app # `, `web1$ `.
fn named_shell(text: &str) -> Option<(At, &str)> {
    let mut parts = text.splitn(2, ' ');
    let first = parts.next()?;
    let rest = parts.next().unwrap_or("").trim();
    let name = first.strip_suffix(['$', '#']).unwrap_or("");
    let plain = |n: &str| !n.is_empty() && n.chars().all(|c| c.is_alphanumeric() || "._-~/:".contains(c));
    if first.ends_with('$') && plain(name) && !rest.is_empty() {
        return Some((At::Shell, rest));
    }
    if first.ends_with('#')
        && plain(name)
        && (name.starts_with("sh-") || name.starts_with("bash-") || name.starts_with('~'))
    {
        return Some((At::Shell, rest));
    }
    // BusyBox: the folder, one blank, the mark.
    if (first.starts_with('/') || first == "~")
        && !tools::is_data_name(first)
        && let Some(typed) = text[first.len()..].strip_prefix(" # ").or_else(|| text[first.len()..].strip_prefix(" $ "))
        && tools::is_known_tool(typed.split_whitespace().next().unwrap_or(""))
    {
        return Some((At::Shell, typed.trim()));
    }
    None
}
