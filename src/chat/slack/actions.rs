//! What is pressed, chosen, filled in: buttons, menus, forms, shortcuts. A button says a line of the grammar; a form
//! becomes one. What is not ours or is of an older version gets a sentence and does nothing.

use super::command::page;
use super::forms::{Carried, FORM, said_view, values};
use super::home::DECLARE_BUTTON;
use super::render::{MORE, OFFER, PRESS, read_pressed};
use super::wire::{Interaction, Message, View};
use super::{Reply, Slack, Words};
use crate::chat::hear::{Answer, Kind, WITHIN, WITHIN_TRIGGER};
use crate::commands::arguments;
use crate::fault::Fault;
use crate::notice;
use firebell_domain::origin::Origin;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

/// Callback ids of the shortcuts, as the manifest registers them.
pub const DECLARE: &str = "firebell.declare";
pub const DECLARE_FROM: &str = "firebell.declare_from";
pub const TO_TIMELINE: &str = "firebell.to_timeline";
/// Characters of a message that become a title.
const TITLE_CHARS: usize = 120;
/// Characters of an error beside a field.
const FIELD_ERROR_CHARS_MAX: usize = 500;

impl Slack {
    pub(super) async fn interaction(&self, i: Interaction, key: String, began: Instant) -> Reply {
        match i.kind.as_str() {
            "block_actions" => self.pressed(i, key, began).await,
            "view_submission" => self.submitted(i, began).await,
            "shortcut" if i.callback_id == DECLARE => self.opened_by(&i, None).await,
            "message_action" if i.callback_id == DECLARE_FROM => {
                let message = i.message.clone();
                self.opened_by(&i, message).await
            }
            "message_action" if i.callback_id == TO_TIMELINE => self.to_timeline(i, key, began).await,
            "view_closed" => Reply::Empty,
            kind => {
                let what = format!("{kind} {}", i.callback_id);
                self.not_ours(&i, &what).await
            }
        }
    }

    /// One button, or one entry of a menu.
    async fn pressed(&self, i: Interaction, key: String, began: Instant) -> Reply {
        let Some(action) = i.actions.first() else { return Reply::Empty };
        if action.action_id == DECLARE_BUTTON {
            return self.opened_by(&i, None).await;
        }
        let value = action.selected_option.as_ref().map(|o| o.value.as_str()).or(action.value.as_deref());
        if action.action_id == OFFER {
            let offer = value.unwrap_or_default().to_string();
            return self.hear_pressed(i, String::new(), Some(offer), key, began).await;
        }
        let ours = action.action_id == MORE || action.action_id.starts_with(PRESS);
        let Some((incident, form, verb)) = value.filter(|_| ours).and_then(read_pressed) else {
            return self.not_ours(&i, &action.action_id).await;
        };
        if form {
            let channel = i.channel.as_ref().map(|c| c.id.clone()).unwrap_or_default();
            if let Err(why) = self.open(&i.trigger_id, verb, Some(incident), &i.user.id, &channel).await {
                self.answer_beside(&i, &channel, &why).await;
            }
            return Reply::Empty;
        }
        let text = format!("{incident} {verb}");
        self.hear_pressed(i, text, None, key, began).await
    }

    /// What a button says, or offers.
    async fn hear_pressed(
        &self,
        i: Interaction,
        text: String,
        offer: Option<String>,
        key: String,
        began: Instant,
    ) -> Reply {
        let channel = i.channel.as_ref().map(|c| c.id.clone()).unwrap_or_default();
        let words = Words {
            user: i.user.id.clone(),
            handle: i.user.name.clone(),
            place: Some(channel.clone()).filter(|c| !c.is_empty()),
            text,
            key,
            origin: None,
            offer,
        };
        let heard = self.hear(words, began, WITHIN).await;
        let (slack, answer) = (self.clone(), heard.answer.text);
        self.say_later(heard.later, i.response_url.clone(), i.user.id.clone());
        // After the acknowledgement, which has no words of its own here.
        tokio::spawn(async move { slack.answer_beside(&i, &channel, &answer).await });
        Reply::Empty
    }

    /// An answer to whoever pressed, seen by nobody else.
    async fn answer_beside(&self, i: &Interaction, channel: &str, text: &str) {
        if !i.response_url.is_empty() {
            return self.answer_to(&i.response_url, &i.user.id, text).await;
        }
        self.only_for(&i.user.id, channel, text).await;
    }

    /// In a channel for one person's eyes, else by a message.
    async fn only_for(&self, user: &str, channel: &str, text: &str) {
        if !channel.is_empty() {
            let said = super::render::answer(text).request(json!({ "channel": channel, "user": user }));
            match self.at.client.call("chat.postEphemeral", &said).await {
                Ok(_) => return,
                Err(trouble) => tracing::info!("an answer goes by message instead: {}", trouble.why()),
            }
        }
        self.message_to(user, text).await;
    }

    async fn not_ours(&self, i: &Interaction, what: &str) -> Reply {
        let fault = Fault::bug(format!("Slack sent something that is not known here: {what:?}"));
        tracing::warn!(fault.id = %fault.id, "{}", fault.chain);
        let text = format!(
            "Nothing was done: this comes from another version of Firebell, or from somebody else. \
             \"/incident list\" shows what is open. ({})",
            fault.id
        );
        let channel = i.channel.as_ref().map(|c| c.id.clone()).unwrap_or_default();
        self.answer_beside(i, &channel, &text).await;
        Reply::Empty
    }

    /// The form for declaring, with a message's words where there is one.
    async fn opened_by(&self, i: &Interaction, message: Option<Message>) -> Reply {
        let channel = i.channel.as_ref().map(|c| c.id.clone());
        let mut known = Vec::new();
        let (mut note, mut origin) = (None, None);
        if let Some(message) = &message {
            let text = self.typed(&message.text).await;
            let first = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default();
            known.push(("title", super::text::cut(first, TITLE_CHARS)));
            let quoted = self.quote(message, channel.as_deref().unwrap_or_default()).await;
            (note, origin) = (Some(quoted.0), Some(quoted.1));
        }
        let carried = Carried { form: "declare".into(), incident: None, channel: channel.clone(), note, origin };
        if let Err(why) = self.open_with(&i.trigger_id, &i.user.id, carried, &known).await {
            self.answer_beside(i, &channel.unwrap_or_default(), &why).await;
        }
        Reply::Empty
    }

    /// A message as a note has it: its words, its author, its files; and where it is.
    pub(super) async fn quote(&self, message: &Message, channel: &str) -> (String, Origin) {
        let text = self.typed(&message.text).await;
        let author = match &message.user {
            Some(user) => self.at.identity.who(&self.app().directory(), user, "").await.person.to_string(),
            None => message.username.clone().unwrap_or_else(|| "a bot".to_string()),
        };
        let request = json!({ "channel": channel, "message_ts": message.ts });
        let link = self.at.client.reply("chat.getPermalink", &request).await;
        let link = link.ok().and_then(|a| a.get("permalink").and_then(Value::as_str).map(str::to_string));
        let files: Vec<String> = message
            .files
            .iter()
            .filter(|f| !f.name.is_empty())
            .map(|f| format!("{} {}", f.name, f.permalink))
            .collect();
        let mut note = super::text::cut(text.trim(), firebell_domain::limits::TEXT_CHARS_MAX / 2);
        if !files.is_empty() {
            note.push_str(&format!("\nFiles: {}", files.join(", ")));
        }
        note.push_str(&format!("\n— @{author} in Slack"));
        (note.trim().to_string(), self.origin(message, channel, link))
    }

    pub(super) fn origin(&self, message: &Message, channel: &str, link: Option<String>) -> Origin {
        let author = message.user.clone().or_else(|| message.bot_id.clone());
        let (chat, place) = (self.house.channel.clone(), self.place(channel));
        Origin { chat, place, message: message.ts.clone(), author, link }
    }

    async fn to_timeline(&self, i: Interaction, key: String, began: Instant) -> Reply {
        let channel = i.channel.as_ref().map(|c| c.id.clone()).unwrap_or_default();
        let Some(message) = &i.message else { return self.not_ours(&i, &i.callback_id).await };
        let (note, origin) = self.quote(message, &channel).await;
        let words = self.note_of(&i.user.id, &channel, message, &note, Some(origin), key);
        let heard = self.hear(words, began, WITHIN).await;
        self.say_later(heard.later, i.response_url.clone(), i.user.id.clone());
        let (slack, text) = (self.clone(), heard.answer.text);
        tokio::spawn(async move { slack.answer_beside(&i, &channel, &text).await });
        Reply::Empty
    }

    /// A note of a message, in the name of whoever put it on the timeline.
    pub(super) fn note_of(
        &self,
        user: &str,
        channel: &str,
        message: &Message,
        note: &str,
        origin: Option<Origin>,
        key: String,
    ) -> Words {
        let place = match message.thread_ts.as_deref().filter(|t| !t.is_empty()) {
            Some(thread) => format!("{channel}/{thread}"),
            None => channel.to_string(),
        };
        // The words are out of Slack's marks already, and are not to be read for any again.
        let text = format!("note {}", super::text::escape_marks(note));
        let origin = origin.map(Box::new);
        Words { user: user.to_string(), handle: String::new(), place: Some(place), text, key, origin, offer: None }
    }

    /// A form that was filled in: the lines of the grammar that it stands for.
    async fn submitted(&self, i: Interaction, began: Instant) -> Reply {
        let Some(view) = i.view.as_ref().filter(|v| v.callback_id == FORM) else {
            return self.not_ours(&i, "a form").await;
        };
        let Ok(carried) = serde_json::from_str::<Carried>(&view.private_metadata) else {
            return self.not_ours(&i, "a form's metadata").await;
        };
        let values = self.filled(view).await;
        let mut lines = match self.argued(&i, &carried, &values).await {
            Some(Ok(line)) => vec![line],
            Some(Err(reply)) => {
                self.house.seen.let_again(&view.delivery());
                return reply;
            }
            None => notice::form::said(&carried.form, &values),
        };
        let quoted = carried.note.is_some().then_some(lines.len());
        if let Some(note) = &carried.note {
            lines.push(format!("note {note}"));
        }
        let place = carried.channel.clone().filter(|_| carried.incident.is_none() && carried.form != "declare");
        let say = |n: usize, text: String| Words {
            user: i.user.id.clone(),
            handle: i.user.name.clone(),
            place: place.clone(),
            text: super::text::escape_marks(&text),
            key: if n == 0 { format!("view:{}", view.id) } else { format!("view:{}:{n}", view.id) },
            origin: carried.origin.clone().filter(|_| Some(n) == quoted).map(Box::new),
            offer: None,
        };
        let mut lines = lines.into_iter().enumerate();
        let Some((_, first)) = lines.next() else { return Reply::Empty };
        let first = match carried.incident() {
            Some(id) => format!("{id} {first}"),
            None => first,
        };
        let heard = self.hear(say(0, first), began, WITHIN_TRIGGER).await;
        let answer = heard.answer;
        let (slack, user) = (self.clone(), i.user.id.clone());
        let channel = carried.channel.clone().unwrap_or_default();
        let rest: Vec<(usize, String)> = lines.collect();
        match answer.kind {
            Kind::Done => {
                let said: Vec<Words> = rest
                    .into_iter()
                    .filter_map(|(n, line)| Some(say(n, format!("{} {line}", answer.incident?))))
                    .collect();
                tokio::spawn(async move { slack.after_form(&user, &channel, &answer, said).await });
                Reply::Empty
            }
            Kind::Again => page(said_view("Already recorded", &answer.text)),
            Kind::NotYet => {
                let form = carried.form.clone();
                if let Some(later) = heard.later {
                    tokio::spawn(async move {
                        let outcome = later.outcome().await;
                        let mut text = outcome.text.clone();
                        if !rest.is_empty() && outcome.done() {
                            text.push_str(&format!(" What else the {form} form said was not recorded: say it there."));
                        }
                        slack.message_to(&user, &text).await;
                    });
                }
                page(said_view("Not recorded yet", &answer.text))
            }
            Kind::Refused | Kind::Fault => {
                self.house.seen.let_again(&view.delivery());
                refused(view, &answer)
            }
        }
    }

    /// The line for values of what a remediation leaves open, or what is wrong with them.
    async fn argued(
        &self,
        i: &Interaction,
        carried: &Carried,
        values: &BTreeMap<String, String>,
    ) -> Option<Result<String, Reply>> {
        let id = carried.incident().filter(|_| arguments::is_one(&carried.form))?;
        let place = carried.channel.as_deref().unwrap_or_default();
        let speaker = self.speaker(&i.user.id, &i.user.name, place).await;
        let form = match arguments::again(self.app(), &speaker, id, &carried.form).await {
            Ok(form) => form,
            Err(no) => return Some(Err(page(said_view("Not done", &no.shown())))),
        };
        Some(arguments::line(&form, values).map_err(|no| {
            let why = super::text::cut(&no.why, FIELD_ERROR_CHARS_MAX);
            Reply::Body(json!({ "response_action": "errors", "errors": { no.field: why } }))
        }))
    }

    /// What a form says beyond its first line, and the answer to all of it.
    async fn after_form(&self, user: &str, channel: &str, answer: &Answer, more: Vec<Words>) {
        let mut text = answer.text.clone();
        for words in more {
            let heard = self.hear(words, crate::clock::instant(), WITHIN).await;
            if !heard.answer.done() {
                text.push_str(&format!("\n{}", heard.answer.text));
            }
        }
        self.only_for(user, channel, &text).await;
    }

    /// What was filled in, with people by their names here.
    async fn filled(&self, view: &View) -> BTreeMap<String, String> {
        let users = view.state.values.values().flat_map(|b| b.values()).filter_map(|e| e.selected_user.clone());
        let mut names = BTreeMap::new();
        for user in users {
            let who = self.at.identity.who(&self.app().directory(), &user, "").await;
            names.insert(user, who.person.to_string());
        }
        values(view, &|user| names.get(user).cloned().unwrap_or_else(|| user.to_string()))
    }
}

/// A refusal stands beside a field, so that what was typed is kept.
fn refused(view: &View, answer: &Answer) -> Reply {
    let fields: Vec<&String> = view.state.values.keys().collect();
    let field = ["title", "text", "person"].into_iter().find(|f| fields.iter().any(|k| k == f));
    let field = field.map(str::to_string).or_else(|| fields.first().map(|f| f.to_string()));
    match field {
        Some(field) => {
            let text = super::text::cut(&answer.text, FIELD_ERROR_CHARS_MAX);
            Reply::Body(json!({ "response_action": "errors", "errors": { field: text } }))
        }
        None => page(said_view("Not done", &answer.text)),
    }
}
