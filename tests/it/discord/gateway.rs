//! The connection: resumed when Discord asks, begun again when it dies without a word, and given up on nobody.

use super::House;
use crate::fake_discord::session::Out;
use serde_json::json;

async fn answers(house: &House) {
    let said = house.server.ana().runs("/incident list", json!({})).await.says().await;
    assert!(said.contains("incident"), "{said}");
}

#[tokio::test]
async fn it_resumes_where_discord_asks_for_it_and_misses_nothing() {
    let house = House::started("").await;
    answers(&house).await;
    house.server.read(|s| s.sessions.tell_all(|| Out::Frame(json!({ "op": 7, "d": null }))));
    house.server.eventually("the session was resumed", |s| s.sessions.resumed >= 1).await;
    answers(&house).await;
    assert_eq!(house.server.read(|s| s.sessions.identified), 1, "one session all along");
    house.finish().await;
}

#[tokio::test]
async fn a_gateway_that_goes_silent_is_noticed_and_begun_again() {
    let house = House::started("").await;
    answers(&house).await;
    let before = house.server.read(|s| s.sessions.connected);
    house.server.change(|s| s.sessions.silent = true);
    house.server.eventually("another connection was made", |s| s.sessions.connected > before).await;
    house.server.change(|s| s.sessions.silent = false);
    crate::fake_discord::until("it is well again", async || house.bot.health_now().gateway == Some(true)).await;
    answers(&house).await;
    house.finish().await;
}

// As the bot runs: the library turns in a circle on such a connection, and would keep the only thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_closed_without_a_code_is_begun_again() {
    let house = House::started("").await;
    answers(&house).await;
    let before = house.server.read(|s| s.sessions.connected);
    house.server.read(|s| s.sessions.tell_all(|| Out::Close(None)));
    house.server.eventually("another connection was made", |s| s.sessions.connected > before).await;
    crate::fake_discord::until("it is well again", async || house.bot.health_now().gateway == Some(true)).await;
    answers(&house).await;
    house.finish().await;
}

#[tokio::test]
async fn intents_that_were_not_granted_are_said_in_the_health() {
    let house = House::with("message_content = true").await;
    house.server.grants_intents(0);
    house.bot.start(house.stopped());
    crate::fake_discord::until("the health says so", async || {
        house.bot.health_now().gateway_problem.is_some_and(|why| why.contains("intents"))
    })
    .await;
    let _ = house.stop.send(true);
}

// As the bot runs: two shards and what watches them at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_shards_as_discord_asks_for_are_connected_also_when_it_asks_for_more() {
    let house = House::with("").await;
    house.server.needs_shards(2);
    house.bot.start(house.stopped());
    house.server.eventually("both shards are there", |s| s.sessions.shards_connected() == [(0, 2), (1, 2)]).await;
    crate::fake_discord::until("it is well", async || house.bot.health_now().gateway == Some(true)).await;
    answers(&house).await;
    // It has grown: sessions are closed, and identifying with two is refused from now on.
    house.server.needs_shards(3);
    house.server.read(|s| s.sessions.tell_all(|| Out::Close(Some((4011, "Sharding required")))));
    let three = [(0, 3), (1, 3), (2, 3)];
    house.server.eventually("three shards are there", |s| s.sessions.shards_connected() == three).await;
    crate::fake_discord::until("it is well again", async || house.bot.health_now().gateway == Some(true)).await;
    answers(&house).await;
    house.finish().await;
}
