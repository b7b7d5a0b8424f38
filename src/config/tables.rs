//! Fingerprints of what a configuration says, one per key or named table, so that two readings can be compared without
//! keeping either: what a reload changes is said by name, and no value, let alone a secret, outlives its reading.

use super::node::{Node, Tree, Value};
use super::schema::{self, Key, Kind};
use super::shape::join;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a running bot stands on and cannot exchange: changed, these take effect at the next start.
/// So does everything of `[discord]`, which is a connection, and of the workspaces of Slack.
const AT_START: [&str; 20] = [
    "listen",
    "database_url",
    "data_dir",
    "audit.key",
    "log.format",
    "slack.app_token",
    "slack.bot_token",
    "slack.signing_secret",
    "slack.client_id",
    "slack.client_secret",
    "slack.token_key",
    "slack.previous_token_key",
    "slack.workspaces",
    "slack.site_url",
    "slack.api_url",
    "slack.command",
    "slack.announce",
    "slack.open",
    "slack.administrators",
    "slack.invite",
];

/// By path: `people.ana`, `log.filter`, `paging.webhook.ops`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables(BTreeMap<String, [u8; 32]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Added,
    Changed,
    Removed,
}

/// `people.cy added`: never what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub path: String,
    pub how: How,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Added => "added",
            How::Changed => "changed",
            How::Removed => "removed",
        };
        write!(f, "{} {how}", self.path)
    }
}

impl Change {
    /// Whether a running bot cannot take it over.
    pub fn waits_for_a_start(&self) -> bool {
        let path = self.path.as_str();
        AT_START.contains(&path) || path.starts_with("discord.") || path.starts_with("slack.workspace.")
    }
}

impl Tables {
    pub(super) fn of(tree: &Tree, keys: &'static [Key]) -> Tables {
        let mut tables = Tables::default();
        tables.walk(tree, keys, "");
        tables
    }

    fn walk(&mut self, tree: &Tree, keys: &'static [Key], path: &str) {
        for (name, node) in tree {
            let here = join(path, name);
            match (schema::find(keys, name).map(|(key, _)| key.kind), &node.value) {
                (Some(Kind::Table(inner)), Value::Table(table)) => self.walk(table, inner, &here),
                (Some(Kind::Named(_)), Value::Table(named)) => {
                    for (name, node) in named {
                        self.0.insert(join(&here, name), fingerprint(node));
                    }
                }
                _ => {
                    self.0.insert(here, fingerprint(node));
                }
            }
        }
    }

    /// Takes over what was read besides the file, by a name of its own.
    pub(super) fn with(mut self, path: String, content: &[u8]) -> Tables {
        self.0.insert(path, Sha256::digest(content).into());
        self
    }

    /// What is otherwise in `newer`, by name.
    pub fn changes(&self, newer: &Tables) -> Vec<Change> {
        let paths: BTreeSet<&String> = self.0.keys().chain(newer.0.keys()).collect();
        let how = |path: &String| match (self.0.get(path), newer.0.get(path)) {
            (None, Some(_)) => Some(How::Added),
            (Some(_), None) => Some(How::Removed),
            (old, new) => (old != new).then_some(How::Changed),
        };
        paths.into_iter().filter_map(|path| Some(Change { path: path.clone(), how: how(path)? })).collect()
    }
}

fn fingerprint(node: &Node) -> [u8; 32] {
    let mut hasher = Sha256::new();
    write(&mut hasher, &node.value);
    hasher.finalize().into()
}

/// Every value begins with its kind and its length, so that no two different ones are written alike.
fn write(hasher: &mut Sha256, value: &Value) {
    let mut part = |kind: u8, bytes: &[u8]| {
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    match value {
        Value::Text(text) => part(b't', text.as_bytes()),
        Value::Integer(n) => part(b'i', &n.to_be_bytes()),
        Value::Flag(flag) => part(b'f', &[u8::from(*flag)]),
        Value::Moment(moment) => part(b'm', moment.to_string().as_bytes()),
        // Neither stands in a configuration that is in force.
        Value::OtherNumber | Value::Broken => part(b'x', &[]),
        Value::List(items) => {
            part(b'l', &(items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| write(hasher, &item.value));
        }
        Value::Table(table) => {
            part(b'T', &(table.len() as u64).to_be_bytes());
            for (name, node) in table {
                write(hasher, &Value::Text(name.clone()));
                write(hasher, &node.value);
            }
        }
    }
}
