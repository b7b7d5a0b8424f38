//! `apps.connections.open` and `oauth.v2.access`: how an app comes in.

use super::*;
use crate::fake_slack::socket::CONNECTIONS_MAX;
use crate::fake_slack::state::TokenKind;
use crate::fake_slack::time::SECOND;
use serde_json::json;

/// How long a code is good.
const CODE_LIFE_S: i64 = 600;

pub const METHODS: &[Method] = &[
    Method {
        name: "apps.connections.open",
        // Published as tier one, which nobody's reconnecting client keeps to the letter; Slack lets bursts through.
        tier: Tier::Two,
        scopes: &["connections:write"],
        wants: Wants::App,
        json: true,
        run: connections_open,
    },
    Method { name: "oauth.v2.access", tier: Tier::Four, scopes: &[], wants: Wants::Nothing, json: false, run: access },
    Method {
        name: "oauth.v2.exchange",
        tier: Tier::Four,
        scopes: &[],
        wants: Wants::Nothing,
        json: false,
        run: access,
    },
    Method { name: "apps.uninstall", tier: Tier::One, scopes: &[], wants: Wants::Bot, json: false, run: uninstall },
];

fn connections_open(world: &mut World, _: &Call) -> Answer {
    if world.sockets.connections.len() >= CONNECTIONS_MAX {
        return Err("too_many_websockets".into());
    }
    let ticket = format!("{:032x}", world.next());
    world.sockets.tickets.insert(ticket.clone());
    let address = world.base_url.replacen("http", "ws", 1);
    Ok(json!({"url": format!("{address}/link/?ticket={ticket}&app_id={}", world.app.id)}))
}

/// An installation's code, or a refresh token, becomes an access token.
fn access(world: &mut World, call: &Call) -> Answer {
    let basic = call.headers.get("authorization").and_then(|value| value.to_str().ok());
    let (id, secret) = match basic.and_then(|value| value.strip_prefix("Basic ")).and_then(credentials) {
        Some(pair) => pair,
        None => (
            call.args.text("client_id").unwrap_or_default().to_owned(),
            call.args.text("client_secret").unwrap_or_default().to_owned(),
        ),
    };
    if id != world.app.client_id {
        return Err("invalid_client_id".into());
    }
    if secret != world.app.client_secret {
        return Err("bad_client_secret".into());
    }
    let team = match call.args.text("grant_type") {
        Some("refresh_token") => {
            let old = call.args.need("refresh_token")?.to_owned();
            let token = world.tokens.get(&old).filter(|token| token.kind == TokenKind::Refresh);
            let token = token.ok_or("invalid_refresh_token")?.clone();
            if token.revoked {
                return Err("invalid_refresh_token".into());
            }
            world.tokens.remove(&old);
            token.team
        }
        None | Some("authorization_code") => {
            // Whatever comes of it, a code is good for one try.
            let code = world.codes.remove(call.args.need("code")?).ok_or("invalid_code")?;
            if code.at + CODE_LIFE_S * SECOND < world.now() {
                return Err("invalid_code".into());
            }
            if code.redirect_uri.as_deref() != call.args.text("redirect_uri") {
                return Err("bad_redirect_uri".into());
            }
            if let Some(scopes) = code.scopes {
                world.app.scopes = scopes;
            }
            if code.team.is_empty() {
                let home = world.home().to_owned();
                let mut answer = world.install(&home);
                answer["team"] = serde_json::Value::Null;
                answer["enterprise"] = json!({"id": "E0FIREBELL", "name": "Everybody"});
                answer["is_enterprise_install"] = json!(true);
                return Ok(answer);
            }
            code.team
        }
        Some(_) => return Err("invalid_grant_type".into()),
    };
    Ok(world.install(&team))
}

fn uninstall(world: &mut World, call: &Call) -> Answer {
    for token in world.tokens.values_mut().filter(|token| token.team == call.team) {
        token.revoked = true;
    }
    world.happened(&call.team, None, "app_uninstalled", json!({}));
    Ok(json!({}))
}

impl World {
    /// Installs the app: new tokens, as `oauth.v2.access` answers them.
    pub fn install(&mut self, team: &str) -> serde_json::Value {
        let scopes = self.app.scopes.clone();
        let joined = scopes.iter().cloned().collect::<Vec<_>>().join(",");
        let there = self.team(team);
        let (bot, name) = (there.bot_user.clone(), there.name.clone());
        let expires_at = self.app.rotates_tokens.then(|| self.now() + self.app.token_life_s * SECOND);
        let prefix = if self.app.rotates_tokens { "xoxe.xoxb-1" } else { "xoxb" };
        let token = format!("{prefix}-{team}-{:012}-{:024x}", self.next(), self.next());
        let entry =
            Token { team: team.into(), kind: TokenKind::Bot, user: bot.clone(), scopes, revoked: false, expires_at };
        self.tokens.insert(token.clone(), entry.clone());
        let installer = self.team(team).users.values().find(|user| !user.is_bot).map(|user| user.id.clone());
        let mut answer = json!({
            "access_token": token, "token_type": "bot", "scope": joined, "bot_user_id": bot, "app_id": self.app.id,
            "team": {"id": team, "name": name}, "enterprise": null, "is_enterprise_install": false,
            "authed_user": {"id": installer},
        });
        if expires_at.is_some() {
            let refresh = format!("xoxe-1-{team}-{:024x}", self.next());
            let kept = Token { kind: TokenKind::Refresh, expires_at: None, ..entry };
            self.tokens.insert(refresh.clone(), kept);
            answer["refresh_token"] = json!(refresh);
            answer["expires_in"] = json!(self.app.token_life_s);
        }
        answer
    }
}

/// `client_id:client_secret` in base64.
fn credentials(text: &str) -> Option<(String, String)> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for letter in text.trim_end_matches('=').bytes() {
        let value = u32::try_from(LETTERS.iter().position(|known| *known == letter)?).ok()?;
        bits = (bits << 6) | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}
