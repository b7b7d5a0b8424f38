//! Discord: native commands, cards with buttons, a place for each incident. Renders what the engine asks for and hands
//! what people do to the commands. Decides nothing, retries nothing; `client.rs` has everything that is sent.

pub mod check;
mod client;
pub mod commands;
mod complete;
mod events;
pub mod forms;
pub mod gateway;
mod http;
mod identity;
mod index;
mod lease;
mod limits;
mod multipart;
mod post;
pub mod render;
pub mod tongues;
pub mod wire;
pub mod words;

pub use client::{Client, No, Request};
pub use http::router;
pub use identity::Identities;
pub use index::Index;

use super::hear::{Ear, Rooms};
use crate::app::App;
use crate::config;
use crate::engine::ports::BoxFuture;
use crate::fault::Fault;
use firebell_domain::id::{ChannelId, IncidentId};
use reqwest::Method;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Interactions that are answered at once; each waits for a commit at most, so beyond it something is wrong.
const AT_ONCE_MAX: usize = 256;
/// Between two tries to register the commands while Discord does not answer.
const REGISTER_AGAIN: Duration = Duration::from_secs(30);

/// How it stands, for `/health/components`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// `None`: no gateway is wanted.
    pub gateway: Option<bool>,
    /// The last thing that went wrong, until something of its kind goes right.
    pub gateway_problem: Option<String>,
    pub problem: Option<String>,
    pub registered: bool,
    /// Another replica has the gateway's connection: this one only speaks, and takes over when that one is gone.
    pub stands_by: bool,
    /// Connections that came to stand.
    pub gateway_starts: i64,
}

/// Which incident a place belongs to: by the log, and by Discord where a place is being made.
struct Placed {
    app: App,
    /// Known once it is there: it has this.
    discord: OnceLock<Weak<Discord>>,
}

impl Rooms for Placed {
    fn incident_at<'a>(&'a self, chat: &'a ChannelId, place: &'a str) -> BoxFuture<'a, Option<IncidentId>> {
        Box::pin(async move {
            self.find(chat, place).await.unwrap_or_else(|fault| {
                drop(fault.logged());
                None
            })
        })
    }

    fn find<'a>(&'a self, chat: &'a ChannelId, place: &'a str) -> BoxFuture<'a, Result<Option<IncidentId>, Fault>> {
        Box::pin(async move {
            if let Some(id) = self.app.incident_at(chat, place).await? {
                return Ok(Some(id));
            }
            match self.discord.get().and_then(Weak::upgrade) {
                Some(discord) => Ok(discord.being_opened(place).await),
                None => Ok(None),
            }
        })
    }
}

pub struct Discord {
    channel: ChannelId,
    settings: config::Discord,
    client: Client,
    identities: RwLock<Arc<Identities>>,
    ear: Ear,
    index: Index,
    bot_user: OnceLock<String>,
    slots: Arc<Semaphore>,
    health: Mutex<Health>,
    watch: gateway::Watch,
}

impl Discord {
    /// As a running bot has it.
    pub fn of(settings: config::Discord, identities: Identities, app: App) -> Result<Arc<Discord>, String> {
        let rooms = Arc::new(Placed { app: app.clone(), discord: OnceLock::new() });
        let discord = Discord::new(settings, identities, app, rooms.clone(), gateway::Watch::default())?;
        let _ = rooms.discord.set(Arc::downgrade(&discord));
        Ok(discord)
    }

    pub fn new(
        settings: config::Discord,
        identities: Identities,
        app: App,
        rooms: Arc<dyn Rooms>,
        watch: gateway::Watch,
    ) -> Result<Arc<Discord>, String> {
        let channel = ChannelId::from("discord");
        let client = Client::new(settings.api_url.base(), settings.token.clone())?;
        let health = Health { gateway: settings.gateway.then_some(false), ..Health::default() };
        Ok(Arc::new(Discord {
            ear: Ear::new(app, channel.clone(), rooms),
            channel,
            client,
            identities: RwLock::new(Arc::new(identities)),
            index: Index::default(),
            bot_user: OnceLock::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            health: Mutex::new(health),
            watch,
            settings,
        }))
    }

    /// Begins to listen: the commands are registered, incidents are remembered for completion, the gateway is kept. What
    /// keeps it has something to give back at the end, and is to be waited for.
    pub fn start(self: &Arc<Self>, stop: watch::Receiver<bool>) -> Option<JoinHandle<()>> {
        let (discord, stopped) = (self.clone(), stop.clone());
        tokio::spawn(async move { discord.index.follow(discord.app(), &discord.channel, stopped).await });
        self.settings.token.as_ref()?;
        tokio::spawn(self.clone().introduce(stop.clone()));
        self.settings.gateway.then(|| tokio::spawn(gateway::run(self.clone(), stop)))
    }

    /// Learns who the bot is there and registers the commands; again until both have been done.
    async fn introduce(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let done = match self.learn_self().await {
                Ok(()) => self.register().await,
                Err(no) => Err(no),
            };
            match done {
                Ok(changed) => {
                    tracing::info!("Discord shows the commands{}", if changed { ", which have changed" } else { "" });
                    self.health().registered = true;
                    return;
                }
                Err(no) => {
                    tracing::warn!("Discord does not show the commands yet: {}", no.why());
                    self.note_outcome(Some(&no));
                }
            }
            tokio::select! {
                () = tokio::time::sleep(REGISTER_AGAIN) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn learn_self(&self) -> Result<(), No> {
        let me = self.client.ask(Request::new(Method::GET, "/users/@me", "", "/users/@me".into())).await?;
        if let Some(id) = wire::id(&me["id"]) {
            let _ = self.bot_user.set(id);
        }
        Ok(())
    }

    /// The bot's own user; that of its application until Discord has said.
    pub fn bot_user(&self) -> &str {
        self.bot_user.get().unwrap_or(&self.settings.application_id)
    }

    pub fn app(&self) -> &App {
        self.ear.app()
    }

    pub fn settings(&self) -> &config::Discord {
        &self.settings
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn identities(&self) -> Arc<Identities> {
        self.identities.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another configuration's people.
    pub fn reload(&self, identities: Identities) {
        *self.identities.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(identities);
    }

    fn room_url(&self, incident: IncidentId) -> String {
        format!("{}/incidents/{}", self.app().public_url(), incident.0)
    }

    pub fn health_now(&self) -> Health {
        self.health().clone()
    }

    fn health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_outcome(&self, no: Option<&No>) {
        // To be asked to wait is no trouble.
        if !matches!(no, Some(No::Wait { .. })) {
            self.health().problem = no.map(|n| n.why().to_string());
        }
    }

    fn gateway_up(&self) {
        let mut health = self.health();
        if health.gateway != Some(true) {
            health.gateway_starts += 1;
        }
        (health.gateway, health.gateway_problem, health.stands_by) = (Some(true), None, false);
    }

    fn gateway_stands_by(&self) {
        let mut health = self.health();
        (health.gateway, health.gateway_problem, health.stands_by) = (Some(false), None, true);
    }

    fn gateway_down(&self, why: &str) {
        let mut health = self.health();
        (health.gateway, health.gateway_problem, health.stands_by) = (Some(false), Some(why.to_string()), false);
    }

    /// Says to somebody that too much is under way.
    async fn turn_away(&self, i: &wire::Interaction) {
        let path = format!("/interactions/{}/{}/callback", i.id, i.token);
        let request = Request::new(Method::POST, "/interactions/{}/{}/callback", &i.id, path).by_token();
        let _ = self.client.ask(request.with(busy().json())).await;
    }
}

fn busy() -> wire::Reply {
    let text = "Not recorded: too much is under way. Nothing was done; try again in a few seconds.";
    wire::Reply::Say(render::private(text, None))
}
