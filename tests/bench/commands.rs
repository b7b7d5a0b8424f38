//! 64 clients, each waiting for its answer before the next command: 10 % declare, 30 % acknowledge, 60 % note. Every
//! answer comes after its commit is durable (SQLite with synchronous=FULL; Postgres with its default). Pages go out
//! meanwhile to a receiver in this process.

use crate::figures::{cpu_s, percentiles, resident_mb};
use crate::harness::postgres;
use crate::harness::serve::Serve;
use crate::http::Client;
use crate::machine;
use crate::sink::{Sink, title_in};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub const CLIENTS: usize = 64;

#[derive(Clone, Copy, PartialEq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// A policy with one person behind a webhook, and whatever else a scenario wants.
pub fn config(sink: &str, more: &str) -> String {
    format!(
        "{more}\n[log]\nfilter = \"warn\"\n[paging.webhook.sink]\nurl = \"{sink}\"\nsecret = \"0123456789abcdef0123\"\n\
         [people.ana]\ncontact = [{{ via = \"webhook.sink\" }}]\n\
         [[policies.default.levels]]\npage = [\"@ana\"]\ndelay = \"1d\"\n"
    )
}

pub async fn run(database: Database, seconds: u64) -> Value {
    let (sink, url) = Sink::start(title_in).await;
    let more = match database {
        Database::Sqlite => String::new(),
        Database::Postgres => format!("database_url = \"{}\"", postgres::fresh_database()),
    };
    let serve = Serve::start(&config(&url, &more)).await;
    let (address, token) = (serve.url().replace("http://", ""), serve.token());
    let warm_up = Duration::from_secs(2);
    let began = Instant::now();
    let until = began + warm_up + Duration::from_secs(seconds);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let (address, token) = (address.clone(), token.clone());
            tokio::spawn(async move { client(n as u64, &address, &token, began + warm_up, until).await })
        })
        .collect();
    tokio::time::sleep_until((began + warm_up).into()).await;
    let cpu_before = cpu_s(serve.id());
    let mut all: Vec<(usize, Duration)> = Vec::new();
    let mut failed = 0;
    for client in clients {
        let (samples, errors) = client.await.expect("no panic");
        all.extend(samples);
        failed += errors;
    }
    let cpu = cpu_s(serve.id()) - cpu_before;
    let mut every: Vec<Duration> = all.iter().map(|(_, d)| *d).collect();
    let by_kind = |kind: usize| {
        let mut some: Vec<Duration> = all.iter().filter(|(k, _)| *k == kind).map(|(_, d)| *d).collect();
        percentiles(&mut some)
    };
    json!({
        "benchmark": "commands", "machine": machine(),
        "database": if database == Database::Sqlite { "SQLite, WAL, synchronous=FULL" } else { "Postgres, synchronous_commit=on, same machine" },
        "clients": CLIENTS, "seconds": seconds, "mix": "10 % declare, 30 % acknowledge, 60 % note",
        "commands_per_second": all.len() as u64 / seconds, "failed": failed,
        "all": percentiles(&mut every),
        "declare": by_kind(0), "acknowledge": by_kind(1), "note": by_kind(2),
        "pages_received_meanwhile": sink.len(),
        "server_cpu_cores": (cpu / seconds as f64 * 100.0).round() / 100.0,
        "server_resident_mb": resident_mb(serve.id()),
    })
}

/// One client: keeps some incidents of its own, of which the unacknowledged ones are for acknowledging.
async fn client(
    seed: u64,
    address: &str,
    token: &str,
    from: Instant,
    until: Instant,
) -> (Vec<(usize, Duration)>, usize) {
    let mut http = Client::connect(address, token).await.expect("the bot listens");
    let (mut samples, mut failed, mut n) = (Vec::new(), 0, seed);
    let (mut open, mut known): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    loop {
        let now = Instant::now();
        if now >= until {
            return (samples, failed);
        }
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = (n >> 33) % 10;
        // Acknowledging needs unacknowledged incidents: 30 % of the commands acknowledge what 10 % declare, so two of
        // three acknowledge commands hand back first; both are acknowledgement commands that write timers and intents.
        let kind = if known.is_empty() || dice == 0 {
            0
        } else if dice <= 3 {
            1
        } else {
            2
        };
        let pick = |list: &[String]| list.get((n >> 7) as usize % list.len().max(1)).cloned().unwrap_or_default();
        let (path, body, id) = match kind {
            0 => {
                let body = format!("{{\"severity\":\"P1\",\"title\":\"bench-{seed}-{}\"}}", samples.len());
                ("/api/v1/incidents".to_string(), body, None)
            }
            1 => match open.pop() {
                Some(id) => (format!("/api/v1/incidents/{id}/ack"), "{}".to_string(), Some(id)),
                None => {
                    let id = pick(&known);
                    let body = format!("{{\"as\":\"ana\",\"text\":\"/incident {id} unack\"}}");
                    ("/api/v1/say".to_string(), body, Some(id))
                }
            },
            _ => (
                format!("/api/v1/incidents/{}/notes", pick(&known)),
                "{\"text\":\"looked at the graphs\"}".into(),
                None,
            ),
        };
        let answer = match http.post(&path, &body).await {
            Ok(answer) => answer,
            Err(_) => {
                failed += 1;
                http = Client::connect(address, token).await.expect("the bot listens");
                continue;
            }
        };
        let took = now.elapsed();
        if (200..300).contains(&answer.status) {
            match (kind, path.ends_with("/say"), id) {
                (0, ..) => {
                    if let Some(id) = id_in(&answer.body) {
                        open.push(id.clone());
                        known.push(id);
                    }
                }
                (1, true, Some(id)) => open.push(id),
                _ => {}
            }
            if known.len() > 64 {
                known.remove(0);
            }
            if now >= from {
                samples.push((kind, took));
            }
        } else if now >= from {
            failed += 1;
            if failed < 3 {
                eprintln!("{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
            }
        }
    }
}

/// `INC-42` out of an answer.
pub fn id_in(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let from = text.find("INC-")?;
    let digits = text[from + 4..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - from - 4);
    Some(text[from..from + 4 + digits].to_string())
}
