//! `timeline`: what happened, in order.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said, facts};
use crate::app::{ActError, App};
use crate::notice;
use firebell_domain::event::IncidentEvent;
use firebell_domain::id::IncidentId;
use firebell_domain::refusal::Refusal;
use firebell_domain::timeline;

/// Entries in the part for programs: the latest. The API's own read has them all.
const ENTRIES_MAX: usize = 100;

pub const SPEC: Spec = Spec {
    verb: "timeline",
    aliases: &["history", "tl"],
    summary: "Shows what happened, in order",
    usage: "/incident timeline [all]",
    details: "\"all\" adds how it was done: every page that was queued, tried and taken back.",
    examples: &["/incident timeline", "/incident INC-42 timeline all"],
    args: &[Arg::optional("all", ArgKind::Word, "Also how it was done")],
    group: Group::Look,
    doing: "show",
    after_end: true,
    ..Spec::BASE
};

/// Whether details are asked for.
pub fn parse(words: &mut Words, _: &Ground) -> Result<bool, Refusal> {
    let all = match words.take().map(|w| w.text.to_lowercase()).as_deref() {
        None => false,
        Some("all" | "full" | "details") => true,
        Some(_) => return Err(usage_refusal("Only \"all\" can follow.", SPEC.usage)),
    };
    words.end(SPEC.usage)?;
    Ok(all)
}

pub async fn run(call: &Call<'_>, details: bool) -> Result<Said, ActError> {
    let i = call.incident()?;
    let entries = timeline::entries(&events(call.app, i.id).await?);
    let mut data = facts(i);
    let from = entries.len().saturating_sub(ENTRIES_MAX);
    data["entries"] = entries.iter().skip(from).map(|e| serde_json::json!(e)).collect();
    let text = notice::show::timeline(i, &entries, details, call.ground.now);
    Ok(Said { text, incident: Some(i.id), data })
}

/// The whole log of an incident.
pub async fn events(app: &App, id: IncidentId) -> Result<Vec<IncidentEvent>, ActError> {
    Ok(app.store().log(id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn details_are_asked_for_by_a_word() {
        assert_eq!(parse(&mut Words::new(""), &ground()), Ok(false));
        assert_eq!(parse(&mut Words::new("ALL"), &ground()), Ok(true));
        for text in ["some", "all of it"] {
            assert!(matches!(parse(&mut Words::new(text), &ground()), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
