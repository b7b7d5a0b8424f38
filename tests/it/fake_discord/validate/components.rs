//! Components of messages: rows of buttons and selects, and Components V2 (text, sections, galleries, files,
//! containers) where the flag asks for them. Modals have a file of their own.

use super::{at, list, optional_bool, optional_number, optional_text, url};
use crate::fake_discord::refused::Form;
use serde_json::Value;
use std::collections::BTreeSet;

const ROWS_MAX: usize = 5;
const COMPONENTS_MAX: usize = 40;
const CHARACTERS_MAX: usize = 4_000;

pub const ROW: u64 = 1;
pub const BUTTON: u64 = 2;
pub const STRING_SELECT: u64 = 3;
pub const TEXT_INPUT: u64 = 4;
pub const SECTION: u64 = 9;
pub const TEXT_DISPLAY: u64 = 10;
pub const THUMBNAIL: u64 = 11;
pub const GALLERY: u64 = 12;
pub const FILE: u64 = 13;
pub const SEPARATOR: u64 = 14;
pub const CONTAINER: u64 = 17;
pub const LABEL: u64 = 18;

pub fn is_select(kind: u64) -> bool {
    matches!(kind, 3 | 5..=8)
}

/// What is counted over the whole message.
#[derive(Default)]
pub struct Seen {
    custom_ids: BTreeSet<String>,
    ids: BTreeSet<i64>,
    count: usize,
    characters: usize,
}

pub fn check(form: &mut Form, path: &str, value: &Value, v2: bool) {
    let mut seen = Seen::default();
    let top = list(form, path, value);
    if !v2 && top.len() > ROWS_MAX {
        form.wrong(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {ROWS_MAX} or fewer in length."));
    }
    let allowed: &[u64] = match v2 {
        true => &[ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER],
        false => &[ROW],
    };
    for (n, component) in top.iter().enumerate() {
        one(form, &at(path, n), component, allowed, &mut seen);
    }
    if v2 && seen.count > COMPONENTS_MAX {
        let message = format!("The maximum number of components is {COMPONENTS_MAX}, not {}", seen.count);
        form.wrong(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", &message);
    }
    if v2 && seen.characters > CHARACTERS_MAX {
        let message =
            format!("The displayable text of components may be {CHARACTERS_MAX} characters, not {}", seen.characters);
        form.wrong(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", &message);
    }
}

/// One component, if its kind may stand here.
fn one(form: &mut Form, path: &str, component: &Value, allowed: &[u64], seen: &mut Seen) {
    let kind = component["type"].as_u64().unwrap_or(0);
    if !allowed.contains(&kind) {
        let message = format!("Value of field \"type\" must be one of {allowed:?}.");
        return form.wrong(&at(path, "type"), "UNION_TYPE_CHOICES", &message);
    }
    seen.count += 1;
    if let Some(id) = optional_number(form, &at(path, "id"), &component["id"], 0, i64::from(i32::MAX))
        && id != 0
        && !seen.ids.insert(id)
    {
        form.wrong(&at(path, "id"), "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated");
    }
    match kind {
        ROW => row(form, path, component, seen),
        BUTTON => button(form, path, component, seen),
        SECTION => {
            children(form, path, component, 1..=3, &[TEXT_DISPLAY], seen);
            match component["accessory"].is_object() {
                true => one(form, &at(path, "accessory"), &component["accessory"], &[BUTTON, THUMBNAIL], seen),
                false => form.required(&at(path, "accessory")),
            }
        }
        TEXT_DISPLAY => {
            form.text(&at(path, "content"), &component["content"], 1, CHARACTERS_MAX);
            seen.characters += component["content"].as_str().map_or(0, |text| text.chars().count());
        }
        THUMBNAIL => media(form, path, component, "media"),
        GALLERY => {
            let items = list(form, &at(path, "items"), &component["items"]);
            form.between(&at(path, "items"), items.len(), 1, 10);
            for (n, item) in items.iter().enumerate() {
                media(form, &at(path, format!("items.{n}")), item, "media");
            }
        }
        FILE => url(form, &at(path, "file.url"), &component["file"]["url"], &["attachment://"], 2_048),
        SEPARATOR => {
            optional_bool(form, &at(path, "divider"), &component["divider"]);
            optional_number(form, &at(path, "spacing"), &component["spacing"], 1, 2);
        }
        CONTAINER => {
            optional_number(form, &at(path, "accent_color"), &component["accent_color"], 0, 0xFF_FFFF);
            let inside = [ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR];
            children(form, path, component, 1..=COMPONENTS_MAX, &inside, seen);
        }
        _ => select(form, path, component, seen, false),
    }
}

fn children(
    form: &mut Form,
    path: &str,
    of: &Value,
    count: std::ops::RangeInclusive<usize>,
    allowed: &[u64],
    seen: &mut Seen,
) {
    let inside = at(path, "components");
    let items = list(form, &inside, &of["components"]);
    form.between(&inside, items.len(), *count.start(), *count.end());
    for (n, item) in items.iter().enumerate() {
        one(form, &at(&inside, n), item, allowed, seen);
    }
}

fn row(form: &mut Form, path: &str, row: &Value, seen: &mut Seen) {
    children(form, path, row, 1..=5, &[BUTTON, STRING_SELECT, 5, 6, 7, 8], seen);
    let items = row["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    if items.len() > 1 && items.iter().any(|item| is_select(item["type"].as_u64().unwrap_or(0))) {
        let message = "A row holds either up to five buttons or one select";
        form.wrong(&at(path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message);
    }
}

fn media(form: &mut Form, path: &str, of: &Value, key: &str) {
    let schemes = ["http://", "https://", "attachment://"];
    url(form, &at(path, format!("{key}.url")), &of[key]["url"], &schemes, 2_048);
    optional_text(form, &at(path, "description"), &of["description"], 0, 1_024);
}

/// 1–100 characters that no other component of the message has.
pub fn custom_id(form: &mut Form, path: &str, component: &Value, seen: &mut Seen) {
    let path = at(path, "custom_id");
    form.text(&path, &component["custom_id"], 1, 100);
    if let Some(id) = component["custom_id"].as_str()
        && !seen.custom_ids.insert(id.to_string())
    {
        form.wrong(&path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
    }
}

fn button(form: &mut Form, path: &str, button: &Value, seen: &mut Seen) {
    optional_text(form, &at(path, "label"), &button["label"], 0, 80);
    optional_bool(form, &at(path, "disabled"), &button["disabled"]);
    emoji(form, path, button);
    let never = |form: &mut Form, key: &str| {
        if !button[key].is_null() {
            form.wrong(
                &at(path, key),
                "BUTTON_COMPONENT_INVALID_FIELD",
                &format!("A button of this style has no {key}"),
            );
        }
    };
    match optional_number(form, &at(path, "style"), &button["style"], 1, 6) {
        None => form.required(&at(path, "style")),
        Some(5) => {
            url(form, &at(path, "url"), &button["url"], &["http://", "https://", "discord://"], 512);
            never(form, "custom_id");
        }
        Some(6) => {
            form.text(&at(path, "sku_id"), &button["sku_id"], 1, 20);
            ["custom_id", "label", "url", "emoji"].into_iter().for_each(|key| never(form, key));
        }
        Some(_) => {
            custom_id(form, path, button, seen);
            ["url", "sku_id"].into_iter().for_each(|key| never(form, key));
        }
    }
    let bare = button["label"].as_str().unwrap_or_default().is_empty() && button["emoji"].is_null();
    if bare && button["style"] != 6 {
        form.wrong(path, "BUTTON_COMPONENT_EMPTY", "A button needs a label or an emoji");
    }
}

fn emoji(form: &mut Form, path: &str, of: &Value) {
    let emoji = &of["emoji"];
    if !emoji.is_null() && emoji["name"].as_str().unwrap_or_default().is_empty() && emoji["id"].is_null() {
        form.wrong(&at(path, "emoji.name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji");
    }
}

/// A select of any kind; in a modal it cannot be disabled.
pub fn select(form: &mut Form, path: &str, select: &Value, seen: &mut Seen, in_modal: bool) {
    custom_id(form, path, select, seen);
    optional_text(form, &at(path, "placeholder"), &select["placeholder"], 0, 150);
    let disabled = optional_bool(form, &at(path, "disabled"), &select["disabled"]);
    if in_modal && disabled {
        form.wrong(&at(path, "disabled"), "MODAL_COMPONENT_DISABLED", "Modals cannot have disabled components");
    }
    let least = optional_number(form, &at(path, "min_values"), &select["min_values"], 0, 25).unwrap_or(1);
    let most = optional_number(form, &at(path, "max_values"), &select["max_values"], 1, 25).unwrap_or(1);
    if least > most {
        form.wrong(&at(path, "min_values"), "SELECT_COMPONENT_MIN_VALUES", "min_values is more than max_values");
    }
    if in_modal && least == 0 && select["required"].as_bool() != Some(false) {
        form.wrong(&at(path, "min_values"), "SELECT_COMPONENT_REQUIRED", "A required select has at least one value");
    }
    if select["type"] != STRING_SELECT {
        let defaults = list(form, &at(path, "default_values"), &select["default_values"]);
        form.between(&at(path, "default_values"), defaults.len(), 0, usize::try_from(most).unwrap_or(1));
        return;
    }
    let options = list(form, &at(path, "options"), &select["options"]);
    form.between(&at(path, "options"), options.len(), 1, 25);
    if usize::try_from(most).unwrap_or(0) > options.len() && !select["max_values"].is_null() {
        let message = "max_values is more than there are options";
        form.wrong(&at(path, "max_values"), "SELECT_COMPONENT_MAX_VALUES", message);
    }
    let mut values = BTreeSet::new();
    for (n, option) in options.iter().enumerate() {
        let path = at(path, format!("options.{n}"));
        form.text(&at(&path, "label"), &option["label"], 1, 100);
        form.text(&at(&path, "value"), &option["value"], 1, 100);
        optional_text(form, &at(&path, "description"), &option["description"], 0, 100);
        emoji(form, &path, option);
        if let Some(value) = option["value"].as_str()
            && !values.insert(value)
        {
            form.wrong(
                &at(&path, "value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            );
        }
    }
}
