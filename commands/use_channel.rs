//! `use-channel`: the channel it is said in is the incident's from here on. Makes no channel and moves no message.

use super::spec::{Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "use-channel",
    aliases: &["use_channel", "usechannel"],
    summary: "Makes this chat channel the incident's own",
    usage: "/incident [INC-42] use-channel",
    details: "Said in the channel where people already talk about it. Its headline and its news come there from then \
              on; a channel that was made for it before stays as it is and hears no more. A channel belongs to one open \
              incident.",
    examples: &["/incident INC-42 use-channel"],
    group: Group::People,
    doing: "use a channel for",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<(), Refusal> {
    words.end(SPEC.usage)
}

pub async fn run(call: &Call<'_>, (): ()) -> Result<Said, ActError> {
    let Some((chat, place)) = call.ground.speaker.place.clone() else { return Err(Refusal::NoChannelHere.into()) };
    let id = call.incident()?.id;
    if let Some(other) = call.app.incident_at(&chat, &place).await?.filter(|other| *other != id)
        && call.app.store().incident(other).await?.is_some_and(|l| l.incident.status.open())
    {
        return Err(Refusal::ChannelTaken { by: other }.into());
    }
    call.act(Input::UseRoom { chat, place }).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn it_is_said_alone() {
        assert_eq!(parse(&mut Words::new(""), &ground()), Ok(()));
        assert!(matches!(parse(&mut Words::new("#war-room"), &ground()), Err(Refusal::Usage { .. })));
    }
}
