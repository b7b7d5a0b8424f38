//! How an incident stands now, in one line, and what happens next by itself. Promises only what the incident's own
//! timers and intents hold.

use super::target_words;
use super::words::{clock, counted, fit, intent, one, until, who};
use crate::incident::Incident;
use crate::intent::What;
use crate::status::IncidentStatus;
use crate::text;
use crate::time::{Timestamp, span};

/// Characters of the pinned line: Slack cuts a channel topic at 250.
const HEADLINE_CHARS_MAX: usize = 250;
/// Characters of a level's people in a sentence.
const TARGETS_CHARS_MAX: usize = 120;

/// The pinned line: `[P1] INC-42 checkout is down — investigating, @ana has it since 03:12 UTC`.
pub fn headline(i: &Incident, now: Timestamp) -> String {
    let head = format!("[{}] {} ", one(&i.severity.level), i.id);
    fit(&head, &i.title, &format!(" — {}", standing(i, now)), HEADLINE_CHARS_MAX)
}

/// The same without its name: status, and who has it or how far paging has come.
pub fn standing(i: &Incident, now: Timestamp) -> String {
    let ended = || i.ended_at.map_or(String::new(), |t| format!(" at {}", clock(t, now)));
    match (i.status, &i.acknowledged) {
        (IncidentStatus::Resolved, _) => format!("resolved{} after {}", ended(), lasted(i, now)),
        (IncidentStatus::Cancelled, _) => format!("cancelled{}", ended()),
        (IncidentStatus::Merged, _) => match i.merged_into {
            Some(into) => format!("merged into {into}{}", ended()),
            None => format!("merged{}", ended()),
        },
        (status, Some(a)) => {
            let snooze = i.snoozed_until.map_or(String::new(), |t| format!(", snoozed until {}", clock(t, now)));
            format!("{status}, {} has it since {}{snooze}", who(&a.by), clock(a.at, now))
        }
        (status, None) => format!("{status}, nobody has acknowledged{}", searching(i, now)),
    }
}

/// From the declaration to the end, or to now.
fn lasted(i: &Incident, now: Timestamp) -> String {
    span(i.ended_at.unwrap_or(now).seconds_since(i.declared_at))
}

fn searching(i: &Incident, now: Timestamp) -> String {
    let e = &i.escalation;
    if let Some(at) = i.snoozed_until {
        return format!("; snoozed until {}", clock(at, now));
    }
    if let Some(at) = i.quiet_resolves_at {
        return format!("; all alerts have resolved, it resolves itself {}", until(at, now));
    }
    if e.used_up {
        return "; every level was paged and nobody else is paged by itself".to_string();
    }
    let next = |what: &str| e.next_at.map_or(String::new(), |t| format!(", {what} {}", until(t, now)));
    let sending = e.sent == 0 && pages_waiting(i) > 0;
    match (e.everyone, e.step) {
        (true, _) if e.sent > 0 => format!("; every pager is paged{}", next("again")),
        (true, _) if sending => format!("; every pager is being paged{}", next("again")),
        (true, _) => format!("; no pager has taken a page{}", next("next try")),
        (false, Some(step)) => {
            let level = step.saturating_add(1);
            let of = i.policy.as_ref().map_or(String::new(), |p| format!(" of {}", p.steps.len()));
            let what = match next_level(i) {
                NextLevel::UsedUp => "the policy is used up",
                NextLevel::Level(0) => "level 1 again",
                NextLevel::Level(_) | NextLevel::Everyone => "next level",
            };
            match sending {
                true => format!("; level {level}{of} is being paged{}", next(what)),
                false => format!("; level {level}{of} paged{}", next(what)),
            }
        }
        (false, None) => String::new(),
    }
}

fn pages_waiting(i: &Incident) -> usize {
    i.live.values().filter(|l| matches!(l.intent.what, What::Page(_))).count()
}

/// What the escalation timer will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextLevel {
    /// The level with this 0-based index, or the first after it that reaches somebody.
    Level(usize),
    /// Every pager, because there is no policy.
    Everyone,
    UsedUp,
}

pub fn next_level(i: &Incident) -> NextLevel {
    let Some(policy) = &i.policy else { return NextLevel::Everyone };
    let e = &i.escalation;
    let next = if e.everyone { 0 } else { e.step.map_or(0, |s| s.saturating_add(1)) };
    let at = e.next_at.unwrap_or(i.updated_at);
    let from = |first: usize| (first..policy.steps.len()).find(|n| policy.counts(&policy.steps[*n], at));
    match (from(next), policy.repeat_max) {
        (Some(level), _) => NextLevel::Level(level),
        (None, Some(max)) if next > 0 && e.pass >= max => NextLevel::UsedUp,
        (None, _) => from(0).map_or(NextLevel::Everyone, NextLevel::Level),
    }
}

/// What happens next without anybody doing anything, in one sentence.
pub fn next_step(i: &Incident, now: Timestamp) -> String {
    if !i.status.open() {
        return match i.merged_into {
            Some(into) => format!("It has ended and goes on in {into}."),
            None => "It has ended, nothing happens by itself any more.".to_string(),
        };
    }
    let when = |at: Timestamp| match until(at, now).as_str() {
        "now" => "now".to_string(),
        soon => format!("{soon} ({})", clock(at, now)),
    };
    if let Some(at) = i.snoozed_until {
        let taken = if i.acknowledged.is_some() { "the acknowledgement lapses and " } else { "" };
        return format!("The snooze ends {}: {taken}paging begins again at level 1.", when(at));
    }
    if let Some(at) = i.quiet_resolves_at {
        return format!("It resolves itself {}, unless an alert fires again or somebody acknowledges.", when(at));
    }
    if let Some(a) = &i.acknowledged {
        let waiting = match pages_waiting(i) {
            0 => String::new(),
            n => format!(" {} still under way.", counted(n, "page")),
        };
        return format!("Nobody is paged by itself: {} has it.{waiting}", who(&a.by));
    }
    let Some(at) = i.escalation.next_at else {
        return "Nobody is paged by itself any more: page somebody, or escalate by hand.".to_string();
    };
    let what = match next_level(i) {
        NextLevel::Everyone if pageless(i) => "every pager that there is by then is tried".to_string(),
        NextLevel::Everyone => "every pager is paged again".to_string(),
        NextLevel::Level(_) if i.escalation.everyone => "every level, else every pager, is tried again".to_string(),
        NextLevel::Level(index) => level(i, index),
        NextLevel::UsedUp => {
            let when = when(at);
            return format!("If nobody acknowledges, the policy is used up {when} and nobody else is paged by itself.");
        }
    };
    format!("If nobody acknowledges, {what} {}.", when(at))
}

/// No pager has taken a page of this round and none is under way: perhaps there is none.
fn pageless(i: &Incident) -> bool {
    i.escalation.sent == 0 && pages_waiting(i) == 0
}

fn level(i: &Incident, index: usize) -> String {
    let again = if i.escalation.step.is_some_and(|s| index <= s) { " again" } else { "" };
    let step = i.policy.as_ref().and_then(|p| p.steps.get(index));
    let targets: Vec<String> = step.map(|s| s.targets.iter().map(target_words).collect()).unwrap_or_default();
    let whom = text::cut(&targets.join(", "), TARGETS_CHARS_MAX);
    format!("level {} ({whom}) is paged{again}", index.saturating_add(1))
}

/// Pages that were claimed before somebody acknowledged and whose outcome is not known yet.
pub fn under_way(i: &Incident) -> Vec<String> {
    let claimed = i.live.values().filter(|l| l.claim.is_some() && matches!(l.intent.what, What::Page(_)));
    claimed.map(|l| intent(&l.intent)).collect()
}
