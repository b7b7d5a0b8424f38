//! A made-up organisation: people with contact methods, policies of one to five levels, schedules across zones
//! whose hand-offs fall on the very instants at which timers are due, services with owners.

use super::plan::Plan;
use super::rng::Rng;
use crate::chat::ChatRule;
use crate::directory::{Directory, EscalationPolicy, Person, Service, Step, System, Target};
use crate::hours::{When, WorkingHours};
use crate::id::{ChannelId, PersonId, PolicyId, ScheduleId, ServiceId};
use crate::playbook::{Part, Playbook, Step as PlaybookStep};
use crate::schedule::{Override, Rotation, Schedule};
use crate::severity::{Clocks, Severity};
use crate::time::Timestamp;
use chrono::{Datelike, Timelike};
use chrono_tz::Tz;

pub const PEOPLE: [&str; 12] = ["ana", "bo", "cy", "di", "ed", "flo", "gus", "hal", "ida", "jo", "kim", "lou"];
pub const PAGERS: [&str; 3] = ["pagerduty", "webhook.ops", "smtp"];
pub const NOTICE_CHANNELS: [&str; 2] = ["webhook.news", "webhook.wall"];
/// The last one is a workspace of the first: what was declared there is announced there, and nothing else.
pub const CHATS: [&str; 3] = ["slack", "discord", WORKSPACE];
pub const WORKSPACE: &str = "slack T0BETA";
pub const SERVICES: [&str; 2] = ["checkout", "db"];
pub const ZONES: [Tz; 5] =
    [Tz::UTC, Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe, Tz::Pacific__Apia];

pub fn directory(plan: &Plan, rng: &mut Rng) -> Directory {
    let severities = [("P1", 1), ("P2", 2), ("P3", 3)].map(|(level, rank)| Severity {
        level: level.into(),
        name: level.to_lowercase(),
        rank,
        response_s: rng.chance(500).then(|| rng.one([60, 300, 900])),
        clocks: clocks(rng),
        ..Severity::new("", "", 1)
    });
    let mut d = Directory { severities: severities.to_vec(), ..Directory::default() };
    d.pagers = PAGERS.iter().take(plan.pagers).map(|c| ChannelId::from(*c)).collect();
    d.notice_channels = NOTICE_CHANNELS.iter().take(plan.notice_channels).map(|c| ChannelId::from(*c)).collect();
    d.chats = CHATS
        .iter()
        .take(plan.chats)
        .map(|c| ChatRule {
            channel: ChannelId::from(*c),
            opens: rng.chance(800),
            announces: rng.chance(500),
            own_only: false,
            rooms: Default::default(),
        })
        .collect();
    if !d.chats.is_empty() {
        let (channel, rooms) = (ChannelId::from(WORKSPACE), Default::default());
        d.chats.push(ChatRule { channel, opens: false, announces: true, own_only: true, rooms });
    }
    for name in PEOPLE.iter().take(plan.people) {
        d.people.insert(PersonId::from(*name), person(name, rng));
    }
    for no in 0..plan.schedules {
        d.schedules.insert(ScheduleId::new(format!("rota{no}")), schedule(plan, rng));
    }
    for no in 0..plan.policies {
        let name = PolicyId::new(if no == 0 { "default".to_string() } else { format!("policy{no}") });
        d.policies.insert(name.clone(), policy(name, plan, rng));
    }
    // With no policy said, a runbook's chains page: one for all levels, and one that the worst has alone.
    if plan.policies == 0 {
        let chain = |name: &str, rng: &mut Rng| policy(PolicyId::from(name), plan, rng);
        let chains = [(None, chain("shop", rng)), (Some("P1".to_string()), chain("shop P1", rng))];
        let system = System { severities: severities.to_vec(), chains: chains.into_iter().collect() };
        d.systems.insert("shop".into(), system);
    }
    for name in SERVICES {
        let policy = d.policies.keys().nth(rng.below(d.policies.len().max(1))).cloned();
        let owners = (0..rng.below(3)).map(|_| somebody(plan, rng)).collect();
        d.services.insert(ServiceId::from(name), Service { system: None, policy, owners });
    }
    d
}

/// Now and then somebody who is not configured at all.
fn somebody(plan: &Plan, rng: &mut Rng) -> PersonId {
    let within = if rng.chance(80) { PEOPLE.len() } else { plan.people };
    PersonId::from(PEOPLE[rng.below(within)])
}

fn person(name: &str, rng: &mut Rng) -> Person {
    let mut contact_methods: Vec<ChannelId> = Vec::new();
    for _ in 0..rng.one([0, 1, 1, 2, 2, 3]) {
        let channel = ChannelId::from(rng.one(PAGERS));
        if !contact_methods.contains(&channel) {
            contact_methods.push(channel);
        }
    }
    Person { name: name.to_string(), time_zone: rng.one(ZONES), contact_methods }
}

pub fn policy(name: PolicyId, plan: &Plan, rng: &mut Rng) -> EscalationPolicy {
    let delay_s = rng.one([10, 30, 60, 300, 900]);
    let by_hour = rng.chance(300);
    let steps = (0..rng.range(1, 5)).map(|_| Step {
        targets: (0..rng.range(1, 3)).map(|_| target(plan, rng)).collect(),
        delay_s: if rng.chance(300) { rng.one([10, 60, 300, 900]) } else { delay_s },
        when: if by_hour { rng.one([When::Always, When::WorkingHours, When::OffHours]) } else { When::Always },
    });
    let steps = steps.collect();
    let repeat_max = rng.one([None, None, Some(0), Some(1), Some(3)]);
    let hours = by_hour.then(|| hours(plan, rng));
    let ack_timeout_s = rng.chance(400).then(|| rng.one([600, 900, 1_800, 7_200]));
    EscalationPolicy { name, steps, repeat_max, hours, ack_timeout_s }
}

fn clocks(rng: &mut Rng) -> Clocks {
    let mut some = |spans: [i64; 3]| rng.chance(500).then(|| rng.one(spans));
    Clocks {
        diagnose_s: some([60, 900, 3_600]),
        mitigate_s: some([60, 900, 7_200]),
        resolve_s: some([60, 3_600, 14_400]),
        postmortem_s: some([60, 600, 3_600]),
        update_every_s: some([300, 1_800, 3_600]),
        lead_within_s: some([300, 600, 3_600]),
    }
}

/// Beginning or ending near the simulation's own beginning, so that the hours change while incidents are open.
fn hours(plan: &Plan, rng: &mut Rng) -> WorkingHours {
    let zone = rng.one(ZONES);
    let wall = Timestamp(plan.begins_at).utc().with_timezone(&zone);
    let minute = |shift: i64| (i64::from(wall.hour() * 60 + wall.minute()) + shift).rem_euclid(1_440) as u32;
    let (from_min, to_min) = (minute(rng.range(-600, 60)), minute(rng.range(1, 600)));
    let days = if rng.chance(500) { vec![wall.weekday()] } else { vec![wall.weekday(), wall.weekday().succ()] };
    WorkingHours { zone, days, from_min, to_min }
}

pub fn target(plan: &Plan, rng: &mut Rng) -> Target {
    match rng.below(7) {
        0 | 1 if plan.schedules > 0 => Target::Schedule(ScheduleId::new(format!("rota{}", rng.below(plan.schedules)))),
        2 => Target::Owners,
        3 => Target::Pager(ChannelId::from(rng.one(PAGERS))),
        _ => Target::Person(somebody(plan, rng)),
    }
}

fn schedule(plan: &Plan, rng: &mut Rng) -> Schedule {
    let zone = rng.one(ZONES);
    let begins = Timestamp(plan.begins_at);
    // Short shifts from whole seconds after the beginning: hand-offs then coincide with levels' delays.
    let first_handoff = begins.plus_s(rng.one([0, 60, -86_400])).utc().with_timezone(&zone).naive_local();
    let people = (0..rng.below(4)).map(|_| somebody(plan, rng)).collect();
    let rotation = Rotation { people, shift_s: rng.one([60, 300, 3_600, 86_400, 604_800]), first_handoff, zone };
    let overrides = (0..rng.below(3))
        .map(|_| {
            let from = begins.plus_s(rng.range(0, 3_600));
            Override { person: somebody(plan, rng), from, to: from.plus_s(rng.range(1, 7_200)) }
        })
        .collect();
    Schedule { rotation, overrides }
}

/// One change of the configuration while incidents are open: people, pagers and policies vanish or come back.
pub fn edit(d: &mut Directory, plan: &Plan, rng: &mut Rng) -> &'static str {
    match rng.below(6) {
        0 => {
            let gone = PersonId::from(PEOPLE[rng.below(plan.people)]);
            d.people.remove(&gone);
            "somebody is gone"
        }
        1 => {
            let name = PEOPLE[rng.below(plan.people)];
            d.people.insert(PersonId::from(name), person(name, rng));
            "somebody's contact methods differ"
        }
        2 => {
            d.pagers = PAGERS.iter().filter(|_| rng.chance(600)).map(|c| ChannelId::from(*c)).collect();
            "other pagers"
        }
        3 => {
            d.policies.clear();
            "no policies"
        }
        4 => {
            let name = PolicyId::from("default");
            d.policies.insert(name.clone(), policy(name, plan, rng));
            "another default policy"
        }
        _ => {
            d.schedules.clear();
            "no schedules"
        }
    }
}

/// A playbook of some steps, now and then of none, with conditions that later steps are for.
pub fn playbook(rng: &mut Rng) -> Playbook {
    let mut steps: Vec<PlaybookStep> = Vec::new();
    let mut condition = None;
    for no in 1..=rng.below(6) as u32 {
        let part = rng.one([Part::Investigate, Part::Condition, Part::Resolve, Part::Verify]);
        let under = condition.filter(|_| rng.chance(500));
        let text = format!("step {no}");
        steps.push(PlaybookStep {
            part,
            text,
            written: None,
            line: no,
            under,
            risk: None,
            why: None,
            fill: Vec::new(),
            caution: None,
            runs_on: None,
        });
        condition = if part == Part::Condition { Some(no) } else { condition };
    }
    Playbook {
        system: "shop".into(),
        name: "Queue is full".into(),
        file: "shop.md".into(),
        revision: "0".into(),
        steps,
    }
}
