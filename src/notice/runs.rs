//! What the bot says of runs beside the timeline's sentences: what waits for whose word, and how it is given.

use firebell_domain::event::{Event, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::run::{Needs, Order, Run, RunNo, RunState};
use firebell_domain::text::line_of_machine;
use firebell_domain::timeline::runs::ordered;
use firebell_domain::timeline::words::{clock, one, who};

/// Characters of a command in an answer: all of it, up to what the log keeps.
const COMMAND_CHARS_MAX: usize = firebell_domain::limits::STEP_CHARS_MAX;
/// Commands that an answer lists.
const COMMANDS_SHOWN_MAX: usize = 20;

/// Where a run stands for whoever has just asked for it or approved it.
pub fn waits(i: &Incident, no: RunNo) -> Vec<String> {
    let Some(run) = i.runs.get(&no) else { return Vec::new() };
    let mut lines = vec![format!("Run {no} of {}: {}", i.id, one(&run.order.name))];
    lines.extend(exactly(&run.order));
    match &run.state {
        RunState::Asked { until } => {
            lines.push(format!("It {} and waits until {}.", run.order.risk.as_words(), clock(*until, run.asked_at)));
            lines.push(how(i.id, run));
        }
        RunState::Ready { .. } => {
            let by = run.approval.as_ref().map_or(String::new(), |a| format!("Approved by {}. ", who(&a.by)));
            lines.push(format!(
                "{by}It begins as soon as {} is free; what comes of it is in the timeline.",
                place(&run.order)
            ));
            lines.push(format!("Not after all? /incident {} stop {no}", i.id));
        }
        other => lines.push(format!("It {}.", other.as_words())),
    }
    lines
}

fn place(order: &Order) -> String {
    match order.target.as_str() {
        "" => "everything it looks at".to_string(),
        target => one(target),
    }
}

/// What exactly is to run, on what, from where.
pub fn exactly(order: &Order) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for command in order.commands.iter().take(COMMANDS_SHOWN_MAX) {
        let line = match command.line {
            0 => String::new(),
            line => format!("   ({} line {line})", one(&order.file)),
        };
        lines.push(format!("    {}{line}", line_of_machine(&command.text, COMMAND_CHARS_MAX)));
        lines.extend((!command.why.is_empty()).then(|| format!("    changes something: {}", one(&command.why))));
    }
    let more = order.commands.len().saturating_sub(COMMANDS_SHOWN_MAX);
    lines.extend((more > 0).then(|| format!("    … and {more} more")));
    if !order.target.is_empty() {
        let environment = order.environment.as_ref().map_or(String::new(), |e| format!(" ({})", one(e)));
        lines.push(format!("On {}{environment}.", one(&order.target)));
    }
    if let Some(look) = order.verify.first() {
        lines.push(format!("Afterwards it is looked at: {}", one(&look.text)));
    }
    lines
}

/// How somebody agrees, or does not.
pub fn how(id: IncidentId, run: &Run) -> String {
    let no = run.no;
    match run.needs {
        Needs::SecondPerson => format!(
            "A second person approves it by typing the target's name: /incident {id} approve {no} {}   or: /incident {id} deny {no} REASON",
            one(&run.order.target)
        ),
        _ => format!("Approve it: /incident {id} approve {no}   or: /incident {id} deny {no} REASON"),
    }
}

/// The notice that channels get.
pub fn notice(i: &Incident, about: &IncidentEvent) -> (String, Option<String>) {
    let run = |no: &RunNo| i.runs.get(no);
    match &about.body {
        Event::RunAsked { run: no, order, .. } => {
            let more = run(no).map(|r| how(i.id, r)).unwrap_or_default();
            (format!("run {no} waits for an approval"), Some(format!("{}\n{more}", ordered(order))))
        }
        Event::RunFinished { run: no, end, verified, .. } => {
            let name = run(no).map_or(String::new(), |r| format!(" ({})", one(&r.order.name)));
            let helped = match verified {
                Some(true) => ", and it helped",
                Some(false) => ", and IT DID NOT HELP",
                None => "",
            };
            (format!("run {no}{name} {}{helped}", end.as_words()), None)
        }
        Event::RunOutcomeUnknown { run: no, why, .. } => {
            let find_out = firebell_domain::timeline::runs::find_out(run(no).map(|r| &r.order));
            (format!("run {no}: OUTCOME UNKNOWN"), Some(format!("{}. To be sure: {find_out}", one(why))))
        }
        Event::RunExpired { run: no, why } => (format!("run {no} is void: {}", why.as_words()), None),
        _ => ("a run".to_string(), None),
    }
}
