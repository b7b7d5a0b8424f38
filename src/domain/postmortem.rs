//! The draft of a post-mortem, made from an incident's log and from nothing else: every fact of the log is in it,
//! and only what people have to think about is left blank, with questions made from this incident's own events.
//! Pure: two drafts from one log are the same to the byte. Never guesses a cause.

mod chart;
pub mod course;
pub mod document;
pub mod escape;
mod facts;
pub mod html;
pub mod layout;
mod markdown;
mod parts;
mod questions;
pub mod reached;
pub mod sample;
#[cfg(test)]
mod tests;
pub mod written;

pub use document::Zone;
pub use layout::{Layout, Part};
pub use written::Chapter;

use crate::event::{Event, IncidentEvent};
use crate::incident::{Illegal, Incident};
use crate::status::IncidentStatus;
use crate::time::Timestamp;
use crate::timeline::words::{rfc3339, rfc3339_or_null, who, whole};
use crate::timeline::{self, Entry};
use serde::Serialize;
use written::Texts;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Draft {
    pub id: String,
    pub title: String,
    pub severity: String,
    pub severity_name: String,
    pub service: Option<String>,
    pub private: bool,
    pub status: String,
    pub policy: Option<String>,
    pub postmortem: &'static str,
    pub written: WrittenFact,
    pub milestones: Milestones,
    pub detection: Option<reached::Detection>,
    pub clocks: Vec<reached::Reached>,
    pub means: reached::Means,
    pub end: Option<End>,
    pub lead: Option<String>,
    pub people: Vec<Involved>,
    pub alerts: Vec<AlertFact>,
    pub unreadable: Vec<UnreadableFact>,
    pub pages: Vec<PageFact>,
    pub updates: Vec<UpdateFact>,
    pub actions: Vec<ActionFact>,
    pub questions: Questions,
    pub course: course::Course,
    pub timeline: Vec<Entry>,
}

/// How it ended, the last time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub by: String,
    pub text: String,
}

/// When it got how far. Spans are in seconds since the declaration; `null` where it never happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Milestones {
    #[serde(serialize_with = "rfc3339")]
    pub declared_at: Timestamp,
    pub declared_by: String,
    /// The first acknowledgement.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
    /// The first time it was *monitoring*: impact was over.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub mitigated_at: Option<Timestamp>,
    /// The last end; `null` while it is open.
    #[serde(serialize_with = "rfc3339_or_null")]
    pub ended_at: Option<Timestamp>,
    pub time_to_acknowledge_s: Option<i64>,
    pub time_to_mitigate_s: Option<i64>,
    /// Only where it was resolved, not where it was cancelled or merged.
    pub time_to_resolve_s: Option<i64>,
}

/// A person and what they did, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Involved {
    pub person: String,
    pub roles: Vec<String>,
    pub did: Vec<String>,
    pub pages: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertFact {
    #[serde(serialize_with = "rfc3339")]
    pub received_at: Timestamp,
    pub source: String,
    pub group: String,
    pub fingerprint: String,
    pub status: &'static str,
    #[serde(serialize_with = "rfc3339")]
    pub starts_at: Timestamp,
    pub summary: String,
}

/// Something that a source sent and nobody could read; its beginning as it was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadableFact {
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub source: String,
    pub problem: String,
    pub bytes: u64,
    pub kept_as: &'static str,
    pub kept: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PageFact {
    pub no: u32,
    pub person: Option<String>,
    pub channel: String,
    pub why: String,
    #[serde(serialize_with = "rfc3339")]
    pub queued_at: Timestamp,
    pub tries: u32,
    pub outcome: PageOutcome,
    /// The vendor's last words, its receipt, or why it was not sent.
    pub detail: Option<String>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub over_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PageOutcome {
    Waiting,
    Sent,
    Failed,
    TakenBack,
    /// Claimed before Firebell stopped: whether it arrived is not known.
    MaybeSent,
}

impl PageOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            PageOutcome::Waiting => "still waiting",
            PageOutcome::Sent => "sent",
            PageOutcome::Failed => "failed",
            PageOutcome::TakenBack => "not needed any more",
            PageOutcome::MaybeSent => "may have arrived",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateFact {
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub by: String,
    pub status: Option<String>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionFact {
    pub no: u32,
    pub text: String,
    pub owner: Option<String>,
    pub due: Option<chrono::NaiveDate>,
    #[serde(serialize_with = "rfc3339_or_null")]
    pub done_at: Option<Timestamp>,
}

/// What people wrote, as it stands, and who saved which version. Texts that were replaced are not repeated: the log has
/// them, and the room shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WrittenFact {
    pub texts: Texts,
    pub versions: Vec<VersionFact>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionFact {
    pub version: u32,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    pub by: String,
    pub changed: Vec<Chapter>,
}

/// What people are asked; each is an answer's heading until somebody writes there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Questions {
    pub contributing_factors: Vec<String>,
    pub lessons: Vec<String>,
    pub went_well: Vec<String>,
    pub lucky: Vec<String>,
}

impl Questions {
    /// Nobody is asked about what the log knows by itself.
    pub fn of(&self, chapter: Chapter) -> &[String] {
        match chapter {
            Chapter::Summary | Chapter::Impact => &[],
            Chapter::Factors => &self.contributing_factors,
            Chapter::Lessons => &self.lessons,
            Chapter::WentWell => &self.went_well,
            Chapter::Lucky => &self.lucky,
        }
    }
}

/// Makes the draft. An incident that is still open has one too, with what is known so far.
pub fn draft(events: &[IncidentEvent]) -> Result<Draft, Illegal> {
    let empty = Illegal { seq: 0, kind: "declared", why: "the log is empty" };
    let incident = Incident::replay(events)?.ok_or(empty)?;
    let clocks = reached::rounds(events)?;
    let detection = reached::detection(&incident, events);
    let mut draft = Draft {
        id: incident.id.to_string(),
        title: whole(&incident.title),
        severity: whole(&incident.severity.level),
        severity_name: whole(&incident.severity.name),
        service: incident.service.as_ref().map(|s| whole(s.as_str())),
        private: incident.private,
        status: incident.status.to_string(),
        policy: incident.policy.as_ref().map(facts::policy),
        postmortem: incident.course.postmortem.as_words(),
        written: facts::written(events),
        milestones: milestones(&incident, events),
        means: reached::means(&incident, &clocks, detection.as_ref()),
        end: facts::end(&incident, events),
        course: course::course(&incident, events, &clocks),
        detection,
        clocks,
        lead: incident.lead.as_ref().map(|p| whole(p.as_str())),
        people: facts::people(events),
        alerts: facts::alerts(events),
        unreadable: facts::unreadable(events),
        pages: facts::pages(events),
        updates: facts::updates(events),
        actions: facts::actions(&incident),
        questions: Questions::default(),
        timeline: timeline::entries(events),
    };
    draft.questions = questions::ask(&draft, &incident, events);
    Ok(draft)
}

/// The draft in Markdown.
pub fn to_markdown(draft: &Draft, layout: Layout, zone: Zone) -> String {
    markdown::render(&layout.document(draft, zone), zone)
}

/// The draft as one HTML file.
pub fn to_html(draft: &Draft, layout: Layout, zone: Zone) -> String {
    html::render(&layout.document(draft, zone), zone)
}

/// Blocks as a template of somebody's own places them.
pub fn blocks_to_markdown(blocks: &[document::Block], zone: Zone) -> String {
    markdown::blocks_of(blocks, zone)
}

pub fn blocks_to_html(blocks: &[document::Block], zone: Zone) -> String {
    html::blocks_of(blocks, zone)
}

/// The draft as programs read it; times in RFC 3339, spans in seconds, keys always in the same order.
pub fn to_json(draft: &Draft) -> serde_json::Result<String> {
    serde_json::to_string_pretty(draft)
}

fn milestones(incident: &Incident, events: &[IncidentEvent]) -> Milestones {
    let acknowledged = events.iter().find(|e| matches!(e.body, Event::Acknowledged));
    let mitigated = events
        .iter()
        .find(|e| matches!(e.body, Event::StatusChanged { to: IncidentStatus::Monitoring, .. }))
        .map(|e| e.at);
    let since = |at: Timestamp| at.seconds_since(incident.declared_at);
    let resolved = incident.ended_at.filter(|_| incident.status == IncidentStatus::Resolved);
    Milestones {
        declared_at: incident.declared_at,
        declared_by: who(&incident.declared_by),
        acknowledged_at: acknowledged.map(|e| e.at),
        acknowledged_by: acknowledged.map(|e| who(&e.actor)),
        mitigated_at: mitigated,
        ended_at: incident.ended_at,
        time_to_acknowledge_s: acknowledged.map(|e| since(e.at)),
        time_to_mitigate_s: mitigated.map(since),
        time_to_resolve_s: resolved.map(since),
    }
}
