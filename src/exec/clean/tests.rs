//! Output as it comes from programs, and as people see it.

use super::*;

#[test]
fn of_long_output_the_beginning_and_the_end_are_kept_in_whole_lines() {
    let mut kept = Kept::new(60);
    for no in 0..1_000 {
        kept.push(format!("line {no}\n").as_bytes());
    }
    let text = String::from_utf8(kept.into_bytes()).expect("text");
    assert_eq!(text, "line 0\nline 1\nline 2\nline 3\n[8835 bytes left out]\nline 997\nline 998\nline 999\n");
}

#[test]
fn what_fits_is_kept_as_it_came_however_it_was_cut() {
    let text: Vec<u8> = (0..=99).collect();
    for size in [1, 3, 7, 100] {
        let mut kept = Kept::new(100);
        text.chunks(size).for_each(|chunk| kept.push(chunk));
        assert_eq!((kept.left_out(), kept.into_bytes()), (0, text.clone()));
    }
}

#[test]
fn control_characters_and_terminal_sequences_are_removed() {
    for (given, shown) in [
        ("\u{1b}[31mred\u{1b}[0m\n", "red\n"),
        ("\u{1b}]0;title\u{7}text", "text"),
        ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
        ("\u{1b}(Bplain", "plain"),
        ("10 %\r20 %\r100 %\ndone\n", "100 %\ndone\n"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("a\u{8}\u{0}b\tc", "ab\tc"),
        ("safe \u{202e}txt.exe", "safe txt.exe"),
        ("größe ✅", "größe ✅"),
        ("open \u{1b}[", "open "),
        ("open \u{1b}", "open "),
    ] {
        assert_eq!(plain(given), shown, "{given:?}");
    }
}

#[test]
fn secrets_are_hidden_by_value_and_by_shape() {
    let secrets = Secrets::new(["correct-horse", "correct-horse-battery", "abc"].map(SecretString::from));
    for (given, shown) in [
        ("uses correct-horse-battery", "uses [hidden]"),
        ("uses correct-horse now", "uses [hidden] now"),
        ("abc is short", "abc is short"),
        ("postgres://ana:pa55@db/shop", "postgres://ana:[hidden]@db/shop"),
        ("DB_PASSWORD=tops3cret x", "DB_PASSWORD=[hidden] x"),
        (r#"{"api_key": "0123456789", "a": 1}"#, r#"{"api_key": "[hidden]", "a": 1}"#),
        ("Authorization: Bearer abcdefghijk.l", "Authorization: Bearer [hidden]"),
        ("AKIAABCDEFGHIJKLMNOP", "[hidden]"),
        ("xoxb-1234567890-abcdef", "[hidden]"),
        (
            "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nrest",
            "-----BEGIN PRIVATE KEY-----[hidden]\nrest",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "-----BEGIN RSA PRIVATE KEY-----[hidden]"),
        ("time: 12:30, tokens used: 7", "time: 12:30, tokens used: 7"),
        ("http://localhost:3000/health", "http://localhost:3000/health"),
    ] {
        assert_eq!(secrets.hide(given), shown, "{given:?}");
    }
}
