//! Discord's shapes, as far as they are needed: an interaction taken apart, ids and the time that is in them, the kinds
//! of answers. Reads JSON whichever way it came, so that what the library's types leave out is not lost. Decides
//! nothing, asks nothing.

use firebell_domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Milliseconds from the Unix epoch to Discord's.
const EPOCH_MS: i64 = 1_420_070_400_000;
/// Of a message: only this person sees it.
pub const EPHEMERAL: u64 = 1 << 6;
/// Of a message: nobody's device rings.
pub const SILENT: u64 = 1 << 12;

/// Permissions, as bits.
pub mod permission {
    pub const MANAGE_CHANNELS: u64 = 1 << 4;
    pub const VIEW_CHANNEL: u64 = 1 << 10;
    pub const SEND_MESSAGES: u64 = 1 << 11;
    pub const EMBED_LINKS: u64 = 1 << 14;
    pub const ATTACH_FILES: u64 = 1 << 15;
    pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    pub const MANAGE_ROLES: u64 = 1 << 28;
    pub const MANAGE_THREADS: u64 = 1 << 34;
    pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
    pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
    pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
    pub const PIN_MESSAGES: u64 = 1 << 51;
    pub const ADMINISTRATOR: u64 = 1 << 3;
}

/// When what has this id was made.
pub fn made_at(id: &str) -> Option<Timestamp> {
    let ms = (id.parse::<u64>().ok()? >> 22) as i64 + EPOCH_MS;
    Some(Timestamp(ms.saturating_mul(1_000)))
}

/// The smallest id of what is made at that time: what comes `after` it in a channel.
pub fn first_id_at(at: Timestamp) -> String {
    let ms = (at.0 / 1_000).saturating_sub(EPOCH_MS).max(0) as u64;
    (ms << 22).to_string()
}

#[derive(Clone, Debug, PartialEq)]
pub struct Interaction {
    pub id: String,
    pub token: String,
    pub guild: Option<String>,
    pub channel: Option<String>,
    /// The message whose component was pressed.
    pub message: Option<String>,
    pub user: User,
    pub kind: Kind,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    pub id: String,
    /// The handle: lower case, no spaces.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Ping,
    /// The words after the slash, and what was filled in.
    Command {
        path: Vec<String>,
        options: BTreeMap<String, String>,
    },
    /// Of the context menu of a message.
    OnMessage {
        name: String,
        message: Message,
    },
    /// Of the context menu of a person.
    OnUser {
        name: String,
        user: User,
    },
    Complete {
        path: Vec<String>,
        options: BTreeMap<String, String>,
        focused: String,
    },
    Pressed {
        custom_id: String,
        values: Vec<String>,
    },
    Submitted {
        custom_id: String,
        fields: BTreeMap<String, String>,
    },
    /// Something that Discord has learnt since.
    Unknown(u64),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    pub id: String,
    pub channel: String,
    pub author: User,
    pub text: String,
}

/// An interaction, or `None` where it is not even one.
pub fn interaction(v: &Value) -> Option<Interaction> {
    let data = &v["data"];
    let kind = match v["type"].as_u64()? {
        1 => Kind::Ping,
        2 => match data["type"].as_u64().unwrap_or(1) {
            2 => Kind::OnUser { name: text(&data["name"]), user: target_user(data) },
            3 => Kind::OnMessage { name: text(&data["name"]), message: target_message(data) },
            _ => {
                let (path, options, _) = filled(data);
                Kind::Command { path, options }
            }
        },
        3 => Kind::Pressed { custom_id: text(&data["custom_id"]), values: values(&data["values"]) },
        4 => {
            let (path, options, focused) = filled(data);
            Kind::Complete { path, options, focused }
        }
        5 => Kind::Submitted { custom_id: text(&data["custom_id"]), fields: fields(&data["components"]) },
        other => Kind::Unknown(other),
    };
    let who = if v["member"]["user"].is_object() { &v["member"]["user"] } else { &v["user"] };
    let found = Interaction {
        id: text(&v["id"]),
        token: text(&v["token"]),
        guild: id(&v["guild_id"]),
        channel: id(&v["channel_id"]).or_else(|| id(&v["channel"]["id"])),
        message: id(&v["message"]["id"]),
        user: user(who),
        kind,
    };
    (found.kind == Kind::Ping || (!found.id.is_empty() && !found.token.is_empty())).then_some(found)
}

/// Options below subcommands and groups, flattened: the path, the values as text, and which one is being typed.
fn filled(data: &Value) -> (Vec<String>, BTreeMap<String, String>, String) {
    let mut path = vec![text(&data["name"])];
    let mut at = data;
    while let Some(sub) = at["options"].get(0).filter(|o| matches!(o["type"].as_u64(), Some(1 | 2))) {
        path.push(text(&sub["name"]));
        at = sub;
    }
    let all = at["options"].as_array().map_or(&[][..], Vec::as_slice);
    let value = |v: &Value| match v {
        Value::String(s) => s.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let options = all.iter().map(|o| (text(&o["name"]), value(&o["value"]))).collect();
    let focused = all.iter().find(|o| o["focused"] == true).map(|o| text(&o["name"])).unwrap_or_default();
    (path, options, focused)
}

/// The fields of a modal, in rows or labels.
fn fields(components: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open: Vec<&Value> = components.as_array().map(|a| a.iter().collect()).unwrap_or_default();
    while let Some(c) = open.pop() {
        if let Some(name) = c["custom_id"].as_str() {
            let several = values(&c["values"]).join(" ");
            found.insert(name.to_string(), c["value"].as_str().map_or(several, str::to_string));
        }
        open.extend(c["components"].as_array().into_iter().flatten());
        if c["component"].is_object() {
            open.push(&c["component"]);
        }
    }
    found
}

fn target_user(data: &Value) -> User {
    let target = text(&data["target_id"]);
    let found = user(&data["resolved"]["users"][&target]);
    User { id: target, ..found }
}

fn target_message(data: &Value) -> Message {
    let target = text(&data["target_id"]);
    message(&data["resolved"]["messages"][&target])
}

pub fn message(v: &Value) -> Message {
    Message {
        id: text(&v["id"]),
        channel: text(&v["channel_id"]),
        author: user(&v["author"]),
        text: text(&v["content"]),
    }
}

pub fn user(v: &Value) -> User {
    User { id: text(&v["id"]), name: text(&v["username"]) }
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_string()
}

/// Ids are text; the library writes some of them as numbers.
pub fn id(v: &Value) -> Option<String> {
    match v {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn values(v: &Value) -> Vec<String> {
    v.as_array().into_iter().flatten().filter_map(|v| v.as_str()).map(str::to_string).collect()
}

/// The answer to an interaction, as Discord takes it: over HTTP as the answer's body, else in a request of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Pong,
    /// A message for this person alone.
    Say(Value),
    /// "Thinking …": the message follows.
    Later,
    /// A modal, which Discord takes only as the first answer.
    Form(Value),
    Choices(Vec<(String, String)>),
}

impl Reply {
    pub fn json(&self) -> Value {
        match self {
            Reply::Pong => json!({ "type": 1 }),
            Reply::Say(message) => json!({ "type": 4, "data": message }),
            Reply::Later => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
            Reply::Form(modal) => json!({ "type": 9, "data": modal }),
            Reply::Choices(choices) => {
                let choices: Vec<Value> =
                    choices.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
                json!({ "type": 8, "data": { "choices": choices } })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_a_group_is_taken_apart_with_its_options() {
        let v = json!({ "id": "1", "token": "t", "type": 2, "guild_id": "7", "channel_id": "9",
            "member": { "user": { "id": "5", "username": "ana" } },
            "data": { "type": 1, "name": "incident", "options": [{ "type": 2, "name": "people", "options": [
                { "type": 1, "name": "role", "options": [
                    { "type": 3, "name": "role", "value": "scribe" }, { "type": 5, "name": "all", "value": true }] }] }] } });
        let found = interaction(&v).expect("an interaction");
        assert_eq!(found.user, User { id: "5".into(), name: "ana".into() });
        let Kind::Command { path, options } = found.kind else { panic!("{:?}", found.kind) };
        assert_eq!(path, ["incident", "people", "role"]);
        assert_eq!((options["role"].as_str(), options["all"].as_str()), ("scribe", "true"));
    }

    #[test]
    fn the_fields_of_a_modal_are_found_in_rows_and_in_labels() {
        let v = json!({ "id": "1", "token": "t", "type": 5, "user": { "id": "5", "username": "ana" },
            "data": { "custom_id": "f|declare", "components": [
                { "type": 1, "components": [{ "type": 4, "custom_id": "title", "value": "checkout is down" }] },
                { "type": 18, "component": { "type": 3, "custom_id": "severity", "values": ["P1"] } }] } });
        let Kind::Submitted { fields, .. } = interaction(&v).expect("an interaction").kind else { panic!("a form") };
        assert_eq!((fields["title"].as_str(), fields["severity"].as_str()), ("checkout is down", "P1"));
    }

    #[test]
    fn what_is_no_interaction_is_none_and_a_new_kind_is_told_apart() {
        assert_eq!(interaction(&json!({})), None);
        assert_eq!(interaction(&json!({ "type": 2 })), None);
        assert_eq!(interaction(&json!([1, 2])), None);
        let new = interaction(&json!({ "type": 77, "id": "1", "token": "t" })).expect("an interaction");
        assert_eq!(new.kind, Kind::Unknown(77));
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        assert_eq!(made_at("175928847299117063").map(|t| t.rfc3339()), Some("2016-04-30T11:18:25.796000Z".into()));
        let at = made_at("175928847299117063").expect("a time");
        assert!(first_id_at(at).parse::<u64>().expect("a number") <= 175_928_847_299_117_063);
        assert_eq!(made_at("nothing"), None);
    }
}
