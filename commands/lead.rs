//! `lead`: who decides and delegates.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said, read};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "lead",
    aliases: &["commander", "ic"],
    summary: "Says who leads the incident; without a name, you do",
    usage: "/incident lead [@USER]",
    details: "Exactly one person leads: decides, delegates, and is asked when it can be resolved. Nobody is paged for \
              it.",
    examples: &["/incident lead", "/incident lead @bo"],
    args: &[Arg::optional("user", ArgKind::Person, "Who leads; you, if nobody is named")],
    group: Group::People,
    doing: "lead",
    after_end: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Input, Refusal> {
    let person = match words.take() {
        Some(word) => read::person(&word.text, ground)?,
        None => ground.speaker.person.clone(),
    };
    words.end(SPEC.usage)?;
    Ok(Input::AssignLead { person })
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn a_name_or_nobody_for_oneself() {
        for (text, who) in [("", "ana"), ("@bo", "bo"), ("Bo", "bo"), ("@me", "ana"), ("@you", "ana")] {
            let read = parse(&mut Words::new(text), &ground());
            assert_eq!(read, Ok(Input::AssignLead { person: who.into() }), "{text}");
        }
        assert!(matches!(parse(&mut Words::new("@zoe"), &ground()), Err(Refusal::UnknownPerson { .. })));
        assert!(matches!(parse(&mut Words::new("@bo @cy"), &ground()), Err(Refusal::Usage { .. })));
    }
}
