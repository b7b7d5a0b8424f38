//! The card of an incident for chats: what stands, what happens next, what can be done now. Pure: the same incident
//! always makes the same card, with times as instants that each platform draws for its reader, so nothing is edited
//! because time passes. Knows no platform's markup.

use super::{link, text};
use crate::engine::ports::chat::{ActionStyle, Card, CardAction, CardValue, Line};
use firebell_domain::chat::says;
use firebell_domain::directory::Directory;
use firebell_domain::event::{Actor, IncidentEvent};
use firebell_domain::id::{ChannelId, PersonId};
use firebell_domain::incident::Incident;
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::Timestamp;
use firebell_domain::timeline::words::{counted, one, sentence, who, whole};
use firebell_domain::timeline::{self, NextLevel, next_level};

/// Lines of one message: what came before is told to be in the room.
pub const LINES_MAX: usize = 20;
/// Slack's limit for a topic.
pub const TOPIC_CHARS_MAX: usize = 250;
/// Of a place's name, before what a platform adds to make it unique. Slack takes 80, Discord 100.
pub const PLACE_CHARS_MAX: usize = 76;

pub fn card(i: &Incident, directory: &Directory, public_url: &str) -> Card {
    let level = one(&i.severity.level);
    let status = status(i);
    let title = whole(&i.title);
    Card {
        incident: i.id,
        plain: format!("{}{title}: {status}", text::head(i)),
        title,
        severity_level: level,
        severity_rank: i.severity.rank,
        status,
        facts: facts(i, directory),
        text: paragraphs(i),
        actions: actions(i),
        link: link(public_url, i.id),
        ended: !i.status.open(),
    }
}

/// "investigating, nobody has acknowledged": without times, which are facts of their own.
fn status(i: &Incident) -> String {
    match (i.status.open(), &i.acknowledged) {
        (true, Some(a)) if i.snoozed_until.is_some() => format!("{}, snoozed by {}", i.status, who(&a.by)),
        (true, Some(a)) => format!("{}, {} has it", i.status, who(&a.by)),
        (true, None) if i.snoozed_until.is_some() => format!("{}, snoozed", i.status),
        (true, None) if i.quiet_resolves_at.is_some() => format!("{}, all alerts have resolved", i.status),
        (true, None) if i.escalation.used_up => {
            format!("{}, every level was paged and nobody has acknowledged", i.status)
        }
        (true, None) => format!("{}, nobody has acknowledged", i.status),
        (false, _) => match i.merged_into {
            Some(into) => format!("merged into {into}"),
            None => i.status.to_string(),
        },
    }
}

fn facts(i: &Incident, directory: &Directory) -> Vec<(String, CardValue)> {
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: CardValue| facts.push((label.to_string(), value));
    let somebody = |p: &PersonId| {
        let name = directory.people.get(p).map_or_else(|| one(p.as_str()), |known| one(&known.name));
        CardValue::Person { id: p.clone(), name }
    };
    let clock = |at: Timestamp| CardValue::Time { at, relative: true };
    let name = one(&i.severity.name);
    let level = one(&i.severity.level);
    let both = if name.is_empty() || name == level { level } else { format!("{level} {name}") };
    fact("Severity", CardValue::Text(both));
    if let Some(service) = &i.service {
        fact("Service", CardValue::Text(one(service.as_str())));
    }
    fact("Declared", clock(i.declared_at));
    if let Some(a) = &i.acknowledged {
        match &a.by {
            Actor::Person { name, .. } => fact("Has it", somebody(name)),
            other => fact("Has it", CardValue::Text(who(other))),
        }
        fact("Acknowledged", clock(a.at));
    }
    match &i.lead {
        Some(lead) => fact("Lead", somebody(lead)),
        None if i.status.open() => fact("Lead", CardValue::Text("nobody yet".to_string())),
        None => {}
    }
    for (role, person) in i.roles.iter().take(4) {
        fact(&sentence(&one(role)), somebody(person));
    }
    if let Some(at) = i.snoozed_until.filter(|_| i.status.open()) {
        fact("Snoozed until", clock(at));
    }
    if let (Some(at), true) = (i.escalation.next_at, i.unanswered()) {
        fact(&next_label(i), clock(at));
    }
    if let (Some(at), true) = (i.quiet_resolves_at, i.unanswered()) {
        fact("Resolves itself", clock(at));
    }
    let firing = text::firing(i);
    if firing > 0 {
        fact("Alerts", CardValue::Text(format!("{} firing", counted(firing, "alert"))));
    }
    if let Some(at) = i.ended_at {
        fact("Ended", clock(at));
    }
    facts
}

fn next_label(i: &Incident) -> String {
    match next_level(i) {
        NextLevel::Level(index) if !i.escalation.everyone => format!("Level {} is paged", index.saturating_add(1)),
        NextLevel::Level(_) | NextLevel::Everyone => "Paging begins again".to_string(),
        NextLevel::UsedUp => "Nobody else is paged after".to_string(),
    }
}

fn paragraphs(i: &Incident) -> Vec<String> {
    let mut all = Vec::new();
    match (i.status, &i.acknowledged) {
        (IncidentStatus::Resolved, _) => all.push("Resolved. Its post-mortem has begun to write itself.".to_string()),
        (IncidentStatus::Merged | IncidentStatus::Cancelled, _) => {
            all.push("It has ended: nobody is paged for it any more.".to_string());
        }
        (_, None) if i.escalation.used_up => {
            all.push("Nobody is paged by itself any more: acknowledge it, or page somebody.".to_string());
        }
        (_, None) if i.snoozed_until.is_none() && i.quiet_resolves_at.is_none() => {
            all.push("Whoever takes it presses Acknowledge: that stops the paging.".to_string());
        }
        _ => {}
    }
    if let Some(walk) = i.walk.as_ref().filter(|_| i.status.open()) {
        let (name, steps) = (one(&walk.playbook.name), walk.playbook.steps.len());
        all.push(match walk.step() {
            Some(_) => format!("Playbook \"{name}\": step {} of {steps}.", walk.next),
            None => format!("Playbook \"{name}\" is done."),
        });
    }
    let missing = i.missing_in_rooms();
    if !missing.is_empty() {
        all.push(format!("Not done yet: {}.", missing.join("; ")));
    }
    all
}

/// What a card may offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Of the grammar.
    pub verb: &'static str,
    pub label: &'static str,
    /// Asks for more before anything is done.
    pub form: bool,
}

const fn offer(verb: &'static str, label: &'static str, form: bool) -> Offer {
    Offer { verb, label, form }
}

/// All that any card ever offers.
pub const ACTIONS: &[Offer] = &[
    offer("ack", "Acknowledge", false),
    offer("update", "Post update…", true),
    offer("resolve", "Resolve…", true),
    offer("escalate", "Escalate now", false),
    offer("unack", "Hand back…", true),
    offer("page", "Page somebody…", true),
    offer("lead", "Who leads…", true),
    offer("severity", "Change severity…", true),
    offer("status", "Change status…", true),
    offer("runbook", "Runbook", false),
    offer("timeline", "Timeline", false),
    offer("note", "Add a note…", true),
    offer("postmortem", "Post-mortem", false),
    offer("action", "Add action item…", true),
    offer("reopen", "Reopen…", true),
];

/// The most useful first.
fn actions(i: &Incident) -> Vec<CardAction> {
    let verbs: &[&str] = match (i.status, &i.acknowledged) {
        (IncidentStatus::Resolved, _) => &["postmortem", "action", "reopen", "timeline"],
        (status, _) if !status.open() => &["timeline"],
        (_, None) => &[
            "ack", "update", "resolve", "escalate", "page", "lead", "severity", "status", "runbook", "timeline", "note",
        ],
        (_, Some(_)) => {
            &["update", "runbook", "resolve", "unack", "page", "lead", "severity", "status", "timeline", "note"]
        }
    };
    let of = |verb: &&str| ACTIONS.iter().find(|a| a.verb == *verb);
    let styled = |offer: &Offer| CardAction {
        verb: offer.verb.to_string(),
        label: offer.label.to_string(),
        style: match offer.verb {
            "resolve" => ActionStyle::Danger,
            "ack" => ActionStyle::Primary,
            "update" if i.acknowledged.is_some() => ActionStyle::Primary,
            _ => ActionStyle::Plain,
        },
        form: offer.form,
    };
    verbs.iter().filter_map(of).map(styled).collect()
}

/// What happened after a number, of these events and in this chat; older ones beyond the bound are counted in the first
/// line.
pub fn lines(before: &Incident, events: &[IncidentEvent], after: i64, chat: &ChannelId) -> Vec<Line> {
    let told = events
        .iter()
        .filter(|e| e.seq > after && says(e, chat))
        .map(|e| e.seq)
        .collect::<std::collections::BTreeSet<_>>();
    let entries = timeline::entries_after(Some(before), events);
    let mut all: Vec<Line> = entries
        .into_iter()
        .filter(|e| told.contains(&e.seq) && e.importance != timeline::Importance::Detail)
        .map(|e| Line { seq: e.seq, at: e.at, who: e.actor, text: e.text })
        .collect();
    let left = all.len().saturating_sub(LINES_MAX);
    if left > 0 {
        all.drain(..left);
        if let Some(first) = all.first() {
            let text = format!(
                "{} before these: say \"timeline\" to read them.",
                counted(left, "more entry").replace("entrys", "entries")
            );
            all.insert(0, Line { seq: 0, at: first.at, who: "Firebell".to_string(), text });
        }
    }
    all
}

/// `inc-42-checkout-is-down`: lower case, digits and single dashes, in any script that a platform takes.
pub fn place_name(i: &Incident) -> String {
    let mut name = format!("inc-{}", i.id.0);
    let title = if i.private { "private" } else { i.title.as_str() };
    let mut gap = true;
    for c in title.chars() {
        if name.chars().count() >= PLACE_CHARS_MAX {
            break;
        }
        if c.is_alphanumeric() {
            if gap {
                name.push('-');
            }
            gap = false;
            name.extend(c.to_lowercase());
        } else {
            gap = true;
        }
    }
    name.chars().take(PLACE_CHARS_MAX).collect::<String>().trim_end_matches('-').to_string()
}

/// `[P1] INC-42 checkout is down — investigating, ana leads`.
pub fn topic(i: &Incident) -> String {
    let lead = i.lead.as_ref().map_or(String::new(), |l| format!(", @{} leads", one(l.as_str())));
    timeline::words::fit(&text::head(i), &i.title, &format!(" — {}{lead}", i.status), TOPIC_CHARS_MAX)
}
