//! Which lines open a session on another machine, in a container or with a database, and which end it.

use super::sql;
use super::words::{program, words};
use crate::model::Line;
use crate::shell::Tongue;

/// Opened by an earlier line of the same block; what follows was typed into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The line that opened it.
    pub line: Line,
    /// As written: a host, a container, a database.
    pub target: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shell on another machine.
    Remote,
    /// A shell in a container.
    Container,
    Postgres,
    Mysql,
    Redis,
    /// Another server that speaks SQL.
    Sql,
    /// Another client with a language of its own (MongoDB).
    Mongo,
}

impl Kind {
    pub fn tongue(self) -> Tongue {
        match self {
            Kind::Postgres | Kind::Sql => Tongue::Postgres,
            Kind::Mysql => Tongue::Mysql,
            Kind::Redis => Tongue::Redis,
            _ => Tongue::Shell,
        }
    }

    pub fn is_shell(self) -> bool {
        matches!(self, Kind::Remote | Kind::Container)
    }
}

/// Options of each client that take a value, so that the value is not taken for the operand.
fn takes_value(tool: &str, word: &str) -> bool {
    if word.starts_with("--") {
        return !word.contains('=')
            && matches!(
                word,
                "--host"
                    | "--port"
                    | "--user"
                    | "--username"
                    | "--dbname"
                    | "--database"
                    | "--namespace"
                    | "--container"
                    | "--context"
                    | "--zone"
                    | "--project"
                    | "--profile"
                    | "--env"
                    | "--workdir"
                    | "--file"
                    | "--app"
                    | "--kubeconfig"
                    | "--region"
                    | "--target"
                    | "--image"
                    | "--name"
                    | "--network"
            );
    }
    let Some(last) = word.strip_prefix('-').filter(|o| o.len() == 1) else { return false };
    match tool {
        "ssh" | "mosh" | "autossh" => "bcDeFIiJLlmOopRSwE".contains(last),
        "psql" => "hpUdvPFRTLo".contains(last),
        "mysql" | "mariadb" => "huPDS".contains(last),
        "redis-cli" | "valkey-cli" => "hpanurid".contains(last),
        "docker" | "podman" | "nerdctl" => "uewfvpl".contains(last),
        "kubectl" | "oc" => "nclf".contains(last),
        _ => "hpunUdfa".contains(last),
    }
}

/// The session that this command line opens, if it ends in one and does nothing in it.
pub fn opened(text: &str, line: Line) -> Option<Session> {
    // A pipe or a redirection feeds it: nobody types.
    let all = words(text, 60);
    if all.iter().any(|w| {
        matches!(*w, "|" | "<" | ">" | "&&" | "||" | ";" | ">>" | "2>&1") || w.starts_with("<<") || w.starts_with('>')
    }) {
        return None;
    }
    if all.iter().any(|w| w.starts_with('<') && super::scan::angle(w).is_none()) {
        return None;
    }
    let (at, _) = program(&all)?;
    inner(&all[at..], line, 0)
}

fn inner(all: &[&str], line: Line, depth: usize) -> Option<Session> {
    let tool = all.first()?.rsplit('/').next()?;
    let rest = &all[1..];
    if depth > 6 {
        return None;
    }
    let session = |kind, target: &str| Some(Session { line, target: target.to_owned(), kind });
    let operands = || {
        let mut found = Vec::new();
        let mut skip = false;
        for word in rest {
            if skip {
                skip = false;
            } else if takes_value(tool, word) {
                skip = true;
            } else if !word.starts_with('-') || *word == "--" {
                found.push(*word);
            }
        }
        found
    };
    let value = |names: &[&str]| {
        rest.iter().enumerate().find_map(|(i, w)| {
            names.iter().find_map(|n| {
                if w == n {
                    rest.get(i + 1).copied()
                } else {
                    w.strip_prefix(n).filter(|v| !v.is_empty()).map(|v| v.trim_start_matches('='))
                }
            })
        })
    };
    let has = |names: &[&str]| {
        rest.iter().any(|w| names.iter().any(|n| w == n || (n.starts_with("--") && w.starts_with(&format!("{n}=")))))
    };
    match tool {
        "sudo" | "doas" | "command" | "exec" | "time" | "env" | "sshpass" | "winpty" | "rlwrap" => {
            let mut at = 0;
            while at < rest.len() {
                let word = rest[at];
                if matches!(word, "-u" | "-g" | "-p" | "-f") {
                    at += 2;
                } else if word.starts_with('-') || super::words::assignment(word).is_some() {
                    at += 1;
                } else {
                    return inner(&rest[at..], line, depth + 1);
                }
            }
            None
        }
        "ssh" | "mosh" | "autossh" | "gcloud" | "aws" | "az" | "vagrant" | "tsh" | "fly" | "flyctl" | "eb"
        | "multipass" | "heroku" | "doctl" => remote(tool, rest, &operands(), &session, &has),
        "psql" | "pgcli" => {
            let quiet = has(&["-c", "--command", "-f", "--file", "-l", "--list", "-V", "--version", "--help"])
                || rest.iter().any(|w| w.starts_with("-c") || w.starts_with("-f") || cluster(w, 'c'));
            (!quiet).then(|| {
                session(Kind::Postgres, value(&["-d", "--dbname"]).or(operands().first().copied()).unwrap_or("psql"))
            })?
        }
        "mysql" | "mariadb" | "mycli" => {
            let quiet = has(&["-e", "--execute", "--version", "-V", "--help"])
                || rest.iter().any(|w| w.starts_with("-e") || cluster(w, 'e'));
            (!quiet).then(|| {
                session(Kind::Mysql, value(&["-D", "--database"]).or(operands().first().copied()).unwrap_or("mysql"))
            })?
        }
        "redis-cli" | "valkey-cli" => {
            let busy = !operands().is_empty()
                || has(&[
                    "--scan",
                    "--stat",
                    "--bigkeys",
                    "--memkeys",
                    "--latency",
                    "--rdb",
                    "--pipe",
                    "--eval",
                    "--hotkeys",
                    "--cluster",
                    "--version",
                    "-v",
                    "--latency-history",
                    "--intrinsic-latency",
                ]);
            (!busy).then(|| session(Kind::Redis, value(&["-h", "--host"]).unwrap_or("redis")))?
        }
        "sqlite3" | "sqlite" | "duckdb" | "litecli" => (operands().len() <= 1
            && !has(&["-cmd", "-c", "-version", "--version"]))
        .then(|| session(Kind::Sql, operands().first().copied().unwrap_or(tool)))?,
        "sqlplus" | "cqlsh" | "clickhouse-client" | "sqlcmd" | "mssql-cli" | "snowsql" | "trino" | "beeline" => {
            let busy = has(&["-e", "-q", "-Q", "-i", "-f", "-c", "--query", "--execute", "--file", "--version"])
                || rest.iter().any(|w| w.starts_with('@'));
            (!busy).then(|| session(Kind::Sql, tool))?
        }
        "mongosh" | "mongo" => {
            let busy = has(&["--eval", "--file", "-f", "--version"]) || operands().iter().any(|w| w.ends_with(".js"));
            (!busy).then(|| session(Kind::Mongo, operands().first().copied().unwrap_or("mongo")))?
        }
        "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose" => container(tool, rest, line, depth),
        "kubectl" | "oc" | "k3s" | "microk8s" => kubernetes(rest, line, depth),
        "lxc" | "incus" if operands().first() == Some(&"exec") => {
            let target = operands().get(1).copied().unwrap_or("container").to_owned();
            let at = rest.iter().position(|w| *w == "--")?;
            typed(&rest[at + 1..], &target, line, depth)
        }
        _ => None,
    }
}

/// `-tc`: several short options in one word, the last with a value.
fn cluster(word: &str, option: char) -> bool {
    word.len() > 2
        && word.starts_with('-')
        && !word.starts_with("--")
        && word[1..].bytes().all(|b| b.is_ascii_alphabetic())
        && word.ends_with(option)
}

fn remote(
    tool: &str,
    rest: &[&str],
    operands: &[&str],
    session: &impl Fn(Kind, &str) -> Option<Session>,
    has: &impl Fn(&[&str]) -> bool,
) -> Option<Session> {
    match tool {
        "ssh" | "mosh" | "autossh" => {
            let tunnel = has(&["-N", "-f", "-O", "-V", "-G", "-Q", "-T"])
                || rest.iter().any(|w| {
                    cluster(w, 'N')
                        || cluster(w, 'f')
                        || w.starts_with("-fN")
                        || w.starts_with("-NL")
                        || w.starts_with("-NfL")
                });
            (operands.len() == 1 && !tunnel).then(|| session(Kind::Remote, operands[0]))?
        }
        "gcloud" => {
            let at = operands.iter().position(|w| *w == "ssh")?;
            (!has(&["--command"]) && !rest.contains(&"--"))
                .then(|| session(Kind::Remote, operands.get(at + 1).copied().unwrap_or("gcloud")))?
        }
        "aws" => {
            let at = rest.iter().position(|w| *w == "start-session")?;
            let target = rest[at..].iter().position(|w| *w == "--target").and_then(|t| rest.get(at + t + 1)).copied();
            (!has(&["--document-name"])).then(|| session(Kind::Remote, target.unwrap_or("ssm")))?
        }
        "heroku" => {
            if operands.first() == Some(&"pg:psql") {
                return if has(&["-c", "--command"]) { None } else { session(Kind::Postgres, "heroku") };
            }
            let shell = operands.first() == Some(&"run") && matches!(operands.get(1).copied(), Some("bash" | "sh"));
            (shell && operands.len() == 2).then(|| session(Kind::Remote, "heroku"))?
        }
        "az" | "doctl" => {
            let at = operands.iter().position(|w| *w == "ssh")?;
            session(Kind::Remote, operands.get(at + 1).copied().unwrap_or(tool))
        }
        "fly" | "flyctl" => (operands.starts_with(&["ssh", "console"]) && !has(&["-C", "--command"]))
            .then(|| session(Kind::Remote, "fly"))?,
        _ => {
            let at = operands.iter().position(|w| matches!(*w, "ssh" | "shell"))?;
            (!has(&["-c", "--command"]) && operands.len() <= at + 2)
                .then(|| session(Kind::Remote, operands.get(at + 1).copied().unwrap_or(tool)))?
        }
    }
}

fn container(tool: &str, rest: &[&str], line: Line, depth: usize) -> Option<Session> {
    let mut at = 0;
    let mut verb = None;
    while at < rest.len() {
        let word = rest[at];
        if takes_value("docker", word) || matches!(word, "--user" | "--env" | "--profile" | "--project-name" | "-p") {
            at += 2;
            continue;
        }
        if !word.starts_with('-') {
            match verb {
                None if word == "compose" || word == "container" => {}
                None => verb = Some(word),
                Some("exec") => return typed(rest.get(at + 1..)?, word, line, depth),
                Some("attach") => return Some(Session { line, target: word.to_owned(), kind: Kind::Container }),
                Some("run") => {
                    let interactive = rest.iter().any(|w| matches!(*w, "-it" | "-ti" | "-i" | "-t"))
                        || tool.ends_with("compose")
                        || rest.contains(&"compose");
                    return interactive.then(|| typed(rest.get(at + 1..)?, word, line, depth)).flatten();
                }
                Some(_) => return None,
            }
        }
        at += 1;
    }
    None
}

fn kubernetes(rest: &[&str], line: Line, depth: usize) -> Option<Session> {
    let mut at = 0;
    let mut verb = None;
    let mut target = None;
    while at < rest.len() {
        let word = rest[at];
        if takes_value("kubectl", word) {
            at += 2;
            continue;
        }
        if word == "--" {
            return typed(rest.get(at + 1..)?, target.unwrap_or("pod"), line, depth);
        }
        if !word.starts_with('-') && word != "kubectl" {
            match (verb, target) {
                (None, _) => verb = Some(word),
                (Some("rsh"), None) => target = Some(word),
                (Some("exec" | "debug" | "run" | "attach"), None) => target = Some(word),
                // The old form without `--`.
                (Some("exec" | "rsh"), Some(pod)) => return typed(&rest[at..], pod, line, depth),
                _ => return None,
            }
        }
        at += 1;
    }
    match (verb, target) {
        (Some("rsh" | "attach"), Some(pod)) => Some(Session { line, target: pod.to_owned(), kind: Kind::Container }),
        (Some("exec"), Some(pod)) if rest.iter().any(|w| matches!(*w, "-it" | "-ti")) => {
            Some(Session { line, target: pod.to_owned(), kind: Kind::Container })
        }
        _ => None,
    }
}

/// What runs in the container: a bare shell opens one, a bare client opens that.
fn typed(command: &[&str], target: &str, line: Line, depth: usize) -> Option<Session> {
    let tool = command.first()?.rsplit('/').next()?;
    match tool {
        "sh" | "bash" | "ash" | "zsh" | "powershell" | "cmd" => (!command[1..]
            .iter()
            .any(|w| w.ends_with('c') || !w.starts_with('-')))
        .then(|| Session { line, target: target.to_owned(), kind: Kind::Container }),
        _ => inner(command, line, depth + 1),
    }
}

/// Whether the line leaves the session it is typed into.
pub fn ends(text: &str) -> bool {
    let text = text.trim().trim_end_matches(';');
    matches!(
        text,
        "exit" | "logout" | "quit" | "\\q" | "EXIT" | "QUIT" | ".quit" | ".exit" | ".q" | "exit()" | "quit()" | "QUIT;"
    ) || text.starts_with("exit ") && text.len() <= 8
}

/// Whether a line that nothing marks can have been typed into this session.
pub fn takes(session: &Session, text: &str, opener: &str) -> bool {
    if ends(text) {
        return true;
    }
    match session.kind {
        Kind::Sql if text.starts_with('.') && text[1..].starts_with(|c: char| c.is_ascii_lowercase()) => true,
        Kind::Postgres | Kind::Mysql | Kind::Sql => sql::begins(text, true) || sql::meta(text),
        Kind::Redis => sql::redis(text, true),
        Kind::Mongo => sql::mongo(text),
        Kind::Remote | Kind::Container => {
            // A second `ssh`, or `docker` behind `docker exec`, is typed where the first one was.
            let tool = |t: &str| {
                let all = words(t, 12);
                program(&all)
                    .map(|(at, w)| if w == "sudo" { all.get(at + 1).copied().unwrap_or(w) } else { w }.to_owned())
            };
            let same = tool(text);
            let again = same.is_some() && same == tool(opener);
            let copies = session.kind == Kind::Remote && same.as_deref() == Some("scp");
            !(again || copies)
        }
    }
}
