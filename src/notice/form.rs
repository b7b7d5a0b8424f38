//! Forms for what a button cannot say alone, and the line of the grammar that a filled one becomes. Pure, and of no
//! platform: a modal in Slack and one in Discord are the same form. What comes out is what somebody would have typed,
//! so a form can do nothing that the grammar cannot.

use crate::engine::ports::chat::{Field, FieldKind, Form};
use firebell_domain::directory::Directory;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::limits::{TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::span;
use firebell_domain::timeline::words::one;
use std::collections::BTreeMap;

/// Choices of one list: Slack takes 100, Discord 25.
pub const CHOICES_MAX: usize = 25;
/// Characters of a command's argument: what a value may have.
const ARGUMENT_CHARS_MAX: usize = 200;

/// The form of a verb, or `None` where the verb needs none. `incident` is there for every verb but `declare`.
pub fn form(verb: &str, incident: Option<&Incident>, directory: &Directory) -> Option<Form> {
    let text = |name: &str, label: &str, hint: &str, required: bool| Field {
        name: name.to_string(),
        label: label.to_string(),
        hint: (!hint.is_empty()).then(|| hint.to_string()),
        kind: FieldKind::Text(TEXT_CHARS_MAX.min(3_000)),
        required,
        value: None,
    };
    let person = |label: &str| Field { kind: FieldKind::Person, ..text("person", label, "", true) };
    let (title, submit, intro, fields) = match verb {
        "declare" => {
            ("Declare an incident", "Declare", Some("Whoever is on call is paged at once."), declare(directory))
        }
        "update" => (
            "Post an update",
            "Post",
            Some("For stakeholders: what is affected, what is being done, when the next word comes."),
            vec![text("text", "Update", "", true)],
        ),
        "resolve" => (
            "Resolve the incident",
            "Resolve",
            Some("Nobody is paged any more, and the post-mortem begins."),
            vec![text("text", "What ended it", "One sentence for the timeline", false)],
        ),
        "unack" => (
            "Hand it back",
            "Hand back",
            Some("Paging begins again with the first level."),
            vec![text("text", "Why", "", false)],
        ),
        "reopen" => {
            ("Reopen the incident", "Reopen", Some("Paging begins again."), vec![text("text", "Why", "", true)])
        }
        "note" => ("Add a note", "Add", None, vec![text("text", "Note", "For the timeline", true)]),
        "lead" => ("Who leads", "Assign", None, vec![person("Incident lead")]),
        "page" => (
            "Page somebody",
            "Page",
            Some("Rings their phone now."),
            vec![person("Whom"), text("text", "What for", "", false)],
        ),
        "action" => (
            "Add an action item",
            "Add",
            None,
            vec![
                Field { kind: FieldKind::Line(TITLE_CHARS_MAX), ..text("text", "What is to be done", "", true) },
                Field { required: false, ..person("Who does it") },
                Field { kind: FieldKind::Line(10), ..text("by", "Until when", "A day such as 2026-12-01", false) },
            ],
        ),
        "severity" => (
            "Change the severity",
            "Change",
            None,
            vec![severities(directory, incident), text("text", "Why", "", false)],
        ),
        "status" => ("Change the status", "Change", None, vec![statuses(incident), text("text", "Why", "", false)]),
        _ => return None,
    };
    Some(Form {
        name: verb.to_string(),
        incident: incident.map(|i| i.id),
        title: title.to_string(),
        submit: submit.to_string(),
        intro: intro.map(str::to_string),
        fields,
    })
}

/// What a command of the runbook leaves open: the name, what is said of it, and what was given already. `name` is what
/// the form is called on its way.
pub fn arguments(
    incident: IncidentId,
    line: u32,
    name: String,
    command: &str,
    open: Vec<(String, String, Option<String>)>,
) -> Form {
    let field = |(n, (label, hint, value)): (usize, (String, String, Option<String>))| Field {
        name: format!("arg{n}"),
        label,
        hint: Some(hint),
        kind: FieldKind::Line(ARGUMENT_CHARS_MAX),
        required: true,
        value,
    };
    Form {
        name,
        incident: Some(incident),
        title: format!("Run line {line}"),
        submit: "Ask for it".to_string(),
        intro: Some(format!(
            "What this leaves open: {}",
            firebell_domain::text::cut(command, TEXT_CHARS_MAX.min(1_000))
        )),
        fields: open.into_iter().enumerate().map(field).collect(),
    }
}

/// The most needed first: where a platform has room for fewer, the last are left out.
fn declare(directory: &Directory) -> Vec<Field> {
    let field = |name: &str, label: &str, kind: FieldKind, required: bool| Field {
        name: name.to_string(),
        label: label.to_string(),
        hint: None,
        kind,
        required,
        value: None,
    };
    let services = directory.services.keys().take(CHOICES_MAX);
    let services: Vec<_> = services.map(|s| (s.to_string(), one(s.as_str()), None)).collect();
    let mut all =
        vec![field("title", "What is broken", FieldKind::Line(TITLE_CHARS_MAX), true), severities(directory, None)];
    if !services.is_empty() {
        all.push(field("service", "Service", FieldKind::Choice(services), false));
    }
    all.push(field("summary", "What is known", FieldKind::Text(3_000), false));
    all.push(field("private", "Private: only for the people in it", FieldKind::Flag, false));
    all.push(field("lead", "Who leads", FieldKind::Person, false));
    all
}

/// Each with what it means and how soon somebody answers, as the runbook or the configuration has it.
fn severities(directory: &Directory, incident: Option<&Incident>) -> Field {
    let system = incident.and_then(|i| i.severity.system.as_deref()).or_else(|| directory.system_of(None));
    let scale = directory.scale(system);
    let choice = |s: &firebell_domain::severity::Severity| {
        let (level, name) = (one(&s.level), one(&s.name));
        let label = if name.is_empty() || name == level { level } else { format!("{level} {name}") };
        let meaning = s.response_s.map(|seconds| format!("answer within {}", span(seconds)));
        (s.level.clone(), label, meaning)
    };
    let second = scale.get(1).or(scale.first()).map(|s| s.level.clone());
    Field {
        name: "severity".to_string(),
        label: "Severity".to_string(),
        hint: None,
        kind: FieldKind::Choice(scale.iter().take(CHOICES_MAX).map(choice).collect()),
        required: true,
        value: incident.map(|i| i.severity.level.clone()).or(second),
    }
}

fn statuses(incident: Option<&Incident>) -> Field {
    let open = [IncidentStatus::Investigating, IncidentStatus::Identified, IncidentStatus::Monitoring];
    let choice = |s: &IncidentStatus| {
        let meaning = match s {
            IncidentStatus::Investigating => "the cause is looked for",
            IncidentStatus::Identified => "the cause is known",
            _ => "mitigated: watching whether it holds",
        };
        (s.to_string(), s.to_string(), Some(meaning.to_string()))
    };
    Field {
        name: "status".to_string(),
        label: "Status".to_string(),
        hint: None,
        kind: FieldKind::Choice(open.iter().map(choice).collect()),
        required: true,
        value: incident.filter(|i| i.status.open()).map(|i| i.status.to_string()),
    }
}

/// What somebody would have typed: without "/incident" and without a number. The first line is said where the form was
/// opened; those after it, where there are any, about the incident that the first one made.
pub fn said(verb: &str, values: &BTreeMap<String, String>) -> Vec<String> {
    let value = |name: &str| values.get(name).map(|v| v.trim()).filter(|v| !v.is_empty());
    let text = value("text").unwrap_or_default();
    let person = value("person").map(|p| format!("@{}", p.trim_start_matches('@')));
    let line = |parts: &[&str]| parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" ");
    match verb {
        "declare" => {
            let title = quoted(&value("title").unwrap_or_default().replace(['\r', '\n'], " "));
            let service = value("service").map_or(String::new(), |s| format!("service:{s}"));
            let private = if value("private") == Some("yes") { "private:yes" } else { "private:no" };
            let mut all = vec![line(&["declare", value("severity").unwrap_or_default(), &title, &service, private])];
            all.extend(value("lead").map(|p| format!("lead @{}", p.trim_start_matches('@'))));
            all.extend(value("summary").map(|s| format!("note {s}")));
            all
        }
        "severity" | "status" => vec![line(&[verb, value(verb).unwrap_or_default(), text])],
        "lead" | "page" => vec![line(&[verb, &person.unwrap_or_default(), text])],
        "action" => {
            let by = value("by").map_or(String::new(), |day| format!("by {day}"));
            vec![line(&[verb, text, &person.unwrap_or_default(), &by])]
        }
        _ => vec![line(&[verb, text])],
    }
}

/// A title in quotation marks, so that no word of it is taken for anything else; one that has some itself stays as it is.
fn quoted(title: &str) -> String {
    if title.contains('"') { title.to_string() } else { format!("\"{title}\"") }
}
