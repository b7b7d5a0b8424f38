//! What people do to messages: write, reply, react, pin, delete. The stand-in tells the application, if it may hear.

use super::people::Person;
use super::permissions::{PIN_MESSAGES, SEND_MESSAGES};
use super::rest;
use super::state::Message;
use serde_json::json;

impl Person {
    /// Writes a message; it may mention, be a reply, and carry whatever the person likes.
    pub fn writes(&self, content: &str) -> Message {
        self.replies(None, content)
    }

    pub fn replies(&self, to: Option<&Message>, content: &str) -> Message {
        self.discord.change(|state| {
            let channel = state.channels[&self.channel].clone();
            let may = state.permissions(self.id, &channel) & SEND_MESSAGES != 0;
            assert!(may, "{} may not write in #{}", self.name, channel.name);
            let body = json!({"content": content});
            let draft = state.draft(&body, &[], super::validate::message::Sent::ToChannel, "");
            let draft = draft.unwrap_or_else(|refused| panic!("nobody can write this: {}", refused.body()));
            let id = rest::post_message(state, &channel, self.id, draft, to.map(|message| message.id));
            state.message(channel.id, id).cloned().expect("just written")
        })
    }

    pub fn reacts(&self, message: &Message, emoji: &str) {
        self.discord
            .change(|state| rest::react(state, message.channel, message.id, self.id, emoji, true))
            .expect("it is there");
    }

    pub fn unreacts(&self, message: &Message, emoji: &str) {
        self.discord
            .change(|state| rest::react(state, message.channel, message.id, self.id, emoji, false))
            .expect("it is there");
    }

    pub fn pins(&self, message: &Message) {
        self.pin(message, true);
    }

    pub fn unpins(&self, message: &Message) {
        self.pin(message, false);
    }

    fn pin(&self, message: &Message, on: bool) {
        self.discord.change(|state| {
            let channel = state.channels[&message.channel].clone();
            let guild = channel.guild;
            // People get the right to pin with the test; who has none asks somebody who may.
            let may = guild.is_none() || state.permissions(self.id, &channel) & PIN_MESSAGES != 0;
            assert!(may, "{} may not pin in #{}; see `Discord::lets_pin`", self.name, channel.name);
            rest::pin(state, message.channel, message.id, self.id, on).expect("it can be pinned");
        });
    }

    /// Takes one's own message away.
    pub fn deletes(&self, message: &Message) {
        self.discord.change(|state| rest::remove_message(state, message.channel, message.id));
    }
}
