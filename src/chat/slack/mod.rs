//! Firebell in Slack: the same incidents, the same grammar, the same cards. What arrives (a socket, HTTP) becomes one
//! `Inbound` and is handled here once, whichever way and however often Slack delivers it; what leaves goes through
//! `chat.rs`, when the engine says so. Decides nothing: everything said goes to the commands.

mod actions;
mod chat;
mod client;
mod command;
mod elsewhere;
mod events;
mod files;
mod follow;
mod forms;
mod health;
mod home;
mod http;
mod identity;
pub mod manifest;
mod named;
mod oauth;
mod online;
mod pace;
mod placed;
mod render;
mod renew;
mod seen;
mod socket;
#[cfg(test)]
mod tests;
mod text;
mod vault;
mod wire;
mod workspace;

pub use health::State as Health;
pub use home::DECLARE_BUTTON;
pub use identity::Mapped;
pub use online::{Finding, check, check_keys};
pub use render::{MORE, PRESS};

use crate::app::App;
use crate::chat::hear::{Answer, Ear, Heard, Kind, Later, Rooms, Saying};
use crate::clock;
use crate::config;
use crate::engine::ports::BoxFuture;
use crate::engine::ports::chat::Chat;
use crate::fault::Fault;
use client::{Client, Trouble};
use elsewhere::Elsewhere;
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::origin::Origin;
use seen::Seen;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};
use vault::Vault;
use wire::Inbound;
use workspace::Workspace;

/// The channel's name, as outboxes and the log have it.
pub const CHANNEL: &str = "slack";
/// Tries to give an answer by message.
const ANSWER_TRIES_MAX: usize = 20;
const GONE: &str = "Your Slack account is deactivated or a bot's: nothing was done.";

/// The connection to Slack, in one of its workspaces.
#[derive(Clone)]
pub struct Slack {
    house: Arc<House>,
    at: Arc<Workspace>,
}

/// What all workspaces share.
struct House {
    channel: ChannelId,
    settings: config::Slack,
    seen: Seen,
    health: health::Health,
    /// Opens stored tokens; `None` where nobody may install the app.
    vault: Option<Vault>,
    mapped: Mutex<Mapped>,
    home: Arc<Workspace>,
    others: RwLock<BTreeMap<String, Arc<Workspace>>>,
    /// When it was asked last whose the configured token is.
    asked_home: Mutex<Option<Instant>>,
    /// Somebody should look after the tokens now.
    nudged: tokio::sync::Notify,
}

/// Who the bot is there.
#[derive(Clone, Debug, Default)]
struct Me {
    user: String,
    bot: String,
    /// The workspace.
    team: String,
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
        let client = Client::new(settings.api_url.base(), settings.bot_token.as_ref(), settings.app_token.as_ref())?;
        let client = if settings.bot_token.is_some() { client } else { client.for_workspace() };
        let vault =
            settings.oauth.as_ref().map(|o| Vault::new(&o.token_key, o.previous_token_key.as_ref())).transpose()?;
        let channel = ChannelId::from(CHANNEL);
        let ear = Ear::new(app.clone(), channel.clone(), Arc::new(Placed(app)));
        let home = Arc::new(Workspace::new(None, &ear, client, &mapped, settings.home.clone()));
        let house = House {
            channel,
            settings,
            seen: Seen::default(),
            health: health::Health::default(),
            vault,
            mapped: Mutex::new(mapped),
            home: home.clone(),
            others: RwLock::default(),
            asked_home: Mutex::default(),
            nudged: tokio::sync::Notify::new(),
        };
        Ok(Slack { house: Arc::new(house), at: home })
    }

    /// Slack as the engine has it: home, and each workspace beside it in which incidents are announced.
    pub fn chats(&self) -> Vec<Arc<dyn Chat>> {
        let others = self.house.settings.elsewhere.iter().filter(|(_, there)| there.announce.is_some());
        let others = others.map(|(team, _)| Arc::new(Elsewhere::new(self.clone(), team)) as Arc<dyn Chat>);
        [Arc::new(self.clone()) as Arc<dyn Chat>].into_iter().chain(others).collect()
    }

    /// Another configuration is in force; how Slack is reached stays as it is until the next start.
    pub fn put(&self, mapped: Mapped) {
        for at in self.house.all() {
            at.identity.put(mapped.of(at.prefix.as_deref()));
        }
        *workspace::lock(&self.house.mapped) = mapped;
    }

    pub fn health(&self) -> Health {
        self.house.health.read()
    }

    /// Whether Slack comes in through a socket, and not over HTTP.
    pub fn by_socket(&self) -> bool {
        self.house.settings.app_token.is_some()
    }

    /// Keeps the sockets of Socket Mode until it is told to stop.
    pub async fn listen(self, stop: tokio::sync::watch::Receiver<bool>) {
        self.look().await;
        socket::run(self, stop).await;
    }

    /// What Slack calls over HTTP.
    pub fn router(&self) -> axum::Router {
        http::router(self)
    }

    fn app(&self) -> &App {
        self.at.ear.app()
    }

    /// Handles what arrived, once: whoever delivers it again hears what the first delivery did.
    pub async fn handle(&self, inbound: Inbound) -> Reply {
        let began = clock::instant();
        let now = self.app().clock().now();
        self.house.health.change(|h| h.last_inbound_at = Some(now));
        let Some(slack) = self.of(&inbound).await else { return self.not_installed(inbound) };
        let Some(key) = inbound.key() else { return slack.handle_once(inbound, String::new(), began).await };
        let named = key.clone();
        self.house.seen.once(key, move || async move { slack.handle_once(inbound, named, began).await }).await
    }

    /// From a workspace that Firebell has no token for: whoever spoke hears what to do.
    fn not_installed(&self, inbound: Inbound) -> Reply {
        let teams = inbound.teams().join(", ");
        tracing::warn!(
            "something arrived from {teams}, a workspace that Firebell is not installed in: nothing was done"
        );
        let text = format!(
            "Nothing was done: Firebell is not installed in this workspace. An administrator of Firebell installs it at \
             {}/slack/install.",
            self.app().public_url().trim_end_matches('/')
        );
        match inbound {
            Inbound::Command(_) => command::said(&text),
            Inbound::Interaction(i) if i.kind == "view_submission" => {
                command::page(forms::said_view("Not installed", &text))
            }
            Inbound::Interaction(i) => {
                let (slack, url) = (self.clone(), i.response_url.clone());
                tokio::spawn(async move { slack.respond(&url, &text).await });
                Reply::Empty
            }
            Inbound::Event(_) => Reply::Empty,
        }
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
    /// What was pressed on a scheduled look, instead of the text.
    offer: Option<String>,
}

impl Slack {
    /// Hears it within what is left of a limit.
    async fn hear(&self, words: Words, began: Instant, limit: Duration) -> Heard {
        let directory = self.app().directory();
        let who = self.at.identity.who(&directory, &words.user, &words.handle).await;
        if who.gone {
            let answer = Answer { kind: Kind::Refused, text: GONE.into(), incident: None, data: Value::Null };
            return Heard { answer, later: None };
        }
        let text = self.typed(&words.text).await;
        let admin = self.at.identity.administers(&words.user).await;
        let within = limit.saturating_sub(began.elapsed()).max(Duration::from_millis(200));
        let place = words.place.map(|raw| self.place(&raw));
        let (key, origin, offer) = (words.key, words.origin, words.offer);
        let saying = Saying { person: who.person, admin, place, text, key, within, origin, offer };
        self.at.ear.hear(saying).await
    }

    /// What was typed: people as the grammar names them.
    async fn typed(&self, marked: &str) -> String {
        let directory = self.app().directory();
        let mut names = std::collections::BTreeMap::new();
        for user in mentioned(marked) {
            let label = label_of(marked, &user);
            let who = self.at.identity.who(&directory, &user, &label).await;
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
        if !self.respond(response_url, text).await {
            self.message_to(user, text).await;
        }
    }

    /// By a response address, which needs no token. Whether it was taken.
    async fn respond(&self, response_url: &str, text: &str) -> bool {
        if !self.is_slacks(response_url) {
            return false;
        }
        let body = render::answer(text).request(json!({ "response_type": "ephemeral", "replace_original": false }));
        match self.at.client.respond(response_url, &body).await {
            Ok(()) => true,
            Err(trouble) => {
                tracing::info!("an answer by Slack's response address was not taken: {}", trouble.why());
                false
            }
        }
    }

    /// A direct message.
    async fn message_to(&self, user: &str, text: &str) {
        let body = render::answer(text).request(json!({ "channel": user }));
        self.post_answer(user, &body).await;
    }

    /// An answer as a message, at Slack's pace. It is a reply and promises nothing, but is not given up for a limit.
    async fn post_answer(&self, place: &str, body: &Value) {
        for _ in 0..ANSWER_TRIES_MAX {
            tokio::time::sleep(self.at.pace.take(pace::Method::Post, Some(place), clock::instant())).await;
            match self.at.client.call("chat.postMessage", body).await {
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
        let api = self.house.settings.api_url.url();
        let host = url.host_str().unwrap_or_default();
        let of_slack = url.scheme() == "https" && (host == "slack.com" || host.ends_with(".slack.com"));
        of_slack || (url.scheme() == api.scheme() && url.host_str() == api.host_str() && url.port() == api.port())
    }

    /// Who the bot is; asked once.
    async fn me(&self) -> Option<Me> {
        if let Some(me) = self.at.me.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone() {
            return Some(me);
        }
        match self.at.client.reply("auth.test", &json!({})).await {
            Ok(answer) => {
                let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
                let me = Me { user: text("user_id"), bot: text("bot_id"), team: text("team_id") };
                *self.at.me.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(me.clone());
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
