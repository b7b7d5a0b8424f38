//! Bytes to lines: encodings, line ends, damage that is undone, limits.

use super::Source;

fn read(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let source = Source::read(bytes).expect("small enough");
    (source.lines, source.findings.into_iter().map(|f| format!("{} {:?}", f.rule, f.lines)).collect())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_clean_file_is_left_as_it_is() {
    let text = "# Größe ü\n\ncafé ‘quoted’ – ok ✅\nnaïve résumé €5 ½\n√ of x, ≤ 5, ‚unten‘ “Über” √π\n\\`one\\`\n";
    assert_eq!(read(text.as_bytes()), (lines(text), vec![]));
    assert_eq!(read(b""), (vec![], vec![]));
    assert_eq!(read(b"\n"), (vec![String::new()], vec![]));
    assert_eq!(read(b"one"), (vec!["one".into()], vec![]));
}

#[test]
fn utf_8_read_as_something_else_is_undone_run_by_run() {
    let meant = "## 🚨 Störung\n- ✅ läuft – “gut”\nÉtat dégradé ⚠️ naïve\nprüfen";
    for encoding in [encoding_rs::MACINTOSH, encoding_rs::WINDOWS_1252] {
        let damaged: String = meant
            .bytes()
            .map(|b| {
                if b < 0x80 {
                    b.into()
                } else {
                    encoding.decode_without_bom_handling(&[b]).0.chars().next().expect("one")
                }
            })
            .collect();
        assert_ne!(damaged, meant);
        let (got, found) = read(damaged.as_bytes());
        assert_eq!(got, lines(meant), "{}", encoding.name());
        assert_eq!(found, ["mojibake [1, 2, 3, 4]"]);
    }
}

#[test]
fn twice_damaged_text_is_undone_twice() {
    let once = |s: &str| -> String {
        s.bytes()
            .map(|b| {
                if b < 0x80 {
                    b.into()
                } else {
                    encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[b]).0.chars().next().expect("one")
                }
            })
            .collect()
    };
    let (got, _) = read(once(&once("prüfen ✅ größer")).as_bytes());
    assert_eq!(got, ["prüfen ✅ größer"]);
}

#[test]
fn marks_utf_16_and_old_encodings_are_read_and_named() {
    let (got, found) = read(b"\xef\xbb\xbf# One");
    assert_eq!((got, found), (vec!["# One".into()], vec!["byte-order-mark [1]".into()]));
    let wide = |text: &str, mark: bool, big: bool| -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    for (mark, big) in [(true, true), (true, false), (false, true), (false, false)] {
        let (got, found) = read(&wide("# Service restarts\ndone ✅\n", mark, big));
        assert_eq!(got, ["# Service restarts", "done ✅"], "{mark} {big}");
        assert_eq!(found, ["utf-16 [1]"]);
    }
    let (got, found) = read(b"# St\xf6rung beheben\nDie Gr\xf6\xdfe pr\xfcfen \x96 sofort\n");
    assert_eq!(got, ["# Störung beheben", "Die Größe prüfen – sofort"]);
    assert_eq!(found, ["legacy-encoding [1]"]);
    let (got, _) = read(
        &encoding_rs::SHIFT_JIS.encode("# 障害対応手順\n\nサービスを再起動する。データベースの接続を確認する。\n").0,
    );
    assert_eq!(got[0], "# 障害対応手順");
    let (got, found) = read(
        "größer – prüfen\nöäü – ß\n".as_bytes().iter().chain(b"caf\xe9\n").copied().collect::<Vec<_>>().as_slice(),
    );
    assert_eq!(got, ["größer – prüfen", "öäü – ß", "café"]);
    assert_eq!(found, ["legacy-encoding [3]"]);
}

#[test]
fn every_way_to_end_a_line_gives_the_same_numbers() {
    for text in ["a\nb\n\nc", "a\r\nb\r\n\r\nc\r\n", "a\rb\r\rc\r"] {
        assert_eq!(read(text.as_bytes()).0, ["a", "b", "", "c"], "{text:?}");
    }
    assert_eq!(read(b"a\r\nb\n").1, ["line-ends [1]"]);
    assert_eq!(read("a\u{200b}b\u{c}c\n".as_bytes()).0, ["ab c"]);
}

#[test]
fn fences_behind_backslashes_are_undone_with_all_else_that_is_escaped_so() {
    let (got, found) = read(b"Use \\`df\\`\n\\`\\`\\`bash\ngrep \"a\\|b\"\n\\`\\`\\`\n\\```\nx\n\\```\n");
    assert_eq!(got, ["Use `df`", "```bash", "grep \"a\\|b\"", "```", "```", "x", "```"]);
    assert_eq!(found, ["escaped-fences [1, 2, 4, 5, 7]"]);
    let example = "Write \\`\\`\\` like this\n```\n\\`\\`\\`\nx\n\\`\\`\\`\n```\n";
    let (got, _) = read(example.as_bytes());
    assert_eq!(got[2], "\\`\\`\\`", "an example of Markdown inside a real fence stays");
}

#[test]
fn a_file_beyond_the_limit_is_refused_with_the_number() {
    let refused = Source::read(&vec![b'x'; super::MAX_BYTES + 1]).expect_err("too big");
    assert_eq!(
        refused.0,
        "The file has 2097153 bytes; a runbook may have 2097152 (2 MB). Split it into several runbooks."
    );
    assert!(Source::read(&vec![b'\n'; super::MAX_LINES + 1]).expect_err("too long").0.contains("50001 lines"));
    assert!(Source::read(&vec![b'\n'; super::MAX_LINES]).is_ok());
}
