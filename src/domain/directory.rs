//! What a decision may look up besides the incident itself: people, services, policies, schedules, severities
//! and which channels exist. A value, made by the caller from configuration and overrides; never a secret in it
//! (addresses and routing keys stay with the channel's adapter).

use crate::chat::ChatRule;
use crate::hours::{When, WorkingHours};
use crate::id::{ChannelId, PersonId, PolicyId, ScheduleId, ServiceId};
use crate::run::authority::RunRules;
use crate::schedule::Schedule;
use crate::severity::{self, Severity};
use crate::time::Timestamp;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// Sorted by rank, worst first.
    pub severities: Vec<Severity>,
    pub people: BTreeMap<PersonId, Person>,
    pub services: BTreeMap<ServiceId, Service>,
    pub policies: BTreeMap<PolicyId, EscalationPolicy>,
    pub schedules: BTreeMap<ScheduleId, Schedule>,
    /// Every configured pager, in the order of the configuration.
    pub pagers: Vec<ChannelId>,
    /// Channels that want to be told what happens (cards, updates), besides pages.
    pub notice_channels: Vec<ChannelId>,
    /// Chats that are configured.
    pub chats: Vec<ChatRule>,
    pub settings: Settings,
    /// Systems with a runbook, by the name that people type.
    pub systems: BTreeMap<String, System>,
    /// What a declaration without a service is about.
    pub default_system: Option<String>,
    /// What may be run on what, and by whose word.
    pub runs: RunRules,
}

/// What a system's own runbook says of severities and of who is paged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct System {
    /// Sorted by rank, worst first; empty where it says nothing of them.
    pub severities: Vec<Severity>,
    /// Whom it pages, by level; under `None` for the levels that have none of their own.
    pub chains: BTreeMap<Option<String>, EscalationPolicy>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// As shown: `Ana Ruiz`.
    pub name: String,
    pub time_zone: Tz,
    /// In the order in which they are tried.
    pub contact_methods: Vec<ChannelId>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    pub system: Option<String>,
    pub policy: Option<PolicyId>,
    pub owners: Vec<PersonId>,
}

/// Levels in order, how long each waits, how often the whole is repeated. Snapshotted into the incident when it is
/// declared, so that an edit does not change what was promised for an incident under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationPolicy {
    pub name: PolicyId,
    pub steps: Vec<Step>,
    /// Times that the policy runs again after its last level; `None` repeats until somebody acknowledges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_max: Option<u32>,
    /// What levels for working hours or off hours go by; without it every hour is a working hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<WorkingHours>,
    /// Seconds without a word of anybody after which whoever has the incident is asked "still working?", and its
    /// escalation resumes if no answer comes. `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_timeout_s: Option<i64>,
}

impl EscalationPolicy {
    /// Around the clock, and without an acknowledgement time-out.
    pub fn new(name: PolicyId, steps: Vec<Step>, repeat_max: Option<u32>) -> Self {
        EscalationPolicy { name, steps, repeat_max, hours: None, ack_timeout_s: None }
    }

    /// Whether a level counts at an instant.
    pub fn counts(&self, step: &Step, at: Timestamp) -> bool {
        step.when.holds(self.hours.as_ref().is_none_or(|h| h.contains(at)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub targets: Vec<Target>,
    /// Seconds to wait for an acknowledgement before the next level.
    pub delay_s: i64,
    #[serde(default, skip_serializing_if = "When::is_always")]
    pub when: When,
}

impl Step {
    pub fn new(targets: Vec<Target>, delay_s: i64) -> Self {
        Step { targets, delay_s, when: When::Always }
    }
}

/// Whom a level pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Person(PersonId),
    Schedule(ScheduleId),
    /// The owners of the incident's service.
    Owners,
    /// A pager's own address: whoever answers there.
    Pager(ChannelId),
}

/// Spans that a team may choose, in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long all alerts must stay resolved before an unacknowledged incident resolves itself.
    pub quiet_resolve_s: i64,
    /// How long after its end an incident is reopened by its alert firing again.
    pub reopen_window_s: i64,
    /// Rings a minute of one phone beyond which pages go together.
    pub rings_per_minute: usize,
    /// Times that an overdue post-mortem is spoken of, and that the owner of an action item is reminded; 0 is never.
    pub draft_reminders_max: u32,
    pub action_reminders_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            quiet_resolve_s: 300,
            reopen_window_s: 1_800,
            rings_per_minute: 5,
            draft_reminders_max: 5,
            action_reminders_max: 4,
        }
    }
}

impl Directory {
    /// The system that something about a service is about: the service's, else the default one, else the only one.
    /// `None` also where the service's has no runbook.
    pub fn system_of(&self, service: Option<&ServiceId>) -> Option<&str> {
        let known = |name: &str| self.systems.get_key_value(name).map(|(name, _)| name.as_str());
        match service.and_then(|s| self.services.get(s)).and_then(|s| s.system.as_deref()) {
            Some(system) => known(system),
            None => match (&self.default_system, self.systems.len()) {
                (Some(system), _) => known(system),
                (None, 1) => self.systems.keys().next().map(String::as_str),
                (None, _) => None,
            },
        }
    }

    /// The severities of a system, else those of all.
    pub fn scale(&self, system: Option<&str>) -> &[Severity] {
        let own = system.and_then(|s| self.systems.get(s)).map(|s| s.severities.as_slice());
        own.filter(|scale| !scale.is_empty()).unwrap_or(&self.severities)
    }

    /// The systems that have a level of that name, with what it means there.
    pub fn meanings<'a>(&'a self, level: &'a str) -> impl Iterator<Item = (&'a str, &'a Severity)> {
        let of = move |(name, system): (&'a String, &'a System)| {
            let same = |s: &&Severity| severity::normal(&s.level) == severity::normal(level);
            system.severities.iter().find(same).map(|s| (name.as_str(), s))
        };
        self.systems.iter().filter_map(of)
    }

    /// Who is paged for a new incident. What the configuration says in so many words wins: the service's own policy,
    /// then the one named `default`. Then what the runbook of its system says, for its level or for all; then the only
    /// policy there is.
    pub fn policy_of(&self, service: Option<&ServiceId>, severity: &Severity) -> Option<&EscalationPolicy> {
        let chain = || {
            let chains = self.chains(service, severity)?;
            chains.get(&Some(severity.level.clone())).or_else(|| chains.get(&None))
        };
        self.said(service).or_else(chain).or_else(|| self.policy_for(service))
    }

    /// What the configuration says in so many words.
    fn said(&self, service: Option<&ServiceId>) -> Option<&EscalationPolicy> {
        let named = service.and_then(|s| self.services.get(s)).and_then(|s| s.policy.as_ref());
        named.and_then(|p| self.policies.get(p)).or_else(|| self.policies.get(&PolicyId::from("default")))
    }

    fn chains(
        &self,
        service: Option<&ServiceId>,
        severity: &Severity,
    ) -> Option<&BTreeMap<Option<String>, EscalationPolicy>> {
        let system = severity.system.as_deref().or_else(|| self.system_of(service));
        Some(&self.systems.get(system?)?.chains)
    }

    /// Who is to be paged when a severity has changed, where the runbook has a chain for one of the two levels alone;
    /// `None`: both are paged alike.
    pub fn chain_after(
        &self,
        service: Option<&ServiceId>,
        from: &Severity,
        to: &Severity,
    ) -> Option<&EscalationPolicy> {
        if self.said(service).is_some() {
            return None;
        }
        let chains = self.chains(service, to)?;
        let own = |s: &Severity| chains.get(&Some(s.level.clone()));
        match (own(to), own(from)) {
            (Some(chain), _) => Some(chain),
            (None, Some(_)) => chains.get(&None),
            // Of another system now, which pages all its levels alike.
            (None, None) if to.system.is_some() && to.system != from.system => chains.get(&None),
            (None, None) => None,
        }
    }

    /// The policy of an incident: its service's, else the one named `default`, else the only one there is.
    pub fn policy_for(&self, service: Option<&ServiceId>) -> Option<&EscalationPolicy> {
        service
            .and_then(|s| self.services.get(s))
            .and_then(|s| s.policy.as_ref())
            .and_then(|p| self.policies.get(p))
            .or_else(|| self.policies.get(&PolicyId::from("default")))
            .or_else(|| if self.policies.len() == 1 { self.policies.values().next() } else { None })
    }

    /// The people that a target means at an instant; empty when nobody is there, or where it means no people.
    pub fn people_of(&self, target: &Target, service: Option<&ServiceId>, at: Timestamp) -> BTreeSet<PersonId> {
        match target {
            Target::Person(p) => BTreeSet::from([p.clone()]),
            Target::Schedule(s) => self.schedules.get(s).and_then(|s| s.on_call_at(at)).into_iter().collect(),
            Target::Owners => service
                .and_then(|s| self.services.get(s))
                .map(|s| s.owners.iter().cloned().collect())
                .unwrap_or_default(),
            Target::Pager(_) => BTreeSet::new(),
        }
    }

    /// A person's first usable contact method at or after `from` in their list.
    pub fn contact_method(&self, person: &PersonId, from: usize) -> Option<(usize, &ChannelId)> {
        self.people
            .get(person)?
            .contact_methods
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, channel)| self.pagers.contains(channel))
    }
}
