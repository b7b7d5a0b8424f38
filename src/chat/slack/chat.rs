//! What the engine has done in Slack: channels, topics, bookmarks, invitations, cards, lines. One thing once, at Slack's
//! pace; what came of it goes back. Every message carries its key as metadata, so that after a crash it is found again
//! instead of being posted twice. Never retries, knows no policy.

use super::client::Trouble;
use super::pace::Method;
use super::render::{self, Rendered, card, channel_of, lines};
use super::wire::Message;
use super::workspace::{lock, split};
use super::{Slack, text};
use crate::clock;
use crate::engine::ports::chat::{Card, Chat, ChatAct, ChatFile, ChatJob, ChatKind, ChatStanding, Line, RunTable};
use crate::engine::ports::{BoxFuture, Outcome};
use firebell_domain::id::{ChannelId, PersonId};
use firebell_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// A turn that comes within this time is waited for; for a later one the outbox waits, at the price of a try. Longer than
/// as many messages in one channel need as may be under way at once (`KIND_SLOTS`).
const TURN_MAX: Duration = Duration::from_secs(5);
/// Messages that are read back after a crash: what the workspaces that are limited most may read at once.
const READ_BACK: usize = 15;
/// Pages of 200 channels that are looked through for one.
const CHANNEL_PAGES_MAX: usize = 10;
/// How often a name that is taken is tried with another number behind it.
const NAMES_MAX: u32 = 9;
const NAME_CHARS_MAX: usize = 80;
const TOPIC_CHARS_MAX: usize = 250;
const EVENT_TYPE: &str = "firebell_message";

impl Chat for Slack {
    fn channel(&self) -> &ChannelId {
        &self.house.channel
    }

    fn takes(&self, kind: ChatKind, place: Option<&str>) -> Result<usize, Duration> {
        let (team, place) = place.map(split).map_or((None, None), |(team, place)| (team, Some(place)));
        let other = team.and_then(|team| self.house.other(team));
        other.as_ref().unwrap_or(&self.house.home).takes(kind, place)
    }

    fn perform<'a>(&'a self, act: &'a ChatAct) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let done = match self.workspace_of(act).await {
                Ok((slack, here)) => slack.done(&here).await.map(|receipt| (slack, receipt)),
                Err(outcome) => Err(outcome),
            };
            match done {
                Ok((slack, receipt)) => {
                    if slack.at.prefix.is_none() {
                        self.house.health.change(|h| h.refused = None);
                    }
                    let opened = matches!(act.job, ChatJob::Open { .. });
                    Outcome::Done { receipt: receipt.map(|raw| if opened { slack.place(&raw) } else { raw }) }
                }
                Err(outcome) => outcome,
            }
        })
    }

    fn standing(&self, now: Timestamp) -> ChatStanding {
        let health = self.health();
        let hears = !self.by_socket() || health.connected > 0;
        let mut message = match (&health.problem, &health.refused) {
            (Some(why), _) if !hears => format!("Nothing is heard from Slack: {why}."),
            (None, _) if !hears => "No socket to Slack is open yet.".to_string(),
            (Some(why), _) | (None, Some(why)) => format!("Slack takes nothing: {why}."),
            (None, None) if self.by_socket() => format!("{} sockets are open.", health.connected),
            (None, None) => "Slack calls over HTTP.".to_string(),
        };
        let troubled = self.troubled();
        for (name, why) in &troubled {
            message.push_str(&format!(" Workspace {name}: {why}."));
        }
        let age = health.last_inbound_at.map(|at| ("last_heard_s", now.seconds_since(at).max(0)));
        let counts = [
            ("sockets", health.connected as i64),
            ("hellos", health.hellos as i64),
            ("unreadable", health.unreadable as i64),
            ("workspaces", self.house.all().len() as i64),
            ("workspaces_in_trouble", troubled.len() as i64),
        ];
        let sends = health.problem.is_none() && health.refused.is_none() && troubled.is_empty();
        ChatStanding { hears, sends, message, figures: counts.into_iter().chain(age).collect() }
    }
}

pub(super) type Did<T = Option<String>> = Result<T, Outcome>;

impl Slack {
    pub(super) async fn done(&self, act: &ChatAct) -> Did {
        match &act.job {
            ChatJob::Announce { room, card, message, place } => {
                let channel = room.as_ref().or(self.at.settings.announce.as_ref());
                self.announce(act, channel, card, message, place).await
            }
            ChatJob::Open { name, topic } => self.open_place(act, name, topic).await,
            ChatJob::Topic { place, text } => self.topic(place, text).await,
            ChatJob::Links { place, links } => self.links(place, links).await,
            ChatJob::Invite { place, people, severity_rank } => self.invite(place, people, *severity_rank).await,
            ChatJob::Card { place, card, message } => self.headline(act, place, card, message).await,
            ChatJob::Pin { place, message } => self.pin(place, message).await,
            ChatJob::Table { place, table, message } => self.table(act, place, table, message).await,
            ChatJob::Lines { place, lines: all, files } => self.lines(act, place, all, files).await,
            ChatJob::Look { room, look, message } => {
                let channel = room.as_ref().or(self.at.settings.announce.as_ref());
                self.announced(act, channel, render::look(look), message).await
            }
        }
    }

    /// One call at its turn.
    pub(super) async fn turn(
        &self,
        what: Method,
        place: Option<&str>,
        name: &str,
        request: &Value,
    ) -> Result<Value, Trouble> {
        let wait = self.at.pace.wait(what, place, 0, clock::instant()).unwrap_or_default();
        if wait > TURN_MAX {
            return Err(Trouble::RateLimited { after_s: wait.as_secs() as i64 + 1 });
        }
        let wait = self.at.pace.take(what, place, clock::instant());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let answer = self.at.client.call(name, request).await;
        match &answer {
            Err(Trouble::RateLimited { after_s }) => {
                let after = Duration::from_secs(u64::try_from(*after_s).unwrap_or(1));
                self.at.pace.blocked(what, after, clock::instant());
            }
            Err(trouble @ Trouble::Api { code }) if is_auth(code) => {
                let why = trouble.why();
                match self.at.prefix {
                    None => self.house.health.change(|h| h.refused = Some(why)),
                    Some(_) => *lock(&self.at.problem) = Some(why),
                }
            }
            Err(Trouble::Gone(why)) => self.suspect(why),
            _ => {}
        }
        answer
    }

    async fn announce(
        &self,
        act: &ChatAct,
        channel: Option<&String>,
        card: &Card,
        message: &Option<String>,
        place: &Option<String>,
    ) -> Did {
        let mention = |p: &PersonId| self.at.identity.user_of(p);
        self.announced(act, channel, render::announcement(card, place.as_deref(), &mention), message).await
    }

    /// Posted or edited where all is announced; such a message is named with its channel.
    async fn announced(
        &self,
        act: &ChatAct,
        channel: Option<&String>,
        rendered: Rendered,
        message: &Option<String>,
    ) -> Did {
        let Some(announce) = channel else {
            return Err(Outcome::Never { why: "no channel for announcements is configured".to_string() });
        };
        match message.as_deref().and_then(|m| m.split_once('/')) {
            Some((channel, ts)) => {
                self.edit(channel, ts, rendered).await?;
                Ok(message.clone())
            }
            None => {
                let make = |repeated| marked(rendered.clone(), repeated);
                let (channel, ts) = self.post(act, announce, &make).await?;
                self.learn_id(announce, &channel);
                Ok(Some(format!("{channel}/{ts}")))
            }
        }
    }

    async fn headline(&self, act: &ChatAct, place: &str, state: &Card, message: &Option<String>) -> Did {
        for (_, value) in &state.facts {
            if let crate::engine::ports::chat::CardValue::Person { id, .. } = value {
                self.at.identity.find(id).await;
            }
        }
        let rendered = card(state, &|p: &PersonId| self.at.identity.user_of(p));
        match message {
            Some(ts) => {
                self.edit(channel_of(place), ts, rendered).await?;
                Ok(Some(ts.clone()))
            }
            None => {
                let make = |repeated| marked(rendered.clone(), repeated);
                Ok(Some(self.post(act, place, &make).await?.1))
            }
        }
    }

    async fn table(&self, act: &ChatAct, place: &str, table: &RunTable, message: &Option<String>) -> Did {
        match message {
            Some(ts) => {
                self.edit(channel_of(place), ts, render::table(table, false)).await?;
                Ok(Some(ts.clone()))
            }
            None => Ok(Some(self.post(act, place, &|repeated| render::table(table, repeated)).await?.1)),
        }
    }

    async fn lines(&self, act: &ChatAct, place: &str, all: &[Line], files: &[ChatFile]) -> Did {
        let (channel, ts) = self.post(act, place, &|repeated| lines(all, repeated)).await?;
        self.attach(act, place, &channel, &ts, files).await?;
        Ok(Some(ts))
    }

    /// An edit says the same however often it is made. A message that is gone is posted no more.
    async fn edit(&self, channel: &str, ts: &str, rendered: Rendered) -> Did<()> {
        let request = rendered.request(json!({ "channel": channel, "ts": ts }));
        let place = format!("{channel}/{ts}");
        match self.turn(Method::Update, Some(&place), "chat.update", &request).await {
            Ok(_) => Ok(()),
            Err(Trouble::Api { code }) if code == "message_not_found" => {
                Err(Outcome::Never { why: "the message was deleted in Slack".to_string() })
            }
            Err(trouble) => Err(trouble.outcome()),
        }
    }

    /// Posts what may have been posted before: the channel it went to, and its name there.
    async fn post(
        &self,
        act: &ChatAct,
        place: &str,
        make: &(dyn Fn(bool) -> Rendered + Sync),
    ) -> Did<(String, String)> {
        let mut repeated = false;
        if act.maybe_repeated {
            match self.posted_before(place, act).await {
                Before::Found(channel, ts) => {
                    // It may show how things stood when it was posted; lines stay what they were.
                    if !matches!(act.job, ChatJob::Lines { .. }) {
                        self.edit(&channel, &ts, make(false)).await?;
                    }
                    return Ok((channel, ts));
                }
                Before::Not => {}
                Before::Unknown => repeated = true,
            }
        }
        let metadata =
            json!({ "event_type": EVENT_TYPE, "event_payload": { "key": act.key, "incident": act.about() } });
        let mut request = make(repeated).request(json!({
            "channel": channel_of(place),
            "metadata": metadata,
            "unfurl_links": false,
            "unfurl_media": false,
        }));
        if let Some((_, thread)) = place.split_once('/') {
            request["thread_ts"] = json!(thread);
        }
        let answer = self.turn(Method::Post, Some(channel_of(place)), "chat.postMessage", &request).await;
        let answer = answer.map_err(|t| t.outcome())?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_string);
        let channel = text("channel").unwrap_or_else(|| channel_of(place).to_string());
        text("ts").map(|ts| (channel, ts)).ok_or_else(|| Outcome::Retry {
            after_s: None,
            why: "Slack named no message".to_string(),
            maybe_arrived: true,
        })
    }

    /// Looks whether a message with this key is there, among the few that can be.
    async fn posted_before(&self, place: &str, act: &ChatAct) -> Before {
        let Some(channel) = self.announce_id(channel_of(place)).await else { return Before::Unknown };
        let mut request = json!({
            "channel": channel,
            "oldest": seconds(act.queued_at),
            "inclusive": true,
            "limit": READ_BACK,
            "include_all_metadata": true,
        });
        let name = match place.split_once('/') {
            Some((_, thread)) => {
                request["ts"] = json!(thread);
                "conversations.replies"
            }
            None => "conversations.history",
        };
        let Ok(answer) = self.at.client.call(name, &request).await else { return Before::Unknown };
        let all = answer.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
        let ours = |m: &Message| m.metadata.pointer("/event_payload/key").and_then(Value::as_str) == Some(&act.key);
        match all.iter().filter_map(|m| Message::deserialize(m).ok()).find(ours) {
            Some(message) => Before::Found(channel, message.ts),
            None if answer.get("has_more").and_then(Value::as_bool) == Some(true) => Before::Unknown,
            None => Before::Not,
        }
    }

    /// The incident's own channel. A name that is taken gets a number behind it.
    async fn open_place(&self, act: &ChatAct, name: &str, topic: &str) -> Did {
        if !self.house.settings.open_channels {
            return self.open_thread(act, topic).await;
        }
        for n in 1..=NAMES_MAX {
            let request = json!({ "name": numbered(name, n), "is_private": act.private });
            match self.turn(Method::Create, None, "conversations.create", &request).await {
                Ok(answer) => {
                    let id = answer.pointer("/channel/id").and_then(Value::as_str).map(str::to_string);
                    return id.map(Some).ok_or_else(|| Trouble::Unclear("Slack named no channel".into()).outcome());
                }
                Err(Trouble::Api { code }) if code == "name_taken" => {
                    // Ours, of a try whose answer was lost.
                    if act.maybe_repeated
                        && let Some(id) = self.made_before(&numbered(name, n), act).await
                    {
                        return Ok(Some(id));
                    }
                }
                Err(Trouble::Api { code }) if code.starts_with("invalid_name") && name != plain_name(act) => {
                    // A script that this workspace takes no channel names in.
                    return Box::pin(self.open_place(act, &plain_name(act), topic)).await;
                }
                Err(trouble) => return Err(trouble.outcome()),
            }
        }
        Err(Outcome::Never { why: format!("the channel names {name} to {} are all taken", numbered(name, NAMES_MAX)) })
    }

    /// A channel of this name that the bot made since the task was queued.
    async fn made_before(&self, name: &str, act: &ChatAct) -> Option<String> {
        let me = self.me().await?.user;
        let types = if act.private { "private_channel" } else { "public_channel" };
        let since = act.queued_at.0.div_euclid(1_000_000) - 1;
        let ours = |c: &Value| {
            let created = c.get("created").and_then(Value::as_i64).unwrap_or(0);
            c.get("name").and_then(Value::as_str) == Some(name)
                && c.get("creator").and_then(Value::as_str) == Some(&me)
                && created >= since
        };
        self.find_channel(types, &ours).await
    }

    /// A channel of announcements by its id: reading it back takes no name.
    async fn announce_id(&self, configured: &str) -> Option<String> {
        let Some(name) = configured.strip_prefix('#') else { return Some(configured.to_string()) };
        let known =
            self.at.announce_ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(configured).cloned();
        if known.is_some() {
            return known;
        }
        let named = |c: &Value| c.get("name").and_then(Value::as_str) == Some(name);
        let found = self.find_channel("public_channel,private_channel", &named).await?;
        self.learn_id(configured, &found);
        Some(found)
    }

    fn learn_id(&self, configured: &str, id: &str) {
        let mut known = self.at.announce_ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert(configured.to_string(), id.to_string());
    }

    async fn find_channel(&self, types: &str, wanted: &(dyn Fn(&Value) -> bool + Sync)) -> Option<String> {
        let mut cursor = String::new();
        for _ in 0..CHANNEL_PAGES_MAX {
            let request = json!({ "types": types, "exclude_archived": true, "limit": 200, "cursor": cursor });
            let answer = self.at.client.call("conversations.list", &request).await.ok()?;
            let channels = answer.get("channels").and_then(Value::as_array).cloned().unwrap_or_default();
            if let Some(found) = channels.iter().find(|c| wanted(c)) {
                return found.get("id").and_then(Value::as_str).map(str::to_string);
            }
            let next = answer.pointer("/response_metadata/next_cursor").and_then(Value::as_str).unwrap_or_default();
            if next.is_empty() {
                return None;
            }
            cursor = next.to_string();
        }
        None
    }

    /// Where no channels are made, an incident lives in a thread of the announcements. A private one lives nowhere here.
    async fn open_thread(&self, act: &ChatAct, topic: &str) -> Did {
        let (Some(announce), false) = (&self.at.settings.announce, act.private) else {
            return Err(Outcome::Never {
                why: "[slack] makes no channels, and this incident has no other place".into(),
            });
        };
        let make =
            |repeated| marked(render::answer(&format!("{topic}\nEverything about it is in this thread.")), repeated);
        let (channel, ts) = self.post(act, announce, &make).await?;
        Ok(Some(format!("{channel}/{ts}")))
    }

    async fn topic(&self, place: &str, topic: &str) -> Did {
        if place.contains('/') {
            return Ok(None);
        }
        let topic = text::cut_escaped(&text::escape_plain(topic), TOPIC_CHARS_MAX - 1);
        let request = json!({ "channel": place, "topic": topic });
        let done = self.turn(Method::Topic, None, "conversations.setTopic", &request).await;
        done.map(|_| None).map_err(|t| t.outcome())
    }

    /// Bookmarks; those that are there already stay as they are.
    async fn links(&self, place: &str, links: &[(String, String)]) -> Did {
        if place.contains('/') {
            return Ok(None);
        }
        let request = json!({ "channel_id": place });
        let have = self.at.client.call("bookmarks.list", &request).await.map_err(|t| t.outcome())?;
        let have = have.get("bookmarks").and_then(Value::as_array).cloned().unwrap_or_default();
        for (title, link) in links {
            if have.iter().any(|b| b.get("link").and_then(Value::as_str) == Some(link.as_str())) {
                continue;
            }
            let request = json!({ "channel_id": place, "title": title, "type": "link", "link": link });
            match self.turn(Method::Bookmark, None, "bookmarks.add", &request).await {
                Ok(_) => {}
                // Slack takes addresses that it can look up; one of this network it may not.
                Err(Trouble::Api { code }) if code == "invalid_link" => {
                    return Err(Outcome::Never { why: format!("Slack takes no bookmark to {link}: set public_url") });
                }
                Err(trouble) => return Err(trouble.outcome()),
            }
        }
        Ok(None)
    }

    /// People and the groups of a severity. Whom Slack does not know is left out; the card has their names.
    async fn invite(&self, place: &str, people: &[PersonId], rank: u32) -> Did {
        if place.contains('/') {
            return Ok(None);
        }
        let mut users = Vec::new();
        for person in people {
            users.extend(self.at.identity.find(person).await);
        }
        // Groups are of one workspace: those of this one.
        for group in self.at.settings.invite.iter().filter(|i| i.rank == rank).flat_map(|i| &i.groups) {
            match self.at.client.call("usergroups.users.list", &json!({ "usergroup": group })).await {
                Ok(answer) => {
                    let all = answer.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
                    users.extend(all.iter().filter_map(|u| u.as_str().map(str::to_string)));
                }
                Err(trouble @ Trouble::Api { .. }) => {
                    tracing::warn!("the user group {group} is not invited: {}", trouble.why());
                }
                Err(trouble) => return Err(trouble.outcome()),
            }
        }
        users.sort();
        users.dedup();
        for some in users.chunks(100) {
            let request = json!({ "channel": place, "users": some.join(","), "force": true });
            match self.turn(Method::Invite, None, "conversations.invite", &request).await {
                Ok(_) => {}
                Err(Trouble::Api { code }) if ["already_in_channel", "cant_invite_self"].contains(&code.as_str()) => {}
                Err(trouble) => return Err(trouble.outcome()),
            }
        }
        Ok(None)
    }

    async fn pin(&self, place: &str, message: &str) -> Did {
        if place.contains('/') {
            return Ok(None);
        }
        let request = json!({ "channel": place, "timestamp": message });
        match self.turn(Method::Pin, None, "pins.add", &request).await {
            Ok(_) => Ok(None),
            Err(Trouble::Api { code }) if code == "already_pinned" => Ok(None),
            Err(trouble) => Err(trouble.outcome()),
        }
    }
}

enum Before {
    Found(String, String),
    Not,
    Unknown,
}

fn is_auth(code: &str) -> bool {
    ["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope"]
        .contains(&code)
}

/// A message that may be there already says so.
fn marked(mut rendered: Rendered, repeated: bool) -> Rendered {
    if repeated {
        rendered.blocks.truncate(render::BLOCKS_MAX - 1);
        rendered.blocks.push(render::section("_Possibly repeated: whether this arrived before is not known._"));
        rendered.text.push_str(" (possibly repeated)");
    }
    rendered
}

fn numbered(name: &str, n: u32) -> String {
    let end = if n == 1 { String::new() } else { format!("-{n}") };
    let room = NAME_CHARS_MAX.saturating_sub(end.len());
    format!("{}{end}", name.chars().take(room).collect::<String>().trim_end_matches('-'))
}

fn plain_name(act: &ChatAct) -> String {
    act.about().to_lowercase().replace(' ', "-")
}

/// As Slack has times: seconds with a fraction.
fn seconds(at: Timestamp) -> String {
    format!("{}.{:06}", at.0.div_euclid(1_000_000), at.0.rem_euclid(1_000_000))
}
