//! The stand-in of PagerDuty refuses, keeps and breaks what it says it does.

use crate::harness::fake_pagerduty::{FakePagerduty, ROUTING_KEY, Status};
use crate::harness::faults::Fault;
use crate::harness::{Answer, http_client};
use serde_json::{Value, json};
use std::time::Duration;

fn trigger(dedup_key: &str) -> Value {
    json!({
        "routing_key": ROUTING_KEY,
        "event_action": "trigger",
        "dedup_key": dedup_key,
        "payload": {"summary": "checkout is down", "source": "firebell", "severity": "critical"},
    })
}

fn follow_up(action: &str, dedup_key: &str) -> Value {
    json!({"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": dedup_key})
}

async fn enqueue(pager: &FakePagerduty, event: &Value) -> Result<Answer, String> {
    let address = format!("{}/v2/enqueue", pager.url());
    Answer::to(http_client().post(address).json(event)).await
}

#[tokio::test]
async fn the_pager_keeps_an_alert_from_trigger_to_resolution() {
    let pager = FakePagerduty::start();
    let answer = enqueue(&pager, &trigger("INC-1")).await.unwrap();
    assert_eq!(answer.status, 202);
    assert_eq!(answer.json(), json!({"status": "success", "message": "Event processed", "dedup_key": "INC-1"}));
    enqueue(&pager, &trigger("INC-1")).await.unwrap();
    enqueue(&pager, &follow_up("acknowledge", "INC-1")).await.unwrap();
    pager.see(|vendor| {
        let alert = vendor.alert("INC-1").unwrap();
        assert_eq!((alert.status, alert.triggers), (Status::Acknowledged, 2));
    });
    enqueue(&pager, &follow_up("resolve", "INC-1")).await.unwrap();
    // Dropped, as the vendor drops it: there is no open alert any more.
    enqueue(&pager, &follow_up("acknowledge", "INC-1")).await.unwrap();
    pager.see(|vendor| assert_eq!(vendor.alert("INC-1").unwrap().status, Status::Resolved));
    enqueue(&pager, &trigger("INC-1")).await.unwrap();
    pager.see(|vendor| {
        assert_eq!(vendor.alerts.len(), 2);
        assert_eq!(vendor.alert("INC-1").unwrap().status, Status::Triggered);
        assert_eq!(vendor.requests.len(), 6);
        assert!(vendor.requests.is_sorted_by_key(|request| request.arrived));
        assert_eq!(vendor.acted("trigger").count(), 3);
        assert_eq!(vendor.refused().count(), 0);
    });
}

#[tokio::test]
async fn the_pager_ignores_a_follow_up_with_another_routing_key() {
    let pager = FakePagerduty::start();
    enqueue(&pager, &trigger("INC-1")).await.unwrap();
    let mut event = follow_up("resolve", "INC-1");
    event["routing_key"] = "f".repeat(32).into();
    assert_eq!(enqueue(&pager, &event).await.unwrap().status, 202);
    pager.see(|vendor| assert_eq!(vendor.alert("INC-1").unwrap().status, Status::Triggered));
}

#[tokio::test]
async fn the_pager_makes_up_a_key_for_a_trigger_without_one() {
    let pager = FakePagerduty::start();
    let mut event = trigger("");
    event.as_object_mut().unwrap().remove("dedup_key");
    let first = enqueue(&pager, &event).await.unwrap().json();
    let second = enqueue(&pager, &event).await.unwrap().json();
    assert_ne!(first["dedup_key"], second["dedup_key"]);
    pager.see(|vendor| assert_eq!(vendor.alerts.len(), 2));
}

#[tokio::test]
async fn the_pager_refuses_what_the_vendor_refuses() {
    let pager = FakePagerduty::start();
    // Where in a good trigger, what instead (null removes it), and what the vendor complains about.
    let cases = [
        ("/routing_key", json!("too short"), "Length of 'routing_key' is incorrect"),
        ("/routing_key", Value::Null, "'routing_key' is missing or blank"),
        ("/event_action", Value::Null, "'event_action' is missing or blank"),
        ("/event_action", json!("ack"), "'event_action' is incorrect"),
        ("/dedup_key", json!("k".repeat(256)), "Length of 'dedup_key' is incorrect"),
        ("/dedup_key", json!(42), "'dedup_key' is not a string"),
        ("/payload", Value::Null, "'payload.summary' is missing or blank"),
        ("/payload/summary", json!("  "), "'payload.summary' is missing or blank"),
        ("/payload/summary", json!("é".repeat(1025)), "Length of 'payload.summary' is incorrect"),
        ("/payload/source", Value::Null, "'payload.source' is missing or blank"),
        ("/payload/severity", Value::Null, "'payload.severity' is missing or blank"),
        ("/payload/severity", json!("P1"), "'payload.severity' is invalid"),
        ("/payload/component", json!(1), "'payload.component' is not a string"),
        ("/payload/custom_details", json!("text"), "'payload.custom_details' is not an object"),
        ("/payload/timestamp", json!("yesterday"), "'payload.timestamp' is not an ISO 8601 time"),
        ("/client_url", json!(1), "'client_url' is not a string"),
        ("/links", json!({"href": "https://example.com"}), "'links' is not a list"),
        ("/links", json!([{"text": "the room"}]), "'links.href' is missing"),
        ("/links", json!([{"href": "https://example.com", "text": 1}]), "'links.text' is not a string"),
        ("/images", json!([{"src": "http://example.com/a.png"}]), "'images.src' is missing"),
    ];
    let count = cases.len();
    for (place, instead, complaint) in cases {
        let mut event = trigger("INC-1");
        let (parent, key) = place.rsplit_once('/').unwrap();
        let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.remove(key);
        if !instead.is_null() {
            parent.insert(key.to_owned(), instead);
        }
        let answer = enqueue(&pager, &event).await.unwrap();
        assert_eq!(answer.status, 400, "{place}: {}", answer.body);
        assert_eq!(answer.json()["status"], "invalid event");
        let errors = answer.json()["errors"].to_string();
        assert!(errors.contains(complaint), "{place}: {errors}");
    }
    pager.see(|vendor| {
        assert_eq!(vendor.refused().count(), count);
        assert!(vendor.alerts.is_empty());
    });
}

#[tokio::test]
async fn the_pager_accepts_a_trigger_that_uses_every_field_to_its_limit() {
    let pager = FakePagerduty::start();
    let event = json!({
        "routing_key": ROUTING_KEY,
        "event_action": "trigger",
        "dedup_key": "k".repeat(255),
        "client": "Firebell",
        "client_url": "http://127.0.0.1:7911/incidents/INC-1",
        "links": [{"href": "http://127.0.0.1:7911/incidents/INC-1", "text": "the room"}],
        "images": [{"src": "https://example.com/a.png", "href": "https://example.com", "alt": "load"}],
        "payload": {
            "summary": "é".repeat(1024),
            "source": "firebell",
            "severity": "info",
            "timestamp": "2026-11-22T10:00:00.123456Z",
            "component": "checkout",
            "group": "shop",
            "class": "outage",
            "custom_details": {"claim": 7},
        },
    });
    let answer = enqueue(&pager, &event).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
}

#[tokio::test]
async fn the_pager_refuses_follow_ups_without_a_key_and_what_is_no_event() {
    let pager = FakePagerduty::start();
    for action in ["acknowledge", "resolve"] {
        let event = json!({"routing_key": ROUTING_KEY, "event_action": action});
        let answer = enqueue(&pager, &event).await.unwrap();
        assert_eq!(answer.status, 400, "{action}");
    }
    let address = format!("{}/v2/enqueue", pager.url());
    let post = |kind: &'static str, body: String| {
        Answer::to(http_client().post(&address).header("content-type", kind).body(body))
    };
    let broken = post("application/json", "{\"routing_key\":".to_owned()).await.unwrap();
    assert_eq!((broken.status, broken.json()["errors"][0].as_str()), (400, Some("JSON parse error")));
    let plain = post("text/plain", trigger("INC-1").to_string()).await.unwrap();
    assert_eq!(plain.status, 400);
    let mut event = trigger("INC-1");
    event["payload"]["custom_details"] = json!({"log": "x".repeat(512 * 1024)});
    assert_eq!(enqueue(&pager, &event).await.unwrap().status, 413);
    let stray = Answer::to(http_client().get(format!("{}/v2/alerts", pager.url()))).await.unwrap();
    assert_eq!(stray.status, 404);
    let wrong_method = Answer::to(http_client().get(&address)).await.unwrap();
    assert_eq!(wrong_method.status, 404);
    pager.see(|vendor| {
        assert!(vendor.alerts.is_empty());
        assert_eq!(vendor.strays, ["GET /v2/alerts", "GET /v2/enqueue"]);
    });
}

#[tokio::test]
async fn planned_faults_are_met_in_order_and_then_all_is_well() {
    let pager = FakePagerduty::start();
    pager.faults.next(1, Fault::too_many("7"));
    pager.faults.next(2, Fault::status(503).body("busy"));
    pager.faults.next(1, Fault::garbage());
    let limited = enqueue(&pager, &trigger("INC-1")).await.unwrap();
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("7")));
    for _ in 0..2 {
        let busy = enqueue(&pager, &trigger("INC-1")).await.unwrap();
        assert_eq!((busy.status, busy.body.as_str()), (503, "busy"));
    }
    pager.see(|vendor| assert!(vendor.alerts.is_empty()));
    let garbage = enqueue(&pager, &trigger("INC-1")).await.unwrap();
    assert_eq!(garbage.status, 202);
    assert!(serde_json::from_str::<Value>(&garbage.body).is_err());
    assert_eq!(pager.faults.left(), 0);
    pager.faults.always(Fault::status(500));
    for _ in 0..2 {
        assert_eq!(enqueue(&pager, &trigger("INC-1")).await.unwrap().status, 500);
    }
    pager.faults.none();
    assert_eq!(enqueue(&pager, &trigger("INC-1")).await.unwrap().status, 202);
    pager.see(|vendor| {
        assert_eq!(vendor.requests.len(), 7);
        assert_eq!(vendor.alert("INC-1").unwrap().triggers, 2);
    });
}

#[tokio::test]
async fn a_lost_request_leaves_no_alert_and_a_lost_answer_does() {
    let pager = FakePagerduty::start();
    for (fault, acted, reset) in [
        (Fault::closed_before(), false, false),
        (Fault::reset_before(), false, true),
        (Fault::closed_after(), true, false),
        (Fault::reset_after(), true, true),
    ] {
        let alerts_before = pager.see(|vendor| vendor.alerts.len());
        pager.faults.next(1, fault);
        let key = format!("INC-{}", pager.see(|vendor| vendor.requests.len()));
        let error = enqueue(&pager, &trigger(&key)).await.unwrap_err();
        assert_eq!(error.contains("reset by peer"), reset, "{error}");
        pager.see(|vendor| {
            assert_eq!(vendor.requests.last().unwrap().acted, acted);
            assert_eq!(vendor.alerts.len() - alerts_before, usize::from(acted));
        });
    }
}

#[tokio::test]
async fn a_hanging_answer_comes_when_it_is_released() {
    let pager = FakePagerduty::start();
    pager.faults.next(1, Fault::hang());
    let event = trigger("INC-1");
    let (answer, ()) = tokio::join!(enqueue(&pager, &event), async {
        pager.wait_until("the trigger is there", |vendor| vendor.requests.len() == 1).await;
        pager.faults.release();
    });
    assert_eq!(answer.unwrap().status, 202);
}

#[tokio::test]
async fn a_late_answer_is_late() {
    let pager = FakePagerduty::start();
    let by = Duration::from_millis(300);
    pager.faults.next(1, Fault::late(by));
    assert_eq!(enqueue(&pager, &trigger("INC-1")).await.unwrap().status, 202);
    pager.see(|vendor| assert!(vendor.requests[0].arrived.elapsed() >= by));
}

#[tokio::test]
async fn a_pager_that_is_down_refuses_connections_and_comes_back_at_its_address() {
    let pager = FakePagerduty::start();
    pager.faults.next(1, Fault::hang());
    let event = trigger("INC-1");
    let (cut, ()) = tokio::join!(enqueue(&pager, &event), async {
        pager.wait_until("the trigger is there", |vendor| vendor.requests.len() == 1).await;
        pager.stop();
    });
    cut.unwrap_err();
    let error = enqueue(&pager, &trigger("INC-2")).await.unwrap_err();
    assert!(error.contains("Connection refused"), "{error}");
    pager.start_again();
    enqueue(&pager, &trigger("INC-2")).await.unwrap();
    pager.see(|vendor| assert_eq!(vendor.alerts.len(), 2));
}

#[tokio::test]
async fn waiting_for_what_never_comes_fails_and_says_what_came_instead() {
    let waiting = tokio::spawn(async {
        let pager = FakePagerduty::start();
        enqueue(&pager, &trigger("INC-1")).await.unwrap();
        pager.wait_until_within(Duration::from_millis(50), "bo was paged", |_| false).await;
    });
    let panic = waiting.await.unwrap_err().into_panic();
    let sentence = panic.downcast_ref::<String>().unwrap();
    assert!(sentence.contains("in vain until bo was paged"), "{sentence}");
    assert!(sentence.contains("trigger INC-1"), "{sentence}");
}
