//! `chat.*`: messages posted, edited, deleted, shown to one person, linked and unfurled.

use super::*;
use crate::fake_slack::judge;
use crate::fake_slack::state::{Ephemeral, Message};
use crate::fake_slack::time::{SECOND, us_of};
use serde_json::{Map, Value, json};

/// What `chat.update` takes at most; `chat.postMessage` cuts at its own.
const UPDATE_TEXT_MAX: usize = 4_000;
const POST_TEXT_MAX: usize = 40_000;
const ATTACHMENTS_MAX: usize = 100;
const METADATA_BYTES_MAX: usize = 16_384;

pub const METHODS: &[Method] = &[
    bot("chat.postMessage", Tier::Posting, &["chat:write"], post),
    bot("chat.update", Tier::Three, &["chat:write"], update),
    bot("chat.delete", Tier::Three, &["chat:write"], delete),
    bot("chat.postEphemeral", Tier::Four, &["chat:write"], ephemeral),
    form("chat.getPermalink", Tier::Special, &[], permalink),
    bot("chat.unfurl", Tier::Three, &["links:write"], unfurl),
];

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
            return Err(Refused::with("invalid_blocks", &found));
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
                return Err(Refused::with("invalid_blocks", &found));
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

/// What an app sends without `text` cannot be read by a screen reader or in a notification.
fn want_fallback(world: &mut World, call: &Call) {
    if call.args.text("text").is_none() {
        let place = call.args.text("channel").unwrap_or_default();
        world
            .complaints
            .push(format!("{} into {place} has no text: notifications and screen readers say nothing", call.method));
    }
}

fn post(world: &mut World, call: &Call) -> Answer {
    let place = destination(world, call)?;
    let channel = world.team(&call.team).channels.get(&place).ok_or("channel_not_found")?;
    let member = channel.members.contains(&call.user);
    if !member && channel.kind != Kind::Public {
        return Err("channel_not_found".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    if !member && !call.has("chat:write.public") {
        return Err("not_in_channel".into());
    }
    let mut body = check_content(call.args, None)?;
    if let Some(thread) = call.args.text("thread_ts") {
        let parent = channel.messages.get(thread).filter(|message| !message.deleted).ok_or("thread_not_found")?;
        let root = parent.body["thread_ts"].as_str().unwrap_or(thread).to_owned();
        body.insert("thread_ts".into(), json!(root));
        if call.args.flag("reply_broadcast") {
            body.insert("subtype".into(), json!("thread_broadcast"));
        }
    }
    want_fallback(world, call);
    for key in ["username", "icon_emoji", "icon_url"] {
        if let (Some(value), true) = (call.args.text(key), call.has("chat:write.customize")) {
            body.insert(key.into(), json!(value));
        }
    }
    let ts = world.post_as_bot(&call.team, &place, body);
    let message = world.team(&call.team).channels[&place].messages[&ts].body.clone();
    Ok(json!({"channel": place, "ts": ts, "message": message}))
}

/// A channel's id or name, or a person, whose direct messages are then opened.
fn destination(world: &mut World, call: &Call) -> Result<String, Refused> {
    let wanted = call.args.need("channel")?.to_owned();
    let team = world.team(&call.team);
    if let Some(user) = team.users.get(&wanted) {
        if user.deleted {
            return Err("user_not_found".into());
        }
        return Ok(world.direct(&call.team, &wanted));
    }
    team.find_channel(&wanted).map(|channel| channel.id.clone()).ok_or_else(|| "channel_not_found".into())
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

/// The bot's own message that the call names.
fn own_message(world: &World, call: &Call, not_mine: &str) -> Result<(String, String), Refused> {
    let channel = call.channel(world)?;
    let ts = call.args.need("ts")?;
    let message = channel.messages.get(ts).filter(|message| !message.deleted).ok_or("message_not_found")?;
    if message.body["user"] != json!(call.user) {
        return Err(not_mine.into());
    }
    Ok((channel.id.clone(), ts.to_owned()))
}

fn update(world: &mut World, call: &Call) -> Answer {
    let (place, ts) = own_message(world, call, "cant_update_message")?;
    let there = &world.team(&call.team).channels[&place];
    if there.archived {
        return Err("is_archived".into());
    }
    let mut new = check_content(call.args, Some(UPDATE_TEXT_MAX))?;
    let window = world.edit_window_s;
    if window.is_some_and(|most| us_of(&ts).is_some_and(|at| world.now() - at > most * SECOND)) {
        return Err("edit_window_closed".into());
    }
    want_fallback(world, call);
    // What is not said again goes: blocks and attachments are exchanged as a whole, unless only the text is given.
    if new.contains_key("blocks") || new.contains_key("attachments") {
        for key in ["blocks", "attachments"] {
            new.entry(key).or_insert(json!([]));
        }
    }
    let user = call.user.clone();
    world.edit(&call.team, &place, &ts, &user, new);
    let message = world.team(&call.team).channels[&place].messages[&ts].body.clone();
    Ok(json!({"channel": place, "ts": ts, "text": message["text"], "message": message}))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let (place, ts) = own_message(world, call, "cant_delete_message")?;
    world.erase(&call.team, &place, &ts);
    Ok(json!({"channel": place, "ts": ts}))
}

fn ephemeral(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    let place = channel.id.clone();
    if !channel.members.contains(&call.user) {
        return Err(if channel.kind == Kind::Public { "not_in_channel" } else { "channel_not_found" }.into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let user = call.args.need("user")?.to_owned();
    if !channel.members.contains(&user) {
        return Err("user_not_in_channel".into());
    }
    let mut body = check_content(call.args, None)?;
    want_fallback(world, call);
    let ts = world.next_ts();
    body.insert("ts".into(), json!(ts));
    if let Some(thread) = call.args.text("thread_ts") {
        body.insert("thread_ts".into(), json!(thread));
    }
    let shown = Ephemeral { channel: place, user, body: Value::Object(body) };
    world.team_mut(&call.team).ephemerals.push(shown);
    Ok(json!({"message_ts": ts}))
}

fn permalink(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    let ts = call.args.need("message_ts")?;
    let message = channel.messages.get(ts).filter(|message| !message.deleted).ok_or("message_not_found")?;
    let domain = &world.team(&call.team).domain;
    let mut link = format!("https://{domain}.slack.com/archives/{}/p{}", channel.id, ts.replace('.', ""));
    if let Some(thread) = message.body["thread_ts"].as_str().filter(|thread| *thread != ts) {
        link += &format!("?thread_ts={thread}&cid={}", channel.id);
    }
    Ok(json!({"channel": channel.id, "permalink": link}))
}

fn unfurl(world: &mut World, call: &Call) -> Answer {
    let unfurls = call.args.json("unfurls")?.ok_or_else(|| crate::fake_slack::args::missing("unfurls"))?;
    let Some(map) = unfurls.as_object() else { return Err("cannot_parse_attachment".into()) };
    let channel = call.channel(world)?;
    let ts = call.args.need("ts")?.to_owned();
    let place = channel.id.clone();
    let message = channel.messages.get(&ts).filter(|message| !message.deleted).ok_or("cannot_find_message")?;
    let text = message.body["text"].as_str().unwrap_or_default();
    let mut attachments = Vec::new();
    for (link, attachment) in map {
        if !text.contains(link.as_str()) {
            return Err("cannot_unfurl_url".into());
        }
        let found = attachment["blocks"].as_array().map(|blocks| judge::message_blocks(blocks)).unwrap_or_default();
        if !found.is_empty() {
            return Err(Refused::with("cannot_unfurl_message", &found));
        }
        let mut attachment = attachment.clone();
        attachment["from_url"] = json!(link);
        attachments.push(attachment);
    }
    let channel = world.team_mut(&call.team).channel_named(&place);
    if let Some(message) = channel.messages.get_mut(&ts) {
        message.body["attachments"] = json!(attachments);
    }
    Ok(json!({}))
}
