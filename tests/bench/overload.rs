//! More at once than it promises to handle: what is answered, how fast, and how much memory it takes.

use crate::commands::config;
use crate::figures::{percentiles, resident_mb};
use crate::harness::serve::Serve;
use crate::http::Client;
use crate::machine;
use crate::sink::{Sink, title_in};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub async fn run(connections: u64) -> Value {
    let (_sink, url) = Sink::start(title_in).await;
    let serve = Serve::start(&config(&url, "")).await;
    let (address, token) = (serve.url().replace("http://", ""), serve.token());
    let until = Instant::now() + Duration::from_secs(8);
    let tasks: Vec<_> = (0..connections)
        .map(|n| {
            let (address, token) = (address.clone(), token.clone());
            tokio::spawn(async move {
                let mut seen: Vec<(u16, bool, Duration)> = Vec::new();
                let Ok(mut http) = Client::connect(&address, &token).await else { return seen };
                while Instant::now() < until {
                    let at = Instant::now();
                    let body = format!("{{\"severity\":\"P1\",\"title\":\"bench-{n}-{}\"}}", seen.len());
                    match http.post("/api/v1/incidents", &body).await {
                        Ok(a) => seen.push((a.status, a.retry_after, at.elapsed())),
                        Err(_) => break,
                    }
                }
                seen
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let resident = resident_mb(serve.id());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    let mut without_retry_after = 0;
    for task in tasks {
        for (status, retry_after, took) in task.await.expect("no panic") {
            *counts.entry(status.to_string()).or_default() += 1;
            if status == 503 {
                without_retry_after += usize::from(!retry_after);
                refused.push(took);
            } else {
                accepted.push(took);
            }
        }
    }
    json!({
        "benchmark": "overload", "machine": machine(), "connections": connections, "answers": counts,
        "accepted": percentiles(&mut accepted), "refused_503": percentiles(&mut refused),
        "refused_without_retry_after": without_retry_after, "server_resident_mb_under_load": resident,
    })
}
