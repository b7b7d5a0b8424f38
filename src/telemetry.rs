//! Logs and metrics of Firebell itself. Logs go to standard error; the message is readable alone, the fields are for
//! collectors.

use crate::config::{Log, LogFormat};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// The filter of a log that was begun, to be exchanged by a reload. Its format stays.
pub struct LogFilter(Option<Box<dyn Fn(EnvFilter) + Send + Sync>>);

impl LogFilter {
    pub fn set(&self, log: &Log) {
        if let Some(exchange) = &self.0 {
            exchange(filter(log));
        }
    }
}

/// A filter that does not parse falls back to `info`, because a bot without logs is worse.
fn filter(log: &Log) -> EnvFilter {
    EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Begins to log. Where standard error has gone (its terminal was closed, its reader died) the log is lost, and nothing
/// else is.
pub fn log(log: &Log) -> LogFilter {
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).log_internal_errors(false);
    let (done, exchange): (_, Box<dyn Fn(EnvFilter) + Send + Sync>) = match log.format {
        LogFormat::Text => {
            let builder = builder.with_ansi(false).with_env_filter(filter(log)).with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| drop(handle.reload(filter))))
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_env_filter(filter(log)).with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| drop(handle.reload(filter))))
        }
    };
    match done {
        Ok(()) => LogFilter(Some(exchange)),
        Err(_) => {
            tracing::debug!("logging was begun already");
            LogFilter(None)
        }
    }
}

/// Seconds from a millisecond to half a minute: what waits for a commit or for a vendor.
const LATENCY_BUCKETS_S: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0];
/// Seconds from one to a day: what waits for a person.
const HUMAN_BUCKETS_S: [f64; 10] = [10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0];

/// Begins to count. `None` when something else in this process counts already.
pub fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_latency_seconds".into()), &LATENCY_BUCKETS_S)
        .and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("_acknowledge_seconds".into()), &HUMAN_BUCKETS_S))
        .ok()?
        .install_recorder()
        .ok()
}
