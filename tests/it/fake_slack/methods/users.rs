//! `users.*`: people as the app may see them.

use super::*;
use crate::fake_slack::web::page;
use serde_json::json;

pub const METHODS: &[Method] = &[
    form("users.info", Tier::Four, &["users:read"], info),
    form("users.list", Tier::Two, &["users:read"], list),
    form("users.lookupByEmail", Tier::Three, &["users:read.email"], by_email),
    form("users.getPresence", Tier::Three, &["users:read"], presence),
];

fn info(world: &mut World, call: &Call) -> Answer {
    let team = world.team(&call.team);
    let user = team.users.get(call.args.need("user")?).ok_or("user_not_found")?;
    Ok(json!({"user": team.user_json(user, call.has("users:read.email"))}))
}

fn list(world: &mut World, call: &Call) -> Answer {
    let team = world.team(&call.team);
    let email = call.has("users:read.email");
    let all = team.users.values().map(|user| team.user_json(user, email)).collect();
    let (members, cursor) = page(call.args, all, 1000, 1000)?;
    Ok(json!({"members": members, "cache_ts": world.seconds(), "response_metadata": {"next_cursor": cursor}}))
}

fn by_email(world: &mut World, call: &Call) -> Answer {
    let email = call.args.need("email")?;
    let team = world.team(&call.team);
    let same = |user: &&super::super::state::User| {
        user.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email))
    };
    // Closed accounts are not found by their address.
    let user = team.users.values().filter(|user| !user.deleted).find(same).ok_or("users_not_found")?;
    Ok(json!({"user": team.user_json(user, true)}))
}

fn presence(world: &mut World, call: &Call) -> Answer {
    let user = call.args.text("user").unwrap_or(&call.user);
    world.team(&call.team).users.get(user).ok_or("user_not_found")?;
    Ok(json!({"presence": "active"}))
}
