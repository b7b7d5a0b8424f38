//! `postmortem`: the draft, from the log alone.

use super::spec::{Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said, facts, timeline};
use crate::app::ActError;
use crate::fault::{Fault, FaultKind};
use firebell_domain::decide::Input;
use firebell_domain::postmortem::{self, Layout, Zone};
use firebell_domain::refusal::Refusal;
use firebell_domain::status::PostmortemStatus;

pub const SPEC: Spec = Spec {
    verb: "postmortem",
    aliases: &["post-mortem", "pm", "retrospective"],
    summary: "Drafts the post-mortem in Markdown",
    usage: "/incident postmortem [draft|review|published]",
    details: "Every fact of the log is in it; contributing factors and lessons are for people, with questions, and \
              are written in the room, from the incident's page. \
              While the incident is open it has what is known so far. Times are those of your time_zone, with UTC beside. \
              firebell postmortem INC-42 --format html writes it as a page. A word after it says how far it is; \
              \"published\" stops the clock of the post-mortem.",
    examples: &["/incident INC-42 postmortem", "/incident INC-42 postmortem published"],
    group: Group::End,
    doing: "draft a post-mortem of",
    after_end: true,
    ..Spec::BASE
};

/// How far it is now, or `None` to read it.
pub fn parse(words: &mut Words, _: &Ground) -> Result<Option<PostmortemStatus>, Refusal> {
    let said = words.rest().trim();
    if said.is_empty() {
        return Ok(None);
    }
    let what = format!("\"{}\" says nothing of a post-mortem.", shown(said));
    PostmortemStatus::parse(said).map(Some).ok_or_else(|| usage_refusal(what, SPEC.usage))
}

pub async fn run(call: &Call<'_>, status: Option<PostmortemStatus>) -> Result<Said, ActError> {
    if let Some(status) = status {
        return call.act(Input::SetPostmortem { status }).await;
    }
    let incident = call.incident()?;
    let events = timeline::events(call.app, incident.id).await?;
    let damaged = |why: String| Fault::new(FaultKind::Damaged, format!("{}: {why}", incident.id)).logged();
    let draft = postmortem::draft(&events).map_err(|e| damaged(e.to_string()))?;
    let mut data = facts(incident);
    data["draft"] = serde_json::to_value(&draft).map_err(|e| damaged(e.to_string()))?;
    let speaker = call.ground.directory.people.get(&call.ground.speaker.person);
    let zone = speaker.map_or(Zone::default(), |p| Zone(p.time_zone));
    let text = postmortem::to_markdown(&draft, Layout::Default, zone);
    Ok(Said { text, incident: Some(incident.id), data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn what_it_does_not_understand_is_said() {
        let read = |text| parse(&mut Words::new(text), &ground());
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("published"), Ok(Some(PostmortemStatus::Published)));
        assert_eq!(read("in review"), Ok(Some(PostmortemStatus::InReview)));
        assert_eq!(read("Draft"), Ok(Some(PostmortemStatus::Draft)));
        assert!(matches!(parse(&mut Words::new("as html"), &ground()), Err(Refusal::Usage { .. })));
    }
}
