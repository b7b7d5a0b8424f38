//! What twilight-validate, which knows nothing of this stand-in, thinks of messages, modals and commands that the
//! stand-in has accepted. Where the two differ one of them is wrong, and the test is told.

use super::state::Message;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use twilight_model::application::command::{Command, CommandType};
use twilight_model::channel::message::{Component, Embed};
use twilight_validate::command::CommandValidationErrorType;
use twilight_validate::{channel, command, component, embed, message};

/// One item of a list, as twilight reads it.
fn read<T: DeserializeOwned>(what: &str, value: &Value, said: &mut Vec<String>) -> Option<T> {
    let read = serde_json::from_value(value.clone());
    read.map_err(|error| said.push(format!("twilight cannot read this {what}: {error}: {value}"))).ok()
}

fn note<E: std::fmt::Display>(what: &str, result: Result<(), E>, said: &mut Vec<String>) {
    said.extend(result.err().map(|error| format!("twilight-validate on {what}: {error}")));
}

/// A message as it was kept.
pub fn by_twilight(kept: &Message) -> Vec<String> {
    let mut said = Vec::new();
    note("content", message::content(&kept.content), &mut said);
    let embeds: Vec<Embed> = kept.embeds.iter().filter_map(|value| read("embed", value, &mut said)).collect();
    embeds.iter().for_each(|one| note("an embed", embed::embed(one), &mut said));
    note("embeds", message::embeds(&embeds), &mut said);
    let shortened: Vec<Value> = kept.components.iter().cloned().map(shortened).collect();
    let components: Vec<Component> = shortened.iter().filter_map(|value| read("component", value, &mut said)).collect();
    note("components", message::components(&components, kept.is_v2()), &mut said);
    for file in &kept.attachments {
        note("a file's name", message::attachment_filename(&file.filename), &mut said);
        if let Some(description) = &file.description {
            note("a file's description", message::attachment_description(description), &mut said);
        }
    }
    said
}

/// Twilight gives each text 2,000 characters; Discord gives all of them 4,000 together, which the stand-in counts.
fn shortened(mut component: Value) -> Value {
    if component["type"] == 10
        && let Some(text) = component["content"].as_str()
    {
        component["content"] = json!(text.chars().take(2_000).collect::<String>());
    }
    if let Some(children) = component.get_mut("components").and_then(Value::as_array_mut) {
        children.iter_mut().for_each(|child| *child = shortened(child.take()));
    }
    component
}

/// A modal's components: twilight has no rule for the whole.
pub fn modal_by_twilight(modal: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for value in modal["components"].as_array().into_iter().flatten() {
        // Rows are those of messages in twilight; what they hold is judged alone.
        let inner = if value["type"] == 1 { &value["components"][0] } else { value };
        if let Some(Component::TextInput(input)) = read("component", inner, &mut said).as_ref() {
            note("a text input", component::text_input(input, value["type"] == 1), &mut said);
        }
    }
    said
}

/// A registration as it was kept.
pub fn commands_by_twilight(commands: &[Value]) -> Vec<String> {
    let mut said = Vec::new();
    for value in commands {
        let mut value = value.clone();
        value["version"] = json!("1");
        let Some(read) = read::<Command>("command", &value, &mut said) else { continue };
        // Discord has doubled what a command may be long; twilight counts to the old 4,000.
        let judged = command::command(&read);
        if !judged
            .as_ref()
            .is_err_and(|error| matches!(error.kind(), CommandValidationErrorType::CommandTooLarge { .. }))
        {
            note(&format!("the command {}", read.name), judged, &mut said);
        }
        if read.kind == CommandType::ChatInput {
            note(&format!("the options of {}", read.name), command::options(&read.options), &mut said);
        }
    }
    said
}

/// A channel's name and topic.
pub fn channel_by_twilight(name: &str, topic: Option<&str>) -> Vec<String> {
    let mut said = Vec::new();
    note("a channel's name", channel::name(name), &mut said);
    note("a channel's topic", channel::topic(topic.unwrap_or_default()), &mut said);
    said
}
