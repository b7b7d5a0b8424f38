//! What is offered while somebody types: names of the configuration as it is in force, incidents and what belongs to them
//! from memory. A private incident is offered only to those in it. Changes nothing and never waits for Discord.

use super::Discord;
use super::index::{NAME_MAX, OFFERS_MAX, Remembered};
use super::words::plain;
use crate::commands::offered::{Offered, chosen, offered};
use crate::commands::{Arg, ArgKind, COMMANDS, filled, may_see};
use firebell_domain::id::{IncidentId, PersonId, ServiceId};
use firebell_domain::severity::Severity;
use std::collections::{BTreeMap, BTreeSet};

/// A command that somebody is filling in.
pub struct Typing<'a> {
    pub verb: Option<&'a str>,
    /// The option that is being typed.
    pub option: &'a str,
    /// The options that are given, with what is typed so far.
    pub given: &'a BTreeMap<String, String>,
    /// The incident that is named.
    pub incident: Option<IncidentId>,
    /// Where.
    pub place: Option<&'a str>,
}

impl Discord {
    /// Names and values for the option that is being typed.
    pub async fn offers(&self, t: &Typing<'_>, person: &PersonId) -> Vec<(String, String)> {
        let Typing { verb, option, given, incident, place } = *t;
        let typed = given.get(option).map(String::as_str).unwrap_or_default();
        if option == super::commands::INCIDENT {
            return self.index.find(typed, person);
        }
        let spec = verb.and_then(filled::spec_of);
        let Some(arg) = spec.and_then(|s| s.args.iter().find(|a| a.name == option)) else { return Vec::new() };
        if arg.kind == ArgKind::Incident {
            return self.index.find(typed, person);
        }
        let of_one =
            matches!(arg.kind, ArgKind::ActionItem | ArgKind::Severity | ArgKind::Check | ArgKind::Remediation);
        if !of_one {
            return fitting(self.names(arg), typed);
        }
        // A new one has nothing of its own yet.
        let meant = if verb == Some("declare") { None } else { self.meant(incident, place, person).await };
        let one = match meant {
            Some(id) => self.remembered(id, person).await,
            None => Remembered::default(),
        };
        match arg.kind {
            ArgKind::ActionItem => {
                let all = one.actions.iter().map(|(no, text)| (format!("{no}. {text}"), no.to_string())).collect();
                fitting(all, typed)
            }
            ArgKind::Severity => fitting(self.severities(one.about.system.as_deref(), given), typed),
            kind => {
                let all = offered(kind, &one.about, &self.app().program(), &self.app().directory());
                of_runbook(all, typed, kind == ArgKind::Check)
            }
        }
    }

    /// The one that is named, else that of the place, else the only one that is open.
    async fn meant(&self, named: Option<IncidentId>, place: Option<&str>, person: &PersonId) -> Option<IncidentId> {
        let of_place = match (named, place) {
            (None, Some(place)) => match self.index.at(place) {
                Some(known) => known,
                None => self.ear.room(place).await,
            },
            (named, _) => named,
        };
        of_place.or_else(|| self.index.only_open(person))
    }

    /// What is remembered of an incident. What is not is read once: in the first seconds after a start, and of what is
    /// too old to be remembered.
    async fn remembered(&self, id: IncidentId, person: &PersonId) -> Remembered {
        match self.index.remembered(id, person) {
            Ok(Some(found)) => found,
            Err(()) => Remembered::default(),
            Ok(None) => match self.app().store().incident(id).await {
                Ok(Some(loaded)) if may_see(&loaded.incident, person, false) => {
                    self.index.put(&loaded.incident, &self.channel);
                    Remembered::of(&loaded.incident, &self.channel)
                }
                _ => Remembered::default(),
            },
        }
    }

    /// Those of the service that was chosen, else of the incident that is meant, as its runbook has them; where neither
    /// says which system it is, those of all.
    fn severities(&self, of_incident: Option<&str>, given: &BTreeMap<String, String>) -> Vec<(String, String)> {
        let d = self.app().directory();
        let chosen = |option: &str| given.get(option).map(|v| v.trim()).filter(|v| !v.is_empty());
        let service = chosen("service").map(|s| ServiceId::from(s.trim_start_matches("service:")));
        let system = match (chosen("system"), &service) {
            (Some(system), _) => Some(system.trim_start_matches("system:")),
            (None, Some(service)) => d.system_of(Some(service)),
            (None, None) => of_incident,
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
    fn what_begins_like_it_comes_before_what_holds_it() {
        let names = ["scribe", "deputy", "sme", "describe"].map(|n| (n.to_string(), n.to_string())).to_vec();
        let found: Vec<String> = fitting(names, "sc").into_iter().map(|(_, v)| v).collect();
        assert_eq!(found, ["scribe", "describe"]);
    }
}
