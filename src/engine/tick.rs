//! One pass of the engine, and the loop around it. Reading this file explains the running system: it wakes because a
//! timer is due, because somebody nudged it, or because a second has passed; it fires, claims and delivers; nothing
//! else spawns. A lost nudge costs a second, never a page.

use super::EngineState;
use super::deliver::Deliveries;
use super::heartbeat::Heartbeat;
use super::operations::Operations;
use super::outlets::Outlets;
use super::ports::{Beat, Notify};
use super::runs::Runs;
use super::warm::Warm;
use crate::app::{ActError, App};
use crate::fault::Fault;
use crate::{clock, measure};
use firebell_domain::decide::Input;
use firebell_domain::id::ChannelId;
use firebell_domain::intent::Lane;
use firebell_domain::refusal::Refusal;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Timers fired in one go. All that are due are fired before the tick ends.
const TIMER_BATCH_MAX: i64 = 256;
/// Sends under way at once on one channel: a slow vendor holds up neither the others nor this machine.
const CHANNEL_SLOTS: usize = 32;
/// How often everything is looked at without being asked.
const SWEEP: Duration = Duration::from_secs(1);

pub struct Engine {
    pub(super) app: App,
    state: Arc<EngineState>,
    /// Names this process in claims, so that a later one knows which claims are nobody's.
    pub(super) worker: String,
    pub(super) outlets: Outlets,
    pub(super) deliveries: Deliveries,
    pub(super) runs: Runs,
    pub(super) operations: Operations,
    pub(super) warm: Warm,
    audit: crate::app::audit::Sweeper,
    heartbeat: Heartbeat,
    first_tick: bool,
    failing: bool,
    /// When a chat has room again for what waits.
    look_again_at: Option<std::time::Instant>,
}

impl Engine {
    pub fn new(
        app: App,
        worker: String,
        pagers: Vec<Arc<dyn Notify>>,
        audit: crate::app::audit::Sweeper,
        state: Arc<EngineState>,
    ) -> Engine {
        let outlets = Outlets::default();
        outlets.put(pagers, None);
        let (runs, warm) = (app.clone(), Warm::new(&app));
        let deliveries = Deliveries::new(app.clone(), state.clone(), CHANNEL_SLOTS, audit.ack_links(app.install()));
        Engine {
            app,
            state,
            worker,
            outlets,
            deliveries,
            runs: Runs::new(runs),
            operations: Operations::default(),
            warm,
            audit,
            heartbeat: Heartbeat::default(),
            first_tick: true,
            failing: false,
            look_again_at: None,
        }
    }

    /// What it sends through, for whoever exchanges it.
    pub fn outlets(&self) -> Outlets {
        self.outlets.clone()
    }

    /// Tells an outside watcher every minute that all is well.
    pub fn with_heartbeat(self, beat: Option<Arc<dyn Beat>>) -> Engine {
        self.outlets.put_watcher(beat);
        self
    }

    /// Runs until told to stop, then lets what is being sent finish.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !*stop.borrow() {
            // After a failure what is due stays due: the sweep looks again, instead of asking without a pause.
            let until_due = if self.failing { SWEEP } else { self.until_next_timer().await };
            let swept = tokio::select! {
                _ = stop.changed() => break,
                () = self.app.nudge().notified() => false,
                () = self.deliveries.one_finished() => false,
                () = self.runs.one_finished() => false,
                () = tokio::time::sleep(until_due) => false,
                _ = sweep.tick() => true,
            };
            self.tick(swept).await;
        }
        self.deliveries.all_finished().await;
        self.runs.leave().await;
        self.operations.leave().await;
    }

    /// Fires what is due, takes back what is lost, sends what waits. `sweep` adds what nobody nudges for.
    pub async fn tick(&mut self, sweep: bool) {
        let now = self.app.clock().now();
        let began = clock::instant();
        let mut poisoned = None;
        let passed = self.pass(sweep, &mut poisoned).await;
        let result = passed.and(poisoned.map_or(Ok(()), Err));
        self.failing = result.is_err();
        measure::pass(began.elapsed());
        self.state.change(|s| {
            s.ticked_at = Some(now);
            s.passes += 1;
            s.failing = result.err().map(|f| f.chain);
        });
    }

    /// Waits until what is being sent has come to its end, for whoever ticks by hand.
    pub async fn all_sent(&mut self) {
        self.deliveries.all_finished().await;
        self.runs.all_finished().await;
        self.operations.all_finished().await;
        self.warm.all_finished().await;
        self.heartbeat.settle().await;
    }

    /// An error ends the pass, because everything would meet it; an incident that is damaged harms only itself.
    async fn pass(&mut self, sweep: bool, poisoned: &mut Option<Fault>) -> Result<(), Fault> {
        self.fire_timers(poisoned).await?;
        if sweep || self.first_tick {
            self.take_back_lost_claims(poisoned).await?;
            self.first_tick = false;
        }
        self.send_what_waits(sweep, poisoned).await?;
        self.begin_runs(poisoned).await?;
        self.post_looks().await?;
        if sweep {
            self.keep_warm();
            match self.look_at_schedules().await {
                Err(f) if f.passes() => return Err(f),
                Err(f) => *poisoned = Some(f),
                Ok(()) => {}
            }
            let swept = self.audit.sweep(&self.app).await?;
            let now = self.app.clock().now();
            self.state.change(|s| {
                // Before the first that was complete, the age is that of this process.
                if swept.complete || s.covered_at.is_none() {
                    s.covered_at = Some(now);
                }
                s.checkpoint_failing = swept.problem;
            });
            if let Some(watcher) = &self.outlets.now().watcher {
                self.heartbeat.after_pass(&self.app, &self.worker, watcher).await?;
            }
        }
        Ok(())
    }

    async fn fire_timers(&self, poisoned: &mut Option<Fault>) -> Result<(), Fault> {
        loop {
            let due = self.app.store().due_timers(self.app.clock().now(), TIMER_BATCH_MAX).await?;
            let fired = join_all(due.into_iter().map(|(id, t)| self.app.act_engine(id, Input::TimerDue(t)))).await;
            // What fired may have armed another that is due too: an incident's clocks take effect one by one.
            if settled(fired, poisoned)? == 0 {
                return Ok(());
            }
        }
    }

    /// An embedded database has one process: claims of another are nobody's, at once. With replicas only the lease says so.
    async fn take_back_lost_claims(&self, poisoned: &mut Option<Fault>) -> Result<(), Fault> {
        let others_of = (!self.app.store().is_postgres()).then_some(self.worker.as_str());
        let lost = self.app.store().lost_claims(self.app.clock().now(), others_of, TIMER_BATCH_MAX).await?;
        let taken = lost.into_iter().map(|(id, no, claim_seq)| {
            let input = Input::ClaimLost { no, claim_seq };
            self.app.act_engine(id, input)
        });
        settled(join_all(taken).await, poisoned).map(|_| ())
    }

    /// Lane by lane, page before card before update before digest; within a lane each channel has its own slots. How
    /// pages are claimed is said in `claims.rs`.
    async fn send_what_waits(&mut self, sweep: bool, poisoned: &mut Option<Fault>) -> Result<(), Fault> {
        let outlets = self.outlets.now();
        let mut channels: Vec<ChannelId> = outlets.pagers.keys().chain(outlets.chats.keys()).cloned().collect();
        self.look_again_at = None;
        if sweep {
            // What waits for a channel that is configured no longer is given up, so that the next channel is tried.
            let depth = self.app.store().outbox_depth().await?;
            channels.extend(depth.queued.into_iter().map(|(_, c, _, _)| ChannelId(c)));
            channels.retain(|c| c.as_str() != firebell_domain::run::CHANNEL);
            channels.sort();
            channels.dedup();
        }
        for lane in Lane::ALL {
            for channel in &channels {
                let chat = self.outlets.now().chats.get(channel).cloned();
                match (lane, chat) {
                    (lane, Some(chat)) => self.send_to_chat(&chat, lane, poisoned).await?,
                    (Lane::Page, None) => self.send_pages(channel, poisoned).await?,
                    _ => {
                        let (now, free) = (self.app.clock().now(), self.deliveries.free(channel, lane));
                        if free > 0 {
                            let due = self.app.store().due_intents(lane, channel, now, free as i64, &[]).await?;
                            self.send_singly(channel, &due, poisoned).await?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A chat that has no room now has some then.
    pub(super) fn look_again_in(&mut self, wait: Duration) {
        let at = clock::instant() + wait;
        self.look_again_at = Some(self.look_again_at.map_or(at, |have| have.min(at)));
    }

    async fn until_next_timer(&self) -> Duration {
        let due = self.until_timer().await;
        match self.look_again_at {
            Some(at) => due.min(at.saturating_duration_since(clock::instant())),
            None => due,
        }
    }

    async fn until_timer(&self) -> Duration {
        let now = self.app.clock().now();
        match self.app.store().next_timer().await {
            Ok(Some(due)) => Duration::from_micros((due.0 - now.0).clamp(0, SWEEP.as_micros() as i64) as u64),
            Ok(None) => SWEEP,
            // The database is away: the sweep looks again.
            Err(_) => SWEEP,
        }
    }
}

/// How many were done. Refusals are races that somebody else won; a fault that passes ends the pass, and the next one
/// looks again; one that does not is that incident's own.
fn settled<T>(results: Vec<Result<T, ActError>>, poisoned: &mut Option<Fault>) -> Result<usize, Fault> {
    let mut done = 0;
    for result in results {
        match result {
            Ok(_) => done += 1,
            Err(ActError::Refused(Refusal::Stale)) => {}
            Err(ActError::Refused(refusal)) => tracing::debug!("engine input refused: {refusal}"),
            Err(ActError::Fault(f)) if f.passes() => return Err(f),
            Err(ActError::Fault(f)) => *poisoned = Some(f),
        }
    }
    Ok(done)
}
