//! Many armed timers: what ticking costs when none is due, how a restart takes them up, how 1,000 due at once fire; and
//! then, with all of those incidents in the past, how small and how quick to start the idle bot is.

use crate::commands::{config, id_in};
use crate::figures::{cpu_s, resident_mb};
use crate::harness::eventually;
use crate::harness::serve::Serve;
use crate::http::Client;
use crate::machine;
use crate::sink::{Sink, title_in};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Due at once.
const BURST: usize = 1_000;

pub async fn run(armed: u64) -> Value {
    let (_sink, url) = Sink::start(title_in).await;
    let soon = "\n[services.soon]\npolicy = \"soon\"\n[[policies.soon.levels]]\npage = [\"@ana\"]\ndelay = \"20s\"\n[[policies.soon.levels]]\npage = [\"@ana\"]\ndelay = \"1d\"\n";
    let mut serve = Serve::start(&(config(&url, "") + soon)).await;
    let ids = each(&serve, armed as usize, |n| {
        ("/api/v1/incidents".to_string(), format!("{{\"severity\":\"P1\",\"title\":\"bench-{n}\"}}"))
    })
    .await;
    // The pages of the last ones and their receipts are still under way.
    quiet(&serve).await;

    let idle_armed = cpu_per_second(&serve).await;
    serve.terminate().await;
    let restart = start_ms(&mut serve).await;

    let burst = each(&serve, BURST, |n| {
        let body = format!("{{\"severity\":\"P1\",\"title\":\"bench-burst-{n}\",\"service\":\"soon\"}}");
        ("/api/v1/incidents".to_string(), body)
    })
    .await;
    let fired = burst_spread(&serve, &burst).await;

    each_of(&serve, ids.iter().chain(&burst), |id| (format!("/api/v1/incidents/{id}/resolve"), "{}".to_string())).await;
    quiet(&serve).await;
    serve.terminate().await;
    let start = start_ms(&mut serve).await;
    quiet(&serve).await;
    let resident = resident_mb(serve.id());
    let idle = cpu_per_second(&serve).await;
    json!({
        "benchmark": "timers_and_idle", "machine": machine(), "armed": armed,
        "with_armed_timers": { "idle_cpu_percent_of_a_core": idle_armed, "restart_to_ready_ms": restart },
        "due_at_once": fired,
        "with_past_incidents": {
            "stored": ids.len() + burst.len(), "start_to_ready_ms": start,
            "idle_resident_mb": resident, "idle_cpu_percent_of_a_core": idle,
        },
    })
}

async fn start_ms(serve: &mut Serve) -> u64 {
    let began = Instant::now();
    serve.start_again().await;
    began.elapsed().as_millis() as u64
}

async fn cpu_per_second(serve: &Serve) -> f64 {
    const SECONDS: f64 = 10.0;
    let before = cpu_s(serve.id());
    tokio::time::sleep(Duration::from_secs_f64(SECONDS)).await;
    ((cpu_s(serve.id()) - before) / SECONDS * 10_000.0).round() / 100.0
}

/// Nothing waits in the outbox.
pub async fn quiet(serve: &Serve) {
    eventually("the outbox is empty", Duration::from_secs(300), async || {
        let answer = serve.get("/health/components").await;
        !answer.body.contains("\"page\"") && cpu_quiet(serve).await
    })
    .await;
}

async fn cpu_quiet(serve: &Serve) -> bool {
    let before = cpu_s(serve.id());
    tokio::time::sleep(Duration::from_secs(1)).await;
    cpu_s(serve.id()) - before < 0.05
}

/// Does it `n` times over 64 connections; the incidents that the answers name.
pub async fn each(serve: &Serve, n: usize, make: impl Fn(usize) -> (String, String)) -> Vec<String> {
    let work: Vec<(String, String)> = (0..n).map(make).collect();
    all(serve, work).await
}

pub async fn each_of<'a>(
    serve: &Serve,
    ids: impl Iterator<Item = &'a String>,
    make: impl Fn(&str) -> (String, String),
) -> Vec<String> {
    let work: Vec<(String, String)> = ids.map(|id| make(id)).collect();
    all(serve, work).await
}

async fn all(serve: &Serve, work: Vec<(String, String)>) -> Vec<String> {
    let (address, token) = (serve.url().replace("http://", ""), serve.token());
    let lanes: Vec<Vec<(String, String)>> =
        (0..64).map(|lane| work.iter().skip(lane).step_by(64).cloned().collect()).collect();
    let tasks: Vec<_> = lanes
        .into_iter()
        .map(|lane| {
            let (address, token) = (address.clone(), token.clone());
            tokio::spawn(async move {
                let mut http = Client::connect(&address, &token).await.expect("it listens");
                let mut ids = Vec::with_capacity(lane.len());
                for (path, body) in lane {
                    let answer = http.post(&path, &body).await.expect("an answer");
                    assert!((200..300).contains(&answer.status), "{path}: {}", answer.status);
                    ids.extend(id_in(&answer.body));
                }
                ids
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.expect("no panic"));
    }
    ids
}

/// When the second level of each was reached, against when it was due, from the log itself.
async fn burst_spread(serve: &Serve, burst: &[String]) -> Value {
    let (address, token) = (serve.url().replace("http://", ""), serve.token());
    let mut http = Client::connect(&address, &token).await.expect("it listens");
    tokio::time::sleep(Duration::from_secs(26)).await;
    let (mut late_us, mut due_seconds) = (Vec::new(), std::collections::BTreeMap::<i64, usize>::new());
    for id in burst {
        let answer = http.get(&format!("/api/v1/incidents/{id}/events?limit=50")).await.expect("an answer");
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let events = json.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
        let escalated: Vec<&Value> = events.iter().filter(|e| e.to_string().contains("\"escalated\"")).collect();
        if let [first, second, ..] = escalated.as_slice() {
            let at = |e: &Value| {
                e.get("at").and_then(Value::as_str).and_then(|t| chrono::DateTime::parse_from_rfc3339(t).ok())
            };
            if let (Some(declared), Some(fired)) = (at(first), at(second)) {
                let due = declared + chrono::Duration::seconds(20);
                *due_seconds.entry(due.timestamp()).or_default() += 1;
                late_us.push((fired - due).num_microseconds().unwrap_or(0));
            }
        }
    }
    late_us.sort_unstable();
    let at = |p: f64| {
        late_us.get(((late_us.len() as f64 * p) as usize).min(late_us.len().saturating_sub(1))).map(|us| us / 1_000)
    };
    json!({
        "fired": late_us.len(), "of": burst.len(), "most_due_in_one_second": due_seconds.values().max(),
        "late_p50_ms": at(0.5), "late_p99_ms": at(0.99), "late_max_ms": at(1.0),
    })
}
