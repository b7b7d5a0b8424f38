//! Firebell's own figures, as JSON: how many durable commands a second, how long from an alert to a page, what timers
//! cost, how small it is when idle, what it says under overload, how fast the room's pages and its live messages are,
//! how soon a diagnosis is complete, what reading a runbook costs. The real program over HTTP; load, receiver and program share the machine's cores.
//!
//!     cargo bench --bench figures                          everything, some minutes
//!     cargo bench --bench figures -- commands --seconds 20
//!     cargo bench --bench figures -- commands --postgres
//!     cargo bench --bench figures -- alerts | timers | overload | room | import
//!     cargo bench --bench figures -- diagnose --rounds 5      needs root and what ./test --install installs; four minutes
//!     cargo bench --bench figures -- slack --rate 200         beside Bolt in JavaScript and in Python
//!     cargo bench --bench figures -- discord --rate 200
//!     cargo bench --bench figures -- slack-storm --incidents 500    half an hour: Slack's own limits
//!
//! Never a test: it measures, it asserts nothing about speed.

#![allow(clippy::disallowed_methods)] // a benchmark reads the clock: that is what it is for

mod alerts;
mod commands;
mod diagnose;
mod discord;
#[path = "../it/fake_discord/mod.rs"]
mod fake_discord;
#[path = "../it/fake_slack/mod.rs"]
mod fake_slack;
mod figures;
#[path = "../it/harness/mod.rs"]
#[allow(unused_imports)] // the tests' harness says more words than a benchmark needs
mod harness;
mod http;
mod import;
mod overload;
mod paced;
mod room;
mod sink;
mod slack;
mod slack_storm;
mod timers;

use serde_json::{Value, json};

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let has = |word: &str| arguments.iter().any(|a| a == word);
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|a| a == name);
        at.and_then(|i| arguments.get(i + 1)).and_then(|v| v.parse().ok()).unwrap_or(default)
    };
    let named =
        ["commands", "alerts", "diagnose", "timers", "overload", "room", "import", "slack", "discord", "slack-storm"];
    let all = !named.iter().any(|w| has(w));
    let seconds = number("--seconds", 15);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        if (all || has("commands")) && !has("--postgres") {
            print(commands::run(commands::Database::Sqlite, seconds).await);
        }
        if all || (has("commands") && has("--postgres")) {
            print(commands::run(commands::Database::Postgres, seconds).await);
        }
        if all || has("alerts") {
            print(alerts::run(number("--rate", 200), seconds.min(10)).await);
        }
        if all || has("diagnose") {
            print(diagnose::run(number("--rounds", 5)).await);
        }
        if all || has("slack") {
            print(slack::run(number("--rate", 200), seconds).await);
        }
        if all || has("discord") {
            print(discord::run(number("--rate", 200), seconds, number("--stored", 10_000)).await);
        }
        // By name alone: it takes as long as Slack's limits make it.
        if has("slack-storm") {
            print(slack_storm::run(number("--incidents", 500)).await);
        }
        if all || has("timers") {
            print(timers::run(number("--armed", 100_000)).await);
        }
        if all || has("overload") {
            print(overload::run(number("--connections", 3_000)).await);
        }
        if all || has("import") {
            print(import::run());
        }
        if all || has("room") {
            print(room::run(number("--stored", 10_000), number("--followers", 500)).await);
        }
    });
}

fn print(figures: Value) {
    println!("{}", serde_json::to_string_pretty(&figures).unwrap_or_default());
}

/// The machine, so that a figure can be read later.
fn machine() -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map(|m| m.trim_start_matches([' ', '\t', ':']));
    json!({ "cores": std::thread::available_parallelism().map_or(0, usize::from), "cpu": model })
}
