//! `postmortem`: the draft, from the log alone.

use super::spec::{Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said, facts, timeline};
use crate::app::ActError;
use crate::fault::{Fault, FaultKind};
use firebell_domain::postmortem;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "postmortem",
    aliases: &["post-mortem", "pm", "retrospective"],
    summary: "Drafts the post-mortem in Markdown",
    usage: "/incident postmortem",
    details: "Every fact of the log is in it; contributing factors and lessons are left for people, with questions. \
              While the incident is open it has what is known so far. firebell postmortem INC-42 writes it to a file.",
    examples: &["/incident INC-42 postmortem"],
    group: Group::End,
    doing: "draft a post-mortem of",
    after_end: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<(), Refusal> {
    words.end(SPEC.usage)
}

pub async fn run(call: &Call<'_>, _: ()) -> Result<Said, ActError> {
    let incident = call.incident()?;
    let events = timeline::events(call.app, incident.id).await?;
    let damaged = |why: String| Fault::new(FaultKind::Damaged, format!("{}: {why}", incident.id)).logged();
    let draft = postmortem::draft(&events).map_err(|e| damaged(e.to_string()))?;
    let mut data = facts(incident);
    data["draft"] = serde_json::to_value(&draft).map_err(|e| damaged(e.to_string()))?;
    Ok(Said { text: postmortem::to_markdown(&draft), incident: Some(incident.id), data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn what_it_does_not_understand_is_said() {
        assert_eq!(parse(&mut Words::new(""), &ground()), Ok(()));
        assert!(matches!(parse(&mut Words::new("as html"), &ground()), Err(Refusal::Usage { .. })));
    }
}
