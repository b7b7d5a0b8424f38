//! What the bot says of runs beside the timeline's sentences: what waits for whose word, and how it is given.

use crate::engine::ports::execute::Plan;
use firebell_domain::event::{Event, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::run::table::{Mark, Row, Table};
use firebell_domain::run::{self, Needs, Order, Run, RunNo, RunResult, RunState};
use firebell_domain::text::line_of_machine;
use firebell_domain::timeline::runs::ordered;
use firebell_domain::timeline::words::{clock, one, who};
use std::collections::BTreeMap;

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

/// What a command would do by now: the exact call, and what it finds; or why nobody here can say.
pub fn planned(line: u32, plan: Result<&Plan, &str>) -> Vec<String> {
    const FOUND_MAX: usize = 10;
    let shown = |text: &str| line_of_machine(text, COMMAND_CHARS_MAX);
    match plan {
        Err(why) => vec![format!("Line {line}: what it finds could not be looked at, {}.", one(why))],
        Ok(p) => {
            let by = if p.native { "the target's own interface" } else { "the program itself" };
            let mut lines = vec![format!("Line {line}, by {by}: {}", shown(&p.does))];
            lines.extend(p.finds.iter().take(FOUND_MAX).map(|f| format!("    finds {}", shown(f))));
            let more = p.finds.len().saturating_sub(FOUND_MAX);
            lines.extend((more > 0).then(|| format!("    … and {more} more")));
            lines
        }
    }
}

/// All that came of a run, as a text to keep: its table, then what each command printed. `outputs` by the place of their
/// command: twice its index, one more for what was looked at afterwards.
pub fn report(
    id: IncidentId,
    t: &Table,
    order: &Order,
    results: &[RunResult],
    outputs: &BTreeMap<i64, String>,
) -> String {
    let mut out = table(id, t).join("\n");
    out.push('\n');
    for r in results {
        let command = if r.verifies { &order.verify } else { &order.commands }.get(r.at as usize);
        let text = command.map_or(String::new(), |c| line_of_machine(&c.text, COMMAND_CHARS_MAX));
        let place = command.map_or(String::new(), |c| match (c.line, c.target.as_str()) {
            (0, target) => format!("   (on {target})"),
            (line, target) => format!("   ({} line {line}, on {target}, {})", one(&order.file), took(r.took_ms)),
        });
        let afterwards = if r.verifies { "afterwards: " } else { "" };
        out.push_str(&format!("\n==== {afterwards}{text}{place}\n"));
        match outputs.get(&run::place(r.at, r.verifies)) {
            Some(said) if !said.trim().is_empty() => out.push_str(&format!("{}\n", said.trim_end())),
            _ => out.push_str("(printed nothing)\n"),
        }
    }
    out
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

/// A run as text: a line for each command, with what it said below it where somebody should look.
pub fn table(id: IncidentId, t: &Table) -> Vec<String> {
    let place = if t.target.is_empty() { String::new() } else { format!(" on {}", one(&t.target)) };
    let helped = match t.verified {
        Some(true) => ", and it helped",
        Some(false) => ", and IT DID NOT HELP",
        None => "",
    };
    let mut lines =
        vec![format!("Run {} of {id} ({}){place}: {}{helped}. {}.", t.run, one(&t.name), t.standing, counted(t))];
    lines.extend(t.rows.iter().map(row));
    lines
}

/// `✕ critical  memory of web: 93 % (critical, > 90 %); it was 71 %  (line 120)`.
pub fn row(r: &Row) -> String {
    let checked = if r.verifies { "checked: " } else { "" };
    let says = if r.says.is_empty() { String::new() } else { format!(": {}", one(&r.says)) };
    let change = r.change.as_ref().map_or(String::new(), |c| format!("; {}", one(c)));
    let line = if r.line == 0 { String::new() } else { format!(" (line {})", r.line) };
    format!("{} {} — {checked}{}{says}{change}{line}", r.mark.icon(), r.mark.as_word(), one(&r.what))
}

/// How many of it are back, and how many somebody should look at: "5 of 12 are back, 2 want attention".
pub fn counted(t: &Table) -> String {
    let waiting = t.rows.iter().filter(|r| r.mark == Mark::Waiting).count();
    let wanting = t.rows.iter().filter(|r| r.mark.wants_attention()).count();
    let (all, back) = (t.rows.len(), t.rows.len() - waiting);
    let so_far = match (waiting, all) {
        (0, 1) => "1 command".to_string(),
        (0, _) => format!("{all} commands"),
        _ => format!("{back} of {all} are back"),
    };
    let verb = if wanting == 1 { "wants" } else { "want" };
    let wanting = if wanting == 0 { "none wants attention".to_string() } else { format!("{wanting} {verb} attention") };
    if back == 0 { so_far } else { format!("{so_far}, {wanting}") }
}

/// `340 ms`, `12 s`.
pub fn took(ms: u64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { firebell_domain::time::span(i64::try_from(ms / 1_000).unwrap_or(0)) }
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
