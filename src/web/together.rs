//! Pages that came as one message: acknowledging it acknowledges all that nobody has yet. Each is an act of its own,
//! so one that somebody else took meanwhile keeps nobody from the others.

use super::WebState;
use super::error::{No, read_failed};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::intent::IntentNo;
use firebell_domain::storm::Summary;

/// The other incidents whose pages went in the message of this page, and that still wait for somebody.
pub async fn waiting(state: &WebState, incident: IncidentId, no: IntentNo) -> Result<Vec<Incident>, No> {
    let store = state.app().store();
    let mut ids: Vec<IncidentId> = store
        .pages_of_summary(Summary { incident, no })
        .await
        .map_err(read_failed)?
        .into_iter()
        .map(|(id, _)| id)
        .filter(|id| *id != incident)
        .collect();
    ids.dedup();
    let mut open = Vec::new();
    for id in ids {
        let loaded = store.incident(id).await.map_err(read_failed)?;
        open.extend(loaded.map(|l| l.incident).filter(Incident::unanswered));
    }
    Ok(open)
}

/// Acknowledges each; those that were.
pub async fn acknowledge(state: &WebState, others: &[Incident], actor: &Actor) -> Result<Vec<IncidentId>, No> {
    let mut taken = Vec::new();
    for other in others {
        match state.app().act_on(other.id, Input::Acknowledge, actor).await {
            Ok(_) => taken.push(other.id),
            Err(ActError::Refused(_)) => {}
            Err(ActError::Fault(fault)) => return Err(fault.into()),
        }
    }
    Ok(taken)
}
