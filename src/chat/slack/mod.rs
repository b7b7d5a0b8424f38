//! Firebell in Slack: the same incidents, the same grammar, the same cards. What arrives (a socket, HTTP) becomes one
//! `Inbound` and is handled here once, whichever way and however often Slack delivers it; what leaves goes through
//! `chat.rs`, when the engine says so. Decides nothing: everything said goes to the commands.

mod actions;
mod chat;
mod client;
mod command;
mod events;
mod files;
mod follow;
mod forms;
mod health;
mod home;
mod http;
mod identity;
pub mod manifest;
mod online;
mod pace;
mod render;
mod seen;
mod socket;
#[cfg(test)]
mod tests;
mod text;
mod wire;

pub use health::State as Health;
pub use home::DECLARE_BUTTON;
pub use identity::Mapped;
pub use online::check;
pub use render::{MORE, PRESS};

use crate::app::App;
use crate::chat::hear::{Answer, Ear, Heard, Kind, Later, Rooms, Saying};
use crate::clock;
use crate::config;
use crate::engine::ports::BoxFuture;
use crate::fault::Fault;
use client::{Client, Trouble};
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::origin::Origin;
use identity::Identity;
pub use online::Finding;
use pace::Pace;
use seen::Seen;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wire::Inbound;

/// The channel's name, as outboxes and the log have it.
pub const CHANNEL: &str = "slack";
/// Tries to give an answer by message.
const ANSWER_TRIES_MAX: usize = 20;
const GONE: &str = "Your Slack account is deactivated or a bot's: nothing was done.";

/// One connection to Slack.
#[derive(Clone)]
pub struct Slack(Arc<Inner>);

struct Inner {
    channel: ChannelId,
    settings: config::Slack,
    client: Client,
    ear: Ear,
    identity: Identity,
    seen: Seen,
    health: health::Health,
    pace: Pace,
    me: Mutex<Option<Me>>,
    /// Of the channels of announcements that are configured by name.
    announce_ids: Mutex<BTreeMap<String, String>>,
}

/// Who the bot is there.
#[derive(Clone, Debug, Default)]
struct Me {
    user: String,
    bot: String,
}

/// What Slack hears in the same breath.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Empty,
    Body(Value),
}

/// The incident of a place: of the thread, where an incident lives in one, else of its channel.
struct Placed(App);

impl Rooms for Placed {
    fn incident_at<'a>(&'a self, chat: &'a ChannelId, place: &'a str) -> BoxFuture<'a, Option<IncidentId>> {
        Box::pin(async move {
            self.find(chat, place).await.unwrap_or_else(|fault| {
                fault.logged();
                None
            })
        })
    }

    fn find<'a>(&'a self, chat: &'a ChannelId, place: &'a str) -> BoxFuture<'a, Result<Option<IncidentId>, Fault>> {
        Box::pin(async move {
            if let Some(id) = self.0.incident_at(chat, place).await? {
                return Ok(Some(id));
            }
            match place.split_once('/') {
                Some((channel, _)) => self.0.incident_at(chat, channel).await,
                None => Ok(None),
            }
        })
    }
}

impl Slack {
    pub fn new(settings: config::Slack, app: App, mapped: Mapped) -> Result<Slack, String> {
        let client = Client::new(settings.api_url.base(), &settings.bot_token, settings.app_token.as_ref())?;
        let channel = ChannelId::from(CHANNEL);
        let ear = Ear::new(app.clone(), channel.clone(), Arc::new(Placed(app)));
        let identity = Identity::new(channel.clone(), client.clone(), mapped, settings.administrators.clone());
        Ok(Slack(Arc::new(Inner {
            channel,
            settings,
            client,
            ear,
            identity,
            seen: Seen::default(),
            health: health::Health::default(),
            pace: Pace::default(),
            me: Mutex::default(),
            announce_ids: Mutex::default(),
        })))
    }

    /// Another configuration is in force; how Slack is reached stays as it is until the next start.
    pub fn put(&self, mapped: Mapped) {
        self.0.identity.put(mapped);
    }

    pub fn health(&self) -> Health {
        self.0.health.read()
    }

    /// Whether Slack comes in through a socket, and not over HTTP.
    pub fn by_socket(&self) -> bool {
        self.0.settings.app_token.is_some()
    }

    /// Keeps the sockets of Socket Mode until it is told to stop.
    pub async fn listen(self, stop: tokio::sync::watch::Receiver<bool>) {
        socket::run(self, stop).await;
    }

    /// What Slack calls over HTTP.
    pub fn router(&self) -> axum::Router {
        http::router(self)
    }

    fn app(&self) -> &App {
        self.0.ear.app()
    }

    /// Handles what arrived, once: whoever delivers it again hears what the first delivery did.
    pub async fn handle(&self, inbound: Inbound) -> Reply {
        let began = clock::instant();
        let now = self.app().clock().now();
        self.0.health.change(|h| h.last_inbound_at = Some(now));
        let Some(key) = inbound.key() else { return self.handle_once(inbound, String::new(), began).await };
        let slack = self.clone();
        let named = key.clone();
        self.0.seen.once(key, move || async move { slack.handle_once(inbound, named, began).await }).await
    }

    async fn handle_once(&self, inbound: Inbound, key: String, began: Instant) -> Reply {
        match inbound {
            Inbound::Command(command) => self.command(*command, key, began).await,
            Inbound::Interaction(interaction) => self.interaction(*interaction, key, began).await,
            Inbound::Event(event) => self.event(*event, key, began).await,
        }
    }
}

/// Something said in Slack, before it is known who speaks.
struct Words {
    user: String,
    handle: String,
    place: Option<String>,
    /// With Slack's marks.
    text: String,
    key: String,
    /// The message that is quoted.
    origin: Option<Box<Origin>>,
}

impl Slack {
    /// Hears it within what is left of a limit.
    async fn hear(&self, words: Words, began: Instant, limit: Duration) -> Heard {
        let directory = self.app().directory();
        let who = self.0.identity.who(&directory, &words.user, &words.handle).await;
        if who.gone {
            let answer = Answer { kind: Kind::Refused, text: GONE.into(), incident: None, data: Value::Null };
            return Heard { answer, later: None };
        }
        let text = self.typed(&words.text).await;
        let admin = self.0.identity.administers(&words.user).await;
        let within = limit.saturating_sub(began.elapsed()).max(Duration::from_millis(200));
        let saying = Saying {
            person: who.person,
            admin,
            place: words.place,
            text,
            key: words.key,
            within,
            origin: words.origin,
        };
        self.0.ear.hear(saying).await
    }

    /// What was typed: people as the grammar names them.
    async fn typed(&self, marked: &str) -> String {
        let directory = self.app().directory();
        let mut names = std::collections::BTreeMap::new();
        for user in mentioned(marked) {
            let label = label_of(marked, &user);
            let who = self.0.identity.who(&directory, &user, &label).await;
            names.insert(user, who.person);
        }
        text::unmarked(marked, &|id, label| match names.get(id) {
            Some(person) => format!("@{person}"),
            None => format!("@{}", label.unwrap_or(id)),
        })
    }

    /// Says the outcome of what was not known in time: to the response address, and where that takes no more, to the
    /// person by a message.
    fn say_later(&self, later: Option<Later>, response_url: String, user: String) {
        let Some(later) = later else { return };
        let slack = self.clone();
        tokio::spawn(async move {
            let answer = later.outcome().await;
            slack.answer_to(&response_url, &user, &answer.text).await;
        });
    }

    /// An answer that only one person sees, outside the breath in which it was asked.
    async fn answer_to(&self, response_url: &str, user: &str, text: &str) {
        let said = render::answer(text);
        if self.is_slacks(response_url) {
            let body = said.request(json!({ "response_type": "ephemeral", "replace_original": false }));
            match self.0.client.respond(response_url, &body).await {
                Ok(()) => return,
                Err(trouble) => tracing::info!("an answer goes by message instead: {}", trouble.why()),
            }
        }
        self.message_to(user, text).await;
    }

    /// A direct message.
    async fn message_to(&self, user: &str, text: &str) {
        let body = render::answer(text).request(json!({ "channel": user }));
        self.post_answer(user, &body).await;
    }

    /// An answer as a message, at Slack's pace. It is a reply and promises nothing, but is not given up for a limit.
    async fn post_answer(&self, place: &str, body: &Value) {
        for _ in 0..ANSWER_TRIES_MAX {
            tokio::time::sleep(self.0.pace.take(pace::Method::Post, Some(place), clock::instant())).await;
            match self.0.client.call("chat.postMessage", body).await {
                Ok(_) => return,
                Err(Trouble::RateLimited { after_s }) => {
                    tokio::time::sleep(Duration::from_secs(u64::try_from(after_s).unwrap_or(1).clamp(1, 60))).await;
                }
                Err(Trouble::Away(_)) => tokio::time::sleep(Duration::from_secs(5)).await,
                Err(trouble) => return tracing::warn!("an answer could not be given in Slack: {}", trouble.why()),
            }
        }
        tracing::warn!("an answer could not be given in Slack: it took no message");
    }

    /// Whether an address is one to answer Slack at: answers quote incidents.
    fn is_slacks(&self, address: &str) -> bool {
        let Ok(url) = url::Url::parse(address) else { return false };
        let api = self.0.settings.api_url.url();
        let host = url.host_str().unwrap_or_default();
        let of_slack = url.scheme() == "https" && (host == "slack.com" || host.ends_with(".slack.com"));
        of_slack || (url.scheme() == api.scheme() && url.host_str() == api.host_str() && url.port() == api.port())
    }

    /// Who the bot is; asked once.
    async fn me(&self) -> Option<Me> {
        if let Some(me) = self.0.me.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone() {
            return Some(me);
        }
        match self.0.client.reply("auth.test", &json!({})).await {
            Ok(answer) => {
                let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
                let me = Me { user: text("user_id"), bot: text("bot_id") };
                *self.0.me.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(me.clone());
                Some(me)
            }
            Err(trouble) => {
                tracing::warn!("who Firebell is in Slack is not known: {}", trouble.why());
                None
            }
        }
    }
}

/// Users named in a text, each once; a text names few.
fn mentioned(marked: &str) -> Vec<String> {
    let ids = marked.split("<@").skip(1).filter_map(|rest| rest.split(['>', '|']).next());
    let mut all: Vec<String> = ids.filter(|id| !id.is_empty()).map(str::to_string).collect();
    all.sort();
    all.dedup();
    all.truncate(8);
    all
}

fn label_of(marked: &str, user: &str) -> String {
    let labelled = marked.split_once(&format!("<@{user}|"));
    labelled.and_then(|(_, rest)| rest.split('>').next()).unwrap_or_default().to_string()
}
