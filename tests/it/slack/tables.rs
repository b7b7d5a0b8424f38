//! A diagnosis in a channel: one message, a line for each command, which fills in while commands are under way; what they
//! printed and drew, as files in the thread of the lines about it, once, whatever Slack does meanwhile.

use super::{Both, by_socket, told};
use crate::fake_slack::{FakeSlack, Fault, Setup};
use crate::harness::serve::Serve;
use crate::harness::wire::Wire;
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};

const SHOP: &str = "\
# Shop

## Severity levels

| Level | Name | Response time |
|---|---|---|
| P1 | Outage | 15 minutes |

## Health checks

```bash
# how long it has been up
uptime
# what a slow disk says
sleep 3 && echo '<!channel> all of it is there'
```
";

#[tokio::test]
async fn a_diagnosis_is_one_message_that_fills_in_and_leads_to_what_was_said() {
    let slack = Setup::default().start();
    let config = by_socket(&slack, "[targets.here]\nkind = \"host\"\nscripts = true\n");
    let mut bot = Serve::configured(&config);
    let folder = bot.folder().join("runbooks");
    std::fs::create_dir_all(&folder).expect("a folder");
    // It is slow until somebody lets it go on.
    let gate = bot.folder().join("gate");
    let made = std::process::Command::new("mkfifo").arg(&gate).status().expect("mkfifo");
    assert!(made.success());
    let shop = SHOP.replace("sleep 3", &format!("cat {}", gate.display()));
    std::fs::write(folder.join("shop.md"), shop).expect("written");
    bot.start_again().await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    let (slack, ana) = (&both.slack, both.slack.ana());

    told(&ana.says("general", "/incident declare P1 checkout is slow").await);
    let room = slack.channel("inc-1-checkout-is-slow").await;
    told(&ana.says(&room, "/incident diagnose").await);
    let first = slack.message(&room, "of 2 are back").await;
    assert!(first.says("waiting"), "what is under way says so: {}", first.plain());
    tokio::task::spawn_blocking(move || std::fs::write(gate, "")).await.expect("no panic").expect("it goes on");
    let last = slack.message(&room, "2 commands, none wants attention").await;
    assert_eq!(last.ts, first.ts, "the same message was edited");
    assert!(last.says("how long it has been up") && last.says("what a slow disk says"), "{}", last.plain());
    assert!(!last.blocks().to_string().contains("<!channel>"), "nobody is mentioned: {}", last.blocks());
    assert!(last.blocks().to_string().contains("/incidents/1/runs/1"), "{}", last.blocks());
    let tables = slack.messages(&room).iter().filter(|m| m.text().starts_with("Run 1 of INC-1")).count();
    assert_eq!(tables, 1);
    both.finish().await;
}

const METRICS: &str = "\
# Shop

## Severity levels

| Level | Name | Response time |
|---|---|---|
| P1 | Outage | 15 minutes |

## Health checks

```bash
# requests that fail
promtool query range --step=60 http://localhost:9090 'rate(failed[5m])'
```
";

/// Something that has a range to tell.
fn metrics() -> Wire {
    let values: Vec<Value> = (0..30).map(|n| json!([1_700_000_000 + n * 60, format!("{}", n % 7)])).collect();
    let series = json!({ "metric": { "job": "shop" }, "values": values });
    let answer = json!({ "status": "success", "data": { "resultType": "matrix", "result": [series] } });
    Wire::serve(Router::new().route("/api/v1/query_range", get(async move || axum::Json(answer))))
}

async fn diagnosed(slack: FakeSlack, faults: &[(&'static str, Fault)]) -> (Both, String, Wire) {
    let metrics = metrics();
    let target = format!("[targets.metrics]\nkind = \"prometheus\"\naddress = {:?}\n", metrics.url());
    let mut bot = Serve::configured(&by_socket(&slack, &target));
    let folder = bot.folder().join("runbooks");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("shop.md"), METRICS).expect("written");
    bot.start_again().await;
    slack.connected(2).await;
    for (method, fault) in faults {
        slack.fault(method, fault.clone());
    }
    let both = Both { slack, bot };
    let ana = both.slack.ana();
    told(&ana.says("general", "/incident declare P1 checkout is slow").await);
    let room = both.slack.channel("inc-1-checkout-is-slow").await;
    told(&ana.says(&room, "/incident diagnose").await);
    (both, room, metrics)
}

/// The files in the thread of the lines that say that the run is over: name, what a picture shows, how they begin.
async fn files(slack: &FakeSlack, room: &str) -> Vec<(String, String, String)> {
    let lines = slack.message(room, "Run 1 (diagnosis) done").await;
    slack.eventually("files are there", |w| w.done("files.completeUploadExternal") > 0).await;
    let replies = slack.replies(&lines);
    let all = replies.iter().flat_map(|m| m.body["files"].as_array().cloned().unwrap_or_default());
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    let content =
        |file: &Value| slack.see(|w| text(&w.team(w.home()).files[file["id"].as_str().expect("an id")]["content"]));
    all.map(|f| (text(&f["name"]), text(&f["alt_txt"]), content(&f).chars().take(4).collect())).collect()
}

fn expected() -> Vec<(String, String, String)> {
    let of = |name: &str, shows: &str, begins: &str| (name.to_string(), shows.to_string(), begins.to_string());
    vec![
        of("inc-1-run-1.txt", "", "Run "),
        of("inc-1-run-1-rate-failed-5m.png", "Graph: requests that fail", "\u{fffd}PNG"),
    ]
}

#[tokio::test]
async fn what_a_run_printed_and_drew_is_in_the_thread_of_the_lines_about_it() {
    let (both, room, _metrics) = diagnosed(Setup::default().start(), &[]).await;
    assert_eq!(files(&both.slack, &room).await, expected());
    both.finish().await;
}

#[tokio::test]
async fn files_whose_upload_was_cut_off_are_there_once() {
    let lost = [("files.completeUploadExternal", Fault::LostAfter)];
    let (both, room, _metrics) = diagnosed(Setup::default().start(), &lost).await;
    let slack = &both.slack;
    slack.eventually("it was looked whether they are there", |w| w.done("conversations.replies") > 0).await;
    // Whatever comes after them is posted when they are through.
    told(&slack.ana().says(&room, "/incident ack").await);
    slack.message(&room, "Acknowledged").await;
    assert_eq!(files(slack, &room).await, expected());
    assert_eq!(slack.messages(&room).iter().filter(|m| m.says("Run 1 (diagnosis) done")).count(), 1);
    both.finish().await;
}

#[tokio::test]
async fn a_workspace_that_takes_no_files_loses_nothing_else() {
    let no = [("files.getUploadURLExternal", Fault::Error("file_uploads_disabled"))];
    let (both, room, _metrics) = diagnosed(Setup::default().start(), &no).await;
    let slack = &both.slack;
    slack.message(&room, "Run 1 (diagnosis) done").await;
    told(&slack.ana().says(&room, "/incident ack").await);
    slack.message(&room, "Acknowledged").await;
    slack.see(|w| assert_eq!(w.done("files.completeUploadExternal"), 0));
    both.finish().await;
}

#[tokio::test]
async fn what_a_remediation_leaves_open_is_asked_for_in_a_form_and_asked_for_once() {
    let slack = Setup::default().start();
    let mut bot = Serve::configured(&by_socket(&slack, "[targets.here]\nkind = \"host\"\n"));
    let folder = bot.folder().join("runbooks");
    std::fs::create_dir_all(&folder).expect("a folder");
    let shop = format!("{SHOP}\n## Recovery\n\n```bash\n# Restart one worker\ndocker restart <worker-name>\n```\n");
    let line = shop.lines().position(|l| l.contains("docker restart")).expect("it is there") + 1;
    std::fs::write(folder.join("shop.md"), shop).expect("written");
    bot.start_again().await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is slow").await);
    let room = slack.channel("inc-1-checkout-is-slow").await;
    assert_eq!(told(&ana.says(&room, &format!("/incident run line {line}")).await), "", "the form is the answer");
    let form = slack.modal("ana", "worker-name").await;
    assert!(form.says("docker restart"), "{}", form.body);
    let refused = ana.submits(&form, &[("worker-name", "web 1; reboot")]).await;
    let beside = refused.body["errors"].to_string();
    assert!(beside.contains("worker-name=web 1; reboot holds"), "{}", refused.body);
    for _ in 0..2 {
        let reply = ana.submits(&form, &[("worker-name", "web-1")]).await;
        assert_eq!(reply.error, None);
    }
    let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
    assert_eq!(timeline.matches("docker restart web-1").count(), 1, "{timeline}");
    slack.forgive("view");
    both.finish().await;
}
