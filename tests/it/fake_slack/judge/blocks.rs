//! The blocks: what stands in each, and where each may stand.

use super::{ID_MAX, Judge, Surface, elements};
use serde_json::Value;
use std::collections::HashSet;

const SECTION_MAX: usize = 3_000;
const FIELDS_MAX: usize = 10;
const FIELD_MAX: usize = 2_000;
const HEADER_MAX: usize = 150;
const LABEL_MAX: usize = 2_000;
const ACTIONS_MAX: usize = 25;
const CONTEXT_MAX: usize = 10;
/// The text of a section or of a part of a context, however long the document lets it be.
const RICH_PARTS: &[&str] = &["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"];

impl Judge {
    pub(super) fn block(&mut self, at: &str, block: &Value) {
        let Some(kind) = block["type"].as_str() else {
            return self.say("missing required field: type", at);
        };
        let (allowed, required): (&[&str], &[&str]) = match kind {
            "section" => (&["text", "fields", "accessory", "expand"], &[]),
            "divider" => (&[], &[]),
            "header" => (&["text"], &["text"]),
            "image" => (&["image_url", "slack_file", "alt_text", "title"], &["alt_text"]),
            "actions" => (&["elements"], &["elements"]),
            "context" => (&["elements"], &["elements"]),
            "input" => (&["label", "element", "hint", "optional", "dispatch_action"], &["label", "element"]),
            "rich_text" => (&["elements"], &["elements"]),
            "markdown" if self.surface == Surface::Message => (&["text"], &["text"]),
            _ => return self.say(&format!("unsupported type: {kind}"), &format!("{at}/type")),
        };
        let allowed: Vec<&str> = allowed.iter().chain(&["type", "block_id"]).copied().collect();
        if !self.object(at, block, &allowed, required) {
            return;
        }
        self.string(at, block, "block_id", 1, ID_MAX);
        if let Some(id) = block["block_id"].as_str()
            && !self.block_ids.insert(id.to_owned())
        {
            self.say(&format!("the block_id {id} is there twice"), &format!("{at}/block_id"));
        }
        match kind {
            "section" => self.section(at, block),
            "header" => self.plain_text(&format!("{at}/text"), &block["text"], HEADER_MAX),
            "image" => self.image(at, block),
            "actions" => self.actions(at, block),
            "context" => self.context(at, block),
            "input" => self.input(at, block),
            "rich_text" => self.rich_text(at, block),
            "markdown" => {
                self.string(at, block, "text", 1, 12_000);
                self.markdown += block["text"].as_str().map_or(0, |text| text.chars().count());
            }
            _ => {}
        }
    }

    fn section(&mut self, at: &str, block: &Value) {
        if block["text"].is_null() && block["fields"].is_null() {
            self.say("missing required field: text", at);
        }
        self.any_text(&format!("{at}/text"), &block["text"], SECTION_MAX);
        self.boolean(at, block, "expand");
        for (index, field) in self.items(at, block, "fields", 1, FIELDS_MAX).iter().enumerate() {
            self.any_text(&format!("{at}/fields/{index}"), field, FIELD_MAX);
        }
        if !block["accessory"].is_null() {
            self.element(&format!("{at}/accessory"), &block["accessory"], elements::SECTION);
        }
    }

    fn image(&mut self, at: &str, block: &Value) {
        if block["image_url"].is_null() == block["slack_file"].is_null() {
            self.say("must have either `image_url` or `slack_file`", at);
        }
        self.link(at, block, "image_url", 3_000);
        self.string(at, block, "alt_text", 1, 2_000);
        self.plain_text(&format!("{at}/title"), &block["title"], 2_000);
    }

    fn actions(&mut self, at: &str, block: &Value) {
        let mut ids = HashSet::new();
        for (index, element) in self.items(at, block, "elements", 1, ACTIONS_MAX).iter().enumerate() {
            let at = format!("{at}/elements/{index}");
            self.element(&at, element, elements::ACTIONS);
            if let Some(id) = element["action_id"].as_str()
                && !ids.insert(id)
            {
                self.say(&format!("the action_id {id} is there twice"), &format!("{at}/action_id"));
            }
        }
    }

    fn context(&mut self, at: &str, block: &Value) {
        for (index, element) in self.items(at, block, "elements", 1, CONTEXT_MAX).iter().enumerate() {
            let at = format!("{at}/elements/{index}");
            match element["type"].as_str() {
                Some("image") => self.element(&at, element, &["image"]),
                _ => self.any_text(&at, element, SECTION_MAX),
            }
        }
    }

    fn input(&mut self, at: &str, block: &Value) {
        self.plain_text(&format!("{at}/label"), &block["label"], LABEL_MAX);
        self.plain_text(&format!("{at}/hint"), &block["hint"], LABEL_MAX);
        self.boolean(at, block, "optional");
        self.boolean(at, block, "dispatch_action");
        if !block["element"].is_null() {
            self.element(&format!("{at}/element"), &block["element"], elements::INPUT);
        }
    }

    fn rich_text(&mut self, at: &str, block: &Value) {
        for (index, part) in self.items(at, block, "elements", 1, usize::MAX).iter().enumerate() {
            let at = format!("{at}/elements/{index}");
            self.one_of(&at, part, "type", RICH_PARTS);
            if !part["elements"].is_array() {
                self.say("missing required field: elements", &at);
            }
        }
    }
}
