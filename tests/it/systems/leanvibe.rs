//! The orchestrator behind a web server with TLS: its database is killed, every health check fails, and a restart of the
//! container brings it back.

use super::bot::Bot;
use super::lab::Lab;
use super::{Which, alone};

const HEALTH: &str = "https://localhost/health";
const ALERT: &str = "Health checks failing: the orchestrator cannot reach the database";
const DATABASE: &str = "leanvibe-postgres-primary";

/// Names and addresses, nothing else.
const OVERLAY: &str = r#"
[[roles]]
name = "operations team"
page = ["@ana"]
[[roles]]
name = "engineering team"
page = ["@bo"]
[[roles]]
name = "architecture team"
page = ["@bo"]
[[targets]]
name = "docker"
target = "docker"
[[targets]]
name = "host"
target = "server"
[[targets]]
name = "http"
target = "site"
[[values]]
placeholder = "your-domain"
value = "localhost"
"#;

/// What the document of the team itself says that this level may do: restart services.
const BY_ITS_WORDS: &str = "[[authority]]\nlevel = \"Level 1\"\npeople = [\"@ana\"]\n";
const BY_OURS: &str = "[[authority]]\nlevel = \"Operations team\"\npeople = [\"@ana\"]\nactions = [\"restart\"]\n";

/// Its first step of P0 is a channel, so whom to page is configured.
const POLICY: &str = "[[policies.default.levels]]\npage = [\"@ana\"]\n";

async fn down(which: Which, overlay: &str, config: &str) -> Option<(Lab, Bot)> {
    which.file("leanvibe")?;
    let lab = Lab::up("leanvibe").await;
    let targets = format!(
        "{config}\n[targets.server]\nkind = \"host\"\n[targets.site]\nkind = \"http\"\nallow = [\"localhost\"]\nca_file = {:?}\n",
        lab.authority()
    );
    let bot = Bot::beside(&lab, which, &format!("{OVERLAY}{overlay}"), &targets).await?;
    lab.until(HEALTH, 200).await;
    lab.break_it(&["stop", DATABASE]);
    lab.until(HEALTH, 503).await;
    bot.alert("firing", "P0", ALERT).await;
    bot.pages("ana").await;
    bot.done("ana", "/incident ack").await;
    Some((lab, bot))
}

async fn is_up_again(lab: &Lab) {
    assert_eq!(lab.daemon.state(DATABASE, "{{.State.Running}}"), "true");
    lab.until(HEALTH, 200).await;
}

alone! {
    async fn a_killed_database_is_restarted_by_the_playbook_and_the_health_check_is_green_again() {
        let (lab, bot) = down(Which::Ours, BY_OURS, "").await.expect("our own runbook is there");
        bot.follows("System does not start").await;
        let found = bot.diagnose("cy", 1).await;
        assert!(found.contains("running of leanvibe-postgres-primary 0 (warning, < 1)"), "{found}");
        assert!(found.contains("ERROR database: no connection"), "{found}");

        let line = Which::Ours.line("leanvibe", "docker restart leanvibe-postgres-primary");
        bot.mend(2, &format!("/incident run line {line}")).await;
        is_up_again(&lab).await;
        bot.end(ALERT, line, &["docker restart leanvibe-postgres-primary", "curl -fsS https://localhost/health"]).await;
    }
}

mod seeds {
    use super::*;

    alone! {
        async fn a_killed_database_is_restarted_by_the_teams_line_and_the_check_that_was_red_is_green_again() {
            let Some((lab, bot)) = down(Which::Seed, BY_ITS_WORDS, POLICY).await else { return };
            bot.follows("System Won't Start").await;
            let found = bot.diagnose("cy", 1).await;
            assert!(found.contains("status 503 (critical, >= 400)"), "{found}");
            assert!(found.contains("health of checks.database 0 (critical, < 1)"), "{found}");

            bot.mend(2, "/incident run line 373").await;
            is_up_again(&lab).await;
            bot.end(ALERT, 373, &["docker restart leanvibe-postgres-primary", "status 200 (healthy)", "Level 1"]).await;
        }
    }
}
