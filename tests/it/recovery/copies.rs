//! Backup and restore by the command line: a copy taken under load opens and verifies; what must not be restored is
//! refused with its reason; the restored bot goes on where the copy ended.

use super::world::{World, sqlite};
use crate::harness::serve::Serve;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

#[tokio::test]
async fn a_backup_taken_under_load_verifies_and_a_bot_restored_from_it_goes_on() {
    let world = World::start();
    let mut serve = Serve::start(&world.config()).await;
    let first = serve.declare("before the backup").await;
    world.ana_is_paged(&first).await;
    let copy = serve.folder().join("monday.db");
    // Notes all the time while the copy is taken; each answered one is remembered.
    let backup = serve.run(&["backup", "monday.db"]);
    let load = async {
        let mut noted = 0;
        loop {
            let body = json!({"text": format!("note {noted}")});
            let answer = serve.command(&format!("/api/v1/incidents/{first}/notes"), None, &body).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            noted += 1;
        }
    };
    let ran = tokio::select! {
        ran = backup => ran,
        never = load => never,
    };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(": 1 incident, "), "{}", ran.stdout);
    serve.declare("after the backup").await;
    serve.terminate().await;

    // The copy stands by itself, given the key.
    let mut elsewhere = Serve::configured(&world.config());
    let ran = elsewhere.run(&["restore", &text(&copy)]).await;
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    fs::copy(serve.folder().join("firebell.key"), elsewhere.folder().join("firebell.key")).unwrap();
    elsewhere.assert_log_is_whole().await;
    elsewhere.start_again().await;
    let titles = sqlite(&elsewhere.folder().join("firebell.db"), "SELECT title FROM incident");
    assert_eq!(titles, [json!({"title": "before the backup"})]);
    elsewhere.acknowledge(&first).await;
    let next = elsewhere.declare("after the restore").await;
    assert_eq!(next, "INC-2");
    elsewhere.terminate().await;
    elsewhere.assert_log_is_whole().await;
}

#[tokio::test]
async fn restore_refuses_while_the_bot_runs_and_what_is_there_without_force() {
    let mut serve = Serve::start("").await;
    serve.declare("first").await;
    assert_eq!(serve.run(&["backup", "copy.db"]).await.status, 0);
    let twice = serve.run(&["backup", "copy.db"]).await;
    assert_eq!((twice.status, twice.stderr.as_str()), (2, "firebell: copy.db exists. Name a file that does not.\n"));
    serve.declare("second").await;
    for arguments in [&["restore", "copy.db"][..], &["restore", "copy.db", "--force"]] {
        let ran = serve.run(arguments).await;
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("is in use by another firebell"), "{}", ran.stderr);
    }
    serve.terminate().await;
    let ran = serve.run(&["restore", "copy.db"]).await;
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("is there already. With --force it is replaced, and kept as "), "{}", ran.stderr);
    assert_eq!(incidents(&serve.folder().join("firebell.db")), 2, "nothing was replaced");

    let ran = serve.run(&["restore", "copy.db", "--force"]).await;
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(incidents(&serve.folder().join("firebell.db")), 1);
    assert_eq!(incidents(&serve.folder().join("firebell.db.before-restore")), 2, "what was there is kept, whole");
    serve.start_again().await;
    assert_eq!(serve.declare("third").await, "INC-2");
    serve.terminate().await;
}

#[tokio::test]
async fn what_was_replaced_by_a_restore_is_kept_even_after_a_kill() {
    let mut serve = Serve::start("").await;
    serve.declare("first").await;
    assert_eq!(serve.run(&["backup", "copy.db"]).await.status, 0);
    serve.declare("second").await;
    // Most of it is in the write-ahead log only.
    serve.kill9();
    let ran = serve.run(&["restore", "copy.db", "--force"]).await;
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(incidents(&serve.folder().join("firebell.db.before-restore")), 2);
    assert_eq!(incidents(&serve.folder().join("firebell.db")), 1);
}

#[tokio::test]
async fn restore_refuses_what_is_no_copy_of_a_firebell_database() {
    let mut serve = Serve::start("").await;
    assert_eq!(serve.run(&["backup", "copy.db"]).await.status, 0);
    serve.terminate().await;
    let folder = serve.folder().to_owned();
    let file = |name: &str| -> PathBuf { folder.join(name) };

    fs::write(file("garbage.db"), vec![7; 100_000]).unwrap();
    let other = Command::new("sqlite3").arg(file("other.db")).arg("CREATE TABLE song (title TEXT)").status();
    assert!(other.unwrap().success());
    fs::copy(file("copy.db"), file("newer.db")).unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', 1, x'00', 1)";
    assert!(Command::new("sqlite3").arg(file("newer.db")).arg(newer).status().unwrap().success());
    let whole = fs::read(file("copy.db")).unwrap();
    fs::write(file("cut.db"), &whole[..whole.len() / 2]).unwrap();
    for (name, why) in [
        ("missing.db", "there is no such file"),
        ("garbage.db", "it is not a Firebell database"),
        ("other.db", "it is not a Firebell database"),
        ("newer.db", "it was written by a newer version"),
        ("cut.db", "it is "),
    ] {
        let ran = serve.run(&["restore", name, "--force"]).await;
        assert_eq!(ran.status, 2, "{name}: {}", ran.stdout);
        let begins = format!("firebell: {name} cannot be restored: ");
        assert!(ran.stderr.starts_with(&begins) && ran.stderr.contains(why), "{name}: {}", ran.stderr);
    }
    assert!(!file("firebell.db.before-restore").exists(), "nothing was replaced");
    serve.start_again().await;
    serve.terminate().await;
}

fn incidents(database: &Path) -> usize {
    sqlite(database, "SELECT incident_id FROM incident").len()
}
