//! What the listener counts, and the upkeep of what is counted (the recorder itself is `telemetry`'s). Names are
//! `firebell_NOUN_UNIT_total`; labels are bounded sets (routes, statuses, channels), never incidents or people.

use metrics_exporter_prometheus::PrometheusHandle;
use std::time::Duration;
use tokio::sync::watch;

const UPKEEP: Duration = Duration::from_secs(5);

/// Sorts recorded durations into their buckets now and then: otherwise they pile up until somebody scrapes.
pub(super) async fn upkeep(handle: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    describe();
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
    metrics::describe_histogram!("firebell_http_latency_seconds", "Time to the answer's head, by route");
    metrics::describe_histogram!(
        "firebell_act_latency_seconds",
        "Time from a command to its durable outcome, by outcome"
    );
    metrics::describe_counter!("firebell_incidents_declared_total", "Public incidents declared, by severity");
    metrics::describe_gauge!("firebell_stream_subscribers", "Open live streams");
    metrics::describe_gauge!("firebell_engine_lag_seconds", "Since the engine's last pass");
    metrics::describe_gauge!("firebell_outbox_waiting", "Messages that wait to be sent, by lane and channel");
    metrics::describe_gauge!("firebell_outbox_claimed", "Messages that are being sent");
    metrics::describe_gauge!(
        "firebell_config_valid",
        "0 while the configuration's file cannot be put in force, else 1"
    );
    metrics::describe_gauge!(
        "firebell_config_loaded_timestamp_seconds",
        "When the configuration in force was put in force, in seconds since 1970"
    );
}
