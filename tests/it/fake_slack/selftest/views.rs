//! Modals and homes: triggers, versions, the stack, and what a submission may answer.

use super::app::*;
use super::*;
use serde_json::{Value, json};

fn modal(title: &str) -> Value {
    let words = |text: &str| json!({"type": "plain_text", "text": text});
    json!({"type": "modal", "callback_id": "declare", "title": words(title), "submit": words("Declare"), "blocks": [
        {"type": "input", "block_id": "title", "label": words("Title"),
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20}},
        {"type": "input", "block_id": "who", "optional": true, "label": words("Lead"),
            "element": {"type": "users_select", "action_id": "who"}},
        {"type": "input", "block_id": "how", "label": words("Severity"), "element": {"type": "static_select",
            "action_id": "how", "initial_option": {"text": words("P2"), "value": "2"},
            "options": [{"text": words("P1"), "value": "1"}, {"text": words("P2"), "value": "2"}]}}]})
}

/// A trigger as a command brings it.
async fn trigger(slack: &FakeSlack, socket: &mut Socket) -> String {
    let waiting = slack.ana().starts_saying("#general", "/incident");
    let envelope = socket.take("slash_commands", Value::Null).await;
    assert_eq!(waiting.reply().await.error, None);
    envelope["payload"]["trigger_id"].as_str().expect("a trigger").to_owned()
}

#[tokio::test]
async fn a_trigger_opens_one_view_and_only_for_three_seconds() {
    let (now, setup) = clock();
    let slack = setup.start();
    let mut socket = Socket::open(&slack).await;
    let open = async |id: &str| call(&slack, "views.open", json!({"trigger_id": id, "view": modal("Declare")})).await;
    let first = trigger(&slack, &mut socket).await;
    assert_eq!(open(&first).await["view"]["type"], "modal");
    assert_eq!(open(&first).await["error"], "exchanged_trigger_id");
    assert_eq!(open("1.2.3").await["error"], "invalid_trigger_id");
    let second = trigger(&slack, &mut socket).await;
    now.fetch_add(4 * SECOND, Ordering::SeqCst);
    assert_eq!(open(&second).await["error"], "expired_trigger_id");
    let third = trigger(&slack, &mut socket).await;
    slack.expires_triggers();
    assert_eq!(open(&third).await["error"], "expired_trigger_id");
    let wrong = call(&slack, "views.open", json!({"trigger_id": "x", "view": {"type": "modal", "blocks": []}})).await;
    assert_eq!(wrong["error"], "invalid_arguments");
    assert!(wrong["response_metadata"]["messages"][0].as_str().is_some_and(|line| line.contains("title")), "{wrong}");
    slack.finish();
}

#[tokio::test]
async fn a_modal_is_filled_in_submitted_and_closed_by_what_the_app_answers() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    let id = trigger(&slack, &mut socket).await;
    call(&slack, "views.open", json!({"trigger_id": id, "view": modal("Declare")})).await;
    let form = slack.modal("ana", "Severity").await;

    let waiting = slack.ana().starts_submitting(&form, &[("Title", "down"), ("Lead", "bo"), ("Severity", "P1")]);
    let errors = json!({"response_action": "errors", "errors": {"title": "Say more."}});
    let values = socket.take("interactive", errors).await["payload"]["view"]["state"]["values"].clone();
    waiting.reply().await;
    assert_eq!(values["title"]["text"]["value"], "down");
    assert_eq!(values["who"]["who"]["selected_user"], slack.bo().id);
    assert_eq!(values["how"]["how"]["selected_option"]["value"], "1");
    assert_eq!(slack.modal("ana", "Severity").await.body["errors"]["title"], "Say more.");

    let waiting = slack.ana().starts_submitting(&form, &[("Title", "checkout")]);
    let update = json!({"response_action": "update", "view": modal("Second page")});
    let envelope = socket.take("interactive", update).await;
    assert_eq!(envelope["payload"]["view"]["state"]["values"]["how"]["how"]["selected_option"]["value"], "2");
    waiting.reply().await;
    let form = slack.modal("ana", "Second page").await;

    let waiting = slack.ana().starts_submitting(&form, &[("Title", "checkout")]);
    let wrong = json!({"response_action": "errors", "errors": {"nothing": "x"}});
    socket.take("interactive", wrong).await;
    assert_eq!(waiting.reply().await.error.as_deref(), Some("invalid_errors"));
    slack.forgive("invalid_errors");

    let waiting = slack.ana().starts_submitting(&form, &[("Title", "checkout")]);
    socket.take("interactive", Value::Null).await;
    waiting.reply().await;
    assert!(slack.see(|world| world.modals_of(world.home(), "ana").is_empty()));
    slack.finish();
}

#[tokio::test]
async fn an_update_with_an_old_hash_is_a_conflict_and_three_modals_are_a_full_stack() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    let id = trigger(&slack, &mut socket).await;
    let opened = call(&slack, "views.open", json!({"trigger_id": id, "view": modal("One")})).await;
    let (view, hash) = (opened["view"]["id"].clone(), opened["view"]["hash"].clone());
    let update =
        async || call(&slack, "views.update", json!({"view_id": view, "hash": hash, "view": modal("Two")})).await;
    assert_eq!(update().await["ok"], true);
    assert_eq!(update().await["error"], "hash_conflict");
    let unknown = call(&slack, "views.update", json!({"view_id": "V0", "view": modal("Two")})).await;
    assert_eq!(unknown["error"], "not_found");
    for expected in [None, None, Some("push_limit_reached")] {
        let top = slack.modal("ana", "Severity").await;
        let action = json!({"type": "static_select", "action_id": "how", "block_id": "how"});
        let waiting = slack.ana().acts(&top, action);
        let trigger = socket.take("interactive", Value::Null).await["payload"]["trigger_id"].clone();
        waiting.reply().await;
        let pushed = call(&slack, "views.push", json!({"trigger_id": trigger, "view": modal("Pushed")})).await;
        assert_eq!(pushed["error"].as_str(), expected, "{pushed}");
    }
    slack.finish();
}

#[tokio::test]
async fn a_home_is_published_and_told_when_it_is_opened() {
    let slack = FakeSlack::start();
    let mut socket = Socket::open(&slack).await;
    slack.ana().opens_home();
    let event = socket.take("events_api", Value::Null).await["payload"]["event"].clone();
    assert_eq!(
        (&event["type"], &event["tab"], &event["user"]),
        (&json!("app_home_opened"), &json!("home"), &json!(slack.ana().id))
    );
    let blocks = json!([{"type": "header", "text": {"type": "plain_text", "text": "My incidents"}}]);
    let body = json!({"user_id": slack.ana().id, "view": {"type": "home", "blocks": blocks}});
    assert_eq!(call(&slack, "views.publish", body.clone()).await["ok"], true);
    slack.home("ana", "My incidents").await;
    let stale = with_hash(body, "1.old");
    assert_eq!(refusal(&slack, "views.publish", stale).await, "hash_conflict");
    slack.finish();
}

fn with_hash(mut body: Value, hash: &str) -> Value {
    body["hash"] = json!(hash);
    body
}
