//! The outbox as rows: what each intent's events add up to. The store keeps these rows; they can be computed again
//! from the log at any time, and a rebuild does.

use crate::event::{Event, IncidentEvent};
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::intent::{Intent, IntentNo, Live, What};
use crate::storm::{self, Summary};
use crate::time::Timestamp;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutboxStatus {
    Queued,
    Claimed,
    Done,
    Failed,
    Cancelled,
    Abandoned,
}

impl OutboxStatus {
    pub const ALL: [OutboxStatus; 6] = [
        OutboxStatus::Queued,
        OutboxStatus::Claimed,
        OutboxStatus::Done,
        OutboxStatus::Failed,
        OutboxStatus::Cancelled,
        OutboxStatus::Abandoned,
    ];
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
    pub fn as_str(self) -> &'static str {
        match self {
            OutboxStatus::Queued => "queued",
            OutboxStatus::Claimed => "claimed",
            OutboxStatus::Done => "done",
            OutboxStatus::Failed => "failed",
            OutboxStatus::Cancelled => "cancelled",
            OutboxStatus::Abandoned => "abandoned",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    pub incident: IncidentId,
    pub intent: Intent,
    pub status: OutboxStatus,
    pub queued_at: Timestamp,
    pub due_at: Timestamp,
    pub attempt: u32,
    pub worker: Option<String>,
    pub lease_until: Option<Timestamp>,
    pub claim_seq: Option<i64>,
    pub maybe_sent: bool,
    /// When a page rang last, or may have.
    pub rang_at: Option<Timestamp>,
    pub summary: Option<Summary>,
    /// Why it was retried, given up or cancelled.
    pub why: Option<String>,
    pub receipt: Option<String>,
    pub updated_at: Timestamp,
}

impl OutboxRow {
    /// Whose phone it rings; in a chat the kind of task, so that one kind can wait while others go. `None` for all else.
    pub fn recipient(&self) -> Option<String> {
        match &self.intent.what {
            What::Room { task, edits } => Some(task.kind(*edits).to_string()),
            What::Page(page) => Some(storm::recipient(page.person.as_ref(), &self.intent.channel)),
            _ => None,
        }
    }

    fn of_live(incident: &Incident, live: &Live) -> OutboxRow {
        OutboxRow {
            incident: incident.id,
            intent: live.intent.clone(),
            status: if live.claim.is_some() { OutboxStatus::Claimed } else { OutboxStatus::Queued },
            queued_at: live.queued_at,
            due_at: live.due_at,
            attempt: live.attempt,
            worker: live.claim.as_ref().map(|c| c.worker.clone()),
            lease_until: live.claim.as_ref().map(|c| c.lease_until),
            claim_seq: live.claim.as_ref().map(|c| c.seq),
            maybe_sent: live.maybe_sent,
            rang_at: live.rang_at,
            summary: live.summary,
            why: None,
            receipt: None,
            updated_at: live.queued_at,
        }
    }
}

/// The rows that these events change. `before` is the incident before them (`None` where they begin with its
/// declaration).
pub fn rows(before: Option<&Incident>, events: &[IncidentEvent]) -> BTreeMap<IntentNo, OutboxRow> {
    let mut rows: BTreeMap<IntentNo, OutboxRow> = BTreeMap::new();
    for event in events {
        let at = event.at;
        match &event.body {
            Event::IntentsQueued { intents } => {
                for intent in intents {
                    let row = OutboxRow {
                        incident: event.incident,
                        intent: intent.clone(),
                        status: OutboxStatus::Queued,
                        queued_at: at,
                        due_at: at,
                        attempt: 0,
                        worker: None,
                        lease_until: None,
                        claim_seq: None,
                        maybe_sent: false,
                        rang_at: None,
                        summary: None,
                        why: None,
                        receipt: None,
                        updated_at: at,
                    };
                    rows.insert(intent.no, row);
                }
            }
            Event::IntentsCancelled { numbers, why } => {
                for no in numbers {
                    change(&mut rows, before, *no, at, |r| {
                        r.status = OutboxStatus::Cancelled;
                        r.why = Some(why.as_str().to_string());
                    });
                }
            }
            Event::IntentClaimed { no, worker, attempt, lease_until, summary } => {
                change(&mut rows, before, *no, at, |r| {
                    r.status = OutboxStatus::Claimed;
                    r.worker = Some(worker.clone());
                    r.attempt = *attempt;
                    r.lease_until = Some(*lease_until);
                    r.claim_seq = Some(event.seq);
                    if matches!(r.intent.what, What::Page(_)) {
                        (r.rang_at, r.summary) = (Some(at), *summary);
                    }
                    r.why = None;
                });
            }
            Event::IntentDone { no, receipt } => change(&mut rows, before, *no, at, |r| {
                r.status = OutboxStatus::Done;
                r.why = None;
                r.receipt = receipt.clone();
            }),
            Event::IntentRetried { no, due_at, why, maybe_sent } => change(&mut rows, before, *no, at, |r| {
                r.status = OutboxStatus::Queued;
                r.worker = None;
                r.lease_until = None;
                r.claim_seq = None;
                r.due_at = *due_at;
                r.maybe_sent |= *maybe_sent;
                if !r.maybe_sent {
                    (r.rang_at, r.summary) = (None, None);
                }
                r.why = Some(why.clone());
            }),
            Event::IntentFailed { no, why } => change(&mut rows, before, *no, at, |r| {
                r.status = OutboxStatus::Failed;
                if !r.maybe_sent {
                    (r.rang_at, r.summary) = (None, None);
                }
                r.why = Some(why.clone());
            }),
            Event::IntentAbandoned { no } => {
                change(&mut rows, before, *no, at, |r| r.status = OutboxStatus::Abandoned);
            }
            _ => {}
        }
    }
    rows
}

fn change(
    rows: &mut BTreeMap<IntentNo, OutboxRow>,
    before: Option<&Incident>,
    no: IntentNo,
    at: Timestamp,
    change: impl FnOnce(&mut OutboxRow),
) {
    if let (false, Some(incident)) = (rows.contains_key(&no), before)
        && let Some(live) = incident.live.get(&no)
    {
        rows.insert(no, OutboxRow::of_live(incident, live));
    }
    if let Some(row) = rows.get_mut(&no) {
        change(row);
        if row.status != OutboxStatus::Claimed {
            row.worker = None;
            row.lease_until = None;
        }
        row.updated_at = at;
    }
}
