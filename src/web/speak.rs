//! What the room and the API ask of the commands: to be said something by somebody.

use crate::app::{ActError, App};
use crate::engine::ports::BoxFuture;
use firebell_domain::id::{IncidentId, PersonId};
use serde_json::Value;

/// Who speaks.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub person: PersonId,
    /// By which way: `room`, `the local token`, `api:NAME`.
    pub via: String,
    pub admin: bool,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Said {
    pub text: String,
    /// The incident that it was about.
    pub incident: Option<IncidentId>,
    pub data: Value,
}

pub trait Speak: Send + Sync {
    fn say<'a>(
        &'a self,
        app: &'a App,
        speaker: &'a Speaker,
        room: Option<IncidentId>,
        text: &'a str,
    ) -> BoxFuture<'a, Result<Said, ActError>>;

    /// What the command box can complete.
    fn completion(&self) -> Value;
}
