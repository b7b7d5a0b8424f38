//! The other faults of the lab: each is real, and seen from outside. No bot has a part in it.

use super::alone;
use super::lab::Lab;
use crate::harness::{BOUND, eventually};

const ENGINES: &str = "leanvibe-specialized-engines";
const DATABASE: &str = "leanvibe-postgres-primary";

alone! {
    async fn what_the_lab_breaks_is_broken_for_everybody() {
        let lab = Lab::up("leanvibe").await;
        let engines = "http://localhost:8083/health";
        lab.until(engines, 200).await;

        lab.break_it(&["disk", ENGINES]);
        lab.until(engines, 503).await;
        let used = lab.daemon.docker(&["exec", ENGINES, "df", "-P", "/data"]);
        assert!(used.contains(" 100% "), "{used}");

        // Its memory is limited, so the kernel ends it.
        lab.break_it(&["leak", ENGINES]);
        let killed = async || lab.daemon.docker(&["inspect", "--format", "{{.State.OOMKilled}}", ENGINES]) == "true";
        eventually("the engines are killed for their memory", BOUND * 2, killed).await;

        let health = "https://localhost/health";
        lab.break_it(&["certificate", "leanvibe-nginx", &lab.folder().display().to_string()]);
        eventually("nobody trusts its certificate any more", BOUND, async || {
            lab.trouble(health).await.is_some_and(|why| why.contains("expired"))
        })
        .await;

        lab.break_it(&["connections", DATABASE, "20"]);
        eventually("the database takes nobody any more", BOUND, async || {
            let asked = lab.daemon.try_docker(&["exec", "--user", "postgres", DATABASE, "psql", "-c", "SELECT 1"]);
            asked.is_err_and(|said| said.contains("too many clients") || said.contains("remaining connection slots"))
        })
        .await;
    }
}
