//! A Slack of the project's own: workspaces with people, channels and messages, the Web API, Socket Mode and signed
//! requests, in process and on loopback. It refuses what Slack refuses, in Slack's words, and limits as Slack does.
//!
//! A test drives it through the people in it (`slack.ana().says(…)`) and reads what they would see. It never knows
//! what Firebell is; whatever an app did that a real Slack would not have let pass fails the test in `finish`.
#![allow(
    dead_code,
    unused_imports,
    reason = "a Slack offers a whole vocabulary; today's tests need not say every word"
)]

mod args;
mod controls;
mod desk;
mod events;
mod faults;
mod form;
mod http;
mod judge;
mod limits;
mod methods;
mod parcel;
mod person;
mod plain;
mod press;
mod reading;
mod replies;
mod selftest;
mod setup;
mod shapes;
mod site;
mod socket;
mod socket_wire;
mod state;
mod time;
mod web;

pub use controls::End;
pub use faults::Fault;
pub use http::signature;
pub use judge::judged_by_others;
pub use parcel::Reply;
pub use person::Person;
pub use reading::Seen;
pub use setup::Setup;
pub use state::{Consent, Kind, TokenKind, World};
pub use time::{SECOND, Time};

use crate::harness::wire::{Wire, outside};
use crate::harness::{BOUND, eventually, http_client};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::{any, get, post};
use desk::Desk;
use std::time::Duration;

/// How often it looks whether an acknowledgement is overdue.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The running Slack. Gone when dropped.
pub struct FakeSlack {
    wire: Wire,
    desk: Desk,
    setup: Setup,
}

impl FakeSlack {
    /// One workspace with ana, bo, cy and the app, whose clock is the machine's.
    pub fn start() -> FakeSlack {
        Setup::default().start()
    }

    fn of(setup: Setup) -> FakeSlack {
        let desk = Desk::new(setup.world(), http_client());
        let router = Router::new()
            .route("/api/{method}", any(web::call))
            .route("/link/", get(socket_wire::upgrade))
            .route("/commands/{*rest}", post(replies::respond))
            .route("/actions/{*rest}", post(replies::respond))
            .route("/app/{*rest}", post(replies::respond))
            .route("/upload/{id}", post(upload))
            .route("/oauth/v2/authorize", get(site::authorize))
            .layer(DefaultBodyLimit::max(8 * 1024 * 1024))
            .with_state(desk.clone());
        let wire = Wire::serve(router);
        desk.with(|world| world.base_url = wire.url());
        let weak = desk.weak();
        outside().spawn(async move {
            let mut looks = tokio::time::interval(LOOK_EVERY);
            loop {
                looks.tick().await;
                let Some(desk) = weak() else { return };
                desk.with(World::look_at_the_clock);
            }
        });
        FakeSlack { wire, desk, setup }
    }

    /// What `slack.api_url` of the configuration is set to.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.wire.url())
    }

    pub fn url(&self) -> String {
        self.wire.url()
    }

    pub fn bot_token(&self) -> String {
        self.setup.bot_token.clone()
    }

    pub fn app_token(&self) -> String {
        self.setup.app_token.clone()
    }

    pub fn signing_secret(&self) -> String {
        self.setup.signing_secret.clone()
    }

    /// Looks, without changing anything.
    pub fn see<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.desk.see(look)
    }

    /// Changes the world behind everybody's back; the app is told of what it would be told of.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        self.desk.with(act)
    }

    /// Waits, within a bound, until what people and the app see satisfies `check`.
    pub async fn eventually(&self, what: &str, mut check: impl FnMut(&World) -> bool) {
        eventually(what, BOUND, async || self.desk.see(&mut check)).await;
    }

    /// The app is told by HTTP, at the three addresses under `base`, instead of over sockets.
    pub fn deliver_to(&self, base: &str) {
        let base = base.trim_end_matches('/');
        self.with(|world| {
            world.http.on = true;
            world.http.commands = format!("{base}/slack/commands");
            world.http.interactions = format!("{base}/slack/interactions");
            world.http.events = format!("{base}/slack/events");
        });
    }

    /// Waits until the app has so many sockets.
    pub async fn connected(&self, sockets: usize) {
        self.eventually(&format!("the app has {sockets} sockets"), |world| world.sockets.connections.len() >= sockets)
            .await;
    }

    /// The next call of `method` (`*` is any, `response_url` is one too) meets this.
    pub fn fault(&self, method: &str, fault: Fault) {
        self.with(|world| world.faults.script(method, fault));
    }

    /// Every call of `method` meets this, until it is taken away.
    pub fn broken(&self, method: &str, fault: Option<Fault>) {
        self.with(|world| world.faults.last(method, fault));
    }

    /// Lets held answers go.
    pub fn release(&self) {
        self.with(|world| world.faults.released += 1);
    }

    /// Nobody listens any more, every connection is reset; what it knows stays.
    pub fn stop(&self) {
        self.wire.stop();
    }

    pub fn start_again(&self) {
        self.wire.start_again();
    }

    /// Complaints that the test provoked on purpose, by a part of their words.
    pub fn forgive(&self, part: &str) {
        self.with(|world| {
            world.complaints.retain(|line| !line.contains(part));
            world.sockets.unacknowledged.retain(|line| !line.contains(part));
        });
    }

    /// Waits until the app has acknowledged all that it was told.
    pub async fn settled(&self) {
        self.eventually("the app has acknowledged everything", |world| !world.busy()).await;
    }

    /// The end of a test: panics with what no real Slack would have let pass.
    pub fn finish(self) {
        self.complaints();
    }

    /// The same of a Slack that goes on.
    pub fn complaints(&self) {
        let found = self.see(|world| {
            let mut found = world.complaints.clone();
            found.extend(world.sockets.unacknowledged.iter().map(|line| format!("not acknowledged in time: {line}")));
            found.extend(world.faults.unmet().iter().map(|line| format!("a fault that nobody met: {line}")));
            found
        });
        assert!(found.is_empty(), "Slack is not content with the app:\n  {}", found.join("\n  "));
    }
}

async fn upload(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (status, text) = match desk.with(|world| methods::upload(world, &id, kind, &body)) {
        Ok(text) => (200, text),
        Err(status) => (status, String::new()),
    };
    let status = StatusCode::from_u16(status).expect("a status");
    Response::builder().status(status).body(Body::from(text)).expect("an answer can be built")
}
