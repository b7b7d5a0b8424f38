//! The elements: buttons, menus, fields. Which stand where is a table; what each takes is another.

use super::{ID_MAX, Judge, Surface};
use serde_json::Value;

/// What a section may have beside its text.
pub const SECTION: &[&str] = &[
    "button",
    "overflow",
    "image",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "checkboxes",
    "radio_buttons",
];

pub const ACTIONS: &[&str] = &[
    "button",
    "overflow",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "checkboxes",
    "radio_buttons",
];

pub const INPUT: &[&str] = &[
    "plain_text_input",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "checkboxes",
    "radio_buttons",
    "email_text_input",
    "url_text_input",
    "number_input",
    "file_input",
    "rich_text_input",
];

const PLACEHOLDER_MAX: usize = 150;
const BUTTON_TEXT_MAX: usize = 75;
const BUTTON_VALUE_MAX: usize = 2_000;
const LINK_MAX: usize = 3_000;
const WRITTEN_MAX: i64 = 3_000;

/// Whether somebody can do something with it, so that it has an `action_id`.
pub fn acts(kind: &str) -> bool {
    kind != "image" && (SECTION.contains(&kind) || ACTIONS.contains(&kind) || INPUT.contains(&kind))
}

/// What an element may have beside `type` and `action_id`, and what it must have.
fn fields(kind: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match kind {
        "button" => (&["text", "url", "value", "style", "confirm", "accessibility_label"], &["text"]),
        "overflow" => (&["options", "confirm"], &["options"]),
        "image" => (&["image_url", "slack_file", "alt_text"], &["alt_text"]),
        "static_select" => {
            (&["placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load"], &[])
        }
        "multi_static_select" => (
            &[
                "placeholder",
                "options",
                "option_groups",
                "initial_options",
                "confirm",
                "max_selected_items",
                "focus_on_load",
            ],
            &[],
        ),
        "external_select" => (&["placeholder", "initial_option", "min_query_length", "confirm", "focus_on_load"], &[]),
        "multi_external_select" => (
            &["placeholder", "initial_options", "min_query_length", "confirm", "max_selected_items", "focus_on_load"],
            &[],
        ),
        "users_select" => (&["placeholder", "initial_user", "confirm", "focus_on_load"], &[]),
        "multi_users_select" => {
            (&["placeholder", "initial_users", "confirm", "max_selected_items", "focus_on_load"], &[])
        }
        "conversations_select" => (
            &[
                "placeholder",
                "initial_conversation",
                "default_to_current_conversation",
                "confirm",
                "response_url_enabled",
                "filter",
                "focus_on_load",
            ],
            &[],
        ),
        "multi_conversations_select" => (
            &[
                "placeholder",
                "initial_conversations",
                "default_to_current_conversation",
                "confirm",
                "max_selected_items",
                "filter",
                "focus_on_load",
            ],
            &[],
        ),
        "channels_select" => {
            (&["placeholder", "initial_channel", "confirm", "response_url_enabled", "focus_on_load"], &[])
        }
        "multi_channels_select" => {
            (&["placeholder", "initial_channels", "confirm", "max_selected_items", "focus_on_load"], &[])
        }
        "datepicker" => (&["placeholder", "initial_date", "confirm", "focus_on_load"], &[]),
        "timepicker" => (&["placeholder", "initial_time", "confirm", "timezone", "focus_on_load"], &[]),
        "datetimepicker" => (&["initial_date_time", "confirm", "focus_on_load"], &[]),
        "checkboxes" => (&["options", "initial_options", "confirm", "focus_on_load"], &["options"]),
        "radio_buttons" => (&["options", "initial_option", "confirm", "focus_on_load"], &["options"]),
        "plain_text_input" => (
            &[
                "placeholder",
                "initial_value",
                "multiline",
                "min_length",
                "max_length",
                "dispatch_action_config",
                "focus_on_load",
            ],
            &[],
        ),
        "email_text_input" | "url_text_input" => {
            (&["placeholder", "initial_value", "dispatch_action_config", "focus_on_load"], &[])
        }
        "number_input" => (
            &[
                "placeholder",
                "is_decimal_allowed",
                "initial_value",
                "min_value",
                "max_value",
                "dispatch_action_config",
                "focus_on_load",
            ],
            &["is_decimal_allowed"],
        ),
        "file_input" => (&["filetypes", "max_files"], &[]),
        "rich_text_input" => (&["placeholder", "initial_value", "dispatch_action_config", "focus_on_load"], &[]),
        _ => return None,
    })
}

impl Judge {
    pub(super) fn element(&mut self, at: &str, element: &Value, here: &[&str]) {
        let kind = element["type"].as_str().unwrap_or_default();
        let Some((allowed, required)) = fields(kind).filter(|_| here.contains(&kind)) else {
            return self.say(&format!("unsupported type: {kind}"), &format!("{at}/type"));
        };
        let own: &[&str] = if kind == "image" { &["type"] } else { &["type", "action_id"] };
        let allowed: Vec<&str> = allowed.iter().chain(own).copied().collect();
        if !self.object(at, element, &allowed, required) {
            return;
        }
        self.string(at, element, "action_id", 1, ID_MAX);
        self.plain_text(&format!("{at}/placeholder"), &element["placeholder"], PLACEHOLDER_MAX);
        self.confirm(at, element);
        self.boolean(at, element, "focus_on_load");
        self.focused += usize::from(element["focus_on_load"] == true);
        self.integer(at, element, "max_selected_items", 1, i64::MAX);
        self.integer(at, element, "min_query_length", 0, i64::MAX);
        if self.surface != Surface::Modal && element["response_url_enabled"] == true {
            self.say("`response_url_enabled` is for modals", at);
        }
        match kind {
            "button" => self.button(at, element),
            "overflow" => self.options(at, element, 5, false, true),
            "checkboxes" | "radio_buttons" => {
                self.options(at, element, 10, true, false);
                self.initial(at, element);
            }
            "static_select" | "multi_static_select" => self.choices(at, element),
            "image" => {
                self.link(at, element, "image_url", LINK_MAX);
                self.string(at, element, "alt_text", 1, 2_000);
            }
            "datepicker" => self.shaped(at, element, "initial_date", "0000-00-00"),
            "timepicker" => self.shaped(at, element, "initial_time", "00:00"),
            "datetimepicker" => self.integer(at, element, "initial_date_time", 1_000_000_000, 9_999_999_999),
            "plain_text_input" => self.written(at, element),
            "file_input" => self.integer(at, element, "max_files", 1, 10),
            _ => {}
        }
    }

    fn button(&mut self, at: &str, element: &Value) {
        self.plain_text(&format!("{at}/text"), &element["text"], BUTTON_TEXT_MAX);
        self.string(at, element, "value", 1, BUTTON_VALUE_MAX);
        self.string(at, element, "accessibility_label", 1, BUTTON_TEXT_MAX);
        self.link(at, element, "url", LINK_MAX);
        self.one_of(at, element, "style", &["primary", "danger"]);
    }

    fn written(&mut self, at: &str, element: &Value) {
        self.boolean(at, element, "multiline");
        self.integer(at, element, "min_length", 0, WRITTEN_MAX);
        self.integer(at, element, "max_length", 1, WRITTEN_MAX);
        let bound = |key: &str| element[key].as_i64();
        if let (Some(least), Some(most)) = (bound("min_length"), bound("max_length"))
            && least > most
        {
            self.say("`min_length` is above `max_length`", at);
        }
        let most = bound("max_length").and_then(|most| usize::try_from(most).ok()).unwrap_or(3_000);
        self.string(at, element, "initial_value", 0, most);
        let config = &element["dispatch_action_config"];
        if !config.is_null() {
            let at = format!("{at}/dispatch_action_config");
            for (index, on) in self.items(&at, config, "trigger_actions_on", 1, 2).iter().enumerate() {
                if !matches!(on.as_str(), Some("on_enter_pressed" | "on_character_entered")) {
                    self.say("must be a valid enum value", &format!("{at}/trigger_actions_on/{index}"));
                }
            }
        }
    }

    /// A text in which digits stand where the pattern has digits.
    fn shaped(&mut self, at: &str, element: &Value, key: &str, pattern: &str) {
        let Some(text) = element[key].as_str() else { return };
        let fits = |(a, b): (char, char)| if b == '0' { a.is_ascii_digit() } else { a == b };
        if text.len() != pattern.len() || !text.chars().zip(pattern.chars()).all(fits) {
            self.say(&format!("must look like {pattern}"), &format!("{at}/{key}"));
        }
    }
}
