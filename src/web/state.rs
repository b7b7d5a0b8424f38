//! What every handler is given.

use super::auth::Tokens;
use super::live::Hub;
use super::speak::Speak;
use crate::app::App;
use crate::engine::EngineState;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What composition knows.
pub struct Settings {
    pub app: App,
    pub engine: Arc<EngineState>,
    pub speak: Arc<dyn Speak>,
    /// The token in the file beside the database.
    pub local_token: SecretString,
    /// The API's tokens, by name of who has them.
    pub api_tokens: BTreeMap<String, SecretString>,
    /// Names that people reach this listener by, besides those of `public_url`, `localhost` and IP addresses.
    pub hosts: Vec<String>,
    /// Channels of the configured pagers.
    pub pagers: Vec<String>,
    pub metrics: PrometheusHandle,
    /// True once everything is to stop.
    pub stop: watch::Receiver<bool>,
}

#[derive(Clone)]
pub struct WebState {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    tokens: Tokens,
    hosts: Vec<String>,
    /// `https://bot.example.org`, as browsers spell origins; `None` when `public_url` has none.
    origin: Option<String>,
    hub: Arc<Hub>,
    known_public: Mutex<HashSet<i64>>,
}

/// Incidents that are remembered as public: being private never changes, so nothing has to be forgotten but for room.
const KNOWN_PUBLIC_MAX: usize = 100_000;

impl WebState {
    /// Also starts what keeps open pages and figures up to date; it ends when `stop` says so.
    pub fn new(settings: Settings) -> WebState {
        let tokens = Tokens::new(&settings.local_token, &settings.api_tokens);
        let origin = super::guard::origin_of(settings.app.public_url());
        let own = origin.as_deref().and_then(|o| o.split_once("://")).map(|(_, authority)| authority);
        let hosts = own
            .into_iter()
            .map(str::to_string)
            .chain(settings.hosts.iter().cloned())
            .map(|h| super::guard::without_port(&h).to_ascii_lowercase())
            .collect();
        tokio::spawn(super::metrics::upkeep(settings.metrics.clone(), settings.stop.clone()));
        let hub = Hub::start(settings.app.clone(), settings.stop.clone());
        WebState { inner: Arc::new(Inner { settings, tokens, hosts, origin, hub, known_public: Mutex::default() }) }
    }

    pub fn app(&self) -> &App {
        &self.inner.settings.app
    }
    pub fn engine(&self) -> &EngineState {
        &self.inner.settings.engine
    }
    pub fn speak(&self) -> &dyn Speak {
        self.inner.settings.speak.as_ref()
    }
    pub fn pagers(&self) -> &[String] {
        &self.inner.settings.pagers
    }
    pub fn metrics(&self) -> &PrometheusHandle {
        &self.inner.settings.metrics
    }
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.inner.settings.stop.clone()
    }
    pub(super) fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }
    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.inner.hub
    }
    pub(super) fn hosts(&self) -> &[String] {
        &self.inner.hosts
    }
    pub(super) fn origin(&self) -> Option<&str> {
        self.inner.origin.as_deref()
    }
    /// Whether cookies may travel over TLS only.
    pub(super) fn https(&self) -> bool {
        self.app().public_url().starts_with("https://")
    }

    pub(super) fn known_public(&self, id: i64) -> bool {
        self.inner.known_public.lock().unwrap_or_else(std::sync::PoisonError::into_inner).contains(&id)
    }
    pub(super) fn learn_public(&self, id: i64) {
        let mut known = self.inner.known_public.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() >= KNOWN_PUBLIC_MAX {
            known.clear();
        }
        known.insert(id);
    }
}
