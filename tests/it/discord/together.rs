//! The whole way: declared in Discord, decided and recorded, brought to Discord by the engine, taken there by a button,
//! while Discord is away for a while in the middle.

use super::House;
use crate::fake_discord::Fault;
use firebell::app::audit::{AuditKey, Sweeper};
use firebell::chat::discord::Discord;
use firebell::compose;
use firebell::engine::{Engine, EngineState};
use firebell_domain::id::IncidentId;
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn an_incident_gets_its_channel_and_its_card_follows_what_happens_also_over_an_outage() {
    let house = House::with("").await;
    let settings = house.config.discord.clone().expect("a table");
    let bot = Discord::of(settings, compose::discord_people(&house.config), house.app.clone()).expect("an adapter");
    let sweeper = Sweeper::new(AuditKey([7; 32]), house.folder.join("checkpoints"));
    let engine = Engine::new(house.app.clone(), "one".into(), Vec::new(), sweeper, Arc::new(EngineState::default()));
    engine.outlets().put_chats(vec![bot.clone()]);
    let running = tokio::spawn(engine.run(house.stopped()));
    bot.start(house.stopped());
    crate::fake_discord::until("the bot is there", async || {
        let standing = bot.health_now();
        standing.registered && standing.gateway == Some(true)
    })
    .await;

    let (ana, bo) = (house.server.ana(), house.server.bo());
    let asked = ana.runs("/incident declare", json!({ "title": "checkout is down", "severity": "P1" })).await;
    assert!(asked.says().await.contains("INC-1"));
    let find = |s: &crate::fake_discord::State| s.channels.values().find(|c| c.name.starts_with("inc-1")).map(|c| c.id);
    house.server.eventually("the incident has a channel", |s| find(s).is_some()).await;
    let channel = house.server.read(find).expect("a channel");
    let card = house.server.message_with(channel, "Acknowledge").await;
    let announced = house.server.channel("incidents").id;
    house.server.message_with(announced, "checkout is down").await;
    let name = house.server.read(|s| s.channels[&channel].name.clone());
    house
        .server
        .eventually("the card is pinned", |s| s.message(channel, card.id).is_some_and(|m| m.pinned_ms.is_some()))
        .await;

    // Discord takes nothing for a while; what is pressed is recorded all the same.
    house.server.fails("PATCH /channels/{channel}/messages", Fault::Html(503), 2);
    let said = bo.at(&name).clicks(&card, "Acknowledge").await.says().await;
    assert!(said.contains("INC-1"), "{said}");
    let loaded = house.app.store().incident(IncidentId(1)).await.expect("read").expect("there");
    assert_eq!(loaded.incident.acknowledged.map(|a| a.by.shown()), Some("bo".to_string()));
    house
        .server
        .eventually("the card says who has it", |s| {
            s.message(channel, card.id).is_some_and(|m| m.content.contains("bo has it"))
        })
        .await;
    // In its own place no number is needed.
    let said = bo.at(&name).runs("/incident resolve", json!({ "text": "rolled back" })).await.says().await;
    assert!(said.contains("resolved"), "{said}");
    house
        .server
        .eventually("the card says that it is over", |s| {
            s.message(channel, card.id).is_some_and(|m| m.content.contains("resolved"))
        })
        .await;
    house
        .server
        .eventually("what happened is told in its place, once", |s| {
            let all = s.messages.get(&channel).into_iter().flat_map(|m| m.values());
            all.filter(|m| m.content.contains("rolled back") && m.only_for.is_none() && m.id != card.id).count() == 1
        })
        .await;
    house.finish().await;
    running.await.expect("the engine ends");
}
