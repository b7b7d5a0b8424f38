//! What each part of a post-mortem says, as blocks without a markup. Every sentence here is from the log or a word
//! about where it is from; nothing is judged and nothing escaped (the formats do that).

use super::document::{Block, Moment, Zone};
use super::reached::{Outcome, Reached};
use super::{Chapter, Draft, PageFact, written};
use crate::time::span;
use crate::timeline::Importance;
use crate::timeline::words::{INDENT, sentence};
use std::fmt::Write;

pub fn preface(draft: &Draft, zone: Zone) -> Vec<Block> {
    let n = draft.timeline.len();
    let made = if draft.postmortem == "draft" { "A draft made" } else { "Made" };
    let people = match draft.written.versions.last() {
        None => {
            "Contributing factors and lessons are for people to write; everything else is from the log.".to_string()
        }
        Some(v) => format!(
            "What people wrote is version {}, saved by {} on {}; everything else is from the log.",
            v.version,
            v.by,
            zone.time(v.at)
        ),
    };
    let from = format!("{made} from the {n} events of the incident's log. {people} {}", zone.said());
    // Whoever reads nothing else reads this.
    let alone = |e: &&crate::timeline::Entry| e.icon_word == "break glass";
    let said =
        |e: &crate::timeline::Entry| Block::Para(format!("BREAK GLASS at {}: {}.", zone.time(e.at), left(&e.text)));
    let mut all: Vec<Block> = draft.timeline.iter().filter(alone).map(said).collect();
    all.push(Block::Para(from));
    if draft.private {
        let text = "This incident is private: share the draft only with people who are in it.";
        all.push(Block::Para(text.to_string()));
    }
    all
}

fn written(draft: &Draft, chapter: Chapter) -> Vec<Block> {
    draft.written.texts.get(&chapter).map(|t| written::blocks(t)).unwrap_or_default()
}

pub fn facts(draft: &Draft, zone: Zone) -> Vec<Block> {
    let mut rows = vec![
        ("Declared", zone.time(draft.milestones.declared_at)),
        ("Severity", format!("{} ({})", draft.severity, draft.severity_name)),
        ("Status", sentence(&draft.status)),
    ];
    rows.extend(draft.service.iter().map(|s| ("Service", s.clone())));
    rows.extend(draft.lead.iter().map(|p| ("Incident lead", format!("@{p}"))));
    rows.push(("Post-mortem", sentence(draft.postmortem)));
    let rows = rows.into_iter().map(|(name, fact)| vec![name.to_string(), fact]).collect();
    vec![Block::Table { head: vec!["Fact".into(), "As recorded".into()], rows }]
}

pub fn summary(draft: &Draft, zone: Zone) -> Vec<Block> {
    let m = &draft.milestones;
    let mut text =
        format!("{} was declared on {} by {} as an incident", draft.id, zone.time(m.declared_at), m.declared_by);
    if let Some(service) = &draft.service {
        let _ = write!(text, " of service {service}");
    }
    let _ = write!(text, ". Its severity is {} ({}).", draft.severity, draft.severity_name);
    match (&m.acknowledged_by, m.time_to_acknowledge_s) {
        (Some(who), Some(s)) => {
            let _ = write!(text, " {who} acknowledged after {}.", span(s));
        }
        _ => text.push_str(" Nobody has acknowledged it."),
    }
    match m.ended_at {
        Some(at) => {
            let after = span(at.seconds_since(m.declared_at));
            let _ = write!(text, " It was {} after {after}.", draft.status);
        }
        None => {
            let _ = write!(text, " It is still open ({}).", draft.status);
        }
    }
    let mut all = written(draft, Chapter::Summary);
    all.push(Block::Para(text));
    all
}

pub fn impact(draft: &Draft, zone: Zone) -> Vec<Block> {
    let m = &draft.milestones;
    let until = match (m.mitigated_at, m.ended_at) {
        (Some(at), _) => format!("until impact was over (monitoring) at {}", zone.time(at)),
        (None, Some(at)) => format!("until it ended at {}; nobody set it to monitoring before", zone.time(at)),
        (None, None) => "and is not over".to_string(),
    };
    let mut all = written(draft, Chapter::Impact);
    all.push(Block::Para(format!("Impact is recorded from {} {until}.", zone.time(m.declared_at))));
    all
}

pub fn updates(draft: &Draft, zone: Zone) -> Vec<Block> {
    if draft.updates.is_empty() {
        return vec![Block::Para("No status update was written.".to_string())];
    }
    let one = |u: &super::UpdateFact| {
        let status = u.status.as_ref().map_or(String::new(), |s| format!(" ({s})"));
        let text = if u.text.is_empty() { String::new() } else { format!(": {}", left(&u.text)) };
        format!("{}, {}{status}{text}", zone.time(u.at), u.by)
    };
    vec![
        Block::Para("What was written for those who waited:".to_string()),
        Block::List(draft.updates.iter().map(one).collect()),
    ]
}

/// A text with indented lines (see `words::said`) with all of them at the left.
fn left(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(|l| l.strip_prefix(INDENT).unwrap_or(l)).collect();
    lines.join("\n")
}

pub fn detection(draft: &Draft, zone: Zone) -> Vec<Block> {
    let by = &draft.milestones.declared_by;
    let text = match &draft.detection {
        None => format!("No alert fired: {by} declared it."),
        Some(d) => {
            let (source, alert, began) = (&d.source, &d.alert, zone.time(d.began_at));
            let when = match d.took_s {
                s if s < 0 => format!("{} after {by} had declared it", span(s.saturating_neg())),
                0 => format!("and {by} declared it at once"),
                s => format!("{} before {by} declared it", span(s)),
            };
            format!("The first alert, from {source}, began at {began}, {when}: {alert}")
        }
    };
    vec![Block::Para(text)]
}

pub fn milestones(draft: &Draft, zone: Zone) -> Vec<Block> {
    let rounds = draft.clocks.iter().map(|c| c.round).max().unwrap_or(1);
    let mut head =
        vec!["Milestone".into(), zone.head("Reached"), "Took".into(), zone.head("Deadline"), "Result".into()];
    if rounds > 1 {
        head.insert(0, "Round".into());
    }
    let row = |c: &Reached| {
        let (took, due) = (c.took_s.map_or(String::new(), span), c.due_at.map(|t| zone.time(t)));
        let due = match (due, c.allowed_s) {
            (Some(due), Some(s)) => format!("{due} (within {})", span(s)),
            _ => "none".to_string(),
        };
        let reached = c.reached_at.map_or("never".to_string(), |t| zone.time(t));
        let mut row = vec![sentence(c.milestone.as_str()).replace("Postm", "Post-m"), reached, took, due, result(c)];
        if rounds > 1 {
            row.insert(0, c.round.to_string());
        }
        row
    };
    let mut all = vec![Block::Table { head, rows: draft.clocks.iter().map(row).collect() }];
    let m = &draft.means;
    let means: Vec<Vec<String>> = [
        ("Time to detect (MTTD)", m.detect_s),
        ("Time to acknowledge (MTTA)", m.acknowledge_s),
        ("Time to diagnose", m.diagnose_s),
        ("Time to mitigate (MTTM)", m.mitigate_s),
        ("Time to resolve (MTTR)", m.resolve_s),
    ]
    .into_iter()
    .filter_map(|(name, s)| s.map(|s| vec![name.to_string(), span(s)]))
    .collect();
    if !means.is_empty() {
        let head = if rounds > 1 { format!("Mean of {rounds} rounds") } else { "Figure".to_string() };
        all.push(Block::Table { head: vec![head, "Time".into()], rows: means });
    }
    all
}

/// "met, 3 min to spare".
fn result(c: &Reached) -> String {
    match (c.outcome, c.left_s) {
        (Outcome::Met, Some(s)) => format!("met, {} to spare", span(s)),
        (Outcome::Missed, Some(s)) => format!("missed by {}", span(s.saturating_neg())),
        (Outcome::Missed | Outcome::Met, None) => "missed, and not reached".to_string(),
        (Outcome::Reached, _) => "reached, no deadline".to_string(),
        (Outcome::Running, _) => "not yet".to_string(),
        (Outcome::NotReached, _) => "not reached".to_string(),
    }
}

pub fn policy(draft: &Draft) -> Vec<Block> {
    draft.policy.iter().map(|p| Block::Para(format!("Escalation policy {p}."))).collect()
}

pub fn resolution(draft: &Draft, zone: Zone) -> Vec<Block> {
    let Some(end) = &draft.end else {
        return vec![Block::Para(format!("It is still open ({}).", draft.status))];
    };
    let text = if end.text.is_empty() {
        ". Nothing was written at its end.".to_string()
    } else {
        format!(": {}", left(&end.text))
    };
    vec![Block::Para(format!("{} by {} at {}{text}", sentence(&draft.status), end.by, zone.time(end.at)))]
}

pub fn people(draft: &Draft) -> Vec<Block> {
    if draft.people.is_empty() {
        return vec![Block::Para("Nobody did anything and nobody was paged by name.".to_string())];
    }
    let one = |p: &super::Involved| {
        let mut facts = p.did.clone();
        match p.pages {
            0 => {}
            1 => facts.push("was paged once".to_string()),
            n => facts.push(format!("was paged {n} times")),
        }
        let roles = if p.roles.is_empty() { String::new() } else { format!(" ({})", p.roles.join(", ")) };
        let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
        format!("@{}{roles}{facts}", p.person)
    };
    vec![Block::List(draft.people.iter().map(one).collect())]
}

pub fn alerts(draft: &Draft, zone: Zone) -> Vec<Block> {
    if draft.alerts.is_empty() {
        return vec![Block::Para("No alert is part of this incident.".to_string())];
    }
    let head = ["Source", "Group", "Alert", "Status", "Firing since", "Fingerprint"].map(String::from);
    let row = |a: &super::AlertFact| {
        let (received, since) = (zone.time(a.received_at), zone.time(a.starts_at));
        let (source, group, summary, print) =
            (a.source.clone(), a.group.clone(), a.summary.clone(), a.fingerprint.clone());
        vec![received, source, group, summary, a.status.to_string(), since, print]
    };
    let head = [zone.head("Received")].into_iter().chain(head).collect();
    vec![Block::Table { head, rows: draft.alerts.iter().map(row).collect() }]
}

pub fn pages(draft: &Draft, zone: Zone) -> Vec<Block> {
    if draft.pages.is_empty() {
        return vec![Block::Para("Nobody was paged.".to_string())];
    }
    let row = |p: &PageFact| {
        let to = p.person.as_ref().map_or("everybody".to_string(), |w| format!("@{w}"));
        let over = p.over_at.map_or(String::new(), |t| format!(" ({})", t.utc().format("%H:%M:%S UTC")));
        let outcome = format!("{}{over}", p.outcome.as_str());
        let detail = p.detail.clone().unwrap_or_default();
        let (no, tries) = (p.no.to_string(), p.tries.to_string());
        vec![no, zone.time(p.queued_at), to, p.channel.clone(), p.why.clone(), tries, outcome, detail]
    };
    let head = ["To", "Through", "Why", "Tries", "Outcome", "Detail"].map(String::from);
    let head = ["No.".to_string(), zone.head("Queued")].into_iter().chain(head).collect();
    vec![Block::Table { head, rows: draft.pages.iter().map(row).collect() }]
}

/// With the details of how it was done, or without.
pub fn timeline(draft: &Draft, all: bool) -> Vec<Block> {
    let entries = draft.timeline.iter().filter(|e| all || e.importance != Importance::Detail);
    let moment = |e: &crate::timeline::Entry| Moment {
        at: e.at,
        who: format!("{}{}", e.actor, e.via.as_ref().map_or(String::new(), |v| format!(" ({v})"))),
        text: left(&e.text),
        importance: e.importance,
    };
    vec![Block::Timeline(entries.map(moment).collect())]
}

/// What people wrote there, or what they are asked until they do.
pub fn to_write(draft: &Draft, chapter: Chapter) -> Vec<Block> {
    let written = written(draft, chapter);
    if !written.is_empty() {
        return written;
    }
    let questions = draft.questions.of(chapter);
    vec![
        Block::Aside("To be written. Questions from this incident:".to_string()),
        Block::List(questions.iter().map(|q| left(q)).collect()),
    ]
}

pub fn actions(draft: &Draft, zone: Zone) -> Vec<Block> {
    if draft.actions.is_empty() {
        let how = format!("None was recorded. \"/incident {} action TEXT @user by DATE\" adds one.", draft.id);
        return vec![Block::Para(how)];
    }
    let one = |a: &super::ActionFact| {
        let mut facts: Vec<String> = a.owner.iter().map(|p| format!("@{p}")).collect();
        facts.extend(a.due.map(|d| format!("by {d}")));
        facts.extend(a.done_at.map(|t| format!("done {}", zone.time(t))));
        let facts = if facts.is_empty() { "nobody's yet".to_string() } else { facts.join(", ") };
        (a.done_at.is_some(), format!("{}. {} ({facts})", a.no, a.text))
    };
    vec![Block::Tasks(draft.actions.iter().map(one).collect())]
}

pub fn unreadable(draft: &Draft, zone: Zone) -> Vec<Block> {
    let one = |u: &super::UnreadableFact| {
        let (source, at, bytes, problem) = (&u.source, zone.time(u.at), u.bytes, &u.problem);
        let what =
            format!("Source {source} sent at {at} {bytes} bytes, unreadable: {problem}. It begins, as {}:", u.kept_as);
        [Block::Para(what), Block::Quote(u.kept.clone())]
    };
    draft.unreadable.iter().flat_map(one).collect()
}
