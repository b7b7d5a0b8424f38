//! What completion offers is answered from memory: with a database that answers nobody it is the same.

use super::served::{config, connected};
use crate::fake_discord::Discord;
use crate::fake_discord::people::Person;
use crate::harness::postgres::PrivatePostgres;
use crate::harness::serve::Serve;
use serde_json::{Value, json};
use std::fs;

const SHOP: &str = "\
# Shop

**System**: Shop

## Severity levels

| Level | Name | Response time |
|---|---|---|
| S1 | Outage | 15 minutes |
| S2 | Slow | 4 hours |

## Health checks

```bash
# Free disk
df -h
```

## Recovery

```bash
# Throw the old images away
docker image prune -af
```
";

/// What is offered for one option, by its values.
async fn offered(who: &Person, line: &str, options: Value, option: &str) -> Vec<String> {
    let all = who.types(line, options, option).await;
    all.iter().filter_map(|c| c["value"].as_str().map(str::to_string)).collect()
}

/// Everything that can be completed, in the place of the incident and by its number.
async fn everything(server: &Discord, room: &str) -> Vec<(&'static str, Vec<String>)> {
    let (ana, there) = (server.ana(), server.ana().at(room));
    vec![
        ("incidents", offered(&ana, "/incident ack", json!({"incident": ""}), "incident").await),
        ("people", offered(&ana, "/incident people lead", json!({"user": "an"}), "user").await),
        ("services", offered(&ana, "/incident declare", json!({"service": ""}), "service").await),
        ("playbooks", offered(&ana, "/incident runbook", json!({"playbook": ""}), "playbook").await),
        ("items here", offered(&there, "/incident review done", json!({"number": ""}), "number").await),
        (
            "items of the one named",
            offered(&ana, "/incident review done", json!({"incident": "INC-1", "number": "disk"}), "number").await,
        ),
        ("severities here", offered(&there, "/incident severity", json!({"level": ""}), "level").await),
        ("checks here", offered(&there, "/incident diagnose", json!({"checks": ""}), "checks").await),
        ("remediations here", offered(&there, "/incident fix run", json!({"what": ""}), "what").await),
        ("elsewhere", offered(&ana, "/incident review done", json!({"number": ""}), "number").await),
        (
            "of another's private one",
            offered(&ana, "/incident review done", json!({"incident": "INC-2", "number": ""}), "number").await,
        ),
    ]
}

#[tokio::test]
async fn completion_is_answered_from_memory_also_while_the_database_is_frozen_and_after_a_restart() {
    let (postgres, server) = (PrivatePostgres::start(), Discord::start());
    let house = "[services.checkout]\nsystem = \"Shop\"\n[targets.here]\nkind = \"host\"\n";
    let database = format!("database_url = {:?}", postgres.url());
    let mut bot = Serve::configured(&format!("{}{house}", config(&server, &database)));
    let folder = bot.folder().join("runbooks");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("shop.md"), SHOP).expect("written");
    bot.start_again().await;
    connected(&server).await;
    let (ana, bo) = (server.ana(), server.bo());
    let declare = json!({"title": "no orders", "severity": "S1", "service": "checkout"});
    assert!(ana.runs("/incident declare", declare).await.says().await.contains("INC-1"));
    let secret = json!({"title": "wages are public", "severity": "S1", "private": true});
    assert!(bo.runs("/incident declare", secret).await.says().await.contains("INC-2"));
    for (who, id, text) in [
        (&ana, "INC-1", "alert on disk growth"),
        (&ana, "INC-1", "rotate the logs"),
        (&bo, "INC-2", "tell the lawyers"),
    ] {
        let said = who.runs("/incident review action", json!({"text": text, "incident": id})).await.says().await;
        assert!(said.contains(id), "{said}");
    }
    let done = ana.runs("/incident review done", json!({"number": "2", "incident": "INC-1"})).await.says().await;
    assert!(done.contains("INC-1"), "{done}");
    // What has ended keeps its items, and they are still to be done.
    let said = ana.runs("/incident resolve", json!({"text": "more disk", "incident": "INC-1"})).await.says().await;
    assert!(said.contains("resolved"), "{said}");
    let room = "inc-1-no-orders";
    server
        .eventually("it has a channel that is recorded", |s| {
            s.channels.values().any(|c| c.name == room && c.topic.is_some())
        })
        .await;

    let line = |command: &str| {
        let at = SHOP.lines().position(|l| l.contains(command)).expect("it is there") + 1;
        format!("line {at}")
    };
    let expected: Vec<(&str, Vec<String>)> = [
        ("incidents", vec!["INC-1"]),
        ("people", vec!["@ana"]),
        ("services", vec!["checkout"]),
        ("playbooks", vec!["Shop", "review"]),
        ("items here", vec!["1"]),
        ("items of the one named", vec!["1"]),
        ("severities here", vec!["S1", "S2"]),
        ("checks here", vec![line("df -h").leak()]),
        ("remediations here", vec![line("docker image").leak()]),
        ("elsewhere", vec![]),
        ("of another's private one", vec![]),
    ]
    .map(|(what, values)| (what, values.into_iter().map(str::to_string).collect()))
    .to_vec();
    remembers(&server, room, &expected).await;
    postgres.freeze();
    assert_eq!(everything(&server, room).await, expected, "frozen");
    postgres.thaw();

    bot.terminate().await;
    bot.start_again().await;
    connected(&server).await;
    remembers(&server, room, &expected).await;
    postgres.freeze();
    assert_eq!(everything(&server, room).await, expected, "frozen after a restart");
    postgres.thaw();
    bot.terminate().await;
    server.finish().await;
}

/// Waits until what was said last has reached the memory.
async fn remembers(server: &Discord, room: &str, expected: &[(&str, Vec<String>)]) {
    let same = async || everything(server, room).await == expected;
    crate::harness::eventually("what was said is remembered", crate::harness::BOUND, same).await;
}
