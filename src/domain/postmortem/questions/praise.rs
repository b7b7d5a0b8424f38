//! Questions about what went well and where it was luck, from this incident's own events. There is always one of
//! each: how it was noticed, and when it came, are in every log.

use crate::incident::Incident;
use crate::postmortem::reached::Outcome;
use crate::postmortem::{Draft, PageOutcome};
use crate::time::span;
use crate::timeline::words::{clock, counted};

pub fn went_well(draft: &Draft) -> Vec<String> {
    let mut all = Vec::new();
    for c in &draft.clocks {
        if let (Outcome::Met, Some(took), Some(allowed)) = (c.outcome, c.took_s, c.allowed_s) {
            let (what, again) = (c.milestone.as_noun(), if c.round > 1 { " after the reopening" } else { "" });
            all.push(format!(
                "The {what}{again} took {}, and {} allows {}: what made that possible?",
                span(took),
                draft.severity,
                span(allowed)
            ));
        }
    }
    let done = draft.actions.iter().filter(|a| a.done_at.is_some()).count();
    if done > 0 {
        let all_of_them = counted(draft.actions.len(), "action item");
        let are = if done == 1 { "is" } else { "are" };
        all.push(format!("Of {all_of_them} {done} {are} done already: what helped?"));
    }
    if let Some(end) = draft.end.as_ref().filter(|e| !e.text.is_empty() && draft.status == "resolved") {
        all.push(format!("{} ended it with \"{}\": how was that found?", end.by, end.text));
    }
    if all.is_empty() {
        let (id, by) = (&draft.id, &draft.milestones.declared_by);
        all.push(format!("{id} was declared by {by}: what made it noticed then, and not later?"));
    }
    all
}

pub fn lucky(draft: &Draft, incident: &Incident) -> Vec<String> {
    let mut all = Vec::new();
    let declared = draft.milestones.declared_at;
    let late = draft.pages.iter().filter(|p| p.tries > 1 && p.outcome == PageOutcome::Sent).count();
    if late > 0 {
        let pages = counted(late, "page");
        all.push(format!("{pages} arrived only after another try: what if none had?"));
    }
    let levels: Vec<_> = draft.pages.iter().filter(|p| p.why.starts_with("level ")).collect();
    if let (Some(last), Some(by)) = (levels.last(), &draft.milestones.acknowledged_by)
        && last.why != "level 1"
    {
        all.push(format!("{by} answered, and {} had to be paged: who would have been next?", last.why));
    }
    let day = declared.utc().format("%A");
    let at = clock(declared, declared);
    let status = if incident.status.open() { "It came" } else { "It came and went" };
    all.push(format!("{status} on a {day} at {at}: what would have been otherwise at another hour?"));
    all
}
