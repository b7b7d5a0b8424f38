//! The real program beside the test Discord: what completion offers of a runbook's severities, and two replicas on one
//! Postgres of which one has the gateway's connection, until it is gone.

use crate::fake_discord::Discord;
use crate::harness::postgres::fresh_database;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use crate::recovery::world::postgres;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// The lease of a connection (15 s), and room for a busy machine.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(45);
const AUDIT_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

pub fn config(server: &Discord, more: &str) -> String {
    format!(
        "{more}\n[discord]\ntoken = {:?}\napplication_id = \"{}\"\npublic_key = {:?}\nguild_id = \"{}\"\napi_url = {:?}\n\
         message_content = true\n[people.ana]\ndiscord = \"{}\"\n[people.bo]\ndiscord = \"{}\"\n",
        server.token(),
        server.application_id(),
        server.public_key(),
        server.guild_id(),
        server.api_url(),
        server.ana().id,
        server.bo().id
    )
}

/// Discord delivers to whoever is on the gateway.
pub async fn connected(server: &Discord) {
    server.eventually("the connection is there", |s| s.sessions.by_id.values().any(|one| one.link.is_some())).await;
}

fn runbook(name: &str, levels: [&str; 2]) -> String {
    let [first, second] = levels;
    format!(
        "# {name}\n\n**System**: {name}\n\n## Severity levels\n\n| Level | Name | Meaning |\n|---|---|---|\n\
         | {first} | Outage | Nobody can work |\n| {second} | Slow | Some wait |\n"
    )
}

#[tokio::test]
async fn severities_are_offered_as_the_runbook_of_the_chosen_service_has_them() {
    let server = Discord::start();
    let services = "[services.checkout]\nsystem = \"Shop\"\n[services.wages]\nsystem = \"Payroll\"\n";
    let mut bot = Serve::configured(&format!("{}{services}", config(&server, "")));
    let folder = bot.folder().join("runbooks");
    fs::create_dir_all(&folder).expect("a folder");
    for (name, levels) in [("Shop", ["S1", "S2"]), ("Payroll", ["P0", "P5"])] {
        let file = format!("{}.md", name.to_lowercase());
        fs::write(folder.join(file), runbook(name, levels)).expect("written");
    }
    bot.start_again().await;
    connected(&server).await;
    let ana = server.ana();
    let offered = async |options: Value| -> Vec<String> {
        let all = ana.types("/incident declare", options, "severity").await;
        all.iter().filter_map(|c| c["value"].as_str().map(str::to_string)).collect()
    };
    assert_eq!(offered(json!({"severity": "", "service": "checkout"})).await, ["S1", "S2"]);
    assert_eq!(offered(json!({"severity": "", "service": "wages"})).await, ["P0", "P5"]);
    assert_eq!(offered(json!({"severity": "slow", "service": "wages"})).await, ["P5"], "by their names too");
    let all = offered(json!({"severity": ""})).await;
    assert!(all.contains(&"S1".to_string()) && all.contains(&"P5".to_string()), "of all where none is chosen: {all:?}");
    // An incident has its own.
    let asked = ana.runs("/incident declare", json!({"title": "no wages", "severity": "P0", "service": "wages"})).await;
    assert!(asked.says().await.contains("INC-1"));
    let level = ana.types("/incident severity", json!({"level": "", "incident": "INC-1"}), "level").await;
    assert_eq!(level.iter().filter_map(|c| c["value"].as_str()).collect::<Vec<_>>(), ["P0", "P5"]);
    bot.terminate().await;
    server.finish().await;
}

/// What a replica says of its connection: whether it has it.
async fn has_it(bot: &Serve) -> Option<bool> {
    let all = bot.try_get("/health/components").await.ok()?.json();
    let message = all["chats"]["discord"]["message"].as_str()?.to_string();
    match message.as_str() {
        "The gateway is connected." => Some(true),
        text if text.starts_with("Another replica has the gateway's connection") => Some(false),
        _ => None,
    }
}

#[tokio::test]
async fn one_of_two_replicas_has_the_gateway_and_the_other_takes_over_when_it_was_killed() {
    let (server, database) = (Discord::start(), fresh_database());
    let both = config(&server, &format!("database_url = {database:?}"));
    let both = format!("{both}[audit]\nkey = {AUDIT_KEY:?}\n");
    let (mut one, mut other) = (Serve::start(&both).await, Serve::start(&both).await);
    eventually("one has the connection and the other knows", BOUND, async || {
        matches!((has_it(&one).await, has_it(&other).await), (Some(true), Some(false)) | (Some(false), Some(true)))
    })
    .await;
    assert_eq!(server.connected(), 1, "one session");
    if has_it(&other).await == Some(true) {
        std::mem::swap(&mut one, &mut other);
    }
    let (ana, bo) = (server.ana(), server.bo());
    let asked = ana.runs("/incident declare", json!({"title": "checkout is down", "severity": "P1"})).await;
    assert!(asked.says().await.contains("INC-1"));
    server.eventually("it has a channel", |s| s.channels.values().any(|c| c.name.starts_with("inc-1"))).await;

    one.kill9();
    eventually("the other has taken over", TAKEN_OVER_WITHIN, async || has_it(&other).await == Some(true)).await;
    let said = bo.at("inc-1-checkout-is-down").runs("/incident ack", json!({})).await.says().await;
    assert!(said.contains("bo has INC-1 now"), "{said}");

    // A replica that ends cleanly gives it back: nobody waits for a lease to run out.
    one.start_again().await;
    eventually("the first stands by", BOUND, async || has_it(&one).await == Some(false)).await;
    let holder = || postgres(&database, "SELECT holder FROM lease WHERE name = 'discord.gateway'");
    let before = holder();
    other.terminate().await;
    assert_ne!(holder(), before, "it is given back");
    eventually("the first has it again", BOUND, async || has_it(&one).await == Some(true)).await;
    assert_eq!(server.connected(), 1, "one session");
    one.terminate().await;
    one.assert_log_is_whole().await;
    server.finish().await;
}
