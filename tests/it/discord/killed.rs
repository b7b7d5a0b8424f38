//! Killed at named places while it brings an incident to Discord: nothing is lost, nothing is there twice unless it says
//! so, and a channel that was made without a record is taken over, also for who speaks in it before that.

use super::served::{config, connected};
use crate::fake_discord::people::all_components;
use crate::fake_discord::{Discord, Fault, Message};
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeMap;

/// What an undisturbed run sends is some twelve things; each is the one that it is killed before or after.
const PLACES: [&str; 12] = [
    "before_send:1",
    "before_send:2",
    "before_send:3",
    "before_send:4",
    "before_send:6",
    "before_send:8",
    "after_send:1",
    "after_send:2",
    "after_send:3",
    "after_send:4",
    "after_send:6",
    "after_send:8",
];
/// Bots that run beside each other.
const AT_ONCE: usize = 3;
const ROOM: &str = "inc-1-checkout-is-down";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_wherever_it_posts_it_loses_nothing_and_marks_what_may_be_there_twice() {
    for some in PLACES.chunks(AT_ONCE) {
        join_all(some.iter().map(|place| killed_at(place))).await;
    }
}

async fn killed_at(place: &str) {
    let server = Discord::start();
    let announce = format!("[discord]\nannounce = \"{}\"\n", server.channel("incidents").id);
    let mut bot = Serve::configured(&config(&server, "").replace("[discord]\n", &announce));
    bot.set_env("FIREBELL_STOP_AT", place);
    bot.start_again().await;
    server.eventually("the commands are registered", |s| !s.commands.is_empty()).await;
    // Either may be the last thing that it hears.
    bot.say("ana", "/incident declare P1 checkout is down").await;
    bot.say("ana", "/incident INC-1 ack").await;
    eventually(&format!("it has stopped at {place}"), BOUND, async || bot.has_ended()).await;
    bot.kill9();
    bot.unset_env("FIREBELL_STOP_AT");
    bot.start_again().await;
    let (_, said) = bot.say("ana", "/incident INC-1 ack").await;
    assert!(said.contains("INC-1"), "{place}: {said}");
    bot.nothing_waits().await;

    assert_eq!(rooms(&server), 1, "{place}: one channel");
    for channel in [ROOM, "incidents"] {
        let all = server.messages(channel);
        once(place, channel, &server, &all);
        let cards: Vec<&Message> = all.iter().filter(|m| pressed(m)).collect();
        assert!(!cards.is_empty(), "{place}: {channel} has its headline");
        let unmarked = cards.iter().filter(|m| !marked(&server, m)).count();
        assert!(unmarked <= 1, "{place}: {channel} has {unmarked} headlines:\n{}", texts(&server, &all));
        let present = cards.iter().any(|m| server.plain(m).contains("ana has it"));
        assert!(present, "{place}: {channel} shows the present:\n{}", texts(&server, &all));
    }
    let all = server.messages(ROOM);
    let lines: Vec<&Message> = all.iter().filter(|m| !pressed(m) && server.plain(m).contains("Acknowledged")).collect();
    assert!(lines.iter().filter(|m| !marked(&server, m)).count() <= 1, "{place}:\n{}", texts(&server, &all));
    // Also what happened before there was a channel is said in it.
    assert!(!lines.is_empty(), "{place}: the acknowledgement is said:\n{}", texts(&server, &all));
    let links = all.iter().filter(|m| server.plain(m).contains("/board") && !marked(&server, m)).count();
    assert_eq!((server.pins(ROOM).len(), links), (1, 1), "{place}: furnished:\n{}", texts(&server, &all));
    let topic = server.channel(ROOM).topic.unwrap_or_default();
    assert!(topic.contains("P1") && !topic.contains("ref "), "{place}: {topic}");
    bot.terminate().await;
    bot.assert_log_is_whole().await;
    server.finish().await;
}

/// Somebody can press something of ours on it: a headline.
fn pressed(message: &Message) -> bool {
    all_components(&message.components).iter().any(|c| c["custom_id"].is_string())
}

fn marked(server: &Discord, message: &Message) -> bool {
    server.plain(message).contains("possibly repeated")
}

fn rooms(server: &Discord) -> usize {
    server.read(|s| s.channels.values().filter(|c| c.name.starts_with("inc-1")).count())
}

fn texts(server: &Discord, all: &[Message]) -> String {
    all.iter().map(|m| server.plain(m)).collect::<Vec<_>>().join("\n--\n")
}

/// What has the tag of one act is there once, or says so.
fn once(place: &str, channel: &str, server: &Discord, all: &[Message]) {
    let mut tags: BTreeMap<String, usize> = BTreeMap::new();
    for message in all.iter().filter(|m| !marked(server, m)) {
        let plain = server.plain(message);
        if let Some((_, tag)) = plain.rsplit_once("ref ") {
            *tags.entry(tag.split_whitespace().next().unwrap_or_default().to_string()).or_default() += 1;
        }
    }
    assert!(!tags.is_empty(), "{place}: what is posted in {channel} has its tag:\n{}", texts(server, all));
    let twice: Vec<_> = tags.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "{place}: {twice:?} twice in {channel}:\n{}", texts(server, all));
}

#[tokio::test]
async fn a_channel_that_was_made_but_not_recorded_is_its_incidents_at_once_and_is_taken_over() {
    let server = Discord::start();
    let mut bot = Serve::configured(&config(&server, "")).env("FIREBELL_STOP_AT", "after_send:1");
    bot.start_again().await;
    bot.say("ana", "/incident declare P1 checkout is down").await;
    eventually("it has stopped with the channel made", BOUND, async || bot.has_ended()).await;
    bot.kill9();
    assert_eq!(rooms(&server), 1);
    // Somebody has given it another name meanwhile: it is known by its tag.
    let channel = server.channel(ROOM).id;
    server.change(|s| s.channels.get_mut(&channel).expect("there").name = "inc-1-fire".to_string());

    bot.unset_env("FIREBELL_STOP_AT");
    server.keeps_failing("GET /guilds/{guild}/channels", Fault::Fails(503));
    bot.start_again().await;
    // With two that are open nobody can guess which one is meant.
    let (_, said) = bot.say("bo", "/incident declare P2 mail is late").await;
    assert!(said.contains("INC-2"), "{said}");
    connected(&server).await;
    let said = server.ana().at("inc-1-fire").runs("/incident ack", json!({})).await.says().await;
    assert!(said.contains("INC-1"), "who is in it is heard as if it were recorded: {said}");
    let (_, shown) = bot.say("ana", "/incident INC-1 timeline").await;
    assert!(!shown.contains("Has a channel"), "it is not recorded yet: {shown}");

    server.recovers();
    bot.nothing_waits().await;
    let (_, shown) = bot.say("ana", "/incident INC-1 timeline").await;
    assert!(shown.contains("Has a channel in discord now"), "{shown}");
    assert_eq!(rooms(&server), 1, "taken over, not made again");
    assert!(server.messages("inc-1-fire").iter().any(pressed), "and furnished");
    bot.terminate().await;
    server.finish().await;
}
