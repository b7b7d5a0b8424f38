//! Many pages to one phone: a few ring by themselves, the rest come as one message, and one press takes them all.

use crate::conversation::world::{World, text};
use crate::harness::fake_webhook::FakeWebhook;
use crate::harness::{Answer, BOUND, eventually, http_client};
use crate::live::Live;
use firebell_domain::decide::Input;
use firebell_domain::id::IncidentId;
use serde_json::Value;
use std::collections::BTreeSet;

/// Bo by the webhook; five rings a minute, as shipped.
const BO: &str = r#"
    [paging]
    rings_per_minute = 5
    [paging.webhook.ops]
    url = "OPS"
    secret = "between firebell and ops"
    [people.bo]
    contact = [{ via = "webhook.ops" }]
    [[policies.default.levels]]
    page = ["@bo"]
    delay = "1h"
"#;

fn parts(body: &Value) -> BTreeSet<String> {
    body["pages"].as_array().into_iter().flatten().map(|p| text(&p["incident"]).to_string()).collect()
}

#[tokio::test]
async fn a_storm_rings_once_and_comes_as_one_message_and_nothing_of_it_is_lost() {
    let mut world = World::with(BO).await;
    for n in 1..=12 {
        world.declare(&format!("number {n}"), None).await;
    }
    world.pass().await;
    let bodies = |w: &World| w.ops.see(|i| i.acted().map(|d| d.body.clone()).collect::<Vec<_>>());
    let first = bodies(&world);
    assert_eq!(first.len(), 2, "{first:#?}");
    assert_eq!((text(&first[0]["incident"]), parts(&first[0]).len()), ("INC-1", 0));
    assert_eq!(parts(&first[1]), (2..=12).map(|n| format!("INC-{n}")).collect());
    assert_eq!(text(&first[1]["summary"]), "11 pages at once, the worst: [P1] INC-2 number 2");
    let said = text(&first[1]["text"]);
    assert!(said.starts_with("So many that they come together, not one by one:\n- [P1] INC-2 number 2\n"), "{said}");
    world.settle().await;

    // Three more are within the five rings, one by one; two beyond it wait, and ring within the minute.
    for n in 13..=15 {
        world.declare(&format!("number {n}"), None).await;
    }
    world.pass().await;
    assert_eq!(bodies(&world).len(), 5);
    for n in 16..=17 {
        world.declare(&format!("number {n}"), None).await;
    }
    world.pass().await;
    assert_eq!(bodies(&world).len(), 5, "five have rung");
    // Whom somebody pages by hand is not held back.
    let by_hand = Input::Page { whom: firebell_domain::directory::Target::Person("bo".into()), text: "now".into() };
    world.act(IncidentId(3), "cy", by_hand).await;
    world.pass().await;
    assert_eq!(bodies(&world).len(), 6);
    world.jump(61);
    world.settle().await;
    let all = bodies(&world);
    assert_eq!(all.len(), 8, "and now the two");
    let told: BTreeSet<String> =
        all.iter().flat_map(|b| parts(b).into_iter().chain([text(&b["incident"]).to_string()])).collect();
    assert_eq!(told.len(), 17);
    for n in 1..=17 {
        assert!(world.kinds(n).await.contains(&"intent_done"), "INC-{n} knows that its page arrived");
    }
    assert!(world.timeline(5).await.contains("in one message with others, that of INC-2"));
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn what_is_acknowledged_before_its_summary_is_not_in_it_and_a_failed_summary_is_tried_again() {
    let mut world = World::with(BO).await;
    for n in 1..=9 {
        world.declare(&format!("number {n}"), None).await;
    }
    world.act(IncidentId(2), "cy", Input::Acknowledge).await;
    world.ops.faults.next(1, crate::harness::faults::Fault::status(200));
    world.ops.faults.next(1, crate::harness::faults::Fault::status(503));
    world.refusals_meant = true;
    world.pass().await;
    world.jump(2);
    world.pass().await;
    world.settle().await;
    let told: BTreeSet<String> = world.ops.see(|i| {
        i.deliveries
            .iter()
            .flat_map(|d| parts(&d.body).into_iter().chain([text(&d.body["incident"]).to_string()]))
            .collect()
    });
    assert!(!told.contains("INC-2"), "{told:?}");
    for n in [1, 3, 4, 5, 6, 7, 8, 9] {
        assert!(world.kinds(n).await.contains(&"intent_done"), "INC-{n}: {}", world.timeline(n).await);
    }
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn one_press_takes_all_that_came_in_one_message() {
    let board = FakeWebhook::start("between firebell and ops");
    let storm = format!(
        r#"
        [paging]
        rings_per_minute = 5
        [paging.webhook.board]
        url = "{}"
        secret = "between firebell and ops"
        [services.ledger]
        policy = "board"
        [policies.board]
        levels = [{{ page = ["webhook.board"], delay = "1h" }}]
        [ingest.monitor.mapping]
        alerts = "alerts"
        "#,
        board.url()
    );
    let live = Live::start_with(&storm).await;
    // So many that they cannot all ring one by one, however the engine's looks fall between them.
    let body =
        |n: usize| serde_json::json!({"group": format!("g{n}"), "title": format!("number {n}"), "service": "ledger"});
    let alerts: Vec<Value> = (1..=60).map(body).collect();
    let told = serde_json::json!({ "alerts": alerts }).to_string();
    let sent = live.hook("monitor", Some(crate::live::OTHER_TOKEN), told).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let summary = || board.see(|i| i.acted().map(|d| d.body.clone()).find(|b| parts(b).len() > 1));
    eventually("a message for many has arrived", BOUND + std::time::Duration::from_secs(60), async || {
        summary().is_some()
    })
    .await;
    let summary = summary().expect("it has arrived");
    let (link, many) = (text(&summary["ack_link"]).to_string(), parts(&summary).len());
    let page = Answer::to(http_client().get(&link)).await.expect("it answers");
    assert!(page.body.contains(&format!("Acknowledge all {many}")), "{}", page.body);
    let pressed = Answer::to(http_client().post(&link)).await.expect("it answers");
    assert_eq!(pressed.status, 200, "{}", pressed.body);
    assert!(pressed.body.contains("Acknowledged with it: INC-"), "{}", pressed.body);
    for id in parts(&summary) {
        let number = id.trim_start_matches("INC-").parse().expect("a number");
        assert_eq!(live.incident(number).await["acknowledged_by"]["via"], "signed link", "{id}");
    }
    live.finish().await;
}
