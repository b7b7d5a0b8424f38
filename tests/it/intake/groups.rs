//! Groups of any size and shape: ten thousand alerts, too many groups, and groups that are not what they were, told by
//! hand and by a real Alertmanager.

use super::{alert, group, results};
use crate::harness::prometheus::{ALERT_BOUND, Alertmanager};
use crate::harness::{BOUND, eventually};
use crate::live::{Live, TOKEN};
use serde_json::{Value, json};

const MANY: &str = r#"
    [ingest.many]
    kind = "generic"
    token = "the token of many"
    [ingest.many.mapping]
    alerts = "alerts"
"#;
const MANY_TOKEN: &str = "the token of many";

#[tokio::test]
async fn ten_thousand_alerts_of_one_group_are_one_incident_one_page_and_one_end() {
    let live = Live::start().await;
    let all = |status: &str| {
        let alerts: Vec<Value> = (0..10_000).map(|n| alert(&format!("h{n}"), status, "severity=critical")).collect();
        group("{}:{dc=\"eu\"}", &alerts)
    };
    assert_eq!(live.told(&all("firing")).await, ["INC-1 declared"]);
    assert_eq!(live.told(&all("firing")).await, ["- nothing new"]);
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    let received = &live.events(1, "alerts_received").await[0];
    assert_eq!(received["changed"].as_array().map(Vec::len), Some(1_000), "followed one by one");
    assert_eq!(received["untracked"], 9_000);
    live.done("ana", "/incident ack").await;
    assert_eq!(live.told(&all("resolved")).await, ["INC-1 joined"]);
    live.until_status(1, "monitoring", BOUND).await;
    assert_eq!(live.incidents().await, 1);
    live.finish().await;
}

#[tokio::test]
async fn more_than_500_groups_in_one_request_are_one_incident_that_says_so() {
    let live = Live::start_with(MANY).await;
    let body = |groups: usize| {
        let alerts: Vec<Value> = (0..groups).map(|n| json!({"title": format!("t{n}"), "group": n})).collect();
        json!({ "alerts": alerts }).to_string()
    };
    let answer = live.hook("many", Some(MANY_TOKEN), body(501)).await;
    assert_eq!(answer.status, 400);
    let problem = "This could not be read: more than 500 groups in one request. INC-1 says so and pages.";
    assert_eq!(answer.json()["error"]["message"], problem);
    assert_eq!(live.incidents().await, 1, "none of the groups is declared beside it");
    live.done("ana", "/incident ack").await;
    let empty = live.hook("many", Some(MANY_TOKEN), "{\"alerts\": []}").await;
    assert_eq!(results(&empty), Vec::<String>::new());
    live.finish().await;
}

#[tokio::test]
async fn alerts_that_come_under_other_groups_stay_with_their_incident_until_each_has_ended() {
    let live = Live::start().await;
    let (a, b) = (alert("a", "firing", "severity=critical"), alert("b", "firing", "severity=critical"));
    assert_eq!(live.told(&group("all", &[a.clone(), b.clone()])).await, ["INC-1 declared"]);
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    // Grouped finer: the same alerts, each in a group of its own.
    assert_eq!(live.told(&group("only a", std::slice::from_ref(&a))).await, ["- nothing new"]);
    assert_eq!(live.told(&group("only b", std::slice::from_ref(&b))).await, ["- nothing new"]);
    // What is new in a group that has company there joins it; what has none is an incident of its own.
    let c = alert("c", "firing", "severity=critical");
    assert_eq!(live.told(&group("only b", &[b.clone(), c.clone()])).await, ["INC-1 joined"]);
    let d = alert("d", "firing", "severity=critical");
    assert_eq!(live.told(&group("only d", std::slice::from_ref(&d))).await, ["INC-2 declared"]);
    assert_eq!(live.told(&group("only d", std::slice::from_ref(&d))).await, ["- nothing new"]);
    live.done("ana", "/incident INC-1 ack").await;
    live.done("ana", "/incident INC-2 ack").await;

    // Grouped coarser: both incidents hear of their own alerts, and no third one is declared.
    let over = |name: &str| alert(name, "resolved", "severity=critical");
    assert_eq!(live.told(&group("one", &[a, b, c, d])).await, ["- nothing new"]);
    assert_eq!(live.told(&group("one", &[over("a"), over("b"), over("c"), over("d")])).await, ["INC-1 joined"]);
    live.until_status(1, "monitoring", BOUND).await;
    live.until_status(2, "monitoring", BOUND).await;
    assert_eq!(live.incidents().await, 2);
    assert_eq!(live.pagerduty.see(|v| v.acted("trigger").count()), 2);
    live.finish().await;
}

#[tokio::test]
async fn a_merged_incidents_alerts_are_known_in_the_one_that_it_went_into() {
    let live = Live::start().await;
    assert_eq!(live.told(&group("a", &[alert("a", "firing", "")])).await, ["INC-1 declared"]);
    assert_eq!(live.told(&group("b", &[alert("b", "firing", "")])).await, ["INC-2 declared"]);
    live.done("ana", "/incident INC-2 merge INC-1").await;
    assert_eq!(live.told(&group("b anew", &[alert("b", "firing", "")])).await, ["- nothing new"]);
    live.done("ana", "/incident INC-1 ack").await;
    let both = group("both", &[alert("a", "resolved", ""), alert("b", "resolved", "")]);
    assert_eq!(live.told(&both).await, ["INC-1 joined"]);
    live.until_status(1, "monitoring", BOUND).await;
    live.finish().await;
}

/// As Prometheus tells Alertmanager.
fn posted(name: &str, host: usize, ends_at: Option<&str>) -> Value {
    let mut alert = json!({
        "labels": {"alertname": name, "host": format!("h{host}"), "severity": "critical"},
        "annotations": {"summary": format!("{name} on h{host}")},
        "startsAt": "2026-03-02T01:14:07.518Z",
    });
    if let Some(ends_at) = ends_at {
        alert["endsAt"] = json!(ends_at);
    }
    alert
}

#[tokio::test]
async fn ten_thousand_alerts_of_a_real_alertmanager_are_one_incident() {
    let live = Live::start().await;
    let alertmanager = Alertmanager::start(&live.hook_url("prometheus"), TOKEN, "alertname").await;
    alertmanager.tell(&Value::Array((0..10_000).map(|n| posted("HostDown", n, None)).collect())).await;
    let received = "firebell_alerts_received_total{source=\"prometheus\",status=\"firing\"}";
    eventually("all of them have arrived", ALERT_BOUND, async || live.figure(received).await >= 10_000).await;
    drop(alertmanager);
    assert_eq!(live.incidents().await, 1);
    live.done("ana", "/incident ack").await;
    live.nothing_waits().await;
    assert_eq!(live.pagerduty.see(|v| v.acted("trigger").count()), 1);
    live.finish().await;
}

#[tokio::test]
async fn a_real_alertmanager_whose_grouping_is_edited_pages_nobody_again_and_ends_what_it_began() {
    let live = Live::start().await;
    let alertmanager = Alertmanager::start(&live.hook_url("prometheus"), TOKEN, "alertname").await;
    alertmanager.tell(&json!([posted("DiskFull", 1, None), posted("DiskFull", 2, None)])).await;
    let followed = async || {
        let log = live.events(1, "alerts_received").await;
        log.iter().filter_map(|e| e["changed"].as_array()).map(Vec::len).sum::<usize>()
    };
    eventually("both are followed", ALERT_BOUND, async || live.incidents().await == 1 && followed().await == 2).await;
    live.done("ana", "/incident ack").await;
    let firing = "firebell_alerts_received_total{source=\"prometheus\",status=\"firing\"}";
    let before = live.figure(firing).await;
    alertmanager.group_by("alertname, host").await;
    eventually("they have come in other groups", ALERT_BOUND, async || live.figure(firing).await >= before + 2).await;
    assert_eq!((live.incidents().await, followed().await), (1, 2));

    let over = "2026-03-02T02:00:00Z";
    alertmanager.tell(&json!([posted("DiskFull", 1, Some(over)), posted("DiskFull", 2, Some(over))])).await;
    live.until_status(1, "monitoring", ALERT_BOUND).await;
    drop(alertmanager);
    assert_eq!(live.pagerduty.see(|v| v.acted("trigger").count()), 1);
    live.finish().await;
}
