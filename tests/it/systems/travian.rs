//! The game with its databases: the folder of the nightly backups is lost, and the team's own script makes a new backup;
//! and the worker of a queue is killed, jobs pile up, and more workers empty it.

use super::bot::Bot;
use super::lab::Lab;
use super::{Which, alone};
use crate::harness::moved_clock::MovedClock;
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

/// Where its scripts and its address are.
fn targets(lab: &Lab) -> String {
    format!(
        "\n[targets.server]\nkind = \"host\"\nfolder = {:?}\nscripts = true\n[targets.game]\nkind = \"http\"\nallow = [\"localhost\"]\n",
        lab.folder()
    )
}

async fn lost(which: Which, config: &str) -> Option<(Lab, Bot)> {
    which.file("travian")?;
    let lab = Lab::up("travian").await;
    let bot = Bot::beside(&lab, which, OVERLAY, &format!("{config}{}", targets(&lab))).await?;
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

const SLOW_ALERT: &str = "API responses take longer than a second";
const SLOW_OVERLAY: &str = r#"
[[targets]]
name = "mysql"
target = "docker"
[[secrets]]
variable = "MYSQL_ROOT_PASSWORD"
value = "travian-of-the-lab"
"#;

/// Queries of MariaDB that took longer than a second, as its own client counts them in its container.
fn slow(lab: &Lab) -> String {
    let asked = "SELECT count(*) FROM mysql.slow_log";
    let client = ["mysql", "--skip-column-names", "--batch", "-uroot", "-ptravian-of-the-lab", "-e", asked];
    lab.daemon.docker(&[&["exec", "travian_mysql"], &client[..]].concat())
}

/// Somebody's query takes its time.
async fn slowed(which: Which, config: &str) -> Option<(Lab, Bot)> {
    which.file("travian")?;
    let lab = Lab::up("travian").await;
    let bot =
        Bot::beside(&lab, which, &format!("{OVERLAY}{SLOW_OVERLAY}"), &format!("{config}{}", targets(&lab))).await?;
    lab.until(HEALTH, 200).await;
    assert_eq!(slow(&lab), "0");
    let query = ["mysql", "-uroot", "-ptravian-of-the-lab", "-e", "SELECT SLEEP(1.5), 'of a slow player'"];
    lab.daemon.docker(&[&["exec", "travian_mysql"], &query[..]].concat());
    assert_eq!(slow(&lab), "1");
    bot.alert("firing", "P2", SLOW_ALERT).await;
    bot.pages("ana").await;
    bot.done("ana", "/incident ack").await;
    Some((lab, bot))
}

alone! {
    async fn slow_queries_of_mariadb_are_counted_by_the_playbooks_investigation() {
        let (_lab, bot) = slowed(Which::Ours, "").await.expect("our own runbook is there");
        bot.follows("Queries are slow").await;
        bot.done("cy", "/incident diagnose").await;
        let outcome = bot.outcome(1).await;
        let results = outcome["results"].as_array().cloned().unwrap_or_default();
        let mut readings = results.iter().filter_map(|r| r["readings"].as_array()).flatten();
        let read = readings.find(|r| r["metric"] == "slow_queries").cloned().unwrap_or_default();
        assert_eq!(read["value"], "1", "{outcome:#}");
    }
}

/// No alert comes: the clock comes to eight in the morning, and the runbook's own check finds it.
const MORNING: &str = "zone = \"UTC\"\n";
const DECLARES: &str = "\n[schedules]\ndeclare = true\n";

alone! {
    async fn a_lost_backup_that_no_alert_tells_of_is_found_by_the_morning_check_which_declares() {
        let lab = Lab::up("travian").await;
        let clock = MovedClock::forward();
        let half_past_seven = (7 * 60 + 30) * 60 - (clock.seconds()() % 86_400) as i64;
        clock.to(half_past_seven);
        let (overlay, config) = (format!("{MORNING}{OVERLAY}{DECLARES}"), targets(&lab));
        let bot = Bot::by_the_clock(Some(&clock), &lab, Which::Ours, &overlay, &config).await;
        let bot = bot.expect("our own runbook is there");
        lab.until(HEALTH, 200).await;
        eventually("there is a first backup", BOUND, async || backup(&lab).is_some()).await;
        lab.break_it(&["backup", &lab.folder().display().to_string()]);
        assert_eq!(backup(&lab), None);
        assert!(!bot.done("cy", "/incident list").await.contains("INC-1"), "nobody knows yet");

        clock.to(half_past_seven + 31 * 60);
        bot.pages("ana").await;
        bot.done("ana", "/incident ack").await;
        let declared = bot.done("cy", "/incident show").await;
        assert!(declared.contains("Morning check") && declared.contains("ls -lth backups/postgres/daily/"), "{declared}");

        bot.follows("Backup is missing").await;
        let found = bot.diagnose("cy", 1).await;
        assert!(found.contains("ls -lth backups/postgres/daily/: failed with 2"), "{found}");
        let line = Which::Ours.line("travian", BACKUP);
        bot.mend(2, &format!("/incident run line {line}")).await;
        is_there_again(&lab);
        bot.resolve(line, &[BACKUP, "checked: ls -lth backups/postgres/daily/: done"]).await;
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
        async fn the_slow_log_of_mariadb_is_read_by_the_teams_line() {
            let Some((_lab, bot)) = slowed(Which::Seed, POLICY).await else { return };
            bot.done("cy", "/incident run line 223").await;
            let outcome = bot.outcome(1).await;
            let result = &outcome["results"][0];
            assert!(result["end"] == "exited" && result["native"] == true && outcome["end"] == "done", "{outcome:#}");
            let said = bot.serve.get_text_as_operator("/api/v1/incidents/1/runs/1").await;
            assert!(said.contains("of a slow player"), "{said}");
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
