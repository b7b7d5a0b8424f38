//! Who asks: a bearer of a token, or a person with a session. Tokens are compared as hashes and in constant time;
//! neither a token nor a cookie is ever logged or shown.

use super::WebState;
use super::error::{No, read_failed};
use crate::measure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebell_domain::chain::hex;
use firebell_domain::event::Actor;
use firebell_domain::figures::Facts;
use firebell_domain::id::PersonId;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

pub const SESSION_COOKIE: &str = "firebell_session";
/// As events, timelines and audits say it.
const LOCAL: &str = "the local token";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// Whoever may read the file beside the database.
    Local,
    Named(String),
}

pub struct Tokens {
    all: Vec<([u8; 32], Bearer)>,
}

impl Tokens {
    pub fn new(local: &SecretString, named: &BTreeMap<String, SecretString>) -> Tokens {
        let hashed = |secret: &SecretString| Sha256::digest(secret.expose_secret().trim().as_bytes()).into();
        let local = (!local.expose_secret().trim().is_empty()).then(|| (hashed(local), Bearer::Local));
        let named = named
            .iter()
            .filter(|(_, secret)| !secret.expose_secret().trim().is_empty())
            .map(|(name, secret)| (hashed(secret), Bearer::Named(name.clone())));
        Tokens { all: local.into_iter().chain(named).collect() }
    }

    /// Looks at all of them, whichever fits, so that the time says nothing.
    fn find(&self, presented: &str) -> Option<Bearer> {
        let presented: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
        let mut found = None;
        for (hash, bearer) in &self.all {
            if bool::from(hash.ct_eq(&presented)) {
                found = Some(bearer.clone());
            }
        }
        found
    }
}

impl Bearer {
    /// Keeps the idempotency keys of two bearers apart.
    pub fn identity(&self) -> String {
        match self {
            Bearer::Local => "local".to_string(),
            Bearer::Named(name) => format!("api:{name}"),
        }
    }

    pub fn via(&self) -> String {
        match self {
            Bearer::Local => LOCAL.to_string(),
            Bearer::Named(_) => self.identity(),
        }
    }

    /// Who it is recorded as: `as`, else the token's own name.
    pub fn person(&self, said: Option<&str>) -> Result<PersonId, No> {
        match (said, self) {
            (Some(name), _) => valid_name(name),
            (None, Bearer::Named(name)) => Ok(PersonId::new(name)),
            (None, Bearer::Local) => Ok(PersonId::from("local")),
        }
    }

    pub fn actor(&self, said: Option<&str>) -> Result<Actor, No> {
        Ok(Actor::Person { name: self.person(said)?, via: self.via() })
    }

    /// A named token stands for a program, and no private incident is a program's.
    pub fn viewer(&self, said: Option<&str>) -> Result<Viewer, No> {
        let person = self.person(said)?;
        Ok(match self {
            Bearer::Local => Viewer { person: Some(person), admin: false },
            Bearer::Named(_) => Viewer { person: None, admin: false },
        })
    }
}

/// Names as the configuration allows them; a leading `@` is how people write it.
pub fn valid_name(said: &str) -> Result<PersonId, No> {
    let name = said.trim();
    let name = name.strip_prefix('@').unwrap_or(name);
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let chars = name.chars().count();
    if (1..=limits::NAME_CHARS_MAX).contains(&chars) && name.chars().all(allowed) {
        return Ok(PersonId::from(name));
    }
    let problem = format!(
        "That is not a person's name. Use letters, digits, \"-\", \"_\" and \".\", at most {} characters.",
        limits::NAME_CHARS_MAX
    );
    Err(No::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_name", problem))
}

impl FromRequestParts<WebState> for Bearer {
    type Rejection = No;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Bearer, No> {
        let message = "Send a token as \"Authorization: Bearer …\": the local one from the file beside the database, or one of [api.tokens.NAME].";
        bearer(&parts.headers, state).ok_or_else(|| {
            measure::turned_away("api");
            No::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
        })
    }
}

pub fn bearer(headers: &HeaderMap, state: &WebState) -> Option<Bearer> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    state.tokens().find(token.trim())
}

/// Whose eyes something is for.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub person: Option<PersonId>,
    pub admin: bool,
}

impl Viewer {
    pub fn may_see(&self, incident: &Incident) -> bool {
        !incident.private || self.admin || self.person.as_ref().is_some_and(|p| incident.involves(p))
    }
    /// The same, by an incident's facts.
    pub fn may_count(&self, facts: &Facts) -> bool {
        !facts.private || self.admin || self.person.as_ref().is_some_and(|p| facts.involved.contains(p))
    }
}

/// A signed-in person.
#[derive(Clone)]
pub struct Session {
    pub person: PersonId,
    pub admin: bool,
    /// What the database knows the session by.
    pub hash: String,
    /// Proves that a form came from one of our pages.
    pub form: String,
}

impl Session {
    pub fn viewer(&self) -> Viewer {
        Viewer { person: Some(self.person.clone()), admin: self.admin }
    }
}

/// For what only somebody who is signed in can do.
pub async fn signed_in(headers: &HeaderMap, state: &WebState) -> Result<Session, No> {
    session(headers, state).await?.ok_or_else(|| {
        let message = "Your session is over. Ask for a new link: \"firebell invite NAME\".";
        No::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    })
}

pub async fn session(headers: &HeaderMap, state: &WebState) -> Result<Option<Session>, No> {
    let Some(token) = cookie(headers, SESSION_COOKIE) else { return Ok(None) };
    let hash = token_hash(token);
    let right = state.app().store().session(&hash, state.app().clock().now()).await.map_err(read_failed)?;
    Ok(right.map(|r| Session {
        person: PersonId::new(r.person),
        admin: r.admin,
        form: token_hash(&format!("form of {token}")),
        hash,
    }))
}

pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    let pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(n, _)| *n == name).map(|(_, value)| value).filter(|v| !v.is_empty())
}

/// 32 random bytes as they stand in a link or a cookie.
pub fn new_token() -> Result<String, crate::fault::Fault> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| crate::fault::Fault::bug(format!("no randomness: {e}")).logged())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// As the database keeps it: a copy of the database opens no door.
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

pub fn same(a: &str, b: &str) -> bool {
    bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}
