//! A stand-in of PagerDuty's Events API v2 at the wire: `POST /v2/enqueue`, with the vendor's state.
//!
//! It refuses what the vendor's documentation says is refused, applies follow-up events as documented (the
//! same routing key and dedup key, an open alert, else dropped), and keeps every request in order of arrival.
//! It never forgives: where the documentation leaves a doubt it is the stricter of the two.

pub mod webhooks;

use super::faults::{Faults, json_answer};
use super::wire::{Line, Wire};
use super::{BOUND, watch_until};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use axum::routing::post;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::watch;

const ROUTING_KEY_CHARS: usize = 32;
const DEDUP_KEY_CHARS_MAX: usize = 255;
const SUMMARY_CHARS_MAX: usize = 1024;
const BODY_BYTES_MAX: usize = 512 * 1024;
/// How much is read of a body before giving up on it: enough to answer 413 rather than to cut the sender off.
const READ_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A routing key that the vendor would accept.
pub const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Triggered,
    Acknowledged,
    Resolved,
}

/// One alert as the vendor keeps it. A trigger after the resolution opens another one with the same key.
#[derive(Debug, Clone)]
pub struct Alert {
    pub routing_key: String,
    pub dedup_key: String,
    pub status: Status,
    /// How many trigger events it took in. The vendor calls people for the first one only.
    pub triggers: u32,
    pub summary: String,
    pub severity: String,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub arrived: Instant,
    pub headers: HeaderMap,
    /// The event, or null when the body was no JSON.
    pub event: Value,
    /// What a healthy vendor answers to it.
    pub status: u16,
    /// Whether the vendor did what it asked: it was valid, and no fault stood in the way.
    pub acted: bool,
}

impl Request {
    /// `trigger`, `acknowledge` or `resolve`, as sent.
    pub fn action(&self) -> &str {
        self.event["event_action"].as_str().unwrap_or_default()
    }

    pub fn dedup_key(&self) -> &str {
        self.event["dedup_key"].as_str().unwrap_or_default()
    }
}

/// All that the vendor knows.
#[derive(Debug, Default)]
pub struct Vendor {
    /// In order of arrival.
    pub requests: Vec<Request>,
    /// In order of their opening.
    pub alerts: Vec<Alert>,
    /// Requests to paths that the vendor does not have. A correct program sends none.
    pub strays: Vec<String>,
    /// What it said by itself, in the order of the answers.
    pub webhooks: Vec<webhooks::Webhook>,
}

impl Vendor {
    /// The newest alert with this dedup key.
    pub fn alert(&self, dedup_key: &str) -> Option<&Alert> {
        self.alerts.iter().rev().find(|alert| alert.dedup_key == dedup_key)
    }

    /// The events that the vendor acted on, of one action.
    pub fn acted(&self, action: &str) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(move |request| request.acted && request.action() == action)
    }

    /// The events that the vendor refused: each is a defect of the sender.
    pub fn refused(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| request.status != 202)
    }

    fn open_alert(&mut self, routing_key: &str, dedup_key: &str) -> Option<&mut Alert> {
        self.alerts.iter_mut().rev().find(|alert| {
            alert.routing_key == routing_key && alert.dedup_key == dedup_key && alert.status != Status::Resolved
        })
    }

    /// Applies a valid event; says which dedup key it went to, and to what status it moved an open alert.
    fn apply(&mut self, event: &Value) -> (String, Option<Status>) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let routing_key = text(&event["routing_key"]);
        let mut dedup_key = text(&event["dedup_key"]);
        if dedup_key.is_empty() {
            dedup_key = format!("{:032x}", self.requests.len() + 1);
        }
        let open = self.open_alert(&routing_key, &dedup_key);
        let mut moved = None;
        match (event["event_action"].as_str(), open) {
            (Some("trigger"), Some(alert)) => alert.triggers += 1,
            (Some("trigger"), None) => self.alerts.push(Alert {
                routing_key,
                dedup_key: dedup_key.clone(),
                status: Status::Triggered,
                triggers: 1,
                summary: text(&event["payload"]["summary"]),
                severity: text(&event["payload"]["severity"]),
            }),
            (Some("acknowledge"), Some(alert)) => {
                moved = (alert.status == Status::Triggered).then_some(Status::Acknowledged);
                alert.status = Status::Acknowledged;
            }
            (Some("resolve"), Some(alert)) => {
                moved = Some(Status::Resolved);
                alert.status = Status::Resolved;
            }
            // No open alert: the vendor accepts the event and drops it.
            _ => {}
        }
        (dedup_key, moved)
    }
}

/// The running stand-in.
#[derive(Debug)]
pub struct FakePagerduty {
    wire: Wire,
    vendor: watch::Sender<Vendor>,
    subscribed: webhooks::Subscribed,
    pub faults: Faults,
}

#[derive(Clone)]
struct Desk {
    vendor: watch::Sender<Vendor>,
    subscribed: webhooks::Subscribed,
    faults: Faults,
}

impl FakePagerduty {
    pub fn start() -> FakePagerduty {
        let vendor = watch::Sender::new(Vendor::default());
        let (subscribed, faults) = (webhooks::Subscribed::default(), Faults::default());
        let router = Router::new()
            .route("/v2/enqueue", post(enqueue))
            .fallback(stray)
            .method_not_allowed_fallback(stray)
            .layer(DefaultBodyLimit::max(READ_BYTES_MAX))
            .with_state(Desk { vendor: vendor.clone(), subscribed: subscribed.clone(), faults: faults.clone() });
        FakePagerduty { wire: Wire::serve(router), vendor, subscribed, faults }
    }

    /// The base address, without a path: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.wire.url()
    }

    /// How many connections are open: none once a killed sender's last request has been read to its end.
    pub fn connections(&self) -> usize {
        self.wire.connections()
    }

    /// Goes down: connections are reset and new ones refused. What it knows stays.
    pub fn stop(&self) {
        self.wire.stop();
    }

    /// Comes back at the same address.
    pub fn start_again(&self) {
        self.wire.start_again();
    }

    /// Looks at what the vendor knows at this moment.
    pub fn see<T>(&self, look: impl FnOnce(&Vendor) -> T) -> T {
        look(&self.vendor.borrow())
    }

    /// Waits until what the vendor knows satisfies `check`; panics with all requests when it never does.
    pub async fn wait_until(&self, what: &str, check: impl FnMut(&Vendor) -> bool) {
        self.wait_until_within(BOUND, what, check).await;
    }

    pub async fn wait_until_within(&self, bound: Duration, what: &str, check: impl FnMut(&Vendor) -> bool) {
        let report = || format!("The pager saw:\n{}", self.report());
        watch_until(&self.vendor, bound, what, check, report).await;
    }

    /// Every request in a line.
    pub fn report(&self) -> String {
        self.see(|vendor| {
            let mut lines: Vec<String> = vendor
                .requests
                .iter()
                .map(|request| {
                    format!(
                        "  {} {} {} -> {}, acted: {}",
                        request.action(),
                        request.dedup_key(),
                        request.event["payload"]["summary"],
                        request.status,
                        request.acted
                    )
                })
                .collect();
            lines.extend(vendor.webhooks.iter().map(|said| format!("  said {said:?}")));
            lines.extend(vendor.strays.iter().map(|stray| format!("  stray: {stray}")));
            lines.join("\n")
        })
    }
}

async fn enqueue(
    State(desk): State<Desk>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let arrived = Instant::now();
    let met = desk.faults.meet();
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, answer) = judge(&headers, &body, &event);
    let mut answer = answer;
    let acts = met.acts() && status == StatusCode::ACCEPTED;
    let mut moved = None;
    desk.vendor.send_modify(|vendor| {
        if acts {
            let (dedup_key, to) = vendor.apply(&event);
            moved = to.map(|status| (dedup_key.clone(), status));
            answer["dedup_key"] = dedup_key.into();
        }
        vendor.requests.push(Request { arrived, headers, event, status: status.as_u16(), acted: acts });
    });
    if let Some((dedup_key, status)) = moved {
        webhooks::echo(&desk.subscribed, &desk.vendor, status, &dedup_key);
    }
    desk.faults.answer(met, json_answer(status, &answer), &line).await
}

async fn stray(State(desk): State<Desk>, method: Method, uri: Uri) -> Response<Body> {
    desk.vendor.send_modify(|vendor| vendor.strays.push(format!("{method} {uri}")));
    json_answer(StatusCode::NOT_FOUND, &json!({"status": "Not Found", "message": "There is nothing at this address"}))
}

/// What a healthy vendor answers.
fn judge(headers: &HeaderMap, body: &Bytes, event: &Value) -> (StatusCode, Value) {
    if body.len() > BODY_BYTES_MAX {
        let message = json!({"status": "invalid event", "message": "Event object is too large"});
        return (StatusCode::PAYLOAD_TOO_LARGE, message);
    }
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.split(';').next() == Some("application/json"));
    if !is_json || !event.is_object() {
        let message = json!({
            "status": "Unrecognized object",
            "message": "Event object format is unrecognized",
            "errors": ["JSON parse error"],
        });
        return (StatusCode::BAD_REQUEST, message);
    }
    let errors = problems(event);
    if errors.is_empty() {
        let message = json!({"status": "success", "message": "Event processed"});
        (StatusCode::ACCEPTED, message)
    } else {
        let message = json!({
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": errors,
        });
        (StatusCode::BAD_REQUEST, message)
    }
}

/// All that is wrong with an event, in the vendor's way of saying it.
fn problems(event: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let blank = |value: &Value| value.as_str().is_none_or(|text| text.trim().is_empty());
    let chars = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());

    if blank(&event["routing_key"]) {
        found.push("'routing_key' is missing or blank".to_owned());
    } else if chars(&event["routing_key"]) != ROUTING_KEY_CHARS {
        found.push("Length of 'routing_key' is incorrect (should be 32 characters)".to_owned());
    }
    let action = event["event_action"].as_str().unwrap_or_default();
    if action.is_empty() {
        found.push("'event_action' is missing or blank".to_owned());
    } else if !["trigger", "acknowledge", "resolve"].contains(&action) {
        found.push("'event_action' is incorrect (should be trigger, acknowledge or resolve)".to_owned());
    }
    if event.get("dedup_key").is_some_and(|key| !key.is_string()) {
        found.push("'dedup_key' is not a string".to_owned());
    } else if chars(&event["dedup_key"]) > DEDUP_KEY_CHARS_MAX {
        found.push("Length of 'dedup_key' is incorrect (should be at most 255 characters)".to_owned());
    } else if action != "trigger" && blank(&event["dedup_key"]) {
        found.push("'dedup_key' is missing or blank".to_owned());
    }
    for key in ["client", "client_url"] {
        if event.get(key).is_some_and(|value| !value.is_string()) {
            found.push(format!("'{key}' is not a string"));
        }
    }
    if action == "trigger" {
        problems_of_payload(&event["payload"], &mut found);
    }
    problems_of_list(event, "links", "href", &["text"], &mut found);
    problems_of_list(event, "images", "src", &["href", "alt"], &mut found);
    found
}

fn problems_of_payload(payload: &Value, found: &mut Vec<String>) {
    for key in ["summary", "source", "severity"] {
        if payload[key].as_str().is_none_or(|text| text.trim().is_empty()) {
            found.push(format!("'payload.{key}' is missing or blank"));
        }
    }
    let summary = payload["summary"].as_str().unwrap_or_default();
    if summary.chars().count() > SUMMARY_CHARS_MAX {
        found.push("Length of 'payload.summary' is incorrect (should be at most 1024 characters)".to_owned());
    }
    let severity = payload["severity"].as_str().unwrap_or_default();
    if !severity.is_empty() && !["critical", "error", "warning", "info"].contains(&severity) {
        found.push(
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
                .to_owned(),
        );
    }
    for key in ["component", "group", "class"] {
        if payload.get(key).is_some_and(|value| !value.is_string()) {
            found.push(format!("'payload.{key}' is not a string"));
        }
    }
    if payload.get("custom_details").is_some_and(|details| !details.is_object()) {
        found.push("'payload.custom_details' is not an object".to_owned());
    }
    if let Some(timestamp) = payload.get("timestamp") {
        let text = timestamp.as_str().unwrap_or_default();
        let readable = chrono::DateTime::parse_from_rfc3339(text).is_ok()
            || chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").is_ok();
        if !readable {
            found.push("'payload.timestamp' is not an ISO 8601 time".to_owned());
        }
    }
}

/// `links` and `images`: a list of objects with one address that must be there and texts that may be.
fn problems_of_list(event: &Value, list: &str, required: &str, optional: &[&str], found: &mut Vec<String>) {
    let Some(value) = event.get(list) else { return };
    let Some(items) = value.as_array() else {
        found.push(format!("'{list}' is not a list"));
        return;
    };
    // The vendor shows images to browsers, so it takes them from HTTPS only.
    let schemes: &[&str] = if list == "images" { &["https://"] } else { &["https://", "http://"] };
    for item in items {
        let address = item[required].as_str().unwrap_or_default();
        if !schemes.iter().any(|scheme| address.starts_with(scheme)) {
            found.push(format!("'{list}.{required}' is missing or no usable address"));
        }
        for key in optional {
            if item.get(*key).is_some_and(|text| !text.is_string()) {
                found.push(format!("'{list}.{key}' is not a string"));
            }
        }
    }
}
