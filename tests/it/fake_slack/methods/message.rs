//! Messages themselves: what Slack takes as one, and what follows when one is posted, edited or deleted.
//!
//! It never asks who may: `chat` does.

use super::*;
use crate::fake_slack::judge;
use crate::fake_slack::state::Message;
use serde_json::{Map, Value, json};

/// `chat.postMessage` cuts longer texts.
const POST_TEXT_MAX: usize = 40_000;
/// All texts of the blocks of one message together. Slack publishes no number; people measured refusals from about
/// twelve thousand characters on, and its own developers name this figure.
const BLOCKS_TEXT_MAX: usize = 12_000;
const ATTACHMENTS_MAX: usize = 100;
const METADATA_BYTES_MAX: usize = 16_384;

fn bad_blocks(found: &[String]) -> Refused {
    let short: Vec<&str> = found.iter().map(|line| line.trim_start_matches("[ERROR] ")).collect();
    Refused::with("invalid_blocks", found).also("errors", json!(short))
}

/// What a message says, as far as Slack would take it: text, blocks, attachments, metadata.
pub fn check_content(args: &Args, text_max: Option<usize>) -> Result<Map<String, Value>, Refused> {
    let mut body = Map::new();
    let mut text = args.text("text").unwrap_or_default().to_owned();
    if text_max.is_some_and(|most| text.chars().count() > most) {
        return Err("msg_too_long".into());
    }
    text = text.chars().take(POST_TEXT_MAX).collect();
    let blocks = args.json("blocks").map_err(|_| Refused::from("invalid_blocks_format"))?;
    let attachments = args.json("attachments").map_err(|_| Refused::from("invalid_attachments"))?;
    if let Some(blocks) = &blocks {
        let Some(list) = blocks.as_array() else { return Err("invalid_blocks_format".into()) };
        let found = judge::message_blocks(list);
        if !found.is_empty() {
            return Err(bad_blocks(&found));
        }
        if judge::letters(list) > BLOCKS_TEXT_MAX {
            return Err("msg_blocks_too_long".into());
        }
    }
    let empty = |value: &Option<Value>| value.as_ref().and_then(Value::as_array).is_none_or(Vec::is_empty);
    if let Some(list) = attachments.as_ref().and_then(Value::as_array) {
        if list.len() > ATTACHMENTS_MAX {
            return Err("too_many_attachments".into());
        }
        for (index, attachment) in list.iter().enumerate() {
            let inner = attachment["blocks"].as_array().map(|blocks| judge::message_blocks(blocks)).unwrap_or_default();
            let found: Vec<String> =
                inner.iter().map(|line| line.replace(":/blocks", &format!(":/attachments/{index}/blocks"))).collect();
            if !found.is_empty() {
                return Err(bad_blocks(&found));
            }
        }
    }
    if text.is_empty() && empty(&blocks) && empty(&attachments) {
        return Err("no_text".into());
    }
    body.insert("text".into(), json!(text));
    if !empty(&blocks) {
        body.insert("blocks".into(), judge::with_block_ids(blocks.unwrap_or_default()));
    }
    if !empty(&attachments) {
        body.insert("attachments".into(), attachments.unwrap_or_default());
    }
    if let Some(metadata) = args.json("metadata").map_err(|_| Refused::from("invalid_metadata_format"))? {
        let named = metadata["event_type"].as_str().is_some_and(|name| !name.is_empty());
        if !named || !metadata["event_payload"].is_object() {
            return Err("invalid_metadata_format".into());
        }
        if metadata.to_string().len() > METADATA_BYTES_MAX {
            return Err("metadata_too_large".into());
        }
        body.insert("metadata".into(), metadata);
    }
    Ok(body)
}

/// Puts a message where it belongs and tells the app.
pub fn deliver_message(world: &mut World, team: &str, place: &str, mut body: Map<String, Value>) -> String {
    let ts = world.next_ts();
    body.insert("type".into(), json!("message"));
    body.insert("ts".into(), json!(ts));
    body.insert("team".into(), json!(team));
    let body = Value::Object(body);
    let channel = world.team_mut(team).channel_named(place);
    if let Some(root) = body["thread_ts"].as_str().and_then(|root| channel.messages.get_mut(root)) {
        let count = root.body["reply_count"].as_u64().unwrap_or_default() + 1;
        root.body["thread_ts"] = root.body["ts"].clone();
        root.body["reply_count"] = json!(count);
        root.body["latest_reply"] = json!(ts);
        if let Some(user) = body["user"].as_str() {
            let mut users: Vec<Value> = root.body["reply_users"].as_array().cloned().unwrap_or_default();
            if !users.iter().any(|known| known == user) {
                users.push(json!(user));
            }
            root.body["reply_users_count"] = json!(users.len());
            root.body["reply_users"] = json!(users);
        }
    }
    channel.messages.insert(ts.clone(), Message { body: body.clone(), before: Vec::new(), deleted: false });
    let kind = channel.kind;
    let mut event = body;
    event["channel"] = json!(place);
    event["event_ts"] = json!(ts);
    event["channel_type"] = json!(channel_type(kind));
    let mention = format!("<@{}>", world.team(team).bot_user);
    let mentions = event["text"].as_str().is_some_and(|text| text.contains(&mention)) && event["bot_id"].is_null();
    if mentions && kind != Kind::Im {
        let mut asked = event.clone();
        if let Some(map) = asked.as_object_mut() {
            map.remove("channel_type");
            map.remove("subtype");
        }
        world.happened(team, Some(place), "app_mention", asked);
    }
    world.happened(team, Some(place), "message", event);
    ts
}

pub fn channel_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Public => "channel",
        Kind::Private => "group",
        Kind::Im => "im",
        Kind::Mpim => "mpim",
    }
}

impl World {
    /// What the app itself says.
    pub fn post_as_bot(&mut self, team: &str, place: &str, mut body: Map<String, Value>) -> String {
        let there = self.team(team);
        body.insert("user".into(), json!(there.bot_user));
        body.insert("bot_id".into(), json!(there.bot_id));
        body.insert("app_id".into(), json!(self.app.id));
        body.insert(
            "bot_profile".into(),
            json!({"id": there.bot_id, "app_id": self.app.id, "name": self.app.name,
            "user_id": there.bot_user, "deleted": false, "team_id": team}),
        );
        deliver_message(self, team, place, body)
    }

    /// Puts what `change` makes of a message in its place, and tells the app that it was changed.
    pub fn edit(&mut self, team: &str, place: &str, ts: &str, editor: &str, new: Map<String, Value>) {
        let event_ts = self.next_ts();
        let channel = self.team_mut(team).channel_named(place);
        let kind = channel.kind;
        let Some(message) = channel.messages.get_mut(ts) else { return };
        let before = message.body.clone();
        if let Some(map) = message.body.as_object_mut() {
            map.extend(new);
        }
        message.body["edited"] = json!({"user": editor, "ts": event_ts});
        message.before.push(before.clone());
        let event = json!({"subtype": "message_changed", "message": message.body, "previous_message": before,
            "channel": place, "hidden": true, "ts": event_ts, "event_ts": event_ts, "channel_type": channel_type(kind)});
        self.happened(team, Some(place), "message", event);
    }

    pub fn erase(&mut self, team: &str, place: &str, ts: &str) {
        let event_ts = self.next_ts();
        let channel = self.team_mut(team).channel_named(place);
        let kind = channel.kind;
        channel.pins.retain(|(pinned, ..)| pinned != ts);
        let Some(message) = channel.messages.get_mut(ts) else { return };
        message.deleted = true;
        let event = json!({"subtype": "message_deleted", "deleted_ts": ts, "previous_message": message.body,
            "channel": place, "hidden": true, "ts": event_ts, "event_ts": event_ts, "channel_type": channel_type(kind)});
        self.happened(team, Some(place), "message", event);
    }
}
