//! Application commands: names, descriptions, nesting, choices, translations and the 8,000 characters of each.

use super::{at, list, optional_bool, optional_number};
use crate::fake_discord::refused::Form;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const OPTIONS_MAX: usize = 25;
const CHARACTERS_MAX: usize = 8_000;
const SUB_COMMAND: u64 = 1;
const SUB_COMMAND_GROUP: u64 = 2;

/// The languages that Discord translates to.
const LOCALES: &str = "id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja zh-TW ko";

/// A whole registration: each command, and that there are not too many.
pub fn check_all(form: &mut Form, body: &Value) {
    if !body.is_array() {
        return form.wrong("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
    }
    let commands = list(form, "", body);
    let mut names = BTreeSet::new();
    let mut counts = [0_usize; 5];
    for (n, command) in commands.iter().enumerate() {
        check(form, &n.to_string(), command);
        let kind = command["type"].as_u64().unwrap_or(1);
        counts[usize::try_from(kind).unwrap_or(0).min(4)] += 1;
        if !names.insert((kind, command["name"].as_str().unwrap_or_default())) {
            let message = "Application command names must be unique";
            form.wrong(&n.to_string(), "APPLICATION_COMMANDS_DUPLICATE_NAME", message);
        }
    }
    for (kind, max) in [(1, 100), (2, 15), (3, 15), (4, 1)] {
        if counts[kind] > max {
            form.wrong(
                "",
                "BASE_TYPE_MAX_LENGTH",
                &format!("Must be {max} or fewer in length (commands of type {kind})."),
            );
        }
    }
}

pub fn check(form: &mut Form, path: &str, command: &Value) {
    let kind = command["type"].as_u64().unwrap_or(1);
    if !(1..=4).contains(&kind) {
        form.wrong(&at(path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4}.");
    }
    match kind {
        1 => {
            name(form, path, command);
            description(form, path, command);
        }
        _ => {
            // Context-menu commands are written as people read them, and explain themselves.
            form.text(&at(path, "name"), &command["name"], 1, 32);
            localizations(form, &at(path, "name_localizations"), &command["name_localizations"], 32, false);
            if !command["description"].is_null() && command["description"] != "" {
                let message = "Context menu commands cannot have description";
                form.wrong(&at(path, "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", message);
            }
            if command["options"].as_array().is_some_and(|options| !options.is_empty()) {
                let message = "Context menu commands cannot have options";
                form.wrong(&at(path, "options"), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", message);
            }
        }
    }
    let permissions = &command["default_member_permissions"];
    if !permissions.is_null() && permissions.as_str().is_none_or(|bits| bits.parse::<u64>().is_err()) {
        form.wrong(
            &at(path, "default_member_permissions"),
            "BITFIELD_TYPE_CONVERT",
            "Not a set of permissions as a string.",
        );
    }
    options(form, path, command, 0);
    let total = characters(command);
    if total > CHARACTERS_MAX {
        let message = format!("Command exceeds maximum size ({total} of {CHARACTERS_MAX})");
        form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", &message);
    }
}

/// `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`, in lower case where the alphabet has one.
fn is_name(text: &str) -> bool {
    let in_script = |c: char| ('\u{900}'..='\u{97f}').contains(&c) || ('\u{e00}'..='\u{e7f}').contains(&c);
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'') || in_script(c);
    (1..=32).contains(&text.chars().count()) && text.chars().all(fits) && text.to_lowercase() == text
}

fn name(form: &mut Form, path: &str, of: &Value) {
    let path_of_name = at(path, "name");
    match of["name"].as_str() {
        None => form.required(&path_of_name),
        Some(name) if is_name(name) => {}
        Some(name) => {
            form.between(&path_of_name, name.chars().count(), 1, 32);
            let message = "Command name is invalid: lower case, letters, digits, - and _ only";
            form.wrong(&path_of_name, "APPLICATION_COMMAND_INVALID_NAME", message);
        }
    }
    localizations(form, &at(path, "name_localizations"), &of["name_localizations"], 32, true);
}

fn description(form: &mut Form, path: &str, of: &Value) {
    form.text(&at(path, "description"), &of["description"], 1, 100);
    localizations(form, &at(path, "description_localizations"), &of["description_localizations"], 100, false);
}

fn localizations(form: &mut Form, path: &str, value: &Value, max: usize, names: bool) {
    let none = Map::new();
    let translated = match value {
        Value::Null => &none,
        Value::Object(translated) => translated,
        _ => return form.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"),
    };
    for (locale, text) in translated {
        let path = at(path, locale);
        if !LOCALES.split(' ').any(|known| known == locale) {
            form.wrong(&path, "BASE_TYPE_CHOICES", &format!("Locale must be one of: {LOCALES}"));
        }
        form.text(&path, text, 1, max);
        if names && text.as_str().is_some_and(|text| !is_name(text)) {
            form.wrong(&path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
        }
    }
}

/// `depth`: 0 in the command, 1 in a sub-command or group, 2 in a sub-command of a group.
fn options(form: &mut Form, path: &str, of: &Value, depth: usize) {
    let inside = at(path, "options");
    let options = list(form, &inside, &of["options"]);
    if options.len() > OPTIONS_MAX {
        form.wrong(&inside, "BASE_TYPE_MAX_LENGTH", &format!("Must be {OPTIONS_MAX} or fewer in length."));
    }
    let nested = |option: &Value| matches!(option["type"].as_u64(), Some(SUB_COMMAND | SUB_COMMAND_GROUP));
    if options.iter().any(nested) && !options.iter().all(nested) {
        let message = "Sub-command and sub-command group option types are mutually exclusive to all other types";
        form.wrong(&inside, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
    }
    let parent = of["type"].as_u64();
    if depth > 0 && parent == Some(SUB_COMMAND_GROUP) && !options.iter().all(|option| option["type"] == SUB_COMMAND) {
        form.wrong(&inside, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "A group holds sub-commands only");
    }
    if depth > 0 && parent == Some(SUB_COMMAND) && options.iter().any(nested) {
        form.wrong(&inside, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "A sub-command holds no sub-commands");
    }
    if depth > 0 && parent == Some(SUB_COMMAND_GROUP) && options.is_empty() {
        form.required(&inside);
    }
    let (mut names, mut optional_before) = (BTreeSet::new(), false);
    for (n, option) in options.iter().enumerate() {
        let path = at(&inside, n);
        one(form, &path, option, depth);
        if !names.insert(option["name"].as_str().unwrap_or_default()) {
            form.wrong(
                &at(&path, "name"),
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                "Option name already exists",
            );
        }
        let required = option["required"].as_bool().unwrap_or(false);
        if required && optional_before {
            let message = "Required options must be placed before non-required options";
            form.wrong(&at(&path, "required"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
        }
        optional_before |= !required;
    }
}

fn one(form: &mut Form, path: &str, option: &Value, depth: usize) {
    let kind = option["type"].as_u64().unwrap_or(0);
    if !(1..=11).contains(&kind) {
        form.wrong(&at(path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}.");
    }
    name(form, path, option);
    description(form, path, option);
    let required = optional_bool(form, &at(path, "required"), &option["required"]);
    let completes = optional_bool(form, &at(path, "autocomplete"), &option["autocomplete"]);
    let only_for = |form: &mut Form, key: &str, kinds: &[u64]| {
        if !option[key].is_null() && option[key] != false && !kinds.contains(&kind) {
            let message = format!("An option of type {kind} has no {key}");
            form.wrong(&at(path, key), "APPLICATION_COMMAND_OPTION_FIELD_INVALID", &message);
        }
    };
    only_for(form, "choices", &[3, 4, 10]);
    only_for(form, "autocomplete", &[3, 4, 10]);
    only_for(form, "min_length", &[3]);
    only_for(form, "max_length", &[3]);
    only_for(form, "min_value", &[4, 10]);
    only_for(form, "max_value", &[4, 10]);
    only_for(form, "channel_types", &[7]);
    optional_number(form, &at(path, "min_length"), &option["min_length"], 0, 6_000);
    optional_number(form, &at(path, "max_length"), &option["max_length"], 1, 6_000);
    if kind <= SUB_COMMAND_GROUP {
        if required {
            form.wrong(
                &at(path, "required"),
                "APPLICATION_COMMAND_OPTION_FIELD_INVALID",
                "A sub-command is never required",
            );
        }
        return options(form, path, option, depth + 1);
    }
    if option["options"].as_array().is_some_and(|options| !options.is_empty()) {
        form.wrong(&at(path, "options"), "APPLICATION_COMMAND_OPTION_FIELD_INVALID", "Only sub-commands have options");
    }
    choices(form, path, option, kind, completes);
}

fn choices(form: &mut Form, path: &str, option: &Value, kind: u64, completes: bool) {
    let inside = at(path, "choices");
    let choices = list(form, &inside, &option["choices"]);
    if choices.len() > 25 {
        form.wrong(&inside, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.");
    }
    if completes && !choices.is_empty() {
        form.wrong(
            &inside,
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            "Choices cannot be set with autocomplete",
        );
    }
    let mut names = BTreeSet::new();
    for (n, choice) in choices.iter().enumerate() {
        self::choice(form, &at(&inside, n), choice, kind);
        if !names.insert(choice["name"].as_str().unwrap_or_default()) {
            let message = "Option choice name already exists";
            form.wrong(
                &at(&inside, format!("{n}.name")),
                "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
                message,
            );
        }
    }
}

/// A choice, of a command or of an autocompletion, for an option of this kind.
pub fn choice(form: &mut Form, path: &str, choice: &Value, kind: u64) {
    form.text(&at(path, "name"), &choice["name"], 1, 100);
    localizations(form, &at(path, "name_localizations"), &choice["name_localizations"], 100, false);
    let value = &choice["value"];
    let path = at(path, "value");
    match kind {
        3 => form.text(&path, value, 1, 100),
        4 if value.is_i64() => {}
        10 if value.is_number() => {}
        _ if value.is_null() => form.required(&path),
        _ => form.wrong(&path, "NUMBER_TYPE_COERCE", &format!("Value {value} is not of the option's type.")),
    }
}

/// Names, descriptions and values, in the language in which each is longest.
fn characters(of: &Value) -> usize {
    let count = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let longest = |key: &str| {
        let translated = of[format!("{key}_localizations")].as_object();
        let translated = translated.into_iter().flat_map(Map::values).map(count).max().unwrap_or(0);
        count(&of[key]).max(translated)
    };
    let below = ["options", "choices"].iter().flat_map(|key| of[key].as_array().into_iter().flatten());
    longest("name") + longest("description") + count(&of["value"]) + below.map(characters).sum::<usize>()
}
