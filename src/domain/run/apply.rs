//! What each event of a run does to its incident, and which cannot follow: the place where "no changing run without a
//! recorded approval" and "none is started twice" are held, when deciding and again on replay.

use super::{Approval, Needs, Run, RunKind, RunNo, RunState};
use crate::event::{Actor, Event, IncidentEvent};
use crate::incident::Incident;
use crate::intent::{IntentNo, What};
use crate::limits;
use crate::playbook::Risk;

type Why = Result<(), &'static str>;

pub(crate) fn apply(i: &mut Incident, event: &IncidentEvent) -> Why {
    let at = event.at;
    match &event.body {
        Event::RunAsked { run, order, needs, until } => {
            if *run != i.runs_asked + 1 {
                return Err("runs are numbered without gaps");
            }
            if !i.status.open() {
                return Err("nothing is run for what has ended");
            }
            if *needs < Needs::of(order.risk) {
                return Err("it needs more than that");
            }
            forget(i);
            let state = match needs {
                Needs::Nothing => RunState::Ready { until: *until },
                _ => RunState::Asked { until: *until },
            };
            i.runs_asked = *run;
            let asked = Run {
                no: *run,
                order: order.clone(),
                digest: order.digest(),
                action: order.action(),
                needs: *needs,
                asked_by: event.actor.clone(),
                asked_at: at,
                approval: None,
                intent: None,
                state,
            };
            i.runs.insert(*run, asked);
        }
        Event::RunApproved { run, digest, authority, break_glass, until } => {
            let r = of(i, *run)?;
            if !matches!(r.state, RunState::Asked { .. }) {
                return Err("it does not wait for an approval");
            }
            if *digest != r.digest {
                return Err("something else was approved");
            }
            if event.actor.as_person().is_none() {
                return Err("only a person approves");
            }
            if r.needs == Needs::SecondPerson && break_glass.is_none() && !is_second(&event.actor, &r.asked_by) {
                return Err("it needs a second person");
            }
            r.approval = Some(Approval {
                by: event.actor.clone(),
                at,
                authority: authority.clone(),
                digest: digest.clone(),
                break_glass: break_glass.clone(),
            });
            r.state = RunState::Ready { until: *until };
        }
        Event::RunDenied { run, .. } => match &mut of(i, *run)?.state {
            state @ RunState::Asked { .. } => *state = RunState::Denied,
            _ => return Err("it does not wait for an approval"),
        },
        Event::RunExpired { run, .. } | Event::RunWithdrawn { run, .. } => {
            let expired = matches!(event.body, Event::RunExpired { .. });
            match &mut of(i, *run)?.state {
                state @ (RunState::Asked { .. } | RunState::Ready { .. }) => {
                    *state = if expired { RunState::Expired } else { RunState::Withdrawn };
                }
                _ => return Err("it has begun, or is over"),
            }
        }
        Event::RunStarted { run, until, .. } => {
            let intent = of(i, *run)?.intent;
            let claim = intent.and_then(|no| i.live.get(&no)).and_then(|l| l.claim.as_ref()).map(|c| c.seq);
            let Some(claim_seq) = claim else { return Err("nobody has claimed it") };
            let r = of(i, *run)?;
            may_start(r)?;
            r.state = RunState::Running { since: at, until: *until, claim_seq, stop_asked: false };
        }
        Event::RunStopAsked { run, .. } => match &mut of(i, *run)?.state {
            RunState::Running { stop_asked, .. } => *stop_asked = true,
            _ => return Err("it is not running"),
        },
        Event::RunProgressed { run, .. } => match of(i, *run)?.state {
            RunState::Running { .. } => {}
            _ => return Err("it is not running"),
        },
        Event::RunFinished { run, end, verified, .. } => {
            let r = of(i, *run)?;
            match &r.state {
                // An answer that comes after all is better than none.
                RunState::Running { .. } | RunState::Unknown { .. } => {}
                _ => return Err("it is not running"),
            }
            r.state = RunState::Finished { end: *end, verified: *verified };
            rest(r);
        }
        Event::RunOutcomeUnknown { run, .. } => {
            let r = of(i, *run)?;
            match r.state {
                RunState::Running { claim_seq, .. } => r.state = RunState::Unknown { claim_seq },
                _ => return Err("it is not running"),
            }
        }
        _ => {}
    }
    Ok(())
}

/// An intent of the outbox begins to wait for a run that may begin.
pub(crate) fn queued(i: &mut Incident, run: RunNo, intent: IntentNo) -> Why {
    let r = of(i, run)?;
    if r.intent.is_some() {
        return Err("a run is queued once");
    }
    may_start(r)?;
    r.intent = Some(intent);
    Ok(())
}

/// What holds for every claim of an intent that runs something.
pub(crate) fn claimable(i: &Incident, what: &What) -> Why {
    match what {
        What::Run { run } => match i.runs.get(run) {
            Some(r) => may_start(r),
            None => Err("there is no such run"),
        },
        _ => Ok(()),
    }
}

fn may_start(r: &Run) -> Why {
    if !matches!(r.state, RunState::Ready { .. }) {
        return Err("a run begins once, and only when it may");
    }
    if r.order.risk == Risk::Read && r.needs == Needs::Nothing {
        return Ok(());
    }
    match &r.approval {
        Some(a) if a.digest == r.digest => Ok(()),
        _ => Err("nobody has approved exactly that"),
    }
}

/// Somebody else than who asked, and by a way that shows who they are.
pub(crate) fn is_second(actor: &Actor, asked_by: &Actor) -> bool {
    match actor {
        Actor::Person { name, via } => Some(name) != asked_by.as_person() && super::shows_who(via),
        _ => false,
    }
}

fn of(i: &mut Incident, no: RunNo) -> Result<&mut Run, &'static str> {
    i.runs.get_mut(&no).ok_or("there is no such run")
}

/// The oldest that are over make room.
fn forget(i: &mut Incident) {
    while i.runs.len() >= limits::RUNS_KEPT_MAX {
        let Some(oldest) = i.runs.values().find(|r| r.state.over()).map(|r| r.no) else { break };
        i.runs.remove(&oldest);
    }
}

/// What a look was made of stands in the log; the incident is read by every decision.
fn rest(r: &mut Run) {
    if matches!(r.order.kind, RunKind::Diagnose | RunKind::Verify) {
        r.order.commands.clear();
        r.order.verify.clear();
    }
}
