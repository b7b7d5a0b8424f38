//! Slack over HTTP: signatures, replays, repeats, and the same conversation.

use super::{PEOPLE, told};
use crate::fake_slack::{FakeSlack, signature};
use crate::harness::serve::Serve;
use crate::harness::{Answer, http_client};

async fn start() -> (FakeSlack, Serve) {
    let slack = FakeSlack::start();
    let bot = Serve::start(&format!(
        "[slack]\nbot_token = {:?}\nsigning_secret = {:?}\napi_url = {:?}\nannounce = \"#incidents\"\n{PEOPLE}",
        slack.bot_token(),
        slack.signing_secret(),
        slack.api_url()
    ))
    .await;
    slack.deliver_to(&bot.url());
    (slack, bot)
}

#[tokio::test]
async fn the_same_conversation_goes_over_http() {
    let (slack, bot) = start().await;
    let ana = slack.ana();
    assert_eq!(slack.verifies_the_address().await.json()["challenge"], "3eZbrw1aB10");
    slack.repeats(1);
    assert!(told(&ana.says("general", "/incident declare P1 checkout is down").await).contains("INC-1"));
    let room = slack.channel("inc-1").await;
    let card = slack.message(&room, "nobody has acknowledged").await;
    slack.repeats(1);
    assert_eq!(ana.clicks(&card, "Acknowledge").await.error, None);
    slack.message(&room, "@ana has it").await;
    slack.bo().joins(&room);
    slack.repeats(1);
    slack.bo().says(&room, "@firebell note it was the disk").await;
    crate::harness::eventually("the note is there", crate::harness::BOUND, async || {
        let (_, timeline) = bot.say("ana", "/incident INC-1 timeline").await;
        timeline.matches("it was the disk").count() == 1
    })
    .await;
    let (_, list) = bot.say("ana", "/incident list").await;
    assert!(!list.contains("INC-2"), "a repeated delivery declared again: {list}");
    slack.finish();
}

#[tokio::test]
async fn what_slack_did_not_sign_is_turned_away_unread() {
    let (slack, bot) = start().await;
    let body = "command=%2Fincident&text=declare+P1+forged&user_id=UANA&channel_id=C1&trigger_id=1.2.3&response_url=http%3A%2F%2F127.0.0.1%3A1%2F";
    let now = slack.see(|w| w.seconds());
    let post = async |signed: &str, at: i64, path: &str, body: &str| {
        let request = http_client()
            .post(format!("{}{path}", bot.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-slack-request-timestamp", at.to_string())
            .header("x-slack-signature", signed)
            .body(body.to_owned());
        Answer::to(request).await.expect("an answer")
    };
    let secret = slack.signing_secret();
    for path in ["/slack/commands", "/slack/interactions", "/slack/events"] {
        assert_eq!(post(&signature("wrong", now, body), now, path, body).await.status, 401);
        assert_eq!(post(&signature(&secret, now - 301, body), now - 301, path, body).await.status, 401, "replayed");
        assert_eq!(post(&signature(&secret, now, body), now - 1, path, body).await.status, 401, "another time");
        assert_eq!(post("", now, path, body).await.status, 401);
        // Signed, and nothing that can be read.
        assert_eq!(post(&signature(&secret, now, "x"), now, path, "x").await.status, 400, "{path}");
    }
    assert_eq!(post(&signature(&secret, now, "ssl_check=1"), now, "/slack/commands", "ssl_check=1").await.status, 200);
    let (_, list) = bot.say("ana", "/incident list").await;
    assert!(!list.contains("forged"), "{list}");
    let log = bot.log();
    assert!(log.contains("turned away") && !log.contains(&secret) && !log.contains("v0="), "{log}");
    slack.finish();
}

#[tokio::test]
async fn without_a_signing_secret_nothing_listens_there() {
    let bot = Serve::start("").await;
    for path in ["/slack/commands", "/slack/interactions", "/slack/events"] {
        assert_eq!(bot.post_json(path, None, &serde_json::json!({})).await.status, 404);
    }
}
