//! Reading a tree that has been held against the schema: the value of a key with the spot to complain about.
//! A value that was wrong counts as given but is not handed out.

use super::node::{Node, Tree, Value};
use super::problem::{Origin, Problems, Spot};
use super::schema::{Key, Kind, find};
use super::shape::join;
use firebell_domain::time::parse_span;
use secrecy::SecretString;
use std::collections::BTreeSet;
use toml::value::Datetime;

/// One table of the configuration; also one that is not there, which has no values.
#[derive(Clone)]
pub struct Table<'a> {
    tree: Option<&'a Tree>,
    keys: &'static [Key],
    pub at: Origin,
    pub path: String,
    pub order: usize,
}

/// A time as it was written: TOML's own type, or text.
pub enum Moment<'a> {
    Typed(Datetime),
    Text(&'a str),
}

impl<'a> Table<'a> {
    pub fn root(tree: &'a Tree, keys: &'static [Key]) -> Self {
        Table { tree: Some(tree), keys, at: Origin::Line(0), path: String::new(), order: 0 }
    }

    fn node(&self, name: &str) -> Option<&'a Node> {
        debug_assert!(find(self.keys, name).is_some(), "{name} is missing in the schema");
        self.tree?.get(name)
    }

    /// The keys of what stands below a key.
    fn inner(&self, name: &str) -> &'static [Key] {
        match find(self.keys, name).map(|(key, _)| key.kind) {
            Some(Kind::Table(keys) | Kind::Named(keys) | Kind::Rows(keys)) => keys,
            _ => &[],
        }
    }

    /// The key as a place to complain about: where it stands, else where its table does.
    pub fn spot(&self, name: &str) -> Spot {
        match self.node(name) {
            Some(n) if n.from_file => Spot::new(&n.at, join(&self.path, &format!("{name}_file"))),
            Some(n) => Spot::new(&n.at, join(&self.path, name)),
            None => Spot::new(&self.at, join(&self.path, name)),
        }
    }

    /// The table itself as a place to complain about.
    pub fn here(&self) -> Spot {
        Spot::new(&self.at, self.path.clone())
    }

    /// Whether somebody wrote the key, rightly or not.
    pub fn given(&self, name: &str) -> bool {
        self.node(name).is_some()
    }

    pub fn exists(&self) -> bool {
        self.tree.is_some()
    }

    pub fn text(&self, name: &str) -> Option<&'a str> {
        match &self.node(name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    pub fn seconds(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(parse_span)
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        match self.node(name)?.value {
            Value::Integer(n) => Some(n),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.node(name)?.value {
            Value::Flag(b) => Some(b),
            _ => None,
        }
    }

    pub fn moment(&self, name: &str) -> Option<Moment<'a>> {
        match &self.node(name)?.value {
            Value::Moment(m) => Some(Moment::Typed(*m)),
            Value::Text(text) => Some(Moment::Text(text)),
            _ => None,
        }
    }

    /// The texts of a list, each with its own line: a long list is written on many.
    pub fn texts(&self, name: &str) -> Vec<(&'a str, Spot)> {
        let Some(Value::List(items)) = self.node(name).map(|n| &n.value) else { return Vec::new() };
        let spot = |item: &Node| Spot::new(&item.at, join(&self.path, name));
        items
            .iter()
            .filter_map(|item| match &item.value {
                Value::Text(text) => Some((text.as_str(), spot(item))),
                _ => None,
            })
            .collect()
    }

    /// Whether a list is absent or has no element; a broken one has been complained about.
    pub fn lists_nothing(&self, name: &str) -> bool {
        match self.node(name).map(|n| &n.value) {
            None => true,
            Some(Value::List(items)) => items.is_empty(),
            Some(_) => false,
        }
    }

    pub fn table(&self, name: &str) -> Table<'a> {
        let keys = self.inner(name);
        match self.node(name) {
            Some(node) => child(node, keys, join(&self.path, name)),
            None => Table { tree: None, keys, at: self.at.clone(), path: join(&self.path, name), order: usize::MAX },
        }
    }

    /// The tables of people's own names, in the order of the file.
    pub fn named(&self, name: &str) -> Vec<(&'a str, Table<'a>)> {
        let keys = self.inner(name);
        let Some(Value::Table(tree)) = self.node(name).map(|n| &n.value) else { return Vec::new() };
        let path = join(&self.path, name);
        let mut out: Vec<_> = tree.iter().map(|(k, node)| (k.as_str(), child(node, keys, join(&path, k)))).collect();
        out.sort_by_key(|(_, table)| table.order);
        out
    }

    pub fn rows(&self, name: &str) -> Vec<Table<'a>> {
        let keys = self.inner(name);
        let Some(Value::List(items)) = self.node(name).map(|n| &n.value) else { return Vec::new() };
        let path = join(&self.path, name);
        items.iter().enumerate().map(|(n, node)| child(node, keys, format!("{path}[{n}]"))).collect()
    }

    /// A text that must be there; its absence is reported with what to write.
    pub fn required(&self, name: &str, problems: &mut Problems) -> Option<&'a str> {
        // A table that is itself broken has been complained about.
        if self.exists() && !self.given(name) {
            let wants = find(self.keys, name).map_or("a value", |(key, _)| key.wants);
            problems.error(&self.spot(name), "is missing", format!("Write {wants}"));
        }
        self.text(name)
    }

    /// A span within bounds, else the default.
    pub fn span_within(&self, name: &str, bounds: (i64, i64), default: i64, problems: &mut Problems) -> i64 {
        let Some(seconds) = self.seconds(name) else { return default };
        let (least, most) = bounds;
        if (least..=most).contains(&seconds) {
            return seconds;
        }
        let say = firebell_domain::time::span;
        let what = format!("{} is outside {} to {}", say(seconds), say(least), say(most));
        problems.error(&self.spot(name), what, "Write a span between the two");
        default
    }
}

fn child<'a>(node: &'a Node, keys: &'static [Key], path: String) -> Table<'a> {
    let tree = match &node.value {
        Value::Table(tree) => Some(tree),
        _ => None,
    };
    Table { tree, keys, at: node.at.clone(), path, order: node.order }
}

/// The names that a table of names declares, those with mistakes inside them too: a reference to one is right.
pub fn declared<'a>(table: &Table<'a>, name: &str) -> BTreeSet<&'a str> {
    table.named(name).into_iter().map(|(n, _)| n).collect()
}
