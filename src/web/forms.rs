//! The forms of an incident's page: an action item, its end, a role, a status update. Each is one input, as the command of that name
//! makes it, and is answered like one: with the page, or with JSON to the page's script. Decides nothing.

use super::WebState;
use super::auth::{self, Session};
use super::body;
use super::error::No;
use super::guard;
use super::pages;
use super::room::{self, Reply};
use super::see::id_of;
use crate::measure;
use crate::notice;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use firebell_domain::decide::Input;
use firebell_domain::directory::Directory;
use firebell_domain::event::Actor;
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::refusal::Refusal;
use firebell_domain::{limits, text};
use serde::Deserialize;
use serde_json::json;

/// Roles that are offered; any other can be typed.
pub const ROLES: [&str; 5] = ["lead", "comms", "scribe", "deputy", "sme"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filled {
    room: String,
    /// The form's token; the script sends a header instead.
    #[serde(default)]
    form: Option<String>,
    what: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    due: String,
    #[serde(default)]
    no: String,
}

pub async fn filled(State(state): State<WebState>, headers: HeaderMap, body: Body) -> Response {
    let form = body::is_form(&headers);
    match either(&state, &headers, body, form).await {
        Ok(response) => response,
        Err(no) if form => pages::problem(no),
        Err(no) => no.into_response(),
    }
}

async fn either(state: &WebState, headers: &HeaderMap, body: Body, form: bool) -> Result<Response, No> {
    let session = auth::signed_in(headers, state).await?;
    let bytes = body::bytes(body).await?;
    let filled: Filled = match form {
        true => body::form(headers, &bytes).await?,
        false => body::json(headers, &bytes)?,
    };
    let token = if form { Some(filled.form.as_deref().unwrap_or("")) } else { None };
    guard::same_origin(state, headers, &session, token)?;
    let id = id_of(&filled.room)?;
    state.must_see(id, &session.viewer()).await?;
    let done = act(state, &session, id, &filled).await;
    if !form {
        return Ok(axum::Json(json!({ "text": done?, "incident": id.to_string(), "number": id.0 })).into_response());
    }
    let (reply, status) = match done {
        Ok(said) => (Reply::said(said), StatusCode::OK),
        Err(no) => (Reply::refused(no.message), no.status),
    };
    let mut page = room::incident_page(state, &session, id, false, reply).await?;
    if page.status().is_success() {
        *page.status_mut() = status;
    }
    Ok(page)
}

async fn act(state: &WebState, session: &Session, id: IncidentId, filled: &Filled) -> Result<String, No> {
    let verb = match filled.what.as_str() {
        "action" => "action",
        "done" => "done",
        "role" => "role",
        "update" => "update",
        _ => return Err(No::bad("bad_form", "The form does not read. Reload the page and try again.")),
    };
    let done = async {
        let input = input(state, session, verb, filled)?;
        let actor = Actor::Person { name: session.person.clone(), via: "room".to_string() };
        Ok(state.app().act_on(id, input, &actor).await?)
    };
    let done: Result<_, No> = done.await;
    measure::command(verb, done.as_ref().map_or_else(No::outcome, |_| "done"));
    let changed = done?;
    Ok(notice::reply::after(changed.before.as_ref(), &changed.events, &changed.after, changed.after.updated_at))
}

fn input(state: &WebState, session: &Session, verb: &str, filled: &Filled) -> Result<Input, Refusal> {
    let app = state.app();
    let directory = app.directory();
    let person = |named: &str| person_of(&directory, &session.person, named);
    Ok(match verb {
        "action" => {
            let owner = Some(filled.person.trim()).filter(|p| !p.is_empty()).map(person).transpose()?;
            let zone = directory.people.get(&session.person).map_or(chrono_tz::UTC, |p| p.time_zone);
            let today = app.clock().now().utc().with_timezone(&zone).date_naive();
            Input::AddAction { text: filled.text.clone(), owner, due: day(&filled.due, today)? }
        }
        "done" => {
            let no = filled.no.trim().parse();
            Input::FinishAction { no: no.map_err(|_| usage("Which action item?", "its number"))? }
        }
        "update" => Input::PostUpdate { text: filled.text.clone() },
        _ => {
            let person = person(&filled.person)?;
            match filled.text.trim().to_lowercase().as_str() {
                "lead" | "incident lead" | "commander" => Input::AssignLead { person },
                _ => Input::AssignRole { role: filled.text.clone(), person },
            }
        }
    })
}

fn usage(problem: &str, usage: &str) -> Refusal {
    Refusal::Usage { problem: problem.to_string(), usage: usage.to_string() }
}

/// A day as browsers send it.
fn day(said: &str, today: NaiveDate) -> Result<Option<NaiveDate>, Refusal> {
    let said = said.trim();
    if said.is_empty() {
        return Ok(None);
    }
    let shown = || text::line_of_machine(said, limits::NAME_CHARS_MAX);
    match said.parse::<NaiveDate>() {
        Ok(day) if day < today => Err(Refusal::TimeInThePast { what: "day", said: shown() }),
        Ok(day) => Ok(Some(day)),
        Err(_) => Err(usage(&format!("\"{}\" is no day.", shown()), "a day such as 2026-12-01")),
    }
}

/// As the commands read a name: as configured, whatever the case; where nobody is configured, any name.
fn person_of(directory: &Directory, me: &PersonId, said: &str) -> Result<PersonId, Refusal> {
    let name = said.trim().trim_start_matches('@');
    let same = |p: &&PersonId| p.as_str().to_lowercase() == name.to_lowercase();
    let people = directory.people.keys();
    if let Some(known) = people.clone().find(|p| p.as_str() == name).or_else(|| people.clone().find(same)) {
        return Ok(known.clone());
    }
    if same(&me) {
        return Ok(me.clone());
    }
    if name.is_empty() {
        return Err(usage("Who is it?", "the name of a person"));
    }
    let shown = text::line_of_machine(name, limits::NAME_CHARS_MAX);
    if directory.people.is_empty() {
        return match name.contains(char::is_whitespace) {
            true => Err(usage("A name has no spaces.", "a name in one word")),
            false => Ok(PersonId(text::line("name", name, limits::NAME_CHARS_MAX)?)),
        };
    }
    let near = |p: &&PersonId| strsim::jaro_winkler(&p.as_str().to_lowercase(), &name.to_lowercase()) > 0.8;
    let did_you_mean = people.clone().find(near).map(ToString::to_string);
    Err(Refusal::UnknownPerson { name: shown, did_you_mean })
}
