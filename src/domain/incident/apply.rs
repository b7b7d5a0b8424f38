//! What each event does to an incident, and which cannot follow: the one `match` over all that can happen.

use super::*;
use crate::run;

impl Incident {
    pub fn apply(&mut self, event: &IncidentEvent) -> Result<(), Illegal> {
        let illegal = |why| Err(Illegal { seq: event.seq, kind: event.body.kind(), why });
        if event.incident != self.id {
            return illegal("it belongs to another incident");
        }
        if event.seq != self.seq + 1 {
            return illegal("its number does not follow the one before");
        }
        if let Some(p) = event.actor.as_person() {
            self.involve(p);
        }
        let at = event.at;
        match &event.body {
            Event::Declared { .. } => return illegal("it was declared already"),
            Event::Acknowledged => {
                if !self.unanswered() {
                    return illegal("only an open, unacknowledged incident is acknowledged");
                }
                self.acknowledged = Some(Acknowledgement { by: event.actor.clone(), at, intents: self.intents });
                self.rest();
            }
            Event::Unacknowledged { .. } => {
                if !self.status.open() || self.acknowledged.is_none() {
                    return illegal("nobody has acknowledged it");
                }
                self.acknowledged = None;
                self.snoozed_until = None;
                self.escalation = Escalation::default();
                self.reached = Reached::default();
            }
            Event::Snoozed { until } => {
                if !self.status.open() {
                    return illegal("it has ended");
                }
                self.escalation.next_at = None;
                self.quiet_resolves_at = None;
                self.snoozed_until = Some(*until);
            }
            Event::SnoozeEnded => {
                if self.snoozed_until.take().is_none() {
                    return illegal("it is not snoozed");
                }
            }
            Event::SeverityChanged { to, .. } => self.severity = to.clone(),
            Event::EscalationChanged { policy } => {
                if !self.status.open() {
                    return illegal("it has ended");
                }
                self.policy = Some(policy.clone());
                // Levels of the other chain are none of this one's; what wakes next stays until it begins.
                self.escalation = Escalation { next_at: self.escalation.next_at, ..Escalation::default() };
            }
            Event::StatusChanged { from, to, .. } => {
                if *from != self.status || !to.open() || !from.open() || !from.may_become(*to) {
                    return illegal("that status does not follow");
                }
                self.status = *to;
            }
            Event::UpdatePosted { .. } | Event::Noted { .. } => {}
            Event::LeadAssigned { person } => {
                self.lead = Some(person.clone());
                self.involve(person);
            }
            Event::RoleAssigned { role, person } => {
                self.roles.insert(role.clone(), person.clone());
                self.involve(person);
            }
            Event::Escalated { step, pass, people, next_at, .. } => {
                // Whoever is paged must be able to open it, also when it is private.
                for p in people {
                    self.involve(p);
                }
                if !self.status.open() {
                    return illegal("it has ended");
                }
                if next_at.is_some() && self.acknowledged.is_some() {
                    return illegal("after an acknowledgement no next level is promised");
                }
                if next_at.is_some() {
                    self.quiet_resolves_at = None;
                    self.snoozed_until = None;
                }
                let e = &self.escalation;
                let goes_on = !e.everyone && e.pass == *pass && e.step.is_some_and(|before| before < *step);
                self.escalation = Escalation {
                    arrived: goes_on && e.arrived,
                    step: Some(*step),
                    pass: *pass,
                    next_at: *next_at,
                    used_up: false,
                    everyone: false,
                    sent: 0,
                };
            }
            Event::StepSkipped { step, pass, .. } => {
                self.escalation.arrived &= *step > 0;
                self.escalation.step = Some(*step);
                self.escalation.pass = *pass;
            }
            Event::NobodyReached { next_at, .. } => {
                if !self.status.open() {
                    return illegal("it has ended");
                }
                if next_at.is_some() {
                    self.quiet_resolves_at = None;
                    self.snoozed_until = None;
                }
                self.escalation.next_at = *next_at;
                self.escalation.everyone = true;
                self.escalation.used_up = false;
                self.escalation.arrived = false;
                self.escalation.sent = 0;
            }
            Event::PolicyUsedUp => {
                self.escalation.used_up = true;
                self.escalation.next_at = None;
            }
            Event::PagedByHand { people, .. } => {
                for p in people {
                    self.involve(p);
                }
            }
            Event::IntentsQueued { intents } => {
                for intent in intents {
                    if intent.no != self.intents + 1 {
                        return illegal("intents are numbered without gaps");
                    }
                    self.intents = intent.no;
                    if let What::Follow { page, over, .. } = &intent.what
                        && let Some(t) = self.threads.get_mut(page)
                    {
                        t.told = if *over { Told::Over } else { Told::Acknowledged };
                    }
                    if matches!(intent.what, What::Room { .. }) && !self.rooms.contains_key(&intent.channel) {
                        // Of an incident that was declared before this chat was there, only what comes is said.
                        let said_seq = if self.declared_at == at { 0 } else { self.seq };
                        let room = Room { said_seq, word_seq: self.seq, tables_after: said_seq, ..Room::default() };
                        self.rooms.insert(intent.channel.clone(), room);
                    }
                    if let What::Run { run } = intent.what
                        && let Err(why) = run::apply::queued(self, run, intent.no)
                    {
                        return illegal(why);
                    }
                    let live = Live {
                        intent: intent.clone(),
                        queued_at: at,
                        attempt: 0,
                        due_at: at,
                        claim: None,
                        first_claim: None,
                        maybe_sent: false,
                        rang_at: None,
                        summary: None,
                    };
                    self.live.insert(intent.no, live);
                }
            }
            Event::IntentsCancelled { numbers, .. } => {
                for no in numbers {
                    match self.live.remove(no) {
                        Some(l) if l.claim.is_some() => return illegal("a claimed intent cannot be cancelled"),
                        Some(l) => self.remember_thread(*no, &l, false, None),
                        None => return illegal("that intent is over"),
                    }
                }
            }
            Event::IntentClaimed { no, worker, attempt, lease_until, summary } => {
                let needless = self.needless(*no);
                let claimable = self.live.get(no).map_or(Ok(()), |l| run::apply::claimable(self, &l.intent.what));
                if let Err(why) = claimable {
                    return illegal(why);
                }
                let Some(l) = self.live.get_mut(no) else { return illegal("that intent is over") };
                if l.claim.is_some() {
                    return illegal("it is claimed already");
                }
                if needless {
                    return illegal("nobody needs it any more: acknowledged, ended or resting since");
                }
                if matches!(l.intent.what, What::Room { .. }) {
                    l.first_claim.get_or_insert(event.seq);
                }
                l.attempt = *attempt;
                if matches!(l.intent.what, What::Page(_)) {
                    (l.rang_at, l.summary) = (Some(at), *summary);
                }
                l.claim = Some(Claim { worker: worker.clone(), seq: event.seq, lease_until: *lease_until });
            }
            Event::IntentDone { no, receipt } => {
                let Some(l) = self.live.remove(no) else { return illegal("that intent is over") };
                self.room_task_over(&l, receipt.as_deref(), true);
                self.remember_thread(*no, &l, true, Some(at));
                // A page of an earlier time that arrives late is not what this time's people were reached by.
                if matches!(l.intent.what, What::Page(_)) && self.reached.since.is_none_or(|s| s <= l.queued_at) {
                    self.reached.first_page_at.get_or_insert(at);
                }
                if let What::Page(page) = &l.intent.what
                    && page.reason.by_policy()
                {
                    self.escalation.arrived = true;
                    if Some(page.step) == self.escalation.step && page.pass == self.escalation.pass {
                        self.escalation.sent += 1;
                    }
                }
            }
            Event::IntentRetried { no, due_at, maybe_sent, .. } => {
                let Some(l) = self.live.get_mut(no) else { return illegal("that intent is over") };
                if matches!(l.intent.what, What::Run { .. }) {
                    return illegal("a run is not begun again by itself");
                }
                if l.claim.take().is_none() {
                    return illegal("it was not claimed");
                }
                l.due_at = *due_at;
                l.maybe_sent |= *maybe_sent;
                if !l.maybe_sent {
                    // It certainly did not ring.
                    (l.rang_at, l.summary) = (None, None);
                }
            }
            Event::IntentFailed { no, .. } => match self.live.remove(no) {
                Some(l) => {
                    self.room_task_over(&l, None, false);
                    if matches!(l.intent.what, What::Page(_)) {
                        self.card_seq = event.seq;
                    }
                    self.remember_thread(*no, &l, false, None);
                }
                None => return illegal("that intent is over"),
            },
            Event::IntentAbandoned { no } => match self.live.remove(no) {
                Some(l) => self.remember_thread(*no, &l, true, None),
                None => return illegal("that intent is over"),
            },
            Event::MilestoneWarned { .. }
            | Event::MilestoneBreached { .. }
            | Event::UpdateReminded
            | Event::UpdatesSnoozed { .. }
            | Event::LeadReminded => {}
            Event::StillWorkingAsked { .. } if self.acknowledged.is_none() => return illegal("nobody has it"),
            Event::StillWorkingAsked { .. } => {}
            Event::StillWorking => match &mut self.acknowledged {
                // Pages that asked are answered with it.
                Some(a) => a.intents = self.intents,
                None => return illegal("nobody has it"),
            },
            Event::PostmortemStatusChanged { from, .. } => {
                if self.status != IncidentStatus::Resolved || *from != self.course.postmortem {
                    return illegal("only a resolved incident has a post-mortem, and it is not there");
                }
            }
            Event::PostmortemEdited { version, texts } => {
                if self.course.postmortem == PostmortemStatus::Published {
                    return illegal("the post-mortem is published");
                }
                if !self.written.save(*version, texts, &event.actor, at) {
                    return illegal("versions of a post-mortem are numbered without gaps");
                }
            }
            Event::ActionAdded { no, text, owner, due, remind_at } => {
                if *no as usize != self.actions.len() + 1 {
                    return illegal("action items are numbered without gaps");
                }
                self.actions.push(ActionItem {
                    no: *no,
                    text: text.clone(),
                    owner: owner.clone(),
                    due: *due,
                    done_at: None,
                    remind_at: *remind_at,
                    reminders: 0,
                });
            }
            Event::ActionReminded { no, next_at, .. } => {
                match self.actions.iter_mut().find(|a| a.no == *no && a.done_at.is_none()) {
                    Some(a) => (a.remind_at, a.reminders) = (*next_at, a.reminders.saturating_add(1)),
                    None => return illegal("there is no such action item that is open"),
                }
            }
            Event::DraftReminded { .. } if self.status != IncidentStatus::Resolved => {
                return illegal("only a resolved incident has a post-mortem");
            }
            Event::DraftReminded { .. } => {}
            Event::ActionDone { no } => match self.actions.iter_mut().find(|a| a.no == *no) {
                Some(a) => a.done_at = Some(at),
                None => return illegal("there is no such action item"),
            },
            Event::RoomOpened { chat, place } => {
                let room = self.rooms.entry(chat.clone()).or_default();
                let (said_seq, word_seq) = (room.said_seq, room.word_seq);
                let (announced, announced_seq) = (room.announced.take(), room.announced_seq);
                // Tables that another place has stay there.
                let tables_after = if room.place.is_some() { event.seq } else { room.tables_after };
                let place = Some(place.clone());
                *room = Room { place, said_seq, word_seq, announced, announced_seq, tables_after, ..Room::default() };
            }
            Event::PlaybookStarted { playbook } => {
                if !self.status.open() || playbook.steps.is_empty() {
                    return illegal("an open incident follows a playbook with steps");
                }
                self.walk = Some(Walk::new(playbook.clone()));
            }
            Event::PlaybookStepDone { no, .. } | Event::PlaybookStepFailed { no, .. } => {
                let done = matches!(event.body, Event::PlaybookStepDone { .. });
                match self.walk.as_mut().filter(|w| w.next == *no && w.step().is_some()) {
                    Some(walk) => walk.tick(done),
                    None => return illegal("it is not that step's turn"),
                }
            }
            Event::RunAsked { .. }
            | Event::RunApproved { .. }
            | Event::RunDenied { .. }
            | Event::RunExpired { .. }
            | Event::RunWithdrawn { .. }
            | Event::RunStarted { .. }
            | Event::RunStopAsked { .. }
            | Event::RunProgressed { .. }
            | Event::RunFinished { .. }
            | Event::RunOutcomeUnknown { .. } => {
                if let Err(why) = run::apply::apply(self, event) {
                    return illegal(why);
                }
            }
            Event::AlertsReceived { source, group, changed, untracked: _, partial, group_status } => {
                let index = match self.groups.iter().position(|g| g.source == *source && g.key == *group) {
                    Some(i) => i,
                    None => {
                        self.groups.push(Group {
                            source: source.clone(),
                            key: group.clone(),
                            alerts: BTreeMap::new(),
                            partial: false,
                            status: *group_status,
                            link: None,
                        });
                        self.groups.len() - 1
                    }
                };
                if let Some(g) = self.groups.get_mut(index) {
                    g.partial |= *partial;
                    g.status = *group_status;
                    let fires = |a: &&Alert| a.status == AlertStatus::Firing;
                    if let Some(link) = changed.iter().filter(fires).find_map(|a| a.link.clone()) {
                        g.link = Some(link);
                    }
                    for a in changed {
                        let tracked = Tracked { status: a.status, starts_at: a.starts_at };
                        g.alerts.insert(a.fingerprint.clone(), tracked);
                    }
                    if *group_status == AlertStatus::Resolved {
                        // The source's word for the whole group is the last one: nothing of it fires, also what
                        // was counted only, and what resolved in a delivery that never arrived. What was not said
                        // to have resolved by itself is forgotten, not marked: deliveries overtake each other, and
                        // if it does fire, the source's next word of it must be news.
                        g.partial = false;
                        g.alerts.retain(|_, t| t.status == AlertStatus::Resolved);
                    }
                }
            }
            Event::AlertsCleared { resolves_at } => {
                if !self.unanswered() {
                    return illegal("only an unacknowledged incident waits for quiet");
                }
                self.rest();
                self.quiet_resolves_at = Some(*resolves_at);
            }
            Event::UnreadableReceived { .. } => {}
            Event::MergedFrom { groups, .. } => {
                for g in groups {
                    match self.groups.iter_mut().find(|have| have.source == g.source && have.key == g.key) {
                        Some(have) => have.join(g),
                        None => self.groups.push(g.clone()),
                    }
                }
            }
            Event::Resolved { .. } => self.end(IncidentStatus::Resolved, event)?,
            Event::Cancelled { .. } => self.end(IncidentStatus::Cancelled, event)?,
            Event::MergedInto { into } => {
                self.end(IncidentStatus::Merged, event)?;
                self.merged_into = Some(*into);
            }
            Event::Reopened { arrived_at, .. } => {
                if self.status != IncidentStatus::Resolved {
                    return illegal("only a resolved incident is reopened");
                }
                self.status = IncidentStatus::Investigating;
                self.ended_at = None;
                self.acknowledged = None;
                self.escalation = Escalation::default();
                self.reached = Reached { since: Some(arrived_at.unwrap_or(at)), first_page_at: None };
            }
        }
        clocks::follow(self, &event.body, at, event.actor.as_person().is_some());
        self.follow_rooms(event);
        self.seq = event.seq;
        self.updated_at = at;
        Ok(())
    }
}
