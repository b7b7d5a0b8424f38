//! A database that does not answer: nobody hears "done", everybody hears in time, and what comes of it follows.

use super::{Both, by_socket, told};
use crate::fake_slack::FakeSlack;
use crate::harness::postgres::PrivatePostgres;
use crate::harness::serve::Serve;

#[tokio::test]
async fn nobody_hears_done_while_the_database_is_frozen_and_the_outcome_follows() {
    let postgres = PrivatePostgres::start();
    let slack = FakeSlack::start();
    let bot = Serve::start(&format!("database_url = {:?}\n{}", postgres.url(), by_socket(&slack, ""))).await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    let room = slack.channel("inc-1").await;
    let card = slack.message(&room, "nobody has acknowledged").await;

    postgres.freeze();
    // Many at once: one that waits holds up no other.
    let all: Vec<_> =
        (0..8).map(|n| ana.starts_saying("general", &format!("/incident INC-1 note line {n:02}"))).collect();
    for waiting in all {
        let said = told(&waiting.reply().await);
        assert!(said.contains("Not recorded yet, do not rely on it"), "{said}");
    }
    let pressed = ana.clicks(&card, "Acknowledge").await;
    assert_eq!(pressed.error, None, "a press is answered in time as well");
    slack.ephemeral("ana", "Not recorded yet").await;
    slack.expires_response_urls();
    postgres.thaw();

    // The response addresses take nothing any more, so it follows by message.
    slack
        .eventually("what came of each line follows", |w| {
            let team = w.team(w.home());
            let direct = team.channels.values().filter(|c| c.name.is_empty());
            let outcomes =
                direct.flat_map(|c| c.messages.values()).filter(|m| m.body["text"].to_string().contains("INC-1"));
            outcomes.count() >= 9
        })
        .await;
    slack.message(&room, "@ana has it").await;
    let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
    for n in 0..8 {
        assert_eq!(timeline.matches(&format!("line {n:02}")).count(), 1, "{timeline}");
    }
    slack.forgive("response_url");
    slack.forgive("expired_url");
    both.finish().await;
}
