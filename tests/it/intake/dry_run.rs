//! The dry run: what people are told on the command line (goldens), and that the running bot's own changes nothing and
//! says what then happens.

use super::{alert, group, results};
use crate::conversation::world::expect_golden;
use crate::harness::serve::Serve;
use crate::live::{Live, TOKEN};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

const CONFIG: &str = r#"
[paging.pagerduty]
routing_key = "0123456789abcdef0123456789abcdef"
[people.ana]
contact = [{ via = "pagerduty" }]
[people.bo]
[services.checkout]
policy = "shop"
[policies.default]
levels = [{ page = ["@bo"] }, { page = ["@ana", "@bo"] }]
[policies.shop]
levels = [{ page = ["@ana"] }]
[policies.silent]
levels = [{ page = ["@bo"] }]
[services.backup]
policy = "silent"

[ingest.prometheus]
kind = "alertmanager"
token = "the token of prometheus"
[[ingest.prometheus.rules]]
match = ['severity=~"info|none"']
incident = false
[[ingest.prometheus.rules]]
match = ['team="payments"', 'env!="test"']
service = "checkout"
severity = "P2"

[ingest.monitor]
kind = "generic"
token = "the token of the monitor"
[ingest.monitor.mapping]
alerts = "checks"
group = "team"
[[ingest.monitor.rules]]
match = ['owner.name="bo"']
service = "backup"
"#;

/// Runs `ingest-test` on a body in a file; its status and what it printed.
async fn tried(serve: &Serve, source: &str, body: &str, format: &str) -> (i32, String) {
    let file = serve.folder().join("body.json");
    std::fs::write(&file, body).expect("a file");
    let ran = serve.run(&["ingest-test", source, &file.display().to_string(), "--format", format]).await;
    assert_eq!(ran.stderr, "");
    (ran.status, ran.stdout)
}

#[tokio::test]
async fn the_command_line_says_which_rule_fits_what_is_declared_and_who_is_paged() {
    let serve = Serve::configured(CONFIG);
    let mixed = group(
        "{}:{alertname=\"DiskFull\"}",
        &[
            alert("db-1", "firing", "severity=warning team=payments"),
            alert("db-2", "firing", "severity=info"),
            alert("db-3", "resolved", "severity=critical"),
            alert("db-4", "firing", "severity=low team=payments env=test"),
        ],
    );
    let muted = group("quiet", &[alert("Watchdog", "firing", "severity=none")]);
    let over = group("over", &[alert("db-1", "resolved", "severity=critical")]);
    let long: Vec<Value> = (0..25).map(|n| alert(&format!("host-{n}"), "firing", "")).collect();
    let mut long = group("long", &long);
    long["truncatedAlerts"] = json!(7);
    let checks = json!({"checks": [
        {"title": "The backup is 26 h old", "team": "ops", "severity": "high", "owner": {"name": "bo"}},
        {"title": "Mails wait", "team": "mail", "status": "ok"},
    ]});
    let mut said = String::new();
    for (title, source, body, status) in [
        ("a mixed group", "prometheus", mixed.to_string(), 0),
        ("a muted group", "prometheus", muted.to_string(), 0),
        ("a group that is over", "prometheus", over.to_string(), 0),
        ("a long group", "prometheus", long.to_string(), 0),
        ("a generic body of two groups", "monitor", checks.to_string(), 0),
        ("a generic body without alerts", "monitor", "{\"checks\": []}".to_string(), 0),
        ("not JSON", "prometheus", "{\"alerts\": oops}".to_string(), 1),
        ("another shape", "monitor", "{}".to_string(), 1),
    ] {
        let (ended, text) = tried(&serve, source, &body, "text").await;
        assert_eq!(ended, status, "{title}: {text}");
        said += &format!("# {title}\n{text}\n");
    }
    expect_golden("cli/ingest-test.txt", &said);
}

#[tokio::test]
async fn nobody_to_page_no_policy_and_no_such_source_are_said_plainly() {
    let bare = Serve::configured("[ingest.prometheus]\nkind = \"alertmanager\"\ntoken = \"the token of prometheus\"\n");
    let body = group("g", &[alert("db-1", "firing", "severity=critical")]).to_string();
    let (status, text) = tried(&bare, "prometheus", &body, "text").await;
    assert_eq!(status, 0);
    let nobody = "no escalation policy: NOBODY WOULD BE PAGED. Add [paging.pagerduty] or [paging.webhook.NAME]";
    assert!(text.contains(nobody), "{text}");

    let ran = bare.run(&["ingest-test", "promtheus", "body.json"]).await;
    assert_eq!(ran.status, 2);
    assert_eq!(ran.stderr, "firebell: There is no alert source \"promtheus\". There are: prometheus.\n");
    let ran = bare.run(&["ingest-test", "prometheus", "no-such-file.json"]).await;
    assert!(ran.status == 2 && ran.stderr.contains("no-such-file.json: "), "{ran:?}");
    assert!(!bare.folder().join("firebell.db").exists(), "it opens no database");
}

#[tokio::test]
async fn standard_input_is_read_and_machines_get_all_of_it() {
    let serve = Serve::configured(CONFIG);
    let alerts: Vec<Value> = (0..25).map(|n| alert(&format!("h{n}"), "firing", "team=payments")).collect();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_firebell"));
    command.args(["ingest-test", "prometheus", "-", "--format", "json", "--config"]).arg(serve.config_path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("firebell starts");
    let mut stdin = child.stdin.take().expect("it listens");
    stdin.write_all(group("g", &alerts).to_string().as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success());
    let run: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(
        (&run["online"], &run["kind"], &run["unreadable"]),
        (&false.into(), &"alertmanager".into(), &Value::Null)
    );
    let group = &run["groups"][0];
    assert_eq!(group["alerts"].as_array().map(Vec::len), Some(25));
    let first = &group["alerts"][0];
    assert_eq!((&first["rule"]["number"], &first["rule"]["match"][0]), (&2.into(), &"team=\"payments\"".into()));
    assert_eq!(first["link"], "https://prometheus.example.org/graph?g0.expr=h0");
    let plan = &group["would"][0];
    assert_eq!((&plan["result"], &plan["severity"]["level"]), (&"declare".into(), &"P2".into()));
    assert_eq!((&plan["service"], &plan["policy"]), (&"checkout".into(), &"shop".into()));
    assert_eq!(plan["paging"]["pages"], json!([{"person": "ana", "channel": "pagerduty"}]));
}

/// What the running bot would do with a body.
async fn would(live: &Live, body: &Value) -> Vec<String> {
    let answer = live.hook("prometheus?dry_run=true", Some(TOKEN), body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let plans = answer.json()["groups"][0]["would"].as_array().cloned().unwrap_or_default();
    let word = |v: &Value| v.as_str().unwrap_or("-").to_string();
    plans.iter().map(|p| format!("{} {} {}", word(&p["result"]), word(&p["incident"]), word(&p["why"]))).collect()
}

#[tokio::test]
async fn the_running_bots_dry_run_says_what_then_happens_and_changes_nothing() {
    let live = Live::start_with(
        "[[ingest.prometheus.rules]]\nmatch = ['severity=\"info\"']\nincident = false\n[incidents]\nquiet_resolve = \"1h\"",
    )
    .await;
    let with = |status: &str, start: &str| {
        let mut alert = alert("a", status, "severity=critical");
        alert["startsAt"] = json!(start);
        group("g", &[alert])
    };
    let (first, second, third) = ("2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z", "2026-03-02T03:00:00Z");
    // Each is asked for first, and then done.
    let step = async |body: &Value, expected: &str, then: &str| {
        live.nothing_waits().await;
        let before = live.api("/api/v1/incidents").await;
        assert_eq!(would(&live, body).await, [expected]);
        assert_eq!(live.api("/api/v1/incidents").await, before, "the dry run changed something");
        assert_eq!(live.told(body).await, [then]);
    };
    step(&with("firing", first), "declare - -", "INC-1 declared").await;
    live.pagerduty.wait_until("Ana is paged", |v| v.acted("trigger").count() == 1).await;
    step(&with("firing", first), "nothing INC-1 INC-1 knows all of it", "- nothing new").await;
    step(&with("resolved", first), "join INC-1 -", "INC-1 joined").await;
    step(&with("firing", second), "join INC-1 -", "INC-1 joined").await;
    live.done("ana", "/incident ack").await;
    live.done("ana", "/incident resolve").await;
    let known = "nothing INC-1 INC-1 had all of it when it ended; what begins to fire again reopens it";
    step(&with("firing", second), known, "- nothing new").await;
    let ended = "nothing INC-1 INC-1 has ended, and nothing of it fires again";
    step(&with("resolved", second), ended, "INC-1 joined").await;
    step(&with("firing", third), "reopen INC-1 -", "INC-1 reopened").await;
    live.done("ana", "/incident ack").await;

    let muted = group("quiet", &[alert("b", "firing", "severity=info")]);
    step(&muted, "muted - rule 1 says that what fires makes no incident", "- muted").await;
    let over = group("over", &[alert("c", "resolved", "severity=critical")]);
    step(&over, "nothing - nothing fires, and no open incident waits for its end", "- nothing new").await;

    // Alerts that come under another group are with their incident, also here.
    let mut again = alert("a", "firing", "severity=critical");
    again["startsAt"] = json!(third);
    let regrouped = group("other", &[again, alert("d", "firing", "severity=critical")]);
    let parts = ["join INC-1 -", "nothing INC-1 INC-1 knows all of it"];
    assert_eq!(would(&live, &regrouped).await, parts);
    assert_eq!(live.told(&regrouped).await, ["INC-1 joined"]);
    live.finish().await;
}

#[tokio::test]
async fn a_dry_run_needs_the_token_and_shows_an_unreadable_body_as_the_hook_would_record_it() {
    let live = Live::start().await;
    assert_eq!(live.hook("prometheus?dry_run=true", Some("wrong"), "[]").await.status, 401);
    assert_eq!(live.hook("no-such?dry_run=true", Some(TOKEN), "[]").await.status, 404);
    let answer = live.hook("prometheus?dry_run=true", Some(TOKEN), "{\"alerts\": oops}").await;
    assert_eq!(answer.status, 400);
    let problem = "not JSON: something unexpected stands there at line 1, column 12";
    let unreadable = answer.json()["unreadable"].clone();
    assert_eq!((&unreadable["problem"], &unreadable["would"]["result"]), (&problem.into(), &"declare".into()));
    assert_eq!(unreadable["would"]["title"], "source prometheus sent something unreadable");
    assert_eq!(live.incidents().await, 0);
    assert_eq!(live.figure("firebell_unreadable_requests_total{source=\"prometheus\"}").await, 0);

    let answer = live.hook("prometheus", Some(TOKEN), "{\"alerts\": oops}").await;
    assert_eq!(answer.status, 400);
    assert_eq!(live.events(1, "unreadable_received").await[0]["problem"], problem);
    let again = live.hook("prometheus?dry_run=true", Some(TOKEN), "[]").await.json();
    assert_eq!(again["unreadable"]["would"]["incident"], "INC-1");
    assert_eq!(live.events(1, "unreadable_received").await.len(), 1);
    live.done("ana", "/incident ack").await;
    let too_large = format!("\"{}\"", "x".repeat(33 * 1024 * 1024));
    let answer = live.hook("prometheus?dry_run=true", Some(TOKEN), too_large).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["unreadable"]["problem"], "it is larger than 32 MB");
    assert_eq!(
        results(&live.hook("prometheus?dry_run=false", Some(TOKEN), group("g", &[]).to_string()).await),
        ["- nothing new"]
    );
    live.finish().await;
}
