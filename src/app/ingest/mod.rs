//! Alerts coming in: a source's request becomes deliveries for the domain, or something unreadable that pages all the
//! same. Pure except for `take`, which hands the result to `app::act`. One file per kind of source.

mod alertmanager;
pub mod dry_run;
mod generic;
mod sort;
#[cfg(test)]
mod tests;

use super::{Act, ActError, Acted, App, On};
use crate::config::{Ingest, IngestKind};
use crate::fault::Fault;
use crate::measure;
use base64::Engine as _;
use firebell_domain::alert::{AlertStatus, Delivery};
use firebell_domain::decide::{Declaration, Unreadable};
use firebell_domain::directory::Directory;
use firebell_domain::event::{Actor, KeptAs};
use firebell_domain::id::IncidentId;
use firebell_domain::limits;
use firebell_domain::text;
use firebell_domain::time::Timestamp;
use futures_util::{StreamExt, TryStreamExt, stream};
use sort::Reader;
pub use sort::Sorted;

/// A body up to this size is read in well under a millisecond.
const READ_HERE_BYTES_MAX: usize = 64 * 1024;
/// Groups of one request that wait for the writer together, so that they share commits and still leave it room.
const GROUPS_AT_ONCE: usize = 32;

/// One group: what of it is heard, and the incident that it declares if it belongs to none.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub delivery: Delivery,
    pub declaration: Declaration,
    /// Every alert of the group in the order of the body, also those that a rule mutes.
    pub sorted: Vec<Sorted>,
}

impl Reading {
    pub fn muted(&self) -> usize {
        self.sorted.iter().filter(|s| s.muted()).count()
    }

    /// All that fires is muted.
    pub fn all_muted(&self) -> bool {
        let fires = self.delivery.alerts.iter().any(|a| a.status == AlertStatus::Firing);
        !fires && self.delivery.truncated == 0 && self.muted() > 0
    }
}

// What becomes of a group, as its source is told.
const DECLARED: &str = "declared";
const JOINED: &str = "joined";
const REOPENED: &str = "reopened";
const MUTED: &str = "muted";
const NOTHING_NEW: &str = "nothing new";

/// What became of a request.
#[derive(Debug, PartialEq)]
pub enum Taken {
    /// Incident and what happened to it: `declared`, `joined`, `reopened`, `muted`, or nothing that was news.
    Deliveries(Vec<(Option<IncidentId>, &'static str)>),
    /// It could not be read; the incident that says so pages. The source is told what was wrong with it.
    Unreadable { incident: Option<IncidentId>, problem: String },
}

/// Reads a request's body. The error is a sentence for the source's owner.
pub fn read(source: &str, settings: &Ingest, body: &[u8], directory: &Directory) -> Result<Vec<Reading>, String> {
    let json: serde_json::Value = serde_json::from_slice(body)
        .map_err(|e| format!("not JSON: {} at line {}, column {}", reason(&e), e.line(), e.column()))?;
    let reader = Reader { source, settings, directory };
    match &settings.kind {
        IngestKind::Alertmanager => alertmanager::read(&reader, &json).map(|r| vec![r]),
        IngestKind::Generic(mapping) => generic::read(&reader, mapping, &json),
    }
}

fn reason(e: &serde_json::Error) -> &'static str {
    match e.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "something unexpected stands there",
    }
}

/// A group's key as we keep it: without controls (one of ours begins with one), bounded, and still its own.
fn group_key(raw: &str) -> String {
    const BYTES_MAX: usize = 500;
    let clean: String = raw.chars().filter(|c| !c.is_control()).collect();
    if clean.len() <= BYTES_MAX && clean.len() == raw.len() {
        return clean;
    }
    let hash =
        firebell_domain::chain::hex(&sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(raw)));
    format!("{}#{hash}", text::cut(&clean, 100))
}

fn title(raw: &str) -> String {
    let line = text::line_of_machine(raw, limits::TITLE_CHARS_MAX);
    if line.is_empty() { "an alert without a name".to_string() } else { line }
}

/// What is kept of a request that could not be read.
pub fn unreadable(source: &str, problem: &str, body: &[u8], bytes: u64) -> Unreadable {
    let head = body.get(..limits::UNREADABLE_KEPT_BYTES_MAX).unwrap_or(body);
    // A cut inside a character is not what makes it no text.
    let text = match std::str::from_utf8(head) {
        Ok(t) => Some(t),
        Err(e) if e.error_len().is_none() => std::str::from_utf8(head.get(..e.valid_up_to()).unwrap_or_default()).ok(),
        Err(_) => None,
    };
    let (kept, kept_as) = match text {
        Some(t) => (t.to_string(), KeptAs::Text),
        None => (base64::engine::general_purpose::STANDARD.encode(head), KeptAs::Base64),
    };
    Unreadable { source: source.to_string(), problem: problem.to_string(), bytes, kept, kept_as }
}

/// Takes a whole request of an authenticated source. Nothing is answered before it is durable. After a fault the
/// source sends it again: what was recorded before is no news then.
pub async fn take(app: &App, source: &str, settings: &Ingest, body: Vec<u8>) -> Result<Taken, ActError> {
    let arrived_at = app.clock().now();
    let (readings, body) = read_aside(app, source, settings, body).await?;
    match readings {
        Ok(readings) => {
            let held = Held::of(&readings);
            let acts = readings.into_iter().map(|reading| take_group(app, source, arrived_at, reading));
            let done = stream::iter(acts).buffered(GROUPS_AT_ONCE).try_collect().await.map(Taken::Deliveries)?;
            measure::alerts_read(source, held.firing, held.resolved, held.muted);
            Ok(done)
        }
        Err(problem) => {
            let bytes = body.len() as u64;
            take_unreadable(app, source, settings, &problem, &body, bytes).await
        }
    }
}

async fn take_group(
    app: &App,
    source: &str,
    arrived_at: Timestamp,
    reading: Reading,
) -> Result<(Option<IncidentId>, &'static str), ActError> {
    let all_muted = reading.all_muted();
    let done = act(app, source, arrived_at, On::Alerts(reading.delivery, reading.declaration)).await?;
    let done = if all_muted && done.0.is_none() { (None, MUTED) } else { done };
    measure::delivery(source, if done.1 == NOTHING_NEW { "nothing_new" } else { done.1 });
    Ok(done)
}

/// What a request held, once it was read.
struct Held {
    firing: u64,
    resolved: u64,
    /// Firing alerts that a rule keeps from making an incident.
    muted: u64,
}

impl Held {
    fn of(readings: &[Reading]) -> Held {
        let all = || readings.iter().flat_map(|r| &r.sorted);
        let count = |status| all().filter(|s| s.alert.status == status).count() as u64;
        Held {
            firing: count(AlertStatus::Firing),
            resolved: count(AlertStatus::Resolved),
            muted: all().filter(|s| s.muted()).count() as u64,
        }
    }
}

/// Reads a body; a large one beside the tasks that commit and page, which it would hold up.
async fn read_aside(
    app: &App,
    source: &str,
    settings: &Ingest,
    body: Vec<u8>,
) -> Result<(Result<Vec<Reading>, String>, Vec<u8>), Fault> {
    let directory = app.directory();
    if body.len() <= READ_HERE_BYTES_MAX {
        return Ok((read_whatever_comes(source, settings, &body, &directory), body));
    }
    let (source, settings) = (source.to_string(), settings.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let readings = read_whatever_comes(&source, &settings, &body, &directory);
        (readings, body)
    });
    reading.await.map_err(|e| Fault::bug(format!("reading a request: {e}")).logged())
}

/// A body that our own reading stumbles over pages like one that is none.
fn read_whatever_comes(
    source: &str,
    settings: &Ingest,
    body: &[u8],
    directory: &Directory,
) -> Result<Vec<Reading>, String> {
    not_stumbling(source, || read(source, settings, body, directory))
}

fn not_stumbling<T>(source: &str, reading: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(reading)).unwrap_or_else(|_| {
        tracing::error!(source.name = %source, "reading a request panicked: its beginning is kept in the incident");
        Err("Firebell stumbled over it, which is a defect of Firebell".to_string())
    })
}

/// Declares (or joins) "source NAME sent something unreadable".
pub async fn take_unreadable(
    app: &App,
    source: &str,
    settings: &Ingest,
    problem: &str,
    body: &[u8],
    bytes: u64,
) -> Result<Taken, ActError> {
    let declaration = unreadable_declaration(source, settings, &app.directory());
    let on = On::Unreadable(unreadable(source, problem, body, bytes), declaration);
    let (incident, _) = act(app, source, app.clock().now(), on).await?;
    Ok(Taken::Unreadable { incident, problem: problem.to_string() })
}

fn unreadable_declaration(source: &str, settings: &Ingest, directory: &Directory) -> Declaration {
    Declaration {
        title: format!("source {source} sent something unreadable"),
        severity: Reader { source, settings, directory }.severity(None, settings.service.as_ref()),
        service: settings.service.clone(),
        private: false,
        because: None,
    }
}

async fn act(
    app: &App,
    source: &str,
    arrived_at: Timestamp,
    on: On,
) -> Result<(Option<IncidentId>, &'static str), ActError> {
    let alerts = matches!(on, On::Alerts(..));
    let actor = Actor::Source { name: source.to_string() };
    let acted = app.act_arrived(Act { on, actor, once: None }, arrived_at).await;
    let became = acted.map(|acted| match acted {
        Acted::Changed(c) => {
            let reopened = c.before.as_ref().is_some_and(|b| !b.status.open()) && c.after.status.open();
            let what = match (&c.before, reopened) {
                (None, _) => DECLARED,
                (Some(_), true) => REOPENED,
                (Some(_), false) => JOINED,
            };
            (Some(c.after.id), what)
        }
        Acted::Nothing | Acted::Recorded | Acted::Again(_) => (None, NOTHING_NEW),
    });
    // What a rule muted is counted by whoever knows of it.
    if let (true, Err(e)) = (alerts, &became) {
        measure::delivery(source, e.outcome());
    }
    became
}
