//! Setting it up: what `config check --online` says.

use super::by_socket;
use crate::fake_slack::{FakeSlack, Setup};
use crate::harness::serve::Serve;
use serde_json::{Value, json};

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

/// For programs: the whole of what is printed, as one document.
async fn as_json(bot: &Serve) -> (i32, Value) {
    let ran = bot.run(&["config", "check", "--online", "--format", "json"]).await;
    let said = serde_json::from_str(&ran.stdout);
    (ran.status, said.unwrap_or_else(|e| panic!("not one document of JSON: {e}\n{}\n{}", ran.stdout, ran.stderr)))
}

#[tokio::test]
async fn what_is_checked_online_is_one_document_for_programs() {
    let slack = FakeSlack::start();
    let bot = Serve::configured(&by_socket(&slack, ""));
    let (status, said) = as_json(&bot).await;
    assert_eq!((status, &said["ok"]), (0, &json!(true)), "{said:#}");
    let found = said["online"].as_array().expect("what was found online");
    assert!(found.iter().all(|f| f["ok"] == true) && found.len() >= 3, "{said:#}");
    assert!(said["problems"].is_array() && said["unmapped"].is_array(), "and what the file itself is: {said:#}");

    slack.revokes_app_token();
    let (status, said) = as_json(&bot).await;
    assert_eq!((status, &said["ok"]), (1, &json!(false)), "{said:#}");
    let wrong = said["online"].as_array().into_iter().flatten().filter(|f| f["ok"] == false);
    assert_eq!(wrong.count(), 1, "{said:#}");

    // With a mistake in the file nobody can be asked, and that is not the same as that all is well.
    bot.configure(&by_socket(&slack, "open = \"sometimes\""));
    let (status, said) = as_json(&bot).await;
    assert_eq!((status, &said["ok"], &said["online"]), (1, &json!(false), &Value::Null), "{said:#}");
    assert_eq!(said["problems"].as_array().map(Vec::len), Some(1), "{said:#}");
}

#[tokio::test]
async fn the_room_of_a_system_that_is_not_there_is_named() {
    let slack = FakeSlack::start();
    let with = |room: &str| by_socket(&slack, &format!("[[runbooks]]\npath = \"shop.md\"\nroom = {room:?}\n"));
    let bot = Serve::configured(&with("#shop-ops"));
    let levels =
        "| Level | Name | Response time |\n|---|---|---|\n| S1 | Outage | 15 minutes |\n| S2 | Slow | 1 hour |\n";
    std::fs::write(bot.folder().join("shop.md"), format!("# shop\n\n## Severity levels\n\n{levels}")).expect("written");
    let (status, said) = as_json(&bot).await;
    assert_eq!(status, 1, "{said:#}");
    let wrong: Vec<&Value> = said["online"].as_array().into_iter().flatten().filter(|f| f["ok"] == false).collect();
    let [wrong] = wrong[..] else { panic!("one is wrong: {said:#}") };
    let text = wrong["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("the room of shop: there is no channel #shop-ops that the app can see"), "{text}");
    bot.configure(&with("#general"));
    let (status, said) = as_json(&bot).await;
    assert_eq!(status, 0, "{said:#}");
}
