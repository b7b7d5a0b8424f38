//! `runbook`: which playbooks of the runbook fit, following one, and what of the runbook waits for a confirmation.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, closest, shown};
use super::{Call, Ground, Said, answer, facts, menu, timeline};
use crate::app::ActError;
use crate::notice::walk::{self, Offered};
use crate::program::About;
use crate::program::playbooks::{self, Choice};
use firebell_domain::decide::Input;
use firebell_domain::event::Event;
use firebell_domain::incident::Incident;
use firebell_domain::refusal::Refusal;
use serde_json::json;
use std::collections::BTreeMap;

mod schedules;

pub const SPEC: Spec = Spec {
    verb: "runbook",
    aliases: &["playbook", "playbooks", "runbooks"],
    summary: "Suggests a playbook of the runbook, or follows one or a checklist step by step",
    usage: "/incident runbook [PLAYBOOK] | runbook review",
    details: "Without a name it lists the playbooks, those first whose symptoms share words with the title and the \
              alerts, and what the runbook's schedules do. With a number of that list or a name the incident follows that playbook: step done and step failed \
              tick it. What is followed stays as it was when it began, also when the runbook is edited. Nothing runs by \
              itself. review lists what the runbook does not say for certain and nobody has confirmed.",
    examples: &[
        "/incident runbook",
        "/incident runbook 1",
        "/incident runbook queue is full",
        "/incident runbook review",
    ],
    args: &[Arg::optional("playbook", ArgKind::Playbook, "Its number in the list or its name")],
    group: Group::Runbook,
    needs_incident: false,
    doing: "follow a playbook in",
    ..Spec::BASE
};

#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    List,
    Review,
    One(String),
}

pub fn parse(words: &mut Words, _: &Ground) -> Result<Wanted, Refusal> {
    let said = words.rest().trim();
    Ok(match said.to_lowercase().as_str() {
        "" | "list" => Wanted::List,
        "review" => Wanted::Review,
        _ => Wanted::One(said.trim_matches(['"', '“', '”']).to_string()),
    })
}

pub async fn run(call: &Call<'_>, wanted: Wanted) -> Result<Said, ActError> {
    if wanted == Wanted::Review {
        return Ok(review(call));
    }
    // Without an incident the playbooks can still be read.
    let incident = match menu::situation(call.app, &call.ground).await? {
        menu::Situation::One(incident) => Some(*incident),
        menu::Situation::Open(_) => None,
    };
    let program = &call.ground.program;
    let system = incident.as_ref().and_then(|i| system_of(i, &call.ground));
    let said = match &incident {
        Some(i) => words_of(call, i).await?,
        None => Vec::new(),
    };
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let choices = program.playbooks(system.as_deref(), &said);
    let mut scheduled = quick_fixes(call, incident.as_ref(), system.as_deref(), &said);
    scheduled.extend(schedules::lines(call, system.as_deref()));
    if choices.is_empty() && (scheduled.is_empty() || wanted != Wanted::List) {
        return Err(Refusal::NoRunbook { system }.into());
    }
    match wanted {
        Wanted::One(name) => {
            let choice = playbooks::find(&choices, &name).ok_or_else(|| unknown(&name, &choices, incident.as_ref()))?;
            one(call, incident, choice).await
        }
        _ => {
            let mut said = list(call, incident.as_ref(), &choices);
            let lines: Vec<String> = [said.text].into_iter().filter(|t| !t.is_empty()).chain(scheduled).collect();
            said.text = lines.join("\n");
            Ok(said)
        }
    }
}

/// Whose severity it has, else whose service it is about.
pub fn system_of(incident: &Incident, ground: &Ground) -> Option<String> {
    About { walk: None, ..About::of(incident) }.system(&ground.program, &ground.directory)
}

/// What is known of the trouble in words: the title and what its alerts say.
async fn words_of(call: &Call<'_>, incident: &Incident) -> Result<Vec<String>, ActError> {
    let mut said = vec![incident.title.clone()];
    if incident.groups.is_empty() {
        return Ok(said);
    }
    let mut alerts: BTreeMap<String, String> = BTreeMap::new();
    for event in timeline::events(call.app, incident.id).await? {
        if let Event::AlertsReceived { changed, .. } = event.body {
            alerts.extend(changed.into_iter().map(|a| (a.fingerprint, a.summary)));
        }
    }
    said.extend(alerts.into_values());
    Ok(said)
}

/// The quick fixes of the runbook whose issue is what is wrong, with what to say.
fn quick_fixes(call: &Call<'_>, incident: Option<&Incident>, system: Option<&str>, said: &[&str]) -> Vec<String> {
    let front = incident.map_or("/incident".to_string(), |i| format!("/incident {}", i.id));
    let line = |f: &crate::program::quick::Fix<'_>| {
        let fix = f.fix.fix.as_deref().map_or(String::new(), |fix| format!(": {}", shown(fix)));
        let say = f.command.map_or(String::new(), |c| {
            let risk = f.risk().map_or("", |r| r.as_words());
            format!(" — {front} run line {} ({risk})", c.line)
        });
        format!("  {}{fix}{say}", shown(&f.fix.issue))
    };
    let mut lines: Vec<String> = call.ground.program.quick_fixes(system, said).iter().map(line).collect();
    if !lines.is_empty() {
        lines.insert(0, "Quick fixes whose issue this is:".to_string());
    }
    lines
}

fn unknown(name: &str, choices: &[Choice<'_>], incident: Option<&Incident>) -> Refusal {
    let did_you_mean = closest(name, choices.iter().map(|c| c.book.name()));
    let id = incident.map(|i| i.id);
    Refusal::UnknownPlaybook { id, name: shown(name), did_you_mean, known: choices.len() }
}

async fn one(call: &Call<'_>, incident: Option<Incident>, choice: &Choice<'_>) -> Result<Said, ActError> {
    let playbook = playbooks::followed(choice.source, choice.book, &call.ground.directory.runs);
    let Some(incident) = incident.filter(|i| i.status.open()) else {
        let mut lines = vec![format!("\"{}\" of {} ({}):", playbook.name, playbook.system, playbook.file)];
        lines.extend(walk::outline(&playbook));
        let data = json!({ "playbook": playbook });
        return Ok(Said { text: lines.join("\n"), incident: None, data });
    };
    let under_way = incident.walk.as_ref().filter(|w| w.playbook == playbook && w.step().is_some());
    if let Some(under_way) = under_way {
        let mut lines = vec![format!("{} follows \"{}\" already.", incident.id, playbook.name)];
        lines.extend(walk::standing(incident.id, under_way));
        return Ok(Said { text: lines.join("\n"), incident: Some(incident.id), data: data(&incident) });
    }
    let changed = call.app.act_on(incident.id, Input::StartPlaybook { playbook }, &call.actor()).await?;
    let mut said = answer(&changed, call.ground.now);
    let may = choice.source.book().escalation.iter().filter(|e| !e.authority.is_empty());
    let checklist = matches!(choice.book, playbooks::Book::Checklist(_));
    let may = may.filter(|_| !checklist);
    let may: Vec<String> =
        may.map(|e| format!("{} may: {}", shown(&e.target), one_line(&e.authority.join(", ")))).collect();
    if !may.is_empty() {
        said.text.push_str(&format!("\nBy the runbook {}.", may.join("; ")));
    }
    Ok(Said { data: data(&changed.after), ..said })
}

fn one_line(text: &str) -> String {
    firebell_domain::text::line_of_machine(text, firebell_domain::limits::TITLE_CHARS_MAX)
}

/// With where the walk stands.
pub fn data(incident: &Incident) -> serde_json::Value {
    let mut data = facts(incident);
    data["playbook"] = incident.walk.as_ref().map_or(serde_json::Value::Null, |w| {
        json!({ "name": w.playbook.name, "system": w.playbook.system, "next": w.next, "steps": w.playbook.steps.len(),
                "done": w.done, "failed": w.failed, "step": w.step() })
    });
    data
}

fn list(call: &Call<'_>, incident: Option<&Incident>, choices: &[Choice<'_>]) -> Said {
    let offered: Vec<Offered> = choices
        .iter()
        .map(|c| Offered {
            name: c.book.name().to_string(),
            system: c.source.system.clone(),
            fits: c.score > 0,
            symptoms: c.book.symptoms(),
        })
        .collect();
    let several = call.ground.program.sources.len() > 1;
    let mut lines = Vec::new();
    if let Some((i, under_way)) = incident.and_then(|i| Some((i, i.walk.as_ref()?))) {
        lines.extend(walk::standing(i.id, under_way));
        lines.push(String::new());
    }
    if !offered.is_empty() {
        lines.extend(walk::offered(incident.map(|i| i.id), &offered, several));
    }
    let mut facts = incident.map_or_else(|| json!({}), data);
    facts["playbooks"] = choices
        .iter()
        .map(|c| json!({ "name": c.book.name(), "system": c.source.system, "line": c.book.line(), "score": c.score }))
        .collect();
    Said { text: lines.join("\n"), incident: incident.map(|i| i.id), data: facts }
}

/// What the runbooks do not say for certain, in groups, and how it is confirmed.
fn review(call: &Call<'_>) -> Said {
    let program = &call.ground.program;
    let mut lines: Vec<String> = Vec::new();
    let mut open = Vec::new();
    for source in &program.sources {
        let mut groups: BTreeMap<&str, Vec<&crate::program::Proposal>> = BTreeMap::new();
        for proposal in source.undecided() {
            groups.entry(&proposal.group).or_default().push(proposal);
            open.push(json!({ "system": source.system, "group": proposal.group, "hash": proposal.hash,
                              "line": proposal.line, "what": proposal.what, "reason": proposal.reason }));
        }
        for (group, proposals) in groups {
            lines.push(format!("{}, {group}: {} not in force", source.system, proposals.len()));
            const NAMED_MAX: usize = 5;
            let item =
                |p: &&crate::program::Proposal| format!("  line {}: {} — {}", p.line, shown(&p.what), shown(&p.reason));
            lines.extend(proposals.iter().take(NAMED_MAX).map(item));
            let more = proposals.len().saturating_sub(NAMED_MAX);
            lines.extend((more > 0).then(|| format!("  … and {more} more")));
            lines.push(format!("  Read all, confirm or reject: firebell runbook review {}", source.file));
        }
    }
    if lines.is_empty() {
        lines.push(match program.sources.len() {
            0 => "No runbook is loaded.".to_string(),
            _ => "Nothing of the runbooks waits for a confirmation.".to_string(),
        });
    }
    Said { text: lines.join("\n"), incident: None, data: json!({ "proposals": open }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn a_name_stays_as_it_was_said_and_review_is_a_word_of_its_own() {
        let read = |text| parse(&mut Words::new(text), &ground()).expect("read");
        assert_eq!(read(""), Wanted::List);
        assert_eq!(read("Review"), Wanted::Review);
        assert_eq!(read("\"Queue is full\""), Wanted::One("Queue is full".into()));
        assert_eq!(read("review of the queue"), Wanted::One("review of the queue".into()));
    }
}
