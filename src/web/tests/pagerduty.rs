//! What PagerDuty says: only what is signed counts, and only what is ours does anything.

use super::*;
use crate::web::pagerduty::PagerDuty;
use firebell_domain::chain::hex;
use firebell_domain::decide::SendOutcome;
use hmac::{Hmac, KeyInit, Mac};

const SECRET: &str = "signing-secret-of-one";
const SECOND: &str = "signing-secret-of-two";

pub fn settings() -> PagerDuty {
    PagerDuty { secrets: vec![SECRET.into(), SECOND.into()], users: [("PBO".to_string(), "bo".into())].into() }
}

fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("v1={}", hex(&mac.finalize().into_bytes()))
}

fn event(kind: &str, key: &str, agent: Value) -> Value {
    json!({ "event": {
        "id": "5ac64822-4adc-4fda-ade0-410becf0de4f",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": "2026-11-18T10:00:00.000Z",
        "agent": agent,
        "client": { "name": "PagerDuty" },
        "data": { "id": "PGR0VU2", "type": "incident", "status": "acknowledged", "incident_key": key, "title": "t" },
    } })
}

fn user(id: &str) -> Value {
    json!({ "id": id, "summary": "Tenex Engineer", "type": "user_reference" })
}

impl World {
    async fn pagerduty_says(&self, body: &Value) -> (StatusCode, Value) {
        let body = body.to_string();
        let signed = signature(SECRET, &body);
        answer(self.post("/pagerduty/webhook").header("x-pagerduty-signature", signed).body(body)).await
    }

    /// Declares, and has the one page (to nobody in particular, through pagerduty) taken; its `dedup_key`.
    async fn paged(&self) -> (IncidentId, String) {
        let id = self.declare("checkout is down", false).await;
        let engine = |input| self.app.act_engine(id, input);
        let page = self.app.store().outbox_of(id).await.unwrap().into_keys().next().expect("a page");
        let claimed = engine(Input::Claim { no: page, worker: "w".into() }).await.unwrap();
        let outcome = SendOutcome::Done { receipt: None };
        engine(Input::Delivered { no: page, claim_seq: claimed.after.seq, outcome }).await.unwrap();
        (id, self.app.thread(id, page))
    }

    async fn by(&self, id: IncidentId) -> Option<Actor> {
        self.app.store().incident(id).await.unwrap().unwrap().incident.acknowledged.map(|a| a.by)
    }
}

#[tokio::test]
async fn what_is_not_signed_is_refused_without_a_word() {
    let w = World::new().await;
    let (id, key) = w.paged().await;
    let body = event("incident.acknowledged", &key, user("PBO")).to_string();
    let good = signature(SECRET, &body);
    let send = |signature: Option<&str>, body: &str| {
        let request = w.post("/pagerduty/webhook").body(body.to_string());
        signature.iter().fold(request, |r, s| r.header("x-pagerduty-signature", *s)).send()
    };
    let changed = body.replace("PBO", "PCY");
    for (signature, body) in [
        (None, &body),
        (Some(""), &body),
        (Some("v1="), &body),
        (Some("v1=00"), &body),
        (Some(&good[3..]), &body),
        (Some(&good.replace("v1=", "v2=")), &body),
        (Some(&good[..good.len() - 2]), &body),
        (Some(&signature("another secret entirely", &body)), &body),
        (Some(&good), &changed),
        (Some(&good), &format!("{body} ")),
    ] {
        let refused = send(signature, body).await.unwrap();
        assert_eq!(refused.status(), 401, "{signature:?}");
        assert_eq!(refused.text().await.unwrap(), "");
    }
    assert_eq!(w.by(id).await, None);
    // Several signatures while a secret is replaced, and any of our secrets.
    let both = format!("v1={}, {}", "00".repeat(32), signature(SECOND, &body));
    assert_eq!(send(Some(&both), &body).await.unwrap().status(), 202);
    assert_eq!(w.by(id).await, Some(Actor::person("bo", "PagerDuty")));
}

#[tokio::test]
async fn whoever_acknowledges_there_has_it_here_and_again_is_harmless() {
    let w = World::new().await;
    let (id, key) = w.paged().await;
    let (status, said) = w.pagerduty_says(&event("incident.acknowledged", &key, user("pbo"))).await;
    assert_eq!((status.as_u16(), &said["result"]), (202, &json!("acknowledged")));
    assert_eq!(w.by(id).await, Some(Actor::person("bo", "PagerDuty")));
    let seq = w.app.store().incident(id).await.unwrap().unwrap().incident.seq;
    // The same delivery again, and the echo of what we told PagerDuty ourselves.
    for agent in [user("PBO"), json!(null), json!({ "id": "PINT", "type": "inbound_integration_reference" })] {
        let (status, said) = w.pagerduty_says(&event("incident.acknowledged", &key, agent)).await;
        assert_eq!((status.as_u16(), &said["result"]), (202, &json!("already")));
    }
    assert_eq!(w.app.store().incident(id).await.unwrap().unwrap().incident.seq, seq);
}

#[tokio::test]
async fn somebody_unknown_there_counts_as_the_one_whose_page_it_was_and_is_named() {
    let w = World::new().await;
    let (id, key) = w.paged().await;
    w.pagerduty_says(&event("incident.acknowledged", &key, user("PXYZ"))).await;
    assert_eq!(w.by(id).await, Some(Actor::person("pagerduty", "PagerDuty, by Tenex Engineer")));
}

#[tokio::test]
async fn an_echo_that_arrives_after_a_hand_back_takes_nothing() {
    let w = World::new().await;
    let (id, key) = w.paged().await;
    let cy = Actor::person("cy", "room");
    w.app.act_on(id, Input::Acknowledge, &cy).await.unwrap();
    w.app.act_on(id, Input::Unacknowledge { reason: String::new() }, &cy).await.unwrap();
    let (status, said) = w.pagerduty_says(&event("incident.acknowledged", &key, user("PBO"))).await;
    assert_eq!((status.as_u16(), &said["result"]), (202, &json!("ignored")));
    assert_eq!(w.by(id).await, None);
}

#[tokio::test]
async fn what_nobody_did_and_what_is_not_ours_is_taken_and_does_nothing() {
    let w = World::new().await;
    let (id, key) = w.paged().await;
    let no_page = key.rsplit_once('-').unwrap().0.to_string() + "-99";
    let no_incident = w.app.thread(IncidentId(99), 1);
    let cases = [
        (event("incident.acknowledged", &key, json!(null)), "ignored"),
        (event("incident.acknowledged", &key, json!({ "id": "P", "type": "service_reference" })), "ignored"),
        (event("incident.acknowledged", &no_page, user("PBO")), "ignored"),
        (event("incident.acknowledged", &no_incident, user("PBO")), "not_ours"),
        (event("incident.acknowledged", "firebell-another-INC-1-1", user("PBO")), "not_ours"),
        (event("incident.acknowledged", "d3640fbd41094207a1c11e58e46b1662", user("PBO")), "not_ours"),
        (event("incident.acknowledged", "", user("PBO")), "not_ours"),
        (event("incident.triggered", &key, json!(null)), "ignored"),
        (json!({ "event": { "event_type": "pagey.ping", "data": { "message": "Hello", "type": "ping" } } }), "ignored"),
        (json!({ "event": { "event_type": "incident.acknowledged", "data": null } }), "not_ours"),
        (json!({}), "ignored"),
        (json!([1, 2]), "ignored"),
        (json!("text"), "ignored"),
    ];
    for (body, result) in cases {
        let (status, said) = w.pagerduty_says(&body).await;
        assert_eq!((status.as_u16(), said["result"].as_str()), (202, Some(result)), "{body}");
    }
    for body in ["", "{", "\u{feff}"] {
        let signed = signature(SECRET, body);
        let request = w.post("/pagerduty/webhook").header("x-pagerduty-signature", signed).body(body);
        let (status, said) = answer(request).await;
        assert_eq!((status.as_u16(), &said["result"]), (202, &json!("unreadable")));
    }
    assert_eq!(w.by(id).await, None);
}

#[tokio::test]
async fn resolved_there_is_one_note_here_and_the_incident_stays_open() {
    let w = World::new().await;
    let (id, key) = w.paged().await;
    for _ in 0..2 {
        let (status, said) = w.pagerduty_says(&event("incident.resolved", &key, user("PBO"))).await;
        assert_eq!((status.as_u16(), &said["result"]), (202, &json!("noted")));
    }
    let log = w.app.store().events(id, 0, 1_000).await.unwrap();
    let notes: Vec<_> = log.iter().filter(|e| e.body.kind() == "noted").collect();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].actor, Actor::person("bo", "PagerDuty"));
    let incident = w.app.store().incident(id).await.unwrap().unwrap().incident;
    assert!(incident.unanswered(), "paging goes on");
    // The echo of our own end, and whatever comes after it.
    w.app.act_on(id, Input::Resolve { text: String::new() }, &Actor::person("cy", "room")).await.unwrap();
    for kind in ["incident.resolved", "incident.acknowledged"] {
        let (_, said) = w.pagerduty_says(&event(kind, &key, user("PBO"))).await;
        assert_eq!(said["result"], "already", "{kind}");
    }
}

#[tokio::test]
async fn what_is_larger_than_pagerduty_sends_is_turned_away() {
    let w = World::new().await;
    let body = "x".repeat(firebell_domain::limits::VENDOR_WORD_BYTES_MAX + 1);
    let (status, no) = answer(w.post("/pagerduty/webhook").body(body)).await;
    assert_eq!((status.as_u16(), code(&no)), (413, "too_large"));
}

#[tokio::test]
async fn a_secret_that_was_taken_away_signs_nothing_any_more() {
    let w = World::new().await;
    let (id, key) = w.paged().await;
    let said = event("incident.acknowledged", &key, user("PBO"));
    let silent = Front { pagerduty: PagerDuty::default(), ..w.reload.front.clone() };
    let _old = w.reload.routers.send_replace(router(w.web.with(silent), axum::Router::new()));
    let (status, no) = w.pagerduty_says(&said).await;
    assert_eq!((status.as_u16(), code(&no)), (404, "not_configured"));
    assert_eq!(w.by(id).await, None);
}
