//! The database goes away and comes back: a real Postgres that is stopped, and one whose time is stopped.

use super::world::{DELAY_S, World, postgres};
use crate::harness::postgres::PrivatePostgres;
use crate::harness::serve::Serve;
use crate::harness::{Answer, BOUND, eventually};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long anybody may wait for "not recorded": the commit's 2 s and some for a busy machine.
const REFUSED_WITHIN: Duration = Duration::from_millis(3_500);

#[tokio::test]
async fn a_postgres_that_is_stopped_and_started_costs_refusals_and_nothing_else() {
    away_and_back(PrivatePostgres::stop_immediate, PrivatePostgres::start_again).await;
}

#[tokio::test]
async fn a_postgres_that_freezes_and_thaws_costs_refusals_and_nothing_else() {
    away_and_back(|pg| pg.freeze(), |pg| pg.thaw()).await;
}

async fn away_and_back(goes: impl FnOnce(&mut PrivatePostgres), comes: impl FnOnce(&mut PrivatePostgres)) {
    let mut database = PrivatePostgres::start();
    let url = database.url().to_owned();
    let world = World::start();
    let mut serve = Serve::start(&format!("database_url = {url:?}\n{}", world.config())).await;
    let incident = serve.declare("checkout is down").await;
    world.ana_is_paged(&incident).await;
    let declared = Instant::now();

    goes(&mut database);
    // Everybody at once: nobody waits behind somebody else's time-out.
    let refused = futures_util::future::join_all((0..20).map(|n| refused(&serve, n))).await;
    eventually("it says that it is not ready", BOUND, async || serve.get("/ready").await.status == 503).await;
    let components = serve.get("/health/components").await.json();
    assert_eq!(components["components"]["database"]["status"], "unhealthy", "{components:#}");
    assert_eq!(serve.get("/health").await.status, 200, "it is alive all the same");
    let overdue = Duration::from_secs(DELAY_S + 2);
    eventually("bo's level is overdue", overdue + BOUND, async || declared.elapsed() > overdue).await;
    assert_eq!(world.pages_of_bo(&incident), 0, "nothing is paged that is not committed");

    comes(&mut database);
    serve.wait_ready().await;
    world.bo_is_paged(&incident).await;
    let next = serve.declare("search is slow").await;
    world.ana_is_paged(&next).await;
    for (number, recorded_later) in refused.iter().enumerate() {
        let title = format!("refused {number}");
        let count = "SELECT COUNT(*) AS n FROM incident WHERE title = ";
        let found = postgres(&url, &format!("{count}'{title}'"))[0]["n"].as_i64();
        // "Not recorded." is final; "not recorded yet" may have come true since.
        assert!(found == Some(0) || (*recorded_later && found == Some(1)), "{title} is there {found:?} times");
        let body = json!({"severity": "P1", "title": title});
        let again = serve.command("/api/v1/incidents", Some(&format!("refused-{number}")), &body).await;
        assert_eq!(again.status, 201, "{}", again.body);
        assert_eq!(postgres(&url, &format!("{count}'{title}'"))[0]["n"], 1);
    }
    assert_eq!((world.pages_of_ana(&incident), world.pages_of_bo(&incident)), (1, 1), "the overdue level ran once");
    let levels = format!("SELECT 1 FROM event WHERE incident_id = {} AND kind = 'escalated'", &incident[4..]);
    assert_eq!(postgres(&url, &levels).len(), 2);
    serve.terminate().await;
    serve.assert_log_is_whole().await;
    assert!(!serve.log().contains("panicked"), "{}", serve.log());
}

/// Declares while the database is away; whether the answer leaves open that it is recorded later.
async fn refused(serve: &Serve, number: usize) -> bool {
    let began = Instant::now();
    let body = json!({"severity": "P1", "title": format!("refused {number}")});
    let answer: Answer = serve.command("/api/v1/incidents", Some(&format!("refused-{number}")), &body).await;
    let took = began.elapsed();
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(took < REFUSED_WITHIN, "refused after {took:?} only: {}", answer.body);
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    let open = message.starts_with("Not recorded yet, do not rely on it");
    assert!(open || message.starts_with("Not recorded: the database cannot be reached. Nothing was done"), "{message}");
    open
}
