//! Tools that speak a language of their own: what they are told is found here and judged by that language's module.
//!
//! What cannot be seen (a file, what another command writes) counts as the worst that such a thing does.

use super::arg::Arg;
use super::http;
use super::inner::Inner;
use super::part::{Part, Work};
use super::sql::{self, Dialect};
use super::walk::{Stdin, Walk};
use super::{mongo, redis, snippet, unknown};
use crate::knowledge::entry::Client;
use crate::knowledge::look::Found;
use crate::knowledge::{OPAQUE, knowledge};
use crate::model::{Executor, Mode, Risk};

pub fn judge(walk: &mut Walk, client: Client, part: &mut Part, found: &Found<'_>, args: &[Arg], stdin: &Stdin) {
    let told = Told { found, args, stdin };
    match client {
        Client::Psql => sql(part, &told, Dialect::Postgres, &["-c", "--command"], &["-f", "--file"]),
        Client::Mysql => sql(part, &told, Dialect::Mysql, &["-e", "--execute"], &[]),
        Client::Sqlite => sqlite(part, &told),
        Client::Statement => {
            let says = ["-e", "--execute", "-q", "--query", "-Q", "--command", "-c"];
            sql(part, &told, Dialect::Other, &says, &["-f", "--file", "--queries-file", "-i"]);
        }
        Client::Redis => redis_cli(part, &told),
        Client::Mongo => mongo::judge(part, &told),
        Client::Curl => request(part, http::curl(&told.words())),
        Client::Wget => request(part, http::wget(&told.words())),
        Client::Httpie => request(part, http::httpie(&told.words())),
        Client::Shell => shell(walk, part, &told),
        Client::Socket => socket(part, stdin),
        Client::Script => script(walk, part, &told),
    }
}

/// Everything the client is told.
pub struct Told<'a> {
    pub found: &'a Found<'a>,
    pub args: &'a [Arg],
    pub stdin: &'a Stdin,
}

impl Told<'_> {
    pub fn values(&self, names: &[&str]) -> Vec<String> {
        self.found.split.values(names).filter_map(|g| g.value.clone()).collect()
    }

    /// All that stands behind the tool's name.
    fn words(&self) -> Vec<String> {
        self.args.iter().skip(1).map(|a| a.text.clone()).collect()
    }

    /// The first operand and everything behind it: what an interpreter hands to its script.
    fn behind_options(&self) -> &[Arg] {
        self.found.split.operands.first().and_then(|&at| self.args.get(at..)).unwrap_or_default()
    }

    pub fn operands(&self) -> Vec<&Arg> {
        self.found.split.operands.iter().filter_map(|&at| self.args.get(at)).collect()
    }
}

impl Part {
    pub fn absorb_inner(&mut self, inner: Inner, through: &str) {
        let why = if through.is_empty() { inner.why } else { format!("{} ({through})", inner.why) };
        self.raise(inner.risk, why);
        self.flags.affects_availability |= inner.affects_availability;
        self.flags.expensive |= inner.expensive;
        self.flags.secret_output |= inner.secret_output;
        if self.mode == Mode::Oneshot {
            self.mode = inner.mode;
        }
        if self.problem.is_none() {
            self.problem = inner.problem;
        }
    }

    /// A script that the interpreter runs.
    fn absorb_script(&mut self, inside: Part) {
        if inside.executor == Executor::Interactive {
            self.executor = inside.executor;
        }
        self.absorb(inside);
    }

    /// Opens a prompt where anything can be typed.
    pub fn console(&mut self, what: &str) {
        self.executor = Executor::Interactive;
        self.mode = Mode::Tty;
        self.raise(Risk::Mutate, format!("a session of {what}"));
    }
}

fn sql(part: &mut Part, told: &Told<'_>, dialect: Dialect, says: &[&str], files: &[&str]) {
    let name = told.found.tool.names[0].clone();
    let statements = told.values(says);
    let scripts = told.values(files);
    for statement in &statements {
        part.absorb_inner(sql::judge(&readable(statement), dialect), &name);
    }
    for file in &scripts {
        match (file.as_str(), told.stdin) {
            ("-", Stdin::Text(text)) => part.absorb_inner(sql::judge(&readable(text), dialect), &name),
            ("-", _) => loads(part, "-", &name),
            _ => reads_script(part, file, &name),
        }
    }
    let only_looks = told.found.split.has(&["-l", "--list", "--help", "--version", "-V", "-?"]);
    if !statements.is_empty() || !scripts.is_empty() || only_looks {
        return;
    }
    match told.stdin {
        Stdin::Text(text) => part.absorb_inner(sql::judge(&readable(text), dialect), &name),
        Stdin::File(file) => loads(part, file, &name),
        Stdin::Pipe => part.raise(Risk::Destroy, format!("{name} runs statements that cannot be read")),
        Stdin::None => part.console(&name),
    }
}

/// A file of statements given by name: a script like any other, unless its name says that it replaces what is there.
fn reads_script(part: &mut Part, file: &str, name: &str) {
    let lower = file.to_lowercase();
    let stem = lower.rsplit('/').next().unwrap_or(&lower);
    if ["dump", "backup", "restore", "drop", "rollback", "wipe", "reset", "delete"].iter().any(|w| stem.contains(w)) {
        part.raise(Risk::Destroy, format!("{name} runs {file}"));
    } else {
        part.raise(Risk::Mutate, format!("{name} runs {file}"));
    }
}

/// A file on standard input is a dump, loaded over what is there, unless its name says otherwise.
fn loads(part: &mut Part, file: &str, name: &str) {
    let lower = file.to_lowercase();
    let stem = lower.rsplit('/').next().unwrap_or(&lower);
    let harmless =
        ["migrat", "schema", "seed", "query", "queries", "report", "check", "stats", "index", "grants", "fix"];
    if harmless.iter().any(|w| stem.contains(w)) {
        part.raise(Risk::Mutate, format!("{name} runs {file}"));
    } else {
        part.raise(Risk::Destroy, format!("{name} loads {file} over what is there"));
    }
}

fn sqlite(part: &mut Part, told: &Told<'_>) {
    let operands = told.operands();
    let statements: Vec<&str> = operands.iter().skip(1).map(|a| a.text.as_str()).collect();
    if statements.is_empty() {
        match told.stdin {
            Stdin::Text(text) => dotted(part, text),
            Stdin::File(file) => loads(part, file, "sqlite3"),
            Stdin::Pipe => part.raise(Risk::Destroy, "sqlite3 runs statements that cannot be read"),
            Stdin::None => part.console("sqlite3"),
        }
    }
    for statement in statements {
        dotted(part, statement);
    }
}

fn dotted(part: &mut Part, text: &str) {
    let Some(command) = text.trim().strip_prefix('.') else {
        return part.absorb_inner(sql::judge(&readable(text), Dialect::Sqlite), "sqlite3");
    };
    let word = command.split_whitespace().next().unwrap_or("");
    match word {
        "tables" | "schema" | "dump" | "indexes" | "indices" | "databases" | "dbinfo" | "stats" | "show" | "help"
        | "mode" | "headers" | "fullschema" | "quit" | "exit" => {}
        "restore" => part.raise(Risk::Destroy, "sqlite3 .restore"),
        _ => part.raise(Risk::Mutate, format!("sqlite3 .{word}")),
    }
}

fn redis_cli(part: &mut Part, told: &Told<'_>) {
    let inner = redis::cli(&told.words());
    if inner.mode != Mode::Tty {
        return part.absorb_inner(inner, "");
    }
    match told.stdin {
        Stdin::Text(text) => part.absorb_inner(redis::judge(text), ""),
        Stdin::File(_) | Stdin::Pipe => part.raise(Risk::Destroy, "redis commands that cannot be read"),
        Stdin::None => part.console("redis-cli"),
    }
}

fn request(part: &mut Part, request: http::Request) {
    part.executor = request.executor;
    part.absorb_inner(request.inner, "");
}

/// What is written into a connection (`echo … | nc h 1`): orders of whatever listens there.
fn socket(part: &mut Part, stdin: &Stdin) {
    let text = match stdin {
        Stdin::None => return,
        Stdin::Text(text) => text,
        Stdin::File(_) | Stdin::Pipe => return part.raise(Risk::Mutate, "sends to a connection"),
    };
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    let Some(first) = words.first() else { return };
    const ASKS: &[&str] = &[
        "show", "stats", "stat", "info", "ruok", "mntr", "srvr", "conf", "cons", "help", "version", "ping", "get",
        "head", "options", "quit", "exit", "list", "status", "q",
    ];
    const CUTS: &[&str] = &[
        "disable",
        "shutdown",
        "shut",
        "maint",
        "drain",
        "flush_all",
        "flushall",
        "del",
        "delete",
        "clear",
        "kill",
        "stop",
    ];
    if words.iter().any(|w| CUTS.contains(w)) {
        part.raise(Risk::Destroy, format!("sends `{first}` to a connection"));
    } else if !ASKS.contains(first) {
        part.raise(Risk::Mutate, format!("sends `{first}` to a connection"));
    }
}

/// An ordinary word in place of what cannot be read, so that the language's own grammar can.
pub fn readable(text: &str) -> String {
    text.replace(OPAQUE, "FBPH0001")
}

fn shell(walk: &mut Walk, part: &mut Part, told: &Told<'_>) {
    let operands = told.operands();
    let split = &told.found.split;
    let name = told.args[0].text.clone();
    let inside = if split.has(&["-c"]) {
        operands.first().map(|text| walk.text(&text.text, told.stdin).within(&format!("{name} -c")))
    } else if !operands.is_empty() && !split.has(&["-s"]) {
        let mut inside = Part { executor: Executor::Script, work: Work::Does, ..Part::default() };
        inside.absorb_script(unknown::program(told.behind_options()));
        Some(inside)
    } else {
        match told.stdin {
            Stdin::Text(text) => Some(walk.text(text, &Stdin::None).within(&name)),
            Stdin::File(file) => {
                let mut part = unknown::program(&[Arg::plain(file)]);
                part.executor = Executor::Script;
                Some(part)
            }
            Stdin::Pipe => {
                part.raise(Risk::Mutate, format!("{name} runs what cannot be read"));
                part.flags.unknown_tool = true;
                None
            }
            Stdin::None if split.has(&["--version", "--help"]) => None,
            Stdin::None => {
                part.console(&name);
                None
            }
        }
    };
    if let Some(inside) = inside {
        part.executor = inside.executor;
        part.work = inside.work;
        part.absorb(inside);
    }
}

fn script(walk: &mut Walk, part: &mut Part, told: &Told<'_>) {
    let operands = told.operands();
    let split = &told.found.split;
    let name = told.args[0].text.clone();
    let snippets = told.values(&["-c", "-e", "-r", "-E", "--eval", "-ne", "-pe"]);
    let modules = told.values(&["-m"]);
    if !snippets.is_empty() {
        part.flags.unknown_tool = true;
        for snippet in &snippets {
            if !snippet::only_prints(snippet) {
                part.raise(Risk::Mutate, format!("{name} runs a program in a text"));
                if snippet::deletes(snippet) {
                    part.raise(Risk::Destroy, format!("{name} deletes in a text"));
                }
            }
        }
    } else if let Some(module) = modules.first() {
        if !matches!(module.as_str(), "json.tool" | "platform" | "site" | "sysconfig") {
            let mut args = vec![Arg::plain(module)];
            // `python -m pip install x`: a tool by another door.
            let tool = knowledge().tool(module).map(|t| t.executor);
            let known = matches!(tool, Some(Executor::Script | Executor::AppCli | Executor::Package));
            let behind = split.values(&["-m"]).next().and_then(|m| m.value_at).map_or(0, |at| at + 1);
            if known && behind > 0 {
                args.extend(told.args[behind..].iter().cloned());
                part.absorb_script(walk.deeper(|w| w.argv(&args, told.stdin)));
                if tool == Some(Executor::Package) {
                    part.executor = Executor::Package;
                }
            } else {
                args.extend(operands.iter().map(|a| (*a).clone()));
                part.absorb_script(unknown::program(&args));
            }
        }
    } else if let Some(file) = operands.first() {
        // `python manage.py migrate`, `php artisan down`: programs that are known, whoever interprets them.
        let program = knowledge().tool(&file.text).map(|t| t.executor);
        let known = matches!(program, Some(Executor::Script | Executor::AppCli | Executor::Package));
        let args = told.behind_options();
        let inside = if known { walk.deeper(|w| w.argv(args, told.stdin)) } else { unknown::program(args) };
        part.absorb_script(inside);
    } else if split.has(&["--version", "-V", "-v", "--help", "-h"]) {
    } else if *told.stdin == Stdin::None {
        part.console(&name);
    } else {
        part.raise(Risk::Mutate, format!("{name} runs what cannot be read"));
        part.flags.unknown_tool = true;
    }
}
