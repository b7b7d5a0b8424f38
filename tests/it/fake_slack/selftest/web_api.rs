//! The Web API: who may call, how often, and what becomes of messages.

use super::app::*;
use super::*;
use serde_json::json;

#[tokio::test]
async fn only_known_and_living_tokens_are_let_in() {
    let slack = FakeSlack::start();
    let word = async |token: &str| call_as(&slack, token, "chat.postMessage", json!({})).await.json()["error"].clone();
    assert_eq!(word("xoxb-forged").await, "invalid_auth");
    assert_eq!(word(&slack.app_token()).await, "not_allowed_token_type");
    let bare = http_client().post(format!("{}/auth.test", slack.api_url()));
    assert_eq!(Answer::to(bare).await.expect("Slack answers").json()["error"], "not_authed");
    slack.revokes_tokens();
    assert_eq!(word(&slack.bot_token()).await, "token_revoked");
    slack.finish();
}

#[tokio::test]
async fn a_missing_scope_is_named_beside_what_there_is() {
    let slack = Setup::default().scopes("chat:write channels:read").start();
    let answer = call(&slack, "conversations.create", json!({"name": "inc-1"})).await;
    assert_eq!(answer["error"], "missing_scope");
    assert!(answer["needed"].as_str().is_some_and(|needed| needed.contains("channels:manage")), "{answer}");
    assert_eq!(answer["provided"], "channels:read,chat:write");
    slack.grants("channels:manage");
    let private = call(&slack, "conversations.create", json!({"name": "inc-1", "is_private": true})).await;
    assert_eq!((&private["error"], &private["needed"]), (&json!("missing_scope"), &json!("groups:write")));
    let whole = call_as(&slack, &slack.bot_token(), "auth.test", json!({})).await;
    assert_eq!(whole.header("x-oauth-scopes"), Some("channels:manage"));
    slack.finish();
}

#[tokio::test]
async fn a_method_that_slack_does_not_have_fails_the_test() {
    let slack = FakeSlack::start();
    assert_eq!(refusal(&slack, "chat.shout", json!({})).await, "unknown_method");
    let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| slack.finish()));
    let words = end.expect_err("it complains").downcast::<String>().expect("in words");
    assert!(words.contains("chat.shout"), "{words}");
}

#[tokio::test]
async fn a_message_is_posted_edited_and_read_back() {
    let slack = FakeSlack::start();
    let channel = place(&slack, "general");
    let posted = call(&slack, "chat.postMessage", json!({"channel": channel, "text": "one"})).await;
    let ts = posted["ts"].as_str().expect("a ts").to_owned();
    let edited = call(&slack, "chat.update", json!({"channel": channel, "ts": ts, "text": "two"})).await;
    assert_eq!(edited["text"], "two");
    let history = form(&slack, "conversations.history", &[("channel", &channel)]).await;
    assert_eq!(history["messages"][0]["text"], "two");
    assert_eq!(slack.message("#general", "two").await.ts, ts);
    slack.finish();
}

#[tokio::test]
async fn messages_that_slack_does_not_take_are_refused_in_its_words() {
    let slack = Setup::default()
        .without_limits()
        .edit_window_s(60)
        .scopes(&setup::SCOPES.replace("chat:write.public", ""))
        .start();
    let general = place(&slack, "general");
    let said = slack.ana().says("#general", "mine").await.ts.expect("a ts");
    let lonely = slack.ana().makes_channel("lonely", Kind::Public);
    let secret = slack.ana().makes_channel("secret", Kind::Private);
    let old = call(&slack, "chat.postMessage", json!({"channel": general, "text": "old"})).await["ts"].clone();
    let long = "x".repeat(4_001);
    let cases = [
        ("chat.postMessage", json!({"channel": general}), "no_text"),
        ("chat.postMessage", json!({"text": "x"}), "invalid_arguments"),
        ("chat.postMessage", json!({"channel": "C0NONE", "text": "x"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": secret, "text": "x"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": lonely, "text": "x"}), "not_in_channel"),
        ("chat.postMessage", json!({"channel": general, "text": "x", "blocks": "[{"}), "invalid_blocks_format"),
        (
            "chat.postMessage",
            json!({"channel": general, "text": "x", "blocks": [{"type": "marquee"}]}),
            "invalid_blocks",
        ),
        ("chat.postMessage", json!({"channel": general, "text": "x", "thread_ts": "1.000001"}), "thread_not_found"),
        (
            "chat.postMessage",
            json!({"channel": general, "text": "x", "metadata": {"event_type": ""}}),
            "invalid_metadata_format",
        ),
        ("chat.update", json!({"channel": general, "ts": "1.000001", "text": "x"}), "message_not_found"),
        ("chat.update", json!({"channel": general, "ts": said, "text": "x"}), "cant_update_message"),
        ("chat.update", json!({"channel": general, "ts": old, "text": long}), "msg_too_long"),
        ("chat.delete", json!({"channel": general, "ts": said}), "cant_delete_message"),
        ("chat.postEphemeral", json!({"channel": general, "user": "U0NONE", "text": "x"}), "user_not_in_channel"),
    ];
    for (method, body, word) in cases {
        assert_eq!(refusal(&slack, method, body.clone()).await, word, "{method} {body}");
    }
    slack.with(|world| world.edit_window_s = Some(-1));
    assert_eq!(
        refusal(&slack, "chat.update", json!({"channel": general, "ts": old, "text": "x"})).await,
        "edit_window_closed"
    );
    slack.archives("#general");
    assert_eq!(refusal(&slack, "chat.postMessage", json!({"channel": general, "text": "x"})).await, "is_archived");
    slack.finish();
}

#[tokio::test]
async fn blocks_that_are_too_long_together_are_refused_though_each_is_not() {
    let slack = FakeSlack::start();
    let section = |n: usize| json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(n)}});
    let blocks = json!([section(3_000), section(3_000), section(3_000), section(3_000), section(1)]);
    let body = json!({"channel": place(&slack, "general"), "text": "x", "blocks": blocks});
    assert_eq!(refusal(&slack, "chat.postMessage", body).await, "msg_blocks_too_long");
    slack.finish();
}

#[tokio::test]
async fn a_message_without_text_passes_but_fails_the_test() {
    let slack = FakeSlack::start();
    let blocks = json!([{"type": "divider"}]);
    let answer = call(&slack, "chat.postMessage", json!({"channel": place(&slack, "general"), "blocks": blocks})).await;
    assert_eq!(answer["ok"], true);
    assert!(slack.see(|world| world.complaints[0].contains("has no text")));
    slack.forgive("has no text");
    slack.finish();
}

#[tokio::test]
async fn an_edit_keeps_what_it_does_not_name_and_people_read_what_slack_draws() {
    let slack = FakeSlack::start();
    let channel = place(&slack, "general");
    let words = "&lt;b&gt; since <!date^1790000000^{time}|10:13>, <https://example.com|board>, <!here> <@U0ANA>";
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": words}}]);
    let body = json!({"channel": channel, "text": "down", "blocks": blocks});
    let ts = call(&slack, "chat.postMessage", body).await["ts"].clone();
    let seen = slack.message("#general", "down").await;
    assert_eq!(seen.plain(), "<b> since 10:13, board, @here @U0ANA");
    assert_eq!(seen.calls(), ["!here", "@U0ANA"]);
    call(&slack, "chat.update", json!({"channel": channel, "ts": ts, "text": "up"})).await;
    assert_eq!(slack.message("#general", "up").await.plain(), seen.plain());
    call(&slack, "chat.update", json!({"channel": channel, "ts": ts, "text": "up again", "blocks": []})).await;
    assert_eq!(slack.message("#general", "up again").await.plain(), "up again");
    slack.finish();
}

#[tokio::test]
async fn metadata_is_read_back_by_who_asks_for_it() {
    let slack = FakeSlack::start();
    let channel = place(&slack, "general");
    let metadata = json!({"event_type": "firebell_card", "event_payload": {"key": "k-1"}});
    call(&slack, "chat.postMessage", json!({"channel": channel, "text": "x", "metadata": metadata})).await;
    let with = form(&slack, "conversations.history", &[("channel", &channel), ("include_all_metadata", "true")]).await;
    assert_eq!(with["messages"][0]["metadata"], metadata);
    let without = form(&slack, "conversations.history", &[("channel", &channel)]).await;
    assert!(without["messages"][0]["metadata"]["event_payload"].is_null());
    slack.finish();
}

#[tokio::test]
async fn a_history_comes_in_pages_that_new_messages_do_not_shift() {
    let slack = Setup::default().without_limits().start();
    let channel = place(&slack, "general");
    for number in 0..5 {
        slack.ana().says("#general", &format!("number {number}")).await;
    }
    let first = form(&slack, "conversations.history", &[("channel", &channel), ("limit", "2")]).await;
    slack.ana().says("#general", "later").await;
    let cursor = first["response_metadata"]["next_cursor"].as_str().expect("more");
    let second =
        form(&slack, "conversations.history", &[("channel", &channel), ("limit", "2"), ("cursor", cursor)]).await;
    let texts: Vec<_> =
        second["messages"].as_array().expect("messages").iter().map(|one| one["text"].clone()).collect();
    assert_eq!(texts, ["number 2", "number 1"]);
    slack.finish();
}

#[tokio::test]
async fn a_channel_takes_one_message_a_second_and_a_method_its_tier() {
    let (now, setup) = clock();
    let slack = setup.start();
    let channel = place(&slack, "general");
    let post = async || {
        call_as(&slack, &slack.bot_token(), "chat.postMessage", json!({"channel": channel, "text": "x"})).await
    };
    for _ in 0..3 {
        assert_eq!(post().await.status, 200);
    }
    let refused = post().await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(refused.json()["error"], "ratelimited");
    let other = json!({"channel": place(&slack, "incidents"), "text": "x"});
    assert_eq!(call(&slack, "chat.postMessage", other).await["ok"], true, "another channel has its own second");
    now.fetch_add(SECOND, Ordering::SeqCst);
    assert_eq!(post().await.status, 200);

    for number in 0..20 {
        assert_eq!(call(&slack, "conversations.create", json!({"name": format!("inc-{number}")})).await["ok"], true);
    }
    let refused = call_as(&slack, &slack.bot_token(), "conversations.create", json!({"name": "inc-20"})).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    now.fetch_add(60 * SECOND, Ordering::SeqCst);
    assert_eq!(call(&slack, "conversations.create", json!({"name": "inc-20"})).await["ok"], true);
    slack.finish();
}

#[tokio::test]
async fn an_app_outside_the_marketplace_reads_one_page_of_fifteen_a_minute() {
    let (now, setup) = clock();
    let slack = setup.histories_slowly().start();
    let channel = place(&slack, "general");
    for number in 0..20 {
        slack.ana().says("#general", &format!("number {number}")).await;
    }
    let page = form(&slack, "conversations.history", &[("channel", &channel), ("limit", "200")]).await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(15));
    assert_eq!(page["has_more"], true);
    let again = form(&slack, "conversations.history", &[("channel", &channel)]).await;
    assert_eq!(again["error"], "ratelimited");
    now.fetch_add(60 * SECOND, Ordering::SeqCst);
    assert_eq!(form(&slack, "conversations.history", &[("channel", &channel)]).await["ok"], true);
    slack.finish();
}

#[tokio::test]
async fn faults_are_met_once_and_a_lost_answer_has_its_effect() {
    let slack = Setup::default().without_limits().start();
    let body = || json!({"channel": place(&slack, "general"), "text": "x"});
    slack.fault("chat.postMessage", Fault::RateLimited(7));
    let answer = call_as(&slack, &slack.bot_token(), "chat.postMessage", body()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    slack.fault("chat.postMessage", Fault::Status(500));
    assert_eq!(call_as(&slack, &slack.bot_token(), "chat.postMessage", body()).await.status, 500);
    slack.fault("chat.postMessage", Fault::Html(503));
    let page = call_as(&slack, &slack.bot_token(), "chat.postMessage", body()).await;
    assert!(page.status == 503 && page.body.contains("<html>"));
    slack.fault("chat.postMessage", Fault::Error("internal_error"));
    assert_eq!(refusal(&slack, "chat.postMessage", body()).await, "internal_error");
    assert!(slack.messages("#general").is_empty());
    let url = format!("{}/chat.postMessage", slack.api_url());
    let send = || Answer::to(http_client().post(&url).bearer_auth(slack.bot_token()).json(&body()));
    slack.fault("chat.postMessage", Fault::LostBefore);
    send().await.expect_err("the connection is cut");
    assert!(slack.messages("#general").is_empty());
    slack.fault("chat.postMessage", Fault::LostAfter);
    send().await.expect_err("the connection is cut");
    assert_eq!(slack.messages("#general").len(), 1);
    slack.fault("*", Fault::Error("fatal_error"));
    assert_eq!(slack.see(|world| world.faults.unmet().len()), 1);
    assert_eq!(refusal(&slack, "auth.test", json!({})).await, "fatal_error");
    slack.finish();
}
