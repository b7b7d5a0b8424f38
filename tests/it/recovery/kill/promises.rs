//! Single kills at chosen places: what the table of guarantees promises for each, one promise per test.

use super::super::world::{DELAY_S, World, sqlite};
use super::moment::database_of;
use crate::harness::faults::Fault;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use serde_json::json;
use std::time::{Duration, Instant};

/// How often a start commits before anybody asks anything: each entry of the organisation's own stream once. What is
/// asked next is the commit after those. The first start of all says more (its link), so a later one is counted; the
/// bot is down before and after.
async fn commits_of_a_start(serve: &mut Serve) -> usize {
    let entries = |serve: &Serve| sqlite(&database_of(serve), "SELECT seq FROM event WHERE incident_id = 0").len();
    let before = entries(serve);
    serve.start_again().await;
    serve.terminate().await;
    entries(serve) - before
}

#[tokio::test]
async fn a_page_under_way_when_it_was_acknowledged_is_not_sent_again_after_a_kill() {
    let world = World::start();
    let mut serve = Serve::start(&world.config()).await;
    world.webhook.faults.next(1, Fault::hang_before());
    let incident = serve.declare("checkout is down").await;
    world.webhook.wait_until("the page is under way", |inbox| inbox.deliveries.len() == 1).await;
    serve.acknowledge(&incident).await;
    serve.kill9();

    serve.start_again().await;
    let database = database_of(&serve);
    let abandoned = "SELECT 1 FROM outbox WHERE status = 'abandoned'";
    eventually("the claim is given up", BOUND, async || !sqlite(&database, abandoned).is_empty()).await;
    // Something that came later has been sent, so what was to be sent before it has been, too.
    let later = serve.declare("search is slow").await;
    world.ana_is_paged(&later).await;
    let pages = world.webhook.see(|inbox| {
        inbox.deliveries.iter().filter(|d| d.body["kind"] == "page" && d.body["incident"] == incident.as_str()).count()
    });
    assert_eq!(pages, 1, "{}", world.webhook.report());
    serve.terminate().await;
    serve.assert_log_is_whole().await;
}

#[tokio::test]
async fn a_page_whose_receipt_was_lost_is_sent_again_with_the_same_key_and_says_so() {
    let world = World::start();
    let mut serve = Serve::configured(&world.config()).env("FIREBELL_STOP_AT", "after_send:1");
    serve.start_again().await;
    serve.declare("checkout is down").await;
    assert_eq!(serve.ended().await, None, "it stops after its first send");
    serve.unset_env("FIREBELL_STOP_AT");
    serve.start_again().await;

    world.webhook.wait_until("the page came again", |inbox| inbox.deliveries.len() == 2).await;
    world.webhook.see(|inbox| {
        let (first, second) = (&inbox.deliveries[0], &inbox.deliveries[1]);
        assert_eq!(first.idempotency_key(), second.idempotency_key());
        assert_eq!((&first.body["maybe_repeated"], &first.body["attempt"]), (&json!(false), &json!(1)));
        assert_eq!((&second.body["maybe_repeated"], &second.body["attempt"]), (&json!(true), &json!(2)));
        assert!(second.body["claim_seq"].as_i64() > first.body["claim_seq"].as_i64());
        assert_eq!(inbox.acted().count(), 1);
    });
    serve.terminate().await;
}

#[tokio::test]
async fn pagerduty_calls_nobody_twice_for_a_page_whose_receipt_was_lost() {
    let world = World::start();
    let mut serve = Serve::configured(&world.config()).env("FIREBELL_STOP_AT", "after_send:1");
    serve.start_again().await;
    let body = json!({"severity": "P1", "title": "cart is empty", "service": "checkout"});
    assert_eq!(serve.command("/api/v1/incidents", None, &body).await.status, 201);
    assert_eq!(serve.ended().await, None, "it stops after its first send");
    serve.unset_env("FIREBELL_STOP_AT");
    serve.start_again().await;

    world.pagerduty.wait_until("the trigger came again", |vendor| vendor.acted("trigger").count() == 2).await;
    let (alerts, triggers) = world.pagerduty.see(|vendor| (vendor.alerts.len(), vendor.alerts[0].triggers));
    assert_eq!((alerts, triggers), (1, 2), "{}", world.pagerduty.report());
    serve.terminate().await;
}

#[tokio::test]
async fn a_page_that_was_committed_and_not_sent_is_sent_by_the_next_process() {
    for place in ["after_commit", "before_send"] {
        let world = World::start();
        let mut serve = Serve::start(&world.config()).await;
        serve.terminate().await;
        let arrival = if place == "after_commit" { commits_of_a_start(&mut serve).await + 1 } else { 1 };
        serve.set_env("FIREBELL_STOP_AT", &format!("{place}:{arrival}"));
        serve.start_again().await;
        let body = json!({"severity": "P1", "title": "checkout is down", "as": "ana"});
        let token = serve.token();
        // Killed before it could answer, or just after.
        serve.try_post_json("/api/v1/incidents", Some(&token), &body).await.ok();
        assert_eq!(serve.ended().await, None, "it stops at {place}");
        assert_eq!(world.pages_of_ana("INC-1"), 0);
        serve.unset_env("FIREBELL_STOP_AT");
        serve.start_again().await;
        world.ana_is_paged("INC-1").await;
        serve.terminate().await;
        serve.assert_log_is_whole().await;
    }
}

#[tokio::test]
async fn a_command_that_a_kill_left_unanswered_is_done_once_when_asked_again_under_its_key() {
    for (place, known) in [("before_commit", 0), ("after_commit", 1)] {
        let mut serve = Serve::start("").await;
        serve.terminate().await;
        let arrival = commits_of_a_start(&mut serve).await + 1;
        serve.set_env("FIREBELL_STOP_AT", &format!("{place}:{arrival}"));
        serve.start_again().await;
        let body = json!({"severity": "P1", "title": "checkout is down", "as": "ana"});
        let request = crate::harness::http_client().post(format!("{}/api/v1/incidents", serve.url()));
        let request = request.bearer_auth(serve.token()).header("idempotency-key", "k-1").json(&body);
        assert!(crate::harness::Answer::to(request).await.is_err(), "nobody answers at {place}");
        assert_eq!(serve.ended().await, None, "it stops at {place}");
        assert_eq!(sqlite(&database_of(&serve), "SELECT incident_id FROM incident").len(), known, "after {place}");
        serve.unset_env("FIREBELL_STOP_AT");
        serve.start_again().await;
        for _ in 0..2 {
            let again = serve.command("/api/v1/incidents", Some("k-1"), &body).await;
            assert_eq!((again.status, &again.json()["incident"]["id"]), (201, &json!("INC-1")), "{}", again.body);
        }
        assert_eq!(sqlite(&database_of(&serve), "SELECT incident_id FROM incident").len(), 1, "after {place}");
        serve.terminate().await;
    }
}

#[tokio::test]
async fn a_level_that_came_due_while_nobody_ran_is_paged_once_at_the_start() {
    let world = World::start();
    let mut serve = Serve::start(&world.config()).await;
    let incident = serve.declare("checkout is down").await;
    world.ana_is_paged(&incident).await;
    let declared = Instant::now();
    serve.kill9();
    let overdue = Duration::from_secs(DELAY_S + 1);
    eventually("bo's level is overdue", overdue + BOUND, async || declared.elapsed() > overdue).await;

    serve.start_again().await;
    world.bo_is_paged(&incident).await;
    assert_eq!((world.pages_of_ana(&incident), world.pages_of_bo(&incident)), (1, 1));
    let escalated = "SELECT 1 FROM event WHERE kind = 'escalated'";
    assert_eq!(sqlite(&database_of(&serve), escalated).len(), 2, "ana's level and bo's, each once");
    serve.terminate().await;
    serve.assert_log_is_whole().await;
}
