//! Server-sent events: `/incidents/N/stream` and `/stream`. An incident's `id:` is the sequence number of the event, so
//! that a browser that comes back says up to where it has: nothing is missing, nothing comes twice. A stream ends when
//! its session does or the server stops.

use super::WebState;
use super::auth::{self, Session, Viewer};
use super::error::{No, read_failed};
use super::list::{self, Next};
use super::live::{At, Feed};
use super::see::id_of;
use crate::measure;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::Interval;

/// How often something is said on an idle stream: proxies give up after 30 to 60 s of silence. Also how often the
/// session is looked at again.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
pub const HELLO: &str = "retry: 1000\n\n";
/// Said where there is nothing to say.
pub const STILL_HERE: &str = ": still here\n\n";
/// Tells a page to start afresh.
const RESET: &str = "event: reset\ndata: {}\n\n";

#[derive(Deserialize)]
pub struct Asked {
    after: Option<i64>,
}

/// What every stream holds: its place, its session, and what ends it.
pub struct Held {
    state: WebState,
    session: Session,
    ended: broadcast::Receiver<String>,
    stop: watch::Receiver<bool>,
    alive: Interval,
    _seat: Seat,
}

struct Seat {
    _permit: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        measure::stream_closed();
    }
}

/// Why a stream woke.
pub enum Woken {
    /// What it follows has changed.
    News,
    /// Time to say that it is still there.
    Alive,
    Over,
}

impl Held {
    pub async fn begin(state: &WebState, headers: &HeaderMap) -> Result<Held, No> {
        let ended = state.app().ended_sessions();
        let session = auth::session(headers, state).await?;
        let session = session.ok_or_else(|| {
            No::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Sign in first: run \"firebell invite NAME\" and open the link that it prints.",
            )
        })?;
        let Some(permit) = state.hub().seat() else {
            let message = "Too many live pages are open. This page can be read; reload it to see what is new.";
            return Err(No {
                retry_after: true,
                ..No::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", message)
            });
        };
        measure::stream_opened();
        let mut alive = tokio::time::interval(KEEP_ALIVE);
        alive.reset();
        Ok(Held { state: state.clone(), session, ended, stop: state.stop(), alive, _seat: Seat { _permit: permit } })
    }

    /// Waits for a change of what is followed, or for anything else.
    pub async fn changed<T>(&mut self, followed: &mut watch::Receiver<T>) -> Woken {
        tokio::select! {
            changed = followed.changed() => if changed.is_ok() { Woken::News } else { Woken::Over },
            woken = self.woken() => woken,
        }
    }

    /// Waits for anything but news.
    async fn woken(&mut self) -> Woken {
        loop {
            if *self.stop.borrow() {
                return Woken::Over;
            }
            tokio::select! {
                changed = self.stop.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return Woken::Over,
                },
                ended = self.ended.recv() => match ended {
                    Ok(hash) if hash != self.session.hash => continue,
                    Err(broadcast::error::RecvError::Lagged(_)) if self.signed_in().await => continue,
                    _ => return Woken::Over,
                },
                _ = self.alive.tick() => return if self.signed_in().await { Woken::Alive } else { Woken::Over },
            }
        }
    }

    /// A database that does not answer ends no stream.
    async fn signed_in(&self) -> bool {
        let now = self.state.app().clock().now();
        !matches!(self.state.app().store().session(&self.session.hash, now).await, Ok(None))
    }
}

pub async fn incident(
    State(state): State<WebState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, No> {
    let id = id_of(&id)?;
    let held = Held::begin(&state, &headers).await?;
    state.must_see(id, &held.session.viewer()).await?;
    // A browser that comes back says where it was; that is newer than the address it came with.
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse::<i64>().ok());
    let after = last.or(super::body::query(asked)?.after).unwrap_or(0).max(0);
    let feed = state.hub().feed(id);
    let at = feed.watch();
    let reset = feed.is_behind(after, state.app()).await.map_err(read_failed)?;
    let seen = At { seq: if reset { 0 } else { after }, standing: 0 };
    Ok(answer(Following { held, feed, at, seen, hello: true, reset }, Following::next))
}

struct Following {
    held: Held,
    feed: Arc<Feed>,
    at: watch::Receiver<At>,
    seen: At,
    hello: bool,
    reset: bool,
}

impl Following {
    async fn next(mut self) -> Option<(String, Following)> {
        if std::mem::take(&mut self.hello) {
            let reset = if self.reset { RESET } else { "" };
            return Some((format!("{HELLO}{reset}"), self));
        }
        loop {
            // Marked as seen before it is read: what comes in between wakes again.
            self.at.borrow_and_update();
            let (text, seen) = self.feed.after(self.seen);
            self.seen = seen;
            if !text.is_empty() {
                return Some((text, self));
            }
            match self.held.changed(&mut self.at).await {
                Woken::News => {}
                Woken::Alive => return Some((STILL_HERE.to_string(), self)),
                Woken::Over => return None,
            }
        }
    }
}

pub async fn list(State(state): State<WebState>, headers: HeaderMap) -> Result<Response, No> {
    let held = Held::begin(&state, &headers).await?;
    let viewer = held.session.viewer();
    let feed = state.hub().list();
    let version = feed.watch();
    Ok(answer(Listing { held, viewer, feed, version, seen: None, hello: true }, Listing::next))
}

struct Listing {
    held: Held,
    viewer: Viewer,
    feed: Arc<list::ListFeed>,
    version: watch::Receiver<u64>,
    /// `None`: has not been sent the list.
    seen: Option<u64>,
    hello: bool,
}

impl Listing {
    async fn next(mut self) -> Option<(String, Listing)> {
        if std::mem::take(&mut self.hello) {
            return Some((HELLO.to_string(), self));
        }
        loop {
            let head = *self.version.borrow_and_update();
            let next = match self.seen {
                None => Next::Whole(head),
                Some(seen) => self.feed.after(seen, &self.viewer),
            };
            match next {
                // The version is noted before the list is read: what changes meanwhile is sent again.
                Next::Whole(head) => match list::snapshot(&self.held.state, &self.viewer).await {
                    Ok((open, recent)) => {
                        self.seen = Some(head);
                        let text = format!(
                            "event: list\ndata: {}\n\n",
                            json!({ "open": open, "recent": recent, "notices": self.held.state.notices() })
                        );
                        return Some((text, self));
                    }
                    // The browser comes back by itself.
                    Err(_) => return None,
                },
                Next::Rows(text, head) => {
                    self.seen = Some(head);
                    if !text.is_empty() {
                        return Some((text, self));
                    }
                }
            }
            match self.held.changed(&mut self.version).await {
                Woken::News => {}
                Woken::Alive => return Some((STILL_HERE.to_string(), self)),
                Woken::Over => return None,
            }
        }
    }
}

pub fn answer<S, F>(stream: S, next: fn(S) -> F) -> Response
where
    S: Send + 'static,
    F: Future<Output = Option<(String, S)>> + Send + 'static,
{
    let frames = futures_util::stream::unfold(stream, move |s| {
        let next = next(s);
        async move { next.await.map(|(text, s)| (Ok::<_, Infallible>(Bytes::from(text)), s)) }
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // For nginx: what is held back is not live.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
