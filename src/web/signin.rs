//! Signing in by a one-time link, and out. Opening the link only shows a page with one press: chats and mail scanners
//! open links too. Tokens are kept as hashes; a link works once.

use super::WebState;
use super::auth::{self, Bearer, SESSION_COOKIE, new_token, token_hash, valid_name};
use super::body;
use super::error::No;
use super::guard;
use super::pages;
use super::sessions;
use crate::app::{Act, ActError, App, On};
use crate::fault::Fault;
use crate::measure;
use crate::store::{Ending, Right};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use firebell_domain::event::Actor;
use firebell_domain::id::PersonId;
use firebell_domain::limits;
use firebell_domain::org::OrgEvent;
use firebell_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// Half of the proof that the press comes from the page that the link opened.
const PRESS_COOKIE: &str = "firebell_press";

pub struct Invitation {
    /// Holds the token: for the invited person's eyes only, never for a log.
    pub url: String,
    pub expires_at: Timestamp,
}

/// Makes a one-time link. It is in the audit log before it exists.
pub async fn invite(app: &App, person: &PersonId, admin: bool, actor: Actor) -> Result<Invitation, ActError> {
    let token = new_token()?;
    let expires_at = app.clock().now().plus_s(limits::INVITATION_S);
    let invited = On::Organisation(OrgEvent::Invited { person: person.clone(), admin });
    app.act(Act { on: invited, actor, once: None }).await?;
    let right = Right { person: person.to_string(), admin };
    app.store().add_invitation(&token_hash(&token), &right, expires_at).await.map_err(Fault::logged)?;
    Ok(Invitation { url: format!("{}/signin?token={token}", app.public_url()), expires_at })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    person: String,
    #[serde(default)]
    admin: bool,
    /// Who invites, when the local token speaks for somebody.
    #[serde(default, rename = "as")]
    who: Option<String>,
}

/// For the machine's own operator and for administrators; a program's token invites nobody.
pub async fn invitations(State(state): State<WebState>, headers: HeaderMap, body: Body) -> Result<Response, No> {
    let may_not = |message: &str| No::new(StatusCode::FORBIDDEN, "not_permitted", message);
    let by = match auth::bearer(&headers, &state) {
        Some(Bearer::Local) => None,
        Some(Bearer::Named(_)) => {
            return Err(may_not(
                "A named API token cannot invite people. Run \"firebell invite NAME\" on the machine.",
            ));
        }
        None if headers.contains_key(header::AUTHORIZATION) => {
            return Err(No::new(StatusCode::UNAUTHORIZED, "unauthorized", "That token is not one of this Firebell's."));
        }
        None => match auth::session(&headers, &state).await? {
            None => {
                return Err(No::new(
                    StatusCode::UNAUTHORIZED,
                    "unauthorized",
                    "Send the local token, or sign in as an administrator.",
                ));
            }
            Some(session) => {
                guard::same_origin(&state, &headers, &session, None)?;
                if !session.admin {
                    return Err(may_not(
                        "Only administrators invite people. Ask one, or run \"firebell invite NAME\" on the machine.",
                    ));
                }
                Some(session.person)
            }
        },
    };
    let bytes = body::bytes(body).await?;
    let said: Invite = body::json(&headers, &bytes)?;
    let person = valid_name(&said.person)?;
    let actor = match by {
        Some(name) => Actor::Person { name, via: "room".to_string() },
        None => Bearer::Local.actor(said.who.as_deref())?,
    };
    let invitation = invite(state.app(), &person, said.admin, actor).await?;
    let body = json!({
        "person": person, "admin": said.admin, "url": invitation.url, "expires_at": invitation.expires_at.rfc3339(),
    });
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

#[derive(Deserialize)]
pub struct Link {
    token: Option<String>,
}

pub async fn page(State(state): State<WebState>, asked: Result<Query<Link>, QueryRejection>) -> Response {
    let token = asked.ok().and_then(|q| q.0.token).filter(|t| well_formed(t));
    let (Some(token), Ok(press)) = (token, new_token()) else {
        return pages::problem(used_up());
    };
    let mut response = pages::signin(&token, &press);
    set_cookie(&state, &mut response, PRESS_COOKIE, &press, "/signin", "Strict", 3_600);
    response
}

#[derive(Deserialize)]
struct Press {
    token: String,
    press: String,
}

pub async fn redeem(State(state): State<WebState>, headers: HeaderMap, body: Body) -> Response {
    match redeemed(&state, &headers, body).await {
        Ok(response) => response,
        Err(no) => pages::problem(no),
    }
}

async fn redeemed(state: &WebState, headers: &HeaderMap, body: Body) -> Result<Response, No> {
    let bytes = body::bytes(body).await?;
    let press: Press = body::form(headers, &bytes).await?;
    guard::same_browser(state, headers, &press.press, auth::cookie(headers, PRESS_COOKIE))?;
    let (app, session) = (state.app(), new_token()?);
    let now = app.clock().now();
    let redeemed = app
        .store()
        .redeem_invitation(
            &token_hash(&press.token),
            &token_hash(&session),
            &sessions::browser(headers),
            now,
            now.plus_s(limits::SESSION_S),
        )
        .await
        .map_err(Fault::logged)?;
    let Some(right) = redeemed else { return Err(used_up()) };
    let person = PersonId::new(right.person);
    let actor = Actor::Person { name: person.clone(), via: "room".to_string() };
    // The session exists; that the log could not be told of it locks nobody out during an incident.
    if let Err(e) = app.act(Act { on: On::Organisation(OrgEvent::SignedIn { person }), actor, once: None }).await {
        tracing::error!("a sign-in is missing from the audit log: {}", e.shown());
    }
    let mut response = Redirect::to("/").into_response();
    set_cookie(state, &mut response, SESSION_COOKIE, &session, "/", "Lax", limits::SESSION_S);
    set_cookie(state, &mut response, PRESS_COOKIE, "", "/signin", "Strict", 0);
    Ok(response)
}

fn used_up() -> No {
    measure::turned_away("sign_in");
    let message = "This link was used already, has expired or is incomplete. Ask for a new one: \"firebell invite NAME\" on the machine.";
    No::new(StatusCode::GONE, "link_used_up", message)
}

#[derive(Deserialize)]
struct Out {
    form: Option<String>,
}

pub async fn out(State(state): State<WebState>, headers: HeaderMap, body: Body) -> Response {
    match signed_out(&state, &headers, body).await {
        Ok(response) => response,
        Err(no) => pages::problem(no),
    }
}

async fn signed_out(state: &WebState, headers: &HeaderMap, body: Body) -> Result<Response, No> {
    let bytes = body::bytes(body).await?;
    if let Some(session) = auth::session(headers, state).await? {
        let sent = match body::is_form(headers) {
            true => body::form::<Out>(headers, &bytes).await?.form,
            false => None,
        };
        guard::same_origin(state, headers, &session, sent.as_deref())?;
        sessions::end(state, session.person.as_str(), Ending::One(&session.hash)).await?;
    }
    let mut response = Redirect::to("/").into_response();
    set_cookie(state, &mut response, SESSION_COOKIE, "", "/", "Lax", 0);
    Ok(response)
}

fn well_formed(token: &str) -> bool {
    (1..=128).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

pub(super) fn set_cookie(
    state: &WebState,
    response: &mut Response,
    name: &str,
    value: &str,
    path: &str,
    site: &str,
    age_s: i64,
) {
    let secure = if state.https() { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path={path}; Max-Age={age_s}; HttpOnly; SameSite={site}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
