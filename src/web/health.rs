//! How it is: alive, ready, each component. Read without a token by probes and watchers, so: no secret, no
//! text of an incident, and nothing of private ones.

use super::WebState;
use crate::engine::ChannelState;
use crate::engine::ports::chat::Chat;
use crate::store::OutboxDepth;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_domain::time::span;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long a probe waits for the database.
pub(super) const PING: Duration = Duration::from_secs(1);
/// Seconds after which an engine that has not passed is not running; it passes every second.
const ENGINE_LATE_S: i64 = 10;
/// Seconds for which a message may be overdue before somebody should look, and before it is plainly wrong.
const OVERDUE_S: i64 = 30;
const LONG_OVERDUE_S: i64 = 120;
/// Failures in a row after which a pager counts as gone.
const FAILURES_MANY: u64 = 3;
const FAILED_SHOWN_MAX: i64 = 20;

pub async fn alive() -> Json<Value> {
    Json(json!({ "status": "alive", "version": env!("CARGO_PKG_VERSION") }))
}

pub async fn ready(State(state): State<WebState>) -> Response {
    let why = readiness(&state).await.why_not;
    if why.is_empty() {
        return Json(json!({ "ready": true })).into_response();
    }
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "ready": false, "why": why }))).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Whether it is ready, and if not, why.
pub(super) struct Readiness {
    pub database_answers: bool,
    pub why_not: Vec<String>,
}

pub(super) async fn readiness(state: &WebState) -> Readiness {
    let (database, engine) = (database(state).await, engine(state));
    let database_answers = database.status == Status::Healthy;
    let unhealthy = [database, engine].into_iter().filter(|c| c.status == Status::Unhealthy);
    Readiness { database_answers, why_not: unhealthy.map(|c| c.message).collect() }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Status {
    Healthy,
    Degraded,
    Unhealthy,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Status::Healthy => "healthy",
            Status::Degraded => "degraded",
            Status::Unhealthy => "unhealthy",
        }
    }
}

struct Component {
    status: Status,
    message: String,
    more: Value,
}

impl Component {
    fn new(status: Status, message: impl Into<String>) -> Component {
        Component { status, message: message.into(), more: Value::Null }
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("status".into(), json!(self.status.as_str()));
        map.insert("message".into(), json!(self.message));
        if let Value::Object(more) = &self.more {
            map.extend(more.clone());
        }
        Value::Object(map)
    }
}

pub async fn components(State(state): State<WebState>) -> Json<Value> {
    let database = database(&state).await;
    let reachable = database.status == Status::Healthy;
    let engine = engine(&state);
    let (outbox, failed) = match reachable {
        true => (outbox(&state).await, failed(&state).await),
        false => (unread(), Vec::new()),
    };
    let checkpoints = checkpoints(&state);
    let pagers = pagers(&state);
    let paging = paging(&pagers);
    let configuration = configuration(&state);
    let chats = chats(&state);
    // Declaring, acknowledging and paging need no chat: one that is away degrades the whole and no more.
    let in_chats = chats.iter().map(|(_, c)| c.status.min(Status::Degraded));
    let all = [&database, &engine, &outbox, &checkpoints, &paging, &configuration];
    let worst = all.map(|c| c.status).into_iter().chain(in_chats).max().unwrap_or(Status::Healthy);
    let pagers: Map<String, Value> = pagers.iter().map(|(name, c)| (name.clone(), c.json())).collect();
    Json(json!({
        "status": worst.as_str(),
        "components": {
            "database": database.json(),
            "engine": engine.json(),
            "outbox": outbox.json(),
            "checkpoints": checkpoints.json(),
            "paging": paging.json(),
            "configuration": configuration.json(),
        },
        "pagers": pagers,
        "chats": chats.iter().map(|(name, c)| (name.clone(), c.json())).collect::<Map<String, Value>>(),
        "failed_last_hour": failed,
    }))
}

async fn database(state: &WebState) -> Component {
    let kind = if state.app().store().is_postgres() { "Postgres" } else { "SQLite" };
    match tokio::time::timeout(PING, state.app().store().ping()).await {
        Ok(Ok(())) => Component::new(Status::Healthy, format!("{kind} answers.")),
        Ok(Err(fault)) => {
            tracing::warn!(fault.id = %fault.id, "the database does not answer a ping: {}", fault.chain);
            Component::new(
                Status::Unhealthy,
                format!("{kind} cannot be reached; the log has the reason under {}.", fault.id),
            )
        }
        Err(_) => Component::new(Status::Unhealthy, format!("{kind} did not answer within 1 s.")),
    }
}

fn engine(state: &WebState) -> Component {
    let said = state.engine().read();
    let lag = said.ticked_at.map(|at| state.app().clock().now().seconds_since(at).max(0));
    let mut component = match lag {
        None => Component::new(Status::Unhealthy, "The engine has not started yet."),
        Some(s) if s > ENGINE_LATE_S => Component::new(
            Status::Unhealthy,
            format!("The engine last passed {} ago; it should every second.", span(s)),
        ),
        // What went wrong is in the log: a database's words are not for everybody.
        Some(_) if said.failing.is_some() => Component::new(
            Status::Degraded,
            "The engine's last pass failed; it tries again every second. The log has the reason.",
        ),
        Some(s) if s > ENGINE_LATE_S / 3 => {
            Component::new(Status::Degraded, format!("The engine is {} late.", span(s)))
        }
        Some(_) => Component::new(Status::Healthy, "The engine passes every second."),
    };
    component.more = json!({ "ticked_at": said.ticked_at.map(|t| t.rfc3339()), "lag_s": lag });
    component
}

fn unread() -> Component {
    Component::new(Status::Unhealthy, "Not known while the database cannot be read.")
}

async fn depth(state: &WebState) -> Option<OutboxDepth> {
    tokio::time::timeout(PING, state.app().store().outbox_depth()).await.ok()?.ok()
}

async fn outbox(state: &WebState) -> Component {
    let Some(depth) = depth(state).await else { return unread() };
    let now = state.app().clock().now();
    let age = |due| now.seconds_since(due).max(0);
    let waiting: Vec<Value> = depth
        .queued
        .iter()
        .map(|(lane, channel, count, oldest)| {
            json!({ "lane": lane, "channel": channel, "waiting": count, "oldest_due_at": oldest.rfc3339(), "oldest_overdue_s": age(*oldest) })
        })
        .collect();
    let count: i64 = depth.queued.iter().map(|(_, _, n, _)| n).sum();
    let overdue = depth.queued.iter().map(|(_, _, _, oldest)| age(*oldest)).max().unwrap_or(0);
    let (status, message) = match overdue {
        _ if count == 0 => (Status::Healthy, "Nothing waits to be sent.".to_string()),
        s if s > LONG_OVERDUE_S => (Status::Unhealthy, format!("{}, the oldest is {} overdue.", waits(count), span(s))),
        s if s > OVERDUE_S => (Status::Degraded, format!("{}, the oldest is {} overdue.", waits(count), span(s))),
        _ => (Status::Healthy, format!("{} for their turn.", waits(count))),
    };
    Component { status, message, more: json!({ "waiting": waiting, "being_sent": depth.claimed }) }
}

fn checkpoints(state: &WebState) -> Component {
    match state.engine().read().checkpoint_failing {
        None => Component::new(Status::Healthy, "Checkpoints reach their log."),
        Some(why) => {
            tracing::debug!("checkpoints: {why}");
            Component::new(
                Status::Degraded,
                "The checkpoint log outside the database cannot be written: free space or fix its permissions. The log has the reason.",
            )
        }
    }
}

/// What the file says now, against what is in force. Complaints about a configuration hold no secret.
fn configuration(state: &WebState) -> Component {
    let standing = state.configuration();
    let mut component = match &standing.refused {
        Some(r) => {
            let more = match r.more {
                0 => String::new(),
                n => format!(" And {n} more."),
            };
            let message = format!(
                "The file cannot be put in force since {}; what was valid before stays. {}{more} Correct it, see \"firebell config check\", and send SIGHUP again.",
                r.since, r.first
            );
            Component::new(Status::Degraded, message)
        }
        None if !standing.waiting.is_empty() => {
            let keys = standing.waiting.join(", ");
            Component::new(Status::Healthy, format!("In force, except {keys}: at the next start."))
        }
        None => Component::new(Status::Healthy, "What the file said when it was last read is in force."),
    };
    component.more = json!({
        "file": standing.file.as_ref().map(|f| f.display().to_string()),
        "loaded_at": standing.loaded_at.rfc3339(),
        "refused_since": standing.refused.as_ref().map(|r| r.since.rfc3339()),
        "problem": standing.refused.as_ref().map(|r| &r.first),
        "waiting_for_a_start": standing.waiting,
    });
    component
}

fn pagers(state: &WebState) -> Vec<(String, Component)> {
    let said = state.engine().read().channels;
    state.pagers().iter().map(|name| (name.clone(), pager(said.get(name)))).collect()
}

fn chats(state: &WebState) -> Vec<(String, Component)> {
    let now = state.app().clock().now();
    let of = |chat: &std::sync::Arc<dyn Chat>| {
        let standing = chat.standing(now);
        let status = match (standing.hears, standing.sends) {
            (true, true) => Status::Healthy,
            (true, false) => Status::Degraded,
            (false, _) => Status::Unhealthy,
        };
        let figures: Map<String, Value> =
            standing.figures.into_iter().map(|(name, n)| (name.to_string(), json!(n))).collect();
        let component = Component { status, message: standing.message, more: Value::Object(figures) };
        (chat.channel().to_string(), component)
    };
    state.chats().iter().map(of).collect()
}

/// All pagers together: as healthy as the worst, since each is somebody's only way to be reached.
fn paging(pagers: &[(String, Component)]) -> Component {
    let worst = pagers.iter().map(|(_, c)| c.status).max();
    let failing = pagers.iter().filter(|(_, c)| c.status != Status::Healthy).count();
    match worst {
        None => Component::new(
            Status::Degraded,
            "No pager is configured: nobody will be paged. See [paging] in the configuration.",
        ),
        Some(Status::Healthy) => Component::new(Status::Healthy, "Every configured pager took its last message."),
        Some(worst) => {
            Component::new(worst, format!("{failing} of {} pagers did not take their last message.", pagers.len()))
        }
    }
}

fn pager(said: Option<&ChannelState>) -> Component {
    let Some(s) = said else { return Component::new(Status::Healthy, "Nothing was sent by it yet.") };
    let problem = s.last_problem.as_deref().unwrap_or("no reason given");
    let (status, message) = match s.failures_in_a_row {
        0 => (Status::Healthy, "The last message was taken.".to_string()),
        n if n < FAILURES_MANY => (Status::Degraded, format!("The last message was not taken: {problem}")),
        n => (Status::Unhealthy, format!("{n} tries in a row came to nothing: {problem}")),
    };
    let more = json!({
        "taken": s.done,
        "failures_in_a_row": s.failures_in_a_row,
        "last_taken_at": s.last_done_at.map(|t| t.rfc3339()),
        "last_problem_at": s.last_problem_at.map(|t| t.rfc3339()),
    });
    Component { status, message, more }
}

/// What was given up within the hour. Which incident it was for is said of public ones only.
fn waits(count: i64) -> String {
    match count {
        1 => "1 message waits".to_string(),
        n => format!("{n} messages wait"),
    }
}

async fn failed(state: &WebState) -> Vec<Value> {
    let since = state.app().clock().now().plus_s(-3_600);
    let Ok(failed) = state.app().store().failed_intents(since, FAILED_SHOWN_MAX).await else { return Vec::new() };
    let mut shown = Vec::with_capacity(failed.len());
    for f in failed {
        let loaded = state.app().store().incident(f.incident).await.ok().flatten();
        let public = loaded.is_some_and(|l| !l.incident.private);
        shown.push(json!({
            "incident": public.then(|| f.incident.to_string()),
            "channel": f.channel,
            "lane": f.lane,
            "why": f.why,
            "at": f.at.rfc3339(),
        }));
    }
    shown
}
