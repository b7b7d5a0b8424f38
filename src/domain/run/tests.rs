//! Seeded simulation of runs: three incidents, two replicas and two targets; people of every right who ask, approve, deny
//! and stop in any order; workers that crash at every boundary; a store that keeps only what was committed. After every
//! step the oracles look at the whole: whatever touched a target was approved by somebody entitled, alone on it, once.

use super::authority::{Grant, RunRules};
use super::decide::{Approve, RunOutcome};
use super::target::{self, Held};
use super::{Bound, Judged, LOCAL_TOKEN, Limit, Needs, Order, RunEnd, RunNo, RunState, read};
use crate::decide::tests::{START, declaration, directory, runs, to};
use crate::decide::{Input, No, decide, declare};
use crate::directory::Directory;
use crate::event::{Actor, Event, IncidentEvent};
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::intent::What;
use crate::playbook::Risk;
use crate::sim::rng::Rng;
use crate::time::Timestamp;
use crate::timer;
use std::collections::{BTreeMap, BTreeSet};

const TARGETS: [&str; 2] = ["main", "spare"];
const PEOPLE: [(&str, &str, bool); 5] = [
    ("ana", "room", false),
    ("bo", "slack", false),
    ("cy", "room", false),
    ("dee", "room", true),
    ("bo", LOCAL_TOKEN, false),
];

/// A run that a worker holds in its memory.
#[derive(Clone)]
struct Held1 {
    incident: usize,
    run: RunNo,
    claim_seq: i64,
    /// When its command really began; nothing before that touched the target.
    touched: Option<Timestamp>,
}

struct World {
    rng: Rng,
    now: Timestamp,
    directory: Directory,
    incidents: Vec<Incident>,
    logs: Vec<Vec<IncidentEvent>>,
    /// Rows of the targets, as the store has them.
    rows: BTreeMap<String, Held>,
    /// Of two replicas.
    memory: [Vec<Held1>; 2],
    /// (incident, run) whose command was begun, ever.
    begun: BTreeSet<(usize, RunNo)>,
    transcript: Vec<String>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut d = directory();
        d.runs = RunRules { break_glass: true, ..runs::rules() };
        d.runs.targets = TARGETS.iter().map(|t| (t.to_string(), Some("production".to_string()))).collect();
        d.runs.grants = vec![
            Grant {
                system: None,
                level: "1".into(),
                people: to(&["ana"]),
                risk: Risk::Mutate,
                actions: vec!["restart".into()],
            },
            Grant {
                system: None,
                level: "2".into(),
                people: to(&["bo"]),
                risk: Risk::Destroy,
                actions: vec!["*".into()],
            },
        ];
        d.runs.held.clear();
        let mut world = World {
            rng: Rng::new(seed),
            now: START,
            directory: d,
            incidents: Vec::new(),
            logs: Vec::new(),
            rows: BTreeMap::new(),
            memory: [Vec::new(), Vec::new()],
            begun: BTreeSet::new(),
            transcript: Vec::new(),
        };
        for id in 1..=3 {
            let made =
                declare(IncidentId(id), &declaration(None), &Actor::person("ana", "room"), &world.directory, START);
            let made = made.expect("declared");
            world.incidents.push(made.incident);
            world.logs.push(made.events);
        }
        world
    }

    /// One transaction: the rows of the targets are read, decided by and written with the events, or nothing is.
    fn commit(&mut self, at: usize, input: &Input, actor: &Actor, lost: bool) -> Option<Vec<IncidentEvent>> {
        let mut seen = self.directory.clone();
        for target in TARGETS {
            seen.runs.held.insert(target.into(), self.rows.get(target).cloned().unwrap_or_default());
        }
        let decision = match decide(&self.incidents[at], input, actor, &seen, self.now) {
            Ok(decision) => decision,
            Err(No::Refused(_)) => return None,
            Err(No::Illegal(illegal)) => panic!("{illegal} on {input:?}"),
        };
        if lost {
            return None; // the process dies before the commit: nothing of it happened
        }
        for (name, change) in target::changes(&decision.events, &decision.incident) {
            self.rows.entry(name).or_default().take(&change);
        }
        for e in &decision.events {
            self.transcript.push(format!("{} {} {:?}", e.incident, e.seq, e.body.kind()));
        }
        self.incidents[at] = decision.incident;
        self.logs[at].extend(decision.events.iter().cloned());
        Some(decision.events)
    }

    fn order(&mut self) -> Order {
        let risk = self.rng.one([Risk::Read, Risk::Mutate, Risk::Mutate, Risk::Destroy]);
        let text = match risk {
            Risk::Read => "docker ps",
            Risk::Mutate => {
                self.rng.one(["docker restart web", "docker start web", "docker restart db; docker rm web"])
            }
            Risk::Destroy => "docker rm -f web",
        };
        let mut order = runs::order(risk, text);
        let target = self.rng.one(TARGETS).to_string();
        order.commands[0].target = target.clone();
        order.target = target;
        order
    }

    fn step(&mut self) {
        let at = self.rng.below(3);
        let (name, via, admin) = self.rng.one(PEOPLE);
        let person = Actor::person(name, via);
        let no = self.rng.range(0, i64::from(self.incidents[at].runs_asked) + 1) as RunNo;
        let dies = self.rng.chance(30);
        match self.rng.below(16) {
            0 | 1 => {
                let order = Box::new(self.order());
                self.commit(at, &Input::AskRun { order }, &person, dies);
            }
            2..=4 => {
                let typed = self.rng.chance(700).then(|| self.rng.one(["main", "spare"]).to_string());
                let break_glass = self.rng.chance(100).then(|| "alone".to_string());
                let word = Approve { no, admin, typed, break_glass };
                self.commit(at, &Input::ApproveRun(word), &person, dies);
            }
            5 => {
                let input = match self.rng.below(2) {
                    0 => Input::DenyRun { no, reason: String::new() },
                    _ => Input::StopRun { no, reason: String::new() },
                };
                self.commit(at, &input, &person, dies);
            }
            6 | 7 => self.claim(at),
            8..=13 => self.work(),
            14 if self.rng.chance(400) => {
                let worker = self.rng.below(2);
                self.crash(worker);
            }
            _ => self.time(),
        }
    }

    /// A replica claims what waits, and dies before, at or after the commit as it comes.
    fn claim(&mut self, at: usize) {
        let worker = self.rng.below(2);
        let ready = |l: &&crate::intent::Live| matches!(l.intent.what, What::Run { .. });
        let Some(What::Run { run }) =
            self.incidents[at].live.values().filter(ready).map(|l| l.intent.what.clone()).next()
        else {
            return;
        };
        let Some(r) = self.incidents[at].runs.get(&run) else { return };
        let (target, dies) = (r.order.target.clone(), self.rng.chance(100));
        let input = Input::StartRun { no: run, worker: format!("w{worker}"), target };
        if self.commit(at, &input, &Actor::Engine, dies).is_none() {
            return;
        }
        if self.rng.chance(100) {
            return self.crash(worker); // it never hears that it has won
        }
        if let RunState::Running { claim_seq, .. } = self.incidents[at].runs[&run].state {
            self.memory[worker].push(Held1 { incident: at, run, claim_seq, touched: None });
        }
    }

    /// A worker goes on with one of its runs: begins the command, or reports and forgets.
    fn work(&mut self) {
        let worker = self.rng.below(2);
        let index = self.rng.below(self.memory[worker].len());
        let Some(mut held) = self.memory[worker].get(index).cloned() else { return };
        if held.touched.is_none() {
            held.touched = Some(self.now);
            self.touches(&held);
            self.memory[worker][index] = held;
            return;
        }
        self.memory[worker].remove(index);
        let end = self.rng.one([RunEnd::Done, RunEnd::Failed, RunEnd::Stopped]);
        let outcome = match self.rng.below(5) {
            0 => RunOutcome::Unknown { why: "no answer".into(), results: Vec::new() },
            _ => RunOutcome::Finished {
                end,
                results: Vec::new(),
                verified: self.rng.one([None, Some(true), Some(false)]),
            },
        };
        let input = Input::RunReported { no: held.run, claim_seq: held.claim_seq, outcome };
        let dies = self.rng.chance(150);
        self.commit(held.incident, &input, &Actor::Engine, dies);
        if dies {
            self.crash(worker);
        }
    }

    fn crash(&mut self, worker: usize) {
        self.memory[worker].clear();
        self.transcript.push(format!("w{worker} dies"));
    }

    /// Time passes; what is due takes effect, and claims that nobody answers for are taken back when their lease is over.
    fn time(&mut self) {
        let step = self.rng.one([1, 10, 60, 95, 400, 1_000]);
        self.now = self.now.plus_s(step);
        for at in 0..3 {
            while let Some(due) = timer::next(&self.incidents[at]).filter(|t| t.due_at <= self.now) {
                if self.commit(at, &Input::TimerDue(due), &Actor::Engine, false).is_none() {
                    break;
                }
            }
            let lost: Vec<_> = self.incidents[at]
                .live
                .values()
                .filter_map(|l| {
                    let c = l.claim.as_ref().filter(|c| c.lease_until <= self.now)?;
                    matches!(l.intent.what, What::Run { .. }).then_some((l.intent.no, c.seq))
                })
                .collect();
            for (no, claim_seq) in lost {
                self.commit(at, &Input::ClaimLost { no, claim_seq }, &Actor::Engine, false);
            }
        }
        // A worker ends what it runs at its limit, before its claim is lost.
        let now = self.now;
        let incidents = &self.incidents;
        let over = |h: &Held1| !matches!(incidents[h.incident].runs.get(&h.run).map(|r| &r.state), Some(RunState::Running { until, .. }) if *until > now);
        for memory in &mut self.memory {
            memory.retain(|h| !over(h));
        }
    }

    /// The command really begins: what must hold at that very moment.
    fn touches(&mut self, held: &Held1) {
        let run = self.incidents[held.incident].runs[&held.run].clone();
        let said = self.transcript.join("\n");
        assert!(self.begun.insert((held.incident, held.run)), "begun twice\n{said}");
        if !run.order.changes() {
            return;
        }
        let approval = run.approval.as_ref().unwrap_or_else(|| panic!("a change that nobody approved\n{said}"));
        assert_eq!(approval.digest, run.order.digest(), "something else was approved\n{said}");
        let who = approval.by.as_person().map(|p| p.as_str()).unwrap_or_default();
        let plain = run.order.commands[0].text == "docker restart web";
        let entitled = match who {
            "ana" => run.order.risk == Risk::Mutate && plain,
            "bo" => true,
            "dee" => approval.authority == "administrator",
            _ => false,
        };
        assert!(entitled, "{who} has no right to {}\n{said}", run.order.commands[0].text);
        if run.needs == Needs::SecondPerson && approval.break_glass.is_none() {
            assert_ne!(approval.by.as_person(), run.asked_by.as_person(), "alone\n{said}");
            assert!(!matches!(&approval.by, Actor::Person { via, .. } if via == LOCAL_TOKEN), "{said}");
        }
        let others = self
            .memory
            .iter()
            .flatten()
            .filter(|h| h.touched.is_some() && (h.incident, h.run) != (held.incident, held.run));
        for other in others {
            let r = &self.incidents[other.incident].runs[&other.run];
            let same = r.order.changes() && r.order.target == run.order.target;
            assert!(!same, "two runs on {}\n{said}", run.order.target);
        }
    }

    /// What holds at every moment, whoever looks.
    fn holds(&self) {
        for (incident, log) in self.incidents.iter().zip(&self.logs) {
            assert_eq!(Incident::replay(log).expect("a legal log").as_ref(), Some(incident));
            for r in incident.runs.values() {
                let starts = |e: &&IncidentEvent| matches!(e.body, Event::RunStarted { run, .. } if run == r.no);
                assert!(log.iter().filter(starts).count() <= 1, "run {} of {} began twice", r.no, incident.id);
            }
        }
        let mut rows: BTreeMap<String, Held> = BTreeMap::new();
        let mut all: Vec<(&IncidentEvent, &Incident)> =
            self.logs.iter().zip(&self.incidents).flat_map(|(l, i)| l.iter().map(move |e| (e, i))).collect();
        all.sort_by_key(|(e, _)| e.at);
        for (event, after) in all {
            for (name, change) in target::changes(std::slice::from_ref(event), after) {
                rows.entry(name).or_default().take(&change);
            }
        }
        for (name, row) in &rows {
            let holder = |h: &Held| {
                h.by.as_ref().map(|b| (b.incident, b.run)).filter(|_| h.by.as_ref().is_some_and(|b| b.until > self.now))
            };
            assert_eq!(holder(row), holder(&self.rows[name]), "{name}: computed again from the logs");
        }
    }
}

#[test]
fn whatever_crashes_a_change_is_approved_alone_on_its_target_and_begun_once() {
    let (mut begun, mut unknown, mut finished) = (0, 0, 0);
    for seed in 0..150 {
        let mut world = World::new(seed);
        for n in 0..220 {
            world.step();
            if n % 20 == 0 {
                world.holds();
            }
        }
        world.holds();
        begun += world.begun.len();
        let states = |is: fn(&RunState) -> bool| {
            world.incidents.iter().flat_map(|i| i.runs.values()).filter(|r| is(&r.state)).count()
        };
        unknown += states(|s| matches!(s, RunState::Unknown { .. }));
        finished += states(|s| matches!(s, RunState::Finished { .. }));
    }
    // A world in which nothing happens proves nothing.
    assert!(begun > 400 && unknown > 100 && finished > 200, "begun {begun}, unknown {unknown}, finished {finished}");
}

#[test]
fn a_command_that_prints_one_value_is_judged_by_the_threshold_it_is_about() {
    let limit = |value: &str| Some(Limit { op: ">".into(), value: value.into() });
    let bound = |metric: &str, unit: &str, warning: &str, critical: &str| Bound {
        metric: metric.into(),
        unit: unit.into(),
        warning: limit(warning),
        critical: limit(critical),
    };
    let command = |about: &str, text: &str, bounds: Vec<Bound>| {
        let mut all = runs::order(Risk::Read, text);
        let mut command = all.commands.remove(0);
        (command.about, command.bounds) = (about.into(), bounds);
        command
    };
    let depth = bound("Queue depth", "", "100", "500");
    let llen = command("", "redis-cli llen queue", vec![depth.clone()]);
    let found = read(&llen, "(integer) 512\n").expect("a reading");
    assert_eq!((found.judged, found.bound.as_deref()), (Some(Judged::Critical), Some("> 500")));
    assert_eq!((found.metric.as_str(), found.value.as_str()), ("Queue depth", "512"));
    assert_eq!(read(&llen, "512 orders wait"), None, "it says more than a value");
    let time = command("response time", "time-of shop", vec![bound("Response time", "s", "1", "2")]);
    let found = read(&time, "1500 ms").expect("a reading");
    assert_eq!((found.judged, found.bound.as_deref()), (Some(Judged::Warning), Some("> 1 s")));
    assert_eq!((found.value.as_str(), found.unit.as_str()), ("1500", "ms"), "as it was printed");
    let two = command("", "count queue", vec![depth, bound("Queue age", "", "1", "2")]);
    assert_eq!(read(&two, "7"), None, "which of the two is not said");
}
