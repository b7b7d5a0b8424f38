//! A configuration as a tree in which every value knows where it was written, made from TOML text. Knows no key.

use super::problem::{Origin, Problems, Spot, quoted};
use std::collections::BTreeMap;
use std::rc::Rc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

/// No `Debug`: a tree may hold secrets.
#[derive(Clone)]
pub struct Node {
    pub value: Value,
    pub at: Origin,
    /// Offset in the file, so that what has an order keeps it; the environment comes last.
    pub order: usize,
    /// The content of the file that `NAME_file` names.
    pub from_file: bool,
}

impl Node {
    pub fn of_variable(value: Value, variable: &Rc<str>) -> Self {
        Node { value, at: Origin::Variable(variable.clone()), order: usize::MAX, from_file: false }
    }
}

pub type Tree = BTreeMap<String, Node>;

#[derive(Clone)]
pub enum Value {
    Text(String),
    Integer(i64),
    /// A float, or an integer beyond 64 bits: no key takes one.
    OtherNumber,
    Flag(bool),
    Moment(Datetime),
    List(Vec<Node>),
    Table(Tree),
    /// Was there, was wrong, and has been complained about: neither used nor reported as missing.
    Broken,
}

impl Value {
    /// What it is, as a person who wrote it would say.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Integer(_) | Value::OtherNumber => "a number",
            Value::Flag(_) => "a yes or no (true, false)",
            Value::Moment(_) => "a date or time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Broken => "unreadable",
        }
    }
}

/// Reads a whole file. What is wrong with its syntax is reported, all of it; `None` when what was recovered
/// cannot be trusted to mean what its author meant.
pub fn parse_file(text: &str, problems: &mut Problems) -> Option<Tree> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::of(text);
    let mut usable = true;
    let mut last_line = 0;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let line = lines.at(span.start);
        if error.message().starts_with("duplicate key") {
            let key = text.get(span).unwrap_or_default().trim_matches(['"', '\'']);
            problems.error(
                &Spot::new(&Origin::Line(line), key),
                format!("{} is given twice", quoted(key)),
                "Keep one of the two",
            );
        } else if line != last_line {
            // One mistake makes the parser stumble several times on its line; the first says the most.
            usable = false;
            last_line = line;
            problems.error(
                &Spot::new(&Origin::Line(line), ""),
                format!("not TOML: {}", error.message()),
                "Text stands in double quotes, tables in [brackets], one key = value on a line",
            );
        }
    }
    usable.then(|| tree_of(document.get_ref(), &|offset| Origin::Line(lines.at(offset))))
}

/// Reads one value in TOML's notation, as an environment variable may hold for lists and tables.
pub fn parse_value(text: &str, variable: &Rc<str>) -> Option<Node> {
    let parsed = DeValue::parse(text).ok()?;
    let mut node = node_of(&parsed, 0, &|_| Origin::Variable(variable.clone()));
    node.order = usize::MAX;
    Some(node)
}

fn tree_of(table: &DeTable<'_>, origin: &dyn Fn(usize) -> Origin) -> Tree {
    table.iter().map(|(k, v)| (k.get_ref().to_string(), node_of(v, k.span().start, origin))).collect()
}

fn node_of(spanned: &Spanned<DeValue<'_>>, key_start: usize, origin: &dyn Fn(usize) -> Origin) -> Node {
    let value = match spanned.get_ref() {
        DeValue::String(s) => Value::Text(s.to_string()),
        DeValue::Integer(i) => {
            i64::from_str_radix(i.as_str(), i.radix()).map(Value::Integer).unwrap_or(Value::OtherNumber)
        }
        DeValue::Float(_) => Value::OtherNumber,
        DeValue::Boolean(b) => Value::Flag(*b),
        DeValue::Datetime(d) => Value::Moment(*d),
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| node_of(item, item.span().start, origin)).collect())
        }
        DeValue::Table(t) => Value::Table(tree_of(t, origin)),
    };
    // A table is where its header is, every other value where its key is.
    let start = match &value {
        Value::Table(_) if spanned.span().start > 0 => spanned.span().start,
        _ => key_start,
    };
    Node { value, at: origin(start), order: start, from_file: false }
}

/// Line numbers of byte offsets.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Lines(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect())
    }

    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|newline| *newline < offset) + 1
    }
}
