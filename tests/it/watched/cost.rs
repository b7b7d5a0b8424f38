//! A scrape costs what is open, not what was: with 100,000 past incidents every question is answered from an index
//! that does not hold them, on either database.

use crate::harness::files::temp_dir;
use crate::harness::postgres::{fresh_database, query};
use firebell::store::{self, Mode, Store};
use firebell_domain::time::Timestamp;

const PAST: u32 = 100_000;
/// Microseconds: when the first of many timers is due.
const FIRST_DUE: i64 = 1_900_000_000_000_000;

/// Incidents that ended, each with a page that was sent; and as many timers that are not due.
fn past(series: &str, flag: &str, blob: &str) -> [String; 3] {
    [
        format!(
            "INSERT INTO incident (incident_id, title, severity, severity_rank, private, status, is_open, acknowledged_at, declared_at, ended_at, updated_at, head_seq, head_hash, checkpointed_seq, state) SELECT n, 'past', 'P1', 1, {flag}, 'resolved', {flag}, n, n, n, n, 9, {blob}, 9, '{{}}' FROM {series}"
        ),
        format!(
            "INSERT INTO outbox (incident_id, intent_no, lane, channel, status, queued_at, due_at, attempt, maybe_sent, intent, updated_at) SELECT n, 1, 'page', 'pagerduty', 'done', n, n, 1, {flag}, '{{}}', n FROM {series}"
        ),
        format!(
            "INSERT INTO timer (incident_id, kind, due_at) SELECT n, 'escalate', {FIRST_DUE} - 1 + n FROM {series}"
        ),
    ]
}

/// Each question is answered from its own index, in the order in which `figures` asks.
async fn from_indexes(store: &Store) {
    let plans = store.plans_of_figures().await.expect("plans");
    for (plan, index) in plans.iter().zip(["incident_open", "outbox_queued", "outbox_claimed", "timer_due"]) {
        assert!(plan.contains(index), "not from {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    assert_eq!(plans.len(), 4);
    let figures = store.figures().await.expect("figures");
    let next_timer = Some(Timestamp(FIRST_DUE));
    assert_eq!(figures, store::Figures { next_timer, ..store::Figures::default() }, "nothing is open");
}

#[tokio::test]
async fn a_scrape_of_sqlite_reads_nothing_of_the_past() {
    let folder = temp_dir();
    let url = format!("sqlite://{}", folder.join("firebell.db").display());
    let (store, _lock) = store::open(&url, Mode::Serve).await.expect("it opens");
    let Store::Lite { write, .. } = &store else { panic!("an embedded database") };
    let series =
        format!("(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {PAST}) SELECT n FROM s)");
    for sql in past(&series, "0", "zeroblob(32)") {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(write).await.expect("a past");
    }
    from_indexes(&store).await;
    store.close().await;
}

#[tokio::test]
async fn a_scrape_of_postgres_reads_nothing_of_the_past() {
    let url = fresh_database();
    let (store, _lock) = store::open(&url, Mode::Serve).await.expect("it opens");
    let series = format!("generate_series(1, {PAST}) AS s (n)");
    for sql in past(&series, "false", "decode(repeat('00', 32), 'hex')") {
        query(&url, &sql).unwrap_or_else(|e| panic!("{e}"));
    }
    query(&url, "ANALYZE").unwrap_or_else(|e| panic!("{e}"));
    from_indexes(&store).await;
    store.close().await;
}
