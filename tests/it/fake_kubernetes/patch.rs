//! The three forms of patches that the API takes, each by its content type.

use super::objects::{Refused, refused};
use serde_json::{Value, json};

pub fn patched(before: &Value, content_type: &str, body: &[u8]) -> Result<Value, Refused> {
    let body: Value =
        serde_json::from_slice(body).map_err(|e| refused(400, "BadRequest", format!("the patch is no JSON: {e}")))?;
    let mut after = before.clone();
    match content_type {
        "application/merge-patch+json" => merge(&mut after, &body, false),
        "application/strategic-merge-patch+json" => merge(&mut after, &body, true),
        "application/json-patch+json" => {
            for op in body.as_array().ok_or_else(|| refused(400, "BadRequest", "a JSON patch is a list"))? {
                step(&mut after, op)?;
            }
        }
        other => {
            return Err(refused(
                415,
                "UnsupportedMediaType",
                format!(
                    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json (not {other})"
                ),
            ));
        }
    }
    let wanted = &after["metadata"]["resourceVersion"];
    if *wanted != before["metadata"]["resourceVersion"] {
        let message = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(refused(409, "Conflict", format!("Operation cannot be fulfilled: {message}")));
    }
    match after["spec"]["replicas"].as_i64() {
        Some(count) if count < 0 => {
            Err(refused(422, "Invalid", "spec.replicas: Invalid value: must be greater than or equal to 0"))
        }
        _ => Ok(after),
    }
}

/// By RFC 7396; `by_name`: lists of things with names are joined by these, as a strategic patch does.
fn merge(into: &mut Value, from: &Value, by_name: bool) {
    match (into, from) {
        (Value::Object(fields), Value::Object(patch)) => {
            for (key, value) in patch {
                match value {
                    Value::Null => drop(fields.remove(key)),
                    value => merge(fields.entry(key.clone()).or_insert(Value::Null), value, by_name),
                }
            }
        }
        (into @ Value::Null, Value::Object(_)) => {
            *into = json!({});
            merge(into, from, by_name);
        }
        (Value::Array(items), Value::Array(patch)) if by_name && patch.iter().all(|p| p["name"].is_string()) => {
            for one in patch {
                match items.iter_mut().find(|i| i["name"] == one["name"]) {
                    Some(item) => merge(item, one, by_name),
                    None => items.push(one.clone()),
                }
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn step(object: &mut Value, op: &Value) -> Result<(), Refused> {
    let path = op["path"].as_str().unwrap_or_default();
    let wrong = |why: &str| {
        refused(422, "Invalid", format!("the server rejected our request due to an error in our request: {why} {path}"))
    };
    match op["op"].as_str().unwrap_or_default() {
        "test" => match object.pointer(path) == Some(&op["value"]) {
            true => Ok(()),
            false => Err(wrong("testing value failed")),
        },
        "replace" => object.pointer_mut(path).map(|at| *at = op["value"].clone()).ok_or_else(|| wrong("there is no")),
        "add" => {
            let (parent, key) = path.rsplit_once('/').ok_or_else(|| wrong("there is no"))?;
            let parent = object.pointer_mut(parent).ok_or_else(|| wrong("there is no"))?;
            parent[key] = op["value"].clone();
            Ok(())
        }
        _ => Err(wrong("unknown operation at")),
    }
}
