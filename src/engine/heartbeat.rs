//! Tells an outside watcher every minute that incidents can be recorded: only after the engine's pass has succeeded and
//! a commit of its own has too. Whoever watches the watcher notices a dead Firebell, a hanging one and one without disk.

use super::ports::Beat;
use crate::app::App;
use crate::fault::Fault;
use crate::measure;
use firebell_domain::time::Timestamp;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Seconds between two calls.
const EVERY_S: i64 = 60;

#[derive(Default)]
pub struct Heartbeat {
    last: Option<Timestamp>,
    /// The call under way; a slow watcher holds up nothing, and is not called again meanwhile.
    calls: JoinSet<()>,
}

impl Heartbeat {
    /// After a pass that succeeded.
    pub async fn after_pass(&mut self, app: &App, worker: &str, watcher: &Arc<dyn Beat>) -> Result<(), Fault> {
        let now = app.clock().now();
        while self.calls.try_join_next().is_some() {}
        if self.last.is_some_and(|last| now.seconds_since(last) < EVERY_S) || !self.calls.is_empty() {
            return Ok(());
        }
        app.store().prove_commit(worker, now).await?;
        self.last = Some(now);
        let beat = watcher.clone();
        self.calls.spawn(async move {
            let taken = beat.beat().await;
            measure::heartbeat(taken.is_ok());
            if let Err(why) = taken {
                tracing::warn!("the heartbeat was not taken: {why}");
            }
        });
        Ok(())
    }

    /// Waits for the call under way, for whoever ticks by hand.
    pub async fn settle(&mut self) {
        while self.calls.join_next().await.is_some() {}
    }
}
