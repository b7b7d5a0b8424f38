//! The list of incidents, live: a page gets the whole list when it connects and then each row that changes. Rows say
//! what an incident is now, so that a row sent twice harms nothing and one that was never connected for is not missed.
//! Rows of private incidents are sent only to the people in them.

use super::WebState;
use super::auth::Viewer;
use super::error::No;
use super::keep::Kept;
use super::live::Notices;
use super::notices::Notice;
use super::standing::{severity_icon, status_icon};
use crate::app::App;
use crate::fault::Fault;
use crate::store::IncidentRow;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::{Notify, watch};

/// Ended incidents that the list shows below the open ones.
pub const RECENT_SHOWN: usize = 20;
/// Incidents that are read one by one; beyond it everybody gets the list again.
const MOVED_MAX: usize = 200;

/// A row as pages show it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    pub id: String,
    pub number: i64,
    pub seq: i64,
    pub title: String,
    pub severity: String,
    pub severity_icon: &'static str,
    pub rank: u32,
    pub status: String,
    pub status_icon: &'static str,
    pub open: bool,
    pub private: bool,
    pub service: Option<String>,
    pub has_it: Option<String>,
    pub declared_at: String,
    pub declared: String,
}

impl Shown {
    pub fn row(r: &IncidentRow) -> Shown {
        Shown {
            id: r.id.to_string(),
            number: r.id.0,
            seq: r.seq,
            title: r.title.clone(),
            severity: r.severity.clone(),
            severity_icon: severity_icon(r.severity_rank),
            rank: r.severity_rank,
            status: r.status.clone(),
            status_icon: status_icon(&r.status),
            open: r.ended_at.is_none(),
            private: r.private,
            service: r.service.clone(),
            has_it: r.acknowledged_by.clone(),
            declared_at: r.declared_at.rfc3339(),
            declared: r.declared_at.to_string(),
        }
    }

    fn incident(i: &Incident) -> Shown {
        Shown {
            id: i.id.to_string(),
            number: i.id.0,
            seq: i.seq,
            title: i.title.clone(),
            severity: i.severity.level.clone(),
            severity_icon: severity_icon(i.severity.rank),
            rank: i.severity.rank,
            status: i.status.to_string(),
            status_icon: status_icon(i.status.as_str()),
            open: i.status.open(),
            private: i.private,
            service: i.service.as_ref().map(ToString::to_string),
            has_it: i.acknowledged.as_ref().map(|a| a.by.shown()),
            declared_at: i.declared_at.rfc3339(),
            declared: Timestamp::to_string(&i.declared_at),
        }
    }
}

/// What the list shows to one viewer.
pub async fn snapshot(state: &WebState, viewer: &Viewer) -> Result<(Vec<Shown>, Vec<Shown>), No> {
    let open = state.open_for(viewer, limits::OPEN_SHOWN_MAX).await?;
    let recent = state.recent_for(viewer, IncidentId(i64::MAX), true, RECENT_SHOWN).await?;
    Ok((open.iter().map(Shown::row).collect(), recent.iter().map(Shown::row).collect()))
}

struct Change {
    version: u64,
    frame: String,
    /// Only for those it is for; `None` for everybody.
    private: Option<Incident>,
}

#[derive(Default)]
struct Moved {
    some: BTreeSet<IncidentId>,
    /// More moved than is known.
    unknown: bool,
}

pub struct ListFeed {
    moved: Mutex<Moved>,
    nudge: Arc<Notify>,
    changes: RwLock<VecDeque<Change>>,
    version: watch::Sender<u64>,
    notices: Notices,
    /// What stood above the list when it was looked at last.
    noticed: Mutex<Vec<Notice>>,
}

/// What a subscriber is to be sent next.
pub enum Next {
    Rows(String, u64),
    /// It has fallen too far behind: the whole list again.
    Whole(u64),
}

impl ListFeed {
    pub fn new(notices: Notices) -> ListFeed {
        ListFeed {
            noticed: Mutex::new(notices()),
            notices,
            moved: Mutex::default(),
            nudge: Arc::default(),
            changes: RwLock::default(),
            version: watch::Sender::new(1),
        }
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn moved(&self) -> MutexGuard<'_, Moved> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tell(&self, what: Option<IncidentId>) {
        let mut moved = self.moved();
        match what {
            Some(id) if moved.some.len() < MOVED_MAX => {
                moved.some.insert(id);
            }
            _ => moved.unknown = true,
        }
        drop(moved);
        self.nudge.notify_one();
    }

    fn publish(&self, rows: Vec<Incident>, afresh: bool) {
        if rows.is_empty() && !afresh {
            return;
        }
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        let mut version = *self.version.borrow();
        if afresh {
            // Whoever is behind this version finds a gap and gets the whole list.
            changes.clear();
            version += 1;
        }
        for incident in rows {
            version += 1;
            let data = serde_json::to_string(&Shown::incident(&incident)).unwrap_or_default();
            let frame = format!("event: row\ndata: {data}\n\n");
            changes.push_back(Change { version, frame, private: incident.private.then_some(incident) });
        }
        while changes.len() > limits::LIST_CHANGES_KEPT_MAX {
            changes.pop_front();
        }
        drop(changes);
        self.version.send_replace(version);
    }

    /// What has changed since a version, for one viewer.
    pub fn after(&self, seen: u64, viewer: &Viewer) -> Next {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        let head = *self.version.borrow();
        let kept_from = changes.front().map_or(head + 1, |c| c.version);
        let head = changes.back().map_or(head, |c| c.version.max(head));
        if seen + 1 < kept_from && seen < head {
            return Next::Whole(head);
        }
        let mut text = String::new();
        for change in changes.iter().filter(|c| c.version > seen) {
            if change.private.as_ref().is_none_or(|i| viewer.may_see(i)) {
                text.push_str(&change.frame);
            }
        }
        Next::Rows(text, head)
    }
}

impl Kept for ListFeed {
    const NAME: &'static str = "the list";

    fn nudge(&self) -> &Arc<Notify> {
        &self.nudge
    }

    async fn catch_up(&self, app: &App) -> Result<(), Fault> {
        let now = (self.notices)();
        let before = std::mem::replace(&mut *self.noticed.lock().unwrap_or_else(PoisonError::into_inner), now.clone());
        if now != before {
            self.publish(Vec::new(), true);
        }
        let Moved { some, unknown } = std::mem::take(&mut *self.moved());
        if unknown {
            self.publish(Vec::new(), true);
            return Ok(());
        }
        let mut rows = Vec::with_capacity(some.len());
        for id in &some {
            match app.store().incident(*id).await {
                Ok(Some(loaded)) => rows.push(loaded.incident),
                Ok(None) => {}
                Err(fault) => {
                    self.moved().some.extend(some);
                    return Err(fault);
                }
            }
        }
        self.publish(rows, false);
        Ok(())
    }
}
