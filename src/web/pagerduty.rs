//! `POST /pagerduty/webhook`: what people do at PagerDuty with our pages, by its v3 webhooks. Whoever acknowledges a
//! page there has acknowledged its incident here. Never believes what is not signed, and never ends an incident for
//! what was resolved there: that ends the ringing of one page, and is a note here.
//!
//! From PagerDuty's documentation (developer-docs, webhooks, "Overview", "Behavior" and "Verifying Signatures"):
//! `X-PagerDuty-Signature` has one or several `v1=` with the hexadecimal HMAC-SHA256 of the body as it was sent, one for
//! each secret while one is replaced. An answer must come within 5 s; 5xx, 429 and silence are tried again for 48 hours
//! and hold up what follows, every other 4xx drops the event, and three dropped in a row switch the webhook off for a
//! day: so what is signed and none of our business is answered 202. Deliveries may be repeated. `event.agent` is who
//! did it, and null or an integration where nobody did: what we told PagerDuty ourselves comes back that way.

use super::WebState;
use super::body;
use super::error::{No, read_failed};
use super::together;
use crate::app::{Act, ActError, On, Once};
use crate::config::Config;
use crate::measure;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use firebell_domain::chain::{hex, unhex};
use firebell_domain::decide::Input;
use firebell_domain::event::Actor;
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{IntentNo, Told};
use firebell_domain::limits;
use firebell_domain::refusal::Refusal;
use firebell_domain::text::line_of_machine;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

const SIGNATURE: &str = "x-pagerduty-signature";
const VIA: &str = "PagerDuty";
/// Bodies held at once, of at most `limits::VENDOR_WORD_BYTES_MAX` each. PagerDuty sends one webhook's events of one
/// incident in turn, so this many is a storm; what is turned away comes again.
const AT_ONCE_MAX: usize = 32;

static ROOM: Semaphore = Semaphore::const_new(AT_ONCE_MAX);

/// What the configuration says of it.
#[derive(Clone, Debug, Default)]
pub struct PagerDuty {
    /// None: it is not heard.
    pub secrets: Vec<SecretString>,
    /// Who is who there, by user id in upper case.
    pub users: BTreeMap<String, PersonId>,
}

impl PagerDuty {
    pub fn of(config: &Config) -> PagerDuty {
        let users = config.people.iter().filter_map(|(id, p)| Some((p.pagerduty.as_ref()?.to_uppercase(), id.clone())));
        PagerDuty { secrets: config.pagerduty_webhooks.clone(), users: users.collect() }
    }
}

/// What came of it: the answer's `result` and the metric's label.
enum Heard {
    Acknowledged,
    /// Somebody has it, or the incident is over: most often the echo of what we told PagerDuty.
    Already,
    /// A page that was answered or ended before; nobody in particular did it; an event that means nothing here.
    Ignored(&'static str),
    /// Resolved there: it is in the timeline.
    Noted,
    /// Not a page of this installation.
    NotOurs,
    Unreadable,
}

impl Heard {
    fn word(&self) -> &'static str {
        match self {
            Heard::Acknowledged => "acknowledged",
            Heard::Already => "already",
            Heard::Ignored(_) => "ignored",
            Heard::Noted => "noted",
            Heard::NotOurs => "not_ours",
            Heard::Unreadable => "unreadable",
        }
    }
}

enum Deaf {
    /// Nobody learns more than that.
    BadSignature,
    Said(No),
}

impl From<No> for Deaf {
    fn from(no: No) -> Deaf {
        Deaf::Said(no)
    }
}

pub async fn webhook(State(state): State<WebState>, headers: HeaderMap, body: Body) -> Response {
    let (result, response) = match heard(&state, &headers, body).await {
        Ok(heard) => {
            let body = axum::Json(serde_json::json!({ "result": heard.word() }));
            (heard.word(), (StatusCode::ACCEPTED, body).into_response())
        }
        Err(Deaf::BadSignature) => {
            tracing::warn!("a webhook said to be PagerDuty's has no signature that fits: check its webhook_secret");
            measure::turned_away("pagerduty");
            ("bad_signature", StatusCode::UNAUTHORIZED.into_response())
        }
        Err(Deaf::Said(no)) => (no.code, no.into_response()),
    };
    measure::pagerduty_webhook(result);
    response
}

async fn heard(state: &WebState, headers: &HeaderMap, body: Body) -> Result<Heard, Deaf> {
    if state.pagerduty().secrets.is_empty() {
        let message = "PagerDuty's webhooks are not heard: set paging.pagerduty.webhook_secret in the configuration.";
        return Err(No::new(StatusCode::NOT_FOUND, "not_configured", message).into());
    }
    let Ok(_place) = ROOM.try_acquire() else {
        let message = "Too many at once; nothing was recorded. Send it again.";
        let busy = No::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message);
        return Err(No { retry_after: true, ..busy }.into());
    };
    let bytes = body::bytes_within(body, limits::VENDOR_WORD_BYTES_MAX).await?;
    if !genuine(&state.pagerduty().secrets, headers, &bytes) {
        return Err(Deaf::BadSignature);
    }
    let Ok(said) = serde_json::from_slice::<Value>(&bytes) else {
        tracing::warn!("PagerDuty sent a signed webhook of {} bytes that is no JSON", bytes.len());
        return Ok(Heard::Unreadable);
    };
    let event = Event::of(&said["event"]);
    if !matches!(event.kind, "incident.acknowledged" | "incident.resolved") {
        return Ok(Heard::Ignored("means nothing here"));
    }
    let Some((id, page)) = state.app().page_of_thread(event.key) else { return Ok(Heard::NotOurs) };
    let heard = match event.kind {
        "incident.acknowledged" => acknowledged(state, &event, id, page).await?,
        _ => resolved(state, &event, id, page).await?,
    };
    let why = if let Heard::Ignored(why) = &heard { why } else { "" };
    tracing::info!(incident.id = %id, intent.no = page, "PagerDuty: {}: {} {why}", event.kind, heard.word());
    Ok(heard)
}

/// Whether one of the signatures was made over these bytes with one of the secrets. Looks at all, whichever fits.
fn genuine(secrets: &[SecretString], headers: &HeaderMap, bytes: &[u8]) -> bool {
    let lines = headers.get_all(SIGNATURE).into_iter().filter_map(|v| v.to_str().ok());
    let said: Vec<Vec<u8>> =
        lines.flat_map(|l| l.split(',')).filter_map(|s| unhex(s.trim().strip_prefix("v1=")?)).collect();
    let mut fits = false;
    for secret in secrets {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { continue };
        mac.update(bytes);
        let expected = mac.finalize().into_bytes();
        for signature in &said {
            fits |= bool::from(expected.as_slice().ct_eq(signature));
        }
    }
    fits
}

/// What of an event is looked at; empty where it is not there.
struct Event<'a> {
    id: &'a str,
    kind: &'a str,
    /// The `dedup_key` of the page.
    key: &'a str,
    agent: &'a Value,
}

impl<'a> Event<'a> {
    fn of(event: &'a Value) -> Event<'a> {
        let text = |v: &'a Value| v.as_str().unwrap_or_default();
        let key = text(&event["data"]["incident_key"]);
        Event { id: text(&event["id"]), kind: text(&event["event_type"]), key, agent: &event["agent"] }
    }

    /// Who did it, or `None` where nobody in particular did: the person of that user id, else whose page it was.
    fn actor(&self, pagerduty: &PagerDuty, incident: &Incident, page: IntentNo) -> Option<Actor> {
        let text = |key: &str| self.agent[key].as_str().unwrap_or_default();
        if !matches!(text("type"), "user_reference" | "user") {
            return None;
        }
        if let Some(person) = pagerduty.users.get(&text("id").to_uppercase()) {
            return Some(Actor::Person { name: person.clone(), via: VIA.to_string() });
        }
        let (person, channel) = incident.page_of(page)?;
        let name = person.cloned().unwrap_or_else(|| PersonId::from(channel.as_str()));
        // Not who we know them as, but who they are there.
        let via = match line_of_machine(text("summary"), limits::NAME_CHARS_MAX) {
            them if them.is_empty() => VIA.to_string(),
            them => format!("{VIA}, by {them}"),
        };
        Some(Actor::Person { name, via })
    }
}

async fn load(state: &WebState, id: IncidentId) -> Result<Option<Incident>, No> {
    Ok(state.app().store().incident(id).await.map_err(read_failed)?.map(|l| l.incident))
}

async fn acknowledged(state: &WebState, event: &Event<'_>, id: IncidentId, page: IntentNo) -> Result<Heard, No> {
    let Some(incident) = load(state, id).await? else { return Ok(Heard::NotOurs) };
    if !incident.rings(page) {
        let taken = Heard::Ignored("(that page was answered before, or never sent)");
        return Ok(if incident.unanswered() { taken } else { Heard::Already });
    }
    let Some(actor) = event.actor(state.pagerduty(), &incident, page) else {
        return Ok(Heard::Ignored("(nobody in particular did it)"));
    };
    // First what came with it: if that cannot be recorded, PagerDuty says it again, and this page still rings.
    let others = together::waiting(state, id, page).await?;
    together::acknowledge(state, &others, &actor).await?;
    match state.app().act_on(id, Input::AcknowledgePage { no: page }, &actor).await {
        Ok(_) => Ok(Heard::Acknowledged),
        // Somebody was quicker, since it was looked at.
        Err(ActError::Refused(Refusal::AlreadyAcknowledged { .. } | Refusal::Ended { .. } | Refusal::Stale)) => {
            Ok(Heard::Already)
        }
        Err(ActError::Refused(_)) => Ok(Heard::Ignored("(refused)")),
        Err(ActError::Fault(fault)) => Err(fault.into()),
    }
}

async fn resolved(state: &WebState, event: &Event<'_>, id: IncidentId, page: IntentNo) -> Result<Heard, No> {
    let Some(incident) = load(state, id).await? else { return Ok(Heard::NotOurs) };
    let over = incident.threads.get(&page).is_some_and(|t| t.told == Told::Over);
    if !incident.status.open() || over || incident.page_of(page).is_none() {
        return Ok(Heard::Already);
    }
    let Some(actor) = event.actor(state.pagerduty(), &incident, page) else {
        return Ok(Heard::Ignored("(nobody in particular did it)"));
    };
    let text = format!("Resolved at {VIA}, which ends that page there. {id} stays open until it is resolved here.");
    let on = On::Incident(id, Input::Note { text });
    // Repeated deliveries carry the same id, and make one note.
    let key = hex(&Sha256::digest(format!("pagerduty event {}", event.id)));
    let once = (!event.id.is_empty()).then(|| Once { key, answer: Box::new(|_| String::new()) });
    match state.app().act(Act { on, actor, once }).await {
        Ok(_) => Ok(Heard::Noted),
        Err(ActError::Refused(_)) => Ok(Heard::Ignored("(refused)")),
        Err(ActError::Fault(fault)) => Err(fault.into()),
    }
}
