//! Values from chat try to break out of the words that they stand in, and a real shell is the judge: whatever the
//! runbook's text has around them, each stays one piece of one word. The fuzz target `values` asks the same.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;
use std::path::Path;
use std::process::{Command, Stdio};

/// What stands where a value will: means nothing to anybody.
const MARK: &str = "Zq7Zq";
const HOLE: &str = "<name>";

/// What texts are made of: all that a shell reads as more than itself, and nothing that it could do harm with.
const PIECES: [&str; 20] =
    ["a", "b-c", " ", " ", "'", "\"", "\\", "$a", "${a}", "=", ";", "#", ":", "/", ".", ",", "{", "}", HOLE, HOLE];

/// Values that would do something if anybody read them again.
const NASTY: [&str; 14] =
    ["a b", "a;b", "*", "$(echo x)", "`echo x`", "'", "\"", "\\", "a\nb", "${a}", "#", "' x '", "\" x \"", "<name>"];

/// What a shell makes of a text with one positional value: the words it gives to a program, told apart.
fn words_of(text: &str, value: &str, folder: &Path) -> Vec<u8> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", text, "runbook", value]).env_clear().env("PATH", "/nonexistent").current_dir(folder);
    shell.stdin(Stdio::null()).output().expect("there is a shell").stdout
}

fn replaced(bytes: &[u8], value: &str) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace(MARK, value).into_bytes()
}

#[test]
fn the_judge_sees_a_value_that_is_read_again() {
    let folder = std::env::temp_dir();
    for (text, value) in [
        ("printf '%s\\0' ${1}", "a b"),
        ("printf '%s\\0' \"a\"${1}\"b\"", "a b"),
        ("eval \"printf '%s\\0' ${1}\"", "a;b"),
    ] {
        assert_ne!(words_of(text, value, &folder), replaced(&words_of(text, MARK, &folder), value), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_positional_value_stays_one_piece_of_one_word_of_a_real_shell(
        pieces in prop::collection::vec(select(&PIECES[..]), 1..12),
        value in select(&NASTY[..]),
    ) {
        let written = format!("printf '%s\\0' {}", pieces.concat());
        if let Some((text, names)) = values::positional(&written)
            && names == [HOLE]
        {
            let folder = std::env::temp_dir();
            let expected = replaced(&words_of(&text, MARK, &folder), value);
            prop_assert_eq!(words_of(&text, value, &folder), expected, "{} became {}", written, text);
        }
    }

    #[test]
    fn words_without_a_shell_are_those_that_a_real_shell_would_make(
        pieces in prop::collection::vec(select(&PIECES[..]), 1..10),
        value in "[a-zA-Z0-9_.:/@+,=%][-a-zA-Z0-9_.:/@+,=%]{0,12}",
    ) {
        // Without any word it would print an empty one.
        let written = format!("printf '%s\\0' first {}", pieces.concat());
        let (Some((text, names)), Route::Pipeline { head, filters, .. }) =
            (values::positional(&written), routed(&written, "host", &[(HOLE, &value)])) else { return Ok(()) };
        if names == [HOLE] && filters.is_empty() && head.env.is_empty() {
            let ours: Vec<u8> = head.argv[2..].iter().flat_map(|w| [w.as_bytes(), b"\0"].concat()).collect();
            prop_assert_eq!(ours, words_of(&text, &value, &std::env::temp_dir()), "{}", written);
        }
    }

    #[test]
    fn what_could_mean_something_never_gets_into_a_command(
        pieces in prop::collection::vec(select(&PIECES[..]), 0..8),
        value in "\\PC{1,20}|[-;&|$`'\"\\\\ \n\t*?(){}<>#~!^]{1,6}",
    ) {
        prop_assume!(values::plain(HOLE, &value).is_err());
        let written = format!("echo {HOLE} {}", pieces.concat());
        let route = routed(&written, "host", &[(HOLE, &value)]);
        prop_assert!(matches!(route, Route::Manual(_)), "{} with {:?} became {:?}", written, value, route);
    }
}
