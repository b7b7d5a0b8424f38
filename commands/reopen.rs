//! `reopen`: it was not over.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "reopen",
    aliases: &[],
    summary: "Opens a resolved incident again: paging begins again",
    usage: "/incident reopen REASON",
    details: "For an incident that was resolved too early. Merged and cancelled ones stay ended: declare a new one.",
    examples: &["/incident INC-42 reopen errors are back"],
    args: &[Arg::needed("reason", ArgKind::Text, "What is back")],
    group: Group::End,
    doing: "reopen",
    after_end: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    match words.rest() {
        "" => Err(usage_refusal("Why is it not over?", SPEC.usage)),
        reason => Ok(Input::Reopen { reason: reason.to_string() }),
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
    fn a_reason_is_needed() {
        assert!(matches!(parse(&mut Words::new(""), &ground()), Err(Refusal::Usage { .. })));
        let input = parse(&mut Words::new("errors are back"), &ground());
        assert_eq!(input, Ok(Input::Reopen { reason: "errors are back".into() }));
    }
}
