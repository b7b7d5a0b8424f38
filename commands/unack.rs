//! `unack`: hands an incident back, so that somebody else is found.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "unack",
    aliases: &["handback", "unacknowledge"],
    summary: "Hands the incident back: paging begins again",
    usage: "/incident unack [REASON]",
    details: "For when you cannot go on. Paging begins again at the first level, at once.",
    examples: &["/incident unack", "/incident unack no access to the database"],
    args: &[Arg::optional("reason", ArgKind::Text, "Why, for whoever takes it next")],
    group: Group::Answer,
    doing: "hand back",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    Ok(Input::Unacknowledge { reason: words.rest().to_string() })
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn the_reason_is_what_follows() {
        let input = parse(&mut Words::new("no  access"), &ground());
        assert_eq!(input, Ok(Input::Unacknowledge { reason: "no  access".into() }));
    }
}
