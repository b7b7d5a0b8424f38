//! What waits is claimed and handed to its sender. Pages go by recipient, as the storm rule says: a few ring by
//! themselves, the rest go together in one message. Nothing is sent here, and nothing without its committed claim.

use super::tick::Engine;
use crate::app::{ActError, Changed};
use crate::fault::Fault;
use crate::store::DueIntent;
use firebell_domain::decide::Input;
use firebell_domain::id::ChannelId;
use firebell_domain::intent::{IntentNo, Lane};
use firebell_domain::limits;
use firebell_domain::storm::{self, Plan, Summary};
use futures_util::future::join_all;
use std::collections::BTreeMap;

/// Recipients whose pages have to wait that one look passes over; beyond it the next look, a second later, goes on.
const WAITING_MAX: usize = 64;

impl Engine {
    /// Pages of one channel by recipient, as the storm rule says: a few ring by themselves, the rest together.
    pub(super) async fn send_pages(&mut self, channel: &ChannelId, poisoned: &mut Option<Fault>) -> Result<(), Fault> {
        let mut waiting: Vec<String> = Vec::new();
        loop {
            let (now, free) = (self.app.clock().now(), self.deliveries.free(channel, Lane::Page));
            if free == 0 {
                return Ok(());
            }
            let due = self.app.store().due_intents(Lane::Page, channel, now, free as i64, &waiting).await?;
            let more = due.len() == free;
            // What a person asks for is not held back.
            let (mut singly, held_by_rule): (Vec<DueIntent>, Vec<DueIntent>) =
                due.into_iter().partition(|d| d.by_hand || d.recipient.is_none());
            let mut phones: BTreeMap<String, Vec<DueIntent>> = BTreeMap::new();
            for d in held_by_rule {
                phones.entry(d.recipient.clone().unwrap_or_default()).or_default().push(d);
            }
            let before = waiting.len();
            let max = self.app.directory().settings.rings_per_minute;
            let mut messages = Vec::new();
            for (recipient, mut pages) in phones {
                let since = now.plus_s(-limits::RING_WINDOW_S);
                let rung = self.app.store().rings(&recipient, since, now).await?;
                match storm::plan(rung, pages.len(), max) {
                    Plan::Singly => singly.append(&mut pages),
                    Plan::Wait => waiting.push(recipient),
                    plan => {
                        let all = limits::SUMMARY_PAGES_MAX as i64;
                        let mut all = self.app.store().due_pages_of(&recipient, channel, now, all).await?;
                        all.retain(|d| !d.by_hand);
                        if plan == Plan::FirstThenTogether && !all.is_empty() {
                            singly.push(all.remove(0));
                        }
                        messages.push(all);
                    }
                }
            }
            self.send_singly(channel, &singly, poisoned).await?;
            for pages in messages {
                self.send_together(channel, pages, poisoned).await?;
            }
            // Behind those who have to wait there may be others.
            if waiting.len() == before || !more || waiting.len() >= WAITING_MAX {
                return Ok(());
            }
        }
    }

    pub(super) async fn send_singly(
        &mut self,
        channel: &ChannelId,
        due: &[DueIntent],
        poisoned: &mut Option<Fault>,
    ) -> Result<(), Fault> {
        let claims = due.iter().map(|d| {
            let worker = self.worker.clone();
            self.app.act_engine(d.incident, Input::Claim { no: d.no, worker })
        });
        // All that were claimed are sent, also beside one that could not be: a claim left lying costs its lease.
        let mut failed = None;
        for (d, claimed) in due.iter().zip(join_all(claims).await) {
            if let Some(changed) = won(claimed, &mut failed, poisoned) {
                self.deliveries.start(self.outlets.now().pagers.get(channel).cloned(), channel, vec![(d.no, changed)]);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// One message for many pages: the first that can be claimed is the one whose message it is.
    async fn send_together(
        &mut self,
        channel: &ChannelId,
        pages: Vec<DueIntent>,
        poisoned: &mut Option<Fault>,
    ) -> Result<(), Fault> {
        let mut pages = pages.into_iter();
        let mut failed = None;
        let (first, own) = loop {
            let Some(d) = pages.next() else { return failed.map_or(Ok(()), Err) };
            let summary = Summary { incident: d.incident, no: d.no };
            let claim = Input::ClaimTogether { no: d.no, worker: self.worker.clone(), summary };
            let claimed = self.app.act_engine(d.incident, claim).await;
            if let Some(changed) = won(claimed, &mut failed, poisoned).filter(|c| claims(c, d.no)) {
                break (d, changed);
            }
        };
        let summary = Summary { incident: first.incident, no: first.no };
        // One incident may page twice: its claims follow each other, each on what the one before left.
        let claimed = pages.map(|d| {
            let claim = Input::ClaimTogether { no: d.no, worker: self.worker.clone(), summary };
            let claimed = self.app.act_engine(d.incident, claim);
            async move { (d.no, claimed.await) }
        });
        let mut all = vec![(first.no, own)];
        for (no, claimed) in join_all(claimed).await {
            all.extend(won(claimed, &mut failed, poisoned).filter(|c| claims(c, no)).map(|c| (no, c)));
        }
        self.deliveries.start(self.outlets.now().pagers.get(channel).cloned(), channel, all);
        failed.map_or(Ok(()), Err)
    }
}

/// A claim that was won; refusals are races that somebody else won.
pub(super) fn won(
    claimed: Result<Changed, ActError>,
    failed: &mut Option<Fault>,
    poisoned: &mut Option<Fault>,
) -> Option<Changed> {
    match claimed {
        Ok(changed) => return Some(changed),
        Err(ActError::Refused(_)) => {}
        Err(ActError::Fault(f)) if f.passes() => *failed = Some(f),
        Err(ActError::Fault(f)) => *poisoned = Some(f),
    }
    None
}

/// Whether an intent is under claim now: what nobody needs any more was cancelled instead.
fn claims(changed: &Changed, no: IntentNo) -> bool {
    changed.after.live.get(&no).is_some_and(|l| l.claim.is_some())
}
