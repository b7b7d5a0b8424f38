//! What a call says: a form, JSON, a query or a multipart form become one map, and each method takes from it what it
//! needs, refusing in Slack's words.
//!
//! It never knows a method.

use serde_json::{Map, Value, json};

/// `ok: false`: the word, and what stands beside it.
#[derive(Debug)]
pub struct Refused {
    pub error: String,
    pub extra: Map<String, Value>,
}

impl Refused {
    /// With lines for `response_metadata.messages`, each naming the path.
    pub fn with(error: &str, messages: &[String]) -> Refused {
        let mut refused = Refused::from(error);
        refused.extra.insert("response_metadata".into(), json!({"messages": messages}));
        refused
    }

    pub fn also(mut self, key: &str, value: Value) -> Refused {
        self.extra.insert(key.to_owned(), value);
        self
    }
}

impl From<&str> for Refused {
    fn from(error: &str) -> Refused {
        Refused { error: error.to_owned(), extra: Map::new() }
    }
}

pub type Answer = Result<Value, Refused>;

#[derive(Clone, Debug, Default)]
pub struct Args(pub Map<String, Value>);

impl Args {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub fn need(&self, key: &str) -> Result<&str, Refused> {
        self.text(key).ok_or_else(|| missing(key))
    }

    pub fn flag(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true)))
            || matches!(self.text(key), Some("true" | "1" | "True" | "yes"))
    }

    pub fn number(&self, key: &str) -> Option<i64> {
        let value = self.0.get(key)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A value that is JSON in a JSON body, and JSON inside a string in a form.
    pub fn json(&self, key: &str) -> Result<Option<Value>, Refused> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| {
                Refused::with("invalid_arguments", &[format!("[ERROR] must be valid JSON [json-pointer:/{key}]")])
            }),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// `U1,U2`, or an array of them.
    pub fn list(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Reads a body as its type says. `json_allowed` is false for the methods that take only forms.
    pub fn read(query: &str, kind: &str, body: &[u8], json_allowed: bool) -> Result<Args, Refused> {
        let mut args = Args::default();
        args.pairs(query.as_bytes());
        if kind.starts_with("application/json") {
            match serde_json::from_slice(body) {
                Ok(Value::Object(map)) if json_allowed => args.0.extend(map),
                Ok(Value::Object(_)) => {}
                _ if body.is_empty() => {}
                Ok(_) => return Err("json_not_object".into()),
                Err(_) => return Err("invalid_json".into()),
            }
        } else if let Some(boundary) = kind.strip_prefix("multipart/form-data; boundary=") {
            args.multipart(&String::from_utf8_lossy(body), boundary.trim_matches('"'));
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            args.pairs(body);
        } else if !body.is_empty() {
            return Err("invalid_post_type".into());
        }
        Ok(args)
    }

    fn pairs(&mut self, text: &[u8]) {
        for (key, value) in url::form_urlencoded::parse(text) {
            self.0.insert(key.into_owned(), Value::String(value.into_owned()));
        }
    }

    fn multipart(&mut self, body: &str, boundary: &str) {
        for part in body.split(&format!("--{boundary}")) {
            let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
            let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next());
            if let Some(name) = name {
                let value = value.strip_suffix("\r\n").unwrap_or(value);
                self.0.insert(name.to_owned(), Value::String(value.to_owned()));
            }
        }
    }
}

pub fn missing(key: &str) -> Refused {
    Refused::with("invalid_arguments", &[format!("[ERROR] missing required field: {key}")])
}
