//! What a runbook's morning check found, told in Slack: in the room of its system, one message for each morning, with a
//! button where it is critical that declares once, whoever presses; through a kill and while Slack is away.

use super::{Both, by_socket};
use crate::fake_slack::{FakeSlack, Fault, Seen};
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use crate::looked::Shop;

const BUTTON: &str = "Declare S1";

/// A bot that is about to do its first check.
async fn about_to_look(slack: &FakeSlack, shop: &Shop, room: Option<&str>, overlay: &str) -> Serve {
    let mut bot = Serve::configured(&by_socket(slack, &shop.config(room)));
    shop.has_runbook(&bot, overlay);
    bot.start_again().await;
    shop.comes_due(&mut bot).await;
    bot
}

async fn looks(slack: FakeSlack, mut bot: Serve) -> Both {
    bot.start_again().await;
    slack.connected(2).await;
    Both { slack, bot }
}

fn of_check(slack: &FakeSlack, channel: &str) -> Vec<Seen> {
    slack.messages(channel).into_iter().filter(|m| m.says("Morning check of shop")).collect()
}

#[tokio::test]
async fn a_critical_check_is_posted_in_its_systems_room_and_its_button_declares_once() {
    let (slack, shop) = (FakeSlack::start(), Shop::open());
    let bot = about_to_look(&slack, &shop, Some("#general"), "").await;
    let both = looks(slack, bot).await;
    let (slack, ana, bo) = (&both.slack, both.slack.ana(), both.slack.bo());
    let found = slack.message("general", "critical at").await;
    assert!(found.says("the shop answers") && found.says("Is that an incident?"), "{}", found.plain());
    assert_eq!(found.buttons(), [BUTTON]);
    assert_eq!(ana.clicks(&found, BUTTON).await.error, None);
    let said = slack.ephemeral("ana", "INC-1").await;
    assert!(!said.says("already"), "{}", said.plain());
    // Bo had it on the screen still.
    assert_eq!(bo.clicks(&found, BUTTON).await.error, None);
    slack.ephemeral("bo", "INC-1 is declared for it already").await;
    let edited = slack.message("general", "It is declared: INC-1").await;
    assert_eq!((edited.ts.as_str(), edited.buttons()), (found.ts.as_str(), Vec::<String>::new()));
    let (_, list) = both.bot.say("ana", "/incident list").await;
    assert!(list.contains("INC-1") && !list.contains("INC-2"), "{list}");
    let (_, timeline) = both.bot.say("ana", "/incident INC-1 timeline").await;
    assert!(timeline.contains("ana"), "it is hers: {timeline}");
    assert!(slack.messages("incidents").iter().all(|m| !m.says("critical at")), "only in its own room");
    both.finish().await;
}

#[tokio::test]
async fn a_green_morning_is_one_short_line_and_an_old_button_says_that_it_is_over() {
    let (slack, shop) = (FakeSlack::start(), Shop::open());
    let bot = about_to_look(&slack, &shop, None, "").await;
    let mut both = looks(slack, bot).await;
    let old = both.slack.message("incidents", "critical at").await;
    eventually("that it was posted is recorded", BOUND, async || {
        shop.state(&both.bot)["posts"]["slack"]["message"].is_string()
    })
    .await;
    shop.comes_due(&mut both.bot).await;
    shop.is_well(true);
    both.bot.start_again().await;
    both.slack.connected(2).await;
    let green = both.slack.message("incidents", "healthy again at").await;
    assert_eq!((green.plain().trim().lines().count(), green.buttons().len()), (1, 0), "{}", green.plain());
    assert_eq!(of_check(&both.slack, "incidents").len(), 2, "one message for each morning");
    let ana = both.slack.ana();
    assert_eq!(ana.clicks(&old, BUTTON).await.error, None);
    both.slack.ephemeral("ana", "was found well meanwhile, so nothing was declared").await;
    let (_, list) = both.bot.say("ana", "/incident list").await;
    assert!(!list.contains("INC-1"), "{list}");
    both.finish().await;
}

#[tokio::test]
async fn a_check_that_declares_by_itself_offers_nothing_and_names_the_incident() {
    let (slack, shop) = (FakeSlack::start(), Shop::open());
    let bot = about_to_look(&slack, &shop, None, "[schedules]\ndeclare = true\n").await;
    let both = looks(slack, bot).await;
    let found = both.slack.message("incidents", "It is declared: INC-1").await;
    assert_eq!(found.buttons(), Vec::<String>::new());
    both.finish().await;
}

#[tokio::test]
async fn who_wants_no_word_of_it_in_chat_gets_none() {
    let (slack, shop) = (FakeSlack::start(), Shop::open());
    let bot = about_to_look(&slack, &shop, None, "[schedules]\npost = false\n").await;
    let both = looks(slack, bot).await;
    eventually("it has looked", BOUND, async || shop.state(&both.bot)["turn"]["became"] == "ended").await;
    // What is said afterwards is there: whatever was to be posted before has had its turn.
    both.bot.say("ana", "/incident declare S2 pages are slow").await;
    both.slack.message("incidents", "pages are slow").await;
    assert_eq!(of_check(&both.slack, "incidents").len(), 0);
    assert!(shop.state(&both.bot)["posts"].is_null(), "{}", shop.state(&both.bot));
    both.finish().await;
}

#[tokio::test]
async fn what_people_do_is_told_at_its_time_once() {
    let (slack, shop) = (FakeSlack::start(), Shop::open());
    let bot = about_to_look(&slack, &shop, None, "[schedules]\nrun = false\n").await;
    let both = looks(slack, bot).await;
    let due = both.slack.message("incidents", "due since").await;
    assert!(due.says("curl -sf") && due.buttons().is_empty(), "{}", due.plain());
    both.bot.say("ana", "/incident declare S2 pages are slow").await;
    both.slack.message("incidents", "pages are slow").await;
    assert_eq!(of_check(&both.slack, "incidents").len(), 1);
    both.finish().await;
}

#[tokio::test]
async fn killed_before_or_after_it_posts_it_is_there_once() {
    for place in ["before_send:1", "after_send:1"] {
        let (slack, shop) = (FakeSlack::start(), Shop::open());
        let mut bot = about_to_look(&slack, &shop, None, "").await;
        bot.set_env("FIREBELL_STOP_AT", place);
        bot.start_unready();
        eventually(&format!("it has stopped at {place}"), BOUND, async || bot.has_ended()).await;
        bot.kill9();
        assert_eq!(of_check(&slack, "incidents").len(), usize::from(place.starts_with("after")), "{place}");
        bot.unset_env("FIREBELL_STOP_AT");
        let both = looks(slack, bot).await;
        eventually(&format!("{place}: that it is there is recorded"), BOUND, async || {
            shop.state(&both.bot)["posts"]["slack"]["message"].is_string()
        })
        .await;
        let all = of_check(&both.slack, "incidents");
        assert_eq!((all.len(), all[0].says("ossibly repeated")), (1, false), "{place}: {}", all[0].plain());
        both.finish().await;
    }
}

#[tokio::test]
async fn while_slack_is_away_everything_else_goes_on_and_afterwards_the_result_is_there() {
    let (slack, shop) = (FakeSlack::start(), Shop::open());
    let bot = about_to_look(&slack, &shop, None, "").await;
    slack.broken("chat.postMessage", Some(Fault::Html(503)));
    let both = looks(slack, bot).await;
    both.slack.eventually("it was tried", |w| w.calls_of("chat.postMessage").count() > 0).await;
    let (status, said) = both.bot.say("ana", "/incident declare S2 pages are slow").await;
    assert_eq!(status, 0, "{said}");
    both.slack.broken("chat.postMessage", None);
    let found = both.slack.message("incidents", "critical at").await;
    assert_eq!(found.buttons(), [BUTTON]);
    assert_eq!(of_check(&both.slack, "incidents").len(), 1);
    both.finish().await;
}
