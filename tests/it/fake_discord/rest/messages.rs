//! Messages of channels and threads: writing, reading, changing, deleting, each with its permissions and events.

use super::{Call, Draft, Reply};
use crate::fake_discord::judge;
use crate::fake_discord::permissions::{
    ATTACH_FILES, EMBED_LINKS, MANAGE_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
};
use crate::fake_discord::refused::{self, Refused};
use crate::fake_discord::rest::call::body_id;
use crate::fake_discord::session::{DIRECT_MESSAGES, GUILD_MESSAGES};
use crate::fake_discord::state::{CATEGORY, Channel, FORUM, Id, Message, State};
use crate::fake_discord::validate::message::Sent;
use serde_json::{Value, json};

/// How long a nonce is remembered ("a few minutes").
pub const NONCE_MS: i64 = 180_000;

pub fn create(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    may_write(state, &channel, &call.body, !call.files.is_empty())?;
    let draft = state.draft(&call.body, &call.files, Sent::ToChannel, "")?;
    let reply_to = body_id(&call.body["message_reference"]["message_id"], "message_reference.message_id")?;
    if let Some(reply) = reply_to {
        state.needs(&channel, READ_MESSAGE_HISTORY).map_err(|_| refused::reply_needs_history())?;
        let lenient = call.body["message_reference"]["fail_if_not_exists"] == false;
        if state.message(channel.id, reply).is_none() && !lenient {
            let mut form = refused::Form::default();
            form.wrong("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message");
            form.finish()?;
        }
    }
    let bot = state.app.bot;
    let nonce = draft.nonce.as_ref().map(|nonce| nonce.to_string().trim_matches('"').to_string());
    if let (Some(nonce), true) = (&nonce, call.body["enforce_nonce"] == true) {
        let now = state.now_ms();
        state.nonces.retain(|(at, ..)| now - at < NONCE_MS);
        let same =
            state.nonces.iter().find(|(_, author, at, known, _)| (*author, *at, known) == (bot, channel.id, nonce));
        if let Some(message) = same.and_then(|(.., id)| state.message(channel.id, *id)) {
            return Reply::ok(state.message_json(message));
        }
    }
    let id = post(state, &channel, bot, draft, reply_to.filter(|reply| state.message(channel.id, *reply).is_some()));
    if let Some(nonce) = nonce {
        let now = state.now_ms();
        state.nonces.push((now, bot, channel.id, nonce, id));
    }
    Reply::ok(state.message_json(state.message(channel.id, id).expect("just posted")))
}

/// Whether the bot may write this here.
pub fn may_write(state: &State, channel: &Channel, body: &Value, files: bool) -> Result<(), Refused> {
    if matches!(channel.kind, FORUM | CATEGORY) {
        return Err(refused::not_a_text_channel());
    }
    let write = if channel.thread.is_some() { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES };
    state.needs(channel, write)?;
    if let Some(thread) = channel.thread.as_ref().filter(|thread| thread.archived)
        && thread.locked
    {
        state.needs(channel, crate::fake_discord::permissions::MANAGE_THREADS).map_err(|_| refused::thread_locked())?;
    }
    if body["embeds"].as_array().is_some_and(|embeds| !embeds.is_empty()) {
        state.needs(channel, EMBED_LINKS)?;
    }
    if files { state.needs(channel, ATTACH_FILES) } else { Ok(()) }
}

/// Writes a message, whoever its author is, and tells everybody. An archived thread opens again.
pub fn post(state: &mut State, channel: &Channel, author: Id, draft: Draft, reply_to: Option<Id>) -> Id {
    let (id, now) = (state.new_id(), state.now_ms());
    let pings = state.pings(&draft, channel, author, reply_to);
    let kind = if reply_to.is_some() { 19 } else { 0 };
    let mut message = Message {
        nonce: draft.nonce.clone(),
        pings,
        tts: draft.tts,
        ..Message::system(id, channel.id, author, kind, now, reply_to)
    };
    draft.fill(&mut message);
    super::threads::reopen(state, channel.id);
    keep(state, message);
    id
}

/// Stores a message and sends MESSAGE_CREATE, unless only one person sees it.
pub fn keep(state: &mut State, message: Message) {
    let (channel, id, hidden) = (message.channel, message.id, message.only_for.is_some());
    state.messages.entry(channel).or_default().insert(id, message);
    if let (false, Some(channel)) = (hidden, state.channels.get_mut(&channel)) {
        channel.last_message = Some(id);
    }
    tell(state, "MESSAGE_CREATE", channel, id);
}

/// MESSAGE_CREATE or MESSAGE_UPDATE.
pub fn tell(state: &mut State, event: &str, channel: Id, id: Id) {
    if state.message(channel, id).is_some_and(|message| message.author == state.app.bot) {
        let said = judge::by_twilight(state.message(channel, id).expect("it is there"));
        said.into_iter().for_each(|said| state.problem(said));
    }
    let Some(message) = state.message(channel, id).filter(|message| message.only_for.is_none()) else { return };
    let mut data = state.message_json(message);
    let guild = state.channels.get(&channel).and_then(|channel| channel.guild);
    if let Some(guild) = guild {
        data["guild_id"] = json!(guild.to_string());
        let member = state.guilds.get(&guild).and_then(|guild| guild.members.get(&message.author));
        data["member"] = member.map_or(Value::Null, |member| state.partial_member_json(member));
    }
    state.channel_event(event, data, channel, GUILD_MESSAGES, DIRECT_MESSAGES);
}

/// A message of the path that the bot can see.
pub fn seen(state: &State, channel: Id, id: Id) -> Result<&Message, Refused> {
    state.message(channel, id).filter(|message| message.only_for.is_none()).ok_or_else(refused::unknown_message)
}

pub fn get(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    state.needs(&channel, READ_MESSAGE_HISTORY).map_err(|_| refused::missing_access())?;
    let message = seen(state, channel.id, call.id("message")?)?;
    Reply::ok(state.without_content(state.message_json(message), state.app.granted_intents))
}

/// The newest first, fifty unless told; before, after or around an id.
pub fn list(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let limit = call.number("limit", 1, 100, 50)?;
    if state.needs(&channel, READ_MESSAGE_HISTORY).is_err() {
        return Reply::ok(json!([]));
    }
    let bound = |key: &str| -> Result<Option<Id>, Refused> {
        call.asked(key).map(|text| text.parse().map_err(|_| super::call::not_a_snowflake(key, text))).transpose()
    };
    let all = state.messages.get(&channel.id).into_iter().flat_map(|messages| messages.values());
    let mut all: Vec<&Message> = all.filter(|message| message.only_for.is_none()).collect();
    let chosen: Vec<&Message> = if let Some(before) = bound("before")? {
        all.iter().rev().copied().filter(|message| message.id < before).take(limit).collect()
    } else if let Some(after) = bound("after")? {
        let mut next: Vec<&Message> = all.iter().copied().filter(|message| message.id > after).take(limit).collect();
        next.reverse();
        next
    } else if let Some(around) = bound("around")? {
        let from = all.iter().position(|message| message.id >= around).unwrap_or(all.len()).saturating_sub(limit / 2);
        let mut near: Vec<&Message> = all.drain(..).skip(from).take(limit).collect();
        near.reverse();
        near
    } else {
        all.iter().rev().copied().take(limit).collect()
    };
    let json = chosen.into_iter().map(|m| state.without_content(state.message_json(m), state.app.granted_intents));
    Reply::ok(json.collect())
}

pub fn edit(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let message = seen(state, channel.id, call.id("message")?)?.clone();
    if message.author != state.app.bot {
        return Err(refused::not_yours());
    }
    if message.kind != 0 && message.kind != 19 && message.kind != 20 {
        return Err(refused::system_message());
    }
    if channel.thread.as_ref().is_some_and(|thread| thread.archived) {
        return Err(refused::archived());
    }
    if !call.files.is_empty() {
        state.needs(&channel, ATTACH_FILES)?;
    }
    let draft = state.redraft(&message, &call.body, &call.files)?;
    old_edit(state, &message)?;
    change(state, channel.id, message.id, draft);
    Reply::ok(state.message_json(state.message(channel.id, message.id).expect("just changed")))
}

/// Messages older than an hour can be edited only so often.
fn old_edit(state: &mut State, message: &Message) -> Result<(), Refused> {
    let (now, max) = (state.now_ms(), state.old_edits_max);
    if now - message.sent_ms <= 3_600_000 {
        return Ok(());
    }
    let edits = state.old_edits.entry(message.channel).or_default();
    edits.retain(|at| now - at < 3_600_000);
    if edits.len() >= max {
        return Err(refused::too_many_old_edits());
    }
    edits.push(now);
    Ok(())
}

/// Puts a draft in a message's place and tells everybody.
pub fn change(state: &mut State, channel: Id, id: Id, draft: Draft) {
    let now = state.now_ms();
    if let Some(message) = state.message_mut(channel, id) {
        draft.fill(message);
        message.edited_ms = Some(now);
    }
    tell(state, "MESSAGE_UPDATE", channel, id);
}

pub fn delete(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let message = seen(state, channel.id, call.id("message")?)?;
    if message.author != state.app.bot {
        state.needs(&channel, MANAGE_MESSAGES)?;
    }
    let id = message.id;
    remove(state, channel.id, id);
    Ok(Reply::Empty)
}

/// Takes a message away and tells everybody.
pub fn remove(state: &mut State, channel: Id, id: Id) {
    let Some(message) = state.messages.get_mut(&channel).and_then(|messages| messages.remove(&id)) else { return };
    if message.only_for.is_none() {
        let guild = state.channels.get(&channel).and_then(|channel| channel.guild).map(|id| id.to_string());
        let data = json!({"id": id.to_string(), "channel_id": channel.to_string(), "guild_id": guild});
        state.channel_event("MESSAGE_DELETE", data, channel, GUILD_MESSAGES, DIRECT_MESSAGES);
    }
}
