//! From an alert's arrival at the webhook to the page's arrival at the pager, each alert an incident of its own; beside
//! it, in the same run, what Alertmanager's own webhook notifier takes from its API to the receiver.

use crate::commands::config;
use crate::figures::percentiles;
use crate::harness::process::{Process, kept};
use crate::harness::serve::Serve;
use crate::harness::{eventually, files::temp_dir, port::free_port};
use crate::http::Client;
use crate::machine;
use crate::sink::{Sink, title_in};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const TOKEN: &str = "0123456789abcdef0123";

pub async fn run(rate: u64, seconds: u64) -> Value {
    let (sink, url) = Sink::start(title_in).await;
    let ingest = format!("\n[ingest.am]\nkind = \"alertmanager\"\ntoken = \"{TOKEN}\"\n");
    let serve = Serve::start(&(config(&url, "") + &ingest)).await;
    let address = serve.url().replace("http://", "");
    let ours = send(&address, "/hooks/am", rate, seconds, "firebell", webhook_body, &sink).await;
    drop(serve);

    let (peer_sink, peer_url) = Sink::start(title_in).await;
    let theirs = match Alertmanager::start(&peer_url).await {
        Some(am) => send(&am.address, "/api/v2/alerts", rate, seconds, "alertmanager", api_body, &peer_sink).await,
        None => json!("prometheus-alertmanager is not installed"),
    };
    json!({
        "benchmark": "alert_to_page", "machine": machine(), "alerts_per_second": rate, "seconds": seconds,
        "firebell_hook_to_pager": ours, "alertmanager_api_to_webhook": theirs,
    })
}

async fn send(
    address: &str,
    path: &str,
    rate: u64,
    seconds: u64,
    name: &str,
    body: fn(&str) -> String,
    sink: &Sink,
) -> Value {
    const LANES: u64 = 8;
    let total = rate * seconds;
    let began = Instant::now() + Duration::from_millis(100);
    let lanes = (0..LANES).map(|lane| {
        let (address, name, path) = (address.to_string(), name.to_string(), path.to_string());
        tokio::spawn(async move {
            let mut http = Client::connect(&address, TOKEN).await.expect("it listens");
            let mut sent = Vec::new();
            for n in (lane..total).step_by(LANES as usize) {
                tokio::time::sleep_until((began + Duration::from_micros(n * 1_000_000 / rate)).into()).await;
                let title = format!("bench-{name}-{n}");
                let body = body(&title);
                let at = Instant::now();
                let answer = http.post(&path, &body).await;
                sent.push((title, at, answer.is_ok_and(|a| a.status == 200)));
            }
            sent
        })
    });
    let mut sent = Vec::new();
    for lane in lanes.collect::<Vec<_>>() {
        sent.extend(lane.await.expect("no panic"));
    }
    let bound = Instant::now() + Duration::from_secs(20);
    while sink.len() < sent.len() && Instant::now() < bound {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = sent.iter().filter(|(_, _, ok)| !ok).count();
    let mut took: Vec<Duration> =
        sent.iter().filter_map(|(title, at, _)| Some(sink.arrived(title)?.duration_since(*at))).collect();
    let lost = sent.len() - took.len();
    let mut figures = percentiles(&mut took);
    figures["not_accepted"] = json!(refused);
    figures["never_arrived"] = json!(lost);
    figures
}

fn webhook_body(title: &str) -> String {
    json!({
        "version": "4", "groupKey": format!("{{}}:{{alertname=\"{title}\"}}"), "status": "firing", "truncatedAlerts": 0,
        "commonLabels": { "alertname": title, "severity": "critical" },
        "alerts": [{
            "status": "firing", "labels": { "alertname": title, "severity": "critical" }, "annotations": {},
            "startsAt": "2026-11-21T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": title,
        }],
    })
    .to_string()
}

fn api_body(title: &str) -> String {
    json!([{ "labels": { "alertname": title, "severity": "critical" } }]).to_string()
}

struct Alertmanager {
    address: String,
    _process: Process,
    _folder: crate::harness::files::TempDir,
}

impl Alertmanager {
    async fn start(receiver: &str) -> Option<Alertmanager> {
        let program = "/usr/bin/prometheus-alertmanager";
        if !std::path::Path::new(program).exists() {
            return None;
        }
        let (folder, port) = (temp_dir(), free_port());
        let config = format!(
            "route:\n  receiver: bench\n  group_by: ['alertname']\n  group_wait: 0s\n  group_interval: 1m\nreceivers:\n  - name: bench\n    webhook_configs:\n      - url: {receiver}\n"
        );
        std::fs::write(folder.join("am.yml"), config).ok()?;
        let mut command = kept(program);
        command
            .arg(format!("--config.file={}", folder.join("am.yml").display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={}", port.address()))
            .arg("--cluster.listen-address=")
            .arg("--log.level=error");
        let process = Process::start("alertmanager", command, &folder.join("am.log"));
        let address = port.address();
        eventually("alertmanager is ready", Duration::from_secs(30), async || {
            match Client::connect(&address, "").await {
                Ok(mut http) => http.get("/-/ready").await.is_ok_and(|a| a.status == 200),
                Err(_) => false,
            }
        })
        .await;
        Some(Alertmanager { address, _process: process, _folder: folder })
    }
}
