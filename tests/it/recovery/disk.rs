//! The disk is full, and has room again: the bot on a small file system of its own, which the test fills from outside.

use super::world::{World, sqlite};
use crate::harness::files::temp_dir;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

/// Declarations until a full disk must have been noticed: what lies allocated in the write-ahead log is used up first.
const TRIES_MAX: usize = 3_000;

#[tokio::test]
async fn a_full_disk_refuses_with_its_reason_and_recovers_when_there_is_room() {
    let disk = temp_dir();
    let world = World::start();
    let mount = "mount -t tmpfs -o size=12m tmpfs \"$0\" && exec \"$@\"";
    let at = disk.path().to_str().expect("a plain path").to_owned();
    let config = format!("database_url = \"sqlite://{at}/firebell.db\"\n{}", world.config());
    let mut serve = Serve::configured(&config).through(&["unshare", "-rm", "sh", "-c", mount, &at]);
    serve.start_again().await;
    // The file system is the process's own: from outside it is reached through the process.
    let inside = PathBuf::from(format!("/proc/{}/root{at}", serve.id()));
    assert!(inside.join("firebell.db").exists(), "the bot has its own file system");
    fs::copy(inside.join("firebell.token"), serve.folder().join("firebell.token")).expect("the token is there");
    let before = serve.declare("before").await;
    world.ana_is_paged(&before).await;

    fill(&inside.join("filler"));
    let mut recorded = vec!["before".to_owned()];
    let mut refusal = None;
    for number in 0..TRIES_MAX {
        let title = format!("trouble {number}");
        let answer = serve.command("/api/v1/incidents", Some(&title), &json!({"severity": "P1", "title": title})).await;
        if answer.status != 201 {
            refusal = Some((title, answer));
            break;
        }
        recorded.push(title);
    }
    let (refused, answer) = refusal.expect("a full disk was noticed");
    assert_eq!(answer.status, 503, "{}", answer.body);
    let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.starts_with("Not recorded: the disk of the database is full. Nothing was done; free some"), "{message}");
    // Reading works, nothing of what was refused is there, and it does not give up.
    let database = inside.join("firebell.db");
    assert_eq!(serve.get("/health").await.status, 200);
    assert_eq!(titles(&database), recorded);

    fs::remove_file(inside.join("filler")).expect("the filler can be removed");
    let body = json!({"severity": "P1", "title": refused});
    eventually("commands are taken again", BOUND, async || {
        serve.command("/api/v1/incidents", Some(&refused), &body).await.status == 201
    })
    .await;
    recorded.push(refused);
    assert_eq!(titles(&database), recorded);
    let last = format!("INC-{}", recorded.len());
    world.ana_is_paged(&last).await;
    // The file system ends with the process, so the log is checked while it runs.
    let settled = "SELECT 1 FROM incident WHERE checkpointed_seq < head_seq";
    eventually("every page is receipted and covered", BOUND, async || {
        let waiting = "SELECT 1 FROM outbox WHERE lane = 'page' AND status IN ('queued', 'claimed')";
        sqlite(&database, settled).is_empty() && sqlite(&database, waiting).is_empty()
    })
    .await;
    serve.set_env("FIREBELL_DATABASE_URL", &format!("sqlite://{}", database.display()));
    let ran = serve.run(&["audit", "verify"]).await;
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
    serve.unset_env("FIREBELL_DATABASE_URL");
    serve.terminate().await;
}

fn titles(database: &std::path::Path) -> Vec<String> {
    let rows = sqlite(database, "SELECT title FROM incident ORDER BY incident_id");
    rows.iter().map(|row| row["title"].as_str().expect("a text").to_owned()).collect()
}

/// Writes until nothing goes any more.
fn fill(path: &std::path::Path) {
    let mut file = File::create(path).expect("the filler can be created");
    let chunk = [b'x'; 4_096];
    while file.write_all(&chunk).is_ok() {}
}
