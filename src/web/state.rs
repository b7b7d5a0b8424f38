//! What every handler is given.

use super::auth::Tokens;
use super::live::Hub;
use super::notices::{self, Notice};
use super::pagerduty::PagerDuty;
use super::speak::Speak;
use crate::app::App;
use crate::app::ack_link::AckLinks;
use crate::config::{Standing, Template};
use crate::engine::EngineState;
use crate::engine::ports::chat::{Chat, Install};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What composition knows and no reload changes.
pub struct Settings {
    pub app: App,
    pub engine: Arc<EngineState>,
    pub speak: Arc<dyn Speak>,
    /// The token in the file beside the database.
    pub local_token: SecretString,
    /// Makes out the signed links of pages.
    pub ack_links: AckLinks,
    pub metrics: PrometheusHandle,
    /// How it stands with the configuration.
    pub configuration: watch::Receiver<Standing>,
    /// True once everything is to stop.
    pub stop: watch::Receiver<bool>,
}

/// What a reload exchanges, as a whole.
#[derive(Clone, Default)]
pub struct Front {
    /// The API's tokens, by name of who has them.
    pub api_tokens: BTreeMap<String, SecretString>,
    /// Names that people reach this listener by, besides those of `public_url`, `localhost` and IP addresses.
    pub hosts: Vec<String>,
    /// Channels of the configured pagers.
    pub pagers: Vec<String>,
    /// What PagerDuty may say to us.
    pub pagerduty: PagerDuty,
    /// The team's own, for post-mortems.
    pub templates: Vec<Template>,
    /// The chat platforms that are connected.
    pub chats: Vec<Arc<dyn Chat>>,
    /// The one in whose workspaces Firebell is installed by a browser.
    pub install: Option<Arc<dyn Install>>,
}

/// The house, and one configuration's front of it: a request is answered by one front from its beginning to its end.
#[derive(Clone)]
pub struct WebState {
    house: Arc<House>,
    front: Arc<InForce>,
}

struct House {
    settings: Settings,
    hub: Arc<Hub>,
    known_public: Mutex<HashSet<i64>>,
    /// Every channel that was ever configured here: their figures must not stand still when they are gone.
    channels: Mutex<BTreeSet<String>>,
}

struct InForce {
    /// Looks up what was in force when the front was made.
    app: App,
    tokens: Tokens,
    hosts: Vec<String>,
    /// `https://bot.example.org`, as browsers spell origins; `None` when `public_url` has none.
    origin: Option<String>,
    pagers: Vec<String>,
    pagerduty: PagerDuty,
    templates: Vec<Template>,
    chats: Vec<Arc<dyn Chat>>,
    install: Option<Arc<dyn Install>>,
}

/// Incidents that are remembered as public: being private never changes, so nothing has to be forgotten but for room.
const KNOWN_PUBLIC_MAX: usize = 100_000;

impl WebState {
    /// Also starts what keeps open pages and figures up to date; it ends when `stop` says so.
    pub fn new(settings: Settings, front: Front) -> WebState {
        tokio::spawn(super::metrics::upkeep(settings.metrics.clone(), settings.stop.clone()));
        let (app, configuration) = (settings.app.clone(), settings.configuration.clone());
        let notices = move || notices::of(&app, &configuration.borrow());
        let hub = Hub::start(settings.app.clone(), settings.stop.clone(), Arc::new(notices));
        let house = House { settings, hub, known_public: Mutex::default(), channels: Mutex::default() };
        WebState::of(Arc::new(house), front)
    }

    /// The same house with another front, over what the application has in force now.
    pub fn with(&self, front: Front) -> WebState {
        WebState::of(self.house.clone(), front)
    }

    fn of(house: Arc<House>, front: Front) -> WebState {
        let app = house.settings.app.pinned();
        let tokens = Tokens::new(&house.settings.local_token, &front.api_tokens);
        let origin = super::guard::origin_of(&app.public_url());
        let own = origin.as_deref().and_then(|o| o.split_once("://")).map(|(_, authority)| authority);
        let hosts = own
            .into_iter()
            .map(str::to_string)
            .chain(front.hosts)
            .map(|h| super::guard::without_port(&h).to_ascii_lowercase())
            .collect();
        house.seen_channels().extend(front.pagers.iter().cloned());
        WebState {
            house,
            front: Arc::new(InForce {
                app,
                tokens,
                hosts,
                origin,
                pagers: front.pagers,
                pagerduty: front.pagerduty,
                templates: front.templates,
                chats: front.chats,
                install: front.install,
            }),
        }
    }

    pub fn app(&self) -> &App {
        &self.front.app
    }
    pub fn engine(&self) -> &EngineState {
        &self.house.settings.engine
    }
    pub fn speak(&self) -> &dyn Speak {
        self.house.settings.speak.as_ref()
    }
    pub fn pagers(&self) -> &[String] {
        &self.front.pagers
    }
    pub fn configuration(&self) -> Standing {
        self.house.settings.configuration.borrow().clone()
    }
    /// What the list and the board say above the incidents.
    pub(super) fn notices(&self) -> Vec<Notice> {
        notices::of(self.app(), &self.configuration())
    }
    pub(super) fn ack_links(&self) -> &AckLinks {
        &self.house.settings.ack_links
    }
    pub(super) fn pagerduty(&self) -> &PagerDuty {
        &self.front.pagerduty
    }
    pub(super) fn templates(&self) -> &[Template] {
        &self.front.templates
    }
    pub(super) fn chats(&self) -> &[Arc<dyn Chat>] {
        &self.front.chats
    }
    pub(super) fn install(&self) -> Option<&Arc<dyn Install>> {
        self.front.install.as_ref()
    }
    pub fn metrics(&self) -> &PrometheusHandle {
        &self.house.settings.metrics
    }
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.house.settings.stop.clone()
    }
    pub(super) fn tokens(&self) -> &Tokens {
        &self.front.tokens
    }
    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.house.hub
    }
    pub(super) fn hosts(&self) -> &[String] {
        &self.front.hosts
    }
    pub(super) fn origin(&self) -> Option<&str> {
        self.front.origin.as_deref()
    }
    /// Channels of now and of earlier configurations.
    pub(super) fn channels_ever(&self) -> Vec<String> {
        self.house.seen_channels().iter().cloned().collect()
    }
    /// Whether cookies may travel over TLS only.
    pub(super) fn https(&self) -> bool {
        self.app().public_url().starts_with("https://")
    }

    pub(super) fn known_public(&self, id: i64) -> bool {
        self.house.known_public.lock().unwrap_or_else(std::sync::PoisonError::into_inner).contains(&id)
    }
    pub(super) fn learn_public(&self, id: i64) {
        let mut known = self.house.known_public.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() >= KNOWN_PUBLIC_MAX {
            known.clear();
        }
        known.insert(id);
    }
}

impl House {
    fn seen_channels(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.channels.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
