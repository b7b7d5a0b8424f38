//! Figures over the incidents that whoever asks may see: pictures in the room (`/figures`), JSON in the API, CSV from
//! both. What somebody may not see has no part in any total. Computes nothing itself and changes nothing.

mod picture;
mod table;
#[cfg(test)]
mod tests;

use super::WebState;
use super::auth::{self, Bearer, Viewer};
use super::body;
use super::error::{No, read_failed};
use super::pages;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use firebell_domain::figures::{self, Facts, Figures, Month, Period};
use firebell_domain::limits::{FIGURES_INCIDENTS_MAX, FIGURES_MONTHS_MAX};
use firebell_domain::postmortem::Zone;
use minijinja::context;
use minijinja::value::Serde;
use serde::Deserialize;
use std::sync::Arc;
use table::{Export, shown};

/// Months that are shown to whoever names none.
const MONTHS: i32 = 12;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(rename = "as")]
    who: Option<String>,
    from: Option<String>,
    to: Option<String>,
    zone: Option<String>,
    format: Option<String>,
    table: Option<String>,
}

pub async fn api(
    State(state): State<WebState>,
    bearer: Bearer,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, No> {
    let asked = body::query(asked)?;
    let viewer = bearer.viewer(asked.who.as_deref())?;
    let export = export_of(&asked)?;
    let period = period(&state, &viewer, &asked)?;
    let (figures, facts) = compute(&state, &viewer, period).await?;
    Ok(match export {
        None => Json(figures).into_response(),
        Some(which) => csv(which, &figures, &facts),
    })
}

pub async fn room(
    State(state): State<WebState>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let page = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        let (asked, viewer) = (body::query(asked)?, session.viewer());
        let export = export_of(&asked)?;
        let period = period(&state, &viewer, &asked)?;
        let (figures, facts) = compute(&state, &viewer, period).await?;
        if let Some(which) = export {
            return Ok(csv(which, &figures, &facts));
        }
        let spans = [("acknowledge", figures.acknowledge), ("resolve", figures.resolve)].map(|(what, s)| {
            let of = |seconds: Option<i64>| shown(seconds);
            context! {
                what, count => s.map_or(0, |s| s.count), mean => of(s.map(|s| s.mean_s)), p50 => of(s.map(|s| s.p50_s)),
                p90 => of(s.map(|s| s.p90_s)), p95 => of(s.map(|s| s.p95_s)),
            }
        });
        // Zones have a "+" in their names, which is a space in a query.
        let zone = period.zone.name().replace('+', "%2B");
        let same = format!("from={}&to={}&zone={zone}", period.from, period.to);
        Ok::<_, No>(pages::page(
            "figures.html",
            context! {
                period => same,
                person => session.person.as_str(), form => session.form.as_str(),
                f => Serde(&figures), spans, pictures => Serde(&picture::pictures(&figures)),
                private => facts.iter().any(|f| f.private),
            },
        ))
    };
    page.await.unwrap_or_else(pages::problem)
}

/// `None`: not as a table.
fn export_of(asked: &Asked) -> Result<Option<Export>, No> {
    let table = asked.table.as_deref().map(|name| {
        let known = Export::ALL.map(Export::as_str).join(", ");
        Export::parse(name).ok_or_else(|| No::bad("bad_query", format!("table is one of {known}.")))
    });
    match (asked.format.as_deref(), table.transpose()?) {
        (Some("csv"), table) => Ok(Some(table.unwrap_or(Export::Incidents))),
        (None | Some("json"), None) => Ok(None),
        (None | Some("json"), Some(_)) => Err(No::bad("bad_query", "table goes with format=csv.")),
        (Some(_), _) => Err(No::bad("bad_query", "format is json or csv.")),
    }
}

fn period(state: &WebState, viewer: &Viewer, asked: &Asked) -> Result<Period, No> {
    let zone = match asked.zone.as_deref() {
        Some(name) => {
            let zone = Zone::parse(name);
            let fix = "zone is a name of the time zone database such as Europe/Madrid.";
            zone.ok_or_else(|| No::bad("bad_query", fix))?.0
        }
        None => own_zone(state, viewer),
    };
    let month = |name: &str, said: &Option<String>| {
        let said = said.as_deref().filter(|s| !s.trim().is_empty());
        let read = |text: &str| {
            Month::parse(text).ok_or_else(|| No::bad("bad_query", format!("{name} is a month such as 2026-11.")))
        };
        said.map(read).transpose()
    };
    let (from, to) = (month("from", &asked.from)?, month("to", &asked.to)?);
    let this = Month::of(state.app().clock().now(), zone);
    let to = to.unwrap_or_else(|| from.map_or(this, |from| this.max(from)));
    let from = from.unwrap_or_else(|| to.plus(1 - MONTHS));
    match to.number() - from.number() {
        n if n < 0 => Err(No::bad("bad_query", "from is not after to.")),
        n if n >= FIGURES_MONTHS_MAX => Err(No::bad(
            "bad_query",
            format!("Ask for {FIGURES_MONTHS_MAX} months at most: from {from} to {to} are {}.", n + 1),
        )),
        _ => Ok(Period { from, to, zone }),
    }
}

/// Whose eyes it is for; UTC where nothing is configured.
fn own_zone(state: &WebState, viewer: &Viewer) -> Tz {
    let directory = state.app().directory();
    viewer.person.as_ref().and_then(|p| directory.people.get(p)).map_or(Tz::UTC, |p| p.time_zone)
}

async fn compute(state: &WebState, viewer: &Viewer, period: Period) -> Result<(Figures, Vec<Arc<Facts>>), No> {
    let limit = FIGURES_INCIDENTS_MAX as i64 + 1;
    let mut facts = state.app().facts(period.begins(), period.ends(), limit).await.map_err(read_failed)?;
    if facts.len() > FIGURES_INCIDENTS_MAX {
        let most = format!("These months have more than {FIGURES_INCIDENTS_MAX} incidents. Ask for fewer months.");
        return Err(No::bad("too_many", most));
    }
    facts.retain(|f| viewer.may_count(f));
    let directory = state.app().directory();
    let zone_of = |who: &str| directory.people.get(&who.strip_prefix('@')?.into()).map(|p| p.time_zone);
    let figures = figures::figures(period, state.app().clock().now(), &facts, &zone_of);
    Ok((figures, facts))
}

fn csv(which: Export, figures: &Figures, facts: &[Arc<Facts>]) -> Response {
    let text = table::csv(&table::export(which, figures, facts));
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], text).into_response();
    let name = format!("firebell-{}-{}-{}.csv", which.as_str(), figures.period.from, figures.period.to);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
