//! The part of Go's templates that `--format` is used with: fields, `json`, `range`, `if`, `index`, `len`, `join`, `eq`
//! and the like. What it does not know is an error when it is read, before anything is asked or done. Bounded: it loops
//! over the given value only.

use serde_json::Value;

mod parse;

/// Bytes of what one template writes for one object: a whole inspection in JSON is a tenth of it.
const OUTPUT_BYTES_MAX: usize = 4 * 1024 * 1024;

#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Node>);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Show(Pipe),
    If(Vec<(Pipe, Vec<Node>)>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range { names: Vec<String>, over: Pipe, body: Vec<Node>, otherwise: Vec<Node> },
    Set(String, Pipe),
}

/// Calls from left to right; the result of one is the last argument of the next.
#[derive(Clone, Debug, PartialEq)]
struct Pipe(Vec<Vec<Term>>);

#[derive(Clone, Debug, PartialEq)]
enum Term {
    /// `.A.B`, `$.A`, `$x.A`, each as the name of its beginning and the fields after it.
    Path(String, Vec<String>),
    Word(String),
    Const(Value),
    Group(Pipe, Vec<String>),
}

/// Functions that are known, with the fewest and the most arguments.
const FUNCTIONS: [(&str, usize, usize); 21] = [
    ("json", 1, 1),
    ("len", 1, 1),
    ("index", 2, 9),
    ("join", 2, 2),
    ("upper", 1, 1),
    ("lower", 1, 1),
    ("title", 1, 1),
    ("split", 2, 2),
    ("println", 0, 9),
    ("print", 0, 9),
    ("eq", 2, 9),
    ("ne", 2, 2),
    ("and", 1, 9),
    ("or", 1, 9),
    ("not", 1, 1),
    ("gt", 2, 2),
    ("lt", 2, 2),
    ("ge", 2, 2),
    ("le", 2, 2),
    ("truncate", 2, 2),
    ("printf", 1, 9),
];

impl Template {
    pub fn read(text: &str) -> Result<Template, String> {
        parse::template(text).map(Template).map_err(|why| format!("The format {text} is not understood: {why}"))
    }

    /// Written for one value; an error says what the value lacks.
    pub fn write(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        let mut scope = Scope { root: value, names: Vec::new() };
        nodes(&self.0, value, &mut scope, &mut out)?;
        Ok(out)
    }

    /// The fields that it shows by themselves, for the headings of a table.
    pub fn headings(&self, heading: impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        for node in &self.0 {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Show(Pipe(calls)) => {
                    let terms: Vec<&Term> = calls.iter().flatten().collect();
                    // `.Label "team"` is a column of its own name.
                    let field = terms.iter().enumerate().find_map(|(no, term)| match (term, terms.get(no + 1)) {
                        (Term::Path(_, fields), Some(Term::Const(Value::String(name)))) if !fields.is_empty() => {
                            Some(name)
                        }
                        (Term::Path(_, fields), _) => fields.last(),
                        _ => None,
                    });
                    out.push_str(&heading(field.map_or("", String::as_str)));
                }
                _ => {}
            }
        }
        out
    }
}

struct Scope<'v> {
    root: &'v Value,
    names: Vec<(String, Value)>,
}

fn nodes(list: &[Node], dot: &Value, scope: &mut Scope, out: &mut String) -> Result<(), String> {
    let depth = scope.names.len();
    for node in list {
        if out.len() > OUTPUT_BYTES_MAX {
            return Err("it writes more than fits".to_string());
        }
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Show(pipe) => out.push_str(&shown(&pipe.value(dot, scope)?)),
            Node::Set(name, pipe) => {
                let value = pipe.value(dot, scope)?;
                scope.names.push((name.clone(), value));
            }
            Node::If(cases, otherwise) => {
                let mut taken = otherwise;
                for (condition, body) in cases {
                    if truth(&condition.value(dot, scope)?) {
                        taken = body;
                        break;
                    }
                }
                nodes(taken, dot, scope, out)?;
            }
            Node::With(pipe, body, otherwise) => {
                let value = pipe.value(dot, scope)?;
                match truth(&value) {
                    true => nodes(body, &value, scope, out)?,
                    false => nodes(otherwise, dot, scope, out)?,
                }
            }
            Node::Range { names, over, body, otherwise } => {
                let items: Vec<(Value, Value)> = match over.value(dot, scope)? {
                    Value::Array(list) => list.into_iter().enumerate().map(|(no, v)| (Value::from(no), v)).collect(),
                    Value::Object(map) => map.into_iter().map(|(k, v)| (Value::from(k), v)).collect(),
                    Value::Null => Vec::new(),
                    _ => return Err("range is over a list or a map".to_string()),
                };
                if items.is_empty() {
                    nodes(otherwise, dot, scope, out)?;
                }
                for (key, value) in items {
                    let before = scope.names.len();
                    match &names[..] {
                        [one] => scope.names.push((one.clone(), value.clone())),
                        [k, v] => scope.names.extend([(k.clone(), key), (v.clone(), value.clone())]),
                        _ => {}
                    }
                    nodes(body, &value, scope, out)?;
                    scope.names.truncate(before);
                }
            }
        }
    }
    scope.names.truncate(depth);
    Ok(())
}

impl Pipe {
    fn value(&self, dot: &Value, scope: &Scope) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for call in &self.0 {
            let mut arguments = Vec::new();
            let name = match &call[0] {
                Term::Word(name) => Some(name.as_str()),
                first => {
                    let value = first.value(dot, scope)?;
                    // `.Label "x"`: a method of the row.
                    match (&value, call.get(1)) {
                        (Value::Object(map), Some(key)) => {
                            let key = key.value(dot, scope)?;
                            last = Some(map.get(key.as_str().unwrap_or_default()).cloned().unwrap_or(Value::from("")));
                            continue;
                        }
                        (_, Some(_)) => return Err("a value is called like a function".to_string()),
                        (_, None) => {
                            last = Some(value);
                            continue;
                        }
                    }
                }
            };
            for term in &call[1..] {
                arguments.push(term.value(dot, scope)?);
            }
            arguments.extend(last.take());
            last = Some(function(name.unwrap_or_default(), &arguments)?);
        }
        Ok(last.unwrap_or(Value::Null))
    }
}

impl Term {
    fn value(&self, dot: &Value, scope: &Scope) -> Result<Value, String> {
        match self {
            Term::Const(value) => Ok(value.clone()),
            Term::Word(name) => function(name, &[]),
            Term::Group(pipe, fields) => field(pipe.value(dot, scope)?, fields),
            Term::Path(start, fields) => match start.as_str() {
                "." => field(dot.clone(), fields),
                "$" => field(scope.root.clone(), fields),
                name => {
                    let found = scope.names.iter().rev().find(|(n, _)| n == name);
                    field(found.ok_or(format!("{name} is not set"))?.1.clone(), fields)
                }
            },
        }
    }
}

fn field(mut value: Value, fields: &[String]) -> Result<Value, String> {
    for name in fields {
        value = match value {
            Value::Object(mut map) => map.remove(name).ok_or(format!("map has no entry for key \"{name}\""))?,
            Value::Null => return Err(format!("nil has no field {name}")),
            _ => return Err(format!("there is no field {name} in it")),
        };
    }
    Ok(value)
}

fn function(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let (_, least, most) =
        FUNCTIONS.iter().find(|(n, _, _)| *n == name).ok_or(format!("there is no function {name}"))?;
    if !(*least..=*most).contains(&arguments.len()) {
        return Err(format!("{name} does not take {} arguments", arguments.len()));
    }
    let text = |no: usize| arguments.get(no).map(shown).unwrap_or_default();
    let number = |no: usize| arguments.get(no).and_then(Value::as_f64);
    let order = || number(0).zip(number(1)).and_then(|(a, b)| a.partial_cmp(&b));
    Ok(match name {
        "json" => Value::from(serde_json::to_string(&arguments[0]).map_err(|e| e.to_string())?),
        "len" => Value::from(match &arguments[0] {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            Value::String(text) => text.len(),
            Value::Null => 0,
            _ => return Err("len is of a list, a map or a text".to_string()),
        }),
        "index" => index(&arguments[0], &arguments[1..])?,
        "join" => {
            let list = arguments[0].as_array().ok_or("join takes a list")?;
            Value::from(list.iter().map(shown).collect::<Vec<_>>().join(&text(1)))
        }
        "split" => Value::from(text(0).split(text(1).as_str()).map(str::to_string).collect::<Vec<_>>()),
        "upper" => Value::from(text(0).to_uppercase()),
        "lower" => Value::from(text(0).to_lowercase()),
        "title" => {
            let text = text(0);
            let mut chars = text.chars();
            Value::from(chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect()))
        }
        "truncate" => Value::from(text(0).chars().take(number(1).unwrap_or(0.0) as usize).collect::<String>()),
        "print" => Value::from((0..arguments.len()).map(text).collect::<String>()),
        "println" => Value::from((0..arguments.len()).map(text).collect::<Vec<_>>().join(" ") + "\n"),
        "printf" => Value::from(printf(&text(0), &arguments[1..])?),
        "eq" => Value::from(arguments[1..].iter().any(|a| *a == arguments[0])),
        "ne" => Value::from(arguments[0] != arguments[1]),
        "and" => arguments.iter().find(|a| !truth(a)).or(arguments.last()).cloned().unwrap_or(Value::Null),
        "or" => arguments.iter().find(|a| truth(a)).or(arguments.last()).cloned().unwrap_or(Value::Null),
        "not" => Value::from(!truth(&arguments[0])),
        "gt" => Value::from(order() == Some(std::cmp::Ordering::Greater)),
        "lt" => Value::from(order() == Some(std::cmp::Ordering::Less)),
        "ge" => Value::from(order().is_some_and(std::cmp::Ordering::is_ge)),
        "le" => Value::from(order().is_some_and(std::cmp::Ordering::is_le)),
        _ => return Err(format!("there is no function {name}")),
    })
}

fn index(value: &Value, keys: &[Value]) -> Result<Value, String> {
    let mut value = value.clone();
    for key in keys {
        value = match (&value, key) {
            // Of a map what is not there is its empty value.
            (Value::Object(map), Value::String(key)) => map.get(key).cloned().unwrap_or(Value::from("")),
            (Value::Array(list), Value::Number(no)) => {
                let item = no.as_u64().and_then(|no| list.get(no as usize));
                item.cloned().ok_or(format!("there is no item {no}"))?
            }
            _ => return Err("index is of a map by a text or of a list by a number".to_string()),
        };
    }
    Ok(value)
}

/// `%s`, `%v`, `%q`, `%d` and `%%`, with a width.
fn printf(format: &str, arguments: &[Value]) -> Result<String, String> {
    let (mut out, mut rest, mut next) = (String::new(), format, arguments.iter());
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let at = after.find(|c: char| !c.is_ascii_digit() && c != '-').ok_or("printf ends in the middle")?;
        let verb = after[at..].chars().next().unwrap_or('%');
        if verb == '%' {
            out.push('%');
        } else {
            let value = next.next().map(shown).ok_or("printf lacks a value")?;
            let value = match verb {
                's' | 'v' | 'd' => value,
                'q' => format!("{value:?}"),
                _ => return Err(format!("printf does not know %{verb}")),
            };
            let width = after[..at].trim_start_matches('-').parse().unwrap_or(0).min(1_000);
            match after.starts_with('-') {
                true => out.push_str(&format!("{value:<width$}")),
                false => out.push_str(&format!("{value:>width$}")),
            }
        }
        rest = &after[at + verb.len_utf8()..];
    }
    out.push_str(rest);
    Ok(out)
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64() != Some(0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// As Go prints a value.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_string(),
        Value::String(s) => s.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", shown(v))).collect();
            format!("map[{}]", entries.join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
