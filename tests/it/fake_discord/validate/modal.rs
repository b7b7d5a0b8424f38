//! Modals: a title, and one to five labels (or rows, as they used to be) with what a person fills in.

use super::components::{self, LABEL, ROW, Seen, TEXT_DISPLAY, TEXT_INPUT, custom_id, is_select};
use super::{at, list, optional_number, optional_text};
use crate::fake_discord::refused::Form;
use serde_json::Value;

const FILE_UPLOAD: u64 = 19;
const RADIOS: u64 = 21;
const CHECKBOXES: u64 = 22;
const CHECKBOX: u64 = 23;

pub fn check(form: &mut Form, path: &str, modal: &Value) {
    form.text(&at(path, "custom_id"), &modal["custom_id"], 1, 100);
    form.text(&at(path, "title"), &modal["title"], 1, 45);
    let inside = at(path, "components");
    let components = list(form, &inside, &modal["components"]);
    form.between(&inside, components.len(), 1, 5);
    let mut seen = Seen::default();
    for (n, component) in components.iter().enumerate() {
        let path = at(&inside, n);
        match component["type"].as_u64().unwrap_or(0) {
            ROW => {
                let children = list(form, &at(&path, "components"), &component["components"]);
                form.between(&at(&path, "components"), children.len(), 1, 1);
                for (m, child) in children.iter().enumerate() {
                    let path = at(&path, format!("components.{m}"));
                    match child["type"].as_u64() {
                        Some(TEXT_INPUT) => {
                            form.text(&at(&path, "label"), &child["label"], 1, 45);
                            input(form, &path, child, &mut seen);
                        }
                        _ => form.wrong(
                            &at(&path, "type"),
                            "UNION_TYPE_CHOICES",
                            "Value of field \"type\" must be one of [4].",
                        ),
                    }
                }
            }
            TEXT_DISPLAY => form.text(&at(&path, "content"), &component["content"], 1, 4_000),
            LABEL => label(form, &path, component, &mut seen),
            _ => form.wrong(
                &at(&path, "type"),
                "UNION_TYPE_CHOICES",
                "Value of field \"type\" must be one of [1, 10, 18].",
            ),
        }
    }
}

fn label(form: &mut Form, path: &str, label: &Value, seen: &mut Seen) {
    form.text(&at(path, "label"), &label["label"], 1, 45);
    optional_text(form, &at(path, "description"), &label["description"], 0, 100);
    let (child, path) = (&label["component"], at(path, "component"));
    match child["type"].as_u64().unwrap_or(0) {
        TEXT_INPUT => {
            if !child["label"].is_null() {
                form.wrong(&at(&path, "label"), "TEXT_INPUT_LABEL_IN_LABEL", "The label stands around the input");
            }
            input(form, &path, child, seen);
        }
        FILE_UPLOAD => {
            custom_id(form, &path, child, seen);
            optional_number(form, &at(&path, "min_values"), &child["min_values"], 0, 10);
            optional_number(form, &at(&path, "max_values"), &child["max_values"], 1, 10);
        }
        kind @ (RADIOS | CHECKBOXES) => {
            custom_id(form, &path, child, seen);
            let options = list(form, &at(&path, "options"), &child["options"]);
            form.between(&at(&path, "options"), options.len(), if kind == RADIOS { 2 } else { 1 }, 10);
        }
        CHECKBOX => custom_id(form, &path, child, seen),
        kind if is_select(kind) => components::select(form, &path, child, seen, true),
        _ => form.wrong(
            &at(&path, "type"),
            "UNION_TYPE_CHOICES",
            "Value of field \"type\" must be one of [3, 4, 5, 6, 7, 8, 19, 21, 22, 23].",
        ),
    }
}

fn input(form: &mut Form, path: &str, input: &Value, seen: &mut Seen) {
    custom_id(form, path, input, seen);
    match optional_number(form, &at(path, "style"), &input["style"], 1, 2) {
        Some(_) => {}
        None => form.required(&at(path, "style")),
    }
    let least = optional_number(form, &at(path, "min_length"), &input["min_length"], 0, 4_000).unwrap_or(0);
    let most = optional_number(form, &at(path, "max_length"), &input["max_length"], 1, 4_000).unwrap_or(4_000);
    if least > most {
        form.wrong(&at(path, "min_length"), "TEXT_INPUT_MIN_LENGTH", "min_length is more than max_length");
    }
    optional_text(form, &at(path, "placeholder"), &input["placeholder"], 0, 100);
    optional_text(form, &at(path, "value"), &input["value"], 0, usize::try_from(most).unwrap_or(4_000));
}
