//! Follows one incident from its events alone and keeps what the oracles ask about: what was queued when, what
//! answered it, since when somebody is owed. Shares no code with the decisions it judges.

use super::oracle::{SLACK_S, levels_keep_their_hours, nothing_before_its_time, reminders_keep_to_mornings};
use crate::event::{EscalateReason, Event, IncidentEvent, ResolveCause};
use crate::id::ChannelId;
use crate::incident::Incident;
use crate::intent::{IntentNo, Page, What};
use crate::limits;
use crate::status::IncidentStatus;
use crate::time::{SECOND, Timestamp};
use crate::timer::timers;
use std::collections::BTreeMap;

pub struct Watch {
    pub(super) shadow: Option<Incident>,
    /// Event that queued each page, and whether somebody asked for it by hand.
    pub(super) queued: BTreeMap<IntentNo, (i64, bool)>,
    /// Event since which no earlier page may be claimed, until it lapses.
    answered: Option<i64>,
    resting: bool,
    pub(super) used_up: bool,
    pub(super) open: bool,
    /// True time at which people ended it; `None` while open or when it ended by itself.
    pub ended_by_people: Option<i64>,
    /// Working time of the last page attempt, or since when one is owed.
    pub(super) attempt_at: i64,
    /// Working and true time since when nobody has been reached.
    pub(super) unreached: Option<(i64, i64)>,
    /// Whether a vendor has received a page since the policy began from its first level.
    reached: bool,
    /// Pages that this commit gave up while somebody still needed them.
    pub(super) failed: Vec<(ChannelId, Page)>,
    /// Pages that this commit put off.
    pub(super) put_off: Vec<IntentNo>,
    /// Working time by which the last level must have been reached.
    pub(super) last_level_by: Option<i64>,
    /// Working time by which a person must have said something, or the incident is nobody's any more.
    pub(super) heard_by: Option<i64>,
    /// Working time since when its first timer is overdue.
    pub(super) overdue_since: Option<i64>,
}

impl Watch {
    pub fn new(working: i64) -> Watch {
        Watch {
            shadow: None,
            queued: BTreeMap::new(),
            answered: None,
            resting: false,
            used_up: false,
            open: true,
            ended_by_people: None,
            attempt_at: working,
            unreached: None,
            reached: false,
            failed: Vec::new(),
            put_off: Vec::new(),
            last_level_by: None,
            heard_by: None,
            overdue_since: None,
        }
    }

    /// An engine has had its turn, at this working time and with this on its clock.
    pub(super) fn looks(&mut self, working: i64, wall: Timestamp) {
        let first = self.shadow.as_ref().and_then(|i| timers(i).map(|t| t.due_at).min());
        self.overdue_since = match first {
            Some(due_at) if due_at < wall => self.overdue_since.or(Some(working)),
            _ => None,
        };
    }

    /// Until when somebody must be heard: counted anew at every word of a person and whenever it can be asked again.
    fn listens(&mut self, i: &Incident, e: &IncidentEvent, working: i64) {
        let timeout_s = i.policy.as_ref().and_then(|p| p.ack_timeout_s);
        let may_ask = i.status.open() && i.acknowledged.is_some() && i.snoozed_until.is_none();
        let Some(timeout_s) = timeout_s.filter(|_| may_ask && i.status != IncidentStatus::Monitoring) else {
            self.heard_by = None;
            return;
        };
        if e.actor.as_person().is_some() || self.heard_by.is_none() {
            let span_s = timeout_s + limits::STILL_WORKING_GRACE_S + 2 * SLACK_S;
            self.heard_by = Some(working + span_s * SECOND);
        }
    }

    pub fn page_arrived(&mut self) {
        self.unreached = None;
        self.reached = true;
    }

    /// Who can be reached has changed: what was promised counts from now.
    pub fn configuration_changed(&mut self, working: i64) {
        self.attempt_at = self.attempt_at.max(working);
        if let Some((since, _)) = &mut self.unreached {
            *since = (*since).max(working);
        }
    }

    /// Somebody must be found from now on.
    fn owed(&mut self, now: i64, working: i64) {
        self.attempt_at = working;
        self.unreached = Some((working, now));
        (self.answered, self.resting, self.used_up) = (None, false, false);
    }

    fn begins(&mut self, incident: &Incident, working: i64) {
        self.reached = false;
        let steps = incident.policy.as_ref().map_or(&[][..], |p| &p.steps);
        let delays: i64 = steps.iter().map(|s| s.delay_s).sum();
        let slack_s = SLACK_S + 10 * steps.len() as i64;
        self.last_level_by = (!steps.is_empty()).then_some(working + (delays + slack_s) * SECOND);
    }

    fn rests(&mut self) {
        self.last_level_by = None;
        self.unreached = None;
    }

    pub(super) fn event(&mut self, e: &IncidentEvent, now: i64, working: i64) -> Result<(), String> {
        if let (Event::IntentFailed { no, .. }, Some(i), false) = (&e.body, &self.shadow, self.silent())
            && let Some((channel, What::Page(page))) = i.live.get(no).map(|l| (&l.intent.channel, &l.intent.what))
        {
            self.failed.push((channel.clone(), page.clone()));
        }
        if let Event::IntentRetried { no, .. } = &e.body {
            self.put_off.push(*no);
        }
        if let Some(i) = &self.shadow {
            nothing_before_its_time(i, e)?;
            levels_keep_their_hours(i, e)?;
            reminders_keep_to_mornings(i, e)?;
        }
        match &mut self.shadow {
            None => self.shadow = Some(Incident::begin(e).map_err(|i| i.to_string())?),
            Some(i) => i.apply(e).map_err(|i| i.to_string())?,
        }
        let Some(incident) = self.shadow.take() else { return Ok(()) };
        let judged = self.follow(&incident, e, now, working);
        self.listens(&incident, e, working);
        self.overdue_since = None;
        self.shadow = Some(incident);
        judged
    }

    fn follow(&mut self, incident: &Incident, e: &IncidentEvent, now: i64, working: i64) -> Result<(), String> {
        let last_step = incident.policy.as_ref().map_or(0, |p| p.steps.len()).saturating_sub(1);
        match &e.body {
            Event::Declared { .. } | Event::Unacknowledged { .. } => self.owed(now, working),
            Event::Reopened { .. } => {
                self.owed(now, working);
                (self.open, self.ended_by_people) = (true, None);
            }
            Event::Acknowledged => {
                self.answered = Some(e.seq);
                self.resting = false;
                self.rests();
            }
            Event::Resolved { .. } | Event::Cancelled { .. } | Event::MergedInto { .. } => {
                self.answered = Some(e.seq);
                (self.open, self.resting) = (false, false);
                let quiet = matches!(e.body, Event::Resolved { cause: ResolveCause::Quiet, .. });
                self.ended_by_people = (!quiet).then_some(now);
                self.rests();
            }
            Event::Snoozed { .. } | Event::AlertsCleared { .. } => {
                self.resting = true;
                self.rests();
            }
            Event::Escalated { step, pass: _, reason, next_at: Some(_), .. } => {
                if self.resting || self.used_up {
                    self.owed(now, working);
                }
                match reason {
                    EscalateReason::Declared | EscalateReason::Resumed | EscalateReason::SeverityChanged => {
                        self.begins(incident, working)
                    }
                    EscalateReason::ByHand => self.last_level_by = None,
                    _ => {}
                }
                if *step == last_step {
                    self.last_level_by = None;
                }
            }
            Event::StepSkipped { step, .. } if *step == last_step => self.last_level_by = None,
            Event::NobodyReached { next_at: Some(_), .. } => {
                if self.resting || self.used_up {
                    self.owed(now, working);
                }
                self.last_level_by = None;
            }
            Event::PolicyUsedUp => {
                if !self.reached {
                    return Err("policy_used_up_only_when_reached: nobody has been reached yet".to_string());
                }
                self.used_up = true;
                self.rests();
            }
            Event::IntentsQueued { intents } => {
                for i in intents {
                    if let What::Page(p) = &i.what {
                        // Of an acknowledged incident nothing is paged but by hand, even if it reaches nobody.
                        let by_hand = !p.reason.by_policy() || self.answered.is_some();
                        self.queued.insert(i.no, (e.seq, by_hand));
                    }
                }
            }
            Event::IntentClaimed { no, .. } if self.queued.contains_key(no) => {
                self.no_page_after_answer(*no)?;
                // Working time falls when a clock steps back; what was armed before waits that much longer.
                self.attempt_at = self.attempt_at.max(working);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn no_page_after_answer(&self, no: IntentNo) -> Result<(), String> {
        let Some((queued, by_hand)) = self.queued.get(&no) else { return Ok(()) };
        match self.answered {
            Some(answered) if *queued < answered => {
                return Err(format!("no_page_after_answer: #{no} of event {queued}, answered by event {answered}"));
            }
            _ => {}
        }
        if self.resting && !by_hand {
            return Err(format!("no_page_after_answer: #{no} while the incident is snoozed or quiet"));
        }
        if !self.open {
            return Err(format!("no_page_after_answer: #{no} after the end"));
        }
        Ok(())
    }

    pub(super) fn silent(&self) -> bool {
        self.answered.is_some() || self.resting || self.used_up || !self.open
    }
}
