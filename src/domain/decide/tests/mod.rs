//! Decisions one by one: tables and sentences. The simulation covers how they interleave. Every step taken here also
//! checks that the log through its text adds up to the incident, and the outbox by increments to the outbox at once.

mod alerts;
mod announced;
mod answers;
mod chats;
mod clocks;
mod delivery;
mod escalation;
mod ground;
mod people;
mod playbooks;
mod postmortem;
mod reached;
mod reminders;
pub mod runs;
mod systems;
mod tables;
mod transitions;

use super::*;
use crate::alert::{Alert, AlertStatus};
use crate::directory::{EscalationPolicy, Person, Service, Step};
use crate::id::PolicyId;
use crate::intent::Page;
use crate::outbox::{OutboxRow, OutboxStatus, rows};
use crate::timer::timers;
use std::collections::BTreeMap;

pub const START: Timestamp = Timestamp(1_780_000_000_000_000);

/// An incident on its way, with everything that was decided about it.
pub struct Case {
    pub directory: Directory,
    pub now: Timestamp,
    pub incident: Incident,
    pub log: Vec<IncidentEvent>,
    pub outbox: BTreeMap<IntentNo, OutboxRow>,
}

pub fn severity(level: &str, rank: u32) -> Severity {
    Severity::new(level, level.to_lowercase(), rank)
}

pub fn person(methods: &[&str]) -> Person {
    let contact_methods = methods.iter().map(|c| ChannelId::from(*c)).collect();
    Person { name: "A Person".into(), time_zone: chrono_tz::UTC, contact_methods }
}

pub fn to(names: &[&str]) -> Vec<Target> {
    names.iter().map(|n| Target::Person(PersonId::from(*n))).collect()
}

pub fn policy(levels: &[(&[&str], i64)], repeat_max: Option<u32>) -> EscalationPolicy {
    let steps = levels.iter().map(|(names, delay_s)| Step::new(to(names), *delay_s)).collect();
    EscalationPolicy::new(PolicyId::from("default"), steps, repeat_max)
}

/// ana (pager, then mail), bo (pager) and cy (mail); two pagers, one chat; level 1 ana, level 2 bo and cy, five
/// minutes each, once.
pub fn directory() -> Directory {
    let mut d = Directory {
        severities: vec![severity("P1", 1), severity("P2", 2)],
        pagers: vec![ChannelId::from("pager"), ChannelId::from("mail")],
        notice_channels: vec![ChannelId::from("chat")],
        ..Directory::default()
    };
    for (name, methods) in [("ana", &["pager", "mail"][..]), ("bo", &["pager"]), ("cy", &["mail"])] {
        d.people.insert(PersonId::from(name), person(methods));
    }
    let default = policy(&[(&["ana"], 300), (&["bo", "cy"], 300)], Some(0));
    d.policies.insert(default.name.clone(), default);
    let service = Service { system: None, policy: None, owners: vec![PersonId::from("cy")] };
    d.services.insert(ServiceId::from("checkout"), service);
    d
}

pub fn declaration(because: Option<Because>) -> Declaration {
    Declaration {
        title: "checkout is down".into(),
        severity: severity("P1", 1),
        service: Some(ServiceId::from("checkout")),
        private: false,
        because,
    }
}

pub fn with_policy(levels: &[(&[&str], i64)], repeat_max: Option<u32>) -> Case {
    let mut d = directory();
    d.policies.insert(PolicyId::from("default"), policy(levels, repeat_max));
    Case::of(d, declaration(None))
}

impl Case {
    /// Declared by ana a moment ago.
    pub fn new() -> Case {
        Case::of(directory(), declaration(None))
    }

    pub fn of(directory: Directory, declaration: Declaration) -> Case {
        let declared = declare(IncidentId(1), &declaration, &Actor::person("ana", "test"), &directory, START);
        let decision = declared.expect("declared");
        let (log, incident) = (decision.events, decision.incident);
        let outbox = rows(None, &log);
        let case = Case { directory, now: START, incident, log, outbox };
        case.adds_up();
        case
    }

    pub fn after(mut self, seconds: i64) -> Self {
        self.wait(seconds);
        self
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now = self.now.plus_s(seconds);
    }

    fn by(&mut self, actor: &Actor, input: &Input) -> Result<Vec<Event>, Refusal> {
        match decide(&self.incident, input, actor, &self.directory, self.now) {
            Ok(decision) => {
                for (no, row) in rows(Some(&self.incident), &decision.events) {
                    self.outbox.insert(no, row);
                }
                self.incident = decision.incident;
                self.log.extend(decision.events.iter().cloned());
                self.adds_up();
                Ok(decision.events.into_iter().map(|e| e.body).collect())
            }
            Err(No::Refused(refusal)) => Err(refusal),
            Err(No::Illegal(illegal)) => panic!("{illegal} on {input:?}"),
        }
    }

    fn adds_up(&self) {
        if self.log.len() > 80 && self.log.len() % 40 > 3 {
            return; // a long log is read again now and then: each reading is as long as the log
        }
        let through_text = |e: &IncidentEvent| -> IncidentEvent {
            let text = serde_json::to_string(e).expect("an event is text");
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
        };
        let read: Vec<IncidentEvent> = self.log.iter().map(through_text).collect();
        assert_eq!(read, self.log);
        let replayed = Incident::replay(&read).expect("a legal log");
        assert_eq!(replayed.as_ref(), Some(&self.incident));
        let text = serde_json::to_string(&self.incident).expect("an incident is text");
        assert_eq!(serde_json::from_str::<Incident>(&text).ok().as_ref(), Some(&self.incident));
        assert_eq!(rows(None, &self.log), self.outbox, "the outbox at once and by increments");
    }

    /// Ana says it.
    pub fn say(&mut self, input: Input) -> Result<Vec<Event>, Refusal> {
        self.by(&Actor::person("ana", "test"), &input)
    }

    /// Something that must be accepted.
    pub fn says(&mut self, input: Input) -> Vec<Event> {
        self.say(input.clone()).unwrap_or_else(|r| panic!("{input:?} was refused: {r}"))
    }

    pub fn engine(&mut self, input: Input) -> Result<Vec<Event>, Refusal> {
        self.by(&Actor::Engine, &input)
    }

    pub fn alerts(&mut self, delivery: &Delivery) -> Result<Vec<Event>, Refusal> {
        self.by(&Actor::Source { name: "prom".into() }, &Input::Alerts(delivery.clone()))
    }

    pub fn timer(&self) -> Option<Timer> {
        let all: Vec<Timer> = timers(&self.incident).collect();
        assert!(all.len() <= 1, "{all:?}");
        all.first().copied()
    }

    /// Waits for the one timer and fires it.
    pub fn fire(&mut self) -> Vec<Event> {
        let timer = self.timer().expect("a timer");
        self.now = self.now.max(timer.due_at);
        self.engine(Input::TimerDue(timer)).expect("due")
    }

    /// Pages that wait or are under way, as (number, person or `*`, channel).
    pub fn pages(&self) -> Vec<(IntentNo, String, String)> {
        let page = |what: &What| match what {
            What::Page(Page { person, .. }) => Some(person.as_ref().map_or("*".to_string(), PersonId::to_string)),
            _ => None,
        };
        let live = self.incident.live.values();
        live.filter_map(|l| Some((l.intent.no, page(&l.intent.what)?, l.intent.channel.to_string()))).collect()
    }

    /// Whom a page waits for, in order: `ana/pager`.
    pub fn paged(&self) -> Vec<String> {
        self.pages().into_iter().map(|(_, who, channel)| format!("{who}/{channel}")).collect()
    }

    /// What vendors are to be told of earlier pages, as (page, over).
    pub fn follows(&self) -> Vec<(IntentNo, bool)> {
        let follow = |what: &What| match what {
            What::Follow { page, over, .. } => Some((*page, *over)),
            _ => None,
        };
        self.incident.live.values().filter_map(|l| follow(&l.intent.what)).collect()
    }

    /// Claims an intent and returns the claim's number.
    pub fn claim(&mut self, no: IntentNo) -> i64 {
        let claimed = self.engine(Input::Claim { no, worker: "w1".into() }).expect("claimable");
        assert!(matches!(claimed[..], [Event::IntentClaimed { .. }]), "{claimed:?}");
        self.incident.seq
    }

    pub fn deliver(&mut self, no: IntentNo, claim_seq: i64, outcome: SendOutcome) -> Result<Vec<Event>, Refusal> {
        self.engine(Input::Delivered { no, claim_seq, outcome })
    }

    /// Claims and delivers.
    pub fn sent(&mut self, no: IntentNo) {
        let seq = self.claim(no);
        self.deliver(no, seq, done()).expect("delivered");
    }

    pub fn refused_by_vendor(&mut self, no: IntentNo) -> Vec<Event> {
        let seq = self.claim(no);
        self.deliver(no, seq, never()).expect("delivered")
    }

    /// Fails as often as a page may, waiting as long as it is told to.
    pub fn exhausted(&mut self, no: IntentNo) -> Vec<Event> {
        loop {
            let Some(live) = self.incident.live.get(&no) else { panic!("#{no} is over") };
            self.now = self.now.max(live.due_at);
            let seq = self.claim(no);
            let events = self.deliver(no, seq, retry(false)).expect("delivered");
            if !self.incident.live.contains_key(&no) {
                return events;
            }
        }
    }

    pub fn status_of(&self, no: IntentNo) -> OutboxStatus {
        self.outbox[&no].status
    }
}

pub fn done() -> SendOutcome {
    SendOutcome::Done { receipt: Some("v-1".into()) }
}

pub fn retry(maybe_sent: bool) -> SendOutcome {
    SendOutcome::Retry { after_s: None, why: "no answer".into(), maybe_sent }
}

pub fn never() -> SendOutcome {
    SendOutcome::Never { why: "401".into() }
}

pub fn resolve() -> Input {
    Input::Resolve { text: String::new() }
}

pub fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

/// An alert by name: `a` fires since START+1, `a@7` since START+7, `-a` has resolved.
pub fn alert(word: &str) -> Alert {
    let (status, word) = match word.strip_prefix('-') {
        Some(rest) => (AlertStatus::Resolved, rest),
        None => (AlertStatus::Firing, word),
    };
    let (name, since) = word.split_once('@').unwrap_or((word, "1"));
    let starts_at = START.plus_s(since.parse().expect("seconds"));
    Alert { fingerprint: name.into(), status, starts_at, summary: "disk full".into(), link: None }
}

/// A delivery of these alerts, whose group fires if one of them does.
pub fn delivery(words: &[&str]) -> Delivery {
    let alerts: Vec<Alert> = words.iter().map(|w| alert(w)).collect();
    let fires = alerts.iter().any(|a| a.status == AlertStatus::Firing);
    let group_status = if fires { AlertStatus::Firing } else { AlertStatus::Resolved };
    Delivery { source: "prom".into(), group: "disk".into(), alerts, group_status, truncated: 0 }
}

pub fn by_alerts(words: &[&str]) -> Case {
    Case::of(directory(), declaration(Some(Because::Alerts(delivery(words)))))
}
