//! The judge of blocks and views: what each refusal says, and that what Slack takes passes.

use super::judge::{message_blocks, view};
use serde_json::{Value, json};

fn text(kind: &str, length: usize) -> Value {
    json!({"type": kind, "text": "x".repeat(length)})
}

fn plain(length: usize) -> Value {
    text("plain_text", length)
}

fn button(id: &str) -> Value {
    json!({"type": "button", "action_id": id, "text": plain(5)})
}

fn option(length: usize) -> Value {
    json!({"text": plain(length), "value": "v"})
}

/// One block with these fields.
fn block(kind: &str, fields: Value) -> Value {
    let mut block = json!({"type": kind});
    if let (Some(map), Some(fields)) = (block.as_object_mut(), fields.as_object()) {
        map.extend(fields.clone());
    }
    block
}

fn section(fields: Value) -> Value {
    block("section", fields)
}

fn actions(element: Value) -> Value {
    block("actions", json!({"elements": [element]}))
}

fn with(mut value: Value, key: &str, field: Value) -> Value {
    value[key] = field;
    value
}

fn select(fields: Value) -> Value {
    let mut element = json!({"type": "static_select", "action_id": "s"});
    if let (Some(map), Some(fields)) = (element.as_object_mut(), fields.as_object()) {
        map.extend(fields.clone());
    }
    actions(element)
}

fn confirm(title: usize, body: usize, yes: usize, no: usize) -> Value {
    let dialog = json!({"title": plain(title), "text": plain(body), "confirm": plain(yes), "deny": plain(no)});
    actions(with(button("a"), "confirm", dialog))
}

#[test]
fn each_limit_of_a_block_is_kept_and_named_by_its_path() {
    let many = |n: usize, one: Value| Value::Array(vec![one; n]);
    let buttons = |n: usize| (0..n).map(|i| button(&format!("a{i}"))).collect::<Value>();
    let cases: Vec<(Value, &str, &str)> = vec![
        (json!({}), "missing required field: type", "/blocks/0"),
        (block("marquee", json!({})), "unsupported type: marquee", "/blocks/0/type"),
        (block("divider", json!({"color": "red"})), "invalid additional property: color", "/blocks/0"),
        (
            block("divider", json!({"block_id": "x".repeat(256)})),
            "must be less than 256 characters",
            "/blocks/0/block_id",
        ),
        (section(json!({})), "missing required field: text", "/blocks/0"),
        (section(json!({"text": text("mrkdwn", 3_001)})), "must be less than 3001 characters", "/blocks/0/text/text"),
        (section(json!({"text": text("mrkdwn", 0)})), "must be more than 0 characters", "/blocks/0/text/text"),
        (section(json!({"text": text("html", 1)})), "must be a valid enum value", "/blocks/0/text/type"),
        (section(json!({"text": "words"})), "must be an object", "/blocks/0/text"),
        (section(json!({"fields": many(11, plain(1))})), "no more than 10 items allowed", "/blocks/0/fields"),
        (section(json!({"fields": [plain(2_001)]})), "must be less than 2001 characters", "/blocks/0/fields/0/text"),
        (
            section(json!({"text": plain(1), "accessory": {"type": "plain_text_input"}})),
            "unsupported type",
            "/blocks/0/accessory/type",
        ),
        (block("header", json!({"text": plain(151)})), "must be less than 151 characters", "/blocks/0/text/text"),
        (block("header", json!({"text": text("mrkdwn", 5)})), "must be a valid enum value", "/blocks/0/text/type"),
        (
            block("context", json!({"elements": many(11, plain(1))})),
            "no more than 10 items allowed",
            "/blocks/0/elements",
        ),
        (block("context", json!({"elements": []})), "no fewer than 1 items required", "/blocks/0/elements"),
        (
            block("image", json!({"image_url": "https://example.com/x.png"})),
            "missing required field: alt_text",
            "/blocks/0",
        ),
        (block("actions", json!({"elements": buttons(26)})), "no more than 25 items allowed", "/blocks/0/elements"),
        (
            block("actions", json!({"elements": [button("a"), button("a")]})),
            "the action_id a is there twice",
            "/blocks/0/elements/1/action_id",
        ),
        (
            actions(with(button("a"), "text", plain(76))),
            "must be less than 76 characters",
            "/blocks/0/elements/0/text/text",
        ),
        (
            actions(with(button("a"), "value", json!("x".repeat(2_001)))),
            "must be less than 2001",
            "/blocks/0/elements/0/value",
        ),
        (actions(button(&"x".repeat(256))), "must be less than 256 characters", "/blocks/0/elements/0/action_id"),
        (
            actions(with(button("a"), "style", json!("default"))),
            "must be a valid enum value",
            "/blocks/0/elements/0/style",
        ),
        (actions(with(button("a"), "url", json!("not a link"))), "must be a valid URL", "/blocks/0/elements/0/url"),
        (
            actions(with(button("a"), "colour", json!("red"))),
            "invalid additional property: colour",
            "/blocks/0/elements/0",
        ),
        (confirm(101, 1, 1, 1), "must be less than 101 characters", "/blocks/0/elements/0/confirm/title/text"),
        (confirm(1, 301, 1, 1), "must be less than 301 characters", "/blocks/0/elements/0/confirm/text/text"),
        (confirm(1, 1, 31, 1), "must be less than 31 characters", "/blocks/0/elements/0/confirm/confirm/text"),
        (confirm(1, 1, 1, 31), "must be less than 31 characters", "/blocks/0/elements/0/confirm/deny/text"),
        (select(json!({})), "must have either `options` or `option_groups`", "/blocks/0/elements/0"),
        (
            select(json!({"options": many(101, option(1))})),
            "no more than 100 items allowed",
            "/blocks/0/elements/0/options",
        ),
        (
            select(json!({"options": [option(76)]})),
            "must be less than 76 characters",
            "/blocks/0/elements/0/options/0/text/text",
        ),
        (
            select(json!({"options": [with(option(1), "value", json!("x".repeat(151)))]})),
            "must be less than 151",
            "/options/0/value",
        ),
        (
            select(json!({"options": [with(option(1), "description", plain(76))]})),
            "must be less than 76",
            "/options/0/description/text",
        ),
        (
            select(json!({"options": [option(1)], "initial_option": option(2)})),
            "none of the options",
            "/blocks/0/elements/0",
        ),
        (
            select(json!({"options": [option(1)], "placeholder": plain(151)})),
            "must be less than 151",
            "/placeholder/text",
        ),
        (
            actions(json!({"type": "overflow", "action_id": "o", "options": many(6, option(1))})),
            "no more than 5 items",
            "/options",
        ),
        (
            actions(json!({"type": "checkboxes", "action_id": "c", "options": many(11, option(1))})),
            "no more than 10 items",
            "/options",
        ),
        (
            actions(json!({"type": "datepicker", "action_id": "d", "initial_date": "1.2.2026"})),
            "must look like",
            "/initial_date",
        ),
        (
            block("input", json!({"label": plain(2_001), "element": {"type": "plain_text_input"}})),
            "less than 2001",
            "/blocks/0/label/text",
        ),
        (
            block("input", json!({"label": plain(1), "element": button("a")})),
            "unsupported type: button",
            "/blocks/0/element/type",
        ),
        (block("input", json!({"label": plain(1)})), "missing required field: element", "/blocks/0"),
        (block("markdown", json!({"text": "x".repeat(12_001)})), "must be less than 12001", "/blocks/0/text"),
    ];
    for (case, what, path) in cases {
        let found = message_blocks(std::slice::from_ref(&case));
        let named = found.iter().any(|line| line.contains(what) && line.ends_with(&format!("{path}]")));
        assert!(named, "{what} at {path} is not among {found:#?} of {case}");
    }
}

#[test]
fn what_concerns_all_blocks_together_is_seen() {
    let divider = |id: &str| json!({"type": "divider", "block_id": id});
    let dividers: Vec<Value> = (0..51).map(|n| divider(&n.to_string())).collect();
    assert_eq!(message_blocks(&dividers), ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]);
    let twice = message_blocks(&[divider("a"), divider("a")]);
    assert_eq!(twice, ["[ERROR] the block_id a is there twice [json-pointer:/blocks/1/block_id]"]);
    let focused = with(json!({"type": "static_select", "options": [option(1)]}), "focus_on_load", json!(true));
    assert!(message_blocks(&[actions(focused.clone()), actions(focused)])[0].contains("focus_on_load"));
}

#[test]
fn what_slack_takes_passes() {
    let menu = json!({"type": "overflow", "action_id": "more", "options": [option(75), option(1)]});
    let blocks = [
        block("header", json!({"text": {"type": "plain_text", "text": "INC-42", "emoji": true}})),
        section(
            json!({"text": {"type": "mrkdwn", "text": "x", "verbatim": true}, "fields": [text("mrkdwn", 2_000)], "accessory": menu}),
        ),
        block("divider", json!({})),
        block("context", json!({"elements": [text("mrkdwn", 3_000), plain(1)]})),
        block(
            "actions",
            json!({"elements": [button("a"), with(button("b"), "style", json!("danger")), {"type": "users_select", "action_id": "c"}]}),
        ),
        block("image", json!({"image_url": "https://example.com/x.png", "alt_text": "a graph"})),
        block("rich_text", json!({"elements": [{"type": "rich_text_section", "elements": []}]})),
        block("markdown", json!({"text": "**x**"})),
    ];
    assert_eq!(message_blocks(&blocks), Vec::<String>::new());
}

fn modal(fields: Value) -> Value {
    let field = json!({"type": "input", "label": plain(1), "element": {"type": "plain_text_input", "action_id": "a"}});
    let mut view = json!({"type": "modal", "title": plain(24), "submit": plain(24), "blocks": [field]});
    if let (Some(map), Some(fields)) = (view.as_object_mut(), fields.as_object()) {
        map.extend(fields.clone());
    }
    view
}

#[test]
fn views_have_limits_of_their_own() {
    assert_eq!(view(&modal(json!({})), "modal"), Vec::<String>::new());
    let dividers: Vec<Value> = vec![json!({"type": "divider"}); 101];
    let cases = [
        (modal(json!({"title": plain(25)})), "must be less than 25 characters", "/view/title/text"),
        (modal(json!({"title": null})), "missing required field: title", "/view"),
        (modal(json!({"close": plain(25)})), "must be less than 25 characters", "/view/close/text"),
        (modal(json!({"submit": plain(25)})), "must be less than 25 characters", "/view/submit/text"),
        (modal(json!({"submit": null})), "must define `submit`", "/view"),
        (modal(json!({"private_metadata": "x".repeat(3_001)})), "must be less than 3001", "/view/private_metadata"),
        (modal(json!({"callback_id": "x".repeat(256)})), "must be less than 256", "/view/callback_id"),
        (modal(json!({"colour": "red"})), "invalid additional property: colour", "/view"),
        (modal(json!({"blocks": dividers})), "no more than 100 items allowed", "/view/blocks"),
        (
            modal(json!({"blocks": [{"type": "markdown", "text": "x"}]})),
            "unsupported type: markdown",
            "/view/blocks/0/type",
        ),
        (modal(json!({"type": "popup"})), "must be a valid enum value", "/view/type"),
    ];
    for (case, what, path) in cases {
        let found = view(&case, "modal");
        let named = found.iter().any(|line| line.contains(what) && line.ends_with(&format!("{path}]")));
        assert!(named, "{what} at {path} is not among {found:#?}");
    }
    let home = json!({"type": "home", "blocks": [{"type": "divider"}], "title": plain(5)});
    assert_eq!(view(&home, "home"), ["[ERROR] invalid additional property: title [json-pointer:/view]"]);
}
