//! What programs do: say something as somebody, declare, acknowledge, note, set the status, resolve. Each once under an
//! `Idempotency-Key`. Reads are in `reads.rs`.

use super::WebState;
use super::auth::Bearer;
use super::body;
use super::error::No;
use super::json;
use super::once;
use super::see::id_of;
use super::speak::Speaker;
use crate::app::On;
use crate::measure;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_domain::decide::{Declaration, Input};
use firebell_domain::directory::Directory;
use firebell_domain::event::Actor;
use firebell_domain::id::{IncidentId, ServiceId};
use firebell_domain::refusal::Refusal;
use firebell_domain::severity::{self, Severity};
use firebell_domain::status::IncidentStatus;
use firebell_domain::{limits, text};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub const OPENAPI: &str = include_str!("assets/openapi.json");

pub async fn description() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], OPENAPI).into_response()
}

/// What can be said, for completion.
pub async fn commands(State(state): State<WebState>, _bearer: Bearer) -> Response {
    axum::Json(state.speak().completion()).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    #[serde(default, rename = "as")]
    who: Option<String>,
    #[serde(default)]
    room: Option<String>,
    text: String,
}

pub async fn say(
    State(state): State<WebState>,
    bearer: Bearer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, No> {
    let bytes = body::bytes(body).await?;
    let said: Say = body::json(&headers, &bytes)?;
    let key = once::key(&headers, &bearer, "POST", "/api/v1/say", &bytes)?;
    let speaker = Speaker { person: bearer.person(said.who.as_deref())?, via: bearer.via(), admin: false };
    let room = match said.room.as_deref().map(str::trim).filter(|r| !r.is_empty()) {
        None => None,
        Some(written) => {
            let id = id_of(written)?;
            state.must_see(id, &bearer.viewer(said.who.as_deref())?).await?;
            Some(id)
        }
    };
    once::around(&state, key, async {
        let answer = speak(&state, &speaker, room, &said.text).await?;
        let incident = answer.incident.map(|id| id.to_string());
        Ok(serde_json::json!({ "text": answer.text, "incident": incident, "data": answer.data }).to_string())
    })
    .await
}

/// Says something, bounded in length.
pub async fn speak(
    state: &WebState,
    speaker: &Speaker,
    room: Option<IncidentId>,
    said: &str,
) -> Result<super::speak::Said, No> {
    if said.len() > limits::COMMAND_BYTES_MAX {
        let (chars, chars_max) = (said.chars().count(), limits::TEXT_CHARS_MAX);
        return Err(Refusal::TooLong { what: "command", chars, chars_max }.into());
    }
    Ok(state.speak().say(state.app(), speaker, room, said).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declare {
    #[serde(default, rename = "as")]
    who: Option<String>,
    severity: String,
    title: String,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    private: bool,
}

pub async fn declare(
    State(state): State<WebState>,
    bearer: Bearer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, No> {
    let bytes = body::bytes(body).await?;
    let said: Declare = body::json(&headers, &bytes)?;
    let key = once::key(&headers, &bearer, "POST", "/api/v1/incidents", &bytes)?;
    let actor = bearer.actor(said.who.as_deref())?;
    let directory = state.app().directory();
    let service = said.service.as_deref().map(|name| service_of(&directory, name)).transpose()?;
    let declaration = Declaration {
        title: said.title,
        severity: severity_of(&directory, &said.severity, service.as_ref())?,
        service,
        private: said.private,
        because: None,
    };
    let done = once::act(&state, On::Declare(declaration), actor, key, StatusCode::CREATED, json::changed).await;
    let (mut response, changed) = counted("declare", done)?;
    if let Some(incident) = changed.map(|c| c.after) {
        if !incident.private {
            state.learn_public(incident.id.0);
        }
        if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/incidents/{}", incident.id)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
    }
    Ok(response)
}

fn severity_of(directory: &Directory, word: &str, service: Option<&ServiceId>) -> Result<Severity, Refusal> {
    let scale = directory.scale(directory.system_of(service));
    severity::find(scale, word).cloned().ok_or_else(|| Refusal::UnknownSeverity {
        word: text::line_of_machine(word, limits::NAME_CHARS_MAX),
        known: scale.iter().map(|s| s.level.clone()).collect(),
    })
}

fn service_of(directory: &Directory, name: &str) -> Result<ServiceId, Refusal> {
    let wanted = name.trim();
    let known = || directory.services.keys();
    if let Some(exact) = known().find(|s| s.as_str().eq_ignore_ascii_case(wanted)) {
        return Ok(exact.clone());
    }
    let near = |s: &&ServiceId| strsim::jaro_winkler(&s.as_str().to_lowercase(), &wanted.to_lowercase()) > 0.8;
    Err(Refusal::UnknownService {
        name: text::line_of_machine(wanted, limits::NAME_CHARS_MAX),
        did_you_mean: known().find(near).map(ToString::to_string),
        known: directory.services.len(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledge {
    #[serde(default, rename = "as")]
    who: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    #[serde(default, rename = "as")]
    who: Option<String>,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    #[serde(default, rename = "as")]
    who: Option<String>,
    status: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolve {
    #[serde(default, rename = "as")]
    who: Option<String>,
    #[serde(default)]
    text: String,
}

/// Who says it, and what.
type Saying = (Option<String>, Input);
type Asked = (State<WebState>, Path<String>, Bearer, HeaderMap);

pub async fn acknowledge((state, id, bearer, headers): Asked, body: Body) -> Result<Response, No> {
    change((state, id, bearer, headers), body, "ack", |a: Acknowledge| Ok((a.who, Input::Acknowledge))).await
}

pub async fn note((state, id, bearer, headers): Asked, body: Body) -> Result<Response, No> {
    change((state, id, bearer, headers), body, "notes", |n: Note| Ok((n.who, Input::Note { text: n.text }))).await
}

pub async fn status((state, id, bearer, headers): Asked, body: Body) -> Result<Response, No> {
    change((state, id, bearer, headers), body, "status", |s: Status| {
        let word = s.status.trim();
        let known = IncidentStatus::parse(word).filter(|s| s.open() || *s == IncidentStatus::Resolved);
        let status = known.ok_or_else(|| Refusal::UnknownStatus { word: text::line_of_machine(word, 40) })?;
        Ok((s.who, Input::SetStatus { status, text: s.text }))
    })
    .await
}

pub async fn resolve((state, id, bearer, headers): Asked, body: Body) -> Result<Response, No> {
    change((state, id, bearer, headers), body, "resolve", |r: Resolve| Ok((r.who, Input::Resolve { text: r.text })))
        .await
}

fn counted<T>(command: &'static str, done: Result<T, No>) -> Result<T, No> {
    measure::command(command, done.as_ref().map_or_else(No::outcome, |_| "done"));
    done
}

/// One input to one incident: what it is in comes from `read`, everything else is the same for all.
async fn change<T: DeserializeOwned>(
    (State(state), Path(id), bearer, headers): Asked,
    body: Body,
    verb: &'static str,
    read: fn(T) -> Result<Saying, No>,
) -> Result<Response, No> {
    let id = id_of(&id)?;
    let bytes = body::bytes(body).await?;
    let (who, input) = read(body::json(&headers, &bytes)?)?;
    let key = once::key(&headers, &bearer, "POST", &format!("/api/v1/incidents/{}/{verb}", id.0), &bytes)?;
    let actor: Actor = bearer.actor(who.as_deref())?;
    state.must_see(id, &bearer.viewer(who.as_deref())?).await?;
    // The command that does the same; the address has its own word for it.
    let command = if verb == "notes" { "note" } else { verb };
    let done = once::act(&state, On::Incident(id, input), actor, key, StatusCode::OK, json::changed).await;
    Ok(counted(command, done)?.0)
}
