//! Where a body would go, without going there: which rule fits each alert, what its group would do and whom that would
//! page now. Asks the domain, which decides as it would and forgets it. Never records anything and takes no number.

use super::{Reading, read_aside, read_whatever_comes, unreadable_declaration};
use crate::app::{App, belongs};
use crate::config::{Ingest, IngestKind};
use crate::fault::Fault;
use firebell_domain::alert::{AlertStatus, Delivery, START_UNKNOWN};
use firebell_domain::decide::Declaration;
use firebell_domain::directory::Directory;
use firebell_domain::event::{Actor, Unreachable};
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::regroup::{self, Part};
use firebell_domain::rehearsal::{self, Rehearsal, Would};
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use firebell_domain::timeline::words;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a request would come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DryRun {
    pub dry_run: bool,
    pub source: String,
    pub kind: &'static str,
    /// Whether the open incidents were asked; without a running bot the configuration alone was.
    pub online: bool,
    pub at: String,
    /// Why the body cannot be read.
    pub unreadable: Option<Unreadable>,
    pub groups: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// As the incident would say it.
    pub problem: String,
    pub would: Plan,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    pub group: String,
    pub status: AlertStatus,
    pub firing: usize,
    pub resolved: usize,
    pub muted: usize,
    /// Alerts that the source left out.
    pub truncated: u32,
    pub alerts: Vec<Alert>,
    /// One, except where several open incidents follow alerts of the group.
    pub would: Vec<Plan>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    pub fingerprint: String,
    pub status: AlertStatus,
    /// `null` where the source does not say.
    pub starts_at: Option<String>,
    pub summary: String,
    pub link: Option<String>,
    pub rule: Option<Rule>,
    pub severity: Level,
    pub service: Option<String>,
    /// False: muted by its rule.
    pub incident: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// As people count: from 1.
    pub number: usize,
    pub place: String,
    pub r#match: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Level {
    pub level: String,
    pub name: String,
    pub rank: u32,
}

/// What a group, or its part for one incident, would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    pub result: &'static str,
    /// Why nothing would be declared.
    pub why: Option<String>,
    /// The incident that it would go to, or that knows all of it.
    pub incident: Option<String>,
    /// Of what would be declared; a known incident's own stay as they are.
    pub title: Option<String>,
    pub severity: Option<Level>,
    pub service: Option<String>,
    pub policy: Option<String>,
    pub paging: Option<Paging>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paging {
    /// Counted from 1; `null` where no level reaches anybody.
    pub level: Option<usize>,
    pub levels: usize,
    pub pages: Vec<Page>,
    /// Levels before it that reach nobody, and people of it whom nothing reaches.
    pub not_reached: Vec<String>,
    /// No level reaches anybody: every pager would be paged.
    pub everyone: bool,
    /// Without an answer.
    pub next_at: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    /// `null`: whoever reads the channel.
    pub person: Option<String>,
    pub channel: String,
}

/// From the configuration alone, as if nothing were open.
pub fn offline(source: &str, settings: &Ingest, body: &[u8], directory: &Directory, now: Timestamp) -> DryRun {
    let readings = read_whatever_comes(source, settings, body, directory);
    let stage = Stage { source, settings, directory, now, known: None };
    stage.run(readings)
}

/// The same for a body that has not come whole.
pub fn offline_problem(
    source: &str,
    settings: &Ingest,
    problem: &str,
    directory: &Directory,
    now: Timestamp,
) -> DryRun {
    let stage = Stage { source, settings, directory, now, known: None };
    stage.run(Err(problem.to_string()))
}

/// As the running bot would take it now.
pub async fn online(app: &App, source: &str, settings: &Ingest, body: Vec<u8>) -> Result<DryRun, Fault> {
    let (readings, _) = read_aside(app, source, settings, body).await?;
    online_of(app, source, settings, readings).await
}

/// The same for a body that has not come whole.
pub async fn online_problem(app: &App, source: &str, settings: &Ingest, problem: &str) -> Result<DryRun, Fault> {
    online_of(app, source, settings, Err(problem.to_string())).await
}

async fn online_of(
    app: &App,
    source: &str,
    settings: &Ingest,
    readings: Result<Vec<Reading>, String>,
) -> Result<DryRun, Fault> {
    let directory = app.directory_now().await?;
    let known = Some(Known::load(app, source, &readings).await?);
    let stage = Stage { source, settings, directory: &directory, now: app.clock().now(), known };
    Ok(stage.run(readings))
}

/// What is open, as far as these readings touch it.
#[derive(Default)]
struct Known {
    last: BTreeMap<belongs::Key, IncidentId>,
    incidents: BTreeMap<IncidentId, Incident>,
}

impl Known {
    async fn load(app: &App, source: &str, readings: &Result<Vec<Reading>, String>) -> Result<Known, Fault> {
        let mut known = Known::default();
        let store = app.store();
        let mut keys = Vec::new();
        match readings {
            Err(_) => keys.push(belongs::unreadable(source)),
            Ok(readings) => {
                for delivery in readings.iter().map(|r| &r.delivery) {
                    keys.push((source.to_string(), delivery.group.clone()));
                    let alerts = regroup::looked_up(delivery).into_iter().map(|a| belongs::alert(source, a));
                    known.last.extend(store.open_followers(&alerts.collect::<Vec<_>>()).await?);
                }
            }
        }
        for key in keys {
            if let Some(id) = store.last_incident_of(&key.0, &key.1).await? {
                known.last.insert(key, id);
            }
        }
        for id in known.last.values() {
            if !known.incidents.contains_key(id)
                && let Some(loaded) = store.incident(*id).await?
            {
                known.incidents.insert(*id, loaded.incident);
            }
        }
        Ok(known)
    }

    fn last(&self, key: &belongs::Key) -> Option<&Incident> {
        self.last.get(key).and_then(|id| self.incidents.get(id))
    }
}

struct Stage<'a> {
    source: &'a str,
    settings: &'a Ingest,
    directory: &'a Directory,
    now: Timestamp,
    /// `None`: nobody was asked what is open.
    known: Option<Known>,
}

impl Stage<'_> {
    fn run(&self, readings: Result<Vec<Reading>, String>) -> DryRun {
        let kind = match self.settings.kind {
            IngestKind::Alertmanager => "alertmanager",
            IngestKind::Generic(_) => "generic",
        };
        let mut run = DryRun {
            dry_run: true,
            source: self.source.to_string(),
            kind,
            online: self.known.is_some(),
            at: self.now.rfc3339(),
            unreadable: None,
            groups: Vec::new(),
        };
        match readings {
            Ok(readings) => run.groups = readings.iter().map(|r| self.group(r)).collect(),
            Err(problem) => run.unreadable = Some(Unreadable { problem, would: self.unreadable() }),
        }
        run
    }

    fn last(&self, key: &belongs::Key) -> Option<&Incident> {
        self.known.as_ref().and_then(|known| known.last(key))
    }

    fn actor(&self) -> Actor {
        Actor::Source { name: self.source.to_string() }
    }

    fn unreadable(&self) -> Plan {
        let open = self.last(&belongs::unreadable(self.source)).filter(|i| i.status.open());
        if let Some(open) = open {
            return Plan { incident: Some(open.id.to_string()), ..Plan::of("join") };
        }
        let declaration = unreadable_declaration(self.source, self.settings, self.directory);
        plan(&rehearsal::declared(&declaration, &self.actor(), self.directory, self.now))
    }

    fn group(&self, reading: &Reading) -> Group {
        let count = |status| reading.sorted.iter().filter(|s| s.alert.status == status).count();
        let delivery = &reading.delivery;
        let by_group = self.last(&(self.source.to_string(), delivery.group.clone()));
        let parts = regroup::parts(delivery, by_group, |alert| self.last(&belongs::alert(self.source, alert)));
        let several = parts.len() > 1;
        let part = |part: &Part| {
            let host = |id| self.known.as_ref().and_then(|known| known.incidents.get(&id));
            let last = part.to.map_or(by_group, host);
            let plan = self.part(reading, &part.delivery, last, &reading.declaration);
            // Of a divided delivery only what comes to something is of interest.
            (!several || !part.delivery.alerts.is_empty()).then_some(plan)
        };
        Group {
            group: delivery.group.clone(),
            status: delivery.group_status,
            firing: count(AlertStatus::Firing),
            resolved: count(AlertStatus::Resolved),
            muted: reading.muted(),
            truncated: delivery.truncated,
            alerts: reading.sorted.iter().map(|s| self.alert(s)).collect(),
            would: parts.iter().filter_map(part).collect(),
        }
    }

    fn part(&self, reading: &Reading, part: &Delivery, last: Option<&Incident>, of: &Declaration) -> Plan {
        let r = rehearsal::delivery(last, part, of, &self.actor(), self.directory, self.now);
        let mut plan = plan(&r);
        if matches!(r.would, Would::NothingFires | Would::NothingNew) && reading.all_muted() {
            let rules: Vec<String> = self.muting(reading).iter().map(|r| format!("rule {}", r + 1)).collect();
            plan.why = Some(format!("{} says that what fires makes no incident", rules.join(" and ")));
            plan.result = "muted";
        } else if r.would == Would::NothingFires && self.known.is_none() {
            plan.why = Some("nothing fires; an open incident of this group would hear of its end".to_string());
        }
        plan
    }

    /// The rules that mute, in their order.
    fn muting(&self, reading: &Reading) -> Vec<usize> {
        let mut rules: Vec<usize> = reading.sorted.iter().filter(|s| s.muted()).filter_map(|s| s.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn alert(&self, s: &super::Sorted) -> Alert {
        let rule = s.rule.and_then(|n| {
            let rule = self.settings.rules.get(n)?;
            let conditions = rule.conditions.iter().map(|c| c.text().to_string()).collect();
            Some(Rule { number: n + 1, place: rule.place.clone(), r#match: conditions })
        });
        let service = s.service.as_ref().or(self.settings.service.as_ref());
        Alert {
            fingerprint: s.alert.fingerprint.clone(),
            status: s.alert.status,
            starts_at: Some(s.alert.starts_at).filter(|t| *t != START_UNKNOWN).map(Timestamp::rfc3339),
            summary: s.alert.summary.clone(),
            link: s.alert.link.clone(),
            rule,
            severity: level(&s.severity),
            service: service.map(|s| s.to_string()),
            incident: !s.muted(),
        }
    }
}

fn level(s: &Severity) -> Level {
    Level { level: s.level.clone(), name: s.name.clone(), rank: s.rank }
}

impl Paging {
    fn pages_somebody(&self) -> bool {
        self.everyone || !self.pages.is_empty()
    }
}

impl Plan {
    fn of(result: &'static str) -> Plan {
        Plan {
            result,
            why: None,
            incident: None,
            title: None,
            severity: None,
            service: None,
            policy: None,
            paging: None,
        }
    }
}

fn plan(r: &Rehearsal) -> Plan {
    let id = r.incident.as_ref().filter(|i| i.id != IncidentId::ORG).map(|i| i.id.to_string());
    let known = id.clone().unwrap_or_default();
    let plan = |result, why: Option<String>| Plan { why, incident: id.clone(), ..Plan::of(result) };
    match r.would {
        Would::Join => Plan { paging: Some(paging(r)).filter(Paging::pages_somebody), ..plan("join", None) },
        Would::Reopen => Plan { paging: Some(paging(r)), ..plan("reopen", None) },
        Would::NothingNew if r.incident.as_ref().is_some_and(|i| !i.status.open()) => {
            plan("nothing", Some(format!("{known} had all of it when it ended; what begins to fire again reopens it")))
        }
        Would::NobodyAsks => plan("nothing", Some(format!("{known} has ended, and nothing of it fires again"))),
        Would::NothingNew if id.is_some() => plan("nothing", Some(format!("{known} knows all of it"))),
        Would::NothingNew | Would::NothingFires => {
            plan("nothing", Some("nothing fires, and no open incident waits for its end".to_string()))
        }
        Would::Declare => {
            let i = r.incident.as_ref();
            Plan {
                title: i.map(|i| i.title.clone()),
                severity: i.map(|i| level(&i.severity)),
                service: i.and_then(|i| i.service.as_ref()).map(|s| s.to_string()),
                policy: i.and_then(|i| i.policy.as_ref()).map(|p| p.name.to_string()),
                paging: Some(paging(r)),
                ..plan("declare", None)
            }
        }
    }
}

fn paging(r: &Rehearsal) -> Paging {
    let p = &r.paging;
    let level = |step: usize, not: &[Unreachable]| {
        let whom = if not.is_empty() { "it names nobody".to_string() } else { words::unreachable(not) };
        format!("level {}: {whom}", step + 1)
    };
    let mut not_reached: Vec<String> = p.skipped.iter().map(|(step, not)| level(*step, not)).collect();
    if let (Some(step), false) = (p.level, p.unreachable.is_empty()) {
        not_reached.push(level(step, &p.unreachable));
    }
    let page = |(person, channel): &(Option<firebell_domain::id::PersonId>, firebell_domain::id::ChannelId)| Page {
        person: person.as_ref().map(|p| p.to_string()),
        channel: channel.to_string(),
    };
    Paging {
        level: p.level.map(|step| step + 1),
        levels: r.incident.as_ref().and_then(|i| i.policy.as_ref()).map_or(0, |p| p.steps.len()),
        pages: p.pages.iter().map(page).collect(),
        not_reached,
        everyone: p.everyone.is_some(),
        next_at: p.next_at.map(Timestamp::rfc3339),
    }
}
