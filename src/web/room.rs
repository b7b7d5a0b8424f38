//! The built-in room: the list, one incident with its messages, and the command box. Whatever is typed there goes to
//! the same commands as from everywhere else. Readable, and usable by its form, without JavaScript.

use super::WebState;
use super::api::speak;
use super::auth::{self, Session};
use super::body;
use super::edit;
use super::error::No;
use super::forms::ROLES;
use super::guard;
use super::list;
use super::pages;
use super::see::id_of;
use super::speak::{Said, Speaker};
use super::standing::Standing;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use firebell_domain::id::IncidentId;
use firebell_domain::limits::PAGE_ENTRIES_MAX;
use firebell_domain::postmortem::{self, Layout};
use firebell_domain::proposal;
use firebell_domain::timeline::{self, Entry, Importance};
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the last command answered, shown once above the command box.
#[derive(Default, Serialize)]
pub struct Reply {
    text: String,
    refused: bool,
    link: Option<i64>,
}

impl Reply {
    pub fn said(text: String) -> Reply {
        Reply { text, ..Reply::default() }
    }
    pub fn refused(text: String) -> Reply {
        Reply { text, refused: true, link: None }
    }
}

pub async fn list(State(state): State<WebState>, headers: HeaderMap) -> Response {
    match auth::session(&headers, &state).await {
        Ok(None) => pages::welcome(),
        Ok(Some(session)) => list_page(&state, &session, Reply::default()).await.unwrap_or_else(pages::problem),
        Err(no) => pages::problem(no),
    }
}

async fn list_page(state: &WebState, session: &Session, reply: Reply) -> Result<Response, No> {
    let (open, recent) = list::snapshot(state, &session.viewer()).await?;
    Ok(pages::page(
        "list.html",
        context! {
            person => session.person.as_str(), form => session.form.as_str(), room => "",
            open => Serde(&open), recent => Serde(&recent), notices => Serde(&state.notices()),
            reply => Serde(&reply),
        },
    ))
}

#[derive(Deserialize)]
pub struct Shown {
    all: Option<String>,
}

pub async fn incident(
    State(state): State<WebState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Shown>, QueryRejection>,
) -> Response {
    let all = asked.is_ok_and(|q| q.0.all.is_some());
    let page = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        incident_page(&state, &session, id_of(&id)?, all, Reply::default()).await
    };
    page.await.unwrap_or_else(pages::problem)
}

/// An entry as the page's template has it.
#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    at: String,
    clock: String,
    actor: &'a str,
    via: Option<&'a str>,
    word: &'a str,
    text: &'a str,
    link: Option<&'a str>,
    importance: Importance,
}

impl<'a> Line<'a> {
    fn of(e: &'a Entry) -> Line<'a> {
        let link = e.link.as_deref();
        Line {
            seq: e.seq,
            at: e.at.rfc3339(),
            clock: e.at.utc().format("%H:%M:%S UTC").to_string(),
            actor: &e.actor,
            via: e.via.as_deref(),
            word: e.icon_word,
            // The address is the link's, which people read in words.
            text: link.and_then(|l| e.text.strip_suffix(l)?.strip_suffix(", ")).unwrap_or(&e.text),
            link,
            importance: e.importance,
        }
    }
}

pub async fn incident_page(
    state: &WebState,
    session: &Session,
    id: IncidentId,
    all: bool,
    reply: Reply,
) -> Result<Response, No> {
    state.must_see(id, &session.viewer()).await?;
    let log = state.whole_log(id).await?;
    let damaged = |what: String| {
        super::error::read_failed(crate::fault::Fault::new(
            crate::fault::FaultKind::Damaged,
            format!("page of {id}: {what}"),
        ))
    };
    // From the log that is shown, so that headline and entries are of one moment.
    let incident = firebell_domain::incident::Incident::replay(&log).map_err(|e| damaged(e.to_string()))?;
    let incident = incident.ok_or_else(|| No::no_such_incident(&id.to_string()))?;
    let draft = postmortem::draft(&log).map_err(|e| damaged(e.to_string()))?;
    let zone = super::postmortem::own_zone(state, &session.viewer());
    let now = state.app().clock().now();
    let proposal = proposal::propose(&log, now).map_err(|e| damaged(e.to_string()))?.unwrap_or_default();
    let entries = timeline::entries(&log);
    let hidden = if all { 0 } else { entries.len().saturating_sub(PAGE_ENTRIES_MAX) };
    let own: Vec<(&str, &str)> =
        state.templates().iter().map(|t| (t.name.as_str(), if t.html { "html" } else { "md" })).collect();
    let directory = state.app().directory();
    let people: Vec<String> = directory.people.keys().map(ToString::to_string).collect();
    let lines: Vec<Line<'_>> = entries.iter().skip(hidden).map(Line::of).collect();
    Ok(pages::page(
        "incident.html",
        context! {
            person => session.person.as_str(), form => session.form.as_str(), room => id.to_string(),
            i => Serde(Standing::of(&incident, now)), private => incident.private, now => now.rfc3339(),
            entries => Serde(&lines), hidden, seq => incident.seq,
            reply => Serde(&reply), roles => ROLES, people,
            proposal,
            stand => Serde(edit::stand(&incident)), chapters => Serde(edit::preview(&draft, zone)),
            layouts => Layout::ALL.map(Layout::as_str), own => Serde(&own),
        },
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    #[serde(default)]
    room: Option<String>,
    text: String,
    /// The form's token; the script sends a header instead.
    #[serde(default)]
    form: Option<String>,
}

/// What was typed into the command box: JSON from the script, or the form itself.
pub async fn say(State(state): State<WebState>, headers: HeaderMap, body: Body) -> Response {
    let form = body::is_form(&headers);
    match say_either(&state, &headers, body, form).await {
        Ok(response) => response,
        Err(no) if form => pages::problem(no),
        Err(no) => no.into_response(),
    }
}

async fn say_either(state: &WebState, headers: &HeaderMap, body: Body, form: bool) -> Result<Response, No> {
    let session = auth::signed_in(headers, state).await?;
    let bytes = body::bytes(body).await?;
    let said: Say = match form {
        true => body::form(headers, &bytes).await?,
        false => body::json(headers, &bytes)?,
    };
    // A form without its token is nobody's, however it came.
    let token = if form { Some(said.form.as_deref().unwrap_or("")) } else { None };
    guard::same_origin(state, headers, &session, token)?;
    let room = match said.room.as_deref().map(str::trim).filter(|r| !r.is_empty()) {
        None => None,
        Some(written) => {
            let id = id_of(written)?;
            state.must_see(id, &session.viewer()).await?;
            Some(id)
        }
    };
    let speaker = Speaker { person: session.person.clone(), via: "room".to_string(), admin: session.admin };
    let answer = speak(state, &speaker, room, &said.text).await;
    if !form {
        let Said { text, incident, data } = answer?;
        return Ok(axum::Json(json!({
            "text": text, "incident": incident.map(|i| i.to_string()), "number": incident.map(|i| i.0), "data": data,
        }))
        .into_response());
    }
    let mut room = room;
    let (reply, status) = match answer {
        Ok(said) => {
            // Whoever declares is taken to the incident.
            if said.data["declared"] == true {
                room = said.incident.or(room);
            }
            let link = said.incident.filter(|i| Some(*i) != room).map(|i| i.0);
            (Reply { text: said.text, refused: false, link }, StatusCode::OK)
        }
        Err(no) => (Reply::refused(no.message), no.status),
    };
    let mut page = match room {
        Some(id) => incident_page(state, &session, id, false, reply).await?,
        None => list_page(state, &session, reply).await?,
    };
    if page.status().is_success() {
        *page.status_mut() = status;
    }
    Ok(page)
}
