//! The page at Slack's site that asks whether an app may come in: what it refuses, and where it sends the browser.
//!
//! It never gives a token: the code that it sends along is exchanged by `oauth.v2.access`.

use super::FakeSlack;
use super::desk::Desk;
use super::state::{Consent, World};
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Response, StatusCode, header};
use std::collections::{BTreeMap, BTreeSet};

pub async fn authorize(State(desk): State<Desk>, Query(asked): Query<BTreeMap<String, String>>) -> Response<Body> {
    match desk.with(|world| asked_for(world, &asked)) {
        Ok(back) => Response::builder().status(StatusCode::FOUND).header(header::LOCATION, back).body(Body::empty()),
        // A real one shows this to the person, and sends nobody anywhere.
        Err(error) => {
            Response::builder().status(StatusCode::OK).body(Body::from(format!("Something went wrong: {error}")))
        }
    }
    .expect("an answer can be built")
}

/// Where the browser goes; else what the page says instead.
fn asked_for(world: &mut World, asked: &BTreeMap<String, String>) -> Result<String, String> {
    let text = |key: &str| asked.get(key).map(String::as_str).unwrap_or_default();
    if text("client_id") != world.app.client_id {
        return Err("invalid_client_id".into());
    }
    let redirect = text("redirect_uri");
    if !world.app.redirect_urls.iter().any(|known| redirect.starts_with(known.as_str())) {
        return Err("bad_redirect_uri".into());
    }
    let scopes: BTreeSet<String> =
        text("scope").split([',', ' ']).filter(|s| !s.is_empty()).map(str::to_owned).collect();
    if scopes.is_empty() {
        return Err("no_scopes".into());
    }
    if let Some(unknown) = scopes.iter().find(|scope| !super::setup::SCOPES.split_whitespace().any(|s| s == *scope)) {
        return Err(format!("invalid_scope: {unknown}"));
    }
    let mut back = url::Url::parse(redirect).map_err(|_| "bad_redirect_uri".to_owned())?;
    match world.consent.clone() {
        Consent::Denied => drop(back.query_pairs_mut().append_pair("error", "access_denied")),
        Consent::Given(team) => {
            let code = world.authorize_for(&team, Some(redirect), Some(scopes));
            back.query_pairs_mut().append_pair("code", &code);
        }
        Consent::WholeOrganisation => {
            let code = world.authorize_for("", Some(redirect), Some(scopes));
            back.query_pairs_mut().append_pair("code", &code);
        }
    }
    back.query_pairs_mut().append_pair("state", text("state"));
    Ok(back.to_string())
}

impl FakeSlack {
    /// What whoever is asked at the site does from now on.
    pub fn consents(&self, consent: Consent) {
        self.with(|world| world.consent = consent);
    }

    /// Where the app's settings let browsers be sent back to.
    pub fn sends_back_to(&self, url: &str) {
        self.with(|world| world.app.redirect_urls = vec![url.to_owned()]);
    }

    /// Codes that were given out are too old now.
    pub fn expires_codes(&self) {
        self.with(|world| world.codes.values_mut().for_each(|code| code.at -= 3_600 * super::SECOND));
    }

    /// Every token of a workspace, in clear.
    pub fn tokens_of(&self, team: &str) -> Vec<String> {
        self.see(|world| world.tokens.iter().filter(|(_, t)| t.team == team).map(|(text, _)| text.clone()).collect())
    }

    /// How often `oauth.v2.access` was called to renew a token, and what came of each.
    pub fn renewals(&self) -> Vec<String> {
        let renews = |c: &&super::state::CallRecord| {
            c.method == "oauth.v2.access" && c.args.get("grant_type").is_some_and(|g| g == "refresh_token")
        };
        self.see(|world| world.calls.iter().filter(renews).map(|c| c.outcome.clone()).collect())
    }
}
