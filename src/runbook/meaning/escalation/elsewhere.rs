//! What lists outside of escalation say about calling people: under a severity, under a phase of the answer.

use super::lists::split_key;
use super::{Chain, counted_in, scope};
use crate::document::{Block, BlockKind, Inline, SectionId};
use crate::fold::folded;
use crate::grammar::escalation::step;
use crate::lexicon::{Header, Role, header, lexicon};
use crate::meaning::Reading;
use crate::model::Action;

/// Outside of escalation: what a severity's or a timed phase's list says about calling people.
pub fn elsewhere(reading: &Reading<'_>, block: &Block, text: &Inline, chain: &mut Chain) {
    let id = block.section;
    let (lead, rest) = match text.lead().map(|(l, r)| (l.to_string(), r)).or_else(|| split_key(&text.plain)) {
        Some((lead, rest)) => (
            lead.trim_end_matches([':', ' ', '：']).to_string(),
            rest.trim_start_matches([':', '：', ' ', '-', '–', '—']),
        ),
        None => (String::new(), text.plain.as_str()),
    };
    // "**Escalation**: page the manager after 30 minutes" under a severity.
    let about = !lead.is_empty()
        && (crate::lexicon::roles(&lead) == [Role::Escalation] || header(&lead) == Some(Header::EscalateTo));
    // Neither calls anybody nor counts from the start of an incident: most of what is written.
    let counts = || text.plain.trim_start().to_lowercase().starts_with("t+");
    let acts = |text: &str| lexicon().actions.first(&folded(text)).is_some();
    if rest.is_empty() || !(about || acts(rest) || acts(&lead) || counts()) {
        return;
    }
    let scope = scope(reading, id);
    let window = window(reading, id);
    // A check box without a severity only reminds of what escalation says elsewhere.
    let checked = matches!(&block.kind, BlockKind::Item(item) if item.check.is_some());
    if scope.is_none() && checked {
        return;
    }
    // "T+15m engineering manager": counted from the start of an incident, wherever it stands.
    if counts()
        && let Some(said) = step(&text.plain).filter(|s| s.reaches_people() && s.target.split_whitespace().count() <= 6)
        && said.after_s.is_some()
    {
        chain.push(counted_in(reading, block), scope, said, text.line);
        return;
    }
    let by_lead = step(&format!("{lead} x")).and_then(|s| s.action);
    let inner = step(rest).filter(|s| s.action.is_some() || by_lead.is_some() || about);
    let Some(mut said) = inner else { return };
    said.action = said.action.or(by_lead);
    let calls =
        matches!(said.action, Some(Action::Page | Action::Notify | Action::Escalate | Action::Handoff)) || about;
    let target = folded(&said.target);
    let reaches = said.reaches_people() || lexicon().media.first(&target).is_some();
    let short = said.target.split_whitespace().count() <= 7;
    let opens = matches!(said.action, Some(Action::Ticket | Action::Bridge)) && scope.is_some();
    let reaches = if scope.is_some() { reaches } else { said.reaches_people() };
    let delayed = matches!(said.action, Some(Action::Page | Action::Escalate)) && said.after_s.is_some_and(|s| s > 0);
    if !(short
        && (calls && reaches && (about && scope.is_some() || window.is_some() || delayed) || opens && window.is_some()))
    {
        return;
    }
    if scope.is_none() {
        let reason = "It stands under no severity: it would count for every incident.";
        chain.propose(reading, id, &said.target, reason, text.line);
    }
    if let Some([from, _]) = window {
        said.after_s = said.after_s.or(Some(from));
    }
    chain.push(counted_in(reading, block), scope, said, text.line);
}

/// The window of the phase that a section is, or stands in.
fn window(reading: &Reading<'_>, id: SectionId) -> Option<[u64; 2]> {
    let routine = reading.nearest(id, 0, &[Role::Schedule, Role::Response, Role::Severity]) == Some(Role::Schedule);
    if routine {
        return None;
    }
    reading.around(id).take(2).find_map(|id| reading.window(id))
}
