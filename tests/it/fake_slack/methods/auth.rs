//! `auth.*`, `api.test`, `team.info`, `bots.info`: who the app is, and where.

use super::*;
use crate::fake_slack::state::TokenKind;
use serde_json::json;

pub const METHODS: &[Method] = &[
    Method { name: "api.test", tier: Tier::Four, scopes: &[], wants: Wants::Nothing, json: true, run: api_test },
    Method { name: "auth.test", tier: Tier::Special, scopes: &[], wants: Wants::Any, json: true, run: test },
    Method { name: "auth.revoke", tier: Tier::Three, scopes: &[], wants: Wants::Any, json: true, run: revoke },
    form("team.info", Tier::Three, &["team:read"], team_info),
    form("bots.info", Tier::Three, &["users:read"], bots_info),
];

fn api_test(_: &mut World, call: &Call) -> Answer {
    match call.args.text("error") {
        Some(error) => Err(Refused::from(error).also("args", json!(call.args.0))),
        None => Ok(json!({"args": call.args.0})),
    }
}

fn test(world: &mut World, call: &Call) -> Answer {
    if call.token.as_ref().is_some_and(|token| token.kind == TokenKind::App) {
        return Ok(json!({"app_name": world.app.name, "app_id": world.app.id}));
    }
    let team = world.team(&call.team);
    let name = team.users.get(&call.user).map(|user| user.name.clone());
    Ok(json!({
        "url": format!("https://{}.slack.com/", team.domain), "team": team.name, "user": name, "team_id": team.id,
        "user_id": call.user, "bot_id": team.bot_id, "is_enterprise_install": false,
    }))
}

fn revoke(world: &mut World, call: &Call) -> Answer {
    if call.args.flag("test") {
        return Ok(json!({"revoked": false}));
    }
    for token in world.tokens.values_mut().filter(|token| token.team == call.team && token.kind != TokenKind::App) {
        token.revoked = true;
    }
    Ok(json!({"revoked": true}))
}

fn team_info(world: &mut World, call: &Call) -> Answer {
    let team = world.team(&call.team);
    Ok(json!({"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "",
        "url": format!("https://{}.slack.com/", team.domain), "icon": {"image_default": true}}}))
}

fn bots_info(world: &mut World, call: &Call) -> Answer {
    let team = world.team(&call.team);
    match call.args.text("bot") {
        Some(bot) if bot != team.bot_id => Err("bot_not_found".into()),
        _ => Ok(json!({"bot": {"id": team.bot_id, "deleted": false, "name": world.app.name, "updated": 0,
            "app_id": world.app.id, "user_id": team.bot_user, "icons": {}}})),
    }
}
