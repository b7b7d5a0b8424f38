//! What happened to an incident: the closed list of facts that the log holds. The log is the truth; everything
//! else is computed from it by [`crate::incident::Incident::apply`]. Names are persisted, never ordinals: a variant is renamed
//! only together with a migration of the log, which the hash chain forbids. So: never.

mod reasons;

pub use reasons::{
    CancelReason, EscalateReason, KeptAs, ReopenCause, ResolveCause, UnackCause, Unreachable, UnreachableReason,
};

use crate::alert::{Alert, AlertStatus, Group};
use crate::clocks::Milestone;
use crate::directory::EscalationPolicy;
use crate::hours::When;
use crate::id::{ChannelId, IncidentId, PersonId, ServiceId};
use crate::intent::{Intent, IntentNo};
use crate::origin::Origin;
use crate::playbook::Playbook;
use crate::postmortem::written::Texts;
use crate::run::{ExpireReason, Needs, Order, RunEnd, RunNo, RunResult};
use crate::severity::Severity;
use crate::status::{IncidentStatus, PostmortemStatus};
use crate::storm::Summary;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Who made it happen, and by which way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Actor {
    Person {
        name: PersonId,
        via: String,
    },
    /// An alert source, by its `[ingest.NAME]`.
    Source {
        name: String,
    },
    /// Firebell itself: a timer, a delivery.
    Engine,
}

impl Actor {
    pub fn person(name: &str, via: &str) -> Self {
        Actor::Person { name: PersonId::from(name), via: via.to_string() }
    }
    /// As shown in a timeline.
    pub fn shown(&self) -> String {
        match self {
            Actor::Person { name, .. } => name.to_string(),
            Actor::Source { name } => format!("source {name}"),
            Actor::Engine => "Firebell".to_string(),
        }
    }
    pub fn as_person(&self) -> Option<&PersonId> {
        match self {
            Actor::Person { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentEvent {
    pub incident: IncidentId,
    /// From 1, without gaps.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Actor,
    pub body: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    Declared {
        title: String,
        severity: Severity,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<ServiceId>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        private: bool,
        /// The policy as it stood then; `None` means that every pager is paged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<EscalationPolicy>,
        /// When what declared it had arrived, if it then had to wait for its turn.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrived_at: Option<Timestamp>,
    },
    Acknowledged,
    Unacknowledged {
        cause: UnackCause,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    Snoozed {
        until: Timestamp,
    },
    SnoozeEnded,
    SeverityChanged {
        from: Severity,
        to: Severity,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// The level that it has now has an escalation of its own in the runbook.
    EscalationChanged {
        policy: EscalationPolicy,
    },
    StatusChanged {
        from: IncidentStatus,
        to: IncidentStatus,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    UpdatePosted {
        text: String,
    },
    Noted {
        text: String,
        /// The message of a chat that it was taken from. Boxed: most notes have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Box<Origin>>,
    },
    LeadAssigned {
        person: PersonId,
    },
    RoleAssigned {
        role: String,
        person: PersonId,
    },

    /// A level was reached: these people are paged, those could not be.
    Escalated {
        step: usize,
        pass: u32,
        reason: EscalateReason,
        people: Vec<PersonId>,
        /// Pagers that the level names themselves: their own address is paged.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pagers: Vec<ChannelId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unreachable: Vec<Unreachable>,
        /// When the next level follows if nobody acknowledges; `None` after an acknowledgement.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Timestamp>,
    },
    /// A level that reaches nobody, or that is not for this hour (`when`), was passed over at once.
    StepSkipped {
        step: usize,
        pass: u32,
        #[serde(default, skip_serializing_if = "When::is_always")]
        when: When,
        unreachable: Vec<Unreachable>,
    },
    /// No level reaches anybody (or there is no policy): every configured pager is paged, again at `next_at`.
    NobodyReached {
        pagers: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Timestamp>,
    },
    /// The last level of the last pass has had its time.
    PolicyUsedUp,
    /// Somebody was paged by hand.
    PagedByHand {
        people: Vec<PersonId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pagers: Vec<ChannelId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unreachable: Vec<Unreachable>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },

    IntentsQueued {
        intents: Vec<Intent>,
    },
    IntentsCancelled {
        numbers: Vec<IntentNo>,
        why: CancelReason,
    },
    IntentClaimed {
        no: IntentNo,
        worker: String,
        attempt: u32,
        lease_until: Timestamp,
        /// Sent as one message with other pages: the page whose message it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Summary>,
    },
    IntentDone {
        no: IntentNo,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<String>,
    },
    /// Not sent; tried again at `due_at`.
    IntentRetried {
        no: IntentNo,
        due_at: Timestamp,
        why: String,
        maybe_sent: bool,
    },
    /// Given up on this channel.
    IntentFailed {
        no: IntentNo,
        why: String,
    },
    /// Claimed before a crash; whether it arrived is not known, and it is not sent again because the incident was
    /// acknowledged or has ended since.
    IntentAbandoned {
        no: IntentNo,
    },

    /// A quarter of a milestone's time is left.
    MilestoneWarned {
        milestone: Milestone,
        due_at: Timestamp,
    },
    MilestoneBreached {
        milestone: Milestone,
        due_at: Timestamp,
        /// When the overdue post-mortem is spoken of again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remind_at: Option<Timestamp>,
    },
    /// The next status update is due.
    UpdateReminded,
    /// Somebody put the reminder of the next status update off.
    UpdatesSnoozed {
        until: Timestamp,
    },
    /// Nobody leads, for as long as the severity allows.
    LeadReminded,
    /// Nobody has said anything for as long as the policy allows: whoever has it is asked whether they still do.
    StillWorkingAsked {
        resumes_at: Timestamp,
    },
    /// The answer, by whatever somebody did next.
    StillWorking,
    /// The post-mortem is still not published.
    DraftReminded {
        due_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Timestamp>,
    },
    PostmortemStatusChanged {
        from: PostmortemStatus,
        to: PostmortemStatus,
    },
    /// Somebody saved what they wrote in the post-mortem: each text that changed, whole. An empty one takes it out.
    PostmortemEdited {
        /// Counts the saves, from 1.
        #[serde(default)]
        version: u32,
        #[serde(default)]
        texts: Texts,
    },

    ActionAdded {
        no: u32,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<PersonId>,
        /// A calendar day, `2026-12-01`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<chrono::NaiveDate>,
        /// When its owner is reminded of it first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remind_at: Option<Timestamp>,
    },
    /// An action item is due, or late by so many days of its owner's calendar.
    ActionReminded {
        no: u32,
        days_late: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Timestamp>,
    },
    ActionDone {
        no: u32,
    },

    /// It has a place in a chat from here on: one that was made for it, or one that people use for it.
    RoomOpened {
        chat: ChannelId,
        /// As the platform calls it.
        place: String,
    },

    /// A playbook of the runbook is followed from here on, instead of the one before if there was one.
    PlaybookStarted {
        playbook: Playbook,
    },
    /// The step whose turn it was is done; of a condition: it holds.
    PlaybookStepDone {
        no: u32,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    /// It did not work; of a condition: it does not hold.
    PlaybookStepFailed {
        no: u32,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },

    /// Commands of the runbook are to be carried out. The order is what any approval is for.
    RunAsked {
        run: RunNo,
        order: Order,
        needs: Needs,
        /// Without an approval until then (or without a beginning, where it needs none) it expires.
        until: Timestamp,
    },
    RunApproved {
        run: RunNo,
        /// Of the order as it was asked for.
        digest: String,
        /// By what right.
        authority: String,
        /// Why one person alone approved what needs two.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<String>,
        until: Timestamp,
    },
    RunDenied {
        run: RunNo,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    RunExpired {
        run: RunNo,
        why: ExpireReason,
    },
    /// Taken back before it began.
    RunWithdrawn {
        run: RunNo,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A worker has it, alone; its target is kept for it until a time.
    RunStarted {
        run: RunNo,
        worker: String,
        until: Timestamp,
    },
    RunStopAsked {
        run: RunNo,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Some of its commands are back while others are not. The end says all of them again.
    RunProgressed {
        run: RunNo,
        results: Vec<RunResult>,
    },
    RunFinished {
        run: RunNo,
        end: RunEnd,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        results: Vec<RunResult>,
        /// Whether it helped, where something was looked at afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verified: Option<bool>,
    },
    /// It began, and whether it took effect is not known. It is not begun again by itself.
    RunOutcomeUnknown {
        run: RunNo,
        why: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        results: Vec<RunResult>,
    },

    AlertsReceived {
        source: String,
        group: String,
        changed: Vec<Alert>,
        /// Alerts that are counted only, beyond the limit.
        #[serde(default, skip_serializing_if = "is_zero")]
        untracked: u32,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        partial: bool,
        group_status: AlertStatus,
    },
    /// All alerts have resolved and nobody has acknowledged: escalation rests, and at `resolves_at` the incident ends.
    AlertsCleared {
        resolves_at: Timestamp,
    },
    /// A source sent something that could not be read; its beginning is kept here.
    UnreadableReceived {
        source: String,
        problem: String,
        bytes: u64,
        /// Text where it is UTF-8, else base64.
        kept: String,
        kept_as: KeptAs,
    },

    Resolved {
        cause: ResolveCause,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    Reopened {
        cause: ReopenCause,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// As with `Declared`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrived_at: Option<Timestamp>,
    },
    MergedInto {
        into: IncidentId,
    },
    /// Another incident became part of this one, and its alert groups with it.
    MergedFrom {
        from: IncidentId,
        title: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        groups: Vec<Group>,
    },
    Cancelled {
        reason: String,
    },
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Event {
    /// The persisted name, as in the log's `kind` column.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Declared { .. } => "declared",
            Event::Acknowledged => "acknowledged",
            Event::Unacknowledged { .. } => "unacknowledged",
            Event::Snoozed { .. } => "snoozed",
            Event::SnoozeEnded => "snooze_ended",
            Event::SeverityChanged { .. } => "severity_changed",
            Event::EscalationChanged { .. } => "escalation_changed",
            Event::StatusChanged { .. } => "status_changed",
            Event::UpdatePosted { .. } => "update_posted",
            Event::Noted { .. } => "noted",
            Event::LeadAssigned { .. } => "lead_assigned",
            Event::RoleAssigned { .. } => "role_assigned",
            Event::Escalated { .. } => "escalated",
            Event::StepSkipped { .. } => "step_skipped",
            Event::NobodyReached { .. } => "nobody_reached",
            Event::PolicyUsedUp => "policy_used_up",
            Event::PagedByHand { .. } => "paged_by_hand",
            Event::IntentsQueued { .. } => "intents_queued",
            Event::IntentsCancelled { .. } => "intents_cancelled",
            Event::IntentClaimed { .. } => "intent_claimed",
            Event::IntentDone { .. } => "intent_done",
            Event::IntentRetried { .. } => "intent_retried",
            Event::IntentFailed { .. } => "intent_failed",
            Event::IntentAbandoned { .. } => "intent_abandoned",
            Event::MilestoneWarned { .. } => "milestone_warned",
            Event::MilestoneBreached { .. } => "milestone_breached",
            Event::UpdateReminded => "update_reminded",
            Event::UpdatesSnoozed { .. } => "updates_snoozed",
            Event::LeadReminded => "lead_reminded",
            Event::StillWorkingAsked { .. } => "still_working_asked",
            Event::StillWorking => "still_working",
            Event::DraftReminded { .. } => "draft_reminded",
            Event::PostmortemStatusChanged { .. } => "postmortem_status_changed",
            Event::PostmortemEdited { .. } => "postmortem_edited",
            Event::ActionAdded { .. } => "action_added",
            Event::ActionReminded { .. } => "action_reminded",
            Event::ActionDone { .. } => "action_done",
            Event::RoomOpened { .. } => "room_opened",
            Event::PlaybookStarted { .. } => "playbook_started",
            Event::PlaybookStepDone { .. } => "playbook_step_done",
            Event::PlaybookStepFailed { .. } => "playbook_step_failed",
            Event::RunAsked { .. } => "run_asked",
            Event::RunApproved { .. } => "run_approved",
            Event::RunDenied { .. } => "run_denied",
            Event::RunExpired { .. } => "run_expired",
            Event::RunWithdrawn { .. } => "run_withdrawn",
            Event::RunStarted { .. } => "run_started",
            Event::RunStopAsked { .. } => "run_stop_asked",
            Event::RunProgressed { .. } => "run_progressed",
            Event::RunFinished { .. } => "run_finished",
            Event::RunOutcomeUnknown { .. } => "run_outcome_unknown",
            Event::AlertsReceived { .. } => "alerts_received",
            Event::AlertsCleared { .. } => "alerts_cleared",
            Event::UnreadableReceived { .. } => "unreadable_received",
            Event::Resolved { .. } => "resolved",
            Event::Reopened { .. } => "reopened",
            Event::MergedInto { .. } => "merged_into",
            Event::MergedFrom { .. } => "merged_from",
            Event::Cancelled { .. } => "cancelled",
        }
    }
}
