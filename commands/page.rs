//! `page`: pages somebody by hand, whoever has the incident.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said, read};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::directory::Target;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "page",
    aliases: &["call", "wake"],
    summary: "Pages a person, whoever is on call, or the service's owners",
    usage: "/incident page @USER|schedule:NAME|owners [TEXT]",
    details: "A name without @ may be a person or a schedule. The text goes with the page.",
    examples: &[
        "/incident page @bo",
        "/incident page schedule:primary",
        "/incident page @bo need help with the card processor",
    ],
    args: &[
        Arg::needed("whom", ArgKind::Target, "@person, schedule:NAME or owners"),
        Arg::optional("text", ArgKind::Text, "What they should know"),
    ],
    group: Group::Answer,
    doing: "page anybody for",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Input, Refusal> {
    let whom = words.take().ok_or_else(|| usage_refusal("Whom?", SPEC.usage))?;
    let whom = read::target(&whom.text, ground)?;
    if let (Target::Owners, Some(why)) = (&whom, ownerless(ground)) {
        return Err(Refusal::Unreachable { who: "Its owners".to_string(), why });
    }
    Ok(Input::Page { whom, text: words.rest().to_string() })
}

/// Why the incident has no owners to page, where it has none.
fn ownerless(ground: &Ground) -> Option<&'static str> {
    let Some(service) = ground.incident.as_ref().and_then(|i| i.service.as_ref()) else {
        return Some("the incident names no service, and only services have owners");
    };
    let found = ground.directory.services.get(service);
    found.is_none_or(|s| s.owners.is_empty()).then_some("its service has none ([services.NAME] owners)")
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    fn read(text: &str) -> Result<Target, Refusal> {
        read_for(text, Some("payments"))
    }

    fn read_for(text: &str, service: Option<&str>) -> Result<Target, Refusal> {
        let mut ground = ground();
        if let Some(incident) = &mut ground.incident {
            incident.service = service.map(Into::into);
        }
        match parse(&mut Words::new(text), &ground)? {
            Input::Page { whom, .. } => Ok(whom),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn people_schedules_and_owners_are_told_apart() {
        assert_eq!(read("@bo come"), Ok(Target::Person("bo".into())));
        assert_eq!(read("BO"), Ok(Target::Person("bo".into())));
        assert_eq!(read("schedule:primary"), Ok(Target::Schedule("primary".into())));
        assert_eq!(read("Primary"), Ok(Target::Schedule("primary".into())));
        assert_eq!(read("owners"), Ok(Target::Owners));
    }

    #[test]
    fn where_nobody_owns_it_the_reason_is_said() {
        for service in [None, Some("search"), Some("gone")] {
            assert!(matches!(read_for("owners", service), Err(Refusal::Unreachable { .. })), "{service:?}");
        }
    }

    #[test]
    fn whoever_is_not_there_is_refused_with_who_was_probably_meant() {
        assert!(matches!(read(""), Err(Refusal::Usage { .. })));
        let guess = |text| match read(text) {
            Err(Refusal::UnknownTarget { did_you_mean, .. } | Refusal::UnknownPerson { did_you_mean, .. }) => {
                did_you_mean
            }
            Err(Refusal::UnknownSchedule { did_you_mean, .. }) => did_you_mean,
            other => panic!("{other:?}"),
        };
        assert_eq!(guess("primry").as_deref(), Some("primary"));
        assert_eq!(guess("@anna").as_deref(), Some("ana"));
        assert_eq!(guess("schedule:prim").as_deref(), Some("primary"));
        assert_eq!(guess("everybody"), None);
    }
}
