//! What the app is told: slash commands, interactions and events, in Slack's words.
//!
//! It never decides how they travel: `socket` and `http` do.

use super::state::{Channel, Hook, Kind, Trigger, World};
use super::time::{SECOND, ts_of};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Command,
    Interactive,
    Event,
}

/// One thing to be told. Who asked hears what the app answered.
#[derive(Debug)]
pub struct Parcel {
    pub sort: Sort,
    pub payload: Value,
    pub team: String,
    pub channel: String,
    pub user: String,
    /// The modal that was submitted.
    pub view: Option<String>,
    pub reply: Option<oneshot::Sender<Reply>>,
    /// 0 for the first try.
    pub attempt: u32,
    pub reason: Option<&'static str>,
    pub due: i64,
}

/// What a person's doing came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The `ts` of what was said, where it became a message.
    pub ts: Option<String>,
    /// What the app answered in its acknowledgement; null when that was empty.
    pub body: Value,
    /// What Slack tells the person instead: `operation_timeout`, `dispatch_failed`, `http_error_500`.
    pub error: Option<String>,
    /// From the envelope or request to the acknowledgement, by the machine's clock.
    pub took: std::time::Duration,
}

impl World {
    pub fn trigger(&mut self, team: &str, user: &str, view: Option<&str>) -> String {
        let id = format!("{}.{}.{:032x}", self.next(), 10_000_000 + self.next(), self.next());
        let view = view.map(str::to_owned);
        let trigger = Trigger { team: team.to_owned(), user: user.to_owned(), at: self.now(), used: false, view };
        self.triggers.insert(id.clone(), trigger);
        id
    }

    pub fn hook(&mut self, kind: &str, mut hook: Hook) -> String {
        hook.at = self.now();
        let id = format!("{kind}/{}/{}/{:024x}", hook.team, self.next(), self.next());
        let url = format!("{}/{id}", self.base_url);
        self.hooks.insert(id, hook);
        url
    }

    /// What is the same in each payload.
    pub fn envelope_of(&self, team: &str, user: &str) -> Map<String, Value> {
        let team = self.team(team);
        let person = team.users.get(user).cloned().unwrap_or_default();
        let value = json!({
            "token": self.app.verification_token, "api_app_id": self.app.id,
            "team": {"id": team.id, "domain": team.domain},
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": team.id},
            "enterprise": null, "is_enterprise_install": false,
        });
        value.as_object().cloned().unwrap_or_default()
    }

    pub fn command(&mut self, team: &str, channel: &str, user: &str, command: &str, text: &str) -> Parcel {
        let hook = Hook::of(team, channel, user, None, true);
        let response_url = self.hook("commands", hook);
        let trigger_id = self.trigger(team, user, None);
        let there = self.team(team);
        let name = match there.channels.get(channel) {
            Some(Channel { kind: Kind::Im, .. }) => "directmessage".to_owned(),
            Some(Channel { kind: Kind::Private, .. }) => "privategroup".to_owned(),
            Some(channel) => channel.name.clone(),
            None => String::new(),
        };
        let person = there.users.get(user).map(|user| user.name.clone()).unwrap_or_default();
        let payload = json!({
            "token": self.app.verification_token, "team_id": team, "team_domain": there.domain,
            "channel_id": channel, "channel_name": name, "user_id": user, "user_name": person,
            "command": command, "text": text, "api_app_id": self.app.id, "is_enterprise_install": "false",
            "response_url": response_url, "trigger_id": trigger_id,
        });
        self.parcel(Sort::Command, payload, team, channel, user)
    }

    pub fn parcel(&self, sort: Sort, payload: Value, team: &str, channel: &str, user: &str) -> Parcel {
        Parcel {
            sort,
            payload,
            team: team.to_owned(),
            channel: channel.to_owned(),
            user: user.to_owned(),
            view: None,
            reply: None,
            attempt: 0,
            reason: None,
            due: self.now(),
        }
    }

    /// Tells the app of an event, if its manifest asks for it, its scopes allow it and it may see the place.
    pub fn happened(&mut self, team: &str, channel: Option<&str>, name: &str, mut event: Value) {
        let there = self.team(team);
        let place = channel.and_then(|id| there.channels.get(id));
        if place.is_some_and(|place| place.kind != Kind::Im && !place.members.contains(&there.bot_user)) {
            // An invitation of somebody else, or a message in a channel the bot is not in, is not told.
            return;
        }
        let kind = place.map(|place| place.kind).unwrap_or_default();
        let asked = super::events::subscription(name, kind);
        let scope = super::events::scope(name, kind);
        let bot = self.tokens.values().find(|token| token.team == team && token.kind == super::state::TokenKind::Bot);
        let granted = scope.is_none_or(|scope| bot.is_some_and(|token| token.scopes.contains(scope)));
        if !self.app.events.contains(asked) || !granted {
            return;
        }
        let bot_user = there.bot_user.clone();
        event["type"] = json!(name);
        if event.get("event_ts").is_none() {
            event["event_ts"] = json!(ts_of(self.now()));
        }
        let payload = json!({
            "token": self.app.verification_token, "team_id": team, "context_team_id": team,
            "context_enterprise_id": null, "api_app_id": self.app.id, "event": event, "type": "event_callback",
            "event_id": self.id("Ev"), "event_time": self.now() / SECOND,
            "authorizations": [{"enterprise_id": null, "team_id": team, "user_id": bot_user, "is_bot": true,
                "is_enterprise_install": false}],
            "is_ext_shared_channel": false, "event_context": format!("4-{:x}", self.next()),
        });
        let parcel = self.parcel(Sort::Event, payload, team, channel.unwrap_or_default(), "");
        self.parcels.push_back(parcel);
    }
}

impl Hook {
    pub fn of(team: &str, channel: &str, user: &str, message: Option<&str>, ephemeral: bool) -> Hook {
        let message = message.map(str::to_owned);
        Hook { team: team.into(), channel: channel.into(), user: user.into(), at: 0, used: 0, message, ephemeral }
    }
}
