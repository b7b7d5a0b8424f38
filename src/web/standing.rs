//! How an incident stands, for its page and for the board: what the template renders and what an open page is sent
//! when it changes are one value, so that they cannot differ. Times are absolute; only the page's script counts them
//! down. Decides nothing: what a button says is an ordinary command.

use firebell_domain::clocks::{self, Milestone};
use firebell_domain::incident::Incident;
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::Timestamp;
use firebell_domain::timeline;
use serde::Serialize;

/// Runs that stand on the page; the others are in the timeline.
const RUNS_SHOWN_MAX: usize = 8;

/// The sign beside a severity: its form repeats what its word and its colour say.
pub fn severity_icon(rank: u32) -> &'static str {
    match rank {
        0 | 1 => "▲",
        2 => "◆",
        3 => "●",
        _ => "○",
    }
}

/// The sign beside a status, by its word as it is stored.
pub fn status_icon(status: &str) -> &'static str {
    match IncidentStatus::parse(status) {
        Some(IncidentStatus::Investigating) => "◔",
        Some(IncidentStatus::Identified) => "◑",
        Some(IncidentStatus::Monitoring) => "◕",
        Some(IncidentStatus::Resolved) => "✓",
        Some(IncidentStatus::Merged) => "→",
        Some(IncidentStatus::Cancelled) => "✕",
        None => "",
    }
}

/// A time as a page has it: for machines, and in words for whoever has no script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct At {
    pub at: String,
    pub words: String,
}

impl At {
    fn of(t: Timestamp) -> At {
        At { at: t.rfc3339(), words: t.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Course {
    Running,
    /// Its time is over and it was not reached.
    Late,
    Reached,
}

/// One clock: what has to happen, until when, and whether it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// `acknowledge`, `update`: stays the same while its words and times change.
    pub key: &'static str,
    pub what: &'static str,
    pub course: Course,
    /// When it is due; once reached, when that was.
    pub time: At,
}

/// A button: its word, and the command that it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    pub word: &'static str,
    pub text: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Item {
    pub no: u32,
    pub text: String,
    pub owner: Option<String>,
    pub due: Option<String>,
    pub done: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Role {
    pub role: String,
    pub person: String,
}

/// A run and where it stands; its page has the rest.
#[derive(Clone, Debug, Serialize)]
pub struct RunLine {
    pub no: u32,
    pub name: String,
    pub standing: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    pub id: String,
    pub number: i64,
    pub title: String,
    /// With its name, for whoever shows one line of it.
    pub headline: String,
    /// The same without its name, which stands above it.
    pub stands: String,
    pub next: String,
    pub severity: String,
    pub severity_name: String,
    pub rank: u32,
    pub severity_icon: &'static str,
    pub status: IncidentStatus,
    pub status_icon: &'static str,
    pub open: bool,
    pub has_it: Option<String>,
    pub roles: Vec<Role>,
    pub responders: Vec<String>,
    pub clocks: Vec<Clock>,
    pub items: Vec<Item>,
    /// The newest first.
    pub runs: Vec<RunLine>,
    pub acts: Vec<Act>,
    pub more: Vec<Act>,
}

impl Standing {
    pub fn of(i: &Incident, now: Timestamp) -> Standing {
        let (acts, more) = acts(i);
        let lead = i.lead.iter().map(|p| Role { role: "lead".to_string(), person: p.to_string() });
        let others = i.roles.iter().map(|(role, p)| Role { role: role.clone(), person: p.to_string() });
        Standing {
            id: i.id.to_string(),
            number: i.id.0,
            title: i.title.clone(),
            headline: timeline::headline(i, now),
            stands: timeline::standing(i, now),
            next: timeline::next_step(i, now),
            severity: i.severity.level.clone(),
            severity_name: i.severity.name.clone(),
            rank: i.severity.rank,
            severity_icon: severity_icon(i.severity.rank),
            status: i.status,
            status_icon: status_icon(i.status.as_str()),
            open: i.status.open(),
            has_it: i.acknowledged.as_ref().map(|a| a.by.shown()),
            roles: lead.chain(others).collect(),
            responders: i.responders.iter().map(ToString::to_string).collect(),
            clocks: clocks(i, now),
            items: i.actions.iter().map(item).collect(),
            runs: i.runs.values().rev().take(RUNS_SHOWN_MAX).map(run).collect(),
            acts,
            more,
        }
    }
}

fn item(a: &firebell_domain::incident::ActionItem) -> Item {
    Item {
        no: a.no,
        text: a.text.clone(),
        owner: a.owner.as_ref().map(ToString::to_string),
        due: a.due.map(|d| d.to_string()),
        done: a.done_at.is_some(),
    }
}

fn run(r: &firebell_domain::run::Run) -> RunLine {
    RunLine { no: r.no, name: r.order.name.clone(), standing: r.state.as_words() }
}

/// What is promised for a time, in the order in which an incident passes it; then what happens by itself.
fn clocks(i: &Incident, now: Timestamp) -> Vec<Clock> {
    let promised = Milestone::ALL.into_iter().filter_map(|m| {
        let due = clocks::deadline(i, m)?;
        let (course, at) = match i.course.reached.get(&m) {
            Some(at) => (Course::Reached, *at),
            None if !clocks::runs(i, m) => return None,
            None if due <= now => (Course::Late, due),
            None => (Course::Running, due),
        };
        Some(Clock { key: m.as_str(), what: words(m), course, time: At::of(at) })
    });
    let by_itself = [
        ("update", "Next status update", clocks::update_timer(i)),
        ("lead", "Somebody leads", clocks::lead_timer(i)),
        ("page", "Next level is paged", i.escalation.next_at.filter(|_| i.unanswered())),
        ("snooze", "Snooze ends", i.snoozed_until.filter(|_| i.status.open())),
        ("quiet", "Resolves itself", i.quiet_resolves_at.filter(|_| i.status.open())),
    ];
    let by_itself = by_itself.into_iter().filter_map(|(key, what, at)| {
        let course = if at? <= now { Course::Late } else { Course::Running };
        Some(Clock { key, what, course, time: At::of(at?) })
    });
    promised.chain(by_itself).collect()
}

fn words(m: Milestone) -> &'static str {
    match m {
        Milestone::Acknowledge => "Acknowledged",
        Milestone::Diagnose => "Cause identified",
        Milestone::Mitigate => "Mitigated",
        Milestone::Resolve => "Resolved",
        Milestone::Postmortem => "Post-mortem published",
    }
}

/// What can be done now: at most three buttons, and what stands behind "More".
fn acts(i: &Incident) -> (Vec<Act>, Vec<Act>) {
    const ACKNOWLEDGE: Act = Act { word: "Acknowledge", text: "ack" };
    const RESOLVE: Act = Act { word: "Resolve", text: "resolve" };
    const ESCALATE: Act = Act { word: "Page the next level", text: "escalate" };
    const SNOOZE: Act = Act { word: "Snooze for 30 minutes", text: "snooze 30m" };
    const LEAD: Act = Act { word: "Take the lead", text: "lead" };
    const BACK: Act = Act { word: "Hand it back", text: "unack" };
    if !i.status.open() {
        return (Vec::new(), Vec::new());
    }
    let statuses = [
        (IncidentStatus::Investigating, Act { word: "Investigating again", text: "status investigating" }),
        (IncidentStatus::Identified, Act { word: "Cause identified", text: "status identified" }),
        (IncidentStatus::Monitoring, Act { word: "Mitigated, monitoring", text: "status monitoring" }),
    ];
    // The next status is a button; going back, or leaving one out, is not what is pressed in a hurry.
    let (onward, back): (Vec<_>, Vec<_>) =
        statuses.into_iter().filter(|(s, _)| *s != i.status).partition(|(s, _)| *s > i.status);
    let mut onward = onward.into_iter().map(|(_, act)| act);
    let back = back.into_iter().map(|(_, act)| act);
    let lead = Some(LEAD).filter(|_| i.lead.is_none());
    match i.unanswered() {
        true => {
            (vec![ACKNOWLEDGE, ESCALATE, RESOLVE], lead.into_iter().chain(onward).chain(back).chain([SNOOZE]).collect())
        }
        false => (
            onward.next().into_iter().chain([RESOLVE]).chain(lead).collect(),
            onward.chain(back).chain([ESCALATE, SNOOZE, BACK]).collect(),
        ),
    }
}
