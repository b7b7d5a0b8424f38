//! `POST /hooks/{name}`: alerts in. 200 only when it is durable; 503 with `Retry-After` when it could not be recorded
//! (Alertmanager retries every 5xx); 4xx only for what is wrong with the request itself, and for an authenticated
//! source only after an incident that says so is durable: Alertmanager drops every 4xx.

use crate::app::ingest::{self, Taken};
use crate::app::{ActError, App};
use crate::config::Ingest;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use firebell_domain::limits::HOOK_BYTES_MAX;
use futures_util::StreamExt;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Requests whose bodies are held at once: bounds memory at this many times `HOOK_BYTES_MAX`, in practice far below.
const REQUESTS_MAX: usize = 64;

#[derive(Clone)]
pub struct Hooks {
    app: App,
    sources: Arc<BTreeMap<String, Ingest>>,
    room: Arc<Semaphore>,
}

pub fn router(app: App, sources: Arc<BTreeMap<String, Ingest>>) -> Router {
    let hooks = Hooks { app, sources, room: Arc::new(Semaphore::new(REQUESTS_MAX)) };
    Router::new().route("/hooks/{name}", post(take)).layer(axum::extract::DefaultBodyLimit::disable()).with_state(hooks)
}

async fn take(State(hooks): State<Hooks>, Path(name): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let Some(source) = hooks.sources.get(&name) else {
        return no(
            StatusCode::NOT_FOUND,
            "no_such_source",
            "There is no alert source of this name; add [ingest.NAME] to the configuration.",
        );
    };
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().as_bytes().to_vec());
    let authentic = bearer.is_some_and(|t| bool::from(t.ct_eq(source.token.expose_secret().as_bytes())));
    if !authentic {
        return no(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Send this source's token as \"Authorization: Bearer …\".",
        );
    }
    let Ok(_room) = hooks.room.try_acquire() else {
        return busy("Too many requests at once; nothing was recorded.");
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let (bytes, problem) = read_all(body).await;
    let taken = match &problem {
        None => ingest::take(&hooks.app, &name, source, &bytes).await,
        Some(problem) => {
            let size = announced.unwrap_or(bytes.len() as u64).max(bytes.len() as u64);
            ingest::take_unreadable(&hooks.app, &name, source, problem, &bytes, size).await
        }
    };
    match taken {
        Ok(Taken::Deliveries(done)) => {
            let results: Vec<_> = done
                .iter()
                .map(|(id, what)| serde_json::json!({ "incident": id.map(|i| i.to_string()), "result": what }))
                .collect();
            axum::Json(serde_json::json!({ "results": results })).into_response()
        }
        Ok(Taken::Unreadable { incident, problem: what }) => {
            let status = if problem.is_some() && bytes.len() >= HOOK_BYTES_MAX {
                StatusCode::PAYLOAD_TOO_LARGE
            } else {
                StatusCode::BAD_REQUEST
            };
            let incident = incident.map_or(String::new(), |id| format!(" {id} says so and pages."));
            no(status, "unreadable", &format!("This could not be read: {what}.{incident}"))
        }
        Err(ActError::Refused(refusal)) => {
            tracing::error!(source.name = %name, "an alert was refused: {refusal}");
            no(StatusCode::INTERNAL_SERVER_ERROR, refusal.code(), &refusal.to_string())
        }
        Err(ActError::Fault(fault)) => busy(&fault.shown()),
    }
}

/// The body, and what kept it from being whole.
async fn read_all(body: Body) -> (Vec<u8>, Option<String>) {
    let mut bytes = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(_) => {
                let read = bytes.len();
                return (bytes, Some(format!("it broke off after {read} bytes")));
            }
        }
        if bytes.len() > HOOK_BYTES_MAX {
            bytes.truncate(HOOK_BYTES_MAX);
            return (bytes, Some(format!("it is larger than {} MB", HOOK_BYTES_MAX / 1024 / 1024)));
        }
    }
    (bytes, None)
}

fn no(status: StatusCode, code: &str, message: &str) -> Response {
    (status, axum::Json(serde_json::json!({ "error": { "code": code, "message": message } }))).into_response()
}

fn busy(message: &str) -> Response {
    let mut response = no(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    response
}
