//! Runs the examples and counter-examples of every entry. Only compiled for tests.

use super::entry::{Tool, Use};
use super::{OPAQUE, knowledge};
use crate::model::{Mode, Risk};

/// The words of an example, which has neither pipes nor redirects.
fn words(example: &str) -> Vec<String> {
    let tokens = brush_parser::uncached_tokenize_str(example, &Default::default()).expect("an example is one simple command");
    let word = |text: &str| match text.contains('$') {
        true => text.split('$').next().unwrap_or("").to_owned() + &OPAQUE.to_string(),
        false => brush_parser::unquote_str(text),
    };
    tokens.iter().map(|t| word(t.to_str())).collect()
}

fn looked(example: &str) -> Option<(*const Use, Risk, Mode)> {
    let words = words(example);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let found = knowledge().look(&words)?;
    Some((found.entry? as *const Use, found.risk, found.mode))
}

fn entries() -> impl Iterator<Item = (&'static Tool, &'static Use)> {
    knowledge().tools.iter().flat_map(|t| t.uses.iter().map(move |u| (t, u)))
}

#[test]
fn every_example_is_judged_as_its_entry_says() {
    let mut wrong = Vec::new();
    for (tool, entry) in entries().filter(|(_, e)| e.inner.is_none() && e.client.is_none()) {
        let ex = &entry.examples;
        let risks = [(&ex.read, Risk::Read), (&ex.mutate, Risk::Mutate), (&ex.destroy, Risk::Destroy)];
        for (list, risk) in risks {
            for example in list {
                if looked(example).map(|(e, r, _)| (e, r)) != Some((std::ptr::from_ref(entry), risk)) {
                    wrong.push(format!("{} {example:?}: not {risk:?} but {:?}", tool.names[0], looked(example)));
                }
            }
        }
        for (list, mode) in [(&ex.stream, Mode::Stream), (&ex.wait, Mode::Wait), (&ex.tty, Mode::Tty)] {
            for example in list {
                if looked(example).map(|(e, _, m)| (e, m)) != Some((std::ptr::from_ref(entry), mode)) {
                    wrong.push(format!("{} {example:?}: not {mode:?} but {:?}", tool.names[0], looked(example)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_counter_example_is_judged_as_plainly_this_entry() {
    let mut wrong = Vec::new();
    for (tool, entry) in entries() {
        for example in &entry.examples.not_this {
            if looked(example) == Some((std::ptr::from_ref(entry), entry.risk, entry.mode)) {
                wrong.push(format!("{} {example:?}", tool.names[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_entries_of_one_tool_claim_one_path_without_need() {
    let mut wrong = Vec::new();
    for tool in &knowledge().tools {
        let mut paths: Vec<String> = tool.uses.iter().flat_map(|u| u.paths.iter().map(|p| p.join(" "))).collect();
        paths.sort();
        wrong.extend(paths.windows(2).filter(|w| w[0] == w[1]).map(|w| format!("{} {}", tool.names[0], w[0])));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
