//! The draft of a post-mortem as programs and people fetch it: Markdown, one HTML file or JSON, in the layout and the
//! zone they ask for. Only who may see the incident gets it; nothing is changed here.

use super::WebState;
use super::auth::{self, Bearer, Viewer};
use super::body;
use super::error::{No, read_failed};
use super::pages;
use super::see::id_of;
use crate::config::Template;
use crate::fault::{Fault, FaultKind};
use crate::notice::template::{self, Markup};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use firebell_domain::id::IncidentId;
use firebell_domain::postmortem::{self, Draft, Layout, Zone, html};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(rename = "as")]
    who: Option<String>,
    format: Option<String>,
    template: Option<String>,
    zone: Option<String>,
}

enum Format {
    Markdown(&'static str),
    Html,
    Json,
}

pub async fn api(
    State(state): State<WebState>,
    bearer: Bearer,
    Path(id): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, No> {
    let asked = body::query(asked)?;
    let viewer = bearer.viewer(asked.who.as_deref())?;
    let format = match asked.format.as_deref().unwrap_or("md") {
        "md" => Format::Markdown("text/markdown; charset=utf-8"),
        "html" => Format::Html,
        "json" => Format::Json,
        _ => return Err(No::bad("bad_query", "format is md, html or json.")),
    };
    draft(&state, id_of(&id)?, &viewer, &asked, format).await
}

/// In the room the draft is plain text, unless a format is asked for.
pub async fn room(
    State(state): State<WebState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let page = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        let asked = body::query(asked)?;
        let format = match asked.format.as_deref().unwrap_or("md") {
            "md" => Format::Markdown("text/plain; charset=utf-8"),
            "html" => Format::Html,
            "json" => Format::Json,
            _ => return Err(No::bad("bad_query", "format is md, html or json.")),
        };
        draft(&state, id_of(&id)?, &session.viewer(), &asked, format).await
    };
    page.await.unwrap_or_else(pages::problem)
}

async fn draft(
    state: &WebState,
    id: IncidentId,
    viewer: &Viewer,
    asked: &Asked,
    format: Format,
) -> Result<Response, No> {
    let manner = manner(state.templates(), asked.template.as_deref(), &format)?;
    let zone = match asked.zone.as_deref() {
        Some(name) => Zone::parse(name)
            .ok_or_else(|| No::bad("bad_query", "zone is a name of the time zone database such as Europe/Madrid."))?,
        None => own_zone(state, viewer),
    };
    state.must_see(id, viewer).await?;
    let log = state.whole_log(id).await?;
    let damaged = |what: String| read_failed(Fault::new(FaultKind::Damaged, format!("draft of {id}: {what}")));
    let draft = postmortem::draft(&log).map_err(|e| damaged(e.to_string()))?;
    let own = |t: &Template, draft: Draft| {
        let name = t.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        template::postmortem(&name, &t.source, Markup::of(t.html), draft, zone).map_err(|why| {
            let message = format!("The template cannot be used: {why} Tell whoever looks after the templates.");
            No::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_template", message)
        })
    };
    Ok(match (format, manner) {
        (Format::Json, _) => {
            as_kind("application/json", postmortem::to_json(&draft).map_err(|e| damaged(e.to_string()))?)
        }
        (Format::Markdown(kind), Manner::Layout(layout)) => {
            as_kind(kind, postmortem::to_markdown(&draft, layout, zone))
        }
        (Format::Markdown(kind), Manner::Own(template)) => as_kind(kind, own(template, draft)?),
        (Format::Html, Manner::Layout(layout)) => page(postmortem::to_html(&draft, layout, zone), &policy()),
        (Format::Html, Manner::Own(template)) => page(own(template, draft)?, OWN_POLICY),
    })
}

/// A layout of ours or a template of theirs.
enum Manner<'a> {
    Layout(Layout),
    Own(&'a Template),
}

/// By its name. JSON has the facts whatever the manner.
fn manner<'a>(own: &'a [Template], asked: Option<&str>, format: &Format) -> Result<Manner<'a>, No> {
    let Some(name) = asked else { return Ok(Manner::Layout(Layout::Default)) };
    if let Some(layout) = Layout::parse(name) {
        return Ok(Manner::Layout(layout));
    }
    let html = matches!(format, Format::Html);
    let named = || own.iter().filter(|t| t.name == name.trim());
    match (named().find(|t| t.html == html), named().next()) {
        (Some(template), _) => Ok(Manner::Own(template)),
        (None, Some(_)) if matches!(format, Format::Json) => Ok(Manner::Layout(Layout::Default)),
        (None, Some(other)) => {
            let format = if other.html { "html" } else { "md" };
            Err(No::bad("bad_query", format!("The template {} writes format={format} only.", other.name)))
        }
        (None, None) => {
            let mut known: Vec<&str> = Layout::ALL.map(Layout::as_str).to_vec();
            known.extend(own.iter().map(|t| t.name.as_str()));
            known.dedup();
            Err(No::bad("bad_query", format!("template is one of {}.", known.join(", "))))
        }
    }
}

fn page(text: String, policy: &str) -> Response {
    let mut response = as_kind("text/html; charset=utf-8", text);
    if let Ok(policy) = HeaderValue::from_str(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A template of theirs brings its own style, and what people wrote is escaped in it; nothing else is loaded or run.
const OWN_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

fn as_kind(kind: &'static str, text: String) -> Response {
    let kind: [(HeaderName, HeaderValue); 1] = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    (kind, text).into_response()
}

/// Whose eyes it is for; UTC where nothing is configured.
pub fn own_zone(state: &WebState, viewer: &Viewer) -> Zone {
    let app = state.app();
    let directory = app.directory();
    let person = viewer.person.as_ref().and_then(|p| directory.people.get(p));
    person.map_or(Zone::default(), |p| Zone(p.time_zone))
}

/// The page may load nothing but its own style, which is named by its hash.
fn policy() -> String {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(html::STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    )
}
