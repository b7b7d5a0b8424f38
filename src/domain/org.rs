//! What happens outside any incident and still belongs in the audit log: stand-ins on schedules, invitations,
//! reloads. Kept in the organisation's own stream, chained like an incident's.

use crate::event::Actor;
use crate::id::{PersonId, ScheduleId};
use crate::schedule::Override;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OrgEvent {
    OverrideAdded {
        schedule: ScheduleId,
        person: PersonId,
        from: Timestamp,
        to: Timestamp,
    },
    Invited {
        person: PersonId,
        admin: bool,
    },
    SignedIn {
        person: PersonId,
    },
    /// Somebody's sign-ins were ended, and links that they had not used yet withdrawn.
    SessionsEnded {
        person: PersonId,
        sessions: usize,
        links: usize,
    },
    Started {
        version: String,
    },
    /// Firebell was installed in a workspace of a chat platform, or installed there again.
    WorkspaceInstalled {
        chat: String,
        workspace: String,
        name: String,
    },
    /// A runbook's schedule was looked at by itself and found otherwise than the time before, or its time was missed.
    ScheduleLooked {
        system: String,
        name: String,
        due_at: Timestamp,
        /// healthy, unclear, warning, critical, missed, interrupted
        found: String,
    },
    /// Another configuration is in force; by name what is otherwise in it, never a value.
    Reloaded {
        changed: Vec<String>,
    },
}

impl OrgEvent {
    pub fn kind(&self) -> &'static str {
        match self {
            OrgEvent::OverrideAdded { .. } => "override_added",
            OrgEvent::Invited { .. } => "invited",
            OrgEvent::SignedIn { .. } => "signed_in",
            OrgEvent::SessionsEnded { .. } => "sessions_ended",
            OrgEvent::WorkspaceInstalled { .. } => "workspace_installed",
            OrgEvent::Started { .. } => "started",
            OrgEvent::Reloaded { .. } => "reloaded",
            OrgEvent::ScheduleLooked { .. } => "schedule_looked",
        }
    }

    pub fn as_override(&self) -> Option<(&ScheduleId, Override)> {
        match self {
            OrgEvent::OverrideAdded { schedule, person, from, to } => {
                Some((schedule, Override { person: person.clone(), from: *from, to: *to }))
            }
            _ => None,
        }
    }
}

/// An organisation's event with who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgEntry {
    pub at: Timestamp,
    pub actor: Actor,
    pub body: OrgEvent,
}
