//! The board for a wall screen (`/board`): open incidents in large type, who has them, their clocks. A wall is read by
//! everybody who passes, so private incidents are not on it, whoever is signed in.

use super::WebState;
use super::auth;
use super::error::{No, read_failed};
use super::pages;
use super::standing::Standing;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use firebell_domain::limits::BOARD_SHOWN_MAX;
use minijinja::context;
use minijinja::value::Serde;

pub async fn board(State(state): State<WebState>, headers: HeaderMap) -> Response {
    let page = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        let (shown, more) = public(&state).await?;
        Ok::<_, No>(pages::page(
            "board.html",
            context! {
                person => session.person.as_str(), form => session.form.as_str(),
                now => state.app().clock().now().rfc3339(), incidents => Serde(&shown), more,
                notices => Serde(&state.notices()),
            },
        ))
    };
    page.await.unwrap_or_else(pages::problem)
}

/// Public open incidents, worst first, and how many there are beyond those.
async fn public(state: &WebState) -> Result<(Vec<Standing>, usize), No> {
    let now = state.app().clock().now();
    let rows = state.app().store().open_public_incidents(firebell_domain::limits::OPEN_SHOWN_MAX as i64).await;
    let rows = rows.map_err(read_failed)?;
    let mut shown = Vec::new();
    for row in rows.iter().take(BOARD_SHOWN_MAX) {
        let loaded = state.app().store().incident(row.id).await.map_err(read_failed)?;
        // It may have ended since the rows were read.
        shown.extend(loaded.filter(|l| l.incident.status.open()).map(|l| Standing::of(&l.incident, now)));
    }
    Ok((shown, rows.len().saturating_sub(BOARD_SHOWN_MAX)))
}
