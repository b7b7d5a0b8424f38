//! The history of a post-mortem in the room: who changed what when, and every version as it stood. Changes nothing.

use super::WebState;
use super::body;
use super::edit::{Ground, stand};
use super::error::No;
use super::pages;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use firebell_domain::event::{Event, IncidentEvent};
use firebell_domain::postmortem::Chapter;
use firebell_domain::postmortem::written::{Texts, Version, versions};
use firebell_domain::timeline::words::sentence;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Asked {
    version: Option<u32>,
}

/// A line of the history: a save, or a step on.
#[derive(Serialize)]
struct Step {
    at: String,
    clock: String,
    who: String,
    what: String,
    version: Option<u32>,
}

/// A chapter of one version.
#[derive(Serialize)]
struct Old {
    heading: String,
    text: String,
    changed: bool,
    /// What stood there before, where that version changed it.
    before: String,
}

fn steps(log: &[IncidentEvent], versions: &[Version]) -> Vec<Step> {
    let step = |e: &IncidentEvent| {
        let (what, version) = match &e.body {
            Event::PostmortemEdited { version, texts } => {
                let chapters: Vec<&str> = texts.keys().map(|c| c.as_words()).collect();
                let known = versions.iter().any(|v| v.no == *version);
                (format!("wrote {}", chapters.join(", ")), known.then_some(*version))
            }
            Event::PostmortemStatusChanged { to, .. } => (format!("set it to: {}", to.as_words()), None),
            _ => return None,
        };
        let clock = e.at.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string();
        Some(Step { at: e.at.rfc3339(), clock, who: e.actor.shown(), what, version })
    };
    log.iter().rev().filter_map(step).collect()
}

pub async fn page(
    State(state): State<WebState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let page = async {
        let Some(ground) = Ground::of(&state, &headers, &id).await? else { return Ok(pages::welcome()) };
        let all = versions(&ground.log);
        let wanted = body::query(asked)?.version;
        let shown = match wanted {
            None => None,
            Some(no) => Some(all.iter().position(|v| v.no == no).ok_or_else(|| {
                let message =
                    format!("The post-mortem of {} has no version {no}; the last is {}.", ground.id, all.len());
                No::new(StatusCode::NOT_FOUND, "no_such_version", message)
            })?),
        };
        let old = |at: usize| {
            let nothing = Texts::new();
            let before = at.checked_sub(1).and_then(|b| all.get(b)).map_or(&nothing, |v| &v.texts);
            let text = |texts: &Texts, c: Chapter| texts.get(&c).cloned().unwrap_or_default();
            let chapter = |v: &Version, c: Chapter| Old {
                heading: sentence(c.as_words()),
                text: text(&v.texts, c),
                changed: v.changed.contains(&c),
                before: text(before, c),
            };
            all.get(at).map_or(Vec::new(), |v| Chapter::ALL.into_iter().map(|c| chapter(v, c)).collect())
        };
        let chapters: Vec<Old> = shown.map_or(Vec::new(), old);
        Ok(pages::page(
            "history.html",
            context! {
                person => ground.session.person.as_str(), form => ground.session.form.as_str(),
                id => ground.id.to_string(), number => ground.id.0, title => ground.incident.title.as_str(),
                stand => Serde(stand(&ground.incident)), steps => Serde(steps(&ground.log, &all)),
                shown => wanted, chapters => Serde(&chapters),
            },
        ))
    };
    page.await.unwrap_or_else(pages::problem)
}
