//! What the vendor says by itself: its v3 webhooks, signed as documented, whenever an alert's status changes there,
//! whoever changed it. What it was told by the Events API it says back with nobody as agent: the echo that a receiver
//! must not take for a person.
//!
//! One delivery per event and no retries by itself: a test that wants a repeat asks for it. Every answer is kept.

use super::{FakePagerduty, Status, Vendor};
use crate::harness::wire::outside;
use crate::harness::{Answer, http_client};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Where webhooks go, and with what they are signed: during a rotation with both secrets.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub url: String,
    pub secrets: Vec<String>,
}

/// One delivery and what came of it.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub event_type: String,
    pub incident_key: String,
    /// Null for what nobody did.
    pub agent: Value,
    pub status: u16,
    /// The receiver's own word.
    pub result: String,
}

/// A user there.
#[derive(Debug, Clone, Copy)]
pub struct User {
    pub id: &'static str,
    pub name: &'static str,
}

pub(super) type Subscribed = Arc<Mutex<Option<Subscription>>>;

impl FakePagerduty {
    pub fn subscribe(&self, url: &str, secret: &str) {
        let subscription = Subscription { url: url.to_owned(), secrets: vec![secret.to_owned()] };
        *self.subscribed.lock().expect("not poisoned") = Some(subscription);
    }

    /// A person acknowledges the newest alert with this key in the vendor's app.
    pub async fn acknowledged_by(&self, user: User, dedup_key: &str) -> Webhook {
        self.changed_by(user, dedup_key, Status::Acknowledged).await
    }

    /// A person resolves it there.
    pub async fn resolved_by(&self, user: User, dedup_key: &str) -> Webhook {
        self.changed_by(user, dedup_key, Status::Resolved).await
    }

    async fn changed_by(&self, user: User, dedup_key: &str, status: Status) -> Webhook {
        self.vendor.send_modify(|vendor| {
            let alert = vendor.alerts.iter_mut().rev().find(|alert| alert.dedup_key == dedup_key);
            alert.unwrap_or_else(|| panic!("there is no alert {dedup_key}")).status = status;
        });
        let event = event(&self.see(Vendor::events_so_far), word(status), dedup_key, &agent(user));
        self.deliver(&event).await
    }

    /// Sends an event as it stands, to whoever subscribed: for repeats, and for what is not of this world.
    pub async fn deliver(&self, event: &Value) -> Webhook {
        let subscription = self.subscribed.lock().expect("not poisoned").clone().expect("somebody subscribed");
        deliver(&subscription, event, &self.vendor).await
    }
}

impl Vendor {
    /// Makes event ids of this vendor its own.
    fn events_so_far(&self) -> String {
        format!("{}-{}", self.requests.len(), self.webhooks.len())
    }
}

pub fn agent(user: User) -> Value {
    json!({
        "html_url": format!("https://example.pagerduty.com/users/{}", user.id),
        "id": user.id,
        "self": format!("https://api.pagerduty.com/users/{}", user.id),
        "summary": user.name,
        "type": "user_reference",
    })
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Triggered => "triggered",
        Status::Acknowledged => "acknowledged",
        Status::Resolved => "resolved",
    }
}

/// An event in the shape of the vendor's documentation.
pub fn event(id: &str, word: &str, dedup_key: &str, agent: &Value) -> Value {
    json!({ "event": {
        "id": format!("5ac64822-4adc-4fda-ade0-410becf0de4f-{id}-{word}"),
        "event_type": format!("incident.{word}"),
        "resource_type": "incident",
        "occurred_at": "2026-03-02T03:00:00.000Z",
        "agent": agent,
        "client": { "name": "PagerDuty" },
        "data": {
            "id": "PGR0VU2",
            "type": "incident",
            "self": "https://api.pagerduty.com/incidents/PGR0VU2",
            "html_url": "https://example.pagerduty.com/incidents/PGR0VU2",
            "number": 2,
            "status": word,
            "incident_key": dedup_key,
            "created_at": "2026-03-02T03:00:00Z",
            "title": "Störung: checkout is down 🔥",
            "service": {"id": "PF9KMXH", "summary": "Checkout", "type": "service_reference"},
            "assignees": [{"id": "PANA", "summary": "Ana", "type": "user_reference"}],
            "priority": null,
            "urgency": "high",
            "resolve_reason": null,
        },
    } })
}

/// What the Events API changed is said back, by nobody.
pub(super) fn echo(subscribed: &Subscribed, vendor: &watch::Sender<Vendor>, status: Status, dedup_key: &str) {
    let Some(subscription) = subscribed.lock().expect("not poisoned").clone() else { return };
    let id = vendor.borrow().events_so_far();
    let (event, vendor) = (event(&id, word(status), dedup_key, &Value::Null), vendor.clone());
    outside().spawn(async move { deliver(&subscription, &event, &vendor).await });
}

async fn deliver(subscription: &Subscription, event: &Value, vendor: &watch::Sender<Vendor>) -> Webhook {
    let body = event.to_string();
    let signatures: Vec<String> =
        subscription.secrets.iter().map(|secret| signature(secret, body.as_bytes())).collect();
    let request = http_client()
        .post(&subscription.url)
        .header("content-type", "application/json")
        .header("user-agent", "PagerDuty-Webhook/V3.0")
        .header("x-webhook-id", "7c5f7dc4-1d2a-4ba8-a0b8-d5c0c1b4a7a3")
        .header("x-pagerduty-signature", signatures.join(","))
        .body(body);
    let answer = Answer::to(request).await;
    let (status, body) = answer.map_or_else(|problem| (0, problem), |answer| (answer.status, answer.body));
    let said: Value = serde_json::from_str(&body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let event = &event["event"];
    let webhook = Webhook {
        event_type: text(&event["event_type"]),
        incident_key: text(&event["data"]["incident_key"]),
        agent: event["agent"].clone(),
        status,
        result: text(&said["result"]),
    };
    vendor.send_modify(|vendor| vendor.webhooks.push(webhook.clone()));
    webhook
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1={hex}")
}
