//! One request as its handler sees it: the names in its path, its query, its body and files.

use crate::fake_discord::multipart::File;
use crate::fake_discord::refused::{self, Form, Refused};
use crate::fake_discord::state::{Channel, Id, State};
use serde_json::Value;
use std::collections::BTreeMap;

pub struct Call {
    pub params: BTreeMap<&'static str, String>,
    pub query: Vec<(String, String)>,
    pub body: Value,
    pub files: Vec<File>,
    pub reason: Option<String>,
}

pub enum Reply {
    Json(u16, Value),
    /// 204.
    Empty,
}

impl Reply {
    pub fn ok(body: Value) -> Result<Reply, Refused> {
        Ok(Reply::Json(200, body))
    }
}

impl Call {
    /// A snowflake of the path.
    pub fn id(&self, name: &str) -> Result<Id, Refused> {
        let text = &self.params[name];
        text.parse().map_err(|_| not_a_snowflake(&format!("{name}_id"), text))
    }

    pub fn text(&self, name: &str) -> &str {
        &self.params[name]
    }

    pub fn asked(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A number of the query within its bounds, or what it is when nobody says.
    pub fn number(&self, key: &str, min: usize, max: usize, otherwise: usize) -> Result<usize, Refused> {
        let Some(text) = self.asked(key) else { return Ok(otherwise) };
        let number: Option<usize> = text.parse().ok();
        number.filter(|number| (min..=max).contains(number)).ok_or_else(|| {
            let mut form = Form::default();
            form.wrong(key, "NUMBER_TYPE_MAX", &format!("int value should be between {min} and {max}."));
            form.finish().expect_err("it has an error")
        })
    }

    /// The channel of the path, if the bot sees it.
    pub fn channel(&self, state: &State) -> Result<Channel, Refused> {
        state.seen_channel(self.id("channel")?)
    }
}

pub fn not_a_snowflake(path: &str, text: &str) -> Refused {
    let mut form = Form::default();
    form.wrong(path, "NUMBER_TYPE_COERCE", &format!("Value \"{text}\" is not snowflake."));
    form.finish().expect_err("it has an error")
}

/// A snowflake of a body, where there is one.
pub fn body_id(value: &Value, path: &str) -> Result<Option<Id>, Refused> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => text.parse().map(Some).map_err(|_| not_a_snowflake(path, text)),
        Value::Number(number) => Ok(number.as_u64()),
        other => Err(not_a_snowflake(path, &other.to_string())),
    }
}

impl State {
    /// Unknown to everybody is 10003; hidden from the bot is 50001.
    pub fn seen_channel(&self, id: Id) -> Result<Channel, Refused> {
        let channel = self.channels.get(&id).ok_or_else(refused::unknown_channel)?;
        match self.permissions(self.app.bot, channel) {
            0 => Err(refused::missing_access()),
            _ => Ok(channel.clone()),
        }
    }

    /// 50013 unless the bot has all of these there.
    pub fn needs(&self, channel: &Channel, permissions: u64) -> Result<(), Refused> {
        let held = self.permissions(self.app.bot, channel);
        if held & permissions == permissions { Ok(()) } else { Err(refused::missing_permissions()) }
    }

    /// 50001 where the bot is not a member.
    pub fn my_guild(&self, id: Id) -> Result<(), Refused> {
        match self.guilds.get(&id) {
            None => Err(refused::unknown_guild()),
            Some(guild) if !guild.members.contains_key(&self.app.bot) => Err(refused::missing_access()),
            Some(_) => Ok(()),
        }
    }
}

/// `a=1&b=2`.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(k, v)| (percent_decoded(k), percent_decoded(v)))
        .collect()
}

pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
