//! What a document cannot say and its overlay does: who "the on-call engineer" is, where `postgres` runs, what stands for
//! `your-domain`, the team's zone and hours, and which of the importer's proposals somebody has confirmed. A value.

use chrono_tz::Tz;
use firebell_domain::directory::Target;
use firebell_domain::hours::WorkingHours;
use firebell_domain::playbook::Risk;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlay {
    /// In which the team reads a clock.
    pub zone: Option<Tz>,
    /// When business days and hours pass.
    pub hours: Option<WorkingHours>,
    /// Whom a new incident pages before the first step of the runbook's escalation, where that step has a delay.
    pub first: Vec<Target>,
    /// By the role's normal spelling; nobody means that the role is left out on purpose.
    pub roles: BTreeMap<String, Vec<Target>>,
    /// Channels of the document, by their names there, and what they are called here.
    pub channels: BTreeMap<String, String>,
    /// What a client of the document (`postgres`, `docker`) acts on.
    pub targets: BTreeMap<String, Place>,
    /// By placeholder, as written.
    pub values: BTreeMap<String, String>,
    /// What variables of the document's commands stand for. No other variable is filled in.
    pub secrets: BTreeMap<String, Secret>,
    /// Who has the runbook's levels of authority.
    pub authority: Vec<Authority>,
    /// Scripts and tools that only read.
    pub reads: Vec<String>,
    /// When something recurs that the document says too little about, by the name or the line it has there.
    pub times: Vec<Time>,
    /// Whether the room is reminded of the runbook's schedules.
    pub reminders: Option<bool>,
    /// How schedules are gone by that say nothing else for themselves.
    pub schedules: Going,
    /// Seconds after its time within which a look is made up for; `None`: an hour.
    pub grace_s: Option<i64>,
    /// By hash; the latest said.
    pub decisions: BTreeMap<String, Decision>,
}

/// Where a client finds what it is to act on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// A table [targets.NAME] of the configuration: a Docker host, a cluster, a machine.
    pub target: String,
    /// The container, pod or unit on it.
    pub inside: Option<String>,
}

/// A value that is never printed.
#[derive(Clone, Debug)]
pub struct Secret(pub SecretString);

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

/// A level of authority of the document, and who has it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// As the document names it, or a name of the team's own.
    pub level: String,
    pub people: Vec<Target>,
    /// The worst it covers; as the document's words say where nothing is given.
    pub risk: Option<Risk>,
    /// Words of commands or whole commands with `*`; from the document's words where nothing is given.
    pub actions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    pub schedule: String,
    pub when: Option<String>,
    pub going: Going,
}

/// How a schedule is gone by; what is `None` is as for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Going {
    /// Whether Firebell looks by itself where it may; otherwise people are reminded.
    pub run: Option<bool>,
    /// Whether what is found critical makes an incident; otherwise one is offered.
    pub declare: Option<bool>,
    /// Of that incident.
    pub severity: Option<String>,
    /// Whether chats are told what was found; otherwise it stands in the room only.
    pub post: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Confirmed,
    Rejected,
}

impl Decision {
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Confirmed => "confirmed",
            Decision::Rejected => "rejected",
        }
    }
}
