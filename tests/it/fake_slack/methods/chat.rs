//! `chat.*`: messages posted, edited, deleted, shown to one person, linked and unfurled.

use super::*;
use crate::fake_slack::judge;
use crate::fake_slack::state::Ephemeral;
use crate::fake_slack::time::{SECOND, us_of};
use serde_json::{Value, json};

/// What `chat.update` takes at most; `chat.postMessage` cuts at its own.
const UPDATE_TEXT_MAX: usize = 4_000;

pub const METHODS: &[Method] = &[
    bot("chat.postMessage", Tier::Posting, &["chat:write"], post),
    bot("chat.update", Tier::Three, &["chat:write"], update),
    bot("chat.delete", Tier::Three, &["chat:write"], delete),
    bot("chat.postEphemeral", Tier::Four, &["chat:write"], ephemeral),
    form("chat.getPermalink", Tier::Special, &[], permalink),
    bot("chat.unfurl", Tier::Three, &["links:write"], unfurl),
];

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
    // What is not said again stays; an empty array takes it away.
    for key in ["blocks", "attachments"] {
        if call.args.json(key).ok().flatten() == Some(json!([])) {
            new.insert(key.to_owned(), json!([]));
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
