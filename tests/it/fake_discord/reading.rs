//! What a test reads: channels, threads, messages as people see them, pins, permissions, requests that were made.
//! Never changes anything.

use super::Discord;
use super::people::all_components;
use super::permissions;
use super::state::{Channel, Id, Made, Message, Overwrite, State};
use serde_json::Value;

impl Discord {
    /// A channel or thread by name; the newest of that name.
    pub fn channel(&self, name: &str) -> Channel {
        self.find_channel(name).unwrap_or_else(|| {
            let names = self.read(|state| state.channels.values().map(|c| c.name.clone()).collect::<Vec<_>>());
            panic!("there is no channel `{name}` among {names:?}")
        })
    }

    pub fn find_channel(&self, name: &str) -> Option<Channel> {
        let name = name.trim_start_matches('#');
        self.read(|state| state.channels.values().rev().find(|channel| channel.name == name).cloned())
    }

    /// Threads of a channel, or posts of a forum, the oldest first.
    pub fn threads(&self, of: &str) -> Vec<Channel> {
        let of = self.channel(of).id;
        self.read(|state| {
            state.channels.values().filter(|c| c.parent == Some(of) && c.thread.is_some()).cloned().collect()
        })
    }

    /// What everybody in the channel sees, the oldest first.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.messages_at(self.channel(channel).id)
    }

    pub fn messages_at(&self, channel: Id) -> Vec<Message> {
        self.read(|state| {
            let all = state.messages.get(&channel).into_iter().flat_map(|messages| messages.values());
            all.filter(|message| message.only_for.is_none()).cloned().collect()
        })
    }

    /// A message as it is now.
    pub fn again(&self, message: &Message) -> Message {
        let now = self.read(|state| state.message(message.channel, message.id).cloned());
        now.unwrap_or_else(|| panic!("the message is gone"))
    }

    /// The first message of the channel whose rendering contains `text`; waits for it.
    pub async fn message_with(&self, channel: Id, text: &str) -> Message {
        let find = |state: &State| {
            let all = state.messages.get(&channel).into_iter().flat_map(|messages| messages.values());
            all.filter(|message| message.only_for.is_none()).find(|message| plain(message).contains(text)).cloned()
        };
        self.eventually(&format!("a message says `{text}`"), |state| find(state).is_some()).await;
        self.read(find).expect("it was there")
    }

    pub fn pins(&self, channel: &str) -> Vec<Message> {
        self.messages(channel).into_iter().filter(|message| message.pinned_ms.is_some()).collect()
    }

    pub fn overwrites(&self, channel: &str) -> Vec<Overwrite> {
        self.channel(channel).overwrites
    }

    /// Who can read a channel, by name.
    pub fn who_sees(&self, channel: &str) -> Vec<String> {
        let channel = self.channel(channel);
        self.read(|state| state.who_sees(&channel).iter().map(|id| state.users[id].name.clone()).collect())
    }

    /// Requests to a route: a part of the template (`POST /channels/{channel}/messages`) or of the path.
    pub fn made(&self, route: &str) -> Vec<Made> {
        let fits = |made: &&Made| {
            made.route.as_deref().is_some_and(|template| template.contains(route))
                || format!("{} {}", made.method, made.path).contains(route)
        };
        self.read(|state| state.made.iter().filter(fits).cloned().collect())
    }

    /// 401, 403 and 429 of the last ten minutes.
    pub fn invalid_requests(&self) -> usize {
        self.read(|state| state.buckets.invalid(state.now_ms()))
    }

    /// The message as a person reads it, without colours and pictures.
    pub fn plain(&self, message: &Message) -> String {
        plain(message)
    }

    /// Lets people pin, which servers usually do.
    pub fn lets_pin(&self) {
        self.change(|state| {
            let roles = state.guilds.values_mut().flat_map(|guild| guild.roles.values_mut());
            roles.filter(|role| role.position == 0).for_each(|role| role.permissions |= permissions::PIN_MESSAGES);
        });
    }
}

/// Lines: what is written, embeds, components (`[Acknowledge]`, `<Severity: P1 | P2>`), files.
pub fn plain(message: &Message) -> String {
    let mut lines = Vec::new();
    if message.flags & super::state::LOADING != 0 {
        lines.push("(thinking…)".to_string());
    }
    lines.extend(Some(message.content.clone()).filter(|content| !content.is_empty()));
    message.embeds.iter().for_each(|embed| embed_lines(embed, &mut lines));
    message.components.iter().for_each(|component| component_lines(component, &mut lines));
    lines
        .extend(message.attachments.iter().map(|file| format!("(file {}, {} bytes)", file.filename, file.bytes.len())));
    lines.join("\n")
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str().filter(|text| !text.is_empty())
}

fn embed_lines(embed: &Value, lines: &mut Vec<String>) {
    lines.extend(text(&embed["author"], "name").map(str::to_string));
    lines.extend(text(embed, "title").map(|title| format!("# {title}")));
    lines.extend(text(embed, "description").map(str::to_string));
    for field in embed["fields"].as_array().into_iter().flatten() {
        lines.push(format!(
            "{}: {}",
            field["name"].as_str().unwrap_or_default(),
            field["value"].as_str().unwrap_or_default()
        ));
    }
    lines.extend(text(&embed["footer"], "text").map(str::to_string));
}

fn component_lines(component: &Value, lines: &mut Vec<String>) {
    let children = component["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    match component["type"].as_u64() {
        Some(1) => lines.push(children.iter().map(control).collect::<Vec<_>>().join(" ")),
        Some(10) => lines.extend(text(component, "content").map(str::to_string)),
        Some(13) => lines.push(format!("(file {})", component["file"]["url"].as_str().unwrap_or_default())),
        Some(14) => lines.push("———".to_string()),
        _ => children.iter().for_each(|child| component_lines(child, lines)),
    }
    if let Some(accessory) = component.get("accessory").filter(|accessory| accessory["type"] == 2) {
        lines.push(control(accessory));
    }
}

/// `[Acknowledge]`, `[Acknowledge, greyed out]`, `[Open → https://…]`, `<Severity: P1 | P2>`.
fn control(component: &Value) -> String {
    let grey = if component["disabled"] == true { ", greyed out" } else { "" };
    if component["type"] != 2 {
        let options = component["options"].as_array().into_iter().flatten();
        let labels: Vec<&str> = options.filter_map(|option| option["label"].as_str()).collect();
        let hint = component["placeholder"].as_str().unwrap_or_default();
        return format!("<{hint}: {}{grey}>", labels.join(" | "));
    }
    let emoji = component["emoji"]["name"].as_str().unwrap_or_default();
    let name = [emoji, component["label"].as_str().unwrap_or_default()].join(" ");
    let link = text(component, "url").map(|url| format!(" → {url}")).unwrap_or_default();
    format!("[{}{link}{grey}]", name.trim())
}

/// Every custom id on a message, in the order in which they stand.
pub fn custom_ids(message: &Message) -> Vec<String> {
    let all = all_components(&message.components);
    all.iter().filter_map(|component| component["custom_id"].as_str().map(str::to_string)).collect()
}
