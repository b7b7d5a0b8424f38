//! What a remediation leaves open, asked for in a form: which fields it has, and the line that a filled-in one stands
//! for. A form can do nothing that the line cannot. It knows on its way which command it was opened for, so that an
//! edited runbook puts nobody's values into another one. Nothing is asked for here.

use super::run::{self, Wanted};
use super::spec::Spec;
use super::words::{Words, usage_refusal};
use super::{Ground, Speaker, access, route};
use crate::app::{ActError, App};
use crate::engine::ports::chat::Form;
use crate::notice;
use crate::program::Source;
use crate::program::orders::{self, NotMade};
use firebell_domain::chain::hex;
use firebell_domain::id::IncidentId;
use firebell_runbook::model::{Command, Line};
use firebell_runbook::shell::values;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Fields of one form: Discord's limit. What leaves more open is typed.
pub const FIELDS_MAX: usize = 5;
const SPEC: &Spec = &run::SPEC;
/// Names the form of a command's arguments, in front of its line.
const FORM: &str = "run:";
const DRY: &str = ":dry";

/// A value that may not stand there: the field and a sentence that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    pub field: String,
    pub why: String,
}

/// Whether a form asks for the arguments of a command.
pub fn is_one(form: &str) -> bool {
    form.starts_with(FORM)
}

/// The form for a line that asks for a command without saying all that it leaves open; `None` where the line is to be
/// said as it is, and says itself what is wrong with it.
pub async fn form(app: &App, speaker: &Speaker, room: Option<IncidentId>, text: &str) -> Option<Form> {
    let (Some(command), mut line) = route::route(text).ok()? else { return None };
    if command.spec.verb != SPEC.verb {
        return None;
    }
    line.incident = line.incident.or(room);
    let pinned = app.pinned();
    let mut ground = ground(&pinned, speaker);
    let incident = access::which(&pinned, speaker, SPEC, &line).await.ok()?;
    ground.incident = Some(incident.clone());
    let wanted = run::parse(&mut Words::new(&line.rest), &ground).ok()?;
    let source = run::source(&incident, &ground).ok()?;
    let at = run::line(&incident, source, &wanted.what).ok()?;
    match orders::of_line(source, at, &wanted.given, &run::ground(&ground)) {
        Err(NotMade::Open { .. }) => made(incident.id, source, at, &wanted),
        _ => None,
    }
}

/// The same form again, when it comes back: without values, and only where its command is still the same.
pub async fn again(app: &App, speaker: &Speaker, id: IncidentId, name: &str) -> Result<Form, ActError> {
    let pinned = app.pinned();
    let incident = access::one(&pinned, speaker, id).await?;
    let ground = ground(&pinned, speaker);
    let source = run::source(&incident, &ground)?;
    let (named, dry) = name.strip_suffix(DRY).map_or((name, false), |named| (named, true));
    let at = named.strip_prefix(FORM).and_then(|rest| rest.split(':').next()?.parse::<Line>().ok());
    let wanted = Wanted { dry, ..Wanted::default() };
    let form = at.and_then(|at| made(incident.id, source, at, &wanted)).filter(|form| form.name == name);
    form.ok_or_else(|| {
        let problem = "The runbook has changed since this form was opened, so nothing was asked for. Choose again.";
        usage_refusal(problem, SPEC.usage).into()
    })
}

/// What somebody would have typed, without "/incident" and without a number.
pub fn line(form: &Form, filled: &BTreeMap<String, String>) -> Result<String, NotTaken> {
    let (named, dry) = form.name.strip_suffix(DRY).map_or((form.name.as_str(), ""), |named| (named, " dry-run"));
    let at = named.strip_prefix(FORM).and_then(|rest| rest.split(':').next()).unwrap_or_default();
    let mut said = format!("{} line {at}", SPEC.verb);
    for field in &form.fields {
        let value = filled.get(&field.name).map(|v| v.trim()).unwrap_or_default();
        values::plain(&field.label, value).map_err(|why| NotTaken { field: field.name.clone(), why })?;
        said.push_str(&format!(" {}={value}", field.label));
    }
    Ok(said + dry)
}

fn ground(app: &App, speaker: &Speaker) -> Ground {
    Ground {
        speaker: speaker.clone(),
        directory: app.directory(),
        program: app.program(),
        now: app.clock().now(),
        incident: None,
    }
}

fn made(incident: IncidentId, source: &Source, at: Line, wanted: &Wanted) -> Option<Form> {
    let command = source.book().commands.iter().find(|c| (c.line..=c.line_end).contains(&at))?;
    let open = orders::open(source, command.line, &wanted.given);
    let alone = open.len() == 1;
    let fields: Vec<(String, String, Option<String>)> = open
        .into_iter()
        .map(|(written, given)| {
            // With one thing open, whatever it is called.
            let name = values::bare(&written);
            let name = if name.is_empty() && alone { "value".to_string() } else { name };
            (name, said_of(command, &written), given)
        })
        .collect();
    // Two that are typed alike, or one that cannot be named: no line would say which is meant.
    let names: BTreeSet<&str> = fields.iter().map(|(name, ..)| name.as_str()).collect();
    if fields.is_empty() || fields.len() > FIELDS_MAX || names.len() < fields.len() || names.contains("") {
        return None;
    }
    let of: String = hex(&Sha256::digest(command.text.as_bytes())).chars().take(8).collect();
    let name = format!("{FORM}{}:{of}{}", command.line, if wanted.dry { DRY } else { "" });
    Some(notice::form::arguments(incident, command.line, name, &command.text, fields))
}

/// What the runbook says where a value is to stand: its words about the command, else the command.
fn said_of(command: &Command, written: &str) -> String {
    let comment = command.comment.as_deref().map(|c| c.trim().trim_end_matches(':')).filter(|c| !c.is_empty());
    match comment {
        Some(comment) => format!("{written}: {comment}"),
        None => format!("{written} in {}", command.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{command, source};
    use serde_json::json;

    fn shop(placeholders: &[&str], comment: Option<&str>) -> Source {
        let mut c = command(120, &format!("docker restart {}", placeholders.join(" ")), "mutate", "docker");
        c["placeholders"] = json!(placeholders);
        c["comment"] = json!(comment);
        source(json!({ "commands": [c] }))
    }

    fn asked(shop: &Source, wanted: &Wanted) -> Option<Form> {
        made(IncidentId(42), shop, 120, wanted)
    }

    #[test]
    fn what_is_open_is_asked_for_and_said_as_it_would_be_typed() {
        let shop = shop(&["<pod-name>", "TAG"], Some("Restart one pod:"));
        let given = Wanted { given: vec![("tag".into(), "v2".into())], dry: true, ..Wanted::default() };
        let form = asked(&shop, &given).expect("a form");
        let fields: Vec<_> = form.fields.iter().map(|f| (f.label.as_str(), f.value.as_deref())).collect();
        assert_eq!(fields, [("pod-name", None), ("tag", Some("v2"))]);
        assert_eq!(form.fields[0].hint.as_deref(), Some("<pod-name>: Restart one pod"));
        assert!(form.fields.iter().all(|f| f.required) && is_one(&form.name));
        let names: Vec<String> = form.fields.iter().map(|f| f.name.clone()).collect();
        let filled = |pod: &str| {
            let both = [(names[0].clone(), pod.to_string()), (names[1].clone(), " v3 ".to_string())];
            line(&form, &both.into())
        };
        assert_eq!(filled("web-1"), Ok("run line 120 pod-name=web-1 tag=v3 dry-run".to_string()));
        let no = filled("web 1; reboot").expect_err("refused");
        assert!(no.field == names[0] && no.why.starts_with("pod-name=web 1; reboot holds ' '"), "{no:?}");
    }

    #[test]
    fn what_no_form_can_ask_for_is_typed() {
        let none = Wanted::default();
        assert_eq!(asked(&shop(&["<a>", "<b>", "<c>", "<d>", "<e>", "<f>"], None), &none), None, "too many");
        assert_eq!(asked(&shop(&["<a>", "A"], None), &none), None, "two of one name");
        assert_eq!(asked(&shop(&["<a>", "..."], None), &none), None, "one without a name");
        let only = asked(&shop(&["..."], None), &none).expect("a form");
        assert_eq!(only.fields[0].label, "value");
        assert_eq!(only.fields[0].hint.as_deref(), Some("... in docker restart ..."));
        assert_eq!(asked(&shop(&[], None), &none), None, "nothing is open");
    }
}
