//! One incident in all its places at once: declared in Slack, diagnosed from Discord on real containers, acknowledged in
//! the room, resolved in Discord, while Slack is away and after the bot was killed. What each place showed, in order, is
//! the golden file: it is read as product.

mod recorder;
mod stage;

use crate::conversation::world::expect_golden;
use crate::path::Room;
use crate::slack::told;
use recorder::Recorder;
use serde_json::json;
use stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_incident_lives_in_slack_in_discord_and_in_the_room_over_an_outage_and_a_crash() {
    let mut stage = Stage::set().await;
    let mut record = Recorder::default();
    record.look(&stage);

    let ana = stage.slack.ana();
    let line = "/incident declare P1 \"Checkout answers 502\" service:checkout";
    let said = told(&ana.says("general", line).await);
    assert!(said.contains("INC-1"), "{said}");
    record.act("ana in Slack, #general", line, "");
    stage.pager.wait_until("bo is paged", |inbox| inbox.acted().count() == 1).await;
    stage.quiet(&["slack", "discord"]).await;
    record.look(&stage);

    // Slack is away. Nobody who works elsewhere notices.
    stage.slack.stop();
    record.happens("Slack is down");
    let there = stage.discord_room();
    let bo = stage.discord.bo().at_id(there);
    let asked = bo.runs("/incident diagnose", json!({})).await;
    record.act("bo in Discord, in the incident's channel", "/incident diagnose", &asked.says().await);
    let found = stage.discord.message_with(there, "Run 1 (diagnosis) done").await;
    let file = found.attachments.first().expect("what the commands printed is beside it");
    record.keeps(&file.filename, &String::from_utf8_lossy(&file.bytes));
    stage.quiet(&["discord"]).await;
    record.look(&stage);

    // Killed the moment the answer is there: what was answered is kept, and shown afterwards.
    let room = Room::sign_in(&stage.bot, "cy").await;
    let answer = room.say("INC-1", "ack", true).await;
    stage.bot.kill9();
    assert_eq!(answer.status, 200, "{}", answer.body);
    record.act("cy in the room", "ack", answer.json()["text"].as_str().unwrap_or_default());
    record.happens("Firebell is killed as soon as it has answered, and started again");
    stage.bot.start_again().await;
    stage.quiet(&["discord"]).await;
    record.look(&stage);

    stage.slack.start_again();
    record.happens("Slack is back");
    stage.slack.connected(2).await;
    stage.quiet(&["slack", "discord"]).await;
    record.look(&stage);

    let card = stage.discord.message_with(there, "Resolve…").await;
    let form = bo.clicks(&card, "Resolve…").await;
    let text = "The payments container was out of memory; it has more now.";
    let done = bo.submits(&form, json!({ "What ended it": text })).await;
    record.act("bo in Discord, on the card's form \"Resolve…\"", text, &done.says().await);
    stage.pager.wait_until("the pager knows the end", |i| i.acted().any(|d| d.body["kind"] == "page_resolved")).await;
    stage.quiet(&["slack", "discord"]).await;
    record.look(&stage);

    let ended = stage.slack.message(&stage.slack_room(), "[Post-mortem]").await;
    assert_eq!(ana.clicks(&ended, "Post-mortem").await.error, None);
    record.act("ana in Slack, on the card", "[Post-mortem]", "");
    stage.slack.ephemeral("ana", text).await;
    record.look(&stage);

    let (_, timeline) = stage.bot.say("cy", "/incident INC-1 timeline").await;
    record.act("cy in the room", "timeline", &timeline);
    let text = record.written(&stage);
    stage.strike().await;
    expect_golden("recorded/one_incident_in_three_places.txt", &text);
}
