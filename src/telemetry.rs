//! Logs and metrics of Firebell itself. Logs go to standard error; the message is readable alone, the fields are for
//! collectors. What is counted stands in `measure`.

use crate::config::{Log, LogFormat};
use crate::measure::{self, Kind, TABLE};
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

/// Begins to count. `None` when something else in this process counts already.
pub fn metrics() -> Option<PrometheusHandle> {
    let mut builder = PrometheusBuilder::new();
    for row in TABLE {
        if let Kind::Histogram(buckets) = row.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(row.name.into()), buckets).ok()?;
        }
    }
    let handle = builder.install_recorder().ok()?;
    measure::describe();
    Some(handle)
}
