//! `note`: something for the timeline.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "note",
    aliases: &["log"],
    summary: "Keeps something in the timeline, for the team and the post-mortem",
    usage: "/incident note TEXT",
    details: "Nobody is told. Line breaks stay.",
    examples: &["/incident note the errors began with the 14:00 release"],
    args: &[Arg::needed("text", ArgKind::Text, "What was seen or done")],
    group: Group::Tell,
    doing: "add a note to",
    after_end: true,
    verbatim: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    match words.rest() {
        "" => Err(usage_refusal("What is there to note?", SPEC.usage)),
        text => Ok(Input::Note { text: text.to_string() }),
    }
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(match (input, call.origin.clone()) {
        (Input::Note { text }, Some(origin)) => Input::Quote { text, origin },
        (input, _) => input,
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn the_text_stays_as_it_was_typed() {
        let text = "GET /cart \"500\"\n  INC-3 had it too";
        assert_eq!(parse(&mut Words::new(text), &ground()), Ok(Input::Note { text: text.into() }));
        assert!(matches!(parse(&mut Words::new(""), &ground()), Err(Refusal::Usage { .. })));
    }
}
