//! Holds a tree against the schema: unknown keys, wrong kinds, names nobody could type, and secrets that stand in
//! files, which it reads. Afterwards every value in the tree is of its key's kind or marked broken, so the modules
//! that read it need not ask. Never prints a secret's value.

use super::node::{Node, Tree, Value};
use super::placeholder;
use super::problem::{Origin, Problems, Spot, nearest, quoted};
use super::schema::{self, Key, Kind};
use firebell_domain::limits::NAME_CHARS_MAX;
use firebell_domain::time::parse_span;
use std::io::Read;
use std::path::Path;

/// Bytes of a secret's file. A key or token is shorter; a larger file is the wrong one.
const SECRET_FILE_BYTES_MAX: u64 = 16 * 1024;

const PATH_OF_SECRET: &str = "the path of a file, relative to the folder of this configuration";

pub struct Shape<'a> {
    /// What relative paths of `*_file` keys start from: the folder of the configuration file.
    pub folder: &'a Path,
    pub problems: &'a mut Problems,
}

impl Shape<'_> {
    pub fn table(&mut self, tree: &mut Tree, keys: &'static [Key], path: &str) {
        let mut misspelt = Vec::new();
        for (name, node) in tree.iter_mut() {
            let spot = Spot::new(&node.at, join(path, name));
            match schema::find(keys, name) {
                None => {
                    self.problems.error(&spot, "unknown key", unknown_fix(name, keys, path));
                    node.value = Value::Broken;
                    let meant = meant_by(name, keys).and_then(|m| schema::find(keys, &m));
                    misspelt.extend(meant.map(|(key, _)| (key.name, node.clone())));
                }
                Some((_, true)) => self.expect(node, &Kind::Text, PATH_OF_SECRET, &spot),
                Some((key, false)) => self.expect(node, &key.kind, key.wants, &spot),
            }
        }
        // A key that was misspelt is wrong, not missing: one complaint is enough.
        for (meant, broken) in misspelt {
            tree.entry(meant.to_string()).or_insert(broken);
        }
        for key in keys.iter().filter(|k| matches!(k.kind, Kind::Secret)) {
            self.resolve_secret(tree, key, path);
            if schema::is_credential(key) {
                self.refuse_placeholder(tree, key, path);
            }
        }
    }

    /// A text that only stands for a secret is none: nobody would hear of it before the first page.
    fn refuse_placeholder(&mut self, tree: &mut Tree, key: &Key, path: &str) {
        let Some(node) = tree.get_mut(key.name) else { return };
        if !matches!(&node.value, Value::Text(text) if placeholder::is_one(text)) {
            return;
        }
        let name = if node.from_file { format!("{}_file", key.name) } else { key.name.to_string() };
        let spot = Spot::new(&node.at, join(path, &name));
        let (what, verb) = match node.from_file {
            true => ("names a file that holds a placeholder, not a secret", "Put"),
            false => ("is a placeholder, not a secret", "Write"),
        };
        let fix = format!("{verb} {}{}", key.wants, if node.from_file { " into it" } else { "" });
        self.problems.error(&spot, what, fix);
        node.value = Value::Broken;
    }

    /// Checks one value; what is wrong is reported and marked.
    fn expect(&mut self, node: &mut Node, kind: &Kind, wants: &str, spot: &Spot) {
        let wrong = |found: &str| {
            let quotes =
                matches!(kind, Kind::Text | Kind::Secret | Kind::Path) && found != "a list" && found != "a table";
            let fix = format!("Write {wants}{}", if quotes { ", in double quotes" } else { "" });
            (format!("is {found}"), fix)
        };
        let complaint = match (kind, &mut node.value) {
            (_, Value::Broken) => None,
            (Kind::Text, Value::Text(text)) => text_complaint(text, wants),
            (Kind::Secret, Value::Text(text)) => secret_complaint(text, wants),
            (Kind::Path, Value::Text(text)) => {
                let complaint = text_complaint(text, wants);
                *text = self.folder.join(&*text).display().to_string();
                complaint
            }
            (Kind::Span, Value::Text(text)) => match parse_span(text) {
                Some(_) => None,
                None => Some((format!("{} is not a span of time", quoted(text)), format!("Write {wants}"))),
            },
            (Kind::Span, Value::Integer(n)) => {
                Some((format!("{n} has no unit"), format!("Write \"{n}s\" for seconds or \"{n}m\" for minutes")))
            }
            (Kind::Number, Value::Integer(_)) | (Kind::Flag, Value::Flag(_)) | (Kind::Moment, Value::Moment(_)) => None,
            (Kind::Moment, Value::Text(text)) => text_complaint(text, wants),
            (Kind::Choice(choices), Value::Text(text)) if choices.contains(&text.as_str()) => None,
            (Kind::Choice(choices), Value::Text(text)) => {
                let fix = match nearest(text, choices.iter().copied()) {
                    Some(meant) => format!("Did you mean {}?", quoted(meant)),
                    None => format!("Write {wants}"),
                };
                Some((format!("{} is not one of the choices", quoted(text)), fix))
            }
            (Kind::Texts, Value::List(items)) => items.iter().find_map(|item| match &item.value {
                Value::Text(text) => text_complaint(text, wants),
                other => Some((format!("the list holds {}", other.kind()), format!("Write {wants}"))),
            }),
            (Kind::Table(keys), Value::Table(tree)) => {
                self.table(tree, keys, &spot.key);
                None
            }
            (Kind::Named(keys), Value::Table(tree)) => {
                self.named(tree, keys, &spot.key);
                None
            }
            (Kind::Rows(keys), Value::List(items)) => {
                for (n, item) in items.iter_mut().enumerate() {
                    let row = Spot::new(&item.at, format!("{}[{n}]", spot.key));
                    self.expect(item, &Kind::Table(keys), wants, &row);
                }
                None
            }
            // What a secret was written as says nothing about it, but its value would.
            (_, other) => Some(wrong(other.kind())),
        };
        if let Some((what, fix)) = complaint {
            self.problems.error(spot, what, fix);
            node.value = Value::Broken;
        }
    }

    fn named(&mut self, tree: &mut Tree, keys: &'static [Key], path: &str) {
        let mut in_order: Vec<(&String, &mut Node)> = tree.iter_mut().collect();
        in_order.sort_by_key(|(_, node)| node.order);
        let mut seen: Vec<(String, String, Origin)> = Vec::new();
        for (name, node) in in_order {
            let spot = Spot::new(&node.at, join(path, name));
            if let Some((what, fix)) = name_complaint(name) {
                self.problems.error(&spot, what, fix);
            }
            let folded = name.to_lowercase();
            if let Some((_, other, at)) = seen.iter().find(|(f, ..)| *f == folded) {
                let line = match at {
                    Origin::Line(line) => format!(", in line {line},"),
                    Origin::Variable(_) => String::new(),
                };
                let what = format!("{} and {}{line} differ only by case", quoted(name), quoted(other));
                self.problems.error(&spot, what, "Rename one of them: people type names in any case");
            }
            seen.push((folded, name.clone(), node.at.clone()));
            self.expect(node, &Kind::Table(keys), "a table with keys of its own", &spot);
        }
    }

    /// Puts the content of `NAME_file` where `NAME` would stand. A variable beats the file's way of saying it.
    fn resolve_secret(&mut self, tree: &mut Tree, key: &Key, path: &str) {
        let file_key = format!("{}_file", key.name);
        let Some(file_node) = tree.remove(&file_key) else { return };
        if let Some(direct) = tree.get_mut(key.name) {
            let from_variable = |n: &Node| matches!(n.at, Origin::Variable(_));
            match (from_variable(direct), from_variable(&file_node)) {
                (true, false) => return,
                (false, true) => {}
                _ => {
                    let spot = Spot::new(&file_node.at, join(path, &file_key));
                    let what = format!("{} and {file_key} are both given", key.name);
                    self.problems.error(&spot, what, "Keep one of the two");
                    direct.value = Value::Broken;
                    return;
                }
            }
        }
        let spot = Spot::new(&file_node.at, join(path, &file_key));
        let value = match &file_node.value {
            Value::Text(name) => match read_secret(&self.folder.join(name)) {
                Ok(text) => match secret_complaint(&text, key.wants) {
                    None => Value::Text(text),
                    Some((what, fix)) => {
                        self.problems.error(&spot, format!("{}: {what}", quoted(name)), fix);
                        Value::Broken
                    }
                },
                Err(why) => {
                    let shown = self.folder.join(name);
                    let fix = format!("Put {} into it, readable for this user", key.wants);
                    self.problems.error(&spot, format!("cannot read {}: {why}", shown.display()), fix);
                    Value::Broken
                }
            },
            _ => Value::Broken,
        };
        tree.insert(key.name.to_string(), Node { value, at: file_node.at, order: file_node.order, from_file: true });
    }
}

fn meant_by(name: &str, keys: &'static [Key]) -> Option<String> {
    let names = schema::names(keys);
    nearest(name, names.iter().map(String::as_str)).map(str::to_string)
}

fn unknown_fix(name: &str, keys: &'static [Key], path: &str) -> String {
    if let Some(meant) = meant_by(name, keys) {
        return format!("Did you mean {}?", quoted(&meant));
    }
    if !path.is_empty() && schema::find(schema::ROOT, name).is_some() {
        return format!("{} belongs at the top of the file: move it above the first [table]", quoted(name));
    }
    format!("Remove it; what may stand here: {}", schema::names(keys).join(", "))
}

fn read_secret(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| plain(&e))?;
    let mut bytes = Vec::new();
    file.take(SECRET_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|e| plain(&e))?;
    if bytes.len() as u64 > SECRET_FILE_BYTES_MAX {
        return Err("it is too large to be a secret".to_string());
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_string())?;
    Ok(text.trim_end_matches(['\n', '\r']).to_string())
}

/// A system's error in words, without its number.
pub fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        std::io::ErrorKind::PermissionDenied => "this user may not read it".to_string(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_string(),
        std::io::ErrorKind::NotADirectory => "a part of its path is a file".to_string(),
        _ => error.to_string(),
    }
}

fn text_complaint(text: &str, wants: &str) -> Option<(String, String)> {
    if text.trim().is_empty() {
        Some(("is empty".to_string(), format!("Write {wants}, or remove the key")))
    } else if text.chars().any(char::is_control) {
        Some((format!("{} holds a control character", quoted(text)), format!("Write {wants} on one line")))
    } else {
        None
    }
}

fn secret_complaint(text: &str, wants: &str) -> Option<(String, String)> {
    if text.trim().is_empty() {
        Some(("is empty".to_string(), format!("Write {wants}, or remove the key")))
    } else if text.chars().any(char::is_control) || text.trim() != text {
        Some(("has blanks around it or a control character in it".to_string(), format!("Write {wants} on one line")))
    } else {
        None
    }
}

/// Names are typed in chat, stand in addresses and behind `@`: letters, digits, `-`, `_` and `.`.
fn name_complaint(name: &str) -> Option<(String, String)> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() {
        return Some(("the name is empty".to_string(), "Give it a name such as \"ana\"".to_string()));
    }
    if name.chars().count() > NAME_CHARS_MAX {
        let what = format!("{} is longer than {NAME_CHARS_MAX} characters", quoted(name));
        return Some((what, "Give it a name that can be typed in chat".to_string()));
    }
    if name.chars().all(allowed) {
        return None;
    }
    let tidy: String = name.trim().chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let tidy = tidy.trim_matches('-');
    let what =
        if name.chars().any(char::is_whitespace) { "a blank" } else { "a character that cannot be typed as one" };
    let fix = match tidy.is_empty() {
        true => "Use letters, digits, \"-\", \"_\" and \".\"".to_string(),
        false => format!("Write {} (letters, digits, \"-\", \"_\" and \".\")", quoted(tidy)),
    };
    Some((format!("the name {} holds {what}", quoted(name)), fix))
}

/// The key of `name` inside the table `path`, as TOML writes it.
pub fn join(path: &str, name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let name = if bare { name.to_string() } else { quoted(name) };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}
