//! What people do in Discord, and what they are answered: through the gateway, with the stand-in's own people.

use super::{House, card};
use firebell::engine::ports::Outcome;
use firebell::engine::ports::chat::{Chat, ChatJob};
use firebell_domain::event::Event;
use firebell_domain::id::IncidentId;
use serde_json::json;

async fn posted(house: &House, channel: u64) -> crate::fake_discord::Message {
    let act = house.act("INC-1/card", ChatJob::Card { place: channel.to_string(), card: card(), message: None });
    let Outcome::Done { receipt: Some(id) } = house.bot.perform(&act).await else { panic!("not posted") };
    let id: u64 = id.parse().expect("an id");
    house.server.read(|s| s.message(channel, id).cloned()).expect("a message")
}

#[tokio::test]
async fn an_incident_is_declared_taken_and_resolved_by_commands_and_buttons() {
    let house = House::started("").await;
    let (ana, bo) = (house.server.ana(), house.server.bo());
    let asked = ana
        .runs("/incident declare", json!({ "title": "low disk space on db1", "severity": "P1", "service": "payments" }))
        .await;
    let said = asked.says().await;
    assert!(said.contains("INC-1") && asked.is_ephemeral().await, "{said}");
    let incident = || async { house.app.store().incident(IncidentId(1)).await.expect("read").expect("there").incident };
    assert_eq!(incident().await.title, "low disk space on db1");
    assert_eq!(incident().await.severity.level, "P1");

    let channel = house.server.has_channel("inc-1");
    house.place(channel, 1);
    let message = posted(&house, channel).await;
    let bo = bo.at("inc-1");
    let said = bo.clicks(&message, "Acknowledge").await.says().await;
    assert!(said.contains("INC-1"), "{said}");
    assert_eq!(incident().await.acknowledged.map(|a| a.by.shown()), Some("bo".to_string()));
    // Pressed again by another: a sentence for them alone, and nothing else happens.
    let said = ana.at("inc-1").clicks(&message, "Acknowledge").await.says().await;
    assert!(said.contains("bo"), "{said}");

    let asked = bo.clicks(&message, "Update").await;
    let submitted = bo.submits(&asked, json!({ "text": "Cards work **again**, refunds are slow." })).await;
    assert!(submitted.says().await.contains("INC-1"));
    let picked = bo.picks(&message, "More …", &["Escalate"]).await.says().await;
    assert!(!picked.is_empty());
    let said = bo.runs("/incident resolve", json!({ "text": "rolled back" })).await.says().await;
    assert!(said.contains("resolved"), "{said}");
    assert!(!incident().await.status.open());
    // A button of what has ended says so.
    let said = bo.clicks(&message, "Acknowledge").await.says().await;
    assert!(said.contains("resolved"), "{said}");
    house.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_to_whoever_did_it_alone() {
    let house = House::started("").await;
    let ana = house.server.ana();
    for (line, options, part) in [
        ("/incident declare", json!({ "title": "x", "severity": "banana" }), "banana"),
        ("/incident ack", json!({ "incident": "the other one" }), "is no incident"),
        ("/incident ack", json!({ "incident": "INC-77" }), "INC-77"),
        ("/incident people lead", json!({ "user": "zoe" }), "No incident is open"),
        ("/incident snooze", json!({ "duration": "soon" }), "incident"),
    ] {
        let asked = ana.runs(line, options).await;
        let said = asked.says().await;
        assert!(said.contains(part), "{line}: {said}");
        assert!(asked.is_ephemeral().await);
    }
    assert!(ana.runs("/oncall show", json!({})).await.says().await.contains("schedule"));
    assert!(ana.runs("/incident menu", json!({})).await.says().await.contains("declare"));
    assert!(ana.runs("/incident help", json!({ "verb": "snooze" })).await.says().await.contains("snooze"));
    house.finish().await;
}

#[tokio::test]
async fn what_is_typed_is_completed_and_private_incidents_only_for_those_in_them() {
    let house = House::started("").await;
    let (ana, bo) = (house.server.ana(), house.server.bo());
    ana.runs("/incident declare", json!({ "title": "checkout is down", "severity": "P2" })).await.answered().await;
    let asked =
        ana.runs("/incident declare", json!({ "title": "data in the logs", "severity": "P1", "private": true })).await;
    asked.answered().await;
    let names = |found: Vec<serde_json::Value>| {
        found.into_iter().map(|c| c["name"].as_str().unwrap_or_default().to_string()).collect::<Vec<_>>()
    };
    crate::fake_discord::until("both are remembered", async || {
        names(ana.types("/incident ack", json!({ "incident": "" }), "incident").await).len() == 2
    })
    .await;
    let for_ana = names(ana.types("/incident ack", json!({ "incident": "data" }), "incident").await);
    assert_eq!(for_ana, ["INC-2 data in the logs"]);
    let for_bo = names(bo.types("/incident ack", json!({ "incident": "" }), "incident").await);
    assert_eq!(for_bo, ["INC-1 checkout is down"]);
    let people = names(ana.types("/incident people lead", json!({ "user": "ana" }), "user").await);
    assert_eq!(people, ["Ana Ruiz (@ana)"]);
    let levels = names(ana.types("/incident severity", json!({ "level": "crit" }), "level").await);
    assert_eq!(levels, ["P1 Critical"]);
    let whom = names(ana.types("/incident page", json!({ "whom": "own" }), "whom").await);
    assert_eq!(whom, ["owners"]);
    house.finish().await;
}

#[tokio::test]
async fn messages_and_people_have_commands_in_their_menus() {
    let house = House::started("").await;
    let (ana, bo, cy) = (house.server.ana(), house.server.bo(), house.server.cy());
    let channel = house.server.has_channel("ops");
    let message = cy.at("ops").writes("the checkout says 500 since 14:00");
    let asked = ana.at("ops").runs_on_message("Declare incident", &message).await;
    let title = asked.modal().await["components"][0]["components"][0]["value"].clone();
    assert_eq!(title, "the checkout says 500 since 14:00");
    ana.at("ops").submits(&asked, json!({ "severity": "P2" })).await.answered().await;
    house.place(channel, 1);
    let said = ana.at("ops").runs_on_message("Add to timeline", &message).await.says().await;
    assert!(said.contains("INC-1") || said.contains("timeline"), "{said}");
    let timeline = ana.at("ops").runs("/incident timeline", json!({})).await.says().await;
    assert!(timeline.contains("the checkout says 500 since 14:00") && timeline.contains("cy"), "{timeline}");
    let link = format!("https://discord.com/channels/{}/{channel}/{}", house.server.guild_id(), message.id);
    assert!(timeline.contains(&link), "{timeline}");
    let events = house.app.store().events(IncidentId(1), 0, 1_000).await.expect("events");
    let origin = events.iter().find_map(|e| match &e.body {
        Event::Noted { origin, .. } => origin.clone(),
        _ => None,
    });
    let origin = *origin.expect("where it stands is kept beside its words");
    assert!(origin.is(&"discord".into(), &channel.to_string(), &message.id.to_string()), "{origin:?}");
    assert_eq!((origin.author, origin.link), (Some(cy.id.to_string()), Some(link)));
    let asked = ana.at("ops").runs_on_user("Page", &bo).await;
    let said = ana.submits(&asked, json!({ "text": "need help" })).await.says().await;
    assert!(said.contains("bo"), "{said}");
    let said = ana.at("ops").runs_on_user("Page", &cy).await.says().await;
    assert!(said.contains("is not known to Firebell"), "{said}");
    house.finish().await;
}

#[tokio::test]
async fn somebody_who_is_not_configured_speaks_by_their_handle() {
    let house = House::started("").await;
    let cy = house.server.cy();
    cy.runs("/incident declare", json!({ "title": "mail is late" })).await.answered().await;
    let loaded = house.app.store().incident(IncidentId(1)).await.expect("read").expect("there");
    assert!(loaded.incident.involves(&"cy".into()), "declared by cy");
    house.finish().await;
}

#[tokio::test]
async fn a_pushpin_keeps_a_message_in_the_timeline_once_and_so_does_a_pin() {
    let house = House::started("message_content = true").await;
    let (ana, bo) = (house.server.ana(), house.server.bo());
    ana.runs("/incident declare", json!({ "title": "checkout is down" })).await.answered().await;
    let channel = house.server.has_channel("inc-1");
    house.place(channel, 1);
    house.server.lets_pin();
    let message = bo.at("inc-1").writes("the replica is 40 minutes behind");
    ana.at("inc-1").reacts(&message, "📌");
    bo.at("inc-1").reacts(&message, "📌");
    let kept = async || {
        let events = house.app.store().events(IncidentId(1), 0, 1_000).await.expect("events");
        events.iter().filter(|e| format!("{:?}", e.body).contains("40 minutes behind")).count()
    };
    crate::fake_discord::until("the message is in the timeline", async || kept().await == 1).await;
    ana.at("inc-1").pins(&message);
    let other = bo.at("inc-1").writes("failover begins");
    ana.at("inc-1").pins(&other);
    crate::fake_discord::until("the pin is in the timeline", async || {
        let events = house.app.store().events(IncidentId(1), 0, 1_000).await.expect("events");
        events.iter().any(|e| format!("{:?}", e.body).contains("failover begins"))
    })
    .await;
    assert_eq!(kept().await, 1, "kept once");
    house.finish().await;
}

#[tokio::test]
async fn what_is_not_known_gets_a_sentence() {
    let house = House::started("").await;
    let channel = house.server.has_channel("inc-1");
    let message = posted(&house, channel).await;
    house.server.change(|s| {
        let message = s.message_mut(channel, message.id).expect("there");
        message.components = vec![json!({ "type": 1, "components": [
            { "type": 2, "style": 1, "label": "Old", "custom_id": "fb|do|1|everything" }] })];
    });
    let said = house.server.ana().at("inc-1").clicks(&message, "Old").await.says().await;
    assert!(said.contains("another version of Firebell"), "{said}");
    house.finish().await;
}
