//! What `/metrics` of the real program says before and after one night, compared with the table in both directions.

use super::exposition::promtool_check_metrics;
use super::{Exposition, family};
use crate::harness::{BOUND, eventually};
use crate::live::{Live, OTHER_TOKEN, TOKEN};
use firebell::measure::TABLE;
use sqlx::Connection;
use std::collections::BTreeSet;

pub const FIRING: &str = include_str!("../../data/webhooks/alertmanager/firing.json");
const RESOLVED: &str = include_str!("../../data/webhooks/alertmanager/resolved.json");

pub async fn scrape(live: &Live) -> (String, Exposition) {
    let answer = live.serve.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let read = Exposition::read(&answer.body);
    (answer.body, read)
}

/// An alert pages Ana, who acknowledges and resolves; a private incident beside it; slips and strangers.
pub async fn one_night(live: &Live) {
    assert_eq!(live.hook("prometheus", Some(TOKEN), FIRING).await.status, 200);
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.nothing_waits().await;
    live.done("ana", "/incident INC-1 ack").await;
    assert_eq!(live.hook("prometheus", Some(TOKEN), RESOLVED).await.status, 200);
    live.done("ana", "/incident INC-1 resolve the pool was too small").await;
    live.done("cy", "/incident declare P2 a laptop was stolen private").await;
    live.pagerduty.wait_until("Ana is paged again", |v| v.acted("trigger").count() == 2).await;
    live.nothing_waits().await;
    let (status, _) = live.serve.say("bo", "/incident dance").await;
    assert_eq!(status, 1);
    assert_eq!(live.hook("monitor", Some(TOKEN), FIRING).await.status, 401);
    assert_eq!(live.hook("monitor", Some(OTHER_TOKEN), "no JSON").await.status, 400);
}

#[tokio::test]
async fn every_metric_of_the_table_is_there_from_the_start_as_the_table_says_and_nothing_else() {
    let live = Live::start().await;
    // What a rule watches must be there before it happens: the first increase is one.
    let (_, before) = scrape(&live).await;
    for (name, labels) in [
        ("firebell_policies_used_up_total", vec![]),
        ("firebell_nobody_reached_total", vec![]),
        ("firebell_sends_total", vec![("channel", "webhook.ops"), ("outcome", "retry"), ("lane", "page")]),
        ("firebell_outbox_finished_total", vec![("channel", "pagerduty"), ("outcome", "failed")]),
        ("firebell_unreadable_requests_total", vec![("source", "monitor")]),
        ("firebell_auth_refused_total", vec![("gate", "hook")]),
        ("firebell_faults_total", vec![("kind", "overloaded")]),
        ("firebell_alert_to_page_seconds_count", vec![("channel_kind", "webhook")]),
        ("firebell_page_to_acknowledge_seconds_count", vec![("severity_rank", "4")]),
        ("firebell_timer_lag_seconds_count", vec![("kind", "escalate")]),
    ] {
        assert_eq!(before.value(name, &labels), 0.0, "{name}");
    }
    one_night(&live).await;
    let (text, read) = scrape(&live).await;
    assert_eq!(promtool_check_metrics(&text), "");

    let (process, own): (BTreeSet<String>, BTreeSet<String>) =
        read.families.keys().cloned().partition(|n| n.starts_with("process_"));
    let listed: BTreeSet<String> = TABLE.iter().map(|r| r.name.to_string()).collect();
    assert_eq!(own, listed, "what is exposed and what src/measure/table.rs lists");
    for row in TABLE {
        let said = (row.kind.as_str().to_string(), row.help.to_string());
        assert_eq!(read.families[row.name], said, "{}", row.name);
        let labels: BTreeSet<String> = row.labels.iter().map(|l| l.to_string()).collect();
        assert_eq!(read.labels(row.name), labels, "{}", row.name);
    }
    let without_family: Vec<_> =
        read.samples.iter().filter(|s| !read.families.contains_key(&family(&s.name))).collect();
    assert!(without_family.is_empty(), "{without_family:?}");
    for name in ["process_start_time_seconds", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"] {
        assert!(process.contains(name) && read.value(name, &[]) > 0.0, "{name}");
    }
    super::document::process_metrics_are_listed(&process);
    live.done("ana", "/incident INC-2 cancel it was found").await;
    live.done("ana", "/incident INC-3 cancel the monitor was corrected").await;
    live.finish().await;
}

#[tokio::test]
async fn one_night_adds_up_and_names_nobody() {
    let live = Live::start().await;
    one_night(&live).await;
    let (text, read) = scrape(&live).await;
    for (name, labels, wanted) in [
        ("firebell_alert_to_page_seconds_count", vec![("channel_kind", "pagerduty")], 2.0),
        ("firebell_page_to_acknowledge_seconds_count", vec![("severity_rank", "1")], 1.0),
        ("firebell_acknowledgements_total", vec![("severity_rank", "1"), ("paged", "yes")], 1.0),
        ("firebell_acknowledgements_total", vec![("paged", "no")], 0.0),
        ("firebell_incidents_declared_total", vec![("by", "source"), ("severity_rank", "1")], 2.0),
        // The private one is nowhere but in what was sent.
        ("firebell_incidents_declared_total", vec![("by", "person"), ("severity_rank", "2")], 0.0),
        ("firebell_incidents_ended_total", vec![("status", "resolved")], 1.0),
        ("firebell_incidents_open", vec![("severity_rank", "2"), ("acknowledged", "no")], 0.0),
        ("firebell_incidents_open", vec![("acknowledged", "yes")], 0.0),
        ("firebell_escalations_total", vec![("reason", "declared")], 2.0),
        ("firebell_alert_deliveries_total", vec![("source", "prometheus"), ("outcome", "declared")], 1.0),
        ("firebell_alert_deliveries_total", vec![("source", "prometheus"), ("outcome", "joined")], 1.0),
        ("firebell_unreadable_requests_total", vec![("source", "monitor")], 1.0),
        ("firebell_auth_refused_total", vec![("gate", "hook")], 1.0),
        ("firebell_commands_total", vec![("verb", "ack"), ("outcome", "done")], 1.0),
        ("firebell_commands_total", vec![("verb", "unknown"), ("outcome", "refused")], 1.0),
        ("firebell_database_up", vec![], 1.0),
        ("firebell_ready", vec![], 1.0),
        ("firebell_config_valid", vec![], 1.0),
        ("firebell_build_info", vec![("version", env!("CARGO_PKG_VERSION")), ("database", "sqlite")], 1.0),
    ] {
        if name.starts_with("firebell_alert_to_page") {
            live.pagerduty.wait_until("all three pages are taken", |v| v.acted("trigger").count() == 3).await;
            let sent = [("channel", "pagerduty"), ("lane", "page"), ("outcome", "done")];
            eventually("the third receipt is recorded", BOUND, async || {
                scrape(&live).await.1.value("firebell_outbox_finished_total", &sent) == 3.0
            })
            .await;
            assert_eq!(scrape(&live).await.1.value(name, &labels), wanted);
            continue;
        }
        assert_eq!(read.value(name, &labels), wanted, "{name} {labels:?} in\n{text}");
    }
    let seconds = read.value("firebell_alert_to_page_seconds_sum", &[]);
    assert!(seconds > 0.0 && seconds < 60.0, "{seconds}");
    for hidden in ["INC-", "laptop", "Orders", "ana", "cy", TOKEN, "CheckoutErrors", "10.0.4.7"] {
        let hit = text
            .lines()
            .find(|l| l.split(['"', ' ']).any(|part| part == hidden) || l.contains(hidden) && hidden.len() > 3);
        assert_eq!(hit, None, "{hidden}");
    }
    live.done("ana", "/incident INC-2 cancel it was found").await;
    live.done("ana", "/incident INC-3 cancel the monitor was corrected").await;
    live.finish().await;
}

#[tokio::test]
async fn an_alert_that_had_to_wait_for_the_database_counts_from_its_arrival() {
    let live = Live::start().await;
    let url = format!("sqlite://{}", live.serve.folder().join("firebell.db").display());
    let mut holder = sqlx::SqliteConnection::connect(&url).await.expect("the database opens");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.expect("the write lock can be had");
    // Two seconds, as Firebell promises; the alert stays in the queue.
    assert_eq!(live.hook("prometheus", Some(TOKEN), FIRING).await.status, 503);
    let (_, meanwhile) = scrape(&live).await;
    assert_eq!(meanwhile.value("firebell_faults_total", &[("kind", "unknown")]), 1.0);
    sqlx::query("ROLLBACK").execute(&mut holder).await.expect("the write lock can be given back");
    holder.close().await.expect("the connection closes");
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.nothing_waits().await;
    let (text, read) = scrape(&live).await;
    assert_eq!(read.value("firebell_alert_to_page_seconds_count", &[]), 1.0);
    assert!(read.value("firebell_alert_to_page_seconds_sum", &[]) >= 2.0, "{text}");
    let declared = &live.events(1, "declared").await[0];
    assert!(declared.to_string().contains("arrived_at"), "{declared}");
    live.done("ana", "/incident INC-1 ack").await;
    live.finish().await;
}
