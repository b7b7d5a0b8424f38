//! PagerDuty, by its Events API v2: a page triggers an alert, its acknowledgement and its end follow it there.
//! Never sends what needs no answer: an event that PagerDuty knows nothing about wakes whoever is on call there.
//!
//! From PagerDuty's documentation (developer-docs, events-api-v2, "Overview" and "Send an Alert Event"):
//! `payload.summary` has at most 1,024 characters, `dedup_key` 255, a request 512 KB; 202 is accepted, 400 must not
//! be sent again, 429, 5xx and network errors must ("preferably with a backoff of a few minutes"). Events with one
//! `dedup_key` join one open alert, so a repeated trigger pages nobody twice. Two consequences for the caller: an
//! acknowledgement or an end sent with another routing key than the trigger is *dropped* (though answered 202), so
//! it must name the same person; and once the alert is resolved there, a late trigger opens a new one.

use super::http::{self, Answer};
use super::{BadSettings, Now, words};
use crate::engine::ports::{BoxFuture, Guarantee, Notify, Outcome, Part, Sending, SendingKind};
use firebell_domain::id::{ChannelId, PersonId};
use firebell_domain::limits::NAME_CHARS_MAX;
use firebell_domain::text::{cut, line_of_machine};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

const SUMMARY_CHARS_MAX: usize = 1_024;
const DEDUP_KEY_CHARS_MAX: usize = 255;
/// Even with each character escaped to twelve bytes, half of the 512 KB that a request may have.
const TEXT_CHARS_MAX: usize = 20_000;

#[derive(Clone)]
pub struct Settings {
    pub channel: ChannelId,
    /// The base, `https://events.pagerduty.com` (or `events.eu.pagerduty.com`); also with `/v2` or `/v2/enqueue`.
    pub api_url: String,
    /// For whoever has none of their own.
    pub routing_key: Option<SecretString>,
    pub routing_keys: BTreeMap<PersonId, SecretString>,
    /// Where "View in Firebell" leads when a message has no link of its own.
    pub public_url: String,
    pub timeout: Duration,
}

impl fmt::Debug for Settings {
    /// Without the address, which may name a proxy's user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own_keys: Vec<_> = self.routing_keys.keys().collect();
        f.debug_struct("pagerduty::Settings")
            .field("channel", &self.channel)
            .field("own_keys", &own_keys)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub struct PagerDuty {
    settings: Settings,
    enqueue: Url,
    client: reqwest::Client,
    now: Now,
}

impl PagerDuty {
    pub fn new(settings: Settings, client: reqwest::Client, now: Now) -> Result<Self, BadSettings> {
        let base = settings.api_url.trim_end_matches('/');
        let base = base.strip_suffix("/enqueue").unwrap_or(base);
        let base = base.strip_suffix("/v2").unwrap_or(base);
        let enqueue = http::address(&format!("{base}/v2/enqueue").into(), "paging.pagerduty.api_url")?;
        let keys = settings.routing_key.iter().chain(settings.routing_keys.values());
        if keys.into_iter().any(|key| key.expose_secret().trim().is_empty()) {
            return Err(BadSettings(
                "A routing key of PagerDuty is empty: fill it in or leave the line out".to_string(),
            ));
        }
        Ok(PagerDuty { settings, enqueue, client, now })
    }

    /// As the timeline names it: which of several services matters to whoever repairs it.
    fn who(&self) -> String {
        match self.settings.channel.as_str() {
            "pagerduty" => "PagerDuty".to_string(),
            service => format!("PagerDuty ({service})"),
        }
    }

    async fn deliver(&self, sending: &Sending) -> Outcome {
        let (key, mut event) = match self.event(sending) {
            Ok(ready) => ready,
            Err(why) => return Outcome::Never { why: words::why(&why, &[]) },
        };
        event["routing_key"] = json!(key.expose_secret());
        let secrets: Vec<_> = http::secret_parts(&self.enqueue)
            .into_iter()
            .chain([key.clone()])
            .chain(http::ack_links(sending))
            .collect();
        let who = self.who();
        let request = self.client.post(self.enqueue.clone()).json(&event);
        match http::post(&who, request, self.settings.timeout, (self.now)(), &secrets).await {
            Ok(answer) if answer.status.is_success() => accepted(&who, &answer, &secrets),
            Ok(answer) => http::refused(&who, &answer, &secrets),
            Err(outcome) => outcome,
        }
    }

    /// The routing key and the event without it, or why there is none.
    fn event(&self, sending: &Sending) -> Result<(&SecretString, Value), String> {
        let (message, who) = (&sending.message, self.who());
        let (action, severity) = match sending.kind {
            SendingKind::Page => ("trigger", severity(message.severity_rank)),
            // A service there may wake people only for high urgency, and a test must reach like a real page.
            SendingKind::Test => ("trigger", "critical"),
            SendingKind::PageAcknowledged => ("acknowledge", severity(message.severity_rank)),
            SendingKind::PageResolved => ("resolve", severity(message.severity_rank)),
            SendingKind::Notice => {
                return Err(format!(
                    "{who} takes pages only, a notice there would wake people: send notices elsewhere"
                ));
            }
        };
        let own = sending.person.as_ref().and_then(|p| self.settings.routing_keys.get(p));
        let key = own.or(self.settings.routing_key.as_ref()).ok_or_else(|| match &sending.person {
            Some(person) => {
                format!("{person} has no routing key for {who}, and paging.pagerduty.routing_key is not set")
            }
            None => format!("{who} has no routing key: set paging.pagerduty.routing_key"),
        })?;
        let dedup_key = match (message.thread.as_str(), action) {
            // Without a key PagerDuty invents one, and a repeated trigger would page twice.
            ("", "trigger") => dedup_key(&sending.idempotency_key),
            ("", _) => return Err(format!("{who} cannot be told which page this ends: it has no thread")),
            (thread, _) => dedup_key(thread),
        };
        let service = message.service.as_deref().map(|s| line_of_machine(s, NAME_CHARS_MAX));
        let source = service.filter(|s| !s.is_empty()).unwrap_or_else(|| "firebell".to_string());
        let link = message.link.as_deref();
        let place = sending.incident.map_or("Firebell".to_string(), |i| format!("{i} in Firebell"));
        let open = link.map(|href| json!({"href": href, "text": format!("Open {place}")}));
        let ack = message.ack_link.as_deref().map(|href| json!({"href": href, "text": format!("Acknowledge {place}")}));
        let pages: Vec<Value> = sending.parts.iter().map(page).collect();
        let mut event = json!({
            "event_action": action,
            "dedup_key": dedup_key,
            "client": "Firebell",
            "client_url": link.unwrap_or(&self.settings.public_url),
            "links": Vec::from_iter(ack.into_iter().chain(open)),
            "payload": {
                "summary": cut(&words::subject(sending), SUMMARY_CHARS_MAX),
                "source": source,
                "severity": severity,
                "custom_details": {
                    "incident": sending.incident.map(|i| i.to_string()),
                    "severity": message.severity_level,
                    "status": message.status,
                    "text": cut(&message.text, TEXT_CHARS_MAX),
                    "claim_seq": sending.claim_seq,
                    "idempotency_key": sending.idempotency_key,
                    "attempt": sending.attempt,
                    "maybe_repeated": sending.maybe_repeated,
                },
            },
        });
        if !pages.is_empty() {
            event["payload"]["custom_details"]["pages"] = Value::Array(pages);
        }
        Ok((key, event))
    }
}

/// A page of those that a summary stands for, named as briefly as 200 of them in one event need.
fn page(part: &Part) -> Value {
    let incident = part.incident.map(|i| i.to_string());
    json!({"incident": incident, "claim_seq": part.claim_seq, "idempotency_key": part.idempotency_key,
        "summary": cut(&part.summary, NAME_CHARS_MAX)})
}

fn severity(rank: u32) -> &'static str {
    match rank {
        1 => "critical",
        2 => "error",
        3 => "warning",
        _ => "info",
    }
}

/// Too long a key becomes its hash: cutting could make two pages one.
fn dedup_key(key: &str) -> String {
    if key.chars().count() <= DEDUP_KEY_CHARS_MAX {
        return key.to_string();
    }
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 202 alone means "accepted", whatever its body: the documentation promises the status, and a second trigger
/// would not help against a damaged body. Any other 2xx counts only with PagerDuty's own words in it: what answers
/// 200 with a page of HTML is a proxy or a sign-in wall, and the page is still here. Where that is wrong, the
/// repeated trigger joins the first by its `dedup_key`.
fn accepted(who: &str, answer: &Answer, secrets: &[SecretString]) -> Outcome {
    let json = answer.json().unwrap_or(Value::Null);
    if answer.status.as_u16() != 202 && json["status"] != "success" {
        let why = format!(
            "{who} answered {} and not its usual 202, so something in between may have taken it: check its api_url",
            answer.status.as_u16()
        );
        return Outcome::Retry { after_s: None, why: words::why(&why, secrets), maybe_arrived: true };
    }
    Outcome::Done { receipt: json["dedup_key"].as_str().and_then(|id| words::receipt(id, secrets)) }
}

impl Notify for PagerDuty {
    fn channel(&self) -> &ChannelId {
        &self.settings.channel
    }
    fn guarantee(&self) -> Guarantee {
        Guarantee::EffectivelyOnce
    }
    fn send<'a>(&'a self, sending: &'a Sending) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(sending))
    }
}
