//! How a feed is kept up to date that many pages follow: made by the first who asks, told of what moved, read at a pace,
//! looked at by itself now and then, gone after the last who holds it. Knows nothing of what a feed holds.

use crate::app::App;
use crate::fault::Fault;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// A feed is read at most this often: faster than anybody reads, slow enough for a storm.
const PACE: Duration = Duration::from_millis(100);
/// How long it waits after it could not read.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it looks without being told: whether anybody is still there, and what another replica wrote.
const LOOK: Duration = Duration::from_secs(15);

pub trait Kept: Send + Sync + 'static {
    /// As the log calls it.
    const NAME: &'static str;

    /// What makes it look.
    fn nudge(&self) -> &Arc<Notify>;

    fn catch_up(&self, app: &App) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// The feed of a slot.
pub fn feed<K: Kept>(slot: &Mutex<Weak<K>>, app: &App, make: impl FnOnce() -> K) -> Arc<K> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(feed) = slot.upgrade() {
        return feed;
    }
    let feed = Arc::new(make());
    *slot = Arc::downgrade(&feed);
    tokio::spawn(keep_up(Arc::downgrade(&feed), app.clone()));
    feed
}

async fn keep_up<K: Kept>(feed: Weak<K>, app: App) {
    let Some(nudge) = feed.upgrade().map(|held| held.nudge().clone()) else { return };
    loop {
        let Some(held) = feed.upgrade() else { return };
        let wait = match held.catch_up(&app).await {
            Ok(()) => PACE,
            Err(fault) => {
                tracing::warn!(fault.id = %fault.id, "{} could not be kept up to date: {}", K::NAME, fault.chain);
                nudge.notify_one();
                AGAIN
            }
        };
        drop(held);
        tokio::time::sleep(wait).await;
        tokio::select! {
            () = nudge.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
