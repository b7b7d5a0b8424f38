//! What runbooks and their overlays put in force: severities with their clocks, who is paged, playbooks, reminders, and
//! what of a runbook still leads nowhere because nobody has said who or where it means. Pure: reads no file and no
//! clock, changes no runbook. What its importer only proposes is left out until somebody has confirmed it.

mod about;
pub mod authority;
mod clocks;
mod escalation;
pub mod imported;
pub mod offers;
pub mod operations;
pub mod orders;
pub mod overlay;
pub mod playbooks;
mod proposals;
pub mod quick;
mod readymade;
mod reason;
pub mod red;
pub mod reminders;
mod severities;
pub mod show;
#[cfg(test)]
pub(crate) mod tests;
mod unmapped;
mod when;
mod words;

pub use about::About;
pub use imported::{Imported, Proposal};
pub use overlay::{Decision, Overlay};

use firebell_domain::directory::System;
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use firebell_runbook::model::Runbook;
use reminders::{Due, Reminder};
use std::collections::BTreeMap;
use std::fmt;

/// A role as it is compared: `On-Call Engineer` and `on call engineer` are one.
pub fn role(name: &str) -> String {
    words::normal(name)
}

/// Every loaded runbook, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    pub sources: Vec<Source>,
    /// The schedules that people are reminded of.
    reminders: Vec<Reminder>,
}

/// One runbook with what its overlay says beside it.
#[derive(Clone, PartialEq)]
pub struct Source {
    /// As people type it: the configured name, else that of the file.
    pub system: String,
    /// The Markdown, as it was named.
    pub file: String,
    /// Where the overlay is, whether it is there or not.
    pub overlay_file: String,
    /// The chat room of the system, where one is configured.
    pub room: Option<String>,
    pub import: Imported,
    pub overlay: Overlay,
}

/// Something about a runbook that somebody should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// role, value, target, hours, zone, schedule, proposal, severity, policy
    pub kind: &'static str,
    /// Whatever it is about, in a word.
    pub name: String,
    /// Of the runbook; `None` where it is about the whole.
    pub line: Option<u32>,
    /// What is so: half a sentence, without a full stop.
    pub what: String,
    /// What to write or do about it: one sentence, without a full stop.
    pub fix: String,
}

/// What the configuration itself says of a severity; each of these wins over the runbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    pub severity: Severity,
    pub name_given: bool,
    pub rank_given: bool,
}

/// What a runbook puts in force, and what is to be said about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InForce {
    pub system: System,
    pub notes: Vec<Note>,
}

/// Which file it is, and not what stands in it: a runbook may hold what nobody should print.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { system, file, overlay_file, room, import, .. } = self;
        f.debug_struct("Source")
            .field("system", system)
            .field("file", file)
            .field("sha256", &import.sha256)
            .field("overlay_file", overlay_file)
            .field("room", room)
            .finish_non_exhaustive()
    }
}

impl Source {
    pub fn book(&self) -> &Runbook {
        &self.import.runbook
    }

    /// The file's name without its folder, for people in a room.
    pub fn short_file(&self) -> String {
        let name = std::path::Path::new(&self.file).file_name();
        name.map_or_else(|| self.file.clone(), |n| n.to_string_lossy().into_owned())
    }

    /// Where this system's incidents are announced: the room of the configuration, else what the overlay calls the
    /// runbook's channel here; of several, the one that is named after incidents. By the name of a place.
    pub fn announced_in(&self, fits: fn(&str) -> bool) -> Option<&str> {
        let mapped: Vec<(&String, &String)> = self.overlay.channels.iter().filter(|(_, room)| fits(room)).collect();
        let about = |(name, _): &&(&String, &String)| words::normal(name).contains("incident");
        let channel = match mapped.as_slice() {
            [only] => Some(only),
            several => several.iter().find(about),
        };
        self.room.as_deref().filter(|room| fits(room)).or_else(|| channel.map(|(_, room)| room.as_str()))
    }

    /// Severities and chains of this system; what the configuration says of a severity wins.
    pub fn in_force(&self, configured: &[Configured]) -> InForce {
        let mut notes = Vec::new();
        let severities = severities::of(self, configured, &mut notes);
        let chains = escalation::of(self, &severities, &mut notes);
        unmapped::notes(self, &mut notes);
        notes.sort_by_key(|n| n.line);
        InForce { system: System { severities, chains }, notes }
    }
}

impl Program {
    pub fn new(sources: Vec<Source>) -> Program {
        let reminders = sources.iter().flat_map(|s| reminders::of(s).0).collect();
        Program { sources, reminders }
    }

    /// What became due within the last so many seconds, the latest first.
    pub fn due(&self, now: Timestamp, within_s: i64) -> Vec<Due<'_>> {
        let mut due: Vec<Due> = self.reminders.iter().filter_map(|r| r.last_due(now, within_s)).collect();
        due.sort_by_key(|d| std::cmp::Reverse(d.at));
        due
    }

    /// Everything that recurs and is on, in the order of the runbooks.
    pub fn reminders(&self) -> &[Reminder] {
        &self.reminders
    }

    /// By system, where its incidents are announced on a platform whose places are called so.
    pub fn rooms(&self, fits: fn(&str) -> bool) -> BTreeMap<String, String> {
        let of = |s: &Source| Some((s.system.clone(), s.announced_in(fits)?.to_string()));
        self.sources.iter().filter_map(of).collect()
    }

    pub fn of(&self, system: &str) -> Option<&Source> {
        self.sources.iter().find(|s| s.system == system)
    }

    pub fn systems(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|s| s.system.as_str())
    }
}

/// The severities of a declaration that says nothing of a system: every label of every system once, with the worst
/// rank that it has anywhere; whose it is stands in it only where that is one system's alone.
pub fn of_all_systems(configured: &[Severity], systems: &BTreeMap<String, System>) -> Vec<Severity> {
    let normal = |s: &Severity| firebell_domain::severity::normal(&s.level);
    let mut all: Vec<Severity> = configured.to_vec();
    let taken: Vec<String> = all.iter().map(normal).collect();
    let mut found: BTreeMap<String, Vec<&Severity>> = BTreeMap::new();
    for severity in systems.values().flat_map(|s| &s.severities).filter(|s| !taken.contains(&normal(s))) {
        found.entry(normal(severity)).or_default().push(severity);
    }
    for mut meanings in found.into_values() {
        meanings.sort_by_key(|s| s.rank);
        let Some(worst) = meanings.first().copied() else { continue };
        let system = worst.system.clone().filter(|_| meanings.len() == 1);
        all.push(Severity { system, ..worst.clone() });
    }
    all.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| a.level.cmp(&b.level)));
    all
}
