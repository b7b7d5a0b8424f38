//! `ack`: takes an incident, which ends its escalation.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said, access, facts};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "ack",
    aliases: &["acknowledge", "mine", "take"],
    summary: "Takes the incident: nobody else is paged by itself",
    usage: "/incident ack",
    details: "Pages that are still waiting are taken back. What you add after it is kept as a note.",
    examples: &["/incident ack", "/incident INC-42 ack", "/incident ack looking at the database"],
    args: &[Arg::optional("note", ArgKind::Text, "What you know or do already")],
    group: Group::Answer,
    doing: "acknowledge",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<String, Refusal> {
    firebell_domain::text::block("note", words.rest())
}

pub async fn run(call: &Call<'_>, note: String) -> Result<Said, ActError> {
    let mut said = match call.act(Input::Acknowledge).await {
        Err(ActError::Refused(no @ Refusal::AlreadyAcknowledged { .. })) => mine(call, no).await?,
        other => other?,
    };
    if note.is_empty() {
        return Ok(said);
    }
    // Two commits: the page stops at the first, whatever becomes of the note.
    match call.act(Input::Note { text: note }).await {
        Ok(noted) => {
            said.text.push_str("\nYour note is in the timeline.");
            said.data = noted.data;
        }
        Err(no) => said.text.push_str(&format!("\nOnly the note was not kept. {}", no.shown())),
    }
    Ok(said)
}

/// Said twice is said once: whoever has it already is told so, not refused.
async fn mine(call: &Call<'_>, no: Refusal) -> Result<Said, ActError> {
    let (speaker, id) = (&call.ground.speaker, call.incident()?.id);
    let incident = access::one(call.app, speaker, id).await?;
    match &incident.acknowledged {
        Some(a) if a.by.as_person() == Some(&speaker.person) => {
            let text = format!("You have {id} already, since {}.", a.at);
            Ok(Said { text, incident: Some(id), data: facts(&incident) })
        }
        _ => Err(no.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn what_follows_is_a_note_and_never_stands_in_the_way() {
        for (text, note) in [("", ""), ("on it \"now\"", "on it \"now\"")] {
            assert_eq!(parse(&mut Words::new(text), &ground()).as_deref(), Ok(note));
        }
    }
}
