//! A neutral form as a modal of Slack, and what was filled in as the values that a line of the grammar is made of.
//! Pure; what a form asks for is said in `notice`, what it does is said by the grammar.

use super::render::section;
use super::text::{cut, escape};
use super::wire::{Entered, View};
use crate::engine::ports::chat::{Field, FieldKind, Form};
use firebell_domain::id::IncidentId;
use firebell_domain::origin::Origin;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What our forms are called.
pub const FORM: &str = "firebell.form";
const TITLE_CHARS_MAX: usize = 24;
const LABEL_CHARS_MAX: usize = 150;
const HINT_CHARS_MAX: usize = 150;
const OPTION_CHARS_MAX: usize = 75;
const INPUT_CHARS_MAX: usize = 3_000;
/// The element of a field, which has one.
const ELEMENT: &str = "v";

/// What a form must still know when it comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    pub form: String,
    #[serde(default)]
    pub incident: Option<i64>,
    /// Where it was opened, so that the answer goes there.
    #[serde(default)]
    pub channel: Option<String>,
    /// Said about the incident that the form declares: what a shortcut took along.
    #[serde(default)]
    pub note: Option<String>,
    /// The message that the note quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Carried {
    pub fn incident(&self) -> Option<IncidentId> {
        self.incident.map(IncidentId)
    }
}

pub fn view(form: &Form, carried: &Carried) -> Value {
    let intro = form.intro.iter().map(|i| section(&escape(i)));
    // A list without anything to choose from is none that Slack takes.
    let asks = |f: &&Field| !matches!(&f.kind, FieldKind::Choice(choices) if choices.is_empty());
    let blocks: Vec<Value> = intro.chain(form.fields.iter().filter(asks).map(input)).collect();
    json!({
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": metadata(carried),
        "title": plain(&form.title, TITLE_CHARS_MAX),
        "submit": plain(&form.submit, TITLE_CHARS_MAX),
        "close": plain("Cancel", TITLE_CHARS_MAX),
        "blocks": blocks,
    })
}

fn metadata(carried: &Carried) -> String {
    let text = |c: &Carried| serde_json::to_string(c).unwrap_or_default();
    let whole = text(carried);
    if whole.encode_utf16().count() <= INPUT_CHARS_MAX {
        return whole;
    }
    let note = carried.note.as_deref().map(|n| cut(n, 1_000));
    text(&Carried { note, ..carried.clone() })
}

/// A form's last page: one sentence, nothing to submit.
pub fn said_view(title: &str, text: &str) -> Value {
    let text = super::text::cut_escaped(&escape(text), INPUT_CHARS_MAX - 1);
    json!({
        "type": "modal",
        "callback_id": "firebell.said",
        "title": plain(title, TITLE_CHARS_MAX),
        "close": plain("Close", TITLE_CHARS_MAX),
        "blocks": [section(&text)],
    })
}

fn input(field: &Field) -> Value {
    let value = field.value.as_deref().filter(|v| !v.is_empty());
    let mut element = match &field.kind {
        FieldKind::Line(max) | FieldKind::Text(max) => {
            let max = (*max).clamp(1, INPUT_CHARS_MAX);
            let mut e = json!({
                "type": "plain_text_input",
                "multiline": matches!(field.kind, FieldKind::Text(_)),
                "max_length": max,
            });
            if let Some(value) = value {
                e["initial_value"] = json!(cut(value, max));
            }
            e
        }
        FieldKind::Choice(choices) => {
            let option = |(value, label, meaning): &(String, String, Option<String>)| {
                let mut o = json!({ "text": plain(label, OPTION_CHARS_MAX), "value": value });
                if let Some(meaning) = meaning.as_deref().filter(|m| !m.is_empty()) {
                    o["description"] = plain(meaning, OPTION_CHARS_MAX);
                }
                o
            };
            let fits = |c: &&(String, String, Option<String>)| c.0.encode_utf16().count() <= 150 && !c.0.is_empty();
            let options: Vec<Value> = choices.iter().filter(fits).take(100).map(option).collect();
            let chosen = value.and_then(|v| options.iter().find(|o| o["value"] == v)).cloned();
            let mut e = json!({ "type": "static_select", "options": options });
            if let Some(chosen) = chosen {
                e["initial_option"] = chosen;
            }
            e
        }
        FieldKind::Person => {
            let mut e = json!({ "type": "users_select" });
            if let Some(user) = value {
                e["initial_user"] = json!(user);
            }
            e
        }
        FieldKind::Flag => {
            let option = json!({ "text": plain("Yes", OPTION_CHARS_MAX), "value": "yes" });
            let mut e = json!({ "type": "checkboxes", "options": [option] });
            if value == Some("yes") {
                e["initial_options"] = json!([option]);
            }
            e
        }
    };
    element["action_id"] = json!(ELEMENT);
    let optional = !field.required || field.kind == FieldKind::Flag;
    let mut block = json!({
        "type": "input",
        "block_id": field.name,
        "label": plain(&field.label, LABEL_CHARS_MAX),
        "element": element,
        "optional": optional,
    });
    if let Some(hint) = field.hint.as_deref().filter(|h| !h.is_empty()) {
        block["hint"] = plain(hint, HINT_CHARS_MAX);
    }
    block
}

fn plain(text: &str, max: usize) -> Value {
    let text = cut(text.trim(), max);
    json!({ "type": "plain_text", "text": if text.is_empty() { "–".to_string() } else { text }, "emoji": false })
}

/// What was filled in, by field. A person comes as Slack's id of them; `person` says who that is here.
pub fn values(view: &View, person: &dyn Fn(&str) -> String) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (field, elements) in &view.state.values {
        if let Some(text) = elements.get(ELEMENT).and_then(|e| entered(e, person)) {
            all.insert(field.clone(), text);
        }
    }
    all
}

fn entered(e: &Entered, person: &dyn Fn(&str) -> String) -> Option<String> {
    if let Some(user) = &e.selected_user {
        return Some(person(user));
    }
    let option = e.selected_option.as_ref().or_else(|| e.selected_options.as_ref().and_then(|all| all.first()));
    option.map(|o| o.value.clone()).or_else(|| e.value.clone()).filter(|t| !t.trim().is_empty())
}
