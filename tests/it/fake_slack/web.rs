//! The Web API's front door: who calls, whether they may, how often, and what a method answers.
//!
//! It never knows what a method does: `methods` does.

use super::args::{Answer, Args, Refused};
use super::desk::Desk;
use super::faults::{self, Fault};
use super::methods::{self, Call, Method, Wants};
use super::state::{CallRecord, Token, TokenKind, World};
use crate::harness::wire::Line;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use serde_json::{Value, json};

pub async fn call(
    State(desk): State<Desk>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let (fault, before) = desk.with(|world| (world.faults.meet(&name), world.faults.released));
    if let Some(fault) = &fault {
        if *fault == Fault::LostBefore {
            line.reset();
        }
        if !fault.acts() {
            desk.with(|world| world.record(&name, "", &Args::default(), &format!("{fault:?}")));
            return faults::instead(fault).unwrap_or_default();
        }
    }
    let answer = desk.with(|world| answer(world, &name, &uri, &headers, &body));
    match fault {
        Some(Fault::LostAfter) => line.reset(),
        Some(Fault::Slow(by)) => tokio::time::sleep(by).await,
        Some(Fault::Held) => faults::released(&desk, before).await,
        _ => {}
    }
    answer
}

fn answer(world: &mut World, name: &str, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Response<Body> {
    let method = methods::find(name);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    let args = Args::read(query, kind, body, method.is_none_or(|method| method.json));
    let (args, bad) = match args {
        Ok(args) => (args, None),
        Err(refused) => (Args::default(), Some(refused)),
    };
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).or(args.text("token")).map(str::to_owned);
    let token = bearer.as_ref().and_then(|text| world.tokens.get(text).cloned());
    let team = token.as_ref().map(|token| token.team.clone()).unwrap_or_default();
    let result = match (method, bad) {
        (None, _) => {
            world.complaints.push(format!("the app called {name}, which this Slack does not know"));
            Err(Refused::from("unknown_method").also("req_method", json!(name)))
        }
        (_, Some(bad)) => Err(bad),
        (Some(method), None) => {
            let channel = args.text("channel").map(str::to_owned);
            let now = world.now();
            let asked = world.limits.ask(&team, method.name, method.tier, channel.as_deref(), now);
            if let (Err(seconds), true) = (asked, token.is_some() || method.wants == Wants::Nothing) {
                world.record(name, &team, &args, "ratelimited");
                return faults::too_many(seconds);
            }
            run(world, method, bearer.as_deref(), token.as_ref(), headers, &args)
        }
    };
    let outcome = result.as_ref().map_or_else(|refused| refused.error.clone(), |_| "ok".to_owned());
    world.record(name, &team, &args, &outcome);
    respond(world, method, token.as_ref(), result)
}

fn run(
    world: &mut World,
    method: &'static Method,
    bearer: Option<&str>,
    token: Option<&Token>,
    headers: &HeaderMap,
    args: &Args,
) -> Answer {
    if method.wants == Wants::Nothing {
        let call = Call { method: method.name, team: String::new(), user: String::new(), token: None, headers, args };
        return (method.run)(world, &call);
    }
    let Some(token) = token else {
        return Err(if bearer.is_none() { "not_authed" } else { "invalid_auth" }.into());
    };
    if token.revoked {
        return Err("token_revoked".into());
    }
    if token.expires_at.is_some_and(|at| at <= world.now()) {
        return Err("token_expired".into());
    }
    let fits = match method.wants {
        Wants::App => token.kind == TokenKind::App,
        Wants::Bot => token.kind == TokenKind::Bot,
        Wants::Any => token.kind != TokenKind::Refresh,
        Wants::Nothing => true,
    };
    if !fits {
        return Err("not_allowed_token_type".into());
    }
    if !method.scopes.is_empty() && !method.scopes.iter().any(|scope| token.scopes.contains(*scope)) {
        return Err(lacking(&method.scopes.join(","), token));
    }
    let call = Call {
        method: method.name,
        team: token.team.clone(),
        user: token.user.clone(),
        token: Some(token.clone()),
        headers,
        args,
    };
    (method.run)(world, &call)
}

/// `missing_scope`, with what is needed and what there is.
pub fn lacking(needed: &str, token: &Token) -> Refused {
    let provided: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
    Refused::from("missing_scope").also("needed", json!(needed)).also("provided", json!(provided.join(",")))
}

fn respond(world: &mut World, method: Option<&Method>, token: Option<&Token>, result: Answer) -> Response<Body> {
    let body = match result {
        Ok(mut value) => {
            value["ok"] = json!(true);
            value
        }
        Err(refused) => {
            let mut value = json!({"ok": false, "error": refused.error});
            if let Some(map) = value.as_object_mut() {
                map.extend(refused.extra);
            }
            value
        }
    };
    let mut response = Response::builder()
        .status(StatusCode::OK)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header("x-slack-req-id", format!("req{:08x}", world.next()));
    if let Some(token) = token {
        let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
        response = response.header("x-oauth-scopes", scopes.join(","));
        let accepted = method.map(|method| method.scopes.join(",")).unwrap_or_default();
        response = response.header("x-accepted-oauth-scopes", accepted);
    }
    response.body(Body::from(body.to_string())).expect("an answer can be built")
}

impl World {
    pub fn record(&mut self, method: &str, team: &str, args: &Args, outcome: &str) {
        let mut args = args.0.clone();
        args.remove("token");
        let at = self.now();
        let (method, team, outcome) = (method.to_owned(), team.to_owned(), outcome.to_owned());
        self.calls.push(CallRecord { method, team, args, outcome, at });
    }
}

/// `response_metadata.next_cursor`: the page of `items` that the call asks for.
pub fn page(args: &Args, items: Vec<Value>, usual: usize, most: usize) -> Result<(Vec<Value>, String), Refused> {
    let limit = match args.number("limit") {
        None | Some(0) => usual.min(most),
        Some(limit) => usize::try_from(limit).map_err(|_| Refused::from("invalid_limit"))?.min(most),
    };
    let from = match args.text("cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix("next_")
            .and_then(|rest| rest.trim_end_matches('=').parse::<usize>().ok())
            .filter(|from| *from <= items.len())
            .ok_or("invalid_cursor")?,
    };
    let more = items.len() > from + limit;
    let cursor = if more { format!("next_{}=", from + limit) } else { String::new() };
    Ok((items.into_iter().skip(from).take(limit).collect(), cursor))
}
