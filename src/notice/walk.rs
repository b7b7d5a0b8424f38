//! A playbook in words: the step whose turn it is, with the line to copy and its risk; what is left; which playbooks fit.
//! Pure; says of a command only what its runbook and its importer say.

use firebell_domain::id::IncidentId;
use firebell_domain::playbook::{Part, Playbook, Risk, Step, Walk};
use firebell_domain::timeline::words::{counted, one, said};

/// Playbooks that a list names; the others are found by their name.
const LISTED_MAX: usize = 12;

/// Where a walk stands, and what is to be done now.
pub fn standing(id: IncidentId, walk: &Walk) -> Vec<String> {
    let p = &walk.playbook;
    let (name, all) = (one(&p.name), p.steps.len());
    let Some(step) = walk.step() else {
        let failed = if walk.failed == 0 { String::new() } else { format!(", {} failed", walk.failed) };
        return vec![
            format!("Every step of \"{name}\" has had its turn: {} done{failed}.", walk.done),
            format!("Over? /incident {id} resolve TEXT. Not yet? /incident {id} runbook lists the playbooks."),
        ];
    };
    let mut lines =
        vec![format!("Step {} of {all}, {}, line {} of {}:", walk.next, part(step.part), step.line, one(&p.file))];
    lines.extend(copied(&step.text));
    if let Some(written) = &step.written {
        lines.push("In the runbook it is:".to_string());
        lines.extend(copied(written));
    }
    if let Some(risk) = step.risk {
        let words = match risk {
            Risk::Read | Risk::Mutate => risk.as_words().to_string(),
            Risk::Destroy => risk.as_words().to_uppercase(),
        };
        let why = step.why.as_ref().map_or(String::new(), |why| format!(": {}", one(why)));
        lines.push(format!("Risk: it {words}{why}."));
    }
    if !step.fill.is_empty() {
        let open: Vec<String> = step.fill.iter().map(|f| one(f)).collect();
        lines.push(format!("Fill in before you type it: {}", open.join(", ")));
    }
    lines.extend(step.caution.as_ref().map(|c| format!("Mind: {}", one(c))));
    lines.push(match (step.part, step.risk) {
        (Part::Condition, _) => {
            format!("Is it so? Yes: /incident {id} step done. No: /incident {id} step failed")
        }
        (_, Some(_)) => match &step.runs_on {
            Some(target) => {
                let open = step.fill.iter().map(|f| format!(" {}=…", firebell_runbook::shell::values::bare(f)));
                let open: String = open.collect();
                let after = if step.risk == Some(Risk::Read) { "" } else { ", once it is approved" };
                format!(
                    "Carry it out on {}{after}: /incident {id} run{open}. Done by hand? /incident {id} step done TEXT, or step failed TEXT",
                    one(target)
                )
            }
            None => {
                format!("Nothing runs by itself: type it, then /incident {id} step done TEXT, or step failed TEXT")
            }
        },
        (_, None) => format!("Then: /incident {id} step done TEXT, or step failed TEXT"),
    });
    lines
}

/// What has just begun: its name, and every step in a line.
pub fn begun(id: IncidentId, playbook: &Playbook) -> Vec<String> {
    let p = playbook;
    let steps = counted(p.steps.len(), "step");
    let (name, system, file, revision) = (one(&p.name), one(&p.system), one(&p.file), one(&p.revision));
    vec![format!("{id} follows \"{name}\" of {system}: {steps} ({file}, revision {revision}).")]
}

/// Every step of a playbook in a line, for somebody who only reads it.
pub fn outline(playbook: &Playbook) -> Vec<String> {
    let line = |(no, s): (usize, &Step)| {
        let indent = if s.under.is_some() { "    " } else { "  " };
        let risk = s.risk.map_or(String::new(), |r| format!(" — {}", r.as_words()));
        format!("{indent}{no}. {}: {}{risk}", part(s.part), one(s.text.lines().next().unwrap_or_default()))
    };
    (1..).zip(&playbook.steps).map(line).collect()
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Investigate => "investigate",
        Part::Condition => "a question",
        Part::Resolve => "resolve",
        Part::Verify => "verify",
        Part::Item => "of a checklist",
    }
}

/// The line to copy: in its own lines, indented, with nothing changed but what could not be seen.
fn copied(text: &str) -> Vec<String> {
    said(text).lines().map(|line| format!("    {}", line.strip_prefix("    ").unwrap_or(line))).collect()
}

/// A playbook as a list shows it.
pub struct Offered {
    pub name: String,
    pub system: String,
    pub fits: bool,
    pub symptoms: Vec<String>,
}

/// The playbooks that fit, then the others; each can be said by its number or its name.
pub fn offered(id: Option<IncidentId>, all: &[Offered], several_systems: bool) -> Vec<String> {
    let fitting = all.iter().filter(|o| o.fits).count();
    let mut lines = Vec::new();
    let item = |(no, o): (usize, &Offered)| {
        let system = if several_systems { format!(" ({})", one(&o.system)) } else { String::new() };
        let symptoms: Vec<String> = o.symptoms.iter().take(3).map(|s| one(s)).collect();
        let symptoms = if symptoms.is_empty() { String::new() } else { format!(" — {}", symptoms.join("; ")) };
        format!("  {no}. {}{system}{symptoms}", one(&o.name))
    };
    let numbered = || (1..).zip(all);
    if fitting > 0 {
        lines.push("These playbooks fit, the best first:".to_string());
        lines.extend(numbered().filter(|(_, o)| o.fits).take(LISTED_MAX).map(item));
    }
    let shown = LISTED_MAX.saturating_sub(fitting);
    if fitting < all.len() && shown > 0 {
        lines.push(if fitting > 0 { "The others:" } else { "No playbook fits by its words. There are:" }.to_string());
        lines.extend(numbered().filter(|(_, o)| !o.fits).take(shown).map(item));
    }
    let left = all.len().saturating_sub(LISTED_MAX);
    lines.extend((left > 0).then(|| format!("  … and {left} more: say one by its name")));
    let front = id.map_or("/incident".to_string(), |id| format!("/incident {id}"));
    lines.push(match id {
        Some(_) => format!("Follow one: {front} runbook NUMBER, or its name"),
        None => format!("Read one: {front} runbook NUMBER, or its name"),
    });
    lines
}
