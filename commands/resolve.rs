//! `resolve`: it is over.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "resolve",
    aliases: &["close", "fixed"],
    summary: "Ends the incident: it is over",
    usage: "/incident resolve [TEXT]",
    details: "Nobody is paged any more, everybody who follows is told, and a draft of the post-mortem is ready. \
              reopen takes it back.",
    examples: &["/incident resolve", "/incident resolve rolled back to 1.4.2"],
    args: &[Arg::optional("text", ArgKind::Text, "What ended it")],
    group: Group::End,
    doing: "resolve",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    Ok(Input::Resolve { text: words.rest().to_string() })
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn the_text_is_what_follows() {
        let input = parse(&mut Words::new("rolled back"), &ground());
        assert_eq!(input, Ok(Input::Resolve { text: "rolled back".into() }));
    }
}
