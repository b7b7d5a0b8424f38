//! What the app answers: in an acknowledgement, and later through a `response_url`.
//!
//! What Slack would not show, it does not show: the person sees nothing, and the test hears of it.

use super::args::{Args, Refused};
use super::desk::Desk;
use super::judge;
use super::methods::{check_content, close_modals, open_view, update_view};
use super::parcel::{Parcel, Reply, Sort};
use super::state::{Ephemeral, Hook, World};
use super::time::SECOND;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How often, and how long, a `response_url` can be used.
const HOOK_USES: u32 = 5;
const HOOK_US: i64 = 30 * 60 * SECOND;

impl World {
    pub fn answered(&mut self, mut parcel: Parcel, body: Value, took: Duration) {
        let empty = body.is_null() || body.as_str() == Some("") || body.as_object().is_some_and(Map::is_empty);
        let mut error = None;
        if !empty {
            let shown = match (parcel.sort, parcel.payload["type"].as_str()) {
                (Sort::Command, _) => {
                    let hook = Hook::of(&parcel.team, &parcel.channel, &parcel.user, None, true);
                    self.show(&hook, &as_args(&body)).map(|_| ())
                }
                (Sort::Interactive, Some("view_submission")) => self.submitted(&parcel, &body),
                // Slack takes no message in the acknowledgement of anything else.
                _ => Ok(()),
            };
            if let Err(refused) = shown {
                let why = refused.extra.get("response_metadata").map(Value::to_string).unwrap_or_default();
                self.complaints
                    .push(format!("the app's acknowledgement was not shown: {} {why} {body}", refused.error));
                error = Some(refused.error);
            }
        } else if parcel.payload["type"] == "view_submission" {
            close_modals(self, &parcel.team, &parcel.user, false);
        }
        if let Some(reply) = parcel.reply.take() {
            reply.send(Reply { ts: None, body, error, took }).ok();
        }
    }

    /// What becomes of a modal after it was submitted.
    fn submitted(&mut self, parcel: &Parcel, body: &Value) -> Result<(), Refused> {
        let (team, user) = (&parcel.team, &parcel.user);
        let id = parcel.view.clone().unwrap_or_default();
        let checked = || {
            let found = judge::view(&body["view"], "modal");
            if found.is_empty() { Ok(body["view"].clone()) } else { Err(Refused::with("invalid_arguments", &found)) }
        };
        match body["response_action"].as_str() {
            None => close_modals(self, team, user, false),
            Some("clear") => close_modals(self, team, user, true),
            Some("update") => {
                let view = checked()?;
                update_view(self, team, &id, view);
            }
            Some("push") => {
                let view = checked()?;
                open_view(self, team, user, view, Some(&id));
            }
            Some("errors") => {
                let view = self.team(team).views.get(&id).map(|view| view.body.clone()).unwrap_or_default();
                let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
                let errors = body["errors"].as_object().cloned().unwrap_or_default();
                let known =
                    |name: &str| blocks.iter().any(|block| block["type"] == "input" && block["block_id"] == name);
                if errors.is_empty() || !errors.iter().all(|(name, text)| known(name) && text.is_string()) {
                    return Err("invalid_errors".into());
                }
                if let Some(known) = self.team_mut(team).views.get_mut(&id) {
                    known.body["errors"] = json!(errors);
                }
            }
            Some(_) => return Err("invalid_response_action".into()),
        }
        Ok(())
    }

    /// Shows what came for this place: to one person, or to all.
    fn show(&mut self, hook: &Hook, args: &Args) -> Result<(), Refused> {
        if args.flag("delete_original") {
            let ts = hook.message.clone().ok_or("message_not_found")?;
            if hook.ephemeral {
                self.team_mut(&hook.team).ephemerals.retain(|one| one.body["ts"] != ts);
            } else {
                self.erase(&hook.team, &hook.channel, &ts);
            }
            return Ok(());
        }
        let mut body = check_content(args, None)?;
        if args.text("text").is_none() {
            self.complaints.push("an answer to a person has no text: screen readers say nothing".to_owned());
        }
        if let (true, Some(ts)) = (args.flag("replace_original"), &hook.message) {
            if hook.ephemeral {
                let there = self.team_mut(&hook.team);
                if let Some(known) = there.ephemerals.iter_mut().find(|one| one.body["ts"] == **ts) {
                    body.insert("ts".into(), json!(ts));
                    known.body = Value::Object(body);
                }
            } else {
                let bot = self.team(&hook.team).bot_user.clone();
                self.edit(&hook.team, &hook.channel, ts, &bot, body);
            }
            return Ok(());
        }
        if let Some(thread) = args.text("thread_ts") {
            body.insert("thread_ts".into(), json!(thread));
        }
        if args.text("response_type") == Some("in_channel") {
            self.post_as_bot(&hook.team, &hook.channel, body);
            return Ok(());
        }
        let ts = self.next_ts();
        body.insert("ts".into(), json!(ts));
        let shown = Ephemeral { channel: hook.channel.clone(), user: hook.user.clone(), body: Value::Object(body) };
        self.team_mut(&hook.team).ephemerals.push(shown);
        Ok(())
    }

    fn use_hook(&mut self, id: &str, args: &Args) -> (u16, Refused) {
        let now = self.now();
        let Some(hook) = self.hooks.get_mut(id) else { return (404, "invalid_url".into()) };
        if now - hook.at > HOOK_US {
            return (404, "expired_url".into());
        }
        if hook.used >= HOOK_USES {
            return (404, "used_url".into());
        }
        hook.used += 1;
        let hook = hook.clone();
        match self.show(&hook, args) {
            Ok(()) => (200, "".into()),
            Err(refused) => {
                self.complaints.push(format!("a response_url refused: {} {:?}", refused.error, refused.extra));
                (400, refused)
            }
        }
    }
}

/// A bare sentence is a message too.
fn as_args(body: &Value) -> Args {
    match body {
        Value::Object(map) => Args(map.clone()),
        Value::String(text) => Args([("text".to_owned(), json!(text))].into_iter().collect()),
        _ => Args::default(),
    }
}

/// `POST /commands/…` and `POST /actions/…`: a `response_url`.
pub async fn respond(
    State(desk): State<Desk>,
    Path(rest): Path<String>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let id = uri.path().trim_start_matches('/').to_owned();
    let answer = |status: u16, text: String| {
        let status = StatusCode::from_u16(status).expect("a status");
        Response::builder().status(status).body(Body::from(text)).expect("an answer can be built")
    };
    let fault = desk.with(|world| world.faults.meet("response_url"));
    if let Some(instead) = fault.as_ref().and_then(super::faults::instead) {
        return instead;
    }
    let args = match serde_json::from_slice(&body) {
        Ok(Value::Object(map)) if kind.starts_with("application/json") => Args(map),
        _ => return answer(400, "invalid_payload".to_owned()),
    };
    let (status, refused) = desk.with(|world| {
        let result = world.use_hook(&id, &args);
        world.record("response_url", rest.split('/').next().unwrap_or_default(), &args, &result.0.to_string());
        result
    });
    match status {
        200 => answer(200, "ok".to_owned()),
        _ => {
            let mut body = json!({"ok": false, "error": refused.error});
            if let Some(map) = body.as_object_mut() {
                map.extend(refused.extra);
            }
            answer(status, body.to_string())
        }
    }
}
