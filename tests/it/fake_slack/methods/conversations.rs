//! `conversations.*` that make and name places: create, open, info, list, rename, archive, topic, purpose.

use super::*;
use crate::fake_slack::state::Noted;
use crate::fake_slack::web::page;
use serde_json::{Value, json};

const NAME_MAX: usize = 80;
const TOPIC_MAX: usize = 250;

const MANAGE: &[&str] = &["channels:manage", "groups:write", "im:write", "mpim:write"];
const READ: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];
const TOPIC: &[&str] =
    &["channels:manage", "channels:write.topic", "groups:write", "groups:write.topic", "im:write", "mpim:write"];

pub const METHODS: &[Method] = &[
    bot("conversations.create", Tier::Two, MANAGE, create),
    bot("conversations.open", Tier::Three, &["im:write", "mpim:write", "channels:manage", "groups:write"], open),
    form("conversations.info", Tier::Three, READ, info),
    form("conversations.list", Tier::Two, READ, list),
    form("users.conversations", Tier::Three, READ, list_of_user),
    bot("conversations.rename", Tier::Two, MANAGE, rename),
    bot("conversations.archive", Tier::Two, MANAGE, archive),
    bot("conversations.unarchive", Tier::Two, MANAGE, unarchive),
    bot("conversations.setTopic", Tier::Two, TOPIC, set_topic),
    bot("conversations.setPurpose", Tier::Two, TOPIC, set_purpose),
];

/// Slack's rules for the name of a channel.
pub fn check_name(name: &str) -> Result<(), Refused> {
    if name.is_empty() {
        return Err("invalid_name_required".into());
    }
    if name.chars().count() > NAME_MAX {
        return Err("invalid_name_maxlength".into());
    }
    let good = |letter: char| letter == '-' || letter == '_' || (letter.is_alphanumeric() && !letter.is_uppercase());
    if !name.chars().all(good) {
        return Err("invalid_name_specials".into());
    }
    if name.chars().all(|letter| letter == '-' || letter == '_') {
        return Err("invalid_name_punctuation".into());
    }
    Ok(())
}

fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.args.text("name").unwrap_or_default();
    check_name(name)?;
    let kind = if call.args.flag("is_private") { Kind::Private } else { Kind::Public };
    call.scope_for(kind, "manage", "write", "write")?;
    // Names of archived and of private channels are taken too.
    if world.team(&call.team).channels.values().any(|channel| channel.name == name) {
        return Err("name_taken".into());
    }
    let id = world.new_channel(&call.team, name, kind, &call.user);
    let team = world.team(&call.team);
    let answer = team.channel_json(&team.channels[&id], false);
    Ok(json!({"channel": answer}))
}

impl World {
    pub fn new_channel(&mut self, team: &str, name: &str, kind: Kind, creator: &str) -> String {
        let id = self.id(if kind == Kind::Im { "D" } else { "C" });
        let created = self.seconds();
        let members = [creator.to_owned()].into();
        let channel = Channel {
            id: id.clone(),
            name: name.into(),
            kind,
            creator: creator.into(),
            created,
            members,
            ..Channel::default()
        };
        self.team_mut(team).channels.insert(id.clone(), channel);
        if kind == Kind::Public {
            let about = json!({"channel": {"id": id, "name": name, "created": created, "creator": creator}});
            self.happened(team, None, "channel_created", about);
        }
        id
    }

    /// The direct messages of the bot with one person.
    pub fn direct(&mut self, team: &str, user: &str) -> String {
        let there = self.team(team);
        let bot = there.bot_user.clone();
        let known = there.channels.values().find(|channel| channel.kind == Kind::Im && channel.members.contains(user));
        if let Some(known) = known {
            return known.id.clone();
        }
        let id = self.new_channel(team, "", Kind::Im, &bot);
        self.team_mut(team).channel_named(&id).members.insert(user.to_owned());
        id
    }
}

fn open(world: &mut World, call: &Call) -> Answer {
    let users = call.args.list("users");
    if users.is_empty() {
        let channel = call.channel(world)?;
        return Ok(json!({"channel": {"id": channel.id}, "no_op": true, "already_open": true}));
    }
    let team = world.team(&call.team);
    for user in &users {
        match team.users.get(user) {
            None => return Err("user_not_found".into()),
            Some(user) if user.deleted => return Err("user_disabled".into()),
            Some(_) => {}
        }
    }
    let [user] = &users[..] else {
        call.scope_for(Kind::Mpim, "manage", "write", "write")?;
        let id =
            world.new_channel(&call.team, &format!("mpdm-{}", users.join("--").to_lowercase()), Kind::Mpim, &call.user);
        world.team_mut(&call.team).channel_named(&id).members.extend(users);
        return Ok(json!({"channel": {"id": id}}));
    };
    call.scope_for(Kind::Im, "manage", "write", "write")?;
    let id = world.direct(&call.team, user);
    Ok(json!({"channel": {"id": id}}))
}

fn info(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    call.scope_for(channel.kind, "read", "read", "read")?;
    Ok(json!({"channel": world.team(&call.team).channel_json(channel, call.args.flag("include_num_members"))}))
}

fn list(world: &mut World, call: &Call) -> Answer {
    listed(world, call, |_| true)
}

fn list_of_user(world: &mut World, call: &Call) -> Answer {
    let user = call.args.text("user").unwrap_or(&call.user).to_owned();
    listed(world, call, |channel| channel.members.contains(&user))
}

fn listed(world: &World, call: &Call, wanted: impl Fn(&Channel) -> bool) -> Answer {
    let types = match call.args.list("types") {
        types if types.is_empty() => vec!["public_channel".to_owned()],
        types => types,
    };
    let team = world.team(&call.team);
    let mut found = Vec::new();
    for word in &types {
        let kind = match word.as_str() {
            "public_channel" => Kind::Public,
            "private_channel" => Kind::Private,
            "im" => Kind::Im,
            "mpim" => Kind::Mpim,
            _ => return Err("invalid_types".into()),
        };
        call.scope_for(kind, "read", "read", "read")?;
        let seen =
            |channel: &&Channel| channel.kind == kind && (kind == Kind::Public || channel.members.contains(&call.user));
        let live = |channel: &&Channel| !(channel.archived && call.args.flag("exclude_archived"));
        let all = team.channels.values().filter(seen).filter(live).filter(|channel| wanted(channel));
        found.extend(all.map(|channel| team.channel_json(channel, true)));
    }
    let (channels, cursor) = page(call.args, found, 100, 1000)?;
    Ok(json!({"channels": channels, "response_metadata": {"next_cursor": cursor}}))
}

fn managed(world: &mut World, call: &Call) -> Result<String, Refused> {
    let channel = call.channel(world)?;
    call.scope_for(channel.kind, "manage", "write", "write")?;
    if channel.kind == Kind::Im || channel.kind == Kind::Mpim {
        return Err("method_not_supported_for_channel_type".into());
    }
    Ok(channel.id.clone())
}

fn rename(world: &mut World, call: &Call) -> Answer {
    let name = call.args.text("name").unwrap_or_default().to_owned();
    check_name(&name)?;
    let id = managed(world, call)?;
    if world.team(&call.team).channels.values().any(|channel| channel.name == name && channel.id != id) {
        return Err("name_taken".into());
    }
    let channel = call.own_channel(world)?;
    if channel.creator != call.user {
        return Err("not_authorized".into());
    }
    let old = std::mem::replace(&mut channel.name, name.clone());
    channel.previous_names.insert(0, old);
    let (event, created) =
        (if channel.kind == Kind::Private { "group_rename" } else { "channel_rename" }, channel.created);
    world.happened(&call.team, Some(&id), event, json!({"channel": {"id": id, "name": name, "created": created}}));
    let team = world.team(&call.team);
    Ok(json!({"channel": team.channel_json(&team.channels[&id], false)}))
}

fn archive(world: &mut World, call: &Call) -> Answer {
    let id = managed(world, call)?;
    if world.team(&call.team).channels[&id].archived {
        return Err("already_archived".into());
    }
    let channel = call.own_channel(world)?;
    channel.archived = true;
    let event = if channel.kind == Kind::Private { "group_archive" } else { "channel_archive" };
    world.happened(&call.team, Some(&id), event, json!({"channel": id, "user": call.user}));
    Ok(json!({}))
}

fn unarchive(world: &mut World, call: &Call) -> Answer {
    let id = managed(world, call)?;
    let channel = world.team_mut(&call.team).channel_named(&id);
    if !channel.archived {
        return Err("not_archived".into());
    }
    // Bots leave a channel when it is archived and cannot unarchive one that they are not in.
    if !channel.members.contains(&call.user) {
        return Err("not_in_channel".into());
    }
    channel.archived = false;
    let event = if channel.kind == Kind::Private { "group_unarchive" } else { "channel_unarchive" };
    world.happened(&call.team, Some(&id), event, json!({"channel": id, "user": call.user}));
    Ok(json!({}))
}

fn set_topic(world: &mut World, call: &Call) -> Answer {
    let topic = noted(world, call, "topic")?;
    let channel = call.own_channel(world)?;
    channel.topic = topic.clone();
    told(world, call, "channel_topic", "topic", &topic.value)
}

fn set_purpose(world: &mut World, call: &Call) -> Answer {
    let purpose = noted(world, call, "purpose")?;
    let channel = call.own_channel(world)?;
    channel.purpose = purpose.clone();
    told(world, call, "channel_purpose", "purpose", &purpose.value)
}

fn noted(world: &mut World, call: &Call, key: &str) -> Result<Noted, Refused> {
    let kind = call.channel(world)?.kind;
    if call.scope_for(kind, "manage", "write", "write").is_err() {
        call.scope_for(kind, "write.topic", "write.topic", "write")?;
    }
    let value = call.args.0.get(key).and_then(Value::as_str).ok_or_else(|| crate::fake_slack::args::missing(key))?;
    if value.chars().count() > TOPIC_MAX {
        return Err("too_long".into());
    }
    Ok(Noted { value: value.to_owned(), creator: call.user.clone(), last_set: world.seconds() })
}

/// A change of topic or purpose is a message too.
fn told(world: &mut World, call: &Call, subtype: &str, key: &str, value: &str) -> Answer {
    let id = call.channel(world)?.id.clone();
    let mut body = serde_json::Map::new();
    body.insert("subtype".into(), json!(subtype));
    body.insert("user".into(), json!(call.user));
    body.insert(key.into(), json!(value));
    body.insert("text".into(), json!(format!("set the channel {key}: {value}")));
    deliver_message(world, &call.team, &id, body);
    let team = world.team(&call.team);
    let channel = team.channel_json(&team.channels[&id], false);
    Ok(json!({"channel": channel, key: value}))
}
