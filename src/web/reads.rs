//! What programs read: incidents, their logs, who is on call. Only what may be seen.

use super::WebState;
use super::auth::Bearer;
use super::body;
use super::error::{No, read_failed};
use super::json;
use super::see::id_of;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use firebell_domain::id::IncidentId;
use firebell_domain::limits::PAGE_ITEMS_MAX;
use firebell_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

const PAGE_ITEMS: i64 = 50;

type Read<T> = Result<Query<T>, QueryRejection>;

fn limit(said: Option<i64>) -> Result<usize, No> {
    match said.unwrap_or(PAGE_ITEMS) {
        n if (1..=PAGE_ITEMS_MAX).contains(&n) => Ok(n as usize),
        _ => Err(No::bad("bad_query", format!("limit is from 1 to {PAGE_ITEMS_MAX}."))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListAsked {
    #[serde(rename = "as")]
    who: Option<String>,
    open: Option<bool>,
    before: Option<String>,
    limit: Option<i64>,
}

/// `open=true`: worst first. Else newest first; `next` continues.
pub async fn list(State(state): State<WebState>, bearer: Bearer, asked: Read<ListAsked>) -> Result<Json<Value>, No> {
    let asked = body::query(asked)?;
    let viewer = bearer.viewer(asked.who.as_deref())?;
    let limit = limit(asked.limit)?;
    let url: &str = &state.app().public_url();
    if asked.open == Some(true) {
        let rows = state.open_for(&viewer, limit).await?;
        return Ok(Json(
            json!({ "incidents": rows.iter().map(|r| json::row(r, url)).collect::<Vec<_>>(), "next": null }),
        ));
    }
    let before = asked.before.as_deref().map(id_of).transpose()?.unwrap_or(IncidentId(i64::MAX));
    let rows = state.recent_for(&viewer, before, asked.open == Some(false), limit).await?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|r| r.id.to_string());
    Ok(Json(json!({ "incidents": rows.iter().map(|r| json::row(r, url)).collect::<Vec<_>>(), "next": next })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneAsked {
    #[serde(rename = "as")]
    who: Option<String>,
}

pub async fn one(
    State(state): State<WebState>,
    bearer: Bearer,
    Path(id): Path<String>,
    asked: Read<OneAsked>,
) -> Result<Json<Value>, No> {
    let viewer = bearer.viewer(body::query(asked)?.who.as_deref())?;
    let incident = state.incident_for(id_of(&id)?, &viewer).await?;
    Ok(Json(json!({ "incident": json::incident(&incident, &state.app().public_url()) })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsAsked {
    #[serde(rename = "as")]
    who: Option<String>,
    after: Option<i64>,
    limit: Option<i64>,
}

pub async fn events(
    State(state): State<WebState>,
    bearer: Bearer,
    Path(id): Path<String>,
    asked: Read<EventsAsked>,
) -> Result<Json<Value>, No> {
    let asked = body::query(asked)?;
    let id = id_of(&id)?;
    let limit = limit(asked.limit)?;
    state.must_see(id, &bearer.viewer(asked.who.as_deref())?).await?;
    let after = asked.after.unwrap_or(0).max(0);
    let events = state.app().store().events(id, after, limit as i64).await.map_err(read_failed)?;
    let next = events.last().filter(|_| events.len() == limit).map(|e| e.seq);
    let all: Vec<_> = events.iter().map(json::event).collect();
    Ok(Json(json!({ "incident": id.to_string(), "events": all, "next": next })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OncallAsked {
    at: Option<String>,
    schedule: Option<String>,
}

pub async fn oncall(
    State(state): State<WebState>,
    _bearer: Bearer,
    asked: Read<OncallAsked>,
) -> Result<Json<Value>, No> {
    let asked = body::query(asked)?;
    let at = match asked.at.as_deref() {
        None => state.app().clock().now(),
        // In a query a `+` is a space.
        Some(text) => chrono::DateTime::parse_from_rfc3339(&text.replace(' ', "+"))
            .map(|t| Timestamp::from(t.with_timezone(&chrono::Utc)))
            .map_err(|_| No::bad("bad_query", "at is a time such as 2026-11-22T03:00:00Z."))?,
    };
    let directory = state.app().directory_now().await.map_err(read_failed)?;
    let wanted = asked.schedule.as_deref().map(str::trim).filter(|s| !s.is_empty());
    if let Some(name) = wanted.filter(|name| !directory.schedules.keys().any(|s| s.as_str() == *name)) {
        let near = |s: &&str| strsim::jaro_winkler(s, name) > 0.8;
        let known: Vec<&str> = directory.schedules.keys().map(|s| s.as_str()).collect();
        return Err(firebell_domain::refusal::Refusal::UnknownSchedule {
            name: firebell_domain::text::line_of_machine(name, 80),
            did_you_mean: known.iter().copied().find(near).map(str::to_string),
            known: known.iter().map(ToString::to_string).collect(),
        }
        .into());
    }
    let rows: Vec<Value> = directory
        .schedules
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|w| name.as_str() == w))
        .map(|(name, schedule)| match schedule.shift_at(at) {
            None => json!({ "schedule": name, "person": null, "from": null, "until": null, "stands_in": false }),
            Some(shift) => json!({
                "schedule": name,
                "person": shift.person,
                "from": shift.from.rfc3339(),
                "until": shift.to.rfc3339(),
                "stands_in": shift.overridden,
            }),
        })
        .collect();
    Ok(Json(json!({ "at": at.rfc3339(), "schedules": rows })))
}
