//! What runs did, for people and programs: each as a table that fills in while it runs, what its commands said, and all
//! of it in one archive. Only who may see the incident gets any of it. Changes nothing, starts nothing.

use super::WebState;
use super::auth::{self, Bearer, Viewer};
use super::body;
use super::error::{No, read_failed};
use super::pages;
use super::see::id_of;
use crate::notice::runs as words;
use crate::store::RunOutput;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_domain::event::IncidentEvent;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::run::table::{self, Row, Table};
use firebell_domain::run::{self, RunNo};
use firebell_domain::time::Timestamp;
use firebell_domain::timeline;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Write;

/// Bytes of outputs in one archive, before they are packed; what is beyond it is named in its list.
const BUNDLE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of one output that stand in the page; all of it is in the archive.
const SHOWN_BYTES_MAX: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(rename = "as")]
    who: Option<String>,
}

type Read = Result<Query<Asked>, QueryRejection>;

/// A row as the page's template has it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: &'a Row,
    place: i64,
    icon: &'static str,
    word: &'static str,
    took: String,
    said: Option<String>,
    more: bool,
}

pub async fn page(
    State(state): State<WebState>,
    Path((id, no)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let page = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        let (id, log, table) = one(&state, &id, &no, &session.viewer()).await?;
        let incident = Incident::replay(&log).ok().flatten().ok_or_else(|| No::no_such_incident(&id.to_string()))?;
        let said = outputs(&state, id, table.run).await?;
        let rows: Vec<Shown> = table.rows.iter().map(|row| shown(row, &said)).collect();
        let run = incident.runs.get(&table.run);
        let approve = run.filter(|r| matches!(r.state, firebell_domain::run::RunState::Asked { .. }));
        let how = approve.map(|r| words::how(id, r));
        let at = |t: Option<Timestamp>| t.map(|t| t.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string());
        Ok(pages::page(
            "run.html",
            context! {
                person => session.person.as_str(), form => session.form.as_str(),
                number => id.0, id => id.to_string(), title => incident.title.as_str(),
                t => Serde(&table), rows => Serde(&rows), how => how,
                asked_by => table.asked_by.shown(), began => at(table.began_at), ended => at(table.ended_at),
                counted => words::counted(&table), seq => incident.seq,
            },
        ))
    };
    page.await.unwrap_or_else(pages::problem)
}

fn shown<'a>(row: &'a Row, said: &[RunOutput]) -> Shown<'a> {
    let text = text_of(row, said).map(|t| firebell_domain::text::cut(t, SHOWN_BYTES_MAX));
    let more = text_of(row, said).is_some_and(|t| text.as_ref().is_some_and(|s| s.len() < t.len()))
        || row.output.as_ref().is_some_and(|o| o.left_out > 0);
    let took = row.took_ms.map_or(String::new(), words::took);
    Shown { row, place: place(row), icon: row.mark.icon(), word: row.mark.as_word(), took, said: text, more }
}

/// Where a command's output and files are kept.
fn place(row: &Row) -> i64 {
    run::place(row.at, row.verifies)
}

fn text_of<'o>(row: &Row, said: &'o [RunOutput]) -> Option<&'o str> {
    said.iter().find(|o| o.place == place(row)).map(|o| o.output.as_str())
}

/// Every run of an incident, without its rows.
pub async fn list(
    State(state): State<WebState>,
    bearer: Bearer,
    Path(id): Path<String>,
    asked: Read,
) -> Result<Json<Value>, No> {
    let viewer = bearer.viewer(body::query(asked)?.who.as_deref())?;
    let id = id_of(&id)?;
    state.must_see(id, &viewer).await?;
    let log = state.whole_log(id).await?;
    let tables = table::all(&log).into_iter().filter_map(|no| table::table(&log, no));
    let runs: Vec<Value> = tables.map(|t| head(&t)).collect();
    Ok(Json(json!({ "incident": id.to_string(), "runs": runs })))
}

/// One run with its rows and what they said.
pub async fn api(
    State(state): State<WebState>,
    bearer: Bearer,
    Path((id, no)): Path<(String, String)>,
    asked: Read,
) -> Result<Json<Value>, No> {
    let viewer = bearer.viewer(body::query(asked)?.who.as_deref())?;
    let (id, _, table) = one(&state, &id, &no, &viewer).await?;
    let said = outputs(&state, id, table.run).await?;
    let row = |row: &Row| {
        let mut value = json!(row);
        value["said"] = json!(text_of(row, &said));
        for (file, named) in row.files.iter().zip(value["files"].as_array_mut().into_iter().flatten()) {
            let at = format!("/api/v1/incidents/{}/runs/{}/files/{}/{}", id.0, table.run, place(row), file.name);
            named["path"] = json!(at);
        }
        value
    };
    let rows: Vec<Value> = table.rows.iter().map(row).collect();
    let mut run = head(&table);
    run["rows"] = json!(rows);
    Ok(Json(json!({ "incident": id.to_string(), "run": run })))
}

fn head(t: &Table) -> Value {
    json!({
        "no": t.run,
        "name": t.name,
        "kind": t.kind,
        "target": t.target,
        "file": t.file,
        "asked_by": t.asked_by.shown(),
        "asked_at": t.asked_at.rfc3339(),
        "began_at": t.began_at.map(Timestamp::rfc3339),
        "ended_at": t.ended_at.map(Timestamp::rfc3339),
        "standing": t.standing,
        "over": t.over,
        "verified": t.verified,
    })
}

async fn one(
    state: &WebState,
    id: &str,
    no: &str,
    viewer: &Viewer,
) -> Result<(IncidentId, Vec<IncidentEvent>, Table), No> {
    let id = id_of(id)?;
    state.must_see(id, viewer).await?;
    let log = state.whole_log(id).await?;
    let table = no.parse::<RunNo>().ok().and_then(|no| table::table(&log, no));
    let table = table.ok_or_else(|| {
        let written = firebell_domain::text::line_of_machine(no, 20);
        No::new(StatusCode::NOT_FOUND, "no_such_run", format!("{id} has no run {written}."))
    })?;
    Ok((id, log, table))
}

async fn outputs(state: &WebState, id: IncidentId, no: RunNo) -> Result<Vec<RunOutput>, No> {
    state.app().store().outputs(id, no).await.map_err(read_failed)
}

/// A file that a command made, for whoever has a session.
pub async fn file(
    State(state): State<WebState>,
    Path(which): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        kept(&state, &which, &session.viewer()).await
    };
    found.await.unwrap_or_else(pages::problem)
}

/// The same for programs.
pub async fn file_api(
    State(state): State<WebState>,
    bearer: Bearer,
    Path(which): Path<(String, String, String, String)>,
    asked: Read,
) -> Result<Response, No> {
    let viewer = bearer.viewer(body::query(asked)?.who.as_deref())?;
    kept(&state, &which, &viewer).await
}

/// Only what the log names, and only as what the log says it is.
async fn kept(
    state: &WebState,
    (id, no, at, name): &(String, String, String, String),
    viewer: &Viewer,
) -> Result<Response, No> {
    let (id, _, table) = one(state, id, no, viewer).await?;
    let row = table.rows.iter().find(|r| at.parse() == Ok(place(r)));
    let named = row.and_then(|r| r.files.iter().find(|f| f.name == *name).map(|f| (place(r), f)));
    let gone = |what: &str| No::new(StatusCode::NOT_FOUND, "no_such_file", format!("Run {no} of {id} {what}."));
    let Some((place, named)) = named else { return Err(gone("has no such file")) };
    let file = state.app().store().run_file(id, table.run, place, name).await.map_err(read_failed)?;
    let file = file.filter(|f| f.digest == named.digest);
    let Some(file) = file else { return Err(gone("has this file no longer: only the newest are kept")) };
    let picture = file.media_type == "image/png";
    let kind = if picture { "image/png" } else { "application/octet-stream" };
    let how = if picture { "inline" } else { "attachment" };
    let disposition = format!("{how}; filename=\"{id}-run-{no}-{name}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_string()), (header::CONTENT_DISPOSITION, disposition)], file.content)
        .into_response())
}

/// Everything that was gathered, for whoever has a session.
pub async fn bundle(State(state): State<WebState>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let made = async {
        let Some(session) = auth::session(&headers, &state).await? else { return Ok(pages::welcome()) };
        archive(&state, id_of(&id)?, &session.viewer()).await
    };
    made.await.unwrap_or_else(pages::problem)
}

/// The same for programs.
pub async fn bundle_api(
    State(state): State<WebState>,
    bearer: Bearer,
    Path(id): Path<String>,
    asked: Read,
) -> Result<Response, No> {
    let viewer = bearer.viewer(body::query(asked)?.who.as_deref())?;
    archive(&state, id_of(&id)?, &viewer).await
}

async fn archive(state: &WebState, id: IncidentId, viewer: &Viewer) -> Result<Response, No> {
    state.must_see(id, viewer).await?;
    let log = state.whole_log(id).await?;
    let now = state.app().clock().now();
    let mut files: Vec<(String, Vec<u8>)> = vec![("timeline.txt".to_string(), course(&log).into_bytes())];
    let (mut held, mut left_out) = (0, Vec::new());
    for no in table::all(&log) {
        let Some(table) = table::table(&log, no) else { continue };
        files.push((format!("run-{no}/table.txt"), (words::table(id, &table).join("\n") + "\n").into_bytes()));
        let said = outputs(state, id, no).await?;
        for row in &table.rows {
            let verify = if row.verifies { "verify-" } else { "" };
            let begins = format!("run-{no}/{verify}{:02}-line-{}", row.at + 1, row.line);
            let mut found: Vec<(String, Vec<u8>)> = Vec::new();
            let text = text_of(row, &said).map(|t| format!("$ {}\n{t}", row.text));
            found.extend(text.map(|t| (format!("{begins}.txt"), t.into_bytes())));
            for file in &row.files {
                let kept = state.app().store().run_file(id, no, place(row), &file.name).await.map_err(read_failed)?;
                found.extend(kept.map(|k| (format!("{begins}-{}", k.name), k.content)));
            }
            for (name, content) in found {
                held += content.len();
                match held <= BUNDLE_BYTES_MAX {
                    true => files.push((name, content)),
                    false => left_out.push(name),
                }
            }
        }
    }
    if !left_out.is_empty() {
        files.push(("left-out.txt".to_string(), (left_out.join("\n") + "\n").into_bytes()));
    }
    let folder = format!("{id}-diagnosis");
    let packed = tokio::task::spawn_blocking(move || pack(&folder, &files, now)).await;
    let bytes = packed.map_err(|e| e.to_string()).and_then(|r| r.map_err(|e| e.to_string()));
    let bytes = bytes.map_err(|e| No::from(crate::fault::Fault::bug(format!("archive of {id}: {e}")).logged()))?;
    let name = format!("attachment; filename=\"{id}-diagnosis.tar.gz\"");
    Ok(([(header::CONTENT_TYPE, "application/gzip".to_string()), (header::CONTENT_DISPOSITION, name)], bytes)
        .into_response())
}

fn course(log: &[IncidentEvent]) -> String {
    let line = |e: &timeline::Entry| {
        let at = e.at.utc().format("%Y-%m-%d %H:%M:%S UTC");
        format!("{at}  {}  {}: {}\n", e.actor, e.icon_word, e.text)
    };
    timeline::entries(log).iter().map(line).collect()
}

/// The same files at the same moment give the same bytes.
fn pack(folder: &str, files: &[(String, Vec<u8>)], now: Timestamp) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(u64::try_from(now.utc().timestamp()).unwrap_or(0));
        archive.append_data(&mut header, format!("{folder}/{name}"), content.as_slice())?;
    }
    let mut packed = archive.into_inner()?;
    packed.flush()?;
    packed.finish()
}
