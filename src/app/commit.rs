//! The writer: takes what is waiting, decides all of it in one transaction, commits once, answers everybody. That is
//! how thousands of durable commands a second fit on one disk. One task; the only caller of `domain::decide` in a
//! running bot.

use super::act::{Act, ActError, Acted, Changed, On};
use super::belongs::{self, Key};
use super::{Inner, Moved};
use crate::clock::Clock;
use crate::fault::{Fault, FaultKind};
use crate::measure::{self, Figure};
use crate::stop;
use crate::store::{Batch, Loaded, Store, Written, event_row};
use firebell_domain::alert::{self, Delivery, Route};
use firebell_domain::chain::GENESIS;
use firebell_domain::decide::{self, Because, Decision, Declaration, Input, No};
use firebell_domain::directory::Directory;
use firebell_domain::event::Actor;
use firebell_domain::id::IncidentId;
use firebell_domain::incident::Incident;
use firebell_domain::org::OrgEntry;
use firebell_domain::outbox;
use firebell_domain::refusal::Refusal;
use firebell_domain::regroup;
use firebell_domain::run::target;
use firebell_domain::time::Timestamp;
use firebell_domain::timer::{self, Timer};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

/// Commands in one transaction. More makes everybody wait for the slowest; fewer wastes the disk's flush.
const BATCH_MAX: usize = 128;
/// A transaction that takes longer has lost its database: it is dropped and everybody is told.
const TRANSACTION_MAX: Duration = Duration::from_secs(15);

pub struct Job {
    pub act: Act,
    pub arrived_at: Timestamp,
    pub reply: oneshot::Sender<Result<Acted, ActError>>,
}

pub struct Writer {
    pub store: Store,
    pub clock: Clock,
    pub moved: broadcast::Sender<Moved>,
    pub nudge: Arc<Notify>,
    pub app: Weak<Inner>,
}

impl Writer {
    pub async fn run(self, mut commands: mpsc::Receiver<Job>, mut engine: mpsc::Receiver<Job>) {
        let mut jobs: Vec<Job> = Vec::with_capacity(2 * BATCH_MAX);
        loop {
            let first = tokio::select! {
                biased;
                job = engine.recv() => job,
                job = commands.recv() => job,
            };
            let Some(first) = first else { return };
            jobs.push(first);
            // Whoever came first, take along what the other queue has: neither starves.
            while jobs.len() < 2 * BATCH_MAX {
                match commands.try_recv().or_else(|_| engine.try_recv()) {
                    Ok(job) => jobs.push(job),
                    Err(_) => break,
                }
            }
            self.commit(std::mem::take(&mut jobs)).await;
        }
    }

    async fn commit(&self, jobs: Vec<Job>) {
        let Some(inner) = self.app.upgrade() else { return };
        let directory = inner.setup().directory.clone();
        drop(inner);
        let (acts, replies): (Vec<Asked>, Vec<_>) = jobs.into_iter().map(|j| ((j.act, j.arrived_at), j.reply)).unzip();
        let mut results = self.try_commit(&acts, &directory).await;
        if let Err(fault) = &results
            && acts.len() > 1
            && matches!(fault.kind, FaultKind::Bug | FaultKind::Damaged)
        {
            // One of them is poison: alone, it harms only itself.
            let mut each = Vec::with_capacity(acts.len());
            for act in &acts {
                let alone = self.try_commit(std::slice::from_ref(act), &directory).await;
                each.push(match alone {
                    Ok(mut answers) => answers.pop().unwrap_or(Err(Fault::bug("no answer").into())),
                    Err(f) => Err(f.logged().into()),
                });
            }
            results = Ok(each);
        }
        match results {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    let _ = reply.send(answer);
                }
            }
            Err(fault) => {
                let fault = fault.logged();
                for reply in replies {
                    let _ = reply.send(Err(fault.clone().into()));
                }
            }
        }
    }

    async fn try_commit(&self, acts: &[Asked], directory: &Directory) -> Result<Vec<Result<Acted, ActError>>, Fault> {
        let began = crate::clock::instant();
        let done = match tokio::time::timeout(TRANSACTION_MAX, self.transaction(acts, directory)).await {
            Ok(done) => done,
            Err(_) => Err(Fault::new(FaultKind::Unknown, "the database did not answer within 15 s")),
        };
        measure::commit(began.elapsed(), done.is_ok());
        done
    }

    async fn transaction(&self, acts: &[Asked], directory: &Directory) -> Result<Vec<Result<Acted, ActError>>, Fault> {
        let mut batch = self.store.batch().await?;
        let now = self.clock.now();
        let mut work = Work::load(&mut batch, acts, directory, now).await?;
        let mut answers = Vec::with_capacity(acts.len());
        for (act, arrived_at) in acts {
            answers.push(work.decide(act, *arrived_at));
        }
        let moved = work.finish();
        batch.set_incidents_declared(work.declared_before, work.declared).await?;
        batch.write(&work.written).await?;
        if !moved.is_empty() {
            let ids: Vec<String> = moved.iter().take(200).map(|m| format!("{}:{}", m.incident.0, m.seq)).collect();
            batch.notify(&ids.join(",")).await?;
        }
        stop::point(stop::Place::BeforeCommit);
        batch.commit().await?;
        stop::point(stop::Place::AfterCommit);
        // Only now they have happened, and only here: another replica hears of it, and does not count it.
        std::mem::take(&mut work.figures).into_iter().for_each(Figure::count);
        for m in moved {
            let _ = self.moved.send(m);
        }
        if !work.written.outbox.is_empty() || !work.written.timers.is_empty() {
            self.nudge.notify_one();
        }
        Ok(answers)
    }
}

/// What is to be done, and when it arrived.
type Asked = (Act, Timestamp);

/// One transaction's incidents as they change, and what is to be written.
struct Work {
    now: Timestamp,
    /// When what is being decided arrived.
    arrived_at: Timestamp,
    directory: Directory,
    loaded: HashMap<IncidentId, Loaded>,
    timers_before: HashMap<IncidentId, Option<Timer>>,
    /// Which incident each group, and each alert, belonged to last.
    groups: BTreeMap<Key, IncidentId>,
    answers: HashMap<String, String>,
    declared_before: i64,
    declared: i64,
    changed: BTreeSet<IncidentId>,
    written: Written,
    /// What counts once it is committed.
    figures: Vec<Figure>,
}

impl Work {
    async fn load(batch: &mut Batch, acts: &[Asked], directory: &Directory, now: Timestamp) -> Result<Work, Fault> {
        let mut ids = BTreeSet::new();
        let mut keys = BTreeSet::new();
        let mut alerts = BTreeSet::new();
        let mut once = BTreeSet::new();
        let mut targets = BTreeSet::new();
        let mut may_declare = false;
        for (act, _) in acts {
            match &act.on {
                On::Declare(_) => may_declare = true,
                On::Incident(id, input) => {
                    ids.insert(*id);
                    match input {
                        Input::Merge { into } => {
                            ids.insert(*into);
                        }
                        Input::AskRun { order } if order.changes() => {
                            targets.insert(order.target.clone());
                        }
                        Input::StartRun { target, .. } if !target.is_empty() => {
                            targets.insert(target.clone());
                        }
                        _ => {}
                    }
                }
                On::Alerts(delivery, _) => {
                    may_declare = true;
                    keys.insert((delivery.source.clone(), delivery.group.clone()));
                    let looked_up = regroup::looked_up(delivery).into_iter();
                    alerts.extend(looked_up.map(|fingerprint| belongs::alert(&delivery.source, fingerprint)));
                }
                On::Unreadable(u, _) => {
                    may_declare = true;
                    keys.insert(belongs::unreadable(&u.source));
                }
                On::Organisation(_) => {}
            }
            once.extend(act.once.as_ref().map(|o| o.key.clone()));
        }
        let mut groups = batch.groups(&keys).await?;
        groups.extend(batch.open_followers(&alerts).await?);
        ids.extend(groups.values().copied());
        let loaded = batch.incidents(&ids).await?;
        for (act, _) in acts {
            if let On::Incident(id, Input::RunReported { no, .. }) = &act.on
                && let Some(run) = loaded.get(id).and_then(|l| l.incident.runs.get(no)).filter(|r| r.order.changes())
            {
                targets.insert(run.order.target.clone());
            }
        }
        let timers_before = loaded.iter().map(|(id, l)| (*id, timer::next(&l.incident))).collect();
        let answers = batch.answers(&once).await?;
        let mut directory = directory.clone();
        if !directory.schedules.is_empty() {
            for (schedule, stand_in) in batch.overrides(now).await? {
                if let Some(s) = directory.schedules.get_mut(&schedule.as_str().into()) {
                    s.overrides.push(stand_in);
                }
            }
        }
        directory.runs.held = batch.targets(&targets).await?;
        let declared = if may_declare { batch.incidents_declared().await? } else { 0 };
        Ok(Work {
            now,
            arrived_at: now,
            directory,
            loaded,
            timers_before,
            groups,
            answers,
            declared_before: declared,
            declared,
            changed: BTreeSet::new(),
            written: Written::default(),
            figures: Vec::new(),
        })
    }

    fn decide(&mut self, act: &Act, arrived_at: Timestamp) -> Result<Acted, ActError> {
        self.arrived_at = arrived_at;
        if let Some(answer) = act.once.as_ref().and_then(|o| self.answers.get(&o.key)) {
            return Ok(Acted::Again(answer.clone()));
        }
        let acted = self.decide_anew(&act.on, &act.actor)?;
        if let (Acted::Changed(changed), Some(once)) = (&acted, &act.once) {
            let answer = (once.answer)(changed);
            self.answers.insert(once.key.clone(), answer.clone());
            self.written.answers.push((once.key.clone(), self.now, answer));
        }
        Ok(acted)
    }

    fn decide_anew(&mut self, on: &On, actor: &Actor) -> Result<Acted, ActError> {
        match on {
            On::Declare(declaration) => self.declare(declaration, actor),
            On::Incident(id, Input::Merge { into }) => self.merge(*id, *into, actor),
            On::Incident(id, input) => self.change(*id, input, actor),
            On::Alerts(delivery, declaration) => self.alerts(delivery, declaration, actor),
            On::Unreadable(unreadable, declaration) => {
                let key = belongs::unreadable(&unreadable.source);
                let open =
                    self.groups.get(&key).filter(|id| self.loaded.get(*id).is_some_and(|l| l.incident.status.open()));
                match open.copied() {
                    Some(id) => self.change(id, &Input::Unreadable(unreadable.clone()), actor),
                    None => {
                        let because = Some(Because::Unreadable(unreadable.clone()));
                        self.declare(&Declaration { because, ..declaration.clone() }, actor)
                    }
                }
            }
            On::Organisation(body) => {
                self.written.org.push(OrgEntry { at: self.now, actor: actor.clone(), body: body.clone() });
                Ok(Acted::Recorded)
            }
        }
    }

    /// A delivery goes to the incident that its group belongs to, and of what other open incidents follow, each its
    /// part; or it declares. The answer is the first thing that changed.
    fn alerts(&mut self, delivery: &Delivery, declaration: &Declaration, actor: &Actor) -> Result<Acted, ActError> {
        let parts = regroup::parts(delivery, self.last(&(delivery.source.clone(), delivery.group.clone())), |alert| {
            self.last(&belongs::alert(&delivery.source, alert))
        });
        let mut acted = Acted::Nothing;
        for part in parts {
            let done = match part.to {
                Some(id) => self.told(id, part.delivery, actor)?,
                None => self.alerts_by_group(part.delivery, declaration, actor)?,
            };
            if matches!(acted, Acted::Nothing) {
                acted = done;
            }
        }
        Ok(acted)
    }

    fn alerts_by_group(
        &mut self,
        delivery: Delivery,
        declaration: &Declaration,
        actor: &Actor,
    ) -> Result<Acted, ActError> {
        let last = self.last(&(delivery.source.clone(), delivery.group.clone()));
        match (alert::route(last, &delivery, &self.directory.settings, self.now), last.map(|i| i.id)) {
            (Route::Existing, Some(id)) => self.told(id, delivery, actor),
            (Route::Nothing | Route::Existing, _) => Ok(Acted::Nothing),
            (Route::New, _) => {
                let because = Some(Because::Alerts(delivery));
                self.declare(&Declaration { because, ..declaration.clone() }, actor)
            }
        }
    }

    /// An incident hears of its alerts, if there is news in it.
    fn told(&mut self, id: IncidentId, delivery: Delivery, actor: &Actor) -> Result<Acted, ActError> {
        match self.change(id, &Input::Alerts(delivery), actor) {
            Err(ActError::Refused(Refusal::Stale)) => Ok(Acted::Nothing),
            other => other,
        }
    }

    fn last(&self, key: &Key) -> Option<&Incident> {
        self.groups.get(key).and_then(|id| self.loaded.get(id)).map(|l| &l.incident)
    }

    fn declare(&mut self, declaration: &Declaration, actor: &Actor) -> Result<Acted, ActError> {
        let id = IncidentId(self.declared + 1);
        let decision = decide::declare(id, declaration, actor, &self.directory, self.now).map_err(no)?;
        self.declared += 1;
        self.record(None, decision)
    }

    fn change(&mut self, id: IncidentId, input: &Input, actor: &Actor) -> Result<Acted, ActError> {
        let Some(l) = self.loaded.get(&id) else { return Err(Refusal::NoSuchIncident { id }.into()) };
        let decision = decide::decide(&l.incident, input, actor, &self.directory, self.now).map_err(no)?;
        if let Input::TimerDue(timer) = input {
            self.figures.push(measure::timer_fired(timer, self.now));
        }
        self.record(Some(id), decision)
    }

    /// Ends one incident into another: both in this transaction, or neither.
    fn merge(&mut self, id: IncidentId, into: IncidentId, actor: &Actor) -> Result<Acted, ActError> {
        let Some(from) = self.loaded.get(&id).map(|l| l.incident.clone()) else {
            return Err(Refusal::NoSuchIncident { id }.into());
        };
        let Some(target) = self.loaded.get(&into).map(|l| l.incident.clone()) else {
            return Err(Refusal::NoSuchIncident { id: into }.into());
        };
        let (directory, now) = (&self.directory, self.now);
        let ended = decide::decide(&from, &Input::Merge { into }, actor, directory, now).map_err(no)?;
        let absorb = Input::Absorb { from: id, title: from.title.clone(), groups: from.groups.clone() };
        let absorbed = decide::decide(&target, &absorb, actor, directory, now).map_err(no)?;
        self.record(Some(into), absorbed)?;
        self.record(Some(id), ended)
    }

    /// Chains a decision's events and keeps what it changes.
    fn record(&mut self, id: Option<IncidentId>, decision: Decision) -> Result<Acted, ActError> {
        let before = id.and_then(|id| self.loaded.get(&id));
        let mut head = before.map_or(GENESIS, |l| l.head);
        let before = before.map(|l| l.incident.clone());
        let decision = decision.waited_since(self.arrived_at);
        self.figures.extend(measure::figures(before.as_ref(), &decision.events, &decision.incident));
        let mut rows = Vec::with_capacity(decision.events.len());
        for e in &decision.events {
            for key in belongs::keys_of(&e.body) {
                if self.groups.insert(key.clone(), e.incident) != Some(e.incident) {
                    self.written.groups.insert(key, e.incident);
                }
            }
            let row = event_row(e.incident, e.seq, e.at, e.body.kind(), &e.actor, &e.body, &head)?;
            head = row.hash;
            rows.push(row);
        }
        self.written.events.append(&mut rows);
        let id = decision.incident.id;
        for (no, row) in outbox::rows(before.as_ref(), &decision.events) {
            self.written.outbox.insert((id, no), row);
        }
        for (name, change) in target::changes(&decision.events, &decision.incident) {
            let held = self.directory.runs.held.entry(name.clone()).or_default();
            held.take(&change);
            self.written.targets.insert(name, held.clone());
        }
        if !decision.events.is_empty() {
            let loaded = Loaded { incident: decision.incident.clone(), head };
            self.loaded.insert(id, loaded);
            self.changed.insert(id);
        }
        Ok(Acted::Changed(Box::new(Changed { before, events: decision.events, after: decision.incident })))
    }

    /// An incident's next timer is written where it is another than before; returns what moved.
    fn finish(&mut self) -> Vec<Moved> {
        let mut moved = Vec::with_capacity(self.changed.len());
        for id in std::mem::take(&mut self.changed) {
            let Some(l) = self.loaded.remove(&id) else { continue };
            moved.push(Moved { incident: id, seq: l.incident.seq });
            let (before, next) = (self.timers_before.get(&id).copied().flatten(), timer::next(&l.incident));
            if before != next {
                self.written.timers.insert(id, next);
            }
            self.written.incidents.insert(id, l);
        }
        moved
    }
}

fn no(no: No) -> ActError {
    match no {
        No::Refused(refusal) => ActError::Refused(refusal),
        No::Illegal(illegal) => {
            ActError::Fault(Fault::bug(format!("decision refused by the incident: {illegal}")).logged())
        }
    }
}
