//! Who may open a database: one instance only, no older binary, and the next start after an interrupted first one.

use super::world::{Dice, sqlite};
use crate::harness::postgres::{fresh_database, query};
use crate::harness::serve::Serve;
use std::process::Command;
use std::time::Duration;

#[tokio::test]
async fn a_second_instance_on_one_sqlite_file_is_refused_and_harms_nothing() {
    let mut first = Serve::start("").await;
    let file = first.folder().join("firebell.db");
    let mut second = Serve::configured(&format!("database_url = \"sqlite://{}\"\n", file.display()));
    second.start_unready();
    assert_eq!(second.ended().await, Some(2));
    let said = format!(
        "firebell: {} is in use by another firebell. Stop that one first, or use Postgres for several replicas.\n",
        file.display()
    );
    assert_eq!(second.log(), said);
    first.declare("checkout is down").await;

    // The lock is the kernel's: it goes with the process, however that ends.
    first.kill9();
    second.start_again().await;
    assert_eq!(sqlite(&file, "SELECT title FROM incident").len(), 1);
    second.terminate().await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let mut serve = Serve::start("").await;
    serve.terminate().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', 1, x'00', 1)";
    let file = serve.folder().join("firebell.db");
    let wrote = Command::new("sqlite3").arg(&file).arg(newer).status().expect("sqlite3 can be started");
    assert!(wrote.success());
    let known = newest();
    let sentence = format!(
        "The database has migration 9999, this firebell knows {known}: it was written by a newer version. Start that \
         version, or restore a backup."
    );

    let log_before = serve.log().len();
    serve.start_unready();
    assert_eq!(serve.ended().await, Some(2));
    assert_eq!(&serve.log()[log_before..], format!("firebell: {sentence}\n"));
    let ran = serve.run(&["audit", "verify"]).await;
    assert_eq!((ran.status, ran.stderr), (2, format!("firebell: {sentence}\n")));
}

#[tokio::test]
async fn a_postgres_database_of_a_newer_version_is_left_alone() {
    let url = fresh_database();
    let mut serve = Serve::start(&format!("database_url = {url:?}\n")).await;
    serve.terminate().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', true, '', 1)";
    query(&url, newer).unwrap();
    let log_before = serve.log().len();
    serve.start_unready();
    assert_eq!(serve.ended().await, Some(2));
    let said = serve.log()[log_before..].to_owned();
    let known = format!("firebell: The database has migration 9999, this firebell knows {}:", newest());
    assert!(said.starts_with(&known), "{said}");
    let ran = serve.run(&["audit", "verify"]).await;
    assert_eq!(ran.status, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.starts_with("firebell: The database has migration 9999"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_first_start_that_was_killed_anywhere_does_not_hinder_the_next() {
    let (seed, mut dice) = Dice::thrown();
    println!("SEED={seed}");
    for round in 0..20 {
        let mut serve = Serve::configured("");
        killed_while_starting(&mut serve, dice.roll(1, 60)).await;
        serve.start_again().await;
        serve.declare(&format!("round {round}")).await;
        serve.terminate().await;
        serve.assert_log_is_whole().await;
    }
}

#[tokio::test]
async fn a_first_start_on_postgres_that_was_killed_anywhere_does_not_hinder_the_next() {
    let (seed, mut dice) = Dice::thrown();
    println!("SEED={seed}");
    for round in 0..5 {
        let mut serve = Serve::configured(&format!("database_url = {:?}\n", fresh_database()));
        killed_while_starting(&mut serve, dice.roll(1, 120)).await;
        serve.start_again().await;
        serve.declare(&format!("round {round}")).await;
        serve.terminate().await;
        serve.assert_log_is_whole().await;
    }
}

/// The moment of the kill is what is tried: this does wait for a time to pass, not for anything to happen.
async fn killed_while_starting(serve: &mut Serve, after_ms: u64) {
    serve.start_unready();
    tokio::time::sleep(Duration::from_millis(after_ms)).await;
    serve.kill9();
}

/// The number of the newest migration in the tree.
fn newest() -> i64 {
    let files = std::fs::read_dir("migrations/sqlite").expect("migrations");
    let names = files.map(|f| f.expect("a file").file_name().to_string_lossy().into_owned());
    names.filter_map(|n| n.split('_').next()?.parse().ok()).max().expect("a migration")
}
