//! Which objects a selector leaves.

use super::objects::{Refused, refused};
use serde_json::Value;

/// `app=shop,tier in (web,api),!old`
pub fn by_label(objects: Vec<Value>, selector: &str) -> Vec<Value> {
    let wanted = terms(selector);
    let fits = |object: &Value| {
        let label = |name: &str| object["metadata"]["labels"][name].as_str().map(str::to_string);
        wanted.iter().all(|term| term.fits(&label))
    };
    objects.into_iter().filter(fits).collect()
}

enum Term {
    Is(String, Vec<String>),
    IsNot(String, Vec<String>),
    Has(String),
    Lacks(String),
}

impl Term {
    fn fits(&self, label: &dyn Fn(&str) -> Option<String>) -> bool {
        match self {
            Term::Is(name, values) => label(name).is_some_and(|v| values.contains(&v)),
            Term::IsNot(name, values) => label(name).is_none_or(|v| !values.contains(&v)),
            Term::Has(name) => label(name).is_some(),
            Term::Lacks(name) => label(name).is_none(),
        }
    }
}

fn terms(text: &str) -> Vec<Term> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("one at least").push(c);
    }
    let list = |values: &str| values.trim_matches(['(', ')', ' ']).split(',').map(|v| v.trim().to_string()).collect();
    let term = |part: &String| match part.trim() {
        part if part.contains(" notin ") => {
            let (name, values) = part.split_once(" notin ").expect("it holds it");
            Term::IsNot(name.into(), list(values))
        }
        part if part.contains(" in ") => {
            let (name, values) = part.split_once(" in ").expect("it holds it");
            Term::Is(name.into(), list(values))
        }
        part if part.contains("!=") => {
            let (name, value) = part.split_once("!=").expect("it holds it");
            Term::IsNot(name.into(), list(value))
        }
        part if part.contains('=') => {
            let (name, value) = part.split_once('=').expect("it holds it");
            Term::Is(name.into(), list(value.trim_start_matches('=')))
        }
        part => part.strip_prefix('!').map_or_else(|| Term::Has(part.into()), |name| Term::Lacks(name.into())),
    };
    parts.iter().filter(|p| !p.trim().is_empty()).map(term).collect()
}

/// `status.phase=Running,involvedObject.name!=shop`: of the fields that the API selects by.
pub fn by_field(objects: Vec<Value>, selector: &str) -> Result<Vec<Value>, Refused> {
    const KNOWN: [&str; 8] = [
        "metadata.name",
        "metadata.namespace",
        "status.phase",
        "spec.nodeName",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.kind",
        "involvedObject.uid",
    ];
    let mut left = objects;
    for part in selector.split(',').chain(["type="]).filter(|p| *p != "type=") {
        let (name, value, equal) = match part.split_once("!=") {
            Some((name, value)) => (name, value, false),
            None => part.split_once('=').map(|(n, v)| (n, v.trim_start_matches('='), true)).unwrap_or((part, "", true)),
        };
        if !KNOWN.contains(&name) && name != "type" {
            return Err(refused(400, "BadRequest", format!("field label not supported: {name}")));
        }
        let pointer = format!("/{}", name.replace('.', "/"));
        left.retain(|o| (o.pointer(&pointer).and_then(Value::as_str).unwrap_or_default() == value) == equal);
    }
    Ok(left)
}
