//! Somebody deletes an incident's channel: the incident goes on everywhere else, and says what is missing.

use super::served::{config, connected};
use crate::fake_discord::Discord;
use crate::harness::serve::Serve;
use serde_json::json;

const ROOM: &str = "inc-1-checkout-is-down";

#[tokio::test]
async fn a_channel_that_somebody_deleted_costs_the_incident_nothing_and_is_named() {
    let server = Discord::start();
    let announce = format!("[discord]\nannounce = \"{}\"\n", server.channel("incidents").id);
    let mut bot = Serve::configured(&config(&server, "").replace("[discord]\n", &announce));
    bot.start_again().await;
    connected(&server).await;
    let ana = server.ana();
    let asked = ana.runs("/incident declare", json!({"title": "checkout is down", "severity": "P1"})).await;
    assert!(asked.says().await.contains("INC-1"));
    server.eventually("it has a channel", |s| s.channels.values().any(|c| c.name == ROOM)).await;
    bot.nothing_waits().await;

    server.loses_channel(ROOM);
    let said = ana.runs("/incident ack", json!({"incident": "INC-1"})).await.says().await;
    assert!(said.contains("INC-1"), "{said}");
    bot.nothing_waits().await;
    let announced = server.messages("incidents").iter().any(|m| server.plain(m).contains("ana has it"));
    assert!(announced, "it is announced as it is");
    let said: Vec<String> = server.messages("incidents").iter().map(|m| server.plain(m)).collect();
    let named = said.iter().any(|m| m.contains("Not done yet: discord: the headline"));
    assert!(named, "what is missing is named: {said:#?}");
    // Another channel takes its place; a command about it works wherever it is given.
    let said = ana.at("general").runs("/incident people use-channel", json!({"incident": "INC-1"})).await.says().await;
    assert!(said.contains("INC-1"), "{said}");
    bot.nothing_waits().await;
    let card = server.messages("general").iter().any(|m| server.plain(m).contains("ana has it"));
    assert!(card, "the headline is there: {:#?}", server.messages("general"));
    let said: Vec<String> = server.messages("incidents").iter().map(|m| server.plain(m)).collect();
    assert!(!said.iter().any(|m| m.contains("the headline")), "it is missing no longer: {said:#?}");
    let said = ana.runs("/incident resolve", json!({"text": "rolled back", "incident": "INC-1"})).await.says().await;
    assert!(said.contains("resolved"), "{said}");
    // Refused for whoever asked alone, and found in the log by the interaction's id, without anybody's words.
    let asked = ana.runs("/incident ack", json!({"incident": "INC-1", "note": "my pass is hunter2"})).await;
    let said = asked.says().await;
    assert!(said.contains("resolved") && asked.is_ephemeral().await, "{said}");
    bot.nothing_waits().await;
    let log = bot.log();
    let id = asked.id.to_string();
    assert!(log.lines().any(|l| l.contains("refused") && l.contains(&id)) && !log.contains("hunter2"), "{log}");
    let logged = log.lines().any(|l| l.contains("INC-1") && l.contains("the channel is not there any more"));
    assert!(logged, "the operator reads which incident it was and why: {log}");
    bot.terminate().await;
    bot.assert_log_is_whole().await;
    server.finish().await;
}
