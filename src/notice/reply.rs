//! What a command answers once its events are committed: what is so now, who is told, what happens next by itself
//! and what can be said next. Reads the events that were just decided; decides and sends nothing.

use super::{runs, walk};
use firebell_domain::event::{Actor, Event, IncidentEvent, UnackCause};
use firebell_domain::id::{ChannelId, PersonId};
use firebell_domain::incident::{ActionItem, Incident};
use firebell_domain::intent::{Intent, IntentNo, Thread, Told, What};
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::{Timestamp, span};
use firebell_domain::timeline::words::{self, because, clock, counted, intent, one, people, person, said, who};
use firebell_domain::timeline::{action_words, entries_after, next_step, under_way};
use std::collections::BTreeMap;

/// Open action items that an answer names.
const ACTIONS_NAMED_MAX: usize = 5;
/// Pages that an answer names.
const PAGES_NAMED_MAX: usize = 8;

/// What helps where there is no pager.
const ADD_A_PAGER: &str =
    "Add [paging.pagerduty], [paging.smtp] or [paging.webhook.NAME] to the configuration, and reload it.";

/// The answer to whoever caused these events. `before` is `None` for a declaration.
pub fn after(before: Option<&Incident>, events: &[IncidentEvent], after: &Incident, now: Timestamp) -> String {
    let r = Reply { before, events, after, now };
    let lines = events.iter().find_map(|e| r.about(e));
    match lines {
        Some(lines) => lines.join("\n"),
        // Nothing that a person does is without an event of its own; whatever it was, its sentences are true.
        None => entries_after(before, events).into_iter().map(|e| e.text).collect::<Vec<_>>().join("\n"),
    }
}

/// What became of the pages when somebody took it: those that are not sent any more, those that are with people
/// already, and those that somebody is sending at this moment. The middle of the answer, for whoever words the rest.
pub fn pages(before: Option<&Incident>, events: &[IncidentEvent], after: &Incident, now: Timestamp) -> Vec<String> {
    let r = Reply { before, events, after, now };
    let by = events.iter().find(|e| matches!(e.body, Event::Acknowledged | Event::StillWorking)).map(|e| &e.actor);
    by.map_or_else(Vec::new, |by| r.pages(by))
}

struct Reply<'a> {
    before: Option<&'a Incident>,
    events: &'a [IncidentEvent],
    after: &'a Incident,
    now: Timestamp,
}

impl Reply<'_> {
    /// The answer, if this event is what was asked for and not what followed from it.
    fn about(&self, event: &IncidentEvent) -> Option<Vec<String>> {
        let (i, id) = (self.after, self.after.id);
        let mut lines = Vec::new();
        match &event.body {
            Event::Declared { title, severity, private, .. } => {
                if self.pageless() {
                    lines.push("No pager is configured: NOBODY WILL BE PAGED. Tell people yourself now.".to_string());
                    lines.push(ADD_A_PAGER.to_string());
                }
                lines.push(format!("{id} is declared as {}: {}", one(&severity.level), one(title)));
                if *private {
                    lines.push("It is private: only the people in it see it.".to_string());
                }
                lines.extend(self.paging());
                lines.push(format!("Take it: /incident {id} ack"));
            }
            Event::Acknowledged => {
                lines.push(format!("{} has {id} now. Nobody else is paged by itself.", who(&event.actor)));
                lines.extend(self.pages(&event.actor));
                let moved = self.find(|b| matches!(b, Event::StatusChanged { .. })).is_some();
                lines.push(match i.status {
                    IncidentStatus::Monitoring if moved => {
                        format!("All its alerts have resolved, so it is monitoring. Over? /incident {id} resolve")
                    }
                    IncidentStatus::Investigating => {
                        format!("Next: /incident {id} status identified TEXT, once you know what it is")
                    }
                    _ => format!("Next: /incident {id} update TEXT, for those who wait"),
                });
            }
            Event::Unacknowledged { cause: UnackCause::ByHand, .. } => {
                lines.push(format!("{id} is handed back: nobody has it now."));
                lines.extend(self.paging());
            }
            Event::SnoozeEnded | Event::Unacknowledged { cause: UnackCause::SnoozeEnded, .. } => {
                lines.push(format!("The snooze of {id} is over: nobody has it now."));
                lines.extend(self.paging());
            }
            Event::Unacknowledged { cause: UnackCause::TimedOut, .. } => {
                lines.push(format!("Nobody answered \"still working?\": nobody has {id} now."));
                lines.extend(self.paging());
            }
            // Before something else that was said, it is only what that brought with it.
            Event::StillWorking if self.only_this() => {
                lines.push(format!("Noted: {} is working on {id}. Nobody is paged by itself.", who(&event.actor)));
                lines.extend(self.taken_back());
                lines.push(format!("Next: /incident {id} update TEXT, for those who wait"));
            }
            Event::StillWorking
            | Event::StillWorkingAsked { .. }
            | Event::MilestoneWarned { .. }
            | Event::MilestoneBreached { .. }
            | Event::UpdateReminded
            | Event::LeadReminded
            | Event::DraftReminded { .. }
            | Event::ActionReminded { .. } => return None,
            Event::RoomOpened { .. } => {
                lines.push(format!("This is the channel of {id} now: its headline and its news come here."));
            }
            Event::UpdatesSnoozed { until } => {
                lines.push(format!("Nobody is reminded of the next update of {id} until {}.", clock(*until, self.now)));
            }
            Event::PostmortemStatusChanged { to, .. } => {
                lines.push(format!("The post-mortem of {id} is {} now.", to.as_words()));
            }
            Event::PostmortemEdited { version, .. } => {
                lines.push(format!("Saved: version {version} of the post-mortem of {id}."));
            }
            Event::Snoozed { .. } => {
                lines.push(format!("{id} is snoozed: nobody is paged by itself."));
                lines.extend(self.taken_back());
                lines.extend(self.on_the_way());
                lines.push(next_step(i, self.now));
            }
            Event::SeverityChanged { from, to, reason } => {
                let (from, to) = words::levels(from, to);
                lines.push(format!("{id} is {to} now, it was {from}{}", because(reason)));
                lines.extend(self.told());
                let chain = self.events.iter().find_map(|e| match &e.body {
                    Event::EscalationChanged { policy } => Some(one(policy.name.as_str())),
                    _ => None,
                });
                match chain {
                    Some(chain) => {
                        lines.push(format!("It is paged by the escalation of that severity now ({chain})."));
                        lines.extend(self.paging());
                    }
                    None if i.status.open() => {
                        lines.push(format!("Paging goes on as before. {}", next_step(i, self.now)));
                    }
                    None => {}
                }
            }
            Event::StatusChanged { from, to, text } => {
                lines.push(format!("{id} is {to} now, it was {from}{}", because(text)));
                lines.extend(self.told());
            }
            Event::UpdatePosted { text } => {
                lines.push(format!("Update of {id}{}", because(text)));
                lines.extend(self.told());
            }
            Event::Noted { .. } => lines.push(format!("Noted in the timeline of {id}.")),
            Event::LeadAssigned { person: p } => {
                let was = self
                    .before
                    .and_then(|b| b.lead.as_ref())
                    .map_or(String::new(), |l| format!(", it was {}", person(l)));
                lines.push(format!("{} leads {id} now{was}.", person(p)));
                lines.extend(self.not_told(event, p));
            }
            Event::RoleAssigned { role, person: p } => {
                lines.push(format!("{} is {} of {id} now.", person(p), one(role)));
                lines.extend(self.not_told(event, p));
            }
            Event::PagedByHand { unreachable, .. } => {
                lines.push(format!("Paged for {id}: {}", self.queued_pages()));
                if !unreachable.is_empty() {
                    lines.push(format!("Not reachable: {}", words::unreachable(unreachable)));
                }
            }
            Event::Escalated { .. } | Event::StepSkipped { .. } | Event::NobodyReached { .. } => {
                lines.extend(self.paging());
            }
            Event::PolicyUsedUp => {
                lines.push(format!(
                    "Every level of {id} was paged and nobody acknowledged: nobody else is paged by itself."
                ));
                lines.push(format!("Page somebody: /incident {id} page @person"));
            }
            Event::ActionAdded { no, text, owner, due, .. } => {
                lines.push(format!("Action item {no} of {id}: {}", action_words(text, owner.as_ref(), *due)));
                lines.push(format!("When it is done: /incident {id} done {no}"));
            }
            Event::ActionDone { no } => {
                let text = i.actions.iter().find(|a| a.no == *no).map_or(String::new(), |a| one(&a.text));
                let left = self.open_actions().len();
                let left = if left == 0 { "none is open any more".to_string() } else { format!("{left} still open") };
                lines.push(format!("Action item {no} of {id} is done: {text} ({left})."));
            }
            Event::PlaybookStarted { playbook } => {
                lines.extend(walk::begun(id, playbook));
                lines.extend(i.walk.iter().flat_map(|w| walk::standing(id, w)));
            }
            Event::PlaybookStepDone { .. } | Event::PlaybookStepFailed { .. } => {
                lines.extend(
                    entries_after(self.before, std::slice::from_ref(event)).into_iter().map(|e| format!("{}.", e.text)),
                );
                lines.extend(i.walk.iter().flat_map(|w| walk::standing(id, w)));
            }
            Event::RunAsked { run, .. } | Event::RunApproved { run, .. } => lines.extend(runs::waits(i, *run)),
            Event::RunDenied { .. } | Event::RunWithdrawn { .. } | Event::RunStopAsked { .. } => {
                let said = entries_after(self.before, std::slice::from_ref(event));
                lines.extend(said.into_iter().map(|e| format!("{}.", e.text)));
            }
            Event::RunExpired { .. }
            | Event::RunStarted { .. }
            | Event::RunProgressed { .. }
            | Event::RunFinished { .. }
            | Event::RunOutcomeUnknown { .. } => return None,
            Event::Resolved { text, .. } => {
                let lasted = span(event.at.seconds_since(i.declared_at));
                lines.push(format!("{id} is resolved after {lasted}{}", because(text)));
                lines.extend(self.taken_back());
                lines.extend(self.told());
                lines.push(format!("Post-mortem draft: /incident {id} postmortem, or: firebell postmortem {id}"));
                lines.extend(self.actions());
                lines.push(format!("Not over after all? /incident {id} reopen REASON"));
            }
            Event::Reopened { .. } => {
                lines.push(format!("{id} is open again: investigating."));
                lines.extend(self.paging());
            }
            Event::MergedInto { into } => {
                lines.push(format!("{id} has ended: it goes on in {into}. Look there: /incident {into} show"));
                lines.extend(self.taken_back());
                lines.extend(self.told());
            }
            Event::MergedFrom { from, title, .. } => {
                lines.push(format!("{from} ({}) is part of {id} now.", one(title)));
                lines.push(next_step(i, self.now));
            }
            Event::Cancelled { reason } => {
                lines.push(format!("{id} is cancelled, it was no incident{}", because(reason)));
                lines.extend(self.taken_back());
                lines.extend(self.told());
            }
            // What alerts, timers and deliveries bring: nobody waits for an answer to it, and where something else
            // in the same decision is answered, this only accompanies it.
            Event::EscalationChanged { .. }
            | Event::AlertsReceived { .. }
            | Event::AlertsCleared { .. }
            | Event::UnreadableReceived { .. }
            | Event::IntentsQueued { .. }
            | Event::IntentsCancelled { .. }
            | Event::IntentClaimed { .. }
            | Event::IntentDone { .. }
            | Event::IntentRetried { .. }
            | Event::IntentFailed { .. }
            | Event::IntentAbandoned { .. } => return None,
        }
        Some(lines)
    }

    fn find(&self, is: impl Fn(&Event) -> bool) -> Option<&Event> {
        self.events.iter().map(|e| &e.body).find(|b| is(b))
    }

    fn queued(&self) -> impl Iterator<Item = &Intent> {
        self.events.iter().flat_map(|e| match &e.body {
            Event::IntentsQueued { intents } => intents.as_slice(),
            _ => &[],
        })
    }

    fn queued_pages(&self) -> String {
        let pages: Vec<String> = self
            .queued()
            .filter_map(|i| match &i.what {
                What::Page(page) => {
                    let channel = one(i.channel.as_str());
                    Some(match &page.person {
                        Some(p) => format!("{} through {channel}", person(p)),
                        None => channel,
                    })
                }
                _ => None,
            })
            .collect();
        match pages.is_empty() {
            true => "nobody, because too many messages of this incident are waiting already".to_string(),
            false => some(&pages, PAGES_NAMED_MAX),
        }
    }

    /// Whom these events page, whom they cannot, and what follows by itself.
    fn paging(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for e in self.events {
            match &e.body {
                Event::StepSkipped { step, when, .. } if !when.is_always() => {
                    let level = step.saturating_add(1);
                    lines.push(format!("Level {level} is for {} only", when.as_words()));
                }
                Event::StepSkipped { step, unreachable, .. } => {
                    let level = step.saturating_add(1);
                    lines.push(format!("Level {level} reaches nobody: {}", words::unreachable(unreachable)));
                }
                Event::Escalated { step, unreachable, .. } => {
                    let level = step.saturating_add(1);
                    lines.push(format!("Level {level} is paged now: {}", self.queued_pages()));
                    if !unreachable.is_empty() {
                        lines.push(format!("Not reachable: {}", words::unreachable(unreachable)));
                    }
                }
                Event::NobodyReached { pagers: 0, .. } if self.before.is_some() => {
                    lines.push(format!("Nobody is paged, because no pager is configured. {ADD_A_PAGER}"));
                }
                // A declaration has begun with it.
                Event::NobodyReached { pagers: 0, .. } => {}
                Event::NobodyReached { .. } => {
                    let why = match self.after.policy {
                        Some(_) => "No level reaches anybody",
                        None => "There is no escalation policy",
                    };
                    lines.push(format!("{why}, so every pager is paged now: {}", self.queued_pages()));
                }
                _ => {}
            }
        }
        lines.push(match self.after.escalation.next_at {
            Some(at) if self.pageless() => {
                let (soon, clock) = (words::until(at, self.now), words::clock(at, self.now));
                format!("A pager that you add meanwhile is paged {soon} ({clock}), if nobody has acknowledged.")
            }
            _ => next_step(self.after, self.now),
        });
        lines
    }

    /// Whether a person did nothing else.
    fn only_this(&self) -> bool {
        let follows =
            |e: &Event| matches!(e, Event::StillWorking | Event::IntentsQueued { .. } | Event::IntentsCancelled { .. });
        self.events.iter().all(|e| follows(&e.body))
    }

    /// Whether somebody should have been paged and there is no pager at all.
    fn pageless(&self) -> bool {
        self.find(|b| matches!(b, Event::NobodyReached { pagers: 0, .. })).is_some()
    }

    /// Pages that were cancelled before anybody sent them.
    fn taken_back(&self) -> Option<String> {
        let mut pages = Vec::new();
        for e in self.events {
            if let Event::IntentsCancelled { numbers, .. } = &e.body {
                let live = numbers.iter().filter_map(|no| self.before.and_then(|b| b.live.get(no)));
                pages.extend(live.map(|l| match l.maybe_sent {
                    true => format!("{} (may have arrived)", intent(&l.intent)),
                    false => intent(&l.intent),
                }));
            }
        }
        if pages.is_empty() { None } else { Some(format!("Not sent any more: {}", some(&pages, PAGES_NAMED_MAX))) }
    }

    fn pages(&self, by: &Actor) -> Vec<String> {
        [self.taken_back(), self.already_sent(by), self.on_the_way()].into_iter().flatten().collect()
    }

    /// Pages that others have already: each channel of each of them once, with the last page through it.
    fn already_sent(&self, by: &Actor) -> Option<String> {
        let rings = self.before?.threads.iter().filter(|(_, t)| t.told == Told::Triggered);
        let others = rings.filter(|(_, t)| t.person.is_none() || t.person.as_ref() != by.as_person());
        let mut last: BTreeMap<(Option<&PersonId>, &ChannelId), (&IntentNo, &Thread)> = BTreeMap::new();
        last.extend(others.map(|(no, t)| ((t.person.as_ref(), &t.channel), (no, t))));
        if last.is_empty() {
            return None;
        }
        let pages: Vec<String> = last.values().map(|(_, t)| self.sent(t)).collect();
        let told = self.queued().any(|i| match &i.what {
            What::Follow { page, .. } => last.values().any(|(no, _)| *no == page),
            _ => false,
        });
        let told = if told { ". They are told who has it" } else { "" };
        Some(format!("Already sent and not to be taken back: {}{told}.", some(&pages, PAGES_NAMED_MAX)))
    }

    /// "@bo through webhook.ops (12 s ago)".
    fn sent(&self, thread: &Thread) -> String {
        let channel = one(thread.channel.as_str());
        let to = thread.person.as_ref().map_or(channel.clone(), |p| format!("{} through {channel}", person(p)));
        match thread.taken_at.map(|at| self.now.seconds_since(at)) {
            None => format!("{to} (may have arrived)"),
            Some(s) if s < 1 => format!("{to} (just now)"),
            Some(s) => format!("{to} ({} ago)", span(s)),
        }
    }

    /// Pages that somebody is sending at this moment: they cannot be called back.
    fn on_the_way(&self) -> Option<String> {
        let pages = under_way(self.after);
        (!pages.is_empty()).then(|| format!("Already under way, may still arrive: {}", some(&pages, PAGES_NAMED_MAX)))
    }

    /// Which channels are told.
    fn told(&self) -> Option<String> {
        let mut channels: Vec<String> = Vec::new();
        for i in self.queued().filter(|i| matches!(i.what, What::Notice { .. })) {
            let channel = one(i.channel.as_str());
            if !channels.contains(&channel) {
                channels.push(channel);
            }
        }
        match channels.is_empty() {
            false => Some(format!("Told: {}", channels.join(", "))),
            true if self.after.private => Some("No channel is told: it is private.".to_string()),
            true => None,
        }
    }

    /// A role wakes nobody.
    fn not_told(&self, event: &IncidentEvent, p: &firebell_domain::id::PersonId) -> Option<String> {
        let id = self.after.id;
        let other = event.actor.as_person() != Some(p) && self.after.status.open();
        other.then(|| {
            format!("Nobody was paged for that: /incident {id} page {} does.", people(std::slice::from_ref(p)))
        })
    }

    fn open_actions(&self) -> Vec<&ActionItem> {
        self.after.actions.iter().filter(|a| a.done_at.is_none()).collect()
    }

    fn actions(&self) -> Vec<String> {
        let open = self.open_actions();
        if open.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![format!("{}:", counted(open.len(), "open action item"))];
        let item = |a: &&ActionItem| format!("  {}. {}", a.no, action_words(&a.text, a.owner.as_ref(), a.due));
        lines.extend(open.iter().take(ACTIONS_NAMED_MAX).map(item));
        let more = open.len().saturating_sub(ACTIONS_NAMED_MAX);
        lines.extend((more > 0).then(|| format!("  … and {more} more")));
        lines
    }
}

fn some(all: &[String], max: usize) -> String {
    let named = all.iter().take(max).map(|t| said(t)).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(max) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
