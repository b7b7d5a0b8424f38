//! What a command does: how dangerous it is, who can run it, how it ends, what it asks for.
//!
//! The text is parsed by a real shell grammar after its placeholders were replaced; every simple command is peeled of
//! its wrappers down to the one that does the work, and judged by the knowledge base. Whatever has no rule is at least
//! `mutate`.

mod arg;
mod client;
mod command;
mod comment;
mod flow;
pub mod http;
pub mod inner;
mod mongo;
mod oracle;
mod parse;
mod part;
pub mod placeholder;
mod redirect;
pub mod redis;
pub mod secret;
mod snippet;
pub mod sql;
pub mod stages;
mod surface;
mod tolerant;
mod unknown;
pub mod values;
mod walk;
mod windows;

#[cfg(test)]
mod tests;

use part::{Part, Work};
use walk::{Stdin, Walk};

use crate::knowledge::OPAQUE;
use crate::model::{Executor, Mode, Risk};

/// A command and what stands around it that bears on what it does.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    pub text: &'a str,
    /// What the line is written in, as the splitter decided.
    pub tongue: Tongue,
    /// The comment above or behind it; may raise the risk, never lower it.
    pub comment: Option<&'a str>,
    /// The heading it stands under; may raise the risk of something unknown.
    pub heading: Option<&'a str>,
    /// Names assigned earlier in the same block: `$NAME` of these is neither parameter nor secret.
    pub assigned: &'a [String],
    /// Typed into a session that an earlier line opened on another machine or in a container.
    pub in_session: bool,
    /// One of the lines of a script (`#!`).
    pub in_script: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tongue {
    #[default]
    Shell,
    /// A statement typed at a prompt of PostgreSQL.
    Postgres,
    /// A statement typed at a prompt of MySQL or MariaDB.
    Mysql,
    /// A command typed at a prompt of Redis.
    Redis,
    /// A command typed at a prompt of one of Oracle's tools: RMAN, Data Guard's, ASM's.
    Oracle,
    /// A statement typed at a prompt of MongoDB.
    Mongo,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub risk: Risk,
    pub executor: Executor,
    pub mode: Mode,
    /// As written, in order, each once.
    pub placeholders: Vec<String>,
    /// References such as `$REDIS_PASSWORD` or the path of a key file, in order, each once.
    pub secrets: Vec<String>,
    pub problem: Option<String>,
    /// Why, from the innermost outward: "destroy: redis DEL", "xargs", "pipeline".
    pub why: Vec<String>,
    pub flags: Flags,
}

/// What else is to be known before anybody runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub unknown_tool: bool,
    /// What it prints is itself secret (`kubectl get secret -o yaml`, `env`).
    pub secret_output: bool,
    /// Cuts connections for a moment, or takes something out of service while it runs.
    pub affects_availability: bool,
    /// Loads the system it asks (`KEYS *`, a full table scan).
    pub expensive: bool,
    pub dry_run: bool,
    /// Redirects into a file.
    pub redirect: bool,
}

/// Judges one command as an operator would type it. Never panics, whatever the text.
pub fn judge(asked: &Asked) -> Judged {
    let replaced = placeholder::replace(asked.text, asked.tongue, asked.assigned);
    let text = opaque(&replaced);
    let mut walk = Walk::default();
    let mut part = match asked.tongue {
        Tongue::Shell => windows::judge(&text, |piece| Walk::default().text(piece, &Stdin::None))
            .unwrap_or_else(|| walk.text(&text, &Stdin::None)),
        Tongue::Postgres => statement(&text, sql::Dialect::Postgres, Executor::Postgres),
        Tongue::Mysql => statement(&text, sql::Dialect::Mysql, Executor::Mysql),
        Tongue::Redis => redis(&text),
        Tongue::Oracle => oracle::judge(&text),
        Tongue::Mongo => mongo::statement(&text),
    };
    if asked.tongue == Tongue::Shell
        && !asked.text.contains("<<")
        && let Some(problem) = surface::problem(asked.text)
    {
        // What the eye sees explains more than what the grammar stumbled over because of it.
        part.problem = Some(problem);
        part.raise(Risk::Mutate, "not what it looks like");
    }
    if part.flags.unknown_tool && part.risk < Risk::Destroy {
        raise_by_surroundings(&mut part, asked);
    }
    Judged {
        risk: part.risk,
        executor: part.executor,
        mode: part.mode,
        placeholders: replaced.found,
        secrets: secret::found(asked.text, asked.assigned).into_iter().map(|s| s.as_written).collect(),
        problem: part.problem.map(|p| p.replace(OPAQUE, "…")),
        why: part.why.into_iter().map(|w| w.replace(OPAQUE, "…")).collect(),
        flags: part.flags,
    }
}

/// The comment speaks about this line; the heading only if neither line nor comment is about looking.
fn raise_by_surroundings(part: &mut Part, asked: &Asked) {
    if let Some(word) = asked.comment.and_then(comment::says) {
        return part.raise(Risk::Destroy, format!("the comment says \"{}\"", word.trim()));
    }
    let looks = comment::looks(asked.text) || asked.comment.is_some_and(comment::looks);
    if let Some(word) = asked.heading.and_then(comment::says)
        && !looks
    {
        part.raise(Risk::Destroy, format!("the heading says \"{}\"", word.trim()));
    }
}

fn statement(text: &str, dialect: sql::Dialect, executor: Executor) -> Part {
    let mut part = Part { work: Work::Does, executor, ..Part::default() };
    part.absorb_inner(sql::judge(&client::readable(text), dialect), "");
    part
}

fn redis(text: &str) -> Part {
    let mut part = Part { work: Work::Does, executor: Executor::Redis, ..Part::default() };
    part.absorb_inner(redis::judge(text), "");
    part
}

/// Every placeholder as one character that no tool's name or option has.
fn opaque(replaced: &placeholder::Replaced) -> String {
    let mut out = String::with_capacity(replaced.text.len());
    let mut rest = replaced.text.as_str();
    while let Some(at) = rest.find("FBPH") {
        let digits = at + rest[at..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - at);
        let between = &rest[at + 4..digits];
        match rest.get(at..digits + 4) {
            Some(word) if between.chars().all(|c| c == 'Z') && replaced.is_open(word) => {
                out.push_str(&rest[..at]);
                out.push(OPAQUE);
                rest = &rest[digits + 4..];
            }
            _ => {
                out.push_str(&rest[..at + 4]);
                rest = &rest[at + 4..];
            }
        }
    }
    out.push_str(rest);
    out
}
