//! The disk is full, and has room again: the bot on a small file system of its own, which the test fills from outside.

use super::world::{World, sqlite_by};
use crate::harness::faults::Fault;
use crate::harness::files::temp_dir;
use crate::harness::serve::Serve;
use crate::harness::{BOUND, eventually};
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    // A page under way, whose receipt will find the disk full.
    world.webhook.faults.next(1, Fault::hang());
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
    assert!(
        message.starts_with("Not recorded: the disk of the database is full. Nothing was done; free some"),
        "{message}"
    );
    // Reading works, nothing of what was refused is there, and it does not give up.
    let database = Database { process: serve.id(), file: disk.join("firebell.db") };
    assert_eq!(serve.get("/health").await.status, 200);
    assert_eq!(titles(&database), recorded);
    world.webhook.faults.release();
    let failing = "a receipt found the disk full";
    eventually(failing, BOUND, async || serve.log().matches("database or disk is full").count() > 1).await;

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
    let waiting = "SELECT 1 FROM outbox WHERE status IN ('queued', 'claimed')";
    eventually("every page is receipted", BOUND, async || database.ask(waiting).is_empty()).await;
    assert_eq!(world.webhook.see(|inbox| inbox.deliveries.len()), 2, "each once:\n{}", world.webhook.report());
    let config = serve.config_path();
    let verified =
        database.beside(env!("CARGO_BIN_EXE_firebell")).args(["audit", "verify", "--config"]).arg(config).output();
    let verified = verified.expect("nsenter can be started");
    assert!(verified.status.success(), "{verified:?}");
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
    serve.terminate().await;
}

/// A database on a file system that only the bot has.
struct Database {
    process: u32,
    file: PathBuf,
}

impl Database {
    /// A command that sees the bot's file systems.
    fn beside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--user", "--mount", "--preserve-credentials", "--target"]).arg(self.process.to_string());
        command.arg("--").arg(program);
        command
    }

    fn ask(&self, statement: &str) -> Vec<serde_json::Value> {
        sqlite_by(self.beside("sqlite3"), &self.file, statement)
    }
}

fn titles(database: &Database) -> Vec<String> {
    let rows = database.ask("SELECT title FROM incident ORDER BY incident_id");
    rows.iter().map(|row| row["title"].as_str().expect("a text").to_owned()).collect()
}

/// Writes until nothing goes any more.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("the filler can be created");
    let chunk = [b'x'; 4_096];
    while file.write_all(&chunk).is_ok() {}
}

#[tokio::test]
async fn a_line_of_the_checkpoint_log_that_a_full_disk_cut_short_is_no_alarm() {
    let mut serve = Serve::start("").await;
    serve.declare("checkout is down").await;
    let log = serve.folder().join("firebell.checkpoints");
    let lines = || fs::read_to_string(&log).unwrap_or_default().lines().count();
    eventually("the first checkpoint is made", BOUND, async || lines() > 0).await;
    serve.terminate().await;
    let whole = fs::read(&log).expect("the log is there");
    let before = lines();
    fs::write(&log, &whole[..whole.len() - 20]).expect("the log can be written");
    serve.assert_log_is_whole().await;

    serve.start_again().await;
    serve.declare("search is slow").await;
    eventually("a checkpoint follows on a line of its own", BOUND, async || lines() > before).await;
    serve.terminate().await;
    serve.assert_log_is_whole().await;
    // Any other difference is one.
    let edited = fs::read_to_string(&log).expect("the log is there").replace('a', "b");
    fs::write(&log, edited).expect("the log can be written");
    let ran = serve.run(&["audit", "verify"]).await;
    assert_eq!(ran.status, 1, "{}", ran.stdout);
}
