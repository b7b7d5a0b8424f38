//! The post-mortem in the room: a form for what people write, and how far it is (its history: `history.rs`). Whoever saves over a
//! version that is not the last one any more gets their own text back beside the other; nothing is thrown away.
//! Works without a script. Decides nothing.

use super::WebState;
use super::auth::{self, Bearer, Session};
use super::body;
use super::error::{No, read_failed};
use super::guard;
use super::json;
use super::once;
use super::pages;
use super::see::id_of;
use crate::app::{ActError, On};
use crate::fault::{Fault, FaultKind};
use crate::measure;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use firebell_domain::decide::Input;
use firebell_domain::event::{Actor, IncidentEvent};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::limits;
use firebell_domain::postmortem::written::{Texts, versions};
use firebell_domain::postmortem::{self, Chapter, Draft, Zone};
use firebell_domain::status::{IncidentStatus, PostmortemStatus};
use firebell_domain::timeline::words::sentence;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sign beside how far it is.
fn icon(status: PostmortemStatus) -> &'static str {
    match status {
        PostmortemStatus::Draft => "◔",
        PostmortemStatus::InReview => "◕",
        PostmortemStatus::Published => "✓",
    }
}

/// A button that moves it on.
#[derive(Serialize)]
struct Move {
    word: &'static str,
    status: &'static str,
}

/// Where it can go from here.
fn moves(status: PostmortemStatus) -> Vec<Move> {
    let (draft, review, publish) = (
        Move { word: "Back to draft", status: "draft" },
        Move { word: "Send to review", status: "review" },
        Move { word: "Publish", status: "published" },
    );
    match status {
        PostmortemStatus::Draft => vec![review, publish],
        PostmortemStatus::InReview => vec![publish, draft],
        PostmortemStatus::Published => vec![Move { word: "Open it again for review", status: "review" }],
    }
}

/// How far it is, for the incident's page and for the editor.
#[derive(Serialize)]
pub struct Stand {
    word: &'static str,
    icon: &'static str,
    version: u32,
    by: Option<String>,
    at: Option<String>,
    clock: Option<String>,
    editable: bool,
    moves: Vec<Move>,
}

/// A chapter as it is read.
#[derive(Serialize)]
pub struct Read {
    heading: String,
    /// Rendered and escaped by the domain.
    html: String,
}

pub fn stand(incident: &Incident) -> Stand {
    let (status, written) = (incident.course.postmortem, &incident.written);
    let resolved = incident.status == IncidentStatus::Resolved;
    Stand {
        word: status.as_words(),
        icon: icon(status),
        version: written.version,
        by: written.by.as_ref().map(Actor::shown),
        at: written.at.map(|t| t.rfc3339()),
        clock: written.at.map(|t| t.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()),
        editable: status != PostmortemStatus::Published,
        moves: if resolved { moves(status) } else { Vec::new() },
    }
}

/// What people write, as it reads now.
pub fn preview(draft: &Draft, zone: Zone) -> Vec<Read> {
    let read = |c: Chapter| Read {
        heading: sentence(c.as_words()),
        html: postmortem::blocks_to_html(&c.part().blocks(draft, zone), zone),
    };
    Chapter::ALL.into_iter().map(read).collect()
}

/// A field of the form.
#[derive(Serialize)]
struct Field {
    name: &'static str,
    heading: String,
    text: String,
    questions: Vec<String>,
    /// What was saved meanwhile, where both wrote.
    theirs: Option<String>,
}

/// Who asks, and the incident that it is about.
pub struct Ground {
    pub id: IncidentId,
    pub session: Session,
    pub log: Vec<IncidentEvent>,
    pub incident: Incident,
}

impl Ground {
    /// `None`: nobody is signed in.
    pub async fn of(state: &WebState, headers: &HeaderMap, id: &str) -> Result<Option<Ground>, No> {
        let Some(session) = auth::session(headers, state).await? else { return Ok(None) };
        Ground::seen(state, session, id_of(id)?).await.map(Some)
    }

    async fn seen(state: &WebState, session: Session, id: IncidentId) -> Result<Ground, No> {
        state.must_see(id, &session.viewer()).await?;
        let log = state.whole_log(id).await?;
        let incident = Incident::replay(&log).map_err(|e| damaged(id, &e))?;
        let incident = incident.ok_or_else(|| No::no_such_incident(&id.to_string()))?;
        Ok(Ground { id, session, log, incident })
    }

    fn draft(&self) -> Result<Draft, No> {
        postmortem::draft(&self.log).map_err(|e| damaged(self.id, &e))
    }
}

fn damaged(id: IncidentId, why: &dyn std::fmt::Display) -> No {
    read_failed(Fault::new(FaultKind::Damaged, format!("post-mortem of {id}: {why}")))
}

/// What stands above the form.
#[derive(Default, Serialize)]
struct Said {
    text: String,
    refused: bool,
}

#[derive(Deserialize)]
pub struct Asked {
    saved: Option<u32>,
}

pub async fn page(
    State(state): State<WebState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let page = async {
        let Some(ground) = Ground::of(&state, &headers, &id).await? else { return Ok(pages::welcome()) };
        let last = ground.incident.written.version;
        let text = match body::query(asked)?.saved {
            Some(n) if n > 0 && n <= last => format!("Saved as version {n}."),
            _ => String::new(),
        };
        form(&state, &ground, None, Said { text, refused: false })
    };
    page.await.unwrap_or_else(pages::problem)
}

/// What somebody wrote over a version and could not save.
struct Unsaved<'a> {
    texts: &'a Texts,
    /// The texts as they stood in that version.
    over: Texts,
}

impl Unsaved<'_> {
    /// What goes into the field, and what was saved meanwhile where both wrote. Where only the others did, theirs
    /// stands: there is nothing of one's own to lose.
    fn merged(&self, chapter: Chapter, stands: &str) -> (String, Option<String>) {
        let over = self.over.get(&chapter).map_or("", String::as_str);
        let mine = self.texts.get(&chapter).map_or(over, String::as_str);
        let plain = mine.replace("\r\n", "\n");
        match plain.trim() {
            same if same == over => (stands.to_string(), None),
            same if same == stands || stands == over => (mine.to_string(), None),
            _ => (mine.to_string(), Some(stands.to_string())),
        }
    }
}

/// The form: with what stands, or with what somebody wrote and could not save.
fn form(state: &WebState, ground: &Ground, unsaved: Option<&Unsaved<'_>>, said: Said) -> Result<Response, No> {
    let (incident, written) = (&ground.incident, &ground.incident.written);
    let draft = ground.draft()?;
    let field = |chapter: Chapter| {
        let stands = written.text(chapter);
        let (text, theirs) = unsaved.map_or((stands.to_string(), None), |u| u.merged(chapter, stands));
        Field {
            name: chapter.as_str(),
            heading: sentence(chapter.as_words()),
            text,
            questions: draft.questions.of(chapter).to_vec(),
            theirs,
        }
    };
    let fields: Vec<Field> = Chapter::ALL.into_iter().map(field).collect();
    let now = state.app().clock().now();
    Ok(pages::page(
        "edit.html",
        context! {
            person => ground.session.person.as_str(), form => ground.session.form.as_str(),
            id => incident.id.to_string(), number => incident.id.0, title => incident.title.as_str(),
            private => incident.private, stand => Serde(stand(incident)), fields => Serde(&fields),
            chapters => Serde(preview(&draft, Zone::default())), said => Serde(&said),
            seq => incident.seq, chars_max => limits::POSTMORTEM_CHARS_MAX, now => now.rfc3339(),
        },
    ))
}

/// The texts of chapters, by the names that forms and programs have for them.
fn texts_of(named: BTreeMap<String, String>) -> Result<Texts, No> {
    let one = |(name, text): (String, String)| match Chapter::parse(&name) {
        Some(chapter) => Ok((chapter, text)),
        None => {
            let known = Chapter::ALL.map(Chapter::as_str).join(", ");
            let name = firebell_domain::text::line_of_machine(&name, 40);
            Err(No::bad("bad_chapter", format!("There is no chapter \"{name}\". There are {known}.")))
        }
    };
    named.into_iter().map(one).collect()
}

fn room_actor(session: &Session) -> Actor {
    Actor::Person { name: session.person.clone(), via: "room".to_string() }
}

/// What a browser sends: the fields of the form by their names.
async fn posted(state: &WebState, headers: &HeaderMap, body: Body) -> Result<(Session, BTreeMap<String, String>), No> {
    let session = auth::session(headers, state).await?.ok_or_else(|| {
        let message = "Your session is over and nothing was saved. Go back: your text is still in the form. Sign in in \
                       another window (\"firebell invite NAME\" makes a link), then save again.";
        No::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    })?;
    let bytes = body::bytes_within(body, limits::POSTMORTEM_BODY_BYTES_MAX).await?;
    let mut named: BTreeMap<String, String> = body::form(headers, &bytes).await?;
    let token = named.remove("form").unwrap_or_default();
    guard::same_origin(state, headers, &session, Some(&token))?;
    Ok((session, named))
}

pub async fn save(State(state): State<WebState>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let page = async {
        let (session, mut named) = posted(&state, &headers, body).await?;
        let id = id_of(&id)?;
        state.must_see(id, &session.viewer()).await?;
        let base = named.remove("base").and_then(|b| b.parse().ok());
        let base = base.ok_or_else(|| No::bad("bad_form", "The form does not read. Go back and try again."))?;
        let texts = texts_of(named)?;
        let input = Input::EditPostmortem { base, texts: texts.clone() };
        match act(&state, id, input, &room_actor(&session)).await {
            Ok(version) => {
                Ok(Redirect::to(&format!("/incidents/{}/postmortem/edit?saved={version}", id.0)).into_response())
            }
            Err(no) => {
                let ground = Ground::seen(&state, session, id).await?;
                let mut text = no.message;
                if no.code == "postmortem_moved" {
                    text.push_str(
                        " Your text is still below; where you both wrote, the saved text stands above yours.",
                    );
                }
                let over =
                    versions(&ground.log).into_iter().find(|v| v.no == base).map(|v| v.texts).unwrap_or_default();
                let unsaved = Unsaved { texts: &texts, over };
                let mut page = form(&state, &ground, Some(&unsaved), Said { text, refused: true })?;
                *page.status_mut() = no.status;
                Ok(page)
            }
        }
    };
    page.await.unwrap_or_else(pages::problem)
}

/// Does it; the version that stands then.
async fn act(state: &WebState, id: IncidentId, input: Input, actor: &Actor) -> Result<u32, No> {
    let done = state.app().act_on(id, input, actor).await;
    measure::command("postmortem", done.as_ref().map_or_else(ActError::outcome, |_| "done"));
    Ok(done?.after.written.version)
}

/// A button that moves it on.
pub async fn status(State(state): State<WebState>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let page = async {
        let (session, named) = posted(&state, &headers, body).await?;
        let id = id_of(&id)?;
        state.must_see(id, &session.viewer()).await?;
        let status = named.get("status").and_then(|s| PostmortemStatus::parse(s));
        let status = status.ok_or_else(|| No::bad("bad_form", "The form does not read. Go back and try again."))?;
        match act(&state, id, Input::SetPostmortem { status }, &room_actor(&session)).await {
            Ok(_) => Ok(Redirect::to(&format!("/incidents/{}/postmortem/edit", id.0)).into_response()),
            Err(no) => {
                let ground = Ground::seen(&state, session, id).await?;
                let mut page = form(&state, &ground, None, Said { text: no.message, refused: true })?;
                *page.status_mut() = no.status;
                Ok(page)
            }
        }
    };
    page.await.unwrap_or_else(pages::problem)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    #[serde(default, rename = "as")]
    who: Option<String>,
    version: u32,
    texts: BTreeMap<String, String>,
}

/// The same for programs.
pub async fn api(
    State(state): State<WebState>,
    Path(id): Path<String>,
    bearer: Bearer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, No> {
    let id = id_of(&id)?;
    let bytes = body::bytes_within(body, limits::POSTMORTEM_BODY_BYTES_MAX).await?;
    let edit: Edit = body::json(&headers, &bytes)?;
    let key = once::key(&headers, &bearer, "POST", &format!("/api/v1/incidents/{}/postmortem", id.0), &bytes)?;
    let actor = bearer.actor(edit.who.as_deref())?;
    state.must_see(id, &bearer.viewer(edit.who.as_deref())?).await?;
    let input = Input::EditPostmortem { base: edit.version, texts: texts_of(edit.texts)? };
    let done = once::act(&state, On::Incident(id, input), actor, key, StatusCode::OK, json::changed).await;
    measure::command("postmortem", done.as_ref().map_or_else(No::outcome, |_| "done"));
    Ok(done?.0)
}
