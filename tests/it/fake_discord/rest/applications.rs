//! Who the application is, where its gateway is, and the people it meets outside of a guild.

use super::{Call, Reply, call::body_id};
use crate::fake_discord::permissions::BOT;
use crate::fake_discord::refused::{self, Form, Refused};
use crate::fake_discord::state::{Channel, DIRECT, State};
use serde_json::{Value, json};

/// Flags of the application: which privileged intents it was granted.
fn flags(state: &State) -> u64 {
    let granted = |intent: u64, flag: u64| if state.app.granted_intents & intent != 0 { flag } else { 0 };
    granted(1 << 8, 1 << 13) | granted(1 << 1, 1 << 15) | granted(1 << 15, 1 << 19)
}

fn socket_url(state: &State) -> String {
    state.url.replacen("http", "ws", 1)
}

pub fn gateway(state: &mut State, _: &Call) -> Result<Reply, Refused> {
    Reply::ok(json!({"url": socket_url(state)}))
}

pub fn gateway_bot(state: &mut State, _: &Call) -> Result<Reply, Refused> {
    let sessions = &state.sessions;
    Reply::ok(json!({
        "url": socket_url(state), "shards": sessions.shards,
        "session_start_limit": {
            "total": sessions.starts_total, "remaining": sessions.starts_left, "reset_after": 14_400_000, "max_concurrency": 1,
        },
    }))
}

impl State {
    pub fn current_user_json(&self) -> Value {
        let mut user = self.user_json(self.app.bot);
        user["verified"] = json!(true);
        user["mfa_enabled"] = json!(true);
        user["email"] = Value::Null;
        user["flags"] = json!(0);
        user
    }
}

pub fn me(state: &mut State, _: &Call) -> Result<Reply, Refused> {
    let app = &state.app;
    Reply::ok(json!({
        "id": app.id.to_string(), "name": app.name, "icon": null, "description": "", "bot_public": false,
        "bot_require_code_grant": false, "verify_key": app.public_key, "flags": flags(state), "team": null,
        "bot": state.user_json(app.bot), "interactions_endpoint_url": app.interactions_url, "approximate_guild_count": state.guilds.len(),
        "install_params": {"scopes": ["applications.commands", "bot"], "permissions": BOT.to_string()},
        "owner": state.users.values().next().map(|user| state.user_json(user.id)),
    }))
}

/// The interactions endpoint is set elsewhere (`Discord::delivers_to`), since it is asked before it is believed.
pub fn edit_me(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    if !call.body["interactions_endpoint_url"].is_null() {
        let mut form = Form::default();
        form.wrong(
            "interactions_endpoint_url",
            "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID",
            "Set it by the test's hand",
        );
        form.finish()?;
    }
    me(state, call)
}

pub fn current_user(state: &mut State, _: &Call) -> Result<Reply, Refused> {
    Reply::ok(state.current_user_json())
}

pub fn my_guilds(state: &mut State, _: &Call) -> Result<Reply, Refused> {
    let bot = state.app.bot;
    let mine = state.guilds.values().filter(|guild| guild.members.contains_key(&bot));
    Reply::ok(
        mine.map(|guild| {
            json!({
                "id": guild.id.to_string(), "name": guild.name, "icon": null, "banner": null, "owner": false,
                "permissions": state.base_permissions(guild.id, bot).to_string(), "features": [],
            })
        })
        .collect(),
    )
}

pub fn user(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let id = call.id("user")?;
    if state.users.contains_key(&id) { Reply::ok(state.user_json(id)) } else { Err(refused::unknown_user()) }
}

/// The channel with one person: always the same one.
pub fn direct_channel(state: &mut State, call: &Call) -> Result<Reply, Refused> {
    let user = body_id(&call.body["recipient_id"], "recipient_id")?.unwrap_or(0);
    let person = state.users.get(&user).ok_or_else(refused::unknown_user)?;
    if person.bot || !person.takes_messages {
        return Err(refused::cannot_message_user());
    }
    let old = state.channels.values().find(|channel| channel.kind == DIRECT && channel.recipients == [user]);
    let id = match old {
        Some(channel) => channel.id,
        None => {
            let id = state.new_id();
            let channel = Channel { recipients: vec![user], ..Channel::new(id, DIRECT, "") };
            state.channels.insert(id, channel);
            id
        }
    };
    Reply::ok(state.channel_json(&state.channels[&id]))
}
