//! Rules between monitoring and a running bot: what they declare, what they mute, and that nothing open is muted.

use super::{alert, group, results};
use crate::harness::BOUND;
use crate::live::{Live, OTHER_TOKEN, TOKEN};
use serde_json::{Value, json};

const RULES: &str = r#"
    [[ingest.prometheus.rules]]
    match = ['severity="info"']
    incident = false
    [[ingest.prometheus.rules]]
    match = ['team="payments"', 'severity=~"warn.*"']
    service = "checkout"
    severity = "P2"
"#;

fn source(what: &str) -> String {
    match what {
        "muted" | "unauthorized" => format!("firebell_alerts_{what}_total{{source=\"prometheus\"}}"),
        "unreadable" => "firebell_unreadable_requests_total{source=\"prometheus\"}".to_string(),
        _ => format!("firebell_alert_deliveries_total{{source=\"prometheus\",outcome=\"{what}\"}}"),
    }
}

#[tokio::test]
async fn rules_declare_with_their_service_and_severity_or_nothing_at_all() {
    let live = Live::start_with(RULES).await;
    assert_eq!(live.figure(&source("muted")).await, 0, "what never happened is a figure too");
    let muted = group("quiet", &[alert("a", "firing", "severity=info"), alert("b", "firing", "severity=info")]);
    assert_eq!(live.told(&muted).await, ["- muted"]);
    assert_eq!(live.incidents().await, 0);

    let mixed = group(
        "mixed",
        &[
            alert("c", "firing", "severity=info team=payments"),
            alert("d", "firing", "severity=warning team=payments"),
            alert("e", "resolved", "severity=critical"),
        ],
    );
    assert_eq!(live.told(&mixed).await, ["INC-1 declared"]);
    let incident = live.incident(1).await;
    assert_eq!((&incident["severity"]["level"], &incident["service"]), (&"P2".into(), &"checkout".into()));
    let received = &live.events(1, "alerts_received").await[0];
    let named: Vec<&str> =
        received["changed"].as_array().into_iter().flatten().filter_map(|a| a["fingerprint"].as_str()).collect();
    assert_eq!(named, ["d"], "the muted one is not followed, so it keeps nothing from ending");
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.done("ana", "/incident ack").await;
    // It ends although what is muted fires on.
    let over = group(
        "mixed",
        &[alert("c", "firing", "severity=info"), alert("d", "resolved", "severity=warning team=payments")],
    );
    assert_eq!(live.told(&over).await, ["INC-1 joined"]);
    live.until_status(1, "monitoring", BOUND).await;

    let all = async |what: &str| live.figure(&source(what)).await;
    let status = |s: &str| format!("firebell_alerts_received_total{{source=\"prometheus\",status=\"{s}\"}}");
    assert_eq!((live.figure(&status("firing")).await, live.figure(&status("resolved")).await), (5, 2));
    assert_eq!((all("muted").await, all("declared").await, all("joined").await), (4, 1, 1));
    live.finish().await;
}

#[tokio::test]
async fn a_rule_that_comes_with_a_restart_mutes_nothing_that_is_open() {
    let mut live = Live::start().await;
    let labels = "alertname=Disk severity=critical";
    let firing = group("disk", &[alert("a", "firing", labels)]);
    assert_eq!(live.told(&firing).await, ["INC-1 declared"]);
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.serve.set_env("FIREBELL_INGEST__PROMETHEUS__RULES__0__MATCH", "['alertname=\"Disk\"']");
    live.serve.set_env("FIREBELL_INGEST__PROMETHEUS__RULES__0__INCIDENT", "false");
    live.serve.terminate().await;
    live.serve.start_again().await;

    assert_eq!(live.told(&firing).await, ["- muted"]);
    let incident = live.incident(1).await;
    assert_eq!(incident["status"], "investigating");
    assert_ne!(incident["next_escalation_at"], Value::Null, "it goes on paging until somebody answers");
    assert_eq!(live.told(&group("other", &[alert("b", "firing", labels)])).await, ["- muted"]);
    live.done("ana", "/incident ack").await;
    assert_eq!(live.told(&group("disk", &[alert("a", "resolved", labels)])).await, ["INC-1 joined"]);
    live.until_status(1, "monitoring", BOUND).await;
    assert_eq!(live.incidents().await, 1);
    live.finish().await;
}

#[tokio::test]
async fn a_generic_source_is_sorted_by_its_mapped_fields_and_paths() {
    let live = Live::start_with(
        r#"
        [[ingest.monitor.rules]]
        match = ['severity="low"', 'check.owner!="ana"']
        incident = false
        [[ingest.monitor.rules]]
        match = ['check.owner="ana"']
        service = "checkout"
        "#,
    )
    .await;
    let told = async |body: Value| results(&live.hook("monitor", Some(OTHER_TOKEN), body.to_string()).await);
    assert_eq!(told(json!({"title": "a", "severity": "low"})).await, ["- muted"]);
    assert_eq!(told(json!({"title": "b", "severity": "low", "check": {"owner": "ana"}})).await, ["INC-1 declared"]);
    assert_eq!(live.incident(1).await["service"], "checkout");
    live.done("ana", "/incident ack").await;
    live.finish().await;
}

#[tokio::test]
async fn a_link_into_monitoring_is_in_the_timeline_the_page_and_the_overview_and_nothing_else_is_one() {
    let live = Live::start().await;
    live.told(&group("g", &[alert("a", "firing", "severity=critical")])).await;
    let link = "Source: https://prometheus.example.org/graph?g0.expr=a";
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    let text = live.pagerduty.see(|v| v.requests[0].event["payload"]["custom_details"]["text"].clone());
    assert!(text.as_str().is_some_and(|t| t.lines().any(|l| l == link)), "{text}");
    for words in ["timeline", "show"] {
        let said = live.done("ana", &format!("/incident INC-1 {words}")).await;
        assert!(said.contains(link), "{words}: {said}");
    }
    live.done("ana", "/incident ack").await;

    let body = json!({"title": "odd", "link": "javascript:alert(1)//\"><script>"});
    let answer = live.hook("monitor", Some(OTHER_TOKEN), body.to_string()).await;
    assert_eq!(results(&answer), ["INC-2 declared"]);
    let received = &live.events(2, "alerts_received").await[0];
    assert_eq!(received["changed"][0]["link"], Value::Null);
    let said = live.done("ana", "/incident INC-2 timeline").await;
    assert!(!said.contains("Source:") && !said.contains("javascript"), "{said}");
    live.done("ana", "/incident INC-2 ack").await;
    live.finish().await;
}

#[tokio::test]
async fn a_wrong_token_and_an_unreadable_body_are_counted_by_source() {
    let live = Live::start().await;
    for token in [None, Some("wrong"), Some(OTHER_TOKEN)] {
        assert_eq!(live.hook("prometheus", token, "[]").await.status, 401);
    }
    assert_eq!(live.hook("prometheus", Some(TOKEN), "[]").await.status, 400);
    assert_eq!(live.figure(&source("unauthorized")).await, 3);
    assert_eq!(live.figure(&source("unreadable")).await, 1);
    assert_eq!(live.figure("firebell_alerts_unauthorized_total{source=\"monitor\"}").await, 0);
    live.done("ana", "/incident ack").await;
    live.finish().await;
}
