//! What happened, in sentences: one for every event of the log, and what stands now in one line. Pure; says nothing
//! that the events do not, leaves none of them out, and knows no platform's markup.

pub mod runs;
mod standing;
#[cfg(test)]
mod tests;
pub mod words;

pub use standing::{NextLevel, headline, next_level, next_step, standing, under_way};

use crate::alert::{Alert, AlertStatus, Group};
use crate::directory::{EscalationPolicy, Target};
use crate::event::{
    Actor, CancelReason, EscalateReason, Event, IncidentEvent, KeptAs, ReopenCause, ResolveCause, UnackCause,
    Unreachable,
};
use crate::incident::Incident;
use crate::intent::{Intent, IntentNo, What};
use crate::playbook::{Part, Playbook, Step};
use crate::run::{Order, RunNo};
use crate::status::IncidentStatus;
use crate::text;
use crate::time::{Timestamp, span};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use words::{because, clock, counted, one, person, reached, sentence, unreachable};

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub seq: i64,
    #[serde(serialize_with = "words::rfc3339")]
    pub at: Timestamp,
    /// `ana`, `source prometheus`, `Firebell`.
    pub actor: String,
    /// Which way the person took: `room`, `api`, `the local token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// What stands beside the sentence, as a word, so that no icon or colour has to be understood.
    pub icon_word: &'static str,
    /// A sentence; lines after the first are indented.
    pub text: String,
    /// The message that it was taken from: `text` ends with ", " and this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    pub importance: Importance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// What somebody who comes in late has to know.
    Headline,
    Normal,
    /// How it was done: claims, retries, what was queued.
    Detail,
}

use Importance::*;

/// Characters of what a source sent that could not be read, in the timeline; the post-mortem has the rest.
const KEPT_CHARS_MAX: usize = 200;
/// Alerts that one sentence names; the post-mortem lists all.
const ALERTS_NAMED_MAX: usize = 3;

/// The timeline of a log that is given from its first event.
pub fn entries(events: &[IncidentEvent]) -> Vec<Entry> {
    let mut walk = Walk::default();
    events.iter().map(|e| walk.entry(e)).collect()
}

/// The entries of events that were just decided, without the log before them: the same sentences, except that they
/// do not say how long somebody was waited for.
pub fn entries_after(before: Option<&Incident>, events: &[IncidentEvent]) -> Vec<Entry> {
    let mut walk = Walk::default();
    if let Some(i) = before {
        walk.policy = i.policy.clone();
        walk.retried = i.live.values().filter(|l| l.attempt > 1).map(|l| l.intent.no).collect();
        walk.intents = i.live.iter().map(|(no, l)| (*no, l.intent.clone())).collect();
        walk.playbook = i.walk.as_ref().map(|w| w.playbook.clone());
        walk.orders = i.runs.values().map(|r| (r.no, r.order.clone())).collect();
        walk.actions = i.actions.iter().map(|a| (a.no, a.text.clone())).collect();
        walk.has_it = i.acknowledged.as_ref().filter(|_| i.status.open()).map(|a| words::who(&a.by));
    }
    events.iter().map(|e| walk.entry(e)).collect()
}

/// What earlier events said that later sentences need.
#[derive(Default)]
struct Walk {
    policy: Option<EscalationPolicy>,
    intents: BTreeMap<IntentNo, Intent>,
    actions: BTreeMap<u32, String>,
    /// The one that is followed.
    playbook: Option<Playbook>,
    orders: BTreeMap<RunNo, Order>,
    /// Since when somebody is looked for.
    unanswered_since: Option<Timestamp>,
    paged_at: Option<Timestamp>,
    /// Messages that had to be tried again.
    retried: BTreeSet<IntentNo>,
    has_it: Option<String>,
}

impl Walk {
    fn entry(&mut self, event: &IncidentEvent) -> Entry {
        self.learn(event);
        let (icon_word, importance, text) = self.say(event);
        self.note_pages(event);
        let via = match &event.actor {
            Actor::Person { via, .. } if !via.is_empty() => Some(one(via)),
            _ => None,
        };
        let actor = one(&event.actor.shown());
        let link = match &event.body {
            Event::Noted { origin: Some(origin), .. } => origin.shown().map(str::to_string),
            _ => None,
        };
        Entry { seq: event.seq, at: event.at, actor, via, icon_word, text, link, importance }
    }

    /// What an event adds for its own sentence and later ones.
    fn learn(&mut self, event: &IncidentEvent) {
        match &event.body {
            Event::Declared { policy, .. } => {
                self.policy = policy.clone();
                self.unanswered_since = Some(event.at);
            }
            Event::IntentsQueued { intents } => self.intents.extend(intents.iter().map(|i| (i.no, i.clone()))),
            Event::ActionAdded { no, text, .. } => {
                self.actions.insert(*no, text.clone());
            }
            Event::PlaybookStarted { playbook } => self.playbook = Some(playbook.clone()),
            Event::RunAsked { run, order, .. } => {
                self.orders.insert(*run, order.clone());
            }
            Event::Acknowledged => self.has_it = Some(words::who(&event.actor)),
            Event::Unacknowledged { .. } | Event::Reopened { .. } => {
                (self.has_it, self.unanswered_since, self.paged_at) = (None, Some(event.at), None);
            }
            Event::Resolved { .. } | Event::Cancelled { .. } | Event::MergedInto { .. } => self.has_it = None,
            _ => {}
        }
    }

    fn note_pages(&mut self, event: &IncidentEvent) {
        if let Event::IntentRetried { no, .. } = &event.body {
            self.retried.insert(*no);
        }
        if matches!(event.body, Event::Escalated { .. } | Event::NobodyReached { .. }) {
            self.paged_at = Some(event.at);
        }
    }

    fn intent(&self, no: IntentNo) -> String {
        self.intents.get(&no).map_or(format!("message {no}"), words::intent)
    }

    fn is_page(&self, no: IntentNo) -> bool {
        self.intents.get(&no).is_some_and(|i| matches!(i.what, What::Page(_)))
    }

    fn say(&self, event: &IncidentEvent) -> (&'static str, Importance, String) {
        let at = event.at;
        if let Some(said) = runs::say(&self.orders, event) {
            return said;
        }
        match &event.body {
            Event::Declared { title, severity, service, private, policy, .. } => {
                let mut facts: Vec<String> = service.iter().map(|s| format!("service {}", one(s.as_str()))).collect();
                facts.push(policy.as_ref().map_or("no escalation policy".to_string(), policy_words));
                facts.extend(private.then(|| "private".to_string()));
                let (level, title) = (one(&severity.level), one(title));
                ("declared", Headline, format!("Declared as {level}: {title} ({})", facts.join(", ")))
            }
            Event::Acknowledged => {
                let after =
                    self.unanswered_since.map_or(String::new(), |t| format!(" after {}", span(at.seconds_since(t))));
                ("acknowledged", Headline, format!("Acknowledged{after}: {} has it", words::who(&event.actor)))
            }
            Event::Unacknowledged { cause, reason } => {
                let what = match cause {
                    UnackCause::ByHand => "Handed back, nobody has it now",
                    UnackCause::SnoozeEnded => "The snooze is over and nobody has it now",
                    UnackCause::TimedOut => {
                        "Nobody answered \"still working?\": nobody has it now, paging begins again"
                    }
                };
                ("handed back", Headline, format!("{what}{}", because(reason)))
            }
            Event::Snoozed { until } => {
                ("snoozed", Normal, format!("Snoozed until {}: nobody is paged until then", clock(*until, at)))
            }
            Event::SnoozeEnded => ("snooze over", Normal, "The snooze is over: paging begins again".to_string()),
            Event::SeverityChanged { from, to, reason } => {
                let (from, to) = words::levels(from, to);
                ("severity", Headline, format!("Severity changed from {from} to {to}{}", because(reason)))
            }
            Event::EscalationChanged { policy } => {
                let levels = counted(policy.steps.len(), "level");
                let text = format!(
                    "It is paged by the escalation of its severity now: {}, {levels}",
                    one(policy.name.as_str())
                );
                ("escalation", Normal, text)
            }
            Event::StatusChanged { from, to, text } => {
                let mitigated = if *to == IncidentStatus::Monitoring { " (mitigated)" } else { "" };
                ("status", Headline, format!("Status changed from {from} to {to}{mitigated}{}", because(text)))
            }
            Event::UpdatePosted { text } => ("update", Normal, format!("Status update{}", because(text))),
            Event::Noted { text, origin } => {
                let link = origin.as_ref().and_then(|o| o.shown()).map_or(String::new(), |l| format!(", {l}"));
                ("note", Normal, format!("Note{}{link}", because(text)))
            }
            Event::LeadAssigned { person: p } => ("role", Normal, format!("Incident lead: {}", person(p))),
            Event::RoleAssigned { role, person: p } => {
                ("role", Normal, format!("{}: {}", sentence(&one(role)), person(p)))
            }
            Event::Escalated { step, pass, reason, people: all, pagers, unreachable: not, next_at } => {
                let round = if *pass > 0 { format!(", round {}", u64::from(*pass) + 1) } else { String::new() };
                let why = self.escalate_words(*reason, at);
                let next = next_at.map_or(String::new(), |t| format!("; next at {}", clock(t, at)));
                let level = step.saturating_add(1);
                (
                    "paging",
                    Headline,
                    format!("Level {level} paged{round}: {} ({why}){}{next}", reached(all, pagers), also(not)),
                )
            }
            Event::StepSkipped { step, when, .. } if !when.is_always() => {
                let level = step.saturating_add(1);
                ("skipped", Normal, format!("Level {level} skipped: it is for {} only", when.as_words()))
            }
            Event::StepSkipped { step, unreachable: not, .. } => {
                let whom = if not.is_empty() { "it names nobody".to_string() } else { unreachable(not) };
                ("skipped", Normal, format!("Level {} skipped, it reaches nobody: {whom}", step.saturating_add(1)))
            }
            Event::NobodyReached { pagers, next_at } => {
                let why = match self.policy {
                    Some(_) => "Nobody could be reached",
                    None => "No escalation policy",
                };
                let (what, again) = match pagers {
                    0 => ("no pager is configured, so nobody is paged".to_string(), "tried again"),
                    n => (format!("every pager is paged ({n})"), "again"),
                };
                let next = next_at.map_or(String::new(), |t| format!(", {again} at {}", clock(t, at)));
                ("paging", Headline, format!("{why}: {what}{next}"))
            }
            Event::PolicyUsedUp => {
                let text = "Policy used up: every level was paged, nobody acknowledged, nobody else is paged by itself";
                ("nobody left", Headline, text.to_string())
            }
            Event::PagedByHand { people: all, pagers, unreachable: not, text } => {
                ("paging", Normal, format!("Paged by hand: {}{}{}", reached(all, pagers), also(not), because(text)))
            }
            Event::IntentsQueued { intents } => {
                let all: Vec<String> = intents.iter().map(|i| format!("{} (no. {})", words::intent(i), i.no)).collect();
                ("queued", Detail, format!("Queued: {}", all.join(", ")))
            }
            Event::IntentsCancelled { numbers, why } => {
                let importance = if numbers.iter().any(|no| self.is_page(*no)) { Normal } else { Detail };
                let all: Vec<String> = numbers.iter().map(|no| self.intent(*no)).collect();
                let why = match (why, &self.has_it) {
                    (CancelReason::Acknowledged, Some(who)) => format!("{who} has it"),
                    (CancelReason::Acknowledged, None) => "it was acknowledged".to_string(),
                    (CancelReason::Snoozed, _) => "it is snoozed".to_string(),
                    (CancelReason::AlertsCleared, _) => "all alerts have resolved".to_string(),
                    (CancelReason::Superseded, _) => "another page takes its place".to_string(),
                    (CancelReason::RunOver, _) => "it is void".to_string(),
                    (CancelReason::Ended, _) => "it has ended".to_string(),
                };
                ("taken back", importance, format!("Not sent, because {why}: {}", all.join(", ")))
            }
            Event::IntentClaimed { no, worker, attempt, lease_until, summary } => {
                let (what, worker) = (sentence(&self.intent(*no)), one(worker));
                let lease = lease_until.utc().format("%H:%M:%S UTC");
                let with =
                    summary.map_or(String::new(), |s| format!(" in one message with others, that of {}", s.incident));
                (
                    "sending",
                    Detail,
                    format!("{what}: try {attempt} begins{with} (worker {worker}, at most until {lease})"),
                )
            }
            Event::IntentDone { no, receipt } => {
                let importance = if self.is_page(*no) { Normal } else { Detail };
                let receipt = receipt.as_deref().map_or(String::new(), |r| format!(" (receipt {})", one(r)));
                ("sent", importance, format!("{}: sent{receipt}", sentence(&self.intent(*no))))
            }
            Event::IntentRetried { no, due_at, why, maybe_sent } => {
                let sent = if *maybe_sent { "may have arrived" } else { "not sent" };
                let again = match words::seconds_to(*due_at, at) {
                    s if s <= 0 => "at once".to_string(),
                    s => format!("in {}", span(s)),
                };
                let what = sentence(&self.intent(*no));
                // The first failure of a page is news: somebody was not reached when the level said so.
                let first = self.is_page(*no) && !self.retried.contains(no);
                let importance = if first { Normal } else { Detail };
                ("retry", importance, format!("{what}: {sent}, tried again {again}: {}", one(why)))
            }
            Event::IntentFailed { no, why } => {
                let importance = if self.is_page(*no) { Headline } else { Normal };
                ("failed", importance, format!("{}: given up: {}", sentence(&self.intent(*no)), one(why)))
            }
            Event::IntentAbandoned { no } => {
                let because = self.has_it.as_ref().map_or("it has ended".to_string(), |who| format!("{who} has it"));
                let what = sentence(&self.intent(*no));
                let text =
                    format!("{what}: may have arrived before Firebell stopped; not sent again because {because}");
                ("left alone", Normal, text)
            }
            Event::MilestoneWarned { milestone, due_at } => {
                ("clock", Normal, format!("{} yet, due at {}", milestone.as_missing(), clock(*due_at, at)))
            }
            Event::MilestoneBreached { milestone, due_at, .. } => {
                let text = format!("{} in time: it was due at {}", milestone.as_missing(), clock(*due_at, at));
                ("late", Headline, text)
            }
            Event::UpdateReminded => ("clock", Normal, "The next status update is due".to_string()),
            Event::UpdatesSnoozed { until } => (
                "clock",
                Normal,
                format!("The reminder of the next status update is put off until {}", clock(*until, at)),
            ),
            Event::LeadReminded => ("clock", Normal, "Nobody leads".to_string()),
            Event::StillWorkingAsked { resumes_at } => {
                let who = self.has_it.as_deref().unwrap_or("whoever has it");
                let text = format!(
                    "Nothing was heard for long: {who} is asked \"still working?\"; without an answer paging begins \
                     again at {}",
                    clock(*resumes_at, at)
                );
                ("still working?", Headline, text)
            }
            Event::StillWorking => {
                ("still working", Normal, format!("Still working: {} answered", words::who(&event.actor)))
            }
            Event::DraftReminded { due_at, .. } => {
                let late = span(at.seconds_since(*due_at));
                ("reminder", Normal, format!("The post-mortem is overdue by {late}"))
            }
            Event::ActionReminded { no, days_late, .. } => {
                let text = self.actions.get(no).map_or(String::new(), |t| format!(": {}", one(t)));
                ("reminder", Normal, format!("Action item {no} is {}{text}", words::lateness(*days_late)))
            }
            Event::PostmortemStatusChanged { to, .. } => {
                ("post-mortem", Normal, format!("Post-mortem: {}", to.as_words()))
            }
            Event::PostmortemEdited { version, texts } => {
                let all: Vec<&str> = texts.keys().map(|c| c.as_words()).collect();
                ("post-mortem", Normal, format!("Post-mortem edited: {} (version {version})", all.join(", ")))
            }
            Event::ActionAdded { no, text, owner, due, .. } => {
                ("action", Normal, format!("Action item {no}: {}", action_words(text, owner.as_ref(), *due)))
            }
            Event::ActionDone { no } => {
                let text = self.actions.get(no).map_or(String::new(), |t| format!(": {}", one(t)));
                ("action", Normal, format!("Action item {no} done{text}"))
            }
            Event::RoomOpened { chat, .. } => {
                ("channel", Normal, format!("Has a channel in {} now", one(chat.as_str())))
            }
            Event::PlaybookStarted { playbook } => {
                let steps = counted(playbook.steps.len(), "step");
                let text =
                    format!("Playbook \"{}\" of {} is followed: {steps}", one(&playbook.name), one(&playbook.system));
                ("playbook", Normal, text)
            }
            Event::PlaybookStepDone { no, text } => ("step", Normal, self.step_words(*no, true, text)),
            Event::PlaybookStepFailed { no, text } => ("step", Normal, self.step_words(*no, false, text)),
            Event::AlertsReceived { source, group, changed, untracked, partial, group_status } => {
                ("alert", Normal, alerts_words(source, group, changed, *untracked, *partial, *group_status))
            }
            Event::AlertsCleared { resolves_at } => {
                let when = clock(*resolves_at, at);
                let text = format!(
                    "All alerts have resolved and nobody has acknowledged: paging rests, it resolves itself at {when}"
                );
                ("alert", Headline, text)
            }
            Event::UnreadableReceived { source, problem, bytes, kept, kept_as } => {
                let begins = match kept_as {
                    KeptAs::Text => "it begins",
                    KeptAs::Base64 => "it begins, in base64,",
                };
                let (source, problem) = (one(source), one(problem));
                let kept = text::line_of_machine(kept, KEPT_CHARS_MAX);
                let text =
                    format!("Source {source} sent something unreadable ({bytes} bytes): {problem}; {begins} {kept}");
                ("unreadable", Headline, text)
            }
            Event::Resolved { cause, text } => {
                let what = match cause {
                    ResolveCause::ByHand => "Resolved",
                    ResolveCause::Quiet => "Resolved by itself: every alert stayed resolved",
                };
                ("resolved", Headline, format!("{what}{}", because(text)))
            }
            Event::Reopened { cause, reason, .. } => {
                let what = match cause {
                    ReopenCause::ByHand => "Reopened",
                    ReopenCause::AlertsFiring => "Reopened: its alerts fire again",
                };
                ("reopened", Headline, format!("{what}{}", because(reason)))
            }
            Event::MergedInto { into } => ("merged", Headline, format!("Merged into {into}: it goes on there")),
            Event::MergedFrom { from, title, groups } => {
                let groups: Vec<String> = groups.iter().map(group_words).collect();
                let with = if groups.is_empty() { String::new() } else { format!(", with {}", groups.join(", ")) };
                ("merged", Headline, format!("{from} ({}) became part of this incident{with}", one(title)))
            }
            // Said above.
            Event::RunAsked { run, .. }
            | Event::RunApproved { run, .. }
            | Event::RunDenied { run, .. }
            | Event::RunExpired { run, .. }
            | Event::RunWithdrawn { run, .. }
            | Event::RunStarted { run, .. }
            | Event::RunStopAsked { run, .. }
            | Event::RunProgressed { run, .. }
            | Event::RunFinished { run, .. }
            | Event::RunOutcomeUnknown { run, .. } => ("run", Normal, format!("Run {run}")),
            Event::Cancelled { reason } => {
                ("cancelled", Headline, format!("Cancelled, it was no incident{}", because(reason)))
            }
        }
    }

    fn step_words(&self, no: u32, done: bool, text: &str) -> String {
        let step = self.playbook.as_ref().and_then(|p| p.step(no));
        let answer = match (step.is_some_and(|s| s.part == Part::Condition), done) {
            (true, true) => "holds",
            (true, false) => "does not hold",
            (false, true) => "done",
            (false, false) => "failed",
        };
        let what = step.map_or(String::new(), |s| format!(": {}", one(&s.text)));
        let for_it = |(n, s): (u32, &Step)| (s.under == Some(no)).then(|| format!("{n} ({})", one(&s.text)));
        let steps = self.playbook.iter().flat_map(|p| (1..).zip(&p.steps));
        let left_out: Vec<String> =
            if answer == "does not hold" { steps.filter_map(for_it).collect() } else { Vec::new() };
        let left_out = match left_out.is_empty() {
            true => String::new(),
            false => format!("; left out: {}", left_out.join(", ")),
        };
        format!("Step {no} {answer}{what}{left_out}{}", because(text))
    }

    fn escalate_words(&self, reason: EscalateReason, at: Timestamp) -> String {
        match reason {
            EscalateReason::Declared => "declared".to_string(),
            EscalateReason::NotAcknowledged => match self.paged_at {
                Some(t) => format!("no answer for {}", span(at.seconds_since(t))),
                None => "no answer".to_string(),
            },
            EscalateReason::ByHand => "escalated by hand".to_string(),
            EscalateReason::Resumed => "somebody is needed again".to_string(),
            EscalateReason::PagesFailed => "every page of the level before failed".to_string(),
            EscalateReason::BreakGlass => "somebody approved alone what needs two people".to_string(),
            EscalateReason::SeverityChanged => "that is the escalation of its severity now".to_string(),
        }
    }
}

fn also(not: &[Unreachable]) -> String {
    if not.is_empty() { String::new() } else { format!("; not reachable: {}", unreachable(not)) }
}

/// A target as the configuration spells it.
pub fn target_words(target: &Target) -> String {
    match target {
        Target::Person(p) => person(p),
        Target::Schedule(s) => format!("schedule:{}", one(s.as_str())),
        Target::Owners => "owners".to_string(),
        Target::Pager(c) => one(c.as_str()),
    }
}

fn policy_words(policy: &EscalationPolicy) -> String {
    format!("policy {} with {}", one(policy.name.as_str()), counted(policy.steps.len(), "level"))
}

/// "restore the cache (@bo, by 2026-12-01)".
pub fn action_words(text: &str, owner: Option<&crate::id::PersonId>, due: Option<chrono::NaiveDate>) -> String {
    let mut facts: Vec<String> = owner.map(person).into_iter().collect();
    facts.extend(due.map(|d| format!("by {d}")));
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    format!("{}{facts}", one(text))
}

/// "Source: https://…", with every letter of it: half a link leads nowhere.
pub fn source_words(link: &str) -> String {
    format!("Source: {}", words::whole(link))
}

fn group_words(group: &Group) -> String {
    let alerts = counted(group.alerts.len(), "alert");
    format!("alert group {} of {} ({alerts})", one(&group.key), one(&group.source))
}

fn alerts_words(
    source: &str,
    group: &str,
    changed: &[Alert],
    untracked: u32,
    partial: bool,
    group_status: AlertStatus,
) -> String {
    let mut parts = Vec::new();
    for (status, word) in [(AlertStatus::Firing, "firing"), (AlertStatus::Resolved, "resolved")] {
        let all: Vec<&Alert> = changed.iter().filter(|a| a.status == status).collect();
        if all.is_empty() {
            continue;
        }
        let mut named: Vec<String> = all.iter().take(ALERTS_NAMED_MAX).map(|a| one(&a.summary)).collect();
        let more = all.len().saturating_sub(named.len());
        named.extend((more > 0).then(|| format!("{more} more")));
        parts.push(format!("{} {word}: {}", counted(all.len(), "alert"), named.join("; ")));
    }
    if untracked > 0 {
        parts.push(format!("{} counted only", counted(untracked as usize, "further alert")));
    }
    if partial {
        parts.push("the delivery did not name all of them".to_string());
    }
    let group_word = match group_status {
        AlertStatus::Firing => "firing",
        AlertStatus::Resolved => "resolved",
    };
    parts.push(format!("group {} is {group_word}", one(group)));
    let firing = changed.iter().filter(|a| a.status == AlertStatus::Firing);
    let link = firing.chain(changed).find_map(|a| a.link.as_deref());
    parts.extend(link.map(source_words));
    format!("From {}: {}", one(source), parts.join("; "))
}
