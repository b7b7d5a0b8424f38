//! What one committed decision adds to the figures. Computed where it is decided and counted once it is committed, by
//! the replica that committed it: so every event counts once, whoever else sees it. Figures are read without a token,
//! so that there was a private incident is not in them; that the machine could not reach anybody for it is.

use super::table::*;
use firebell_domain::event::{Actor, Event, IncidentEvent};
use firebell_domain::hours::When;
use firebell_domain::incident::Incident;
use firebell_domain::intent::{Intent, IntentNo};
use firebell_domain::time::{SECOND, Timestamp};
use firebell_domain::timer::Timer;
use metrics::{counter, histogram};

/// One thing to count.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    AlertToPage { channel_kind: String, seconds: f64 },
    PageToAcknowledge { rank: u32, seconds: f64 },
    Declared { rank: u32, by: &'static str },
    Reopened(&'static str),
    Ended(&'static str),
    Acknowledged { rank: u32, paged: bool },
    Lapsed(&'static str),
    Breached { milestone: &'static str, rank: u32 },
    Escalated(&'static str),
    StepSkipped,
    NobodyReached,
    PolicyUsedUp,
    Unreadable { source: String },
    Finished { lane: &'static str, channel: String, outcome: &'static str },
    TimerFired { kind: &'static str, seconds: f64 },
}

/// What a decision counts for. `before` is the incident before its events, `after` the one after them.
pub fn figures(before: Option<&Incident>, events: &[IncidentEvent], after: &Incident) -> Vec<Figure> {
    let mut all = of_all(before, events, after);
    all.retain(|figure| !after.private || figure.is_the_machines());
    all
}

fn of_all(before: Option<&Incident>, events: &[IncidentEvent], after: &Incident) -> Vec<Figure> {
    let mut all = Vec::new();
    let rank = after.severity.rank;
    for event in events {
        let finished = |no: IntentNo, outcome| {
            intent(before, events, no).map(|i| Figure::Finished {
                lane: i.lane.as_str(),
                channel: i.channel.to_string(),
                outcome,
            })
        };
        match &event.body {
            Event::Declared { .. } => all.push(Figure::Declared { rank, by: kind_of(&event.actor) }),
            Event::Reopened { cause, .. } => all.push(Figure::Reopened(cause.as_str())),
            Event::Resolved { .. } | Event::MergedInto { .. } | Event::Cancelled { .. } => {
                all.push(Figure::Ended(after.status.as_str()));
            }
            Event::Acknowledged => {
                let paged_at = before.and_then(|b| b.reached.first_page_at);
                all.push(Figure::Acknowledged { rank, paged: paged_at.is_some() });
                all.extend(paged_at.map(|at| Figure::PageToAcknowledge { rank, seconds: between(at, event.at) }));
            }
            Event::Unacknowledged { cause, .. } => all.push(Figure::Lapsed(cause.as_str())),
            Event::MilestoneBreached { milestone, .. } => {
                all.push(Figure::Breached { milestone: milestone.as_str(), rank });
            }
            Event::Escalated { reason, .. } => all.push(Figure::Escalated(reason.as_str())),
            // One that is for other hours reaches its people in theirs.
            Event::StepSkipped { when: When::Always, .. } => all.push(Figure::StepSkipped),
            Event::NobodyReached { .. } => all.push(Figure::NobodyReached),
            Event::PolicyUsedUp => all.push(Figure::PolicyUsedUp),
            Event::UnreadableReceived { source, .. } => all.push(Figure::Unreadable { source: source.clone() }),
            Event::IntentDone { no, .. } => {
                all.extend(finished(*no, "done"));
                all.extend(first_page(before, event, after, *no));
            }
            Event::IntentFailed { no, .. } => all.extend(finished(*no, "failed")),
            Event::IntentAbandoned { no } => all.extend(finished(*no, "abandoned")),
            Event::IntentsCancelled { numbers, .. } => {
                all.extend(numbers.iter().filter_map(|no| finished(*no, "cancelled")));
            }
            _ => {}
        }
    }
    all
}

/// The receipt that made a page the first to arrive.
fn first_page(before: Option<&Incident>, event: &IncidentEvent, after: &Incident, no: IntentNo) -> Option<Figure> {
    let before = before?;
    if before.reached.first_page_at.is_some() || after.reached.first_page_at != Some(event.at) {
        return None;
    }
    let channel = before.live.get(&no)?.intent.channel.as_str();
    // `webhook.ops` is one of the webhooks.
    let channel_kind = channel.split('.').next().unwrap_or(channel).to_string();
    Some(Figure::AlertToPage { channel_kind, seconds: between(after.reached.since?, event.at) })
}

/// A timer that fired: how late that was committed.
pub fn timer_fired(timer: &Timer, now: Timestamp) -> Figure {
    Figure::TimerFired { kind: timer.kind.as_str(), seconds: between(timer.due_at, now) }
}

/// An intent of before, or one that the same decision queued.
fn intent<'a>(before: Option<&'a Incident>, events: &'a [IncidentEvent], no: IntentNo) -> Option<&'a Intent> {
    let queued = |e: &'a IncidentEvent| match &e.body {
        Event::IntentsQueued { intents } => intents.iter().find(|i| i.no == no),
        _ => None,
    };
    before.and_then(|b| b.live.get(&no)).map(|l| &l.intent).or_else(|| events.iter().find_map(queued))
}

fn kind_of(actor: &Actor) -> &'static str {
    match actor {
        Actor::Person { .. } => "person",
        Actor::Source { .. } => "source",
        Actor::Engine => "engine",
    }
}

fn between(from: Timestamp, to: Timestamp) -> f64 {
    (to.0 - from.0).max(0) as f64 / SECOND as f64
}

impl Figure {
    /// Whether it says how the machine does, which whoever keeps it running has to see: what was sent, what was late,
    /// that nobody could be reached. The others say what happened to people.
    fn is_the_machines(&self) -> bool {
        match self {
            Figure::Finished { .. } | Figure::TimerFired { .. } | Figure::Unreadable { .. } => true,
            Figure::StepSkipped | Figure::NobodyReached | Figure::PolicyUsedUp => true,
            Figure::AlertToPage { .. } | Figure::PageToAcknowledge { .. } | Figure::Declared { .. } => false,
            Figure::Reopened(_) | Figure::Ended(_) | Figure::Acknowledged { .. } | Figure::Lapsed(_) => false,
            Figure::Breached { .. } | Figure::Escalated(_) => false,
        }
    }

    pub fn count(self) {
        match self {
            Figure::AlertToPage { channel_kind, seconds } => {
                histogram!(ALERT_TO_PAGE, "channel_kind" => channel_kind).record(seconds);
            }
            Figure::PageToAcknowledge { rank, seconds } => {
                histogram!(PAGE_TO_ACKNOWLEDGE, "severity_rank" => rank.to_string()).record(seconds);
            }
            Figure::Declared { rank, by } => {
                counter!(INCIDENTS_DECLARED, "severity_rank" => rank.to_string(), "by" => by).increment(1);
            }
            Figure::Reopened(cause) => counter!(INCIDENTS_REOPENED, "cause" => cause).increment(1),
            Figure::Ended(status) => counter!(INCIDENTS_ENDED, "status" => status).increment(1),
            Figure::Acknowledged { rank, paged } => {
                let paged = if paged { "yes" } else { "no" };
                counter!(ACKNOWLEDGEMENTS, "severity_rank" => rank.to_string(), "paged" => paged).increment(1);
            }
            Figure::Lapsed(cause) => counter!(ACKNOWLEDGEMENTS_LAPSED, "cause" => cause).increment(1),
            Figure::Breached { milestone, rank } => {
                counter!(MILESTONES_BREACHED, "milestone" => milestone, "severity_rank" => rank.to_string())
                    .increment(1);
            }
            Figure::Escalated(reason) => counter!(ESCALATIONS, "reason" => reason).increment(1),
            Figure::StepSkipped => counter!(STEPS_SKIPPED).increment(1),
            Figure::NobodyReached => counter!(NOBODY_REACHED).increment(1),
            Figure::PolicyUsedUp => counter!(POLICIES_USED_UP).increment(1),
            Figure::Unreadable { source } => counter!(UNREADABLE_REQUESTS, "source" => source).increment(1),
            Figure::Finished { lane, channel, outcome } => {
                counter!(OUTBOX_FINISHED, "lane" => lane, "channel" => channel, "outcome" => outcome).increment(1);
            }
            Figure::TimerFired { kind, seconds } => histogram!(TIMER_LAG, "kind" => kind).record(seconds),
        }
    }
}
