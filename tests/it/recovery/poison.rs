//! One incident whose rows do not add up: it harms itself, and nobody who was in the same transaction by chance.

use super::world::sqlite;
use crate::harness::serve::Serve;
use crate::harness::{Answer, http_client};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::process::Command;

#[tokio::test]
async fn a_damaged_incident_refuses_its_own_commands_and_the_others_are_done_once() {
    let mut serve = Serve::start("").await;
    assert_eq!(serve.declare("damaged").await, "INC-1");
    let database = serve.folder().join("firebell.db");
    // An event that nobody decided stands where the next one belongs.
    let stray = "INSERT INTO event (incident_id, seq, at, kind, actor, body, hash) \
                 SELECT 1, head_seq + 1, 0, 'noted', '{}', '{}', zeroblob(32) FROM incident WHERE incident_id = 1";
    let wrote = Command::new("sqlite3").args(["-cmd", ".timeout 5000"]).arg(&database).arg(stray).status();
    assert!(wrote.expect("sqlite3 can be started").success());

    // All at once, so that they are decided together: every other one is about the damaged incident.
    let (http, token) = (http_client(), serve.token());
    let ask = async |n: usize| {
        let (path, body) = match n % 2 {
            0 => ("/api/v1/incidents/INC-1/notes", json!({"text": format!("note {n}")})),
            _ => ("/api/v1/incidents", json!({"severity": "P1", "title": format!("sound {n}")})),
        };
        let request = http.post(format!("{}{path}", serve.url())).bearer_auth(&token).json(&body);
        Answer::to(request.header("idempotency-key", format!("k-{n}"))).await.expect("it answers")
    };
    let first = join_all((0..60).map(ask)).await;
    let again = join_all((0..60).map(ask)).await;
    for (n, (first, again)) in first.iter().zip(&again).enumerate() {
        if n % 2 == 0 {
            assert_eq!((first.status, again.status), (500, 500), "{}", first.body);
            let message = first.json()["error"]["message"].clone();
            assert!(message.as_str().is_some_and(|m| m.starts_with("Not recorded: ")), "{message}");
        } else {
            assert_eq!(first.status, 201, "{}", first.body);
            let id = |answer: &Answer| -> Value { answer.json()["incident"]["id"].clone() };
            assert_eq!(id(first), id(again), "the same key, the same incident");
        }
    }
    let declared = sqlite(&database, "SELECT incident_id FROM incident WHERE title LIKE 'sound %'");
    assert_eq!(declared.len(), 30, "each once");
    serve.terminate().await;
    let ran = serve.run(&["audit", "verify"]).await;
    assert!(ran.status == 1 && ran.stdout.contains("INC-1"), "{}", ran.stdout);
}
