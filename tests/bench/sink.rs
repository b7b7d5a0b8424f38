//! A pager that takes everything at once and notes when each key arrived.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

#[derive(Clone, Default)]
pub struct Sink {
    arrivals: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Sink {
    /// Starts to listen; `key` finds in a body what tells arrivals apart.
    pub async fn start(key: fn(&str) -> Option<String>) -> (Sink, String) {
        let sink = Sink::default();
        let state = (sink.clone(), key);
        let router = Router::new().route("/", post(take)).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        (sink, url)
    }

    pub fn len(&self) -> usize {
        self.arrivals.lock().expect("no panic").len()
    }

    pub fn arrived(&self, key: &str) -> Option<Instant> {
        self.arrivals.lock().expect("no panic").get(key).copied()
    }
}

type Shared = (Sink, fn(&str) -> Option<String>);

async fn take(State((sink, key)): State<Shared>, _headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = Instant::now();
    if let Some(key) = std::str::from_utf8(&body).ok().and_then(key) {
        sink.arrivals.lock().expect("no panic").entry(key).or_insert(now);
    }
    StatusCode::OK
}

/// The title that we gave: `bench-…` up to the next quote, backslash or space.
pub fn title_in(body: &str) -> Option<String> {
    let from = body.find("bench-")?;
    let rest = &body[from..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
    Some(rest[..end].to_string())
}
