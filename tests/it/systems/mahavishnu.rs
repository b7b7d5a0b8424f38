//! The service with its command line: its circuit breaker opens, it is not ready any more, and a restart of the adapter
//! by the command line closes it.

use super::bot::Bot;
use super::lab::Lab;
use super::{Which, alone};

const READY: &str = "http://localhost:8080/ready";
const ALERT: &str = "HTTP 5xx responses increasing, error rate is high";

/// Names and addresses, nothing else.
const OVERLAY: &str = r#"
[[roles]]
name = "on-call engineer"
page = ["@ana"]
[[roles]]
name = "engineering manager"
page = ["@bo"]
[[roles]]
name = "CTO"
page = ["@bo"]
[[targets]]
name = "host"
target = "server"
[[targets]]
name = "docker"
target = "docker"
[[targets]]
name = "http"
target = "service"
[[authority]]
level = "On-call engineer"
people = ["@ana"]
actions = ["mahavishnu adapter restart *"]
"#;

const CONFIG: &str = r#"
[targets.server]
kind = "host"
[targets.service]
kind = "http"
allow = ["localhost:8080"]
"#;

async fn broken(which: Which) -> Option<(Lab, Bot)> {
    which.file("mahavishnu")?;
    let lab = Lab::up("mahavishnu").await;
    // Where the real one is installed too, by its own runbook; only this test sees it there.
    lab.shows("bin", "/usr/local/bin");
    let bot = Bot::beside(&lab, which, OVERLAY, CONFIG).await?;
    lab.until(READY, 200).await;
    lab.break_it(&["breaker", "mahavishnu"]);
    lab.until(READY, 503).await;
    bot.alert("firing", "P1", ALERT).await;
    bot.pages("ana").await;
    bot.done("ana", "/incident ack").await;
    Some((lab, bot))
}

alone! {
    async fn an_open_circuit_breaker_is_closed_by_the_playbook_and_the_service_is_ready_again() {
        let (lab, bot) = broken(Which::Ours).await.expect("our own runbook is there");
        bot.follows("Error rate is high").await;
        let found = bot.diagnose("cy", 1).await;
        assert!(found.contains("health of components.circuit_breaker_main 0 (critical, < 1)"), "{found}");

        let line = Which::Ours.line("mahavishnu", "mahavishnu adapter restart <adapter>");
        let open = bot.refused("cy", &format!("/incident run line {line}")).await;
        assert!(open.contains("add adapter="), "{open}");
        bot.mend(2, &format!("/incident run line {line} adapter=llamaindex")).await;
        lab.until(READY, 200).await;
        bot.end(ALERT, line, &["mahavishnu adapter restart llamaindex", "curl -fsS http://localhost:8080/ready"]).await;
    }
}

mod seeds {
    use super::*;

    alone! {
        async fn an_open_circuit_breaker_is_closed_by_the_teams_line_and_the_service_is_ready_again() {
            let Some((lab, bot)) = broken(Which::Seed).await else { return };
            bot.follows("High Error Rate Spike").await;
            let found = bot.diagnose("cy", 1).await;
            assert!(found.contains("health of components.circuit_breaker_main 0 (critical, < 1)"), "{found}");

            bot.mend(2, "/incident run line 110").await;
            lab.until(READY, 200).await;
            bot.end(ALERT, 110, &["mahavishnu adapter restart llamaindex", "status 200 (healthy)"]).await;
        }
    }
}
