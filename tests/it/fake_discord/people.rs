//! The people: they run commands, type, click, pick, submit, react, pin and write. Each act is what their client
//! would send, and is refused (the test fails) where the client would not let them.

use super::Discord;
use super::interactions::{AUTOCOMPLETE, Answer, COMMAND, COMPONENT, Interaction, MODAL_SUBMIT};
use super::permissions::{PIN_MESSAGES, SEND_MESSAGES, USE_APPLICATION_COMMANDS};
use super::rest;
use super::state::{EPHEMERAL, Id, LOADING, Message, State};
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

/// An interaction that somebody made.
#[derive(Clone)]
pub struct Asked {
    pub discord: Discord,
    pub id: Id,
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

    fn interaction(&self, kind: u8, data: Value) -> Interaction {
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

    fn sends(&self, asked: Interaction) -> Asked {
        Asked { discord: self.discord.clone(), id: self.discord.deliver(asked) }
    }

    fn guild(&self) -> Option<Id> {
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
        let found = found.unwrap_or_else(|| panic!("there is no button `{button}` on\n{}", self.discord.plain(message)));
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
        let found = found.unwrap_or_else(|| panic!("there is no select `{select}` on\n{}", self.discord.plain(message)));
        assert!(found["disabled"] != true, "the select `{select}` is greyed out");
        let mut data = self.picked(&found, picked);
        data["component_type"] = found["type"].clone();
        self.uses(message, data)
    }

    /// `values` and what they resolve to.
    fn picked(&self, select: &Value, picked: &[&str]) -> Value {
        let (least, most) = (select["min_values"].as_u64().unwrap_or(1), select["max_values"].as_u64().unwrap_or(1));
        assert!((least..=most).contains(&(picked.len() as u64)), "between {least} and {most} can be picked");
        let mut data = json!({"custom_id": select["custom_id"], "id": select["id"]});
        let guild = self.guild();
        let values: Vec<Value> = self.discord.read(|state| {
            let mut resolved = json!({});
            let value = |picked: &&str| {
                let user = || state.named_user(&json!(picked));
                let found = match select["type"].as_u64() {
                    Some(3) => {
                        let options = select["options"].as_array().into_iter().flatten();
                        let mut same = options.into_iter().filter(|o| o["value"] == *picked || o["label"] == *picked);
                        same.next().map(|option| option["value"].clone())
                    }
                    Some(5 | 7) => user().map(|user| {
                        state.resolve_user(guild, user, &mut resolved);
                        json!(user.to_string())
                    }),
                    _ => state.channels.values().find(|c| c.name == *picked).map(|c| json!(c.id.to_string())),
                };
                found.unwrap_or_else(|| panic!("`{picked}` is not among the options of {select}"))
            };
            let values = picked.iter().map(value).collect();
            if resolved.as_object().is_some_and(|kinds| !kinds.is_empty()) {
                data["resolved"] = resolved;
            }
            values
        });
        data["values"] = json!(values);
        data
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

    /// Fills in the modal that `asked` was answered with: by custom id or label; what is not named keeps its value.
    pub async fn submits(&self, asked: &Asked, values: Value) -> Asked {
        let modal = asked.modal().await;
        let components = modal["components"].as_array().cloned().unwrap_or_default();
        let mut used = 0;
        let filled = components.iter().enumerate().map(|(n, outer)| self.filled(n, outer, &values, &mut used));
        let filled: Vec<Value> = filled.collect();
        let known = values.as_object().map_or(0, |values| values.len());
        assert_eq!(used, known, "not all of {values} are in the modal {modal}");
        let data = json!({"custom_id": modal["custom_id"], "components": filled});
        let (source, channel) = self.discord.read(|state| {
            let asked = &state.interactions[&asked.id];
            (asked.source, asked.channel)
        });
        let submitted = Interaction { source, ..self.at_id(channel).interaction(MODAL_SUBMIT, data) };
        self.sends(submitted)
    }

    /// One row or label of a modal, filled in.
    fn filled(&self, n: usize, outer: &Value, values: &Value, used: &mut usize) -> Value {
        let old = outer["type"] == 1;
        let inner = if old { &outer["components"][0] } else { &outer["component"] };
        if inner.is_null() {
            return json!({"type": outer["type"], "id": n * 2 + 1});
        }
        let label = if old { &inner["label"] } else { &outer["label"] };
        let key = |key: &Value| key.as_str().and_then(|key| values.get(key)).cloned();
        let given = key(&inner["custom_id"]).or_else(|| key(label));
        *used += usize::from(given.is_some());
        let mut inner_filled = json!({"type": inner["type"], "id": n * 2 + 2, "custom_id": inner["custom_id"]});
        if inner["type"] == 4 {
            let value = given.unwrap_or_else(|| inner["value"].clone());
            let value = value.as_str().unwrap_or_default().to_string();
            let length = value.chars().count() as u64;
            let required = inner["required"].as_bool().unwrap_or(true);
            assert!(!required || length > 0, "{label} has to be filled in");
            let most = inner["max_length"].as_u64().unwrap_or(4_000);
            let least = if length == 0 { 0 } else { inner["min_length"].as_u64().unwrap_or(0) };
            assert!((least..=most).contains(&length), "{label} takes {least} to {most} characters, not {length}");
            inner_filled["value"] = json!(value);
        } else {
            let picked: Vec<String> = match &given {
                Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_string).collect(),
                Some(Value::String(one)) => vec![one.clone()],
                _ => defaults(inner),
            };
            let picked: Vec<&str> = picked.iter().map(String::as_str).collect();
            let least = inner["min_values"].as_u64().unwrap_or(1);
            let optional = inner["required"] == false && picked.is_empty();
            let data = if optional || least == 0 && picked.is_empty() { json!({"values": []}) } else { self.picked(inner, &picked) };
            inner_filled["values"] = data["values"].clone();
        }
        match old {
            true => json!({"type": 1, "id": n * 2 + 1, "components": [inner_filled]}),
            false => json!({"type": 18, "id": n * 2 + 1, "component": inner_filled}),
        }
    }

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
        self.discord.change(|state| rest::react(state, message.channel, message.id, self.id, emoji, true)).expect("it is there");
    }

    pub fn unreacts(&self, message: &Message, emoji: &str) {
        self.discord.change(|state| rest::react(state, message.channel, message.id, self.id, emoji, false)).expect("it is there");
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

/// What a select of a modal has picked before anybody touches it.
fn defaults(select: &Value) -> Vec<String> {
    let options = select["options"].as_array().into_iter().flatten();
    let chosen = options.filter(|option| option["default"] == true);
    chosen.filter_map(|option| option["value"].as_str().map(str::to_string)).collect()
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

impl Asked {
    fn read<T>(&self, read: impl FnOnce(&State, &Interaction) -> T) -> T {
        self.discord.read(|state| read(state, &state.interactions[&self.id]))
    }

    /// The first answer; fails the test when there is none.
    pub async fn answered(&self) -> Answer {
        self.discord
            .eventually(&format!("{} was answered", self.read(|_, asked| asked.named())), |state| {
                let asked = &state.interactions[&self.id];
                asked.answer.is_some() || asked.failed.is_some()
            })
            .await;
        self.read(|_, asked| match (&asked.answer, &asked.failed) {
            (Some(answer), _) => answer.clone(),
            (_, failed) => panic!("\"The application did not respond\": {failed:?}\n{}", asked.named()),
        })
    }

    /// Why the person was told "The application did not respond".
    pub async fn failed(&self) -> String {
        self.discord.eventually("the interaction failed", |state| state.interactions[&self.id].failed.is_some()).await;
        self.read(|_, asked| asked.failed.clone().expect("it failed"))
    }

    /// The message that it was answered with, once it no longer says "thinking…".
    pub async fn message(&self) -> Message {
        let answer = self.answered().await;
        assert!(!matches!(answer, Answer::Choices(_) | Answer::Modal(_)), "the answer is no message: {answer:?}");
        let at = self.read(|_, asked| asked.original).expect("a message answers it");
        let written = |state: &State| state.message(at.0, at.1).is_none_or(|message| message.flags & LOADING == 0);
        self.discord.eventually("the answer was written", written).await;
        let message = self.read(|state, _| state.message(at.0, at.1).cloned());
        message.unwrap_or_else(|| panic!("the answer was deleted"))
    }

    /// `message`, in the way a person reads it.
    pub async fn says(&self) -> String {
        let message = self.message().await;
        self.discord.plain(&message)
    }

    pub async fn is_ephemeral(&self) -> bool {
        self.message().await.flags & EPHEMERAL != 0
    }

    pub async fn modal(&self) -> Value {
        match self.answered().await {
            Answer::Modal(modal) => modal,
            other => panic!("this was not answered with a modal but with {other:?}"),
        }
    }

    pub async fn choices(&self) -> Vec<Value> {
        match self.answered().await {
            Answer::Choices(choices) => choices,
            other => panic!("this was not answered with choices but with {other:?}"),
        }
    }

    /// What was said after the first answer, the oldest first.
    pub fn follow_ups(&self) -> Vec<Message> {
        self.read(|state, asked| {
            asked.follow_ups.iter().filter_map(|id| state.message(asked.channel, *id).cloned()).collect()
        })
    }
}
