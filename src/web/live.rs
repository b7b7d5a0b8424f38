//! What open pages are kept up to date with. One feed per followed incident reads each event once and renders it once,
//! however many look on; a subscriber only says up to which event it has. Level-triggered: a lost signal costs
//! seconds, never an event. Nothing here is needed after a restart.

use super::digest::DigestFeed;
use super::keep;
use super::list::ListFeed;
use super::notices::Notice;
use super::standing::Standing;
use crate::app::App;
use crate::fault::Fault;
use firebell_domain::event::IncidentEvent;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::timeline;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, watch};

/// How often a feed looks without being told: what another replica wrote, what the clock says by now.
const SWEEP: Duration = Duration::from_secs(15);
/// How long it waits after it could not read.
const AGAIN: Duration = Duration::from_secs(1);
const EVENTS_ROUND: i64 = 500;

/// A feed, as long as anybody holds it, and what makes it look.
type Followed = (Weak<Feed>, Arc<Notify>);

pub struct Hub {
    app: App,
    feeds: Mutex<HashMap<IncidentId, Followed>>,
    list: Mutex<Weak<ListFeed>>,
    notices: Notices,
    digest: Mutex<Weak<DigestFeed>>,
    seats: Arc<Semaphore>,
}

/// What stands above the list now.
pub type Notices = Arc<dyn Fn() -> Vec<Notice> + Send + Sync>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub fn start(app: App, mut stop: watch::Receiver<bool>, notices: Notices) -> Arc<Hub> {
        let mut moved = app.moved();
        let seats = Arc::new(Semaphore::new(limits::STREAMS_MAX));
        let digest = Mutex::default();
        let hub = Arc::new(Hub { app, feeds: Mutex::default(), list: Mutex::default(), notices, digest, seats });
        let weak = Arc::downgrade(&hub);
        tokio::spawn(async move {
            while !*stop.borrow() {
                let next = tokio::select! {
                    next = moved.recv() => next,
                    _ = stop.changed() => return,
                };
                let Some(hub) = weak.upgrade() else { return };
                match next {
                    Ok(m) => hub.tell(Some(m.incident)),
                    Err(broadcast::error::RecvError::Lagged(_)) => hub.tell(None),
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
        hub
    }

    /// Something moved; `None`: nobody knows what.
    fn tell(&self, moved: Option<IncidentId>) {
        {
            let feeds = locked(&self.feeds);
            match moved {
                Some(id) => feeds.get(&id).into_iter().for_each(|(_, nudge)| nudge.notify_one()),
                None => feeds.values().for_each(|(_, nudge)| nudge.notify_one()),
            }
        }
        if let Some(list) = locked(&self.list).upgrade() {
            list.tell(moved);
        }
        if let Some(digest) = locked(&self.digest).upgrade() {
            digest.tell();
        }
    }

    /// A place for one more stream, as long as it is held.
    pub fn seat(&self) -> Option<OwnedSemaphorePermit> {
        self.seats.clone().try_acquire_owned().ok()
    }

    #[cfg(test)]
    pub fn take_all_seats(&self) -> OwnedSemaphorePermit {
        let free = self.seats.available_permits() as u32;
        self.seats.clone().try_acquire_many_owned(free).unwrap()
    }

    /// The feed of an incident; made by the first who asks, gone after the last who holds it.
    pub fn feed(&self, id: IncidentId) -> Arc<Feed> {
        let mut feeds = locked(&self.feeds);
        if let Some(feed) = feeds.get(&id).and_then(|(weak, _)| weak.upgrade()) {
            return feed;
        }
        feeds.retain(|_, (weak, _)| weak.strong_count() > 0);
        let (feed, nudge) = (Arc::new(Feed::new(id)), Arc::new(Notify::new()));
        feeds.insert(id, (Arc::downgrade(&feed), nudge.clone()));
        // It stands in the map before its first read: whatever moves from here on nudges it.
        tokio::spawn(keep_up(Arc::downgrade(&feed), self.app.clone(), nudge));
        feed
    }

    pub fn list(&self) -> Arc<ListFeed> {
        keep::feed(&self.list, &self.app, || ListFeed::new(self.notices.clone()))
    }

    pub fn digest(&self) -> Arc<DigestFeed> {
        keep::feed(&self.digest, &self.app, DigestFeed::new)
    }
}

async fn keep_up(feed: Weak<Feed>, app: App, nudge: Arc<Notify>) {
    loop {
        let Some(held) = feed.upgrade() else { return };
        let read = held.catch_up(&app).await;
        drop(held);
        let wait = match read {
            Ok(()) => SWEEP,
            Err(fault) => {
                tracing::warn!(fault.id = %fault.id, "an open page could not be kept up to date: {}", fault.chain);
                AGAIN
            }
        };
        tokio::select! {
            () = nudge.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// How far a feed is: its last event, and how often its standing has been said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    pub seq: i64,
    pub standing: u64,
}

pub struct Feed {
    id: IncidentId,
    told: RwLock<Told>,
    at: watch::Sender<At>,
}

#[derive(Default)]
struct Told {
    log: Vec<IncidentEvent>,
    incident: Option<Incident>,
    /// One frame per event, in order.
    frames: Vec<String>,
    standing: (u64, String),
}

impl Feed {
    fn new(id: IncidentId) -> Feed {
        Feed { id, told: RwLock::default(), at: watch::Sender::new(At::default()) }
    }

    pub fn watch(&self) -> watch::Receiver<At> {
        self.at.subscribe()
    }

    async fn catch_up(&self, app: &App) -> Result<(), Fault> {
        loop {
            let after = self.at.borrow().seq;
            let news = app.store().events(self.id, after, EVENTS_ROUND).await?;
            let whole = news.len() as i64 == EVENTS_ROUND;
            self.add(news, app)?;
            if !whole {
                return Ok(());
            }
        }
    }

    fn add(&self, news: Vec<IncidentEvent>, app: &App) -> Result<(), Fault> {
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        let some = !news.is_empty();
        for event in news {
            let illegal =
                |e: firebell_domain::incident::Illegal| Fault::bug(format!("{} does not replay: {e}", self.id));
            match &mut told.incident {
                None => told.incident = Some(Incident::begin(&event).map_err(illegal)?),
                Some(incident) => incident.apply(&event).map_err(illegal)?,
            }
            told.log.push(event);
        }
        if some {
            let entries = timeline::entries(&told.log);
            let already = told.frames.len();
            let frames: Vec<String> = entries.iter().skip(already).map(frame).collect();
            told.frames.extend(frames);
        }
        let Some(incident) = &told.incident else { return Ok(()) };
        let (now, seq) = (app.clock().now(), incident.seq);
        let standing = serde_json::to_string(&Standing::of(incident, now)).unwrap_or_default();
        let standing = format!("event: standing\ndata: {standing}\n\n");
        if told.standing.1 != standing {
            told.standing = (told.standing.0 + 1, standing);
        }
        let at = At { seq, standing: told.standing.0 };
        drop(told);
        self.at.send_if_modified(|old| std::mem::replace(old, at) != at);
        Ok(())
    }

    /// Whether somebody has seen more than there is: the database is an older copy of what the page was made from.
    pub async fn is_behind(&self, seq: i64, app: &App) -> Result<bool, Fault> {
        if seq <= self.at.borrow().seq {
            return Ok(false);
        }
        Ok(app.store().incident(self.id).await?.is_none_or(|l| l.incident.seq < seq))
    }

    /// Everything after `seen`, and how far that goes. Empty when there is nothing.
    pub fn after(&self, seen: At) -> (String, At) {
        let told = self.told.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        let head = told.frames.len() as i64;
        if seen.seq > head {
            // A page is from the database, which this feed has not caught up with yet.
            return (text, seen);
        }
        for frame in told.frames.iter().skip(seen.seq.max(0) as usize) {
            text.push_str(frame);
        }
        if told.standing.0 > seen.standing {
            text.push_str(&told.standing.1);
        }
        (text, At { seq: head, standing: told.standing.0 })
    }
}

/// One event as it is sent. JSON has no line breaks of its own, so that a frame cannot be forged from inside.
fn frame(entry: &timeline::Entry) -> String {
    let data = serde_json::to_string(entry).unwrap_or_default();
    format!("id: {}\nevent: entry\ndata: {data}\n\n", entry.seq)
}
