//! Firebell in a Discord of our own: commands and buttons as people use them, both ways in, the engine's acts, and what
//! goes wrong there. The application is a real one over a database of its own; nothing here waits for time to pass.

mod acts;
mod chosen;
mod gateway;
mod hearing;
mod http;
mod killed;
mod late;
mod looks;
mod lost;
mod registered;
mod remembered;
mod served;
mod shown;
mod together;

use crate::fake_discord::Discord as Server;
use crate::harness::files::{TempDir, temp_dir};
use crate::harness::http_client;
use firebell::app::App;
use firebell::chat::discord::gateway::Watch;
use firebell::chat::discord::{Discord, Identities};
use firebell::chat::hear::Rooms;
use firebell::clock::Clock;
use firebell::config::{self, Config};
use firebell::engine::ports::BoxFuture;
use firebell::engine::ports::chat::{ActionStyle, Card, CardAction, CardValue, ChatAct, ChatJob};
use firebell::store::{self, Mode};
use firebell_domain::id::{ChannelId, IncidentId};
use firebell_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// A Monday night: 2026-03-02 03:00:00 UTC.
pub const START: Timestamp = Timestamp(1_772_420_400_000_000);

/// Looks often, so that what goes wrong is found within a test's patience.
pub const QUICK: Watch = Watch {
    look: Duration::from_millis(20),
    beat: Duration::from_millis(100),
    stale: Duration::from_millis(1_500),
    again: Duration::from_millis(20),
    lease: Duration::from_secs(15),
    token: Duration::from_secs(14 * 60 + 30),
};

/// Which incident a channel belongs to, as the log would say it.
#[derive(Default)]
pub struct Places {
    known: Mutex<BTreeMap<String, IncidentId>>,
    /// Whoever asks waits for whoever holds it: a database that does not answer.
    pub answers: tokio::sync::Mutex<()>,
}

impl Rooms for Places {
    fn incident_at<'a>(&'a self, _: &'a ChannelId, place: &'a str) -> BoxFuture<'a, Option<IncidentId>> {
        Box::pin(async move {
            drop(self.answers.lock().await);
            self.known.lock().expect("not poisoned").get(place).copied()
        })
    }
}

pub struct House {
    pub server: Server,
    pub app: App,
    pub config: Config,
    pub bot: Arc<Discord>,
    pub places: Arc<Places>,
    stop: watch::Sender<bool>,
    pub folder: TempDir,
    _lock: store::Lock,
}

impl House {
    /// With further keys of `[discord]`.
    pub async fn with(more: &str) -> House {
        House::watched(more, QUICK).await
    }

    async fn watched(more: &str, watch: Watch) -> House {
        drop(http_client());
        let server = Server::start();
        let folder = temp_dir();
        let (ana, bo) = (server.ana().id, server.bo().id);
        // `#incidents` stands for the channel's id.
        let id_of = |name: &str| server.find_channel(name).map_or(name.to_string(), |c| c.id.to_string());
        let more = more.split('"').map(|part| part.strip_prefix('#').map_or(part.to_string(), id_of));
        let more = more.collect::<Vec<_>>().join("\"");
        let text = format!(
            r#"
            [discord]
            token = "{}"
            application_id = "{}"
            public_key = "{}"
            guild_id = "{}"
            api_url = "{}"
            announce = "{}"
            {more}
            [people.ana]
            name = "Ana Ruiz"
            discord = "{ana}"
            [people.bo]
            discord = "{bo}"
            [people.dee]
            [services.payments]
            owners = ["bo"]
            "#,
            server.token(),
            server.application_id(),
            server.public_key(),
            server.guild_id(),
            server.api_url(),
            server.channel("incidents").id,
        );
        let file = folder.join("firebell.toml");
        fs::write(&file, text).expect("a file");
        let loaded = config::load(Some(&file), std::iter::empty()).expect("a valid configuration");
        let config = loaded.config;
        let url = format!("sqlite://{}", folder.join("firebell.db").display());
        let (store, lock) = store::open(&url, Mode::Serve).await.expect("the database opens");
        let public_url = "http://127.0.0.1:7911".to_string();
        let app =
            App::start(store, Clock::System, config.directory(), public_url, "test").await.expect("an application");
        let places = Arc::new(Places::default());
        let settings = config.discord.clone().expect("a table");
        let people = config.people.iter().filter_map(|(id, p)| Some((id.clone(), p.discord.clone()?)));
        let bot =
            Discord::new(settings, Identities::new(people), app.clone(), places.clone(), watch).expect("an adapter");
        House { server, app, config, bot, places, stop: watch::Sender::new(false), folder, _lock: lock }
    }

    /// The same, listening.
    pub async fn started(more: &str) -> House {
        House::with(more).await.listening().await
    }

    async fn listening(self) -> House {
        let house = self;
        house.bot.start(house.stop.subscribe());
        let wants_gateway = house.bot.settings().gateway;
        crate::fake_discord::until("the bot is there and its commands are shown", async || {
            let standing = house.bot.health_now();
            standing.registered && (!wants_gateway || standing.gateway == Some(true))
        })
        .await;
        house
    }

    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// From here on, this channel is the place of that incident.
    pub fn place(&self, channel: u64, incident: i64) {
        self.places.known.lock().expect("not poisoned").insert(channel.to_string(), IncidentId(incident));
    }

    pub fn act(&self, key: &str, job: ChatJob) -> ChatAct {
        let now = self.app.clock().now();
        ChatAct {
            incident: Some(IncidentId(1)),
            key: key.to_string(),
            attempt: 1,
            maybe_repeated: false,
            queued_at: now,
            now,
            private: false,
            job,
        }
    }

    pub async fn finish(self) {
        let _ = self.stop.send(true);
        self.server.finish().await;
    }
}

pub fn card() -> Card {
    let action =
        |verb: &str, label: &str, style, form| CardAction { verb: verb.into(), label: label.into(), style, form };
    Card {
        incident: IncidentId(1),
        plain: "P1 INC-1 checkout is down: investigating, not acknowledged".into(),
        title: "checkout is down".into(),
        severity_level: "P1".into(),
        severity_rank: 1,
        status: "investigating, not acknowledged".into(),
        facts: vec![
            ("Lead".into(), CardValue::Person { id: "ana".into(), name: "Ana Ruiz".into() }),
            ("Scribe".into(), CardValue::Person { id: "dee".into(), name: "Dee Young".into() }),
            ("Next page".into(), CardValue::Time { at: START, relative: true }),
            ("Service".into(), CardValue::Text("payments".into())),
        ],
        text: vec!["Pages bo in 5 minutes if nobody acknowledges.".into()],
        actions: vec![
            action("ack", "Acknowledge", ActionStyle::Primary, false),
            action("update", "Update", ActionStyle::Plain, true),
            action("resolve", "Resolve", ActionStyle::Danger, true),
            action("escalate", "Escalate", ActionStyle::Plain, false),
            action("page", "Page somebody", ActionStyle::Plain, true),
        ],
        link: "http://127.0.0.1:7911/incidents/1".into(),
        ended: false,
    }
}
