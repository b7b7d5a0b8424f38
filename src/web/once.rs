//! `Idempotency-Key`: the first answer under a key is given again, byte for byte. A key belongs to one bearer, method
//! and path; the same key with another body is a mistake and is told so. Only what was done is kept: after a refusal
//! the same key may be tried again.

use super::WebState;
use super::auth::Bearer;
use super::error::No;
use crate::app::{Act, Acted, Changed, On, Once};
use crate::fault::Fault;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use firebell_domain::chain::hex;
use firebell_domain::event::Actor;
use firebell_domain::limits;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Seconds after which a request that was begun under a key, and has no answer, is not under way any more.
const UNDER_WAY_S: i64 = 30;

/// A key as it is kept, and the body that it came with.
#[derive(Clone)]
pub struct Key {
    name: String,
    body: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// SHA-256 of the request's body.
    of: String,
    status: u16,
    /// `None`: begun, and no answer yet.
    body: Option<String>,
}

impl Kept {
    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

pub fn key(headers: &HeaderMap, bearer: &Bearer, method: &str, path: &str, body: &[u8]) -> Result<Option<Key>, No> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.as_bytes();
    let printable = text.iter().all(|b| (0x20..0x7f).contains(b));
    if text.is_empty()
        || text.len() > limits::IDEMPOTENCY_KEY_CHARS_MAX
        || !printable
        || headers.get_all(KEY).iter().count() > 1
    {
        let message = format!(
            "An Idempotency-Key has 1 to {} printable ASCII characters, and there is one.",
            limits::IDEMPOTENCY_KEY_CHARS_MAX
        );
        return Err(No::bad("bad_idempotency_key", message));
    }
    let mut name = Sha256::new();
    for part in [bearer.identity().as_bytes(), method.as_bytes(), path.as_bytes(), text] {
        name.update((part.len() as u64).to_le_bytes());
        name.update(part);
    }
    Ok(Some(Key { name: hex(&name.finalize()), body: hex(&Sha256::digest(body)) }))
}

/// Does it, once under a key; the answer is made of what changed.
pub async fn act(
    state: &WebState,
    on: On,
    actor: Actor,
    key: Option<Key>,
    status: StatusCode,
    body: fn(&Changed, &str) -> String,
) -> Result<(Response, Option<Box<Changed>>), No> {
    let url = state.app().public_url().to_string();
    let once = key.clone().map(|k| {
        let answer = move |changed: &Changed| {
            Kept { of: k.body.clone(), status: status.as_u16(), body: Some(body(changed, &url)) }.text()
        };
        Once { key: k.name, answer: Box::new(answer) }
    });
    match (state.app().act(Act { on, actor, once }).await?, key) {
        (Acted::Changed(changed), _) => {
            let body = body(&changed, &state.app().public_url());
            Ok((answer(status, body), Some(changed)))
        }
        (Acted::Again(kept), Some(key)) => Ok((again(&kept, &key, None)?, None)),
        (other, _) => Err(Fault::bug(format!("an API command came back as {other:?}")).logged().into()),
    }
}

/// The same for what cannot carry its key: taken before, kept after. If the process dies in between, a repeat is told
/// that the outcome is not known; it is never done twice.
pub async fn around<F>(state: &WebState, key: Option<Key>, work: F) -> Result<Response, No>
where
    F: Future<Output = Result<String, No>>,
{
    let Some(key) = key else { return Ok(answer(StatusCode::OK, work.await?)) };
    let (store, now) = (state.app().store(), state.app().clock().now());
    let begun = Kept { of: key.body.clone(), status: 0, body: None }.text();
    if let Some((at, kept)) = store.take_key(&key.name, now, &begun).await.map_err(Fault::logged)? {
        return again(&kept, &key, Some(now.seconds_since(at)));
    }
    match work.await {
        Ok(body) => {
            let kept = Kept { of: key.body, status: 200, body: Some(body.clone()) }.text();
            // The answer is true either way; without it kept, a repeat is told that it is not known.
            let _ = store.keep_answer(&key.name, &kept).await.map_err(Fault::logged);
            Ok(answer(StatusCode::OK, body))
        }
        Err(no) => {
            if no.code != "not_known" {
                let _ = store.give_key_back(&key.name).await.map_err(Fault::logged);
            }
            Err(no)
        }
    }
}

fn again(kept: &str, key: &Key, age_s: Option<i64>) -> Result<Response, No> {
    let kept: Kept = serde_json::from_str(kept).map_err(|e| Fault::bug(format!("kept answer: {e}")).logged())?;
    if kept.of != key.body {
        let message = "This Idempotency-Key came with another body before. Use a new key for a new request.";
        return Err(No::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message));
    }
    let Some(body) = kept.body else {
        let under_way = age_s.is_some_and(|age| age < UNDER_WAY_S);
        let (code, message) = match under_way {
            true => (
                "idempotency_key_in_use",
                "The first request with this Idempotency-Key is still under way. Ask again in a second.",
            ),
            false => (
                "not_known",
                "The first request with this Idempotency-Key was begun and its outcome was never recorded. Look at the incident, then use a new key.",
            ),
        };
        return Err(No { retry_after: under_way, ..No::new(StatusCode::CONFLICT, code, message) });
    };
    let mut response = answer(StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK), body);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn answer(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
