//! What alert sources may do to a running firebell: knock without a token, send what cannot be read, break off, repeat
//! themselves, flap, and come while nothing can be recorded. No page is lost to any of it.

use crate::harness::faults::Fault;
use crate::harness::prometheus::{ALERT_BOUND, Monitoring};
use crate::harness::{Answer, BOUND, eventually};
use crate::live::{Live, OTHER_TOKEN, TOKEN};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FIRING: &str = include_str!("../data/webhooks/alertmanager/firing.json");
const RESOLVED: &str = include_str!("../data/webhooks/alertmanager/resolved.json");
const FLAT: &str = include_str!("../data/webhooks/generic/flat.json");

/// The group of a file, with its firing's beginning.
fn began(body: &str, starts_at: &str) -> String {
    let mut json: Value = serde_json::from_str(body).expect("test data is JSON");
    json["alerts"][0]["startsAt"] = json!(starts_at);
    json.to_string()
}

fn results(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].as_array().cloned().unwrap_or_default();
    results
        .iter()
        .map(|r| format!("{} {}", r["incident"].as_str().unwrap_or("-"), r["result"].as_str().unwrap_or("?")))
        .collect()
}

fn message(answer: &Answer) -> String {
    answer.json()["error"]["message"].as_str().unwrap_or_default().to_string()
}

#[tokio::test]
async fn who_has_no_token_or_another_one_is_sent_away_and_nothing_is_recorded() {
    let live = Live::start().await;
    for token in
        [None, Some(""), Some("wrong"), Some(OTHER_TOKEN), Some(&TOKEN[1..]), Some(live.serve.token().as_str())]
    {
        let answer = live.hook("prometheus", token, FIRING).await;
        assert_eq!(answer.status, 401, "{token:?}");
        let unreadable = live.hook("prometheus", token, "nonsense").await;
        assert_eq!(unreadable.status, 401, "{token:?}");
    }
    let answer = live.hook("no-such", Some(TOKEN), FIRING).await;
    assert_eq!(answer.status, 404);
    assert_eq!(message(&answer), "There is no alert source of this name; add [ingest.NAME] to the configuration.");
    assert_eq!(live.serve.get("/hooks/prometheus").await.status, 405);
    assert_eq!(live.incidents().await, 0);
    // The right one works, in any case of the scheme's name.
    assert_eq!(results(&live.hook("prometheus", Some(TOKEN), FIRING).await), ["INC-1 declared"]);
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.done("ana", "/incident ack").await;
    live.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_declares_or_joins_an_incident_that_pages_before_it_is_refused() {
    let live = Live::start().await;
    let answer = live.hook("prometheus", Some(TOKEN), "{\"alerts\": oops}").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        message(&answer),
        "This could not be read: not JSON: something unexpected stands there at line 1, column 12. INC-1 says so and pages."
    );
    let incident = live.incident(1).await;
    assert_eq!(incident["title"], "source prometheus sent something unreadable");
    assert_eq!(incident["severity"]["level"], "P1", "the worst: nobody knows what it would have said");
    let kept = &live.events(1, "unreadable_received").await[0];
    assert_eq!((&kept["kept"], &kept["kept_as"]), (&"{\"alerts\": oops}".into(), &"text".into()), "{kept:#}");
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;

    // Again, and in other ways: the same incident.
    let nul_and_no_text = [&b"\0\xff\xfe"[..], &[0xff; 70_000]].concat();
    for body in [b"".to_vec(), b"[]".to_vec(), nul_and_no_text, FIRING.as_bytes()[..700].to_vec()] {
        let answer = live.hook("prometheus", Some(TOKEN), body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(message(&answer).ends_with("INC-1 says so and pages."), "{}", answer.body);
    }
    let kept = live.events(1, "unreadable_received").await;
    assert_eq!(kept.len(), 5);
    assert_eq!((&kept[3]["kept_as"], &kept[3]["bytes"]), (&"base64".into(), &70_003.into()));
    assert_eq!(kept[3]["kept"].as_str().map(str::len), Some(65_536_usize.div_ceil(3) * 4));
    assert_eq!(kept[4]["kept"], FIRING[..700]);
    assert_eq!(live.pagerduty.see(|v| v.acted("trigger").count()), 1, "one incident, one page");

    // Another source has its own; what is readable is not affected.
    let answer = live.hook("monitor", Some(OTHER_TOKEN), "[]").await;
    assert!(message(&answer).ends_with("INC-2 says so and pages."), "{}", answer.body);
    assert_eq!(results(&live.hook("prometheus", Some(TOKEN), FIRING).await), ["INC-3 declared"]);
    // Once it has ended, the next one declares anew.
    live.done("ana", "/incident INC-1 resolve The proxy was cutting bodies.").await;
    let answer = live.hook("prometheus", Some(TOKEN), "[]").await;
    assert!(message(&answer).ends_with("INC-4 says so and pages."), "{}", answer.body);
    for id in ["INC-2", "INC-3", "INC-4"] {
        live.done("ana", &format!("/incident {id} ack")).await;
    }
    let draft = live.serve.run(&["postmortem", "INC-1"]).await;
    assert_eq!(draft.status, 0, "{}", draft.stderr);
    live.finish().await;
}

#[tokio::test]
async fn a_body_of_more_than_32_mb_is_heard_out_and_its_first_64_kb_are_kept() {
    let live = Live::start().await;
    let body = format!("{{\"alerts\": \"{}\"}}", "x".repeat(33 * 1024 * 1024));
    let bytes = body.len();
    let began = body[..64 * 1024].to_string();
    let answer = live.hook("prometheus", Some(TOKEN), body).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    assert_eq!(message(&answer), "This could not be read: it is larger than 32 MB. INC-1 says so and pages.");
    let kept = &live.events(1, "unreadable_received").await[0];
    assert_eq!(kept["bytes"], bytes);
    assert!(kept["kept"] == began, "the first 64 KB are kept");
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    // Just below it is read, whatever it says.
    let answer = live.hook("prometheus", Some(TOKEN), format!("\"{}\"", "x".repeat(31 * 1024 * 1024))).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    live.done("ana", "/incident ack").await;
    live.finish().await;
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_body_still_declares_and_pages() {
    let live = Live::start().await;
    let head = |length: &str| {
        format!("POST /hooks/prometheus HTTP/1.1\r\nHost: bot\r\nAuthorization: Bearer {TOKEN}\r\n{length}\r\n\r\n")
    };
    let announced = format!("{}{}", head("Content-Length: 5000"), &FIRING[..300]);
    let chunked = format!("{}12c\r\n{}\r\n", head("Transfer-Encoding: chunked"), &FIRING[..300]);
    for (n, (text, abruptly)) in
        [(&announced, false), (&announced, true), (&chunked, false), (&chunked, true)].into_iter().enumerate()
    {
        let mut line = connect(&live).await;
        line.write_all(text.as_bytes()).await.expect("it can be written to");
        if abruptly {
            line.set_zero_linger().expect("a socket can be reset");
        }
        drop(line);
        let what = format!("broken body number {} is in the log", n + 1);
        eventually(&what, BOUND, async || {
            live.incidents().await == 1 && live.events(1, "unreadable_received").await.len() == n + 1
        })
        .await;
    }
    for (n, kept) in live.events(1, "unreadable_received").await.iter().enumerate() {
        assert_eq!(kept["problem"], "it broke off after 300 bytes");
        assert_eq!(kept["bytes"], if n < 2 { 5_000 } else { 300 });
        assert_eq!(kept["kept"], FIRING[..300]);
    }
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.done("ana", "/incident ack").await;
    live.finish().await;
}

#[tokio::test]
async fn the_same_delivery_twenty_times_is_one_incident_one_page_and_one_event() {
    let live = Live::start().await;
    let answers = join_all((0..20).map(|_| live.hook("prometheus", Some(TOKEN), FIRING))).await;
    let mut said: Vec<String> = answers.iter().flat_map(results).collect();
    said.sort();
    let mut expected = vec!["- nothing new".to_string(); 19];
    expected.push("INC-1 declared".to_string());
    assert_eq!(said, expected);
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    live.done("ana", "/incident ack").await;
    live.nothing_waits().await;
    let seq = live.incident(1).await["seq"].clone();
    for body in [FIRING, FIRING, RESOLVED, RESOLVED, FIRING] {
        live.hook("prometheus", Some(TOKEN), body).await;
    }
    assert_eq!(live.events(1, "alerts_received").await.len(), 2, "it fired once and resolved once: the rest is late");
    assert!(live.incident(1).await["seq"].as_i64() > seq.as_i64());
    assert_eq!(live.incidents().await, 1);
    live.finish().await;
}

#[tokio::test]
async fn a_flapping_alert_stays_one_incident_that_resolves_itself_once_it_is_quiet() {
    let live = Live::start_with("[incidents]\nquiet_resolve = \"1s\"").await;
    let starts = ["2026-03-02T01:14:07.518Z", "2026-03-02T01:15:07.518Z", "2026-03-02T01:16:07.518Z"];
    assert_eq!(results(&live.hook("prometheus", Some(TOKEN), began(FIRING, starts[0])).await), ["INC-1 declared"]);
    for (n, start) in starts.into_iter().enumerate() {
        assert_eq!(results(&live.hook("prometheus", Some(TOKEN), began(RESOLVED, start)).await), ["INC-1 joined"]);
        let Some(next) = starts.get(n + 1) else { break };
        let again = results(&live.hook("prometheus", Some(TOKEN), began(FIRING, next)).await);
        // On a busy machine the quiet second may be over in between: then it is reopened, never another one.
        assert!(["INC-1 joined", "INC-1 reopened"].contains(&again[0].as_str()), "{again:?}");
    }
    live.until_status(1, "resolved", BOUND).await;
    assert_eq!(live.incidents().await, 1);
    live.pagerduty
        .wait_until("the vendor knows the end", |v| {
            v.alerts.iter().all(|a| a.status == crate::harness::fake_pagerduty::Status::Resolved)
        })
        .await;

    // Firing again within half an hour is the same incident; it pages again.
    let triggers = live.pagerduty.see(|v| v.acted("trigger").count());
    let again = began(FIRING, "2026-03-02T01:20:07.518Z");
    assert_eq!(results(&live.hook("prometheus", Some(TOKEN), again).await), ["INC-1 reopened"]);
    live.pagerduty.wait_until("it pages again", |v| v.acted("trigger").count() == triggers + 1).await;
    live.done("ana", "/incident ack").await;
    live.finish().await;
}

#[tokio::test]
async fn a_generic_source_without_times_may_fire_again_and_again() {
    let live = Live::start().await;
    let status = |word: &str| FLAT.replace("triggered", word);
    assert_eq!(results(&live.hook("monitor", Some(OTHER_TOKEN), FLAT).await), ["INC-1 declared"]);
    assert_eq!(results(&live.hook("monitor", Some(OTHER_TOKEN), FLAT).await), ["- nothing new"]);
    assert_eq!(results(&live.hook("monitor", Some(OTHER_TOKEN), status("resolved")).await), ["INC-1 joined"]);
    assert_eq!(results(&live.hook("monitor", Some(OTHER_TOKEN), FLAT).await), ["INC-1 joined"]);
    assert_ne!(live.incident(1).await["next_escalation_at"], Value::Null, "the escalation goes on");
    live.done("bo", "/incident resolve").await;
    assert_eq!(results(&live.hook("monitor", Some(OTHER_TOKEN), status("resolved")).await), ["INC-1 joined"]);
    assert_eq!(results(&live.hook("monitor", Some(OTHER_TOKEN), FLAT).await), ["INC-1 reopened"]);
    live.done("bo", "/incident ack").await;
    live.finish().await;
}

#[tokio::test]
async fn more_requests_at_once_than_there_is_room_for_are_told_to_come_back() {
    let live = Live::start().await;
    let half = format!(
        "POST /hooks/prometheus HTTP/1.1\r\nHost: bot\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 5000\r\n\r\n{{"
    );
    // Each holds a place until its body is whole; one of the 65 finds none.
    let mut lines = Vec::new();
    for _ in 0..65 {
        let mut line = connect(&live).await;
        line.write_all(half.as_bytes()).await.expect("it can be written to");
        lines.push(line);
    }
    let mut answers = lines.iter_mut().map(|line| {
        Box::pin(async move {
            let mut answer = vec![0; 4_096];
            let bytes = line.read(&mut answer).await.expect("it answers");
            String::from_utf8_lossy(&answer[..bytes]).to_lowercase()
        })
    });
    let answered = tokio::time::timeout(BOUND, futures_util::future::select_all(&mut answers)).await;
    let (answer, _, _) = answered.expect("one of them is told to come back");
    assert!(answer.starts_with("http/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    drop(answers);
    let answer = live.hook("monitor", Some(OTHER_TOKEN), FLAT).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "another source finds none either");
    assert_eq!(message(&answer), "Too many requests at once; nothing was recorded.");
    assert_eq!(live.incidents().await, 0);
    // Who has no token takes no place and is told so even now.
    assert_eq!(live.hook("prometheus", None, FIRING).await.status, 401);
    drop(lines);
    eventually("there is room again", BOUND, async || {
        live.hook("monitor", Some(OTHER_TOKEN), FLAT).await.status == 200
    })
    .await;
    eventually("all that broke off are in the log", BOUND, async || {
        let mut broken = 0;
        for no in 1..=live.incidents().await {
            broken += live.events(no as i64, "unreadable_received").await.len();
        }
        broken == 64
    })
    .await;
    live.done("ana", "/incident INC-1 ack").await;
    live.done("ana", "/incident INC-2 ack").await;
    live.finish().await;
}

#[tokio::test]
async fn an_alert_that_cannot_be_recorded_is_delivered_again_by_alertmanager_and_pages_once() {
    let live = Live::start().await;
    let monitoring = Monitoring::start(&live.hook_url("prometheus"), TOKEN).await;
    // Somebody else holds the database: nothing can be written.
    let url = format!("sqlite://{}", live.serve.folder().join("firebell.db").display());
    let mut holder = sqlx::SqliteConnection::connect(&url).await.expect("the database opens");
    let told = async |live: &Live| {
        let metrics = live.serve.get("/metrics").await.body;
        metrics.lines().any(|l| {
            l.starts_with("firebell_http_requests_total") && l.contains("/hooks/{name}") && l.contains("status=\"503\"")
        })
    };
    sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.expect("the write lock can be had");
    monitoring.set_broken(true);
    eventually("Alertmanager was told to come back", ALERT_BOUND, async || told(&live).await).await;
    sqlx::query("ROLLBACK").execute(&mut holder).await.expect("the write lock can be given back");
    holder.close().await.expect("the connection closes");

    live.pagerduty.wait_until_within(ALERT_BOUND * 2, "Ana is paged", |v| v.acted("trigger").count() == 1).await;
    monitoring.set_broken(false);
    live.done("ana", "/incident INC-1 ack").await;
    live.until_status(1, "monitoring", ALERT_BOUND).await;
    drop(monitoring);
    assert_eq!(live.incidents().await, 1);
    assert_eq!(live.pagerduty.see(|v| v.acted("trigger").count()), 1);
    live.finish().await;
}

#[tokio::test]
async fn a_pager_that_is_down_while_the_alert_arrives_gets_it_when_it_is_back() {
    let live = Live::start().await;
    live.pagerduty.faults.next(2, Fault::closed_before());
    assert_eq!(results(&live.hook("prometheus", Some(TOKEN), FIRING).await), ["INC-1 declared"]);
    live.pagerduty.wait_until("the third try is taken", |v| v.acted("trigger").count() == 1).await;
    assert_eq!(live.pagerduty.see(|v| v.requests.len()), 3);
    live.done("ana", "/incident ack").await;
    live.finish().await;
}

async fn connect(live: &Live) -> TcpStream {
    let url = live.serve.url();
    TcpStream::connect(url.trim_start_matches("http://")).await.expect("the bot listens")
}
