//! The digest room (`/digest`): what stakeholders read of all public incidents, live. One feed reads the newest once and
//! renders it once, however many look on. A page gets everything when it connects and then each thing that is new; a
//! thing is told once by its number in its incident, so that what is sent twice shows once. Never anything of a private
//! incident, whoever is signed in: a digest is forwarded and read aloud.

use super::WebState;
use super::auth::{self, Bearer};
use super::body;
use super::error::{No, read_failed};
use super::keep::Kept;
use super::pages;
use super::standing::severity_icon;
use super::stream::{self, Held, STILL_HERE, Woken};
use crate::app::App;
use crate::fault::Fault;
use crate::store::ToldRow;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use firebell_domain::digest;
use firebell_domain::limits::{DIGEST_SHOWN_MAX, PAGE_ITEMS_MAX};
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Notify, watch};

/// One thing that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// `42-7`: the incident's number and the event's.
    pub key: String,
    pub id: String,
    pub number: i64,
    pub title: String,
    pub severity: String,
    pub rank: u32,
    pub severity_icon: &'static str,
    pub at: String,
    pub words: String,
    pub by: String,
    pub what: String,
    pub text: String,
}

fn item(row: &ToldRow) -> Option<Item> {
    let (e, told) = (&row.event, digest::told(&row.event)?);
    Some(Item {
        key: format!("{}-{}", e.incident.0, e.seq),
        id: e.incident.to_string(),
        number: e.incident.0,
        title: row.title.clone(),
        severity: row.severity.clone(),
        rank: row.severity_rank,
        severity_icon: severity_icon(row.severity_rank),
        at: e.at.rfc3339(),
        words: e.at.to_string(),
        by: e.actor.shown(),
        what: told.what,
        text: told.text,
    })
}

async fn newest(app: &App, limit: i64) -> Result<Vec<Item>, Fault> {
    Ok(app.store().digest(limit).await?.iter().filter_map(item).collect())
}

pub async fn room(State(state): State<WebState>, headers: HeaderMap) -> Response {
    let page = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        let items = newest(state.app(), DIGEST_SHOWN_MAX).await.map_err(read_failed)?;
        Ok::<_, No>(pages::page(
            "digest.html",
            context! { person => session.person.as_str(), form => session.form.as_str(), items => Serde(&items) },
        ))
    };
    page.await.unwrap_or_else(pages::problem)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    limit: Option<i64>,
}

pub async fn api(
    State(state): State<WebState>,
    _bearer: Bearer,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, No> {
    let limit = match body::query(asked)?.limit.unwrap_or(DIGEST_SHOWN_MAX) {
        n if (1..=PAGE_ITEMS_MAX).contains(&n) => n,
        _ => return Err(No::bad("bad_query", format!("limit is from 1 to {PAGE_ITEMS_MAX}."))),
    };
    let url: &str = &state.app().public_url();
    let rows = state.app().store().digest(limit).await.map_err(read_failed)?;
    let told = |row: &ToldRow| {
        let told = digest::told(&row.event)?;
        Some(json!({
            "incident": row.event.incident.to_string(), "seq": row.event.seq, "at": row.event.at.rfc3339(),
            "url": format!("{url}/incidents/{}", row.event.incident.0), "title": row.title,
            "severity": { "level": row.severity, "rank": row.severity_rank }, "by": row.event.actor.shown(),
            "what": told.what, "text": told.text, "status": told.status,
        }))
    };
    Ok(Json(json!({ "digest": rows.iter().filter_map(told).collect::<Vec<_>>() })))
}

/// What open pages are kept up to date with, as long as anybody holds it.
pub struct DigestFeed {
    nudge: Arc<Notify>,
    told: RwLock<Told>,
    version: watch::Sender<u64>,
}

#[derive(Default)]
struct Told {
    /// The newest first.
    items: Vec<Item>,
    version: u64,
    /// Up to which version a page must have been, to be sent only `news`.
    since: u64,
    news: String,
    read: bool,
}

impl DigestFeed {
    pub fn new() -> DigestFeed {
        DigestFeed { nudge: Arc::default(), told: RwLock::default(), version: watch::Sender::new(0) }
    }

    pub fn tell(&self) {
        self.nudge.notify_one();
    }

    /// What somebody who has seen a version is to be sent, and the version that it makes.
    fn after(&self, seen: Option<u64>) -> (String, Option<u64>) {
        let told = self.told.read().unwrap_or_else(PoisonError::into_inner);
        match seen {
            _ if !told.read => (String::new(), None),
            Some(seen) if seen == told.version => (String::new(), Some(seen)),
            Some(seen) if seen == told.since => (told.news.clone(), Some(told.version)),
            _ => (format!("event: digest\ndata: {}\n\n", json!({ "items": told.items })), Some(told.version)),
        }
    }
}

impl Kept for DigestFeed {
    const NAME: &'static str = "the digest";

    fn nudge(&self) -> &Arc<Notify> {
        &self.nudge
    }

    async fn catch_up(&self, app: &App) -> Result<(), Fault> {
        let now = newest(app, DIGEST_SHOWN_MAX).await?;
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        if told.read && told.items == now {
            return Ok(());
        }
        let known = |i: &&Item| !told.items.contains(i);
        // The oldest first, as they happened.
        let new: Vec<&Item> = now.iter().filter(known).rev().collect();
        told.news = new
            .iter()
            .map(|i| format!("event: told\ndata: {}\n\n", serde_json::to_string(i).unwrap_or_default()))
            .collect();
        (told.since, told.version, told.read) = (told.version, told.version + 1, true);
        told.items = now;
        let version = told.version;
        drop(told);
        self.version.send_replace(version);
        Ok(())
    }
}

pub async fn live(State(state): State<WebState>, headers: HeaderMap) -> Result<Response, No> {
    let held = Held::begin(&state, &headers).await?;
    let feed = state.hub().digest();
    let version = feed.version.subscribe();
    Ok(stream::answer(Following { held, feed, version, seen: None, hello: true }, Following::next))
}

struct Following {
    held: Held,
    feed: Arc<DigestFeed>,
    version: watch::Receiver<u64>,
    /// `None`: has not been sent the digest.
    seen: Option<u64>,
    hello: bool,
}

impl Following {
    async fn next(mut self) -> Option<(String, Following)> {
        if std::mem::take(&mut self.hello) {
            return Some((stream::HELLO.to_string(), self));
        }
        loop {
            // Marked as seen before it is read: what comes in between wakes again.
            self.version.borrow_and_update();
            let (text, seen) = self.feed.after(self.seen);
            self.seen = seen;
            if !text.is_empty() {
                return Some((text, self));
            }
            match self.held.changed(&mut self.version).await {
                Woken::News => {}
                Woken::Alive => return Some((STILL_HERE.to_string(), self)),
                Woken::Over => return None,
            }
        }
    }
}
