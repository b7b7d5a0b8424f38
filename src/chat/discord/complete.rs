//! What is offered while somebody types: names of the configuration as it is in force, and incidents from memory, kept
//! up to date from the log. A private incident is offered only to those in it. Changes nothing and never waits for
//! Discord.

use super::Discord;
use super::render::channel_name;
use super::words::plain;
use crate::app::App;
use crate::commands::offered::{About, Offered, chosen, offered};
use crate::commands::{Arg, ArgKind, COMMANDS, filled, may_see};
use crate::notice;
use firebell_domain::chat::RoomTask;
use firebell_domain::id::{ChannelId, IncidentId, PersonId, ServiceId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{IntentNo, Live, What};
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// Discord's.
const OFFERS_MAX: usize = 25;
const NAME_MAX: usize = 100;
/// Incidents that are remembered; older ones are named by their number.
const REMEMBERED_MAX: usize = 10_000;
/// Private and open ones that are loaded at the start, to know who is in them and which runbook they are about; the
/// others become known when they move, or when somebody asks.
const LOADS_MAX: usize = 400;

/// What is remembered, by the number of the incident.
#[derive(Default)]
pub struct Index(RwLock<BTreeMap<i64, Known>>);

struct Known {
    /// As it is searched: lower case, with the number.
    folded: String,
    shown: String,
    open: bool,
    rank: u32,
    /// Who may see it, where not everybody may.
    private: Option<Box<Incident>>,
    /// Of an open one: which runbook it is about. `None`: not known yet.
    about: Option<Arc<About>>,
    /// Of one whose place may be there already, although nothing says so.
    opening: Option<Opening>,
}

impl Known {
    fn new(id: IncidentId, title: &str, rank: u32, open: bool, private: Option<Box<Incident>>) -> Known {
        let end = if open { "" } else { " (ended)" };
        let shown = plain(&format!("{id}{end} {title}"), NAME_MAX);
        let folded = format!("{id} {title}").to_lowercase();
        Known { folded, shown, open, rank, private, about: None, opening: None }
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
            l.intent.channel == *chat && matches!(l.intent.what, What::Room { task: RoomTask::Open }) && l.attempt > 0
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
        let private = incident.private.then(|| Box::new(incident.clone()));
        let (id, open) = (incident.id, incident.status.open());
        let about = open.then(|| Arc::new(About::of(incident)));
        let opening = Opening::of(incident, chat);
        self.add(
            Known { opening, about, ..Known::new(id, &incident.title, incident.severity.rank, open, private) },
            id,
        );
    }

    fn add(&self, known: Known, id: IncidentId) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(id.0, known);
        while all.len() > REMEMBERED_MAX {
            let oldest_ended = all.iter().find(|(_, k)| !k.open).map(|(n, _)| *n);
            let first = oldest_ended.or_else(|| all.keys().next().copied());
            first.and_then(|n| all.remove(&n));
        }
    }

    /// Places that may be there although the log does not say so yet.
    pub fn opening(&self) -> Vec<Opening> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.values().filter_map(|k| k.opening.clone()).collect()
    }

    /// Open ones first, the worst and newest of them before the others.
    pub fn find(&self, typed: &str, person: &PersonId) -> Vec<(String, String)> {
        let wanted = typed.trim().to_lowercase();
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let seen = |k: &Known| k.private.as_ref().is_none_or(|i| may_see(i, person, false));
        let mut found: Vec<(&i64, &Known)> =
            all.iter().filter(|(_, k)| k.folded.contains(&wanted) && seen(k)).collect();
        let first = OFFERS_MAX.min(found.len());
        let order = |(n, k): &(&i64, &Known)| (!k.open, if k.open { k.rank } else { 0 }, -**n);
        if first > 0 && first < found.len() {
            found.select_nth_unstable_by_key(first - 1, order);
            found.truncate(first);
        }
        found.sort_by_key(order);
        found.into_iter().map(|(n, k)| (k.shown.clone(), IncidentId(*n).to_string())).collect()
    }

    /// Which runbook an incident is about, where that is remembered; `Err`: it is none of theirs.
    fn about(&self, id: IncidentId, person: &PersonId) -> Result<Option<Arc<About>>, ()> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = all.get(&id.0) else { return Ok(None) };
        match known.private.as_ref().is_none_or(|i| may_see(i, person, false)) {
            true => Ok(known.about.clone()),
            false => Err(()),
        }
    }

    /// The only open one that somebody may see.
    pub fn only_open(&self, person: &PersonId) -> Option<IncidentId> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let seen = |k: &&Known| k.open && k.private.as_ref().is_none_or(|i| may_see(i, person, false));
        let mut open = all.iter().filter(|(_, k)| seen(k));
        match (open.next(), open.next()) {
            (Some((n, _)), None) => Some(IncidentId(*n)),
            _ => None,
        }
    }

    /// Reads what there is, then follows what moves, until told to stop.
    pub async fn follow(&self, app: &App, chat: &ChannelId, mut stop: watch::Receiver<bool>) {
        let mut moved = app.moved();
        self.load(app, chat).await;
        while !*stop.borrow() {
            let heard = tokio::select! {
                heard = moved.recv() => heard,
                _ = stop.changed() => continue,
            };
            match heard {
                Ok(moved) => {
                    if let Ok(Some(loaded)) = app.store().incident(moved.incident).await {
                        self.put(&loaded.incident, chat);
                    }
                }
                Err(RecvError::Lagged(_)) => self.load(app, chat).await,
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn load(&self, app: &App, chat: &ChannelId) {
        let rows = match app.store().recent_incidents(Timestamp(i64::MAX), REMEMBERED_MAX as i64).await {
            Ok(rows) => rows,
            Err(fault) => {
                tracing::warn!(fault.id = %fault.id, "incidents cannot be offered yet: {}", fault.chain);
                return;
            }
        };
        let mut loads = 0;
        for row in rows {
            let open = row.ended_at.is_none();
            if (row.private || open) && loads < LOADS_MAX {
                loads += 1;
                if let Ok(Some(loaded)) = app.store().incident(row.id).await {
                    self.put(&loaded.incident, chat);
                    continue;
                }
            }
            if !row.private {
                self.add(Known::new(row.id, &row.title, row.severity_rank, open, None), row.id);
            }
        }
    }
}

impl Discord {
    /// Names and values for one option of a command.
    pub async fn offers(
        &self,
        verb: Option<&str>,
        option: &str,
        typed: &str,
        incident: Option<IncidentId>,
        given: &BTreeMap<String, String>,
        person: &PersonId,
    ) -> Vec<(String, String)> {
        if option == super::commands::INCIDENT {
            return self.index.find(typed, person);
        }
        let spec = verb.and_then(filled::spec_of);
        let Some(arg) = spec.and_then(|s| s.args.iter().find(|a| a.name == option)) else { return Vec::new() };
        if arg.kind == ArgKind::Incident {
            return self.index.find(typed, person);
        }
        if arg.kind == ArgKind::ActionItem {
            return self.action_items(incident, typed, person).await;
        }
        if arg.kind == ArgKind::Severity {
            return fitting(self.severities(incident, given).await, typed);
        }
        if matches!(arg.kind, ArgKind::Check | ArgKind::Remediation) {
            let about = self.about(incident.or_else(|| self.index.only_open(person)), person).await;
            let all = offered(arg.kind, &about, &self.app().program(), &self.app().directory());
            return of_runbook(all, typed, arg.kind == ArgKind::Check);
        }
        fitting(self.names(arg), typed)
    }

    /// Which runbook is meant, as far as the incident says it.
    async fn about(&self, incident: Option<IncidentId>, person: &PersonId) -> Arc<About> {
        let Some(id) = incident else { return Arc::default() };
        match self.index.about(id, person) {
            Ok(Some(about)) => about,
            Err(()) => Arc::default(),
            Ok(None) => match self.app().store().incident(id).await {
                Ok(Some(loaded)) if may_see(&loaded.incident, person, false) => Arc::new(About::of(&loaded.incident)),
                _ => Arc::default(),
            },
        }
    }

    /// Those of the service that was chosen, else of the incident that is meant, as its runbook has them; where neither
    /// says which system it is, those of all.
    async fn severities(
        &self,
        incident: Option<IncidentId>,
        given: &BTreeMap<String, String>,
    ) -> Vec<(String, String)> {
        let d = self.app().directory();
        let chosen = |option: &str| given.get(option).map(|v| v.trim()).filter(|v| !v.is_empty());
        let service = chosen("service").map(|s| ServiceId::from(s.trim_start_matches("service:")));
        let of_incident = match (incident, &service) {
            (Some(id), None) => self.app().store().incident(id).await.ok().flatten(),
            _ => None,
        };
        let system = match (chosen("system"), &of_incident) {
            (Some(system), _) => Some(system.trim_start_matches("system:")),
            (None, Some(loaded)) => loaded.incident.severity.system.as_deref(),
            (None, None) => service.as_ref().and_then(|s| d.system_of(Some(s))),
        };
        let shown = |s: &Severity| match &s.system {
            Some(system) => (format!("{} {} ({system})", s.level, s.name), s.level.clone()),
            None => (format!("{} {}", s.level, s.name), s.level.clone()),
        };
        let scale = match system {
            Some(system) => d.scale(Some(system)),
            None => d.severities.as_slice(),
        };
        let mut seen = BTreeSet::new();
        scale.iter().filter(|s| seen.insert(s.level.clone())).map(shown).collect()
    }

    fn names(&self, arg: &Arg) -> Vec<(String, String)> {
        let d = self.app().directory();
        let same = |text: &str| (text.to_string(), text.to_string());
        match arg.kind {
            ArgKind::Service => d.services.keys().map(|s| same(s.as_str())).collect(),
            ArgKind::Person => self.people(),
            ArgKind::Target => {
                let schedules = d.schedules.keys().map(|s| same(&format!("schedule:{s}")));
                self.people().into_iter().chain(schedules).chain([same("owners")]).collect()
            }
            ArgKind::Role => ["deputy", "scribe", "comms", "sme"].iter().map(|r| same(r)).collect(),
            ArgKind::Schedule => d.schedules.keys().map(|s| same(s.as_str())).collect(),
            ArgKind::Playbook => {
                let program = self.app().program();
                let books = program.sources.iter().flat_map(|s| &s.book().playbooks);
                books.map(|p| (p.name.clone(), plain(&p.name, NAME_MAX))).chain([same("review")]).collect()
            }
            ArgKind::Verb => COMMANDS
                .iter()
                .map(|c| (format!("{}: {}", c.spec.verb, c.spec.summary), c.spec.verb.to_string()))
                .collect(),
            _ if arg.name == "system" => d.systems.keys().map(|s| same(s)).collect(),
            _ => Vec::new(),
        }
    }

    fn people(&self) -> Vec<(String, String)> {
        let d = self.app().directory();
        d.people.iter().map(|(id, p)| (format!("{} (@{id})", p.name), format!("@{id}"))).collect()
    }

    /// One row of the database: they belong to one incident, and nobody types them by heart.
    async fn action_items(
        &self,
        incident: Option<IncidentId>,
        typed: &str,
        person: &PersonId,
    ) -> Vec<(String, String)> {
        let Some(id) = incident else { return Vec::new() };
        let Ok(Some(loaded)) = self.app().store().incident(id).await else { return Vec::new() };
        if !may_see(&loaded.incident, person, false) {
            return Vec::new();
        }
        let open = loaded.incident.actions.iter().filter(|a| a.done_at.is_none());
        fitting(open.map(|a| (format!("{}. {}", a.no, a.text), a.no.to_string())).collect(), typed)
    }
}

/// What of a runbook fits what was typed: the name with its line, and what a change does. Of checks several may be
/// chosen: those that are stay in front.
fn of_runbook(all: Vec<Offered>, typed: &str, several: bool) -> Vec<(String, String)> {
    let (before, rest) = if several { chosen(typed) } else { (Vec::new(), typed) };
    let rest = rest.trim().to_lowercase();
    let mut found: Vec<(u8, Offered)> =
        all.into_iter().filter(|o| !before.contains(&o.line)).filter_map(|o| Some((o.fits(&rest)?, o))).collect();
    found.sort_by_key(|(late, _)| *late);
    let before: String = before.iter().map(|line| format!("line {line}, ")).collect();
    let one = |(_, o): (u8, Offered)| {
        let front = format!("{before}line {}: ", o.line);
        let end = o.risk.map_or(String::new(), |risk| format!(" ({risk})"));
        let room = NAME_MAX.saturating_sub(front.chars().count() + end.chars().count());
        (format!("{front}{}{end}", plain(&o.name, room)), format!("{before}{}", o.value()))
    };
    let fits = |(name, value): &(String, String)| name.chars().count() <= NAME_MAX && value.chars().count() <= NAME_MAX;
    found.into_iter().map(one).filter(fits).take(OFFERS_MAX).collect()
}

/// Those that hold what was typed, those that begin with it first.
fn fitting(names: Vec<(String, String)>, typed: &str) -> Vec<(String, String)> {
    let wanted = typed.trim().trim_start_matches('@').to_lowercase();
    let mut found: Vec<(bool, usize, (String, String))> = names
        .into_iter()
        .enumerate()
        .filter_map(|(n, (name, value))| {
            let folded = name.to_lowercase();
            folded.contains(&wanted).then(|| (!folded.starts_with(&wanted), n, (name, value)))
        })
        .collect();
    found.sort_by_key(|(late, n, _)| (*late, *n));
    found.into_iter().take(OFFERS_MAX).map(|(_, _, (name, value))| (plain(&name, NAME_MAX), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ten_thousand_incidents_open_ones_come_first_and_no_more_than_fit() {
        let index = Index::default();
        for n in 1..=10_500i64 {
            let (id, title, rank) = (IncidentId(n), format!("checkout {n} is slow"), (n % 4 + 1) as u32);
            index.add(Known::new(id, &title, rank, n % 100 == 0, None), id);
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
    fn what_begins_like_it_comes_before_what_holds_it() {
        let names = ["scribe", "deputy", "sme", "describe"].map(|n| (n.to_string(), n.to_string())).to_vec();
        let found: Vec<String> = fitting(names, "sc").into_iter().map(|(_, v)| v).collect();
        assert_eq!(found, ["scribe", "describe"]);
    }
}
