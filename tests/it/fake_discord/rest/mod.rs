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
mod routes;
mod threads;
pub mod webhooks;

pub use call::{Call, Reply};
pub use channels::remove as remove_channel;
pub use draft::{Draft, below};
pub use guilds::new_channel;
pub use messages::{change as change_message, post as post_message, remove as remove_message};
pub use pins::pin;
pub use reactions::react;
pub use routes::covered;

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
use routes::{Auth, Route};
use serde_json::{Value, json};

/// CHANNEL_UPDATE about a channel that somebody changed by hand.
pub fn tell_channel(state: &mut State, id: super::state::Id) {
    channels::changed(state, id, "CHANNEL_UPDATE");
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
        let found = routes::find(self.method, self.path);
        let Some((route, params)) = found else {
            state.problem(format!("Discord (or this stand-in) has no route {} {}", self.method, self.path));
            return self.done(state, None, Value::Null, json_response(404, &[], &refused::not_found().body()));
        };
        // An interaction is answered under its own token, so each has a bucket of its own.
        let own = ["channel", "guild", "webhook", "interaction"];
        let major = own.iter().find_map(|name| params.get(name)).cloned().unwrap_or_default();
        let template = format!("{} {}", route.method, route.template);
        let mut met = state.buckets.take(&template, &major, now);
        if route.auth != Auth::Interaction
            && let Some(global) = state.buckets.take_global(now)
        {
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
        let outcome = self.authorised(state, route, &fault).and(read).and_then(|(body, files)| {
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
