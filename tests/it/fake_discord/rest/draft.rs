//! From a body to a message: what was checked becomes what is kept, files get ids, components get numbers,
//! and who is called is worked out. Never stores or tells.

use crate::fake_discord::multipart::File;
use crate::fake_discord::permissions::MENTION_EVERYONE;
use crate::fake_discord::refused::{self, Form, Refused};
use crate::fake_discord::state::{Attachment, COMPONENTS_V2, Channel, EPHEMERAL, Id, Message, Pings, State};
use crate::fake_discord::validate::message::{self, Sent};
use serde_json::{Value, json};

/// What a message will be made of.
#[derive(Debug, Clone)]
pub struct Draft {
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Attachment>,
    pub flags: u64,
    pub nonce: Option<Value>,
    pub allowed_mentions: Value,
    pub tts: bool,
}

fn items(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

impl State {
    /// A new message's body.
    pub fn draft(&mut self, body: &Value, files: &[File], sent: Sent, path: &str) -> Result<Draft, Refused> {
        let mut form = Form::default();
        let flags = body["flags"].as_u64().unwrap_or(0);
        message::check(&mut form, body, files, sent, flags & COMPONENTS_V2 != 0);
        form.finish().map_err(|refused| below(refused, path))?;
        let draft = Draft {
            content: body["content"].as_str().unwrap_or_default().trim().to_string(),
            embeds: items(&body["embeds"]).into_iter().map(rich).collect(),
            components: numbered(items(&body["components"])),
            attachments: self.received(body, files),
            flags,
            nonce: Some(body["nonce"].clone()).filter(|nonce| !nonce.is_null()),
            allowed_mentions: body["allowed_mentions"].clone(),
            tts: body["tts"].as_bool().unwrap_or(false),
        };
        match draft.is_empty() {
            true => Err(refused::empty_message()),
            false => Ok(draft),
        }
    }

    /// What an edit makes of a message; what it does not name stays.
    pub fn redraft(&mut self, message: &Message, body: &Value, files: &[File]) -> Result<Draft, Refused> {
        let mut form = Form::default();
        let flags = body["flags"].as_u64().unwrap_or(message.flags);
        let v2 = message.is_v2() || flags & COMPONENTS_V2 != 0;
        let mut seen = body.clone();
        // Text of the message that is sent back as null is taken away, which a message of components may want.
        if message.attachments.iter().any(|a| body.to_string().contains(&format!("attachment://{}", a.filename))) {
            seen["attachments"] = json!([{"id": "18446744073709551615"}]);
        }
        message::check(&mut form, &seen, files, Sent::AsEdit, v2);
        if message.is_v2() && body["flags"].is_u64() && flags & COMPONENTS_V2 == 0 {
            form.wrong("flags", "MESSAGE_FLAGS_COMPONENTS_V2", "IS_COMPONENTS_V2 cannot be taken from a message");
        }
        form.finish()?;
        let keep = |key: &str, old: Vec<Value>| if body.get(key).is_some() { items(&body[key]) } else { old };
        let attachments = match body.get("attachments") {
            None => [message.attachments.clone(), self.received(body, files)].concat(),
            Some(listed) => {
                let kept = |a: &&Attachment| items(listed).iter().any(|item| item["id"] == json!(a.id.to_string()));
                let kept: Vec<Attachment> = message.attachments.iter().filter(kept).cloned().collect();
                [kept, self.received(body, files)].concat()
            }
        };
        let draft = Draft {
            content: match body.get("content") {
                Some(content) => content.as_str().unwrap_or_default().trim().to_string(),
                None => message.content.clone(),
            },
            embeds: keep("embeds", message.embeds.clone()).into_iter().map(rich).collect(),
            components: numbered(keep("components", message.components.clone())),
            attachments,
            flags: message.flags & !COMPONENTS_V2 & !EPHEMERAL | flags & COMPONENTS_V2 | message.flags & EPHEMERAL,
            nonce: message.nonce.clone(),
            allowed_mentions: body["allowed_mentions"].clone(),
            tts: message.tts,
        };
        match draft.is_empty() {
            true => Err(refused::empty_message()),
            false => Ok(draft),
        }
    }

    /// Files with the names and descriptions that the body gives them.
    fn received(&mut self, body: &Value, files: &[File]) -> Vec<Attachment> {
        let mut attachments = Vec::new();
        for file in files {
            let number = file.number.to_string();
            let same = |item: &&Value| item["id"] == json!(number) || item["id"] == json!(file.number);
            let listed = body["attachments"].as_array().and_then(|items| items.iter().find(same)).cloned();
            let listed = listed.unwrap_or_default();
            let name = listed["filename"].as_str().unwrap_or(&file.filename);
            attachments.push(Attachment {
                id: self.new_id(),
                filename: name.replace(['/', '\\'], "_"),
                description: listed["description"].as_str().map(str::to_string),
                content_type: file.content_type.clone(),
                bytes: file.bytes.clone(),
            });
        }
        attachments
    }

    /// Who is called by what is written, after the allowed mentions and the author's permissions.
    pub fn pings(&self, draft: &Draft, channel: &Channel, author: Id, reply_to: Option<Id>) -> Pings {
        let text = content_text(&draft.content, &draft.components);
        let allowed = &draft.allowed_mentions;
        let may = |kind: &str, id: Id| {
            let listed = |list: &Value, what: &Value| list.as_array().is_some_and(|list| list.contains(what));
            allowed.is_null()
                || listed(&allowed["parse"], &json!(kind))
                || listed(&allowed[kind], &json!(id.to_string()))
        };
        let mighty = self.permissions(author, channel) & MENTION_EVERYONE != 0;
        let guild = channel.guild.and_then(|id| self.guilds.get(&id));
        let mut users: Vec<Id> = mentioned(&text, &["<@", "<@!"]);
        users.retain(|id| self.users.contains_key(id) && may("users", *id));
        let replied = reply_to.and_then(|id| self.message(channel.id, id)).map(|message| message.author);
        let replied_user = if allowed.is_null() { true } else { allowed["replied_user"].as_bool().unwrap_or(false) };
        users.extend(replied.filter(|_| replied_user));
        users.sort_unstable();
        users.dedup();
        let mut roles = mentioned(&text, &["<@&"]);
        roles.retain(|id| {
            let role = guild.and_then(|guild| guild.roles.get(id));
            role.is_some_and(|role| role.mentionable || mighty) && may("roles", *id)
        });
        let everyone = text.contains("@everyone") || text.contains("@here");
        Pings { everyone: everyone && mighty && guild.is_some() && may("everyone", 0), users, roles }
    }
}

impl Draft {
    /// What "thinking…" is made of.
    pub fn nothing() -> Draft {
        Draft {
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            flags: 0,
            nonce: None,
            allowed_mentions: Value::Null,
            tts: false,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.content.is_empty() && self.embeds.is_empty() && self.components.is_empty() && self.attachments.is_empty()
    }

    /// Puts it into a message.
    pub fn fill(self, message: &mut Message) {
        message.content = self.content;
        message.embeds = self.embeds;
        message.components = self.components;
        message.attachments = self.attachments;
        message.flags = self.flags;
    }
}

/// The same errors, one level deeper: a callback's message stands under `data`.
pub fn below(refused: Refused, path: &str) -> Refused {
    match &refused.errors {
        Some(errors) if !path.is_empty() => Refused { errors: Some(json!({ path: errors })), ..refused },
        _ => refused,
    }
}

/// An embed as Discord gives it back.
fn rich(mut embed: Value) -> Value {
    embed["type"] = json!("rich");
    embed
}

/// Every component has a number: the ones given, and the free ones in order.
fn numbered(mut components: Vec<Value>) -> Vec<Value> {
    fn taken(component: &Value, ids: &mut Vec<u64>) {
        ids.extend(component["id"].as_u64().filter(|id| *id != 0));
        for child in component["components"].as_array().into_iter().flatten().chain(component.get("accessory")) {
            taken(child, ids);
        }
    }
    fn number(component: &mut Value, ids: &[u64], next: &mut u64) {
        if component["id"].as_u64().is_none_or(|id| id == 0) {
            while ids.contains(next) {
                *next += 1;
            }
            component["id"] = json!(*next);
            *next += 1;
        }
        if let Some(children) = component.get_mut("components").and_then(Value::as_array_mut) {
            children.iter_mut().for_each(|child| number(child, ids, next));
        }
        if let Some(accessory) = component.get_mut("accessory") {
            number(accessory, ids, next);
        }
    }
    let (mut ids, mut next) = (Vec::new(), 1);
    components.iter().for_each(|component| taken(component, &mut ids));
    components.iter_mut().for_each(|component| number(component, &ids, &mut next));
    components
}

/// What people can be called from: the content, and the text of components.
pub fn content_text(content: &str, components: &[Value]) -> String {
    let mut text = content.to_string();
    for component in components {
        if component["type"] == 10 {
            text.push('\n');
            text.push_str(component["content"].as_str().unwrap_or_default());
        }
        let children = component["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        text.push_str(&content_text("", children));
    }
    text
}

/// The ids between one of these openings and `>`.
fn mentioned(text: &str, openings: &[&str]) -> Vec<Id> {
    let found = openings.iter().flat_map(|opening| text.split(opening).skip(1));
    found.filter_map(|rest| rest.split_once('>')?.0.parse().ok()).collect()
}
