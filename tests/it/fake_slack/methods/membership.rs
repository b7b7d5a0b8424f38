//! `conversations.*` about who is where: join, invite, kick, leave, members.

use super::*;
use crate::fake_slack::web::page;
use serde_json::{Value, json};

const INVITES_MAX: usize = 1_000;
const INVITE: &[&str] =
    &["channels:manage", "channels:write.invites", "groups:write", "groups:write.invites", "mpim:write"];

pub const METHODS: &[Method] = &[
    bot("conversations.join", Tier::Three, &["channels:join"], join),
    bot("conversations.invite", Tier::Three, INVITE, invite),
    bot("conversations.kick", Tier::Three, &["channels:manage", "groups:write"], kick),
    bot("conversations.leave", Tier::Three, &["channels:manage", "groups:write"], leave),
    form("conversations.members", Tier::Four, &["channels:read", "groups:read", "im:read", "mpim:read"], members),
];

impl World {
    /// A person or the bot is in the channel from now on, which is a message and an event.
    pub fn enter(&mut self, team: &str, place: &str, user: &str, inviter: Option<&str>) {
        let channel = self.team_mut(team).channel_named(place);
        if !channel.members.insert(user.to_owned()) {
            return;
        }
        let kind = channel.kind;
        let mut event = json!({"user": user, "channel": place, "team": team,
            "channel_type": if kind == Kind::Private { "G" } else { "C" }});
        let mut said = serde_json::Map::new();
        said.insert("subtype".into(), json!(if kind == Kind::Private { "group_join" } else { "channel_join" }));
        said.insert("user".into(), json!(user));
        said.insert("text".into(), json!(format!("<@{user}> has joined the channel")));
        if let Some(inviter) = inviter {
            event["inviter"] = json!(inviter);
            said.insert("inviter".into(), json!(inviter));
        }
        self.happened(team, Some(place), "member_joined_channel", event);
        deliver_message(self, team, place, said);
    }

    pub fn depart(&mut self, team: &str, place: &str, user: &str) {
        let kind = self.team_mut(team).channel_named(place).kind;
        let kind = if kind == Kind::Private { "G" } else { "C" };
        let event = json!({"user": user, "channel": place, "team": team, "channel_type": kind});
        self.happened(team, Some(place), "member_left_channel", event);
        self.team_mut(team).channel_named(place).members.remove(user);
    }
}

fn join(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    if channel.kind != Kind::Public {
        return Err("method_not_supported_for_channel_type".into());
    }
    if channel.archived {
        return Err("is_archived".into());
    }
    let (id, there) = (channel.id.clone(), channel.members.contains(&call.user));
    world.enter(&call.team, &id, &call.user, None);
    let team = world.team(&call.team);
    let mut answer = json!({"channel": team.channel_json(&team.channels[&id], false)});
    if there {
        answer["warning"] = json!("already_in_channel");
        answer["response_metadata"] = json!({"warnings": ["already_in_channel"]});
    }
    Ok(answer)
}

fn invite(world: &mut World, call: &Call) -> Answer {
    let kind = call.channel(world)?.kind;
    if call.scope_for(kind, "manage", "write", "write").is_err() {
        call.scope_for(kind, "write.invites", "write.invites", "write")?;
    }
    let users = call.args.list("users");
    if users.is_empty() {
        return Err("no_user".into());
    }
    if users.len() > INVITES_MAX {
        return Err("too_many_users".into());
    }
    let channel = call.own_channel(world)?.clone();
    let team = world.team(&call.team);
    let mut good = Vec::new();
    let mut errors: Vec<Value> = Vec::new();
    for user in &users {
        let error = match team.users.get(user) {
            _ if *user == call.user => Some("cant_invite_self"),
            None => Some("user_not_found"),
            // Slack says so of people whose account is closed.
            Some(known) if known.deleted => Some("cant_invite"),
            Some(_) if channel.members.contains(user) => Some("already_in_channel"),
            Some(_) => None,
        };
        match error {
            Some(error) => errors.push(json!({"user": user, "ok": false, "error": error})),
            None => good.push(user.clone()),
        }
    }
    if let Some(first) = errors.first() {
        // Nobody is invited when one cannot be, unless the caller says `force`.
        if !call.args.flag("force") || good.is_empty() {
            let word = first["error"].as_str().unwrap_or_default();
            return Err(Refused::from(word).also("errors", json!(errors)));
        }
    }
    for user in good {
        world.enter(&call.team, &channel.id, &user, Some(&call.user));
    }
    let team = world.team(&call.team);
    let mut answer = json!({"channel": team.channel_json(&team.channels[&channel.id], false)});
    if !errors.is_empty() {
        answer["errors"] = json!(errors);
    }
    Ok(answer)
}

fn kick(world: &mut World, call: &Call) -> Answer {
    let kind = call.channel(world)?.kind;
    call.scope_for(kind, "manage", "write", "write")?;
    let user = call.args.need("user")?.to_owned();
    if user == call.user {
        return Err("cant_kick_self".into());
    }
    if !world.team(&call.team).users.contains_key(&user) {
        return Err("user_not_found".into());
    }
    let channel = call.own_channel(world)?;
    if !channel.members.contains(&user) {
        return Err("not_in_channel".into());
    }
    let id = channel.id.clone();
    world.depart(&call.team, &id, &user);
    Ok(json!({}))
}

fn leave(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    let (id, there) = (channel.id.clone(), channel.members.contains(&call.user));
    if !there {
        return Ok(json!({"not_in_channel": true}));
    }
    world.depart(&call.team, &id, &call.user);
    Ok(json!({}))
}

fn members(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    call.scope_for(channel.kind, "read", "read", "read")?;
    let all = channel.members.iter().map(|user| json!(user)).collect();
    let (members, cursor) = page(call.args, all, 100, 1000)?;
    Ok(json!({"members": members, "response_metadata": {"next_cursor": cursor}}))
}
