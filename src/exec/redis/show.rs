//! What a Redis server answers, as redis-cli prints it: into a terminal, raw, or as CSV; and what of it is a number.

use crate::exec::database::said::Said;
use redis::Value;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As it prints for a person.
    #[default]
    Terminal,
    /// As it prints into a pipe.
    Raw,
    Csv,
}

pub fn print(value: &Value, form: Form) -> String {
    match form {
        Form::Terminal if is_report(value) => raw(value) + "\n",
        Form::Terminal => terminal(value, ""),
        Form::Raw => raw(value) + "\n",
        Form::Csv => csv(value) + "\n",
    }
}

/// Whether the whole of it is an error.
pub fn is_error(value: &Value) -> bool {
    matches!(value, Value::ServerError(_))
}

pub fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::VerbatimString { text, .. } => text.clone(),
        Value::Okay => "OK".to_string(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        _ => return None,
    })
}

pub fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) | Value::Set(items) => Some(items),
        _ => None,
    }
}

/// INFO and its like: lines for people, which redis-cli prints as they are.
fn is_report(value: &Value) -> bool {
    matches!(value, Value::VerbatimString { .. })
        || matches!(value, Value::BulkString(bytes) if bytes.contains(&b'\n') && bytes.iter().all(|b| *b >= b' ' || b"\r\n\t".contains(b)))
}

fn error(value: &Value) -> Option<String> {
    let Value::ServerError(error) = value else { return None };
    Some([error.code(), error.details().unwrap_or_default()].join(" ").trim().to_string())
}

fn terminal(value: &Value, indent: &str) -> String {
    if let Some(error) = error(value) {
        return format!("(error) {error}\n");
    }
    match value {
        Value::Nil => "(nil)\n".to_string(),
        Value::Int(number) => format!("(integer) {number}\n"),
        Value::Okay => "OK\n".to_string(),
        Value::SimpleString(text) => format!("{text}\n"),
        Value::BulkString(bytes) => format!("{}\n", quoted(bytes)),
        Value::Double(number) => format!("(double) {number}\n"),
        Value::Boolean(yes) => format!("({yes})\n"),
        Value::VerbatimString { text, .. } => format!("{text}\n"),
        Value::Array(items) | Value::Set(items) if items.is_empty() => "(empty array)\n".to_string(),
        Value::Array(items) | Value::Set(items) => {
            let wide = items.len().to_string().len();
            let mut out = String::new();
            for (at, item) in items.iter().enumerate() {
                let number = format!("{:>wide$}) ", at + 1);
                // The first stands behind the number of what it is in.
                let before = if at == 0 { "" } else { indent };
                let deeper = format!("{indent}{}", " ".repeat(number.len()));
                out.push_str(&format!("{before}{number}{}", terminal(item, &deeper)));
            }
            out
        }
        Value::Map(pairs) => {
            let flat: Vec<Value> = pairs.iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect();
            terminal(&Value::Array(flat), indent)
        }
        other => format!("{other:?}\n"),
    }
}

fn raw(value: &Value) -> String {
    if let Some(error) = error(value) {
        return format!("{error}\n");
    }
    match value {
        Value::Nil => String::new(),
        Value::Array(items) | Value::Set(items) => items.iter().map(raw).collect::<Vec<_>>().join("\n"),
        Value::Map(pairs) => pairs.iter().flat_map(|(k, v)| [raw(k), raw(v)]).collect::<Vec<_>>().join("\n"),
        other => text(other).unwrap_or_else(|| format!("{other:?}")),
    }
}

fn csv(value: &Value) -> String {
    if let Some(error) = error(value) {
        return format!("ERROR,{}", quoted(error.as_bytes()));
    }
    match value {
        Value::Nil => "NULL".to_string(),
        Value::Int(number) => number.to_string(),
        Value::Array(items) | Value::Set(items) => items.iter().map(csv).collect::<Vec<_>>().join(","),
        Value::Map(pairs) => pairs.iter().flat_map(|(k, v)| [csv(k), csv(v)]).collect::<Vec<_>>().join(","),
        other => quoted(text(other).unwrap_or_default().as_bytes()),
    }
}

/// As Redis writes a string that may hold anything.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            b' '..=b'~' => out.push(char::from(*byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push('"');
    out
}

/// What a number that a command answers is called.
pub fn metric(command: &[String]) -> String {
    let verb = command.first().map(|c| c.to_uppercase()).unwrap_or_default();
    let key = command.get(1).map_or("", String::as_str);
    match verb.as_str() {
        "LLEN" | "XLEN" | "STRLEN" | "HLEN" | "SCARD" | "ZCARD" => format!("length of {key}"),
        "DBSIZE" | "DEL" | "UNLINK" | "EXISTS" => "keys".to_string(),
        "PING" => "accepting connections".to_string(),
        "TTL" | "PTTL" | "EXPIRETIME" => format!("{} of {key}", verb.to_lowercase()),
        _ if key.is_empty() => verb.to_lowercase(),
        _ => format!("{} {key}", verb.to_lowercase()),
    }
}

/// `LLEN queue` is the length of the queue, and INFO has a name for each number.
pub fn readings(command: &[String], value: &Value, said: &mut Said) {
    let verb = command.first().map(|c| c.to_uppercase()).unwrap_or_default();
    let text = text(value);
    if verb == "INFO" || (verb == "CLUSTER" && text.as_deref().is_some_and(|t| t.contains(':'))) {
        for line in text.as_deref().unwrap_or_default().lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            if let Ok(number) = value.trim().parse::<f64>() {
                said.reading(name, number, "");
            } else if let (true, Some(percent)) = (name.contains("perc"), value.trim().strip_suffix('%')) {
                percent.parse().iter().for_each(|p| said.reading(name, *p, "%"));
            }
        }
        return;
    }
    let metric = metric(command);
    let number = match (value, text) {
        (Value::SimpleString(said), _) if said == "PONG" => Some(1.0),
        (_, Some(text)) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    if let Some(number) = number {
        said.reading(metric, number, if verb == "PTTL" { "ms" } else { "" });
    }
    // `CONFIG GET name`: names and values by turns.
    if verb == "CONFIG" {
        for pair in items(value).unwrap_or_default().chunks_exact(2) {
            if let (Some(name), Some(Ok(number))) =
                (self::text(&pair[0]), self::text(&pair[1]).map(|t| t.parse::<f64>()))
            {
                said.reading(name, number, "");
            }
        }
    }
}
