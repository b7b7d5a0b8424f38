//! Who is signed in where. People see their own sessions and end them; an administrator, and whoever runs the machine,
//! everybody's. What is ended is over at once, with its open streams. A session is named by the beginning of its hash:
//! neither its token nor anything that leads to it is shown.

use super::WebState;
use super::auth::{self, Bearer, Session, valid_name};
use super::body;
use super::error::{No, read_failed};
use super::guard;
use super::pages;
use super::signin::set_cookie;
use crate::app::{Act, On};
use crate::fault::Fault;
use crate::store::{Ended, Ending, SessionRow};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use firebell_domain::event::Actor;
use firebell_domain::id::PersonId;
use firebell_domain::org::OrgEvent;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Characters of a hash that name a session: enough that no two are alike, and no way back to its token.
const ID_CHARS: usize = 16;

#[derive(Serialize)]
struct Shown {
    id: String,
    person: String,
    admin: bool,
    browser: String,
    signed_in_at: String,
    since: String,
    expires_at: String,
    until: String,
    this: bool,
}

impl Shown {
    fn of(row: &SessionRow, own: Option<&str>) -> Shown {
        Shown {
            id: row.hash.chars().take(ID_CHARS).collect(),
            person: row.person.clone(),
            admin: row.admin,
            browser: if row.browser.is_empty() { "A browser".to_string() } else { row.browser.clone() },
            signed_in_at: row.created_at.rfc3339(),
            since: row.created_at.to_string(),
            expires_at: row.expires_at.rfc3339(),
            until: row.expires_at.to_string(),
            this: own == Some(row.hash.as_str()),
        }
    }
}

#[derive(Serialize)]
struct Theirs {
    person: String,
    sessions: Vec<Shown>,
}

pub async fn page(State(state): State<WebState>, headers: HeaderMap) -> Response {
    match auth::session(&headers, &state).await {
        Ok(None) => pages::welcome(),
        Ok(Some(session)) => listed(&state, &session).await.unwrap_or_else(pages::problem),
        Err(no) => pages::problem(no),
    }
}

async fn listed(state: &WebState, session: &Session) -> Result<Response, No> {
    let person = (!session.admin).then(|| session.person.as_str());
    let rows = state.app().store().sessions(person, state.app().clock().now()).await.map_err(read_failed)?;
    let (mut own, mut people): (Vec<Shown>, Vec<Theirs>) = (Vec::new(), Vec::new());
    for row in &rows {
        let shown = Shown::of(row, Some(&session.hash));
        match people.last_mut() {
            _ if row.person == session.person.as_str() => own.push(shown),
            Some(last) if last.person == row.person => last.sessions.push(shown),
            _ => people.push(Theirs { person: row.person.clone(), sessions: vec![shown] }),
        }
    }
    Ok(pages::page(
        "sessions.html",
        context! {
            person => session.person.as_str(), form => session.form.as_str(), admin => session.admin,
            own => Serde(&own), people => Serde(&people),
        },
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pressed {
    form: String,
    person: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    others: Option<String>,
    #[serde(default)]
    all: Option<String>,
}

pub async fn press(State(state): State<WebState>, headers: HeaderMap, body: Body) -> Response {
    pressed(&state, &headers, body).await.unwrap_or_else(pages::problem)
}

async fn pressed(state: &WebState, headers: &HeaderMap, body: Body) -> Result<Response, No> {
    let session = auth::session(headers, state).await?.ok_or_else(|| {
        No::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Your session is over already. Ask for a new link: \"firebell invite NAME\".",
        )
    })?;
    let bytes = body::bytes(body).await?;
    let pressed: Pressed = body::form(headers, &bytes).await?;
    guard::same_origin(state, headers, &session, Some(&pressed.form))?;
    let person = valid_name(&pressed.person)?;
    if person != session.person && !session.admin {
        let message = "Only administrators end somebody else's sessions. Ask one, or run \"firebell sessions NAME --end\" on the machine.";
        return Err(No::new(StatusCode::FORBIDDEN, "not_permitted", message));
    }
    let which = match (&pressed.id, &pressed.others, &pressed.all) {
        (Some(id), None, None) => Ending::One(known_form(id)?),
        (None, Some(_), None) if person == session.person => Ending::Others(&session.hash),
        (None, None, Some(_)) => Ending::All,
        _ => return Err(No::bad("bad_form", "Say which sessions are to end: one, all the others, or all.")),
    };
    let ended = end(state, person.as_str(), which).await?;
    let actor = Actor::Person { name: session.person.clone(), via: "room".to_string() };
    record(state, &person, &ended, actor).await;
    let own = ended.sessions.contains(&session.hash);
    let mut response = Redirect::to(if own { "/" } else { "/sessions" }).into_response();
    if own {
        set_cookie(state, &mut response, auth::SESSION_COOKIE, "", "/", "Lax", 0);
    }
    Ok(response)
}

/// Ends them in the database and then everywhere where they are open.
pub async fn end(state: &WebState, person: &str, which: Ending<'_>) -> Result<Ended, No> {
    let ended = state.app().store().end_sessions(person, which).await.map_err(Fault::logged)?;
    ended.sessions.iter().for_each(|hash| state.app().session_ended(hash));
    Ok(ended)
}

/// They are over; that the log could not be told of it brings nobody back.
async fn record(state: &WebState, person: &PersonId, ended: &Ended, actor: Actor) {
    if *ended == Ended::default() {
        return;
    }
    let (sessions, links) = (ended.sessions.len(), ended.links);
    let body = OrgEvent::SessionsEnded { person: person.clone(), sessions, links };
    if let Err(e) = state.app().act(Act { on: On::Organisation(body), actor, once: None }).await {
        tracing::error!("the end of a sign-in is missing from the audit log: {}", e.shown());
    }
}

/// As a list names a session.
fn known_form(id: &str) -> Result<&str, No> {
    let fits = (ID_CHARS..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then_some(id).ok_or_else(|| {
        No::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_session",
            "That names no session. \"firebell sessions\" lists them with their ids.",
        )
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAsked {
    person: Option<String>,
}

/// For whoever runs the machine; a program's token sees nobody's.
pub async fn list(
    State(state): State<WebState>,
    bearer: Bearer,
    asked: Result<Query<ListAsked>, QueryRejection>,
) -> Result<axum::Json<Value>, No> {
    only_here(&bearer)?;
    let person = body::query(asked)?.person.as_deref().map(valid_name).transpose()?;
    let now = state.app().clock().now();
    let rows = state.app().store().sessions(person.as_ref().map(|p| p.as_str()), now).await.map_err(read_failed)?;
    let one = |row: &SessionRow| {
        let s = Shown::of(row, None);
        json!({
            "id": s.id, "person": s.person, "admin": s.admin, "browser": s.browser,
            "signed_in_at": s.signed_in_at, "expires_at": s.expires_at,
        })
    };
    Ok(axum::Json(json!({ "sessions": rows.iter().map(one).collect::<Vec<_>>() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndAsked {
    person: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "as")]
    who: Option<String>,
}

pub async fn end_theirs(
    State(state): State<WebState>,
    bearer: Bearer,
    headers: HeaderMap,
    body: Body,
) -> Result<axum::Json<Value>, No> {
    only_here(&bearer)?;
    let bytes = body::bytes(body).await?;
    let said: EndAsked = body::json(&headers, &bytes)?;
    let person = valid_name(&said.person)?;
    let actor = bearer.actor(said.who.as_deref())?;
    let which = said.id.as_deref().map(known_form).transpose()?.map_or(Ending::All, Ending::One);
    let ended = end(&state, person.as_str(), which).await?;
    record(&state, &person, &ended, actor).await;
    Ok(axum::Json(json!({ "ended": ended.sessions.len(), "links_withdrawn": ended.links })))
}

fn only_here(bearer: &Bearer) -> Result<(), No> {
    let message = "A program's token ends nobody's sessions. Run \"firebell sessions\" on the machine.";
    match bearer {
        Bearer::Local => Ok(()),
        Bearer::Named(_) => Err(No::new(StatusCode::FORBIDDEN, "not_permitted", message)),
    }
}

/// What people would call the browser: "Firefox on Linux". Whatever it says of itself, only known words are kept.
pub fn browser(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // The order matters: most of them also claim to be those below.
    let programs = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |words: &[(&str, &'static str)]| words.iter().find(|(sign, _)| said.contains(sign)).map(|(_, w)| *w);
    match (find(&programs), find(&systems)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(only), None) => only.to_string(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_what_people_call_it_and_nothing_that_it_says_is_kept() {
        for (said, called) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("<script>alert(1)</script>", ""),
            ("", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, said.parse().unwrap());
            assert_eq!(browser(&headers), called, "{said}");
        }
    }
}
