//! What the command box can complete (`/room/completion`): the table of commands, and the names that their arguments
//! may have. Nothing of any incident is in it, so it is the same for everybody who is signed in.

use super::WebState;
use super::auth;
use super::error::No;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use firebell_domain::status::IncidentStatus;
use serde_json::json;

pub async fn completion(State(state): State<WebState>, headers: HeaderMap) -> Result<Response, No> {
    if auth::session(&headers, &state).await?.is_none() {
        let message = "Sign in first: run \"firebell invite NAME\" and open the link that it prints.";
        return Err(No::new(StatusCode::UNAUTHORIZED, "unauthorized", message));
    }
    let directory = state.app().directory();
    let program = state.app().program();
    let playbooks: Vec<&str> =
        program.sources.iter().flat_map(|s| &s.book().playbooks).map(|p| p.name.as_str()).collect();
    let names = json!({
        "severity": directory.severities.iter().map(|s| &s.level).collect::<Vec<_>>(),
        "status": IncidentStatus::ALL.iter().filter(|s| s.open()).chain([&IncidentStatus::Resolved]).collect::<Vec<_>>(),
        "service": directory.services.keys().collect::<Vec<_>>(),
        "person": directory.people.keys().collect::<Vec<_>>(),
        "playbook": playbooks,
        "schedule": directory.schedules.keys().collect::<Vec<_>>(),
    });
    Ok(axum::Json(json!({ "commands": state.speak().completion()["commands"], "names": names })).into_response())
}
