//! Two replicas on one Postgres: both take commands, each page is sent by one of them, and what a dead one had claimed
//! the other takes over when the lease has run out.

use super::world::{World, postgres};
use crate::harness::faults::Fault;
use crate::harness::postgres::fresh_database;
use crate::harness::serve::Serve;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// The lease of a claim (30 s), the sweep that notices, and room for a busy machine.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(55);
const AUDIT_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The same configuration twice, as the documentation has it: one database, one audit key.
async fn two(world: &World, database: &str) -> (Serve, Serve) {
    let config = format!("database_url = {database:?}\n{}[audit]\nkey = {AUDIT_KEY:?}\n", world.config());
    (Serve::start(&config).await, Serve::start(&config).await)
}

#[tokio::test]
async fn two_replicas_serve_one_postgres_and_each_page_is_sent_once() {
    let url = fresh_database();
    let world = World::start();
    let (mut one, mut other) = two(&world, &url).await;
    let commands = |serve: &Serve, name: &str| {
        let (http, url, token, name) = (crate::harness::http_client(), serve.url(), serve.token(), name.to_owned());
        async move {
            let mut declared = Vec::new();
            for n in 0..25 {
                let body = json!({"severity": "P1", "title": format!("{name} {n}"), "as": "ana"});
                let answer = crate::harness::Answer::to(
                    http.post(format!("{url}/api/v1/incidents")).bearer_auth(&token).json(&body),
                )
                .await
                .expect("nobody is killed here");
                assert_eq!(answer.status, 201, "{}", answer.body);
                declared.push(answer.json()["incident"]["id"].as_str().expect("an id").to_owned());
            }
            declared
        }
    };
    let (a, b, c, d) = tokio::join!(
        commands(&one, "one"),
        commands(&other, "other"),
        commands(&one, "one again"),
        commands(&other, "other again")
    );
    let mut all: Vec<String> = [a, b, c, d].concat();
    for incident in &all {
        world.ana_is_paged(incident).await;
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 100, "every incident has a number of its own");
    // What one took, the other knows: acknowledged there, seen here.
    for (n, incident) in all.iter().enumerate() {
        if n % 2 == 0 { one.acknowledge(incident).await } else { other.acknowledge(incident).await }
    }
    world
        .webhook
        .wait_until("every page is told of its acknowledgement", |inbox| {
            inbox.acted().filter(|d| d.body["kind"] == "page_acknowledged").count() == 100
        })
        .await;
    one.terminate().await;
    other.terminate().await;
    let mut arrivals: BTreeMap<String, usize> = BTreeMap::new();
    world.webhook.see(|inbox| {
        for delivery in &inbox.deliveries {
            *arrivals.entry(delivery.idempotency_key().to_owned()).or_default() += 1;
        }
    });
    let twice: Vec<_> = arrivals.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    let workers = postgres(&url, "SELECT DISTINCT body::json->>'worker' AS w FROM event WHERE kind = 'intent_claimed'");
    assert_eq!(workers.len(), 2, "both replicas delivered: {workers:?}");
    one.assert_log_is_whole().await;
}

#[tokio::test]
async fn what_a_killed_replica_had_claimed_the_other_sends_when_the_lease_is_over() {
    let url = fresh_database();
    let world = World::start();
    let config = format!("database_url = {url:?}\n{}[audit]\nkey = {AUDIT_KEY:?}\n", world.config());
    let mut doomed = Serve::start(&config).await;
    // Five pages that the receiver neither takes nor answers, under way in the replica that dies.
    world.webhook.faults.next(5, Fault::hang_before());
    let mut claimed = Vec::new();
    for n in 0..5 {
        claimed.push(doomed.declare(&format!("claimed {n}")).await);
    }
    world.webhook.wait_until("five pages are under way", |inbox| inbox.deliveries.len() == 5).await;
    let mut other = Serve::start(&config).await;
    other.acknowledge(&claimed[0]).await;
    doomed.kill9();
    // Nobody waits for the dead one to do anything new.
    let fresh = other.declare("after the kill").await;
    world.ana_is_paged(&fresh).await;

    let taken = |incident: &str| {
        let incident = incident.to_owned();
        move |d: &crate::harness::fake_webhook::Delivery| {
            d.body["incident"] == incident.as_str() && d.body["kind"] == "page"
        }
    };
    for incident in &claimed[1..] {
        let is_it = taken(incident);
        let what = format!("{incident} is taken over");
        world.webhook.wait_until_within(TAKEN_OVER_WITHIN, &what, |inbox| inbox.acted().any(&is_it)).await;
    }
    world.webhook.see(|inbox| {
        for incident in &claimed[1..] {
            let again: Vec<_> = inbox.deliveries.iter().filter(|d| taken(incident)(d)).collect();
            assert_eq!(again.len(), 2, "{incident}");
            assert_eq!(again[0].idempotency_key(), again[1].idempotency_key());
            assert_eq!(again[1].body["maybe_repeated"], true, "it may have arrived, and says so");
        }
        let acknowledged = inbox.deliveries.iter().filter(|d| taken(&claimed[0])(d)).count();
        assert_eq!(acknowledged, 1, "what was acknowledged meanwhile is not sent again");
    });
    other.terminate().await;
    other.assert_log_is_whole().await;
}
