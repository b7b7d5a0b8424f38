//! The sentences of pages and notices. Read at three in the morning on a lock screen: who, what, why, what now.
//! Times are absolute, because a message is read later than it is written.

use firebell_domain::alert::AlertStatus;
use firebell_domain::clocks::Milestone;
use firebell_domain::event::{Actor, Event, IncidentEvent, ResolveCause, UnackCause};
use firebell_domain::incident::Incident;
use firebell_domain::intent::{NoticeKind, Page, PageReason};
use firebell_domain::limits::STILL_WORKING_GRACE_S;
use firebell_domain::reminders::owner_of_draft;
use firebell_domain::time::span;
use firebell_domain::timeline::words::{INDENT, clock, counted, lateness, levels, one, person, said, sentence, who};
use firebell_domain::timeline::{NextLevel, next_level, source_words};

/// Stands for the title where more people read than a private incident is for.
pub const PRIVATE: &str = "private incident";

/// `[P1] INC-42 `: how everything that is said about an incident begins.
pub fn head(i: &Incident) -> String {
    format!("[{}] {} ", one(&i.severity.level), i.id)
}

/// A page to nobody in particular goes to a channel's own address, which anybody may read.
fn hidden(i: &Incident, page: &Page) -> bool {
    i.private && page.person.is_none()
}

pub fn page_title<'a>(i: &'a Incident, page: &Page) -> &'a str {
    if hidden(i, page) { PRIVATE } else { &i.title }
}

pub fn page(i: &Incident, page: &Page, link: &str) -> String {
    let mut lines = vec![why(i, page)];
    if let (Some(text), false) = (&page.text, hidden(i, page)) {
        lines.push(said(text));
    }
    lines.push(facts(i, !hidden(i, page)));
    lines.extend(source(i).filter(|_| !hidden(i, page)));
    lines.extend(next(i));
    // Who was paged by hand after somebody took it is asked to help, not to take it.
    lines.push(match &i.acknowledged {
        Some(_) if page.reason == PageReason::StillWorking => {
            format!("Say so by anything you do, such as /incident {} ack, or {link}", i.id)
        }
        None => format!("Acknowledge: /incident {} ack, or {link}", i.id),
        Some(a) => format!("{} has it. Join: {link}", who(&a.by)),
    });
    lines.join("\n")
}

fn why(i: &Incident, page: &Page) -> String {
    let to = page.person.as_ref().map_or("Whoever reads this:".to_string(), |p| format!("{},", person(p)));
    let level = page.step.saturating_add(1);
    match page.reason {
        PageReason::ByHand => format!("{to} somebody asks for you by hand."),
        PageReason::StillWorking => {
            let again = i.course.asked_at.map(|t| clock(t.plus_s(STILL_WORKING_GRACE_S), i.updated_at));
            let again = again.map_or(String::new(), |t| format!(" until {t}"));
            format!(
                "{to} are you still working on this? Nothing was heard for long. Without a word{again} somebody else is paged."
            )
        }
        PageReason::NobodyReached if i.policy.is_none() => {
            format!("{to} nobody has acknowledged. There is no escalation policy, so every pager is paged.")
        }
        PageReason::NobodyReached => {
            format!("{to} nobody has acknowledged, and no level could be reached, so every pager is paged.")
        }
        PageReason::Escalation => {
            let of = i.policy.as_ref().map_or(String::new(), |p| format!(" of {}", p.steps.len()));
            let round = if page.pass > 0 { format!(", round {}", u64::from(page.pass) + 1) } else { String::new() };
            let nobody = if i.acknowledged.is_none() { ": nobody has acknowledged" } else { "" };
            format!("{to} you are paged as level {level}{of}{round}{nobody}.")
        }
    }
}

/// "Service payments, investigating since 03:05 UTC (declared by @ana). 2 alerts are firing."
fn facts(i: &Incident, alerts: bool) -> String {
    let now = i.updated_at;
    let service = i.service.as_ref().map_or(String::new(), |s| format!("Service {}, ", one(s.as_str())));
    let by = match &i.declared_by {
        Actor::Person { .. } | Actor::Source { .. } => format!(" by {}", who(&i.declared_by)),
        Actor::Engine => String::new(),
    };
    let mut text = sentence(&format!("{service}{}, declared at {}{by}.", i.status, clock(i.declared_at, now)));
    let firing = firing(i);
    if alerts && firing > 0 {
        text.push_str(&format!(" {} firing.", counted(firing, "alert")));
    }
    text
}

/// Where its source shows what fires.
fn source(i: &Incident) -> Option<String> {
    i.source_link().map(source_words)
}

pub fn firing(i: &Incident) -> usize {
    i.groups.iter().flat_map(|g| g.alerts.values()).filter(|a| a.status == AlertStatus::Firing).count()
}

fn next(i: &Incident) -> Option<String> {
    let at = clock(i.escalation.next_at?, i.updated_at);
    Some(match next_level(i) {
        NextLevel::Level(_) if i.escalation.everyone => format!("Without an answer paging begins again at {at}."),
        NextLevel::Level(index) => format!("Without an answer level {} is paged at {at}.", index.saturating_add(1)),
        NextLevel::Everyone => format!("Without an answer every pager is paged again at {at}."),
        NextLevel::UsedUp => format!("Without an answer until {at} nobody else is paged: you are the last one."),
    })
}

pub fn follow(i: &Incident, over: bool) -> String {
    match (&i.acknowledged, over) {
        (_, true) => format!("{}, nothing to do any more", i.status),
        (Some(a), false) => format!("{} has it", who(&a.by)),
        (None, false) => "it was acknowledged".to_string(),
    }
}

/// The end of the first line and the lines below it. The event is the one that the notice was queued for; where it
/// tells nothing of its own (a queued page, say) the kind and the incident do.
pub fn notice(i: &Incident, about: &IncidentEvent, kind: NoticeKind, link: &str) -> (String, String) {
    let (body, by) = (&about.body, format!(" by {}", who(&about.actor)));
    let (what, more) = match kind {
        NoticeKind::Declared => (
            format!("declared by {}", who(&i.declared_by)),
            Some([Some(facts(i, true)), source(i)].into_iter().flatten().collect::<Vec<_>>().join("\n")),
        ),
        NoticeKind::Acknowledged => (format!("acknowledged{by}"), None),
        NoticeKind::Changed => match body {
            Event::SeverityChanged { from, to, reason } => {
                let change = {
                    let (from, to) = levels(from, to);
                    format!("severity {to} instead of {from}")
                };
                (format!("{change}, set{by}"), quoted(reason))
            }
            Event::Unacknowledged { cause: UnackCause::TimedOut, .. } => {
                ("nobody answered \"still working?\": nobody has it, paging begins again".to_string(), None)
            }
            Event::Unacknowledged { reason, .. } => {
                (format!("handed back{by}: nobody has it, paging begins again"), quoted(reason))
            }
            _ => ("changed".to_string(), None),
        },
        NoticeKind::Clock => clock_notice(i, body),
        NoticeKind::RunAsked | NoticeKind::RunEnded => super::runs::notice(i, about),
        NoticeKind::PolicyUsedUp => {
            let more = format!("Page somebody: /incident {0} page @person, or take it: /incident {0} ack", i.id);
            ("NOBODY HAS ACKNOWLEDGED and every level was paged".to_string(), Some(more))
        }
        NoticeKind::StatusUpdate => match body {
            Event::StatusChanged { to, text, .. } => (format!("{to}"), quoted(text)),
            Event::UpdatePosted { text } => (format!("status update{by}"), quoted(text)),
            _ => (i.status.to_string(), None),
        },
        NoticeKind::Ended => match body {
            Event::Resolved { cause: ResolveCause::Quiet, .. } => {
                ("resolved by itself: every alert stayed resolved".to_string(), None)
            }
            Event::Resolved { text, .. } => (format!("resolved{by}"), quoted(text)),
            Event::Cancelled { reason } => (format!("cancelled{by}, it was no incident"), quoted(reason)),
            Event::MergedInto { into } => (format!("merged into {into}: it goes on there"), None),
            _ => (i.status.to_string(), None),
        },
        NoticeKind::Reopened => match body {
            Event::Reopened { reason, .. } => (format!("reopened{by}"), quoted(reason)),
            _ => ("reopened".to_string(), None),
        },
        NoticeKind::PostmortemReady => {
            let more = format!("Read it: /incident {} postmortem, or {link}", i.id);
            ("the post-mortem draft is ready".to_string(), Some(more))
        }
    };
    (what, more.unwrap_or_default())
}

/// A clock that is about to run out, or has: what is missing, by when, and how to give it.
fn clock_notice(i: &Incident, body: &Event) -> (String, Option<String>) {
    let (id, now) = (i.id, i.updated_at);
    let has = i.acknowledged.as_ref().map_or(String::new(), |a| format!("{} has it. ", who(&a.by)));
    let how = |milestone: &Milestone| match milestone {
        Milestone::Acknowledge => format!("Take it: /incident {id} ack"),
        Milestone::Diagnose => format!("{has}Known by now? /incident {id} status identified TEXT"),
        Milestone::Mitigate => format!("{has}Is the harm over? /incident {id} status monitoring TEXT"),
        Milestone::Resolve => format!("{has}Is it over? /incident {id} resolve"),
        Milestone::Postmortem => format!("Write it, then: /incident {id} postmortem published"),
    };
    match body {
        Event::MilestoneWarned { milestone, due_at } => {
            (format!("{} yet, due at {}", lower(milestone.as_missing()), clock(*due_at, now)), Some(how(milestone)))
        }
        Event::MilestoneBreached { milestone, due_at, .. } => {
            let missing = milestone.as_missing().to_uppercase();
            (format!("{missing} IN TIME, it was due at {}", clock(*due_at, now)), Some(how(milestone)))
        }
        Event::UpdateReminded => {
            let how = format!("{has}Write it: /incident {id} update TEXT, or later: /incident {id} snooze updates 30m");
            ("the next status update is due".to_string(), Some(how))
        }
        Event::LeadReminded => {
            ("nobody leads".to_string(), Some(format!("{has}Name somebody: /incident {id} lead @person")))
        }
        Event::DraftReminded { due_at, .. } => {
            let whose = owner_of_draft(i).map_or(String::new(), |p| format!("@{}: ", one(p.as_str())));
            let late = span(now.seconds_since(*due_at));
            (format!("the post-mortem is overdue by {late}"), Some(format!("{whose}{}", how(&Milestone::Postmortem))))
        }
        Event::ActionReminded { no, days_late, .. } => {
            let item = i.actions.iter().find(|a| a.no == *no);
            let text = item.map_or(String::new(), |a| format!(": {}", one(&a.text)));
            let whose = match item.and_then(|a| a.owner.as_ref()) {
                Some(owner) => format!("@{}: is it done?", one(owner.as_str())),
                None => "Nobody owns it. Is it done?".to_string(),
            };
            (
                format!("action item {no} is {}{text}", lateness(*days_late)),
                Some(format!("{whose} /incident {id} done {no}")),
            )
        }
        Event::StillWorkingAsked { resumes_at } => {
            let who = i.acknowledged.as_ref().map_or("somebody".to_string(), |a| who(&a.by));
            let again = clock(*resumes_at, now);
            let how =
                format!("Anything you do answers, such as /incident {id} ack. Else paging begins again at {again}.");
            (format!("{who}, still working on it?"), Some(how))
        }
        _ => ("a reminder".to_string(), None),
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_lowercase().chain(chars).collect())
}

/// What somebody wrote, marked as theirs; nothing where they wrote nothing.
fn quoted(text: &str) -> Option<String> {
    let text = said(text);
    if text.is_empty() { None } else { Some(format!("{INDENT}{text}")) }
}
