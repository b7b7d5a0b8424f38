//! What happened to runs, in sentences: what exactly, on what, by whose word, and what came of it. Every command is
//! shown as it was approved, in one piece of one line.

use super::Importance::{self, Detail, Headline, Normal};
use super::words::{because, clock, counted, one, person, sentence, who};
use crate::event::{Event, IncidentEvent};
use crate::playbook::Risk;
use crate::run::{CommandEnd, Judged, Needs, Order, Ordered, RunEnd, RunKind, RunNo, RunResult, marks_an_error};
use std::collections::BTreeMap;

type Said = (&'static str, Importance, String);

/// Results that one entry names one by one; the others are counted, their table has them all.
const RESULTS_NAMED_MAX: usize = 8;

/// What the events of runs say; `None` for other events.
pub fn say(orders: &BTreeMap<RunNo, Order>, event: &IncidentEvent) -> Option<Said> {
    let at = event.at;
    let name = |run: &RunNo| orders.get(run).map_or(format!("Run {run}"), |o| format!("Run {run} ({})", one(&o.name)));
    Some(match &event.body {
        Event::RunAsked { run, order, needs, until } => {
            let what = ordered(order);
            match needs {
                Needs::Nothing => ("run", Normal, format!("Run {run} ({}): {what}", one(&order.name))),
                Needs::Confirmation | Needs::SecondPerson => {
                    let whose = match needs {
                        Needs::SecondPerson => "a second person's approval",
                        _ => "an approval",
                    };
                    let text = format!(
                        "Run {run} ({}) waits for {whose} until {}: {what}; it {}",
                        one(&order.name),
                        clock(*until, at),
                        order.risk.as_words()
                    );
                    ("approval", Headline, text)
                }
            }
        }
        Event::RunApproved { run, authority, break_glass: Some(reason), .. } => {
            let text = format!(
                "{} approved by {} alone (break glass, {}){}",
                name(run),
                who(&event.actor),
                one(authority),
                because(reason)
            );
            ("break glass", Headline, text)
        }
        Event::RunApproved { run, authority, .. } => {
            ("approved", Headline, format!("{} approved by {} ({})", name(run), who(&event.actor), one(authority)))
        }
        Event::RunDenied { run, reason } => ("denied", Normal, format!("{} denied{}", name(run), because(reason))),
        Event::RunExpired { run, why } => ("expired", Normal, format!("{} is void: {}", name(run), why.as_words())),
        Event::RunWithdrawn { run, reason } => {
            ("withdrawn", Normal, format!("{} withdrawn before it began{}", name(run), because(reason)))
        }
        Event::RunStarted { run, worker, until } => {
            let importance = if changes(orders, run) { Normal } else { Detail };
            let text = format!("{} begins (worker {}, at most until {})", name(run), one(worker), clock(*until, at));
            ("running", importance, text)
        }
        Event::RunStopAsked { run, reason } => {
            ("stop", Normal, format!("{} is told to stop{}", name(run), because(reason)))
        }
        Event::RunProgressed { run, results } => {
            let of = orders.get(run).map_or(0, |o| o.commands.len() + o.verify.len());
            let back = if results.len() == 1 { "is back" } else { "are back" };
            let text = format!("{}: {} of {of} {back}{}", name(run), results.len(), outcomes(orders.get(run), results));
            ("running", Detail, text)
        }
        Event::RunFinished { run, end, results, verified } => {
            let order = orders.get(run);
            let looks = order.is_some_and(|o| o.kind == RunKind::Diagnose);
            let importance = if changes(orders, run) || *verified == Some(false) { Headline } else { Normal };
            let verdict = match verified {
                Some(true) => ". It helped: what was looked at afterwards is as it should be",
                Some(false) => ". IT DID NOT HELP: what was looked at afterwards is not as it should be",
                None => "",
            };
            let back = order.and_then(|o| o.rollback.as_ref()).filter(|_| *verified == Some(false));
            let back = back.map_or(String::new(), |b| format!(". The runbook's way back: run {}", one(b)));
            let icon = match (end, verified) {
                (_, Some(false)) => "did not help",
                (RunEnd::Done, _) if looks => "looked",
                (RunEnd::Done, _) => "done",
                _ => "failed",
            };
            let text = format!("{} {}{verdict}{back}{}", name(run), end.as_words(), outcomes(order, results));
            (icon, importance, text)
        }
        Event::RunOutcomeUnknown { run, why, results } => {
            let order = orders.get(run);
            let text = format!(
                "{}: OUTCOME UNKNOWN, {}. It is not begun again by itself. {}{}",
                name(run),
                one(why),
                sentence(&find_out(order)),
                outcomes(order, results)
            );
            ("unknown", Headline, text)
        }
        _ => return None,
    })
}

fn changes(orders: &BTreeMap<RunNo, Order>, run: &RunNo) -> bool {
    orders.get(run).is_none_or(Order::changes)
}

/// "`docker restart web` on main (production), shop.md line 12".
pub fn ordered(order: &Order) -> String {
    let place = match (&order.environment, order.target.as_str()) {
        (_, "") => String::new(),
        (Some(e), t) => format!(" on {} ({})", one(t), one(e)),
        (None, t) => format!(" on {}", one(t)),
    };
    match order.commands.as_slice() {
        [only] => format!("{}{place}{}", one(&only.text), source(order, only)),
        many => format!("{}{place}, {}", counted(many.len(), "command"), one(&order.file)),
    }
}

fn source(order: &Order, command: &Ordered) -> String {
    match (order.file.as_str(), command.line) {
        ("", _) | (_, 0) => String::new(),
        (file, line) => format!(", {} line {line}", one(file)),
    }
}

/// What somebody does who wants to know whether it took effect.
pub fn find_out(order: Option<&Order>) -> String {
    match order.map(|o| (o, o.verify.first())) {
        Some((_, Some(look))) => format!("to find out, look: {}", one(&look.text)),
        Some((order, None)) if order.risk == Risk::Read => "it only looks, so ask for it again".to_string(),
        Some((order, None)) => format!("look at {} before it is asked for again", one(&order.target)),
        None => "look before it is asked for again".to_string(),
    }
}

/// The results that say something, each on a line of its own.
fn outcomes(order: Option<&Order>, results: &[RunResult]) -> String {
    let several = results.len() > 1;
    let ill = |r: &RunResult| !r.end.ok() || judged(r).is_some_and(|j| j > Judged::Healthy) || marks_an_error(&r.says);
    let telling = |r: &&RunResult| !several || r.verifies || ill(r);
    let mut all: Vec<&RunResult> = results.iter().filter(telling).collect();
    // Only the first are named: what is critical before what failed, and that before what never ran.
    all.sort_by_key(|r| (r.verifies, urgency(r)));
    let mut lines: Vec<String> = all.iter().take(RESULTS_NAMED_MAX).map(|r| outcome(order, r)).collect();
    let rest = all.len().saturating_sub(lines.len());
    lines.extend(match rest {
        0 => None,
        1 => Some("… and 1 more that wants attention".to_string()),
        n => Some(format!("… and {n} more that want attention")),
    });
    let quiet = results.len() - all.len();
    lines.extend((quiet > 0).then(|| format!("{} as it should be", counted(quiet, "command"))));
    lines.iter().map(|l| format!("\n    {l}")).collect()
}

/// 0 for what somebody should look at first.
fn urgency(r: &RunResult) -> u8 {
    match (&r.end, judged(r)) {
        (CommandEnd::Unknown { .. }, _) | (_, Some(Judged::Critical)) => 0,
        (CommandEnd::Exited { status: 1.. } | CommandEnd::TimedOut, _) => 1,
        (_, Some(Judged::Warning)) => 2,
        (CommandEnd::Exited { .. }, _) => 3,
        (CommandEnd::Stopped | CommandEnd::NotStarted { .. } | CommandEnd::Manual { .. }, _) => 4,
    }
}

fn outcome(order: Option<&Order>, r: &RunResult) -> String {
    let list = order.map(|o| if r.verifies { &o.verify } else { &o.commands });
    let command = list.and_then(|l| l.get(r.at as usize));
    let what = command.map_or(format!("command {}", r.at + 1), |c| match c.about.as_str() {
        "" => one(&c.text),
        about => one(about),
    });
    // Where something is ill, what is well beside it only hides it.
    let worst = judged(r).filter(|worst| *worst > Judged::Healthy);
    let shown = |x: &&crate::run::Reading| x.judged.is_some_and(|j| worst.is_none() || j > Judged::Healthy);
    let read: Vec<String> = r.readings.iter().filter(shown).map(reading).collect();
    let says = if read.is_empty() { one(&r.says) } else { read.join(", ") };
    let says = if says.is_empty() { says } else { format!(": {says}") };
    let checked = if r.verifies { "checked: " } else { "" };
    let red = !r.end.ok() || judged(r).is_some_and(|j| j > Judged::Healthy);
    let fix = command.map(|c| c.fix.as_str()).filter(|fix| red && !fix.is_empty());
    let fix = fix.map_or(String::new(), |fix| format!(". The runbook's quick fix: {}", one(fix)));
    format!("{checked}{what}: {}{says}{fix}", end(&r.end))
}

/// "memory of web 91 % (critical, > 90 %)".
pub fn reading(r: &crate::run::Reading) -> String {
    let unit = if r.unit.is_empty() { String::new() } else { format!(" {}", one(&r.unit)) };
    let judged = r.judged.map_or(String::new(), |j| match &r.bound {
        Some(bound) => format!(" ({}, {})", j.as_word(), one(bound)),
        None => format!(" ({})", j.as_word()),
    });
    format!("{} {}{unit}{judged}", one(&r.metric), one(&r.value))
}

pub fn end(end: &CommandEnd) -> String {
    match end {
        CommandEnd::Exited { status: 0 } => "done".to_string(),
        CommandEnd::Exited { status } => format!("failed with {status}"),
        CommandEnd::TimedOut => "ran out of time".to_string(),
        CommandEnd::Stopped => "stopped".to_string(),
        CommandEnd::NotStarted { why } => format!("never began, {}", one(why)),
        CommandEnd::Manual { why } => format!("to be typed by hand, {}", one(why)),
        CommandEnd::Unknown { why } => format!("outcome unknown, {}", one(why)),
    }
}

/// The worst that was read.
pub fn judged(r: &RunResult) -> Option<Judged> {
    r.readings.iter().filter_map(|x| x.judged).max()
}

/// Who may be asked to approve, for a card: "@ana, @bo or an administrator".
pub fn approvers(who: &[crate::id::PersonId]) -> String {
    match who {
        [] => "an administrator".to_string(),
        who => format!("{} or an administrator", who.iter().map(person).collect::<Vec<_>>().join(", ")),
    }
}
