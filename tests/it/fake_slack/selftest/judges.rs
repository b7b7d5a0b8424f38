//! Slack's own clients, unchanged: slack_sdk's WebClient and Socket Mode client, and Bolt over sockets and over HTTP.
//! What they take for a Slack is faithful enough. `./test --install` fetches them; without them these tests fail.

use super::judge::python;
use super::*;
use crate::harness::port::free_port;
use crate::harness::process::Process;
use crate::harness::temp_dir;
use serde_json::{Value, json};

async fn ends_well(mut program: Process) {
    let ended = program.end_within(BOUND).await;
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}\n{}", program.log_tail());
}

#[tokio::test]
async fn slack_sdk_goes_through_the_web_api() {
    let (slack, folder) = (Setup::default().without_limits().start(), temp_dir());
    let command = python("run.py", &["web", &slack.url(), &slack.bot_token()]);
    ends_well(Process::start("the WebClient", command, &folder.join("log"))).await;
    slack.message("#general", "everything was as documented").await;
    slack.finish();
}

#[tokio::test]
async fn slack_sdks_own_handler_of_429_gets_every_message_through() {
    let (slack, folder) = (FakeSlack::start(), temp_dir());
    let command = python("run.py", &["limited", &slack.url(), &slack.bot_token(), &app::place(&slack, "general")]);
    ends_well(Process::start("the WebClient", command, &folder.join("log"))).await;
    slack.message("#general", "message 5").await;
    assert_eq!(slack.messages("#general").len(), 6);
    assert!(slack.see(|world| world.limits.refused("chat.postMessage")) > 0);
    slack.finish();
}

#[tokio::test]
async fn slack_sdks_socket_mode_client_hears_and_reconnects() {
    let (slack, folder) = (FakeSlack::start(), temp_dir());
    let command = python("run.py", &["socket", &slack.url(), &slack.bot_token(), &slack.app_token()]);
    let _program = Process::start("the Socket Mode client", command, &folder.join("log"));
    slack.connected(1).await;
    let reply = slack.ana().says("#general", "/incident list").await;
    assert_eq!((reply.error, reply.body["text"].as_str()), (None, Some("you said: list")));
    slack.ana().says("#general", "who is there?").await;
    slack.message("#general", "heard").await;

    slack.renews_sockets();
    slack.eventually("it came back", |world| world.sockets.hellos == 2 && world.sockets.connections.len() == 1).await;
    let reply = slack.bo().says("#general", "/incident show").await;
    assert_eq!(reply.body["text"], "you said: show");
    slack.finish();
}

#[tokio::test]
async fn bolt_runs_an_incident_over_socket_mode() {
    let (slack, folder) = (FakeSlack::start(), temp_dir());
    let command = python("run.py", &["bolt", &slack.url(), &slack.bot_token(), &slack.app_token()]);
    let _program = Process::start("Bolt", command, &folder.join("log"));
    slack.connected(1).await;
    an_incident(&slack).await;
    slack.finish();
}

#[tokio::test]
async fn bolt_runs_an_incident_over_signed_http() {
    let (slack, folder, port) = (FakeSlack::start(), temp_dir(), free_port());
    let number = port.number().to_string();
    let command = python("run.py", &["bolt-http", &slack.url(), &slack.bot_token(), &slack.signing_secret(), &number]);
    let _program = Process::start("Bolt", command, &folder.join("log"));
    crate::harness::eventually("Bolt listens", BOUND, async || {
        tokio::net::TcpStream::connect(port.address()).await.is_ok()
    })
    .await;
    let path = format!("{}/slack/events", port.url());
    slack.with(|world| {
        let http = &mut world.http;
        (http.on, http.commands, http.interactions, http.events) = (true, path.clone(), path.clone(), path);
    });
    let answer = slack.verifies_the_address().await;
    assert_eq!((answer.status, answer.json()["challenge"].as_str()), (200, Some("3eZbrw1aB10")));
    an_incident(&slack).await;
    slack.finish();
}

async fn an_incident(slack: &FakeSlack) {
    let reply = slack.ana().says("#general", "/incident").await;
    assert_eq!(reply.error, None);
    slack.ephemeral("ana", "fill in the form").await;
    let form = slack.modal("ana", "Declare an incident").await;
    slack.ana().submits(&form, &[("Title", "no")]).await;
    assert_eq!(slack.modal("ana", "Declare").await.body["errors"]["title"], "Say a little more.");
    slack.ana().submits(&form, &[("Title", "checkout is down")]).await;
    assert!(slack.see(|world| world.modals_of(world.home(), "ana").is_empty()));
    let card = slack.message("#general", "checkout is down").await;
    assert_eq!(card.buttons(), ["Acknowledge"]);
    slack.bo().clicks(&card, "Acknowledge").await;
    slack.message("#general", "acknowledged by bo").await;
    slack.cy().says("#general", "@firebell are you there?").await;
    let called = slack.message("#general", "are you there").await;
    slack
        .eventually("it answers in the thread", |world| {
            world.messages_in(&called.team, "#general").iter().any(|message| message.thread() == Some(&called.ts))
        })
        .await;
    slack.ana().says("#general", "/incident help").await;
    slack.ephemeral("ana", "say /incident and fill in the form").await;
}

#[tokio::test]
async fn others_judge_blocks_too_and_name_what_is_wrong() {
    let words = |text: &str| json!({"type": "plain_text", "text": text});
    let button = |length: usize| json!({"type": "button", "action_id": "a", "text": words(&"x".repeat(length))});
    let card = |length: usize| {
        json!({"text": "down", "blocks": [{"type": "header", "text": words("INC-42")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*down*"}, "accessory": button(length)},
        {"type": "actions", "elements": [button(5)]}, {"type": "context", "elements": [words("since 10:00")]}]})
    };
    let field =
        json!({"type": "input", "label": words("Title"), "element": {"type": "plain_text_input", "action_id": "t"}});
    let form = |submit: Value| json!({"type": "modal", "title": words("Declare"), "submit": submit, "blocks": [field]});
    let good = judged_by_others(&[("card", &card(75)), ("form", &form(words("Declare")))]).await;
    assert_eq!(good, Vec::<String>::new());
    let bad =
        judged_by_others(&[("card", &card(76)), ("form", &form(Value::Null)), ("mute", &json!({"blocks": []}))]).await;
    let names = |start: &str| bad.iter().any(|line| line.starts_with(start));
    assert!(names("card.json/blocks/1: ") && names("form.json: an input") && names("mute.json: no text"), "{bad:#?}");
}
