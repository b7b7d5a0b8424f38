//! The pages about channels and the webhook say what the adapters do: the table of guarantees is the adapters' own,
//! and the code that readers are told to copy is run against a page that was really sent.

use super::source::text;
use crate::harness::fake_webhook;
use crate::harness::files::temp_dir;
use crate::harness::wire::Wire;
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use firebell::engine::ports::{Guarantee, Message, Notify, Outcome, Sending, SendingKind};
use firebell::notify::{self, Pager, Pagers, pagerduty, smtp, webhook};
use firebell_domain::limits;
use serde_json::Value;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

fn rows(document: &str, prefix: &str) -> Vec<String> {
    let lines = document.lines().filter_map(|l| l.strip_prefix(prefix));
    lines.filter(|l| l.starts_with("| `")).take_while(|l| !l.is_empty()).map(str::to_string).collect()
}

fn webhook_settings(url: &str, secret: &str) -> webhook::Settings {
    let timeout = Duration::from_secs(limits::SEND_TIMEOUT_S);
    webhook::Settings { channel: "webhook.ops".into(), url: url.into(), secret: secret.into(), timeout }
}

/// One pager of every kind that there is.
fn one_of_each() -> Vec<Pager> {
    let all = vec![
        Pager::PagerDuty(pagerduty::Settings {
            channel: "pagerduty".into(),
            api_url: "http://127.0.0.1:9".into(),
            routing_key: Some("0123456789abcdef0123456789abcdef".into()),
            routing_keys: Default::default(),
            public_url: "http://127.0.0.1:7911".into(),
            timeout: Duration::from_secs(limits::SEND_TIMEOUT_S),
        }),
        Pager::Smtp(smtp::Settings {
            channel: "smtp".into(),
            host: "127.0.0.1".into(),
            port: 9,
            encryption: smtp::Encryption::None,
            login: None,
            from: "firebell@example.org".parse().expect("an address"),
            to: Vec::new(),
            addresses: Default::default(),
            ca_pem: None,
            timeout: Duration::from_secs(limits::SEND_TIMEOUT_S),
        }),
        Pager::Webhook(webhook_settings("http://127.0.0.1:9", "0123456789abcdef")),
    ];
    for pager in &all {
        // Another kind is another row above, and this stops compiling until it is there.
        match pager {
            Pager::PagerDuty(_) | Pager::Smtp(_) | Pager::Webhook(_) => {}
        }
    }
    all
}

#[test]
fn the_page_about_channels_promises_what_the_adapters_promise() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let header = rows(&text("src/notify/mod.rs"), "//! ");
    let page = text("docs/channels.md");
    let (guarantees, answers) = page.split_once("## What is final").expect("a section of its own");
    assert_eq!(rows(guarantees, ""), header, "docs/channels.md and the header of src/notify/mod.rs differ");
    let now: notify::Now = Arc::new(firebell::clock::system_now);
    let client = notify::http::client().expect("a client");
    let pagers = Pagers::new(one_of_each(), &client, &now).expect("pagers");
    assert_eq!(pagers.iter().count(), header.len(), "a row for every kind of pager");
    for pager in pagers.iter() {
        let kind = pager.channel().as_str().split('.').next().expect("a kind").to_string();
        let row = header.iter().find(|row| row.starts_with(&format!("| `{kind}"))).expect("a row of its own");
        let promise = match pager.guarantee() {
            Guarantee::EffectivelyOnce => "| effectively once |",
            Guarantee::AtLeastOnceLabelled => "| at least once, labelled |",
        };
        assert!(row.contains(promise), "{kind} promises {promise}, the table says {row}");
    }
    // What each answer means: the tables of the adapters' headers, which their own tests hold to the code.
    let table = |path: &str, pager: &str| {
        let source = text(path);
        let rows = source.lines().filter_map(|l| l.strip_prefix("//! | ")).skip(1);
        rows.map(|row| format!("{pager} {row}")).collect::<Vec<_>>()
    };
    let http = table("src/notify/http.rs", "| `pagerduty`, `webhook` | HTTP |");
    let smtp = table("src/notify/smtp.rs", "| `smtp` |");
    assert!(http.len() > 8 && smtp.len() > 8, "the headers have their tables");
    assert_eq!(rows(answers, ""), [http, smtp].concat(), "docs/channels.md and the headers of src/notify differ");
    // Figures that the pages name.
    assert!(page.contains(&format!("the next one for {} minutes at most", limits::PAGE_CHANNEL_MAX_S / 60)));
    assert!(page.contains(&format!("up to {} minutes each time", limits::RETRY_AFTER_MAX_S / 60)));
    assert!(page.contains(&format!(" {} tries have failed", limits::PAGE_ATTEMPTS_MAX)));
    assert!(text("docs/webhook.md").contains(&format!("within {} seconds", limits::SEND_TIMEOUT_S)));
    assert!(text("docs/operations.md").contains(&format!("after {} seconds at most", limits::LEASE_S)));
}

fn json_block(document: &str, prefix: &str) -> Value {
    let begin = format!("{prefix}```json\n");
    let (_, rest) = document.split_once(&begin).expect("an example");
    let (example, _) = rest.split_once(&format!("\n{prefix}```")).expect("its end");
    let lines: Vec<&str> = example.lines().map(|l| l.strip_prefix(prefix).unwrap_or(l)).collect();
    serde_json::from_str(&lines.join("\n")).expect("the example is JSON")
}

#[test]
fn the_page_about_the_webhook_shows_the_body_that_is_sent() {
    // src/notify/tests/webhook.rs holds the header's example to what is sent.
    let header = json_block(&text("src/notify/webhook.rs"), "//! ");
    let page = json_block(&text("docs/webhook.md"), "");
    assert_eq!(page, header);
}

fn block(language: &str) -> String {
    let page = text("docs/webhook.md");
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("an example");
    rest.split_once("```").expect("its end").0.to_string()
}

/// Runs an example's `genuine` on what stands in a file.
fn genuine(language: &str, secret: &str, signature: &str, body: &[u8]) -> bool {
    let folder = temp_dir();
    let file = folder.join("body");
    std::fs::write(&file, body).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let mut command = match language {
        "python" => {
            let script = format!(
                "{}\nimport sys\nsys.exit(0 if genuine(sys.argv[1], sys.argv[2], open(sys.argv[3], 'rb').read()) else 1)",
                block("python")
            );
            let mut python = Command::new("python3");
            python.args(["-c", &script, secret, signature, file]);
            python
        }
        _ => {
            let mut shell = Command::new("sh");
            shell.args(["-eu", "-c", &format!("{}\ngenuine \"$@\"", block("sh")), "sh", secret, signature, file]);
            shell
        }
    };
    let output = command.output().unwrap_or_else(|e| panic!("{language}: {e}; run ./test --install"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)) && said.is_empty(), "{language}: {} {said}", output.status);
    output.status.success()
}

/// One page, sent for real: the signature that came with it and the body, byte for byte.
async fn sent(secret: &str) -> (String, Vec<u8>) {
    let (seen, mut arrived) = mpsc::channel(1);
    let receive = post(async move |headers: HeaderMap, body: Bytes| {
        let signature = headers["firebell-signature"].to_str().expect("text").to_string();
        seen.send((signature, body.to_vec())).await.expect("the test waits");
    });
    let wire = Wire::serve(Router::new().route("/", receive));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let now: notify::Now = Arc::new(firebell::clock::system_now);
    let settings = webhook_settings(&wire.url(), secret);
    let hook = webhook::Webhook::new(settings, notify::http::client().expect("a client"), now).expect("a webhook");
    let sending = Sending {
        parts: Vec::new(),
        incident: None,
        idempotency_key: "firebell-test-1".into(),
        claim_seq: 0,
        attempt: 1,
        maybe_repeated: false,
        person: None,
        kind: SendingKind::Test,
        message: Message { summary: "Ein \"Tést\" 🔥\n $(id) %s \\".into(), ..Message::default() },
    };
    let outcome = hook.send(&sending).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    arrived.recv().await.expect("one request")
}

#[tokio::test]
async fn the_examples_that_verify_a_webhook_take_what_is_sent_and_refuse_the_rest() {
    let secret = "0123456789abcdef";
    let (signature, body) = sent(secret).await;
    let (t, v1) = signature.split_once(',').expect("two parts");
    let old = {
        let body = std::str::from_utf8(&body).expect("UTF-8");
        let now_s = t.trim_start_matches("t=").parse::<u64>().expect("seconds");
        fake_webhook::signature(secret, now_s - 400, body)
    };
    let zeros = format!("{t},v1={}", "0".repeat(64));
    for language in ["python", "sh"] {
        let check = |secret: &str, signature: &str, body: &[u8]| genuine(language, secret, signature, body);
        assert!(check(secret, &signature, &body), "{language} refuses {signature}");
        assert!(!check("0123456789abcdeF", &signature, &body), "{language}: another secret");
        assert!(!check(secret, &signature, &[&body[..], b" "].concat()), "{language}: another body");
        for bad in [&old, &zeros, t, v1, "", "t=,v1=", "t=x,v1=y", "t=$(id),v1=`id`"] {
            assert!(!check(secret, bad, &body), "{language} takes {bad}");
        }
    }
}
