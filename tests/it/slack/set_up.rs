//! Setting it up: what `config check --online` says.

use super::by_socket;
use crate::fake_slack::{FakeSlack, Setup};
use crate::harness::serve::Serve;

async fn checked(slack: &FakeSlack) -> (i32, String) {
    let bot = Serve::configured(&by_socket(slack, ""));
    let ran = bot.run(&["config", "check", "--online"]).await;
    (ran.status, ran.stdout + &ran.stderr)
}

#[tokio::test]
async fn a_missing_scope_is_named_with_what_it_is_for() {
    let slack = FakeSlack::start();
    let (status, said) = checked(&slack).await;
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("scopes are there") && said.contains("Socket Mode is on"), "{said}");

    let few = Setup::default().scopes("chat:write commands").start();
    let (status, said) = checked(&few).await;
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("lacks the scope bookmarks:write (puts the links") && !said.contains("chat:write ("),
        "{said}"
    );
    assert!(!said.contains(&few.bot_token()), "{said}");
}

#[tokio::test]
async fn a_token_that_is_no_longer_valid_is_named() {
    let slack = FakeSlack::start();
    slack.revokes_tokens();
    slack.revokes_app_token();
    let (status, said) = checked(&slack).await;
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("slack.bot_token") && said.contains("slack.app_token") && said.contains("install"), "{said}");
}
