//! Statistics of containers that are kept ready while an incident lives: the daemon takes a second or two to say what a
//! container's processor does, so one stream of each is open before anybody asks, and a look has the last reading. Ends
//! by itself when nobody renews the lease, and holds up nobody. Which reading may answer is said by
//! `domain::run::sample`.

use super::address::{Client, Failed};
use super::stats::{cpu, is, is_whole, runs, stream};
use crate::clock;
use bollard::Docker;
use bollard::models::{ContainerStatsResponse, ContainerSummary};
use bollard::query_parameters::ListContainersOptions;
use firebell_domain::limits::SAMPLED_CONTAINERS_MAX;
use firebell_domain::run::sample::{Sample, answers};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::task::{AbortHandle, JoinSet};

/// How often it is looked which containers there are.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a daemon may take to say so.
const LOOK: Duration = Duration::from_secs(5);

/// What is wanted of one daemon.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    /// Whatever runs.
    pub all: bool,
    pub names: BTreeSet<String>,
}

/// Of one daemon.
#[derive(Default)]
pub struct Samples(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    wanted: Sampled,
    until: Option<Instant>,
    task: Option<AbortHandle>,
    /// By the container's id.
    kept: BTreeMap<String, Kept>,
    changed_at: Option<Instant>,
}

/// One reading: what was between two answers of the daemon.
struct Kept {
    sample: Arc<ContainerStatsResponse>,
    began: Instant,
    ended: Instant,
}

impl Drop for State {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    fn stop(&mut self) {
        self.kept.clear();
        self.until = None;
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Samples {
    /// Keeps these ready until the lease is over. Nothing wanted: stops now.
    pub fn keep(&self, client: &Arc<Client>, wanted: Sampled, lease: Duration) {
        let mut state = lock(&self.0);
        if wanted == Sampled::default() {
            return state.stop();
        }
        state.wanted = wanted;
        state.until = Some(clock::instant() + lease);
        if state.task.is_none() {
            state.task = Some(tokio::spawn(follow(Arc::downgrade(&self.0), client.clone())).abort_handle());
        }
    }

    /// What was read before now answers no more.
    pub fn changed(&self) {
        lock(&self.0).changed_at = Some(clock::instant());
    }

    /// The last reading of a container and its age, if it may answer. `status` is what the daemon says of it now.
    pub fn of(&self, id: &str, status: Option<&str>) -> Option<(Arc<ContainerStatsResponse>, Duration)> {
        let state = lock(&self.0);
        let kept = state.kept.get(id)?;
        let now = clock::instant();
        let ms = |moment: Instant| now.saturating_duration_since(moment).as_millis() as u64;
        let sample = Sample { began_ms: ms(kept.began), ended_ms: ms(kept.ended) };
        let started_ms = status.and_then(up_s).map(|s| s * 1_000);
        answers(sample, state.changed_at.map(ms), started_ms)
            .then(|| (kept.sample.clone(), now.saturating_duration_since(kept.ended)))
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Seconds since a container was started, by `Up 3 seconds (healthy)`. `None`: a minute and longer.
fn up_s(status: &str) -> Option<u64> {
    let words: Vec<&str> = status.split(' ').collect();
    match words.as_slice() {
        ["Up", "Less", "than", "a", "second", ..] => Some(0),
        ["Up", count, "second" | "seconds", ..] => count.parse().ok(),
        _ => None,
    }
}

/// Opens a stream of each container that is wanted and closes that of any other, until the lease is over.
async fn follow(state: Weak<Mutex<State>>, client: Arc<Client>) {
    let mut streams: JoinSet<()> = JoinSet::new();
    let mut open: BTreeMap<String, AbortHandle> = BTreeMap::new();
    loop {
        let wanted = {
            let Some(state) = state.upgrade() else { return };
            let mut state = lock(&state);
            if state.until.is_none_or(|until| until <= clock::instant()) {
                // The handle is dropped, not aborted: this is it.
                (state.task, state.until) = (None, None);
                return state.kept.clear();
            }
            state.wanted.clone()
        };
        while streams.try_join_next().is_some() {}
        // A daemon that is away closes its streams itself, and is looked for again.
        if let Ok(Ok((daemon, ids))) = tokio::time::timeout(LOOK, running(&client, &wanted)).await {
            open.retain(|id, task| {
                let stays = ids.contains(id);
                if !stays {
                    task.abort();
                }
                stays && !task.is_finished()
            });
            if let Some(state) = state.upgrade() {
                lock(&state).kept.retain(|id, _| ids.contains(id));
            }
            for id in ids {
                let reads = |id: &String| streams.spawn(readings(state.clone(), daemon.clone(), id.clone()));
                open.entry(id).or_insert_with_key(reads);
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn running(client: &Client, wanted: &Sampled) -> Result<(Docker, BTreeSet<String>), Failed> {
    let daemon = client.open().await?;
    let found = daemon.list_containers(Some(ListContainersOptions::default())).await?;
    Ok((daemon, chosen(&found, wanted)))
}

/// The ids of those that are sampled: what is named before whatever else runs, as many as there may be.
fn chosen(found: &[ContainerSummary], wanted: &Sampled) -> BTreeSet<String> {
    let named = found.iter().filter(|c| wanted.names.iter().any(|name| is(c, name)));
    let others = found.iter().filter(|_| wanted.all);
    let mut ids = BTreeSet::new();
    for container in named.chain(others).filter(|c| runs(c)) {
        if ids.len() < SAMPLED_CONTAINERS_MAX {
            ids.extend(container.id.clone());
        }
    }
    ids
}

/// Keeps the last reading of one container, for as long as the daemon tells.
async fn readings(state: Weak<Mutex<State>>, daemon: Docker, id: String) {
    let mut told = std::pin::pin!(stream(&daemon, &id));
    let mut before = None;
    while let Some(Ok(sample)) = told.next().await {
        let ended = clock::instant();
        // One that spans a restart says nothing of the processor.
        if let Some(began) = before.replace(ended)
            && is_whole(&sample)
            && cpu(&sample).is_some()
        {
            let Some(state) = state.upgrade() else { return };
            lock(&state).kept.insert(id.clone(), Kept { sample: Arc::new(sample), began, ended });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_more_than_may_be_sampled_those_that_are_named_are() {
        let container = |no: usize, status: &str| ContainerSummary {
            id: Some(format!("id-{no:04}")),
            names: Some(vec![format!("/web-{no}")]),
            status: Some(status.to_string()),
            ..ContainerSummary::default()
        };
        let mut found: Vec<ContainerSummary> = (0..300).map(|no| container(no, "Up 3 minutes")).collect();
        found.push(container(300, "Exited (0) 3 minutes ago"));
        let wanted = |all: bool, names: &[&str]| Sampled { all, names: names.iter().map(|n| n.to_string()).collect() };
        let some = chosen(&found, &wanted(true, &["web-299", "web-300"]));
        assert_eq!(some.len(), SAMPLED_CONTAINERS_MAX);
        assert!(some.contains("id-0299") && some.contains("id-0000") && !some.contains("id-0298"), "{some:?}");
        assert!(chosen(&found, &wanted(false, &["web-7", "web-300", "gone"])).into_iter().eq(["id-0007".to_string()]));
        assert!(chosen(&found[..200], &wanted(true, &[])).len() == 200, "a table of 200 is sampled whole");
    }

    #[test]
    fn how_long_a_container_is_up_is_read_where_it_matters() {
        assert_eq!(up_s("Up Less than a second"), Some(0));
        assert_eq!(up_s("Up 1 second (health: starting)"), Some(1));
        assert_eq!(up_s("Up 42 seconds"), Some(42));
        for long in ["Up About a minute", "Up 3 minutes (Paused)", "Up About an hour", "Up 2 weeks (healthy)"] {
            assert_eq!(up_s(long), None, "{long}");
        }
    }
}
