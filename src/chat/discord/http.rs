//! `POST /discord/interactions`: interactions signed by Discord. What is not signed, or was signed long ago, gets 401 and
//! nothing else happens; Discord tests that before it takes the address. The answer is the response's body.

use super::Discord;
use super::wire;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serenity::interactions_endpoint::Verifier;
use std::sync::Arc;

/// Bytes of an interaction: Discord's own are some kilobytes, the longest form fits several times.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// Seconds between when it was signed and when it is heard: what is older is somebody's recording. Clocks differ.
const AGE_MAX_S: i64 = 300;

#[derive(Clone)]
struct Listening {
    discord: Arc<Discord>,
    verifier: Verifier,
}

/// Listens where a public key is configured, else answers as any address that is not there.
pub fn router(discord: &Arc<Discord>) -> Router {
    let verifier = discord.settings.public_key.and_then(|key| Verifier::try_new(key).ok());
    let Some(verifier) = verifier else { return Router::new() };
    Router::new()
        .route("/discord/interactions", post(take))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Listening { discord: discord.clone(), verifier })
}

/// Heard to its end also when Discord has hung up: what was said is recorded, and its outcome follows by an edit.
async fn take(State(listening): State<Listening>, headers: HeaderMap, body: Bytes) -> Response {
    let heard = tokio::spawn(take_on(listening, headers, body)).await;
    heard.unwrap_or_else(|e| {
        tracing::error!("an interaction ended badly: {e}");
        no(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong inside Firebell.")
    })
}

async fn take_on(listening: Listening, headers: HeaderMap, body: Bytes) -> Response {
    let Listening { discord, verifier } = listening;
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (signature, signed_at) = (text("x-signature-ed25519"), text("x-signature-timestamp"));
    if verifier.verify(signature, signed_at, &body).is_err() {
        tracing::warn!("an interaction without Discord's signature was turned away");
        return no(StatusCode::UNAUTHORIZED, "The signature is not Discord's.");
    }
    let now_s = discord.app().clock().now().0.div_euclid(firebell_domain::time::SECOND);
    let fresh = signed_at.parse::<i64>().is_ok_and(|at| at.abs_diff(now_s) <= AGE_MAX_S.unsigned_abs());
    if !fresh {
        tracing::warn!("an interaction signed at another time was turned away: is this machine's clock right?");
        return no(StatusCode::UNAUTHORIZED, "It was signed too long ago.");
    }
    let json = serde_json::from_slice(&body).unwrap_or_default();
    let Some(interaction) = wire::interaction(&json) else {
        return no(StatusCode::BAD_REQUEST, "This is no interaction.");
    };
    let Ok(_slot) = discord.slots.clone().try_acquire_owned() else {
        return axum::Json(super::busy().json()).into_response();
    };
    axum::Json(discord.interaction(interaction).await.json()).into_response()
}

fn no(status: StatusCode, why: &'static str) -> Response {
    (status, why).into_response()
}
