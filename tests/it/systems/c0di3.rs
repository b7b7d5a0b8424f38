//! The core agent with its cache: the cache serves what is older than its source, the agent calls itself unhealthy, and
//! its own interface clears the cache.

use super::bot::Bot;
use super::lab::Lab;
use super::{Which, alone};

const HEALTH: &str = "http://localhost:3000/health";
const ALERT: &str = "The cache serves old answers";
const CLEAR: &str = "curl -X POST http://localhost:3000/admin/cache/clear";

/// Names and addresses, nothing else.
const OVERLAY: &str = r#"
[[roles]]
name = "on-call engineer"
page = ["@ana"]
[[roles]]
name = "team lead"
page = ["@bo"]
[[roles]]
name = "engineering manager"
page = ["@bo"]
[[roles]]
name = "CTO"
page = ["@bo"]
[[targets]]
name = "docker"
target = "docker"
[[targets]]
name = "http"
target = "agent"
[[authority]]
level = "On-call engineer"
people = ["@ana"]
actions = ["curl * http://localhost:3000/admin/cache/clear"]
"#;

const CONFIG: &str = r#"
[targets.agent]
kind = "http"
allow = ["localhost:3000"]
"#;

/// The team's own file names its chain and says nobody when to page.
const POLICY: &str = "[[policies.default.levels]]\npage = [\"@ana\"]\n";

async fn stale(which: Which, config: &str) -> Option<(Lab, Bot)> {
    which.file("c0di3")?;
    let lab = Lab::up("c0di3").await;
    let bot = Bot::beside(&lab, which, OVERLAY, config).await?;
    lab.until(HEALTH, 200).await;
    lab.break_it(&["cache", "core-agent"]);
    lab.until(HEALTH, 503).await;
    bot.alert("firing", "P1", ALERT).await;
    bot.pages("ana").await;
    bot.done("ana", "/incident ack").await;
    Some((lab, bot))
}

alone! {
    async fn a_stale_cache_is_cleared_by_the_playbook_and_the_agent_is_healthy_again() {
        let (lab, bot) = stale(Which::Ours, CONFIG).await.expect("our own runbook is there");
        bot.follows("Cache serves old answers").await;
        let found = bot.diagnose("cy", 1).await;
        assert!(found.contains("health of checks.cache 0 (critical, < 1)"), "{found}");

        let line = Which::Ours.line("c0di3", CLEAR);
        bot.mend(2, &format!("/incident run line {line}")).await;
        lab.until(HEALTH, 200).await;
        bot.end(ALERT, line, &[CLEAR, "curl -fsS http://localhost:3000/ready"]).await;
    }
}

mod seeds {
    use super::*;

    alone! {
        async fn a_stale_cache_is_cleared_by_the_teams_line_and_the_check_that_was_red_is_green_again() {
            let Some((lab, bot)) = stale(Which::Seed, &format!("{CONFIG}{POLICY}")).await else { return };
            let offered = bot.done("cy", "/incident runbook").await;
            assert!(offered.contains("High Response Times"), "{offered}");
            let found = bot.diagnose("cy", 1).await;
            assert!(found.contains("health of checks.cache 0 (critical, < 1)"), "{found}");

            bot.mend(2, "/incident run line 374").await;
            lab.until(HEALTH, 200).await;
            bot.end(ALERT, 374, &[CLEAR, "status 200 (healthy)"]).await;
        }
    }
}
