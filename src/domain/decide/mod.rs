//! The one decision function: an incident, what came in, what may be looked up, the time → what happened, or a
//! refusal. Timers and outbox rows are not decided beside the events but computed from them, so they cannot differ.

mod alerts;
mod delivery;
mod people;
#[cfg(test)]
pub(crate) mod tests;

use crate::alert::Delivery;
use crate::chat;
use crate::clocks;
use crate::directory::{Directory, Target};
use crate::escalation;
use crate::event::{Actor, CancelReason, EscalateReason, Event, IncidentEvent, KeptAs, ResolveCause, UnackCause};
use crate::id::{ChannelId, IncidentId, PersonId, ServiceId};
use crate::incident::{Illegal, Incident};
use crate::intent::{Intent, IntentNo, Lane, NoticeKind, Told, What};
use crate::limits;
use crate::origin::Origin;
use crate::playbook::Playbook;
use crate::postmortem::written::Texts;
use crate::refusal::Refusal;
use crate::run;
use crate::severity::Severity;
use crate::status::{IncidentStatus, PostmortemStatus};
use crate::storm::Summary;
use crate::time::Timestamp;
use crate::timer::{Timer, TimerKind};

/// Everything that can happen to an incident from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Declare(Declaration),
    Acknowledge,
    /// Whoever got this page acknowledged it at the vendor. Counts while that page rings: the echo of what we told the
    /// vendor ourselves, or word of an answer that has lapsed since, takes nothing.
    AcknowledgePage {
        no: IntentNo,
    },
    Unacknowledge {
        reason: String,
    },
    Snooze {
        until: Timestamp,
    },
    SetSeverity {
        severity: Severity,
        reason: String,
    },
    SetStatus {
        status: IncidentStatus,
        text: String,
    },
    PostUpdate {
        text: String,
    },
    Note {
        text: String,
    },
    /// A note of what somebody wrote in a chat.
    Quote {
        text: String,
        origin: Box<Origin>,
    },
    /// Puts the reminder of the next status update off.
    SnoozeUpdates {
        until: Timestamp,
    },
    SetPostmortem {
        status: PostmortemStatus,
    },
    /// Texts that were written over a version of the post-mortem.
    EditPostmortem {
        base: u32,
        texts: Texts,
    },
    AssignLead {
        person: PersonId,
    },
    AssignRole {
        role: String,
        person: PersonId,
    },
    Page {
        whom: Target,
        text: String,
    },
    Escalate,
    AddAction {
        text: String,
        owner: Option<PersonId>,
        due: Option<chrono::NaiveDate>,
    },
    FinishAction {
        no: u32,
    },
    StartPlaybook {
        playbook: Playbook,
    },
    /// Ticks the step whose turn it is.
    TickStep {
        done: bool,
        text: String,
    },
    /// People use this place of a chat for it.
    UseRoom {
        chat: ChannelId,
        place: String,
    },
    Resolve {
        text: String,
    },
    Reopen {
        reason: String,
    },
    /// Ends this incident into another, which gets `Absorb` in the same transaction.
    Merge {
        into: IncidentId,
    },
    Absorb {
        from: IncidentId,
        title: String,
        groups: Vec<crate::alert::Group>,
    },
    Cancel {
        reason: String,
    },
    Alerts(Delivery),
    Unreadable(Unreadable),
    TimerDue(Timer),
    Claim {
        no: IntentNo,
        worker: String,
    },
    /// The same of a page that goes with others, in the message of this one.
    ClaimTogether {
        no: IntentNo,
        worker: String,
        summary: Summary,
    },
    Delivered {
        no: IntentNo,
        claim_seq: i64,
        outcome: SendOutcome,
    },
    AskRun {
        order: Box<run::Order>,
    },
    ApproveRun(run::decide::Approve),
    DenyRun {
        no: run::RunNo,
        reason: String,
    },
    StopRun {
        no: run::RunNo,
        reason: String,
    },
    /// One worker begins it; `target` is what is locked for that.
    StartRun {
        no: run::RunNo,
        worker: String,
        target: String,
    },
    RunReported {
        no: run::RunNo,
        claim_seq: i64,
        outcome: run::decide::RunOutcome,
    },
    /// The worker that claimed it is gone, or its lease has run out.
    ClaimLost {
        no: IntentNo,
        claim_seq: i64,
    },
}

impl Input {
    /// What is never refused for the length of a log: it is how people stop what fills it.
    fn takes_or_ends(&self) -> bool {
        match self {
            Input::Acknowledge
            | Input::AcknowledgePage { .. }
            | Input::Resolve { .. }
            | Input::Merge { .. }
            | Input::Cancel { .. }
            | Input::DenyRun { .. }
            | Input::StopRun { .. } => true,
            Input::SetStatus { status, .. } => *status == IncidentStatus::Resolved,
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    pub title: String,
    pub severity: Severity,
    pub service: Option<ServiceId>,
    pub private: bool,
    /// What made a source declare it.
    pub because: Option<Because>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    Alerts(Delivery),
    Unreadable(Unreadable),
}

/// A request of a source that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    pub source: String,
    pub problem: String,
    pub bytes: u64,
    pub kept: String,
    pub kept_as: KeptAs,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SendOutcome {
    Done { receipt: Option<String> },
    Retry { after_s: Option<i64>, why: String, maybe_sent: bool },
    Never { why: String },
}

/// What happened, and the incident after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub events: Vec<IncidentEvent>,
    pub incident: Incident,
}

impl Decision {
    /// Says when what declared or reopened it had arrived, if it waited to be decided since.
    pub fn waited_since(mut self, arrived: Timestamp) -> Decision {
        for event in &mut self.events {
            if let Event::Declared { arrived_at, .. } | Event::Reopened { arrived_at, .. } = &mut event.body
                && arrived < event.at
            {
                *arrived_at = Some(arrived);
                self.incident.reached.since = Some(arrived);
            }
        }
        self
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum No {
    Refused(Refusal),
    /// A decision that the incident itself refuses to apply: our own error.
    Illegal(Illegal),
}

impl From<Refusal> for No {
    fn from(r: Refusal) -> Self {
        No::Refused(r)
    }
}

/// Declares an incident under a number that the caller has allocated.
pub fn declare(
    id: IncidentId,
    declaration: &Declaration,
    actor: &Actor,
    directory: &Directory,
    now: Timestamp,
) -> Result<Decision, No> {
    let title = crate::text::line("title", &declaration.title, limits::TITLE_CHARS_MAX)?;
    let policy = directory.policy_of(declaration.service.as_ref(), &declaration.severity).cloned();
    let first = IncidentEvent {
        incident: id,
        seq: 1,
        at: now,
        actor: actor.clone(),
        body: Event::Declared {
            title,
            severity: declaration.severity.clone(),
            service: declaration.service.clone(),
            private: declaration.private,
            policy,
            arrived_at: None,
        },
    };
    let incident = Incident::begin(&first).map_err(No::Illegal)?;
    let mut d = Decider { incident, events: vec![first], actor, directory, now, illegal: None };
    match &declaration.because {
        Some(Because::Alerts(delivery)) => alerts::first(&mut d, delivery),
        Some(Because::Unreadable(u)) => alerts::unreadable(&mut d, u),
        None => {}
    }
    d.notice_about(NoticeKind::Declared, 1);
    escalation::start(&mut d, EscalateReason::Declared);
    d.finish()
}

/// Decides what an input does to an existing incident.
pub fn decide(
    incident: &Incident,
    input: &Input,
    actor: &Actor,
    directory: &Directory,
    now: Timestamp,
) -> Result<Decision, No> {
    let mut d = Decider { incident: incident.clone(), events: Vec::new(), actor, directory, now, illegal: None };
    let full = incident.seq >= limits::EVENTS_PER_INCIDENT_MAX;
    if full && matches!(actor, Actor::Person { .. }) && !input.takes_or_ends() {
        return Err(Refusal::TooMany { what: "events in this incident", max: incident.seq as usize }.into());
    }
    match input {
        Input::AcknowledgePage { no } if incident.status.open() && !incident.rings(*no) => {
            return Err(Refusal::Stale.into());
        }
        Input::AcknowledgePage { .. } => return decide(incident, &Input::Acknowledge, actor, directory, now),
        Input::Declare(_) => {
            return Err(No::Illegal(Illegal { seq: incident.seq, kind: "declared", why: "it was declared already" }));
        }
        Input::Alerts(delivery) => alerts::received(&mut d, delivery)?,
        Input::Unreadable(u) => alerts::unreadable_again(&mut d, u)?,
        Input::TimerDue(timer) => timer_due(&mut d, timer)?,
        Input::Claim { no, worker } => delivery::claim(&mut d, *no, worker, None)?,
        Input::ClaimTogether { no, worker, summary } => delivery::claim(&mut d, *no, worker, Some(*summary))?,
        Input::Delivered { no, claim_seq, outcome } => delivery::delivered(&mut d, *no, *claim_seq, outcome)?,
        Input::ClaimLost { no, claim_seq } => delivery::claim_lost(&mut d, *no, *claim_seq)?,
        Input::StartRun { no, worker, target } => run::decide::start(&mut d, *no, worker, target)?,
        Input::RunReported { no, claim_seq, outcome } => run::decide::finished(&mut d, *no, *claim_seq, outcome)?,
        _ => {
            let asked = incident.course.asked_at.is_some() && incident.status.open();
            if asked && actor.as_person().is_some() {
                clocks::answered(&mut d);
            }
            // "ack" says just that: whoever has it still works on it.
            if !(asked && *input == Input::Acknowledge) {
                people::said(&mut d, input)?;
            }
        }
    }
    d.finish()
}

fn timer_due(d: &mut Decider, timer: &Timer) -> Result<(), Refusal> {
    // After a long stop several are overdue: they take effect in the order in which they were due, so a later one
    // waits until it is the next.
    if crate::timer::next(&d.incident) != Some(*timer) || timer.due_at > d.now {
        return Err(Refusal::Stale);
    }
    match timer.kind {
        TimerKind::Escalate => escalation::advance(d, EscalateReason::NotAcknowledged),
        TimerKind::SnoozeEnd => {
            d.emit(Event::SnoozeEnded);
            if d.incident.acknowledged.is_some() {
                d.emit(Event::Unacknowledged { cause: UnackCause::SnoozeEnded, reason: String::new() });
            }
            escalation::start(d, EscalateReason::Resumed);
        }
        TimerKind::QuietResolve => {
            d.emit(Event::Resolved { cause: ResolveCause::Quiet, text: String::new() });
            d.ended();
        }
        TimerKind::Milestone => clocks::milestone_due(d),
        TimerKind::StillWorking => clocks::still_working_due(d),
        TimerKind::UpdateReminder => clocks::update_due(d),
        TimerKind::LeadReminder => clocks::lead_due(d),
        TimerKind::DraftReminder => crate::reminders::draft_due(d),
        TimerKind::ActionReminder => crate::reminders::action_due(d),
        TimerKind::RunExpiry => run::decide::expire_due(d),
    }
    Ok(())
}

/// Collects events while keeping the incident up to date with them.
pub struct Decider<'a> {
    pub incident: Incident,
    pub events: Vec<IncidentEvent>,
    pub actor: &'a Actor,
    pub directory: &'a Directory,
    pub now: Timestamp,
    illegal: Option<Illegal>,
}

impl Decider<'_> {
    pub fn emit(&mut self, body: Event) {
        if self.illegal.is_some() {
            return;
        }
        let event = IncidentEvent {
            incident: self.incident.id,
            seq: self.incident.seq + 1,
            at: self.now,
            actor: self.actor.clone(),
            body,
        };
        match self.incident.apply(&event) {
            Ok(()) => self.events.push(event),
            Err(illegal) => self.illegal = Some(illegal),
        }
    }

    /// Queues intents, up to the bound of what one incident may have waiting. Pages have a bound of their own:
    /// cards that pile up for a chat that is down leave no page without room.
    pub fn queue(&mut self, lane: Lane, whats: Vec<(ChannelId, What)>) {
        let page = |lane: Lane| lane == Lane::Page;
        let have = self.incident.live.values().filter(|l| page(l.intent.lane) == page(lane)).count();
        let room = limits::INTENTS_LIVE_MAX.saturating_sub(have);
        let first = self.incident.intents + 1;
        let intents: Vec<Intent> = (first..)
            .zip(whats.into_iter().take(room))
            .map(|(no, (channel, what))| Intent { no, lane, channel, what })
            .collect();
        if !intents.is_empty() {
            self.emit(Event::IntentsQueued { intents });
        }
    }

    /// Tells the channels that want to know about the last event.
    pub fn notice(&mut self, kind: NoticeKind) {
        let about_seq = self.incident.seq;
        self.notice_about(kind, about_seq);
    }

    pub fn notice_about(&mut self, kind: NoticeKind, about_seq: i64) {
        if self.incident.private {
            // A channel is read by more people than a private incident is for.
            return;
        }
        let lane = match kind {
            NoticeKind::StatusUpdate => Lane::Update,
            NoticeKind::PostmortemReady => Lane::Digest,
            _ => Lane::Card,
        };
        let channels = self.directory.notice_channels.clone();
        self.queue(lane, channels.into_iter().map(|c| (c, What::Notice { about_seq, kind })).collect());
    }

    /// Takes back every page that nobody has claimed yet.
    pub fn cancel_pages(&mut self, why: CancelReason) {
        let numbers: Vec<IntentNo> = self
            .incident
            .live
            .values()
            .filter(|l| l.claim.is_none() && matches!(l.intent.what, What::Page(_)))
            .map(|l| l.intent.no)
            .collect();
        if !numbers.is_empty() {
            self.emit(Event::IntentsCancelled { numbers, why });
        }
    }

    /// Tells every vendor that was paged what has become of it, once. An acknowledgement answers the pages before it:
    /// who is paged by hand afterwards is to be reached, so that page rings on until its own answer or the end.
    pub fn follow_pages(&mut self) {
        let (told, up_to) = match (self.incident.status.open(), &self.incident.acknowledged) {
            (false, _) => (Told::Over, IntentNo::MAX),
            (true, Some(acknowledged)) => (Told::Acknowledged, acknowledged.intents),
            (true, None) => return,
        };
        let whats: Vec<(ChannelId, What)> = self
            .incident
            .threads
            .iter()
            .filter(|(no, t)| t.told < told && **no <= up_to)
            .map(|(no, t)| {
                let what = What::Follow { page: *no, person: t.person.clone(), over: told == Told::Over };
                (t.channel.clone(), what)
            })
            .collect();
        self.queue(Lane::Card, whats);
    }

    /// What every end brings with it.
    pub fn ended(&mut self) {
        let end_seq = self.incident.seq;
        self.notice(NoticeKind::Ended);
        self.cancel_pages(CancelReason::Ended);
        self.follow_pages();
        run::decide::ended(self);
        if self.incident.status == IncidentStatus::Resolved {
            self.notice_about(NoticeKind::PostmortemReady, end_seq);
        }
    }

    fn finish(mut self) -> Result<Decision, No> {
        chat::follow(&mut self);
        match self.illegal {
            Some(illegal) => Err(No::Illegal(illegal)),
            None => Ok(Decision { events: self.events, incident: self.incident }),
        }
    }
}
