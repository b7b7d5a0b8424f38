//! What a person reads of a message or a view: blocks as lines of plain text, and what can be pressed in them.
//!
//! It never looks at the fallback `text` where there are blocks: people do not see it either.

use serde_json::Value;

/// One thing that can be pressed, picked or filled in.
#[derive(Clone, Debug)]
pub struct Control {
    pub block_id: String,
    pub label: String,
    pub optional: bool,
    pub element: Value,
    /// Of an entry of a menu: the option that is meant.
    pub option: Option<Value>,
}

/// The blocks as somebody reads them, one line each; buttons as `[Label]`.
pub fn of(body: &Value) -> String {
    let mut lines = Vec::new();
    if let Some(title) = body["title"]["text"].as_str() {
        lines.push(title.to_owned());
    }
    match body["blocks"].as_array().filter(|blocks| !blocks.is_empty()) {
        Some(blocks) => blocks.iter().for_each(|block| line(block, &mut lines)),
        None => lines.extend(body["text"].as_str().map(read)),
    }
    for attachment in body["attachments"].as_array().into_iter().flatten() {
        lines.push(of(attachment));
    }
    for file in body["files"].as_array().into_iter().flatten() {
        lines.push(format!("({})", file["name"].as_str().unwrap_or("file")));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn line(block: &Value, lines: &mut Vec<String>) {
    let text = |value: &Value| {
        let text = value["text"].as_str().unwrap_or_default();
        if value["type"] == "plain_text" { text.to_owned() } else { read(text) }
    };
    let label = |element: &Value| controls_of("", "", false, element).iter().map(shown).collect::<Vec<_>>().join(" ");
    match block["type"].as_str().unwrap_or_default() {
        "divider" => lines.push("---".to_owned()),
        "header" => lines.push(text(&block["text"])),
        "markdown" => lines.push(text(block)),
        "section" => {
            lines.push(text(&block["text"]));
            lines.extend(block["fields"].as_array().into_iter().flatten().map(text));
            if !block["accessory"].is_null() {
                lines.push(label(&block["accessory"]));
            }
        }
        "context" => {
            let parts = block["elements"].as_array().into_iter().flatten();
            lines.push(
                parts
                    .map(|part| part["alt_text"].as_str().map_or_else(|| text(part), str::to_owned))
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
        "actions" => {
            let parts = block["elements"].as_array().into_iter().flatten();
            lines.push(parts.map(label).collect::<Vec<_>>().join(" "));
        }
        "input" => {
            let hint = block["hint"]["text"].as_str().map(|hint| format!(" ({hint})")).unwrap_or_default();
            lines.push(format!("{}:{hint} {}", text(&block["label"]), label(&block["element"])));
        }
        "image" => lines.push(block["alt_text"].as_str().unwrap_or_default().to_owned()),
        "rich_text" => lines.push(rich(block)),
        other => lines.push(format!("({other})")),
    }
}

fn rich(value: &Value) -> String {
    if let Some(text) = value["text"].as_str() {
        return text.to_owned();
    }
    value["elements"].as_array().into_iter().flatten().map(rich).collect()
}

fn shown(control: &Control) -> String {
    let element = &control.element;
    let text = |value: &Value| value["text"]["text"].as_str().unwrap_or_default().to_owned();
    if let Some(option) = &control.option {
        return format!("<{}>", text(option));
    }
    match element["type"].as_str().unwrap_or_default() {
        "button" => format!("[{}]", text(element)),
        kind => format!("[{kind}]"),
    }
}

/// Everything that can be pressed or filled in.
pub fn controls(body: &Value) -> Vec<Control> {
    let mut found = Vec::new();
    for block in body["blocks"].as_array().into_iter().flatten() {
        let id = block["block_id"].as_str().unwrap_or_default();
        let optional = block["optional"].as_bool().unwrap_or(false);
        let label = block["label"]["text"].as_str().unwrap_or_default();
        let many = block["elements"].as_array().into_iter().flatten();
        for element in many.chain(block.get("accessory")).chain(block.get("element")) {
            found.extend(controls_of(id, label, optional, element));
        }
    }
    for attachment in body["attachments"].as_array().into_iter().flatten() {
        found.extend(controls(attachment));
    }
    found
}

fn controls_of(block_id: &str, label: &str, optional: bool, element: &Value) -> Vec<Control> {
    if element["action_id"].is_null() {
        return Vec::new();
    }
    let control = |option: Option<Value>| Control {
        block_id: block_id.to_owned(),
        label: label.to_owned(),
        optional,
        element: element.clone(),
        option,
    };
    match element["type"].as_str() {
        Some("overflow") => {
            element["options"].as_array().into_iter().flatten().map(|option| control(Some(option.clone()))).collect()
        }
        _ => vec![control(None)],
    }
}

impl Control {
    pub fn action_id(&self) -> &str {
        self.element["action_id"].as_str().unwrap_or_default()
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        let own = match &self.option {
            Some(option) => option["text"]["text"].as_str(),
            None => self.element["text"]["text"].as_str().or(self.element["placeholder"]["text"].as_str()),
        };
        own.filter(|name| !name.is_empty()).unwrap_or(&self.label)
    }

    pub fn is(&self, what: &str) -> bool {
        self.name() == what
            || self.label == what
            || self.action_id() == what
            || self.block_id == what
            || self.option.as_ref().is_some_and(|option| option["value"] == what)
    }
}

/// `mrkdwn` as a person reads it: links by their labels, times by their fallback, `&lt;` as `<`.
pub fn read(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((token, next)) = after.split_once('>') else { break };
        shown.push_str(before);
        let (what, label) = token.split_once('|').unwrap_or((token, ""));
        match (label, what.strip_prefix('!')) {
            ("", Some(word)) => shown.extend(["@", word]),
            ("", None) => shown.push_str(what),
            (label, _) => shown.push_str(label),
        }
        rest = next;
    }
    shown.push_str(rest);
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Whom a message calls: `<!channel>`, `<!here>`, `<@U…>`, `<!subteam^S…>`, wherever Slack reads `mrkdwn`.
pub fn called(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(text) = body["text"].as_str().filter(|_| body["type"] != "plain_text") {
        let tokens = text.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
        let calls = |token: &&str| {
            token.starts_with('@')
                || ["!channel", "!here", "!everyone"].contains(token)
                || token.starts_with("!subteam")
        };
        found
            .extend(tokens.map(|(token, _)| token.split('|').next().unwrap_or(token)).filter(calls).map(str::to_owned));
    }
    let inner = ["blocks", "elements", "text", "fields", "accessory", "attachments"].map(|key| &body[key]);
    for value in inner {
        match value {
            Value::Array(items) => found.extend(items.iter().flat_map(called)),
            Value::Object(_) => found.extend(called(value)),
            _ => {}
        }
    }
    found
}
