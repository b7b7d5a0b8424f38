//! The listener as its clients see it: a real `App` over an SQLite file, a real socket, a real HTTP client.

mod ack;
mod api;
mod described;
mod digest;
mod edit;
mod figures;
mod health;
mod hooks;
mod install;
mod notices;
mod once;
mod packed;
mod pagerduty;
mod private;
mod reload;
mod room;
mod runs;
mod sessions;
mod signin;
mod stream;
mod sweep;
mod war;

use super::*;
use crate::app::ack_link::AckLinks;
use crate::app::audit::AuditKey;
use crate::app::{Act, ActError, Acted, App, On};
use crate::clock::Clock;
use crate::config::Standing;
use crate::engine::EngineState;
use crate::engine::ports::BoxFuture;
use crate::store::{self, Lock, Mode};
use firebell_domain::decide::{Declaration, Input};
use firebell_domain::directory::Directory;
use firebell_domain::event::Actor;
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::refusal::Refusal;
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::watch;

/// One recorder per process.
static METRICS: LazyLock<Option<PrometheusHandle>> = LazyLock::new(crate::telemetry::metrics);

pub const LOCAL: &str = "local-token-of-the-machine";
pub const DEPLOY: &str = "token-of-the-deploy-bot";
pub const NOW: Timestamp = Timestamp(1_795_000_000_000_000);
/// How long a test waits for what takes milliseconds; spent only when it fails.
pub const BOUND: Duration = Duration::from_secs(20);

pub fn directory() -> Directory {
    let scale = [("P1", "Critical", 1), ("P2", "High", 2)];
    let severities = scale.map(|(level, name, rank)| Severity::new(level, name, rank));
    let mut d = Directory { severities: severities.to_vec(), pagers: vec!["pagerduty".into()], ..Directory::default() };
    d.services.insert("payments".into(), Default::default());
    let rotation = firebell_domain::schedule::Rotation {
        people: vec!["ana".into(), "bo".into()],
        shift_s: 7 * 86_400,
        first_handoff: "2026-11-16T09:00:00".parse().unwrap(),
        zone: chrono_tz::UTC,
    };
    d.schedules.insert("primary".into(), firebell_domain::schedule::Schedule { rotation, overrides: Vec::new() });
    d
}

pub fn links() -> AckLinks {
    AckLinks::new(&AuditKey([7; 32]), "test")
}

/// Commands that are enough for the listener: `declare TITLE`, `note TEXT`, `panic WHY`, and refusing everything else.
struct Parrot;

impl Speak for Parrot {
    fn say<'a>(
        &'a self,
        app: &'a App,
        speaker: &'a Speaker,
        room: Option<IncidentId>,
        text: &'a str,
    ) -> BoxFuture<'a, Result<Said, ActError>> {
        Box::pin(async move {
            let actor = Actor::Person { name: speaker.person.clone(), via: speaker.via.clone() };
            let done = |id: IncidentId, text: String| Said { text, incident: Some(id), data: json!({ "done": true }) };
            match (text.trim_start_matches("/incident ").split_once(' '), room) {
                (Some(("declare", title)), _) => {
                    let on = On::Declare(declaration(title, false));
                    match app.act(Act { on, actor, once: None }).await? {
                        Acted::Changed(c) => {
                            let data = json!({ "declared": true });
                            Ok(Said { data, ..done(c.after.id, format!("Declared {}.", c.after.id)) })
                        }
                        other => panic!("{other:?}"),
                    }
                }
                (Some(("note", text)), Some(id)) => {
                    app.act_on(id, Input::Note { text: text.to_string() }, &actor).await?;
                    Ok(done(id, "Noted.".to_string()))
                }
                (Some(("panic", why)), _) => panic!("{why}"),
                _ => Err(Refusal::UnknownWord { word: text.into(), did_you_mean: None, help: "/incident help".into() }
                    .into()),
            }
        })
    }

    fn completion(&self) -> Value {
        json!({ "commands": [] })
    }
}

pub fn declaration(title: &str, private: bool) -> Declaration {
    let severity = directory().severities.remove(0);
    Declaration { title: title.into(), severity, service: None, private, because: None }
}

pub struct World {
    pub app: App,
    pub clock: Clock,
    pub engine: Arc<EngineState>,
    pub web: WebState,
    pub reload: Reload,
    pub url: String,
    pub client: Client,
    pub stop: watch::Sender<bool>,
    pub served: tokio::task::JoinHandle<Result<(), crate::fault::Fault>>,
    folder: PathBuf,
    _lock: Lock,
}

/// What whoever composes has in hand.
pub struct Reload {
    pub front: Front,
    pub routers: watch::Sender<axum::Router>,
    pub configuration: watch::Sender<Standing>,
}

static WORLDS: AtomicU32 = AtomicU32::new(0);

impl World {
    pub async fn new() -> World {
        World::of(Arc::new(Parrot), directory()).await
    }

    pub async fn of(speak: Arc<dyn Speak>, directory: Directory) -> World {
        rustls::crypto::ring::default_provider().install_default().ok();
        let no = WORLDS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("firebell-web-{}-{no}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let database = format!("sqlite://{}", folder.join("firebell.db").display());
        let (store, lock) = store::open(&database, Mode::Serve).await.unwrap();
        let clock = Clock::set_to(NOW);
        let app = App::start(store, clock.clone(), directory, "http://bell.example:7911".into(), "test").await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopping) = watch::channel(false);
        let engine = Arc::new(EngineState::default());
        let (configuration, standing) = watch::channel(Standing::new(Some("firebell.toml".into()), NOW));
        let settings = Settings {
            app: app.clone(),
            engine: engine.clone(),
            speak,
            local_token: LOCAL.into(),
            ack_links: links(),
            metrics: METRICS.clone().expect("nothing else counts in this process"),
            configuration: standing,
            stop: stopping.clone(),
        };
        let front = Front {
            api_tokens: [("deploy-bot".to_string(), DEPLOY.into())].into(),
            hosts: vec!["bell.intern".into()],
            pagers: vec!["pagerduty".into()],
            pagerduty: pagerduty::settings(),
            templates: edit::templates(),
            chats: Vec::new(),
            install: None,
        };
        let web = WebState::new(settings, front.clone());
        let (routers, answering) = watch::channel(router(web.clone(), axum::Router::new()));
        let served = tokio::spawn(serve(listener, answering, stopping));
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let reload = Reload { front, routers, configuration };
        World { app, clock, engine, web, reload, url, client, stop, served, folder, _lock: lock }
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// A write with the local token.
    pub async fn write(&self, path: &str, body: Value) -> Response {
        self.post(path).bearer_auth(LOCAL).json(&body).send().await.unwrap()
    }

    pub async fn read(&self, path: &str) -> (StatusCode, Value) {
        answer(self.get(path).bearer_auth(LOCAL)).await
    }

    /// Declares as ana; returns the number.
    pub async fn declare(&self, title: &str, private: bool) -> IncidentId {
        let act = Act { on: On::Declare(declaration(title, private)), actor: Actor::person("ana", "room"), once: None };
        match self.app.act(act).await.unwrap() {
            Acted::Changed(c) => c.after.id,
            other => panic!("{other:?}"),
        }
    }

    pub async fn note(&self, id: IncidentId, text: &str) -> i64 {
        let note = Input::Note { text: text.to_string() };
        self.app.act_on(id, note, &Actor::person("ana", "room")).await.unwrap().after.seq
    }

    /// Signs somebody in the way a browser does; returns the cookie's value.
    pub async fn sign_in(&self, name: &str, admin: bool) -> String {
        let actor = Actor::person("ana", "room");
        let invitation = invite(&self.app, &PersonId::from(name), admin, actor).await.unwrap();
        let token = invitation.url.split_once("token=").unwrap().1.to_string();
        let page = self.get(&format!("/signin?token={token}")).send().await.unwrap();
        let press = cookie_of(&page, "firebell_press");
        let done = self.post("/signin").header("cookie", format!("firebell_press={press}"));
        let done = form(done, &[("token", &token), ("press", &press)]).send().await.unwrap();
        assert_eq!(done.status(), 303);
        cookie_of(&done, "firebell_session")
    }

    /// A page as a signed-in person sees it.
    pub async fn page(&self, path: &str, session: &str) -> (StatusCode, String) {
        let page = self.get(path).header("cookie", format!("firebell_session={session}")).send().await.unwrap();
        (page.status(), page.text().await.unwrap())
    }

    /// What the page's script sends.
    pub fn room_say(&self, session: &str, room: &str, text: &str) -> RequestBuilder {
        self.post("/room/say")
            .header("cookie", format!("firebell_session={session}"))
            .header("x-firebell", "1")
            .header("origin", &self.url)
            .json(&json!({ "room": room, "text": text }))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|e| panic!("{status} {e}: {text}")))
}

/// As a browser sends a form.
pub fn form(request: RequestBuilder, pairs: &[(&str, &str)]) -> RequestBuilder {
    let escape = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    request.header("content-type", "application/x-www-form-urlencoded").body(pairs.join("&"))
}

pub fn code(body: &Value) -> &str {
    body.pointer("/error/code").and_then(Value::as_str).unwrap_or_else(|| panic!("no code in {body}"))
}

pub fn cookie_of(response: &Response, name: &str) -> String {
    let all = response.headers().get_all("set-cookie").into_iter().map(|v| v.to_str().unwrap().to_string());
    let wanted = format!("{name}=");
    let line = all.into_iter().find(|l| l.starts_with(&wanted)).unwrap_or_else(|| panic!("no {name}"));
    line[wanted.len()..].split(';').next().unwrap().to_string()
}
