//! A Slack that limps: nothing that matters waits for it, and what is missing is made up for.

use super::{Both, told};
use crate::fake_slack::Fault;

#[tokio::test]
async fn slack_is_down_and_the_incident_is_lived_without_it_until_it_is_back() {
    let both = Both::start().await;
    let slack = &both.slack;
    for method in ["conversations.create", "chat.postMessage", "chat.update"] {
        slack.broken(method, Some(Fault::Html(503)));
    }
    let (status, said) = both.bot.say("ana", "/incident declare P1 checkout is down").await;
    assert_eq!(status, 0, "{said}");
    let (status, said) = both.bot.say("ana", "/incident ack").await;
    assert_eq!(status, 0, "{said}");
    slack.eventually("it was tried", |w| w.calls_of("conversations.create").count() > 0).await;
    for method in ["conversations.create", "chat.postMessage", "chat.update"] {
        slack.broken(method, None);
    }
    let room = slack.channel("inc-1").await;
    let card = slack.message(&room, "@ana has it").await;
    assert_eq!(card.buttons().first().map(String::as_str), Some("Post update…"));
    both.finish().await;
}

#[tokio::test]
async fn a_proxys_page_and_a_limit_are_waited_out() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    slack.fault("conversations.create", Fault::Html(200));
    slack.fault("conversations.setTopic", Fault::RateLimited(1));
    slack.fault("bookmarks.add", Fault::Status(500));
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    slack
        .eventually("all of it is there in the end", |w| {
            let place = w.place(w.home(), &room).expect("the room");
            place.topic.value.contains("INC-1") && place.bookmarks.len() == 2 && place.pins.len() == 1
        })
        .await;
    both.finish().await;
}

#[tokio::test]
async fn more_incidents_than_a_channel_takes_at_once_are_announced_in_turn_and_nothing_is_put_back() {
    let both = Both::start().await;
    let slack = &both.slack;
    for no in 1..=8 {
        both.bot.declare(&format!("shop {no} is down")).await;
    }
    // One message a second, and each is there at its first try.
    slack
        .eventually("each is announced", |w| {
            let all = w.messages_in(w.home(), "incidents");
            (1..=8).all(|no| all.iter().any(|m| m.says(&format!("shop {no} is down"))))
        })
        .await;
    both.bot.nothing_waits().await;
    for no in 1..=8 {
        let log = both.bot.get_as_operator(&format!("/api/v1/incidents/{no}/events?limit=500")).await;
        let kinds = log["events"].as_array().expect("events").iter().map(|e| e["kind"].as_str());
        assert_eq!(kinds.filter(|kind| *kind == Some("intent_retried")).count(), 0, "INC-{no}: {log}");
    }
    both.finish().await;
}

#[tokio::test]
async fn a_name_that_is_taken_gets_a_number_behind_it() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    slack.fault("conversations.create", Fault::Error("name_taken"));
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    assert_eq!(slack.channel("inc-1").await, "inc-1-checkout-is-down-2");
    both.finish().await;
}

#[tokio::test]
async fn a_trigger_that_is_too_old_is_answered_with_the_line_to_type() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    slack.fault("views.open", Fault::Error("expired_trigger_id"));
    let said = told(&ana.says("general", "/incident").await);
    assert!(said.contains("/incident declare"), "{said}");
    both.finish().await;
}
