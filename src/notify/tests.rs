//! The conformance table: every adapter against a server that misbehaves in every way we know, over real sockets.
//! A new adapter is one line in `adapters`.

mod mail_stand_in;
mod pagerduty;
mod smtp;
mod stand_in;
mod webhook;

use super::http::{Verdict, classify, retry_after};
use super::*;
use crate::engine::ports::{Message, Outcome, Sending, SendingKind};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::limits::{PAGE_ATTEMPTS_MAX, WHY_CHARS_MAX};
use firebell_domain::text::line_of_machine;
use secrecy::SecretString;
use serde_json::json;
use stand_in::{Does, reply, stand_in};
use std::time::Duration;
use tokio::net::TcpListener;

const TEAM_KEY: &str = "team-key-0123456789abcdef0123456";
const ANA_KEY: &str = "anas-key-0123456789abcdef0123456";
const SECRET: &str = "whsec-0123456789abcdef";
const PASSWORD: &str = "pa55word-of-the-mail-server";
const TOKEN: &str = "t0ken-in-the-address";
/// For a server that never answers: the sooner the better.
const SHORT: Duration = Duration::from_millis(200);
/// For one whose status must arrive, on a busy machine too, before its body does not.
const PATIENT: Duration = Duration::from_secs(2);
const AMPLE: Duration = Duration::from_secs(10);

/// Sunday, 6 November 1994, 08:49:07 UTC: thirty seconds before the date that RFC 9110 uses as its example.
const NOW: Timestamp = Timestamp(784_111_747_000_000);

fn test_client() -> reqwest::Client {
    // An error only says that another test of this process was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    http::client().unwrap()
}

fn now() -> Now {
    Arc::new(|| NOW)
}

fn pagerduty_settings(base: &str, timeout: Duration) -> super::pagerduty::Settings {
    super::pagerduty::Settings {
        channel: "pagerduty".into(),
        api_url: base.to_string(),
        routing_key: Some(TEAM_KEY.into()),
        routing_keys: [(PersonId::from("ana"), SecretString::from(ANA_KEY))].into(),
        public_url: "http://127.0.0.1:7911".to_string(),
        timeout,
    }
}

fn webhook_settings(base: &str, timeout: Duration) -> super::webhook::Settings {
    let url = format!("{base}/hook?token={TOKEN}").into();
    super::webhook::Settings { channel: "webhook.ops".into(), url, secret: SECRET.into(), timeout }
}

/// In the clear and on loopback: TLS is in tests/it/mail.rs, with a real server.
fn smtp_settings(port: u16, timeout: Duration) -> super::smtp::Settings {
    super::smtp::Settings {
        channel: "smtp".into(),
        host: "127.0.0.1".to_string(),
        port,
        encryption: super::smtp::Encryption::None,
        login: Some(("firebell".to_string(), PASSWORD.into())),
        from: "Firebell <firebell@example.org>".parse().unwrap(),
        to: vec!["oncall@example.org".parse().unwrap()],
        addresses: [(PersonId::from("ana"), "ana@example.org".parse().unwrap())].into(),
        ca_pem: None,
        timeout,
    }
}

fn smtp_with_tls() -> super::smtp::Settings {
    super::smtp::Settings { encryption: super::smtp::Encryption::StartTls, ..smtp_settings(1, AMPLE) }
}

fn adapters(client: &reqwest::Client, base: &str, timeout: Duration) -> Pagers {
    let named = super::pagerduty::Settings {
        channel: "pagerduty.checkout".into(),
        routing_keys: [].into(),
        ..pagerduty_settings(base, timeout)
    };
    let all = vec![
        Pager::PagerDuty(pagerduty_settings(base, timeout)),
        Pager::PagerDuty(named),
        Pager::Webhook(webhook_settings(base, timeout)),
    ];
    Pagers::new(all, client, &now()).unwrap()
}

fn page() -> Sending {
    Sending {
        incident: Some(IncidentId(42)),
        idempotency_key: "INC-42/page/7/ana".to_string(),
        claim_seq: 9,
        attempt: 1,
        maybe_repeated: false,
        person: Some("ana".into()),
        kind: SendingKind::Page,
        parts: Vec::new(),
        message: Message {
            summary: "[P1] INC-42 checkout is down".to_string(),
            text: "Declared by bo.".to_string(),
            thread: "INC-42/7".to_string(),
            severity_level: "P1".to_string(),
            severity_rank: 1,
            service: Some("checkout".to_string()),
            status: "investigating".to_string(),
            link: Some("http://127.0.0.1:7911/incidents/42".to_string()),
            ack_link: Some("http://127.0.0.1:7911/ack/ASoHwIKb2AYAYW5hbbQ_8i08hnuB1W1hmA9vdg".to_string()),
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Want {
    Done,
    Retry(Option<i64>),
    Never,
}

/// The outcome is the one wanted, and its sentence is fit for a timeline.
fn check(case: &str, channel: &ChannelId, outcome: &Outcome, want: Want) {
    let (got, why) = match outcome {
        Outcome::Done { .. } => (Want::Done, None),
        Outcome::Retry { after_s, why, .. } => (Want::Retry(*after_s), Some(why)),
        Outcome::Never { why } => (Want::Never, Some(why)),
    };
    assert_eq!(got, want, "{case}, {channel}: {outcome:?}");
    let own = match channel.as_str() {
        "smtp" => [PASSWORD, "cGE1NXdvcmQ"],
        "pagerduty" => [TEAM_KEY, ANA_KEY],
        "pagerduty.checkout" => [TEAM_KEY; 2],
        _ => [SECRET, TOKEN],
    };
    for secret in own.into_iter().chain(["127.0.0.1"]) {
        assert!(!format!("{outcome:?}").contains(secret), "{case}, {channel}: {outcome:?}");
    }
    if let Some(why) = why {
        assert!((20..=WHY_CHARS_MAX).contains(&why.chars().count()), "{case}, {channel}: {why}");
        assert_eq!(&line_of_machine(why, WHY_CHARS_MAX), why, "{case}, {channel}");
        assert!(!why.contains(['<', '>']), "{case}, {channel}: {why}");
        assert!(why.to_lowercase().contains(channel.as_str()), "{case}: {why} names no {channel}");
    }
}

#[tokio::test]
async fn every_pager_answers_every_misbehaviour_with_the_same_outcome() {
    let vendor_says = json!({"status": "invalid event", "message": "Event object is invalid\u{7}", "errors": [
        format!("'{ANA_KEY}' {SECRET} {TOKEN} is <b>wrong</b>"), "x".repeat(5_000)]});
    let garbage = b"\xff\xfe<html>\0{{{".to_vec();
    let after = |value: &'static str| reply(429, &[("retry-after", value)], "");
    let any = |want: Want| (want, want);
    // case, what the server does, what PagerDuty's and the webhook's adapter make of it
    let table: Vec<(&str, Does, (Want, Want))> = vec![
        ("202", reply(202, &[], r#"{"status":"success","dedup_key":"INC-42/7","id":"r1"}"#), any(Want::Done)),
        ("200 from PagerDuty's double", reply(200, &[], r#"{"status":"success"}"#), any(Want::Done)),
        ("204 without a word", reply(204, &[], ""), (Want::Retry(None), Want::Done)),
        ("200 with garbage", reply(200, &[], garbage.clone()), (Want::Retry(None), Want::Done)),
        ("202 with garbage", reply(202, &[], garbage.clone()), any(Want::Done)),
        ("202 with 10 MB", reply(202, &[], vec![b'['; 10 << 20]), any(Want::Done)),
        (
            "202 whose body never comes",
            Does::Stall("HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n{"),
            any(Want::Done),
        ),
        (
            "202 whose body is no HTTP",
            Does::Stall("HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            any(Want::Done),
        ),
        ("400", reply(400, &[], vendor_says.to_string()), any(Want::Never)),
        ("400 with garbage", reply(400, &[], garbage.clone()), any(Want::Never)),
        ("400 with 10 MB", reply(400, &[], vec![b'"'; 10 << 20]), any(Want::Never)),
        ("401", reply(401, &[], ""), any(Want::Never)),
        ("403", reply(403, &[], ""), any(Want::Never)),
        ("404", reply(404, &[], "<h1>nothing here</h1>"), any(Want::Never)),
        ("408", reply(408, &[], ""), any(Want::Retry(None))),
        ("413", reply(413, &[], ""), any(Want::Never)),
        ("429 alone", reply(429, &[], vendor_says.to_string()), any(Want::Retry(None))),
        ("429, seconds", after("30"), any(Want::Retry(Some(30)))),
        ("429, a date", after("Sun, 06 Nov 1994 08:49:37 GMT"), any(Want::Retry(Some(30)))),
        ("429, absurd", after("99999999999999999999999"), any(Want::Retry(Some(i64::MAX)))),
        ("429, negative", after("-5"), any(Want::Retry(None))),
        ("429, garbage", after("soon"), any(Want::Retry(None))),
        ("500", reply(500, &[], garbage.clone()), any(Want::Retry(None))),
        ("503 with a time", reply(503, &[("retry-after", "120")], ""), any(Want::Retry(Some(120)))),
        ("302", reply(302, &[("location", "http://127.0.0.1:1/elsewhere")], ""), any(Want::Never)),
        ("308", reply(308, &[("location", "/elsewhere")], ""), any(Want::Never)),
        ("reset after the request", Does::Reset, any(Want::Retry(None))),
        ("no answer", Does::Hang, any(Want::Retry(None))),
        ("half a head", Does::Stall("HTTP/1.1 202 Acc"), any(Want::Retry(None))),
        ("no HTTP", Does::Stall("220 mail ESMTP\r\n\r\n"), any(Want::Retry(None))),
    ];
    // All at once, because some of them wait.
    let client = test_client();
    let start = |(case, does, wants)| tokio::spawn(conforms(client.clone(), case, does, wants));
    let cases: Vec<_> = table.into_iter().map(start).collect();
    for case in cases {
        case.await.unwrap();
    }
}

async fn conforms(client: reqwest::Client, case: &str, does: Does, wants: (Want, Want)) {
    let timeout = match does {
        Does::Answer(_) | Does::Reset => AMPLE,
        Does::Hang => SHORT,
        Does::Stall(_) => PATIENT,
    };
    let answers = matches!(does, Does::Answer(_));
    let (base, seen) = stand_in(does).await;
    let pagers = adapters(&client, &base, timeout);
    let sending = page();
    let outcomes = futures_util::future::join_all(pagers.iter().map(|pager| pager.send(&sending))).await;
    for (pager, outcome) in pagers.iter().zip(&outcomes) {
        let duty = pager.channel().as_str().starts_with("pagerduty");
        check(case, pager.channel(), outcome, if duty { wants.0 } else { wants.1 });
        if let Outcome::Retry { maybe_arrived, .. } = outcome {
            let refused = case.starts_with("408") || case.starts_with("429");
            assert_eq!(*maybe_arrived, !refused, "{case}, {}", pager.channel());
        }
    }
    // Sent once each: no redirect followed, nothing tried again.
    assert!(!answers || seen.all().len() == outcomes.len(), "{case}: {} requests", seen.all().len());
}

#[tokio::test]
async fn what_cannot_be_reached_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (plain, _) = stand_in(reply(202, &[], "")).await;
    for (case, base, says) in [
        ("refused", format!("http://{address}"), "connection refused"),
        ("no TLS there", plain.replace("http:", "https:"), "TLS"),
    ] {
        for pager in adapters(&test_client(), &base, AMPLE).iter() {
            let outcome = pager.send(&page()).await;
            check(case, pager.channel(), &outcome, Want::Retry(None));
            assert!(format!("{outcome:?}").contains(says), "{case}: {outcome:?}");
            assert!(matches!(outcome, Outcome::Retry { maybe_arrived: false, .. }), "{case}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn tries_of_one_page_differ_in_their_attempt_only() {
    let (base, seen) = stand_in(reply(503, &[], "")).await;
    for pager in adapters(&test_client(), &base, AMPLE).iter() {
        for attempt in 1..=PAGE_ATTEMPTS_MAX {
            pager.send(&Sending { attempt, ..page() }).await;
        }
    }
    let mut bodies = seen.json();
    assert_eq!(bodies.len(), 3 * PAGE_ATTEMPTS_MAX as usize);
    for (i, body) in bodies.iter_mut().enumerate() {
        let at = if body["payload"].is_object() { &mut body["payload"]["custom_details"] } else { body };
        let attempt = at.as_object_mut().unwrap().remove("attempt");
        assert_eq!(attempt, Some(json!(i % PAGE_ATTEMPTS_MAX as usize + 1)));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 3, "{bodies:#?}");
}

#[tokio::test]
async fn the_vendors_own_words_reach_the_timeline() {
    let body =
        r#"{"status":"invalid event","message":"Event object is invalid","errors":["'summary' is missing or blank"]}"#;
    let (base, _) = stand_in(reply(400, &[], body)).await;
    let whos = [
        ("pagerduty", "PagerDuty"),
        ("pagerduty.checkout", "PagerDuty (pagerduty.checkout)"),
        ("webhook.ops", "webhook.ops"),
    ];
    for (channel, who) in whos {
        let outcome = adapters(&test_client(), &base, AMPLE).get(&channel.into()).unwrap().send(&page()).await;
        let words = "it says: Event object is invalid: 'summary' is missing or blank";
        assert_eq!(outcome, Outcome::Never { why: format!("{who} refused the message (400); {words}") });
    }
}

#[test]
fn the_table_of_verdicts_in_the_documentation_is_what_happens() {
    let rows: Vec<Vec<&str>> = include_str!("http.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .map(|row| row.split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row[0].starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    let mut next = 200;
    for row in rows {
        let (first, last) = row[0].split_once('-').unwrap_or((row[0], row[0]));
        let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
        assert_eq!(first, next, "the rows leave no gap");
        for code in first..=last {
            let answer =
                http::Answer { status: StatusCode::from_u16(code).unwrap(), after_s: Some(7), body: Vec::new() };
            let word = match (classify(answer.status, answer.after_s), http::refused("ops", &answer, &[])) {
                (Verdict::Accepted, _) => "accepted",
                (Verdict::Retry { after_s: Some(7) }, Outcome::Retry { after_s: Some(7), maybe_arrived, .. }) => {
                    if maybe_arrived {
                        "retry, may have arrived"
                    } else {
                        "retry"
                    }
                }
                (Verdict::Never, Outcome::Never { .. }) => "never",
                both => panic!("{code}: {both:?}"),
            };
            assert_eq!(word, row[1], "{code}");
        }
        next = last + 1;
    }
    assert_eq!(next, 600);
}

#[test]
fn retry_after_is_read_in_all_its_forms() {
    for (text, after_s) in [
        ("0", Some(0)),
        (" 7 ", Some(7)),
        ("1.2", Some(2)),
        ("3.000", Some(3)),
        ("86400", Some(86_400)),
        ("9223372036854775807.5", Some(i64::MAX)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30)),
        ("Sun Nov  6 08:49:37 1994", Some(30)),
        ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(252_618_189_052)),
        // The sixth was a Sunday.
        ("Mon, 06 Nov 1994 08:49:37 GMT", None),
        ("-1", None),
        ("+5", None),
        ("1e9", None),
        ("1.", None),
        ("", None),
        ("in a minute", None),
    ] {
        let headers = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
        assert_eq!(retry_after(&headers, NOW), after_s, "{text}");
    }
    // Half a second after the full second, thirty seconds would be half a second early.
    let headers = HeaderMap::from_iter([(
        reqwest::header::RETRY_AFTER,
        HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"),
    )]);
    assert_eq!(retry_after(&headers, NOW.plus_us(-500_000)), Some(31));
    assert_eq!(retry_after(&HeaderMap::new(), NOW), None);
}

#[test]
fn settings_that_could_never_work_are_refused_without_quoting_them() {
    let client = test_client();
    let bad = |pager: Pager| Pagers::new(vec![pager], &client, &now()).err().expect("refused").to_string();
    let duty = |api_url: &str| Pager::PagerDuty(pagerduty_settings(api_url, AMPLE));
    let hook = |url: &str, secret: &str| {
        Pager::Webhook(super::webhook::Settings {
            url: url.into(),
            secret: secret.into(),
            ..webhook_settings("", AMPLE)
        })
    };
    let keyless =
        super::pagerduty::Settings { routing_key: Some(" ".into()), ..pagerduty_settings("http://127.0.0.1:1", AMPLE) };
    let twice = (0..2).map(|_| hook("http://127.0.0.1:1", SECRET)).collect();
    assert_eq!(
        [
            bad(duty("ana:s3cret@pager")),
            bad(hook("not an address s3cret", SECRET)),
            bad(hook("ftp://s3cret.example", SECRET)),
            bad(hook("http://127.0.0.1:1", "")),
            bad(Pager::PagerDuty(keyless)),
            Pagers::new(twice, &client, &now()).err().unwrap().to_string(),
            bad(Pager::Smtp(super::smtp::Settings { ca_pem: Some("s3cret".into()), ..smtp_with_tls() })),
            bad(Pager::Smtp(super::smtp::Settings { host: "s3cret host".into(), ..smtp_with_tls() })),
        ],
        [
            "paging.pagerduty.api_url is no address: write it as https://host/path",
            "paging.webhook.ops.url is no address: write it as https://host/path",
            "paging.webhook.ops.url is no address: write it as https://host/path",
            "paging.webhook.ops.secret is empty: set it to a long random text that the receiver knows too",
            "A routing key of PagerDuty is empty: fill it in or leave the line out",
            "webhook.ops is configured twice: give one of them another name",
            "paging.smtp.ca_file: it holds no certificate (-----BEGIN CERTIFICATE-----)",
            "paging.smtp.host is no host name or address: write it as mail.example.org",
        ]
    );
}

#[test]
fn no_secret_can_be_printed() {
    let duty = pagerduty_settings("http://ana:s3cret@127.0.0.1:1", AMPLE);
    let hook = webhook_settings("http://127.0.0.1:1", AMPLE);
    let mail = smtp_settings(1, AMPLE);
    let printed = format!("{duty:?} {hook:?} {mail:?}");
    assert!(printed.contains("webhook.ops") && printed.contains("ana"), "{printed}");
    for secret in [TEAM_KEY, ANA_KEY, SECRET, TOKEN, PASSWORD, "s3cret"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
