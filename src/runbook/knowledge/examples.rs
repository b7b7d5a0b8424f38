//! Runs the examples and counter-examples of every entry. Only compiled for tests.

use super::entry::{Tool, Use};
use super::{OPAQUE, knowledge};
use crate::model::{Mode, Risk};
use crate::shell::{self, Asked, Judged};

/// The words of an example, which has neither pipes nor redirects.
fn words(example: &str) -> Vec<String> {
    let tokens =
        brush_parser::uncached_tokenize_str(example, &Default::default()).expect("an example is one simple command");
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

/// As the whole importer judges it, if it is this entry that the words lead to.
fn judged(example: &str, entry: &Use) -> Option<Judged> {
    let (found, _, _) = looked(example)?;
    std::ptr::eq(found, entry).then(|| shell::judge(&Asked { text: example, ..Asked::default() }))
}

#[test]
fn every_example_is_judged_as_its_entry_says() {
    let mut wrong = Vec::new();
    for (tool, entry) in entries() {
        let ex = &entry.examples;
        let risks = [(&ex.read, Risk::Read), (&ex.mutate, Risk::Mutate), (&ex.destroy, Risk::Destroy)];
        for (list, risk) in risks {
            for example in list {
                let judged = judged(example, entry);
                if judged.as_ref().map(|j| j.risk) != Some(risk) {
                    wrong.push(format!("{} {example:?}: not {risk:?} but {judged:?}", tool.names[0]));
                }
            }
        }
        for (list, mode) in [(&ex.stream, Mode::Stream), (&ex.wait, Mode::Wait), (&ex.tty, Mode::Tty)] {
            for example in list {
                let judged = judged(example, entry);
                if judged.as_ref().map(|j| j.mode) != Some(mode) {
                    wrong.push(format!("{} {example:?}: not {mode:?} but {judged:?}", tool.names[0]));
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
            if judged(example, entry).is_some_and(|j| (j.risk, j.mode) == (entry.risk, entry.mode)) {
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
