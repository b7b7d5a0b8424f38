//! The game with its databases: the folder of the nightly backups is lost, and the team's own script makes a new backup.

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
}
