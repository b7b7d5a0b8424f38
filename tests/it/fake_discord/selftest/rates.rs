//! How often may be asked, what happens beyond, and the faults that a test can switch on.

use super::App;
use crate::fake_discord::{Discord, Fault};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_route_has_a_bucket_for_each_channel_that_fills_again() {
    let discord = Discord::start();
    let app = App::of(&discord);
    discord.time().hold();
    let route = |channel: &str| format!("/channels/{}/messages", discord.channel(channel).id);
    let hello = json!({"content": "hello"});
    for left in ["4", "3", "2", "1", "0"] {
        let answer = app.asks("POST", &route("general"), hello.clone()).await;
        assert_eq!(
            (answer.header("x-ratelimit-remaining"), answer.header("x-ratelimit-limit")),
            (Some(left), Some("5"))
        );
    }
    let refused = app.asks("POST", &route("general"), hello.clone()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("5")));
    assert_eq!(
        (refused.header("x-ratelimit-scope"), refused.header("x-ratelimit-reset-after")),
        (Some("user"), Some("5.000"))
    );
    assert_eq!(refused.json(), json!({"message": "You are being rate limited.", "retry_after": 5.0, "global": false}));
    let other = app.asks("POST", &route("incidents"), hello.clone()).await;
    assert_eq!((other.status, other.header("x-ratelimit-bucket")), (200, refused.header("x-ratelimit-bucket")));
    discord.passes(Duration::from_secs(5));
    assert_eq!(app.asks("POST", &route("general"), hello).await.status, 200);
    discord.finish().await;
}

#[tokio::test]
async fn fifty_a_second_is_the_most_and_interactions_do_not_count() {
    let discord = Discord::start();
    let app = App::of(&discord);
    discord.time().hold();
    discord.change(|state| state.buckets.global.requests = 3);
    for _ in 0..3 {
        assert_eq!(app.asks("GET", "/users/@me", Value::Null).await.status, 200);
    }
    let refused = app.asks("GET", "/gateway/bot", Value::Null).await;
    assert_eq!((refused.status, refused.header("x-ratelimit-global")), (429, Some("true")));
    assert_eq!(refused.json()["global"], true);
    app.is_refused(10062, "POST", "/interactions/1/no-token/callback", json!({"type": 5})).await;
    discord.finish().await;
}

#[tokio::test]
async fn too_many_invalid_requests_ban_the_address() {
    let discord = Discord::start();
    let app = App::of(&discord);
    discord.change(|state| state.buckets.invalid_max = 2);
    discord.fails("/users/@me", Fault::TokenRevoked, 1);
    discord.fails("/users/@me", Fault::Forbidden, 1);
    discord.fails("/users/@me", Fault::RateLimitedShared(Duration::from_secs(1)), 1);
    discord.fails("/users/@me", Fault::RateLimited(Duration::from_millis(1_500)), 1);
    for status in [401, 403, 429] {
        assert_eq!(app.asks("GET", "/users/@me", Value::Null).await.status, status);
    }
    assert_eq!(discord.invalid_requests(), 2, "a shared limit is not the application's fault");
    let last = app.asks("GET", "/users/@me", Value::Null).await;
    assert_eq!((last.status, last.header("retry-after")), (429, Some("2")));
    let banned = app.asks("GET", "/users/@me", Value::Null).await;
    assert_eq!(banned.status, 403);
    assert!(banned.body.starts_with("<!DOCTYPE html>"), "{}", banned.body);
    discord.expects_problem("more than 2 invalid requests");
    discord.expects_problem("was asked by a banned address");
    discord.finish().await;
}

#[tokio::test]
async fn faults_lose_answers_with_and_without_the_effect() {
    let discord = Discord::start();
    let app = App::of(&discord);
    let route = format!("/channels/{}/messages", discord.channel("general").id);
    let say = |text: &str| {
        app.request("POST", &route)
            .header("content-type", "application/json")
            .body(json!({"content": text}).to_string())
    };
    discord.fails("POST /channels/{channel}/messages", Fault::LostAfter, 1);
    assert!(say("done").send().await.is_err());
    discord.fails("POST /channels/{channel}/messages", Fault::LostBefore, 1);
    assert!(say("not done").send().await.is_err());
    for (fault, status) in [(Fault::Fails(502), 502), (Fault::Html(503), 503)] {
        discord.fails("POST /channels/{channel}/messages", fault, 1);
        assert_eq!(say("refused").send().await.expect("it answers").status().as_u16(), status);
    }
    discord.fails("POST /channels/{channel}/messages", Fault::Slow(Duration::from_millis(30)), 1);
    assert_eq!(say("late").send().await.expect("it answers").status().as_u16(), 200);
    let said: Vec<String> = discord.messages("general").into_iter().map(|message| message.content).collect();
    assert_eq!(said, ["done", "late"]);
    discord.fails("POST /channels/{channel}/messages", Fault::Garbage, 1);
    discord.expects_problem("a fault that nobody met");
    discord.finish().await;
}
