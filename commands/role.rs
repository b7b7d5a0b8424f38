//! `role`: who does what besides leading.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said, read};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "role",
    aliases: &["assign"],
    summary: "Gives somebody a role: deputy, scribe, comms, sme or one of your own",
    usage: "/incident role ROLE @USER",
    details: "deputy stands in for the lead, scribe keeps the timeline, comms tells those outside, sme knows the part \
              that broke. role lead is the same as lead. A role in several words needs quotation marks. Nobody is \
              paged for it.",
    examples: &["/incident role scribe @bo", "/incident role \"database expert\" @cy"],
    args: &[
        Arg::needed("role", ArgKind::Role, "deputy, scribe, comms, sme or one of your own"),
        Arg::needed("user", ArgKind::Person, "Who has it"),
    ],
    group: Group::People,
    doing: "give a role in",
    after_end: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Input, Refusal> {
    let left = words.left().to_vec();
    let Some((user, role)) = left.split_last() else {
        return Err(usage_refusal("Which role, and who?", SPEC.usage));
    };
    if role.is_empty() {
        let missing = if user.text.starts_with('@') { "Which role?" } else { "Who has that role?" };
        return Err(usage_refusal(missing, SPEC.usage));
    }
    if role.iter().any(|w| !w.quoted && w.text.starts_with('@')) {
        return Err(usage_refusal("One role and one person at a time, the person last.", SPEC.usage));
    }
    let person = read::person(&user.text, ground)?;
    let role = words.text(role);
    Ok(match role.to_lowercase().as_str() {
        "lead" | "commander" | "incident commander" | "incident lead" | "ic" => Input::AssignLead { person },
        "comms liaison" | "communications" | "liaison" => Input::AssignRole { role: "comms".to_string(), person },
        "subject matter expert" | "expert" => Input::AssignRole { role: "sme".to_string(), person },
        _ => Input::AssignRole { role, person },
    })
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    fn read(text: &str) -> Result<Input, Refusal> {
        parse(&mut Words::new(text), &ground())
    }

    #[test]
    fn known_roles_have_one_name_and_others_are_taken_as_they_are() {
        let of = |role: &str| Ok(Input::AssignRole { role: role.into(), person: "bo".into() });
        assert_eq!(read("scribe @bo"), of("scribe"));
        assert_eq!(read("subject matter expert @bo"), of("sme"));
        assert_eq!(read("\"coffee maker\" bo"), of("coffee maker"));
        assert_eq!(read("Incident Commander @bo"), Ok(Input::AssignLead { person: "bo".into() }));
    }

    #[test]
    fn half_of_it_is_asked_for() {
        for text in ["", "scribe", "@bo", "@bo scribe", "scribe @bo @cy"] {
            assert!(matches!(read(text), Err(Refusal::Usage { .. })), "{text}");
        }
        assert!(matches!(read("scribe @zoe"), Err(Refusal::UnknownPerson { .. })));
    }
}
