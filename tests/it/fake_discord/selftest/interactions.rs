//! Interactions: deadlines, what may be answered to what, the token's life, and the signed endpoint.

use super::{App, incident_command};
use crate::fake_discord::{Answer, Asked, Discord, Signs};
use crate::harness::wire::Wire;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use serenity::interactions_endpoint::Verifier;
use std::time::Duration;

/// A server where somebody has just run a command, and its time stands still. A session is there to hear it.
async fn declared() -> (Discord, App, Asked) {
    let discord = Discord::start();
    let app = App::of(&discord);
    app.registers(incident_command()).await;
    discord.time().hold();
    let asked = discord.ana().runs("/incident declare", json!({"title": "checkout is down"})).await;
    (discord, app, asked)
}

/// Nobody listens on the gateway here: the callback route is used all the same.
fn forgiven(discord: &Discord) {
    discord.change(|state| {
        state.problems.clear();
        state.interactions.values_mut().for_each(|asked| asked.failed = None);
    });
}

#[tokio::test]
async fn a_deferred_answer_becomes_a_message_and_the_token_ends_after_fifteen_minutes() {
    let (discord, app, asked) = declared().await;
    forgiven(&discord);
    let follow_up = app.follow_up_path(&asked);
    app.is_refused(10015, "POST", &follow_up, json!({"content": "too early"})).await;
    assert_eq!(app.answers(&asked, json!({"type": 5, "data": {"flags": 64}})).await.status, 204);
    assert_eq!(app.answers(&asked, json!({"type": 5})).await.json()["code"], 40060);
    assert_eq!(discord.plain(&discord.ana().ephemerals()[0]), "(thinking…)");
    app.does("PATCH", &format!("{follow_up}/messages/@original"), json!({"content": "Declared INC-42"})).await;
    assert_eq!(asked.says().await, "Declared INC-42");
    assert!(asked.is_ephemeral().await, "it was deferred so");
    app.does("POST", &follow_up, json!({"content": "and more"})).await;
    assert_eq!(asked.follow_ups().len(), 1);
    assert!(discord.bo().ephemerals().is_empty());
    discord.passes(Duration::from_secs(15 * 60 - 1));
    app.does("PATCH", &format!("{follow_up}/messages/@original"), json!({"content": "just in time"})).await;
    discord.passes(Duration::from_secs(2));
    app.is_refused(50027, "PATCH", &format!("{follow_up}/messages/@original"), json!({"content": "late"})).await;
    discord.finish().await;
}

#[tokio::test]
async fn an_answer_after_three_seconds_is_too_late_and_fails_the_test() {
    let (discord, app, asked) = declared().await;
    forgiven(&discord);
    discord.passes(Duration::from_millis(3_001));
    assert_eq!(asked.failed().await, "three seconds had passed");
    assert_eq!(app.answers(&asked, json!({"type": 5})).await.json()["code"], 10062);
    discord.expects_problem("was not answered: three seconds had passed");
    discord.expects_problem("was answered after 3001 ms");
    discord.finish().await;
}

#[tokio::test]
async fn each_kind_of_interaction_takes_its_own_answers() {
    let (discord, app, asked) = declared().await;
    forgiven(&discord);
    for kind in [1, 6, 7, 8, 10] {
        let body = app.answers(&asked, json!({"type": kind, "data": {"choices": []}})).await.json();
        assert_eq!(body["errors"]["type"]["_errors"][0]["code"], "BASE_TYPE_CHOICES", "type {kind}");
    }
    let modal = |title: usize| {
        let input = json!({"type": 4, "custom_id": "why", "style": 2, "max_length": 5});
        json!({"type": 9, "data": {"custom_id": "m", "title": "t".repeat(title), "components": [{"type": 18, "label": "Why", "component": input}]}})
    };
    let refused = app.answers(&asked, modal(46)).await.json();
    assert!(refused["errors"]["data"]["title"].is_object(), "{refused}");
    assert_eq!(app.answers(&asked, modal(45)).await.status, 204);
    let submitted = discord.ana().submits(&asked, json!({"Why": "smoke"})).await;
    let data = discord.read(|state| state.interactions[&submitted.id].data.clone());
    assert_eq!(data["components"][0]["component"]["value"], "smoke");
    let refused = app.answers(&submitted, modal(1)).await.json();
    assert_eq!(refused["code"], 50035, "a modal is not answered with a modal: {refused}");
    let button = json!({"type": 2, "style": 4, "label": "Stop", "custom_id": "stop"});
    let said = json!({"type": 4, "data": {"content": "Thanks", "components": [{"type": 1, "components": [button]}]}});
    assert_eq!(app.answers(&submitted, said).await.status, 204);
    let message = submitted.message().await;
    forgiven(&discord);
    let clicked = discord.bo().clicks(&message, "Stop").await;
    forgiven(&discord);
    let changed = json!({"type": 7, "data": {"content": "Stopped", "components": []}});
    assert_eq!(app.answers(&clicked, changed).await.status, 204);
    assert_eq!(
        (clicked.answered().await, discord.plain(&discord.again(&message))),
        (Answer::Update, "Stopped".to_string())
    );
    discord.finish().await;
}

/// An endpoint that checks signatures with serenity's verifier and answers everything at once.
fn endpoint(public_key: &str) -> Wire {
    let verifier = std::sync::Arc::new(Verifier::new(public_key));
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_string();
        let (signature, timestamp) = (text("x-signature-ed25519"), text("x-signature-timestamp"));
        if verifier.verify(&signature, &timestamp, &body).is_err() {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let asked: Value = serde_json::from_slice(&body).expect("JSON");
        let answer = match asked["type"].as_u64() {
            Some(1) => json!({"type": 1}),
            Some(4) => json!({"type": 8, "data": {"choices": [{"name": "checkout", "value": "checkout"}]}}),
            _ => {
                json!({"type": 4, "data": {"content": format!("{} by {}", asked["data"]["name"], asked["member"]["user"]["username"])}})
            }
        };
        let answered: Response = axum::Json(answer).into_response();
        answered
    };
    Wire::serve(Router::new().route("/discord/interactions", post(answer)))
}

#[tokio::test]
async fn interactions_go_signed_to_an_endpoint_that_refuses_forgeries() {
    let discord = Discord::start();
    let app = App::of(&discord);
    app.registers(incident_command()).await;
    let wire = endpoint(&discord.public_key());
    let url = format!("{}/discord/interactions", wire.url());
    discord.delivers_to(&url).await;
    for signs in [Signs::Forged, Signs::Tampered, Signs::Missing, Signs::Garbled] {
        assert_eq!(discord.knocks(&url, signs, &json!({"type": 1})).await.0, 401, "{signs:?}");
    }
    let asked = discord.ana().runs("/incident declare", json!({"title": "checkout is down"})).await;
    assert_eq!(asked.says().await, "\"incident\" by \"ana\"");
    let offered = discord.bo().types("/incident declare", json!({"title": "x", "service": "ch"}), "service").await;
    assert_eq!(offered[0]["value"], "checkout");
    let message = discord.cy().writes("it broke at noon");
    let noted = discord.bo().runs_on_message("Add to timeline", &message).await;
    assert_eq!(noted.says().await, "\"Add to timeline\" by \"bo\"");
    let paged = discord.bo().runs_on_user("Page", &discord.ana()).await;
    assert_eq!(paged.says().await, "\"Page\" by \"bo\"");
    assert_eq!(discord.delivers_again(asked.id).await.0, 200);
    wire.stop();
    let lost = discord.ana().runs("/incident declare", json!({"title": "nobody hears"})).await;
    assert!(lost.failed().await.starts_with("the endpoint could not be reached"));
    discord.expects_problem("the endpoint could not be reached");
    discord.finish().await;
}
