//! What becomes known only after Discord takes no answer to the interaction any more: it is told as a message, to whoever
//! asked.

use super::{House, QUICK};
use firebell::chat::discord::gateway::Watch;
use firebell_domain::id::IncidentId;
use serde_json::json;
use std::time::Duration;

/// Discord's own.
const TOKEN_ENDS: Duration = Duration::from_secs(15 * 60 + 1);

#[tokio::test]
async fn what_is_known_only_after_fifteen_minutes_is_told_as_a_message_to_who_asked() {
    let house = House::watched("", Watch { token: Duration::from_secs(1), ..QUICK }).await.listening().await;
    let ana = house.server.ana().at("general");
    let asked = ana.runs("/incident declare", json!({ "title": "checkout is down", "severity": "P1" })).await;
    assert!(asked.says().await.contains("INC-1"));

    let hangs = house.places.answers.lock().await;
    let asked = ana.runs("/incident note", json!({ "text": "the disk of db1 is full" })).await;
    let first = asked.says().await;
    assert!(first.contains("Not recorded yet"), "{first}");
    house.server.passes(TOKEN_ENDS);
    drop(hangs);
    crate::fake_discord::until("it is told in the channel", async || house.server.messages("general").len() == 1).await;
    let said = &house.server.messages("general")[0];
    let plain = house.server.plain(said);
    assert!(plain.contains("INC-1") && !plain.contains("Not recorded"), "{plain}");
    assert_eq!(said.pings.users, [ana.id], "whoever asked is called, and nobody else");
    assert!(asked.says().await.contains("Not recorded yet"), "the answer could not be changed any more");
    let noted = house.app.store().events(IncidentId(1), 0, 100).await.expect("events");
    let notes = noted.iter().filter(|e| format!("{:?}", e.body).contains("db1")).count();
    assert_eq!(notes, 1);
    house.finish().await;
}

#[tokio::test]
async fn what_is_known_before_that_goes_into_the_answer_itself() {
    let house = House::started("").await;
    let ana = house.server.ana().at("general");
    let asked = ana.runs("/incident declare", json!({ "title": "checkout is down", "severity": "P1" })).await;
    assert!(asked.says().await.contains("INC-1"));
    let hangs = house.places.answers.lock().await;
    let asked = ana.runs("/incident note", json!({ "text": "the disk of db1 is full" })).await;
    assert!(asked.says().await.contains("Not recorded yet"));
    drop(hangs);
    crate::fake_discord::until("the answer is another", async || !asked.says().await.contains("Not recorded")).await;
    assert!(asked.says().await.contains("INC-1") && asked.is_ephemeral().await);
    assert!(house.server.messages("general").is_empty(), "and nowhere else");
    house.finish().await;
}
