//! `/metrics`: what `measure` counts, rendered for Prometheus, with what is looked up at that moment. Read without a
//! token, so nothing in it tells one incident or person from another.

use super::WebState;
use super::health;
use crate::measure::{self, Scrape};
use crate::store::Figures;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use firebell_domain::time::{SECOND, Timestamp};
use metrics_exporter_prometheus::PrometheusHandle;
use std::time::Duration;
use tokio::sync::watch;

const UPKEEP: Duration = Duration::from_secs(5);

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

pub async fn metrics(State(state): State<WebState>) -> Response {
    measure::scraped(scrape(&state).await);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], state.metrics().render()).into_response()
}

async fn scrape(state: &WebState) -> Scrape {
    let health = health::readiness(state).await;
    let figures = match health.database_answers {
        true => tokio::time::timeout(health::PING, state.app().store().figures()).await.ok().and_then(Result::ok),
        false => None,
    };
    let (now, engine) = (state.app().clock().now(), state.engine().read());
    let mut severity_ranks: Vec<u32> = state.app().directory().severities.iter().map(|s| s.rank).collect();
    severity_ranks.sort_unstable();
    Scrape {
        ready: health.why_not.is_empty(),
        queues: state.app().waiting(),
        engine_lag_s: engine.ticked_at.map(|at| since(at, now)),
        engine_failing: engine.failing.is_some(),
        checkpoint_age_s: engine.covered_at.map(|at| since(at, now)),
        checkpoint_failing: engine.checkpoint_failing.is_some(),
        severity_ranks,
        channels: state.channels_ever(),
        database: figures.map(|f| database(f, now)),
    }
}

fn database(figures: Figures, now: Timestamp) -> measure::Database {
    let age = |(lane, channel, count, oldest)| (lane, channel, count, since(oldest, now));
    measure::Database {
        open: figures.open,
        waiting: figures.waiting.into_iter().map(age).collect(),
        claimed: figures.claimed,
        timer_overdue_s: figures.next_timer.map_or(0.0, |due| since(due, now)),
    }
}

/// Seconds, and none for what lies ahead.
fn since(at: Timestamp, now: Timestamp) -> f64 {
    (now.0 - at.0).max(0) as f64 / SECOND as f64
}
