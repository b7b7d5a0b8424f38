//! The draft holds every fact of the log, survives whatever people wrote into it, and reads as Markdown should.

use super::*;
use crate::story;
use crate::text::line_of_machine;
use crate::timeline::words;
use proptest::prelude::*;
use pulldown_cmark::{Event as Md, LinkType, Options, Parser, Tag};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// With every extension that a viewer may have, except that quotes stay as they are.
fn parse(markdown: &str) -> impl Iterator<Item = Md<'_>> {
    Parser::new_ext(markdown, Options::all().difference(Options::ENABLE_SMART_PUNCTUATION))
}

/// What a reader of the rendered document sees, without the characters that break mentions.
fn seen(markdown: &str) -> String {
    let mut out = String::new();
    for event in parse(markdown) {
        match event {
            Md::Text(t) => out.push_str(&t),
            Md::End(_) | Md::SoftBreak | Md::HardBreak => out.push('\n'),
            _ => {}
        }
    }
    out.replace('\u{200b}', "")
}

/// The blocks of a document without what texts may bring: line breaks and addresses.
fn structure(markdown: &str) -> Vec<String> {
    let mut out = Vec::new();
    for event in parse(markdown) {
        match event {
            Md::Start(Tag::Link { link_type: LinkType::Autolink, .. }) | Md::End(pulldown_cmark::TagEnd::Link) => {}
            Md::Text(_) | Md::HardBreak => {}
            other => out.push(format!("{other:?}")),
        }
    }
    out
}

#[test]
fn every_story_has_its_golden_draft_in_markdown_and_json() {
    for s in story::all() {
        let draft = draft(&s.events()).expect("a draft");
        story::golden(ROOT, &format!("postmortem/{}.md", s.name), &to_markdown(&draft));
        story::golden(ROOT, &format!("postmortem/{}.json", s.name), &(to_json(&draft).expect("json") + "\n"));
    }
}

#[test]
fn a_draft_can_be_made_after_every_event_and_is_the_same_each_time() {
    for s in story::all() {
        let events = s.events();
        for n in 1..=events.len() {
            let some = events.get(..n).expect("a beginning");
            let (a, b) = (draft(some).expect("a draft"), draft(some).expect("a draft"));
            assert_eq!(to_markdown(&a), to_markdown(&b));
            assert_eq!(a.timeline.len(), n);
        }
    }
}

#[test]
fn a_log_that_is_empty_or_damaged_has_no_draft() {
    assert_eq!(draft(&[]).map_err(|i| i.why), Err("the log is empty"));
    let mut events = story::bad_night().events();
    events.remove(3);
    assert_eq!(draft(&events).map_err(|i| i.seq), Err(5));
}

#[test]
fn every_fact_of_the_log_can_be_read_in_the_draft() {
    for s in story::all() {
        let events = s.events();
        let markdown = to_markdown(&draft(&events).expect("a draft"));
        let seen = seen(&markdown);
        for text in story::texts(&events) {
            for line in words::said(&text).lines() {
                assert!(seen.contains(line.trim()), "{}: {line:?} is missing", s.name);
            }
        }
        for e in &events {
            let time = e.at.utc().format("%Y-%m-%d %H:%M:%S").to_string();
            assert!(seen.contains(&format!("{time}, {}", e.actor.shown())), "{}: event {}", s.name, e.seq);
        }
    }
}

#[test]
fn user_text_is_shown_letter_by_letter_and_makes_no_markup() {
    for (text, markdown) in [
        ("# not a heading", "\\# not a heading"),
        ("- no list, 1. nor here", "\\- no list, 1. nor here"),
        ("12) no list", "12\\) no list"),
        ("a|b `c` *d* _e_ snake_case", "a\\|b \\`c\\` \\*d\\* \\_e\\_ snake_case"),
        ("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"),
        ("[here](https://example.org)", "\\[here\\](https://example.org)"),
        ("see https://example.org/a_b?c=1", "see <https://example.org/a_b?c=1>"),
        ("https://example.org/<b>", "https://example.org/\\<b\\>"),
        ("@everyone <!channel> ana@example.org", "@\u{200b}everyone \\<\u{200b}!channel\\> ana@\u{200b}example.org"),
        ("a &amp; b \\", "a \\&amp; b \\\\"),
        ("A # b ##", "A \\# b \\##"),
        ("fixes acme/web#12", "fixes acme/web\\#12"),
    ] {
        assert_eq!(escape::line(text), markdown);
        assert_eq!(seen(&format!("- {markdown}\n")).trim(), text);
    }
    assert_eq!(escape::block("a\n\n# b", "  "), "a\\\n  \\\n  \\# b");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_line_of_anything_is_seen_as_it_was_written(text in "[ -~é数\u{5d0}\t\n]{0,40}") {
        let text = line_of_machine(&text, 100);
        for (before, after) in [("- ", "\n"), ("# ", "\n"), ("> ", "\n"), ("| a |\n|---|\n| ", " |\n"), ("x: ", "\n")] {
            let markdown = format!("{before}{}{after}", escape::line(&text));
            let seen = seen(&markdown);
            prop_assert!(seen.contains(&text), "{markdown:?} shows {seen:?}");
        }
    }

    #[test]
    fn whatever_people_wrote_the_document_keeps_its_structure(
        text in "(\\PC|[ -/:-@\\[-`{-~]|[\u{0}-\u{1f}\u{202e}\n]|<b>|</p>|```|---|\\n# |\\n> |\\n1. |\\n    |\\[a\\]\\(b\\)|https://a.b/c){1,12}"
    ) {
        prop_assume!(!line_of_machine(&text, 10).is_empty());
        let plain = story::with_texts("word");
        for (events, plain) in story::with_texts(&text).iter().zip(&plain) {
            let markdown = to_markdown(&draft(events).expect("a draft"));
            let unseen = |c: char| c == '\u{202e}' || (c.is_control() && c != '\n');
            prop_assert!(!markdown.contains(unseen));
            let expected = structure(&to_markdown(&draft(plain).expect("a draft")));
            let actual = structure(&markdown);
            let first = expected.iter().zip(&actual).position(|(e, a)| e != a);
            prop_assert!(expected == actual, "differs from {:?}\n{markdown}", first.map(|n| &actual[n..(n + 4).min(actual.len())]));
            for event in parse(&markdown) {
                let html = matches!(event, Md::Html(_) | Md::InlineHtml(_) | Md::Code(_) | Md::FootnoteReference(_));
                prop_assert!(!html, "{event:?}");
            }
        }
    }
}
