//! What Slack sends, read tolerantly: the same shapes come through a socket and over HTTP. Read here instead of by the
//! crate's event types, because those drop what we need (the user's name, selections of people, a `null` team of an
//! organisation-wide installation), and one field more in a payload must not lose a command. Reads; does nothing.

use firebell_domain::chain::hex;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A slash command.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Command {
    /// The workspace.
    pub team_id: String,
    pub user_id: String,
    pub user_name: String,
    pub channel_id: String,
    pub command: String,
    pub text: String,
    pub response_url: String,
    pub trigger_id: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// A button, a menu, a form, a shortcut.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Interaction {
    #[serde(rename = "type")]
    pub kind: String,
    /// The workspace; `null` in an installation for a whole organisation.
    pub team: Option<Named>,
    pub user: Named,
    pub channel: Option<Named>,
    pub container: Value,
    pub message: Option<Message>,
    pub actions: Vec<Action>,
    pub view: Option<View>,
    pub callback_id: String,
    pub trigger_id: String,
    pub response_url: String,
    pub response_urls: Vec<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Action {
    pub action_id: String,
    pub value: Option<String>,
    pub selected_option: Option<Chosen>,
    pub action_ts: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    pub value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct View {
    pub id: String,
    pub callback_id: String,
    pub private_metadata: String,
    pub state: State,
}

impl View {
    /// One submission with what was filled in.
    pub fn delivery(&self) -> String {
        let filled = format!("{:?}", self.state.values);
        format!("view:{}:{}", self.id, hex(&Sha256::digest(filled.as_bytes())))
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    /// By block and by element.
    pub values: BTreeMap<String, BTreeMap<String, Entered>>,
}

/// What was filled into one field, whatever its kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Entered {
    pub value: Option<String>,
    pub selected_option: Option<Chosen>,
    pub selected_options: Option<Vec<Chosen>>,
    pub selected_user: Option<String>,
}

/// A message as events, histories and shortcuts have it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    pub ts: String,
    pub thread_ts: Option<String>,
    pub user: Option<String>,
    pub bot_id: Option<String>,
    pub username: Option<String>,
    pub text: String,
    /// Who edited it last.
    pub edited: Option<Edited>,
    pub files: Vec<File>,
    pub metadata: Value,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Edited {
    pub user: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct File {
    pub name: String,
    pub permalink: String,
}

/// An event of the Events API with what is around it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EventCallback {
    #[serde(rename = "type")]
    pub kind: String,
    pub challenge: String,
    pub event_id: String,
    /// Where it happened: in a shared channel that may be another workspace than the one that hears of it.
    pub team_id: String,
    /// Whose installation hears of it.
    pub authorizations: Vec<Authorization>,
    pub event: Event,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Authorization {
    pub team_id: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    pub subtype: Option<String>,
    /// An id; in `user_change` and `team_join` a whole user.
    pub user: Value,
    pub bot_id: Option<String>,
    /// An id; in `channel_rename` and others a whole channel.
    pub channel: Value,
    pub channel_type: Option<String>,
    pub text: String,
    pub ts: String,
    pub thread_ts: Option<String>,
    pub reaction: String,
    /// Of a reaction and of a pin: what it is on.
    pub item: Value,
    pub tab: Option<String>,
    pub links: Vec<Link>,
    /// Of an edit: the message as it is now.
    pub message: Option<Message>,
    /// Of an edit or a deletion: as it was.
    pub previous_message: Option<Message>,
    /// Who brought somebody into a channel.
    pub inviter: Option<String>,
    pub message_ts: String,
    pub unfurl_id: Option<String>,
    pub source: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Link {
    pub url: String,
}

impl Event {
    pub fn user_id(&self) -> &str {
        self.user.as_str().or_else(|| self.user.get("id").and_then(Value::as_str)).unwrap_or_default()
    }
    pub fn channel_id(&self) -> &str {
        self.channel.as_str().or_else(|| self.channel.get("id").and_then(Value::as_str)).unwrap_or_default()
    }
}

/// One thing that arrived.
#[derive(Clone, Debug)]
pub enum Inbound {
    Command(Box<Command>),
    Interaction(Box<Interaction>),
    Event(Box<EventCallback>),
}

impl Inbound {
    /// The workspaces that it may belong to, the most certain first.
    pub fn teams(&self) -> Vec<&str> {
        let all: Vec<&str> = match self {
            Inbound::Command(c) => vec![c.team_id.as_str()],
            Inbound::Interaction(i) => i.team.iter().map(|t| t.id.as_str()).collect(),
            Inbound::Event(e) => {
                let heard = e.authorizations.iter().filter_map(|a| a.team_id.as_deref());
                heard.chain([e.team_id.as_str()]).collect()
            }
        };
        all.into_iter().filter(|team| !team.is_empty()).collect()
    }

    /// What Slack calls it: the same whichever way and however often it is delivered. `None` for what has no name.
    pub fn key(&self) -> Option<String> {
        // A form that was refused is corrected and comes again; one that was taken comes again only unchanged.
        if let Inbound::Interaction(i) = self
            && i.kind == "view_submission"
            && let Some(view) = &i.view
        {
            return (!view.id.is_empty()).then(|| view.delivery());
        }
        let key = match self {
            Inbound::Command(c) => ("command", c.trigger_id.as_str()),
            Inbound::Event(e) => ("event", e.event_id.as_str()),
            Inbound::Interaction(i) => ("interaction", i.trigger_id.as_str()),
        };
        (!key.1.is_empty()).then(|| format!("{}:{}", key.0, key.1))
    }
}

/// A frame of a socket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Frame {
    #[serde(rename = "type")]
    pub kind: String,
    pub envelope_id: String,
    pub reason: String,
    pub payload: Value,
}

impl Frame {
    pub fn inbound(&self) -> Result<Inbound, String> {
        let read = |e: serde_json::Error| format!("an envelope of type {} cannot be read: {e}", self.kind);
        let payload = &self.payload;
        match self.kind.as_str() {
            "slash_commands" => Command::deserialize(payload).map(|c| Inbound::Command(Box::new(c))).map_err(read),
            "interactive" => Interaction::deserialize(payload).map(|i| Inbound::Interaction(Box::new(i))).map_err(read),
            "events_api" => EventCallback::deserialize(payload).map(|e| Inbound::Event(Box::new(e))).map_err(read),
            other => Err(format!("an envelope of type {other:?} is not known here")),
        }
    }
}
