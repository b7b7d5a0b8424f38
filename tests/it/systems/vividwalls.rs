//! n8n behind Caddy: it is killed, Caddy answers 502, and Compose brings it up again.

use super::bot::Bot;
use super::lab::Lab;
use super::{Which, alone};

const SITE: &str = "http://localhost/";
const ALERT: &str = "n8n is down";

/// Names and addresses, nothing else.
const OVERLAY: &str = r#"
zone = "Europe/Madrid"
[[roles]]
name = "system administrator"
page = ["@ana"]
[[roles]]
name = "platform lead"
page = ["@bo"]
[[targets]]
name = "docker"
target = "docker"
[[targets]]
name = "host"
target = "server"
[[authority]]
level = "System administrator"
people = ["@ana"]
actions = ["restart"]
"#;

const CONFIG: &str = r#"
[targets.server]
kind = "host"
"#;

/// The runbook's own file says nobody to page.
const POLICY: &str = "[[policies.default.levels]]\npage = [\"@ana\"]\n";

async fn down(which: Which, config: &str) -> Option<(Lab, Bot)> {
    which.file("vividwalls")?;
    let lab = Lab::up("vividwalls").await;
    let bot = Bot::beside(&lab, which, OVERLAY, config).await?;
    lab.until(SITE, 200).await;
    lab.break_it(&["stop", "n8n"]);
    lab.until(SITE, 502).await;
    bot.alert("firing", "P1", ALERT).await;
    bot.pages("ana").await;
    bot.done("ana", "/incident ack").await;
    Some((lab, bot))
}

async fn is_up_again(lab: &Lab) {
    assert_eq!(lab.daemon.state("n8n", "{{.State.Running}}"), "true");
    lab.until(SITE, 200).await;
}

alone! {
    async fn a_killed_n8n_is_brought_up_by_the_playbook_and_its_page_answers_again() {
        let (lab, bot) = down(Which::Ours, CONFIG).await.expect("our own runbook is there");
        bot.follows("n8n is down").await;
        let found = bot.diagnose("cy", 1).await;
        assert!(found.contains("containers 0 (critical, < 1)"), "{found}");

        let line = Which::Ours.line("vividwalls", "docker compose restart n8n");
        let asked = bot.done("cy", &format!("/incident run line {line} dry-run")).await;
        assert!(asked.contains("docker compose restart n8n") && asked.contains("approval by @ana"), "{asked}");
        bot.mend(2, &format!("/incident run line {line}")).await;
        is_up_again(&lab).await;
        bot.end(ALERT, line, &["docker compose restart n8n", "docker compose ps n8n"]).await;
    }
}

mod seeds {
    use super::*;

    alone! {
        async fn a_killed_n8n_is_brought_up_by_the_quick_fix_of_the_team_and_its_page_answers_again() {
            let Some((lab, bot)) = down(Which::Seed, &format!("{CONFIG}{POLICY}")).await else { return };
            // The document has no playbook; its commands under headings about trouble are what there is to look at.
            let found = bot.diagnose("cy", 1).await;
            assert!(found.contains("lookup n8n"), "Caddy's log says whom it does not find: {found}");

            bot.mend(2, "/incident run n8n down").await;
            is_up_again(&lab).await;
            bot.end(ALERT, 180, &["docker-compose restart n8n"]).await;
        }
    }
}
