//! Slack over HTTP: `POST /slack/commands`, `/slack/interactions`, `/slack/events`. Nothing is read before its signature
//! is right (compared in constant time, at most five minutes old, by our own clock); a delivery that Slack repeats does
//! nothing twice. Mounted only where a signing secret is configured.

use super::wire::{Command, EventCallback, Inbound, Interaction};
use super::{Reply, Slack};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::HashMap;
use subtle::ConstantTimeEq;

/// Bytes of a request: Slack's own are far below.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Seconds by which a request may differ from our clock; an older one may be a replay.
const AGE_S_MAX: i64 = 300;
const SIGNATURE: &str = "x-slack-signature";
const TIMESTAMP: &str = "x-slack-request-timestamp";
/// Tells Slack not to repeat what cannot be read the next time either.
const NO_RETRY: HeaderName = HeaderName::from_static("x-slack-no-retry");

/// The routes; none without a secret to check signatures by.
pub fn router(slack: &Slack) -> Router {
    if slack.house.settings.signing_secret.is_none() {
        return Router::new();
    }
    Router::new()
        .route("/slack/commands", post(commands))
        .route("/slack/interactions", post(interactions))
        .route("/slack/events", post(events))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(slack.clone())
}

async fn commands(State(slack): State<Slack>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(fields) = verified(&slack, &headers, &body).map(form) else { return unauthorized() };
    // Slack looks whether the address answers.
    if fields.contains_key("ssl_check") {
        return StatusCode::OK.into_response();
    }
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let command = Command {
        team_id: field("team_id"),
        user_id: field("user_id"),
        user_name: field("user_name"),
        channel_id: field("channel_id"),
        command: field("command"),
        text: field("text"),
        response_url: field("response_url"),
        trigger_id: field("trigger_id"),
    };
    if command.user_id.is_empty() {
        return unreadable(&slack, "a slash command without a user");
    }
    answer(slack.handle(Inbound::Command(Box::new(command))).await)
}

async fn interactions(State(slack): State<Slack>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(fields) = verified(&slack, &headers, &body).map(form) else { return unauthorized() };
    if fields.contains_key("ssl_check") {
        return StatusCode::OK.into_response();
    }
    match serde_json::from_str::<Interaction>(fields.get("payload").map_or("", String::as_str)) {
        Ok(interaction) => answer(slack.handle(Inbound::Interaction(Box::new(interaction))).await),
        Err(e) => unreadable(&slack, &format!("an interaction that cannot be read: {e}")),
    }
}

async fn events(State(slack): State<Slack>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(text) = verified(&slack, &headers, &body) else { return unauthorized() };
    if let Some(retry) = headers.get("x-slack-retry-num").and_then(|v| v.to_str().ok()) {
        tracing::info!("Slack delivers an event again (try {})", retry.chars().take(4).collect::<String>());
    }
    match serde_json::from_str::<EventCallback>(text) {
        Ok(event) => answer(slack.handle(Inbound::Event(Box::new(event))).await),
        Err(e) => unreadable(&slack, &format!("an event that cannot be read: {e}")),
    }
}

/// The body as text, if it is Slack's.
fn verified<'a>(slack: &Slack, headers: &HeaderMap, body: &'a Bytes) -> Option<&'a str> {
    let secret = slack.house.settings.signing_secret.as_ref()?;
    let one = |name: &str| {
        let mut all = headers.get_all(name).iter();
        all.next().filter(|_| all.next().is_none()).and_then(|v| v.to_str().ok())
    };
    let (signature, timestamp) = (one(SIGNATURE)?, one(TIMESTAMP)?);
    let right = is_signed(secret, timestamp, body, signature);
    let now = slack.app().clock().now().0.div_euclid(1_000_000);
    let fresh = timestamp.parse::<i64>().is_ok_and(|at| now.abs_diff(at) <= AGE_S_MAX as u64);
    if !(right && fresh) {
        tracing::warn!(
            "a request in Slack's name was turned away: {}",
            if right { "it is older than five minutes, or a clock is wrong" } else { "its signature is wrong" }
        );
        crate::measure::turned_away("slack");
        return None;
    }
    std::str::from_utf8(body).ok()
}

fn is_signed(secret: &SecretString, timestamp: &str, body: &[u8], signature: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    let expected = format!("v0={}", firebell_domain::chain::hex(&mac.finalize().into_bytes()));
    expected.as_bytes().ct_eq(signature.as_bytes()).into()
}

fn form(body: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

fn answer(reply: Reply) -> Response {
    match reply {
        Reply::Empty => StatusCode::OK.into_response(),
        Reply::Body(body) => axum::Json(body).into_response(),
    }
}

fn unauthorized() -> Response {
    let why = "The signature is not Slack's, or older than five minutes. Compare signing_secret in [slack] with \"Basic \
               Information\" of the app, and this machine's clock.\n";
    (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))], why).into_response()
}

fn unreadable(slack: &Slack, what: &str) -> Response {
    tracing::warn!("Slack sent {what}");
    slack.house.health.change(|h| h.unreadable += 1);
    (StatusCode::BAD_REQUEST, [(NO_RETRY, HeaderValue::from_static("1"))]).into_response()
}
