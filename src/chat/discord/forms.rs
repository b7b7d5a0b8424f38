//! Forms as Discord's modals: up to five texts, because what the gateway's library does not know in a modal would be
//! lost on its way back. What somebody types for a choice is matched as people write it. Decides nothing.

use super::identity::Identities;
use super::render::Press;
use super::words::plain;
use crate::engine::ports::chat::{Field, FieldKind, Form};
use firebell_domain::severity::{self, Severity};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TITLE_MAX: usize = 45;
const LABEL_MAX: usize = 45;
const HINT_MAX: usize = 100;
const VALUE_MAX: usize = 4_000;
const FIELDS_MAX: usize = 5;
/// Of a name, a severity, a person.
const SHORT_MAX: usize = 100;

pub fn modal(form: &Form) -> Value {
    let rows: Vec<Value> =
        form.fields.iter().take(FIELDS_MAX).map(|f| json!({ "type": 1, "components": [input(f)] })).collect();
    json!({
        "custom_id": Press::Form(form.incident, form.name.clone()).custom_id(),
        "title": plain(&form.title, TITLE_MAX),
        "components": rows,
    })
}

fn input(field: &Field) -> Value {
    let (style, max) = match &field.kind {
        FieldKind::Line(max) => (1, *max),
        FieldKind::Text(max) => (2, *max),
        FieldKind::Choice(_) | FieldKind::Person | FieldKind::Flag => (1, SHORT_MAX),
    };
    let max = max.clamp(1, VALUE_MAX);
    let mut input = json!({
        "type": 4, "custom_id": field.name, "style": style,
        "label": plain(&field.label, LABEL_MAX), "required": field.required, "max_length": max,
    });
    if let Some(hint) = hint(field) {
        input["placeholder"] = json!(plain(&hint, HINT_MAX));
    }
    if let Some(value) = field.value.as_ref().filter(|v| !v.is_empty()) {
        let cut: String = match style {
            2 => value.chars().take(max).collect(),
            _ => plain(value, max),
        };
        input["value"] = json!(cut);
    }
    input
}

fn hint(field: &Field) -> Option<String> {
    let usual = match &field.kind {
        FieldKind::Choice(choices) => {
            Some(choices.iter().map(|(value, ..)| value.as_str()).collect::<Vec<_>>().join(", "))
        }
        FieldKind::Person => Some("@name".to_string()),
        FieldKind::Flag => Some("yes, or leave it empty".to_string()),
        FieldKind::Line(_) | FieldKind::Text(_) => None,
    };
    // What may be written says more than why, where there is a choice.
    match &field.kind {
        FieldKind::Choice(_) => usual,
        _ => field.hint.clone().or(usual),
    }
}

/// What was typed, by the names of the form's fields; a sentence where a choice is none of those there are.
pub fn filled(
    form: &Form,
    typed: &BTreeMap<String, String>,
    who: &Identities,
) -> Result<BTreeMap<String, String>, String> {
    let mut filled = BTreeMap::new();
    for field in &form.fields {
        let Some(value) = typed.get(&field.name) else { continue };
        let value = who.unmentioned(value.trim());
        if value.is_empty() {
            continue;
        }
        let meant = match &field.kind {
            FieldKind::Flag => match value.to_lowercase().as_str() {
                "no" | "false" | "0" | "n" => continue,
                _ => "yes".to_string(),
            },
            FieldKind::Choice(choices) => choice(field, choices, &value)?,
            FieldKind::Line(_) | FieldKind::Text(_) | FieldKind::Person => value,
        };
        filled.insert(field.name.clone(), meant);
    }
    Ok(filled)
}

/// By value, by label, or as severities are read: `sev 1` is `P1`.
fn choice(field: &Field, choices: &[(String, String, Option<String>)], typed: &str) -> Result<String, String> {
    let joined = typed.replace(' ', "");
    let same = |text: &str| text.eq_ignore_ascii_case(typed) || severity::normal(text) == severity::normal(&joined);
    let meant = choices.iter().find(|(value, label, _)| same(value) || same(label));
    let word = |label: &str| label.split_whitespace().skip(1).any(|w| w.eq_ignore_ascii_case(typed));
    let meant = meant.or_else(|| choices.iter().find(|(_, label, _)| word(label)));
    let meant = meant.or_else(|| {
        let scale = choices.iter().filter(|_| field.name == "severity");
        let scale: Vec<Severity> = scale.map(|(value, ..)| Severity::new(value, "", 1)).collect();
        let found = severity::find(&scale, &joined)?;
        choices.iter().find(|(value, ..)| *value == found.level)
    });
    meant.map(|(value, ..)| value.clone()).ok_or_else(|| {
        let known = choices.iter().map(|(value, ..)| value.as_str()).collect::<Vec<_>>().join(", ");
        format!("{}: \"{}\" is none of {known}.", field.label, plain(typed, SHORT_MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebell_domain::id::IncidentId;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field {
            name: name.into(),
            label: "x".repeat(90),
            hint: Some("y".repeat(300)),
            kind,
            required: true,
            value: Some("z".repeat(9_000)),
        }
    }

    #[test]
    fn a_modal_stays_within_discords_limits_whatever_it_asks() {
        let choices = vec![("P1".to_string(), "Critical".to_string(), None)];
        let kinds = [
            FieldKind::Line(250),
            FieldKind::Text(9_000),
            FieldKind::Choice(choices),
            FieldKind::Person,
            FieldKind::Flag,
        ];
        let mut fields: Vec<Field> = kinds.into_iter().enumerate().map(|(n, k)| field(&format!("f{n}"), k)).collect();
        fields.push(field("one too many", FieldKind::Person));
        let form = Form {
            name: "update".into(),
            incident: Some(IncidentId(42)),
            title: "t".repeat(99),
            submit: "Go".into(),
            intro: None,
            fields,
        };
        let m = modal(&form);
        assert!(m["title"].as_str().is_some_and(|t| t.chars().count() <= 45));
        let rows = m["components"].as_array().expect("rows");
        assert_eq!(rows.len(), 5);
        for row in rows {
            let i = &row["components"][0];
            assert!(i["label"].as_str().is_some_and(|t| t.chars().count() <= 45), "{i}");
            assert!(i["placeholder"].as_str().is_none_or(|t| t.chars().count() <= 100), "{i}");
            assert!(i["max_length"].as_u64().is_some_and(|n| n <= 4_000), "{i}");
            let max = i["max_length"].as_u64().unwrap_or(0);
            assert!(i["value"].as_str().is_none_or(|t| t.chars().count() as u64 <= max), "{i}");
        }
        assert_eq!(
            Press::read(m["custom_id"].as_str().unwrap_or_default()),
            Some(Press::Form(Some(IncidentId(42)), "update".into()))
        );
    }

    #[test]
    fn choices_and_flags_are_read_as_people_type_them() {
        let choices =
            vec![("P1".to_string(), "P1 Critical".to_string(), None), ("P2".to_string(), "P2 High".to_string(), None)];
        let fields = vec![
            field("severity", FieldKind::Choice(choices)),
            field("private", FieldKind::Flag),
            field("title", FieldKind::Line(9)),
        ];
        let form = Form {
            name: "declare".into(),
            incident: None,
            title: "t".into(),
            submit: "Go".into(),
            intro: None,
            fields,
        };
        let who = Identities::new([("ana".into(), "5".to_string())]);
        let read = |severity: &str, private: &str| {
            let t = [("severity", severity), ("private", private), ("title", " <@5> is out "), ("other", "x")];
            filled(&form, &t.map(|(k, v)| (k.to_string(), v.to_string())).into_iter().collect(), &who)
        };
        let got = read("critical", "Yes").expect("read");
        assert_eq!(got.values().map(String::as_str).collect::<Vec<_>>(), ["yes", "P1", "@ana is out"]);
        for (said, meant) in [("p2", "P2"), ("sev 1", "P1"), ("P-1", "P1"), ("P2 High", "P2")] {
            assert_eq!(read(said, "no").expect("read").get("severity").map(String::as_str), Some(meant), "{said}");
        }
        let no = read("banana", "").expect_err("no such severity");
        assert!(no.ends_with("\"banana\" is none of P1, P2."), "{no}");
    }
}
