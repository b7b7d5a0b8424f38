//! The signed webhook: everything a page holds, as JSON, for whatever a team runs itself.
//! Never hides a repeat (there is no vendor to merge it): `maybe_repeated` says so, the text too.
//!
//! ```http
//! POST (the configured address)
//! Content-Type: application/json
//! Idempotency-Key: (the same for every try of one page)
//! Firebell-Signature: t=(unix seconds),v1=(hex of HMAC-SHA256 with the secret over "t.body")
//! ```
//! To verify: compute the HMAC over the `t` of the header, a full stop and the body's bytes as they arrived, compare
//! in constant time, and refuse a `t` that is more than five minutes off. Several `v1` may come one day; one must fit.
//!
//! The body, version 1. Fields may be added to a version, never renamed or removed:
//! ```json
//! {
//!   "version": 1,
//!   "kind": "page",
//!   "idempotency_key": "INC-42/page/7/ana",
//!   "claim_seq": 9,
//!   "attempt": 1,
//!   "maybe_repeated": false,
//!   "incident": "INC-42",
//!   "person": "ana",
//!   "thread": "INC-42/7",
//!   "severity": { "level": "P1", "rank": 1 },
//!   "service": "checkout",
//!   "status": "investigating",
//!   "summary": "[P1] INC-42 checkout is down",
//!   "text": "Declared by bo.",
//!   "link": "http://127.0.0.1:7911/incidents/42",
//!   "ack_link": "http://127.0.0.1:7911/ack/ASoHwIKb2AYAYW5hbbQ_8i08hnuB1W1hmA9vdg"
//! }
//! ```
//! - `kind`: `page` (somebody must answer), `page_acknowledged` and `page_resolved` (what became of the page with the
//!   same `thread`), `notice` (needs no answer), `test` (a page that is a test).
//! - `ack_link`: a signed address whose page acknowledges with one press, without signing in, as `person`; of pages
//!   only. Whoever has it may acknowledge: show it to nobody else.
//! - `incident`, `person`, `service`, `link` and `ack_link` may be null; `attempt` alone differs between tries, and
//!   `maybe_repeated` with its first line of `text` where an earlier try may have arrived.
//! - A page whose `claim_seq` is above that of an acknowledgement with its `thread` belongs to a later escalation.
//! - In `summary`, `text`, `service`, `severity.level` and `status`, a zero-width space follows the `<` or `@` of what
//!   would be a mention in a chat.
//!
//! The answer: any 2xx takes it; an `id` in a JSON body is kept as the receipt. The rest as in `http.rs`.

use super::words::defuse;
use super::{BadSettings, Now, http, words};
use crate::engine::ports::{BoxFuture, Guarantee, Notify, Outcome, Part, Sending, SendingKind};
use firebell_domain::id::ChannelId;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;
use std::fmt;
use std::time::Duration;

#[derive(Clone)]
pub struct Settings {
    /// `webhook.NAME`.
    pub channel: ChannelId,
    /// A secret as well: many receivers put their token into it.
    pub url: SecretString,
    pub secret: SecretString,
    pub timeout: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("webhook::Settings").field("channel", &self.channel).finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub struct Webhook {
    settings: Settings,
    url: Url,
    client: reqwest::Client,
    now: Now,
}

#[derive(Serialize)]
struct Body<'a> {
    version: u32,
    kind: &'static str,
    idempotency_key: &'a str,
    claim_seq: i64,
    attempt: u32,
    maybe_repeated: bool,
    incident: Option<String>,
    person: Option<&'a str>,
    thread: &'a str,
    severity: Severity,
    service: Option<String>,
    status: String,
    summary: String,
    text: String,
    link: Option<&'a str>,
    ack_link: Option<&'a str>,
    /// Of a message that stands for many pages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pages: Vec<Page<'a>>,
}

#[derive(Serialize)]
struct Page<'a> {
    incident: Option<String>,
    idempotency_key: &'a str,
    claim_seq: i64,
    summary: String,
    ack_link: Option<&'a str>,
}

#[derive(Serialize)]
struct Severity {
    level: String,
    rank: u32,
}

impl Webhook {
    pub fn new(settings: Settings, client: reqwest::Client, now: Now) -> Result<Self, BadSettings> {
        let channel = &settings.channel;
        let url = http::address(&settings.url, &format!("paging.{channel}.url"))?;
        if settings.secret.expose_secret().trim().is_empty() {
            let hint = "set it to a long random text that the receiver knows too";
            return Err(BadSettings(format!("paging.{channel}.secret is empty: {hint}")));
        }
        Ok(Webhook { settings, url, client, now })
    }

    async fn deliver(&self, sending: &Sending) -> Outcome {
        let who = self.settings.channel.as_str();
        let ours = [self.settings.secret.clone()].into_iter().chain(http::ack_links(sending));
        let secrets: Vec<_> = http::secret_parts(&self.url).into_iter().chain(ours).collect();
        let body = body(sending);
        let now = (self.now)();
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &sending.idempotency_key)
            .header("Firebell-Signature", signature(&self.settings.secret, now.0.div_euclid(1_000_000), &body))
            .body(body);
        match http::post(who, request, self.settings.timeout, now, &secrets).await {
            Ok(answer) if answer.status.is_success() => {
                let id = match answer.json().as_ref().and_then(|json| json.get("id")) {
                    Some(Value::String(id)) => words::receipt(id, &secrets),
                    Some(Value::Number(id)) => words::receipt(&id.to_string(), &secrets),
                    _ => None,
                };
                Outcome::Done { receipt: id }
            }
            Ok(answer) => http::refused(who, &answer, &secrets),
            Err(outcome) => outcome,
        }
    }
}

fn body(sending: &Sending) -> Vec<u8> {
    let message = &sending.message;
    let kind = match sending.kind {
        SendingKind::Page => "page",
        SendingKind::PageAcknowledged => "page_acknowledged",
        SendingKind::PageResolved => "page_resolved",
        SendingKind::Notice => "notice",
        SendingKind::Test => "test",
    };
    let repeat = if sending.maybe_repeated { "May be a repeat: an earlier try may have arrived.\n" } else { "" };
    let body = Body {
        version: 1,
        kind,
        idempotency_key: &sending.idempotency_key,
        claim_seq: sending.claim_seq,
        attempt: sending.attempt,
        maybe_repeated: sending.maybe_repeated,
        incident: sending.incident.map(|i| i.to_string()),
        person: sending.person.as_ref().map(|p| p.as_str()),
        thread: &message.thread,
        severity: Severity { level: defuse(&message.severity_level), rank: message.severity_rank },
        service: message.service.as_deref().map(defuse),
        status: defuse(&message.status),
        summary: defuse(&message.summary),
        text: format!("{repeat}{}", defuse(&message.text)).trim_end().to_string(),
        link: message.link.as_deref(),
        ack_link: message.ack_link.as_deref(),
        pages: sending.parts.iter().map(page).collect(),
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

fn page(part: &Part) -> Page<'_> {
    Page {
        incident: part.incident.map(|i| i.to_string()),
        idempotency_key: &part.idempotency_key,
        claim_seq: part.claim_seq,
        summary: defuse(&part.summary),
        ack_link: part.ack_link.as_deref(),
    }
}

fn signature(secret: &SecretString, unix_s: i64, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return String::new() };
    mac.update(format!("{unix_s}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix_s},v1={hex}")
}

impl Notify for Webhook {
    fn channel(&self) -> &ChannelId {
        &self.settings.channel
    }
    fn guarantee(&self) -> Guarantee {
        Guarantee::AtLeastOnceLabelled
    }
    fn send<'a>(&'a self, sending: &'a Sending) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(sending))
    }
}
