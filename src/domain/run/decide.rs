//! What people and workers do to runs: asking, approving, denying, stopping, claiming, reporting; and what happens to a
//! run by itself when its time is over. One changing run on a target at a time, and none without somebody's word.

use super::apply::is_second;
use super::{CommandEnd, ExpireReason, Needs, Order, Run, RunEnd, RunKind, RunNo, RunResult, RunState, authority};
use crate::decide::Decider;
use crate::escalation;
use crate::event::{CancelReason, EscalateReason, Event};
use crate::id::ChannelId;
use crate::intent::{Intent, IntentNo, Lane, NoticeKind, What};
use crate::limits;
use crate::refusal::Refusal;
use crate::status::IncidentStatus;
use crate::text;

/// Somebody's word that a run may begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Approve {
    pub no: RunNo,
    /// Whether whoever says it is an administrator: looked up by the caller, who knows how they came.
    pub admin: bool,
    /// The name of the target, typed by hand.
    pub typed: Option<String>,
    /// Why nobody else is asked.
    pub break_glass: Option<String>,
}

/// What a worker found out.
#[derive(Clone, Debug, PartialEq)]
pub enum RunOutcome {
    Finished {
        end: RunEnd,
        results: Vec<RunResult>,
        verified: Option<bool>,
    },
    /// These are back, others are not.
    Progress {
        results: Vec<RunResult>,
    },
    /// It may have taken effect. One sentence, with how to find out.
    Unknown {
        why: String,
        results: Vec<RunResult>,
    },
}

pub(crate) fn ask(d: &mut Decider, order: &Order) -> Result<(), Refusal> {
    fits(order)?;
    in_force(d, order)?;
    let needs = match d.directory.runs.needs(order, d.now) {
        Ok(needs) => needs,
        Err(why) => return Err(Refusal::RunForbidden { name: order.name.clone(), why: why.to_string() }),
    };
    let (id, digest) = (d.incident.id, order.digest());
    if let Some(same) = d.incident.runs.values().find(|r| !r.state.over() && r.digest == digest) {
        return Err(Refusal::RunAskedAlready { id, no: same.no, standing: same.state.as_words() });
    }
    if d.incident.runs.values().filter(|r| !r.state.over()).count() >= limits::RUNS_LIVE_MAX {
        return Err(Refusal::TooMany { what: "runs that are not over in this incident", max: limits::RUNS_LIVE_MAX });
    }
    if let Some(until) = cools_until(d, order) {
        return Err(Refusal::RunCooling { target: order.target.clone(), until });
    }
    let run = d.incident.runs_asked + 1;
    let until = d.now.plus_s(approval_s(d));
    d.emit(Event::RunAsked { run, order: order.clone(), needs, until });
    match needs {
        Needs::Nothing => queue(d, run),
        _ => d.notice(NoticeKind::RunAsked),
    }
    Ok(())
}

/// What an order must be, whoever made it.
fn fits(order: &Order) -> Result<(), Refusal> {
    let all = order.commands.iter().chain(&order.verify);
    let count = order.commands.len() + order.verify.len();
    if order.commands.is_empty() {
        return Err(Refusal::Empty { what: "run" });
    }
    if count > limits::RUN_COMMANDS_MAX {
        return Err(Refusal::TooMany { what: "commands in that run", max: limits::RUN_COMMANDS_MAX });
    }
    for command in all {
        for chars in [command.text.chars().count(), command.written.chars().count()] {
            if chars > limits::STEP_CHARS_MAX {
                return Err(Refusal::TooLong { what: "command", chars, chars_max: limits::STEP_CHARS_MAX });
            }
        }
    }
    let elsewhere = |t: &str| order.changes() && t != order.target;
    match order.changes() && order.target.is_empty() || order.commands.iter().any(|c| elsewhere(&c.target)) {
        true => Err(Refusal::NoTarget { name: order.name.clone() }),
        false => Ok(()),
    }
}

/// Whether the order is still what the runbook and the configuration say.
fn in_force(d: &Decider, order: &Order) -> Result<(), Refusal> {
    let rules = &d.directory.runs;
    if !order.file.is_empty() && rules.revisions.get(&order.file) != Some(&order.revision) {
        return Err(Refusal::RunbookChanged { name: order.name.clone(), file: order.file.clone() });
    }
    if order.changes() && rules.targets.get(&order.target) != Some(&order.environment) {
        return Err(Refusal::NoTarget { name: order.name.clone() });
    }
    Ok(())
}

fn cools_until(d: &Decider, order: &Order) -> Option<crate::time::Timestamp> {
    if !order.changes() || order.kind == RunKind::Rollback {
        return None;
    }
    d.directory.runs.held.get(&order.target)?.cools_until(order, d.directory.runs.cooldown_s, d.now)
}

fn approval_s(d: &Decider) -> i64 {
    d.directory.runs.approval_s.clamp(limits::APPROVAL_MIN_S, limits::APPROVAL_MAX_S)
}

/// A run that may begin waits in the outbox. It has a bound of its own, so no pile of cards leaves it without room.
fn queue(d: &mut Decider, run: RunNo) {
    let no = d.incident.intents + 1;
    let intent = Intent { no, lane: Lane::Card, channel: ChannelId::from(super::CHANNEL), what: What::Run { run } };
    d.emit(Event::IntentsQueued { intents: vec![intent] });
}

fn find<'a>(d: &'a Decider, no: RunNo) -> Result<&'a Run, Refusal> {
    let (id, asked) = (d.incident.id, d.incident.runs_asked);
    d.incident.runs.get(&no).ok_or(Refusal::NoSuchRun { id, no, asked })
}

fn waiting<'a>(d: &'a Decider, no: RunNo) -> Result<&'a Run, Refusal> {
    let run = find(d, no)?;
    match run.state {
        RunState::Asked { .. } => Ok(run),
        _ => Err(Refusal::RunNotWaiting { id: d.incident.id, no, standing: run.state.as_words() }),
    }
}

pub(crate) fn approve(d: &mut Decider, word: &Approve) -> Result<(), Refusal> {
    let (id, no) = (d.incident.id, word.no);
    let run = waiting(d, no)?.clone();
    let order = &run.order;
    if matches!(run.state, RunState::Asked { until } if until <= d.now) {
        return Err(Refusal::RunNotWaiting { id, no, standing: RunState::Expired.as_words() });
    }
    in_force(d, order)?;
    let rules = &d.directory.runs;
    let needs = match rules.needs(order, d.now) {
        Ok(needs) => needs.max(run.needs),
        Err(why) => return Err(Refusal::RunForbidden { name: order.name.clone(), why: why.to_string() }),
    };
    let service = d.incident.service.as_ref();
    let Some(right) = authority::authority(d.directory, order, service, d.actor, word.admin, d.now) else {
        let who = authority::entitled(d.directory, order, service, d.now);
        return Err(Refusal::NotEntitled { id, no, who });
    };
    let mut glass = None;
    if needs == Needs::SecondPerson {
        match &word.break_glass {
            Some(_) if !rules.break_glass => return Err(Refusal::BreakGlassOff { id, no }),
            Some(reason) => {
                let reason = text::block("reason", reason)?;
                if reason.is_empty() {
                    return Err(Refusal::Empty { what: "reason" });
                }
                glass = Some(reason);
            }
            None if !is_second(d.actor, &run.asked_by) => {
                let same = d.actor.as_person() == run.asked_by.as_person();
                return Err(Refusal::NeedsSecondPerson { id, no, same, break_glass: rules.break_glass });
            }
            None if word.typed.as_deref() != Some(order.target.as_str()) => {
                return Err(Refusal::TypeTarget { id, no, target: order.target.clone() });
            }
            None => {}
        }
    } else if word.break_glass.is_some() {
        return Err(Refusal::BreakGlassNeedless { id, no });
    }
    let until = d.now.plus_s(approval_s(d));
    let breaks = glass.is_some();
    d.emit(Event::RunApproved { run: no, digest: run.digest, authority: right, break_glass: glass, until });
    queue(d, no);
    if breaks {
        d.notice(NoticeKind::Changed);
        escalation::advance(d, EscalateReason::BreakGlass);
    }
    Ok(())
}

/// A "no" is anybody's: it only keeps things as they are.
pub(crate) fn deny(d: &mut Decider, no: RunNo, reason: &str) -> Result<(), Refusal> {
    waiting(d, no)?;
    let reason = text::block("reason", reason)?;
    d.emit(Event::RunDenied { run: no, reason });
    Ok(())
}

pub(crate) fn stop(d: &mut Decider, no: RunNo, reason: &str) -> Result<(), Refusal> {
    let run = find(d, no)?;
    let (id, standing) = (d.incident.id, run.state.as_words());
    let state = run.state.clone();
    let reason = text::block("reason", reason)?;
    match state {
        RunState::Asked { .. } | RunState::Ready { .. } => withdraw(d, no, reason),
        RunState::Running { stop_asked: false, .. } => d.emit(Event::RunStopAsked { run: no, reason }),
        _ => return Err(Refusal::RunOver { id, no, standing }),
    }
    Ok(())
}

fn withdraw(d: &mut Decider, no: RunNo, reason: String) {
    d.emit(Event::RunWithdrawn { run: no, reason });
    take_back(d, no);
}

fn take_back(d: &mut Decider, no: RunNo) {
    let intent = d.incident.runs.get(&no).and_then(|r| r.intent);
    if let Some(intent) = intent.filter(|i| d.incident.live.get(i).is_some_and(|l| l.claim.is_none())) {
        d.emit(Event::IntentsCancelled { numbers: vec![intent], why: CancelReason::RunOver });
    }
}

/// What has not begun when its incident ends never does. What runs is left to finish: half a change is worse.
pub(crate) fn ended(d: &mut Decider) {
    for no in not_begun(d) {
        withdraw(d, no, String::new());
    }
}

fn not_begun(d: &Decider) -> Vec<RunNo> {
    let waits = |r: &&Run| matches!(r.state, RunState::Asked { .. } | RunState::Ready { .. });
    d.incident.runs.values().filter(waits).map(|r| r.no).collect()
}

/// The time of those that have not begun is over.
pub(crate) fn expire_due(d: &mut Decider) {
    for no in not_begun(d) {
        let why = match d.incident.runs.get(&no).map(|r| &r.state) {
            Some(RunState::Asked { until }) if *until <= d.now => ExpireReason::NotApproved,
            Some(RunState::Ready { until }) if *until <= d.now => ExpireReason::NotStarted,
            _ => continue,
        };
        expire(d, no, why);
    }
}

fn expire(d: &mut Decider, no: RunNo, why: ExpireReason) {
    d.emit(Event::RunExpired { run: no, why });
    d.notice(NoticeKind::RunEnded);
    take_back(d, no);
}

/// The right to run it, once, given to one worker. `target` is what the caller has locked: what that target is doing
/// stands in `directory.runs.held`, and where it does not, nobody has looked and nothing begins.
pub(crate) fn start(d: &mut Decider, no: RunNo, worker: &str, target: &str) -> Result<(), Refusal> {
    let Some(run) = d.incident.runs.get(&no) else { return Err(Refusal::Stale) };
    let RunState::Ready { until } = run.state else { return Err(Refusal::Stale) };
    let (order, intent) = (run.order.clone(), run.intent);
    let Some(intent) = intent.filter(|i| d.incident.live.get(i).is_some_and(|l| l.claim.is_none())) else {
        return Err(Refusal::Stale);
    };
    if until <= d.now {
        expire(d, no, ExpireReason::NotStarted);
        return Ok(());
    }
    if in_force(d, &order).is_err() {
        expire(d, no, ExpireReason::RunbookChanged);
        return Ok(());
    }
    if d.directory.runs.needs(&order, d.now).is_err() {
        expire(d, no, ExpireReason::Forbidden);
        return Ok(());
    }
    if order.changes() {
        if target != order.target {
            return Err(Refusal::Stale);
        }
        let Some(held) = d.directory.runs.held.get(target) else { return Err(Refusal::Stale) };
        if let Some(h) = held.busy(d.incident.id, no, d.now) {
            return Err(Refusal::TargetBusy { target: order.target, by: h.incident, run: h.run });
        }
        if let Some(until) = cools_until(d, &order) {
            return Err(Refusal::RunCooling { target: order.target, until });
        }
    }
    let until = d.now.plus_s(order.limit_s.clamp(1, limits::RUN_MAX_S) + limits::RUN_GRACE_S);
    let claim =
        Event::IntentClaimed { no: intent, worker: worker.to_string(), attempt: 1, lease_until: until, summary: None };
    d.emit(claim);
    d.emit(Event::RunStarted { run: no, worker: worker.to_string(), until });
    Ok(())
}

/// A worker's report. Only of the claim that it was given; also when that was thought lost.
pub(crate) fn finished(d: &mut Decider, no: RunNo, claim_seq: i64, outcome: &RunOutcome) -> Result<(), Refusal> {
    let Some(run) = d.incident.runs.get(&no) else { return Err(Refusal::Stale) };
    let (running, intent) = match run.state {
        RunState::Running { claim_seq: mine, .. } if mine == claim_seq => (true, run.intent),
        RunState::Unknown { claim_seq: mine } if mine == claim_seq => (false, None),
        _ => return Err(Refusal::Stale),
    };
    match outcome {
        RunOutcome::Finished { end, results, verified } => {
            let (kept, verified) = (bounded(results), *verified);
            let well =
                *end == RunEnd::Done && verified != Some(false) && results.iter().all(|r| r.verifies || r.well());
            let turn = d.incident.walk.as_ref().filter(|_| well).and_then(|w| w.turn_of(&run.order));
            d.emit(Event::RunFinished { run: no, end: *end, results: kept, verified });
            d.notice(NoticeKind::RunEnded);
            if let Some(intent) = intent {
                d.emit(Event::IntentDone { no: intent, receipt: None });
            }
            if verified == Some(false) {
                did_not_help(d, no);
            }
            // The command of the step whose turn it is went well: the step has had its turn.
            if let Some(step) = turn.filter(|_| d.incident.status.open()) {
                d.emit(Event::PlaybookStepDone { no: step, text: format!("run {no}") });
            }
        }
        RunOutcome::Unknown { why, results } if running => {
            unknown(d, no, intent, text::line_of_machine(why, limits::WHY_CHARS_MAX), bounded(results));
        }
        RunOutcome::Progress { results } if running && !results.is_empty() => {
            d.emit(Event::RunProgressed { run: no, results: bounded(results) });
        }
        RunOutcome::Progress { .. } | RunOutcome::Unknown { .. } => return Err(Refusal::Stale),
    }
    Ok(())
}

/// The harm was thought to be over, and is not: the clocks that had stopped run on.
fn did_not_help(d: &mut Decider, no: RunNo) {
    if d.incident.status == IncidentStatus::Monitoring {
        let text = format!("run {no} did not help: what was looked at afterwards is not as it should be");
        let (from, to) = (IncidentStatus::Monitoring, IncidentStatus::Investigating);
        d.emit(Event::StatusChanged { from, to, text });
    }
}

/// A crash between the claim and the report. Never begun again by itself.
pub(crate) fn claim_lost(d: &mut Decider, no: RunNo, intent: IntentNo) {
    let why = "Firebell stopped while it ran".to_string();
    unknown(d, no, Some(intent), why, Vec::new());
}

fn unknown(d: &mut Decider, no: RunNo, intent: Option<IntentNo>, why: String, results: Vec<RunResult>) {
    d.emit(Event::RunOutcomeUnknown { run: no, why, results });
    d.notice(NoticeKind::RunEnded);
    if let Some(intent) = intent {
        d.emit(Event::IntentAbandoned { no: intent });
    }
}

/// What a worker says of each command, cut to what a log keeps.
fn bounded(results: &[RunResult]) -> Vec<RunResult> {
    let cut = |text: &str| text::line_of_machine(text, limits::WHY_CHARS_MAX);
    let bound = |r: &RunResult| {
        let mut r = r.clone();
        r.says = cut(&r.says);
        r.readings.truncate(limits::RUN_READINGS_MAX);
        r.files.truncate(limits::RUN_FILES_MAX);
        for file in &mut r.files {
            for text in [&mut file.name, &mut file.media_type, &mut file.digest] {
                *text = text::line_of_machine(text, limits::NAME_CHARS_MAX);
            }
        }
        for reading in &mut r.readings {
            for text in [&mut reading.metric, &mut reading.value, &mut reading.unit] {
                *text = text::line_of_machine(text, limits::NAME_CHARS_MAX);
            }
        }
        match &mut r.end {
            CommandEnd::NotStarted { why } | CommandEnd::Manual { why } | CommandEnd::Unknown { why } => {
                *why = cut(why)
            }
            _ => {}
        }
        r
    };
    results.iter().take(limits::RUN_COMMANDS_MAX).map(bound).collect()
}
