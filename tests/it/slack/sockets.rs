//! Socket Mode: sockets that are renewed, cut, repeated, and a database that does not answer.

use super::{Both, told};
use crate::fake_slack::End;

#[tokio::test]
async fn nothing_is_lost_or_done_twice_when_sockets_come_and_go() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    for (n, act) in ["renewed", "warned", "closed", "reset", "cut"].into_iter().enumerate() {
        slack.repeats(1);
        let waiting = ana.starts_saying("general", &format!("/incident declare P2 number {n}"));
        match act {
            "renewed" => slack.renews_sockets(),
            "warned" => slack.warns_sockets(),
            "closed" => slack.ends_sockets(End::CloseFrame),
            "reset" => slack.ends_sockets(End::Reset),
            _ => slack.ends_sockets(End::Closed),
        }
        // Whether the person was answered in time or had to be told otherwise: it is recorded once.
        waiting.reply().await;
        slack.connected(2).await;
        slack.message("incidents", &format!("number {n}")).await;
    }
    let (_, list) = both.bot.say("ana", "/incident list").await;
    for n in 0..5 {
        assert_eq!(list.matches(&format!("number {n}")).count(), 1, "{list}");
    }
    slack.forgive("not acknowledged");
    slack.forgive("/incident");
    both.finish().await;
}

#[tokio::test]
async fn envelopes_in_another_order_and_twice_are_heard_once_each() {
    let both = Both::start().await;
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P2 first").await);
    slack.channel("inc-1").await;
    slack.holds();
    slack.repeats(4);
    let all: Vec<_> = (0..4).map(|n| ana.starts_saying("general", &format!("/incident INC-1 note line {n}"))).collect();
    slack.lets_go(true);
    for waiting in all {
        told(&waiting.reply().await);
    }
    let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
    for n in 0..4 {
        assert_eq!(timeline.matches(&format!("line {n}")).count(), 1, "{timeline}");
    }
    both.finish().await;
}

#[tokio::test]
async fn a_token_that_is_taken_away_is_said_and_asked_for_less_and_less_often() {
    let both = Both::start().await;
    let slack = &both.slack;
    slack.revokes_app_token();
    slack.ends_sockets(End::CloseFrame);
    crate::harness::eventually("the log says what to do", crate::harness::BOUND, async || {
        both.bot.log().contains("install the app again")
    })
    .await;
    // Declaring does not need Slack.
    let (status, said) = both.bot.say("ana", "/incident declare P1 checkout is down").await;
    assert_eq!(status, 0, "{said}");
    let health = both.bot.get("/health/components").await.json();
    assert_eq!(health["chats"]["slack"]["status"], "unhealthy", "{health:#}");
    slack.forgive("revoked");
    slack.forgive("apps.connections.open");
    both.finish().await;
}
