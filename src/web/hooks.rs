//! `POST /hooks/{name}`: alerts in. 200 only when it is durable; 503 with `Retry-After` when it could not be recorded
//! (Alertmanager retries every 5xx); 4xx only for what is wrong with the request itself, and for an authenticated
//! source only after an incident that says so is durable: Alertmanager drops every 4xx. With `?dry_run=true` it says
//! where the body would go, and nothing is recorded or counted.

use crate::app::ingest::{self, Taken, dry_run};
use crate::app::{ActError, App};
use crate::config::Ingest;
use crate::measure;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use firebell_domain::limits::{HOOK_BYTES_MAX, UNREADABLE_KEPT_BYTES_MAX};
use futures_util::StreamExt;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Requests whose bodies are held at once: bounds memory at this many times `HOOK_BYTES_MAX`, in practice far below.
const REQUESTS_MAX: usize = 64;
/// How long a body may take to arrive. Alertmanager gives up its own requests after 10 s to a minute.
const BODY_WAIT: Duration = Duration::from_secs(60);
/// Bytes of a body that are read before its source is cut off.
const HEARD_OUT_BYTES_MAX: u64 = 8 * HOOK_BYTES_MAX as u64;

/// One for the process: a reload makes other routes, and no more memory.
static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(REQUESTS_MAX)));

#[derive(Clone)]
pub struct Hooks {
    app: App,
    sources: Arc<BTreeMap<String, Ingest>>,
    room: Arc<Semaphore>,
    body_wait: Duration,
}

pub fn router(app: App, sources: Arc<BTreeMap<String, Ingest>>) -> Router {
    router_waiting(app, sources, BODY_WAIT)
}

/// The same with another bound for a body's arrival.
pub(super) fn router_waiting(app: App, sources: Arc<BTreeMap<String, Ingest>>, body_wait: Duration) -> Router {
    let hooks = Hooks { app, sources, room: ROOM.clone(), body_wait };
    Router::new().route("/hooks/{name}", post(take)).layer(axum::extract::DefaultBodyLimit::disable()).with_state(hooks)
}

/// Recorded to its end even when the source has hung up meanwhile: a page is not lost to a connection.
async fn take(
    state: State<Hooks>,
    name: Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match tokio::spawn(take_on(state, name, query, headers, body)).await {
        Ok(response) => response,
        Err(e) => {
            tracing::error!("taking an alert ended badly: {e}");
            busy("Something went wrong inside Firebell; nothing is known to be recorded.")
        }
    }
}

async fn take_on(
    State(hooks): State<Hooks>,
    Path(name): Path<String>,
    query: Option<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(source) = hooks.sources.get(&name) else {
        return no(
            StatusCode::NOT_FOUND,
            "no_such_source",
            "There is no alert source of this name; add [ingest.NAME] to the configuration.",
        );
    };
    if !authentic(&headers, source) {
        measure::turned_away("hook");
        measure::unauthorized(&name);
        return no(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Send this source's token as \"Authorization: Bearer …\".",
        );
    }
    let Some(dry_run) = dry_run_asked(query.as_deref()) else {
        let message = "Write ?dry_run=true to see where this would go, or leave it out. Nothing was recorded.";
        return no(StatusCode::BAD_REQUEST, "bad_dry_run", message);
    };
    let Ok(_room) = hooks.room.try_acquire() else {
        return busy("Too many requests at once; nothing was recorded.");
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let read = read_all(body, hooks.body_wait).await;
    if dry_run {
        return rehearse(&hooks.app, &name, source, read).await;
    }
    let status = read.problem.as_ref().map_or(StatusCode::BAD_REQUEST, |p| p.0);
    let taken = match read.problem {
        None => ingest::take(&hooks.app, &name, source, read.kept).await,
        Some((_, problem)) => {
            let size = read.bytes.max(announced.unwrap_or(0));
            ingest::take_unreadable(&hooks.app, &name, source, &problem, &read.kept, size).await
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

/// Compared as hashes and in constant time: neither a token's letters nor its length show in how long it takes.
fn authentic(headers: &HeaderMap, source: &Ingest) -> bool {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let hash = |token: &str| Sha256::digest(token.as_bytes());
    bearer.is_some_and(|(_, t)| bool::from(hash(t.trim()).ct_eq(&hash(source.token.expose_secret()))))
}

/// `None` where it cannot be told whether a dry run is meant: then nothing is recorded that was not meant.
fn dry_run_asked(query: Option<&str>) -> Option<bool> {
    let pairs = query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut asked = Some(false);
    for (_, value) in pairs.filter(|(key, _)| matches!(*key, "dry_run" | "dry-run" | "dryrun")) {
        asked = match value {
            "true" | "1" | "yes" | "" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => return None,
        };
    }
    asked
}

/// Answers with the status that the body itself would get.
async fn rehearse(app: &App, name: &str, source: &Ingest, read: ReadBody) -> Response {
    let status = read.problem.as_ref().map_or(StatusCode::BAD_REQUEST, |p| p.0);
    let run = match read.problem {
        None => dry_run::online(app, name, source, read.kept).await,
        Some((_, problem)) => dry_run::online_problem(app, name, source, &problem).await,
    };
    match run {
        Ok(run) if run.unreadable.is_some() => (status, axum::Json(run)).into_response(),
        Ok(run) => axum::Json(run).into_response(),
        Err(fault) => busy(&fault.shown()),
    }
}

/// A body as far as it came.
struct ReadBody {
    kept: Vec<u8>,
    bytes: u64,
    /// What kept it from being whole.
    problem: Option<(StatusCode, String)>,
}

async fn read_all(body: Body, wait: Duration) -> ReadBody {
    let mut read = ReadBody { kept: Vec::new(), bytes: 0, problem: None };
    if tokio::time::timeout(wait, read_on(body, &mut read)).await.is_err() {
        let problem = format!("it was not whole after {} s, but {} bytes", wait.as_secs(), read.bytes);
        read.problem.get_or_insert((StatusCode::REQUEST_TIMEOUT, problem));
    }
    read
}

/// Too large a body is still read to its end, without keeping it: a source that is cut off while it writes does not
/// hear the answer.
async fn read_on(body: Body, read: &mut ReadBody) {
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else {
            let problem = format!("it broke off after {} bytes", read.bytes);
            read.problem.get_or_insert((StatusCode::BAD_REQUEST, problem));
            return;
        };
        read.bytes += chunk.len() as u64;
        if read.bytes <= HOOK_BYTES_MAX as u64 {
            read.kept.extend_from_slice(&chunk);
        } else if read.problem.is_none() {
            let problem = format!("it is larger than {} MB", HOOK_BYTES_MAX / 1024 / 1024);
            read.problem = Some((StatusCode::PAYLOAD_TOO_LARGE, problem));
            read.kept.truncate(UNREADABLE_KEPT_BYTES_MAX);
            read.kept.shrink_to_fit();
        } else if read.bytes > HEARD_OUT_BYTES_MAX {
            return;
        }
    }
}

fn no(status: StatusCode, code: &str, message: &str) -> Response {
    (status, axum::Json(serde_json::json!({ "error": { "code": code, "message": message } }))).into_response()
}

fn busy(message: &str) -> Response {
    let mut response = no(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    response
}
