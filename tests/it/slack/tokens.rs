//! Tokens of installations over their life: renewed before they expire, by one replica, cut off in the middle, taken away;
//! and the key that they are sealed with.

use super::install::{Browser, KEY, OTHER_KEY, by_browser, ready, started, table};
use super::{Both, PEOPLE, told};
use crate::fake_slack::{Consent, FakeSlack, Fault, Setup, TokenKind};
use crate::harness::postgres::fresh_database;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use std::time::Duration;

/// A few lives of a token, and the minute after which something is tried again in a workspace that had none.
const LONG: Duration = Duration::from_secs(120);

async fn installed(slack: &FakeSlack) -> (Serve, Browser) {
    let (bot, mut browser) = started(slack, "").await;
    slack.consents(Consent::Given("T0ACME".into()));
    let page = browser.installs().await;
    assert_eq!(page.status, 200, "{}", page.body);
    (bot, browser)
}

/// What the components page says of Slack, once it says this.
async fn says(bot: &Serve, part: &str) -> String {
    let mut said = String::new();
    eventually(&format!("the components page says {part:?}"), LONG, async || {
        said = bot.get("/health/components").await.json()["chats"]["slack"]["message"].to_string();
        said.contains(part)
    })
    .await;
    said
}

async fn announced(slack: &FakeSlack, title: &str) {
    eventually("it is announced", LONG, async || slack.messages("incidents").iter().any(|m| m.says(title))).await;
}

/// Every token that the bot had until now is of no use any more, without a word from Slack.
fn forget_bot_tokens(slack: &FakeSlack) {
    slack.with(|w| w.tokens.values_mut().filter(|t| t.kind == TokenKind::Bot).for_each(|t| t.revoked = true));
}

#[tokio::test]
async fn a_token_that_expires_is_renewed_before_and_used_from_then_on() {
    let slack = Setup::default().tokens_live_s(8).start();
    let (bot, _) = installed(&slack).await;
    eventually("it is renewed twice", LONG, async || slack.renewals().len() >= 2).await;
    assert!(slack.renewals().iter().all(|r| r == "ok"), "{:?}", slack.renewals());
    let reply = slack.ana().says("#general", "/incident declare P1 checkout is down").await;
    assert!(told(&reply).contains("INC-1"), "{reply:?}");
    eventually("it has its room", LONG, async || {
        slack.see(|w| w.team("T0ACME").channels.values().any(|c| c.name.starts_with("inc-1")))
    })
    .await;
    let log = bot.log();
    assert!(log.contains("the token of Acme (T0ACME) is renewed"), "{log}");
    for token in slack.tokens_of("T0ACME") {
        assert!(!log.contains(&token) || token == slack.bot_token(), "a token stands in the log");
    }
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn a_renewal_that_slack_does_not_answer_is_tried_again_and_a_used_one_is_told() {
    let slack = Setup::default().tokens_live_s(4).start();
    let (bot, mut browser) = installed(&slack).await;
    slack.fault("oauth.v2.access", Fault::Status(503));
    eventually("it is renewed all the same", LONG, async || slack.renewals().iter().any(|r| r == "ok")).await;
    // Done, and its answer lost: what Slack gave is gone, and the token to renew by is used up.
    slack.fault("oauth.v2.access", Fault::LostAfter);
    let said = says(&bot, "can no longer be renewed and works until").await;
    assert!(said.contains("Acme (T0ACME)") && said.contains("/slack/install"), "{said}");
    assert_eq!(slack.renewals().last().map(String::as_str), Some("invalid_refresh_token"));
    let checked = bot.run(&["config", "check", "--online"]).await;
    assert_eq!(checked.status, 1, "{}", checked.stdout);
    assert!(checked.stdout.contains("/slack/install"), "{}", checked.stdout);
    // Installing it again makes it well.
    assert_eq!(browser.installs().await.status, 200);
    eventually("it is well", BOUND, async || {
        bot.get("/health/components").await.json()["chats"]["slack"]["status"] == "healthy"
    })
    .await;
    slack.forgive("oauth.v2.access");
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn killed_between_the_exchange_and_its_record_it_says_so_and_loses_nothing_else() {
    let slack = Setup::default().tokens_live_s(6).start();
    let mut bot = Serve::configured(&by_browser(&slack, "")).env("FIREBELL_STOP_AT", "after_exchange:1");
    bot.start_again().await;
    ready(&slack, &bot);
    let mut browser = Browser::of(&bot, "root", true).await;
    slack.consents(Consent::Given("T0ACME".into()));
    assert_eq!(browser.installs().await.status, 200);
    eventually("it has stopped between the two", LONG, async || bot.has_ended()).await;
    assert_eq!(slack.renewals(), ["ok"], "Slack has given the new pair");
    bot.kill9();
    bot.unset_env("FIREBELL_STOP_AT");
    bot.start_again().await;
    let said = says(&bot, "can no longer be renewed").await;
    assert!(said.contains("/slack/install"), "{said}");
    let log = bot.log();
    assert!(log.contains("was cut off before it was recorded"), "{log}");
    assert_eq!(slack.renewals(), ["ok", "invalid_refresh_token"], "asked once more, and not again");
    // The room works; Slack does again once it is installed again.
    bot.declare("checkout is down").await;
    assert_eq!(browser.installs().await.status, 200);
    bot.declare("disk is full").await;
    announced(&slack, "disk is full").await;
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn a_workspace_that_removed_the_app_is_named_and_comes_back_by_installing() {
    let slack = FakeSlack::start();
    let (bot, mut browser) = installed(&slack).await;
    slack.connected(2).await;
    // An event of before, while the token is taken: nothing follows from it.
    slack.with(|w| w.happened("T0ACME", None, "app_uninstalled", serde_json::json!({})));
    slack.settled().await;
    forget_bot_tokens(&slack);
    bot.declare("checkout is down").await;
    let said = says(&bot, "Slack takes its token no more").await;
    assert!(said.contains("Acme (T0ACME)") && said.contains("/slack/install"), "{said}");
    let checked = bot.run(&["config", "check", "--online"]).await;
    assert_eq!(checked.status, 1, "{}", checked.stdout);
    assert!(checked.stdout.contains("Slack says token_revoked: install the app there again"), "{}", checked.stdout);
    assert_eq!(browser.installs().await.status, 200);
    eventually("it is well", BOUND, async || {
        bot.get("/health/components").await.json()["chats"]["slack"]["status"] == "healthy"
    })
    .await;
    slack.revokes_tokens();
    says(&bot, "Slack takes its token no more").await;
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn a_wrong_key_is_said_at_the_start_and_a_new_one_takes_over_from_the_one_before() {
    let slack = FakeSlack::start();
    let (mut bot, _) = installed(&slack).await;
    bot.terminate().await;
    let with = |key: &str, more: &str| by_browser(&slack, more).replacen(KEY, key, 1);
    // Another key alone: said, nothing touched.
    bot.configure(&with(OTHER_KEY, ""));
    bot.start_again().await;
    let said = says(&bot, "sealed with another key").await;
    assert!(said.contains("Acme (T0ACME)") && said.contains("previous_token_key"), "{said}");
    let checked = bot.run(&["config", "check"]).await;
    assert_eq!(checked.status, 1, "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stderr.contains("sealed with another key"), "{}", checked.stderr);
    let checked = bot.run(&["config", "check", "--format", "json"]).await;
    let said: serde_json::Value = serde_json::from_str(&checked.stdout).expect("one document");
    assert_eq!((checked.status, &said["ok"]), (1, &serde_json::json!(false)), "{said:#}");
    assert!(said["stored"][0]["text"].as_str().is_some_and(|t| t.contains("sealed with another key")), "{said:#}");
    assert!(said.get("online").is_none(), "nobody was asked: {said:#}");
    bot.terminate().await;
    // Beside the one before: opened, and sealed anew.
    bot.configure(&with(OTHER_KEY, &format!("previous_token_key = {KEY:?}")));
    assert_eq!(bot.run(&["config", "check"]).await.status, 0);
    bot.start_again().await;
    eventually("it is sealed anew", BOUND, async || bot.log().contains("sealed with the new token_key now")).await;
    bot.terminate().await;
    // Then the one before is needed no more.
    bot.configure(&with(OTHER_KEY, ""));
    bot.start_again().await;
    slack.connected(2).await;
    assert_eq!(bot.run(&["config", "check"]).await.status, 0);
    let reply = slack.ana().says("#general", "/incident declare P1 checkout is down").await;
    assert!(told(&reply).contains("INC-1"), "{reply:?}");
    slack.channel("inc-1").await;
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn what_slack_or_the_configuration_does_not_allow_is_a_sentence_with_what_to_do() {
    let slack = FakeSlack::start();
    let wrong = by_browser(&slack, "workspaces = [\"T0BETA1\"]").replace("c1ient-5ecret", "another-secret");
    let mut bot = Serve::start(&wrong).await;
    ready(&slack, &bot);
    let mut browser = Browser::of(&bot, "root", true).await;
    slack.consents(Consent::Given("T0ACME".into()));
    let page = browser.installs().await;
    assert!(page.status == 422 && page.body.contains("bad_client_secret"), "{}", page.body);
    bot.terminate().await;
    bot.configure(&wrong.replace("another-secret", "c1ient-5ecret"));
    bot.start_again().await;
    let page = browser.installs().await;
    assert!(page.status == 422 && page.body.contains("Acme (T0ACME) is not among the workspaces"), "{}", page.body);
    // Slack's own page refuses an address that the app's settings do not have.
    slack.sends_back_to("https://elsewhere.example.org/");
    let begun = browser.open("/slack/install").await;
    assert!(browser.open(&begun.to).await.body.contains("bad_redirect_uri"));
    bot.terminate().await;
    // A workspace that has its token in the configuration is not installed over it.
    bot.configure(&format!("{}\nbot_token = {:?}\n{PEOPLE}", table(&slack, ""), slack.bot_token()));
    ready(&slack, &bot);
    bot.start_again().await;
    let page = browser.installs().await;
    assert!(page.status == 422 && page.body.contains("connected by bot_token in [slack] already"), "{}", page.body);
    Both { slack, bot }.finish().await;
}

#[tokio::test]
async fn of_two_replicas_one_renews_and_the_other_uses_what_it_got() {
    let slack = Setup::default().tokens_live_s(8).start();
    let url = fresh_database();
    let config = format!("database_url = {url:?}\n{}[audit]\nkey = {KEY:?}\n", by_browser(&slack, ""));
    let one = Serve::start(&config).await;
    ready(&slack, &one);
    let mut browser = Browser::of(&one, "root", true).await;
    slack.consents(Consent::Given("T0ACME".into()));
    assert_eq!(browser.installs().await.status, 200);
    let other = Serve::start(&config).await;
    eventually("it is renewed twice", LONG, async || slack.renewals().len() >= 2).await;
    assert!(slack.renewals().iter().all(|r| r == "ok"), "nobody used a token twice: {:?}", slack.renewals());
    other.declare("checkout is down").await;
    announced(&slack, "checkout is down").await;
    for bot in [&one, &other] {
        let message = bot.get("/health/components").await.json()["chats"]["slack"]["message"].to_string();
        assert!(!message.contains("Workspace"), "{message}");
    }
    slack.finish();
}
