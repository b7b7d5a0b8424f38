//! Objects as YAML, the way kubectl prints them: keys in order, lists not indented, text of several lines as it is.

use serde_json::Value;

pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => object(fields, 0, &mut out),
        Value::Array(items) if !items.is_empty() => array(items, 0, &mut out),
        other => {
            out.push_str(&scalar(other, 0));
            out.push('\n');
        }
    }
    out
}

fn object(fields: &serde_json::Map<String, Value>, depth: usize, out: &mut String) {
    for (no, (name, value)) in fields.iter().enumerate() {
        if no > 0 {
            indent(depth, out);
        }
        out.push_str(&text(name, depth));
        out.push(':');
        after(value, depth, out);
    }
}

/// What stands behind a key.
fn after(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            out.push('\n');
            indent(depth + 1, out);
            object(fields, depth + 1, out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            indent(depth, out);
            array(items, depth, out);
        }
        other => {
            out.push(' ');
            out.push_str(&scalar(other, depth + 1));
            out.push('\n');
        }
    }
}

fn array(items: &[Value], depth: usize, out: &mut String) {
    for (no, item) in items.iter().enumerate() {
        if no > 0 {
            indent(depth, out);
        }
        out.push_str("- ");
        match item {
            Value::Object(fields) if !fields.is_empty() => object(fields, depth + 1, out),
            Value::Array(inner) if !inner.is_empty() => array(inner, depth + 1, out),
            other => {
                out.push_str(&scalar(other, depth + 1));
                out.push('\n');
            }
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.push_str(&"  ".repeat(depth));
}

fn scalar(value: &Value, depth: usize) -> String {
    match value {
        Value::String(string) => text(string, depth),
        other => other.to_string(),
    }
}

fn text(string: &str, depth: usize) -> String {
    if string.contains('\n') && !string.contains(['\r', '\t']) && !string.starts_with([' ', '\n']) && printable(string)
    {
        let keep = match (string.ends_with("\n\n"), string.ends_with('\n')) {
            (true, _) => "|+",
            (_, true) => "|",
            _ => "|-",
        };
        let pad = "  ".repeat(depth);
        let body = string.strip_suffix('\n').unwrap_or(string);
        let lines = body.split('\n').map(|l| if l.is_empty() { String::new() } else { format!("{pad}{l}") });
        return format!("{keep}\n{}", lines.collect::<Vec<_>>().join("\n"));
    }
    match is_plain(string) {
        true => string.to_string(),
        // A number, a date or a word that YAML would read as something else; or one with signs of its own.
        false => serde_json::to_string(string).unwrap_or_default(),
    }
}

fn printable(string: &str) -> bool {
    string.chars().all(|c| c == '\n' || !c.is_control())
}

fn is_plain(string: &str) -> bool {
    const WORDS: [&str; 11] = ["null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan"];
    let lower = string.to_ascii_lowercase();
    let first = string.chars().next();
    !string.is_empty()
        && !WORDS.contains(&lower.as_str())
        && !is_read_otherwise(string)
        && first.is_some_and(|c| {
            !"!&*-?{}[],#|>@`\"'%:= ".contains(c) || (c == '-' && string.len() > 1 && !string.starts_with("- "))
        })
        && !string.ends_with([' ', ':'])
        && !string.contains(": ")
        && !string.contains(" #")
        && printable(string)
        && !string.contains('\n')
}

/// A number, `0x1f`, `12:30` or a date: YAML would not read it as text.
fn is_read_otherwise(string: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let number = string.replace('_', "");
    let based = ["0x", "0o", "0b"].iter().any(|base| number.trim_start_matches(['+', '-']).starts_with(base));
    let by_sixty = string.contains(':') && string.trim_start_matches(['+', '-']).split(':').all(digits);
    let date: Vec<&str> = string.splitn(3, '-').collect();
    let is_date = matches!(&date[..], [year, month, day] if year.len() == 4 && digits(year) && digits(month)
        && day.get(..1).is_some_and(digits) && day.chars().all(|c| c.is_ascii_digit() || "tTzZ:.+- ".contains(c)));
    number.parse::<f64>().is_ok() || based || by_sixty || is_date
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_written_as_kubectl_writes_them() {
        let object = json!({
            "apiVersion": "v1", "data": {"a.conf": "one: 1\n\n  two\n", "n": "12", "on": "on", "empty": "", "open": "x"},
            "list": [{"name": "web", "args": ["-c", "a: b", "- x"]}, "plain", []], "none": {}, "nothing": null, "yes": true,
        });
        let expected = "apiVersion: v1\ndata:\n  a.conf: |\n    one: 1\n\n      two\n  empty: \"\"\n  \"n\": \"12\"\n  \"on\": \"on\"\n  open: x\nlist:\n- args:\n  - -c\n  - \"a: b\"\n  - \"- x\"\n  name: web\n- plain\n- []\nnone: {}\nnothing: null\n\"yes\": true\n";
        assert_eq!(yaml(&object), expected);
        for (text, quoted) in [
            ("00000000-0000-4000-8000-000000000011", false),
            ("10.0.0.7", false),
            ("1.5", true),
            ("-x", false),
            ("1e3", true),
            ("2026-01-05T10:00:00Z", true),
            ("12:30", true),
            ("0x1f", true),
            ("http://x:80/", false),
            ("a\tb", true),
            ("it's", false),
        ] {
            assert_eq!(yaml(&json!({"a": text})).starts_with("a: \""), quoted, "{text}");
        }
    }
}
