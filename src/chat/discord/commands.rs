//! The commands as Discord is to show them, printed from the table, and their registration: one bulk overwrite, only
//! where they are otherwise than before. Says nothing that the table does not say.

use super::Discord;
use super::client::{No, Request};
use super::tongues;
use crate::commands::discord_paths::{GROUPS, MENU, path};
use crate::commands::filled::is_flag;
use crate::commands::{Arg, ArgKind, COMMANDS, Spec};
use reqwest::Method;
use serde_json::{Map, Value, json};
use serenity::all::{CommandOptionType, CommandType, CreateCommand, CreateCommandOption};

const NAMES_LOCALIZED: &str = "name_localizations";
const ABOUT_LOCALIZED: &str = "description_localizations";

/// Names of the context menus.
pub const DECLARE: &str = "Declare incident";
pub const TO_TIMELINE: &str = "Add to timeline";
pub const PAGE: &str = "Page";

const ROUTE: &str = "/applications/{}/guilds/{}/commands";
/// The option of every command that names an incident.
pub const INCIDENT: &str = "incident";
const DESCRIPTION_MAX: usize = 100;
/// Choices that stand in the registration itself.
const STATUSES: [&str; 4] = ["investigating", "identified", "monitoring", "resolved"];
const OUTCOMES: [&str; 2] = ["done", "failed"];

/// What is registered.
pub fn registration() -> Vec<CreateCommand> {
    let mut incident = translated(CreateCommand::new("incident").description("Declare, take, work and end incidents"));
    let menu = CreateCommandOption::new(CommandOptionType::SubCommand, MENU.0, MENU.1);
    incident = incident.add_option(menu.add_sub_option(which()));
    let direct = COMMANDS.iter().filter(|c| matches!(path(c.spec.verb).as_slice(), ["incident", _]));
    for command in direct {
        incident = incident.add_option(subcommand(command.spec));
    }
    for (group, summary, verbs) in GROUPS {
        let mut option = CreateCommandOption::new(CommandOptionType::SubCommandGroup, *group, *summary);
        let mut any = false;
        for command in COMMANDS.iter().filter(|c| verbs.contains(&c.spec.verb)) {
            option = option.add_sub_option(subcommand(command.spec));
            any = true;
        }
        if any {
            incident = incident.add_option(option);
        }
    }
    let mut oncall = translated(CreateCommand::new("oncall").description("Who is on call, and who stands in"));
    for command in COMMANDS.iter().filter(|c| path(c.spec.verb).first() == Some(&"oncall")) {
        oncall = oncall.add_option(subcommand(command.spec));
    }
    vec![
        incident,
        oncall,
        translated(CreateCommand::new(DECLARE).kind(CommandType::Message)),
        translated(CreateCommand::new(TO_TIMELINE).kind(CommandType::Message)),
        translated(CreateCommand::new(PAGE).kind(CommandType::User)),
    ]
}

/// With what it is called and says in the tongues that there are.
fn translated(mut command: CreateCommand) -> CreateCommand {
    let name = serde_json::to_value(&command).unwrap_or_default()["name"].as_str().unwrap_or_default().to_string();
    for (locale, word) in tongues::of(tongues::NAMES, &name) {
        command = command.name_localized(locale, word);
    }
    for (locale, text) in tongues::of(tongues::ABOUT, &name) {
        command = command.description_localized(locale, text);
    }
    command
}

/// As it is sent, without what the builders leave empty.
pub fn payload() -> Value {
    essence(&serde_json::to_value(registration()).unwrap_or_default())
}

fn subcommand(spec: &Spec) -> CreateCommandOption {
    let name = path(spec.verb).last().copied().unwrap_or(spec.verb);
    let mut sub = CreateCommandOption::new(CommandOptionType::SubCommand, name, short(spec.summary));
    for (locale, text) in tongues::of(tongues::VERBS, spec.verb) {
        sub = sub.description_localized(locale, text);
    }
    // Discord wants what is required first; the line is put together by name.
    let (required, rest): (Vec<&Arg>, Vec<&Arg>) = spec.args.iter().partition(|a| a.required);
    for arg in required.into_iter().chain(rest) {
        sub = sub.add_sub_option(option(arg));
    }
    if spec.needs_incident || matches!(spec.verb, "runbook") {
        sub = sub.add_sub_option(which());
    }
    sub
}

fn which() -> CreateCommandOption {
    // Short, because it is there thirty times: a command has 4,000 characters in all.
    CreateCommandOption::new(CommandOptionType::String, INCIDENT, "Which one").set_autocomplete(true)
}

fn option(arg: &Arg) -> CreateCommandOption {
    let kind = if is_flag(arg) { CommandOptionType::Boolean } else { CommandOptionType::String };
    let mut option = CreateCommandOption::new(kind, arg.name, short(arg.summary)).required(arg.required);
    match arg.kind {
        ArgKind::Status => {
            for status in STATUSES {
                option = option.add_string_choice(status, status);
            }
        }
        ArgKind::Word if arg.name == "outcome" => {
            for outcome in OUTCOMES {
                option = option.add_string_choice(outcome, outcome);
            }
        }
        _ if completes(arg) => option = option.set_autocomplete(true),
        _ => {}
    }
    option
}

/// Whether there is something to offer while it is typed.
pub fn completes(arg: &Arg) -> bool {
    let named = matches!(
        arg.kind,
        ArgKind::Severity
            | ArgKind::Service
            | ArgKind::Person
            | ArgKind::Target
            | ArgKind::Role
            | ArgKind::Schedule
            | ArgKind::Incident
            | ArgKind::ActionItem
            | ArgKind::Playbook
            | ArgKind::Check
            | ArgKind::Remediation
            | ArgKind::Verb
    );
    named || arg.name == "system"
}

fn short(text: &str) -> String {
    super::words::plain(text, DESCRIPTION_MAX)
}

/// What matters of a command, whoever wrote it: Discord adds ids and its defaults to what it was sent.
pub fn essence(v: &Value) -> Value {
    const KEPT: [&str; 10] = [
        "name",
        "description",
        "type",
        "options",
        "required",
        "autocomplete",
        "choices",
        "value",
        NAMES_LOCALIZED,
        ABOUT_LOCALIZED,
    ];
    match v {
        Value::Array(all) => all.iter().map(essence).collect(),
        Value::Object(map) => {
            let default = |k: &str, v: &Value| match v {
                Value::Null | Value::Bool(false) => true,
                Value::Array(a) => a.is_empty(),
                Value::Object(o) => o.is_empty(),
                Value::String(s) => s.is_empty() && k == "description",
                _ => false,
            };
            let kept = map.iter().filter(|(k, v)| KEPT.contains(&k.as_str()) && !default(k, v));
            // Of a translation everything matters.
            let inner = |k: &str, v: &Value| match k {
                NAMES_LOCALIZED | ABOUT_LOCALIZED => v.clone(),
                _ => essence(v),
            };
            Value::Object(kept.map(|(k, v)| (k.clone(), inner(k, v))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// The same, in an order that does not depend on who wrote it down. A command without a type is a slash command.
fn comparable(commands: &Value) -> Vec<Value> {
    let mut all: Vec<Value> = essence(commands).as_array().cloned().unwrap_or_default();
    for c in &mut all {
        if c["type"].is_null() {
            c["type"] = json!(1);
        }
    }
    all.sort_by_key(|c| (c["type"].as_u64(), c["name"].as_str().map(str::to_string)));
    all
}

impl Discord {
    /// Makes Discord show the commands of this version. Whether anything was otherwise.
    pub async fn register(&self) -> Result<bool, No> {
        let (app, guild) = (&self.settings.application_id, &self.settings.guild_id);
        let path = format!("/applications/{app}/guilds/{guild}/commands");
        let wanted = payload();
        let there = self.client.ask(Request::new(Method::GET, ROUTE, guild, format!("{path}?with_localizations=true")));
        if comparable(&there.await?) == comparable(&wanted) {
            return Ok(false);
        }
        self.client.ask(Request::new(Method::PUT, ROUTE, guild, path).with(wanted)).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_discord_adds_is_no_difference_and_a_changed_word_is() {
        let ours = payload();
        let mut theirs = ours.clone();
        theirs.as_array_mut().expect("a list").reverse();
        for c in theirs.as_array_mut().expect("a list") {
            c["id"] = json!("1");
            c["version"] = json!("7");
            c["default_member_permissions"] = Value::Null;
            c["nsfw"] = json!(false);
        }
        assert_eq!(comparable(&ours), comparable(&theirs));
        for (word, other) in [("Which one", "Which other one"), ("Bereitschaft", "Dienst"), ("\"vorfall\"", "\"fall\"")]
        {
            let text = theirs.to_string().replacen(word, other, 1);
            let other: Value = serde_json::from_str(&text).expect("JSON");
            assert_ne!(comparable(&ours), comparable(&other), "{word}");
        }
    }
}
