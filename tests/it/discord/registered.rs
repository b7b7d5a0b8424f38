//! What is registered with Discord: the golden file of it, Discord's limits as published, and as others check them.

use super::House;
use firebell::chat::discord::commands::payload;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use twilight_model::application::command::Command;

fn registered() -> Value {
    payload()
}

#[test]
fn the_registration_is_the_reviewed_one() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/discord/commands.json");
    let actual = serde_json::to_string_pretty(&registered()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of goldens");
        std::fs::write(&path, &actual).expect("a golden written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "the registration has changed: UPDATE_EXPECT=1 rewrites tests/golden/discord/commands.json"
    );
}

#[test]
fn others_who_know_discords_limits_take_every_command() {
    for mut command in registered().as_array().expect("a list").clone() {
        command["version"] = json!("1");
        command["default_member_permissions"] = Value::Null;
        if command["description"].is_null() {
            command["description"] = json!("");
        }
        if command["options"].is_null() {
            command["options"] = json!([]);
        }
        if command["type"].is_null() {
            command["type"] = json!(1);
        }
        let slash = command["type"] == 1;
        let command: Command = serde_json::from_value(command).expect("a command in their types");
        match slash {
            true => twilight_validate::command::command(&command).expect("a valid command"),
            false => twilight_validate::command::name(&command.name).expect("a valid name"),
        }
        twilight_validate::command::options(&command.options).expect("valid options");
        for option in &command.options {
            twilight_validate::command::option(option).expect("a valid option");
        }
    }
}

/// Walks all options with their depth: 0 below the command.
fn each(options: &Value, depth: usize, see: &mut impl FnMut(&Value, usize)) {
    for option in options.as_array().into_iter().flatten() {
        see(option, depth);
        each(&option["options"], depth + 1, see);
    }
}

#[test]
fn every_level_is_within_discords_limits() {
    let all = registered();
    let list = all.as_array().expect("a list");
    let of_kind = |kind: u64| list.iter().filter(|c| c["type"].as_u64().unwrap_or(1) == kind).count();
    assert!(of_kind(1) <= 100 && of_kind(2) <= 5 && of_kind(3) <= 5);
    for command in list {
        let count = |v: &Value| v["options"].as_array().map_or(0, Vec::len);
        assert!(count(command) <= 25, "{}: at most 25 subcommands and groups", command["name"]);
        let mut characters = 0;
        each(&command["options"], 0, &mut |option, depth| {
            let name = option["name"].as_str().unwrap_or_default();
            let description = option["description"].as_str().unwrap_or_default();
            characters += name.chars().count() + description.chars().count();
            assert!(!name.is_empty() && name.chars().count() <= 32 && name == name.to_lowercase(), "{name}");
            assert!((1..=100).contains(&description.chars().count()), "{name}: {description:?}");
            assert!(count(option) <= 25, "{name}");
            assert!(depth <= 2, "{name}: groups hold subcommands, subcommands hold values");
            let choices = option["choices"].as_array().map_or(0, Vec::len);
            assert!(choices == 0 || option["autocomplete"] != true, "{name}: choices or completion, not both");
            // What is required comes first.
            let required: Vec<bool> =
                option["options"].as_array().into_iter().flatten().map(|o| o["required"] == true).collect();
            assert!(required.is_sorted_by(|a, b| a >= b), "{name}: {required:?}");
            let names: BTreeSet<String> =
                option["options"].as_array().into_iter().flatten().map(|o| o["name"].to_string()).collect();
            assert_eq!(names.len(), count(option), "{name}: two options of one name");
        });
        assert!(
            characters <= 3_600,
            "{}: {characters} characters; Discord and others take 4,000, and verbs will be added",
            command["name"]
        );
    }
}

#[tokio::test]
async fn commands_are_overwritten_once_and_then_only_when_they_have_changed() {
    let house = House::with("gateway = false").await;
    assert!(house.bot.register().await.expect("registered"), "there were none");
    assert!(!house.bot.register().await.expect("asked"), "they are as they should be");
    let puts = |house: &House| house.server.read(|s| s.made.iter().filter(|m| m.method == "PUT").count());
    assert_eq!(puts(&house), 1, "one bulk overwrite");
    house.finish().await;
}
