//! Alive, ready, components, figures.

use super::*;
use crate::engine::ChannelState;

fn ticked(w: &World) {
    let now = w.clock.now();
    w.engine.change(|s| s.ticked_at = Some(now));
}

#[tokio::test]
async fn it_is_ready_once_the_engine_passes_and_says_why_when_it_is_not() {
    let w = World::new().await;
    assert_eq!(answer(w.get("/health")).await.1["status"], "alive");
    let (status, body) = answer(w.get("/ready")).await;
    assert_eq!((status.as_u16(), &body["why"]), (503, &json!(["The engine has not started yet."])));
    ticked(&w);
    assert_eq!(answer(w.get("/ready")).await, (StatusCode::OK, json!({ "ready": true })));
    w.clock.advance_s(11);
    let (status, body) = answer(w.get("/ready")).await;
    assert_eq!(status, 503);
    assert_eq!(body["why"][0], "The engine last passed 11 s ago; it should every second.");
    ticked(&w);
    w.app.store().close().await;
    let (status, body) = answer(w.get("/ready")).await;
    assert_eq!(status, 503);
    assert!(body["why"][0].as_str().unwrap().starts_with("SQLite cannot be reached"), "{body}");
    assert_eq!(answer(w.get("/health")).await.0, 200);
}

#[tokio::test]
async fn components_name_what_is_wrong_and_no_secret() {
    let w = World::new().await;
    ticked(&w);
    let (_, body) = answer(w.get("/health/components")).await;
    assert_eq!(
        (&body["status"], &body["pagers"]["pagerduty"]["status"]),
        (&json!("healthy"), &json!("healthy")),
        "{body}"
    );
    // Declaring pages by the one pager; nobody sends here, so that it waits.
    w.declare("checkout is down", false).await;
    w.declare("fraud inquiry", true).await;
    w.clock.advance_s(300);
    ticked(&w);
    let failing = ChannelState {
        failures_in_a_row: 3,
        last_problem: Some("PagerDuty answered 500.".into()),
        ..ChannelState::default()
    };
    w.engine.change(|s| {
        s.channels.insert("pagerduty".into(), failing);
        s.failing = Some("database: password=hunter2".into());
        s.checkpoint_failing = Some("/var/hidden: no space".into());
    });
    let (_, body) = answer(w.get("/health/components")).await;
    assert_eq!(body["status"], "unhealthy");
    assert_eq!(body["pagers"]["pagerduty"]["message"], "3 tries in a row came to nothing: PagerDuty answered 500.");
    assert_eq!(
        (&body["components"]["outbox"]["status"], &body["components"]["outbox"]["waiting"][0]["waiting"]),
        (&json!("unhealthy"), &json!(2))
    );
    assert_eq!(body["components"]["outbox"]["waiting"][0]["oldest_overdue_s"], 300);
    assert_eq!(body["components"]["paging"]["message"], "1 of 1 pagers did not take their last message.");
    assert_eq!(body["components"]["engine"]["status"], "degraded");
    assert_eq!(body["components"]["checkpoints"]["status"], "degraded");
    let text = body.to_string();
    for hidden in ["hunter2", "hidden", LOCAL, DEPLOY, "fraud", "checkout"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[tokio::test]
async fn figures_are_there_for_everybody_and_tell_nothing_of_an_incident() {
    let w = World::new().await;
    ticked(&w);
    w.declare("checkout is down", false).await;
    w.declare("fraud inquiry", true).await;
    w.get("/nothing/at/all").send().await.unwrap();
    let response = w.get("/metrics").send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = response.text().await.unwrap();
    for figure in [
        "firebell_incidents_declared_total{severity_rank=\"1\",by=\"person\"}",
        "firebell_incidents_open{severity_rank=\"1\",acknowledged=\"no\"}",
        "firebell_http_requests_total{route=\"none\",method=\"GET\",status=\"404\"}",
        "firebell_http_latency_seconds_bucket",
        "firebell_act_latency_seconds_bucket{outcome=\"done\"",
        "firebell_outbox_waiting{lane=\"page\",channel=\"pagerduty\"}",
        "firebell_engine_lag_seconds",
        "process_resident_memory_bytes",
    ] {
        assert!(text.contains(figure), "{figure} in\n{text}");
    }
    for hidden in ["checkout", "fraud", "INC-", "nothing/at", "ana", LOCAL, DEPLOY] {
        assert!(!text.contains(hidden), "{hidden} in\n{text}");
    }
}
