//! What must hold after every step, each rule a function with its name; promises with a span in them are
//! kept by the watch of each incident.
//!
//! Time. `at` of an event is what its replica's clock said: clocks step and differ, so it need not grow along the
//! log; `seq` is the order. Spans are therefore measured in *working time*: true time without the spans in which no
//! replica was up and without what a clock lost by stepping back (everything due waits that much longer).

use super::store::Stored;
use super::watch::Watch;
use super::{World, org};
use crate::chat::RoomTask;
use crate::clocks::Milestone;
use crate::directory::{Directory, Settings};
use crate::event::{Actor, EscalateReason, Event, IncidentEvent, ResolveCause, UnackCause};
use crate::hours::When;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::intent::{IntentNo, Told, What};
use crate::limits;
use crate::outbox::{OutboxStatus, rows};
use crate::status::IncidentStatus;
use crate::time::SECOND;
use crate::timer::{Timer, TimerKind, timers};
use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Tz;

/// Seconds of working time that ticks, crashes, retries and skewed clocks may add to any promise.
pub const SLACK_S: i64 = 240;

/// What a timer does happens because that timer was armed, and not before its time, however often it is said to be due.
pub fn nothing_before_its_time(before: &Incident, e: &IncidentEvent) -> Result<(), String> {
    let of = |kind| timers(before).find(|t| t.kind == kind).map(|t| t.due_at);
    let armed = match &e.body {
        Event::Escalated { reason: EscalateReason::NotAcknowledged, .. } | Event::PolicyUsedUp => {
            before.escalation.next_at
        }
        Event::Resolved { cause: ResolveCause::Quiet, .. } => before.quiet_resolves_at,
        Event::SnoozeEnded => before.snoozed_until,
        Event::MilestoneWarned { .. } | Event::MilestoneBreached { .. } => of(TimerKind::Milestone),
        Event::StillWorkingAsked { .. } | Event::Unacknowledged { cause: UnackCause::TimedOut, .. } => {
            of(TimerKind::StillWorking)
        }
        Event::UpdateReminded => of(TimerKind::UpdateReminder),
        Event::LeadReminded => of(TimerKind::LeadReminder),
        Event::DraftReminded { .. } => of(TimerKind::DraftReminder),
        Event::ActionReminded { .. } => of(TimerKind::ActionReminder),
        _ => return Ok(()),
    };
    let Some(due_at) = armed.filter(|due_at| *due_at <= e.at) else {
        return Err(format!("nothing_before_its_time: {} at {}, due {armed:?}", e.body.kind(), e.at));
    };
    match timers(before).find(|t| t.due_at < due_at) {
        None => Ok(()),
        Some(t) => Err(format!("in_the_order_due: {} was due at {due_at} and {t:?} before it", e.body.kind())),
    }
}

/// The clocks that a severity sets: what is reached is not missed, what is missed was warned of or is, and nothing
/// runs in an incident that has ended but its post-mortem.
fn clocks_are_sound(i: &Incident) -> Result<(), String> {
    let c = &i.course;
    if !c.breached.is_subset(&c.warned) {
        return Err("clocks_are_sound: a breach without its warning".to_string());
    }
    let reached = |m| c.reached.contains_key(&m);
    let in_order = !reached(Milestone::Mitigate) || reached(Milestone::Diagnose);
    let resolved = i.status == IncidentStatus::Resolved;
    if !in_order
        || resolved != reached(Milestone::Resolve)
        || (i.acknowledged.is_some() && !reached(Milestone::Acknowledge))
    {
        return Err(format!("clocks_are_sound: {} has reached {:?}", i.status, c.reached));
    }
    let asked = c.asked_at.is_some();
    if asked && (i.acknowledged.is_none() || !i.status.open()) {
        return Err("clocks_are_sound: nobody is there to be asked".to_string());
    }
    let left = [TimerKind::Milestone, TimerKind::DraftReminder, TimerKind::ActionReminder];
    let ended = !i.status.open() && timers(i).any(|t| !left.contains(&t.kind));
    if ended { Err("clocks_are_sound: a timer after the end".to_string()) } else { Ok(()) }
}

/// Reminders of what is left to do come at nine of somebody's morning, drafts' on working days, and so often at most.
pub fn reminders_keep_to_mornings(before: &Incident, e: &IncidentEvent) -> Result<(), String> {
    let (next, drafts) = match &e.body {
        Event::MilestoneBreached { remind_at, .. } => (remind_at, true),
        Event::DraftReminded { next_at, .. } => (next_at, true),
        Event::ActionAdded { remind_at, .. } => (remind_at, false),
        Event::ActionReminded { next_at, .. } => (next_at, false),
        _ => return Ok(()),
    };
    let Some(at) = next else { return Ok(()) };
    let nine = |zone: &Tz| {
        let wall = at.utc().with_timezone(zone);
        let works = !matches!(wall.weekday(), Weekday::Sat | Weekday::Sun);
        (wall.hour(), wall.minute(), wall.second()) == (9, 0, 0) && (works || !drafts)
    };
    if *at <= e.at || !org::ZONES.iter().any(nine) {
        return Err(format!("reminders_keep_to_mornings: {} of {} says {at}", e.body.kind(), before.id));
    }
    Ok(())
}

/// Whoever has an incident and says nothing is asked, and then it is not theirs any more.
fn silence_ends(w: &Watch, working: i64) -> Result<(), String> {
    match w.heard_by {
        Some(by) if working > by => {
            Err(format!("silence_ends: acknowledged and not a word, {} s over", (working - by) / SECOND))
        }
        _ => Ok(()),
    }
}

/// No timer of any kind stays overdue while an engine is at work.
fn timers_fire(w: &Watch, working: i64) -> Result<(), String> {
    match w.overdue_since {
        Some(since) if working - since > SLACK_S * SECOND => {
            Err(format!("timers_fire: one is overdue for {} s", (working - since) / SECOND))
        }
        _ => Ok(()),
    }
}

/// A level is paged in its hours only, and passed over for the hour only outside them.
pub fn levels_keep_their_hours(before: &Incident, e: &IncidentEvent) -> Result<(), String> {
    let Some(policy) = &before.policy else { return Ok(()) };
    let working = policy.hours.as_ref().is_none_or(|h| h.contains(e.at));
    let when = |step: &usize| policy.steps.get(*step).map(|s| s.when);
    let right = match &e.body {
        Event::Escalated { step, .. } => when(step) != Some(if working { When::OffHours } else { When::WorkingHours }),
        Event::StepSkipped { step, when: because, .. } if !because.is_always() => {
            when(step) == Some(if working { When::OffHours } else { When::WorkingHours })
        }
        _ => true,
    };
    if right { Ok(()) } else { Err(format!("levels_keep_their_hours: {:?}, working hours: {working}", e.body)) }
}

/// A page that was given up while somebody needed it goes through the person's next contact method, in the same
/// decision.
fn failed_pages_go_on(i: &Incident, w: &Watch, d: &Directory) -> Result<(), String> {
    for (on, failed) in &w.failed {
        let Some(person) = &failed.person else { continue };
        // Where the person has other methods than when it was queued, it begins anew with those, and only then.
        let methods = d.people.get(person).map_or(&[][..], |p| &p.contact_methods);
        let from = if methods.get(failed.method) == Some(on) { failed.method + 1 } else { 0 };
        let Some((method, channel)) = d.contact_method(person, from) else { continue };
        let goes_on = i.live.values().any(|l| match &l.intent.what {
            What::Page(p) => p.person.as_ref() == Some(person) && l.intent.channel == *channel,
            _ => false,
        });
        if !goes_on {
            return Err(format!("failed_pages_go_on: {person} is not paged through method {method}, {channel}"));
        }
    }
    Ok(())
}

/// A page is put off on one channel only until its time there is over, while its person has another contact method.
fn a_dead_channel_is_left(i: &Incident, w: &Watch, d: &Directory) -> Result<(), String> {
    for live in w.put_off.iter().filter_map(|no| i.live.get(no)) {
        let What::Page(page) = &live.intent.what else { continue };
        let Some(person) = &page.person else { continue };
        let Some((_, next)) = d.contact_method(person, page.method + 1) else { continue };
        // The jitter of the last wait comes on top.
        let held_up_s = live.due_at.seconds_since(live.queued_at);
        if held_up_s > limits::PAGE_CHANNEL_MAX_S + limits::RETRY_AFTER_MAX_S / 4 {
            let (no, channel) = (live.intent.no, &live.intent.channel);
            return Err(format!("a_dead_channel_is_left: #{no} holds up {next} for {held_up_s} s on {channel}"));
        }
    }
    Ok(())
}

/// Whatever answers an incident takes back its waiting pages in the same decision, not when somebody would claim them.
fn no_needless_page_waits(i: &Incident, w: &Watch) -> Result<(), String> {
    let waiting = i.live.values().filter(|l| l.claim.is_none()).map(|l| l.intent.no);
    waiting
        .filter(|no| w.queued.contains_key(no))
        .try_for_each(|no| w.no_page_after_answer(no))
        .map_err(|why| format!("no_needless_page_waits: {why}"))
}

/// While open, unacknowledged and its policy not used up: exactly one timer. Else none that escalates.
fn one_timer(i: &Incident) -> Result<(), String> {
    let all: Vec<Timer> = timers(i).filter(|t| t.kind.leads_on()).collect();
    let escalates = all.iter().filter(|t| t.kind == TimerKind::Escalate).count();
    let quiet = all.iter().filter(|t| t.kind == TimerKind::QuietResolve).count();
    if quiet > 0 && i.firing_alerts() {
        return Err("one_timer: it is about to end for quiet while alerts fire".to_string());
    }
    let right = match (i.status.open(), i.acknowledged.is_some(), i.escalation.used_up) {
        (false, _, _) => all.is_empty(),
        (true, true, _) => escalates == 0 && quiet == 0,
        (true, false, true) => escalates == 0 && all.len() <= 1,
        (true, false, false) => all.len() == 1,
    };
    if right { Ok(()) } else { Err(format!("one_timer: {all:?} while {} {:?}", i.status, i.acknowledged)) }
}

/// What is stored is the timer that is due first, and nothing where none is armed.
fn next_timer_is_stored(s: &Stored) -> Result<(), String> {
    let mut armed: Vec<Timer> = timers(&s.incident).collect();
    armed.sort_by_key(|t| (t.due_at, t.kind));
    let first = armed.first().copied();
    if first == s.timer { Ok(()) } else { Err(format!("next_timer_is_stored: {:?} ≠ {first:?}", s.timer)) }
}

/// The outbox and the incident tell the same of every intent that is not over.
fn live_is_stored(s: &Stored) -> Result<(), String> {
    if !s.waiting.keys().eq(s.incident.live.keys()) {
        return Err("live_is_stored: the outbox waits for other intents than the incident".to_string());
    }
    for ((no, live), row) in s.incident.live.iter().zip(s.waiting.values()) {
        let claim = live.claim.as_ref().map(|c| (c.seq, c.lease_until));
        let row_claim = row.claim_seq.zip(row.lease_until);
        let same = (row.attempt, row.due_at, row.maybe_sent) == (live.attempt, live.due_at, live.maybe_sent);
        if !same || claim != row_claim || row.intent != live.intent {
            return Err(format!("live_is_stored: #{no} {row:?} ≠ {live:?}"));
        }
    }
    Ok(())
}

/// Numbers without gaps, in the order of commits.
fn seq_is_gapless(s: &Stored) -> Result<(), String> {
    let n = s.log.len() as i64;
    let right = s.log.iter().rev().take(30).zip((1..=n).rev()).all(|(e, seq)| e.seq == seq);
    if right && s.incident.seq == n { Ok(()) } else { Err("seq_is_gapless: a number is missing".to_string()) }
}

fn bounds_hold(i: &Incident) -> Result<(), String> {
    let pages = i.live.values().filter(|l| matches!(l.intent.what, What::Page(_))).count();
    let alerts: usize = i.groups.iter().map(|g| g.alerts.len()).sum();
    let of_items = i.actions.iter().map(|a| a.reminders).max().unwrap_or(0);
    let settings = Settings::default();
    let attempts = i.live.values().all(|l| l.attempt <= l.intent.lane.attempts_max());
    for (what, have, max) in [
        ("waiting pages", pages, limits::INTENTS_LIVE_MAX),
        ("waiting intents", i.live.len(), 2 * limits::INTENTS_LIVE_MAX),
        ("threads", i.threads.len(), limits::THREADS_MAX),
        ("alerts", alerts, limits::ALERTS_TRACKED_MAX),
        ("alert groups", i.groups.len(), limits::ALERT_GROUPS_MAX),
        ("action items", i.actions.len(), limits::ACTION_ITEMS_MAX),
        ("responders", i.responders.len(), limits::RESPONDERS_MAX),
        ("roles", i.roles.len(), limits::RESPONDERS_MAX),
        ("reminders of a draft", i.course.draft_reminders as usize, settings.draft_reminders_max as usize),
        ("reminders of an item", of_items as usize, settings.action_reminders_max as usize),
    ] {
        if have > max {
            return Err(format!("bounds_hold: {have} {what}, {max} is the bound"));
        }
    }
    if attempts { Ok(()) } else { Err("bounds_hold: an intent has been tried too often".to_string()) }
}

/// Among everything that arrived under one key, at most one copy was not labelled as a possible repetition.
pub fn received_once_or_labelled(labels: &[bool]) -> Result<(), String> {
    match labels.iter().filter(|labelled| !**labelled).count() {
        0 | 1 => Ok(()),
        n => Err(format!("received_once_or_labelled: {n} of {} copies arrived without a label", labels.len())),
    }
}

/// The whole log again, from its text: the same incident, and the same outbox rows.
fn replay_is_state(s: &Stored, through_text: bool) -> Result<(), String> {
    let texts = |e: &IncidentEvent| -> Result<IncidentEvent, String> {
        let text = serde_json::to_string(e).map_err(|e| e.to_string())?;
        serde_json::from_str(&text).map_err(|e| format!("{e} in {text}"))
    };
    let read: Vec<IncidentEvent> = match through_text {
        true => s.log.iter().map(texts).collect::<Result<_, _>>()?,
        false => s.log.clone(),
    };
    let replayed = Incident::replay(&read).map_err(|i| format!("replay_is_state: {i}"))?;
    if replayed.as_ref() != Some(&s.incident) {
        return Err("replay_is_state: the log adds up to another incident".to_string());
    }
    let folded = rows(None, &read);
    if let Some((no, row)) = folded.iter().find(|(no, row)| s.row(**no) != Some(row)) {
        return Err(format!("rows_fold: the log adds up to {row:?}, stored is {:?}", s.row(*no)));
    }
    if folded.len() != s.waiting.len() + s.over.len() {
        return Err("rows_fold: the outbox has rows of which the log knows nothing".to_string());
    }
    if through_text {
        let text = serde_json::to_string(&s.incident).map_err(|e| e.to_string())?;
        if serde_json::from_str::<Incident>(&text).as_ref().ok() != Some(&s.incident) {
            return Err("replay_is_state: the incident does not survive its own text".to_string());
        }
    }
    Ok(())
}

impl World {
    /// Judges a commit that gave an incident `n` further events, before anything else happens.
    pub(super) fn observe(&mut self, id: IncidentId, n: usize) {
        self.commits += 1;
        let (now, working) = (self.now, self.working());
        let mut watch = self.watches.remove(&id).unwrap_or_else(|| Watch::new(working));
        let mut bad = (n == 0).then(|| "an accepted input changed nothing".to_string());
        if let Some(s) = self.store.incidents.get(&id) {
            for e in s.log.iter().skip(s.log.len() - n) {
                *self.counts.entry(e.body.kind()).or_default() += 1;
                self.transcript.say(now, format_args!("{}", super::transcript::Terse(e)));
                bad = bad.or(watch.event(e, now, working).err());
            }
        }
        if bad.is_none() {
            bad = self.judge(id, &watch).err();
        }
        watch.failed.clear();
        watch.put_off.clear();
        self.watches.insert(id, watch);
        if let Some(why) = bad {
            self.fail(format!("{id}: {why}"));
        }
    }

    fn judge(&self, id: IncidentId, watch: &Watch) -> Result<(), String> {
        let Some(s) = self.store.incidents.get(&id) else { return Err("it was not stored".to_string()) };
        if watch.shadow.as_ref() != Some(&s.incident) {
            return Err("replay_is_state: its events add up to something else".to_string());
        }
        no_needless_page_waits(&s.incident, watch)?;
        failed_pages_go_on(&s.incident, watch, &self.directory)?;
        a_dead_channel_is_left(&s.incident, watch, &self.directory)?;
        one_timer(&s.incident)?;
        clocks_are_sound(&s.incident)?;
        next_timer_is_stored(s)?;
        live_is_stored(s)?;
        seq_is_gapless(s)?;
        bounds_hold(&s.incident)?;
        rooms_follow(&s.incident, &self.directory)?;
        if self.commits.is_multiple_of(512) { replay_is_state(s, false) } else { Ok(()) }
    }

    /// Promises with a time, judged whenever an engine has had its turn.
    pub(super) fn judge_time(&mut self) {
        let (working, wall) = (self.working(), self.wall(0));
        self.watches.values_mut().for_each(|w| w.looks(working, wall));
        let bad = self.watches.iter().find_map(|(id, w)| {
            let i = w.shadow.as_ref()?;
            if let Err(why) = silence_ends(w, working).and_then(|()| timers_fire(w, working)) {
                return Some(format!("{id}: {why}"));
            }
            if w.silent() {
                return None;
            }
            let why = attempts_go_on(i, w, &self.directory, working)
                .and_then(|()| last_level_is_reached(w, working))
                .and_then(|()| self.somebody_is_reached(i, w, working));
            why.err().map(|why| format!("{id}: {why}"))
        });
        if let Some(why) = bad {
            self.fail(why);
        }
    }

    /// While one pager works all along, somebody hears of an unanswered incident: at the latest after the whole
    /// policy was tried and every pager is paged, and one more round for what was under way.
    fn somebody_is_reached(&self, i: &Incident, w: &Watch, working: i64) -> Result<(), String> {
        let Some((since, _)) = w.unreached else { return Ok(()) };
        let well_since = self
            .directory
            .pagers
            .iter()
            .filter_map(|c| self.vendors.get(c)?.well_since)
            .map(|well| working - (self.now - well.max(self.edited_at)))
            .min();
        let Some(well_since) = well_since else { return Ok(()) };
        let delays: i64 = i.policy.iter().flat_map(|p| &p.steps).map(|s| s.delay_s).sum();
        let limit_s = 2 * delays + limits::FALLBACK_REPEAT_S + 2 * SLACK_S;
        match working - since.max(well_since) {
            waited if waited <= limit_s * SECOND => Ok(()),
            waited => Err(format!("somebody_is_reached: nobody for {} s (bound {limit_s})", waited / SECOND)),
        }
    }

    /// What the end of the world must look like, some hours after everything was repaired and closed.
    pub(super) fn judge_end(&mut self) {
        let through_text = self.seed.is_multiple_of(16);
        let bad = self.store.incidents.values().find_map(|s| {
            let why = replay_is_state(s, through_text)
                .and_then(|()| ends_quiet(s))
                .and_then(|()| self.threads_end_over(s))
                .and_then(|()| self.chats_show_the_present(s));
            why.err().map(|why| format!("{}: {why}", s.incident.id))
        });
        if let Some(why) = bad {
            self.fail(why);
        }
    }

    /// Every vendor that received a page was told in the end that it is over, unless it refused to hear it.
    fn threads_end_over(&self, s: &Stored) -> Result<(), String> {
        let i = &s.incident;
        for (channel, vendor) in &self.vendors {
            for ((_, no), told) in vendor.threads.range((i.id, 0)..=(i.id, IntentNo::MAX)) {
                let is_page = s.row(*no).is_some_and(|r| matches!(r.intent.what, What::Page(_)));
                if !is_page || *told == Told::Over {
                    continue;
                }
                match i.threads.get(no).map(|t| t.told) {
                    Some(Told::Over) => {}
                    // The oldest of more than can be remembered are forgotten.
                    None if i.threads.len() >= limits::THREADS_MAX => continue,
                    known => return Err(format!("threads_end_over: {channel} has #{no}, we believe {known:?}")),
                }
                let refused = s.over.values().any(|r| {
                    matches!(r.intent.what, What::Follow { page, over: true, .. } if page == *no)
                        && r.status == OutboxStatus::Failed
                });
                if !refused {
                    return Err(format!("threads_end_over: {channel} was never told that #{no} is over"));
                }
            }
        }
        Ok(())
    }

    /// What counts as shown in a chat is what stands there, whichever try of a post it was that arrived.
    fn chats_show_the_present(&self, s: &Stored) -> Result<(), String> {
        let i = &s.incident;
        for (chat, room) in &i.rooms {
            let Some(vendor) = self.vendors.get(chat) else { continue };
            for (task, counts) in [(RoomTask::Card, room.card_seq), (RoomTask::Announce, room.announced_seq)] {
                let given_up = room.missing.contains(task.missing());
                if !room.has(&task) || given_up || counts < i.card_seq {
                    continue;
                }
                let shown = vendor.shown.get(&(i.id, task.word())).map_or(0, |(_, seq)| *seq);
                if shown < i.card_seq {
                    let word = task.word();
                    return Err(format!("chats_show_the_present: {chat} \"{word}\" shows {shown} of {}", i.card_seq));
                }
            }
        }
        Ok(())
    }

    /// True time without the spans in which nothing could be done.
    pub(super) fn working(&self) -> i64 {
        self.now - self.lost_us - self.down_since.map_or(0, |since| self.now - since)
    }
}

/// An unanswered incident never goes longer without a try to page somebody than its longest delay, or five minutes.
fn attempts_go_on(i: &Incident, w: &Watch, d: &Directory, working: i64) -> Result<(), String> {
    if d.pagers.is_empty() {
        return Ok(());
    }
    let delay_s = i.policy.iter().flat_map(|p| &p.steps).map(|s| s.delay_s).max().unwrap_or(0);
    let limit_s = delay_s.max(limits::FALLBACK_REPEAT_S) + SLACK_S;
    match working - w.attempt_at {
        waited if waited <= limit_s * SECOND => Ok(()),
        waited => Err(format!("attempts_go_on: none for {} s (bound {limit_s})", waited / SECOND)),
    }
}

fn last_level_is_reached(w: &Watch, working: i64) -> Result<(), String> {
    match w.last_level_by {
        Some(by) if working > by => Err(format!("last_level_is_reached: {} s late", (working - by) / SECOND)),
        _ => Ok(()),
    }
}

/// Whatever a chat does not show yet is on its way there, by one task of each kind; nothing is on its way to a place that
/// is not there, or of a private incident to where all are announced.
fn rooms_follow(i: &Incident, d: &Directory) -> Result<(), String> {
    for rule in &d.chats {
        let under_way = |word: &str| {
            let task = |l: &&crate::intent::Live| match &l.intent.what {
                What::Room { task, .. } => l.intent.channel == rule.channel && task.word() == word,
                _ => false,
            };
            i.live.values().filter(task).count()
        };
        let via = match &i.declared_by {
            Actor::Person { via, .. } => via.as_str(),
            _ => "",
        };
        let told = rule.announces && !i.private && (!rule.own_only || via == rule.channel.as_str());
        if rule.own_only && !told && i.rooms.contains_key(&rule.channel) {
            return Err(format!("rooms_follow: {} hears of what was not declared there", rule.channel));
        }
        let Some(room) = i.rooms.get(&rule.channel) else {
            if (rule.opens && i.status.open()) || told {
                return Err(format!("rooms_follow: nothing is on its way to {}", rule.channel));
            }
            continue;
        };
        let there = room.place.is_some();
        for (word, wanted) in [
            ("open", !there && rule.opens && i.status.open() && !room.closed),
            ("announce", told && room.announced_seq < i.card_seq),
            ("card", there && room.card_seq < i.card_seq),
            ("lines", there && room.said_seq < room.word_seq),
            ("topic", there && room.topic_seq < i.topic_seq),
            (
                "table",
                there
                    && i.runs
                        .values()
                        .any(|r| r.table_seq > room.tables.get(&r.no).map_or(room.tables_after, |t| t.seq)),
            ),
            ("links", there && !room.linked),
            ("invite", there && room.invited < i.responders.len()),
            ("pin", there && room.card.is_some() && !room.pinned),
        ] {
            let n = under_way(word);
            if n > 1 || (wanted && n == 0) {
                return Err(format!("rooms_follow: {n} tasks \"{word}\" in {}, wanted: {wanted}", rule.channel));
            }
        }
        if i.private && under_way("announce") > 0 {
            return Err("rooms_follow: a private incident is announced".to_string());
        }
    }
    Ok(())
}

fn ends_quiet(s: &Stored) -> Result<(), String> {
    let i = &s.incident;
    if i.status.open() {
        return Err("ends_quiet: it is still open".to_string());
    }
    match (i.live.is_empty(), s.timer.is_none()) {
        (true, true) => Ok(()),
        _ => Err(format!("ends_quiet: {} intents and {:?} are left", i.live.len(), s.timer)),
    }
}
