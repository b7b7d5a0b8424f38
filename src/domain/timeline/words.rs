//! The small words that every sentence about an incident is made of: names, spans, clock times, what is sent to
//! whom. Everything that people or machines wrote goes through `one` or `said`, so no sentence can carry a control
//! character or forge a line. Never knows a platform's markup.

use crate::event::{Actor, Unreachable, UnreachableReason};
use crate::id::{ChannelId, PersonId};
use crate::intent::{Intent, NoticeKind, PageReason, What};
use crate::severity::Severity;
use crate::text;
use crate::time::{SECOND, Timestamp, span};
use serde::Serializer;

/// Characters of one piece of somebody else's text inside a sentence.
const PIECE_CHARS_MAX: usize = 300;
/// What continuation lines of a text begin with: a line that stands at the left was written by Firebell.
pub const INDENT: &str = "    ";

/// Somebody else's text as part of one line.
pub fn one(text: &str) -> String {
    text::line_of_machine(text, PIECE_CHARS_MAX)
}

/// The same in its full length, where every letter of it is wanted.
pub fn whole(text: &str) -> String {
    text::line_of_machine(text, usize::MAX)
}

/// Somebody's text with its lines kept: every line but the first is indented.
pub fn said(text: &str) -> String {
    let seen = text::strip(&text.replace("\r\n", "\n")).replace('\t', INDENT);
    let lines: Vec<&str> = seen.trim().lines().map(str::trim_end).collect();
    lines.join(&format!("\n{INDENT}"))
}

/// `: text`, or nothing where nothing was said.
pub fn because(text: &str) -> String {
    let text = said(text);
    if text.is_empty() { text } else { format!(": {text}") }
}

/// Two severities that follow each other: with their systems where these differ, because P1 is not P1 everywhere.
pub fn levels(from: &Severity, to: &Severity) -> (String, String) {
    let of = |s: &Severity| match s.system.as_ref().filter(|_| from.system != to.system) {
        Some(system) => format!("{} of {}", one(&s.level), one(system)),
        None => one(&s.level),
    };
    (of(from), of(to))
}

pub fn person(person: &PersonId) -> String {
    format!("@{}", one(person.as_str()))
}

pub fn people(people: &[PersonId]) -> String {
    people.iter().map(person).collect::<Vec<_>>().join(", ")
}

/// People and pagers that were paged, as one list.
pub fn reached(people: &[PersonId], pagers: &[ChannelId]) -> String {
    people.iter().map(person).chain(pagers.iter().map(|c| one(c.as_str()))).collect::<Vec<_>>().join(", ")
}

pub fn who(actor: &Actor) -> String {
    match actor {
        Actor::Person { name, .. } => person(name),
        Actor::Source { .. } | Actor::Engine => one(&actor.shown()),
    }
}

/// "1 alert", "2 alerts".
pub fn counted(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

/// The wall clock in UTC, with the day where it is another one than the reader's.
pub fn clock(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (at.utc(), now.utc());
    match at.date_naive() == now.date_naive() {
        true => at.format("%H:%M UTC").to_string(),
        false => at.format("%Y-%m-%d %H:%M UTC").to_string(),
    }
}

/// "in 4 min", or "now" where it is due.
pub fn until(at: Timestamp, now: Timestamp) -> String {
    match seconds_to(at, now) {
        s if s <= 0 => "now".to_string(),
        s => format!("in {}", span(s)),
    }
}

/// Seconds from `now` to `at`, rounded up: what is due in half a second is not due now.
pub fn seconds_to(at: Timestamp, now: Timestamp) -> i64 {
    at.plus_us(SECOND - 1).seconds_since(now)
}

pub fn unreachable(all: &[Unreachable]) -> String {
    let one_of = |u: &Unreachable| {
        let why = match (u.why, u.target.as_str()) {
            (UnreachableReason::Unknown, _) => "nobody of that name is configured",
            (UnreachableReason::NoContactMethod, _) => "no contact method through a configured pager",
            (UnreachableReason::NobodyThere, "owners") => "the service has no owners",
            (UnreachableReason::NoPager, _) => "no such pager is configured any more",
            (UnreachableReason::NobodyThere, _) => "nobody is on call",
        };
        format!("{} ({why})", one(&u.target))
    };
    all.iter().map(one_of).collect::<Vec<_>>().join(", ")
}

/// What an intent is: "page to @ana through pagerduty".
pub fn intent(intent: &Intent) -> String {
    let channel = one(intent.channel.as_str());
    match &intent.what {
        What::Page(page) => match &page.person {
            Some(p) if page.reason == PageReason::StillWorking => {
                format!("question to {} through {channel}", person(p))
            }
            Some(p) => format!("page to {} through {channel}", person(p)),
            None => format!("page through {channel}"),
        },
        What::Follow { person: to, over, .. } => {
            let of = to.as_ref().map_or(String::new(), |p| format!(" to {}", person(p)));
            let what = if *over { "over" } else { "answered" };
            format!("word to {channel} that the page{of} is {what}")
        }
        What::Room { task, .. } => format!("task in {channel} ({})", task.missing()),
        What::Run { run } => format!("run {run}"),
        What::Notice { kind, .. } => format!("notice to {channel} ({})", notice_kind(*kind)),
    }
}

pub fn notice_kind(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Declared => "declared",
        NoticeKind::Acknowledged => "acknowledged",
        NoticeKind::Changed => "changed",
        NoticeKind::PolicyUsedUp => "policy used up",
        NoticeKind::StatusUpdate => "status update",
        NoticeKind::Ended => "ended",
        NoticeKind::Reopened => "reopened",
        NoticeKind::PostmortemReady => "post-mortem draft",
        NoticeKind::Clock => "reminder",
        NoticeKind::RunAsked => "approval wanted",
        NoticeKind::RunEnded => "run over",
    }
}

/// With its first letter in upper case.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// `head title tail` in at most `max` characters: the title gives way, what Firebell says about it does not.
pub fn fit(head: &str, title: &str, tail: &str, max: usize) -> String {
    let taken = head.chars().count() + tail.chars().count();
    let title = text::line_of_machine(title, max.saturating_sub(taken).max(1));
    text::line_of_machine(&format!("{head}{title}{tail}"), max)
}

/// "due today", "late by 3 days".
pub fn lateness(days_late: i64) -> String {
    match days_late {
        ..=0 => "due today".to_string(),
        1 => "late by 1 day".to_string(),
        n => format!("late by {n} days"),
    }
}

/// Times as programs read them.
pub fn rfc3339<S: Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&at.rfc3339())
}

pub fn rfc3339_or_null<S: Serializer>(at: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => s.serialize_some(&at.rfc3339()),
        None => s.serialize_none(),
    }
}
