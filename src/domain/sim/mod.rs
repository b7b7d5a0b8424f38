//! A deterministic simulation: a made-up organisation, its monitoring, its people and its vendors, one to three
//! replicas of a model engine that crash, clocks that step; and oracles that judge every commit. The same seed is
//! the same world, to the last line. Uses the real decisions; everything around them is a model. Nothing here runs
//! in production: it is compiled for tests and under the feature `sim`.

mod crowd;
mod engine;
mod monitoring;
mod oracle;
mod org;
mod plan;
pub(crate) mod rng;
mod store;
#[cfg(test)]
mod tests;
mod transcript;
mod vendor;
mod watch;

use crate::decide::{Input, SendOutcome};
use crate::directory::Directory;
use crate::id::{ChannelId, IncidentId, PersonId};
use crate::time::SECOND;
use crowd::Habit;
use engine::{Held, Replica};
use monitoring::{Telling, Truth};
use plan::Plan;
use rng::Rng;
use std::collections::BTreeMap;
use transcript::Transcript;
use vendor::{Mood, Vendor};

/// What a run was.
pub struct Report {
    pub seed: u64,
    /// Over every line of the transcript.
    pub hash: u64,
    pub commits: u64,
    /// How often each kind of event, refusal and crash occurred.
    pub counts: BTreeMap<&'static str, u64>,
    /// The rule that broke, with the plan and the last lines.
    pub failure: Option<String>,
}

/// Lives through the world of a seed.
pub fn run(seed: u64) -> Report {
    let mut world = World::new(seed);
    world.live();
    let failure = world
        .failure
        .take()
        .map(|why| format!("seed {seed}: {why}\n{:#?}\n{}seed {seed}: {why}\n", world.plan, world.transcript.tail()));
    Report { seed, hash: world.transcript.hash(), commits: world.commits, counts: world.counts, failure }
}

enum Happening {
    Tick { replica: usize },
    Restart { replica: usize },
    Send { replica: usize, life: u32, held: Box<Held> },
    Result { replica: usize, life: Option<u32>, held: Box<Held>, outcome: SendOutcome },
    Say { person: PersonId, incident: IncidentId, input: Box<Input> },
    Nonsense,
    Declare,
    Flip { truth: usize },
    Repeat { truth: usize },
    Deliver { telling: Box<Telling> },
    Garbage,
    MoodTurns { channel: ChannelId },
    ClockSteps,
    Edit,
    Calm,
    CloseEverything,
}

struct World {
    seed: u64,
    plan: Plan,
    dice: Rng,
    /// True time, in microseconds; no clock of the simulation shows it.
    now: i64,
    /// What every clock shows too much.
    offset_us: i64,
    /// The most that it ever was.
    fastest_us: i64,
    agenda: BTreeMap<(i64, u64), Happening>,
    order: u64,
    store: store::Store,
    directory: Directory,
    /// As it was at the beginning.
    settled: Directory,
    edited_at: i64,
    replicas: Vec<Replica>,
    vendors: BTreeMap<ChannelId, Vendor>,
    habits: BTreeMap<PersonId, Habit>,
    hand_backs: u32,
    truths: Vec<Truth>,
    unreadable: Option<IncidentId>,
    watches: BTreeMap<IncidentId, watch::Watch>,
    /// When messages that arrived were claimed, by phone.
    rang: BTreeMap<String, Vec<i64>>,
    down_since: Option<i64>,
    lost_us: i64,
    /// Trouble is over: nothing fails, nobody talks nonsense.
    calm: bool,
    /// From here on only reminders are due.
    quiet_from: i64,
    ends_at: i64,
    commits: u64,
    counts: BTreeMap<&'static str, u64>,
    transcript: Transcript,
    failure: Option<String>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut dice = Rng::new(seed);
        let plan = Plan::new(&mut dice);
        let directory = org::directory(&plan, &mut dice);
        let now = plan.begins_at;
        let channels = org::PAGERS.iter().chain(&org::NOTICE_CHANNELS).chain(&org::CHATS).map(|c| ChannelId::from(*c));
        let vendors = channels.map(|c| (c, Vendor::new(now, plan.send_fault_pm))).collect();
        let habits = org::PEOPLE.iter().take(plan.people).map(|name| {
            let habit = match plan.all_asleep {
                true => Habit::Asleep,
                false => dice.one([Habit::Prompt, Habit::Slow, Habit::Asleep, Habit::Asleep, Habit::TwoMinds]),
            };
            (PersonId::from(*name), habit)
        });
        let habits = habits.collect();
        let replicas = (0..plan.replicas)
            .map(|r| Replica { up: true, life: 0, fresh: true, skew_us: r as i64 * plan.skew_us, tick_at: None })
            .collect();
        let mut truths = Vec::new();
        for source in 0..plan.sources {
            for group in 0..dice.range(1, 3) as usize {
                let names = if plan.storm && group == 0 { 1_100 } else { dice.range(1, 6) as usize };
                truths.push(Truth::new(source, group, names, dice.one([20, 300, 1_200])));
            }
        }
        World {
            seed,
            now,
            offset_us: 0,
            fastest_us: 0,
            agenda: BTreeMap::new(),
            order: 0,
            store: store::Store::default(),
            settled: directory.clone(),
            directory,
            edited_at: now,
            replicas,
            vendors,
            habits,
            hand_backs: 0,
            truths,
            unreadable: None,
            watches: BTreeMap::new(),
            rang: BTreeMap::new(),
            down_since: None,
            lost_us: 0,
            calm: false,
            quiet_from: i64::MAX,
            ends_at: i64::MAX,
            commits: 0,
            counts: BTreeMap::new(),
            transcript: Transcript::new(now),
            failure: None,
            plan,
            dice,
        }
    }

    fn live(&mut self) {
        self.lay_out();
        while let Some(((at, _), happening)) = self.agenda.pop_first() {
            if at > self.ends_at || self.failure.is_some() {
                break;
            }
            self.now = at;
            self.happen(happening);
        }
        if self.failure.is_none() {
            self.judge_end();
        }
    }

    fn lay_out(&mut self) {
        let (begin, end) = (self.now, self.now + self.plan.trouble_s * SECOND);
        for r in 0..self.replicas.len() {
            self.wake(r, begin);
        }
        for _ in 0..self.plan.incidents_by_hand {
            let at = begin + self.dice.range(0, self.plan.trouble_s / 2) * SECOND;
            self.plan_at(at, Happening::Declare);
        }
        for truth in 0..self.truths.len() {
            let at = begin + self.dice.range(0, 600) * SECOND;
            self.plan_at(at, Happening::Flip { truth });
            self.plan_at(at + 600 * SECOND, Happening::Repeat { truth });
        }
        let moody = self.plan.mood_every_s > 0;
        let channels: Vec<ChannelId> = self.vendors.keys().filter(|_| moody).cloned().collect();
        for channel in channels {
            let at = begin + self.dice.range(0, self.plan.mood_every_s) * SECOND;
            self.plan_at(at, Happening::MoodTurns { channel });
        }
        for (wanted, happening) in [
            (self.plan.nonsense_every_s > 0, Happening::Nonsense),
            (self.plan.clock_steps, Happening::ClockSteps),
            (self.plan.edits, Happening::Edit),
            (self.plan.sources > 0, Happening::Garbage),
        ] {
            if wanted {
                let at = begin + self.dice.range(1, 1_200) * SECOND;
                self.plan_at(at, happening);
            }
        }
        self.plan_at(end, Happening::Calm);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Tick { replica } => {
                if self.replicas[replica].tick_at == Some(self.now) {
                    self.replicas[replica].tick_at = None;
                    self.tick(replica);
                    self.judge_time();
                }
            }
            Happening::Restart { replica } => self.restart(replica),
            Happening::Send { replica, life, held } => self.send(replica, life, *held),
            Happening::Result { replica, life, held, outcome } => self.result(replica, life, *held, outcome),
            Happening::Say { person, incident, input } => self.say(person, incident, *input),
            Happening::Flip { truth } => self.flip(truth),
            Happening::Repeat { truth } => self.repeat(truth),
            Happening::Deliver { telling } => self.deliver(*telling),
            Happening::Calm => self.calm_down(),
            Happening::CloseEverything => self.close_everything(),
            _ if self.calm => {}
            Happening::Nonsense => {
                self.nonsense();
                let next = self.now + self.dice.range(1, 2 * self.plan.nonsense_every_s) * SECOND;
                self.plan_at(next, Happening::Nonsense);
            }
            Happening::Declare => self.declares(),
            Happening::Garbage => {
                self.garbage();
                let next = self.now + self.dice.range(60, 7_200) * SECOND;
                self.plan_at(next, Happening::Garbage);
            }
            Happening::MoodTurns { channel } => self.mood_turns(channel),
            Happening::ClockSteps => {
                let by = self.dice.one([-7_200, -60, -5, -1, 1, 5, 60, 7_200, 86_400]) * SECOND;
                self.step_clocks(by);
                let next = self.now + self.dice.range(60, 3_600) * SECOND;
                self.plan_at(next, Happening::ClockSteps);
            }
            Happening::Edit => {
                let what = org::edit(&mut self.directory, &self.plan, &mut self.dice);
                self.note(format_args!("configuration: {what}"));
                self.edited();
                let next = self.now + self.dice.range(60, 1_800) * SECOND;
                self.plan_at(next, Happening::Edit);
            }
        }
    }

    fn mood_turns(&mut self, channel: ChannelId) {
        let moods = [Mood::Well, Mood::Well, Mood::Refusing, Mood::Deaf, Mood::Busy, Mood::Denying];
        let mood = self.dice.one(moods);
        self.note(format_args!("{channel} turns {mood:?}"));
        let now = self.now;
        if let Some(vendor) = self.vendors.get_mut(&channel) {
            vendor.turn(mood, now);
        }
        let next = now + self.dice.range(60, 2 * self.plan.mood_every_s) * SECOND;
        self.plan_at(next, Happening::MoodTurns { channel });
    }

    fn step_clocks(&mut self, by: i64) {
        self.note(format_args!("every clock steps by {} s", by / SECOND));
        self.offset_us += by;
        self.fastest_us = self.fastest_us.max(self.offset_us);
        // What was due at a time of day is due that much later.
        self.lost_us += (-by).max(0);
    }

    fn edited(&mut self) {
        self.edited_at = self.now;
        let working = self.working();
        self.watches.values_mut().for_each(|w| w.configuration_changed(working));
    }

    /// Everything is repaired; after a while everybody comes to close what is open; then it must get quiet.
    fn calm_down(&mut self) {
        self.note(format_args!("calm"));
        self.calm = true;
        let back = -self.offset_us;
        self.step_clocks(back);
        self.directory = self.settled.clone();
        self.edited();
        let now = self.now;
        for vendor in self.vendors.values_mut() {
            vendor.turn(Mood::Well, now);
            vendor.fault_pm = 0;
        }
        for r in 0..self.replicas.len() {
            if !self.replicas[r].up {
                self.restart(r);
            }
        }
        self.end_all_alerts();
        for after_s in [200, 600] {
            self.plan_at(now + after_s * SECOND, Happening::CloseEverything);
        }
        // Two hours cover the last wait of every kind; what was put off while a clock was fast comes on top.
        self.quiet_from = now + self.fastest_us + 7_200 * SECOND;
        // And what is left to do afterwards is spoken of for weeks, until it is a choice.
        self.ends_at = self.quiet_from + 40 * 86_400 * SECOND;
    }

    fn plan_at(&mut self, at: i64, happening: Happening) {
        self.order += 1;
        self.agenda.insert((at.max(self.now), self.order), happening);
    }

    fn somebody_up(&mut self) -> Option<usize> {
        let up: Vec<usize> = (0..self.replicas.len()).filter(|r| self.replicas[*r].up).collect();
        self.dice.pick(&up).copied()
    }

    fn note(&mut self, text: std::fmt::Arguments<'_>) {
        self.transcript.say(self.now, text);
    }

    fn fail(&mut self, why: String) {
        self.transcript.say(self.now, format_args!("BROKEN {why}"));
        self.failure.get_or_insert(why);
    }
}
