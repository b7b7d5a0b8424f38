//! The draft as Markdown, to be finished by people. All text that is not ours goes through `escape`; the document
//! contains no HTML, so it looks the same in every viewer.

use super::{Draft, PageFact, escape};
use crate::time::{Timestamp, span};
use crate::timeline::words::{INDENT, sentence};
use crate::timeline::{Entry, Importance};
use std::fmt::Write;

pub fn to_markdown(draft: &Draft) -> String {
    let mut out = String::new();
    let line = |text: &str| escape::line(text);
    let (id, title) = (&draft.id, line(&draft.title));
    let _ = writeln!(out, "# Post-mortem of {id}: {title}\n");
    let n = draft.timeline.len();
    let _ = writeln!(
        out,
        "A draft made from the {n} events of the incident's log. Contributing factors and lessons are for people to \
         write; everything else is from the log. Times are UTC.\n"
    );
    if draft.private {
        let _ = writeln!(out, "This incident is private: share the draft only with people who are in it.\n");
    }
    summary(&mut out, draft);
    impact(&mut out, draft);
    milestones(&mut out, draft);
    people(&mut out, draft);
    alerts(&mut out, draft);
    pages(&mut out, draft);
    let _ = writeln!(out, "## Timeline\n");
    timeline(&mut out, draft.timeline.iter().filter(|e| e.importance != Importance::Detail));
    to_write(&mut out, "Contributing factors", &draft.questions.contributing_factors);
    to_write(&mut out, "Lessons", &draft.questions.lessons);
    actions(&mut out, draft);
    let _ = writeln!(out, "## Appendix: every event\n");
    timeline(&mut out, draft.timeline.iter());
    unreadable(&mut out, draft);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn time(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M:%S").to_string()
}

fn summary(out: &mut String, draft: &Draft) {
    let m = &draft.milestones;
    let (level, name) = (escape::line(&draft.severity), escape::line(&draft.severity_name));
    let _ = writeln!(out, "## Summary\n");
    let by = escape::line(&m.declared_by);
    let mut text = format!("{} was declared on {} by {by} as an incident", draft.id, time(m.declared_at));
    if let Some(service) = &draft.service {
        let _ = write!(text, " of service {}", escape::line(service));
    }
    let _ = write!(text, ". Its severity is {level} ({name}).");
    match (&m.acknowledged_by, m.time_to_acknowledge_s) {
        (Some(who), Some(s)) => {
            let _ = write!(text, " {} acknowledged after {}.", escape::line(who), span(s));
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
    let _ = writeln!(out, "{text}\n");
}

fn impact(out: &mut String, draft: &Draft) {
    let m = &draft.milestones;
    let _ = writeln!(out, "## Impact\n");
    let until = match (m.mitigated_at, m.ended_at) {
        (Some(at), _) => format!("until impact was over (monitoring) at {}", time(at)),
        (None, Some(at)) => format!("until it ended at {}; nobody set it to monitoring before", time(at)),
        (None, None) => "and is not over".to_string(),
    };
    let _ = writeln!(out, "Impact is recorded from {} {until}.\n", time(m.declared_at));
    if draft.updates.is_empty() {
        let _ = writeln!(out, "No status update was written.\n");
        return;
    }
    let _ = writeln!(out, "What was written for those who waited:\n");
    for u in &draft.updates {
        let status = u.status.as_ref().map_or(String::new(), |s| format!(" **{s}**"));
        let text = if u.text.is_empty() { String::new() } else { format!(": {}", mine(&u.text)) };
        let _ = writeln!(out, "- {}, {}{status}{text}", time(u.at), escape::line(&u.by));
    }
    out.push('\n');
}

/// A text with indented lines (see `words::said`) inside a list item.
fn mine(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(|l| l.strip_prefix(INDENT).unwrap_or(l)).collect();
    escape::block(&lines.join("\n"), "  ")
}

fn milestones(out: &mut String, draft: &Draft) {
    let m = &draft.milestones;
    let _ = writeln!(out, "## Milestones\n\n| Milestone | Time (UTC) | After the declaration |\n|---|---|---|");
    let ended = sentence(&draft.status);
    let after = m.ended_at.map(|t| t.seconds_since(m.declared_at));
    let last = if m.ended_at.is_some() { ended.as_str() } else { "Resolved" };
    for (name, at, after_s) in [
        ("Declared", Some(m.declared_at), Some(0)),
        ("Acknowledged", m.acknowledged_at, m.time_to_acknowledge_s),
        ("Mitigated", m.mitigated_at, m.time_to_mitigate_s),
        (last, m.ended_at, after),
    ] {
        let (at, after) = (at.map_or("never".to_string(), time), after_s.map_or(String::new(), span));
        let _ = writeln!(out, "| {name} | {at} | {after} |");
    }
    out.push('\n');
    if let Some(policy) = &draft.policy {
        let _ = writeln!(out, "Escalation policy {}.\n", escape::line(policy));
    }
}

fn people(out: &mut String, draft: &Draft) {
    let _ = writeln!(out, "## People\n");
    for p in &draft.people {
        let mut facts = p.did.clone();
        match p.pages {
            0 => {}
            1 => facts.push("was paged once".to_string()),
            n => facts.push(format!("was paged {n} times")),
        }
        let roles = if p.roles.is_empty() { String::new() } else { format!(" ({})", p.roles.join(", ")) };
        let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
        let _ = writeln!(out, "- {}", escape::line(&format!("@{}{roles}{facts}", p.person)));
    }
    if draft.people.is_empty() {
        let _ = writeln!(out, "Nobody did anything and nobody was paged by name.");
    }
    out.push('\n');
}

fn alerts(out: &mut String, draft: &Draft) {
    if draft.alerts.is_empty() {
        let _ = writeln!(out, "## Alerts\n\nNo alert is part of this incident.\n");
        return;
    }
    let _ =
        writeln!(out, "## Alerts\n\n| Received (UTC) | Source | Group | Alert | Status | Firing since | Fingerprint |");
    let _ = writeln!(out, "|---|---|---|---|---|---|---|");
    for a in &draft.alerts {
        let cells = [&a.source, &a.group, &a.summary].map(|t| escape::line(t));
        let (received, since, print) = (time(a.received_at), time(a.starts_at), escape::line(&a.fingerprint));
        let _ = writeln!(out, "| {received} | {} | {} | {since} | {print} |", cells.join(" | "), a.status);
    }
    out.push('\n');
}

fn pages(out: &mut String, draft: &Draft) {
    if draft.pages.is_empty() {
        let _ = writeln!(out, "## Pages\n\nNobody was paged.\n");
        return;
    }
    let _ = writeln!(out, "## Pages\n\n| No. | Queued (UTC) | To | Through | Why | Tries | Outcome | Detail |");
    let _ = writeln!(out, "|---|---|---|---|---|---|---|---|");
    for p in &draft.pages {
        let to = p.person.as_ref().map_or("everybody".to_string(), |w| escape::line(&format!("@{w}")));
        let detail = escape::line(p.detail.as_deref().unwrap_or_default());
        let PageFact { no, queued_at, channel, why, tries, outcome, over_at, .. } = p;
        let over = over_at.map_or(String::new(), |t| format!(" ({})", t.utc().format("%H:%M:%S")));
        let (queued, channel, outcome) = (time(*queued_at), escape::line(channel), outcome.as_str());
        let _ = writeln!(out, "| {no} | {queued} | {to} | {channel} | {why} | {tries} | {outcome}{over} | {detail} |");
    }
    out.push('\n');
}

fn timeline<'a>(out: &mut String, entries: impl Iterator<Item = &'a Entry>) {
    for e in entries {
        let via = e.via.as_ref().map_or(String::new(), |v| format!(" ({})", escape::line(v)));
        let (at, actor) = (time(e.at), escape::line(&e.actor));
        let _ = writeln!(out, "- {at}, {actor}{via}: {}", mine(&e.text));
    }
    out.push('\n');
}

fn to_write(out: &mut String, title: &str, questions: &[String]) {
    let _ = writeln!(out, "## {title}\n\n*To be written. Questions from this incident:*\n");
    for q in questions {
        let _ = writeln!(out, "- {}", mine(q));
    }
    if questions.is_empty() {
        let _ = writeln!(out, "- What went well, and what would have helped?");
    }
    out.push('\n');
}

fn actions(out: &mut String, draft: &Draft) {
    let _ = writeln!(out, "## Action items\n");
    for a in &draft.actions {
        let mut facts: Vec<String> = a.owner.iter().map(|p| format!("@{p}")).collect();
        facts.extend(a.due.map(|d| format!("by {d}")));
        facts.extend(a.done_at.map(|t| format!("done {}", time(t))));
        let facts = if facts.is_empty() { "nobody's yet".to_string() } else { facts.join(", ") };
        let mark = if a.done_at.is_some() { 'x' } else { ' ' };
        let _ = writeln!(out, "- [{mark}] {}. {} ({})", a.no, escape::line(&a.text), escape::line(&facts));
    }
    if draft.actions.is_empty() {
        let _ = writeln!(out, "None was recorded. \"/incident {} action TEXT @user by DATE\" adds one.", draft.id);
    }
    out.push('\n');
}

fn unreadable(out: &mut String, draft: &Draft) {
    for u in &draft.unreadable {
        let (source, problem, at) = (escape::line(&u.source), escape::line(&u.problem), time(u.at));
        let _ = writeln!(out, "## Appendix: what source {source} sent at {at}\n");
        let _ = writeln!(out, "{} bytes, unreadable: {problem}. It begins, as {}:\n", u.bytes, u.kept_as);
        let _ = writeln!(out, "> {}\n", escape::block(&u.kept, "> "));
    }
}
