//! A proposed status update for those who wait, from what happened since the last one: how it stands and what has
//! changed, without names and without how people are paged. A proposal is edited and sent by a person; nothing is
//! sent from here, and no cause or time of repair is guessed.

use crate::event::{Event, IncidentEvent};
use crate::incident::{Illegal, Incident};
use crate::status::IncidentStatus;
use crate::time::Timestamp;
use crate::timeline::words::{clock, one};

/// `None` where the log is empty.
pub fn propose(events: &[IncidentEvent], now: Timestamp) -> Result<Option<String>, Illegal> {
    let Some(incident) = Incident::replay(events)? else { return Ok(None) };
    let told = |e: &IncidentEvent| matches!(e.body, Event::UpdatePosted { .. });
    let since = events.iter().rposition(told).map_or(0, |n| n + 1);
    let news = events.get(since..).unwrap_or_default();
    let title = one(&incident.title);
    let mut all = vec![match incident.status {
        IncidentStatus::Investigating if incident.acknowledged.is_some() => format!("We are investigating: {title}."),
        IncidentStatus::Investigating => format!("We know about it and are getting people: {title}."),
        IncidentStatus::Identified => format!("The cause is known and we are working on it: {title}."),
        IncidentStatus::Monitoring => format!("The effect is over and we are watching it: {title}."),
        IncidentStatus::Resolved => format!("Resolved: {title}."),
        IncidentStatus::Merged | IncidentStatus::Cancelled => format!("Over: {title}."),
    }];
    if news.iter().any(|e| matches!(e.body, Event::Reopened { .. })) {
        all.push("It had been resolved and came back.".to_string());
    }
    let levels = news.iter().filter_map(|e| match &e.body {
        Event::SeverityChanged { from, .. } => Some(from),
        _ => None,
    });
    if let Some(from) = levels.into_iter().next().filter(|from| from.level != incident.severity.level) {
        all.push(format!("Its severity is now {} (it was {}).", one(&incident.severity.level), one(&from.level)));
    }
    let no_news = since > 0 && !news.iter().any(|e| changes(&e.body));
    all.extend(no_news.then(|| "Nothing has changed since the last update.".to_string()));
    if let Some(every) = incident.severity.clocks.update_every_s.filter(|_| incident.status.open()) {
        all.push(format!("Next update by {}.", clock(now.plus_s(every), now)));
    }
    Ok(Some(all.join(" ")))
}

/// What those who wait would call a change.
fn changes(event: &Event) -> bool {
    matches!(event, Event::StatusChanged { .. } | Event::SeverityChanged { .. } | Event::Reopened { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    #[test]
    fn every_change_of_every_story_has_its_proposal() {
        let mut all = String::new();
        for s in story::all() {
            let events = s.events();
            let mut last = String::new();
            for n in 1..=events.len() {
                let some = events.get(..n).expect("a beginning");
                let now = some.last().expect("an event").at;
                let text = propose(some, now).expect("a log").expect("a text");
                assert_eq!(Some(&text), propose(some, now).expect("a log").as_ref(), "the same each time");
                assert!(!text.contains('@'), "no names: {text}");
                // The promised time moves with the clock; only other words are another proposal.
                let words = text.split(" Next update").next().unwrap_or_default().to_string();
                if words != last {
                    all.push_str(&format!("{} after event {n}: {text}\n", s.name));
                    last = words;
                }
            }
        }
        story::golden(ROOT, "proposals.txt", &all);
        assert_eq!(propose(&[], Timestamp(0)), Ok(None));
    }
}
