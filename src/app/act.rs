//! `app::act`: the one way in. Hands what is to be done to the writer and waits, for a bounded time, until it is
//! durable. Never answers "done" before the commit.

use super::App;
use super::commit::Job;
use crate::fault::{Fault, FaultKind};
use crate::measure;
use firebell_domain::alert::Delivery;
use firebell_domain::decide::{Declaration, Input, Unreadable};
use firebell_domain::event::{Actor, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::org::OrgEvent;
use firebell_domain::refusal::Refusal;
use firebell_domain::time::Timestamp;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long anybody waits for a commit. A chat platform gives 3 s; a person at a terminal should not wait longer
/// either before being told not to rely on it.
const COMMIT_WAIT: Duration = Duration::from_secs(2);
/// The engine waits longer: its lease outlives this, and nobody looks at it.
const ENGINE_WAIT: Duration = Duration::from_secs(20);

/// Something to be done.
pub struct Act {
    pub on: On,
    pub actor: Actor,
    /// Under an idempotency key the first answer is given again instead of doing it twice.
    pub once: Option<Once>,
}

pub struct Once {
    pub key: String,
    /// Makes the answer that is kept; called inside the transaction, and again if that comes to nothing.
    pub answer: Box<dyn Fn(&Changed) -> String + Send + Sync>,
}

/// What it is done to.
#[derive(Clone, Debug)]
pub enum On {
    Declare(Declaration),
    Incident(IncidentId, Input),
    /// Goes to the incident that the group belongs to, or declares this one.
    Alerts(Delivery, Declaration),
    Unreadable(Unreadable, Declaration),
    Organisation(OrgEvent),
}

/// What an incident went through.
#[derive(Clone, Debug)]
pub struct Changed {
    pub before: Option<Incident>,
    pub events: Vec<IncidentEvent>,
    pub after: Incident,
}

#[derive(Debug)]
pub enum Acted {
    Changed(Box<Changed>),
    /// Known already: nothing in it was news.
    Nothing,
    /// The organisation's stream has it.
    Recorded,
    /// Done before under this key; this was the answer.
    Again(String),
}

#[derive(Debug)]
pub enum ActError {
    Refused(Refusal),
    Fault(Fault),
}

impl ActError {
    /// As a metric's label has it.
    pub fn outcome(&self) -> &'static str {
        match self {
            ActError::Refused(_) => "refused",
            ActError::Fault(_) => "fault",
        }
    }

    pub fn shown(&self) -> String {
        match self {
            ActError::Refused(r) => r.to_string(),
            ActError::Fault(f) => f.shown(),
        }
    }
}

impl From<Refusal> for ActError {
    fn from(r: Refusal) -> Self {
        ActError::Refused(r)
    }
}

impl From<Fault> for ActError {
    fn from(f: Fault) -> Self {
        ActError::Fault(f)
    }
}

impl App {
    /// Does something for a person or a source.
    pub async fn act(&self, act: Act) -> Result<Acted, ActError> {
        self.act_arrived(act, self.inner.clock.now()).await
    }

    /// The same for what arrived a while ago: who declares or reopens an incident has waited since then.
    pub async fn act_arrived(&self, act: Act, arrived_at: Timestamp) -> Result<Acted, ActError> {
        let began = crate::clock::instant();
        let acted = self.act_unmeasured(act, arrived_at).await;
        measure::acted(began.elapsed(), acted.as_ref().map_or_else(ActError::outcome, |_| "done"));
        faults(&acted);
        acted
    }

    async fn act_unmeasured(&self, mut act: Act, arrived_at: Timestamp) -> Result<Acted, ActError> {
        if let (Some(manner), None) = (&self.manner, &act.once) {
            act.once = Some(manner.once());
        }
        let (reply, answer) = oneshot::channel();
        match self.inner.commands.try_send(Job { act, arrived_at, reply }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                return Err(Fault::new(FaultKind::Overloaded, "the queue of commands is full").into());
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return Err(Fault::new(FaultKind::Unavailable, "the writer has stopped").into());
            }
        }
        let acted = wait(answer, self.manner.as_ref().map_or(COMMIT_WAIT, |m| m.patience())).await;
        if let (Some(manner), Ok(Acted::Again(kept))) = (&self.manner, &acted) {
            manner.heard_again(kept);
        }
        acted
    }

    /// Does something to one incident for a person.
    pub async fn act_on(&self, id: IncidentId, input: Input, actor: &Actor) -> Result<Changed, ActError> {
        let act = Act { on: On::Incident(id, input), actor: actor.clone(), once: None };
        match self.act(act).await? {
            Acted::Changed(changed) => Ok(*changed),
            _ => Err(Refusal::Stale.into()),
        }
    }

    /// Does something for the engine: waits for its turn instead of being refused.
    pub async fn act_engine(&self, id: IncidentId, input: Input) -> Result<Changed, ActError> {
        let (reply, answer) = oneshot::channel();
        let act = Act { on: On::Incident(id, input), actor: Actor::Engine, once: None };
        let arrived_at = self.inner.clock.now();
        if self.inner.engine.send(Job { act, arrived_at, reply }).await.is_err() {
            return Err(Fault::new(FaultKind::Unavailable, "the writer has stopped").into());
        }
        let acted = wait(answer, ENGINE_WAIT).await;
        faults(&acted);
        match acted? {
            Acted::Changed(changed) => Ok(*changed),
            _ => Err(Refusal::Stale.into()),
        }
    }
}

fn faults(acted: &Result<Acted, ActError>) {
    if let Err(ActError::Fault(fault)) = acted {
        measure::fault(fault.kind.as_str());
    }
}

async fn wait(answer: oneshot::Receiver<Result<Acted, ActError>>, bound: Duration) -> Result<Acted, ActError> {
    match tokio::time::timeout(bound, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Fault::new(FaultKind::Unknown, "the writer stopped before it answered").into()),
        Err(_) => Err(Fault::new(FaultKind::Unknown, "no commit in time").into()),
    }
}
