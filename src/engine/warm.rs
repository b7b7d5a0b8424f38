//! Keeps ready what is slow to look at while incidents are open: names the looks that `diagnose` would do for them,
//! again and again, because whoever samples stops by itself when nobody does. It is done beside the loop, which never
//! waits for it; every replica does so, because any may be asked. For which incidents is said by `domain::run::sample`.

use super::tick::Engine;
use crate::app::{App, Moved};
use crate::clock;
use crate::fault::Fault;
use crate::program::{About, orders};
use firebell_domain::limits::SAMPLED_INCIDENTS_MAX;
use firebell_domain::run::{Order, sample};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::{self, error::TryRecvError};
use tokio::task::JoinSet;

/// How often the looks are named where nothing has moved.
const AGAIN: Duration = Duration::from_secs(5);
/// How long that holds: some turns may be late.
const LEASE: Duration = Duration::from_secs(20);

pub struct Warm {
    moved: broadcast::Receiver<Moved>,
    named_at: Option<Instant>,
    tasks: JoinSet<()>,
}

impl Warm {
    pub fn new(app: &App) -> Warm {
        Warm { moved: app.moved(), named_at: None, tasks: JoinSet::new() }
    }

    pub async fn all_finished(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Whether any incident has moved since the last time.
    fn has_moved(&mut self) -> bool {
        let mut moved = false;
        loop {
            match self.moved.try_recv() {
                Ok(_) | Err(TryRecvError::Lagged(_)) => moved = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return moved,
            }
        }
    }
}

impl Engine {
    /// At every sweep: one such task at a time.
    pub(super) fn keep_warm(&mut self) {
        let Some(carrier) = self.outlets.now().carrier.clone() else { return };
        while self.warm.tasks.try_join_next().is_some() {}
        let late = self.warm.named_at.is_none_or(|at| at.elapsed() >= AGAIN);
        if !self.warm.tasks.is_empty() || !(self.warm.has_moved() || late) {
            return;
        }
        self.warm.named_at = Some(clock::instant());
        let app = self.app.clone();
        self.warm.tasks.spawn(async move {
            match looks(&app).await {
                Ok(looks) => carrier.keep_warm(&looks, LEASE),
                Err(f) => tracing::debug!("what to sample is not known: {f}"),
            }
        });
    }
}

/// What `diagnose` would look at, for every incident that is sampled for.
async fn looks(app: &App) -> Result<Vec<Order>, Fault> {
    let (program, directory, now) = (app.program(), app.directory(), app.clock().now());
    let rules = &directory.runs;
    let ground = orders::Ground { rules, read_s: rules.read_s, change_s: rules.change_s };
    let mut looks = Vec::new();
    let mut known = BTreeSet::new();
    for row in app.store().open_incidents(SAMPLED_INCIDENTS_MAX).await? {
        let Some(loaded) = app.store().incident(row.id).await? else { continue };
        let incident = &loaded.incident;
        if sample::until(incident).is_none_or(|until| until <= now) {
            continue;
        }
        let Ok(source) = About::of(incident).source(&program, &directory) else { continue };
        // Incidents of one system that follow the same playbook are looked at in the same way.
        let same = (source.system.clone(), incident.walk.as_ref().map(|w| w.playbook.name.clone()));
        if known.insert(same) {
            looks.extend(orders::diagnosis(source, incident.walk.as_ref(), &orders::Looks::default(), &ground));
        }
    }
    Ok(looks)
}
