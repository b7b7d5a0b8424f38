//! `response_url`s, installations with rotating tokens, files and unfurled links.

use super::app::*;
use super::*;
use serde_json::{Value, json};

async fn answer(url: &str, body: Value) -> (u16, String) {
    let answer = Answer::to(http_client().post(url).json(&body)).await.expect("Slack answers");
    (answer.status, answer.body)
}

/// A `response_url` as a command brings it.
async fn response_url(slack: &FakeSlack) -> String {
    let mut socket = Socket::open(slack).await;
    let waiting = slack.ana().starts_saying("#general", "/incident list");
    let envelope = socket.take("slash_commands", Value::Null).await;
    waiting.reply().await;
    envelope["payload"]["response_url"].as_str().expect("an address").to_owned()
}

#[tokio::test]
async fn a_response_url_answers_five_times_and_for_half_an_hour() {
    let (now, setup) = clock();
    let slack = setup.start();
    let url = response_url(&slack).await;
    for number in 1..=5 {
        assert_eq!(answer(&url, json!({"text": format!("answer {number}")})).await, (200, "ok".to_owned()));
    }
    let (status, body) = answer(&url, json!({"text": "answer 6"})).await;
    assert!(status == 404 && body.contains("used_url"), "{body}");
    assert_eq!(slack.see(|world| world.ephemerals_of(world.home(), "ana").len()), 5);
    let url = response_url(&slack).await;
    assert_eq!(answer(&url, json!({"response_type": "in_channel", "text": "for all"})).await.0, 200);
    slack.message("#general", "for all").await;
    let (status, body) = answer(&url, json!({"text": "x", "blocks": [{"type": "marquee"}]})).await;
    assert!(status == 400 && body.contains("invalid_blocks"), "{body}");
    slack.forgive("invalid_blocks");
    now.fetch_add(31 * 60 * SECOND, Ordering::SeqCst);
    let (status, body) = answer(&url, json!({"text": "late"})).await;
    assert!(status == 404 && body.contains("expired_url"), "{body}");
    slack.finish();
}

#[tokio::test]
async fn the_message_of_a_button_is_replaced_and_deleted_through_its_response_url() {
    let slack = FakeSlack::start();
    let button = json!({"type": "button", "action_id": "ack", "value": "42", "text": {"type": "plain_text", "text": "Acknowledge"}});
    let blocks = json!([{"type": "actions", "block_id": "do", "elements": [button]}]);
    let body = json!({"channel": place(&slack, "general"), "text": "down", "blocks": blocks});
    call(&slack, "chat.postMessage", body).await;
    let mut socket = Socket::open(&slack).await;
    let card = slack.message("#general", "down").await;
    assert_eq!((card.plain().as_str(), card.buttons()), ("[Acknowledge]", vec!["Acknowledge".to_owned()]));
    let waiting = slack.bo().starts_clicking(&card, "Acknowledge");
    let payload = socket.take("interactive", Value::Null).await["payload"].clone();
    waiting.reply().await;
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["action_id"], &action["value"], &action["block_id"]),
        (&json!("ack"), &json!("42"), &json!("do"))
    );
    assert_eq!((&payload["container"]["message_ts"], &payload["user"]["id"]), (&json!(card.ts), &json!(slack.bo().id)));
    let url = payload["response_url"].as_str().expect("an address");
    assert_eq!(answer(url, json!({"replace_original": true, "text": "acknowledged"})).await.0, 200);
    let now = slack.message("#general", "acknowledged").await;
    assert_eq!(now.ts, card.ts);
    assert_eq!(answer(url, json!({"delete_original": true})).await.0, 200);
    assert!(slack.messages("#general").is_empty());
    slack.finish();
}

#[tokio::test]
async fn a_message_shortcut_takes_the_message_along() {
    let slack = FakeSlack::start();
    slack.ana().says("#general", "checkout is slow").await;
    let seen = slack.message("#general", "checkout is slow").await;
    let mut socket = Socket::open(&slack).await;
    let (reply, envelope) = {
        let bo = slack.bo();
        tokio::join!(bo.message_shortcut(&seen, "declare_from"), socket.take("interactive", Value::Null))
    };
    assert_eq!(reply.error, None);
    let payload = &envelope["payload"];
    assert_eq!((&payload["type"], &payload["message"]["text"]), (&json!("message_action"), &json!("checkout is slow")));
    slack.finish();
}

#[tokio::test]
async fn an_installation_gives_tokens_that_rotate() {
    let (now, setup) = clock();
    let slack = setup.rotates_tokens().start();
    let code = slack.with(|world| {
        world.add_team("T0BETA", "Beta", "beta");
        world.authorize("T0BETA")
    });
    let access = async |pairs: &[(&str, &str)]| {
        let id = [("client_id", "111.222"), ("client_secret", "c1ient-5ecret")];
        form(&slack, "oauth.v2.access", &[&id[..], pairs].concat()).await
    };
    assert_eq!(form(&slack, "oauth.v2.access", &[("code", &code)]).await["error"], "invalid_client_id");
    let first = access(&[("code", &code)]).await;
    assert_eq!((&first["team"]["id"], &first["expires_in"]), (&json!("T0BETA"), &json!(43_200)));
    assert_eq!(access(&[("code", &code)]).await["error"], "invalid_code", "a code is good once");
    let who =
        async |token: &Value| call_as(&slack, token.as_str().expect("a token"), "auth.test", json!({})).await.json();
    assert_eq!(who(&first["access_token"]).await["team"], "Beta");
    now.fetch_add(43_200 * SECOND, Ordering::SeqCst);
    assert_eq!(who(&first["access_token"]).await["error"], "token_expired");
    let refresh = first["refresh_token"].as_str().expect("a token");
    let second = access(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(who(&second["access_token"]).await["team"], "Beta");
    let stale = access(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(stale["error"], "invalid_refresh_token");
    slack.finish();
}

#[tokio::test]
async fn a_file_is_uploaded_in_three_steps() {
    let slack = FakeSlack::start();
    let asked = form(&slack, "files.getUploadURLExternal", &[("filename", "timeline.md"), ("length", "5")]).await;
    let url = asked["upload_url"].as_str().expect("an address");
    let wrong = Answer::to(http_client().post(url).body("four")).await.expect("Slack answers");
    assert_eq!(wrong.status, 400);
    let sent = Answer::to(http_client().post(url).body("12345")).await.expect("Slack answers");
    assert_eq!((sent.status, sent.body.as_str()), (200, "OK - 5"));
    let files = json!([{"id": asked["file_id"], "title": "Timeline"}]);
    let body = json!({"files": files, "channel_id": place(&slack, "general"), "initial_comment": "the draft"});
    assert_eq!(call(&slack, "files.completeUploadExternal", body).await["files"][0]["title"], "Timeline");
    assert_eq!(slack.message("#general", "the draft").await.body["files"][0]["size"], 5);
    slack.finish();
}

#[tokio::test]
async fn a_link_is_unfurled_where_it_was_said() {
    let slack = FakeSlack::start();
    let link = "https://firebell.example.com/incidents/42";
    let ts = slack.ana().says("#general", link).await.ts.expect("a ts");
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": "INC-42: checkout is down"}});
    let body =
        |link: &str| json!({"channel": place(&slack, "general"), "ts": ts, "unfurls": {link: {"blocks": [section]}}});
    assert_eq!(refusal(&slack, "chat.unfurl", body("https://example.com/other")).await, "cannot_unfurl_url");
    assert_eq!(call(&slack, "chat.unfurl", body(link)).await["ok"], true);
    slack.message("#general", "INC-42: checkout is down").await;
    slack.finish();
}
