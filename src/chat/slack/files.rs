//! Files beside a message: what a run printed and drew goes into the thread of the lines that tell of it, in Slack's
//! three steps (an address is asked for, the bytes go there, the upload is completed). A file that is there already is
//! not sent again. The lines stand without them, and the room has them: a workspace that takes no files costs nothing.

use super::client::Trouble;
use super::pace::Method;
use super::{Slack, text};
use crate::engine::ports::Outcome;
use crate::engine::ports::chat::{ChatAct, ChatContent, ChatFile};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Files of one message.
const FILES_MAX: usize = 10;
/// Characters of what a picture shows in words: Slack's limit.
const ALT_CHARS_MAX: usize = 1_000;

impl Slack {
    /// `ts`: the message that they belong to; `place` where it is, which may be a thread itself.
    pub(super) async fn attach(
        &self,
        act: &ChatAct,
        place: &str,
        channel: &str,
        ts: &str,
        files: &[ChatFile],
    ) -> Result<(), Outcome> {
        let thread = place.split_once('/').map_or(ts, |(_, thread)| thread);
        let there = match act.maybe_repeated && !files.is_empty() {
            true => self.files_in(channel, thread).await.map_err(|t| t.outcome())?,
            false => BTreeSet::new(),
        };
        let mut sent = Vec::new();
        for file in files.iter().filter(|f| !there.contains(&f.name)).take(FILES_MAX) {
            match self.send(file).await {
                Ok(id) => sent.push(json!({ "id": id, "title": file.name })),
                Err(trouble) => return self.without(act, trouble),
            }
        }
        if sent.is_empty() {
            return Ok(());
        }
        let request = json!({ "files": sent, "channel_id": channel, "thread_ts": thread });
        match self.turn(Method::File, None, "files.completeUploadExternal", &request).await {
            Ok(_) => Ok(()),
            Err(trouble) => self.without(act, trouble),
        }
    }

    /// What Slack refuses it refuses again; what did not get through is tried again with the message it belongs to.
    fn without(&self, act: &ChatAct, trouble: Trouble) -> Result<(), Outcome> {
        match trouble {
            Trouble::Api { .. } => {
                tracing::warn!(incident.id = %act.about(), "files are only in the room: {}", trouble.why());
                Ok(())
            }
            Trouble::RateLimited { after_s } => Err(Outcome::Retry {
                after_s: Some(after_s),
                why: "Slack takes no more files just now".to_string(),
                maybe_arrived: true,
            }),
            trouble => Err(Outcome::Retry { after_s: None, why: trouble.why(), maybe_arrived: true }),
        }
    }

    async fn send(&self, file: &ChatFile) -> Result<String, Trouble> {
        let (media_type, bytes, shows) = match &file.content {
            ChatContent::Text(text) => ("text/plain; charset=utf-8", text.as_bytes(), None),
            ChatContent::Image { media_type, bytes, shows } => {
                (media_type.as_str(), bytes.as_slice(), Some(text::cut(shows, ALT_CHARS_MAX)))
            }
        };
        // Slack takes no empty file.
        let bytes = if bytes.is_empty() { b"\n" } else { bytes };
        let mut request = json!({ "filename": file.name, "length": bytes.len() });
        if let Some(shows) = shows {
            request["alt_txt"] = json!(shows);
        }
        let answer = self.turn(Method::File, None, "files.getUploadURLExternal", &request).await?;
        let said = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_string);
        let (Some(url), Some(id)) = (said("upload_url"), said("file_id")) else {
            return Err(Trouble::Unclear("Slack named no address for a file".to_string()));
        };
        self.at.client.upload(&url, media_type, bytes).await?;
        Ok(id)
    }

    /// Names of the files that this app has put into a thread.
    async fn files_in(&self, channel: &str, thread: &str) -> Result<BTreeSet<String>, Trouble> {
        let request = json!({ "channel": channel, "ts": thread, "limit": 100 });
        let answer = self.at.client.call("conversations.replies", &request).await?;
        let messages = answer.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
        let files = messages.iter().filter_map(|m| m.get("files").and_then(Value::as_array)).flatten();
        Ok(files.filter_map(|f| f.get("name").and_then(Value::as_str).map(str::to_string)).collect())
    }
}
