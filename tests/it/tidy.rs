//! Holds the tree to its own rules: DESIGN's guards that are neither a type nor a lint, and documents that are true.
//! Every rule is a function over text, so that each is also shown what it must find. Never runs the bot.

mod advisories;
mod code;
mod database;
mod documents;
mod examples;
mod layers;
mod pages;
mod source;
mod systems;
mod words;

/// Fails with everything that was found, one per line.
fn none(what: &str, wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{what}:\n  {}\n", wrong.join("\n  "));
}

/// A guard that finds nothing guards nothing: it is shown a violation and must see it.
#[track_caller]
fn planted(expected: usize, found: usize) {
    assert_eq!(found, expected, "the guard did not see what was planted for it");
}
