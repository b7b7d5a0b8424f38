//! What shipped code must not do: read a clock, panic, print, reach past the one way in, name a vendor in the engine.

use super::source::{Source, paths, rust, shipped, text};
use super::{none, planted};

/// Something that only some files may name.
struct Only {
    /// Whole path segments that follow each other: `std::fs`, `decide::decide`.
    path: &'static str,
    /// Where it may stand: paths begin with one of these.
    may: &'static [&'static str],
    why: &'static str,
}

/// One row per rule. A longer `may` is a decision: it belongs into ARCHITECTURE.md's rules as well.
const ONLY: &[Only] = &[
    // Rule 8. The lint says the same of compiled code; this says it of code behind any `cfg`.
    Only { path: "SystemTime::now", may: &["src/clock.rs"], why: "take the time from clock.rs" },
    Only { path: "Instant::now", may: &["src/clock.rs"], why: "take the time from clock.rs" },
    Only { path: "Utc::now", may: &["src/clock.rs"], why: "take the time from clock.rs" },
    Only { path: "Local::now", may: &["src/clock.rs"], why: "take the time from clock.rs" },
    // One way in.
    Only { path: "decide::decide", may: &["src/app/commit.rs", "src/domain/"], why: "go through app::act" },
    Only { path: "decide::declare", may: &["src/app/commit.rs", "src/domain/"], why: "go through app::act" },
    Only { path: "store::Batch", may: &["src/app/commit.rs", "src/store/"], why: "only the writer writes" },
    Only { path: "store::Written", may: &["src/app/", "src/store/"], why: "only the writer writes, and the rebuild" },
    Only { path: "store::Tx", may: &["src/store/"], why: "transactions stay in the store" },
    // One database layer. `serve` listens to Postgres for what other replicas wrote.
    // The executors of databases speak to those of a runbook, never to our own.
    Only {
        path: "sqlx::",
        may: &["src/store/", "src/cli/serve.rs", "src/exec/postgres/", "src/exec/mysql/"],
        why: "nobody outside the store sees a row",
    },
    // One HTTP client library for what goes out, and it goes out in few places.
    Only {
        path: "reqwest::",
        may: &["src/notify/", "src/chat/", "src/exec/http/", "src/exec/prometheus/", "src/cli/", "src/config/"],
        why: "effects leave through a port",
    },
    Only {
        path: "reqwest::Client",
        may: &["src/notify/", "src/chat/", "src/exec/http/", "src/exec/prometheus/", "src/cli/"],
        why: "the configuration only reads addresses",
    },
    // The surroundings of the process.
    Only { path: "std::env", may: &["src/cli/", "src/stop.rs"], why: "the command line reads the environment" },
    Only { path: "process::exit", may: &[], why: "return to cli::main" },
    Only { path: "process::abort", may: &["src/stop.rs"], why: "only a named stop point ends the process" },
    Only { path: "thread::sleep", may: &[], why: "it holds up everybody on the thread" },
];

/// Methods of the store that write, by who may call them: the log and what follows from it are the writer's.
const WRITES: &[(&str, &[&str])] = &[
    (".begin(", &["src/app/"]),
    (".batch(", &["src/app/"]),
    (".checkpoint(", &["src/app/audit.rs"]),
    (".forget(", &["src/app/rebuild.rs"]),
    // Sign-ins and kept answers are not part of the log.
    (".add_invitation(", &["src/web/signin.rs"]),
    (".redeem_invitation(", &["src/web/signin.rs"]),
    (".end_sessions(", &["src/web/sessions.rs"]),
    (".take_key(", &["src/web/once.rs"]),
    (".keep_answer(", &["src/web/once.rs"]),
    (".give_key_back(", &["src/web/once.rs"]),
];

/// What the domain must never name (rule 1): it depends on nothing that could, except the standard library.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::time",
    "std::thread",
    "std::env",
    "std::process",
    "std::io",
    "std::sync",
    "std::path",
    "chrono::Local",
];

/// Calls that end a task or a process instead of saying what is wrong.
const PANICS: &[&str] =
    &[".unwrap()", ".unwrap_err()", ".expect(\"", ".expect(&format", "panic!(", "unreachable!(", "assert!("];

fn names(source: &Source, wanted: &str) -> Vec<usize> {
    let wanted: Vec<&str> = wanted.split("::").filter(|p| !p.is_empty()).collect();
    let hit = |path: &[String]| path.windows(wanted.len()).any(|w| w.iter().zip(&wanted).all(|(a, b)| a == b));
    paths(&source.code).into_iter().filter(|(_, path)| hit(path)).map(|(at, _)| at).collect()
}

fn out_of_place(source: &Source, rules: &[Only]) -> Vec<String> {
    let rules = rules.iter().filter(|r| !r.may.iter().any(|place| source.path.starts_with(place)));
    rules
        .flat_map(|r| names(source, r.path).into_iter().map(|at| format!("{}: {}: {}", source.at(at), r.path, r.why)))
        .collect()
}

fn writes(source: &Source) -> Vec<String> {
    let rules = WRITES.iter().filter(|(_, may)| !may.iter().any(|place| source.path.starts_with(place)));
    rules
        .flat_map(|(call, _)| source.finds(call).into_iter().map(move |at| format!("{}: {call}", source.at(at))))
        .collect()
}

fn impure(source: &Source) -> Vec<String> {
    let words = [" async ", ".await", "println!", "HashMap", "HashSet", "thread_local!", "static mut"];
    let code = IMPURE.iter().flat_map(|p| names(source, p).into_iter().map(move |at| (at, *p)));
    let code = code.chain(words.iter().flat_map(|w| source.finds(w).into_iter().map(move |at| (at, *w))));
    code.map(|(at, what)| format!("{}: {what}", source.at(at))).collect()
}

fn panics(source: &Source) -> Vec<String> {
    // `#[cfg_attr]`-guarded debug assertions are written out, so `debug_assert!` is not meant here.
    let own = |at: &usize| !source.code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let calls = PANICS.iter().flat_map(|p| {
        let found = source.finds(p).into_iter().filter(move |at| p.starts_with('.') || own(at));
        found.map(move |at| (at, *p)).collect::<Vec<_>>()
    });
    calls.map(|(at, what)| format!("{}: {what}", source.at(at))).collect()
}

fn vendors(source: &Source) -> Vec<String> {
    // In pieces where the word would be found here as well; the code's words and the sentences both count.
    let vendors = ["pagerduty", "slack", "discord", "webhook", "opsgenie", "twilio", "alertmanager", "grafana"];
    let code = source.code.to_lowercase();
    let in_code =
        vendors.iter().flat_map(|v| code.match_indices(v).map(|(at, v)| (at, v.to_string())).collect::<Vec<_>>());
    let in_strings = source.strings.iter().flat_map(|(at, s)| {
        let s = s.to_lowercase();
        vendors.iter().filter(|v| s.contains(**v)).map(|v| (*at, v.to_string())).collect::<Vec<_>>()
    });
    in_code.chain(in_strings).map(|(at, v)| format!("{}: {v}", source.at(at))).collect()
}

#[test]
fn what_belongs_in_one_place_stands_only_there() {
    none("Out of place", shipped().iter().flat_map(|s| out_of_place(s, ONLY)).collect());
    let found = |path: &str, code: &str| out_of_place(&Source::new(path, code), ONLY).len();
    planted(1, found("src/engine/tick.rs", "let t = std::time::Instant::now();"));
    planted(1, found("src/web/api.rs", "firebell_domain::decide::decide(a)"));
    planted(2, found("commands/ack.rs", "use crate::store::{Batch, Written};"));
    planted(1, found("src/app/mod.rs", "use sqlx::{Row, query};").min(1));
    assert_eq!(found("src/clock.rs", "chrono::Utc::now()"), 0);
    assert_eq!(found("src/app/x.rs", "// std::env::var\nlet a = \"sqlx::query\";"), 0);
}

#[test]
fn nobody_reaches_past_the_writer_into_the_store() {
    let others: Vec<Source> = shipped().into_iter().filter(|s| !s.path.starts_with("src/store/")).collect();
    none("Go through app::act", others.iter().flat_map(writes).collect());
    planted(2, writes(&Source::new("commands/ack.rs", "app.store().batch().await?; store.begin().await")).len());
    // Every method in the table is there: one that was renamed would be guarded no more.
    let store: String = shipped().into_iter().filter(|s| s.path.starts_with("src/store/")).map(|s| s.code).collect();
    for (call, _) in WRITES {
        let name = call.trim_matches(['.', '(']);
        assert!(store.contains(&format!("pub async fn {name}(")), "the store has no {name}");
    }
}

#[test]
fn the_domain_is_pure() {
    let domain = shipped().into_iter().filter(|s| s.path.starts_with("src/domain/"));
    none("Not pure", domain.flat_map(|s| impure(&s)).collect());
    let found = |code: &str| impure(&Source::new("src/domain/x.rs", code)).len();
    planted(1, found("use std::fs;"));
    planted(1, found("use std::{fmt, time::Duration};"));
    planted(1, found("let m: std::collections::HashMap<u8, u8>;"));
    planted(1, found("pub async fn f() {}"));
    // What it may depend on: nothing that does I/O, and of chrono not the part that reads the clock.
    let manifest: toml::Table = text("src/domain/Cargo.toml").parse().expect("a manifest");
    let dependencies: Vec<&String> = manifest["dependencies"].as_table().expect("a table").keys().collect();
    assert_eq!(dependencies, ["chrono", "chrono-tz", "serde", "serde_json", "sha2"]);
    let root: toml::Table = text("Cargo.toml").parse().expect("a manifest");
    let chrono = &root["workspace"]["dependencies"]["chrono"];
    assert_eq!(chrono["default-features"].as_bool(), Some(false), "chrono's defaults read the clock");
    assert!(!chrono["features"].to_string().contains("clock"));
}

/// The runbook package keeps tables that are read once, and nothing else between two imports. Two halves of one document
/// are read side by side in one place, which both have left before anybody hears of it.
fn impure_importer(source: &Source) -> Vec<String> {
    let beside = source.path == "src/runbook/beside.rs";
    let kept = ["sync::Mutex", "sync::RwLock", "sync::Condvar", "sync::mpsc", "sync::atomic", "std::cell"];
    let kept = kept.iter().flat_map(|p| names(source, p).into_iter().map(move |at| (at, *p)));
    let kept = kept.map(|(at, what)| format!("{}: {what}", source.at(at)));
    let allowed = |said: &str| said.ends_with(": std::sync") || beside && said.ends_with(": std::thread");
    impure(source).into_iter().filter(|said| !allowed(said)).chain(kept).collect()
}

#[test]
fn the_importer_is_pure() {
    let importer = shipped().into_iter().filter(|s| s.path.starts_with("src/runbook/"));
    none("Not pure", importer.flat_map(|s| impure_importer(&s)).collect());
    let found = |code: &str| impure_importer(&Source::new("src/runbook/x.rs", code)).len();
    planted(1, found("use std::fs;"));
    planted(1, found("let m: std::collections::HashMap<u8, u8>;"));
    planted(1, found("static SEEN: std::sync::Mutex<u8> = todo;"));
    planted(2, found("use std::sync::{LazyLock, RwLock, atomic::AtomicU8};"));
    planted(1, found("use std::thread;"));
    assert_eq!(found("use std::sync::{Arc, LazyLock, OnceLock};"), 0);
    // Parsers and tables: nothing that does I/O, reads a clock or asks anybody.
    let manifest: toml::Table = text("src/runbook/Cargo.toml").parse().expect("a manifest");
    let dependencies: std::collections::BTreeSet<&str> =
        manifest["dependencies"].as_table().expect("a table").keys().map(String::as_str).collect();
    let known = [
        "brush-parser",
        "chardetng",
        "encoding_rs",
        "pulldown-cmark",
        "serde",
        "serde_json",
        "sha2",
        "sqlparser",
        "toml",
        "unicode-normalization",
    ];
    assert_eq!(dependencies, known.into());
}

#[test]
fn nothing_that_is_shipped_panics_on_purpose() {
    none("Say what is wrong instead", shipped().iter().flat_map(panics).collect());
    let found = |code: &str| panics(&Source::new("src/x.rs", code)).len();
    planted(3, found("a.unwrap(); b.expect(\"c\"); panic!(\"d\");"));
    assert_eq!(found("a.unwrap_or(b); self.expect(node); debug_assert!(c); \n#[cfg(test)]").min(1), 0);
}

#[test]
fn only_the_command_line_prints() {
    let prints = |s: &Source| {
        let calls = ["println!(", "print!(", "dbg!("].into_iter().flat_map(|p| s.finds(p));
        // `eprintln!` contains `println!`: both count, each once.
        calls.map(|at| s.at(at)).collect::<std::collections::BTreeSet<_>>()
    };
    let may = |path: &str| path.starts_with("src/cli/") || path == "src/stop.rs";
    none("Log it with tracing", shipped().iter().filter(|s| !may(&s.path)).flat_map(prints).collect());
    planted(2, prints(&Source::new("src/app/x.rs", "println!();\neprintln!();")).len());
}

#[test]
fn the_engine_and_the_use_cases_name_no_vendor() {
    let neutral = |path: &str| {
        (path.starts_with("src/engine/") || path.starts_with("src/app/")) && !path.starts_with("src/app/ingest/")
    };
    none("Vendors belong into adapters", shipped().iter().filter(|s| neutral(&s.path)).flat_map(vendors).collect());
    planted(2, vendors(&Source::new("src/engine/x.rs", "if channel == \"PagerDuty\" { slack() } // Discord")).len());
}

/// Where tests may wait for a time to pass, how often, and why. Figures only get smaller.
const SLEEPS: &[(&str, usize, &str)] = &[
    ("tests/it/harness/mod.rs", 2, "eventually: bounded, and looks again and again"),
    ("tests/it/harness/process.rs", 1, "the same for the end of a process"),
    ("tests/it/harness/faults.rs", 1, "a stand-in that is slow on purpose"),
    ("tests/it/fake_slack/web.rs", 1, "a Slack that is slow on purpose"),
    ("tests/it/fake_discord/rest/mod.rs", 1, "a Discord that is slow on purpose"),
    ("tests/it/recovery/instances.rs", 1, "the moment of a kill is what is tried"),
    ("tests/it/recovery/kill/mod.rs", 1, "the moment of a kill is what is tried"),
    ("tests/it/recovery/kill/load.rs", 2, "people think between two commands"),
];

fn sleeps(source: &Source) -> Vec<String> {
    let found = [source.finds("sleep("), source.finds("sleep_until(")].concat();
    let may = SLEEPS.iter().find(|(path, ..)| *path == source.path).map_or(0, |(_, n, _)| *n);
    let places: Vec<String> = found.into_iter().map(|at| source.at(at)).collect();
    if places.len() > may { places } else { Vec::new() }
}

#[test]
fn tests_wait_for_things_and_not_for_time() {
    let tests: Vec<Source> = rust().into_iter().filter(|s| s.path.starts_with("tests/it/")).collect();
    none("Wait with harness::eventually", tests.iter().flat_map(sleeps).collect());
    for (path, n, _) in SLEEPS {
        let there = tests.iter().find(|s| s.path == *path).map_or(0, |s| s.finds("sleep(").len());
        assert_eq!(there, *n, "{path} sleeps {there} times now: correct its row");
    }
    planted(1, sleeps(&Source::new("tests/it/x.rs", "tokio::time::sleep(a).await")).len());
    planted(2, sleeps(&Source::new("tests/it/harness/faults.rs", "sleep(a); sleep(b)")).len());
}

/// Keys that are read and then do nothing. Entries only leave this list; until then no document speaks of them.
const IDLE_KEYS: &[&str] = &[];

/// Fields of the configuration that nobody looks at once it is read.
fn idle_keys(settings: &str, others: &[Source]) -> Vec<String> {
    let (_, fields) = settings.split_once("pub struct Config {").expect("the configuration");
    let (fields, rest) = fields.split_once("\n}").expect("its end");
    let names = fields.lines().filter_map(|l| l.trim().strip_prefix("pub ")?.split_once(':')).map(|(name, _)| name);
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let looks = |code: &str, name: &str| {
        let access = format!(".{name}");
        code.match_indices(&access).any(|(at, _)| !word(code[at + access.len()..].chars().next()))
    };
    let idle = names.filter(|name| !looks(rest, name) && !others.iter().any(|s| looks(&s.code, name)));
    idle.map(str::to_string).collect()
}

#[test]
fn every_key_of_the_configuration_does_something() {
    let shipped = shipped();
    let settings = shipped.iter().find(|s| s.path == "src/config/settings.rs").expect("the settings").code.clone();
    let others: Vec<Source> = shipped.into_iter().filter(|s| !s.path.starts_with("src/config/")).collect();
    assert_eq!(idle_keys(&settings, &others), IDLE_KEYS, "keys that do nothing (left) and those known for it (right)");
    let made = "pub struct Config {\n    pub a: u8,\n    pub b: u8,\n}\nfn f() { self.b }";
    planted(1, idle_keys(made, &[Source::new("src/x.rs", "config.ab; a; self.a_b")]).len());
}

/// Metrics that are named, and counted, elsewhere than in their table's folder.
fn metrics_elsewhere(source: &Source, names: &[&str]) -> Vec<String> {
    let named = source.strings.iter().filter(|(_, s)| names.contains(&s.as_str())).map(|(at, s)| (*at, s.as_str()));
    let macros = ["counter!(", "gauge!(", "histogram!("];
    let counted = macros.into_iter().flat_map(|m| source.finds(m).into_iter().map(move |at| (at, m)));
    named.chain(counted).map(|(at, what)| format!("{}: {what}", source.at(at))).collect()
}

#[test]
fn only_measure_names_a_metric() {
    let names: Vec<&str> = firebell::measure::TABLE.iter().map(|row| row.name).collect();
    let others = shipped().into_iter().filter(|s| !s.path.starts_with("src/measure/"));
    let wrong = others.flat_map(|s| metrics_elsewhere(&s, &names)).collect();
    none("Add a row to src/measure/table.rs and a function beside it", wrong);
    let code = "metrics::counter!(\"firebell_sends_total\").increment(1); let c = \"firebell_session\";";
    planted(2, metrics_elsewhere(&Source::new("src/web/a.rs", code), &names).len());
}
