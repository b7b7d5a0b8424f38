//! `deny`: a run that waits for somebody's word does not get it.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said, approve};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "deny",
    aliases: &[],
    summary: "Denies a run that waits for an approval",
    usage: "/incident deny RUN [REASON]",
    details: "Anybody in the incident may: a no only keeps things as they are. The reason stands in the timeline.",
    examples: &["/incident deny 3", "/incident deny 3 wrong container"],
    args: &[Arg::needed("run", ArgKind::Run, "Its number"), Arg::optional("reason", ArgKind::Text, "Why not")],
    group: Group::Fix,
    doing: "deny",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    let no = approve::number(words, SPEC.usage)?;
    Ok(Input::DenyRun { no, reason: words.rest().to_string() })
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn a_reason_stands_behind_the_number() {
        let read = |text| parse(&mut Words::new(text), &ground());
        assert_eq!(read("3 wrong one"), Ok(Input::DenyRun { no: 3, reason: "wrong one".into() }));
        assert!(matches!(read("wrong one"), Err(Refusal::Usage { .. })));
    }
}
