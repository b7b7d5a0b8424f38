//! The recorder of metrics, installed once per process, rendered by `/metrics`. Names are `firebell_NOUN_UNIT_total`;
//! labels are bounded sets (routes, statuses, channels), never incidents or people.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::watch;

/// Seconds: from a read in memory to the longest wait for a commit.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

const UPKEEP: Duration = Duration::from_secs(5);

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder the first time; `None` when the process has another one.
pub fn install() -> Option<PrometheusHandle> {
    HANDLE
        .get_or_init(|| {
            let builder =
                PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_string()), &SECONDS);
            let handle = builder.ok()?.install_recorder().ok()?;
            describe();
            Some(handle)
        })
        .clone()
}

/// Sorts recorded durations into their buckets now and then: otherwise they pile up until somebody scrapes.
pub(super) async fn upkeep(handle: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(UPKEEP);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => handle.run_upkeep(),
            _ = stop.changed() => return,
        }
    }
}

fn describe() {
    metrics::describe_counter!("firebell_http_requests_total", "Requests by route, method and status");
    metrics::describe_histogram!("firebell_http_request_duration_seconds", "Time to the answer's head, by route");
    metrics::describe_histogram!(
        "firebell_act_duration_seconds",
        "Time from a command to its durable outcome, by outcome"
    );
    metrics::describe_counter!("firebell_incidents_declared_total", "Public incidents declared, by severity");
    metrics::describe_gauge!("firebell_stream_subscribers", "Open live streams");
    metrics::describe_gauge!("firebell_engine_lag_seconds", "Since the engine's last pass");
    metrics::describe_gauge!("firebell_outbox_waiting", "Messages that wait to be sent, by lane and channel");
    metrics::describe_gauge!("firebell_outbox_claimed", "Messages that are being sent");
}
