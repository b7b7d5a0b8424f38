//! Reactions: who put which emoji under a message.

use super::{Call, Reply};
use crate::fake_discord::permissions::{ADD_REACTIONS, READ_MESSAGE_HISTORY};
use crate::fake_discord::refused::{self, Refused};
use crate::fake_discord::rest::messages::seen;
use crate::fake_discord::session::{DIRECT_MESSAGE_REACTIONS, GUILD_MESSAGE_REACTIONS};
use crate::fake_discord::state::{Id, Reaction, State};
use serde_json::json;

const EMOJIS_MAX: usize = 20;

/// An emoji of Unicode, or `name:id` of the guild's own (there are none here).
fn emoji(text: &str) -> Result<&str, Refused> {
    let plain = !text.is_empty() && !text.contains(':') && text.chars().any(|c| !c.is_ascii_alphanumeric());
    if plain { Ok(text) } else { Err(refused::unknown_emoji()) }
}

pub fn add(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let id = seen(state, channel.id, call.id("message")?)?.id;
    let emoji = emoji(call.text("emoji"))?;
    state.needs(&channel, READ_MESSAGE_HISTORY)?;
    let there = state.message(channel.id, id).is_some_and(|m| m.reactions.iter().any(|r| r.emoji == emoji));
    if !there {
        state.needs(&channel, ADD_REACTIONS)?;
    }
    react(state, channel.id, id, state.app.bot, emoji, true)?;
    Ok(Reply::Empty)
}

pub fn remove(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let id = seen(state, channel.id, call.id("message")?)?.id;
    let emoji = emoji(call.text("emoji"))?;
    react(state, channel.id, id, state.app.bot, emoji, false)?;
    Ok(Reply::Empty)
}

pub fn list(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let emoji = emoji(call.text("emoji"))?;
    let message = seen(state, channel.id, call.id("message")?)?;
    let limit = call.number("limit", 1, 100, 25)?;
    let after = call.asked("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let who = message.reactions.iter().filter(|reaction| reaction.emoji == emoji).flat_map(|reaction| &reaction.users);
    let mut who: Vec<Id> = who.copied().filter(|user| *user > after).collect();
    who.sort_unstable();
    Reply::ok(who.iter().take(limit).map(|user| state.user_json(*user)).collect())
}

/// Puts or takes an emoji, whoever does it, and tells everybody.
pub fn react(state: &mut State, channel: Id, id: Id, who: Id, emoji: &str, on: bool) -> Result<(), Refused> {
    let message = state.message_mut(channel, id).ok_or_else(refused::unknown_message)?;
    let author = message.author;
    let reactions = &mut message.reactions;
    let at = reactions.iter().position(|reaction| reaction.emoji == emoji);
    let has = at.is_some_and(|at| reactions[at].users.contains(&who));
    if has == on {
        return Ok(());
    }
    match (on, at) {
        (true, Some(at)) => reactions[at].users.push(who),
        (true, None) if reactions.len() >= EMOJIS_MAX => return Err(refused::too_many_reactions()),
        (true, None) => reactions.push(Reaction { emoji: emoji.to_string(), users: vec![who] }),
        (false, Some(at)) => reactions[at].users.retain(|user| *user != who),
        (false, None) => {}
    }
    reactions.retain(|reaction| !reaction.users.is_empty());
    let guild = state.channels.get(&channel).and_then(|channel| channel.guild);
    let mut data = json!({
        "user_id": who.to_string(), "channel_id": channel.to_string(), "message_id": id.to_string(),
        "guild_id": guild.map(|id| id.to_string()), "emoji": {"id": null, "name": emoji}, "burst": false, "type": 0,
    });
    if on {
        data["message_author_id"] = json!(author.to_string());
        if let Some(guild) = guild {
            data["member"] = state.member_json(guild, who).unwrap_or_default();
        }
    }
    let event = if on { "MESSAGE_REACTION_ADD" } else { "MESSAGE_REACTION_REMOVE" };
    state.channel_event(event, data, channel, GUILD_MESSAGE_REACTIONS, DIRECT_MESSAGE_REACTIONS);
    Ok(())
}
