//! Killed at named places while it posts: no task is lost, and what may be there twice says so.

use super::{Both, by_socket};
use crate::fake_slack::{FakeSlack, Seen};
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use futures_util::future::join_all;

/// What an undisturbed run sends is some fifteen things; each is the one that it is killed before or after.
const PLACES: [&str; 12] = [
    "before_send:1",
    "before_send:2",
    "before_send:4",
    "before_send:6",
    "before_send:9",
    "after_send:1",
    "after_send:2",
    "after_send:3",
    "after_send:4",
    "after_send:5",
    "after_send:7",
    "after_send:9",
];
/// Bots that run beside each other.
const AT_ONCE: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_wherever_it_posts_it_loses_nothing_and_marks_what_may_be_there_twice() {
    for some in PLACES.chunks(AT_ONCE) {
        join_all(some.iter().map(|place| killed_at(place))).await;
    }
}

async fn killed_at(place: &str) {
    let slack = FakeSlack::start();
    let mut bot = Serve::configured(&by_socket(&slack, "")).env("FIREBELL_STOP_AT", place);
    bot.start_again().await;
    slack.connected(2).await;
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

    let room = slack.channel("inc-1").await;
    let rooms = slack.see(|w| w.team(w.home()).channels.values().filter(|c| c.name.starts_with("inc-1")).count());
    assert_eq!(rooms, 1, "{place}: one channel");
    for channel in [room.as_str(), "incidents"] {
        let all = slack.messages(channel);
        let cards: Vec<&Seen> = all.iter().filter(|m| !m.buttons().is_empty()).collect();
        assert!(!cards.is_empty(), "{place}: {channel} has its card");
        once(place, channel, "the card", &cards);
        assert!(cards.iter().any(|c| c.says("@ana has it")), "{place}: {channel} shows the present");
    }
    let said = slack.messages(&room);
    let lines: Vec<&Seen> = said.iter().filter(|m| m.buttons().is_empty() && m.says("Acknowledged")).collect();
    once(place, &room, "what was said", &lines);
    // Also what happened before there was a channel is said in it.
    assert!(!lines.is_empty(), "{place}: the acknowledgement is said");
    assert_eq!((slack.pins(&room).len(), slack.bookmarks(&room).len()), (1, 2), "{place}: furnished");
    assert!(slack.topic(&room).contains("INC-1"), "{place}");
    Both { slack, bot }.finish().await;
}

/// More than once only with the mark.
fn once(place: &str, channel: &str, what: &str, all: &[&Seen]) {
    let unmarked = all.iter().filter(|m| !m.says("ossibly repeated")).count();
    let texts = || all.iter().map(|m| m.plain()).collect::<Vec<_>>().join("\n--\n");
    assert!(unmarked <= 1, "{place}: {what} in {channel}, {unmarked} times unmarked:\n{}", texts());
}
