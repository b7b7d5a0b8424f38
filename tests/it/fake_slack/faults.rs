//! What Slack can do wrong, put there by the test, once per call and method.
//!
//! A fault that no call met is a test that did not test: `finish` fails on it.

use super::desk::Desk;
use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 429 with so many seconds; nothing is done.
    RateLimited(i64),
    /// This status and no body that means anything; nothing is done.
    Status(u16),
    /// A page for people, as a proxy or a maintenance shows it; nothing is done.
    Html(u16),
    /// `ok: false` with this word; nothing is done.
    Error(&'static str),
    /// Done, and answered this much later.
    Slow(Duration),
    /// Done, and answered when the test says `release`.
    Held,
    /// The connection ends before anything is done.
    LostBefore,
    /// Done, but the connection ends before the answer.
    LostAfter,
}

impl Fault {
    /// Whether what was asked for is done all the same.
    pub fn acts(&self) -> bool {
        matches!(self, Fault::Slow(_) | Fault::Held | Fault::LostAfter)
    }
}

#[derive(Debug, Default)]
pub struct Faults {
    /// By method; `*` is any.
    waiting: BTreeMap<String, VecDeque<Fault>>,
    /// Stays until taken away again: Slack is down.
    lasting: BTreeMap<String, Fault>,
    pub released: u64,
}

impl Faults {
    pub fn script(&mut self, method: &str, fault: Fault) {
        self.waiting.entry(method.to_owned()).or_default().push_back(fault);
    }

    pub fn last(&mut self, method: &str, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.lasting.insert(method.to_owned(), fault),
            None => self.lasting.remove(method),
        };
    }

    pub fn meet(&mut self, method: &str) -> Option<Fault> {
        let once = [method, "*"].into_iter().find_map(|name| self.waiting.get_mut(name).and_then(VecDeque::pop_front));
        once.or_else(|| self.lasting.get(method).or(self.lasting.get("*")).cloned())
    }

    /// What was scripted and never met.
    pub fn unmet(&self) -> Vec<String> {
        let left = self.waiting.iter().flat_map(|(method, faults)| faults.iter().map(move |fault| (method, fault)));
        left.map(|(method, fault)| format!("{fault:?} of {method}")).collect()
    }
}

/// The answer of a fault that does not act.
pub fn instead(fault: &Fault) -> Option<Response<Body>> {
    let answer = |status: u16, kind: &str, body: &str| {
        let status = StatusCode::from_u16(status).expect("a status");
        let builder = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
        builder.body(Body::from(body.to_owned())).expect("a fixed answer")
    };
    match fault {
        Fault::RateLimited(seconds) => Some(too_many(*seconds)),
        Fault::Status(status) => Some(answer(*status, "text/plain", "")),
        Fault::Html(status) => {
            let page = "<!DOCTYPE html><html><head><title>Slack</title></head><body>We'll be right back.</body></html>";
            Some(answer(*status, "text/html; charset=utf-8", page))
        }
        Fault::Error(word) => {
            let body = serde_json::json!({"ok": false, "error": word}).to_string();
            Some(answer(200, "application/json; charset=utf-8", &body))
        }
        _ => None,
    }
}

pub fn too_many(seconds: i64) -> Response<Body> {
    Response::builder()
        .status(StatusCode::TOO_MANY_REQUESTS)
        .header(header::RETRY_AFTER, seconds)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Body::from(r#"{"ok":false,"error":"ratelimited"}"#))
        .expect("a fixed answer")
}

/// Waits until the test says `release` once more than it had.
pub async fn released(desk: &Desk, before: u64) {
    let mut changes = desk.changes();
    while desk.see(|world| world.faults.released) <= before {
        if changes.changed().await.is_err() {
            return;
        }
    }
}
