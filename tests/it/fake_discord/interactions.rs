//! Interactions: what the application is told when a person acts, and what it may answer, when and how.
//! Knows nothing of how they are delivered; `people` makes them, `delivery` brings them.

use super::judge;
use super::multipart::File;
use super::refused::{self, Form, Refused};
use super::rest::{Draft, below, webhooks};
use super::state::{COMPONENTS_V2, EPHEMERAL, Id, LOADING, State};
use super::validate::message::Sent;
use super::validate::{commands, modal};
use serde_json::{Value, json};

pub const COMMAND: u8 = 2;
pub const COMPONENT: u8 = 3;
pub const AUTOCOMPLETE: u8 = 4;
pub const MODAL_SUBMIT: u8 = 5;

/// The first answer's time.
pub const ANSWER_MS: i64 = 3_000;
/// The token's.
pub const TOKEN_MS: i64 = 15 * 60 * 1_000;

/// What the application answered first.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A message (type 4).
    Message,
    /// "is thinking…" (type 5).
    Deferred,
    /// Nothing to see yet (type 6).
    DeferredUpdate,
    /// The message that was clicked, changed (type 7).
    Update,
    Choices(Vec<Value>),
    Modal(Value),
}

#[derive(Debug, Clone)]
pub struct Interaction {
    pub id: Id,
    pub token: String,
    pub kind: u8,
    pub user: Id,
    pub guild: Option<Id>,
    pub channel: Id,
    pub asked_ms: i64,
    pub data: Value,
    /// The message whose component was used, also when a modal came between.
    pub source: Option<(Id, Id)>,
    /// Of which kind the option is that is being typed.
    pub completes: u64,
    pub answer: Option<Answer>,
    pub answered_ms: Option<i64>,
    /// The message that it answered with.
    pub original: Option<(Id, Id)>,
    pub follow_ups: Vec<Id>,
    /// Why the person was told "The application did not respond".
    pub failed: Option<String>,
}

impl Interaction {
    /// What it is called in a report.
    pub fn named(&self) -> String {
        let kind = ["?", "ping", "command", "component", "autocomplete", "modal"][usize::from(self.kind.min(5))];
        let name = self.data["name"].as_str().or(self.data["custom_id"].as_str()).unwrap_or_default();
        format!("interaction {} ({kind} `{name}`)", self.id)
    }
}

impl State {
    /// The interaction as the application gets it.
    pub fn interaction_json(&self, asked: &Interaction) -> Value {
        let channel = self.channels.get(&asked.channel);
        let bits = |user: Id| channel.map_or(0, |channel| self.permissions(user, channel)).to_string();
        let locale = self.users.get(&asked.user).map_or("en-US", |user| user.locale.as_str());
        let mut json = json!({
            "id": asked.id.to_string(), "application_id": self.app.id.to_string(), "type": asked.kind, "token": asked.token,
            "version": 1, "data": asked.data, "channel_id": asked.channel.to_string(), "app_permissions": bits(self.app.bot),
            "locale": locale, "entitlements": [], "context": if asked.guild.is_some() { 0 } else { 1 },
            "attachment_size_limit": super::multipart::FILE_BYTES_MAX,
            "authorizing_integration_owners": {"0": asked.guild.map_or("0".to_string(), |id| id.to_string())},
        });
        if let Some(channel) = channel {
            json["channel"] = self.channel_json(channel);
            json["channel"]["permissions"] = json!(bits(asked.user));
        }
        match asked.guild {
            Some(guild) => {
                json["guild_id"] = json!(guild.to_string());
                json["guild"] = json!({"id": guild.to_string(), "locale": "en-US", "features": []});
                json["guild_locale"] = json!("en-US");
                json["member"] = self.member_json(guild, asked.user).unwrap_or_default();
                json["member"]["permissions"] = json!(bits(asked.user));
            }
            None => json["user"] = self.user_json(asked.user),
        }
        if let Some(message) = asked.source.and_then(|(channel, id)| self.message(channel, id)) {
            json["message"] = self.message_json(message);
            if let Some(guild) = asked.guild {
                json["message"]["guild_id"] = json!(guild.to_string());
            }
        }
        json
    }

    /// The first answer, by the callback route or in the response to the signed request.
    pub fn respond(&mut self, id: Id, body: &Value, files: &[File]) -> Result<(), Refused> {
        let now = self.now_ms();
        let asked = self.interactions.get(&id).ok_or_else(refused::unknown_interaction)?.clone();
        if asked.answer.is_some() {
            return Err(refused::already_acknowledged());
        }
        if now - asked.asked_ms > ANSWER_MS {
            self.problem(format!("{} was answered after {} ms", asked.named(), now - asked.asked_ms));
            return Err(refused::unknown_interaction());
        }
        let data = &body["data"];
        let mut form = Form::default();
        let from_component = asked.kind == COMPONENT || asked.source.is_some();
        let allowed: &[u64] = match asked.kind {
            COMMAND => &[4, 5, 9],
            COMPONENT => &[4, 5, 6, 7, 9],
            AUTOCOMPLETE => &[8],
            _ if from_component => &[4, 5, 6, 7],
            _ => &[4, 5],
        };
        let kind = body["type"].as_u64().unwrap_or(0);
        if !allowed.contains(&kind) {
            let message = format!("Value must be one of {allowed:?} for an interaction of type {}.", asked.kind);
            form.wrong("type", "BASE_TYPE_CHOICES", &message);
            form.finish()?;
            return Ok(());
        }
        let (answer, original) = match kind {
            4 => {
                let draft = self.draft(data, files, Sent::AsAnswer, "data")?;
                (Answer::Message, Some(webhooks::say(self, &asked, draft, 20)))
            }
            5 => {
                let flags = data["flags"].as_u64().unwrap_or(0);
                if flags & !EPHEMERAL != 0 {
                    form.wrong("data.flags", "MESSAGE_FLAGS_INVALID", "Only EPHEMERAL can be set on a deferred answer");
                    form.finish()?;
                }
                let draft = Draft { flags: flags | LOADING, ..Draft::nothing() };
                (Answer::Deferred, Some(webhooks::say(self, &asked, draft, 20)))
            }
            6 => (Answer::DeferredUpdate, asked.source),
            7 => {
                let Some((channel, id)) = asked.source else { return Err(refused::unknown_message()) };
                let message = self.message(channel, id).ok_or_else(refused::unknown_message)?.clone();
                let draft = self.redraft(&message, data, files).map_err(|refused| below(refused, "data"))?;
                super::rest::change_message(self, channel, id, draft);
                (Answer::Update, asked.source)
            }
            8 => {
                let choices = data["choices"].as_array().cloned();
                let choices = choices.ok_or_else(|| missing("data.choices"))?;
                form.between("data.choices", choices.len(), 0, 25);
                for (n, choice) in choices.iter().enumerate() {
                    commands::choice(&mut form, &format!("data.choices.{n}"), choice, asked.completes);
                }
                form.finish()?;
                (Answer::Choices(choices), None)
            }
            _ => {
                modal::check(&mut form, "data", data);
                form.finish()?;
                judge::modal_by_twilight(data).into_iter().for_each(|said| self.problem(said));
                (Answer::Modal(data.clone()), None)
            }
        };
        let asked = self.interactions.get_mut(&id).expect("it was here");
        (asked.answer, asked.original, asked.answered_ms) = (Some(answer), original, Some(now));
        Ok(())
    }

    /// Edits what the interaction answered with; the message that says "thinking" becomes the answer.
    pub fn edit_answer(&mut self, at: (Id, Id), body: &Value, files: &[File]) -> Result<(), Refused> {
        let message = self.message(at.0, at.1).ok_or_else(refused::unknown_message)?.clone();
        let mut draft = self.redraft(&message, body, files)?;
        draft.flags = draft.flags & !LOADING | draft.flags & COMPONENTS_V2;
        if message.flags & LOADING != 0 {
            let channel = self.channels.get(&at.0).cloned();
            let pings = channel.map(|channel| self.pings(&draft, &channel, message.author, None));
            if let Some(message) = self.message_mut(at.0, at.1) {
                message.pings = pings.unwrap_or_default();
            }
        }
        super::rest::change_message(self, at.0, at.1, draft);
        if message.flags & LOADING != 0
            && let Some(message) = self.message_mut(at.0, at.1)
        {
            message.edited_ms = None;
        }
        Ok(())
    }
}

fn missing(path: &str) -> Refused {
    let mut form = Form::default();
    form.required(path);
    form.finish().expect_err("it has an error")
}
