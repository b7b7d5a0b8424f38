//! Slack: how long from a slash command to its acknowledgement, which comes after a durable commit, at a fixed rate; over
//! Socket Mode and over signed HTTP; beside plain Bolt apps (JavaScript, Python) that acknowledge the same command after
//! one row in SQLite. Slack is the tests' own, in this process: what it costs is in every figure alike.

use crate::fake_slack::{FakeSlack, Setup};
use crate::figures::{cores, cpu_s, percentiles, resident_mb};
use crate::harness::files::{TempDir, temp_dir};
use crate::harness::port::{Port, free_port};
use crate::harness::process::{Process, kept};
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use crate::machine;
use crate::paced::paced;
use crate::timers::each;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// Incidents that notes are written to; one command in ten declares another.
const INCIDENTS: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Socket,
    Http,
}

pub async fn run(rate: u64, seconds: u64) -> Value {
    let mut figures = serde_json::Map::new();
    for way in [Way::Socket, Way::Http] {
        let word = if way == Way::Socket { "socket_mode" } else { "signed_http" };
        let all = json!({
            "firebell": firebell(way, rate, seconds).await,
            "bolt_js": peer(Peer::Js, way, rate, seconds).await,
            "bolt_python": peer(Peer::Python, way, rate, seconds).await,
        });
        figures.insert(word.to_string(), all);
    }
    json!({
        "benchmark": "slack", "machine": machine(), "commands_per_second": rate, "seconds": seconds,
        "mix": "90 % notes on 50 open incidents, 10 % declarations; the peers insert one row",
        "database": "SQLite, WAL, synchronous=FULL, all of them", "figures": figures,
    })
}

async fn firebell(way: Way, rate: u64, seconds: u64) -> Value {
    let slack = Setup::default().start();
    let secret = match way {
        Way::Socket => format!("app_token = {:?}", slack.app_token()),
        Way::Http => format!("signing_secret = {:?}", slack.signing_secret()),
    };
    let config = format!(
        "[log]\nfilter = \"warn\"\n[slack]\nbot_token = {:?}\n{secret}\napi_url = {:?}\nannounce = \"#incidents\"\n\
         [people.ana]\nslack = \"UANA\"\n",
        slack.bot_token(),
        slack.api_url()
    );
    let serve = Serve::start(&config).await;
    match way {
        Way::Socket => slack.connected(2).await,
        Way::Http => slack.deliver_to(&serve.url()),
    }
    let one =
        |n| ("/api/v1/incidents".to_string(), json!({"severity": "P3", "title": format!("bench-{n}")}).to_string());
    let ids = each(&serve, INCIDENTS, one).await;
    let (before, began) = (cpu_s(serve.id()), Instant::now());
    let text = |n: u64| match n % 10 {
        0 => format!("/incident declare P3 bench-{n} checkout is slow"),
        _ => format!("/incident {} note bench {n}", ids[n as usize % ids.len()]),
    };
    let mut figures = load(&slack, rate, seconds, text).await;
    figures["server_cpu_cores"] = json!(cores(serve.id(), before, began));
    figures["server_resident_mb"] = json!(resident_mb(serve.id()));
    figures
}

/// Commands of one person, each in a channel that is nobody's room.
async fn load(slack: &FakeSlack, rate: u64, seconds: u64, text: impl Fn(u64) -> String) -> Value {
    let ana = slack.ana();
    let (mut took, failed) = paced(rate, seconds, |n| {
        let waiting = ana.starts_saying("general", &text(n));
        async move {
            let reply = waiting.reply().await;
            reply.error.is_none() && reply.body.to_string().contains("INC-")
        }
    })
    .await;
    let mut figures = percentiles(&mut took);
    figures["failed"] = json!(failed);
    figures
}

#[derive(Clone, Copy, PartialEq)]
enum Peer {
    Js,
    Python,
}

/// What the peers are, pinned; the Python one is among what the tests need anyway.
const BOLT_JS: &str = "@slack/bolt@5.1.0";
const SQLITE_JS: &str = "better-sqlite3@12.9.0";

impl Peer {
    fn folder(self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"));
        match self {
            Peer::Js => target.join("peers/js"),
            Peer::Python => target.join("judges/slack"),
        }
    }

    /// Why it cannot be run: how it is installed.
    fn missing(self) -> Option<String> {
        let folder = self.folder();
        let has = |file: &str, word: &str| {
            let text = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            text.contains(word)
        };
        let version = |pinned: &str| format!("\"version\": \"{}\"", pinned.rsplit('@').next().unwrap_or_default());
        match self {
            Peer::Js => {
                let there = has("node_modules/@slack/bolt/package.json", &version(BOLT_JS))
                    && has("node_modules/better-sqlite3/package.json", &version(SQLITE_JS));
                let how = format!("npm install --prefix {} {BOLT_JS} {SQLITE_JS}", folder.display());
                (!there).then(|| format!("peer not installed. Run: {how}"))
            }
            Peer::Python => {
                let there = has("slack_bolt/version.py", "1.30.0");
                (!there).then(|| "peer not installed. Run: ./test --install".to_string())
            }
        }
    }

    fn start(self, way: Way, slack: &FakeSlack, port: &Port, logs: &TempDir) -> Process {
        let script = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/bench/peers").join(name);
        let mut command: Command;
        match self {
            Peer::Js => {
                command = kept("node");
                command.arg(script("bolt.js")).env("NODE_PATH", self.folder().join("node_modules"));
                command.env("NODE_ENV", "production");
            }
            Peer::Python => {
                command = kept("/usr/bin/python3");
                command.arg("-s").arg(script("bolt.py")).env("PYTHONPATH", self.folder());
            }
        }
        let database = logs.join("said.db");
        match way {
            Way::Socket => command.args(["socket", &slack.url(), &slack.bot_token(), &slack.app_token()]),
            Way::Http => command.args(["http", &slack.url(), &slack.bot_token(), &slack.signing_secret()]),
        };
        if way == Way::Http {
            command.arg(port.number().to_string());
        }
        command.arg(database);
        Process::start("a Bolt app", command, &logs.join("log"))
    }
}

async fn peer(peer: Peer, way: Way, rate: u64, seconds: u64) -> Value {
    if let Some(why) = peer.missing() {
        return json!(why);
    }
    let (slack, logs, port) = (Setup::default().start(), temp_dir(), free_port());
    let app = peer.start(way, &slack, &port, &logs);
    match way {
        Way::Socket => slack.connected(1).await,
        Way::Http => {
            let address = port.address();
            let listens = async || tokio::net::TcpStream::connect(&address).await.is_ok();
            eventually("the Bolt app listens", BOUND, listens).await;
            slack.deliver_to(&port.url());
        }
    }
    let (before, began) = (cpu_s(app.id()), Instant::now());
    let mut figures = load(&slack, rate, seconds, |n| format!("/incident note bench {n}")).await;
    figures["app_cpu_cores"] = json!(cores(app.id(), before, began));
    figures["app_resident_mb"] = json!(resident_mb(app.id()));
    figures
}
