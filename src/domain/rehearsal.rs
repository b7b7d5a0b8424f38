//! What a delivery would do, decided by the same functions and then thrown away: nothing of it is recorded, and no
//! number is taken. For the dry run of alert sources.

use crate::alert::{self, AlertStatus, Delivery, Route};
use crate::decide::{self, Because, Declaration, Input};
use crate::directory::Directory;
use crate::event::{Actor, Event, IncidentEvent, Unreachable};
use crate::id::{ChannelId, IncidentId, PersonId};
use crate::incident::Incident;
use crate::intent::What;
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Would {
    Declare,
    Join,
    Reopen,
    /// Nothing of it fires, and no incident waits for its end.
    NothingFires,
    /// Its incident knows all of it.
    NothingNew,
    /// It says no more than how something that has ended went on.
    NobodyAsks,
}

/// Whom it would page at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// 0-based.
    pub level: Option<usize>,
    pub skipped: Vec<(usize, Vec<Unreachable>)>,
    pub unreachable: Vec<Unreachable>,
    /// No level reaches anybody, so every pager would be paged: this many.
    pub everyone: Option<usize>,
    pub pages: Vec<(Option<PersonId>, ChannelId)>,
    pub next_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    pub would: Would,
    /// The incident as it would stand then; of what would not be touched, as it stands.
    pub incident: Option<Incident>,
    pub paging: Paging,
}

/// A delivery, or a part of one, for the incident that its group belongs to.
pub fn delivery(
    last: Option<&Incident>,
    delivery: &Delivery,
    declaration: &Declaration,
    actor: &Actor,
    directory: &Directory,
    now: Timestamp,
) -> Rehearsal {
    let nothing = |would| Rehearsal { would, incident: last.cloned(), paging: Paging::default() };
    match (alert::route(last, delivery, &directory.settings, now), last) {
        (Route::New, _) => {
            let because = Some(Because::Alerts(delivery.clone()));
            declared(&Declaration { because, ..declaration.clone() }, actor, directory, now)
        }
        (Route::Existing, Some(incident)) => {
            // Refused is what changes nothing: stale, or no room for another group.
            match decide::decide(incident, &Input::Alerts(delivery.clone()), actor, directory, now) {
                Err(_) => nothing(Would::NothingNew),
                Ok(d) => {
                    let reopened = !incident.status.open() && d.incident.status.open();
                    let would = match (reopened, d.incident.status.open()) {
                        (true, _) => Would::Reopen,
                        (false, true) => Would::Join,
                        (false, false) => Would::NobodyAsks,
                    };
                    Rehearsal { would, paging: paging(&d.events), incident: Some(d.incident) }
                }
            }
        }
        (Route::Nothing | Route::Existing, _) if fires(delivery) => nothing(Would::NothingNew),
        (Route::Nothing, Some(i)) if i.status.open() => nothing(Would::NothingNew),
        (Route::Nothing | Route::Existing, _) => nothing(Would::NothingFires),
    }
}

fn fires(delivery: &Delivery) -> bool {
    delivery.truncated > 0 || delivery.alerts.iter().any(|a| a.status == AlertStatus::Firing)
}

/// A declaration, whatever made it.
pub fn declared(declaration: &Declaration, actor: &Actor, directory: &Directory, now: Timestamp) -> Rehearsal {
    // The number is never shown: which one it would get is not decided before it is.
    match decide::declare(IncidentId::ORG, declaration, actor, directory, now) {
        Ok(d) => Rehearsal { would: Would::Declare, paging: paging(&d.events), incident: Some(d.incident) },
        Err(_) => Rehearsal { would: Would::NothingNew, incident: None, paging: Paging::default() },
    }
}

fn paging(events: &[IncidentEvent]) -> Paging {
    let mut paging = Paging::default();
    for event in events {
        match &event.body {
            Event::Escalated { step, unreachable, next_at, .. } => {
                paging.level = Some(*step);
                paging.unreachable = unreachable.clone();
                paging.next_at = *next_at;
            }
            Event::StepSkipped { step, unreachable, .. } => paging.skipped.push((*step, unreachable.clone())),
            Event::NobodyReached { pagers, next_at } => {
                paging.everyone = Some(*pagers);
                paging.next_at = *next_at;
            }
            Event::IntentsQueued { intents } => {
                paging.pages.extend(intents.iter().filter_map(|i| match &i.what {
                    What::Page(page) => Some((page.person.clone(), i.channel.clone())),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    paging
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Alert;
    use crate::story;
    use crate::time::SECOND;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    fn told(status: AlertStatus, start_s: i64) -> Delivery {
        let starts_at = Timestamp(NOW.0 + start_s * SECOND);
        let alerts = vec![Alert { link: None, ..story::alert("a", status, starts_at, "checkout is down") }];
        Delivery { source: "prom".into(), group: "g".into(), alerts, group_status: status, truncated: 0 }
    }

    fn rehearsed(last: Option<&Incident>, d: &Delivery, directory: &Directory) -> Rehearsal {
        let severity = directory.severities[0].clone();
        let declaration =
            Declaration { title: "checkout".into(), severity, service: None, private: false, because: None };
        delivery(last, d, &declaration, &Actor::Source { name: "prom".into() }, directory, NOW)
    }

    #[test]
    fn a_declaration_says_which_level_is_paged_and_through_what() {
        let directory = story::directory();
        let r = rehearsed(None, &told(AlertStatus::Firing, 0), &directory);
        assert_eq!((r.would, r.paging.level), (Would::Declare, Some(0)));
        assert_eq!(r.paging.pages, [(Some("ana".into()), "pagerduty".into())]);
        let silent = Directory { people: Default::default(), ..directory.clone() };
        let r = rehearsed(None, &told(AlertStatus::Firing, 0), &silent);
        assert_eq!((r.paging.everyone, r.paging.skipped.len(), r.paging.pages.len()), (Some(2), 2, 2));
        let nobody = Directory { pagers: Vec::new(), ..silent };
        assert_eq!(rehearsed(None, &told(AlertStatus::Firing, 0), &nobody).paging.everyone, Some(0));
    }

    #[test]
    fn what_is_known_what_has_ended_and_what_comes_again_is_told_apart() {
        let directory = story::directory();
        let firing = told(AlertStatus::Firing, 0);
        let resolved = told(AlertStatus::Resolved, 0);
        let inc = rehearsed(None, &firing, &directory).incident.expect("it is declared");
        assert_eq!(rehearsed(None, &resolved, &directory).would, Would::NothingFires);
        assert_eq!(rehearsed(Some(&inc), &firing, &directory).would, Would::NothingNew);
        assert_eq!(rehearsed(Some(&inc), &resolved, &directory).would, Would::Join);
        let ana = Actor::person("ana", "room");
        let end = Input::Resolve { text: String::new() };
        let ended = decide::decide(&inc, &end, &ana, &directory, NOW).expect("it ends").incident;
        assert_eq!(rehearsed(Some(&ended), &resolved, &directory).would, Would::NobodyAsks);
        let again = rehearsed(Some(&ended), &told(AlertStatus::Firing, 60), &directory);
        assert_eq!((again.would, again.paging.level), (Would::Reopen, Some(0)));
    }
}
