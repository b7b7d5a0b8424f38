//! A database that does not answer: nobody hears "done", everybody hears so in time, and what comes
//! of it follows.

use super::{Both, by_socket, told};
use crate::fake_slack::FakeSlack;
use crate::harness::postgres::PrivatePostgres;
use crate::harness::serve::Serve;

#[tokio::test]
async fn nobody_hears_done_while_the_database_is_frozen_and_everybody_hears_in_time() {
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
        assert!(said.contains("Not recorded"), "{said}");
    }
    let pressed = ana.clicks(&card, "Acknowledge").await;
    assert_eq!(pressed.error, None, "a press is answered in time as well");
    slack.ephemeral("ana", "Not recorded").await;
    postgres.thaw();

    // Nobody was told that it was done, and what was done after all was done once.
    crate::harness::eventually("the bot is ready again", crate::harness::BOUND, async || {
        both.bot.get("/ready").await.status == 200
    })
    .await;
    let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
    for n in 0..8 {
        assert!(timeline.matches(&format!("line {n:02}")).count() <= 1, "{timeline}");
    }
    told(&ana.says(&room, "/incident ack").await);
    slack.message(&room, "@ana has it").await;
    both.finish().await;
}

#[tokio::test]
async fn what_was_on_its_way_while_the_database_hung_is_told_afterwards() {
    let postgres = PrivatePostgres::start();
    let slack = FakeSlack::start();
    let bot = Serve::start(&format!("database_url = {:?}\n{}", postgres.url(), by_socket(&slack, ""))).await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    let (slack, ana) = (&both.slack, both.slack.ana());
    told(&ana.says("general", "/incident declare P1 checkout is down").await);
    slack.channel("inc-1").await;
    // Somebody holds what every command writes: it can be read, and commits wait.
    let url = postgres.url().to_owned();
    let hold = "BEGIN; LOCK TABLE incident IN EXCLUSIVE MODE; SELECT pg_sleep(600)";
    let holder = std::thread::spawn(move || crate::harness::postgres::query(&url, hold));
    let others =
        "SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'incident'::regclass AND granted";
    crate::harness::eventually("the table is held", crate::harness::BOUND, async || {
        postgres.query(others).is_ok_and(|n| n == "1")
    })
    .await;
    let said = told(&ana.says("general", "/incident INC-1 note it was the disk").await);
    assert!(said.contains("Not recorded yet, do not rely on it"), "{said}");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()";
    postgres.query(end).expect("the holder can be ended");
    assert!(holder.join().expect("psql ran").is_err(), "its transaction came to nothing");
    let outcome = slack.ephemeral("ana", "INC-1").await;
    assert!(!outcome.says("Not recorded"), "{}", outcome.plain());
    let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
    assert_eq!(timeline.matches("it was the disk").count(), 1, "{timeline}");
    both.finish().await;
}
