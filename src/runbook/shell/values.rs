//! Values that people give in chat for what a runbook leaves open. A value fills a hole in a word and is never read
//! again: no shell, no statement and no filter sees it as anything but that piece. What could mean something to a program
//! that reads its words (an option, a quote, a blank) is refused before anybody is asked to approve it.

use super::Tongue;
use super::placeholder;
use super::stages::{Piece, Word};
use std::collections::BTreeMap;

/// Characters of one value: a digest of an image is 71.
const VALUE_CHARS_MAX: usize = 200;
/// Characters that mean nothing to any shell, statement or pattern.
const PLAIN: &str = "-_.:/@+,=%";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfilled {
    /// Placeholders that nobody has given a value.
    Open(Vec<String>),
    /// A variable that nobody has set.
    Variable(String),
    /// A value that may not stand there: a sentence.
    Refused(String),
}

/// Whether a value may be given at all.
pub fn plain(name: &str, value: &str) -> Result<(), String> {
    let shown: String = value.chars().filter(|c| !c.is_control()).take(60).collect();
    let odd = value.chars().find(|c| !c.is_ascii_alphanumeric() && !PLAIN.contains(*c));
    match (value, odd) {
        ("", _) => Err(format!("{name} is empty. Say {name}=VALUE.")),
        (v, _) if v.chars().count() > VALUE_CHARS_MAX => {
            Err(format!("The value of {name} has more than {VALUE_CHARS_MAX} characters, which is the limit."))
        }
        (v, _) if v.starts_with('-') => Err(format!(
            "{name}={shown} would be taken for an option, because it begins with a dash. Give a value without it."
        )),
        (v, _) if v.split('/').any(|part| part == "..") => {
            Err(format!("{name}={shown} leads out of its folder. Give a value without \"..\"."))
        }
        (_, Some(c)) => Err(format!(
            "{name}={shown} holds {c:?}. Values may hold letters, digits and {PLAIN}; whatever needs more is typed by hand."
        )),
        _ => Ok(()),
    }
}

/// A word with its holes filled, or what is missing.
pub fn fill(
    word: &Word,
    params: &BTreeMap<String, String>,
    secret: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Unfilled> {
    let pieces = &word.0;
    let code = pieces.iter().any(|p| matches!(p, Piece::Text(t) if t.contains(char::is_whitespace)));
    let mut out = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Placeholder(name) => {
                let value = params.get(name).ok_or_else(|| Unfilled::Open(vec![name.clone()]))?;
                plain(name, value).map_err(Unfilled::Refused)?;
                if code {
                    in_code(name, value, &out, pieces.get(at + 1)).map_err(Unfilled::Refused)?;
                }
                out.push_str(value);
            }
            Piece::Variable(name) => match params.get(&format!("${name}")) {
                Some(value) => {
                    plain(name, value).map_err(Unfilled::Refused)?;
                    if code {
                        in_code(name, value, &out, pieces.get(at + 1)).map_err(Unfilled::Refused)?;
                    }
                    out.push_str(value);
                }
                // Part of a statement or a script it would be read with it.
                None if code => return Err(Unfilled::Variable(name.clone())),
                None => out.push_str(&secret(name).ok_or_else(|| Unfilled::Variable(name.clone()))?),
            },
        }
    }
    Ok(out)
}

/// Inside a text that a program reads as its own language: a number anywhere, a name only in quotes that stand there.
/// `id` in `WHERE id = <id>` would be every row.
fn in_code(name: &str, value: &str, before: &str, after: Option<&Piece>) -> Result<(), String> {
    if value.chars().all(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    let opened = before.chars().next_back().filter(|c| ['\'', '"'].contains(c));
    let closed = match after {
        Some(Piece::Text(text)) => text.chars().next(),
        _ => None,
    };
    match opened.is_some() && opened == closed {
        true => Ok(()),
        false => Err(format!(
            "{name} stands in the middle of a statement, where only a number is taken. Whatever else it is to be is typed by hand."
        )),
    }
}

/// A text for a shell, with `"${1}"` where placeholders stand, and their names in that order. `None` where one stands inside quotes
/// or where it cannot be said for certain whether it does.
pub fn positional(written: &str) -> Option<(String, Vec<String>)> {
    let replaced = placeholder::replace(written, Tongue::Shell, &[]);
    let pieces = replaced.pieces(&replaced.text);
    if !pieces.iter().any(|(_, hole)| *hole) {
        return Some((written.to_string(), Vec::new()));
    }
    if written.contains("<<") || written.contains('`') || written.contains("$(") || written.contains("$'") {
        return None;
    }
    let (mut out, mut names, mut quote) = (String::new(), Vec::<String>::new(), None);
    for (piece, hole) in pieces {
        if hole {
            if quote.is_some() || out.ends_with(['\\', '$', '{']) {
                return None;
            }
            let at = names.iter().position(|n| n == piece).unwrap_or_else(|| {
                names.push(piece.to_string());
                names.len() - 1
            });
            out.push_str(&format!("\"${{{}}}\"", at + 1));
            continue;
        }
        let mut escaped = false;
        for c in piece.chars() {
            match (quote, c) {
                _ if escaped => escaped = false,
                (None | Some('"'), '\\') => escaped = true,
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                _ => {}
            }
        }
        out.push_str(piece);
    }
    Some((out, names))
}

/// A text for people: each placeholder that has a value replaced by it.
pub fn shown(text: &str, params: &BTreeMap<String, String>) -> String {
    let replaced = placeholder::replace(text, Tongue::Shell, &[]);
    let of = |(piece, hole): (&str, bool)| match (hole, params.get(piece)) {
        (true, Some(value)) => value.clone(),
        _ => piece.to_string(),
    };
    replaced.pieces(&replaced.text).into_iter().map(of).collect()
}

/// `pod-name`, `POD_NAME` and `<pod name>` are one.
pub fn bare(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c.is_alphanumeric() {
            true => out.extend(c.to_lowercase()),
            false if out.is_empty() || out.ends_with('-') => {}
            false => out.push('-'),
        }
    }
    out.trim_end_matches('-').to_string()
}

/// What people gave, by placeholder as written; `Err` is the name of what no placeholder is called.
pub fn assign(placeholders: &[String], given: &[(String, String)]) -> Result<BTreeMap<String, String>, String> {
    let mut params = BTreeMap::new();
    for (name, value) in given {
        let mut meant = placeholders.iter().filter(|p| bare(p) == bare(name));
        match (meant.next(), placeholders) {
            (Some(placeholder), _) => params.insert(placeholder.clone(), value.clone()),
            // With one thing open, whatever it is called.
            (None, [only]) if bare(only).is_empty() => params.insert(only.clone(), value.clone()),
            (None, _) => return Err(name.clone()),
        };
    }
    Ok(params)
}

#[cfg(test)]
mod tests;
