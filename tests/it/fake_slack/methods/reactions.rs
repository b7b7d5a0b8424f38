//! `reactions.*`

use super::*;
use serde_json::{Value, json};

pub const METHODS: &[Method] = &[
    bot("reactions.add", Tier::Three, &["reactions:write"], add),
    bot("reactions.remove", Tier::Two, &["reactions:write"], remove),
    form("reactions.get", Tier::Three, &["reactions:read"], get),
];

impl World {
    /// Adds or takes away; the app is told.
    pub fn react(
        &mut self,
        team: &str,
        place: &str,
        ts: &str,
        user: &str,
        name: &str,
        on: bool,
    ) -> Result<(), Refused> {
        let known = |letter: char| letter.is_alphanumeric() || "_-+:'".contains(letter);
        if name.is_empty() || !name.chars().all(known) {
            return Err("invalid_name".into());
        }
        let event_ts = self.next_ts();
        let channel = self.team_mut(team).channel_named(place);
        let message = channel.messages.get_mut(ts).filter(|message| !message.deleted).ok_or("message_not_found")?;
        let mut all: Vec<Value> = message.body["reactions"].as_array().cloned().unwrap_or_default();
        let index = all.iter().position(|one| one["name"] == name);
        let mut users: Vec<Value> =
            index.map(|index| all[index]["users"].as_array().cloned().unwrap_or_default()).unwrap_or_default();
        let there = users.iter().any(|one| one == user);
        match (on, there) {
            (true, true) => return Err("already_reacted".into()),
            (false, false) => return Err("no_reaction".into()),
            (true, false) => users.push(json!(user)),
            (false, true) => users.retain(|one| one != user),
        }
        let entry = json!({"name": name, "users": users, "count": users.len()});
        match index {
            Some(index) if users.is_empty() => {
                all.remove(index);
            }
            Some(index) => all[index] = entry,
            None => all.push(entry),
        }
        message.body["reactions"] = json!(all);
        let event = json!({"user": user, "reaction": name, "item_user": message.body["user"],
            "item": {"type": "message", "channel": place, "ts": ts}, "event_ts": event_ts});
        self.happened(team, Some(place), if on { "reaction_added" } else { "reaction_removed" }, event);
        Ok(())
    }
}

fn change(world: &mut World, call: &Call, on: bool) -> Answer {
    let name = call.args.need("name")?.trim_matches(':').to_owned();
    let id = call.own_channel(world)?.id.clone();
    let ts = call.args.text("timestamp").ok_or("no_item_specified")?;
    world.react(&call.team, &id, ts, &call.user, &name, on)?;
    Ok(json!({}))
}

fn add(world: &mut World, call: &Call) -> Answer {
    change(world, call, true)
}

fn remove(world: &mut World, call: &Call) -> Answer {
    change(world, call, false)
}

fn get(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    let ts = call.args.text("timestamp").ok_or("no_item_specified")?;
    let message = channel.messages.get(ts).filter(|message| !message.deleted).ok_or("message_not_found")?;
    Ok(json!({"type": "message", "channel": channel.id, "message": message.body}))
}
