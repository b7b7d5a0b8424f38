//! What the webhook's receiver is sent.

use super::stand_in::{reply, stand_in};
use super::{AMPLE, TOKEN, Want, check, now, page, test_client, webhook_settings};
use crate::engine::ports::{Guarantee, Notify, Outcome, Sending, SendingKind};
use crate::notify::webhook;
use axum::http::HeaderValue;
use serde_json::Value;

#[tokio::test]
async fn the_webhook_sends_the_body_that_its_documentation_shows() {
    let (base, seen) = stand_in(reply(201, &[], r#"{"id": 17}"#)).await;
    let pager = webhook::Webhook::new(webhook_settings(&base, AMPLE), test_client(), now()).unwrap();
    assert_eq!(pager.guarantee(), Guarantee::AtLeastOnceLabelled);
    assert_eq!(pager.send(&page()).await, Outcome::Done { receipt: Some("17".to_string()) });
    let source = include_str!("../webhook.rs");
    let example = source.split_once("//! ```json\n").and_then(|(_, rest)| rest.split_once("//! ```")).unwrap().0;
    let example: Value = serde_json::from_str(&example.replace("//!", "")).unwrap();
    assert_eq!(seen.json(), [example]);
    let (path, headers, _) = seen.all().remove(0);
    assert_eq!(path, format!("/hook?token={TOKEN}"));
    assert_eq!(
        (&headers["content-type"], &headers["idempotency-key"]),
        (&HeaderValue::from_static("application/json"), &HeaderValue::from_static("INC-42/page/7/ana"))
    );
    // Computed once with another implementation (Python's hmac) over "784111747." and the body.
    assert_eq!(
        headers["firebell-signature"],
        "t=784111747,v1=16e1e8c6d21d3a414b846c945595b06466cc3d38c1b99232187db7bbd1851dde"
    );
}

#[tokio::test]
async fn the_webhook_labels_repeats_names_every_kind_and_defuses_mentions() {
    let (base, seen) = stand_in(reply(200, &[], r#"{"id": "r-1"}"#)).await;
    let pager = webhook::Webhook::new(webhook_settings(&base, AMPLE), test_client(), now()).unwrap();
    for kind in [
        SendingKind::Page,
        SendingKind::PageAcknowledged,
        SendingKind::PageResolved,
        SendingKind::Notice,
        SendingKind::Test,
    ] {
        let mut sending = Sending { kind, maybe_repeated: true, ..page() };
        sending.message.summary = "<!channel> @everyone: <@U1> is down".to_string();
        sending.message.text = "ask @here".to_string();
        assert_eq!(pager.send(&sending).await, Outcome::Done { receipt: Some("r-1".to_string()) });
    }
    let sent = seen.json();
    let kinds: Vec<_> = sent.iter().map(|s| s["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["page", "page_acknowledged", "page_resolved", "notice", "test"]);
    assert_eq!(sent[0]["summary"], "<\u{200b}!channel> @\u{200b}everyone: <\u{200b}@U1> is down");
    assert_eq!(sent[0]["text"], "May be a repeat: an earlier try may have arrived.\nask @\u{200b}here");
    assert_eq!(sent[0]["maybe_repeated"], true);
}

#[tokio::test]
async fn a_key_that_no_header_can_hold_is_final_and_not_sent() {
    let (base, seen) = stand_in(reply(200, &[], "")).await;
    let pager = webhook::Webhook::new(webhook_settings(&base, AMPLE), test_client(), now()).unwrap();
    let outcome = pager.send(&Sending { idempotency_key: "INC-42\n".to_string(), ..page() }).await;
    check("a line break in a header", pager.channel(), &outcome, Want::Never);
    assert_eq!(seen.all().len(), 0);
}
