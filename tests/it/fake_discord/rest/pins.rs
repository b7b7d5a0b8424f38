//! Pins of a channel: 250 at most, the newest first, with the event that says no more than that something changed.

use super::{Call, Reply};
use crate::fake_discord::permissions::{PIN_MESSAGES, READ_MESSAGE_HISTORY};
use crate::fake_discord::refused::{self, Refused};
use crate::fake_discord::rest::messages::{keep, seen, tell};
use crate::fake_discord::session::{DIRECT_MESSAGES, GUILDS};
use crate::fake_discord::state::{Channel, Id, Message, State};
use crate::fake_discord::time::iso;
use serde_json::json;

const PINS_MAX: usize = 250;

fn pinned(state: &State, channel: &Channel) -> Vec<Message> {
    if state.needs(channel, READ_MESSAGE_HISTORY).is_err() {
        return Vec::new();
    }
    let all = state.messages.get(&channel.id).into_iter().flat_map(|messages| messages.values());
    let mut pinned: Vec<Message> = all.filter(|message| message.pinned_ms.is_some()).cloned().collect();
    pinned.sort_by_key(|message| std::cmp::Reverse((message.pinned_ms, message.id)));
    pinned
}

pub fn list(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let limit = call.number("limit", 1, 50, 50)?;
    let mut found = pinned(state, &channel);
    if let Some(before) = call.asked("before") {
        let before = before.replace('Z', "+00:00");
        found.retain(|message| message.pinned_ms.map(iso).is_some_and(|at| at.as_str() < before.as_str()));
    }
    let more = found.len() > limit;
    let items = found.iter().take(limit).map(|message| {
        let json = state.without_content(state.message_json(message), state.app.granted_intents);
        json!({"pinned_at": message.pinned_ms.map(iso), "message": json})
    });
    Reply::ok(json!({"items": items.collect::<Vec<_>>(), "has_more": more}))
}

/// As it used to be: a plain list.
pub fn list_old(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let found = pinned(state, &channel);
    let json = found.iter().take(50).map(|m| state.without_content(state.message_json(m), state.app.granted_intents));
    Reply::ok(json.collect())
}

pub fn add(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let id = seen(state, channel.id, call.id("message")?)?.id;
    state.needs(&channel, PIN_MESSAGES)?;
    pin(state, channel.id, id, state.app.bot, true)?;
    Ok(Reply::Empty)
}

pub fn remove(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let id = seen(state, channel.id, call.id("message")?)?.id;
    state.needs(&channel, PIN_MESSAGES)?;
    pin(state, channel.id, id, state.app.bot, false)?;
    Ok(Reply::Empty)
}

/// Pins or unpins, whoever does it. A new pin leaves a message of its own.
pub fn pin(state: &mut State, channel: Id, id: Id, who: Id, on: bool) -> Result<(), Refused> {
    let now = state.now_ms();
    let count = state.messages.get(&channel).map_or(0, |all| all.values().filter(|m| m.pinned_ms.is_some()).count());
    let message = state.message_mut(channel, id).ok_or_else(refused::unknown_message)?;
    if message.pinned_ms.is_some() == on {
        return Ok(());
    }
    if on && count >= PINS_MAX {
        return Err(refused::too_many_pins());
    }
    message.pinned_ms = on.then_some(now);
    tell(state, "MESSAGE_UPDATE", channel, id);
    let guild = state.channels.get(&channel).and_then(|channel| channel.guild).map(|id| id.to_string());
    if on && let Some(channel) = state.channels.get_mut(&channel) {
        channel.last_pin_ms = Some(now);
    }
    let last = state.channels.get(&channel).and_then(|channel| channel.last_pin_ms).map(iso);
    let data = json!({"guild_id": guild, "channel_id": channel.to_string(), "last_pin_timestamp": last});
    state.channel_event("CHANNEL_PINS_UPDATE", data, channel, GUILDS, DIRECT_MESSAGES);
    if on {
        let notice = state.new_id();
        keep(state, Message::system(notice, channel, who, 6, now, Some(id)));
    }
    Ok(())
}
