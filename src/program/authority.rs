//! Who may approve what, as a runbook's levels of authority say it and the overlay maps it to people: "may restart
//! services, scale components" covers commands that restart or scale. A level whose words name no such thing covers
//! nothing by itself, and what nobody covers is left to administrators.

use super::overlay::Authority;
use super::words::{holds, normal};
use super::{Note, Source};
use firebell_domain::playbook::Risk;
use firebell_domain::run::authority::Grant;

/// Words of a document and the words of commands that do it.
const DEEDS: [(&str, &[&str]); 15] = [
    ("restart", &["restart"]),
    ("reload", &["reload"]),
    ("scale", &["scale", "--scale"]),
    ("scaling", &["scale", "--scale"]),
    ("start", &["start", "up"]),
    ("rollback", &["rollback", "undo"]),
    ("roll back", &["rollback", "undo"]),
    ("deploy", &["up", "apply", "pull"]),
    ("stop", &["stop", "down"]),
    ("kill", &["kill"]),
    ("vacuum", &["vacuum", "vacuumdb"]),
    ("clear cache", &["flushdb", "flushall", "del"]),
    ("flush", &["flushdb", "flushall"]),
    ("drain", &["drain", "cordon"]),
    ("prune", &["prune"]),
];
/// Words of a document that mean everything.
const ALL: [&str; 6] = ["full authority", "all actions", "any action", "everything", "full access", "unrestricted"];

/// Whether a text has a word, also as `restarts` or `restarting`; of several words, just those.
fn said_in(text: &str, deed: &str) -> bool {
    match deed.contains(' ') {
        true => holds(text, deed),
        false => text.split(' ').any(|w| w.strip_prefix(deed).is_some_and(|end| ["", "s", "ed", "ing"].contains(&end))),
    }
}

/// What the overlay puts in force.
pub fn grants(source: &Source) -> Vec<Grant> {
    source.overlay.authority.iter().filter_map(|a| grant(source, a)).collect()
}

fn grant(source: &Source, authority: &Authority) -> Option<Grant> {
    let (said, all) = of_document(source, &authority.level);
    let actions = match authority.actions.is_empty() {
        false => authority.actions.clone(),
        true if all => vec!["*".to_string()],
        true => said,
    };
    (!actions.is_empty() && !authority.people.is_empty()).then(|| Grant {
        system: Some(source.system.clone()),
        level: authority.level.clone(),
        people: authority.people.clone(),
        risk: authority.risk.unwrap_or(if all { Risk::Destroy } else { Risk::Mutate }),
        actions,
    })
}

/// What the document's words for a level cover, and whether they mean everything.
fn of_document(source: &Source, level: &str) -> (Vec<String>, bool) {
    let (mut actions, mut all) = (Vec::new(), false);
    let wanted = normal(level);
    let named = |target: &str| normal(target) == wanted || holds(&normal(target), &wanted);
    let steps = source.book().escalation.iter();
    for text in steps.filter(|e| named(&e.target) || e.scope.as_deref().is_some_and(named)).flat_map(|e| &e.authority) {
        let text = normal(text);
        all |= ALL.iter().any(|w| text.contains(w));
        let deeds = DEEDS.iter().filter(|(word, _)| said_in(&text, word)).flat_map(|(_, actions)| actions.iter());
        actions.extend(deeds.map(|a| a.to_string()));
    }
    actions.sort();
    actions.dedup();
    (actions, all)
}

/// Levels of the document that nobody has here, and mapped ones that cover nothing.
pub fn notes(source: &Source, notes: &mut Vec<Note>) {
    let mapped = |target: &str| {
        let target = normal(target);
        source.overlay.authority.iter().any(|a| normal(&a.level) == target || holds(&target, &normal(&a.level)))
    };
    let mut said: Vec<&str> = Vec::new();
    for step in source.book().escalation.iter().filter(|e| !e.authority.is_empty()) {
        if mapped(&step.target) || step.scope.as_deref().is_some_and(mapped) || said.contains(&step.target.as_str()) {
            continue;
        }
        said.push(&step.target);
        notes.push(Note {
            kind: "authority",
            name: step.target.clone(),
            line: Some(step.line),
            what: format!("nobody is named for what \"{}\" may do, so only administrators approve it", step.target),
            fix: format!(
                "Add [[authority]] level = \"{}\", people = [\"schedule:primary\"] to {}",
                step.target, source.overlay_file
            ),
        });
    }
    for authority in &source.overlay.authority {
        if grant(source, authority).is_none() && !authority.people.is_empty() {
            notes.push(Note {
                kind: "authority",
                name: authority.level.clone(),
                line: None,
                what: format!(
                    "what \"{}\" may do is not said in words that can be matched with commands",
                    authority.level
                ),
                fix: format!("Add actions = [\"restart\", \"docker start *\"] to it in {}", source.overlay_file),
            });
        }
    }
}
