//! `step`: ticks the step of the playbook whose turn it is.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said, answer, runbook};
use crate::app::ActError;
use crate::notice::walk;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "step",
    aliases: &[],
    summary: "Ticks the step of the playbook whose turn it is",
    usage: "/incident step done|failed [TEXT]",
    details: "done when it worked, failed when it did not; of a question done is yes and failed is no, and a no leaves out \
              the steps that are for a yes. Without a word it shows the step. What you add stands in the timeline.",
    examples: &["/incident step", "/incident step done 31,000 messages", "/incident step failed quota exceeded"],
    args: &[
        Arg::optional("outcome", ArgKind::Word, "done or failed"),
        Arg::optional("text", ArgKind::Text, "What you saw"),
    ],
    group: Group::Runbook,
    doing: "tick a step of",
    ..Spec::BASE
};

/// How it went, or `None` to see the step.
pub fn parse(words: &mut Words, _: &Ground) -> Result<Option<Input>, Refusal> {
    let Some(first) = words.take() else { return Ok(None) };
    let done = match first.text.to_lowercase().as_str() {
        "done" | "ok" | "yes" => true,
        "failed" | "fail" | "no" => false,
        _ => {
            return Err(usage_refusal(
                format!("A step is done or failed, not \"{}\".", shown(&first.text)),
                SPEC.usage,
            ));
        }
    };
    Ok(Some(Input::TickStep { done, text: words.rest().to_string() }))
}

pub async fn run(call: &Call<'_>, input: Option<Input>) -> Result<Said, ActError> {
    if let Some(input) = input {
        let changed = call.app.act_on(call.incident()?.id, input, &call.actor()).await?;
        return Ok(Said { data: runbook::data(&changed.after), ..answer(&changed, call.ground.now) });
    }
    let incident = call.incident()?;
    let walk = incident.walk.as_ref().ok_or(Refusal::NoPlaybook { id: incident.id })?;
    let text = walk::standing(incident.id, walk).join("\n");
    Ok(Said { text, incident: Some(incident.id), data: runbook::data(incident) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn done_and_failed_are_read_in_the_words_of_a_question_too() {
        for (said, done, text) in [
            ("done", true, ""),
            ("yes", true, ""),
            ("no it is not", false, "it is not"),
            ("FAILED 2 of 3", false, "2 of 3"),
        ] {
            let read = parse(&mut Words::new(said), &ground()).expect(said);
            assert_eq!(read, Some(Input::TickStep { done, text: text.into() }), "{said}");
        }
        assert_eq!(parse(&mut Words::new(""), &ground()), Ok(None));
        assert!(matches!(parse(&mut Words::new("maybe"), &ground()), Err(Refusal::Usage { .. })));
    }
}
