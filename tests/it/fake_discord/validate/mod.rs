//! What Discord accepts: one file for each kind of body, each adding to a `Form` what is wrong and where.
//! Never changes a body, never looks at who sends it.

pub mod commands;
pub mod components;
pub mod embeds;
pub mod message;
pub mod modal;

use super::refused::Form;
use serde_json::Value;

/// A list, empty where nothing was sent. What is no list is said to be none.
pub fn list<'a>(form: &mut Form, path: &str, value: &'a Value) -> &'a [Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        _ => {
            form.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            &[]
        }
    }
}

/// A path below another.
pub fn at(path: &str, next: impl std::fmt::Display) -> String {
    if path.is_empty() { next.to_string() } else { format!("{path}.{next}") }
}

/// A text that may be absent, and is at most `max` characters long.
pub fn optional_text(form: &mut Form, path: &str, value: &Value, min: usize, max: usize) {
    if !value.is_null() {
        form.text(path, value, min, max);
    }
}

/// A whole number within bounds, that may be absent.
pub fn optional_number(form: &mut Form, path: &str, value: &Value, min: i64, max: i64) -> Option<i64> {
    if value.is_null() {
        return None;
    }
    let Some(number) = value.as_i64() else {
        form.wrong(path, "NUMBER_TYPE_COERCE", &format!("Value \"{value}\" is not int."));
        return None;
    };
    if number < min {
        form.wrong(path, "NUMBER_TYPE_MIN", &format!("int value should be greater than or equal to {min}."));
    } else if number > max {
        form.wrong(path, "NUMBER_TYPE_MAX", &format!("int value should be less than or equal to {max}."));
    }
    Some(number)
}

/// A flag that may be absent.
pub fn optional_bool(form: &mut Form, path: &str, value: &Value) -> bool {
    if !value.is_null() && !value.is_boolean() {
        form.wrong(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
    }
    value.as_bool().unwrap_or(false)
}

/// A web address of one of these schemes.
pub fn url(form: &mut Form, path: &str, value: &Value, schemes: &[&str], max: usize) {
    let Some(text) = value.as_str() else { return form.required(path) };
    form.at_most(path, text, max);
    let known = schemes.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if !known {
        let message =
            format!("Scheme \"{}\" must be one of {schemes:?}.", text.split("://").next().unwrap_or_default());
        form.wrong(path, "URL_TYPE_INVALID_SCHEME", &message);
    }
}
