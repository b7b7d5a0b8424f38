//! `update`: a sentence for those who follow.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "update",
    aliases: &["say"],
    summary: "Tells everybody who follows how it stands",
    usage: "/incident update TEXT",
    details: "A status update: one or two sentences that somebody outside understands. The status stays as it is.",
    examples: &["/incident update Cards work again, refunds are still slow. Next update at 15:00 UTC."],
    args: &[Arg::needed("text", ArgKind::Text, "One or two sentences")],
    group: Group::Tell,
    doing: "update",
    verbatim: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    match words.rest() {
        "" => Err(usage_refusal("What is the news?", SPEC.usage)),
        text => Ok(Input::PostUpdate { text: text.to_string() }),
    }
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn the_text_stays_as_it_was_typed() {
        let text = "cards work,\n  \"refunds\" do not";
        assert_eq!(parse(&mut Words::new(text), &ground()), Ok(Input::PostUpdate { text: text.into() }));
        assert!(matches!(parse(&mut Words::new(" "), &ground()), Err(Refusal::Usage { .. })));
    }
}
