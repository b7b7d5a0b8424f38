//! `run`: asks for a command of the runbook to be carried out, or shows what would be.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said, answer, facts, timeline};
use crate::app::ActError;
use crate::engine::ports::execute::{Cannot, Plan};
use crate::notice;
use crate::program::orders::{self, NotMade};
use crate::program::red;
use crate::program::{About, Source};
use firebell_domain::decide::Input;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::refusal::Refusal;
use firebell_domain::run::authority::entitled;
use firebell_domain::run::{Needs, Order, Ordered};
use firebell_domain::timeline::runs::approvers;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a target is asked what would be done: a chat hears an answer within three seconds.
const PLAN: Duration = Duration::from_millis(1_500);
/// Commands of one order that are asked about.
const PLANNED_MAX: usize = 20;

pub const SPEC: Spec = Spec {
    verb: "run",
    aliases: &["exec"],
    summary: "Carries out a command of the runbook, once it is approved",
    usage: "/incident run STEP|line LINE|QUICK-FIX [ARG=VALUE…] [dry-run]",
    details: "STEP is the number of a step of the followed playbook (without one: the step whose turn it is), LINE a line \
              of the runbook. What only looks runs at once; what changes something waits for somebody with the authority, \
              what loses data for a second person. ARG=VALUE fills what the runbook leaves open. dry-run shows what would \
              run, on what and by whose word, and asks for nothing.",
    examples: &[
        "/incident run",
        "/incident run 3",
        "/incident run line 120 pod=web-1",
        "/incident run line 120 dry-run",
    ],
    args: &[Arg::optional("what", ArgKind::Remediation, "A step, a line or a quick fix, then ARG=VALUE and dry-run")],
    group: Group::Fix,
    doing: "run something for",
    ..Spec::BASE
};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub what: What,
    pub given: Vec<(String, String)>,
    pub dry: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum What {
    /// The step whose turn it is.
    #[default]
    Next,
    Number(u32),
    Line(u32),
    Name(String),
}

pub fn parse(words: &mut Words, _: &Ground) -> Result<Wanted, Refusal> {
    let mut wanted = Wanted::default();
    let mut name: Vec<String> = Vec::new();
    while let Some(word) = words.take() {
        let said = word.text.to_lowercase();
        match (said.as_str(), word.text.split_once('=')) {
            ("dry-run" | "--dry-run" | "dryrun", _) => wanted.dry = true,
            (_, Some((arg, value))) if !arg.is_empty() => wanted.given.push((arg.to_string(), value.to_string())),
            _ => name.push(word.text),
        }
    }
    let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n > 0);
    wanted.what = match name.as_slice() {
        [] => What::Next,
        [one] => match number(one) {
            Some(n) => What::Number(n),
            None => What::Name(one.clone()),
        },
        [first, second] => match (first.to_lowercase().as_str(), number(second)) {
            ("line" | "l", Some(n)) => What::Line(n),
            ("step", Some(n)) => What::Number(n),
            ("line" | "step", None) => {
                return Err(usage_refusal(format!("\"{}\" is no number.", shown(second)), SPEC.usage));
            }
            _ => What::Name(name.join(" ")),
        },
        _ => What::Name(name.join(" ")),
    };
    Ok(wanted)
}

pub async fn run(call: &Call<'_>, wanted: Wanted) -> Result<Said, ActError> {
    let incident = call.incident()?;
    let source = source(incident, &call.ground)?;
    let line = line(incident, source, &wanted.what)?;
    let order =
        orders::of_line(source, line, &wanted.given, &ground(&call.ground)).map_err(|no| refusal(no, source, line))?;
    let order = match order.changes() {
        true => red::look_again(order, &timeline::events(call.app, incident.id).await?),
        false => order,
    };
    if wanted.dry {
        return Ok(dry(call, incident, &order).await);
    }
    let changed = call.app.act_on(incident.id, Input::AskRun { order: Box::new(order) }, &call.actor()).await?;
    let no = changed.after.runs_asked;
    let mut said = answer(&changed, call.ground.now);
    if let Some(run) = changed.after.runs.get(&no).filter(|r| r.needs != Needs::Nothing) {
        let who = entitled(&call.ground.directory, &run.order, changed.after.service.as_ref(), call.ground.now);
        said.text.push_str(&format!("\nWho may: {}.", approvers(&who)));
    }
    said.data = data(&changed.after, no);
    Ok(said)
}

/// The runbook that an incident is about.
pub fn source<'a>(incident: &Incident, ground: &'a Ground) -> Result<&'a Source, Refusal> {
    let found = About::of(incident).source(&ground.program, &ground.directory);
    found.map_err(|system| match (&system, ground.program.systems().map(str::to_string).collect::<Vec<_>>()) {
        (None, known) if known.len() > 1 => Refusal::WhichRunbook { known },
        _ => Refusal::NoRunbook { system },
    })
}

pub fn ground(ground: &Ground) -> orders::Ground<'_> {
    let runs = &ground.directory.runs;
    orders::Ground { rules: runs, read_s: runs.read_s, change_s: runs.change_s }
}

pub(super) fn line(incident: &Incident, source: &Source, what: &What) -> Result<u32, Refusal> {
    let step = |no: Option<u32>| {
        let walk = incident.walk.as_ref().filter(|w| w.playbook.system == source.system)?;
        walk.playbook.step(no.unwrap_or(walk.next)).filter(|s| s.risk.is_some()).map(|s| s.line)
    };
    match what {
        What::Next => {
            step(None).ok_or_else(|| usage_refusal("No playbook is followed whose next step is a command.", SPEC.usage))
        }
        What::Number(n) => Ok(step(Some(*n)).unwrap_or(*n)),
        What::Line(n) => Ok(*n),
        What::Name(name) => orders::quick_fix(source, name).ok_or_else(|| {
            let problem = format!("{} has no quick fix called \"{}\".", source.short_file(), shown(name));
            usage_refusal(problem, SPEC.usage)
        }),
    }
}

pub fn refusal(no: NotMade, source: &Source, line: u32) -> Refusal {
    let file = source.short_file();
    let problem = match no {
        NotMade::NoCommand { line } => format!("{file} has no command in line {line}."),
        NotMade::Open { names } => {
            let args: Vec<String> =
                names.iter().map(|n| format!("{}=…", firebell_runbook::shell::values::bare(n))).collect();
            format!("{} in line {line} of {file} is open: add {}.", names.join(", "), args.join(" "))
        }
        NotMade::NoSuch { name, names } if names.is_empty() => {
            format!(
                "The command in line {line} of {file} leaves nothing open, so there is no {} to fill.",
                shown(&name)
            )
        }
        NotMade::NoSuch { name, names } => {
            format!(
                "The command in line {line} of {file} has no {}. It leaves open: {}.",
                shown(&name),
                names.join(", ")
            )
        }
        NotMade::Refused(why) => why,
        NotMade::NoTarget => return Refusal::NoTarget { name: format!("line {line} of {file}") },
        NotMade::Manual { why, text } => {
            let text = firebell_domain::text::cut(&text, limits::STEP_CHARS_MAX);
            return Refusal::NotPermitted {
                what: format!(
                    "Type it yourself, because {why}:\n    {text}\nThen say how it went: /incident step done"
                ),
            };
        }
    };
    Refusal::Usage { problem, usage: SPEC.usage.to_string() }
}

/// What would be run, by whose word; asks for nothing.
async fn dry(call: &Call<'_>, incident: &Incident, order: &Order) -> Said {
    let directory = &call.ground.directory;
    let mut lines = vec![format!("Dry run for {}: nothing is carried out and nobody is asked.", incident.id)];
    lines.extend(notice::runs::exactly(order));
    lines.push(format!("It {}.", order.risk.as_words()));
    lines.push(match directory.runs.needs(order, call.ground.now) {
        Err("") => "A policy forbids it now.".to_string(),
        Err(why) => format!("A policy forbids it now: {why}"),
        Ok(Needs::Nothing) => "It would run at once.".to_string(),
        Ok(needs) => {
            let who = entitled(directory, order, incident.service.as_ref(), call.ground.now);
            let second = if needs == Needs::SecondPerson { ", and not by whoever asks for it" } else { "" };
            format!("It would wait for an approval by {}{second}.", approvers(&who))
        }
    });
    let plans = plans(call, order).await;
    lines.extend(plans.iter().flat_map(|(line, plan)| notice::runs::planned(*line, plan.as_ref().map_err(|c| &*c.0))));
    let plans: Vec<Value> = plans.iter().map(|(line, plan)| told(*line, plan)).collect();
    Said { text: lines.join("\n"), incident: Some(incident.id), data: json!({ "order": order, "plan": plans }) }
}

/// What each command would do by now, as whoever carries it out says. Asked side by side, within `PLAN`.
async fn plans(call: &Call<'_>, order: &Order) -> Vec<(u32, Result<Plan, Cannot>)> {
    let Some(carrier) = call.app.carrier() else { return Vec::new() };
    let one = async |command: &Ordered| {
        let late = || Err(Cannot(format!("{} did not say within {} s", command.target, PLAN.as_secs())));
        let plan = tokio::time::timeout(PLAN, carrier.plan(order, command)).await;
        (command.line, plan.unwrap_or_else(|_| late()))
    };
    futures_util::future::join_all(order.commands.iter().take(PLANNED_MAX).map(one)).await
}

fn told(line: u32, plan: &Result<Plan, Cannot>) -> Value {
    match plan {
        Ok(p) => json!({ "line": line, "does": p.does, "native": p.native, "finds": p.finds }),
        Err(Cannot(why)) => json!({ "line": line, "manual": why }),
    }
}

/// With the run as it stands.
pub fn data(incident: &Incident, no: u32) -> Value {
    let mut data = facts(incident);
    data["run"] = incident.runs.get(&no).map_or(Value::Null, |r| json!(r));
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn what_to_run_is_a_step_a_line_or_a_name_with_values_and_dry_run_anywhere() {
        let read = |text| parse(&mut Words::new(text), &ground()).expect("read");
        assert_eq!(read(""), Wanted::default());
        assert_eq!(read("3").what, What::Number(3));
        assert_eq!(read("step 3").what, What::Number(3));
        assert_eq!(read("line 120").what, What::Line(120));
        assert_eq!(read("queue is full dry-run").what, What::Name("queue is full".into()));
        let all = read("dry-run line 7 pod=web-1 tag=v1=2");
        assert!(all.dry);
        assert_eq!(all.given, [("pod".into(), "web-1".into()), ("tag".to_string(), "v1=2".to_string())]);
        assert!(matches!(parse(&mut Words::new("line x"), &ground()), Err(Refusal::Usage { .. })));
    }
    #[test]
    fn of_several_runbooks_none_is_guessed_and_the_answer_says_how_to_name_one() {
        let of = |systems: &[&str]| {
            let all = systems
                .iter()
                .map(|s| crate::program::Source { system: s.to_string(), ..crate::program::tests::source(json!({})) });
            let program = std::sync::Arc::new(crate::program::Program::new(all.collect()));
            let ground = Ground { program, ..ground() };
            let incident = ground.incident.clone().expect("an incident");
            source(&incident, &ground).map(|s| s.system.clone())
        };
        assert!(matches!(of(&[]), Err(Refusal::NoRunbook { system: None })));
        assert_eq!(of(&["shop"]).expect("the only one"), "shop");
        let Err(Refusal::WhichRunbook { known }) = of(&["shop", "bank"]) else { panic!("it was guessed") };
        assert_eq!(known, ["shop", "bank"]);
    }
}
