//! In which order a post-mortem says things, and under which headings: our own, and the manners of three houses that
//! many teams follow. Every layout has every part exactly once (a test counts), so none can lose a fact.

use super::document::{Block, Document, Section, Zone};
use super::{Chapter, Draft, parts};
use std::fmt;

/// What a document is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What this is and who may read it.
    Preface,
    /// Date, severity, service, lead, how far the post-mortem is.
    Facts,
    Summary,
    Impact,
    Updates,
    Detection,
    Milestones,
    Policy,
    People,
    Alerts,
    Pages,
    Resolution,
    Course,
    Timeline,
    Factors,
    Lessons,
    WentWell,
    Lucky,
    Actions,
    Events,
    Unreadable,
}

use Part::*;

impl Part {
    pub const ALL: [Part; 21] = [
        Preface, Facts, Summary, Impact, Updates, Detection, Milestones, Policy, People, Alerts, Pages, Resolution,
        Course, Timeline, Factors, Lessons, WentWell, Lucky, Actions, Events, Unreadable,
    ];

    /// As a template names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Preface => "preface",
            Facts => "facts",
            Summary => "summary",
            Impact => "impact",
            Updates => "updates",
            Detection => "detection",
            Milestones => "milestones",
            Policy => "policy",
            People => "people",
            Alerts => "alerts",
            Pages => "pages",
            Resolution => "resolution",
            Course => "course",
            Timeline => "timeline",
            Factors => "factors",
            Lessons => "lessons",
            WentWell => "went_well",
            Lucky => "lucky",
            Actions => "actions",
            Events => "events",
            Unreadable => "unreadable",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }

    /// What it says of an incident; empty where there is nothing to say.
    pub fn blocks(self, draft: &Draft, zone: Zone) -> Vec<Block> {
        match self {
            Preface => parts::preface(draft, zone),
            Facts => parts::facts(draft, zone),
            Summary => parts::summary(draft, zone),
            Impact => parts::impact(draft, zone),
            Updates => parts::updates(draft, zone),
            Detection => parts::detection(draft, zone),
            Milestones => parts::milestones(draft, zone),
            Policy => parts::policy(draft),
            People => parts::people(draft),
            Alerts => parts::alerts(draft, zone),
            Pages => parts::pages(draft, zone),
            Resolution => parts::resolution(draft, zone),
            Course => vec![Block::Chart(draft.course.clone())],
            Timeline => parts::timeline(draft, false),
            Factors => parts::to_write(draft, Chapter::Factors),
            Lessons => parts::to_write(draft, Chapter::Lessons),
            WentWell => parts::to_write(draft, Chapter::WentWell),
            Lucky => parts::to_write(draft, Chapter::Lucky),
            Actions => parts::actions(draft, zone),
            Events => parts::timeline(draft, true),
            Unreadable => parts::unreadable(draft, zone),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    #[default]
    Default,
    Google,
    Pagerduty,
    Atlassian,
}

/// A heading and the parts under it: level, heading, parts.
type Row = (u8, &'static str, &'static [Part]);

const DEFAULT: &[Row] = &[
    (2, "Summary", &[Facts, Summary]),
    (2, "Impact", &[Impact, Updates]),
    (2, "Course", &[Course]),
    (2, "Detection and response", &[Detection, Milestones, Policy, Resolution]),
    (2, "People", &[People]),
    (2, "Alerts", &[Alerts]),
    (2, "Pages", &[Pages]),
    (2, "Timeline", &[Timeline]),
    (2, "Contributing factors", &[Factors]),
    (2, "Lessons", &[Lessons]),
    (3, "What went well", &[WentWell]),
    (3, "Where we were lucky", &[Lucky]),
    (2, "Action items", &[Actions]),
    (2, "Appendix: every event", &[Events]),
    (2, "Appendix: what could not be read", &[Unreadable]),
];

const GOOGLE: &[Row] = &[
    (2, "Status", &[Facts, People]),
    (2, "Summary", &[Summary]),
    (2, "Impact", &[Impact, Updates]),
    (2, "Root causes and trigger", &[Factors]),
    (2, "Resolution", &[Resolution]),
    (2, "Detection", &[Detection, Alerts]),
    (2, "Response", &[Milestones, Policy, Pages]),
    (2, "Action items", &[Actions]),
    (2, "Lessons learned", &[]),
    (3, "What went well", &[WentWell]),
    (3, "What went wrong", &[Lessons]),
    (3, "Where we got lucky", &[Lucky]),
    (2, "Timeline", &[Course, Timeline]),
    (2, "Supporting information", &[]),
    (3, "Every event", &[Events]),
    (3, "What could not be read", &[Unreadable]),
];

const PAGERDUTY: &[Row] = &[
    (2, "Overview", &[Facts, Summary]),
    (2, "What happened", &[Course, Detection, Alerts]),
    (2, "Contributing factors", &[Factors]),
    (2, "Resolution", &[Resolution]),
    (2, "Impact", &[Impact, Milestones]),
    (2, "Responders", &[People]),
    (3, "Who was paged", &[Policy, Pages]),
    (2, "Timeline", &[Timeline]),
    (2, "How did we do?", &[]),
    (3, "What went well", &[WentWell]),
    (3, "What did not go so well", &[Lessons]),
    (3, "Where we were lucky", &[Lucky]),
    (2, "Action items", &[Actions]),
    (2, "Messaging", &[Updates]),
    (2, "Appendix: every event", &[Events]),
    (2, "Appendix: what could not be read", &[Unreadable]),
];

const ATLASSIAN: &[Row] = &[
    (2, "Incident summary", &[Facts, Summary]),
    (2, "Leadup and fault", &[Factors]),
    (2, "Impact", &[Impact, Updates]),
    (2, "Detection", &[Detection, Alerts]),
    (2, "Response", &[People, Policy, Pages]),
    (2, "Recovery", &[Resolution, Milestones]),
    (2, "Timeline", &[Course, Timeline]),
    (2, "Lessons learned", &[Lessons]),
    (3, "What went well", &[WentWell]),
    (3, "Where we were lucky", &[Lucky]),
    (2, "Corrective actions", &[Actions]),
    (2, "Appendix: every event", &[Events]),
    (2, "Appendix: what could not be read", &[Unreadable]),
];

impl Layout {
    pub const ALL: [Layout; 4] = [Layout::Default, Layout::Google, Layout::Pagerduty, Layout::Atlassian];

    pub fn as_str(self) -> &'static str {
        match self {
            Layout::Default => "default",
            Layout::Google => "google",
            Layout::Pagerduty => "pagerduty",
            Layout::Atlassian => "atlassian",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.as_str().eq_ignore_ascii_case(name.trim()))
    }

    pub(super) fn rows(self) -> &'static [Row] {
        match self {
            Layout::Default => DEFAULT,
            Layout::Google => GOOGLE,
            Layout::Pagerduty => PAGERDUTY,
            Layout::Atlassian => ATLASSIAN,
        }
    }

    /// Under which heading a part stands.
    pub fn heading_of(self, part: Part) -> &'static str {
        self.rows().iter().find(|r| r.2.contains(&part)).map_or("Preface", |r| r.1)
    }

    pub fn document(self, draft: &Draft, zone: Zone) -> Document {
        let mut sections = vec![Section { level: 2, heading: None, blocks: Preface.blocks(draft, zone) }];
        for (level, heading, parts) in self.rows() {
            let blocks: Vec<Block> = parts.iter().flat_map(|p| p.blocks(draft, zone)).collect();
            // A heading over nothing stands only where others follow under it.
            if blocks.is_empty() && !parts.is_empty() {
                continue;
            }
            sections.push(Section { level: *level, heading: Some(heading.to_string()), blocks });
        }
        Document { title: title(draft), sections }
    }
}

pub fn title(draft: &Draft) -> String {
    format!("Post-mortem of {}: {}", draft.id, draft.title)
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
