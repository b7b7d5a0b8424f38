//! `views.*`: modals on a trigger, and the home tab.

use super::*;
use crate::fake_slack::judge;
use crate::fake_slack::state::View;
use crate::fake_slack::time::SECOND;
use serde_json::{Value, json};

/// How long a trigger is good for.
pub const TRIGGER_US: i64 = 3 * SECOND;

/// How many modals lie on each other at most.
const STACK_MAX: usize = 3;

pub const METHODS: &[Method] = &[
    bot("views.open", Tier::Four, &[], open),
    bot("views.push", Tier::Four, &[], push),
    bot("views.update", Tier::Four, &[], update),
    bot("views.publish", Tier::Four, &[], publish),
];

fn given(call: &Call, kind: &str) -> Result<Value, Refused> {
    let view = call.args.json("view")?.ok_or_else(|| crate::fake_slack::args::missing("view"))?;
    let found = judge::view(&view, kind);
    if found.is_empty() { Ok(view) } else { Err(Refused::with("invalid_arguments", &found)) }
}

/// Uses up the trigger: whose it is, and the modal it came from.
fn pull(world: &mut World, call: &Call) -> Result<(String, Option<String>), Refused> {
    let now = world.now();
    let id = call.args.text("trigger_id").or(call.args.text("interactivity_pointer"));
    let id = id.ok_or_else(|| crate::fake_slack::args::missing("trigger_id"))?;
    let trigger = world.triggers.get_mut(id).filter(|trigger| trigger.team == call.team).ok_or("invalid_trigger_id")?;
    if now - trigger.at > TRIGGER_US {
        return Err("expired_trigger_id".into());
    }
    if trigger.used {
        return Err("exchanged_trigger_id".into());
    }
    trigger.used = true;
    Ok((trigger.user.clone(), trigger.view.clone()))
}

fn open(world: &mut World, call: &Call) -> Answer {
    let view = given(call, "modal")?;
    let (user, _) = pull(world, call)?;
    unique(world, call, &view, None)?;
    let id = open_view(world, &call.team, &user, view, None);
    Ok(json!({"view": world.team(&call.team).views[&id].body}))
}

fn push(world: &mut World, call: &Call) -> Answer {
    let view = given(call, "modal")?;
    let (user, from) = pull(world, call)?;
    let from = from.ok_or("invalid_trigger_id")?;
    unique(world, call, &view, None)?;
    let stack = world.team(&call.team).modals.get(&user).map_or(0, Vec::len);
    if stack >= STACK_MAX {
        return Err("push_limit_reached".into());
    }
    let id = open_view(world, &call.team, &user, view, Some(&from));
    Ok(json!({"view": world.team(&call.team).views[&id].body}))
}

fn unique(world: &World, call: &Call, view: &Value, except: Option<&str>) -> Result<(), Refused> {
    let Some(external) = view["external_id"].as_str().filter(|id| !id.is_empty()) else { return Ok(()) };
    let same =
        |known: &&View| known.body["external_id"] == external && !known.closed && known.body["id"].as_str() != except;
    match world.team(&call.team).views.values().find(same) {
        Some(_) => Err("duplicate_external_id".into()),
        None => Ok(()),
    }
}

/// A modal lies on top for this person from now on.
pub fn open_view(world: &mut World, team: &str, user: &str, view: Value, on: Option<&str>) -> String {
    let id = world.id("V");
    let body = filled(world, team, &id, view, on);
    let there = world.team_mut(team);
    there.views.insert(id.clone(), View { user: user.to_owned(), body, closed: false });
    let stack = there.modals.entry(user.to_owned()).or_default();
    if on.is_none() {
        stack.clear();
    }
    stack.push(id.clone());
    id
}

/// The view as Slack answers it.
fn filled(world: &mut World, team: &str, id: &str, mut view: Value, on: Option<&str>) -> Value {
    let hash = format!("{}.{:08x}", world.seconds(), world.next());
    let there = world.team(team);
    let root = on.and_then(|on| there.views.get(on)).map(|below| below.body["root_view_id"].clone());
    let blocks = view["blocks"].take();
    view["blocks"] = judge::with_block_ids(blocks);
    for (key, value) in [
        ("id", json!(id)),
        ("team_id", json!(team)),
        ("app_id", json!(world.app.id)),
        ("app_installed_team_id", json!(team)),
        ("bot_id", json!(there.bot_id)),
        ("hash", json!(hash)),
        ("state", json!({"values": {}})),
        ("root_view_id", root.unwrap_or_else(|| json!(id))),
        ("previous_view_id", json!(on)),
    ] {
        view[key] = value;
    }
    for (key, usual) in [
        ("private_metadata", json!("")),
        ("callback_id", json!("")),
        ("external_id", json!("")),
        ("clear_on_close", json!(false)),
        ("notify_on_close", json!(false)),
        ("close", Value::Null),
        ("submit", Value::Null),
    ] {
        if view.get(key).is_none() {
            view[key] = usual;
        }
    }
    view
}

/// Exchanges what a view shows.
pub fn update_view(world: &mut World, team: &str, id: &str, view: Value) {
    let below = world.team(team).views[id].body["previous_view_id"].as_str().map(str::to_owned);
    let root = world.team(team).views[id].body["root_view_id"].clone();
    let mut body = filled(world, team, id, view, below.as_deref());
    body["root_view_id"] = root;
    if let Some(known) = world.team_mut(team).views.get_mut(id) {
        known.body = body;
    }
}

/// Closes the modal on top, or all of them.
pub fn close_modals(world: &mut World, team: &str, user: &str, all: bool) {
    let there = world.team_mut(team);
    let stack = there.modals.entry(user.to_owned()).or_default();
    while let Some(id) = stack.pop() {
        if let Some(view) = there.views.get_mut(&id) {
            view.closed = true;
        }
        if !all {
            break;
        }
    }
}

fn update(world: &mut World, call: &Call) -> Answer {
    let team = world.team(&call.team);
    let id = match (call.args.text("view_id"), call.args.text("external_id")) {
        (Some(id), _) => team.views.get(id).map(|_| id.to_owned()),
        (None, Some(external)) => {
            let found = team.views.iter().find(|(_, view)| view.body["external_id"] == external && !view.closed);
            found.map(|(id, _)| id.clone())
        }
        (None, None) => return Err(crate::fake_slack::args::missing("view_id")),
    };
    let known = id.and_then(|id| team.views.get(&id).map(|view| (id, view.clone())));
    let (id, known) = known.filter(|(_, view)| !view.closed).ok_or("not_found")?;
    let view = given(call, known.body["type"].as_str().unwrap_or("modal"))?;
    if call.args.text("hash").is_some_and(|hash| known.body["hash"] != hash) {
        return Err("hash_conflict".into());
    }
    unique(world, call, &view, Some(&id))?;
    update_view(world, &call.team, &id, view);
    Ok(json!({"view": world.team(&call.team).views[&id].body}))
}

fn publish(world: &mut World, call: &Call) -> Answer {
    let user = call.args.need("user_id")?.to_owned();
    let view = given(call, "home")?;
    let team = world.team(&call.team);
    match team.users.get(&user) {
        None => return Err(Refused::with("invalid_arguments", &["[ERROR] user_id is unknown".to_owned()])),
        Some(known) if known.deleted || known.is_bot => return Err("invalid_arguments".into()),
        Some(_) => {}
    }
    let old = team.homes.get(&user).cloned();
    let stale = |old: &String| call.args.text("hash").is_some_and(|hash| team.views[old].body["hash"] != hash);
    if old.as_ref().is_some_and(stale) {
        return Err("hash_conflict".into());
    }
    let id = match old {
        Some(id) => {
            update_view(world, &call.team, &id, view);
            id
        }
        None => {
            let id = world.id("V");
            let body = filled(world, &call.team, &id, view, None);
            let team = world.team_mut(&call.team);
            team.views.insert(id.clone(), View { user: user.clone(), body, closed: false });
            team.homes.insert(user, id.clone());
            id
        }
    };
    Ok(json!({"view": world.team(&call.team).views[&id].body}))
}
