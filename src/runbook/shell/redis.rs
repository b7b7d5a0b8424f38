//! What a command of Redis does, and what `redis-cli` itself does with its options. A table of verbs
//! (`knowledge/verbs/redis.toml`); a verb or a subcommand that is not in it changes something.
//! Never connects, never reads a script.

use std::sync::OnceLock;

use super::inner::{Inner, Verbs};
use crate::model::{Mode, Risk};

/// One command line as typed at the prompt of Redis; several lines are several commands.
pub fn judge(text: &str) -> Inner {
    let mut all: Option<Inner> = None;
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let words: Vec<String> = split(line.trim_end_matches(';'));
        let one = command(&words);
        all = Some(match all {
            Some(before) => before.and(one),
            None => one,
        });
    }
    all.unwrap_or_else(|| Inner::new(Risk::Read, "redis without a command"))
}

/// The words of one command, already split. A word that cannot be read yet may hold anything.
pub fn command(words: &[String]) -> Inner {
    // `redis-cli` takes a number in front: how often.
    let words = match words.first().map(|w| w.parse::<u64>().is_ok()) {
        Some(true) if words.len() > 1 => &words[1..],
        _ => words,
    };
    let spoken: Vec<String> = words.iter().take(4).map(|w| w.to_ascii_uppercase()).collect();
    let Some(first) = spoken.first() else { return Inner::new(Risk::Read, "redis without a command") };
    let Some((key, _, verb)) = verbs().find(&spoken) else {
        let known = verbs().has_family(first);
        let why =
            if known { format!("redis {}: not known", spoken.join(" ")) } else { format!("redis {first}: not known") };
        // An unknown subcommand may be the worst of its family: `CLUSTER $1`.
        let worst = if known && !plain(spoken.get(1)) { verbs().family_worst(first) } else { Risk::Mutate };
        return Inner::new(worst.max(Risk::Mutate), why);
    };
    let mut inner = verb.inner(format!("redis {key}"));
    // `REPLICAOF NO ONE` promotes; anything else throws the data away and copies another's.
    if matches!(key, "REPLICAOF" | "SLAVEOF") && spoken.get(1).map(String::as_str) == Some("NO") {
        inner.risk = Risk::Mutate;
    }
    // Options of reading commands that store or replace what is there.
    let has = |option: &str| words.iter().skip(1).any(|w| w.eq_ignore_ascii_case(option));
    if key == "RESTORE" && has("REPLACE") || key == "FUNCTION RESTORE" && has("FLUSH") {
        inner = inner.floor(Risk::Destroy, &format!("redis {key} that replaces"));
    }
    if matches!(key, "FLUSHALL" | "FLUSHDB") {
        inner.affects_availability = true;
    }
    if key == "ACL LOG" && has("RESET") {
        inner = inner.floor(Risk::Mutate, "redis ACL LOG RESET");
    }
    if key == "ACL SETUSER" && has("OFF") {
        inner = inner.floor(Risk::Destroy, "redis ACL SETUSER off");
    }
    if matches!(key, "CONFIG GET") && words.get(2).is_some_and(|w| w.contains("pass") || w.contains("auth") || w == "*")
    {
        inner.secret_output = true;
    }
    inner
}

/// The arguments behind `redis-cli`, already split into words.
pub fn cli(args: &[String]) -> Inner {
    let mut at = 0;
    let mut special: Option<Inner> = None;
    let mut repeats = false;
    let mut endless = true;
    while let Some(arg) = args.get(at) {
        let name = arg.as_str();
        let takes = VALUES.contains(&name);
        let one = match name {
            "--scan" => Some(Inner { expensive: true, ..Inner::new(Risk::Read, "redis --scan") }),
            "--bigkeys" | "--memkeys" | "--hotkeys" | "--keystats" => {
                Some(Inner { expensive: true, ..Inner::new(Risk::Read, format!("redis {name}")) })
            }
            "--stat" | "--latency" | "--latency-history" | "--latency-dist" | "--replica" | "--slave" => {
                Some(Inner { mode: Mode::Stream, ..Inner::new(Risk::Read, format!("redis {name}")) })
            }
            "--intrinsic-latency" => {
                Some(Inner { expensive: true, ..Inner::new(Risk::Read, "redis --intrinsic-latency") })
            }
            "--lru-test" | "--pipe" | "--eval" | "--ldb" | "--ldb-sync-mode" => {
                Some(Inner::new(Risk::Mutate, format!("redis {name}")))
            }
            "--rdb" | "--functions-rdb" => Some(Inner::new(Risk::Mutate, format!("redis {name} writes a file"))),
            "--cluster" => return cluster(args.get(at + 1..).unwrap_or_default()),
            "--version" | "-v" | "--help" | "-h" if name != "-h" || args.len() == 1 => {
                return Inner::new(Risk::Read, format!("redis {name}"));
            }
            "-r" => {
                repeats = true;
                endless = args.get(at + 1).is_some_and(|n| n == "-1");
                None
            }
            _ => None,
        };
        // A value stuck to its option (`-n1`) is one word; anything that begins with a dash belongs to the client.
        if one.is_none() && !name.starts_with('-') {
            break;
        }
        special = match (special, one) {
            (Some(a), Some(b)) => Some(a.and(b)),
            (a, b) => a.or(b),
        };
        at += 1 + usize::from(takes);
    }
    let rest = args.get(at..).unwrap_or_default();
    let mut inner = match (special, rest.is_empty()) {
        (Some(special), _) => special,
        (None, true) => Inner { mode: Mode::Tty, ..Inner::new(Risk::Mutate, "redis session") },
        (None, false) => command(rest),
    };
    if repeats && endless && inner.mode == Mode::Oneshot {
        inner.mode = Mode::Stream;
    }
    inner
}

/// `redis-cli --cluster VERB …`.
fn cluster(rest: &[String]) -> Inner {
    let verb = rest.first().map_or("", String::as_str);
    let why = format!("redis --cluster {verb}");
    match verb {
        "check" if rest.iter().any(|w| w == "--cluster-fix-with-unreachable-masters") => Inner::new(Risk::Mutate, why),
        "check" | "info" | "help" => Inner::new(Risk::Read, why),
        "del-node" => Inner { affects_availability: true, ..Inner::new(Risk::Destroy, why) },
        // Runs one command on every node: that command decides.
        "call" => command(rest.get(2..).unwrap_or_default()),
        _ => Inner::new(Risk::Mutate, why),
    }
}

/// Options of `redis-cli` that are followed by a value.
const VALUES: &[&str] = &[
    "-h",
    "-p",
    "-s",
    "-a",
    "-n",
    "-r",
    "-i",
    "-u",
    "-d",
    "-D",
    "-t",
    "-X",
    "--user",
    "--pass",
    "--pattern",
    "--count",
    "--sni",
    "--cacert",
    "--cacertdir",
    "--cert",
    "--key",
    "--tls-ciphers",
    "--tls-ciphersuites",
    "--quoted-pattern",
    "--rdb",
    "--functions-rdb",
    "--pipe-timeout",
    "--eval",
    "--intrinsic-latency",
    "--lru-test",
    "--memkeys-samples",
    "--show-pushes",
    "--type",
    "--cursor",
    "--top",
];

/// A word that can be read.
fn plain(word: Option<&String>) -> bool {
    word.is_some_and(|w| w.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:*".contains(c)))
}

/// At blanks; quotes hold words together.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn verbs() -> &'static Verbs {
    static TABLE: OnceLock<Verbs> = OnceLock::new();
    TABLE.get_or_init(|| Verbs::read(include_str!("../knowledge/verbs/redis.toml")).unwrap_or_default())
}

#[cfg(test)]
mod tests;
