//! A model of the engine: replicas that tick (reap lost claims, fire what is due, claim by lane), send, and commit
//! what came of it, and that crash at every boundary. It may do only what the real engine can: look at committed
//! rows, decide, commit one write set.

use super::store::{Stored, WriteSet};
use super::vendor::Sending;
use super::{Happening, World};
use crate::alert::{self, Delivery, Route};
use crate::decide::{Because, Decision, Declaration, Input, No, SendOutcome, decide, declare};
use crate::event::Actor;
use crate::id::{ChannelId, IncidentId};
use crate::intent::{Intent, IntentNo, Lane, PageReason, What};
use crate::limits;
use crate::outbox::OutboxStatus;
use crate::refusal::Refusal;
use crate::storm::{self, Plan, Summary};
use crate::time::{SECOND, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

pub struct Replica {
    pub up: bool,
    /// Counts restarts: what an earlier life promised to itself is forgotten.
    pub life: u32,
    pub skew_us: i64,
    /// It has just come up: claims of its earlier lives are to be found.
    pub fresh: bool,
    /// When it ticks next; an agenda entry of another time is stale.
    pub tick_at: Option<i64>,
}

/// A claim in the memory of the worker that has it.
#[derive(Clone)]
pub struct Held {
    pub incident: IncidentId,
    pub no: IntentNo,
    pub seq: i64,
    pub claimed_at: i64,
    pub intent: Intent,
    pub labelled: bool,
    /// The message of a task in a chat is known, so that it is edited.
    pub edits: bool,
    /// Further pages in the same message.
    pub with: Vec<Held>,
}

pub enum Acted {
    Done,
    Refused(Refusal),
    /// No answer: crashed before or after the commit, or the commit failed. The asker cannot tell.
    Lost,
}

/// Claims of one tick: pages have room of their own, so that a dead chat does not hold them up.
const PAGES_PER_TICK: usize = 64;
const OTHERS_PER_TICK: usize = 16;
const SWEEP_US: i64 = 30 * SECOND;
const QUIET_SWEEP_US: i64 = 6 * 3_600 * SECOND;

impl World {
    pub(super) fn tick(&mut self, r: usize) {
        let now = self.wall(r);
        let me = format!("r{r}.{}", self.replicas[r].life);
        let mine = format!("r{r}.");
        let (mut lost, mut due, mut queued) = (Vec::new(), Vec::new(), Vec::new());
        let fresh = std::mem::take(&mut self.replicas[r].fresh);
        for (id, s) in self.store.incidents.iter().filter(|(_, s)| fresh || s.due_at <= now) {
            due.extend(s.timer.filter(|t| t.due_at <= now).map(|t| (t.due_at, *id, t)));
            for row in s.waiting.values() {
                let worker = row.worker.as_deref().unwrap_or("");
                let gone = worker != me && worker.starts_with(&mine);
                match row.status {
                    OutboxStatus::Claimed if gone || row.lease_until.is_some_and(|t| t <= now) => {
                        lost.push((*id, row.intent.no, row.claim_seq.unwrap_or(0)));
                    }
                    OutboxStatus::Queued if row.due_at <= now => {
                        queued.push((row.intent.lane, row.due_at, *id, row.intent.no));
                    }
                    _ => {}
                }
            }
        }
        due.sort();
        queued.sort();
        let others = queued.iter().filter(|q| q.0 != Lane::Page).take(OTHERS_PER_TICK);
        let others: Vec<(IncidentId, IntentNo)> = others.map(|q| (q.2, q.3)).collect();
        let pages: Vec<(IncidentId, IntentNo)> =
            queued.iter().filter(|q| q.0 == Lane::Page).map(|q| (q.2, q.3)).collect();
        for (id, no, claim_seq) in lost {
            self.act(r, id, &Input::ClaimLost { no, claim_seq }, &Actor::Engine);
            if !self.replicas[r].up {
                return;
            }
        }
        for (_, id, timer) in due {
            // Another replica may have seen the same timer due.
            for _ in 0..=usize::from(self.dice.chance(self.plan.stray_results_pm)) {
                self.act(r, id, &Input::TimerDue(timer), &Actor::Engine);
                if !self.replicas[r].up {
                    return;
                }
            }
        }
        self.claim_pages(r, &pages, &me);
        for (id, no) in others {
            if !self.replicas[r].up {
                return;
            }
            if let Some(held) = self.claim(r, id, no, &me, None) {
                self.set_out(r, held);
            }
        }
        if self.replicas[r].up {
            self.wake_when_due(r);
        }
    }

    /// Pages by recipient, as the storm rule says.
    fn claim_pages(&mut self, r: usize, due: &[(IncidentId, IntentNo)], me: &str) {
        let mut phones: BTreeMap<(String, ChannelId), Vec<(IncidentId, IntentNo)>> = BTreeMap::new();
        for (id, no) in due.iter().take(PAGES_PER_TICK) {
            let Some(row) = self.store.incidents.get(id).and_then(|s| s.waiting.get(no)) else { continue };
            let Some(recipient) = row.recipient() else { continue };
            // What a person asks for is not held back.
            match by_hand(&row.intent) {
                true => {
                    let alone = self.claim(r, *id, *no, me, None);
                    alone.into_iter().for_each(|held| self.set_out(r, held));
                }
                false => phones.entry((recipient, row.intent.channel.clone())).or_default().push((*id, *no)),
            }
            if !self.replicas[r].up {
                return;
            }
        }
        let max = self.directory.settings.rings_per_minute;
        for ((recipient, _), pages) in phones {
            let (alone, together) = match storm::plan(self.rung(r, &recipient), pages.len(), max) {
                Plan::Singly => (pages.len(), 0),
                Plan::FirstThenTogether => (1, pages.len()),
                Plan::Together => (0, pages.len()),
                Plan::Wait => (0, 0),
            };
            for (id, no) in &pages[..alone] {
                if let Some(held) = self.claim(r, *id, *no, me, None) {
                    self.set_out(r, held);
                }
                if !self.replicas[r].up {
                    return;
                }
            }
            let mut message: Option<Held> = None;
            for (id, no) in pages.get(alone..together).unwrap_or_default() {
                let summary = message.as_ref().map_or((*id, *no), |m| (m.incident, m.no));
                let summary = Summary { incident: summary.0, no: summary.1 };
                let held = self.claim(r, *id, *no, me, Some(summary));
                if !self.replicas[r].up {
                    return;
                }
                match (&mut message, held) {
                    (None, held) => message = held,
                    (Some(m), Some(held)) => m.with.push(held),
                    (Some(_), None) => {}
                }
            }
            if let Some(message) = message {
                *self.counts.entry("summary").or_default() += u64::from(!message.with.is_empty());
                self.set_out(r, message);
            }
        }
    }

    /// How often a phone rang within the last minute, by the rows and this replica's clock.
    fn rung(&self, r: usize, recipient: &str) -> usize {
        let now = self.wall(r);
        let since = now.plus_s(-limits::RING_WINDOW_S);
        let rang = |s: &Stored| {
            s.rang.iter().filter(|(_, t)| **t > since && **t <= now).map(|(no, _)| *no).collect::<Vec<_>>()
        };
        let rows = self.store.incidents.values().flat_map(|s| rang(s).into_iter().filter_map(|no| s.row(no)));
        let mut rings = BTreeSet::new();
        for row in rows {
            if row.recipient().as_deref() == Some(recipient) {
                let own = Summary { incident: row.incident, no: row.intent.no };
                rings.insert(row.summary.unwrap_or(own));
            }
        }
        rings.len()
    }

    fn wake_when_due(&mut self, r: usize) {
        let ahead = self.offset_us + self.replicas[r].skew_us;
        // Weeks of nothing but a reminder in the morning need no more looks than that.
        let mut next = self.now + if self.now > self.quiet_from { QUIET_SWEEP_US } else { SWEEP_US };
        for s in self.store.incidents.values() {
            next = next.min(s.due_at.0.saturating_sub(ahead));
        }
        // Exactly on time when it can be: hand-offs and acknowledgements fall on the same instant.
        let soonest = self.now + if next <= self.now { 20_000 } else { 1 };
        self.wake(r, next.max(soonest));
    }

    pub(super) fn wake(&mut self, r: usize, at: i64) {
        let replica = &mut self.replicas[r];
        if replica.up && replica.tick_at.is_none_or(|t| at < t) {
            replica.tick_at = Some(at);
            self.plan_at(at, Happening::Tick { replica: r });
        }
    }

    fn claim(&mut self, r: usize, id: IncidentId, no: IntentNo, me: &str, summary: Option<Summary>) -> Option<Held> {
        let worker = me.to_string();
        let input = match summary {
            Some(summary) => Input::ClaimTogether { no, worker, summary },
            None => Input::Claim { no, worker },
        };
        let Acted::Done = self.act(r, id, &input, &Actor::Engine) else { return None };
        let incident = &self.store.incidents.get(&id)?.incident;
        let live = incident.live.get(&no)?;
        let claim = live.claim.as_ref()?;
        let room = incident.rooms.get(&live.intent.channel);
        let edits = match &live.intent.what {
            What::Room { task, .. } => room.is_some_and(|r| r.has(task)),
            _ => false,
        };
        Some(Held {
            edits,
            incident: id,
            no,
            seq: claim.seq,
            claimed_at: self.now,
            intent: live.intent.clone(),
            labelled: live.maybe_sent,
            with: Vec::new(),
        })
    }

    /// The worker that claimed it begins to send.
    fn set_out(&mut self, r: usize, held: Held) {
        // Now and then a worker stalls until its lease is nearly, or entirely, over.
        let stall = if self.dice.chance(self.plan.crash_pm.min(20)) { self.dice.range(0, 40 * SECOND) } else { 100 };
        let life = self.replicas[r].life;
        self.plan_at(self.now + stall, Happening::Send { replica: r, life, held: Box::new(held) });
    }

    pub(super) fn send(&mut self, r: usize, life: u32, held: Held) {
        if self.replicas[r].life != life || self.crashes(r, "after claim, before send") {
            return;
        }
        // A worker does not begin what it could not finish within its lease, by a clock that cannot step.
        let latest = limits::LEASE_S - limits::SEND_TIMEOUT_S as i64;
        if self.now - held.claimed_at > latest * SECOND {
            return self.note(format_args!("{} #{} r{r} is too late to send", held.incident, held.no));
        }
        let answer = if self.configured(&held.intent.channel) {
            let labelled = held.labelled || held.with.iter().any(|h| h.labelled);
            let sending = Sending { incident: held.incident, intent: &held.intent, labelled };
            match self.vendors.get_mut(&held.intent.channel) {
                Some(vendor) => vendor.take(&sending, &mut self.dice),
                None => return self.fail(format!("there is no vendor {}", held.intent.channel)),
            }
        } else {
            let outcome = SendOutcome::Never { why: "that channel is not configured".to_string() };
            super::vendor::Answer { arrived: false, outcome, after_us: 10 }
        };
        let what = match &answer.outcome {
            SendOutcome::Done { .. } => "done",
            SendOutcome::Retry { maybe_sent: true, .. } => "retry, maybe sent",
            SendOutcome::Retry { .. } => "retry",
            SendOutcome::Never { .. } => "never",
        };
        let arrived = if answer.arrived { "arrived" } else { "not arrived" };
        self.note(format_args!("{} #{} {} → {what}, {arrived}", held.incident, held.no, held.intent.channel));
        if answer.arrived {
            self.rings(&held);
            let labelled = held.labelled || held.with.iter().any(|h| h.labelled);
            for other in &held.with {
                if let Some(vendor) = self.vendors.get_mut(&held.intent.channel) {
                    vendor.received.entry((other.incident, other.no)).or_default().push(labelled);
                }
                self.arrived(other);
            }
            if let (What::Room { task, .. }, Some(vendor)) =
                (&held.intent.what, self.vendors.get_mut(&held.intent.channel))
            {
                vendor.shows(held.incident, task.word(), held.no, held.seq, held.edits);
            }
            self.arrived(&held);
        }
        if self.crashes(r, "after send, before receipt") {
            return;
        }
        let late = if self.dice.chance(self.plan.stray_results_pm / 5) { self.dice.range(0, 60 * SECOND) } else { 0 };
        let at = self.now + answer.after_us + late;
        if self.dice.chance(self.plan.stray_results_pm) {
            let again = at + self.dice.range(0, 120 * SECOND);
            let (held, outcome) = (Box::new(held.clone()), answer.outcome.clone());
            self.plan_at(again, Happening::Result { replica: r, life: None, held, outcome });
        }
        let outcome = answer.outcome;
        for other in held.with.clone() {
            let (held, outcome) = (Box::new(other), outcome.clone());
            self.plan_at(at, Happening::Result { replica: r, life: Some(life), held, outcome });
        }
        self.plan_at(at, Happening::Result { replica: r, life: Some(life), held: Box::new(held), outcome });
    }

    /// Oracle: by the true times at which they were claimed, no phone rings more often in a minute than it may, but for
    /// those who are paged by hand and what may be a repetition. Clocks that step or differ make other minutes.
    fn rings(&mut self, held: &Held) {
        let What::Page(page) = &held.intent.what else { return };
        let labelled = held.labelled || held.with.iter().any(|h| h.labelled);
        if self.plan.clock_steps || self.plan.skew_us > 0 || by_hand(&held.intent) {
            return;
        }
        let phone = storm::recipient(page.person.as_ref(), &held.intent.channel);
        if labelled {
            // Its first ring is forgotten for its second: from here on it is counted anew.
            self.rang.remove(&phone);
            return;
        }
        let rings = self.rang.entry(phone.clone()).or_default();
        rings.push(held.claimed_at);
        rings.sort_unstable();
        let max = self.directory.settings.rings_per_minute;
        let minute = limits::RING_WINDOW_S * SECOND;
        if rings.windows(max + 1).any(|w| w[max] - w[0] < minute) {
            self.fail(format!("rings_are_bounded: {phone} rang more than {max} times in a minute"));
        }
    }

    fn arrived(&mut self, held: &Held) {
        let vendor = self.vendors.get(&held.intent.channel);
        let labels = vendor.and_then(|v| v.received.get(&(held.incident, held.no)));
        if let Err(why) = super::oracle::received_once_or_labelled(labels.map_or(&[], |l| l)) {
            return self.fail(format!("{} #{}: {why}", held.incident, held.no));
        }
        if let What::Page(page) = &held.intent.what {
            if let Some(watch) = self.watches.get_mut(&held.incident) {
                watch.page_arrived();
            }
            let person = page.person.clone();
            self.paged(held.incident, person);
        }
    }

    fn configured(&self, channel: &ChannelId) -> bool {
        let d = &self.directory;
        d.pagers.contains(channel)
            || d.notice_channels.contains(channel)
            || d.chats.iter().any(|c| c.channel == *channel)
    }

    /// What came of a send. `life` is `None` for a stray copy that anybody commits.
    pub(super) fn result(&mut self, r: usize, life: Option<u32>, held: Held, outcome: SendOutcome) {
        if !self.replicas[r].up || life.is_some_and(|l| l != self.replicas[r].life) {
            return;
        }
        let input = Input::Delivered { no: held.no, claim_seq: held.seq, outcome: outcome.clone() };
        let acted = self.act(r, held.incident, &input, &Actor::Engine);
        if matches!(acted, Acted::Lost) && self.replicas[r].up && life.is_some() {
            let at = self.now + SECOND;
            self.plan_at(at, Happening::Result { replica: r, life, held: Box::new(held), outcome });
        }
    }

    /// Decides one input and commits it.
    pub(super) fn act(&mut self, r: usize, id: IncidentId, input: &Input, actor: &Actor) -> Acted {
        self.act_on(r, &[(id, input.clone())], actor)
    }

    /// Decides inputs to several incidents and commits them together or not at all.
    pub(super) fn act_on(&mut self, r: usize, inputs: &[(IncidentId, Input)], actor: &Actor) -> Acted {
        let now = self.wall(r);
        let mut sets = Vec::new();
        for (id, input) in inputs {
            let Some(stored) = self.store.incidents.get(id) else {
                return Acted::Refused(Refusal::NoSuchIncident { id: *id });
            };
            match decide(&stored.incident, input, actor, &self.directory, now) {
                Ok(decision) => sets.push(WriteSet::of(Some(&stored.incident), decision)),
                Err(No::Refused(refusal)) => {
                    *self.counts.entry(refusal.code()).or_default() += 1;
                    return Acted::Refused(refusal);
                }
                Err(No::Illegal(illegal)) => {
                    self.fail(format!("{id}: a decision that the incident refuses: {illegal} (on {input:?})"));
                    return Acted::Lost;
                }
            }
        }
        self.commit(r, sets)
    }

    pub(super) fn declare(&mut self, r: usize, declaration: &Declaration, actor: &Actor) -> (IncidentId, Acted) {
        let id = IncidentId(self.store.incidents.len() as i64 + 1);
        let decision: Decision = match declare(id, declaration, actor, &self.directory, self.wall(r)) {
            Ok(d) => d,
            Err(No::Refused(refusal)) => return (id, Acted::Refused(refusal)),
            Err(No::Illegal(illegal)) => {
                self.fail(format!("{id}: a declaration that the incident refuses: {illegal}"));
                return (id, Acted::Lost);
            }
        };
        (id, self.commit(r, vec![WriteSet::of(None, decision)]))
    }

    fn commit(&mut self, r: usize, sets: Vec<WriteSet>) -> Acted {
        if self.crashes(r, "before commit") {
            return Acted::Lost;
        }
        if !self.calm && self.dice.chance(self.plan.commit_fault_pm) {
            *self.counts.entry("commit failed").or_default() += 1;
            self.wake(r, self.now + SECOND);
            return Acted::Lost;
        }
        match self.store.commit(sets) {
            Ok(grown) => grown.into_iter().for_each(|(id, n)| self.observe(id, n)),
            Err(why) => {
                self.fail(why);
                return Acted::Lost;
            }
        }
        self.nudge();
        if self.crashes(r, "after commit, before answer") {
            return Acted::Lost;
        }
        Acted::Done
    }

    /// Wakes somebody soon. Some nudges are lost: the sweep makes up for them.
    fn nudge(&mut self) {
        if self.dice.chance(950) {
            let r = self.dice.below(self.replicas.len());
            let at = self.now + self.dice.range(1, 20_000);
            self.wake(r, at);
        }
    }

    /// Where a delivery of alerts goes, as the intake decides it; what a full incident refuses is declared anew.
    pub(super) fn ingest(&mut self, r: usize, delivery: &Delivery) -> Acted {
        let key = (delivery.source.clone(), delivery.group.clone());
        let last = self.store.groups.get(&key).and_then(|id| self.store.incidents.get(id)).map(|s| &s.incident);
        let route = alert::route(last, delivery, &self.directory.settings, self.wall(r));
        let actor = Actor::Source { name: delivery.source.clone() };
        match (route, last.map(|i| i.id)) {
            (Route::Nothing, _) => return Acted::Done,
            (Route::Existing, Some(id)) => {
                match self.act(r, id, &Input::Alerts(delivery.clone()), &actor) {
                    Acted::Refused(Refusal::TooMany { .. }) => {}
                    acted => return acted,
                };
            }
            _ => {}
        }
        self.declare(r, &self.alert_declaration(Because::Alerts(delivery.clone())), &actor).1
    }

    fn crashes(&mut self, r: usize, point: &'static str) -> bool {
        if self.calm || !self.dice.chance(self.plan.crash_pm) {
            return false;
        }
        *self.counts.entry(point).or_default() += 1;
        self.note(format_args!("r{r} crashes {point}"));
        let replica = &mut self.replicas[r];
        replica.up = false;
        replica.life += 1;
        replica.tick_at = None;
        if self.down_since.is_none() && self.replicas.iter().all(|r| !r.up) {
            self.down_since = Some(self.now);
        }
        let at = self.now + self.dice.range(SECOND, 40 * SECOND);
        self.plan_at(at, Happening::Restart { replica: r });
        true
    }

    pub(super) fn restart(&mut self, r: usize) {
        if let Some(since) = self.down_since.take() {
            self.lost_us += self.now - since;
        }
        self.replicas[r].up = true;
        self.replicas[r].fresh = true;
        self.wake(r, self.now);
    }

    /// A replica's idea of the time.
    pub(super) fn wall(&self, r: usize) -> Timestamp {
        Timestamp(self.now + self.offset_us + self.replicas[r].skew_us)
    }
}

fn by_hand(intent: &Intent) -> bool {
    matches!(&intent.what, What::Page(p) if p.reason == PageReason::ByHand)
}
