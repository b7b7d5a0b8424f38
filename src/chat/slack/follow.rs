//! What becomes of messages that are on a timeline: an edit or a deletion is told below, and what was written stays; and
//! who joins the channel of an incident. Messages that are on no timeline are left alone.

use super::wire::{Event, Message};
use super::{Slack, Words};
use crate::chat::hear::WITHIN;
use firebell_domain::event::Event as Happened;
use firebell_domain::limits::TEXT_CHARS_MAX;
use firebell_domain::origin::Origin;
use std::time::Instant;

/// Events of one log that are looked through for a message: more than any incident has had.
const EVENTS_MAX: i64 = 20_000;

impl Slack {
    /// A link that unfolds is an edit to Slack as well; only other words count.
    pub(super) async fn edited(&self, event: Event, key: String, began: Instant) {
        let (Some(now), Some(before)) = (&event.message, &event.previous_message) else { return };
        if now.text == before.text || self.is_ours(before).await {
            return;
        }
        let Some(link) = self.on_timeline(event.channel_id(), before).await else { return };
        let editor = now.edited.as_ref().map(|e| e.user.clone()).filter(|u| !u.is_empty());
        let Some(editor) = editor.or_else(|| now.user.clone()) else { return };
        let words = super::text::cut(self.typed(&now.text).await.trim(), TEXT_CHARS_MAX / 2);
        let author = self.author(now).await;
        let note = format!("Edited: {words}\n— @{author} in Slack");
        let origin = self.origin(before, event.channel_id(), link);
        self.noted(&editor, event.channel_id(), now, &note, Some(origin), (key, began)).await;
    }

    /// Slack does not say who deleted it: it is told in the name of whoever had written it.
    pub(super) async fn deleted(&self, event: Event, key: String, began: Instant) {
        let Some(before) = &event.previous_message else { return };
        if self.is_ours(before).await {
            return;
        }
        let (Some(link), Some(user)) = (self.on_timeline(event.channel_id(), before).await, &before.user) else {
            return;
        };
        let author = self.author(before).await;
        let note = format!("Deleted in Slack: the message of @{author} (what it said stays above)");
        let origin = self.origin(before, event.channel_id(), link);
        self.noted(user, event.channel_id(), before, &note, Some(origin), (key, began)).await;
    }

    /// Whom Firebell has brought in is among the responders anyway.
    pub(super) async fn joined(&self, event: Event, key: String, began: Instant) {
        let Some(me) = self.me().await else { return };
        let (user, channel) = (event.user_id().to_string(), event.channel_id().to_string());
        if user == me.user || event.inviter.as_deref() == Some(&me.user) || self.room(&channel).await.is_none() {
            return;
        }
        let by = match &event.inviter {
            Some(inviter) => format!(", asked in by @{}", self.person(inviter).await),
            None => String::new(),
        };
        let note = format!("Joined the channel in Slack{by}.");
        self.noted(&user, &channel, &Message::default(), &note, None, (key, began)).await;
    }

    async fn is_ours(&self, message: &Message) -> bool {
        let me = self.me().await.unwrap_or_default();
        message.bot_id.as_deref().is_some_and(|bot| bot == me.bot) || message.user.as_deref() == Some(&me.user)
    }

    async fn author(&self, message: &Message) -> String {
        match &message.user {
            Some(user) => self.person(user).await,
            None => message.username.clone().unwrap_or_else(|| "a bot".to_string()),
        }
    }

    async fn person(&self, user: &str) -> String {
        self.at.identity.who(&self.app().directory(), user, "").await.person.to_string()
    }

    /// Whether a message is on the timeline of its place's incident, and its address, as far as that is known: a note
    /// keeps where it comes from (see `quote`); older ones have the address in their words.
    async fn on_timeline(&self, channel: &str, message: &Message) -> Option<Option<String>> {
        let place = match message.thread_ts.as_deref().filter(|t| !t.is_empty()) {
            Some(thread) => format!("{channel}/{thread}"),
            None => channel.to_string(),
        };
        let incident = self.room(&place).await?;
        let address = format!("/archives/{channel}/p{}", message.ts.replace('.', ""));
        let events = self.app().store().events(incident, 0, EVENTS_MAX).await.ok()?;
        let in_words = |text: &str| {
            let found = text.split_whitespace().find(|word| word.contains(&address))?;
            Some(found.trim_end_matches([',', '.']).to_string())
        };
        events.iter().find_map(|e| match &e.body {
            Happened::Noted { origin: Some(o), .. } => {
                o.is(&self.house.channel, &self.place(channel), &message.ts).then(|| o.link.clone())
            }
            Happened::Noted { text, origin: None } => in_words(text).map(Some),
            _ => None,
        })
    }

    /// Nobody asked for this note, so nobody is answered.
    async fn noted(
        &self,
        user: &str,
        channel: &str,
        message: &Message,
        note: &str,
        origin: Option<Origin>,
        (key, began): (String, Instant),
    ) {
        let words: Words = self.note_of(user, channel, message, note, origin, key);
        let heard = self.hear(words, began, WITHIN).await;
        if !heard.answer.done() {
            tracing::info!("a message's change could not be noted: {}", heard.answer.text);
        }
    }
}
