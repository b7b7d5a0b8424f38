//! A receiver of the signed generic webhook, as a customer would write one from our documentation.
//!
//! It takes a delivery only when `Firebell-Signature: t=SECONDS,v1=HEX` is the HMAC-SHA256 of
//! `SECONDS.BODY` under the shared secret, not older or newer than five minutes, and when an
//! `Idempotency-Key` is there. It never parses more leniently than that, and acts once per key.

use super::faults::{Faults, json_answer};
use super::wire::{Line, Wire};
use super::{BOUND, watch_until};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

const SIGNATURE_AGE_MAX_S: u64 = 5 * 60;
const READ_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub arrived: Instant,
    pub path: String,
    pub headers: HeaderMap,
    /// The body, or null when it was no JSON.
    pub body: Value,
    /// What a healthy receiver answers to it.
    pub status: u16,
    /// Why it was refused, or nothing.
    pub refusal: Option<String>,
    /// Whether the receiver did something about it: it was valid, its key was new, no fault stood in the way.
    pub acted: bool,
}

impl Delivery {
    pub fn idempotency_key(&self) -> &str {
        self.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default()
    }
}

/// All that the receiver knows: every request in order of arrival.
#[derive(Debug, Default)]
pub struct Inbox {
    pub deliveries: Vec<Delivery>,
}

impl Inbox {
    /// The deliveries that the receiver acted on.
    pub fn acted(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.acted)
    }

    /// The deliveries that were refused: each is a defect of the sender, or meant by the test.
    pub fn refused(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.refusal.is_some())
    }

    /// How often a key arrived, acted on or not.
    pub fn arrivals(&self, idempotency_key: &str) -> usize {
        self.deliveries.iter().filter(|delivery| delivery.idempotency_key() == idempotency_key).count()
    }
}

/// The running receiver. Every path and method leads to it; only POST is right.
#[derive(Debug)]
pub struct FakeWebhook {
    wire: Wire,
    inbox: watch::Sender<Inbox>,
    pub faults: Faults,
}

#[derive(Clone)]
struct Desk {
    secret: Arc<str>,
    now: Arc<dyn Fn() -> u64 + Send + Sync>,
    inbox: watch::Sender<Inbox>,
    faults: Faults,
}

impl FakeWebhook {
    /// A receiver whose clock is the machine's.
    pub fn start(secret: &str) -> FakeWebhook {
        FakeWebhook::start_with_clock(secret, || {
            SystemTime::now().duration_since(UNIX_EPOCH).expect("the machine's clock is past 1970").as_secs()
        })
    }

    /// A receiver with a clock of the test's (Unix seconds), for senders that live on virtual time.
    pub fn start_with_clock(secret: &str, now: impl Fn() -> u64 + Send + Sync + 'static) -> FakeWebhook {
        let inbox = watch::Sender::new(Inbox::default());
        let faults = Faults::default();
        let router = Router::new().fallback(receive).layer(DefaultBodyLimit::max(READ_BYTES_MAX)).with_state(Desk {
            secret: secret.into(),
            now: Arc::new(now),
            inbox: inbox.clone(),
            faults: faults.clone(),
        });
        FakeWebhook { wire: Wire::serve(router), inbox, faults }
    }

    /// The address to deliver to.
    pub fn url(&self) -> String {
        format!("{}/pages", self.wire.url())
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

    /// Looks at what has arrived by now.
    pub fn see<T>(&self, look: impl FnOnce(&Inbox) -> T) -> T {
        look(&self.inbox.borrow())
    }

    /// Waits until what has arrived satisfies `check`; panics with all deliveries when it never does.
    pub async fn wait_until(&self, what: &str, check: impl FnMut(&Inbox) -> bool) {
        self.wait_until_within(BOUND, what, check).await;
    }

    pub async fn wait_until_within(&self, bound: Duration, what: &str, check: impl FnMut(&Inbox) -> bool) {
        let report = || format!("The webhook got:\n{}", self.report());
        watch_until(&self.inbox, bound, what, check, report).await;
    }

    /// Every delivery in a line.
    pub fn report(&self) -> String {
        self.see(|inbox| {
            let line = |delivery: &Delivery| {
                format!(
                    "  {} {} -> {} {}, acted: {}",
                    delivery.idempotency_key(),
                    delivery.body,
                    delivery.status,
                    delivery.refusal.as_deref().unwrap_or("taken"),
                    delivery.acted
                )
            };
            let lines: Vec<String> = inbox.deliveries.iter().map(line).collect();
            lines.join("\n")
        })
    }
}

/// The signature header of a body: what a correct sender sends.
pub fn signature(secret: &str, unix_seconds: u64, body: &str) -> String {
    let mut code = hmac_of(secret);
    code.update(format!("{unix_seconds}.{body}").as_bytes());
    let hex: String = code.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix_seconds},v1={hex}")
}

fn hmac_of(secret: &str) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length")
}

async fn receive(
    State(desk): State<Desk>,
    ConnectInfo(line): ConnectInfo<Line>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let arrived = Instant::now();
    let met = desk.faults.meet();
    let parsed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let refusal = refuse(&desk, &method, &headers, &body, &parsed);
    let status = refusal.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
    let reason = refusal.map(|(_, reason)| reason.to_owned());
    let answer = match &reason {
        Some(reason) => json!({"error": reason}),
        None => json!({"received": true}),
    };
    desk.inbox.send_modify(|inbox| {
        let mut delivery = Delivery {
            arrived,
            path: uri.path().to_owned(),
            headers,
            body: parsed,
            status: status.as_u16(),
            refusal: reason,
            acted: false,
        };
        let known = inbox.acted().any(|earlier| earlier.idempotency_key() == delivery.idempotency_key());
        delivery.acted = met.acts() && delivery.refusal.is_none() && !known;
        inbox.deliveries.push(delivery);
    });
    desk.faults.answer(met, json_answer(status, &answer), &line).await
}

/// Why a delivery is not taken, or nothing.
fn refuse(
    desk: &Desk,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
    parsed: &Value,
) -> Option<(StatusCode, &'static str)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if method != Method::POST {
        return Some((StatusCode::METHOD_NOT_ALLOWED, "only POST delivers"));
    }
    let Some(signature) = text("firebell-signature") else {
        return Some((StatusCode::UNAUTHORIZED, "Firebell-Signature is missing"));
    };
    let Some((seconds, code)) = parse_signature(signature) else {
        return Some((StatusCode::UNAUTHORIZED, "Firebell-Signature is not of the form t=SECONDS,v1=HEX"));
    };
    if (desk.now)().abs_diff(seconds) > SIGNATURE_AGE_MAX_S {
        return Some((StatusCode::UNAUTHORIZED, "the signature's time is more than five minutes off"));
    }
    let mut expected = hmac_of(&desk.secret);
    expected.update(format!("{seconds}.").as_bytes());
    expected.update(body);
    if expected.verify_slice(&code).is_err() {
        return Some((StatusCode::UNAUTHORIZED, "the signature does not fit the body"));
    }
    if text("idempotency-key").is_none_or(|key| key.trim().is_empty()) {
        return Some((StatusCode::BAD_REQUEST, "Idempotency-Key is missing"));
    }
    let is_json = text("content-type").is_some_and(|kind| kind.split(';').next() == Some("application/json"));
    if !is_json || !parsed.is_object() {
        return Some((StatusCode::BAD_REQUEST, "the body is not a JSON object"));
    }
    None
}

fn parse_signature(header: &str) -> Option<(u64, Vec<u8>)> {
    let (seconds, code) = header.strip_prefix("t=")?.split_once(",v1=")?;
    let pairs = code.as_bytes().chunks(2);
    let bytes =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect::<Option<Vec<u8>>>()?;
    Some((seconds.parse().ok()?, bytes))
}
