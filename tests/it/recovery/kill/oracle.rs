//! What must be true of the log, the answers and the receivers together, however often the process was killed.
//! It is computed from the event list alone (the truth) and from what the outside world has seen.

use super::super::world::{World, is_about, sqlite};
use super::load::{Asked, What};
use crate::harness::fake_pagerduty::Status;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

/// One event, with what the checks need of it.
#[derive(Debug)]
struct Event {
    incident: i64,
    seq: i64,
    kind: String,
    body: Value,
}

/// The log, indexed.
#[derive(Debug, Default)]
pub struct Log {
    /// Title to incidents that were declared under it.
    declared: BTreeMap<String, Vec<i64>>,
    /// Incident to the numbers of its acknowledgements.
    acknowledged: BTreeMap<i64, Vec<i64>>,
    noted: BTreeMap<(i64, String), usize>,
    /// Incident and number of a claim's event to the intent and the worker.
    claims: BTreeMap<(i64, i64), (i64, String)>,
    used_up: BTreeSet<i64>,
    abandoned: usize,
    pub events: usize,
}

impl Log {
    pub fn read(database: &Path) -> Log {
        let rows = sqlite(
            database,
            "SELECT incident_id, seq, kind, body FROM event WHERE incident_id > 0 AND kind IN \
             ('declared', 'acknowledged', 'noted', 'intent_claimed', 'intent_abandoned', 'policy_used_up') \
             ORDER BY incident_id, seq",
        );
        let mut log = Log::default();
        let total = sqlite(database, "SELECT COUNT(*) AS n FROM event");
        log.events = total.first().and_then(|row| row["n"].as_u64()).unwrap_or_default() as usize;
        for row in rows {
            let event = Event {
                incident: row["incident_id"].as_i64().expect("a number"),
                seq: row["seq"].as_i64().expect("a number"),
                kind: row["kind"].as_str().expect("a text").to_owned(),
                body: serde_json::from_str(row["body"].as_str().expect("a text")).expect("the log holds JSON"),
            };
            log.take(event);
        }
        log
    }

    fn take(&mut self, e: Event) {
        let text = |key: &str| e.body[key].as_str().unwrap_or_default().to_owned();
        match e.kind.as_str() {
            "declared" => self.declared.entry(text("title")).or_default().push(e.incident),
            "acknowledged" => self.acknowledged.entry(e.incident).or_default().push(e.seq),
            "noted" => *self.noted.entry((e.incident, text("text"))).or_default() += 1,
            "intent_claimed" => {
                let claim = (e.body["no"].as_i64().expect("a number"), text("worker"));
                self.claims.insert((e.incident, e.seq), claim);
            }
            "intent_abandoned" => self.abandoned += 1,
            "policy_used_up" => {
                self.used_up.insert(e.incident);
            }
            _ => {}
        }
    }

    pub fn declared(&self) -> usize {
        self.declared.len()
    }

    pub fn claims(&self) -> usize {
        self.claims.len()
    }

    pub fn abandoned(&self) -> usize {
        self.abandoned
    }
}

/// Whether what was acknowledged to the clients is in the log, once, and nothing that nobody asked for.
pub fn commands(log: &Log, asked: &[Asked], wrong: &mut Vec<String>) {
    let mut known = 0;
    for a in asked {
        let answered = a.answer.is_some();
        let (times, incident) = match &a.what {
            What::Declare { title, .. } => {
                let incidents = log.declared.get(title).map_or(&[][..], Vec::as_slice);
                (incidents.len(), incidents.first().copied())
            }
            What::Acknowledge { incident } => (log.acknowledged.get(incident).map_or(0, Vec::len), Some(*incident)),
            What::Note { incident, text } => {
                let times = log.noted.get(&(*incident, text.clone())).copied().unwrap_or(0);
                (times, Some(*incident))
            }
        };
        known += times;
        match times {
            0 if answered => wrong.push(format!("LOST: {:?} was answered and is not in the log", a.what)),
            0 | 1 => {}
            n => wrong.push(format!("{:?} is in the log {n} times", a.what)),
        }
        if answered && times == 1 && incident != a.incident() {
            wrong.push(format!("{:?} is {incident:?} in the log, but was answered as {:?}", a.what, a.incident()));
        }
    }
    let recorded = log.declared.values().map(Vec::len).sum::<usize>()
        + log.acknowledged.values().map(Vec::len).sum::<usize>()
        + log.noted.values().sum::<usize>();
    if recorded != known {
        wrong.push(format!("the log has {recorded} commands, of which clients asked for {known}"));
    }
}

/// One request that a receiver got, whichever receiver.
struct Arrival {
    at: Instant,
    key: String,
    claim_seq: i64,
    is_page: bool,
    maybe_repeated: bool,
    attempt: i64,
}

fn arrivals(world: &World, wrong: &mut Vec<String>) -> Vec<Arrival> {
    let mut all = world.webhook.see(|inbox| {
        wrong.extend(inbox.refused().map(|d| format!("the webhook refused a delivery: {:?}", d.refusal)));
        let arrival = |d: &crate::harness::fake_webhook::Delivery| Arrival {
            at: d.arrived,
            key: d.idempotency_key().to_owned(),
            claim_seq: d.body["claim_seq"].as_i64().unwrap_or(-1),
            is_page: d.body["kind"] == "page",
            maybe_repeated: d.body["maybe_repeated"] == true,
            attempt: d.body["attempt"].as_i64().unwrap_or(-1),
        };
        inbox.deliveries.iter().map(arrival).collect::<Vec<Arrival>>()
    });
    world.pagerduty.see(|vendor| {
        wrong.extend(vendor.refused().map(|r| format!("PagerDuty refused {}", r.event)));
        wrong.extend(vendor.strays.iter().map(|stray| format!("a stray request at PagerDuty: {stray}")));
        for r in vendor.requests.iter().filter(|r| r.action() == "trigger") {
            let details = &r.event["payload"]["custom_details"];
            all.push(Arrival {
                at: r.arrived,
                key: r.dedup_key().to_owned(),
                claim_seq: details["claim_seq"].as_i64().unwrap_or(-1),
                is_page: true,
                maybe_repeated: details["maybe_repeated"] == true,
                attempt: details["attempt"].as_i64().unwrap_or(-1),
            });
        }
        let mut keys = BTreeSet::new();
        let twice = vendor.alerts.iter().filter(|alert| !keys.insert(alert.dedup_key.clone()));
        wrong.extend(twice.map(|alert| format!("PagerDuty called somebody twice for {}", alert.dedup_key)));
    });
    all
}

/// Whether what the receivers got is what the log allows. `deaths` are the moments at which processes had ended.
pub fn pages(log: &Log, world: &World, deaths: &[Instant], wrong: &mut Vec<String>) -> Pages {
    let mut by_key: BTreeMap<String, Vec<Arrival>> = BTreeMap::new();
    let mut sent_claims = BTreeSet::new();
    let mut life_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut pages = Pages::default();
    for a in arrivals(world, wrong) {
        pages.arrived += usize::from(a.is_page);
        let Some((incident, no)) = parse(&a.key) else {
            wrong.push(format!("a key that is none: {}", a.key));
            continue;
        };
        match log.claims.get(&(incident, a.claim_seq)) {
            Some((claimed, worker)) if *claimed == no => {
                // A claim is sent by the process that made it, in its own life, or by nobody.
                let life = deaths.iter().filter(|death| **death <= a.at).count();
                let first = *life_of.entry(worker.clone()).or_insert(life);
                if first != life {
                    wrong.push(format!("{} was sent in life {life} under a claim of life {first}", a.key));
                }
            }
            _ => wrong.push(format!("{} was sent without its claim {} in the log", a.key, a.claim_seq)),
        }
        if !sent_claims.insert((incident, a.claim_seq)) {
            wrong.push(format!("claim {} of {} was sent twice", a.claim_seq, a.key));
        }
        let acknowledged = log.acknowledged.get(&incident).and_then(|all| all.first());
        if a.is_page && acknowledged.is_some_and(|seq| a.claim_seq >= *seq) {
            wrong.push(format!("PAGED AFTER ITS ACKNOWLEDGEMENT: {} claimed at {}", a.key, a.claim_seq));
        }
        by_key.entry(a.key.clone()).or_default().push(a);
    }
    for (key, mut same) in by_key {
        same.sort_by_key(|a| a.claim_seq);
        for pair in same.windows(2) {
            if let [earlier, later] = pair {
                pages.repeated += 1;
                if !later.maybe_repeated {
                    wrong.push(format!("{key} arrived again without saying so"));
                }
                if later.attempt <= earlier.attempt {
                    wrong.push(format!("{key}: try {} came after try {}", later.attempt, earlier.attempt));
                }
            }
        }
        pages.different += usize::from(same.iter().any(|a| a.is_page));
    }
    pages
}

#[derive(Debug, Default)]
pub struct Pages {
    pub arrived: usize,
    pub different: usize,
    pub repeated: usize,
}

/// Incident and intent of `firebell-INSTALL-INC-7-2`.
fn parse(key: &str) -> Option<(i64, i64)> {
    let (_, rest) = key.split_once("-INC-")?;
    let (incident, no) = rest.split_once('-')?;
    Some((incident.parse().ok()?, no.parse().ok()?))
}

/// Once everything has settled: nothing waits, and every incident that nobody acknowledged has reached both people.
pub fn settled(log: &Log, world: &World, database: &Path, wrong: &mut Vec<String>) {
    let unfinished = sqlite(
        database,
        "SELECT incident_id, intent_no, status FROM outbox WHERE status NOT IN ('done', 'failed', 'cancelled', 'abandoned') \
         UNION ALL SELECT incident_id, 0, kind FROM timer WHERE kind IN ('escalate', 'snooze_end', 'quiet_resolve')",
    );
    wrong.extend(unfinished.iter().map(|row| format!("still waiting: {row}")));
    let done = sqlite(
        database,
        "SELECT 'firebell-' || install || '-INC-' || incident_id || '-' || intent_no AS key, channel \
         FROM outbox, organisation WHERE status = 'done' AND json_extract(intent, '$.what.what') = 'page'",
    );
    let taken: BTreeSet<String> =
        world.webhook.see(|inbox| inbox.acted().map(|d| d.idempotency_key().to_owned()).collect());
    let called: BTreeMap<String, Status> =
        world.pagerduty.see(|vendor| vendor.alerts.iter().map(|a| (a.dedup_key.clone(), a.status)).collect());
    for page in done {
        let key = page["key"].as_str().unwrap_or_default();
        if !taken.contains(key) && !called.contains_key(key) {
            wrong.push(format!("LOST PAGE: {key} is done by {}, which never got it", page["channel"]));
        }
    }
    // One pass over what was taken: looking each incident up would be quadratic.
    let reached = |keys: &mut dyn Iterator<Item = &String>| keys.filter_map(|k| parse(k)).map(|(id, _)| id).collect();
    let ana: BTreeSet<i64> = reached(&mut taken.iter());
    let bo: BTreeSet<i64> = reached(&mut called.keys());
    for incident in log.declared.values().flatten() {
        if log.acknowledged.contains_key(incident) {
            continue;
        }
        for (who, paged) in [("ana", &ana), ("bo", &bo)] {
            if !paged.contains(incident) {
                wrong.push(format!("LOST PAGE: nobody acknowledged INC-{incident}, and {who} was never paged"));
            }
        }
        if !log.used_up.contains(incident) {
            wrong.push(format!("INC-{incident}: its policy never came to its end"));
        }
    }
    for (key, status) in &called {
        let Some((incident, _)) = parse(key) else { continue };
        debug_assert!(is_about(key, &format!("INC-{incident}")));
        if log.acknowledged.contains_key(&incident) && *status == Status::Triggered {
            wrong.push(format!("{key} still rings at PagerDuty, although INC-{incident} was acknowledged"));
        }
    }
}
