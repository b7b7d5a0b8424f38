//! Whole documents of many styles, and what is found in them, beside tables for each part.

mod documents;
mod limits;
mod parts;

use super::{Commands, find};
use crate::document::Document;
use crate::source::Source;

/// What is found in this text.
fn commands(text: &str) -> Commands {
    let source = Source::read(text.as_bytes()).expect("within the limits");
    find(&Document::read(&source))
}

/// Only the texts of what is found.
fn texts(text: &str) -> Vec<String> {
    commands(text).found.into_iter().map(|f| f.text).collect()
}

/// The texts found in a block with this label.
fn block(label: &str, body: &str) -> Vec<String> {
    texts(&format!("# T\n\n```{label}\n{body}\n```\n"))
}
