//! The outbox at work against pagers that misbehave at the wire: when a page is tried again, what goes first, whom a
//! failure reaches next. Time is a clock that moves when told; what hangs is released by the test.

use crate::conversation::world::{START, USUAL, World, text, until};
use crate::harness::BOUND;
use crate::harness::fake_webhook::Delivery;
use crate::harness::faults::Fault;
use firebell::app::{Act, On};
use firebell_domain::decide::{Declaration, Input};
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::intent::Lane;
use firebell_domain::limits::{LEASE_S, PAGE_ATTEMPTS_MAX, PAGE_CHANNEL_MAX_S, RETRY_AFTER_MAX_S};
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::SECOND;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

/// One pager, the webhook, and Bo alone.
const OPS_ONLY: &str = r#"
    [paging.webhook.ops]
    url = "OPS"
    secret = "between firebell and ops"
    NOTICES
    [people.bo]
    contact = [{ via = "webhook.ops" }]
    [policies.default]
    [[policies.default.levels]]
    page = ["@bo"]
    delay = "1h"
"#;

/// Bo by webhook first, then by PagerDuty.
const BO_HAS_TWO: &str = r#"
    [paging.pagerduty]
    routing_key = "ROUTING_KEY"
    api_url = "PAGERDUTY"
    [paging.webhook.ops]
    url = "OPS"
    secret = "between firebell and ops"
    [people.bo]
    contact = [{ via = "webhook.ops" }, { via = "pagerduty", routing_key = "ANA_KEY" }]
    [policies.default]
    [[policies.default.levels]]
    page = ["@bo"]
    delay = "1h"
"#;

fn ops_only() -> String {
    OPS_ONLY.replace("NOTICES", "")
}

fn ops_with_cards() -> String {
    OPS_ONLY.replace("NOTICES", "notices = true")
}

#[tokio::test]
async fn a_page_is_tried_again_after_longer_and_longer_waits_under_one_key_and_then_by_the_next_contact_method() {
    let mut world = World::with(BO_HAS_TWO).await;
    world.ops.faults.always(Fault::status(503));
    world.declare("the queue is stuck", None).await;
    world.settle().await;

    let mut at = vec![world.now()];
    while world.ops.see(|inbox| inbox.deliveries.len()) < PAGE_ATTEMPTS_MAX as usize {
        let due = world.next_due().await.expect("another try is promised");
        let wait = due.0 - world.now().0;
        let own = SECOND * [1, 2, 4, 8, 16, 32, 60][at.len() - 1];
        assert!((own..own + own / 4).contains(&wait), "try {}: {wait} µs", at.len() + 1);
        world.advance_to(due).await;
        at.push(world.now());
    }
    let keys: BTreeSet<String> = world.ops.see(|i| i.deliveries.iter().map(|d| d.idempotency_key().into()).collect());
    assert_eq!(keys, BTreeSet::from(["firebell-test-INC-1-1".to_string()]));
    let labels = world.ops.see(|i| {
        i.deliveries
            .iter()
            .map(|d| (d.body["attempt"].as_u64(), d.body["maybe_repeated"].as_bool()))
            .collect::<Vec<_>>()
    });
    let expected: Vec<_> = (1..=8).map(|n| (Some(n), Some(n > 1))).collect();
    assert_eq!(labels, expected, "a 503 may come from a proxy behind which it arrived");

    // The eighth was the last on this channel: within the same instant the next contact method has it.
    world.expect_pages(&["pagerduty trigger ana: [P1] INC-1 the queue is stuck"]);
    let timeline = world.timeline(1).await;
    assert!(timeline.contains("webhook.ops failed on its side (503)"), "{timeline}");
    let failed = world.store.failed_intents(START, 10).await.expect("the outbox can be read");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].channel.to_string(), "webhook.ops");
    let channel = world.state.read().channels["webhook.ops"].clone();
    assert_eq!((channel.done, channel.failures_in_a_row), (0, 8));
    world.finish().await;
}

#[tokio::test]
async fn two_pages_that_fail_together_are_not_tried_together_again() {
    let mut world = World::with(&ops_only()).await;
    world.ops.faults.next(20, Fault::status(503));
    for n in 0..20 {
        world.declare(&format!("number {n}"), None).await;
    }
    world.settle().await;
    let mut dues = BTreeSet::new();
    for no in 1..=20 {
        let outbox = world.store.outbox_of(IncidentId(no)).await.expect("the outbox can be read");
        dues.extend(outbox.values().map(|row| row.due_at));
    }
    assert!(dues.len() > 15, "{dues:?}");
    assert!(dues.iter().all(|d| (SECOND..SECOND * 5 / 4).contains(&(d.0 - START.0))), "{dues:?}");
    world.advance(2).await;
    assert_eq!(world.take_pages().len(), 20);
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_that_asks_for_patience_gets_it_up_to_two_minutes() {
    for (asked, expected_s) in [
        ("30", 30),
        ("86400", RETRY_AFTER_MAX_S),
        ("99999999999999999999999", RETRY_AFTER_MAX_S),
        ("0", 1),
        ("-5", 1),
        ("soon", 1),
        ("Mon, 02 Mar 2026 03:00:45 GMT", 45),
        ("Mon, 01 Mar 2027 03:00:00 GMT", RETRY_AFTER_MAX_S),
        ("Sun, 01 Mar 2026 03:00:00 GMT", 1),
    ] {
        let mut world = World::with(&ops_only()).await;
        world.ops.faults.next(1, Fault::too_many(asked));
        world.declare("the queue is stuck", None).await;
        world.settle().await;
        let outbox = world.store.outbox_of(IncidentId(1)).await.expect("the outbox can be read");
        let wait = outbox[&1].due_at.0 - START.0;
        let own = expected_s * SECOND;
        assert!((own..=own + own / 4).contains(&wait), "\"{asked}\": {wait} µs");
        world.advance(expected_s - 1).await;
        world.expect_pages(&[]);
        world.advance(expected_s / 4 + 2).await;
        world.expect_pages(&["ops page bo: [P1] INC-1 the queue is stuck"]);
        let labelled = world.ops.see(|i| i.deliveries[1].body["maybe_repeated"].clone());
        assert_eq!(labelled, false, "429 says that it was not taken");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_vendor_that_is_down_holds_up_the_next_contact_method_for_three_minutes_at_most() {
    let patient = |asked: &str| Fault::too_many(asked);
    for (fault, tries, at_most_s) in [
        (patient("86400"), 1, 0),
        (patient("99999999999999999999999"), 1, 0),
        (patient("100"), 2, PAGE_CHANNEL_MAX_S),
        (patient("60"), 3, PAGE_CHANNEL_MAX_S),
        (Fault::reset_after(), 8, PAGE_CHANNEL_MAX_S),
        (Fault::status(503), 8, PAGE_CHANNEL_MAX_S),
    ] {
        let mut world = World::with(BO_HAS_TWO).await;
        world.ops.faults.always(fault.clone());
        world.declare("the queue is stuck", None).await;
        world.settle().await;
        for _ in 1..tries {
            assert!(world.pagerduty.see(|v| v.requests.is_empty()), "{fault:?}: left too early");
            let due = world.next_due().await.expect("another try is promised");
            world.advance_to(due).await;
        }
        let waited = world.now().seconds_since(START);
        assert!(waited <= at_most_s, "{fault:?}: {waited} s");
        assert_eq!(world.ops.see(|i| i.deliveries.len()), tries, "{fault:?}");
        // Some of these take the page before they misbehave.
        let pages = world.take_pages();
        assert_eq!(pages.last().map(String::as_str), Some("pagerduty trigger ana: [P1] INC-1 the queue is stuck"));
        world.finish().await;
    }
}

#[tokio::test]
async fn sixty_cards_that_a_slow_channel_holds_up_do_not_delay_a_page() {
    let mut world = World::with(&ops_with_cards()).await;
    for n in 0..60 {
        let id = world.declare(&format!("number {n}"), None).await;
        world.act(id, "bo", Input::Acknowledge).await;
    }
    world.ops.faults.always(Fault::hang());
    // Their pages were taken back by the acknowledgement: what waits are cards.
    world.tick_until("cards hang", |w| w.ops.see(|i| i.deliveries.len() >= 24)).await;
    assert_eq!(world.ops.see(|i| i.deliveries.iter().filter(|d| d.body["kind"] == "page").count()), 0);
    world.declare("the queue is stuck", None).await;
    let page_arrived = |w: &World| w.ops.see(|i| i.deliveries.iter().any(|d| d.body["kind"] == "page"));
    world.tick_until("the page has arrived beside the hanging cards", page_arrived).await;
    let cards = world.ops.see(|i| i.deliveries.iter().filter(|d| d.body["kind"] == "notice").count());
    assert_eq!(cards, 24, "the others still wait for a slot");

    world.ops.faults.none();
    world.ops.faults.release();
    world.settle().await;
    world.take_pages();
    let cards = world.ops.see(|i| i.acted().filter(|d| d.body["kind"] == "notice").count());
    assert_eq!(cards, 60 * 2 + 1, "declared and acknowledged, each once");
    world.finish().await;
}

#[tokio::test]
async fn after_an_outage_pages_go_before_cards_before_updates_before_digests() {
    let mut world = World::with(&ops_with_cards()).await;
    // While the engine stands still: digests first, updates then, pages last.
    for n in 0..6 {
        let id = world.declare(&format!("over {n}"), None).await;
        world.act(id, "bo", Input::Acknowledge).await;
        world.act(id, "bo", Input::Resolve { text: String::new() }).await;
    }
    for n in 0..6 {
        let id = world.declare(&format!("known {n}"), None).await;
        world.act(id, "bo", Input::Acknowledge).await;
        let identified = Input::SetStatus { status: IncidentStatus::Identified, text: "A full disk.".into() };
        world.act(id, "bo", identified).await;
    }
    for n in 0..40 {
        world.declare(&format!("new {n}"), None).await;
    }

    // Every send hangs until its round is over, so that what each round took is certain.
    world.ops.faults.always(Fault::hang());
    let mut lanes: BTreeMap<String, Lane> = BTreeMap::new();
    for no in 1..=52 {
        for (intent, row) in world.store.outbox_of(IncidentId(no)).await.expect("the outbox can be read") {
            lanes.insert(format!("firebell-test-INC-{no}-{intent}"), row.intent.lane);
        }
    }
    let mut rounds: Vec<Vec<Lane>> = Vec::new();
    let mut seen = 0;
    while world.next_due().await.is_some_and(|due| due <= world.now()) {
        world.tick().await;
        let under_way = usize::try_from(world.store.outbox_depth().await.expect("it can be read").claimed).unwrap_or(0);
        let expected = seen + under_way;
        until("what was claimed has arrived", || world.ops.see(|i| i.deliveries.len() == expected)).await;
        let round = world.ops.see(|i| i.deliveries[seen..].iter().map(|d| lanes[d.idempotency_key()]).collect());
        rounds.push(round);
        seen = expected;
        world.ops.faults.release();
        world.engine.all_sent().await;
    }
    world.ops.faults.none();
    assert_eq!(rounds[0], [Lane::Page; 32], "all slots are for pages while pages wait");
    let mut last_before = Lane::Page;
    for round in &rounds {
        let (first, last) = (round.iter().min().expect("no empty round"), round.iter().max().expect("no empty round"));
        assert!(*first >= last_before, "{rounds:?}");
        last_before = *last;
    }
    let all: Vec<Lane> = rounds.concat();
    for (lane, count) in [(Lane::Page, 40), (Lane::Update, 6), (Lane::Digest, 6)] {
        assert_eq!(all.iter().filter(|l| **l == lane).count(), count, "{lane:?}");
    }
    world.settle().await;
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn a_vendor_that_hangs_does_not_hold_up_another() {
    let mut world = World::with(&USUAL.replace("page = [\"@ana\"]", "page = [\"@ana\", \"@bo\"]")).await;
    world.pagerduty.faults.always(Fault::hang());
    for n in 0..100 {
        world.declare(&format!("number {n}"), None).await;
    }
    let all_by_webhook = |w: &World| w.ops.see(|i| i.acted().count() == 100);
    world.tick_until("every page by webhook has arrived", all_by_webhook).await;
    let hanging = world.pagerduty.see(|v| v.requests.len());
    assert!(hanging <= 32, "{hanging} sends at once on one channel");
    world.pagerduty.faults.none();
    world.pagerduty.faults.release();
    world.settle().await;
    assert_eq!(world.pagerduty.see(|v| v.alerts.len()), 100);
    assert!(world.pagerduty.see(|v| v.alerts.iter().all(|a| a.triggers == 1)));
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn a_send_that_outlives_its_lease_is_sent_again_with_a_label_and_the_receiver_acts_once() {
    let mut world = World::with(&ops_only()).await;
    world.ops.faults.next(1, Fault::hang());
    world.declare("the queue is stuck", None).await;
    world.tick_until("the first try hangs", |w| w.ops.see(|i| i.deliveries.len() == 1)).await;
    world.clock.advance_s(LEASE_S);
    world.tick_until("it is sent again", |w| w.ops.see(|i| i.deliveries.len() == 2)).await;
    world.ops.faults.release();
    world.settle().await;
    let (first, second) = world.ops.see(|i| (i.deliveries[0].clone(), i.deliveries[1].clone()));
    assert_eq!(first.idempotency_key(), second.idempotency_key());
    assert_eq!((&first.body["maybe_repeated"], &second.body["maybe_repeated"]), (&false.into(), &true.into()));
    assert!(text(&second.body["text"]).starts_with("May be a repeat: an earlier try may have arrived.\n"));
    assert!(first.acted && !second.acted);
    assert!(second.body["claim_seq"].as_i64() > first.body["claim_seq"].as_i64());
    assert_eq!(world.kinds(1).await.iter().filter(|k| **k == "intent_done").count(), 1);
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_garbage_or_late_or_lost_pages_nobody_twice_at_the_vendor() {
    let mut world = World::usual().await;
    for fault in [Fault::garbage(), Fault::closed_after(), Fault::reset_after(), Fault::late(BOUND / 100)] {
        world.pagerduty.faults.next(1, fault);
        world.declare("the queue is stuck", None).await;
        world.advance(5).await;
    }
    let alerts = world.pagerduty.see(|v| v.alerts.iter().map(|a| a.triggers).collect::<Vec<_>>());
    assert_eq!(alerts, [1, 2, 2, 1], "the repeated trigger joined the open alert, which calls nobody again");
    let repeats = world.pagerduty.see(|v| {
        v.requests.iter().map(|r| r.event["payload"]["custom_details"]["maybe_repeated"] == true).collect::<Vec<_>>()
    });
    assert_eq!(repeats, [false, false, true, false, true, false]);
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn a_pager_that_refuses_for_good_is_left_at_once_for_the_next_contact_method() {
    let mut world = World::with(BO_HAS_TWO).await;
    world.ops.faults.next(1, Fault::status(410));
    world.declare("the queue is stuck", None).await;
    world.settle().await;
    world.expect_pages(&["pagerduty trigger ana: [P1] INC-1 the queue is stuck"]);
    assert_eq!(world.now(), START, "without any wait");
    let timeline = world.timeline(1).await;
    assert!(timeline.contains("webhook.ops has nothing at this address (410)"), "{timeline}");
    world.finish().await;
}

#[tokio::test]
async fn when_every_contact_method_of_a_level_fails_the_next_level_is_paged_at_once() {
    let mut world = World::usual().await;
    world.pagerduty.faults.next(1, Fault::status(400));
    world.declare("the queue is stuck", None).await;
    world.settle().await;
    world.expect_pages(&["ops page bo: [P1] INC-1 the queue is stuck"]);
    assert_eq!(world.now(), START, "without waiting for the level's delay");
    world.finish().await;
}

/// Declares, and restarts with another configuration before the page was sent; what is left of bo's contact methods.
async fn restarted_without_ops(bo: &str) -> World {
    let mut world = World::with(BO_HAS_TWO).await;
    world.declare("the queue is stuck", None).await;
    let section = "    [paging.webhook.ops]\n    url = \"OPS\"\n    secret = \"between firebell and ops\"\n";
    let both = "{ via = \"webhook.ops\" }, { via = \"pagerduty\", routing_key = \"ANA_KEY\" }";
    let without = BO_HAS_TWO.replace(section, "").replace(both, bo);
    assert!(!without.contains("webhook"), "{without}");
    world.restart_with(&without);
    world.settle().await;
    assert_eq!(world.ops.see(|i| i.deliveries.len()), 0);
    let timeline = world.timeline(1).await;
    assert!(timeline.contains("webhook.ops is not configured any more"), "{timeline}");
    world
}

#[tokio::test]
async fn a_page_for_a_pager_that_is_configured_no_longer_goes_to_what_the_person_has_now() {
    let mut world = restarted_without_ops("{ via = \"pagerduty\", routing_key = \"ANA_KEY\" }").await;
    world.expect_pages(&["pagerduty trigger ana: [P1] INC-1 the queue is stuck"]);
    world.finish().await;
}

#[tokio::test]
async fn a_page_for_a_pager_that_is_configured_no_longer_goes_to_whatever_pager_there_is() {
    let mut world = restarted_without_ops("").await;
    world.expect_pages(&["pagerduty trigger everybody: [P1] INC-1 the queue is stuck"]);
    world.finish().await;
}

#[tokio::test]
async fn two_hundred_incidents_at_once_page_two_hundred_times() {
    let mut world = World::with(&ops_only()).await;
    world.ops.faults.next(30, Fault::too_many("1"));
    world.ops.faults.next(10, Fault::reset_after());
    let declared = (0..200).map(|n| {
        let declaration = Declaration {
            title: format!("number {n}"),
            severity: world.app.directory().severities[0].clone(),
            service: None,
            private: false,
            because: None,
        };
        world.app.act(Act { on: On::Declare(declaration), actor: Actor::person("cy", "room"), once: None })
    });
    for declared in join_all(declared).await {
        declared.expect("it is declared");
    }
    world.advance(10).await;
    let pages: BTreeSet<String> = world.ops.see(|i| i.acted().map(|d| text(&d.body["incident"]).to_string()).collect());
    assert_eq!(pages.len(), 200);
    assert_eq!(world.ops.see(|i| i.acted().count()), 200, "each once");
    let repeats = |d: &&Delivery| d.body["maybe_repeated"] == true;
    assert_eq!(world.ops.see(|i| i.deliveries.iter().filter(repeats).count()), 10);
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn an_acknowledgement_while_the_page_is_under_way_tells_the_vendor_as_soon_as_it_has_it() {
    let mut world = World::usual().await;
    world.pagerduty.faults.next(1, Fault::hang());
    let id = world.declare("the queue is stuck", None).await;
    world.tick_until("the page is under way", |w| w.pagerduty.see(|v| v.requests.len() == 1)).await;
    world.act(id, "cy", Input::Acknowledge).await;
    world.pagerduty.faults.release();
    world.settle().await;
    world.expect_pages(&[
        "pagerduty acknowledge ana: [P1] INC-1 the queue is stuck — @cy has it",
        "pagerduty trigger ana: [P1] INC-1 the queue is stuck",
    ]);
    world.advance(7_200).await;
    world.expect_pages(&[]);
    world.finish().await;
}

#[tokio::test]
async fn a_damaged_incident_harms_only_itself() {
    let mut world = World::with(&ops_only()).await;
    world.declare("damaged", None).await;
    world.settle().await;
    world.take_pages();
    let db = format!("sqlite://{}", world.folder.join("firebell.db").display());
    let state = damage(&db, None).await;

    // Its timer is due and cannot be fired; others are paged all the same, and the engine says that it has trouble.
    world.clock.advance_s(3_600);
    world.declare("sound", None).await;
    world.tick_until("the other one is paged", |w| w.ops.see(|i| i.acted().count() == 2)).await;
    let failing = world.state.read().failing;
    assert!(failing.is_some(), "the trouble is visible");

    // Once it is repaired it goes on where it stood.
    damage(&db, Some(&state)).await;
    world.tick_until("the repaired one is paged again", |w| w.ops.see(|i| i.acted().count() == 3)).await;
    world.settle().await;
    world.take_pages();
    world.finish().await;
}

#[tokio::test]
async fn an_engine_with_trouble_looks_once_a_second_and_not_without_a_pause() {
    let mut world = World::with(&ops_only()).await;
    world.declare("damaged", None).await;
    world.settle().await;
    world.take_pages();
    let db = format!("sqlite://{}", world.folder.join("firebell.db").display());
    let state = damage(&db, None).await;
    world.clock.advance_s(3_600);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let engine_state = world.state.clone();
    let engine = world.take_engine();
    let before = engine_state.read().passes;
    let began = firebell::clock::instant();
    let running = tokio::spawn(engine.run(stopped));
    until("it has passed four times more", || engine_state.read().passes >= before + 4).await;
    assert!(began.elapsed().as_secs() >= 2, "four passes took {:?}", began.elapsed());
    stop.send(true).expect("the engine listens");
    running.await.expect("the engine ends");
    damage(&db, Some(&state)).await;
    world.settle().await;
    world.take_pages();
    world.finish().await;
}

/// Puts nonsense in the place of INC-1's state, or this state; what was there.
async fn damage(db: &str, state: Option<&str>) -> String {
    use sqlx::Connection;
    let mut connection = sqlx::SqliteConnection::connect(db).await.expect("the database opens");
    let before: String = sqlx::query_scalar("SELECT state FROM incident WHERE incident_id = 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    sqlx::query("UPDATE incident SET state = $1 WHERE incident_id = 1")
        .bind(state.unwrap_or("{\"id\": \"nonsense\"}"))
        .execute(&mut connection)
        .await
        .expect("the row can be changed");
    connection.close().await.expect("the connection closes");
    before
}
