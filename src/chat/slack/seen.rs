//! What was delivered lately, so that a second delivery of the same does nothing and hears what the first one did. It is
//! forgotten at a restart; what was recorded by then is held by the writer's keys.

use super::Reply;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::Mutex;
use tokio::sync::watch;

/// Deliveries that are remembered: Slack repeats within minutes, and nobody sends so many in that time.
const SEEN_MAX: usize = 20_000;

#[derive(Default)]
pub struct Seen(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    by_key: HashMap<String, watch::Receiver<Option<Reply>>>,
    order: VecDeque<String>,
}

impl Seen {
    /// Does it if it is new, in a task of its own that nobody's hanging up ends; else waits for what the first one did.
    pub async fn once<F>(&self, key: String, work: impl FnOnce() -> F) -> Reply
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let mut outcome = match self.begin(key) {
            Ok(told) => {
                let outcome = told.subscribe();
                let work = work();
                tokio::spawn(async move { drop(told.send(Some(work.await))) });
                outcome
            }
            Err(outcome) => outcome,
        };
        let reply = outcome.wait_for(Option::is_some).await.ok().and_then(|r| r.clone());
        reply.unwrap_or(Reply::Empty)
    }

    /// What came to nothing may be tried again under the same name.
    pub fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).by_key.remove(key);
    }

    fn begin(&self, key: String) -> Result<watch::Sender<Option<Reply>>, watch::Receiver<Option<Reply>>> {
        let mut inner = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(outcome) = inner.by_key.get(&key) {
            return Err(outcome.clone());
        }
        let (told, outcome) = watch::channel(None);
        if inner.order.len() >= SEEN_MAX
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.by_key.remove(&oldest);
        }
        inner.order.push_back(key.clone());
        inner.by_key.insert(key, outcome);
        Ok(told)
    }
}
