//! The connection to Discord's gateway, kept by serenity (hello, heartbeats, resume), with a watchdog of our own: a
//! connection that ends without a code is not noticed there until a heartbeat fails. Its address comes from the API at
//! every start of it. What arrives is handed on; nothing is decided here.

use super::Discord;
use super::client::{No, Request};
use super::lease::Lease;
use super::wire;
use crate::clock;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use serenity::all::{Event, GatewayIntents, Interaction, RawEventHandler, ReactionType, ShardId};
use serenity::async_trait;
use serenity::gateway::{ConnectionStage, ShardManager, ShardManagerOptions, ShardRunnerMessage};
use serenity::prelude::{Context, TypeMap};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, RwLock, watch};

/// What is waited for, and how the watchdog looks. A heartbeat of ours goes out every `beat`; a shard whose last acknowledgement is older than
/// `stale` is started again.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    pub look: Duration,
    pub beat: Duration,
    pub stale: Duration,
    /// Between two starts of the whole connection after one that came to nothing; doubles up to a minute.
    pub again: Duration,
    /// How long a replica that has the connection is waited for when nothing is heard of it any more.
    pub lease: Duration,
    /// How long an interaction's own token takes an edit: 15 minutes by Discord, less the time of a request.
    pub token: Duration,
}

impl Default for Watch {
    fn default() -> Watch {
        let s = Duration::from_secs;
        Watch { look: s(1), beat: s(5), stale: s(15), again: s(2), lease: s(15), token: s(14 * 60 + 30) }
    }
}

/// How long the end of a connection may take when Firebell stops.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long the runners of a connection that was given up may take to hear of it.
const LEFT_BEHIND: Duration = Duration::from_secs(30);
const AGAIN_MAX: Duration = Duration::from_secs(60);
/// What is kept in the timeline when somebody reacts with it.
const PUSHPIN: &str = "📌";

/// Keeps the connection until told to stop. Whatever ends it is said in the log and in the health, and it is begun again.
pub async fn run(discord: Arc<Discord>, mut stop: watch::Receiver<bool>) {
    let mut again = discord.watch.again;
    let mut lease = Lease::new(&discord);
    while lease.is_ours(&discord, &mut stop).await {
        let began = clock::instant();
        let why = match connect(&discord).await {
            Ok(connection) => connection.keep(&discord, &mut lease, &mut stop).await,
            Err(no) => no.why().to_string(),
        };
        if *stop.borrow() {
            break;
        }
        discord.gateway_down(&why);
        tracing::warn!("the connection to Discord's gateway ended: {why}");
        // A connection that held begins anew at once.
        again = if began.elapsed() > AGAIN_MAX { discord.watch.again } else { (again * 2).min(AGAIN_MAX) };
        tokio::select! {
            () = tokio::time::sleep(again) => {}
            _ = stop.changed() => {}
        }
    }
    lease.give_back(&discord).await;
}

/// Threads of serenity's own. A runner that turns in a circle on a dead connection never gives its thread back, and with
/// it stop the sockets and timers that this thread looks after: they are not to be those of the whole bot.
struct Own(Option<Runtime>);

impl Own {
    fn start() -> std::io::Result<Own> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("discord-gateway").enable_all().build().map(|r| Own(Some(r)))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // Never waited for: a runner in a circle would hold up whoever waits.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

struct Connection {
    own: Own,
    manager: Arc<ShardManager>,
    /// Where serenity says that the token or the intents are refused.
    ended: futures_util::future::BoxFuture<'static, Option<String>>,
    shards: u32,
}

fn intents(discord: &Discord) -> GatewayIntents {
    let base = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGE_REACTIONS;
    match discord.settings.message_content {
        true => base | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT,
        false => base,
    }
}

async fn connect(discord: &Arc<Discord>) -> Result<Connection, No> {
    let missing = |why: &str| No::Refused { status: 0, code: 0, why: why.to_string() };
    let token = discord.client.token().ok_or_else(|| missing("there is no token"))?.expose_secret().to_string();
    let found = discord.client.ask(Request::new(Method::GET, "/gateway/bot", "", "/gateway/bot".into())).await?;
    let url = found["url"].as_str().ok_or_else(|| missing("Discord names no address of its gateway"))?;
    let shards = found["shards"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1).clamp(1, 1_000);
    let ours = tokio::runtime::Handle::current();
    let handler = Arc::new(Handler { discord: discord.clone(), ours }) as Arc<dyn RawEventHandler>;
    let own = Own::start().map_err(|e| missing(&format!("it gets no thread: {e}")))?;
    // Only for its token: nothing is asked by it.
    let http = serenity::http::HttpBuilder::new(token).ratelimiter_disabled(true).build();
    let options = ShardManagerOptions {
        data: Arc::new(RwLock::new(TypeMap::new())),
        event_handlers: Vec::new(),
        raw_event_handlers: vec![handler],
        shard_index: 0,
        shard_init: shards,
        shard_total: shards,
        ws_url: Arc::new(Mutex::new(url.trim_end_matches('/').to_string())),
        http: Arc::new(http),
        intents: intents(discord),
        presence: None,
    };
    let (manager, mut monitor) = {
        let _there = own.0.as_ref().map(Runtime::enter);
        ShardManager::new(options)
    };
    if let Err(e) = manager.initialize() {
        return Err(missing(&format!("its shards cannot be started: {e}")));
    }
    let ended = async move {
        use futures_util::StreamExt;
        match monitor.next().await {
            Some(Err(e)) => Some(format!("Discord turned the connection away: {e}")),
            _ => None,
        }
    };
    Ok(Connection { own, manager, ended: Box::pin(ended), shards })
}

/// What is known of a shard.
struct Seen {
    /// Its runner was there.
    begun: bool,
    latency: Option<Duration>,
    alive_at: Instant,
}

impl Connection {
    /// Until it is to stop, or cannot be kept; says why.
    async fn keep(mut self, discord: &Arc<Discord>, lease: &mut Lease, stop: &mut watch::Receiver<bool>) -> String {
        let times = discord.watch;
        let mut looks = tokio::time::interval(times.look);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen: HashMap<ShardId, Seen> = HashMap::new();
        let mut beaten_at = clock::instant();
        let why = loop {
            tokio::select! {
                ended = &mut self.ended => break ended.unwrap_or_else(|| "it was closed".to_string()),
                _ = stop.changed() => {
                    let _ = tokio::time::timeout(GOODBYE, self.manager.shutdown_all()).await;
                    return "Firebell stops".to_string();
                }
                _ = looks.tick() => {}
            }
            if !lease.is_kept(discord).await {
                break "another replica has it now".to_string();
            }
            let now = clock::instant();
            let beat = now.duration_since(beaten_at) >= times.beat;
            if beat {
                beaten_at = now;
            }
            if let Some(stale) = look(&self.manager, self.shards, discord, &mut seen, beat, now) {
                break format!("shard {stale} did not answer for {} s", times.stale.as_secs());
            }
        };
        // Its runner may hang on a dead connection: it gets its bounded time beside us, not before the next start.
        let (manager, own) = (self.manager, self.own);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(LEFT_BEHIND, manager.shutdown_all()).await;
            drop(own);
        });
        why
    }
}

/// Looks at every shard; one that is silent for too long is named.
fn look(
    manager: &ShardManager,
    shards: u32,
    discord: &Discord,
    seen: &mut HashMap<ShardId, Seen>,
    beat: bool,
    now: Instant,
) -> Option<ShardId> {
    // Never waited for: a runner that turns in a circle on a dead connection would wake us on its own thread, where
    // nothing else gets its turn.
    let Ok(runners) = manager.runners.try_lock() else {
        let silent = |(_, s): &(&ShardId, &Seen)| now.duration_since(s.alive_at) > discord.watch.stale;
        return seen.iter().find(silent).map(|(id, _)| *id);
    };
    let mut connected = 0;
    for n in 0..shards {
        let id = ShardId(n);
        let Some(runner) = runners.get(&id) else {
            // Not begun yet: serenity begins one every five seconds. One that is gone again is silent.
            match seen.get(&id) {
                Some(s) if s.begun && now.duration_since(s.alive_at) > discord.watch.stale => return Some(id),
                Some(s) if s.begun => {}
                _ => drop(seen.insert(id, Seen { begun: false, latency: None, alive_at: now })),
            }
            continue;
        };
        let s = seen.entry(id).or_insert(Seen { begun: true, latency: None, alive_at: now });
        s.begun = true;
        // The latency is measured anew with every acknowledgement, and no two are the same.
        if runner.latency != s.latency {
            *s = Seen { begun: true, latency: runner.latency, alive_at: now };
        }
        if runner.stage == ConnectionStage::Connected {
            connected += 1;
            if beat {
                let heartbeat = r#"{"op":1,"d":null}"#.to_string();
                runner.runner_tx.send_to_shard(ShardRunnerMessage::Message(heartbeat.into()));
            }
        }
        if now.duration_since(s.alive_at) > discord.watch.stale {
            return Some(id);
        }
    }
    if connected == shards {
        discord.gateway_up();
    }
    None
}

struct Handler {
    discord: Arc<Discord>,
    /// Where everything but the connection itself is done.
    ours: tokio::runtime::Handle,
}

#[async_trait]
impl RawEventHandler for Handler {
    async fn raw_event(&self, _: Context, event: Event) {
        let discord = self.discord.clone();
        self.ours.spawn(async move { heard(&discord, event).await });
    }
}

async fn heard(discord: &Arc<Discord>, event: Event) {
    match event {
        Event::InteractionCreate(created) => {
            let Some(interaction) = read(&created.interaction) else {
                tracing::warn!("an interaction that cannot be read");
                return;
            };
            let Ok(_slot) = discord.slots.clone().try_acquire_owned() else {
                discord.turn_away(&interaction).await;
                return;
            };
            discord.answer_by_request(interaction).await;
        }
        Event::ReactionAdd(added) => {
            let ReactionType::Unicode(emoji) = &added.reaction.emoji else { return };
            if emoji.trim_end_matches('\u{fe0f}') != PUSHPIN || !discord.settings.message_content {
                return;
            }
            let Some(user) = added.reaction.user_id else { return };
            let (channel, message) = (added.reaction.channel_id.to_string(), added.reaction.message_id.to_string());
            discord.keep_message(&channel, &message, &user.to_string()).await;
        }
        Event::ChannelPinsUpdate(update) if update.last_pin_timestamp.is_some() => {
            discord.keep_pin(&update.channel_id.to_string()).await;
        }
        _ => {}
    }
}

/// The library's types leave the kind to themselves.
fn read(interaction: &Interaction) -> Option<wire::Interaction> {
    let mut json = serde_json::to_value(interaction).ok()?;
    json["type"] = Value::from(match interaction {
        Interaction::Ping(_) => 1,
        Interaction::Command(_) => 2,
        Interaction::Component(_) => 3,
        Interaction::Autocomplete(_) => 4,
        Interaction::Modal(_) => 5,
        _ => return None,
    });
    wire::interaction(&json)
}

impl Discord {
    /// A message somebody marked with a pushpin, into the timeline of its place's incident.
    async fn keep_message(self: &Arc<Self>, channel: &str, message: &str, by: &str) {
        if self.ear.room(channel).await.is_none() || self.bot_user() == by {
            return;
        }
        let path = format!("/channels/{channel}/messages/{message}");
        let found = self.client.ask(Request::new(Method::GET, "/channels/{}/messages/{}", channel, path)).await;
        match found {
            Ok(found) => {
                let member = format!("/guilds/{}/members/{by}", self.settings.guild_id);
                let request = Request::new(Method::GET, "/guilds/{}/members/{}", &self.settings.guild_id, member);
                let who = self.client.ask(request).await.map(|m| wire::user(&m["user"]));
                let user = who.unwrap_or_else(|_| wire::User { id: by.to_string(), name: format!("user-{by}") });
                self.keep_once(&found, channel, &self.person(&user)).await;
            }
            Err(no) => tracing::warn!("a marked message could not be read: {}", no.why()),
        }
    }

    /// The newest pin, unless it is our own: Discord says where something was pinned, not what and by whom.
    async fn keep_pin(self: &Arc<Self>, channel: &str) {
        if self.ear.room(channel).await.is_none() {
            return;
        }
        let path = format!("/channels/{channel}/messages/pins?limit=1");
        let found = self.client.ask(Request::new(Method::GET, "/channels/{}/messages/pins", channel, path)).await;
        match found {
            Ok(found) => {
                let message = &found["items"][0]["message"];
                let author = wire::user(&message["author"]);
                if !author.id.is_empty() && author.id != self.bot_user() {
                    self.keep_once(message, channel, &self.person(&author)).await;
                }
            }
            Err(no) => tracing::warn!("a pinned message could not be read: {}", no.why()),
        }
    }

    /// By the message: marked by three people and pinned by a fourth, it is in the timeline once.
    async fn keep_once(self: &Arc<Self>, found: &Value, channel: &str, by: &firebell_domain::id::PersonId) {
        let message = wire::Message { channel: channel.to_string(), ..wire::message(found) };
        if let Some(answer) = self.keep(&message, by, format!("keep:{}", message.id)).await
            && !answer.done()
        {
            tracing::warn!(discord.message = %message.id, "a message was not kept in the timeline: {}", answer.text);
        }
    }
}
