//! Installing Firebell in a workspace of Slack by a browser: sends an administrator there and takes them back. The state
//! that comes back is random, works once, for ten minutes, in the browser that was sent and for the person who was signed
//! in there. Whoever is not an administrator attaches nothing. Neither state nor code is logged.

use super::WebState;
use super::auth::{self, Session, new_token, same, token_hash};
use super::error::No;
use super::pages;
use super::signin::set_cookie;
use crate::app::{Act, On};
use crate::engine::ports::chat::{Install, Installed};
use crate::fault::Fault;
use crate::measure;
use crate::store::Installation;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use firebell_domain::event::Actor;
use firebell_domain::org::OrgEvent;
use minijinja::context;
use serde::Deserialize;
use std::sync::Arc;

const COOKIE: &str = "firebell_install";
const COOKIE_PATH: &str = "/slack";
/// Where Slack sends the browser back; registered there under "Redirect URLs".
const BACK: &str = "/slack/oauth/callback";
/// How long somebody may take at Slack.
const STATE_S: i64 = 600;
/// How long the end of a state is remembered, so that who comes late hears why.
const REMEMBERED_S: i64 = 86_400;
const AGAIN: &str = "Begin again at /slack/install.";

/// Sends the browser to Slack.
pub async fn begin(State(state): State<WebState>, headers: HeaderMap) -> Response {
    begun(&state, &headers).await.unwrap_or_else(pages::problem)
}

async fn begun(state: &WebState, headers: &HeaderMap) -> Result<Response, No> {
    let install = installer(state)?;
    let session = administrator(state, headers).await?;
    let (random, browser) = (new_token()?, new_token()?);
    let now = state.app().clock().now();
    let begun = Installation {
        person: session.person.to_string(),
        browser_hash: token_hash(&browser),
        expires_at: now.plus_s(STATE_S),
    };
    let store = state.app().store();
    let (chat, forget) = (install.channel().as_str(), now.plus_s(-REMEMBERED_S));
    store.begin_installation(chat, &token_hash(&random), &begun, forget).await.map_err(Fault::logged)?;
    let mut response = Redirect::to(&install.asks_at(&back_to(state), &random)).into_response();
    set_cookie(state, &mut response, COOKIE, &browser, COOKIE_PATH, "Lax", STATE_S);
    Ok(response)
}

#[derive(Deserialize)]
pub struct Back {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Slack sends the browser back, with a code or without.
pub async fn back(
    State(state): State<WebState>,
    headers: HeaderMap,
    asked: Result<Query<Back>, QueryRejection>,
) -> Response {
    let mut response = ended(&state, &headers, asked).await.unwrap_or_else(pages::problem);
    set_cookie(&state, &mut response, COOKIE, "", COOKIE_PATH, "Lax", 0);
    response
}

async fn ended(
    state: &WebState,
    headers: &HeaderMap,
    asked: Result<Query<Back>, QueryRejection>,
) -> Result<Response, No> {
    let install = installer(state)?;
    let session = administrator(state, headers).await?;
    let Ok(Query(back)) = asked else {
        return Err(No::bad("bad_callback", format!("Slack's answer cannot be read. {AGAIN}")));
    };
    let said = back.state.filter(|s| !s.is_empty() && s.len() <= 128).ok_or_else(forged)?;
    // Taken whatever comes of it: a state is good for one try.
    let chat = install.channel().as_str();
    let begun = state.app().store().take_installation(chat, &token_hash(&said)).await.map_err(Fault::logged)?;
    let begun = begun.ok_or_else(forged)?;
    let browser = auth::cookie(headers, COOKIE).map(token_hash).unwrap_or_default();
    if !same(&browser, &begun.browser_hash) || !same(session.person.as_str(), &begun.person) {
        measure::turned_away("install");
        let message = format!(
            "This installation was begun in another browser, or by somebody else who was signed in. Nothing was installed. {AGAIN}"
        );
        return Err(No::new(StatusCode::FORBIDDEN, "other_browser", message));
    }
    if begun.expires_at <= state.app().clock().now() {
        let message = format!("That took longer than 10 minutes, so nothing was installed. {AGAIN}");
        return Err(No::new(StatusCode::GONE, "state_expired", message));
    }
    if let Some(error) = back.error.filter(|e| !e.is_empty()) {
        return Err(denied(&error));
    }
    let code = back.code.filter(|c| !c.is_empty() && c.len() <= 512);
    let Some(code) = code else {
        return Err(No::bad("no_code", format!("Slack gave no code. Nothing was installed. {AGAIN}")));
    };
    let back_to = back_to(state);
    let installed = install.install(&back_to, &code, &session.person).await;
    let installed = installed.map_err(|why| No::new(StatusCode::UNPROCESSABLE_ENTITY, "not_installed", why))?;
    record(state, &session, chat, &installed).await;
    Ok(pages::page(
        "installed.html",
        context! {
            person => session.person.as_str(), form => session.form.as_str(),
            name => installed.name, workspace => installed.workspace, lacks => installed.lacks.join(", "),
        },
    ))
}

fn installer(state: &WebState) -> Result<&Arc<dyn Install>, No> {
    state.install().ok_or_else(|| {
        let message = "Installing by a browser is not set up: write client_id, client_secret and token_key in [slack], and restart.";
        No::new(StatusCode::NOT_FOUND, "not_set_up", message)
    })
}

async fn administrator(state: &WebState, headers: &HeaderMap) -> Result<Session, No> {
    let Some(session) = auth::session(headers, state).await? else {
        let message = format!(
            "Sign in as an administrator first: \"firebell invite NAME --admin\" on the machine prints a link. {AGAIN}"
        );
        return Err(No::new(StatusCode::UNAUTHORIZED, "unauthorized", message));
    };
    if !session.admin {
        let message = "Only administrators of Firebell install it in a workspace. Ask one of them.";
        return Err(No::new(StatusCode::FORBIDDEN, "not_permitted", message));
    }
    Ok(session)
}

fn back_to(state: &WebState) -> String {
    format!("{}{BACK}", state.app().public_url().trim_end_matches('/'))
}

/// The same of a state that was never given out and of one that was used.
fn forged() -> No {
    measure::turned_away("install");
    let message = format!(
        "This answer was used already, or does not belong to an installation that was begun here. Nothing was installed. {AGAIN}"
    );
    No::new(StatusCode::FORBIDDEN, "unknown_state", message)
}

fn denied(error: &str) -> No {
    let message = match error {
        "access_denied" => format!("Somebody pressed Cancel at Slack, so nothing was installed. {AGAIN}"),
        other => {
            let said = firebell_domain::text::line_of_machine(other, 80);
            format!("Slack says {said}, so nothing was installed. {AGAIN}")
        }
    };
    No::new(StatusCode::FORBIDDEN, "denied", message)
}

/// It is installed; that the log could not be told of it changes nothing of that.
async fn record(state: &WebState, session: &Session, chat: &str, installed: &Installed) {
    let body = OrgEvent::WorkspaceInstalled {
        chat: chat.to_string(),
        workspace: installed.workspace.clone(),
        name: installed.name.clone(),
    };
    let actor = Actor::Person { name: session.person.clone(), via: "room".to_string() };
    if let Err(e) = state.app().act(Act { on: On::Organisation(body), actor, once: None }).await {
        tracing::error!("an installation is missing from the audit log: {}", e.shown());
    }
}
