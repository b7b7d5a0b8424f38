//! The part of kubectl's JSONPath that runbooks use: fields, `[n]`, `[*]`, `['a.b']`, `[?(@.a=="b")]`, `range`, text in
//! quotes. What it does not know is an error when it is read, before anything is asked. Bounded by the given value.

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub struct Path(Vec<Node>);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Show(Vec<Step>),
    Range(Vec<Step>, Vec<Node>),
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Every,
    At(i64),
    Where { path: Vec<Step>, equals: bool, value: Value },
}

impl Path {
    /// A template, `{.items[*].metadata.name}`.
    pub fn template(text: &str) -> Result<Path, String> {
        let wrong = |why: &str| format!("the template {text} is not understood: {why}");
        let (mut open, mut nodes, mut rest): (Vec<(Vec<Step>, Vec<Node>)>, _, _) = (Vec::new(), Vec::new(), text);
        while !rest.is_empty() {
            let Some(at) = rest.find('{') else {
                nodes.push(Node::Text(rest.to_string()));
                break;
            };
            if at > 0 {
                nodes.push(Node::Text(rest[..at].to_string()));
            }
            let inner = &rest[at + 1..];
            let end = closing(inner).ok_or_else(|| wrong("a brace is not closed"))?;
            let action = inner[..end].trim();
            rest = &inner[end + 1..];
            match action.strip_prefix("range").filter(|over| over.starts_with([' ', '.', '@', '$'])) {
                Some(over) => open.push((steps(over.trim()).map_err(|w| wrong(&w))?, std::mem::take(&mut nodes))),
                None if action == "end" => {
                    let (over, before) = open.pop().ok_or_else(|| wrong("there is an end without a range"))?;
                    let body = std::mem::replace(&mut nodes, before);
                    nodes.push(Node::Range(over, body));
                }
                None if action.starts_with(['"', '\'']) => {
                    nodes.push(Node::Text(quoted(action).ok_or_else(|| wrong("its text in quotes does not end"))?));
                }
                None => nodes.push(Node::Show(steps(action).map_err(|w| wrong(&w))?)),
            }
        }
        match open.is_empty() {
            true => Ok(Path(nodes)),
            false => Err(wrong("a range lacks its end")),
        }
    }

    /// `.metadata.name`, as of `--sort-by` and custom columns: with or without braces and the dot.
    pub fn field(text: &str) -> Result<Path, String> {
        let bare = text.trim().trim_start_matches('{').trim_end_matches('}');
        let dotted = if bare.starts_with(['.', '[', '$', '@']) { bare.to_string() } else { format!(".{bare}") };
        Ok(Path(vec![Node::Show(steps(&dotted).map_err(|w| format!("the path {text} is not understood: {w}"))?)]))
    }

    /// Several values of one place are parted by spaces, as kubectl does.
    pub fn write(&self, value: &Value) -> String {
        let mut out = String::new();
        nodes(&self.0, value, &mut out);
        out
    }

    /// The values themselves, of a path that is one.
    pub fn values<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self.0.first() {
            Some(Node::Show(path)) => walk(path, vec![value]),
            _ => Vec::new(),
        }
    }
}

fn nodes(list: &[Node], here: &Value, out: &mut String) {
    for node in list {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Show(path) => {
                let shown: Vec<String> = walk(path, vec![here]).into_iter().map(plain).collect();
                out.push_str(&shown.join(" "));
            }
            Node::Range(over, body) => {
                for one in walk(over, vec![here]) {
                    nodes(body, one, out);
                }
            }
        }
    }
}

pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn walk<'a>(path: &[Step], mut at: Vec<&'a Value>) -> Vec<&'a Value> {
    for step in path {
        at = match step {
            Step::Field(name) => at.into_iter().filter_map(|v| v.get(name)).collect(),
            Step::Every => at.into_iter().flat_map(children).collect(),
            Step::At(index) => at.into_iter().filter_map(|v| nth(v, *index)).collect(),
            Step::Where { path, equals, value } => {
                let fits = |v: &&Value| {
                    let found = walk(path, vec![*v]).into_iter().any(|f| f == value || plain(f) == plain(value));
                    found == *equals
                };
                at.into_iter().flat_map(children).filter(fits).collect()
            }
        };
    }
    at
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

fn nth(value: &Value, index: i64) -> Option<&Value> {
    let items = value.as_array()?;
    let at = if index < 0 { index + items.len() as i64 } else { index };
    items.get(usize::try_from(at).ok()?)
}

/// Where the brace closes, past quotes.
fn closing(text: &str) -> Option<usize> {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (_, '\\') => escaped = true,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, '}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// `"\t"`, without its quotes.
fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next()?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let (mut out, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    Some(out)
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut rest = text.trim();
    rest = rest.strip_prefix(['$', '@']).unwrap_or(rest);
    let mut out = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let end = bracket(after).ok_or("a bracket is not closed")?;
            out.push(index(after[..end].trim())?);
            rest = &after[end + 1..];
        } else if let Some(after) = rest.strip_prefix('.') {
            if after.starts_with('.') {
                return Err("it searches at every depth".into());
            }
            let (name, left) = field(after);
            match name.as_str() {
                "" if left.starts_with('[') || left.is_empty() => {}
                "" => return Err("a field lacks its name".into()),
                "*" => out.push(Step::Every),
                _ => out.push(Step::Field(name)),
            }
            rest = left;
        } else {
            return Err(format!("{rest} is no path"));
        }
    }
    Ok(out)
}

/// Up to the next dot or bracket; `\.` is a dot of the name.
fn field(text: &str) -> (String, &str) {
    let (mut name, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' => return (name, &text[at..]),
            c => name.push(c),
        }
    }
    (name, "")
}

fn bracket(text: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn index(text: &str) -> Result<Step, String> {
    if text == "*" {
        return Ok(Step::Every);
    }
    if let Ok(at) = text.parse() {
        return Ok(Step::At(at));
    }
    if text.starts_with(['"', '\'']) {
        return quoted(text).map(Step::Field).ok_or("a name in quotes does not end".into());
    }
    let inner = text.strip_prefix("?(").and_then(|t| t.strip_suffix(')')).ok_or(format!("[{text}] is not known"))?;
    let (equals, (left, right)) = match (inner.split_once("=="), inner.split_once("!=")) {
        (Some(sides), _) => (true, sides),
        (None, Some(sides)) => (false, sides),
        _ => return Err(format!("[{text}] compares by something else than == and !=")),
    };
    let right = right.trim();
    let value = match quoted(right).filter(|_| right.starts_with(['"', '\''])) {
        Some(text) => Value::String(text),
        None => serde_json::from_str(right).map_err(|_| format!("{right} is no value"))?,
    };
    Ok(Step::Where { path: steps(left)?, equals, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_are_written_as_kubectl_writes_them() {
        let list = json!({"kind": "List", "items": [
            {"metadata": {"name": "shop-1", "labels": {"app.kubernetes.io/name": "shop"}}, "status": {"restarts": 3, "conditions": [
                {"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}]}},
            {"metadata": {"name": "shop-2"}, "status": {"restarts": 0}},
        ]});
        for (template, expected) in [
            ("{.items[*].metadata.name}", "shop-1 shop-2"),
            ("{.items[0].metadata.name}", "shop-1"),
            ("{.items[-1:].metadata.name}", ""),
            ("{.items[-1].status.restarts}", "0"),
            ("{$.kind}: {.items[1].absent}!", "List: !"),
            (r#"{range .items[*]}{.metadata.name}{"\t"}{.status.restarts}{"\n"}{end}"#, "shop-1\t3\nshop-2\t0\n"),
            (r"{.items[*].metadata.labels.app\.kubernetes\.io/name}", "shop"),
            ("{.items[*].metadata.labels['app.kubernetes.io/name']}", "shop"),
            (r#"{.items[0].status.conditions[?(@.type=="Ready")].status}"#, "False"),
            (r#"{.items[?(@.status.restarts!=0)].metadata.name}"#, "shop-1"),
            ("{.items[1].metadata}", r#"{"name":"shop-2"}"#),
        ] {
            match Path::template(template) {
                Ok(path) => assert_eq!(path.write(&list), expected, "{template}"),
                Err(_) => assert_eq!(expected, "", "{template} should be understood"),
            }
        }
        assert_eq!(Path::field("metadata.name").expect("a path").write(&list["items"][0]), "shop-1");
    }

    #[test]
    fn what_is_not_understood_is_an_error_before_anything_is_asked() {
        for template in ["{.a", "{range .a}", "{end}", "{..name}", "{.a[?(@.b>1)]}", "{.a[x]}", "{'a}", "{a b}"] {
            assert!(Path::template(template).is_err(), "{template}");
        }
    }
}
