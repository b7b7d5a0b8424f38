//! `escalate`: on to the next level now.

use super::spec::{Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "escalate",
    aliases: &["esc"],
    summary: "Pages the next level of the escalation policy now",
    usage: "/incident escalate",
    details: "Does not wait for the present level. After the last one it begins again at the first. To page somebody \
              in particular, say page @USER.",
    examples: &["/incident escalate"],
    group: Group::Answer,
    doing: "escalate",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    words.end("/incident escalate, or /incident page @USER for somebody in particular")?;
    Ok(Input::Escalate)
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn a_person_behind_it_is_not_silently_ignored() {
        assert_eq!(parse(&mut Words::new(""), &ground()), Ok(Input::Escalate));
        assert!(matches!(parse(&mut Words::new("@bo"), &ground()), Err(Refusal::Usage { .. })));
    }
}
