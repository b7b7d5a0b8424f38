//! `severity`: says anew how bad it is.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said, read};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "severity",
    aliases: &["sev", "priority"],
    summary: "Changes how bad it is",
    usage: "/incident severity LEVEL [system:NAME] [REASON]",
    details: "In any spelling: P1, p1, sev1, SEV-1, critical. Paging goes on as it was. Where several systems have \
              runbooks, system:NAME says whose level is meant; without it the system stays.",
    examples: &[
        "/incident severity P1",
        "/incident severity sev3 only the report is late",
        "/incident severity P1 system:shop",
    ],
    args: &[
        Arg::needed("level", ArgKind::Severity, "P1, sev2, critical"),
        Arg::optional("system", ArgKind::Text, "Whose level it is, as system:NAME"),
        Arg::optional("reason", ArgKind::Text, "Why it changed"),
    ],
    group: Group::Tell,
    doing: "change the severity of",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Input, Refusal> {
    let d = &ground.directory;
    let incident = ground.incident.as_ref();
    // The system that it is about: the one that is said, else the one it has, else its service's.
    let named = words.left().iter().take(3).filter(|w| !w.quoted).find_map(|w| w.text.strip_prefix("system:"));
    let own = || incident.and_then(|i| i.severity.system.clone()).filter(|s| d.systems.contains_key(s));
    let by_service = || d.system_of(incident.and_then(|i| i.service.as_ref())).map(str::to_string);
    let system = match named.filter(|_| !d.systems.is_empty()) {
        Some(name) => Some(read::system(name, d)?),
        None => own().or_else(by_service),
    };
    let scale = d.scale(system.as_deref());
    let Some(first) = words.peek().cloned() else {
        let known = read::levels(scale).join(", ");
        return Err(usage_refusal(format!("Which severity? Known: {known}."), SPEC.usage));
    };
    let found = read::severity(words.left(), scale)?;
    let (severity, used) = found.ok_or_else(|| read::unknown_severity(&first.text, scale))?;
    let severity = severity.clone();
    words.skip(used);
    if words.peek().is_some_and(|w| !w.quoted && !d.systems.is_empty() && w.text.starts_with("system:")) {
        words.skip(1);
    }
    Ok(Input::SetSeverity { severity, reason: words.rest().to_string() })
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn any_spelling_and_a_reason_are_read() {
        for (text, level, why) in
            [("p1", "P1", ""), ("SEV 3 only reports", "P3", "only reports"), ("high x", "P2", "x")]
        {
            match parse(&mut Words::new(text), &ground()) {
                Ok(Input::SetSeverity { severity, reason }) => {
                    assert_eq!((severity.level.as_str(), reason.as_str()), (level, why), "{text}");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_unknown_one_is_refused_with_the_known() {
        for text in ["P9", "terrible", "\"P1 and\""] {
            let no = parse(&mut Words::new(text), &ground());
            assert!(matches!(no, Err(Refusal::UnknownSeverity { .. })), "{text}");
        }
        assert!(matches!(parse(&mut Words::new(""), &ground()), Err(Refusal::Usage { .. })));
    }
}
