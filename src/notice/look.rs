//! What chats are told of a scheduled look: one line where all is well, a card with what was found where it is not, and
//! how it stands with the incident. The room says the same in its own lines, which are made here too. Pure.

#[cfg(test)]
mod tests;

use super::link;
use crate::engine::ports::chat::{LookCard, LookMark, LookOffer};
use crate::program::operations::{ByHand, Declares};
use crate::program::reminders::Reminder;
use firebell_domain::directory::Directory;
use firebell_domain::operation::post::Face;
use firebell_domain::operation::{Became, State, Verdict, short};
use firebell_domain::text::line_of_machine;
use firebell_domain::time::Timestamp;

/// Tasks of one schedule that are named, and rows of what was found.
pub const TASKS_MAX: usize = 5;
const ROWS_MAX: usize = 12;
/// Characters of one line.
const LINE_CHARS_MAX: usize = 300;

pub const MISSED: &str =
    "Nobody was there at its time, and it is not made up for so late. Look by hand, or wait for the next time";
pub const INTERRUPTED: &str =
    "Firebell stopped while it looked, and does not begin it again. Look by hand, or wait for the next time";

pub fn one(text: &str) -> String {
    line_of_machine(text, LINE_CHARS_MAX)
}

/// `None` where the state has nothing to say any more.
pub fn card(r: &Reminder, state: &State, face: &Face, directory: &Directory, public_url: &str) -> Option<LookCard> {
    let turn = state.turn.as_ref()?;
    let at = r.clock(turn.due);
    let book = format!("({}, line {})", one(&r.file), r.line);
    let room = || Some(("Open the room".to_string(), public_url.trim_end_matches('/').to_string()));
    let name = format!("{} of {}", one(&r.name), one(&r.system));
    let quiet = |mark, says: String, why: &str| LookCard {
        mark,
        name: name.clone(),
        says,
        rows: Vec::new(),
        text: [format!("{why}.")].into_iter().chain(left(r)).collect(),
        offer: None,
        link: room(),
    };
    Some(match &turn.became {
        Became::Running { .. } => return None,
        Became::Due => {
            let tasks = tasks(r).into_iter().chain(left(r)).collect();
            LookCard { mark: LookMark::Due, text: tasks, ..quiet(LookMark::Due, format!("due since {at} {book}"), "") }
        }
        Became::Missed { .. } => quiet(LookMark::Unclear, format!("missed at {at} {book}"), MISSED),
        Became::Interrupted { .. } => quiet(LookMark::Unclear, format!("interrupted at {at} {book}"), INTERRUPTED),
        Became::Ended { verdict: Verdict::Healthy, .. } => {
            let again = if face.again { " again" } else { "" };
            let says = format!("healthy{again} at {at}");
            LookCard { mark: LookMark::Well, name, says, rows: Vec::new(), text: left(r), offer: None, link: None }
        }
        Became::Ended { verdict, rows: found, .. } => {
            let mark = match verdict {
                Verdict::Critical => LookMark::Critical,
                Verdict::Warning => LookMark::Warning,
                Verdict::Unclear | Verdict::Healthy => LookMark::Unclear,
            };
            let streak = state.streak.as_ref().filter(|s| *verdict == Verdict::Critical && s.since != turn.due);
            let since = streak.map_or(String::new(), |s| format!(", since {}", r.day_and_clock(s.since)));
            let says = format!("{} at {at}{since} {book}", verdict.as_word());
            let offer = face.offers.and_then(|since| offer(r, directory, since));
            let mut text: Vec<String> = stands(face, *verdict, offer.is_some()).into_iter().collect();
            text.extend(left(r));
            text.extend(tasks(r));
            let link = match face.incident {
                Some(id) => Some((format!("Open {id}"), link(public_url, id))),
                None => room(),
            };
            LookCard { mark, name, says, rows: rows(found), text, offer, link }
        }
    })
}

/// How it stands with the incident.
fn stands(face: &Face, verdict: Verdict, button: bool) -> Option<String> {
    match (face.incident, face.offers) {
        (Some(id), _) => Some(format!("It is declared: {id}. The next look that finds nothing critical tells it so.")),
        (None, Some(_)) if !button => Some("Is that an incident? /incident declare".to_string()),
        (None, Some(_)) => Some("Is that an incident? Whoever presses the button declares it, once.".to_string()),
        (None, None) if verdict == Verdict::Critical => Some("An incident is being declared.".to_string()),
        (None, None) => None,
    }
}

fn offer(r: &Reminder, directory: &Directory, since: Timestamp) -> Option<LookOffer> {
    let Declares { severity, .. } = r.declaration(directory)?;
    Some(LookOffer { id: offer_id(&r.system, &r.name, since), label: format!("Declare {}", one(&severity.level)) })
}

/// What a press names: which operation, and since when it is critical.
pub fn offer_id(system: &str, name: &str, since: Timestamp) -> String {
    format!("{}-{}", short(system, name), since.0)
}

/// The same read back.
pub fn read_offer(id: &str) -> Option<(&str, Timestamp)> {
    let (operation, since) = id.split_once('-')?;
    Some((operation, Timestamp(since.parse().ok()?)))
}

/// What was found, the worst first.
pub fn rows(found: &[firebell_domain::operation::Row]) -> Vec<String> {
    let mut lines: Vec<String> = found.iter().take(ROWS_MAX).map(|row| one(&row.words())).collect();
    let more = found.len().saturating_sub(ROWS_MAX);
    lines.extend((more > 0).then(|| format!("… and {more} more")));
    lines
}

/// What of it no machine does, in one line.
pub fn tasks(r: &Reminder) -> Option<String> {
    let named: Vec<String> = r.tasks.iter().take(TASKS_MAX).map(|t| one(t)).collect();
    let more = r.tasks.len().saturating_sub(TASKS_MAX);
    let more = if more > 0 { format!("; … and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| one(&format!("Its tasks: {}{more}", named.join("; "))))
}

/// What to say for each command that no machine runs by itself.
pub fn left(r: &Reminder) -> Vec<String> {
    let by_hand = r.does.left();
    let say = |b: &ByHand| one(&format!("/incident run line {}: {} ({})", b.line, b.text, b.risk.as_words()));
    let mut lines: Vec<String> = by_hand.iter().take(TASKS_MAX).map(say).collect();
    let more = by_hand.len().saturating_sub(TASKS_MAX);
    lines.extend((more > 0).then(|| format!("… and {more} more commands")));
    lines
}
