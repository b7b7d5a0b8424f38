//! The life of an intent after it was queued: claimed by one worker, sent, retried, given up, or left alone because
//! nobody needs it any more.

use super::{Decider, SendOutcome};
use crate::chat::RoomTask;
use crate::escalation;
use crate::event::{CancelReason, Event};
use crate::intent::{IntentNo, Live, What, backoff_s, jitter_us};
use crate::limits;
use crate::refusal::Refusal;
use crate::run;
use crate::storm::Summary;
use crate::time::Timestamp;

/// The right to send, given to one worker. What was acknowledged or has ended is never claimed.
pub(super) fn claim(d: &mut Decider, no: IntentNo, worker: &str, summary: Option<Summary>) -> Result<(), Refusal> {
    let Some(live) = d.incident.live.get(&no) else { return Err(Refusal::Stale) };
    // What runs something is begun in its own way (`run::decide::start`), with its target locked.
    if live.claim.is_some() || live.due_at > d.now || matches!(live.intent.what, What::Run { .. }) {
        return Err(Refusal::Stale);
    }
    let attempt = live.attempt.saturating_add(1);
    if d.incident.needless(no) {
        cancel(d, no);
        return Ok(());
    }
    let lease_until = d.now.plus_s(limits::LEASE_S);
    d.emit(Event::IntentClaimed { no, worker: worker.to_string(), attempt, lease_until, summary });
    Ok(())
}

/// What came of a send. A late "done" counts as long as nobody else has claimed it since.
pub(super) fn delivered(d: &mut Decider, no: IntentNo, claim_seq: i64, outcome: &SendOutcome) -> Result<(), Refusal> {
    let Some(live) = d.incident.live.get(&no) else { return Err(Refusal::Stale) };
    let mine = live.claim.as_ref().map(|c| c.seq == claim_seq);
    let done = matches!(outcome, SendOutcome::Done { .. });
    if matches!(live.intent.what, What::Run { .. }) {
        return Err(Refusal::Stale);
    }
    if mine == Some(false) || (mine.is_none() && !done) {
        return Err(Refusal::Stale);
    }
    let (attempt, attempts_max) = (live.attempt, live.intent.lane.attempts_max());
    // What the vendor really asks for: who wants a day is not tried again in two minutes while there is another way.
    let asked_s = |after_s: Option<i64>| after_s.unwrap_or(0).max(backoff_s(attempt, None));
    match outcome {
        SendOutcome::Done { receipt } => {
            if let (What::Room { task: RoomTask::Open, .. }, Some(place)) = (&live.intent.what, receipt) {
                let chat = live.intent.channel.clone();
                // Meanwhile people may have taken another place for it.
                if d.incident.rooms.get(&chat).is_none_or(|r| r.place.is_none()) {
                    d.emit(Event::RoomOpened { chat, place: place.clone() });
                }
            }
            d.emit(Event::IntentDone { no, receipt: receipt.clone() });
            // Acknowledged or ended while it was under way: the vendor is told now.
            d.follow_pages();
        }
        SendOutcome::Retry { after_s, why, maybe_sent }
            if attempt < attempts_max && !leaves_channel(d, live, asked_s(*after_s)) =>
        {
            let wait_s = backoff_s(attempt, *after_s);
            let jitter = jitter_us(wait_s, d.incident.id.0, no, attempt);
            retry(d, no, d.now.plus_s(wait_s).plus_us(jitter), why.clone(), *maybe_sent);
        }
        SendOutcome::Retry { why, maybe_sent, .. } => give_up(d, no, why, *maybe_sent),
        SendOutcome::Never { why } => give_up(d, no, why, false),
    }
    Ok(())
}

/// A crash between claim and receipt: it may have arrived. Sent again, marked so, only if somebody still needs it.
pub(super) fn claim_lost(d: &mut Decider, no: IntentNo, claim_seq: i64) -> Result<(), Refusal> {
    let Some(live) = d.incident.live.get(&no) else { return Err(Refusal::Stale) };
    if live.claim.as_ref().is_none_or(|c| c.seq != claim_seq) {
        return Err(Refusal::Stale);
    }
    if let What::Run { run } = live.intent.what {
        run::decide::claim_lost(d, run, no);
        return Ok(());
    }
    let why = "Firebell stopped before it knew whether this arrived";
    if d.incident.needless(no) {
        d.emit(Event::IntentAbandoned { no });
        d.follow_pages();
    } else if live.attempt < live.intent.lane.attempts_max() && !leaves_channel(d, live, 0) {
        retry(d, no, d.now, why.to_string(), true);
    } else {
        // What takes the worker down each time is not tried for ever.
        give_up(d, no, why, true);
    }
    Ok(())
}

/// Whether a page that has just failed is given up on this channel, though it has tries left: a vendor that is down must
/// not hold up the person's next contact method. With one, no wait goes beyond the bound; without one, the wait that was
/// asked for is kept, and it ends with the next failure after the bound. A first failure alone ends nothing then: the page
/// may have waited for Firebell itself.
fn leaves_channel(d: &Decider, live: &Live, wait_s: i64) -> bool {
    let What::Page(page) = &live.intent.what else { return false };
    let tried_s = d.now.seconds_since(live.queued_at);
    let next = page.person.as_ref().and_then(|p| d.directory.contact_method(p, page.method + 1));
    match next {
        Some(_) => tried_s.saturating_add(wait_s) > limits::PAGE_CHANNEL_MAX_S,
        None => live.attempt > 1 && tried_s > limits::PAGE_CHANNEL_MAX_S,
    }
}

/// The last try on this channel has failed. Whoever still needs the page is reached in another way.
fn give_up(d: &mut Decider, no: IntentNo, why: &str, maybe_sent: bool) {
    let Some(intent) = d.incident.live.get(&no).map(|l| l.intent.clone()) else { return };
    let needless = d.incident.needless(no);
    if maybe_sent {
        // Into the log first: a vendor that may have it is told of the acknowledgement and the end.
        d.emit(Event::IntentRetried { no, due_at: d.now, why: why.to_string(), maybe_sent });
    }
    d.emit(Event::IntentFailed { no, why: why.to_string() });
    if let (What::Page(page), false) = (&intent.what, needless) {
        escalation::page_failed(d, &intent, page);
    }
    d.follow_pages();
}

fn retry(d: &mut Decider, no: IntentNo, due_at: Timestamp, why: String, maybe_sent: bool) {
    d.emit(Event::IntentRetried { no, due_at, why, maybe_sent });
    if d.incident.needless(no) {
        cancel(d, no);
        d.follow_pages();
    }
}

fn cancel(d: &mut Decider, no: IntentNo) {
    let i = &d.incident;
    let why = match (i.status.open(), i.acknowledged.is_some(), i.snoozed_until.is_some()) {
        (false, _, _) => CancelReason::Ended,
        (true, true, _) => CancelReason::Acknowledged,
        (true, false, true) => CancelReason::Snoozed,
        (true, false, false) => CancelReason::AlertsCleared,
    };
    d.emit(Event::IntentsCancelled { numbers: vec![no], why });
}
