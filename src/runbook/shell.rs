//! What a command does: how dangerous it is, who can run it, how it ends, what it asks for.
//!
//! The text is parsed by a real shell grammar after its placeholders were replaced; every simple command is peeled of
//! its wrappers down to the one that does the work, and judged by the knowledge base. Whatever has no rule is at least
//! `mutate`.

pub mod placeholder;
pub mod secret;

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
