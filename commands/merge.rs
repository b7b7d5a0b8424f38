//! `merge`: ends this incident into another that is the same.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said, access};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::id::IncidentId;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "merge",
    aliases: &["duplicate"],
    summary: "Ends this incident into another one that is the same",
    usage: "/incident INC-43 merge INC-42",
    details: "The first named (or the room's) ends; the one after merge goes on, with the alerts of both. A merged \
              incident cannot be reopened.",
    examples: &["/incident INC-43 merge INC-42", "/incident INC-43 merge into INC-42"],
    args: &[Arg::needed("into", ArgKind::Incident, "The incident that goes on")],
    group: Group::End,
    doing: "merge",
    verbatim: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<IncidentId, Refusal> {
    if words.peek().is_some_and(|w| w.text.eq_ignore_ascii_case("into")) {
        words.skip(1);
    }
    let word = words.take().ok_or_else(|| usage_refusal("Into which incident?", SPEC.usage))?;
    let into = IncidentId::parse(&word.text)
        .ok_or_else(|| usage_refusal(format!("\"{}\" is no incident.", shown(&word.text)), SPEC.usage))?;
    words.end(SPEC.usage)?;
    Ok(into)
}

pub async fn run(call: &Call<'_>, into: IncidentId) -> Result<Said, ActError> {
    let target = access::one(call.app, &call.ground.speaker, into).await?;
    let from = call.incident()?;
    if from.private && !target.private {
        // The other one's timeline would name it.
        let what = format!(
            "{} is private and {into} is not: merging would show its title to everybody. Resolve it instead: \
             \"/incident {} resolve same as {into}\".",
            from.id, from.id
        );
        return Err(Refusal::NotPermitted { what }.into());
    }
    if target.private && !from.private {
        // Everybody reads in this one's timeline where it went.
        let what = format!(
            "{into} is private and {} is not: merging would tell everybody that {into} exists. Resolve this one instead: \
             \"/incident {} resolve handled elsewhere\".",
            from.id, from.id
        );
        return Err(Refusal::NotPermitted { what }.into());
    }
    call.act(Input::Merge { into }).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn the_one_that_goes_on_is_named() {
        for text in ["INC-42", "into inc-42", "#42"] {
            assert_eq!(parse(&mut Words::new(text), &ground()), Ok(IncidentId(42)), "{text}");
        }
        for text in ["", "into", "the other", "INC-42 INC-43"] {
            assert!(matches!(parse(&mut Words::new(text), &ground()), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
