//! `status`: how far it has come.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;
use firebell_domain::status::IncidentStatus;

pub const SPEC: Spec = Spec {
    verb: "status",
    aliases: &["state"],
    summary: "Says how far it is: investigating, identified, monitoring or resolved",
    usage: "/incident status investigating|identified|monitoring|resolved [TEXT]",
    details: "identified: the cause is known. monitoring (or mitigated): the impact is over, the cause may remain. \
              resolved: it has ended. The text goes to everybody who follows.",
    examples: &[
        "/incident status identified the new release leaks connections",
        "/incident status monitoring",
        "/incident status resolved rolled back",
    ],
    args: &[
        Arg::needed("status", ArgKind::Status, "investigating, identified, monitoring or resolved"),
        Arg::optional("text", ArgKind::Text, "One sentence for those who follow"),
    ],
    group: Group::Tell,
    doing: "set the status of",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    let word = words.take().ok_or_else(|| usage_refusal("Which status?", SPEC.usage))?;
    let status = match word.text.to_lowercase().as_str() {
        "mitigated" => Some(IncidentStatus::Monitoring),
        said => IncidentStatus::parse(said).filter(|s| s.open() || *s == IncidentStatus::Resolved),
    };
    let status = status.ok_or_else(|| Refusal::UnknownStatus { word: shown(&word.text) })?;
    Ok(Input::SetStatus { status, text: words.rest().to_string() })
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn the_four_that_people_set_are_read_and_the_ends_have_commands_of_their_own() {
        for (text, status) in [
            ("Identified a leak", IncidentStatus::Identified),
            ("mitigated", IncidentStatus::Monitoring),
            ("resolved", IncidentStatus::Resolved),
        ] {
            let read = parse(&mut Words::new(text), &ground());
            assert!(matches!(read, Ok(Input::SetStatus { status: s, .. }) if s == status), "{text}");
        }
        for text in ["merged", "cancelled", "fine"] {
            assert!(matches!(parse(&mut Words::new(text), &ground()), Err(Refusal::UnknownStatus { .. })), "{text}");
        }
        assert!(matches!(parse(&mut Words::new(""), &ground()), Err(Refusal::Usage { .. })));
    }
}
