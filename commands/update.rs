//! `update`: a sentence for those who follow.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said, facts, timeline};
use crate::app::ActError;
use crate::fault::{Fault, FaultKind};
use firebell_domain::decide::Input;
use firebell_domain::proposal;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "update",
    aliases: &["say"],
    summary: "Tells everybody who follows how it stands",
    usage: "/incident update [TEXT]",
    details: "A status update: one or two sentences that somebody outside understands. The status stays as it is. \
              With nothing after it, a text is proposed from what happened since the last one, for you to edit; \
              nothing is sent.",
    examples: &["/incident update Cards work again, refunds are still slow. Next update at 15:00 UTC."],
    args: &[Arg::optional("text", ArgKind::Text, "One or two sentences")],
    group: Group::Tell,
    doing: "update",
    verbatim: true,
    ..Spec::BASE
};

/// What is told, or `None` to have a text proposed.
pub fn parse(words: &mut Words, _: &Ground) -> Result<Option<Input>, Refusal> {
    Ok(match words.rest() {
        "" => None,
        text => Some(Input::PostUpdate { text: text.to_string() }),
    })
}

pub async fn run(call: &Call<'_>, input: Option<Input>) -> Result<Said, ActError> {
    if let Some(input) = input {
        return call.act(input).await;
    }
    let incident = call.incident()?;
    let damaged = |why: String| Fault::new(FaultKind::Damaged, format!("{}: {why}", incident.id)).logged();
    let events = timeline::events(call.app, incident.id).await?;
    let proposed = proposal::propose(&events, call.ground.now).map_err(|e| damaged(e.to_string()))?;
    let proposed = proposed.unwrap_or_default();
    let mut data = facts(incident);
    data["proposal"] = serde_json::json!(proposed);
    let text = format!("Nothing was sent. Edit this and send it:\n/incident {} update {proposed}", incident.id);
    Ok(Said { text, incident: Some(incident.id), data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn the_text_stays_as_it_was_typed() {
        let text = "cards work,\n  \"refunds\" do not";
        assert_eq!(parse(&mut Words::new(text), &ground()), Ok(Some(Input::PostUpdate { text: text.into() })));
        assert_eq!(parse(&mut Words::new(" "), &ground()), Ok(None), "a text is proposed");
    }
}
