//! The bare `/incident`: how it stands where it was asked, and what can be said now. Also the head of the help.

use super::{Ground, Line, Said, access, facts, find, list};
use crate::app::{ActError, App};
use crate::store::IncidentRow;
use firebell_domain::incident::Incident;
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::Timestamp;
use firebell_domain::timeline::{headline, next_step};
use serde_json::{Value, json};

/// Incidents that a menu shows; `list` has the rest.
const SHOWN_MAX: usize = 10;

/// What is there to act on.
pub enum Situation {
    One(Box<Incident>),
    /// None or several are open.
    Open(Vec<IncidentRow>),
}

/// The incident that was named or whose room it is, else the only open one, else what is open.
pub async fn situation(app: &App, ground: &Ground) -> Result<Situation, ActError> {
    if let Some(incident) = &ground.incident {
        return Ok(Situation::One(Box::new(incident.clone())));
    }
    let rows = access::open(app, &ground.speaker).await?;
    match rows.as_slice() {
        [only] => Ok(Situation::One(Box::new(access::one(app, &ground.speaker, only.id).await?))),
        _ => Ok(Situation::Open(rows)),
    }
}

pub async fn run(app: &App, ground: &Ground, line: &Line) -> Result<Said, ActError> {
    let situation = match line.incident {
        Some(id) => Situation::One(Box::new(access::one(app, &ground.speaker, id).await?)),
        None => situation(app, ground).await?,
    };
    let (mut text, can) = head(&situation, ground.now);
    text.push_str("\n\nEverything that can be said: /incident help");
    let (incident, mut data) = match &situation {
        Situation::One(i) => (Some(i.id), facts(i)),
        Situation::Open(rows) => (None, list::data(rows)),
    };
    data["can"] = can;
    Ok(Said { text, incident, data })
}

/// How it stands and what comes next, for people; what can be said, for programs.
pub fn head(situation: &Situation, now: Timestamp) -> (String, Value) {
    let (mut lines, can): (Vec<String>, Vec<(String, &str)>) = match situation {
        Situation::One(i) => {
            let say = |what: &str| format!("/incident {} {what}", i.id);
            let can = fitting(i).iter().map(|what| (say(what), *what)).collect();
            (vec![headline(i, now), next_step(i, now)], can)
        }
        Situation::Open(rows) if rows.is_empty() => {
            let can = ["declare P1 what is broken", "list all"].map(|what| (format!("/incident {what}"), what));
            let oncall = ("/oncall".to_string(), "oncall");
            (vec!["No incident is open.".to_string()], can.into_iter().chain([oncall]).collect())
        }
        Situation::Open(rows) => {
            let first = rows.get(..SHOWN_MAX).unwrap_or(rows);
            let mut lines = vec![format!("{} incidents are open:", rows.len()), list::text(first, now)];
            let more = rows.len().saturating_sub(SHOWN_MAX);
            lines.extend((more > 0).then(|| format!("… and {more} more: /incident list")));
            let id = rows.first().map(|r| r.id.to_string()).unwrap_or_default();
            let can = ["ack", "show"].map(|what| (format!("/incident {id} {what}"), what));
            let declare = ("/incident declare P1 what is broken".to_string(), "declare");
            (lines, can.into_iter().chain([declare]).collect())
        }
    };
    lines.push("You can say:".to_string());
    let summary = |what: &str| {
        let verb = what.split(' ').next().unwrap_or_default();
        find(verb).map_or("", |c| c.spec.summary)
    };
    let width = can.iter().map(|(say, _)| say.chars().count()).max().unwrap_or(0);
    lines.extend(can.iter().map(|(say, what)| format!("  {say:width$}   {}", summary(what))));
    let can = can.iter().map(|(say, what)| json!({ "say": say, "summary": summary(what) })).collect();
    (lines.join("\n"), can)
}

/// What people say next, the most pressing first.
fn fitting(i: &Incident) -> &'static [&'static str] {
    match (i.status, &i.acknowledged) {
        (IncidentStatus::Resolved, _) => &["postmortem", "action TEXT @USER by DATE", "timeline", "reopen REASON"],
        (IncidentStatus::Merged | IncidentStatus::Cancelled, _) => &["timeline", "note TEXT", "postmortem"],
        (_, None) => &["ack", "page @USER", "escalate", "snooze 30m", "show"],
        (IncidentStatus::Monitoring, Some(_)) => &["resolve TEXT", "update TEXT", "status investigating TEXT", "show"],
        (IncidentStatus::Identified, Some(_)) => {
            &["status monitoring TEXT", "update TEXT", "note TEXT", "page @USER", "resolve TEXT", "unack"]
        }
        (IncidentStatus::Investigating, Some(_)) => {
            &["status identified TEXT", "update TEXT", "note TEXT", "lead @USER", "page @USER", "resolve TEXT", "unack"]
        }
    }
}
