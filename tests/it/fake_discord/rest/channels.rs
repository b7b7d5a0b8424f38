//! Channels: reading, changing, deleting, and who may enter. Threads change here too, as Discord has it.

use super::{Call, Reply, call::body_id};
use crate::fake_discord::permissions::{ALL, MANAGE_CHANNELS, MANAGE_ROLES, MANAGE_THREADS, SEND_MESSAGES};
use crate::fake_discord::refused::{self, Form, Refused};
use crate::fake_discord::state::{CATEGORY, Channel, Id, Overwrite, State, TEXT};
use crate::fake_discord::validate;
use serde_json::{Value, json};

pub fn get(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    Reply::ok(state.channel_json(&channel))
}

/// What can be wrong with a channel's body, new or changed.
pub fn check(form: &mut Form, body: &Value) {
    if let Some(name) = body.get("name") {
        form.text("name", name, 1, 100);
    }
    let topic_max = if body["type"] == 15 { 4_096 } else { 1_024 };
    validate::optional_text(form, "topic", &body["topic"], 0, topic_max);
    validate::optional_number(form, "rate_limit_per_user", &body["rate_limit_per_user"], 0, 21_600);
    let tags = validate::list(form, "available_tags", &body["available_tags"]);
    if tags.len() > 20 {
        form.wrong("available_tags", "BASE_TYPE_MAX_LENGTH", "Must be 20 or fewer in length.");
    }
    for (n, tag) in tags.iter().enumerate() {
        form.text(&format!("available_tags.{n}.name"), &tag["name"], 1, 20);
    }
    let overwrites = validate::list(form, "permission_overwrites", &body["permission_overwrites"]);
    for (n, overwrite) in overwrites.iter().enumerate() {
        let path = format!("permission_overwrites.{n}");
        if overwrite["id"].as_str().is_none_or(|id| id.parse::<u64>().is_err()) {
            form.wrong(&format!("{path}.id"), "NUMBER_TYPE_COERCE", "Value is not snowflake.");
        }
        for bits in ["allow", "deny"] {
            let value = &overwrite[bits];
            if !value.is_null() && value.as_str().is_none_or(|bits| bits.parse::<u64>().is_err()) {
                form.wrong(&format!("{path}.{bits}"), "BITFIELD_TYPE_CONVERT", "Not a set of permissions as a string.");
            }
        }
    }
}

/// Overwrites of a body. Whoever may not administer cannot give or take what they do not have themselves.
pub fn overwrites(state: &State, guild: Id, body: &Value) -> Result<Vec<Overwrite>, Refused> {
    let held = state.base_permissions(guild, state.app.bot);
    let list = body["permission_overwrites"].as_array().map(Vec::as_slice).unwrap_or_default();
    let bits = |value: &Value| value.as_str().and_then(|bits| bits.parse().ok()).unwrap_or(0);
    let mut read = Vec::new();
    for overwrite in list {
        let (allow, deny) = (bits(&overwrite["allow"]), bits(&overwrite["deny"]));
        if (allow | deny) & !held != 0 {
            return Err(refused::missing_permissions());
        }
        let id = body_id(&overwrite["id"], "permission_overwrites")?.unwrap_or(0);
        let known_role = state.guilds.get(&guild).is_some_and(|guild| guild.roles.contains_key(&id));
        let kind = overwrite["type"].as_u64().map_or(if known_role { 0 } else { 1 }, |kind| kind as u8);
        read.push(Overwrite { id, kind, allow, deny });
    }
    Ok(read)
}

pub fn edit(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let mut channel = call.channel(state)?;
    let Some(guild) = channel.guild else { return Err(refused::not_in_direct_messages()) };
    if channel.thread.is_some() {
        return super::threads::edit(state, call, channel);
    }
    state.needs(&channel, MANAGE_CHANNELS)?;
    let (mut form, body) = (Form::default(), &call.body);
    check(&mut form, body);
    form.finish()?;
    if let Some(name) = body["name"].as_str() {
        channel.name = named(channel.kind, name);
    }
    if body.get("topic").is_some() {
        channel.topic = body["topic"].as_str().map(str::to_string);
    }
    if body.get("parent_id").is_some() {
        channel.parent = body_id(&body["parent_id"], "parent_id")?;
        is_category(state, channel.parent)?;
    }
    if let Some(position) = body["position"].as_u64() {
        channel.position = position;
    }
    if body.get("permission_overwrites").is_some() {
        state.needs(&channel, MANAGE_ROLES)?;
        channel.overwrites = overwrites(state, guild, body)?;
    }
    if body.get("available_tags").is_some() {
        channel.tags = super::guilds::tags(state, body);
    }
    let id = channel.id;
    state.channels.insert(id, channel);
    changed(state, id, "CHANNEL_UPDATE");
    Reply::ok(state.channel_json(&state.channels[&id]))
}

/// Text channels are written in lower case with dashes; others as people write.
pub fn named(kind: u8, name: &str) -> String {
    match kind {
        TEXT | 5 => name.trim().to_lowercase().replace(' ', "-"),
        _ => name.trim().to_string(),
    }
}

pub fn is_category(state: &State, parent: Option<Id>) -> Result<(), Refused> {
    let Some(parent) = parent else { return Ok(()) };
    let mut form = Form::default();
    if state.channels.get(&parent).is_none_or(|parent| parent.kind != CATEGORY) {
        form.wrong("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist");
    }
    form.finish()
}

/// CHANNEL_… or THREAD_… about a channel as it is now.
pub fn changed(state: &mut State, id: Id, event: &str) {
    let Some(channel) = state.channels.get(&id) else { return };
    let (data, guild) = (state.channel_json(channel), channel.guild);
    if guild.is_some() {
        let all = crate::fake_discord::session::GUILDS;
        state.channel_event(event, data, id, all, all);
    }
}

pub fn delete(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    if channel.guild.is_some() {
        state.needs(&channel, if channel.thread.is_some() { MANAGE_THREADS } else { MANAGE_CHANNELS })?;
    }
    let json = state.channel_json(&channel);
    remove(state, channel.id);
    Reply::ok(json)
}

/// Takes a channel away, with its threads and messages.
pub fn remove(state: &mut State, id: Id) {
    let Some(channel) = state.channels.get(&id).cloned() else { return };
    changed(state, id, if channel.thread.is_some() { "THREAD_DELETE" } else { "CHANNEL_DELETE" });
    let threads = state.channels.values().filter(|c| c.thread.is_some() && c.parent == Some(id)).map(|c| c.id);
    for gone in threads.chain([id]).collect::<Vec<_>>() {
        state.channels.remove(&gone);
        state.messages.remove(&gone);
    }
    state.channels.values_mut().filter(|c| c.parent == Some(id)).for_each(|c| c.parent = None);
}

pub fn set_overwrite(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let mut channel = call.channel(state)?;
    let Some(guild) = channel.guild.filter(|_| channel.thread.is_none()) else {
        return Err(refused::wrong_channel_type());
    };
    state.needs(&channel, MANAGE_ROLES)?;
    let target = call.id("overwrite")?;
    let mut body = call.body.clone();
    body["id"] = json!(target.to_string());
    let all = json!({"permission_overwrites": [body]});
    let mut form = Form::default();
    check(&mut form, &all);
    form.finish()?;
    let known = &state.guilds[&guild];
    if !known.roles.contains_key(&target) && !known.members.contains_key(&target) {
        return Err(refused::unknown_overwrite());
    }
    let new = overwrites(state, guild, &all)?;
    channel.overwrites.retain(|overwrite| overwrite.id != target);
    channel.overwrites.extend(new);
    let id = channel.id;
    state.channels.insert(id, channel);
    changed(state, id, "CHANNEL_UPDATE");
    Ok(Reply::Empty)
}

pub fn remove_overwrite(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    state.needs(&channel, MANAGE_ROLES)?;
    let target = call.id("overwrite")?;
    let overwrites = &mut state.channels.get_mut(&channel.id).expect("it is there").overwrites;
    let before = overwrites.len();
    overwrites.retain(|overwrite| overwrite.id != target);
    if overwrites.len() == before {
        return Err(refused::unknown_overwrite());
    }
    changed(state, channel.id, "CHANNEL_UPDATE");
    Ok(Reply::Empty)
}

pub fn typing(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel: Channel = call.channel(state)?;
    state.needs(&channel, SEND_MESSAGES & ALL)?;
    Ok(Reply::Empty)
}
