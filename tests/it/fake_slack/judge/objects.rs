//! The small parts: texts, options, confirmations.

use super::Judge;
use serde_json::Value;

const OPTION_TEXT_MAX: usize = 75;
const OPTION_VALUE_MAX: usize = 150;
const OPTION_DESCRIPTION_MAX: usize = 75;
const LINK_MAX: usize = 3_000;

impl Judge {
    /// A `plain_text`, if it is there.
    pub(super) fn plain_text(&mut self, at: &str, value: &Value, most: usize) {
        self.text(at, value, most, &["plain_text"]);
    }

    /// A text of either kind, if it is there.
    pub(super) fn any_text(&mut self, at: &str, value: &Value, most: usize) {
        self.text(at, value, most, &["plain_text", "mrkdwn"]);
    }

    pub(super) fn text(&mut self, at: &str, value: &Value, most: usize, kinds: &[&str]) {
        if value.is_null() {
            return;
        }
        let allowed: &[&str] =
            if value["type"] == "mrkdwn" { &["type", "text", "verbatim"] } else { &["type", "text", "emoji"] };
        if self.object(at, value, allowed, &["type", "text"]) {
            self.one_of(at, value, "type", kinds);
            self.string(at, value, "text", 1, most);
            self.boolean(at, value, "emoji");
            self.boolean(at, value, "verbatim");
        }
    }

    pub(super) fn confirm(&mut self, at: &str, element: &Value) {
        let value = &element["confirm"];
        if value.is_null() {
            return;
        }
        let at = &format!("{at}/confirm");
        let parts = ["title", "text", "confirm", "deny"];
        if self.object(at, value, &["title", "text", "confirm", "deny", "style"], &parts) {
            self.plain_text(&format!("{at}/title"), &value["title"], 100);
            self.any_text(&format!("{at}/text"), &value["text"], 300);
            self.plain_text(&format!("{at}/confirm"), &value["confirm"], 30);
            self.plain_text(&format!("{at}/deny"), &value["deny"], 30);
            self.one_of(at, value, "style", &["primary", "danger"]);
        }
    }

    /// `options`; those of checkboxes and radio buttons may be `mrkdwn`, those of an overflow menu may be links.
    pub(super) fn options(&mut self, at: &str, owner: &Value, most: usize, rich: bool, links: bool) {
        for (index, option) in self.items(at, owner, "options", 1, most).iter().enumerate() {
            self.option(&format!("{at}/options/{index}"), option, rich, links);
        }
    }

    pub(super) fn option(&mut self, at: &str, option: &Value, rich: bool, links: bool) {
        let allowed: &[&str] =
            if links { &["text", "value", "description", "url"] } else { &["text", "value", "description"] };
        if !self.object(at, option, allowed, &["text", "value"]) {
            return;
        }
        let kinds: &[&str] = if rich { &["plain_text", "mrkdwn"] } else { &["plain_text"] };
        self.text(&format!("{at}/text"), &option["text"], OPTION_TEXT_MAX, kinds);
        self.text(&format!("{at}/description"), &option["description"], OPTION_DESCRIPTION_MAX, kinds);
        self.string(at, option, "value", 1, OPTION_VALUE_MAX);
        self.link(at, option, "url", LINK_MAX);
    }

    /// `options` or `option_groups`, and that what is chosen at first is among them.
    pub(super) fn choices(&mut self, at: &str, owner: &Value) {
        let groups = self.items(at, owner, "option_groups", 1, 100);
        for (index, group) in groups.iter().enumerate() {
            let at = &format!("{at}/option_groups/{index}");
            if self.object(at, group, &["label", "options"], &["label", "options"]) {
                self.plain_text(&format!("{at}/label"), &group["label"], 75);
                self.options(at, group, 100, false, false);
            }
        }
        self.options(at, owner, 100, false, false);
        if owner["options"].is_null() == owner["option_groups"].is_null() {
            self.say("must have either `options` or `option_groups`", at);
        }
        self.initial(at, owner);
    }

    pub(super) fn initial(&mut self, at: &str, owner: &Value) {
        let flat = owner["options"].as_array().into_iter().flatten();
        let groups = owner["option_groups"].as_array().into_iter().flatten();
        let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
        let known: Vec<&Value> = flat.chain(grouped).collect();
        let one = owner.get("initial_option").into_iter();
        let many = owner["initial_options"].as_array().into_iter().flatten();
        if one.chain(many).any(|option| !known.contains(&option)) {
            self.say("an initial option is none of the options", at);
        }
    }
}
