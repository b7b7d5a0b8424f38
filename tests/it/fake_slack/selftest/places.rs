//! Channels and people: names, invitations, archives; pins, reactions, bookmarks, groups.

use super::app::*;
use super::*;
use serde_json::json;

#[tokio::test]
async fn names_follow_slacks_rules() {
    let slack = Setup::default().without_limits().start();
    let make = async |name: &str| call(&slack, "conversations.create", json!({"name": name})).await["error"].clone();
    assert_eq!(make("").await, "invalid_name_required");
    assert_eq!(make(&"x".repeat(81)).await, "invalid_name_maxlength");
    assert_eq!(make("INC-1").await, "invalid_name_specials");
    assert_eq!(make("inc 1").await, "invalid_name_specials");
    assert_eq!(make("inc.1").await, "invalid_name_specials");
    assert_eq!(make("---").await, "invalid_name_punctuation");
    assert_eq!(make(&"x".repeat(80)).await, json!(null));
    assert_eq!(make("störung-1").await, json!(null));
    assert_eq!(make("general").await, "name_taken");
    slack.archives("#general");
    assert_eq!(make("general").await, "name_taken", "an archived channel keeps its name");
    slack.finish();
}

#[tokio::test]
async fn invitations_name_who_cannot_come() {
    let slack = Setup::default().without_limits().start();
    let made = call(&slack, "conversations.create", json!({"name": "inc-1"})).await;
    let channel = made["channel"]["id"].clone();
    assert_eq!(made["channel"]["is_member"], true);
    let (ana, bo, cy) = (slack.ana().id.clone(), slack.bo().id.clone(), slack.cy().id.clone());
    slack.deactivates("cy");
    let bot = slack.see(|world| world.team(world.home()).bot_user.clone());
    let invite =
        async |users: &str| call(&slack, "conversations.invite", json!({"channel": channel, "users": users})).await;
    assert_eq!(invite(&ana).await["ok"], true);
    assert_eq!(invite(&ana).await["error"], "already_in_channel");
    assert_eq!(invite(&bot).await["error"], "cant_invite_self");
    assert_eq!(invite("U0NONE").await["error"], "user_not_found");
    assert_eq!(invite("").await["error"], "no_user");
    let mixed = invite(&format!("{bo},{cy}")).await;
    assert_eq!((&mixed["error"], &mixed["errors"][0]["user"]), (&json!("cant_invite"), &json!(cy)));
    assert_eq!(slack.members("inc-1"), ["ana", "firebell"], "nobody came when one could not");
    let body = json!({"channel": channel, "users": format!("{bo},{cy}"), "force": true});
    assert_eq!(call(&slack, "conversations.invite", body).await["ok"], true);
    assert_eq!(slack.members("inc-1"), ["ana", "bo", "firebell"]);
    assert_eq!(call(&slack, "conversations.kick", json!({"channel": channel, "user": bo})).await["ok"], true);
    assert_eq!(refusal(&slack, "conversations.kick", json!({"channel": channel, "user": bot})).await, "cant_kick_self");
    slack.finish();
}

#[tokio::test]
async fn topics_bookmarks_pins_and_reactions_are_seen() {
    let slack = Setup::default().without_limits().start();
    let channel = place(&slack, "general");
    let said = slack.ana().says("#general", "look").await.ts.expect("a ts");
    assert_eq!(call(&slack, "conversations.setTopic", json!({"channel": channel, "topic": "P1"})).await["topic"], "P1");
    assert_eq!(slack.topic("#general"), "P1");
    let long = json!({"channel": channel, "topic": "x".repeat(251)});
    assert_eq!(refusal(&slack, "conversations.setTopic", long).await, "too_long");
    let link = json!({"channel_id": channel, "title": "Runbook", "type": "link", "link": "https://example.com"});
    let kept = call(&slack, "bookmarks.add", link).await["bookmark"]["id"].clone();
    assert_eq!(slack.bookmarks("#general"), [("Runbook".to_owned(), "https://example.com".to_owned())]);
    let bad = json!({"channel_id": channel, "title": "Runbook", "type": "link", "link": "runbook"});
    assert_eq!(refusal(&slack, "bookmarks.add", bad).await, "invalid_link");
    assert_eq!(call(&slack, "bookmarks.remove", json!({"channel_id": channel, "bookmark_id": kept})).await["ok"], true);
    let pin = json!({"channel": channel, "timestamp": said});
    assert_eq!(call(&slack, "pins.add", pin.clone()).await["ok"], true);
    assert_eq!(refusal(&slack, "pins.add", pin).await, "already_pinned");
    assert_eq!(slack.pins("#general"), [said.as_str()]);
    let eyes = json!({"channel": channel, "timestamp": said, "name": "eyes"});
    assert_eq!(call(&slack, "reactions.add", eyes.clone()).await["ok"], true);
    assert_eq!(refusal(&slack, "reactions.add", eyes.clone()).await, "already_reacted");
    assert_eq!(call(&slack, "reactions.remove", eyes.clone()).await["ok"], true);
    assert_eq!(refusal(&slack, "reactions.remove", eyes).await, "no_reaction");
    let gone = json!({"channel": channel, "timestamp": "1.000001", "name": "eyes"});
    assert_eq!(refusal(&slack, "reactions.add", gone).await, "message_not_found");
    slack.finish();
}

#[tokio::test]
async fn people_are_found_by_address_and_closed_accounts_are_not() {
    let slack = FakeSlack::start();
    let found = form(&slack, "users.lookupByEmail", &[("email", "BO@example.com")]).await;
    assert_eq!(found["user"]["id"], slack.bo().id);
    slack.deactivates("bo");
    let gone = form(&slack, "users.lookupByEmail", &[("email", "bo@example.com")]).await;
    assert_eq!(gone["error"], "users_not_found");
    let about = form(&slack, "users.info", &[("user", &slack.bo().id)]).await;
    assert_eq!(about["user"]["deleted"], true);
    slack.grants("users:read");
    let about = form(&slack, "users.info", &[("user", &slack.ana().id)]).await;
    assert!(about["user"]["profile"]["email"].is_null(), "an address is only shown to who may see it");
    slack.finish();
}

#[tokio::test]
async fn a_method_that_takes_only_forms_does_not_see_json() {
    let slack = FakeSlack::start();
    let answer = call(&slack, "users.info", json!({"user": slack.ana().id})).await;
    assert_eq!(answer["error"], "invalid_arguments");
    assert_eq!(answer["response_metadata"]["messages"][0], "[ERROR] missing required field: user");
    slack.finish();
}

#[tokio::test]
async fn what_a_bot_may_not_see_is_not_there() {
    let slack = FakeSlack::start();
    let secret = slack.ana().makes_channel("secret", Kind::Private);
    let about = form(&slack, "conversations.info", &[("channel", &secret)]).await;
    assert_eq!(about["error"], "channel_not_found");
    assert_eq!(refusal(&slack, "conversations.join", json!({"channel": secret})).await, "channel_not_found");
    slack.ana().invites_the_app("secret");
    assert_eq!(form(&slack, "conversations.info", &[("channel", &secret)]).await["channel"]["name"], "secret");
    let open = slack.ana().makes_channel("open", Kind::Public);
    let history = form(&slack, "conversations.history", &[("channel", &open)]).await;
    assert_eq!(history["error"], "not_in_channel");
    assert_eq!(call(&slack, "conversations.join", json!({"channel": open})).await["ok"], true);
    let twice = call(&slack, "conversations.join", json!({"channel": open})).await;
    assert_eq!(twice["warning"], "already_in_channel");
    slack.finish();
}
