//! Threads: beside a channel, under a message, or as posts of a forum; archiving, locking, who is inside.

use super::channels::changed;
use super::{Call, Reply};
use crate::fake_discord::permissions::{
    CREATE_PRIVATE_THREADS, CREATE_PUBLIC_THREADS, MANAGE_THREADS, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
};
use crate::fake_discord::refused::{self, Form, Refused};
use crate::fake_discord::rest::messages::{post, seen};
use crate::fake_discord::state::{
    ANNOUNCEMENT, ANNOUNCEMENT_THREAD, Channel, FORUM, Id, PRIVATE_THREAD, PUBLIC_THREAD, State, TEXT, Thread,
};
use crate::fake_discord::time::iso;
use crate::fake_discord::validate::message::Sent;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ARCHIVES_AFTER: [u64; 4] = [60, 1_440, 4_320, 10_080];

fn check(body: &Value, new: bool) -> Result<(), Refused> {
    let mut form = Form::default();
    if new || body.get("name").is_some() {
        form.text("name", &body["name"], 1, 100);
    }
    let after = &body["auto_archive_duration"];
    if !after.is_null() && !after.as_u64().is_some_and(|after| ARCHIVES_AFTER.contains(&after)) {
        form.wrong("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of (60, 1440, 4320, 10080).");
    }
    form.finish()
}

/// Makes the thread and tells everybody; whoever makes it is inside.
fn make(state: &mut State, parent: &Channel, kind: u8, id: Option<Id>, body: &Value, tags: Vec<Id>) -> Id {
    let (id, bot, now) = (id.unwrap_or_else(|| state.new_id()), state.app.bot, state.now_ms());
    let thread = Thread {
        archived: false,
        locked: false,
        invitable: body["invitable"].as_bool().unwrap_or(true),
        auto_archive_minutes: body["auto_archive_duration"].as_u64().unwrap_or(4_320),
        changed_ms: now,
        members: BTreeSet::from([bot]),
        tags,
    };
    let channel = Channel {
        guild: parent.guild,
        parent: Some(parent.id),
        owner: Some(bot),
        thread: Some(thread),
        ..Channel::new(id, kind, body["name"].as_str().unwrap_or_default())
    };
    state.channels.insert(id, channel);
    changed(state, id, "THREAD_CREATE");
    id
}

pub fn from_message(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    let message = seen(state, channel.id, call.id("message")?)?.id;
    check(&call.body, true)?;
    if !matches!(channel.kind, TEXT | ANNOUNCEMENT) {
        return Err(refused::wrong_channel_type());
    }
    state.needs(&channel, CREATE_PUBLIC_THREADS)?;
    if state.channels.contains_key(&message) {
        return Err(refused::thread_exists());
    }
    let kind = if channel.kind == ANNOUNCEMENT { ANNOUNCEMENT_THREAD } else { PUBLIC_THREAD };
    // The thread has the id of the message that it hangs from.
    let id = make(state, &channel, kind, Some(message), &call.body, Vec::new());
    Ok(Reply::Json(201, state.channel_json(&state.channels[&id])))
}

pub fn create(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = call.channel(state)?;
    check(&call.body, true)?;
    if channel.kind == FORUM {
        return post_in_forum(state, call, &channel);
    }
    if !matches!(channel.kind, TEXT | ANNOUNCEMENT) {
        return Err(refused::wrong_channel_type());
    }
    let kind = call.body["type"].as_u64().unwrap_or(u64::from(PRIVATE_THREAD)) as u8;
    if !matches!(kind, PUBLIC_THREAD | PRIVATE_THREAD) {
        return Err(refused::wrong_channel_type());
    }
    state.needs(&channel, if kind == PRIVATE_THREAD { CREATE_PRIVATE_THREADS } else { CREATE_PUBLIC_THREADS })?;
    let id = make(state, &channel, kind, None, &call.body, Vec::new());
    Ok(Reply::Json(201, state.channel_json(&state.channels[&id])))
}

/// A post is a thread and its first message, which share their id.
fn post_in_forum(state: &mut State, call: &Call, forum: &Channel) -> Result<Reply, Refused> {
    state.needs(forum, SEND_MESSAGES)?;
    let mut form = Form::default();
    if !call.body["message"].is_object() {
        form.required("message");
    }
    let tags = tags_of(&mut form, forum, &call.body);
    form.finish()?;
    if forum.needs_tag && tags.is_empty() {
        return Err(refused::tag_required());
    }
    let draft = state.draft(&call.body["message"], &call.files, Sent::ToChannel, "message")?;
    let id = make(state, forum, PUBLIC_THREAD, None, &call.body, tags);
    let thread = state.channels[&id].clone();
    let bot = state.app.bot;
    let first = post(state, &thread, bot, draft, None);
    // Discord gives the first message the thread's id.
    if let Some(mut message) = state.messages.get_mut(&id).and_then(|messages| messages.remove(&first)) {
        message.id = id;
        state.messages.entry(id).or_default().insert(id, message);
        state.channels.get_mut(&id).expect("just made").last_message = Some(id);
    }
    let mut json = state.channel_json(&state.channels[&id]);
    json["message"] = state.message_json(state.message(id, id).expect("just written"));
    Ok(Reply::Json(201, json))
}

fn tags_of(form: &mut Form, forum: &Channel, body: &Value) -> Vec<Id> {
    let listed = crate::fake_discord::validate::list(form, "applied_tags", &body["applied_tags"]);
    if listed.len() > 5 {
        form.wrong("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.");
    }
    let ids: Vec<Id> = listed.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
    if ids.len() != listed.len() || ids.iter().any(|id| !forum.tags.iter().any(|tag| tag.id == *id)) {
        form.wrong("applied_tags", "FORUM_TAG_UNKNOWN", "A tag is not one of the forum's");
    }
    ids
}

/// PATCH of a thread: name, archived, locked, invitable, tags.
pub fn edit(state: &mut State, call: &Call, mut channel: Channel) -> Result<Reply, Refused> {
    let body = &call.body;
    check(body, false)?;
    let forum =
        channel.parent.and_then(|parent| state.channels.get(&parent)).filter(|parent| parent.kind == FORUM).cloned();
    let thread = channel.thread.as_mut().expect("the caller has looked");
    let opens_only = thread.archived
        && !thread.locked
        && body["archived"] == false
        && body.as_object().is_some_and(|fields| fields.len() == 1);
    let mine = channel.owner == Some(state.app.bot);
    let locks = !body["locked"].is_null();
    if thread.archived && body["archived"] != false {
        return Err(refused::archived());
    }
    let now = state.now_ms();
    if let Some(name) = body["name"].as_str() {
        channel.name = name.to_string();
    }
    if let Some(archived) = body["archived"].as_bool() {
        thread.changed_ms = if archived == thread.archived { thread.changed_ms } else { now };
        thread.archived = archived;
    }
    thread.locked = body["locked"].as_bool().unwrap_or(thread.locked);
    thread.invitable = body["invitable"].as_bool().unwrap_or(thread.invitable);
    thread.auto_archive_minutes = body["auto_archive_duration"].as_u64().unwrap_or(thread.auto_archive_minutes);
    if body.get("applied_tags").is_some() {
        let Some(forum) = &forum else { return Err(refused::wrong_channel_type()) };
        let mut form = Form::default();
        thread.tags = tags_of(&mut form, forum, body);
        form.finish()?;
    }
    // Whoever made a thread may change it, but not lock it; whoever may write there may open it again.
    match (opens_only, mine && !locks) {
        (true, _) => state.needs(&channel, SEND_MESSAGES_IN_THREADS)?,
        (_, true) => {}
        _ => state.needs(&channel, MANAGE_THREADS)?,
    }
    let id = channel.id;
    state.channels.insert(id, channel);
    changed(state, id, "THREAD_UPDATE");
    Reply::ok(state.channel_json(&state.channels[&id]))
}

/// A message opens an archived thread again.
pub fn reopen(state: &mut State, id: Id) {
    let now = state.now_ms();
    let thread = state.channels.get_mut(&id).and_then(|channel| channel.thread.as_mut());
    let Some(thread) = thread.filter(|thread| thread.archived) else { return };
    (thread.archived, thread.changed_ms) = (false, now);
    changed(state, id, "THREAD_UPDATE");
}

fn thread(state: &State, call: &Call) -> Result<Channel, Refused> {
    let channel = call.channel(state)?;
    if channel.thread.is_some() { Ok(channel) } else { Err(refused::wrong_channel_type()) }
}

fn inside(state: &mut State, channel: &Channel, user: Id, on: bool) -> Result<Reply, Refused> {
    if channel.thread.as_ref().is_some_and(|thread| thread.archived) {
        return Err(refused::archived());
    }
    let thread = state.channels.get_mut(&channel.id).and_then(|c| c.thread.as_mut()).expect("it is there");
    let changes = if on { thread.members.insert(user) } else { thread.members.remove(&user) };
    if changes {
        let count = thread.members.len();
        let member = json!({"id": channel.id.to_string(), "user_id": user.to_string(), "join_timestamp": iso(state.now_ms()), "flags": 0});
        let (added, removed) = if on { (vec![member], vec![]) } else { (vec![], vec![user.to_string()]) };
        let data = json!({
            "id": channel.id.to_string(), "guild_id": channel.guild.map(|id| id.to_string()), "member_count": count,
            "added_members": added, "removed_member_ids": removed,
        });
        let all = crate::fake_discord::session::GUILDS;
        state.channel_event("THREAD_MEMBERS_UPDATE", data, channel.id, all, all);
    }
    Ok(Reply::Empty)
}

pub fn join(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = thread(state, call)?;
    inside(state, &channel, state.app.bot, true)
}

pub fn add_member(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let (channel, user) = (thread(state, call)?, call.id("user")?);
    state.needs(&channel, SEND_MESSAGES_IN_THREADS)?;
    let guild = channel.guild.and_then(|id| state.guilds.get(&id));
    if guild.is_none_or(|guild| !guild.members.contains_key(&user)) {
        return Err(refused::unknown_user());
    }
    inside(state, &channel, user, true)
}

pub fn remove_member(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = thread(state, call)?;
    let bot = state.app.bot;
    let user = if call.text("user") == "@me" { bot } else { call.id("user")? };
    if user != bot && !(channel.kind == PRIVATE_THREAD && channel.owner == Some(bot)) {
        state.needs(&channel, MANAGE_THREADS)?;
    }
    inside(state, &channel, user, false)
}

pub fn members(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let channel = thread(state, call)?;
    let all = channel.thread.iter().flat_map(|thread| &thread.members);
    let at = iso(crate::fake_discord::wire_json::created_ms(channel.id));
    Reply::ok(
        all.map(
            |user| json!({"id": channel.id.to_string(), "user_id": user.to_string(), "join_timestamp": at, "flags": 0}),
        )
        .collect(),
    )
}

pub fn active(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let guild = call.id("guild")?;
    state.my_guild(guild)?;
    list(state, |channel| channel.guild == Some(guild), false)
}

pub fn archived(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let parent = call.channel(state)?.id;
    list(state, |channel| channel.parent == Some(parent) && channel.kind != PRIVATE_THREAD, true)
}

fn list(state: &State, of: impl Fn(&Channel) -> bool, archived: bool) -> Result<Reply, Refused> {
    let bot = state.app.bot;
    let fits = |c: &&Channel| {
        of(c) && c.thread.as_ref().is_some_and(|t| t.archived == archived) && state.permissions(bot, c) != 0
    };
    let threads: Vec<Value> = state.channels.values().filter(fits).map(|channel| state.channel_json(channel)).collect();
    Reply::ok(json!({"threads": threads, "members": [], "has_more": false}))
}
