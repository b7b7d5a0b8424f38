//! `help`: what can be said here and now, then everything; or one command with its examples. Printed from the table.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown};
use super::{COMMANDS, Call, Command, Ground, Said, find, menu, unknown};
use crate::app::ActError;
use firebell_domain::refusal::Refusal;
use serde_json::json;

pub const SPEC: Spec = Spec {
    verb: "help",
    aliases: &["?", "commands", "--help"],
    summary: "Shows what can be said here, or explains one command",
    usage: "/incident help [VERB]",
    details: "",
    examples: &["/incident help", "/incident help snooze"],
    args: &[Arg::optional("verb", ArgKind::Verb, "Which command to explain")],
    group: Group::Look,
    needs_incident: false,
    doing: "help with",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Option<&'static Command>, Refusal> {
    // "help /incident snooze" names a command too.
    let word = words.left().iter().map(|w| w.text.as_str()).find(|w| !w.eq_ignore_ascii_case("/incident"));
    match word {
        None => Ok(None),
        Some(word) => find(word).map(Some).ok_or_else(|| unknown(&shown(word))),
    }
}

pub async fn run(call: &Call<'_>, about: Option<&'static Command>) -> Result<Said, ActError> {
    if let Some(command) = about {
        let data = json!({ "command": command.spec });
        return Ok(Said { text: one(command.spec), incident: None, data });
    }
    let situation = menu::situation(call.app, &call.ground).await?;
    let (head, can) = menu::head(&situation, call.ground.now);
    let incident = match situation {
        menu::Situation::One(i) => Some(i.id),
        menu::Situation::Open(_) => None,
    };
    let mut data = super::completion();
    data["can"] = can;
    Ok(Said { text: format!("{head}\n\n{}", all()), incident, data })
}

/// Every command in a line, by what it is for.
pub fn all() -> String {
    let mut lines = vec!["Everything:".to_string()];
    let width = COMMANDS.iter().map(|c| c.spec.verb.len()).max().unwrap_or(0);
    for group in Group::ALL {
        lines.push(format!("{}:", group.heading()));
        let of_group = COMMANDS.iter().map(|c| c.spec).filter(|s| s.group == group);
        lines.extend(of_group.map(|s| format!("  {:width$}   {}", s.verb, s.summary)));
    }
    lines.push(
        "Which incident: /incident INC-42 VERB; without a number it is the room's, else the only open one.".into(),
    );
    lines.push("One of them with examples: /incident help VERB".into());
    lines.join("\n")
}

/// One command, with how it is said and examples.
pub fn one(spec: &Spec) -> String {
    let mut lines = vec![format!("{}: {}", spec.verb, spec.summary), format!("Say: {}", spec.usage)];
    lines.extend((!spec.details.is_empty()).then(|| spec.details.to_string()));
    lines.extend((!spec.aliases.is_empty()).then(|| format!("Also: {}", spec.aliases.join(", "))));
    lines.push("For example:".to_string());
    lines.extend(spec.examples.iter().map(|e| format!("  {e}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    fn verb(text: &str) -> Result<Option<&'static str>, Refusal> {
        parse(&mut Words::new(text), &ground()).map(|c| c.map(|c| c.spec.verb))
    }

    #[test]
    fn a_command_is_found_by_any_of_its_names_and_a_slip_is_guessed() {
        assert_eq!(verb(""), Ok(None));
        for text in ["snooze", "/incident snooze", "MUTE", "snooze 30m"] {
            assert_eq!(verb(text), Ok(Some("snooze")), "{text}");
        }
        let Err(Refusal::UnknownWord { did_you_mean, .. }) = verb("snoze") else { panic!("a slip is no command") };
        assert_eq!(did_you_mean.as_deref(), Some("snooze"));
    }
}
