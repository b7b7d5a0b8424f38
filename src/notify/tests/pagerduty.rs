//! What PagerDuty is sent, and what it is not.

use super::stand_in::{reply, stand_in};
use super::{AMPLE, ANA_KEY, TEAM_KEY, Want, check, now, page, pagerduty_settings, test_client};
use crate::engine::ports::{Guarantee, Message, Notify, Outcome, Sending, SendingKind};
use crate::notify::pagerduty;
use serde_json::{Value, json};

#[tokio::test]
async fn pagerduty_gets_a_trigger_an_acknowledgement_and_an_end_of_one_alert() {
    let (base, seen) = stand_in(reply(202, &[], r#"{"status":"success","dedup_key":"INC-42/7"}"#)).await;
    let pager = pagerduty::PagerDuty::new(pagerduty_settings(&base, AMPLE), test_client(), now()).unwrap();
    assert_eq!(pager.guarantee(), Guarantee::EffectivelyOnce);
    for kind in [SendingKind::Page, SendingKind::PageAcknowledged, SendingKind::PageResolved] {
        let outcome = pager.send(&Sending { kind, ..page() }).await;
        assert_eq!(outcome, Outcome::Done { receipt: Some("INC-42/7".to_string()) });
    }
    assert!(seen.all().iter().all(|(path, ..)| path == "/v2/enqueue"));
    let sent = seen.json();
    let of = |key: &str| sent.iter().map(|s| s[key].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(of("event_action"), ["trigger", "acknowledge", "resolve"]);
    assert_eq!(of("dedup_key"), ["INC-42/7"; 3]);
    assert_eq!(of("routing_key"), [ANA_KEY; 3]);
    let link = "http://127.0.0.1:7911/incidents/42";
    let expected = json!({
        "routing_key": ANA_KEY,
        "event_action": "trigger",
        "dedup_key": "INC-42/7",
        "client": "Firebell",
        "client_url": link,
        "links": [
            {"href": "http://127.0.0.1:7911/ack/ASoHwIKb2AYAYW5hbbQ_8i08hnuB1W1hmA9vdg", "text": "Acknowledge INC-42 in Firebell"},
            {"href": link, "text": "Open INC-42 in Firebell"},
        ],
        "payload": {
            "summary": "[P1] INC-42 checkout is down",
            "source": "checkout",
            "severity": "critical",
            "custom_details": {
                "incident": "INC-42", "severity": "P1", "status": "investigating", "text": "Declared by bo.",
                "claim_seq": 9, "idempotency_key": "INC-42/page/7/ana", "attempt": 1, "maybe_repeated": false,
            },
        },
    });
    assert_eq!(sent[0], expected);
}

#[tokio::test]
async fn pagerduty_is_spoken_to_within_its_limits() {
    let (base, seen) = stand_in(reply(202, &[], "")).await;
    let pager = pagerduty::PagerDuty::new(pagerduty_settings(&base, AMPLE), test_client(), now()).unwrap();
    let mut long = page();
    long.person = Some("bo".into());
    long.message = Message {
        summary: format!("down\n{}", "é".repeat(2_000)),
        text: "\u{1}🔥".repeat(100_000),
        thread: "t".repeat(300),
        severity_rank: 2,
        ..Message::default()
    };
    let mut other = long.clone();
    other.message.thread.push('!');
    let mut bare = Sending { incident: None, person: None, ..page() };
    bare.message = Message { severity_rank: 3, ..Message::default() };
    let test = Sending {
        kind: SendingKind::Test,
        message: Message { summary: "Hello".into(), ..bare.message.clone() },
        ..bare.clone()
    };
    for sending in [&long, &long, &other, &bare, &test] {
        assert_eq!(pager.send(sending).await, Outcome::Done { receipt: None });
    }
    assert!(seen.all().iter().all(|(_, _, body)| body.len() < 512 * 1_000));
    let sent = seen.json();
    let text = |i: usize, pointer: &str| sent[i].pointer(pointer).and_then(Value::as_str).unwrap().to_string();
    let summary = text(0, "/payload/summary");
    assert_eq!((summary.chars().count(), summary.starts_with("down é"), summary.ends_with('…')), (1_024, true, true));
    assert_eq!((text(0, "/routing_key").as_str(), text(0, "/payload/severity").as_str()), (TEAM_KEY, "error"));
    // A key too long for PagerDuty stays one page's and no other's.
    let keys: Vec<String> = (0..3).map(|i| text(i, "/dedup_key")).collect();
    assert!(keys[0] == keys[1] && keys[0] != keys[2] && keys[0].len() == 64, "{keys:?}");
    assert_eq!(text(3, "/dedup_key"), "INC-42/page/7/ana");
    assert_eq!(text(3, "/payload/summary"), "Firebell needs an answer");
    assert_eq!((text(3, "/payload/source"), text(3, "/payload/severity")), ("firebell".into(), "warning".into()));
    assert_eq!((text(3, "/client_url"), &sent[3]["links"]), ("http://127.0.0.1:7911".into(), &json!([])));
    assert_eq!(
        (text(4, "/payload/summary"), text(4, "/payload/severity")),
        ("Test page: Hello".into(), "critical".into())
    );
}

#[tokio::test]
async fn pagerduty_is_not_asked_for_what_it_would_get_wrong() {
    let (base, seen) = stand_in(reply(202, &[], "")).await;
    let keyless = pagerduty::Settings { routing_key: None, ..pagerduty_settings(&base, AMPLE) };
    let pager = pagerduty::PagerDuty::new(keyless, test_client(), now()).unwrap();
    let threadless = |kind| Sending { kind, message: Message::default(), ..page() };
    for (case, sending) in [
        ("a notice would page", Sending { kind: SendingKind::Notice, ..page() }),
        ("no key for bo", Sending { person: Some("bo".into()), ..page() }),
        ("no key at all", Sending { person: None, ..page() }),
        ("an acknowledgement of nothing", threadless(SendingKind::PageAcknowledged)),
        ("an end of nothing", threadless(SendingKind::PageResolved)),
    ] {
        check(case, pager.channel(), &pager.send(&sending).await, Want::Never);
    }
    assert_eq!(seen.all().len(), 0);
}

#[tokio::test]
async fn any_form_of_pagerdutys_address_is_understood() {
    let (base, seen) = stand_in(reply(202, &[], "")).await;
    for form in ["", "/", "/v2", "/v2/", "/v2/enqueue"] {
        let settings = pagerduty_settings(&format!("{base}{form}"), AMPLE);
        let pager = pagerduty::PagerDuty::new(settings, test_client(), now()).unwrap();
        assert_eq!(pager.send(&page()).await, Outcome::Done { receipt: None }, "{form}");
    }
    let paths: Vec<String> = seen.all().into_iter().map(|(path, ..)| path).collect();
    assert_eq!(paths, ["/v2/enqueue"; 5]);
}
