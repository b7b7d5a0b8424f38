//! What is valid but leads nowhere: people whom no page can reach, services without a policy, schedules that nobody
//! pages. Notes, never a reason not to start.

use super::problem::{Place, Problem, Spot};
use super::read::Table;
use firebell_domain::directory::{Directory, Target};
use firebell_domain::id::{PersonId, PolicyId, ScheduleId, ServiceId};

/// Something valid that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// person, service, schedule, policy, source or pager
    pub kind: &'static str,
    /// Empty where it is about all of a kind.
    pub name: String,
    pub note: Problem,
}

struct Notes<'a> {
    place: &'a Place,
    list: Vec<Unmapped>,
}

impl Notes<'_> {
    fn add(&mut self, kind: &'static str, name: &str, spot: &Spot, what: impl Into<String>, fix: impl Into<String>) {
        let note = self.place.note(spot, what.into(), fix.into());
        self.list.push(Unmapped { kind, name: name.to_string(), note });
    }
}

pub fn notes(root: &Table<'_>, directory: &Directory, place: &Place) -> Vec<Unmapped> {
    let mut notes = Notes { place, list: Vec::new() };
    if directory.pagers.is_empty() {
        let fix = "Add [paging.pagerduty], [paging.smtp] or [paging.webhook.NAME]";
        notes.add("pager", "", &root.spot("paging"), "no pager is configured: nobody is paged", fix);
    }
    for (id, table) in root.named("people") {
        if directory.people.get(&PersonId::from(id)).is_some_and(|p| p.contact_methods.is_empty()) {
            let via = directory.pagers.first().map_or("…".to_string(), |c| format!("\"{c}\""));
            let fix = format!("Add contact = [{{ via = {via} }}]");
            notes.add("person", id, &table.here(), "has no contact method: pages cannot reach them", fix);
        }
    }
    for (id, table) in root.named("services") {
        let service = ServiceId::from(id);
        let by_runbook = directory.system_of(Some(&service)).and_then(|s| directory.systems.get(s));
        if directory.policy_for(Some(&service)).is_none() && by_runbook.is_none_or(|s| s.chains.is_empty()) {
            let fix = "Add policy = \"…\", or a policy named \"default\"";
            notes.add("service", id, &table.here(), "has no policy: its incidents page every pager", fix);
        }
    }
    let targets = || directory.policies.values().flat_map(|p| &p.steps).flat_map(|s| &s.targets);
    for (id, table) in root.named("schedules") {
        let wanted = Target::Schedule(ScheduleId::from(id));
        if !targets().any(|t| *t == wanted) {
            let fix = format!("Page \"schedule:{id}\" in a policy, or remove it");
            notes.add("schedule", id, &table.here(), "no policy pages it: being on call there pages nobody", fix);
        }
    }
    let fallback = directory.policy_for(None).map(|p| &p.name);
    for (id, table) in root.named("policies") {
        let name = PolicyId::from(id);
        let goes_on_in = || root.named("policies").into_iter().any(|(_, other)| other.text("then") == Some(id));
        let used = directory.services.values().any(|s| s.policy.as_ref() == Some(&name)) || goes_on_in();
        if !used && fallback != Some(&name) {
            notes.add("policy", id, &table.here(), "no service uses it", "Name it in [services.NAME], or remove it");
        }
    }
    for (id, table) in root.named("ingest") {
        if !directory.services.is_empty() && !table.given("service") {
            let whom = match fallback {
                Some(policy) => format!("page by policies.{policy}"),
                None => "page every pager".to_string(),
            };
            let what = format!("alerts that name none of the services {whom}");
            notes.add("source", id, &table.here(), what, "Add service = \"…\" if they are one service's");
        }
    }
    notes.list.sort_by_key(|n| (n.note.variable.clone(), n.note.line));
    notes.list
}
