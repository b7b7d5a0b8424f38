//! The other way in: signed requests, their retries, and the verification of the address. The app here is a bare server.

use super::app::*;
use super::*;
use crate::harness::wire::Wire;
use axum::extract::State as Shared;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// What arrived: path, headers, body.
type Inbox = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;
type Answers = Arc<Mutex<Vec<(u16, String)>>>;

/// An app that answers with what it is given, the last one again and again.
fn app(slack: &FakeSlack, answers: &[(u16, &str)]) -> (Wire, Inbox) {
    let inbox = Inbox::default();
    let answers: Answers = Arc::new(Mutex::new(answers.iter().rev().map(|(s, b)| (*s, (*b).to_owned())).collect()));
    let router = Router::new().fallback(receive).with_state((inbox.clone(), answers));
    let wire = Wire::serve(router);
    slack.deliver_to(&wire.url());
    (wire, inbox)
}

async fn receive(
    Shared((inbox, answers)): Shared<(Inbox, Answers)>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: String,
) -> Response<Body> {
    inbox.lock().expect("not poisoned").push((uri.path().to_owned(), headers, body));
    let mut answers = answers.lock().expect("not poisoned");
    let (status, text) = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() }.expect("an answer");
    Response::builder().status(status).body(Body::from(text)).expect("an answer can be built")
}

fn arrived(inbox: &Inbox) -> Vec<(String, HeaderMap, String)> {
    inbox.lock().expect("not poisoned").clone()
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_command_is_a_signed_form_and_its_answer_is_shown() {
    let slack = FakeSlack::start();
    let (_wire, inbox) = app(&slack, &[(200, r#"{"response_type": "in_channel", "text": "declared"}"#)]);
    let reply = slack.ana().says("#general", "/incident declare P1 a&b <x>").await;
    assert_eq!(reply.body["text"], "declared");
    slack.message("#general", "declared").await;
    let (path, headers, body) = arrived(&inbox).remove(0);
    assert_eq!(path, "/slack/commands");
    let seconds: i64 = text(&headers, "x-slack-request-timestamp").parse().expect("a time");
    assert_eq!(text(&headers, "x-slack-signature"), signature(&slack.signing_secret(), seconds, &body));
    let form: HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!((form["command"].as_str(), form["text"].as_str()), ("/incident", "declare P1 a&b <x>"));
    slack.finish();
}

#[tokio::test]
async fn the_signature_is_the_one_that_slack_documents() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let code = signature("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body);
    assert_eq!(code, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
}

#[tokio::test]
async fn an_event_is_tried_again_with_its_number_until_it_is_taken() {
    let (now, setup) = clock();
    let slack = setup.start();
    let (_wire, inbox) = app(&slack, &[(500, ""), (500, ""), (200, "")]);
    slack.ana().says("#general", "hello").await;
    crate::harness::eventually("the second try", BOUND, async || arrived(&inbox).len() == 2).await;
    slack.eventually("it failed too", |world| world.sockets.unacknowledged.len() == 2).await;
    now.fetch_add(60 * SECOND, Ordering::SeqCst);
    crate::harness::eventually("the third try", BOUND, async || arrived(&inbox).len() == 3).await;
    let tries = arrived(&inbox);
    let numbers: Vec<String> = tries.iter().map(|(_, headers, _)| text(headers, "x-slack-retry-num")).collect();
    assert_eq!(numbers, ["", "1", "2"]);
    assert_eq!(text(&tries[1].1, "x-slack-retry-reason"), "http_error");
    assert_eq!(tries[0].2, tries[2].2);
    assert_eq!(tries[0].0, "/slack/events");
    slack.forgive("http_error");
    slack.finish();
}

#[tokio::test]
async fn an_interaction_that_fails_is_said_to_its_person_and_not_tried_again() {
    let slack = FakeSlack::start();
    let (_wire, inbox) = app(&slack, &[(500, "")]);
    let reply = slack.ana().shortcut("declare").await;
    assert_eq!(reply.error.as_deref(), Some("http_error_500"));
    let (path, _, body) = arrived(&inbox).remove(0);
    assert_eq!(path, "/slack/interactions");
    let form: HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let payload: Value = serde_json::from_str(&form["payload"]).expect("JSON");
    assert_eq!((&payload["type"], &payload["callback_id"]), (&json!("shortcut"), &json!("declare")));
    slack.forgive("http_error");
    slack.finish();
}

#[tokio::test]
async fn an_app_that_does_not_answer_in_time_has_failed_for_its_person() {
    let (now, setup) = clock();
    let slack = setup.start();
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    slack.deliver_to(&format!("http://{}", silent.local_addr().expect("an address")));
    let waiting = slack.ana().starts_saying("#general", "/incident list");
    let (_open, _) = silent.accept().await.expect("the request comes");
    now.fetch_add(3 * SECOND, Ordering::SeqCst);
    assert_eq!(waiting.reply().await.error.as_deref(), Some("operation_timeout"));
    slack.forgive("http_timeout");
    slack.finish();
}

#[tokio::test]
async fn an_address_is_verified_and_requests_come_twice_on_demand() {
    let slack = FakeSlack::start();
    let (_wire, inbox) = app(&slack, &[(200, "")]);
    slack.verifies_the_address().await;
    assert_eq!(serde_json::from_str::<Value>(&arrived(&inbox)[0].2).expect("JSON")["type"], "url_verification");
    slack.repeats(1);
    slack.ana().says("#general", "/incident list").await;
    crate::harness::eventually("both copies", BOUND, async || arrived(&inbox).len() == 3).await;
    let all = arrived(&inbox);
    assert_eq!(all[1].2, all[2].2);
    slack.finish();
}
