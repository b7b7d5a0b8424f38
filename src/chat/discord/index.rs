//! What is remembered of incidents, so that completion asks no database: titles, who may see them, which runbook they are
//! about, action items that are open, and which place belongs to which. Read once at the start and kept up to date from
//! the log; decides nothing.

use super::render::channel_name;
use super::words::plain;
use crate::app::App;
use crate::commands::may_see;
use crate::commands::offered::About;
use crate::notice;
use firebell_domain::chat::RoomTask;
use firebell_domain::id::{ChannelId, IncidentId, PersonId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{IntentNo, Live, What};
use firebell_domain::time::Timestamp;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// Discord's.
pub const OFFERS_MAX: usize = 25;
pub const NAME_MAX: usize = 100;
/// Incidents that are remembered, and places; older ones are named by their number.
const REMEMBERED_MAX: usize = 10_000;
/// Private and open ones that are read before anything is followed, to know who is in them; the others are read while
/// nothing else moves.
const FIRST_MAX: usize = 400;

/// What is remembered.
#[derive(Default)]
pub struct Index {
    /// By their number.
    incidents: RwLock<BTreeMap<i64, Known>>,
    places: RwLock<Places>,
}

/// Which incident a place belongs to.
#[derive(Default)]
struct Places {
    of: HashMap<String, IncidentId>,
    /// All that there are: what is not in it belongs to none.
    all: bool,
}

/// An action item that is not done: its number and its text.
pub type Action = (u32, String);

struct Known {
    /// As it is searched: lower case, with the number.
    folded: String,
    shown: String,
    open: bool,
    rank: u32,
    /// Who may see it, where not everybody may.
    private: Option<Box<Incident>>,
    /// `None`: only its line in the list was read.
    more: Option<More>,
}

/// What only the incident itself says.
struct More {
    /// The state that this is of.
    seq: i64,
    about: Arc<About>,
    actions: Arc<[Action]>,
    place: Option<String>,
    /// Of one whose place may be there already, although nothing says so.
    opening: Option<Opening>,
}

impl Known {
    fn new(id: IncidentId, title: &str, rank: u32, open: bool, private: Option<Box<Incident>>) -> Known {
        let end = if open { "" } else { " (ended)" };
        let shown = plain(&format!("{id}{end} {title}"), NAME_MAX);
        let folded = format!("{id} {title}").to_lowercase();
        Known { folded, shown, open, rank, private, more: None }
    }

    fn of(incident: &Incident, chat: &ChannelId) -> Known {
        let private = incident.private.then(|| Box::new(incident.clone()));
        let open_ones = incident.actions.iter().filter(|a| a.done_at.is_none());
        let more = More {
            seq: incident.seq,
            about: Arc::new(About::of(incident)),
            actions: open_ones.map(|a| (a.no, a.text.clone())).collect(),
            place: incident.rooms.get(chat).and_then(|r| r.place.clone()),
            opening: Opening::of(incident, chat),
        };
        let (title, rank, open) = (&incident.title, incident.severity.rank, incident.status.open());
        Known { more: Some(more), ..Known::new(incident.id, title, rank, open, private) }
    }

    fn seen_by(&self, person: &PersonId) -> bool {
        self.private.as_ref().is_none_or(|i| may_see(i, person, false))
    }
}

/// Of an incident that somebody may see, as far as it is remembered.
#[derive(Clone, Default)]
pub(super) struct Remembered {
    pub about: Arc<About>,
    pub actions: Arc<[Action]>,
}

impl Remembered {
    pub fn of(incident: &Incident, chat: &ChannelId) -> Remembered {
        Known::of(incident, chat).more.map(Remembered::from).unwrap_or_default()
    }
}

impl From<More> for Remembered {
    fn from(more: More) -> Remembered {
        Remembered { about: more.about, actions: more.actions }
    }
}

/// A place that was begun to be made.
#[derive(Clone, Debug)]
pub struct Opening {
    pub incident: IncidentId,
    pub no: IntentNo,
    pub name: String,
    pub queued_at: Timestamp,
}

impl Opening {
    /// Once it was claimed, and until its receipt is in the log.
    fn of(incident: &Incident, chat: &ChannelId) -> Option<Opening> {
        let opens = |l: &&Live| {
            l.intent.channel == *chat
                && matches!(l.intent.what, What::Room { task: RoomTask::Open, .. })
                && l.attempt > 0
        };
        incident.live.values().find(opens).map(|l| Opening {
            incident: incident.id,
            no: l.intent.no,
            name: channel_name(&notice::card::place_name(incident)),
            queued_at: l.queued_at,
        })
    }
}

impl Index {
    pub fn put(&self, incident: &Incident, chat: &ChannelId) {
        let known = Known::of(incident, chat);
        let place = known.more.as_ref().and_then(|m| m.place.clone());
        let mut all = self.incidents.write().unwrap_or_else(PoisonError::into_inner);
        let before = all.get(&incident.id.0);
        let more = before.and_then(|k| k.more.as_ref());
        // Two may read it at once, and the older reading come second.
        if more.is_some_and(|m| m.seq > incident.seq) {
            return;
        }
        let moved = more.is_some_and(|m| m.place != place);
        add(&mut all, known, incident.id);
        drop(all);
        if let Some(place) = place {
            let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
            // A place that it had before may be another one's now: only what is news counts.
            if moved || !places.of.contains_key(&place) {
                places.put(place, incident.id);
            }
        }
    }

    /// What is known by its line in the list alone, unless more is known.
    fn add_line(&self, known: Known, id: IncidentId) {
        let mut all = self.incidents.write().unwrap_or_else(PoisonError::into_inner);
        if all.get(&id.0).is_none_or(|k| k.more.is_none()) {
            add(&mut all, known, id);
        }
    }

    /// Places that may be there although the log does not say so yet.
    pub fn opening(&self) -> Vec<Opening> {
        let all = self.incidents.read().unwrap_or_else(PoisonError::into_inner);
        all.values().filter_map(|k| k.more.as_ref()?.opening.clone()).collect()
    }

    /// The incident of a place, or that it has none; `None`: that is not known here.
    pub fn at(&self, place: &str) -> Option<Option<IncidentId>> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        match places.of.get(place) {
            Some(id) => Some(Some(*id)),
            None => places.all.then_some(None),
        }
    }

    /// Open ones first, the worst and newest of them before the others.
    pub fn find(&self, typed: &str, person: &PersonId) -> Vec<(String, String)> {
        let wanted = typed.trim().to_lowercase();
        let all = self.incidents.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<(&i64, &Known)> =
            all.iter().filter(|(_, k)| k.folded.contains(&wanted) && k.seen_by(person)).collect();
        let first = OFFERS_MAX.min(found.len());
        let order = |(n, k): &(&i64, &Known)| (!k.open, if k.open { k.rank } else { 0 }, -**n);
        if first > 0 && first < found.len() {
            found.select_nth_unstable_by_key(first - 1, order);
            found.truncate(first);
        }
        found.sort_by_key(order);
        found.into_iter().map(|(n, k)| (k.shown.clone(), IncidentId(*n).to_string())).collect()
    }

    /// What is remembered of one; `Err`: it is none of theirs.
    pub(super) fn remembered(&self, id: IncidentId, person: &PersonId) -> Result<Option<Remembered>, ()> {
        let all = self.incidents.read().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = all.get(&id.0) else { return Ok(None) };
        if !known.seen_by(person) {
            return Err(());
        }
        let of = |m: &More| Remembered { about: m.about.clone(), actions: m.actions.clone() };
        Ok(known.more.as_ref().map(of))
    }

    /// The only open one that somebody may see.
    pub fn only_open(&self, person: &PersonId) -> Option<IncidentId> {
        let all = self.incidents.read().unwrap_or_else(PoisonError::into_inner);
        let mut open = all.iter().filter(|(_, k)| k.open && k.seen_by(person));
        match (open.next(), open.next()) {
            (Some((n, _)), None) => Some(IncidentId(*n)),
            _ => None,
        }
    }

    /// Reads what there is, then follows what moves, until told to stop.
    pub async fn follow(&self, app: &App, chat: &ChannelId, mut stop: watch::Receiver<bool>) {
        let mut moved = app.moved();
        let mut rest = self.load(app, chat).await;
        while !*stop.borrow() {
            let heard = tokio::select! {
                biased;
                told = stop.changed() => match told {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                heard = moved.recv() => Some(heard),
                () = std::future::ready(()), if !rest.is_empty() => None,
            };
            match heard {
                Some(Ok(moved)) => self.read(app, chat, moved.incident).await,
                Some(Err(RecvError::Lagged(_))) => rest = self.load(app, chat).await,
                Some(Err(RecvError::Closed)) => return,
                None => {
                    if let Some(id) = rest.pop_front() {
                        self.read(app, chat, id).await;
                        tokio::task::yield_now().await;
                    }
                }
            }
        }
    }

    async fn read(&self, app: &App, chat: &ChannelId, id: IncidentId) {
        if let Ok(Some(loaded)) = app.store().incident(id).await {
            self.put(&loaded.incident, chat);
        }
    }

    /// Reads what nobody should wait for; gives back what is still to be read.
    async fn load(&self, app: &App, chat: &ChannelId) -> VecDeque<IncidentId> {
        let mut rest = VecDeque::new();
        let rows = match app.store().recent_incidents(Timestamp(i64::MAX), REMEMBERED_MAX as i64).await {
            Ok(rows) => rows,
            Err(fault) => {
                tracing::warn!(fault.id = %fault.id, "incidents cannot be offered yet: {}", fault.chain);
                return rest;
            }
        };
        let mut first = 0;
        for row in rows {
            let open = row.ended_at.is_none();
            if (row.private || open) && first < FIRST_MAX {
                first += 1;
                self.read(app, chat, row.id).await;
                continue;
            }
            rest.push_back(row.id);
            // Nothing is offered of a private one before it is known who is in it.
            if !row.private {
                self.add_line(Known::new(row.id, &row.title, row.severity_rank, open, None), row.id);
            }
        }
        // After the incidents: what opened in between is in it.
        match app.places_of(chat, REMEMBERED_MAX as i64).await {
            Ok(all) => {
                let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
                places.all = all.len() < REMEMBERED_MAX;
                places.of = all.into_iter().collect();
            }
            Err(fault) => tracing::warn!(fault.id = %fault.id, "places are looked up one by one: {}", fault.chain),
        }
        rest
    }
}

impl Places {
    fn put(&mut self, place: String, id: IncidentId) {
        self.of.insert(place, id);
        if self.of.len() > REMEMBERED_MAX {
            self.all = false;
            let oldest = self.of.iter().min_by_key(|(_, id)| **id).map(|(place, _)| place.clone());
            oldest.and_then(|place| self.of.remove(&place));
        }
    }
}

fn add(all: &mut BTreeMap<i64, Known>, known: Known, id: IncidentId) {
    all.insert(id.0, known);
    while all.len() > REMEMBERED_MAX {
        let oldest_ended = all.iter().find(|(_, k)| !k.open).map(|(n, _)| *n);
        let first = oldest_ended.or_else(|| all.keys().next().copied());
        first.and_then(|n| all.remove(&n));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ten_thousand_incidents_open_ones_come_first_and_no_more_than_fit() {
        let index = Index::default();
        for n in 1..=10_500i64 {
            let (id, title, rank) = (IncidentId(n), format!("checkout {n} is slow"), (n % 4 + 1) as u32);
            index.add_line(Known::new(id, &title, rank, n % 100 == 0, None), id);
        }
        let ana = PersonId::from("ana");
        assert_eq!(index.find("checkout", &ana).len(), OFFERS_MAX);
        let found = index.find("", &ana);
        assert_eq!(found[0].1, "INC-10500", "open, rank 1, newest");
        assert_eq!(index.find("inc-10499", &ana)[0].0, "INC-10499 (ended) checkout 10499 is slow");
        assert!(index.find("checkout 101 is", &ana).is_empty(), "the oldest that has ended is forgotten");
        assert!(!index.find("checkout 100 is", &ana).is_empty(), "an open one is not");
    }

    #[test]
    fn of_more_places_than_are_remembered_the_oldest_is_asked_about_again() {
        let mut places = Places { all: true, ..Places::default() };
        for n in 1..=REMEMBERED_MAX as i64 {
            places.put(format!("place {n}"), IncidentId(n));
        }
        let index = Index::default();
        *index.places.write().expect("not poisoned") = places;
        assert_eq!(index.at("place 1"), Some(Some(IncidentId(1))));
        assert_eq!(index.at("general"), Some(None), "all are known: it is none's");
        index.places.write().expect("not poisoned").put("place 10001".into(), IncidentId(10_001));
        assert_eq!((index.at("place 1"), index.at("general")), (None, None));
        assert_eq!(index.at("place 10001"), Some(Some(IncidentId(10_001))));
    }
}
