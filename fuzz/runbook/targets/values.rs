//! Values from chat in the text of a runbook's command: each stays one piece of one word, and a real shell is the judge.
//! The first line is the value, the rest the text; a text that is run is made of `PIECES` alone, chosen by its bytes, so
//! that it can do nothing but print.
#![no_main]

use firebell_runbook::shell::placeholder;
use firebell_runbook::shell::stages::{self, Piece, Word};
use firebell_runbook::shell::values::{self, Unfilled};
use firebell_runbook::shell::Tongue;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// What stands where a value will: means nothing to anybody.
const MARK: &str = "Zq7Zq";
const HOLE: &str = "<name>";
/// All that a shell reads as more than itself, and nothing that it could do harm with.
const PIECES: [&str; 19] = [
    "a", "b-c", " ", "'", "\"", "\\", "$a", "${a}", "=", ";", "#", ":", ",", "{", "}", "\n", "!", HOLE, "<pod>",
];

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (value, written) = text.split_once('\n').unwrap_or((&text, ""));
    if value.is_empty() || value.contains('\0') {
        return;
    }
    fills(written, value);
    let pieces: String = written.bytes().take(24).map(|b| PIECES[b as usize % PIECES.len()]).collect();
    // No program and no file is called so, wherever it comes to stand.
    prints(&format!("printf '%s\\0' {pieces}"), &format!("x{value}"));
});

/// Any text: a value that means something gets nowhere, another one is the piece that the mark was.
fn fills(written: &str, value: &str) {
    let replaced = placeholder::replace(written, Tongue::Shell, &[]);
    let names = replaced.pieces(&replaced.text).into_iter().filter(|(_, hole)| *hole).map(|(name, _)| name.to_string());
    let all: Vec<String> = names.collect();
    let with = |value: &str| all.iter().map(|n| (n.clone(), value.to_string())).collect::<BTreeMap<_, _>>();
    let (said, marked) = (with(value), with(if value.bytes().all(|b| b.is_ascii_digit()) { "7391846" } else { MARK }));
    let mark = marked.values().next().cloned().unwrap_or_default();
    let Ok(stages) = stages::stages(written) else { return };
    for word in stages.iter().flat_map(|s| s.words.iter().chain(s.env.iter().map(|(_, w)| w)).chain(&s.input)) {
        let holes = word.0.iter().filter(|p| matches!(p, Piece::Placeholder(_))).count();
        match (fill(word, &said), fill(word, &marked)) {
            (Ok(ours), Ok(theirs)) if holes > 0 => {
                assert!(values::plain("it", value).is_ok(), "{value:?} got into {ours:?}");
                assert!(mark.is_empty() || written.contains(&mark) || theirs.replace(&mark, value) == ours, "{ours:?}");
            }
            (Err(Unfilled::Refused(why)), _) => assert!(why.chars().count() < 600, "{why}"),
            _ => {}
        }
    }
}

fn fill(word: &Word, params: &BTreeMap<String, String>) -> Result<String, Unfilled> {
    values::fill(word, params, &|_| None)
}

/// A text that prints its words: they are the same ones whatever the value is.
fn prints(written: &str, value: &str) {
    let Some((text, names)) = values::positional(written) else { return };
    if names.is_empty() {
        return;
    }
    let said = |value: &str| {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &text, "runbook"]).args(names.iter().map(|_| value));
        shell.env_clear().env("PATH", "/nonexistent").current_dir("/").stdin(Stdio::null());
        shell.output().expect("there is a shell").stdout
    };
    let expected = String::from_utf8_lossy(&said(MARK)).replace(MARK, value);
    assert_eq!(String::from_utf8_lossy(&said(value)), expected, "{written:?} became {text:?}");
}
