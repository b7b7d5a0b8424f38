//! The people: they run commands, type, click, pick, submit, react, pin and write. Each act is what their client
//! would send, and is refused (the test fails) where the client would not let them.

use super::Discord;
use super::asked::Asked;
use super::interactions::{AUTOCOMPLETE, COMMAND, COMPONENT, Interaction};
use super::permissions::USE_APPLICATION_COMMANDS;
use super::state::{Id, Message};
use super::validate::components::is_select;
use serde_json::{Value, json};

/// Somebody, and the channel they are looking at.
#[derive(Clone)]
pub struct Person {
    pub discord: Discord,
    pub id: Id,
    pub name: String,
    pub channel: Id,
    pub direct: bool,
}

impl Discord {
    /// Somebody of the server, looking at #general.
    pub fn person(&self, name: &str) -> Person {
        let id = self.read(|state| state.users.values().find(|user| user.name == name).map(|user| user.id));
        let id = id.unwrap_or_else(|| panic!("nobody is called {name}"));
        Person { discord: self.clone(), id, name: name.to_string(), channel: self.channel("general").id, direct: false }
    }
}

impl Person {
    /// Looks at a channel or thread, by name.
    pub fn at(&self, channel: &str) -> Person {
        self.at_id(self.discord.channel(channel).id)
    }

    pub fn at_id(&self, channel: Id) -> Person {
        let sees = self.discord.read(|state| {
            let channel = state.channels.get(&channel).unwrap_or_else(|| panic!("there is no channel {channel}"));
            state.permissions(self.id, channel) != 0
        });
        assert!(sees, "{} does not see this channel", self.name);
        Person { channel, ..self.clone() }
    }

    pub fn interaction(&self, kind: u8, data: Value) -> Interaction {
        self.discord.change(|state| {
            let channel = &state.channels[&self.channel];
            let guild = channel.guild;
            if kind == COMMAND {
                let may = state.permissions(self.id, channel) & USE_APPLICATION_COMMANDS != 0;
                assert!(may, "{} may not use commands here", self.name);
            }
            let id = state.new_id();
            Interaction {
                id,
                token: format!("aW50ZXJhY3Rpb246{id}"),
                kind,
                user: self.id,
                guild,
                channel: self.channel,
                asked_ms: state.now_ms(),
                data,
                source: None,
                completes: 0,
                answer: None,
                answered_ms: None,
                original: None,
                follow_ups: Vec::new(),
                failed: None,
            }
        })
    }

    pub fn sends(&self, asked: Interaction) -> Asked {
        Asked { discord: self.discord.clone(), id: self.discord.deliver(asked) }
    }

    pub fn guild(&self) -> Option<Id> {
        self.discord.read(|state| state.channels[&self.channel].guild)
    }

    /// Waits until the command is registered: nobody can run it before.
    async fn knows(&self, kind: u64, name: &str) {
        let guild = self.guild();
        let what = format!("the command `{name}` is registered");
        self.discord.eventually(&what, |state| state.command(guild, kind, name).is_some()).await;
    }

    /// `ana.runs("/incident declare", json!({"title": "checkout is down"}))`
    pub async fn runs(&self, line: &str, options: Value) -> Asked {
        self.knows(1, line.trim_start_matches('/').split_whitespace().next().unwrap_or_default()).await;
        let guild = self.guild();
        let typed = self.discord.read(|state| state.typed(guild, line, &options, None));
        self.sends(self.interaction(COMMAND, typed.data))
    }

    /// Types in the option `typing`, and gets what is offered.
    pub async fn types(&self, line: &str, options: Value, typing: &str) -> Vec<Value> {
        self.knows(1, line.trim_start_matches('/').split_whitespace().next().unwrap_or_default()).await;
        let guild = self.guild();
        let typed = self.discord.read(|state| state.typed(guild, line, &options, Some(typing)));
        assert!(typed.completes != 0, "`{typing}` is not among the options given");
        let asked = Interaction { completes: typed.completes, ..self.interaction(AUTOCOMPLETE, typed.data) };
        self.sends(asked).choices().await
    }

    /// A command of a message's menu.
    pub async fn runs_on_message(&self, name: &str, message: &Message) -> Asked {
        self.knows(3, name).await;
        let data = self.discord.read(|state| {
            let command = state.command(state.channels[&self.channel].guild, 3, name).expect("it is registered");
            let message = state.message(message.channel, message.id).expect("the message is there");
            let id = message.id.to_string();
            json!({
                "id": command["id"], "name": name, "type": 3, "target_id": id,
                "resolved": {"messages": {id: state.message_json(message)}},
            })
        });
        self.at_id(message.channel).act(COMMAND, data)
    }

    /// A command of a person's menu.
    pub async fn runs_on_user(&self, name: &str, user: &Person) -> Asked {
        self.knows(2, name).await;
        let data = self.discord.read(|state| {
            let guild = state.channels[&self.channel].guild;
            let command = state.command(guild, 2, name).expect("it is registered");
            let mut resolved = json!({});
            state.resolve_user(guild, user.id, &mut resolved);
            json!({"id": command["id"], "name": name, "type": 2, "target_id": user.id.to_string(), "resolved": resolved})
        });
        self.act(COMMAND, data)
    }

    fn act(&self, kind: u8, data: Value) -> Asked {
        self.sends(self.interaction(kind, data))
    }

    /// A button by its label or custom id, as the message is now.
    pub async fn clicks(&self, message: &Message, button: &str) -> Asked {
        let found = self.component(message, |c| c["type"] == 2 && (c["custom_id"] == button || c["label"] == button));
        let found =
            found.unwrap_or_else(|| panic!("there is no button `{button}` on\n{}", self.discord.plain(message)));
        assert!(found["disabled"] != true, "the button `{button}` is greyed out");
        assert!(found["custom_id"].is_string(), "the button `{button}` is a link: {}", found["url"]);
        self.uses(message, json!({"component_type": 2, "custom_id": found["custom_id"], "id": found["id"]}))
    }

    /// Options of a select, by label or value (people, roles and channels by name).
    pub async fn picks(&self, message: &Message, select: &str, picked: &[&str]) -> Asked {
        let is_it = |c: &Value| {
            let kind = c["type"].as_u64().unwrap_or(0);
            is_select(kind) && (c["custom_id"] == select || c["placeholder"] == select)
        };
        let found = self.component(message, is_it);
        let found =
            found.unwrap_or_else(|| panic!("there is no select `{select}` on\n{}", self.discord.plain(message)));
        assert!(found["disabled"] != true, "the select `{select}` is greyed out");
        let mut data = self.picked(&found, picked);
        data["component_type"] = found["type"].clone();
        self.uses(message, data)
    }

    /// A component of the message as it is now, wherever it is nested.
    fn component(&self, message: &Message, is_it: impl Fn(&Value) -> bool) -> Option<Value> {
        let now = self.discord.read(|state| state.message(message.channel, message.id).cloned());
        let now = now.unwrap_or_else(|| panic!("the message is gone"));
        let hidden = now.only_for.is_some_and(|user| user != self.id);
        assert!(!hidden, "{} does not see this message", self.name);
        all_components(&now.components).into_iter().find(|component| is_it(component)).cloned()
    }

    fn uses(&self, message: &Message, data: Value) -> Asked {
        let here = self.at_id(message.channel);
        let asked = Interaction { source: Some((message.channel, message.id)), ..here.interaction(COMPONENT, data) };
        self.sends(asked)
    }

    /// Messages that only this person sees, the oldest first.
    pub fn ephemerals(&self) -> Vec<Message> {
        self.discord.read(|state| {
            let all = state.messages.values().flat_map(|messages| messages.values());
            let mut mine: Vec<Message> = all.filter(|message| message.only_for == Some(self.id)).cloned().collect();
            mine.sort_by_key(|message| message.id);
            mine
        })
    }
}

/// Every component, the outer ones first.
pub fn all_components(components: &[Value]) -> Vec<&Value> {
    let mut all = Vec::new();
    for component in components {
        all.push(component);
        all.extend(all_components(component["components"].as_array().map(Vec::as_slice).unwrap_or_default()));
        all.extend(component.get("accessory"));
    }
    all
}
