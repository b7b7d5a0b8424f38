//! The outside watcher is called while incidents can be recorded, and only then.

use crate::harness::files::temp_dir;
use crate::harness::serve::Serve;
use crate::harness::wire::Wire;
use crate::harness::{BOUND, eventually};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use firebell::app::App;
use firebell::app::audit::{AuditKey, Sweeper};
use firebell::clock::Clock;
use firebell::engine::ports::{Beat, BoxFuture};
use firebell::engine::{Engine, EngineState};
use firebell::store::{self, Mode, Store};
use firebell_domain::directory::Directory;
use firebell_domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Default)]
struct Watcher(AtomicUsize);

impl Beat for Watcher {
    fn beat(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_hears_every_minute_that_incidents_can_be_recorded_and_nothing_when_they_cannot() {
    let folder = temp_dir();
    let url = format!("sqlite://{}", folder.join("firebell.db").display());
    let (store, _lock) = store::open(&url, Mode::Serve).await.expect("it opens");
    let clock = Clock::set_to(Timestamp(1_790_000_000_000_000));
    let app = App::start(store.clone(), clock.clone(), Directory::default(), "http://127.0.0.1:1".into(), "test")
        .await
        .expect("it starts");
    let watcher = Arc::new(Watcher::default());
    let sweeper = Sweeper::new(AuditKey([7; 32]), folder.join("checkpoints"));
    let state = Arc::new(EngineState::default());
    let mut engine =
        Engine::new(app, "w".into(), Vec::new(), sweeper, state.clone()).with_heartbeat(Some(watcher.clone()));
    let mut heard = Vec::new();
    for wait_s in [0, 30, 29, 1, 59, 61] {
        clock.advance_s(wait_s);
        engine.tick(true).await;
        engine.all_sent().await;
        heard.push(watcher.0.load(Ordering::SeqCst));
    }
    assert_eq!(heard, [1, 1, 1, 2, 2, 3]);
    // The database refuses every write: nothing is claimed to be well.
    let Store::Lite { write, .. } = &store else { panic!("an embedded database") };
    sqlx::query("PRAGMA query_only = 1").execute(write).await.expect("it is set");
    clock.advance_s(300);
    engine.tick(true).await;
    engine.all_sent().await;
    assert_eq!(watcher.0.load(Ordering::SeqCst), 3);
    assert!(state.read().failing.is_some());
    sqlx::query("PRAGMA query_only = 0").execute(write).await.expect("it is set");
    engine.tick(true).await;
    engine.all_sent().await;
    assert_eq!(watcher.0.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn the_program_calls_its_watcher_after_the_start_counts_the_calls_and_keeps_its_address_to_itself() {
    for (status, outcome) in [(StatusCode::NO_CONTENT, "done"), (StatusCode::BAD_GATEWAY, "failed")] {
        let watcher = Wire::serve(Router::new().route("/ping/hush", get(async move || status)));
        let serve = Serve::start(&format!("[heartbeat]\nurl = \"{}/ping/hush\"\n", watcher.url())).await;
        let counted = format!("firebell_heartbeats_total{{outcome=\"{outcome}\"}} 1");
        eventually("the call is counted", BOUND, async || {
            serve.get("/metrics").await.body.lines().any(|line| line == counted)
        })
        .await;
        let log = serve.log();
        assert_eq!(log.contains("the heartbeat was not taken: it answered 502"), outcome == "failed", "{log}");
        assert!(!log.contains("hush"), "{log}");
    }
}
