//! An incident as it stands: what its events add up to. `apply` is the only way to change one, and it refuses an
//! event that is illegal in the current state, both when deciding and when the log is replayed.

mod apply;

use crate::alert::{Alert, AlertStatus, Group, Tracked};
use crate::chat::Room;
use crate::clocks::{self, Course};
use crate::directory::EscalationPolicy;
use crate::event::{Actor, Event, IncidentEvent};
use crate::id::{ChannelId, IncidentId, PersonId, ServiceId};
use crate::intent::{Claim, Intent, IntentNo, Live, Page, PageReason, Thread, Told, What};
use crate::limits;
use crate::playbook::Walk;
use crate::postmortem::written::Written;
use crate::run::{Run, RunNo};
use crate::severity::Severity;
use crate::status::{IncidentStatus, PostmortemStatus};
use crate::storm::Summary;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    /// Sequence number of the last event.
    pub seq: i64,
    pub title: String,
    pub severity: Severity,
    pub service: Option<ServiceId>,
    pub private: bool,
    pub status: IncidentStatus,
    pub declared_at: Timestamp,
    pub declared_by: Actor,
    pub acknowledged: Option<Acknowledgement>,
    pub lead: Option<PersonId>,
    /// Role to person; `lead` is kept apart because there is exactly one.
    pub roles: BTreeMap<String, PersonId>,
    pub responders: Vec<PersonId>,
    pub snoozed_until: Option<Timestamp>,
    pub quiet_resolves_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub merged_into: Option<IncidentId>,
    pub policy: Option<EscalationPolicy>,
    pub escalation: Escalation,
    /// The clocks besides the escalation's.
    #[serde(default)]
    pub course: Course,
    pub groups: Vec<Group>,
    pub actions: Vec<ActionItem>,
    /// The playbook that is followed, or was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// Number of the last run.
    #[serde(default, skip_serializing_if = "none_asked")]
    pub runs_asked: RunNo,
    /// Those that are not over, and the latest that are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<RunNo, Run>,
    /// Number of the last intent.
    pub intents: IntentNo,
    /// Intents that are not over.
    pub live: BTreeMap<IntentNo, Live>,
    /// Pages that a vendor knows (or may know) of.
    pub threads: BTreeMap<IntentNo, Thread>,
    /// How quickly somebody was reached. Decides nothing: figures are made of it.
    #[serde(default)]
    pub reached: Reached,
    /// Where it is open in chats.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<ChannelId, Room>,
    /// Numbers of the last events that changed what a headline, and a topic, show.
    #[serde(default)]
    pub card_seq: i64,
    #[serde(default)]
    pub topic_seq: i64,
    /// What people wrote in the post-mortem.
    #[serde(default, skip_serializing_if = "Written::is_empty")]
    pub written: Written,
    pub updated_at: Timestamp,
}

fn none_asked(no: &RunNo) -> bool {
    *no == 0
}

/// Since it was last declared, reopened or handed back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// When what declared or reopened it had arrived; `None` after a hand-back, which nobody waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it was first known that a vendor had taken a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_page_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub by: Actor,
    pub at: Timestamp,
    /// Number of the last intent then: pages up to it are needless, later ones were sent by hand on purpose.
    pub intents: IntentNo,
}

/// Where escalation stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The level reached last, 0-based; `None` before the first.
    pub step: Option<usize>,
    /// Passes through the policy before this one.
    pub pass: u32,
    pub next_at: Option<Timestamp>,
    pub used_up: bool,
    /// Nobody could be reached: every pager is paged instead of a level.
    pub everyone: bool,
    /// Pages of the present level that a vendor has taken.
    pub sent: u32,
    /// Whether a vendor has taken any page since this pass began: a policy is not used up while nobody was reached.
    #[serde(default)]
    pub arrived: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionItem {
    pub no: u32,
    pub text: String,
    pub owner: Option<PersonId>,
    pub due: Option<chrono::NaiveDate>,
    pub done_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<Timestamp>,
    /// How often its owner was reminded.
    #[serde(default)]
    pub reminders: u32,
}

/// An event that cannot follow: a bug when deciding, damage when replaying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Illegal {
    pub seq: i64,
    pub kind: &'static str,
    pub why: &'static str,
}

impl std::fmt::Display for Illegal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event {} ({}) cannot stand here: {}", self.seq, self.kind, self.why)
    }
}

impl Incident {
    /// The incident that its first event makes.
    pub fn begin(first: &IncidentEvent) -> Result<Incident, Illegal> {
        let illegal = |why| Illegal { seq: first.seq, kind: first.body.kind(), why };
        let Event::Declared { title, severity, service, private, policy, arrived_at } = &first.body else {
            return Err(illegal("an incident begins by being declared"));
        };
        if first.seq != 1 {
            return Err(illegal("an incident begins with event 1"));
        }
        let mut incident = Incident {
            id: first.incident,
            seq: 1,
            title: title.clone(),
            severity: severity.clone(),
            service: service.clone(),
            private: *private,
            status: IncidentStatus::Investigating,
            declared_at: first.at,
            declared_by: first.actor.clone(),
            acknowledged: None,
            lead: None,
            roles: BTreeMap::new(),
            responders: first.actor.as_person().cloned().into_iter().collect(),
            snoozed_until: None,
            quiet_resolves_at: None,
            ended_at: None,
            merged_into: None,
            policy: policy.clone(),
            escalation: Escalation::default(),
            course: Course::default(),
            groups: Vec::new(),
            actions: Vec::new(),
            walk: None,
            runs_asked: 0,
            runs: BTreeMap::new(),
            intents: 0,
            live: BTreeMap::new(),
            threads: BTreeMap::new(),
            reached: Reached { since: Some(arrived_at.unwrap_or(first.at)), first_page_at: None },
            rooms: BTreeMap::new(),
            card_seq: 1,
            topic_seq: 1,
            written: Written::default(),
            updated_at: first.at,
        };
        clocks::follow(&mut incident, &first.body, first.at, first.actor.as_person().is_some());
        Ok(incident)
    }

    /// Replays a whole log.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a IncidentEvent>) -> Result<Option<Incident>, Illegal> {
        let mut incident: Option<Incident> = None;
        for event in events {
            match &mut incident {
                None => incident = Some(Incident::begin(event)?),
                Some(i) => i.apply(event)?,
            }
        }
        Ok(incident)
    }

    /// Whether somebody still has to be found: open and not acknowledged.
    pub fn unanswered(&self) -> bool {
        self.status.open() && self.acknowledged.is_none()
    }

    pub fn firing_alerts(&self) -> bool {
        self.groups.iter().any(Group::firing)
    }

    /// Where the source shows what fires: of the first group that does, else of the first that has such a place.
    pub fn source_link(&self) -> Option<&str> {
        let firing = self.groups.iter().filter(|g| g.firing());
        firing.chain(&self.groups).find_map(|g| g.link.as_deref())
    }

    /// People in it: whoever declared, acknowledged, leads, has a role or wrote something.
    pub fn involves(&self, person: &PersonId) -> bool {
        self.responders.contains(person)
    }

    /// An intent that nobody needs any more. A page: the incident has ended, was acknowledged after it was queued,
    /// or rests (snoozed, alerts cleared) and nobody asked for that page by hand. A vendor need not hear
    /// "acknowledged" after it was told "over".
    pub fn needless(&self, no: IntentNo) -> bool {
        match self.live.get(&no).map(|l| &l.intent.what) {
            // Only who has not answered that very question is still asked.
            Some(What::Page(Page { reason: PageReason::StillWorking, .. })) => self.course.asked_at.is_none(),
            Some(What::Page(page)) => {
                let answered = self.acknowledged.as_ref().is_some_and(|a| no <= a.intents);
                let rests = self.unanswered() && (self.snoozed_until.is_some() || self.quiet_resolves_at.is_some());
                !self.status.open() || answered || (rests && page.reason != PageReason::ByHand)
            }
            Some(What::Follow { page, over: false, .. }) => {
                self.threads.get(page).is_some_and(|t| t.told == Told::Over)
            }
            Some(What::Room { task, .. }) => {
                self.live.get(&no).is_some_and(|l| self.needless_task(&l.intent.channel, task))
            }
            _ => false,
        }
    }

    /// A page that rings where it was sent, as far as we know: its vendor has it, or may have it by now, and was not
    /// told of an answer or an end.
    pub fn rings(&self, no: IntentNo) -> bool {
        let page = |l: &Live| matches!(l.intent.what, What::Page(_)) && (l.claim.is_some() || l.maybe_sent);
        self.threads.get(&no).is_some_and(|t| t.told == Told::Triggered) || self.live.get(&no).is_some_and(page)
    }

    /// Whom a page was for and through what, as long as it is remembered.
    pub fn page_of(&self, no: IntentNo) -> Option<(Option<&PersonId>, &ChannelId)> {
        let thread = self.threads.get(&no).map(|t| (t.person.as_ref(), &t.channel));
        thread.or_else(|| match self.live.get(&no).map(|l| &l.intent) {
            Some(Intent { what: What::Page(page), channel, .. }) => Some((page.person.as_ref(), channel)),
            _ => None,
        })
    }

    fn involve(&mut self, person: &PersonId) {
        if !self.responders.contains(person) && self.responders.len() < limits::RESPONDERS_MAX {
            self.responders.push(person.clone());
        }
    }

    /// Nothing is promised any more: no level, no snooze, no quiet end.
    fn rest(&mut self) {
        self.escalation.next_at = None;
        self.snoozed_until = None;
        self.quiet_resolves_at = None;
    }

    fn end(&mut self, status: IncidentStatus, event: &IncidentEvent) -> Result<(), Illegal> {
        if !self.status.may_become(status) {
            return Err(Illegal { seq: event.seq, kind: event.body.kind(), why: "it has ended already" });
        }
        self.status = status;
        self.ended_at = Some(event.at);
        self.rest();
        Ok(())
    }

    /// Keeps a page's thread when the vendor knows, or may know, of it.
    fn remember_thread(&mut self, no: IntentNo, live: &Live, sent: bool, taken_at: Option<Timestamp>) {
        if let What::Page(page) = &live.intent.what
            && (sent || live.maybe_sent)
            // A vendor knows a summary by the page whose message it was, and of the others nothing, unless one of them
            // may have arrived by itself before.
            && (live.maybe_sent || live.summary.is_none_or(|s| s == Summary { incident: self.id, no }))
        {
            while self.threads.len() >= limits::THREADS_MAX {
                let over = self.threads.iter().find(|(_, t)| t.told == Told::Over).map(|(no, _)| *no);
                let Some(oldest) = over.or_else(|| self.threads.keys().next().copied()) else { break };
                self.threads.remove(&oldest);
            }
            let (channel, person) = (live.intent.channel.clone(), page.person.clone());
            let thread = Thread { channel, person, told: Told::Triggered, taken_at };
            self.threads.insert(no, thread);
        }
    }
}
