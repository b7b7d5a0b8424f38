//! Tests of the configuration. Nothing here reads the process's environment: it is always handed in.

mod bad_input;
mod changes;
mod goldens;
mod runbooks;
mod sample;
mod secrets;
mod templates;
mod values;

use super::{Loaded, Problem, load_text};
use std::path::Path;

/// Loads a text as `firebell.toml`, with variables over it.
fn load_with(text: &str, env: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string()));
    load_text(Some((Path::new("firebell.toml"), text)), env)
}

/// Loads what must be valid.
fn good(text: &str) -> Loaded {
    good_with(text, &[])
}

fn good_with(text: &str, env: &[(&str, &str)]) -> Loaded {
    match load_with(text, env) {
        Ok(loaded) => loaded,
        Err(problems) => panic!("should be valid:\n{}", lines(&problems)),
    }
}

/// Loads what must be refused, and gives the complaints as they are printed.
fn bad(text: &str, env: &[(&str, &str)]) -> String {
    match load_with(text, env) {
        Ok(_) => panic!("should be refused:\n{text}"),
        Err(problems) => lines(&problems),
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{p}\n")).collect()
}
