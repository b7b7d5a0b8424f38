//! What the engine asks of a chat, done in Discord: one request or two per act, once, with what came of it. A post
//! carries the act's nonce, which Discord holds against a second one for some minutes; later the place is read back for
//! the tag before anything is posted again. Retries nothing, knows no policy.

use super::Discord;
use super::client::{No, Request};
use super::index::Opening;
use super::multipart::{self, Part};
use super::render;
use super::wire::{first_id_at, id, made_at, permission};
use crate::config::DiscordPlace;
use crate::engine::ports::chat::{Chat, ChatAct, ChatContent, ChatFile, ChatJob, ChatKind, ChatStanding};
use crate::engine::ports::{BoxFuture, Outcome};
use firebell_domain::id::{ChannelId, IncidentId, PersonId};
use firebell_domain::time::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Seconds for which Discord takes the same nonce for the same message; it says "a few minutes".
const NONCE_S: i64 = 120;
/// Less than the engine gives one act, with a request's own time.
const SOON: Duration = Duration::from_secs(5);
/// How long Discord is asked what a place is, before the answer to somebody in it.
const LOOK_UP: Duration = Duration::from_millis(800);
/// Messages that are read back to find one: a page of Discord's.
const READ_BACK: usize = 100;
/// Minutes without a word after which Discord puts a thread away: its longest, a week.
const ARCHIVE_MIN: u32 = 10_080;
/// Characters of a topic.
const TOPIC_MAX: usize = 1_024;
/// Characters of what a picture shows in words.
const SHOWS_MAX: usize = 1_024;
/// Discord's own words for "is not there".
const NO_CHANNEL: u64 = 10_003;
const NO_MESSAGE: u64 = 10_008;
const NO_PERMISSION: u64 = 50_013;
const TOO_LARGE: u64 = 40_005;
/// Files of one message, and bytes of all of them: Discord takes ten, and 10 MiB in a server without boosts.
const FILES_MAX: usize = 10;
const FILES_BYTES_MAX: usize = 8 * 1024 * 1024;

const MESSAGES: &str = "/channels/{}/messages";
const MESSAGE: &str = "/channels/{}/messages/{}";
const CHANNEL: &str = "/channels/{}";
const CHANNELS: &str = "/guilds/{}/channels";
const THREADS: &str = "/channels/{}/threads";
const ACTIVE: &str = "/guilds/{}/threads/active";
const PINS: &str = "/channels/{}/messages/pins/{}";
const OVERWRITE: &str = "/channels/{}/permissions/{}";
const MEMBER: &str = "/channels/{}/thread-members/{}";

impl Chat for Discord {
    fn channel(&self) -> &ChannelId {
        &self.channel
    }

    fn takes(&self, kind: ChatKind, place: Option<&str>) -> Result<usize, Duration> {
        let guild = &self.settings.guild_id;
        let parent = self.settings.parent.as_deref().unwrap_or_default();
        let announce = self.settings.announce.as_deref().unwrap_or_default();
        let place = place.unwrap_or_default();
        let (method, route, major) = match kind {
            ChatKind::Announce => (Method::POST, MESSAGES, announce),
            ChatKind::AnnounceEdit => (Method::PATCH, MESSAGE, announce),
            ChatKind::Open => match self.settings.open {
                DiscordPlace::Thread | DiscordPlace::Forum => (Method::POST, THREADS, parent),
                DiscordPlace::Channel | DiscordPlace::None => (Method::POST, CHANNELS, guild.as_str()),
            },
            ChatKind::Topic => (Method::PATCH, CHANNEL, place),
            ChatKind::Pin => (Method::PUT, PINS, place),
            ChatKind::Links | ChatKind::Invite | ChatKind::Card | ChatKind::Table | ChatKind::Lines => {
                (Method::POST, MESSAGES, place)
            }
            ChatKind::CardEdit | ChatKind::TableEdit => (Method::PATCH, MESSAGE, place),
        };
        self.client.takes(&method, route, major)
    }

    fn standing(&self, _: Timestamp) -> ChatStanding {
        let health = self.health_now();
        let hears = health.stands_by || health.gateway.unwrap_or(true);
        let message = match (&health.gateway_problem, &health.problem) {
            (_, None) if health.stands_by => {
                "Another replica has the gateway's connection; this one takes over when it is gone.".to_string()
            }
            (Some(why), _) if !hears => format!("Nothing is heard from Discord: {why}."),
            (None, _) if !hears => "The connection to Discord's gateway is not there yet.".to_string(),
            (_, Some(why)) => format!("The last thing was not taken: {why}."),
            (_, None) if health.gateway.is_some() => "The gateway is connected.".to_string(),
            (_, None) => "Discord calls over HTTP.".to_string(),
        };
        let figures = vec![("gateway_starts", health.gateway_starts), ("registered", i64::from(health.registered))];
        ChatStanding { hears, sends: health.problem.is_none(), message, figures }
    }

    fn perform<'a>(&'a self, act: &'a ChatAct) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let done = self.done(act).await;
            self.note_outcome(done.as_ref().err());
            match done {
                Ok(receipt) => Outcome::Done { receipt },
                Err(no) => no.outcome(),
            }
        })
    }
}

/// Files as Discord takes them: a text that is too long is cut, and says where the rest is; a picture is in the room.
fn fitting(files: &[ChatFile], room: &str) -> Vec<Part> {
    let each = FILES_BYTES_MAX / files.len().clamp(1, FILES_MAX);
    let fit = |file: &ChatFile| {
        let (media_type, bytes, shows) = match &file.content {
            ChatContent::Text(text) => ("text/plain; charset=utf-8", cut(text, each, room).into_bytes(), ""),
            ChatContent::Image { bytes, .. } if bytes.len() > each => return None,
            ChatContent::Image { media_type, bytes, shows } => (media_type.as_str(), bytes.clone(), shows.as_str()),
        };
        Some(Part { name: file.name.clone(), media_type: media_type.into(), bytes, shows: shows.into() })
    };
    files.iter().filter_map(fit).take(FILES_MAX).collect()
}

fn cut(text: &str, most: usize, room: &str) -> String {
    if text.len() <= most {
        return text.to_string();
    }
    let end = format!("\n… cut here: the rest is in {room}\n");
    let room_left = most.saturating_sub(end.len());
    let at = (0..=room_left).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{end}", text.get(..at).unwrap_or_default())
}

/// What came of a request: the id of what was made.
type Made = Result<Option<String>, No>;

impl Discord {
    async fn done(&self, act: &ChatAct) -> Made {
        let who = self.identities();
        match &act.job {
            ChatJob::Announce { room, card, message, place } => {
                let Some(channel) = room.as_deref().or(self.settings.announce.as_deref()) else { return Ok(None) };
                let before = place.as_ref().map(|p| format!("<#{p}>"));
                let body = render::card(card, &act.key, &who, before.as_deref());
                self.post_or_edit(act, channel, message.as_deref(), body).await
            }
            ChatJob::Look { room, look, message } => {
                let Some(channel) = room.as_deref().or(self.settings.announce.as_deref()) else { return Ok(None) };
                self.post_or_edit(act, channel, message.as_deref(), render::look(look, &act.key)).await
            }
            ChatJob::Card { place, card, message } => {
                let body = render::card(card, &act.key, &who, None);
                self.post_or_edit(act, place, message.as_deref(), body).await
            }
            ChatJob::Open { name, topic } => self.open(act, name, topic).await,
            ChatJob::Topic { place, text } => self.topic(place, text).await,
            ChatJob::Links { place, links } => self.post(act, place, render::links(links, &act.key)).await,
            ChatJob::Invite { place, people, .. } => self.invite(act, place, people).await,
            ChatJob::Pin { place, message } => {
                let path = format!("/channels/{place}/messages/pins/{message}");
                match self.patiently(Request::new(Method::PUT, PINS, place, path)).await {
                    // What is gone needs no pin.
                    Ok(_) | Err(No::Refused { code: NO_MESSAGE, .. }) => Ok(None),
                    Err(no) => Err(no),
                }
            }
            ChatJob::Table { place, table, message } => {
                self.post_or_edit(act, place, message.as_deref(), render::table(table, &act.key)).await
            }
            ChatJob::Lines { place, lines, files } => {
                let room = act.incident.map_or_else(|| self.app().public_url().to_string(), |id| self.room_url(id));
                let body = render::lines(lines, &act.key, &room);
                let files = fitting(files, &room);
                match self.post_with(act, place, body.clone(), files.clone()).await {
                    // Not even what was said would be there: the files are in the room as well.
                    Err(No::Refused { code: NO_PERMISSION | TOO_LARGE, .. }) if !files.is_empty() => {
                        self.post(act, place, body).await
                    }
                    other => other,
                }
            }
        }
    }

    /// Asks once its turn has come, where that is soon: a channel takes some messages a second, and what is claimed
    /// should not go back for that.
    async fn patiently(&self, request: Request) -> Result<Value, No> {
        if let Some(wait) = self.client.wait(&request.method, request.route, &request.major).filter(|w| *w <= SOON) {
            tokio::time::sleep(wait).await;
        }
        self.client.ask(request).await
    }

    async fn post_or_edit(&self, act: &ChatAct, channel: &str, message: Option<&str>, body: Value) -> Made {
        let Some(message) = message else { return self.post(act, channel, body).await };
        let path = format!("/channels/{channel}/messages/{message}");
        match self.patiently(Request::new(Method::PATCH, MESSAGE, channel, path).with(body.clone())).await {
            Ok(_) => Ok(Some(message.to_string())),
            // Somebody deleted it: people still need to see how it stands.
            Err(No::Refused { code: NO_MESSAGE, .. }) => self.post(act, channel, body).await,
            Err(no) => Err(no),
        }
    }

    /// Posts once, whatever became of an earlier try.
    async fn post(&self, act: &ChatAct, channel: &str, body: Value) -> Made {
        self.post_with(act, channel, body, Vec::new()).await
    }

    /// The same with files beside it.
    async fn post_with(&self, act: &ChatAct, channel: &str, mut body: Value, files: Vec<Part>) -> Made {
        if act.maybe_repeated && act.now.seconds_since(act.queued_at) > NONCE_S {
            match self.posted_before(act, channel).await {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(No::Refused { code: NO_CHANNEL, status, why }) => {
                    return Err(No::Refused { code: NO_CHANNEL, status, why });
                }
                // It cannot be read, so it cannot be known: better twice, and said, than not at all.
                Err(No::Refused { .. }) => {
                    let said = body["content"].as_str().unwrap_or_default();
                    let said: String = said.chars().take(render::CONTENT_MAX - 30).collect();
                    body["content"] = json!(format!("(possibly repeated) {said}"));
                }
                Err(no) => return Err(no),
            }
        }
        body["nonce"] = json!(render::tag(&act.key));
        body["enforce_nonce"] = json!(true);
        if files.iter().any(|f| !f.shows.is_empty()) {
            let named = |(n, f): (usize, &Part)| json!({ "id": n, "filename": multipart::plain(&f.name), "description": f.shows.chars().take(SHOWS_MAX).collect::<String>() });
            body["attachments"] = files.iter().enumerate().map(named).collect();
        }
        let path = format!("/channels/{channel}/messages");
        let request = Request::new(Method::POST, MESSAGES, channel, path).with(body).and(files);
        Ok(id(&self.patiently(request).await?["id"]))
    }

    /// The message that an earlier try of the same act has left in the channel.
    async fn posted_before(&self, act: &ChatAct, channel: &str) -> Made {
        let mut after = first_id_at(act.queued_at.plus_s(-60));
        // Discord gives the messages next to the id first: pages, until there is a short one.
        for _ in 0..5 {
            let path = format!("/channels/{channel}/messages?limit={READ_BACK}&after={after}");
            let found = self.patiently(Request::new(Method::GET, MESSAGES, channel, path)).await?;
            let all = found.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(message) = all.iter().find(|m| render::has_tag(m, &act.key)) {
                return Ok(id(&message["id"]));
            }
            let newest = all.iter().filter_map(|m| m["id"].as_str()?.parse::<u64>().ok()).max();
            match newest.filter(|_| all.len() == READ_BACK) {
                Some(newest) => after = newest.to_string(),
                None => break,
            }
        }
        Ok(None)
    }

    async fn open(&self, act: &ChatAct, name: &str, topic: &str) -> Made {
        let name = render::channel_name(name);
        if act.maybe_repeated
            && let Some(found) = self.opened_before(act, &name).await?
        {
            return Ok(Some(found));
        }
        let guild = &self.settings.guild_id;
        let parent = self.settings.parent.clone();
        let request = match (self.settings.open, parent) {
            (DiscordPlace::Channel, parent) => {
                // With its tag, until the first change of the topic: so it is found again if its answer is lost.
                let topic = render::tagged_topic(topic, &act.key, TOPIC_MAX);
                let mut body = json!({ "name": name, "type": 0, "topic": topic });
                if let Some(parent) = parent {
                    body["parent_id"] = json!(parent);
                }
                if act.private {
                    body["permission_overwrites"] = self.only_for(&[]);
                }
                Request::new(Method::POST, CHANNELS, guild, format!("/guilds/{guild}/channels")).with(body)
            }
            (DiscordPlace::Thread, Some(parent)) => {
                let kind = if act.private { 12 } else { 11 };
                let body =
                    json!({ "name": name, "type": kind, "auto_archive_duration": ARCHIVE_MIN, "invitable": false });
                Request::new(Method::POST, THREADS, &parent, format!("/channels/{parent}/threads")).with(body)
            }
            (DiscordPlace::Forum, Some(_)) if act.private => {
                let why = "a forum post is seen by everybody who sees the forum: a private incident gets none. It is in the \
                           room";
                return Err(No::Refused { status: 0, code: 0, why: why.to_string() });
            }
            (DiscordPlace::Forum, Some(parent)) => {
                let message = json!({ "content": super::words::words(&super::words::plain(topic, TOPIC_MAX), TOPIC_MAX), "allowed_mentions": render::mentions(&[]) });
                let body = json!({ "name": name, "auto_archive_duration": ARCHIVE_MIN, "message": message });
                Request::new(Method::POST, THREADS, &parent, format!("/channels/{parent}/threads")).with(body)
            }
            _ => {
                let why = "Discord is configured to give incidents no place of their own ([discord] open)".to_string();
                return Err(No::Refused { status: 0, code: 0, why });
            }
        };
        let made = self.patiently(request).await?;
        let place = id(&made["id"]);
        if place.is_none() {
            let why = "Discord's answer names no channel, so it may or may not have made one".to_string();
            return Err(No::Down { why, maybe_arrived: true });
        }
        Ok(place)
    }

    /// The place that an earlier try of the same act has made.
    async fn opened_before(&self, act: &ChatAct, name: &str) -> Made {
        let guild = &self.settings.guild_id;
        let request = match self.settings.open {
            DiscordPlace::Channel | DiscordPlace::None => {
                Request::new(Method::GET, CHANNELS, guild, format!("/guilds/{guild}/channels"))
            }
            _ => Request::new(Method::GET, ACTIVE, guild, format!("/guilds/{guild}/threads/active")),
        };
        let found = self.patiently(request).await?;
        let all = found.as_array().or_else(|| found["threads"].as_array());
        let all: Vec<&Value> = all.into_iter().flatten().collect();
        let tagged = all.iter().find(|c| render::is_tagged(c, &act.key));
        let found = tagged.or_else(|| all.iter().find(|c| self.made_for(c, &act.key, name, act.queued_at)));
        Ok(found.and_then(|c| id(&c["id"])))
    }

    /// Whether a place was made by this act: it has the act's tag, or (a thread has no topic, and people change them) it
    /// has the name, stands where the bot makes places, and is no older than the wish for it.
    fn made_for(&self, place: &Value, key: &str, name: &str, queued_at: Timestamp) -> bool {
        if render::is_tagged(place, key) {
            return true;
        }
        let since = queued_at.plus_s(-60);
        let fresh = place["id"].as_str().and_then(made_at).is_some_and(|at| at >= since);
        let parent = self.settings.parent.as_ref().is_none_or(|p| place["parent_id"].as_str() == Some(p));
        let mine = place["owner_id"].as_str().is_none_or(|owner| owner == self.bot_user());
        place["name"].as_str() == Some(name) && fresh && parent && mine
    }

    /// The incident whose place this is going to be: it was made, and a crash came between that and the log. The engine
    /// takes it over by itself; until it has, who is in it already is heard as if it had.
    pub(super) async fn being_opened(&self, place: &str) -> Option<IncidentId> {
        let opening = self.index.opening();
        if opening.is_empty() {
            return None;
        }
        let asked = self.client.ask(Request::new(Method::GET, CHANNEL, place, format!("/channels/{place}")));
        let found = tokio::time::timeout(LOOK_UP, asked).await.ok()?.ok()?;
        let ours = |o: &Opening| {
            let key = self.app().thread(o.incident, o.no);
            self.made_for(&found, &key, &o.name, o.queued_at)
        };
        opening.into_iter().find(ours).map(|o| o.incident)
    }

    /// Nobody but the bot, the configured roles and these people.
    fn only_for(&self, users: &[&str]) -> Value {
        let see = permission::VIEW_CHANNEL;
        let bot = see
            | permission::SEND_MESSAGES
            | permission::EMBED_LINKS
            | permission::ATTACH_FILES
            | permission::READ_MESSAGE_HISTORY;
        // The role of everybody has the server's own id.
        let mut all = vec![
            json!({ "id": self.settings.guild_id, "type": 0, "allow": "0", "deny": see.to_string() }),
            json!({ "id": self.bot_user(), "type": 1, "allow": bot.to_string(), "deny": "0" }),
        ];
        let role = |r: &String| json!({ "id": r, "type": 0, "allow": see.to_string(), "deny": "0" });
        all.extend(self.settings.private_roles.iter().map(role));
        all.extend(users.iter().map(|u| json!({ "id": u, "type": 1, "allow": see.to_string(), "deny": "0" })));
        json!(all)
    }

    async fn topic(&self, place: &str, text: &str) -> Made {
        if self.settings.open != DiscordPlace::Channel {
            // Threads and posts have none; the headline says the same.
            return Ok(None);
        }
        let body = json!({ "topic": super::words::plain(text, TOPIC_MAX) });
        let request = Request::new(Method::PATCH, CHANNEL, place, format!("/channels/{place}")).with(body);
        self.patiently(request).await.map(|_| None)
    }

    /// Lets people in where that is needed, then calls them: who is called without being let in sees nothing.
    async fn invite(&self, act: &ChatAct, place: &str, people: &[PersonId]) -> Made {
        let Some(incident) = act.incident else { return Ok(None) };
        let who = self.identities();
        for user in people.iter().filter_map(|p| who.user(p)) {
            let request = match self.settings.open {
                DiscordPlace::Channel if act.private => {
                    let body = json!({ "type": 1, "allow": permission::VIEW_CHANNEL.to_string(), "deny": "0" });
                    let path = format!("/channels/{place}/permissions/{user}");
                    Request::new(Method::PUT, OVERWRITE, place, path).with(body)
                }
                DiscordPlace::Thread | DiscordPlace::Forum => {
                    Request::new(Method::PUT, MEMBER, place, format!("/channels/{place}/thread-members/{user}"))
                }
                _ => continue,
            };
            match self.patiently(request).await {
                Ok(_) => {}
                // Somebody who is not in the server: the others are still called.
                Err(No::Refused { status: 404 | 400, code, why }) if code != NO_CHANNEL => {
                    tracing::warn!(incident.id = %incident, discord.user = user, "not invited: {why}");
                }
                Err(no) => return Err(no),
            }
        }
        self.post(act, place, render::invitation(incident, people, &act.key, &who)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_within_what_discord_takes_and_say_where_the_rest_is() {
        let file = |text: String| ChatFile { name: "inc-1-run-1.txt".into(), content: ChatContent::Text(text) };
        let picture = |size: usize| {
            let (media_type, shows) = ("image/png".to_string(), "Graph: up".to_string());
            ChatFile { name: "up.png".into(), content: ChatContent::Image { media_type, bytes: vec![7; size], shows } }
        };
        let small = fitting(
            &[file("ok".into()), picture(FILES_BYTES_MAX), picture(9)],
            "https://firebell.example.org/incidents/1",
        );
        let names: Vec<(&str, usize)> = small.iter().map(|p| (p.name.as_str(), p.bytes.len())).collect();
        assert_eq!(names, [("inc-1-run-1.txt", 2), ("up.png", 9)], "half a picture is none");
        let large = vec![file("é".repeat(FILES_BYTES_MAX)); 12];
        let fitted = fitting(&large, "https://firebell.example.org/incidents/1");
        assert_eq!(fitted.len(), FILES_MAX);
        assert!(fitted.iter().map(|p| p.bytes.len()).sum::<usize>() <= FILES_BYTES_MAX);
        assert!(
            String::from_utf8_lossy(&fitted[0].bytes)
                .ends_with("… cut here: the rest is in https://firebell.example.org/incidents/1\n")
        );
    }
}
