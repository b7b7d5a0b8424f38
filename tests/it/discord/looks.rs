//! What a runbook's morning check found, told in Discord: in the room of its system, with a button that declares once,
//! whoever presses; through a kill and while Discord is away; and of two chats each has its own message.

use super::served::config;
use crate::fake_discord::{Discord, Fault, Message};
use crate::fake_slack::FakeSlack;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use crate::looked::Shop;
use std::time::Duration;

const BUTTON: &str = "Declare S1";

fn configured(server: &Discord, shop: &Shop, room: Option<&str>, more: &str) -> String {
    let announce = format!("[discord]\nannounce = \"{}\"\n", server.channel("incidents").id);
    let more = format!("{}{more}", shop.config(room));
    config(server, &more).replace("[discord]\n", &announce)
}

async fn about_to_look(server: &Discord, shop: &Shop, text: &str) -> Serve {
    let mut bot = Serve::configured(text);
    shop.has_runbook(&bot, "");
    bot.start_again().await;
    server.eventually("the commands are registered", |s| !s.commands.is_empty()).await;
    shop.comes_due(&mut bot).await;
    bot
}

async fn connected(server: &Discord) {
    server.eventually("the connection is there", |s| s.sessions.by_id.values().any(|one| one.link.is_some())).await;
}

fn of_check(server: &Discord, channel: &str) -> Vec<Message> {
    server.messages(channel).into_iter().filter(|m| server.plain(m).contains("Morning check of shop")).collect()
}

async fn recorded(shop: &Shop, bot: &Serve, chat: &str) {
    eventually(&format!("that it is in {chat} is recorded"), BOUND, async || {
        shop.state(bot)["posts"][chat]["message"].is_string()
    })
    .await;
}

async fn done(server: Discord, mut bot: Serve) {
    bot.terminate().await;
    bot.assert_log_is_whole().await;
    server.finish().await;
}

#[tokio::test]
async fn a_critical_check_is_posted_in_its_systems_room_and_its_button_declares_once() {
    let (server, shop) = (Discord::start(), Shop::open());
    let general = server.channel("general").id;
    let mut bot = about_to_look(&server, &shop, &configured(&server, &shop, Some(&general.to_string()), "")).await;
    bot.start_again().await;
    connected(&server).await;
    let found = server.message_with(general, "critical at").await;
    assert!(server.plain(&found).contains("the shop answers"), "{}", server.plain(&found));
    let (ana, bo) = (server.ana().at("general"), server.bo().at("general"));
    let said = ana.clicks(&found, BUTTON).await.says().await;
    assert!(said.contains("INC-1") && !said.contains("already"), "{said}");
    // Bo had it on the screen still.
    let said = bo.clicks(&found, BUTTON).await.says().await;
    assert!(said.contains("INC-1 is declared for it already"), "{said}");
    let edited = server.message_with(general, "It is declared: INC-1").await;
    assert_eq!(edited.id, found.id);
    assert!(!server.plain(&edited).contains(BUTTON), "{}", server.plain(&edited));
    let (_, list) = bot.say("ana", "/incident list").await;
    assert!(list.contains("INC-1") && !list.contains("INC-2"), "{list}");
    assert_eq!(of_check(&server, "incidents").iter().filter(|m| server.plain(m).contains("critical at")).count(), 0);
    done(server, bot).await;
}

#[tokio::test]
async fn a_green_morning_calls_nobody_and_an_old_button_says_that_it_is_over() {
    let (server, shop) = (Discord::start(), Shop::open());
    let incidents = server.channel("incidents").id;
    let mut bot = about_to_look(&server, &shop, &configured(&server, &shop, None, "")).await;
    bot.start_again().await;
    let old = server.message_with(incidents, "critical at").await;
    recorded(&shop, &bot, "discord").await;
    shop.comes_due(&mut bot).await;
    shop.is_well(true);
    // To the bot a night has gone by, and to Discord.
    server.passes(Duration::from_secs(8 * 3_600));
    bot.start_again().await;
    connected(&server).await;
    server.message_with(incidents, "healthy again at").await;
    assert_eq!(of_check(&server, "incidents").len(), 2, "one message for each morning");
    let said = server.ana().at("incidents").clicks(&old, BUTTON).await.says().await;
    assert!(said.contains("was found well meanwhile, so nothing was declared"), "{said}");
    done(server, bot).await;
}

#[tokio::test]
async fn killed_before_or_after_it_posts_it_is_there_once() {
    for place in ["before_send:1", "after_send:1"] {
        let (server, shop) = (Discord::start(), Shop::open());
        let mut bot = about_to_look(&server, &shop, &configured(&server, &shop, None, "")).await;
        bot.set_env("FIREBELL_STOP_AT", place);
        bot.start_unready();
        eventually(&format!("it has stopped at {place}"), BOUND, async || bot.has_ended()).await;
        bot.kill9();
        assert_eq!(of_check(&server, "incidents").len(), usize::from(place.starts_with("after")), "{place}");
        bot.unset_env("FIREBELL_STOP_AT");
        bot.start_again().await;
        recorded(&shop, &bot, "discord").await;
        assert_eq!(of_check(&server, "incidents").len(), 1, "{place}");
        done(server, bot).await;
    }
}

#[tokio::test]
async fn two_chats_have_a_message_each_and_one_that_is_away_keeps_the_other_waiting_for_nothing() {
    let (server, slack, shop) = (Discord::start(), FakeSlack::start(), Shop::open());
    let incidents = server.channel("incidents").id;
    let text = configured(&server, &shop, None, &format!("{}\n", crate::slack::table(&slack)));
    let mut bot = about_to_look(&server, &shop, &text).await;
    server.keeps_failing("POST /channels/{channel}/messages", Fault::Fails(503));
    bot.start_again().await;
    slack.connected(2).await;
    connected(&server).await;
    let found = slack.message("incidents", "critical at").await;
    assert_eq!(of_check(&server, "incidents").len(), 0);
    assert_eq!(slack.ana().clicks(&found, BUTTON).await.error, None);
    slack.message("incidents", "It is declared: INC-1").await;
    server.recovers();
    // The latest is posted, and nothing of before.
    let there = server.message_with(incidents, "It is declared: INC-1").await;
    assert!(!server.plain(&there).contains(BUTTON), "{}", server.plain(&there));
    assert_eq!(of_check(&server, "incidents").iter().filter(|m| server.plain(m).contains("critical at")).count(), 1);
    slack.settled().await;
    done(server, bot).await;
    slack.finish();
}
