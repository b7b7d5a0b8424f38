//! The REST side: every route that the stand-in has, and what each request passes before its handler: the ban,
//! the token, the faults, the rates. What Discord does not have is a 404 and a problem of the test.

mod applications;
mod call;
mod channels;
mod commands;
mod draft;
mod guilds;
mod messages;
mod pins;
mod reactions;
mod threads;
pub mod webhooks;

pub use call::{Call, Reply};
pub use draft::Draft;
pub use channels::remove as remove_channel;
pub use guilds::new_channel;
pub use messages::{change as change_message, post as post_message, remove as remove_message};
pub use pins::pin;
pub use reactions::react;

use super::Shared;
use super::buckets::{Met, too_many};
use super::faults::Fault;
use super::multipart;
use super::refused::{self, Refused};
use super::state::{Made, State};
use crate::harness::wire::Line;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Response};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Handler = fn(&mut State, &Call) -> Result<Reply, Refused>;

#[derive(Clone, Copy, PartialEq)]
enum Auth {
    Nobody,
    Bot,
    /// The token stands in the path.
    Interaction,
}

struct Route {
    method: &'static str,
    template: &'static str,
    auth: Auth,
    handler: Handler,
}

const fn bot(method: &'static str, template: &'static str, handler: Handler) -> Route {
    Route { method, template, auth: Auth::Bot, handler }
}

const fn by_token(method: &'static str, template: &'static str, handler: Handler) -> Route {
    Route { method, template, auth: Auth::Interaction, handler }
}

/// The first that fits is taken: words stand before names.
const ROUTES: &[Route] = &[
    Route { method: "GET", template: "/gateway", auth: Auth::Nobody, handler: applications::gateway },
    bot("GET", "/gateway/bot", applications::gateway_bot),
    bot("GET", "/oauth2/applications/@me", applications::me),
    bot("GET", "/applications/@me", applications::me),
    bot("PATCH", "/applications/@me", applications::edit_me),
    bot("GET", "/users/@me", applications::current_user),
    bot("GET", "/users/@me/guilds", applications::my_guilds),
    bot("POST", "/users/@me/channels", applications::direct_channel),
    bot("GET", "/users/{user}", applications::user),
    bot("GET", "/applications/{application}/commands", commands::list),
    bot("PUT", "/applications/{application}/commands", commands::overwrite),
    bot("POST", "/applications/{application}/commands", commands::create),
    bot("GET", "/applications/{application}/commands/{command}", commands::get),
    bot("PATCH", "/applications/{application}/commands/{command}", commands::edit),
    bot("DELETE", "/applications/{application}/commands/{command}", commands::delete),
    bot("GET", "/applications/{application}/guilds/{guild}/commands", commands::list),
    bot("PUT", "/applications/{application}/guilds/{guild}/commands", commands::overwrite),
    bot("POST", "/applications/{application}/guilds/{guild}/commands", commands::create),
    bot("GET", "/applications/{application}/guilds/{guild}/commands/{command}", commands::get),
    bot("PATCH", "/applications/{application}/guilds/{guild}/commands/{command}", commands::edit),
    bot("DELETE", "/applications/{application}/guilds/{guild}/commands/{command}", commands::delete),
    by_token("POST", "/interactions/{interaction}/{token}/callback", webhooks::callback),
    by_token("POST", "/webhooks/{webhook}/{token}", webhooks::follow_up),
    by_token("GET", "/webhooks/{webhook}/{token}/messages/{message}", webhooks::get),
    by_token("PATCH", "/webhooks/{webhook}/{token}/messages/{message}", webhooks::edit),
    by_token("DELETE", "/webhooks/{webhook}/{token}/messages/{message}", webhooks::delete),
    bot("GET", "/channels/{channel}", channels::get),
    bot("PATCH", "/channels/{channel}", channels::edit),
    bot("DELETE", "/channels/{channel}", channels::delete),
    bot("PUT", "/channels/{channel}/permissions/{overwrite}", channels::set_overwrite),
    bot("DELETE", "/channels/{channel}/permissions/{overwrite}", channels::remove_overwrite),
    bot("POST", "/channels/{channel}/typing", channels::typing),
    bot("GET", "/channels/{channel}/messages", messages::list),
    bot("POST", "/channels/{channel}/messages", messages::create),
    bot("GET", "/channels/{channel}/messages/pins", pins::list),
    bot("PUT", "/channels/{channel}/messages/pins/{message}", pins::add),
    bot("DELETE", "/channels/{channel}/messages/pins/{message}", pins::remove),
    bot("GET", "/channels/{channel}/pins", pins::list_old),
    bot("PUT", "/channels/{channel}/pins/{message}", pins::add),
    bot("DELETE", "/channels/{channel}/pins/{message}", pins::remove),
    bot("GET", "/channels/{channel}/messages/{message}", messages::get),
    bot("PATCH", "/channels/{channel}/messages/{message}", messages::edit),
    bot("DELETE", "/channels/{channel}/messages/{message}", messages::delete),
    bot("PUT", "/channels/{channel}/messages/{message}/reactions/{emoji}/@me", reactions::add),
    bot("DELETE", "/channels/{channel}/messages/{message}/reactions/{emoji}/@me", reactions::remove),
    bot("GET", "/channels/{channel}/messages/{message}/reactions/{emoji}", reactions::list),
    bot("POST", "/channels/{channel}/messages/{message}/threads", threads::from_message),
    bot("POST", "/channels/{channel}/threads", threads::create),
    bot("PUT", "/channels/{channel}/thread-members/@me", threads::join),
    bot("PUT", "/channels/{channel}/thread-members/{user}", threads::add_member),
    bot("DELETE", "/channels/{channel}/thread-members/{user}", threads::remove_member),
    bot("GET", "/channels/{channel}/thread-members", threads::members),
    bot("GET", "/channels/{channel}/threads/archived/public", threads::archived),
    bot("GET", "/guilds/{guild}", guilds::get),
    bot("GET", "/guilds/{guild}/channels", guilds::channels),
    bot("POST", "/guilds/{guild}/channels", guilds::create_channel),
    bot("GET", "/guilds/{guild}/roles", guilds::roles),
    bot("GET", "/guilds/{guild}/members", guilds::members),
    bot("GET", "/guilds/{guild}/members/search", guilds::search_members),
    bot("GET", "/guilds/{guild}/members/{user}", guilds::member),
    bot("GET", "/guilds/{guild}/threads/active", threads::active),
];

/// CHANNEL_UPDATE about a channel that somebody changed by hand.
pub fn tell_channel(state: &mut State, id: super::state::Id) {
    channels::changed(state, id, "CHANNEL_UPDATE");
}

/// Every route, for the report of what is covered.
pub fn covered() -> impl Iterator<Item = String> {
    ROUTES.iter().map(|route| format!("{} {}", route.method, route.template))
}

/// The names of a template and what stands there in the path, if it fits.
fn fits(template: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let (mut names, mut parts) = (BTreeMap::new(), path.split('/'));
    for word in template.split('/') {
        let part = parts.next()?;
        match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
            Some(_) if part.is_empty() => return None,
            Some(name) => {
                names.insert(name, call::percent_decoded(part));
            }
            None if word != part => return None,
            None => {}
        }
    }
    parts.next().is_none().then_some(names)
}

/// One request, from the wire to the wire.
pub async fn answer(shared: Shared, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, multipart::REQUEST_BYTES_MAX).await else {
        return json_response(413, &[], &refused::entity_too_large().body());
    };
    let path = head.uri.path().strip_prefix("/api/v10").unwrap_or("").to_string();
    let query = head.uri.query().unwrap_or_default().to_string();
    let asked = Asked { method: head.method.as_str(), path: &path, query: &query, headers: &head.headers, body: &body };
    let answered = shared.change(|state| asked.pass(state));
    match answered {
        Answered::Now(response) => response,
        Answered::Later(by, response) => {
            tokio::time::sleep(by).await;
            response
        }
        Answered::Never => {
            line.reset();
            Response::new(Body::empty())
        }
    }
}

enum Answered {
    Now(Response<Body>),
    Later(std::time::Duration, Response<Body>),
    Never,
}

struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl Asked<'_> {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// From the ban to the handler.
    fn pass(&self, state: &mut State) -> Answered {
        let now = state.now_ms();
        if state.buckets.banned {
            state.problem(format!("{} {} was asked by a banned address", self.method, self.path));
            return Answered::Now(html(403, "Error 1015: you are being rate limited"));
        }
        if !self.header("user-agent").starts_with("DiscordBot (") {
            let given = self.header("user-agent").to_string();
            state.problem(format!("the User-Agent must be `DiscordBot (url, version)`, not `{given}`"));
        }
        let found = ROUTES.iter().filter(|route| route.method == self.method);
        let found = found.filter_map(|route| Some((route, fits(route.template, self.path)?))).next();
        let Some((route, params)) = found else {
            state.problem(format!("Discord (or this stand-in) has no route {} {}", self.method, self.path));
            return self.done(state, None, Value::Null, json_response(404, &[], &refused::not_found().body()));
        };
        let major = ["channel", "guild", "webhook"].iter().find_map(|name| params.get(name)).cloned().unwrap_or_default();
        let template = format!("{} {}", route.method, route.template);
        let mut met = state.buckets.take(&template, &major, now);
        if route.auth != Auth::Interaction && let Some(global) = state.buckets.take_global(now) {
            met = global;
        }
        let fault = state.faults.take(&template, &format!("{} {}", self.method, self.path));
        let milliseconds = |by: &std::time::Duration| i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        match &fault {
            Some(Fault::RateLimited(by)) => met = too_many(met.headers, milliseconds(by), "user"),
            Some(Fault::RateLimitedGlobally(by)) => met = too_many(Vec::new(), milliseconds(by), "global"),
            Some(Fault::RateLimitedShared(by)) => met = too_many(met.headers, milliseconds(by), "shared"),
            Some(Fault::Fails(status)) => {
                let body = json!({"message": format!("{status}: Internal Server Error"), "code": 0});
                return self.done(state, Some(&template), Value::Null, json_response(*status, &[], &body));
            }
            Some(Fault::Html(status)) => {
                return self.done(state, Some(&template), Value::Null, html(*status, "upstream connect error"));
            }
            Some(Fault::LostBefore) => return Answered::Never,
            _ => {}
        }
        if let Some(refusal) = &met.refused {
            return self.done(state, Some(&template), Value::Null, json_response(429, &met.headers, refusal));
        }
        let read = multipart::read(self.header("content-type"), self.body);
        let json = read.as_ref().map(|(json, _)| json.clone()).unwrap_or_default();
        let outcome = self.authorised(state, route, &fault).and_then(|()| read).and_then(|(body, files)| {
            let call = Call { params, query: call::pairs(self.query), body, files, reason: self.reason() };
            (route.handler)(state, &call)
        });
        if let Err(refused) = &outcome
            && refused.code == 50035
        {
            state.problem(format!("{template} was an invalid form: {}", refused.body()));
        }
        let response = respond(&outcome, &met);
        match fault {
            Some(Fault::LostAfter) => {
                self.done(state, Some(&template), json, response);
                Answered::Never
            }
            Some(Fault::Garbage) => self.done(state, Some(&template), json, html(200, "<p>not what you expected</p>")),
            Some(Fault::Slow(by)) => match self.done(state, Some(&template), json, response) {
                Answered::Now(response) => Answered::Later(by, response),
                other => other,
            },
            _ => self.done(state, Some(&template), json, response),
        }
    }

    fn reason(&self) -> Option<String> {
        let reason = self.header("x-audit-log-reason");
        (!reason.is_empty()).then(|| call::percent_decoded(reason))
    }

    fn authorised(&self, state: &State, route: &Route, fault: &Option<Fault>) -> Result<(), Refused> {
        match fault {
            Some(Fault::TokenRevoked) => return Err(refused::unauthorized()),
            Some(Fault::Forbidden) => return Err(refused::missing_permissions()),
            _ => {}
        }
        let given = self.header("authorization");
        let right = given.strip_prefix("Bot ") == Some(&state.app.token);
        // Interaction routes need no token, but a wrong one is refused there too.
        let needed = route.auth == Auth::Bot || (route.auth == Auth::Interaction && !given.is_empty());
        if needed && !right { Err(refused::unauthorized()) } else { Ok(()) }
    }

    /// Writes down what was asked and how it ended, and counts what is invalid.
    fn done(&self, state: &mut State, route: Option<&str>, body: Value, response: Response<Body>) -> Answered {
        let (now, status) = (state.now_ms(), response.status().as_u16());
        let shared = response.headers().get("x-ratelimit-scope").is_some_and(|scope| scope == "shared");
        if matches!(status, 401 | 403 | 429) && !shared && state.buckets.count_invalid(now) {
            let max = state.buckets.invalid_max;
            state.problem(format!("more than {max} invalid requests (401, 403, 429) within ten minutes"));
        }
        let made = Made {
            method: self.method.to_string(),
            path: self.path.to_string(),
            route: route.map(str::to_string),
            body,
            status,
            at_ms: now,
            reason: self.reason(),
        };
        state.made.push(made);
        Answered::Now(response)
    }
}

fn respond(outcome: &Result<Reply, Refused>, met: &Met) -> Response<Body> {
    match outcome {
        Ok(Reply::Json(status, body)) => json_response(*status, &met.headers, body),
        Ok(Reply::Empty) => {
            let mut response = json_response(204, &met.headers, &Value::Null);
            response.headers_mut().remove("content-type");
            *response.body_mut() = Body::empty();
            response
        }
        Err(refused) => json_response(refused.status, &met.headers, &refused.body()),
    }
}

fn json_response(status: u16, headers: &[(&'static str, String)], body: &Value) -> Response<Body> {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body.to_string())).expect("a valid response")
}

fn html(status: u16, text: &str) -> Response<Body> {
    let page = format!("<!DOCTYPE html><html><head><title>discord.com</title></head><body>{text}</body></html>");
    (axum::http::StatusCode::from_u16(status).expect("a status"), axum::response::Html(page)).into_response()
}
