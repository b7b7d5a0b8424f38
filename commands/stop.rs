//! `stop`: a run that waits is taken back, one that runs is told to stop.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said, approve};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "stop",
    aliases: &[],
    summary: "Stops a run, or takes it back before it begins",
    usage: "/incident stop RUN [REASON]",
    details: "What runs is told to end and is killed if it does not; what it had done until then is not undone. Then look: \
              /incident diagnose.",
    examples: &["/incident stop 3", "/incident stop 3 it makes things worse"],
    args: &[
        Arg::needed("run", ArgKind::Run, "Its number"),
        Arg::optional("reason", ArgKind::Text, "Why, for the timeline"),
    ],
    group: Group::Fix,
    doing: "stop",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    let no = approve::number(words, SPEC.usage)?;
    Ok(Input::StopRun { no, reason: words.rest().to_string() })
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
        assert_eq!(read("3 wrong one"), Ok(Input::StopRun { no: 3, reason: "wrong one".into() }));
        assert!(matches!(read("wrong one"), Err(Refusal::Usage { .. })));
    }
}
