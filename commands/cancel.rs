//! `cancel`: it was no incident.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "cancel",
    aliases: &["false-alarm"],
    summary: "Ends an incident that was none",
    usage: "/incident cancel REASON",
    details: "For a false alarm or a test. What was a real incident is resolved instead. It stays in the log and \
              cannot be reopened.",
    examples: &["/incident cancel the probe was misconfigured"],
    args: &[Arg::needed("reason", ArgKind::Text, "Why it was none")],
    group: Group::End,
    doing: "cancel",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Input, Refusal> {
    match words.rest() {
        "" => Err(usage_refusal("Why was it no incident?", SPEC.usage)),
        reason => Ok(Input::Cancel { reason: reason.to_string() }),
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
        assert!(matches!(parse(&mut Words::new("  "), &ground()), Err(Refusal::Usage { .. })));
        let input = parse(&mut Words::new("a test"), &ground());
        assert_eq!(input, Ok(Input::Cancel { reason: "a test".into() }));
    }
}
