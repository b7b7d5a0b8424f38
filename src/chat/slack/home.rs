//! App Home: what somebody has to do with: open incidents, theirs first, their shifts, what they have promised to do, and
//! the one button that declares. Drawn when it is opened; reads, changes nothing.

use super::Slack;
use super::render::{BLOCKS_MAX, moment, section};
use super::text::{cut_escaped, escape};
use crate::commands;
use crate::fault::Fault;
use firebell_domain::directory::Directory;
use firebell_domain::id::PersonId;
use firebell_domain::incident::Incident;
use firebell_domain::schedule::Shift;
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::Timestamp;
use serde_json::{Value, json};

/// What the button of the home is called that opens the form for declaring.
pub const DECLARE_BUTTON: &str = "firebell.home.declare";
/// Incidents that are looked through for one person: all that are open, and of the others the latest.
const OPEN_MAX: i64 = 100;
const RECENT_MAX: i64 = 200;
const SHOWN_MAX: usize = 15;
/// How far ahead shifts are looked for, and how many are shown.
const SHIFTS_AHEAD_S: i64 = 60 * 86_400;
const SHIFTS_SHOWN_MAX: usize = 5;
/// Hand-offs that are looked at in one schedule: of a rotation by the hour those of some days.
const HANDOFFS_MAX: usize = 200;

/// What a home shows.
#[derive(Default)]
struct Standing {
    mine: Vec<Incident>,
    others: Vec<Incident>,
    /// Incidents with something in them that this person has still to do.
    promised: Vec<Incident>,
}

impl Slack {
    pub(super) async fn home(&self, user: &str) {
        let directory = self.app().directory_now().await.unwrap_or_else(|fault| {
            fault.logged();
            (*self.app().directory()).clone()
        });
        let who = self.at.identity.who(&directory, user, "").await.person;
        let mut blocks = vec![declare_button()];
        match self.standing(&who).await {
            Err(fault) => blocks.push(section(&escape(&fault.logged().shown()))),
            Ok(standing) => blocks.extend(self.drawn(&standing, &directory, &who)),
        }
        let command = escape(&self.house.settings.command);
        blocks.push(section(&format!("`{command} help` says what else can be said.")));
        blocks.truncate(BLOCKS_MAX);
        let request = json!({ "user_id": user, "view": { "type": "home", "blocks": blocks } });
        if let Err(trouble) = self.at.client.call("views.publish", &request).await {
            tracing::info!("a home in Slack could not be drawn: {}", trouble.why());
        }
    }

    async fn standing(&self, who: &PersonId) -> Result<Standing, Fault> {
        let mut all = Standing::default();
        let store = self.app().store();
        let open = store.open_incidents(OPEN_MAX).await?;
        let recent = store.recent_incidents(Timestamp(i64::MAX), RECENT_MAX).await?;
        let left = recent.into_iter().filter(|r| r.ended_at.is_some());
        for id in open.into_iter().map(|r| r.id).chain(left.map(|r| r.id)) {
            let Some(i) = store.incident(id).await?.map(|loaded| loaded.incident) else { continue };
            if !commands::may_see(&i, who, false) {
                continue;
            }
            if todo(&i, who).next().is_some() {
                all.promised.push(i.clone());
            }
            match (i.status.open(), i.involves(who)) {
                (true, true) => all.mine.push(i),
                (true, false) => all.others.push(i),
                (false, _) => {}
            }
        }
        Ok(all)
    }

    fn drawn(&self, standing: &Standing, directory: &Directory, who: &PersonId) -> Vec<Value> {
        let url = self.app().public_url().to_string();
        let mut blocks = vec![header("Your incidents")];
        blocks.extend(listed(&standing.mine, &url, "Nothing open has you in it."));
        blocks.push(header("Open besides"));
        blocks.extend(listed(&standing.others, &url, "Nothing else is open."));
        blocks.push(header("Your shifts"));
        blocks.push(section(&shifts(directory, who, self.app().clock().now())));
        blocks.push(header("Your action items"));
        blocks.push(section(&items(&standing.promised, &url, who)));
        blocks
    }
}

/// What somebody has still to do. What belonged to an incident that was none is nobody's duty.
fn todo<'a>(i: &'a Incident, who: &'a PersonId) -> impl Iterator<Item = &'a firebell_domain::incident::ActionItem> {
    let counts = i.status != IncidentStatus::Cancelled;
    i.actions.iter().filter(move |a| counts && a.done_at.is_none() && a.owner.as_ref() == Some(who))
}

fn items(promised: &[Incident], url: &str, who: &PersonId) -> String {
    let mut all: Vec<(Option<chrono::NaiveDate>, String)> = Vec::new();
    for i in promised {
        for item in todo(i, who) {
            let due = item.due.map_or(String::new(), |day| format!(", by {day}"));
            let link = crate::notice::link(url, i.id);
            let done = format!("`/incident {} done {}`", i.id, item.no);
            let text = cut_escaped(&escape(&item.text), 300);
            all.push((item.due, format!("• <{link}|{}> {text}{due}: {done} when it is done", i.id)));
        }
    }
    // The nearest day first, those without one last.
    all.sort_by_key(|(due, _)| (due.is_none(), *due));
    shown(all.into_iter().map(|(_, line)| line).collect(), SHOWN_MAX, "Nothing is left for you to do.")
}

fn shifts(directory: &Directory, who: &PersonId, now: Timestamp) -> String {
    let mut all: Vec<(Shift, String)> = Vec::new();
    for (id, schedule) in &directory.schedules {
        let mut at = now;
        for _ in 0..HANDOFFS_MAX {
            let Some(shift) = schedule.shift_at(at).filter(|s| s.from < now.plus_s(SHIFTS_AHEAD_S)) else { break };
            let end = shift.to;
            if shift.person == *who {
                let until = if end.0 == i64::MAX {
                    "without an end".to_string()
                } else {
                    format!("until {}", moment(end, false))
                };
                let from =
                    if shift.from <= now { "*now*".to_string() } else { format!("from {}", moment(shift.from, true)) };
                let stands_in = if shift.overridden { " (you stand in)" } else { "" };
                all.push((shift, format!("• {}: {from} {until}{stands_in}", escape(id.as_str()))));
            }
            if end.0 == i64::MAX {
                break;
            }
            at = end;
        }
    }
    all.sort_by_key(|(shift, _)| shift.from);
    let none = "You are in no schedule within the next 60 days. `/oncall` says who is on call.";
    shown(all.into_iter().map(|(_, line)| line).collect(), SHIFTS_SHOWN_MAX, none)
}

fn shown(mut lines: Vec<String>, max: usize, none: &str) -> String {
    let more = lines.len().saturating_sub(max);
    lines.truncate(max);
    if lines.is_empty() {
        return none.to_string();
    }
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    cut_escaped(&lines.join("\n"), super::render::SECTION_CHARS_MAX - 1)
}

fn declare_button() -> Value {
    json!({ "type": "actions", "elements": [{
        "type": "button",
        "action_id": DECLARE_BUTTON,
        "style": "danger",
        "text": { "type": "plain_text", "text": "Declare an incident…", "emoji": false },
    }] })
}

fn header(text: &str) -> Value {
    json!({ "type": "header", "text": { "type": "plain_text", "text": text, "emoji": false } })
}

fn listed(incidents: &[Incident], url: &str, none: &str) -> Vec<Value> {
    if incidents.is_empty() {
        return vec![section(none)];
    }
    let line = |i: &Incident| {
        let link = crate::notice::link(url, i.id);
        let text = format!("<{link}|{}> [{}] {}: {}", i.id, escape(&i.severity.level), escape(&i.title), i.status);
        section(&cut_escaped(&text, 600))
    };
    let mut all: Vec<Value> = incidents.iter().take(SHOWN_MAX).map(line).collect();
    let more = incidents.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        all.push(section(&format!("… and {more} more: `/incident list` shows them.")));
    }
    all
}
