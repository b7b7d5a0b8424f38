//! Overviews: one incident with all that is known of it, the open ones in a list, the timeline as text. Reads only;
//! whoever asks has been let in before.

use super::text::firing;
use firebell_domain::event::Actor;
use firebell_domain::id::{IncidentId, PersonId, ServiceId};
use firebell_domain::incident::Incident;
use firebell_domain::intent::What;
use firebell_domain::severity::Severity;
use firebell_domain::status::IncidentStatus;
use firebell_domain::text::cut;
use firebell_domain::time::{Timestamp, span};
use firebell_domain::timeline::words::{clock, counted, intent, one, people, person, sentence, until, who};
use firebell_domain::timeline::{Entry, Importance, action_words, headline, next_step, source_words};

/// Characters of one line.
const LINE_CHARS_MAX: usize = 250;
/// Action items that are shown with their text.
const ACTIONS_MAX: usize = 8;
/// Messages under way that are shown one by one.
const PAGES_MAX: usize = 5;
/// Incidents that a list shows.
const LIST_MAX: usize = 50;
/// Entries that a timeline shows: the latest.
const TIMELINE_MAX: usize = 100;

/// Everything that is known of one incident, in at most 25 lines.
pub fn show(i: &Incident, now: Timestamp) -> String {
    let mut lines = vec![headline(i, now), next_step(i, now)];
    let (level, name) = (one(&i.severity.level), one(&i.severity.name));
    let private = if i.private { ", private" } else { "" };
    lines.push(format!("Severity {level} ({name}), status {}{private}", i.status));
    let by = who(&i.declared_by);
    let ago = span(now.seconds_since(i.declared_at));
    lines.push(format!("Declared {} by {by}, {ago} ago", clock(i.declared_at, now)));
    let service = i.service.as_ref().map_or("none named".to_string(), |s| one(s.as_str()));
    let policy = i.policy.as_ref().map_or("none, every pager is paged".to_string(), |p| {
        format!("{} with {}", one(p.name.as_str()), counted(p.steps.len(), "level"))
    });
    lines.push(format!("Service: {service}. Escalation policy: {policy}"));
    let roles = i.roles.iter().map(|(role, p)| format!("{} {}", one(role), person(p)));
    let lead = i.lead.as_ref().map_or("lead nobody".to_string(), |p| format!("lead {}", person(p)));
    lines.push(format!("Roles: {}", [lead].into_iter().chain(roles).collect::<Vec<_>>().join(", ")));
    let involved = if i.responders.is_empty() { "nobody yet".to_string() } else { people(&i.responders) };
    lines.push(format!("People in it: {involved}"));
    lines.extend(alerts(i));
    lines.extend(i.source_link().map(source_words).filter(|l| l.chars().count() <= LINE_CHARS_MAX));
    lines.extend(sending(i, now));
    lines.extend(i.walk.as_ref().map(playbook));
    lines.extend(actions(i));
    lines.push(can_be_done(i));
    lines.iter().map(|l| cut(l, LINE_CHARS_MAX)).collect::<Vec<_>>().join("\n")
}

fn alerts(i: &Incident) -> Option<String> {
    if i.groups.is_empty() {
        return None;
    }
    let (all, firing) = (i.groups.iter().map(|g| g.alerts.len()).sum::<usize>(), firing(i));
    let mut sources: Vec<String> = Vec::new();
    for g in &i.groups {
        let source = one(&g.source);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let partial = if i.groups.iter().any(|g| g.partial) { ", and some that were not named" } else { "" };
    let resolved = all.saturating_sub(firing);
    Some(format!("Alerts from {}: {firing} firing, {resolved} resolved{partial}", sources.join(", ")))
}

fn sending(i: &Incident, now: Timestamp) -> Vec<String> {
    let pages: Vec<_> = i.live.values().filter(|l| matches!(l.intent.what, What::Page(_))).collect();
    let others = i.live.len().saturating_sub(pages.len());
    let mut lines: Vec<String> = Vec::new();
    for l in pages.iter().take(PAGES_MAX) {
        let tried = if l.attempt > 1 { format!(", try {}", l.attempt) } else { String::new() };
        let state = match (&l.claim, l.due_at > now) {
            (Some(_), _) => "being sent".to_string(),
            (None, true) => format!("tried again {}", until(l.due_at, now)),
            (None, false) => "waiting to be sent".to_string(),
        };
        lines.push(format!("{}: {state}{tried}", sentence(&intent(&l.intent))));
    }
    let more = pages.len().saturating_sub(PAGES_MAX);
    if more > 0 {
        lines.push(format!("… and {} on the way", counted(more, "more page")));
    }
    if others > 0 {
        lines.push(format!("{} waiting to be sent", counted(others, "notice")));
    }
    lines
}

fn actions(i: &Incident) -> Vec<String> {
    let (open, done): (Vec<_>, Vec<_>) = i.actions.iter().partition(|a| a.done_at.is_none());
    if i.actions.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("Action items: {} open, {} done", open.len(), done.len())];
    let item = |a: &&firebell_domain::incident::ActionItem| {
        format!("  {}. {}", a.no, action_words(&a.text, a.owner.as_ref(), a.due))
    };
    lines.extend(open.iter().take(ACTIONS_MAX).map(item));
    let more = open.len().saturating_sub(ACTIONS_MAX);
    lines.extend((more > 0).then(|| format!("  … and {more} more")));
    lines
}

fn playbook(walk: &firebell_domain::playbook::Walk) -> String {
    let (name, all) = (one(&walk.playbook.name), walk.playbook.steps.len());
    match walk.step() {
        Some(_) => format!(
            "Playbook \"{name}\": step {} of {all} has its turn ({} done, {} failed)",
            walk.next, walk.done, walk.failed
        ),
        None => {
            format!("Playbook \"{name}\": all {all} steps had their turn ({} done, {} failed)", walk.done, walk.failed)
        }
    }
}

fn can_be_done(i: &Incident) -> String {
    let verbs = match (i.status, &i.acknowledged) {
        (IncidentStatus::Resolved, _) => "postmortem · timeline · action TEXT · reopen REASON",
        (IncidentStatus::Merged | IncidentStatus::Cancelled, _) => "timeline · note TEXT",
        (_, None) => "ack · page @person · escalate · snooze 30m · timeline",
        (_, Some(_)) => "status identified TEXT · update TEXT · lead @person · resolve TEXT · unack · timeline",
    };
    format!("Say: /incident {} followed by {verbs}", i.id)
}

/// One incident of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    pub id: IncidentId,
    pub title: String,
    pub severity: Severity,
    pub status: IncidentStatus,
    pub service: Option<ServiceId>,
    pub acknowledged_by: Option<Actor>,
    pub lead: Option<PersonId>,
    pub declared_at: Timestamp,
    pub private: bool,
}

impl From<&Incident> for ListRow {
    fn from(i: &Incident) -> Self {
        ListRow {
            id: i.id,
            title: i.title.clone(),
            severity: i.severity.clone(),
            status: i.status,
            service: i.service.clone(),
            acknowledged_by: i.acknowledged.as_ref().map(|a| a.by.clone()),
            lead: i.lead.clone(),
            declared_at: i.declared_at,
            private: i.private,
        }
    }
}

/// The given incidents, one a line, in the given order.
pub fn list(rows: &[ListRow], now: Timestamp) -> String {
    if rows.is_empty() {
        return "No incident is open. \"/incident declare P1 what is broken\" begins one.".to_string();
    }
    let mut lines: Vec<String> = rows.iter().take(LIST_MAX).map(|r| list_line(r, now)).collect();
    let more = rows.len().saturating_sub(LIST_MAX);
    lines.extend((more > 0).then(|| format!("… and {} more", counted(more, "incident"))));
    lines.join("\n")
}

fn list_line(r: &ListRow, now: Timestamp) -> String {
    let head = format!("[{}] {} ", one(&r.severity.level), r.id);
    let mut facts = vec![r.status.to_string()];
    if r.status.open() {
        facts.push(r.acknowledged_by.as_ref().map_or("NOBODY has it".to_string(), |a| format!("{} has it", who(a))));
    }
    facts.extend(r.lead.as_ref().map(|p| format!("lead {}", person(p))));
    facts.extend(r.service.as_ref().map(|s| one(s.as_str())));
    facts.push(format!("declared {} ago", span(now.seconds_since(r.declared_at))));
    facts.extend(r.private.then(|| "private".to_string()));
    let tail = format!(" — {}", facts.join(", "));
    firebell_domain::timeline::words::fit(&head, &r.title, &tail, LINE_CHARS_MAX)
}

/// The timeline as text, without how it was done unless `details` are asked for; the latest entries.
pub fn timeline(i: &Incident, entries: &[Entry], details: bool, now: Timestamp) -> String {
    let shown: Vec<&Entry> = entries.iter().filter(|e| details || e.importance != Importance::Detail).collect();
    let skipped = shown.len().saturating_sub(TIMELINE_MAX);
    let mut lines = vec![headline(i, now)];
    if skipped > 0 {
        lines.push(format!("… {} before these: firebell postmortem {}", counted(skipped, "earlier entry"), i.id));
    }
    let mut day = None;
    for e in shown.into_iter().skip(skipped) {
        let at = e.at.utc();
        if day != Some(at.date_naive()) {
            day = Some(at.date_naive());
            lines.push(at.format("%Y-%m-%d, times in UTC").to_string());
        }
        let via = e.via.as_ref().map_or(String::new(), |v| format!(" ({v})"));
        lines.push(format!("{} {}{via}: {}", at.format("%H:%M:%S"), e.actor, e.text));
    }
    lines.join("\n")
}
