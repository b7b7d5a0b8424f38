//! Block Kit as Slack takes it: what it refuses is said with the path of what is wrong.
//!
//! The numbers are Slack's published ones. A block or field that is not known here is refused: Slack has newer ones
//! (cards, carousels, charts), which older clients do not draw. It never repairs: a payload passes as it is, or not.

mod blocks;
mod elements;
mod objects;
mod others;

pub use others::{judged_by_others, python};

use serde_json::{Value, json};
use std::collections::HashSet;

const MESSAGE_BLOCKS_MAX: usize = 50;
const VIEW_BLOCKS_MAX: usize = 100;
const VIEW_TITLE_MAX: usize = 24;
const PRIVATE_METADATA_MAX: usize = 3_000;
const ID_MAX: usize = 255;
/// Over all markdown blocks of one payload.
const MARKDOWN_MAX: usize = 12_000;

/// Where a block stands: not every block, and not every element, may stand everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    Message,
    Modal,
    Home,
}

/// One look at a payload, and what it found.
pub(super) struct Judge {
    surface: Surface,
    found: Vec<String>,
    block_ids: HashSet<String>,
    markdown: usize,
    focused: usize,
}

/// What is wrong with the blocks of a message; nothing if Slack takes them.
pub fn message_blocks(blocks: &[Value]) -> Vec<String> {
    let mut judge = Judge::new(Surface::Message);
    judge.blocks("/blocks", blocks, MESSAGE_BLOCKS_MAX);
    judge.found
}

/// What is wrong with a view of this kind, `modal` or `home`.
pub fn view(view: &Value, kind: &str) -> Vec<String> {
    let mut judge = Judge::new(if kind == "home" { Surface::Home } else { Surface::Modal });
    let at = "/view";
    if view["type"] != kind {
        judge.say("must be a valid enum value", "/view/type");
    }
    let modal = [
        "type",
        "title",
        "blocks",
        "close",
        "submit",
        "private_metadata",
        "callback_id",
        "clear_on_close",
        "notify_on_close",
        "external_id",
        "submit_disabled",
    ];
    let home = ["type", "blocks", "private_metadata", "callback_id", "external_id"];
    let (allowed, required): (&[&str], &[&str]) =
        if kind == "home" { (&home, &["type", "blocks"]) } else { (&modal, &["type", "title", "blocks"]) };
    if !judge.object(at, view, allowed, required) {
        return judge.found;
    }
    for key in ["title", "close", "submit"] {
        judge.plain_text(&format!("{at}/{key}"), &view[key], VIEW_TITLE_MAX);
    }
    judge.string(at, view, "private_metadata", 0, PRIVATE_METADATA_MAX);
    judge.string(at, view, "callback_id", 0, ID_MAX);
    judge.string(at, view, "external_id", 0, ID_MAX);
    for key in ["clear_on_close", "notify_on_close", "submit_disabled"] {
        judge.boolean(at, view, key);
    }
    match view["blocks"].as_array() {
        Some(blocks) => {
            judge.blocks("/view/blocks", blocks, VIEW_BLOCKS_MAX);
            let asks = blocks.iter().any(|block| block["type"] == "input");
            if kind == "modal" && asks && view["submit"].is_null() {
                judge.say("must define `submit` to use an `input` block in modals", at);
            }
        }
        None => judge.say("must be an array", "/view/blocks"),
    }
    judge.found
}

/// How many characters of text are in these blocks altogether.
pub fn letters(blocks: &[Value]) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().map(of).sum(),
            Value::Object(map) => {
                let own = map.get("text").and_then(Value::as_str).map_or(0, |text| text.chars().count());
                own + map.values().map(of).sum::<usize>()
            }
            _ => 0,
        }
    }
    blocks.iter().map(of).sum()
}

/// Slack names each block that has no name, and each control too.
pub fn with_block_ids(blocks: Value) -> Value {
    let Value::Array(mut list) = blocks else { return blocks };
    for (index, block) in list.iter_mut().enumerate() {
        if block.get("block_id").is_none() {
            block["block_id"] = json!(format!("b{index:03}"));
        }
        let Some(map) = block.as_object_mut() else { continue };
        let own = map.iter_mut().filter(|(key, _)| ["accessory", "element", "elements"].contains(&key.as_str()));
        for (number, element) in own
            .flat_map(|(_, value)| match value {
                Value::Array(many) => many.iter_mut().collect::<Vec<_>>(),
                one => vec![one],
            })
            .enumerate()
        {
            let acts = element["type"].as_str().is_some_and(elements::acts);
            if acts && element.get("action_id").is_none() {
                element["action_id"] = json!(format!("a{index:03}{number:02}"));
            }
        }
    }
    Value::Array(list)
}

impl Judge {
    fn new(surface: Surface) -> Judge {
        Judge { surface, found: Vec::new(), block_ids: HashSet::new(), markdown: 0, focused: 0 }
    }

    fn say(&mut self, what: &str, at: &str) {
        self.found.push(format!("[ERROR] {what} [json-pointer:{at}]"));
    }

    fn blocks(&mut self, at: &str, blocks: &[Value], most: usize) {
        if blocks.len() > most {
            self.say(&format!("no more than {most} items allowed"), at);
        }
        for (index, block) in blocks.iter().enumerate() {
            self.block(&format!("{at}/{index}"), block);
        }
        if self.markdown > MARKDOWN_MAX {
            self.say(&format!("markdown blocks hold no more than {MARKDOWN_MAX} characters together"), at);
        }
        if self.focused > 1 {
            self.say("only one element may have `focus_on_load`", at);
        }
    }

    /// An object with no other fields than these. False when there is nothing to look at any further.
    fn object(&mut self, at: &str, value: &Value, allowed: &[&str], required: &[&str]) -> bool {
        let Some(map) = value.as_object() else {
            self.say("must be an object", at);
            return false;
        };
        for key in map.keys().filter(|key| !allowed.contains(&key.as_str())) {
            self.say(&format!("invalid additional property: {key}"), at);
        }
        for key in required.iter().filter(|key| map.get(**key).is_none_or(Value::is_null)) {
            self.say(&format!("missing required field: {key}"), at);
        }
        true
    }

    /// A field that is a string of so many characters, if it is there.
    fn string(&mut self, at: &str, value: &Value, key: &str, least: usize, most: usize) {
        let Some(field) = value.get(key).filter(|field| !field.is_null()) else { return };
        let path = format!("{at}/{key}");
        match field.as_str().map(|text| text.chars().count()) {
            None => self.say("must be a string", &path),
            Some(length) if length > most => self.say(&format!("must be less than {} characters", most + 1), &path),
            Some(length) if length < least => self.say(&format!("must be more than {} characters", least - 1), &path),
            Some(_) => {}
        }
    }

    fn boolean(&mut self, at: &str, value: &Value, key: &str) {
        if value.get(key).is_some_and(|field| !field.is_boolean()) {
            self.say("must be a boolean", &format!("{at}/{key}"));
        }
    }

    fn integer(&mut self, at: &str, value: &Value, key: &str, least: i64, most: i64) {
        let Some(field) = value.get(key) else { return };
        if !field.as_i64().is_some_and(|number| (least..=most).contains(&number)) {
            self.say(&format!("must be an integer from {least} to {most}"), &format!("{at}/{key}"));
        }
    }

    fn one_of(&mut self, at: &str, value: &Value, key: &str, known: &[&str]) {
        let Some(field) = value.get(key) else { return };
        if !field.as_str().is_some_and(|word| known.contains(&word)) {
            self.say("must be a valid enum value", &format!("{at}/{key}"));
        }
    }

    fn link(&mut self, at: &str, value: &Value, key: &str, most: usize) {
        self.string(at, value, key, 1, most);
        let Some(text) = value.get(key).and_then(Value::as_str) else { return };
        if url::Url::parse(text).is_err() {
            self.say("must be a valid URL", &format!("{at}/{key}"));
        }
    }

    /// An array of so many items; nothing when it is not one.
    fn items<'v>(&mut self, at: &str, value: &'v Value, key: &str, least: usize, most: usize) -> &'v [Value] {
        let path = format!("{at}/{key}");
        let Some(items) = value[key].as_array() else {
            if !value[key].is_null() {
                self.say("must be an array", &path);
            }
            return &[];
        };
        if items.len() < least {
            self.say(&format!("no fewer than {least} items required"), &path);
        }
        if items.len() > most {
            self.say(&format!("no more than {most} items allowed"), &path);
        }
        items
    }
}
