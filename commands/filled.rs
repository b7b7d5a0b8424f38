//! From filled-in options to one line of the grammar: what a native command of a platform, or a form, asks for one by one
//! is said as one line, so that there is one way to read it. Knows the table's arguments; checks nothing that the
//! command itself checks, except that a severity is one, because the line would take it for the title's first word.

use super::route;
use super::spec::{Arg, ArgKind, Spec};
use super::words::{Words, shown};
use firebell_domain::directory::Directory;
use firebell_domain::id::IncidentId;
use firebell_domain::refusal::Refusal;
use firebell_domain::severity;
use std::collections::BTreeMap;

/// The answers by name of the argument; a flag that is set has the value `true`.
pub type Filled = BTreeMap<String, String>;

/// The line that says the same. `incident` stands before the verb, so that no text is taken for another one's number.
pub fn line(
    spec: &Spec,
    incident: Option<IncidentId>,
    filled: &Filled,
    directory: &Directory,
) -> Result<String, Refusal> {
    let mut said = vec!["/incident".to_string()];
    said.extend(incident.map(|id| id.to_string()));
    said.push(spec.verb.to_string());
    for arg in spec.args {
        let Some(value) = filled.get(arg.name).map(|v| v.trim()).filter(|v| !v.is_empty()) else { continue };
        said.extend(word_of(spec, arg, value, filled, directory)?);
    }
    Ok(said.join(" "))
}

fn word_of(
    spec: &Spec,
    arg: &Arg,
    value: &str,
    filled: &Filled,
    directory: &Directory,
) -> Result<Option<String>, Refusal> {
    let flag = is_flag(arg);
    Ok(Some(match (arg.kind, arg.name) {
        (ArgKind::Severity, _) => level(value, directory)?,
        (ArgKind::Service, _) => format!("service:{}", one_word(value)),
        (_, "system") => format!("system:{}", one_word(value)),
        (ArgKind::Date, _) => format!("by {value}"),
        (ArgKind::Time, "at") => format!("at {value}"),
        (ArgKind::Person, _) => format!("@{}", value.trim_start_matches('@')),
        _ if flag && value == "true" => said_flag(spec, arg),
        _ if flag => return Ok(None),
        (ArgKind::Text, _) => text(spec, arg, value, filled),
        // These are made of several words, and nothing follows them that could be taken for a part.
        (ArgKind::Span | ArgKind::Time | ArgKind::Playbook | ArgKind::Check | ArgKind::Remediation, _) => {
            value.to_string()
        }
        _ => one_word(value),
    }))
}

/// A word of the command's own that is there or not.
pub fn is_flag(arg: &Arg) -> bool {
    arg.kind == ArgKind::Word && matches!(arg.name, "all" | "private" | "dry-run")
}

fn said_flag(spec: &Spec, arg: &Arg) -> String {
    match (spec.verb, arg.name) {
        ("declare", "private") => "private:yes".to_string(),
        _ => arg.name.to_string(),
    }
}

/// A severity in any spelling, as one word.
fn level(value: &str, directory: &Directory) -> Result<String, Refusal> {
    let joined: String = value.split_whitespace().collect();
    let known = &directory.severities;
    match severity::find(known, &joined) {
        Some(found) => Ok(found.level.clone()),
        None => {
            Err(Refusal::UnknownSeverity { word: shown(value), known: known.iter().map(|s| s.level.clone()).collect() })
        }
    }
}

/// Words of people. What stands last is taken verbatim by its command; what something may follow, or what begins like
/// something else, is quoted.
fn text(spec: &Spec, arg: &Arg, value: &str, filled: &Filled) -> String {
    let words = Words::new(value);
    let may_be_misread = match (spec.verb, arg.name) {
        ("declare", "title") => {
            // Without a severity before it, the title's first word could be taken for one.
            let first = filled.get("severity").is_none_or(|s| s.trim().is_empty());
            let means = |w: &str| {
                let w = w.to_lowercase();
                ["service:", "system:", "private:"].iter().any(|p| w.starts_with(p)) || w == "private"
            };
            first || words.left().iter().any(|w| w.quoted || means(&w.text)) || value.contains('\n')
        }
        ("action", "text") => {
            let means = |w: &str| w.eq_ignore_ascii_case("by") || w.starts_with('@');
            words.left().iter().any(|w| w.quoted || means(&w.text))
        }
        _ => false,
    };
    if may_be_misread { quoted(value) } else { value.to_string() }
}

fn one_word(value: &str) -> String {
    let single = Words::new(value).left().len() == 1 && !value.starts_with(['"', '“', '„', '«']);
    if single { value.to_string() } else { quoted(value) }
}

/// One quotation, whatever is in it: a mark inside that would end it becomes one that looks the same and does not.
fn quoted(value: &str) -> String {
    let inner: String = value
        .chars()
        .map(|c| match c {
            '"' | '“' | '”' => '″',
            '»' => '›',
            '\n' | '\r' => ' ',
            c => c,
        })
        .collect();
    format!("\"{inner}\"")
}

/// The command of a verb, by its own name or another.
pub fn spec_of(verb: &str) -> Option<&'static Spec> {
    route::find(verb).map(|c| c.spec)
}
