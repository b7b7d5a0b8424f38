//! Who is paged next. Here, and nowhere else, the bot decides to page the second person: levels in order, those
//! that reach nobody passed over at once, everybody's pager when nobody is left to reach.

use crate::decide::Decider;
use crate::directory::{Step, Target};
use crate::event::{EscalateReason, Event, Unreachable, UnreachableReason};
use crate::hours::When;
use crate::id::{ChannelId, PersonId};
use crate::intent::{Intent, Lane, NoticeKind, Page, PageReason, What};
use crate::limits;
use crate::severity::Severity;
use std::collections::BTreeMap;

/// Whom a level reaches now, with the contact method to begin with, and whom it cannot reach.
struct Reach {
    people: BTreeMap<PersonId, usize>,
    pagers: Vec<ChannelId>,
    unreachable: Vec<Unreachable>,
}

fn reach(d: &Decider, targets: &[Target]) -> Reach {
    let mut reach = Reach { people: BTreeMap::new(), pagers: Vec::new(), unreachable: Vec::new() };
    let service = d.incident.service.as_ref();
    for target in targets {
        let shown = shown(target);
        if let Target::Pager(channel) = target {
            match d.directory.pagers.contains(channel) {
                true if reach.pagers.contains(channel) => {}
                true => reach.pagers.push(channel.clone()),
                false => reach.unreachable.push(Unreachable { target: shown, why: UnreachableReason::NoPager }),
            }
            continue;
        }
        let people = d.directory.people_of(target, service, d.now);
        if people.is_empty() {
            reach.unreachable.push(Unreachable { target: shown, why: UnreachableReason::NobodyThere });
            continue;
        }
        for person in people {
            if reach.people.len() >= limits::STEP_PEOPLE_MAX {
                break;
            }
            let why = match d.directory.contact_method(&person, 0) {
                Some((method, _)) => {
                    reach.people.insert(person, method);
                    continue;
                }
                None if d.directory.people.contains_key(&person) => UnreachableReason::NoContactMethod,
                None => UnreachableReason::Unknown,
            };
            let target = match target {
                Target::Person(_) => shown.clone(),
                _ => format!("{shown} (@{person})"),
            };
            reach.unreachable.push(Unreachable { target, why });
        }
    }
    reach
}

impl Reach {
    fn is_nobody(&self) -> bool {
        self.people.is_empty() && self.pagers.is_empty()
    }

    /// One page for each, as `like` but for whom it is and by which way.
    fn queue(self, d: &mut Decider, like: &Page) {
        let people =
            self.people.into_iter().map(|(person, method)| Page { person: Some(person), method, ..like.clone() });
        let mut pages = through_people(d, people.collect());
        pages.extend(self.pagers.into_iter().map(|c| (c, like.clone())));
        queue_through(d, pages);
    }
}

fn shown(target: &Target) -> String {
    match target {
        Target::Person(p) => format!("@{p}"),
        Target::Schedule(s) => format!("schedule:{s}"),
        Target::Owners => "owners".to_string(),
        Target::Pager(c) => c.to_string(),
    }
}

/// Begins the policy from its first level: declared, handed back, woken, reopened, firing again.
pub fn start(d: &mut Decider, reason: EscalateReason) {
    go_to(d, 0, 0, reason);
}

/// A severity has changed: where the runbook pages a level by a chain of its own, that one holds from now on, and begins
/// if nobody has the incident. Whoever was paged before stays in it.
pub fn follow_severity(d: &mut Decider, from: &Severity) {
    let i = &d.incident;
    if !i.status.open() {
        return;
    }
    let Some(policy) = d.directory.chain_after(i.service.as_ref(), from, &i.severity).cloned() else { return };
    if i.policy.as_ref() == Some(&policy) {
        return;
    }
    let rests = i.snoozed_until.is_some() || i.quiet_resolves_at.is_some();
    d.emit(Event::EscalationChanged { policy });
    if d.incident.unanswered() && !rests {
        start(d, EscalateReason::SeverityChanged);
    }
}

/// What the escalation timer does, and "escalate" by hand: the level after the present one.
pub fn advance(d: &mut Decider, reason: EscalateReason) {
    let e = &d.incident.escalation;
    if e.everyone {
        // Somebody may have become reachable since (a corrected configuration, a new shift).
        return go_to(d, 0, e.pass, reason);
    }
    let (step, pass) = (e.step.map_or(0, |s| s + 1), e.pass);
    let steps = d.incident.policy.as_ref().map_or(0, |p| p.steps.len());
    if step < steps {
        return go_to(d, step, pass, reason);
    }
    pass_ends(d, pass, reason);
}

/// After the last level that counts: again from the first, or the policy is used up.
fn pass_ends(d: &mut Decider, pass: u32, reason: EscalateReason) {
    if reason == EscalateReason::NotAcknowledged && !d.incident.escalation.arrived {
        // A whole pass, and no vendor has taken a single page: whatever pager works, before the policy goes on.
        return everyone(d, pass);
    }
    let repeat_max = d.incident.policy.as_ref().and_then(|p| p.repeat_max);
    if matches!(reason, EscalateReason::ByHand | EscalateReason::BreakGlass) || repeat_max.is_none_or(|max| pass < max)
    {
        return go_to(d, 0, pass.saturating_add(1), reason);
    }
    d.emit(Event::PolicyUsedUp);
    d.notice(NoticeKind::PolicyUsedUp);
}

/// Pages the first level at or after `from` that reaches somebody. Where none does, everybody's pager.
fn go_to(d: &mut Decider, from: usize, pass: u32, reason: EscalateReason) {
    let steps: Vec<Step> = d.incident.policy.as_ref().map(|p| p.steps.clone()).unwrap_or_default();
    let (mut out_of_hours, mut unreachable) = (false, false);
    for (index, step) in steps.iter().enumerate().skip(from) {
        if !d.incident.policy.as_ref().is_none_or(|p| p.counts(step, d.now)) {
            d.emit(Event::StepSkipped { step: index, pass, when: step.when, unreachable: Vec::new() });
            out_of_hours = true;
            continue;
        }
        let reach = reach(d, &step.targets);
        if reach.is_nobody() {
            d.emit(Event::StepSkipped { step: index, pass, when: When::Always, unreachable: reach.unreachable });
            unreachable = true;
            continue;
        }
        let next_at = d.incident.unanswered().then(|| d.now.plus_s(step.delay_s));
        d.emit(Event::Escalated {
            step: index,
            pass,
            reason,
            people: reach.people.keys().cloned().collect(),
            pagers: reach.pagers.clone(),
            unreachable: reach.unreachable.clone(),
            next_at,
        });
        let reason = if d.incident.unanswered() { PageReason::Escalation } else { PageReason::ByHand };
        reach.queue(d, &Page { person: None, method: 0, reason, step: index, pass, text: None });
        return;
    }
    // Levels before these were paged; that the rest is for other hours is no reason to wake everybody. But what
    // failed goes on at once only within one pass.
    match from > 0 && out_of_hours && !unreachable && reason != EscalateReason::PagesFailed {
        true => pass_ends(d, pass, reason),
        false => everyone(d, pass),
    }
}

/// An incident never reaches nobody in silence: every configured pager, again every five minutes.
fn everyone(d: &mut Decider, pass: u32) {
    let pagers = d.directory.pagers.clone();
    let next_at = d.incident.unanswered().then(|| d.now.plus_s(limits::FALLBACK_REPEAT_S));
    d.emit(Event::NobodyReached { pagers: pagers.len(), next_at });
    let step = d.incident.escalation.step.unwrap_or(0);
    let page = Page { person: None, method: 0, reason: PageReason::NobodyReached, step, pass, text: None };
    let whats: Vec<_> = pagers.into_iter().map(|c| (c, page.clone())).collect();
    queue_through(d, whats);
}

/// Queues each page through its person's contact method.
pub fn queue_pages(d: &mut Decider, pages: Vec<Page>) {
    let pages = through_people(d, pages);
    queue_through(d, pages);
}

fn through_people(d: &Decider, pages: Vec<Page>) -> Vec<(ChannelId, Page)> {
    pages
        .into_iter()
        .filter_map(|page| {
            let person = page.person.as_ref()?;
            let (method, channel) = d.directory.contact_method(person, page.method)?;
            Some((channel.clone(), Page { method, ..page }))
        })
        .collect()
}

/// A page that still waits to be sent to the same person through the same channel is page enough: while a vendor is
/// down, a policy that repeats would pile them up, and all would ring at once when it is back.
fn queue_through(d: &mut Decider, pages: Vec<(ChannelId, Page)>) {
    let waits = |channel: &ChannelId, page: &Page| {
        page.reason.by_policy()
            && d.incident.live.values().any(|l| match &l.intent.what {
                What::Page(p) => {
                    let soon = l.due_at <= d.now.plus_s(2 * limits::RETRY_AFTER_MAX_S);
                    // Far off only where a clock has stepped back since: that one is not waited for.
                    l.claim.is_none()
                        && soon
                        && l.intent.channel == *channel
                        && p.person == page.person
                        && p.reason.by_policy()
                }
                _ => false,
            })
    };
    let whats = pages.into_iter().filter(|(c, p)| !waits(c, p)).map(|(c, p)| (c, What::Page(p))).collect();
    d.queue(Lane::Page, whats);
}

/// Pages people whom somebody named.
pub fn page_by_hand(d: &mut Decider, target: &Target, text: &str) -> Result<(), crate::refusal::Refusal> {
    let reach = reach(d, std::slice::from_ref(target));
    if reach.is_nobody() {
        let why = match reach.unreachable.first().map(|u| u.why) {
            Some(UnreachableReason::NobodyThere) => "nobody is on call there now",
            Some(UnreachableReason::NoPager) => "no pager of that name is configured",
            Some(UnreachableReason::Unknown) => "nobody of that name is configured",
            _ => "no contact method through a configured pager ([people.NAME] contact)",
        };
        return Err(crate::refusal::Refusal::Unreachable { who: shown(target), why });
    }
    let waiting = d.incident.live.values().filter(|l| l.intent.lane == Lane::Page).count();
    if waiting + reach.people.len() + reach.pagers.len() > limits::INTENTS_LIVE_MAX {
        return Err(crate::refusal::Refusal::TooMany { what: "pages waiting", max: limits::INTENTS_LIVE_MAX });
    }
    let people: Vec<PersonId> = reach.people.keys().cloned().collect();
    let (pagers, unreachable) = (reach.pagers.clone(), reach.unreachable.clone());
    d.emit(Event::PagedByHand { people, pagers, unreachable, text: text.to_string() });
    let step = d.incident.escalation.step.unwrap_or(0);
    let pass = d.incident.escalation.pass;
    let text = (!text.is_empty()).then(|| text.to_string());
    reach.queue(d, &Page { person: None, method: 0, reason: PageReason::ByHand, step, pass, text });
    Ok(())
}

/// A page that somebody needs was given up on one channel: the person's next contact method, also when a later
/// level has begun meanwhile (eight tries may take longer than a level's delay); where there is none and nothing
/// else of the present level is under way or has arrived, the next level at once. Only within one pass: a vendor
/// that refuses everything must not turn a repeating policy into a storm, so a new pass waits for its timer.
pub fn page_failed(d: &mut Decider, failed: &Intent, page: &Page) {
    if let Some(person) = &page.person {
        // A reload may have given the person other methods: then the page begins anew with them.
        let methods = d.directory.people.get(person).map_or(&[][..], |p| p.contact_methods.as_slice());
        let method = if methods.get(page.method) == Some(&failed.channel) { page.method + 1 } else { 0 };
        if d.directory.contact_method(person, method).is_some() {
            let next = Page { method, ..page.clone() };
            return queue_pages(d, vec![next]);
        }
    }
    let current = Some(page.step) == d.incident.escalation.step && page.pass == d.incident.escalation.pass;
    if page.reason != PageReason::Escalation
        || !current
        || d.incident.escalation.everyone
        || d.incident.escalation.next_at.is_none()
    {
        return;
    }
    let under_way = d.incident.live.values().any(|l| match &l.intent.what {
        What::Page(p) => (p.reason, p.step, p.pass) == (page.reason, page.step, page.pass) && l.intent.no != failed.no,
        _ => false,
    });
    let last = d.incident.policy.as_ref().is_none_or(|p| page.step + 1 >= p.steps.len());
    if !under_way && d.incident.escalation.sent == 0 {
        if last {
            // Every level's pages failed: whatever pager still works.
            everyone(d, page.pass);
        } else {
            go_to(d, page.step + 1, page.pass, EscalateReason::PagesFailed);
        }
    }
}
