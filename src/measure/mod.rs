//! What Firebell counts of itself, and the one place that names a metric: everybody else says what happened. Decides
//! nothing and reads nothing; `telemetry` installs the recorder, `web` renders it.

mod committed;
mod gauges;
pub mod table;
#[cfg(test)]
mod tests;

pub use committed::{Figure, figures, timer_fired};
pub use gauges::{Database, Scrape, scraped};
pub use table::{Kind, Row, TABLE};

use firebell_domain::clocks::Milestone;
use firebell_domain::event::{EscalateReason, ReopenCause, UnackCause};
use firebell_domain::intent::Lane;
use firebell_domain::time::{SECOND, Timestamp};
use firebell_domain::timer::TimerKind;
use metrics::{counter, gauge, histogram};
use std::time::Duration;
use table::*;

/// Gives every metric its help. The recorder must be there.
pub fn describe() {
    for row in TABLE {
        match row.kind {
            Kind::Counter => metrics::describe_counter!(row.name, row.help),
            Kind::Gauge => metrics::describe_gauge!(row.name, row.help),
            Kind::Histogram(_) => metrics::describe_histogram!(row.name, row.help),
        }
    }
    gauges::describe_process();
}

/// What the configuration has names for.
pub struct Known {
    pub version: &'static str,
    pub database: &'static str,
    /// Channels of the pagers.
    pub channels: Vec<String>,
    /// Alert sources.
    pub sources: Vec<String>,
    pub severity_ranks: Vec<u32>,
}

/// Shows every counter that an alert may watch at 0, so that its first increase is one: Prometheus sees none between
/// "not there" and 1. Adds nothing, so it may be called again when the configuration has changed.
pub fn known(known: &Known) {
    gauge!(BUILD_INFO, "version" => known.version, "database" => known.database).set(1.0);
    for name in [STEPS_SKIPPED, NOBODY_REACHED, POLICIES_USED_UP] {
        counter!(name).increment(0);
    }
    let zero = |name: &'static str, label: &'static str, values: &[&'static str]| {
        for value in values {
            counter!(name, label => *value).increment(0);
        }
    };
    zero(ESCALATIONS, "reason", &EscalateReason::ALL.map(EscalateReason::as_str));
    zero(ACKNOWLEDGEMENTS_LAPSED, "cause", &UnackCause::ALL.map(UnackCause::as_str));
    zero(INCIDENTS_REOPENED, "cause", &ReopenCause::ALL.map(ReopenCause::as_str));
    zero(INCIDENTS_ENDED, "status", &["resolved", "merged", "cancelled"]);
    zero(AUTH_REFUSED, "gate", &["api", "hook", "sign_in", "origin", "ack_link", "pagerduty"]);
    zero(PAGERDUTY_WEBHOOKS, "outcome", &["acknowledged", "noted", "already", "ignored", "not_ours", "unreadable"]);
    zero(FAULTS, "kind", &["unavailable", "full", "unknown", "overloaded", "damaged", "bug"]);
    zero(HEARTBEATS, "outcome", &["done", "failed"]);
    for outcome in ["done", "fault"] {
        let _ = histogram!(COMMIT_DURATION, "outcome" => outcome);
    }
    for kind in TimerKind::ALL {
        let _ = histogram!(TIMER_LAG, "kind" => kind.as_str());
    }
    for channel in &known.channels {
        let channel = || channel.clone();
        let _ = histogram!(SEND_DURATION, "channel" => channel());
        let _ =
            histogram!(ALERT_TO_PAGE, "channel_kind" => channel().split('.').next().unwrap_or_default().to_string());
        for outcome in ["done", "retry", "never"] {
            counter!(SENDS, "lane" => Lane::Page.as_str(), "channel" => channel(), "outcome" => outcome).increment(0);
        }
        for outcome in ["done", "failed", "cancelled", "abandoned"] {
            let lane = Lane::Page.as_str();
            counter!(OUTBOX_FINISHED, "lane" => lane, "channel" => channel(), "outcome" => outcome).increment(0);
        }
    }
    for source in &known.sources {
        counter!(UNREADABLE_REQUESTS, "source" => source.clone()).increment(0);
        for name in [ALERTS_MUTED, ALERTS_UNAUTHORIZED] {
            counter!(name, "source" => source.clone()).increment(0);
        }
        for status in ["firing", "resolved"] {
            counter!(ALERTS_RECEIVED, "source" => source.clone(), "status" => status).increment(0);
        }
        for outcome in ["declared", "reopened", "joined", "nothing_new", "muted", "refused", "fault"] {
            counter!(ALERT_DELIVERIES, "source" => source.clone(), "outcome" => outcome).increment(0);
        }
    }
    for rank in &known.severity_ranks {
        let rank = || rank.to_string();
        let _ = histogram!(PAGE_TO_ACKNOWLEDGE, "severity_rank" => rank());
        for by in ["person", "source"] {
            counter!(INCIDENTS_DECLARED, "severity_rank" => rank(), "by" => by).increment(0);
        }
        for milestone in Milestone::ALL {
            let milestone = milestone.as_str();
            counter!(MILESTONES_BREACHED, "milestone" => milestone, "severity_rank" => rank()).increment(0);
        }
        for paged in ["yes", "no"] {
            counter!(ACKNOWLEDGEMENTS, "severity_rank" => rank(), "paged" => paged).increment(0);
        }
    }
}

/// Whether the configuration on disk is in force (else it was refused, and what was valid before stays), and when the
/// one in force was loaded.
pub fn configuration(in_force: bool, loaded_at: Timestamp) {
    gauge!(CONFIG_VALID).set(if in_force { 1.0 } else { 0.0 });
    gauge!(CONFIG_LOADED).set(loaded_at.0 as f64 / SECOND as f64);
}

/// A command or alert has its outcome: `done`, `refused` or `fault`.
pub fn acted(took: Duration, outcome: &'static str) {
    histogram!(ACT_LATENCY, "outcome" => outcome).record(took);
}

pub fn fault(kind: &'static str) {
    counter!(FAULTS, "kind" => kind).increment(1);
}

/// A transaction of the writer has ended, committed or not.
pub fn commit(took: Duration, committed: bool) {
    let outcome = if committed { "done" } else { "fault" };
    histogram!(COMMIT_DURATION, "outcome" => outcome).record(took);
}

/// Somebody's command. `verb` is one of the table of commands, `menu` or `unknown`: never what was typed.
pub fn command(verb: &'static str, outcome: &'static str) {
    counter!(COMMANDS, "verb" => verb, "outcome" => outcome).increment(1);
}

/// One alert group of a configured source.
/// What a source's request held, once it is durable.
pub fn alerts_read(source: &str, firing: u64, resolved: u64, muted: u64) {
    for (status, n) in [("firing", firing), ("resolved", resolved)] {
        counter!(ALERTS_RECEIVED, "source" => source.to_string(), "status" => status).increment(n);
    }
    counter!(ALERTS_MUTED, "source" => source.to_string()).increment(muted);
}

/// A request to a source without its token.
pub fn unauthorized(source: &str) {
    counter!(ALERTS_UNAUTHORIZED, "source" => source.to_string()).increment(1);
}

pub fn delivery(source: &str, outcome: &'static str) {
    counter!(ALERT_DELIVERIES, "source" => source.to_string(), "outcome" => outcome).increment(1);
}

/// Somebody was turned away: without a token that fits, with a used link, from another site.
pub fn turned_away(gate: &'static str) {
    counter!(AUTH_REFUSED, "gate" => gate).increment(1);
}

/// PagerDuty said something of our pages, and what came of it.
pub fn pagerduty_webhook(outcome: &'static str) {
    counter!(PAGERDUTY_WEBHOOKS, "outcome" => outcome).increment(1);
}

/// One try to send.
pub fn sent(lane: Lane, channel: &str, outcome: &'static str, took: Duration) {
    let channel = || channel.to_string();
    counter!(SENDS, "lane" => lane.as_str(), "channel" => channel(), "outcome" => outcome).increment(1);
    histogram!(SEND_DURATION, "channel" => channel()).record(took);
}

/// The engine has passed.
pub fn pass(took: Duration) {
    histogram!(ENGINE_PASS_DURATION).record(took);
}

pub fn heartbeat(taken: bool) {
    counter!(HEARTBEATS, "outcome" => if taken { "done" } else { "failed" }).increment(1);
}

/// A request was answered. `route` is a pattern of the router, never a path.
pub fn request(route: &str, method: &'static str, status: &str, took: Duration) {
    let route = || route.to_string();
    counter!(HTTP_REQUESTS, "route" => route(), "method" => method, "status" => status.to_string()).increment(1);
    histogram!(HTTP_LATENCY, "route" => route()).record(took);
}

pub fn stream_opened() {
    gauge!(STREAM_SUBSCRIBERS).increment(1.0);
}

pub fn stream_closed() {
    gauge!(STREAM_SUBSCRIBERS).decrement(1.0);
}
