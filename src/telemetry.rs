//! Logs and metrics of Firebell itself. Logs go to standard error; the message is readable alone, the fields are for
//! collectors. What is counted stands in `measure`.

use crate::config::{Log, LogFormat};
use crate::measure::{self, Kind, TABLE};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Begins to log. A filter that does not parse falls back to `info`, because a bot without logs is worse.
pub fn log(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let done = match log.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if done.is_err() {
        tracing::debug!("logging was begun already");
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
