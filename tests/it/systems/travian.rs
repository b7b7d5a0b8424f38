//! The game with its databases: the folder of the nightly backups is lost, and the team's own script makes a new backup;
//! and the worker of a queue is killed, jobs pile up, and more workers empty it.

use super::bot::Bot;
use super::lab::Lab;
use super::{Which, alone};
use crate::harness::{BOUND, eventually};
use std::process::Command;

const HEALTH: &str = "http://localhost/v1/health";
const ALERT: &str = "No PostgreSQL backup of last night";
const BACKUP: &str = "./scripts/backup-postgres.sh";

/// Names and addresses, nothing else.
const OVERLAY: &str = r#"
[[roles]]
name = "on-call engineer"
page = ["@ana"]
[[roles]]
name = "operations lead"
page = ["@bo"]
[[targets]]
name = "docker"
target = "docker"
[[targets]]
name = "host"
target = "server"
[[targets]]
name = "http"
target = "game"
[[authority]]
level = "On-call engineer"
people = ["@ana"]
actions = ["./scripts/backup-postgres.sh"]
"#;

const QUEUE_ALERT: &str = "The automation queue holds more than 500 jobs";
const MORE_WORKERS: &str = "docker compose -f docker-compose.workers.yml up -d --scale automation-worker=3";

/// Where the queue is, and its password.
const QUEUE_OVERLAY: &str = r#"
[[authority]]
level = "Operations lead"
people = ["@ana"]
actions = ["docker compose * --scale *"]
[[targets]]
name = "redis"
target = "docker"
[[secrets]]
variable = "REDIS_PASSWORD"
value = "travian-of-the-lab"
"#;

/// The team's own file leaves incidents to another document.
const POLICY: &str = "[[policies.default.levels]]\npage = [\"@ana\"]\n";

async fn lost(which: Which, config: &str) -> Option<(Lab, Bot)> {
    which.file("travian")?;
    let lab = Lab::up("travian").await;
    let targets = format!(
        "{config}\n[targets.server]\nkind = \"host\"\nfolder = {:?}\nscripts = true\n[targets.game]\nkind = \"http\"\nallow = [\"localhost\"]\n",
        lab.folder()
    );
    let bot = Bot::beside(&lab, which, OVERLAY, &targets).await?;
    lab.until(HEALTH, 200).await;
    eventually("there is a first backup", BOUND, async || backup(&lab).is_some()).await;
    lab.break_it(&["backup", &lab.folder().display().to_string()]);
    assert_eq!(backup(&lab), None);
    bot.alert("firing", "P2", ALERT).await;
    bot.pages("ana").await;
    bot.done("ana", "/incident ack").await;
    Some((lab, bot))
}

/// What the newest backup holds, unpacked; nothing where there is none.
fn backup(lab: &Lab) -> Option<String> {
    let folder = lab.folder().join("backups/postgres/daily");
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|f| f.path());
    let newest = files.filter(|f| f.extension().is_some_and(|e| e == "gz")).max()?;
    let unpacked = Command::new("gzip").args(["--decompress", "--stdout"]).arg(newest).output().expect("gzip is there");
    unpacked.status.success().then(|| String::from_utf8_lossy(&unpacked.stdout).into_owned())
}

fn is_there_again(lab: &Lab) {
    let dump = backup(lab).expect("there is a backup again");
    assert!(dump.contains("PostgreSQL database dump complete") && dump.contains("players"), "{dump}");
}

/// Jobs that wait for the automation workers.
fn length(lab: &Lab) -> u64 {
    let asked =
        ["exec", "--env", "REDISCLI_AUTH=travian-of-the-lab", "travian_redis", "redis-cli", "LLEN", "automation_queue"];
    lab.daemon.docker(&asked).parse().expect("a number")
}

/// The only automation worker is killed, and jobs come in.
async fn stuck(which: Which, config: &str) -> Option<(Lab, Bot)> {
    which.file("travian")?;
    let lab = Lab::up("travian").await;
    let overlay = format!("{OVERLAY}{QUEUE_OVERLAY}");
    let targets = format!(
        "{config}\n[targets.server]\nkind = \"host\"\nfolder = {:?}\n[targets.game]\nkind = \"http\"\nallow = [\"localhost\"]\n",
        lab.folder()
    );
    let bot = Bot::beside(&lab, which, &overlay, &targets).await?;
    lab.until(HEALTH, 200).await;
    lab.break_it(&["stop", "travian_automation-worker_1"]);
    lab.break_it(&["queue", "travian_redis", "travian-of-the-lab", "automation_queue", "600"]);
    assert_eq!(length(&lab), 600);
    bot.alert("firing", "P2", QUEUE_ALERT).await;
    bot.pages("ana").await;
    bot.done("ana", "/incident ack").await;
    Some((lab, bot))
}

async fn is_emptied(lab: &Lab) {
    let workers = lab.daemon.docker(&["ps", "--filter", "name=automation-worker", "--format", "{{.Names}}"]);
    assert_eq!(workers.lines().count(), 3, "{workers}");
    eventually("the queue is empty", BOUND, async || length(lab) == 0).await;
}

alone! {
    async fn a_queue_that_nobody_empties_is_emptied_by_more_workers_as_the_playbook_says() {
        let (lab, bot) = stuck(Which::Ours, "").await.expect("our own runbook is there");
        bot.follows("Worker queue grows").await;
        let found = bot.diagnose("cy", 1).await;
        assert!(found.contains("600 (critical, > 500"), "{found}");

        let line = Which::Ours.line("travian", MORE_WORKERS);
        bot.mend(2, &format!("/incident run line {line}")).await;
        is_emptied(&lab).await;
        bot.end(QUEUE_ALERT, line, &[MORE_WORKERS, "LLEN automation_queue"]).await;
    }
}

alone! {
    async fn a_lost_backup_is_made_anew_by_the_playbook_and_holds_the_database() {
        let (lab, bot) = lost(Which::Ours, "").await.expect("our own runbook is there");
        bot.follows("Backup is missing").await;
        let found = bot.diagnose("cy", 1).await;
        assert!(found.contains("ls -lth backups/postgres/daily/: failed with 2"), "{found}");
        assert!(found.contains("ERROR backup"), "{found}");

        let line = Which::Ours.line("travian", BACKUP);
        bot.mend(2, &format!("/incident run line {line}")).await;
        is_there_again(&lab);
        bot.end(ALERT, line, &[BACKUP, "checked: ls -lth backups/postgres/daily/: done"]).await;
    }
}

mod seeds {
    use super::*;

    alone! {
        async fn a_lost_backup_is_made_anew_by_the_teams_script_and_holds_the_database() {
            let Some((lab, bot)) = lost(Which::Seed, POLICY).await else { return };
            // The document has no playbook; its daily checks are what there is to look at.
            let found = bot.diagnose("cy", 1).await;
            assert!(found.contains("failed with 2: /usr/bin/ls: cannot access 'backups/postgres/daily/'"), "{found}");
            assert!(found.contains("ERROR backup"), "{found}");

            bot.mend(2, "/incident run line 362").await;
            is_there_again(&lab);
            bot.end(ALERT, 362, &[BACKUP, "status 200 (healthy)"]).await;
        }
    }

    alone! {
        async fn a_queue_that_nobody_empties_is_emptied_by_more_workers_as_the_team_says() {
            let Some((lab, bot)) = stuck(Which::Seed, POLICY).await else { return };
            let found = bot.diagnose("cy", 1).await;
            assert!(found.contains("600 (critical, > 500"), "{found}");

            bot.mend(2, "/incident run line 434").await;
            is_emptied(&lab).await;
            bot.end(QUEUE_ALERT, 434, &[MORE_WORKERS, "checked: Verify scaled instances: done"]).await;
        }
    }
}
