//! A modal filled in: what Slack's client would send as `state.values`, and what it would not let somebody send.
//!
//! It never invents a value: what is not filled in has its initial one, or none.

use super::plain::Control;
use super::reading::Seen;
use super::state::World;
use serde_json::{Map, Value, json};

/// `state.values` of the view after these fields were filled in. Panics when the client would not let it pass.
pub fn filled(world: &World, team: &str, view: &Seen, fields: &[(&str, &str)]) -> Value {
    assert!(!view.body["submit"].is_null(), "this modal has no button to submit it:\n{}", view.plain());
    let controls = view.controls();
    let mut values: Map<String, Value> = Map::new();
    for control in &controls {
        let given = fields.iter().find(|(what, _)| control.is(what));
        let value = match given {
            Some((_, text)) => value_of(world, team, control, text),
            None => initial(control),
        };
        let empty = value.as_object().is_none_or(|map| {
            map.iter()
                .all(|(key, value)| key == "type" || value.is_null() || value.as_array().is_some_and(Vec::is_empty))
        });
        let is_input = !control.label.is_empty();
        assert!(!(is_input && empty && !control.optional), "{:?} has to be filled in", control.label);
        if control.element["type"] != "button" {
            let block = values.entry(control.block_id.clone()).or_insert_with(|| json!({}));
            block[control.action_id()] = value;
        }
    }
    for (what, _) in fields {
        assert!(controls.iter().any(|control| control.is(what)), "there is no field {what:?} in:\n{}", view.plain());
    }
    Value::Object(values)
}

/// What a control is when somebody chose or wrote this; an empty text is nothing.
pub fn value_of(world: &World, team: &str, control: &Control, text: &str) -> Value {
    let kind = control.element["type"].as_str().unwrap_or_default();
    let many = || text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let user = |name: &str| json!(world.user_id(team, name));
    let channel =
        |name: &str| json!(world.place(team, name).unwrap_or_else(|| panic!("there is no channel {name}")).id);
    let (key, value) = match kind {
        "static_select" | "radio_buttons" | "overflow" | "external_select" => {
            ("selected_option", option(control, text))
        }
        "multi_static_select" | "checkboxes" => ("selected_options", many().map(|one| option(control, one)).collect()),
        "users_select" => ("selected_user", user(text)),
        "multi_users_select" => ("selected_users", many().map(user).collect()),
        "channels_select" => ("selected_channel", channel(text)),
        "conversations_select" => ("selected_conversation", channel(text)),
        "datepicker" => ("selected_date", json!(text)),
        "timepicker" => ("selected_time", json!(text)),
        "datetimepicker" => ("selected_date_time", json!(text.parse::<i64>().ok())),
        _ => ("value", written(control, text)),
    };
    json!({"type": kind, key: value})
}

/// What is written has the length that the field allows.
fn written(control: &Control, text: &str) -> Value {
    let length = text.chars().count();
    let bound = |key: &str| control.element[key].as_u64().and_then(|bound| usize::try_from(bound).ok());
    assert!(bound("max_length").is_none_or(|most| length <= most), "{:?} takes no more", control.label);
    assert!(
        text.is_empty() || bound("min_length").is_none_or(|least| length >= least),
        "{:?} wants more",
        control.label
    );
    let line = control.element["type"] == "plain_text_input" && control.element["multiline"] != true;
    assert!(!(line && text.contains('\n')), "{:?} is one line", control.label);
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn option(control: &Control, what: &str) -> Value {
    let groups = control.element["option_groups"].as_array().into_iter().flatten();
    let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
    let all: Vec<&Value> = control.element["options"].as_array().into_iter().flatten().chain(grouped).collect();
    let found = all.iter().find(|option| option["text"]["text"] == what || option["value"] == what);
    found.map_or_else(|| panic!("{what:?} is not among {all:?}"), |option| (*option).clone())
}

/// What the app put there.
fn initial(control: &Control) -> Value {
    let element = &control.element;
    let kind = element["type"].as_str().unwrap_or_default();
    let pairs = [
        ("initial_option", "selected_option"),
        ("initial_options", "selected_options"),
        ("initial_user", "selected_user"),
        ("initial_users", "selected_users"),
        ("initial_channel", "selected_channel"),
        ("initial_conversation", "selected_conversation"),
        ("initial_date", "selected_date"),
        ("initial_time", "selected_time"),
        ("initial_date_time", "selected_date_time"),
        ("initial_value", "value"),
    ];
    let set = pairs.iter().find(|(from, _)| element.get(*from).is_some());
    match (set, kind) {
        (Some((from, to)), _) => json!({"type": kind, *to: element[*from]}),
        (None, "checkboxes" | "multi_static_select") => json!({"type": kind, "selected_options": []}),
        (None, "static_select" | "radio_buttons" | "overflow") => json!({"type": kind, "selected_option": null}),
        (None, "users_select") => json!({"type": kind, "selected_user": null}),
        (None, "multi_users_select") => json!({"type": kind, "selected_users": []}),
        (None, "channels_select") => json!({"type": kind, "selected_channel": null}),
        (None, "conversations_select") => json!({"type": kind, "selected_conversation": null}),
        (None, "datepicker") => json!({"type": kind, "selected_date": null}),
        (None, "timepicker") => json!({"type": kind, "selected_time": null}),
        (None, _) => json!({"type": kind, "value": null}),
    }
}
