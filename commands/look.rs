//! The button on what a scheduled look found critical: declares it in the name of whoever pressed. No verb of the grammar,
//! because nobody types which look it was. Pressed twice, or in two chats, or beside the schedule that declares by itself,
//! it is one incident: the answer names it.

use super::{Said, Speaker, answer, may_see};
use crate::app::{ActError, Acted, App};
use crate::measure;
use crate::notice::look::read_offer;
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::operation::{self, short};
use firebell_domain::refusal::Refusal;
use serde_json::Value;

/// `offer`: as the button has it.
pub async fn declare(app: &App, speaker: &Speaker, offer: &str) -> Result<Said, ActError> {
    let said = declared(&app.pinned(), speaker, offer).await;
    measure::command("declare", said.as_ref().map_or_else(ActError::outcome, |_| "done"));
    said
}

async fn declared(app: &App, speaker: &Speaker, offer: &str) -> Result<Said, ActError> {
    let gone = || Refusal::NothingToDeclare(None);
    let (which, since) = read_offer(offer).ok_or_else(gone)?;
    let program = app.program();
    let r = program.reminders().iter().find(|r| short(&r.system, &r.name) == which).ok_or_else(gone)?;
    let all = app.store().operations().await?;
    let state = all.get(&(r.system.clone(), r.name.clone())).ok_or_else(gone)?;
    let over = || Refusal::NothingToDeclare(Some(format!("{} of {}", r.name, r.system)));
    let word = operation::offered(state, since).ok_or_else(over)?;
    if let Some(id) = state.incident() {
        return already(app, speaker, id).await;
    }
    let actor = Actor::person(speaker.person.as_str(), &speaker.via);
    let acted = app.tell_of_look(r, &word, actor).await?;
    let (incident, said) = match acted {
        Some(Acted::Changed(changed)) => {
            let mut said = answer(&changed, app.clock().now());
            said.data["declared"] = changed.before.is_none().into();
            (Some(changed.after.id), Ok(said))
        }
        Some(Acted::Again(first)) => {
            let id = IncidentId::parse(&first);
            (id, id.map_or(Err(over().into()), |id| Ok(named(id, String::new()))))
        }
        _ => match app.incident_of_look(r, &word).await? {
            // Declared a moment ago, by somebody else.
            Some(id) => (Some(id), already(app, speaker, id).await),
            None => (None, Err(gone().into())),
        },
    };
    if let Some(id) = incident
        && let Err(fault) = app.look_was_told(r, &word, Some(id)).await
    {
        // The incident is there; the next press finds it.
        tracing::warn!(schedule.name = %r.name, "that it was declared could not be recorded: {fault}");
    }
    said
}

async fn already(app: &App, speaker: &Speaker, id: IncidentId) -> Result<Said, ActError> {
    let found = app.store().incident(id).await?.map(|l| l.incident);
    let title = found
        .filter(|i| may_see(i, &speaker.person, speaker.admin))
        .map_or(String::new(), |i| format!(": {}", i.title));
    Ok(named(id, title))
}

fn named(id: IncidentId, title: String) -> Said {
    Said { text: format!("{id} is declared for it already{title}"), incident: Some(id), data: Value::Null }
}
