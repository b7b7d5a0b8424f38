//! `pins.*`

use super::*;
use serde_json::{Value, json};

const PINS_MAX: usize = 100;

pub const METHODS: &[Method] = &[
    bot("pins.add", Tier::Two, &["pins:write"], add),
    bot("pins.remove", Tier::Two, &["pins:write"], remove),
    form("pins.list", Tier::Two, &["pins:read"], list),
];

impl World {
    pub fn pin(&mut self, team: &str, place: &str, ts: &str, user: &str) -> Result<(), Refused> {
        let now = self.seconds();
        let channel = self.team_mut(team).channel_named(place);
        let message = channel.messages.get(ts).filter(|message| !message.deleted).ok_or("message_not_found")?;
        let body = message.body.clone();
        if channel.pins.iter().any(|(known, ..)| known == ts) {
            return Err("already_pinned".into());
        }
        if channel.pins.len() >= PINS_MAX {
            return Err("too_many_pins".into());
        }
        channel.pins.push((ts.to_owned(), now, user.to_owned()));
        let event = json!({"user": user, "channel_id": place, "pin_count": channel.pins.len(), "pinned_info": {},
            "item": item(place, &body, now, user), "item_user": body["user"], "has_pins": true});
        self.happened(team, Some(place), "pin_added", event);
        Ok(())
    }

    pub fn unpin(&mut self, team: &str, place: &str, ts: &str, user: &str) -> Result<(), Refused> {
        let channel = self.team_mut(team).channel_named(place);
        let index = channel.pins.iter().position(|(known, ..)| known == ts).ok_or("no_pin")?;
        let (_, at, by) = channel.pins.remove(index);
        let body = channel.messages.get(ts).map(|message| message.body.clone()).unwrap_or_default();
        let count = channel.pins.len();
        let event = json!({"user": user, "channel_id": place, "pin_count": count, "pinned_info": {},
            "item": item(place, &body, at, &by), "item_user": body["user"], "has_pins": count > 0});
        self.happened(team, Some(place), "pin_removed", event);
        Ok(())
    }
}

fn item(place: &str, body: &Value, at: i64, by: &str) -> Value {
    json!({"type": "message", "channel": place, "message": body, "created": at, "created_by": by})
}

fn add(world: &mut World, call: &Call) -> Answer {
    let id = call.own_channel(world)?.id.clone();
    let ts = call.args.text("timestamp").ok_or("no_item_specified")?;
    world.pin(&call.team, &id, ts, &call.user)?;
    Ok(json!({}))
}

fn remove(world: &mut World, call: &Call) -> Answer {
    let id = call.own_channel(world)?.id.clone();
    let ts = call.args.text("timestamp").ok_or("no_item_specified")?;
    world.unpin(&call.team, &id, ts, &call.user)?;
    Ok(json!({}))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let channel = call.channel(world)?;
    let items: Vec<Value> = channel
        .pins
        .iter()
        .rev()
        .filter_map(|(ts, at, by)| channel.messages.get(ts).map(|message| item(&channel.id, &message.body, *at, by)))
        .collect();
    Ok(json!({"items": items}))
}
