//! Interactions over HTTP: signed by Discord and fresh, or 401; answered in the response.

use super::House;
use crate::fake_discord::Signs;
use crate::harness::wire::Wire;
use firebell::chat::discord::router;
use firebell_domain::id::IncidentId;
use serde_json::json;

fn listening(house: &House) -> (Wire, String) {
    let wire = Wire::serve(router(&house.bot));
    let url = format!("{}/discord/interactions", wire.url());
    (wire, url)
}

#[tokio::test]
async fn a_signed_interaction_is_done_and_answered_in_the_response() {
    let house = House::started("gateway = false").await;
    let (_wire, url) = listening(&house);
    house.server.delivers_to(&url).await;
    let ana = house.server.ana();
    let said = ana.runs("/incident declare", json!({ "title": "checkout is down" })).await.says().await;
    assert!(said.contains("INC-1"), "{said}");
    let found = ana.types("/incident ack", json!({ "incident": "INC" }), "incident").await;
    assert!(found.len() <= 1);
    let said = ana.runs("/incident ack", json!({ "incident": "INC-1" })).await.says().await;
    assert!(said.contains("INC-1"), "{said}");
    let loaded = house.app.store().incident(IncidentId(1)).await.expect("read").expect("there");
    assert!(loaded.incident.acknowledged.is_some());
    house.finish().await;
}

#[tokio::test]
async fn what_discord_did_not_sign_just_now_is_turned_away_and_nothing_is_done() {
    let house = House::with("gateway = false").await;
    let (_wire, url) = listening(&house);
    let command = json!({ "type": 2, "token": "t", "guild_id": house.server.guild_id().to_string(), "channel_id": "5",
        "member": { "user": { "id": "9", "username": "mallory" } },
        "data": { "type": 1, "name": "incident", "options": [{ "type": 1, "name": "declare",
            "options": [{ "type": 3, "name": "title", "value": "not by us" }] }] } });
    for signs in [Signs::Forged, Signs::Stale(301), Signs::Stale(-301), Signs::Tampered, Signs::Missing, Signs::Garbled]
    {
        let (status, body) = house.server.knocks(&url, signs, &command).await;
        assert_eq!(status, 401, "{signs:?}: {body}");
    }
    assert!(house.app.store().incident(IncidentId(1)).await.expect("read").is_none());
    let (status, body) = house.server.knocks(&url, Signs::Right, &json!({ "type": 1 })).await;
    assert_eq!((status, body.as_str()), (200, r#"{"type":1}"#));
    let (status, _) = house.server.knocks(&url, Signs::Right, &json!({ "hello": "you" })).await;
    assert_eq!(status, 400);
    let (status, body) = house.server.knocks(&url, Signs::Right, &json!({ "type": 77 })).await;
    assert!(status == 200 && body.contains("another version"), "{status} {body}");
    house.finish().await;
}

#[tokio::test]
async fn the_same_interaction_twice_is_done_once() {
    let house = House::with("gateway = false").await;
    let (_wire, url) = listening(&house);
    let command = json!({ "id": "123456789012345678", "application_id": house.server.application_id().to_string(),
        "type": 2, "token": "t", "version": 1, "guild_id": house.server.guild_id().to_string(), "channel_id": "5",
        "member": { "user": { "id": house.server.ana().id.to_string(), "username": "ana" } },
        "data": { "type": 1, "name": "incident", "options": [{ "type": 1, "name": "declare",
            "options": [{ "type": 3, "name": "title", "value": "checkout is down" }] }] } });
    for n in 0..2 {
        let (status, body) = house.server.knocks(&url, Signs::Right, &command).await;
        assert!(status == 200 && body.contains("INC"), "{n}: {status} {body}");
    }
    assert!(house.app.store().incident(IncidentId(2)).await.expect("read").is_none(), "one incident");
    house.finish().await;
}
