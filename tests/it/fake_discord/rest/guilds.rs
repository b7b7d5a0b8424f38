//! A guild: its channels, roles and members.

use super::channels::{check, is_category, named, overwrites};
use super::{Call, Reply, call::body_id};
use crate::fake_discord::judge;
use crate::fake_discord::permissions::{MANAGE_CHANNELS, MANAGE_ROLES};
use crate::fake_discord::refused::{self, Form, Refused};
use crate::fake_discord::state::{ANNOUNCEMENT, CATEGORY, Channel, FORUM, Id, State, TEXT, Tag, VOICE};
use crate::fake_discord::wire_json;
use serde_json::{Value, json};

fn guild(state: &State, call: &Call) -> Result<Id, Refused> {
    let id = call.id("guild")?;
    state.my_guild(id).map(|()| id)
}

pub fn get(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = guild(state, call)?;
    let mut json = state.guild_json(&state.guilds[&id]);
    if call.asked("with_counts") == Some("true") {
        json["approximate_member_count"] = json!(state.guilds[&id].members.len());
        json["approximate_presence_count"] = json!(0);
    }
    Reply::ok(json)
}

/// Without threads. Those that the bot does not see are listed too, as Discord does.
pub fn channels(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = guild(state, call)?;
    let all = state.channels.values().filter(|channel| channel.guild == Some(id) && channel.thread.is_none());
    Reply::ok(all.map(|channel| state.channel_json(channel)).collect())
}

pub fn create_channel(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = guild(state, call)?;
    let held = state.base_permissions(id, state.app.bot);
    if held & MANAGE_CHANNELS == 0 {
        return Err(refused::missing_permissions());
    }
    let (mut form, body) = (Form::default(), &call.body);
    if body.get("name").is_none() {
        form.required("name");
    }
    check(&mut form, body);
    let kind = body["type"].as_u64().unwrap_or(0);
    if ![TEXT, VOICE, CATEGORY, ANNOUNCEMENT, FORUM].map(u64::from).contains(&kind) {
        form.wrong("type", "BASE_TYPE_CHOICES", "Value must be one of {0, 2, 4, 5, 13, 15, 16}.");
    }
    form.finish()?;
    if state.channels.values().filter(|channel| channel.guild == Some(id) && channel.thread.is_none()).count() >= 500 {
        return Err(refused::too_many_channels());
    }
    let parent = body_id(&body["parent_id"], "parent_id")?;
    is_category(state, parent)?;
    if body["permission_overwrites"].as_array().is_some_and(|list| !list.is_empty()) && held & MANAGE_ROLES == 0 {
        return Err(refused::missing_permissions());
    }
    let own = overwrites(state, id, body)?;
    let inherited = parent.map(|parent| state.channels[&parent].overwrites.clone()).unwrap_or_default();
    let kind = u8::try_from(kind).expect("checked above");
    let name = named(kind, body["name"].as_str().unwrap_or_default());
    judge::channel_by_twilight(&name, body["topic"].as_str()).into_iter().for_each(|said| state.problem(said));
    let channel = Channel {
        guild: Some(id),
        parent,
        topic: body["topic"].as_str().map(str::to_string),
        position: state.channels.len() as u64,
        overwrites: if body["permission_overwrites"].is_null() { inherited } else { own },
        tags: tags(state, body),
        ..Channel::new(0, kind, &name)
    };
    let id = new_channel(state, channel);
    Ok(Reply::Json(201, state.channel_json(&state.channels[&id])))
}

/// Gives a channel its id, keeps it and tells those who see it.
pub fn new_channel(state: &mut State, mut channel: Channel) -> Id {
    channel.id = state.new_id();
    let id = channel.id;
    state.channels.insert(id, channel);
    super::channels::changed(state, id, "CHANNEL_CREATE");
    id
}

/// Tags of a forum; those that are there keep their ids.
pub fn tags(state: &mut State, body: &Value) -> Vec<Tag> {
    let list = body["available_tags"].as_array().cloned().unwrap_or_default();
    let tags = list.iter().map(|tag| Tag {
        id: tag["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| state.new_id()),
        name: tag["name"].as_str().unwrap_or_default().to_string(),
        moderated: tag["moderated"].as_bool().unwrap_or(false),
        emoji: tag["emoji_name"].as_str().map(str::to_string),
    });
    tags.collect()
}

pub fn roles(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = guild(state, call)?;
    Reply::ok(state.guilds[&id].roles.values().map(wire_json::role).collect())
}

/// Needs the privileged members intent.
pub fn members(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = guild(state, call)?;
    if state.app.granted_intents & crate::fake_discord::session::GUILD_MEMBERS == 0 {
        return Err(refused::missing_access());
    }
    let limit = call.number("limit", 1, 1_000, 1)?;
    let after = call.asked("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let next = state.guilds[&id].members.keys().filter(|user| **user > after).take(limit);
    Reply::ok(next.filter_map(|user| state.member_json(id, *user)).collect())
}

pub fn search_members(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = guild(state, call)?;
    let limit = call.number("limit", 1, 1_000, 1)?;
    let query = call.asked("query").unwrap_or_default().to_lowercase();
    let guild = &state.guilds[&id];
    let named = guild.members.iter().filter(|(user, member)| {
        let names = [state.users.get(user).map(|user| user.name.as_str()), member.nick.as_deref()];
        names.into_iter().flatten().any(|name| name.to_lowercase().starts_with(&query))
    });
    Reply::ok(named.take(limit).filter_map(|(user, _)| state.member_json(id, *user)).collect())
}

pub fn member(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let (id, user) = (guild(state, call)?, call.id("user")?);
    match state.member_json(id, user) {
        Some(member) => Reply::ok(member),
        None if state.users.contains_key(&user) => Err(refused::unknown_member()),
        None => Err(refused::unknown_user()),
    }
}
