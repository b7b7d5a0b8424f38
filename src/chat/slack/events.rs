//! What happens in Slack: mentions and direct messages are heard as commands and answered where they stand; a pin, real
//! or as a reaction, puts a message on the timeline; links to incidents unfold. Everything else is left alone.

use super::wire::{Event, EventCallback, Message};
use super::{Reply, Slack, Words, render, text, workspace};
use crate::chat::hear::WITHIN;
use firebell_domain::id::IncidentId;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Instant;

/// Reactions that put a message on the timeline.
const PINS: [&str; 2] = ["pushpin", "round_pushpin"];
/// Links of one message that unfold.
const UNFURLED_MAX: usize = 5;

impl Slack {
    pub(super) async fn event(&self, callback: EventCallback, key: String, began: Instant) -> Reply {
        match callback.kind.as_str() {
            "url_verification" => return Reply::Body(json!({ "challenge": callback.challenge })),
            "app_rate_limited" => {
                tracing::warn!("Slack holds events back: more than 30,000 within an hour");
                return Reply::Empty;
            }
            _ => {}
        }
        let event = callback.event;
        match event.kind.as_str() {
            "app_mention" => self.mentioned(event, key, began).await,
            "message" => match event.subtype.as_deref() {
                Some("message_changed") => self.edited(event, key, began).await,
                Some("message_deleted") => self.deleted(event, key, began).await,
                _ => self.written(event, key, began).await,
            },
            "member_joined_channel" => self.joined(event, key, began).await,
            "reaction_added" if PINS.contains(&event.reaction.as_str()) => self.reacted(event, key, began).await,
            "pin_added" => self.pinned(event, key, began).await,
            "app_home_opened" if event.tab.as_deref() != Some("messages") => self.home(event.user_id()).await,
            "link_shared" => self.unfold(event).await,
            "user_change" | "team_join" => self.at.identity.heard_of(&event.user),
            // It is asked whether the token is still taken: after a new installation this may be about the one before.
            "tokens_revoked" | "app_uninstalled"
                if self.house.vault.is_some() && workspace::lock(&self.at.row).is_some() =>
            {
                self.suspect("Slack says that the app was removed, or its token revoked");
            }
            "tokens_revoked" | "app_uninstalled" => {
                let why = "the app was removed from the workspace, or its token revoked: install it again and put its \
                           token into [slack]";
                tracing::error!("Slack: {why}");
                self.house.health.change(|h| h.problem = Some(why.to_string()));
            }
            other => tracing::debug!("an event of Slack that nothing follows from: {other}"),
        }
        Reply::Empty
    }

    /// `@firebell ack`, also in a thread, where slash commands do not work.
    async fn mentioned(&self, event: Event, key: String, began: Instant) {
        if event.bot_id.is_some() {
            return;
        }
        let Some(me) = self.me().await else { return };
        let Some(line) = text::after_mention(&event.text, &me.user) else { return };
        let thread = event.thread_ts.clone().unwrap_or_else(|| event.ts.clone());
        self.answer_in(&event, line.to_string(), Some(thread), key, began).await;
    }

    /// A direct message to the bot.
    async fn written(&self, event: Event, key: String, began: Instant) {
        let by_person = event.bot_id.is_none() && event.subtype.as_deref().is_none_or(|s| s == "file_share");
        if event.channel_type.as_deref() != Some("im") || !by_person || event.text.trim().is_empty() {
            return;
        }
        let me = self.me().await.unwrap_or_default();
        let line = text::after_mention(&event.text, &me.user).unwrap_or(event.text.trim()).to_string();
        let thread = event.thread_ts.clone();
        self.answer_in(&event, line, thread, key, began).await;
    }

    async fn answer_in(&self, event: &Event, line: String, thread: Option<String>, key: String, began: Instant) {
        let (user, channel) = (event.user_id().to_string(), event.channel_id().to_string());
        let place = match &event.thread_ts {
            Some(thread) => format!("{channel}/{thread}"),
            None => channel.clone(),
        };
        let words =
            Words { user, handle: String::new(), place: Some(place), text: line, key, origin: None, offer: None };
        let heard = self.hear(words, began, WITHIN).await;
        let slack = self.clone();
        tokio::spawn(async move {
            slack.say_in(&channel, thread.as_deref(), &heard.answer.text).await;
            if let Some(later) = heard.later {
                slack.say_in(&channel, thread.as_deref(), &later.outcome().await.text).await;
            }
        });
    }

    async fn say_in(&self, channel: &str, thread: Option<&str>, text: &str) {
        let mut body = render::answer(text).request(json!({ "channel": channel }));
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        self.post_answer(channel, &body).await;
    }

    /// The pin as a reaction: the message goes on the timeline of the room that it stands in.
    async fn reacted(&self, event: Event, key: String, began: Instant) {
        let text = |k: &str| event.item.get(k).and_then(Value::as_str).unwrap_or_default().to_string();
        let (channel, ts) = (text("channel"), text("ts"));
        if self.me().await.is_some_and(|me| me.user == event.user_id()) {
            return;
        }
        match self.message_at(&channel, &ts).await {
            Some(message) => self.put_on_timeline(&event, &channel, message, key, began).await,
            None => {
                tracing::info!("a message that was pinned by a reaction cannot be read: is the app in the channel?")
            }
        }
    }

    /// A real pin; ours of the headline is none.
    async fn pinned(&self, event: Event, key: String, began: Instant) {
        let Some(message) = event.item.get("message").and_then(|m| Message::deserialize(m).ok()) else { return };
        let me = self.me().await.unwrap_or_default();
        let ours = message.bot_id.as_deref().is_some_and(|b| b == me.bot) || event.user_id() == me.user;
        if !ours {
            let channel = event.item.get("channel").and_then(Value::as_str).unwrap_or(event.channel_id()).to_string();
            self.put_on_timeline(&event, &channel, message, key, began).await;
        }
    }

    async fn put_on_timeline(&self, event: &Event, channel: &str, message: Message, key: String, began: Instant) {
        // Elsewhere a pin means what it always meant.
        let place = match message.thread_ts.as_deref() {
            Some(thread) => format!("{channel}/{thread}"),
            None => channel.to_string(),
        };
        if self.room(&place).await.is_none() {
            return;
        }
        let (note, origin) = self.quote(&message, channel).await;
        let words = self.note_of(event.user_id(), channel, &message, &note, Some(origin), key);
        let heard = self.hear(words, began, WITHIN).await;
        if !heard.answer.done() {
            let said =
                render::answer(&heard.answer.text).request(json!({ "channel": channel, "user": event.user_id() }));
            if let Err(trouble) = self.at.client.call("chat.postEphemeral", &said).await {
                tracing::info!("an answer could not be given in Slack: {}", trouble.why());
            }
        }
    }

    async fn message_at(&self, channel: &str, ts: &str) -> Option<Message> {
        let request = json!({ "channel": channel, "latest": ts, "oldest": ts, "inclusive": true, "limit": 1 });
        let history = self.at.client.call("conversations.history", &request).await.ok()?;
        let found = |answer: &Value| {
            let all = answer.get("messages").and_then(Value::as_array)?;
            all.iter().filter_map(|m| Message::deserialize(m).ok()).find(|m| m.ts == ts)
        };
        if let Some(message) = found(&history) {
            return Some(message);
        }
        // A reply in a thread is in no history.
        let request =
            json!({ "channel": channel, "ts": ts, "latest": ts, "oldest": ts, "inclusive": true, "limit": 1 });
        found(&self.at.client.call("conversations.replies", &request).await.ok()?)
    }

    /// Links to public incidents unfold to their headline.
    async fn unfold(&self, event: Event) {
        let base = self.app().public_url().to_string();
        let mut unfurls = Map::new();
        for link in event.links.iter().take(UNFURLED_MAX) {
            let Some(id) = incident_of(&link.url, &base) else { continue };
            let Ok(Some(loaded)) = self.app().store().incident(id).await else { continue };
            if loaded.incident.private {
                continue;
            }
            let card = crate::notice::card::card(&loaded.incident, &self.app().directory(), &base);
            let rendered = render::announcement(&card, None, &|p| self.at.identity.user_of(p));
            unfurls.insert(link.url.clone(), json!({ "blocks": rendered.blocks }));
        }
        if unfurls.is_empty() {
            return;
        }
        let mut request = json!({ "unfurls": unfurls });
        match (&event.unfurl_id, &event.source) {
            // A message that is still being written has no place yet.
            (Some(id), Some(source)) if event.channel_id() == "COMPOSER" => {
                request["unfurl_id"] = json!(id);
                request["source"] = json!(source);
            }
            _ => {
                request["channel"] = json!(event.channel_id());
                request["ts"] = json!(event.message_ts);
            }
        }
        if let Err(trouble) = self.at.client.call("chat.unfurl", &request).await {
            tracing::info!("a link did not unfold: {}", trouble.why());
        }
    }
}

/// The incident that an address of ours leads to.
fn incident_of(url: &str, base: &str) -> Option<IncidentId> {
    let rest = url.strip_prefix(base.trim_end_matches('/'))?.strip_prefix("/incidents/")?;
    IncidentId::parse(rest.split(['?', '#', '/']).next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_incidents_here_unfold() {
        let base = "https://firebell.example.org";
        let of = |url: &str| incident_of(url, base).map(|id| id.0);
        assert_eq!(of("https://firebell.example.org/incidents/42?x=1"), Some(42));
        assert_eq!(of("https://firebell.example.org/board"), None);
        assert_eq!(of("https://evil.example.org/incidents/42"), None);
        assert_eq!(of("https://firebell.example.org.evil.org/incidents/42"), None);
    }
}
