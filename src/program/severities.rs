//! The severities of a runbook: rank, response, clocks. What the configuration says of the same level wins, key by key,
//! and it is said which of the two did. A time in business days counts in the team's working hours or not at all.

use super::{Configured, Note, Source, clocks};
use firebell_domain::severity::{Clocks, Severity, normal};
use firebell_domain::time::span;
use firebell_runbook::model;

pub fn of(source: &Source, configured: &[Configured], notes: &mut Vec<Note>) -> Vec<Severity> {
    let certain = source.book().severities.iter().filter(|s| source.certain("severities", s.line));
    let mut all: Vec<Severity> = Vec::new();
    for written in certain {
        if all.iter().any(|s| normal(&s.level) == normal(&written.level)) {
            continue;
        }
        let severity = clocks::with_phases(source, written, read(source, written, notes));
        let said = configured.iter().find(|c| normal(&c.severity.level) == normal(&written.level));
        all.push(match said {
            Some(said) => wins(said, severity, written, notes),
            None => severity,
        });
    }
    if !all.is_empty() {
        // Levels that only the configuration has keep working.
        let own: Vec<String> = all.iter().map(|s| normal(&s.level)).collect();
        let further = configured.iter().filter(|c| !own.contains(&normal(&c.severity.level)));
        all.extend(further.map(|c| Severity { system: Some(source.system.clone()), ..c.severity.clone() }));
    }
    all.sort_by_key(|s| s.rank);
    all
}

fn read(source: &Source, written: &model::Severity, notes: &mut Vec<Note>) -> Severity {
    let seconds = |s: Option<u64>| s.and_then(|s| i64::try_from(s).ok()).filter(|s| *s > 0);
    let (mut response_s, mut resolve_s) = (seconds(written.response_time_s), seconds(written.resolution_time_s));
    // "Immediately" is not never: whoever is paged has the shortest time that a clock can count.
    response_s = response_s.or_else(|| written.response_time_s.map(|_| 60));
    let hours = source.overlay.hours.clone().filter(|_| written.business_time);
    if written.business_time && hours.is_none() {
        notes.push(Note {
            kind: "hours",
            name: written.level.clone(),
            line: Some(written.line),
            what: format!("{} promises business time, so it has no clock", written.level),
            fix: "Say when the team works: working_hours = { zone = \"Europe/Madrid\", days = [\"Mon-Fri\"] } in the overlay".into(),
        });
        (response_s, resolve_s) = (None, None);
    }
    let name = written.name.clone().unwrap_or_else(|| written.level.clone());
    Severity {
        response_s,
        clocks: Clocks { resolve_s, ..Clocks::default() },
        system: Some(source.system.clone()),
        hours,
        ..Severity::new(written.level.clone(), name, written.rank)
    }
}

/// The configuration's word for each key that it has one for.
fn wins(said: &Configured, book: Severity, written: &model::Severity, notes: &mut Vec<Note>) -> Severity {
    let ours = &said.severity;
    let mut won: Vec<String> = Vec::new();
    let mut over = |key: &str, ours: Option<i64>, theirs: Option<i64>| {
        if let (Some(o), Some(t)) = (ours, theirs)
            && o != t
        {
            won.push(format!("{key} {} over {}", span(o), span(t)));
        }
        ours.or(theirs)
    };
    let (c, b) = (&ours.clocks, &book.clocks);
    let response_s = over("response", ours.response_s, book.response_s);
    let clocks = Clocks {
        diagnose_s: over("diagnose", c.diagnose_s, b.diagnose_s),
        mitigate_s: over("mitigate", c.mitigate_s, b.mitigate_s),
        resolve_s: over("resolve", c.resolve_s, b.resolve_s),
        postmortem_s: over("postmortem", c.postmortem_s, b.postmortem_s),
        update_every_s: over("update_every", c.update_every_s, b.update_every_s),
        lead_within_s: over("lead_within", c.lead_within_s, b.lead_within_s),
    };
    if said.rank_given && ours.rank != book.rank {
        won.push(format!("rank {} over {}", ours.rank, book.rank));
    }
    if said.name_given && ours.name != book.name {
        won.push(format!("name \"{}\" over \"{}\"", ours.name, book.name));
    }
    if !won.is_empty() {
        notes.push(Note {
            kind: "severity",
            name: written.level.clone(),
            line: Some(written.line),
            what: format!("the configuration's {} wins: {}", written.level, won.join(", ")),
            fix: "Remove those keys from [[severities]] to go by the runbook".into(),
        });
    }
    // Working hours are for what the runbook says; a span of the configuration is plain.
    let plain = ours.response_s.is_some() || c.resolve_s.is_some();
    Severity {
        response_s,
        clocks,
        rank: if said.rank_given { ours.rank } else { book.rank },
        name: if said.name_given { ours.name.clone() } else { book.name },
        hours: book.hours.filter(|_| !plain),
        ..book
    }
}
