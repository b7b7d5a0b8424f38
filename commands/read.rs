//! Names in a command: people, schedules, services, severities. What is not known is refused, with what was probably
//! meant. Looks only at the directory that it is given.

use super::Ground;
use super::words::{Word, closest, shown, usage_refusal};
use chrono_tz::Tz;
use firebell_domain::directory::{Directory, Target};
use firebell_domain::id::{PersonId, ScheduleId, ServiceId};
use firebell_domain::limits::NAME_CHARS_MAX;
use firebell_domain::refusal::Refusal;
use firebell_domain::schedule::Schedule;
use firebell_domain::severity::{self, Severity};
use firebell_domain::text;

/// A person: as configured (or the speaker), whatever the case; where nobody is configured, any name.
pub fn person(word: &str, ground: &Ground) -> Result<PersonId, Refusal> {
    let name = word.trim_start_matches('@');
    let (people, me) = (&ground.directory.people, &ground.speaker.person);
    let same = |p: &PersonId| p.as_str().to_lowercase() == name.to_lowercase();
    if let Some(known) = people.keys().find(|p| p.as_str() == name).or_else(|| people.keys().find(|p| same(p))) {
        return Ok(known.clone());
    }
    if same(me) || matches!(name.to_lowercase().as_str(), "me" | "you") {
        return Ok(me.clone());
    }
    if people.is_empty() {
        let name = text::line("name", name, NAME_CHARS_MAX)?;
        return match name.contains(char::is_whitespace) {
            true => Err(usage_refusal("A name has no spaces.", "@name, in one word")),
            false => Ok(PersonId(name)),
        };
    }
    let did_you_mean = closest(name, people.keys().map(PersonId::as_str));
    Err(Refusal::UnknownPerson { name: shown(name), did_you_mean })
}

/// The zone in which the speaker reads a clock.
pub fn zone(ground: &Ground) -> Tz {
    ground.directory.people.get(&ground.speaker.person).map_or(Tz::UTC, |p| p.time_zone)
}

/// Whom to page: `@person`, `schedule:name`, `owners`, or a bare name of a person or schedule.
pub fn target(word: &str, ground: &Ground) -> Result<Target, Refusal> {
    let d = &ground.directory;
    let lower = word.to_lowercase();
    if word.starts_with('@') {
        return person(word, ground).map(Target::Person);
    }
    if lower.starts_with("schedule:") {
        return schedule(word.get("schedule:".len()..).unwrap_or(""), d).map(|(id, _)| Target::Schedule(id.clone()));
    }
    if d.people.is_empty() && d.schedules.is_empty() {
        // Nothing is configured to look names up in: the page itself says who cannot be reached.
        return if lower == "owners" { Ok(Target::Owners) } else { person(word, ground).map(Target::Person) };
    }
    let known_person = person(word, ground).ok().filter(|p| !d.people.is_empty() || *p == ground.speaker.person);
    match (known_person, schedule(word, d)) {
        (Some(p), _) => Ok(Target::Person(p)),
        (None, Ok((id, _))) => Ok(Target::Schedule(id.clone())),
        (None, Err(_)) if lower == "owners" => Ok(Target::Owners),
        (None, Err(_)) => {
            let known = d.people.keys().map(PersonId::as_str).chain(d.schedules.keys().map(ScheduleId::as_str));
            Err(Refusal::UnknownTarget { name: shown(word), did_you_mean: closest(word, known) })
        }
    }
}

pub fn schedule<'a>(name: &str, d: &'a Directory) -> Result<(&'a ScheduleId, &'a Schedule), Refusal> {
    let same = |id: &ScheduleId| id.as_str().to_lowercase() == name.to_lowercase();
    let found =
        d.schedules.iter().find(|(id, _)| id.as_str() == name).or_else(|| d.schedules.iter().find(|(id, _)| same(id)));
    found.ok_or_else(|| Refusal::UnknownSchedule {
        name: shown(name),
        did_you_mean: closest(name, d.schedules.keys().map(ScheduleId::as_str)),
        known: d.schedules.keys().map(ToString::to_string).collect(),
    })
}

pub fn service(name: &str, d: &Directory) -> Result<ServiceId, Refusal> {
    let same = |id: &ServiceId| id.as_str().to_lowercase() == name.to_lowercase();
    let found = d.services.keys().find(|id| id.as_str() == name).or_else(|| d.services.keys().find(|id| same(id)));
    found.cloned().ok_or_else(|| Refusal::UnknownService {
        name: shown(name),
        did_you_mean: closest(name, d.services.keys().map(ServiceId::as_str)),
        known: d.services.len(),
    })
}

/// The system of a runbook, by its name in any case.
pub fn system(name: &str, d: &Directory) -> Result<String, Refusal> {
    let found = d.systems.keys().find(|s| s.eq_ignore_ascii_case(name.trim()));
    found
        .cloned()
        .ok_or_else(|| Refusal::UnknownSystem { name: shown(name), known: d.systems.keys().cloned().collect() })
}

/// The severity that the words begin with, and how many of them it takes: `P1`, `critical`, `sev 1`. A word that
/// can only have been meant as one and is none is refused; `None` where the words are about something else.
pub fn severity<'a>(words: &[Word], scale: &'a [Severity]) -> Result<Option<(&'a Severity, usize)>, Refusal> {
    let Some(first) = words.first().filter(|w| !w.quoted) else { return Ok(None) };
    if let Some(found) = severity::find(scale, &first.text) {
        return Ok(Some((found, 1)));
    }
    let number = words.get(1).filter(|w| !w.text.is_empty() && w.text.chars().all(|c| c.is_ascii_digit()));
    let both = number.map(|n| format!("{}{}", first.text, n.text));
    if let Some(both) = both.filter(|b| first.text.chars().all(char::is_alphabetic) && severity::looks_like_severity(b))
    {
        return match severity::find(scale, &both) {
            Some(found) => Ok(Some((found, 2))),
            None => Err(unknown_severity(&both, scale)),
        };
    }
    match severity::looks_like_severity(&first.text) {
        true => Err(unknown_severity(&first.text, scale)),
        false => Ok(None),
    }
}

/// What a level means in each of several systems, where that is not the same and its severity says of none that it is
/// its own.
pub fn meanings(severity: &Severity, d: &Directory) -> Vec<(String, Severity)> {
    let all: Vec<(String, Severity)> = d.meanings(&severity.level).map(|(s, m)| (s.to_string(), m.clone())).collect();
    if severity.system.is_none() && all.len() > 1 { all } else { Vec::new() }
}

pub fn unknown_severity(word: &str, scale: &[Severity]) -> Refusal {
    Refusal::UnknownSeverity { word: shown(word), known: levels(scale) }
}

pub fn levels(scale: &[Severity]) -> Vec<String> {
    scale.iter().map(|s| s.level.clone()).collect()
}
