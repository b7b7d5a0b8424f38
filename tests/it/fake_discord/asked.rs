//! An interaction as the person who made it sees it: what came back, or that nothing did. Waits, bounded.

use super::Discord;
use super::interactions::{Answer, Interaction};
use super::state::{EPHEMERAL, Id, LOADING, Message, State};
use serde_json::Value;

/// An interaction that somebody made.
#[derive(Clone)]
pub struct Asked {
    pub discord: Discord,
    pub id: Id,
}

impl Asked {
    fn read<T>(&self, read: impl FnOnce(&State, &Interaction) -> T) -> T {
        self.discord.read(|state| read(state, &state.interactions[&self.id]))
    }

    /// The first answer; fails the test when there is none.
    pub async fn answered(&self) -> Answer {
        self.discord
            .eventually(&format!("{} was answered", self.read(|_, asked| asked.named())), |state| {
                let asked = &state.interactions[&self.id];
                asked.answer.is_some() || asked.failed.is_some()
            })
            .await;
        self.read(|_, asked| match (&asked.answer, &asked.failed) {
            (Some(answer), _) => answer.clone(),
            (_, failed) => panic!("\"The application did not respond\": {failed:?}\n{}", asked.named()),
        })
    }

    /// Why the person was told "The application did not respond".
    pub async fn failed(&self) -> String {
        self.discord.eventually("the interaction failed", |state| state.interactions[&self.id].failed.is_some()).await;
        self.read(|_, asked| asked.failed.clone().expect("it failed"))
    }

    /// The message that it was answered with, once it no longer says "thinking…".
    pub async fn message(&self) -> Message {
        let answer = self.answered().await;
        assert!(!matches!(answer, Answer::Choices(_) | Answer::Modal(_)), "the answer is no message: {answer:?}");
        let at = self.read(|_, asked| asked.original).expect("a message answers it");
        let written = |state: &State| state.message(at.0, at.1).is_none_or(|message| message.flags & LOADING == 0);
        self.discord.eventually("the answer was written", written).await;
        let message = self.read(|state, _| state.message(at.0, at.1).cloned());
        message.unwrap_or_else(|| panic!("the answer was deleted"))
    }

    /// `message`, in the way a person reads it.
    pub async fn says(&self) -> String {
        let message = self.message().await;
        self.discord.plain(&message)
    }

    pub async fn is_ephemeral(&self) -> bool {
        self.message().await.flags & EPHEMERAL != 0
    }

    pub async fn modal(&self) -> Value {
        match self.answered().await {
            Answer::Modal(modal) => modal,
            other => panic!("this was not answered with a modal but with {other:?}"),
        }
    }

    pub async fn choices(&self) -> Vec<Value> {
        match self.answered().await {
            Answer::Choices(choices) => choices,
            other => panic!("this was not answered with choices but with {other:?}"),
        }
    }

    /// What was said after the first answer, the oldest first.
    pub fn follow_ups(&self) -> Vec<Message> {
        self.read(|state, asked| {
            asked.follow_ups.iter().filter_map(|id| state.message(asked.channel, *id).cloned()).collect()
        })
    }
}
