//! What `config check --online` asks Discord, sending nothing: whether the token is the application's, whether the bot is
//! in the server, and which permission it lacks in which channel. Also the invite link with the narrowest permissions.

use super::client::{Client, No, Request};
use super::wire::{id, permission};
use crate::config::{self, DiscordPlace};
use reqwest::Method;
use serde_json::Value;

/// One finding; `ok` says whether it is as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub ok: bool,
    pub text: String,
}

fn good(what: impl Into<String>) -> Finding {
    Finding { ok: true, text: what.into() }
}

fn bad(what: impl Into<String>) -> Finding {
    Finding { ok: false, text: what.into() }
}

const NAMES: &[(u64, &str)] = &[
    (permission::MANAGE_CHANNELS, "Manage Channels"),
    (permission::VIEW_CHANNEL, "View Channels"),
    (permission::SEND_MESSAGES, "Send Messages"),
    (permission::EMBED_LINKS, "Embed Links"),
    (permission::ATTACH_FILES, "Attach Files"),
    (permission::READ_MESSAGE_HISTORY, "Read Message History"),
    (permission::MANAGE_ROLES, "Manage Roles"),
    (permission::MANAGE_THREADS, "Manage Threads"),
    (permission::CREATE_PUBLIC_THREADS, "Create Public Threads"),
    (permission::CREATE_PRIVATE_THREADS, "Create Private Threads"),
    (permission::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    (permission::PIN_MESSAGES, "Pin Messages"),
];

/// What posting somewhere needs.
const POSTING: u64 =
    permission::VIEW_CHANNEL | permission::SEND_MESSAGES | permission::EMBED_LINKS | permission::READ_MESSAGE_HISTORY;

/// The narrowest permissions that do what is configured.
pub fn needed(settings: &config::Discord) -> u64 {
    let base = POSTING | permission::ATTACH_FILES;
    base | match settings.open {
        // Overwrites of private channels take Manage Roles.
        DiscordPlace::Channel => permission::MANAGE_CHANNELS | permission::MANAGE_ROLES | permission::PIN_MESSAGES,
        DiscordPlace::Thread => {
            permission::CREATE_PUBLIC_THREADS
                | permission::CREATE_PRIVATE_THREADS
                | permission::SEND_MESSAGES_IN_THREADS
                | permission::PIN_MESSAGES
        }
        DiscordPlace::Forum => permission::SEND_MESSAGES_IN_THREADS | permission::PIN_MESSAGES,
        DiscordPlace::None => 0,
    }
}

pub fn invite_link(settings: &config::Discord) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands&permissions={}&guild_id={}",
        settings.application_id,
        needed(settings),
        settings.guild_id
    )
}

/// Asks with a client of its own, beside a running bot or without one.
pub async fn check(s: &config::Discord) -> Vec<Finding> {
    match Client::new(s.api_url.base(), s.token.clone()) {
        Ok(client) => Asking { client, settings: s }.all().await,
        Err(why) => vec![bad(why)],
    }
}

struct Asking<'a> {
    client: Client,
    settings: &'a config::Discord,
}

impl Asking<'_> {
    async fn all(&self) -> Vec<Finding> {
        let s = self.settings;
        let mut found = Vec::new();
        if s.token.is_none() {
            return vec![good("without a token nothing can be asked; interactions come over HTTP")];
        }
        let me = match self.get("/oauth2/applications/@me", "/oauth2/applications/@me").await {
            Ok(app) if id(&app["id"]).as_deref() == Some(s.application_id.as_str()) => {
                found.push(good(format!("the token is that of \"{}\"", app["name"].as_str().unwrap_or("?"))));
                self.get("/users/@me", "/users/@me").await
            }
            Ok(app) => {
                let theirs = id(&app["id"]).unwrap_or_default();
                found.push(bad(format!("the token belongs to application {theirs}: correct application_id or token")));
                self.get("/users/@me", "/users/@me").await
            }
            Err(no) => return vec![bad(no.why())],
        };
        let me = match me {
            Ok(me) => id(&me["id"]).unwrap_or_default(),
            Err(no) => return with(found, bad(no.why())),
        };
        let guild = match self.get("/guilds/{}", &format!("/guilds/{}", s.guild_id)).await {
            Ok(guild) => guild,
            Err(no) => {
                let what = format!(
                    "the server {} cannot be seen ({}). Invite the bot: {}",
                    s.guild_id,
                    no.why(),
                    invite_link(s)
                );
                return with(found, bad(what));
            }
        };
        found.push(good(format!("the bot is in \"{}\"", guild["name"].as_str().unwrap_or("?"))));
        let member = match self.get("/guilds/{}/members/{}", &format!("/guilds/{}/members/{me}", s.guild_id)).await {
            Ok(member) => member,
            Err(no) => return with(found, bad(no.why())),
        };
        let server_wide = base_permissions(&guild, &member, &s.guild_id);
        if s.open == DiscordPlace::Channel && s.parent.is_none() {
            found.push(judged("the server", needed(s) & !permission::ATTACH_FILES, server_wide));
        }
        let places = [(s.parent.as_deref(), "parent", needed(s)), (s.announce.as_deref(), "announce", POSTING)];
        for (channel, key, wanted) in places {
            let Some(channel) = channel else { continue };
            match self.get("/channels/{}", &format!("/channels/{channel}")).await {
                Ok(there) => {
                    let name = there["name"].as_str().unwrap_or(channel);
                    found.extend(wrong_kind(&there, key, s.open));
                    let has = in_channel(server_wide, &there, &member, &s.guild_id, &me);
                    found.push(judged(&format!("\"{name}\" ({key})"), wanted & !permission::ATTACH_FILES, has));
                }
                Err(no) => found.push(bad(format!("{key} {channel}: {}", no.why()))),
            }
        }
        if !s.message_content {
            found.push(good("reactions with a pushpin are off (message_content); \"Add to timeline\" keeps messages"));
        }
        found
    }

    async fn get(&self, route: &'static str, path: &str) -> Result<Value, No> {
        self.client.ask(Request::new(Method::GET, route, "", path.to_string())).await
    }
}

fn with(mut found: Vec<Finding>, last: Finding) -> Vec<Finding> {
    found.push(last);
    found
}

fn judged(place: &str, wanted: u64, has: u64) -> Finding {
    let missing: Vec<&str> =
        NAMES.iter().filter(|(bit, _)| wanted & bit != 0 && has & bit == 0).map(|(_, n)| *n).collect();
    match missing.is_empty() {
        true => good(format!("the bot may do in {place} what it needs")),
        false => bad(format!("in {place} the bot lacks {}: grant it there or to its role", missing.join(", "))),
    }
}

/// Discord's kinds: 0 text, 4 category, 5 announcements, 15 forum.
fn wrong_kind(channel: &Value, key: &str, open: DiscordPlace) -> Option<Finding> {
    let kind = channel["type"].as_u64().unwrap_or(99);
    let (fits, wanted) = match (key, open) {
        ("parent", DiscordPlace::Channel) => (kind == 4, "a category"),
        ("parent", DiscordPlace::Forum) => (kind == 15, "a forum"),
        _ => (matches!(kind, 0 | 5), "a text channel"),
    };
    (!fits).then(|| bad(format!("{key} is not {wanted}: write the id of one")))
}

fn bits(v: &Value) -> u64 {
    v.as_str().and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// Of the role of everybody and the member's own.
fn base_permissions(guild: &Value, member: &Value, guild_id: &str) -> u64 {
    let own: Vec<&str> = member["roles"].as_array().into_iter().flatten().filter_map(|r| r.as_str()).collect();
    let roles = guild["roles"].as_array().into_iter().flatten();
    let mine = roles.filter(|r| r["id"].as_str().is_some_and(|id| id == guild_id || own.contains(&id)));
    let all = mine.fold(0, |all, role| all | bits(&role["permissions"]));
    if all & permission::ADMINISTRATOR != 0 { u64::MAX } else { all }
}

/// With the channel's overwrites, in Discord's order: everybody, roles, the member.
fn in_channel(base: u64, channel: &Value, member: &Value, guild_id: &str, me: &str) -> u64 {
    if base == u64::MAX {
        return base;
    }
    let own: Vec<&str> = member["roles"].as_array().into_iter().flatten().filter_map(|r| r.as_str()).collect();
    let all = channel["permission_overwrites"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |who: &dyn Fn(&str) -> bool| {
        let fitting = all.iter().filter(|o| o["id"].as_str().is_some_and(who));
        fitting.fold((0, 0), |(allow, deny), o| (allow | bits(&o["allow"]), deny | bits(&o["deny"])))
    };
    let apply = |has: u64, (allow, deny): (u64, u64)| (has & !deny) | allow;
    let has = apply(base, of(&|id| id == guild_id));
    let has = apply(has, of(&|id| own.contains(&id)));
    apply(has, of(&|id| id == me))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn overwrites_count_in_discords_order() {
        let guild = json!({ "roles": [{ "id": "1", "permissions": "3072" }, { "id": "2", "permissions": "16384" }] });
        let member = json!({ "roles": ["2"] });
        let base = base_permissions(&guild, &member, "1");
        assert_eq!(base, 3072 | 16384);
        let overwrites = json!([{ "id": "1", "allow": "0", "deny": "2048" }, { "id": "2", "allow": "65536", "deny": "0" },
            { "id": "9", "allow": "2048", "deny": "1024" }]);
        let channel = json!({ "permission_overwrites": overwrites });
        assert_eq!(in_channel(base, &channel, &member, "1", "9"), 2048 | 16384 | 65536);
        assert_eq!(in_channel(base, &channel, &member, "1", "8"), 1024 | 16384 | 65536);
    }

    #[test]
    fn what_is_missing_is_named_as_discord_names_it() {
        let f = judged("\"ops\"", POSTING, permission::VIEW_CHANNEL | permission::SEND_MESSAGES);
        assert_eq!(f, bad("in \"ops\" the bot lacks Embed Links, Read Message History: grant it there or to its role"));
    }
}
