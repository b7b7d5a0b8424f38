//! The Web API: who may call, how often, and what each method answers and refuses.

use super::app::*;
use super::*;
use serde_json::json;

#[tokio::test]
async fn a_slash_command_is_heard_over_a_socket_and_its_answer_is_seen_by_one_person() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    let waiting = slack.ana().starts_saying("#general", "/incident declare P1 checkout is down");
    let envelope = socket.take("slash_commands", json!({"text": "declared"})).await;
    assert_eq!(envelope["payload"]["text"], "declare P1 checkout is down");
    let reply = waiting.reply().await;
    assert_eq!(reply.body["text"], "declared");
    slack.ephemeral("ana", "declared").await;
    assert!(slack.see(|world| world.ephemerals_of(world.home(), "bo").is_empty()));
    slack.finish();
}

#[tokio::test]
async fn a_message_is_posted_edited_and_read_back() {
    let slack = FakeSlack::start();
    let channel = place(&slack, "general");
    let posted = call(&slack, "chat.postMessage", json!({"channel": channel, "text": "one"})).await;
    let ts = posted["ts"].as_str().expect("a ts").to_owned();
    let edited = call(&slack, "chat.update", json!({"channel": channel, "ts": ts, "text": "two"})).await;
    assert_eq!(edited["text"], "two");
    let history = form(&slack, "conversations.history", &[("channel", &channel)]).await;
    assert_eq!(history["messages"][0]["text"], "two");
    assert_eq!(slack.message("#general", "two").await.ts, ts);
    slack.finish();
}
