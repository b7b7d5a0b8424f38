//! The draft holds every fact of the log, survives whatever people wrote into it, and reads as Markdown should.

use super::reached::Outcome;
use super::*;
use crate::clocks::Milestone;
use crate::story;
use crate::text::line_of_machine;
use crate::timeline::words;
use proptest::prelude::*;
use pulldown_cmark::{Event as Md, LinkType, Options, Parser, Tag};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// In our own layout, in UTC.
fn ours(draft: &Draft) -> String {
    to_markdown(draft, Layout::Default, Zone::default())
}

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
        story::golden(ROOT, &format!("postmortem/{}.md", s.name), &ours(&draft));
        story::golden(ROOT, &format!("postmortem/{}.json", s.name), &(to_json(&draft).expect("json") + "\n"));
    }
}

#[test]
fn one_story_has_its_golden_draft_in_every_layout_and_in_a_readers_zone() {
    let draft = draft(&story::bad_night().events()).expect("a draft");
    for layout in Layout::ALL.into_iter().filter(|l| *l != Layout::Default) {
        let zone = Zone::parse("europe/madrid").expect("a zone");
        story::golden(ROOT, &format!("postmortem/layouts/{layout}.md"), &to_markdown(&draft, layout, zone));
    }
}

#[test]
fn every_layout_has_every_part_exactly_once() {
    for layout in Layout::ALL {
        let mut parts: Vec<Part> = layout.rows().iter().flat_map(|r| r.2).copied().collect();
        parts.push(Part::Preface);
        parts.sort();
        assert_eq!(parts, Part::ALL, "{layout}");
    }
    for part in Part::ALL {
        assert_eq!(Part::parse(part.as_str()), Some(part));
    }
}

#[test]
fn only_what_people_have_to_write_is_blank_and_each_blank_has_a_question_of_this_incident() {
    for s in story::all() {
        let draft = draft(&s.events()).expect("a draft");
        let q = &draft.questions;
        for (what, all) in [
            ("factors", &q.contributing_factors),
            ("lessons", &q.lessons),
            ("what went well", &q.went_well),
            ("luck", &q.lucky),
        ] {
            assert!(!all.is_empty(), "{}: no question about {what}", s.name);
        }
        for layout in Layout::ALL {
            let blanks = to_markdown(&draft, layout, Zone::default()).matches("*To be written.").count();
            let answered = |c: &&Chapter| draft.written.texts.contains_key(c) && !q.of(**c).is_empty();
            let answered = Chapter::ALL.iter().filter(answered).count();
            assert_eq!(blanks, 4 - answered, "{} in {layout}", s.name);
        }
    }
}

#[test]
fn a_zone_is_found_by_its_name_and_utc_stands_beside_its_times() {
    let madrid = Zone::parse(" Europe/MADRID ").expect("a zone");
    let at = Timestamp(1_795_230_310_000_000);
    assert_eq!(madrid.time(at), "2026-11-21 04:05:10 CET (03:05:10 UTC)");
    let tokyo = Zone::parse("Asia/Tokyo").expect("a zone");
    assert_eq!(tokyo.time(at.plus_s(50_000)), "2026-11-22 01:58:30 JST (2026-11-21 16:58:30 UTC)");
    assert_eq!(Zone::default().time(at), "2026-11-21 03:05:10");
    assert_eq!(Zone::parse("Europe/Nowhere"), None);
}

#[test]
fn a_milestone_says_by_how_much_it_was_met_or_missed() {
    let draft = draft(&story::fell_asleep().events()).expect("a draft");
    let of = |m: Milestone| draft.clocks.iter().find(|c| c.milestone == m).expect("a milestone");
    let diagnose = of(Milestone::Diagnose);
    // Thirty minutes were allowed; it was resolved after 58 min 40 s, and that says when the cause was known.
    assert_eq!((diagnose.outcome, diagnose.took_s, diagnose.left_s), (Outcome::Missed, Some(3_520), Some(-1_720)));
    let mitigate = of(Milestone::Mitigate);
    assert_eq!((mitigate.outcome, mitigate.left_s), (Outcome::Met, Some(3_680)));
    let acknowledge = of(Milestone::Acknowledge);
    assert_eq!((acknowledge.took_s, draft.means.acknowledge_s), (Some(120), Some(120)));
    assert_eq!(draft.means.resolve_s, Some(3_520));
    let postmortem = of(Milestone::Postmortem);
    assert_eq!((postmortem.outcome, postmortem.left_s), (Outcome::Missed, Some(-4_080)));
}

#[test]
fn every_reopening_begins_a_round_and_the_means_are_over_all_of_them() {
    let draft = draft(&story::bad_night().events()).expect("a draft");
    let rounds: Vec<(u32, Option<i64>)> =
        draft.clocks.iter().filter(|c| c.milestone == Milestone::Resolve).map(|c| (c.round, c.took_s)).collect();
    assert!(rounds.len() > 1, "{rounds:?}");
    let spans: Vec<i64> = rounds.iter().filter_map(|r| r.1).collect();
    assert_eq!(draft.means.resolve_s, Some(spans.iter().sum::<i64>() / spans.len() as i64));
}

#[test]
fn an_end_that_came_by_itself_acknowledges_and_diagnoses_nothing() {
    let draft = draft(&story::alerts_alone().events()).expect("a draft");
    let first = |m: Milestone| draft.clocks.iter().find(|c| c.round == 1 && c.milestone == m).expect("a milestone");
    for milestone in [Milestone::Acknowledge, Milestone::Diagnose] {
        assert_eq!(first(milestone).took_s, None, "{milestone:?}");
    }
    assert!(first(Milestone::Resolve).took_s.is_some(), "and yet it was over");
    let second: Vec<i64> =
        draft.clocks.iter().filter(|c| c.milestone == Milestone::Acknowledge).filter_map(|c| c.took_s).collect();
    assert_eq!(draft.means.acknowledge_s.map(|s| vec![s]), Some(second), "only the round that was answered counts");
}

#[test]
fn no_two_runs_over_one_log_differ_in_any_format_layout_or_zone() {
    for s in story::all() {
        let events = s.events();
        // As it comes back from a database.
        let stored = serde_json::to_string(&events).expect("json");
        let again: Vec<IncidentEvent> = serde_json::from_str(&stored).expect("events");
        let (a, b) = (draft(&events).expect("a draft"), draft(&again).expect("a draft"));
        assert_eq!(to_json(&a).expect("json"), to_json(&b).expect("json"));
        for layout in Layout::ALL {
            for zone in ["UTC", "Europe/Madrid", "Asia/Kathmandu"].map(|z| Zone::parse(z).expect("a zone")) {
                assert_eq!(to_markdown(&a, layout, zone), to_markdown(&b, layout, zone));
                assert_eq!(to_html(&a, layout, zone), to_html(&b, layout, zone));
            }
        }
    }
}

#[test]
fn detection_is_from_the_first_alerts_start_to_the_declaration() {
    let with = draft(&story::alerts_alone().events()).expect("a draft").detection.expect("an alert fired");
    assert!(with.took_s >= 0 && !with.alert.is_empty());
    assert_eq!(draft(&story::fell_asleep().events()).expect("a draft").detection, None);
    let cancelled = draft(&story::nobody_there().events()).expect("a draft");
    assert_eq!(cancelled.means, reached::Means::default(), "what was no incident has no figures");
}

#[test]
fn a_draft_can_be_made_after_every_event_and_is_the_same_each_time() {
    for s in story::all() {
        let events = s.events();
        for n in 1..=events.len() {
            let some = events.get(..n).expect("a beginning");
            let (a, b) = (draft(some).expect("a draft"), draft(some).expect("a draft"));
            assert_eq!(ours(&a), ours(&b));
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
        let draft = draft(&events).expect("a draft");
        for layout in Layout::ALL {
            let seen = seen(&to_markdown(&draft, layout, Zone::default()));
            for text in story::texts(&events) {
                for line in words::said(&text).lines() {
                    // A dash is how people write an item.
                    let line = line.trim().trim_start_matches("- ");
                    assert!(seen.contains(line), "{} in {layout}: {line:?} is missing", s.name);
                }
            }
            for e in &events {
                let time = e.at.utc().format("%Y-%m-%d %H:%M:%S").to_string();
                let line = format!("{time}, {}", e.actor.shown());
                assert!(seen.contains(&line), "{} in {layout}: event {}", s.name, e.seq);
            }
        }
    }
}

/// The words of a page, without tags and their attributes.
fn words_of(page: &str) -> String {
    let (mut out, mut tag) = (String::new(), false);
    for c in page.chars() {
        match c {
            '<' => tag = true,
            '>' => tag = false,
            c if !tag => out.push(c),
            _ => {}
        }
    }
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    plain.iter().fold(out, |text, (coded, c)| text.replace(coded, c))
}

/// The tags of a page in their order, without their attributes' values.
fn tags(page: &str) -> Vec<&str> {
    page.split('<')
        .skip(1)
        .filter_map(|t| t.split(['>', ' ', '\n']).next())
        .filter(|t| !["a", "/a", "br"].contains(t))
        .collect()
}

#[test]
fn one_story_has_its_golden_page() {
    let draft = draft(&story::bad_night().events()).expect("a draft");
    story::golden(ROOT, "postmortem/bad_night.html", &to_html(&draft, Layout::Default, Zone::default()));
}

#[test]
fn a_page_holds_every_fact_and_loads_nothing() {
    for s in story::all() {
        let events = s.events();
        let draft = draft(&events).expect("a draft");
        for layout in Layout::ALL {
            let page = to_html(&draft, layout, Zone::parse("Asia/Tokyo").expect("a zone"));
            let words = words_of(&page);
            for text in story::texts(&events).iter().flat_map(|t| t.lines()).map(str::trim) {
                let said = words::said(text.trim_start_matches("- "));
                assert!(words.contains(said.trim()), "{} in {layout}: {said:?} is missing", s.name);
            }
            for e in &events {
                assert!(page.contains(&format!("datetime=\"{}\"", e.at.rfc3339())), "{}: event {}", s.name, e.seq);
            }
            let markup = tags(&page);
            for not in ["script", "link", "img", "image", "iframe", "object", "embed", "form", "base", "use"] {
                assert!(!markup.contains(&not), "{not} in {}", s.name);
            }
            let style = page.split("</style>").next().unwrap_or_default();
            assert!(!style.contains("url(") && !style.contains("@import"));
        }
    }
}

#[test]
fn the_chart_has_a_title_a_description_and_the_same_in_a_table() {
    for s in story::all() {
        let draft = draft(&s.events()).expect("a draft");
        let page = to_html(&draft, Layout::Default, Zone::default());
        assert!(page.contains("aria-labelledby=\"course-title course-desc\""));
        let table = page.split("<summary>The same as a table</summary>").nth(1).expect("a table");
        let table = words_of(table.split("</details>").next().expect("its end"));
        let said = draft.course.stretches.iter().map(|s| &s.what).chain(draft.course.points.iter().map(|p| &p.what));
        for what in said {
            assert!(table.contains(what.as_str()), "{}: {what}", s.name);
        }
        for part in page.split(" x=\"").skip(1) {
            let x: i64 = part.split('"').next().and_then(|x| x.parse().ok()).expect("a place");
            assert!((0..=960).contains(&x), "{}: {x} is outside the picture", s.name);
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
    fn whatever_people_wrote_a_page_keeps_its_tags(
        text in "(\\PC|[ -/:-@\\[-`{-~]|[\u{0}-\u{1f}\u{202e}\n]|<b>|</p>|</style>|<!--|&lt;|\"><script>|' onload='x|]]>|https://a.b/c\"d){1,12}"
    ) {
        prop_assume!(!line_of_machine(&text, 10).is_empty());
        let plain = story::with_texts("word");
        for (events, plain) in story::with_texts(&text).iter().zip(&plain) {
            let page = |events| to_html(&draft(events).expect("a draft"), Layout::Default, Zone::default());
            let (page, expected) = (page(events), page(plain));
            prop_assert_eq!(tags(&page), tags(&expected));
        }
    }

    #[test]
    fn whatever_is_written_in_a_chapter_becomes_paragraphs_and_lists_and_nothing_else(
        text in "(\\PC|[ -/:-@\\[-`{-~]|\n|\n\n|\n- |\n\\* |<b>|</p>|```|---|\n# |\n> |\n1. |\n    |\\[a\\]\\(b\\)|https://a.b/c){1,12}"
    ) {
        let blocks = written::blocks(&text);
        for tag in tags(&blocks_to_html(&blocks, Zone::default())) {
            prop_assert!(["p", "/p", "ul", "/ul", "li", "/li"].contains(&tag), "{} in {:?}", tag, text);
        }
        let markdown = blocks_to_markdown(&blocks, Zone::default());
        for event in structure(&markdown) {
            let known = ["Paragraph", "List(", "Item", "SoftBreak"].iter().any(|k| event.contains(k));
            prop_assert!(known, "{} in {:?}", event, markdown);
        }
        let squeezed = |t: &str| t.split_whitespace().collect::<String>().replace(['-', '*', '\\'], "");
        prop_assert_eq!(squeezed(&seen(&markdown)), squeezed(&text.replace('\u{200b}', "")));
    }

    #[test]
    fn whatever_people_wrote_the_document_keeps_its_structure(
        text in "(\\PC|[ -/:-@\\[-`{-~]|[\u{0}-\u{1f}\u{202e}\n]|<b>|</p>|```|---|\\n# |\\n> |\\n1. |\\n    |\\[a\\]\\(b\\)|https://a.b/c){1,12}"
    ) {
        prop_assume!(!line_of_machine(&text, 10).is_empty());
        let plain = story::with_texts("word");
        for (events, plain) in story::with_texts(&text).iter().zip(&plain) {
            let markdown = ours(&draft(events).expect("a draft"));
            let unseen = |c: char| c == '\u{202e}' || (c.is_control() && c != '\n');
            prop_assert!(!markdown.contains(unseen));
            let expected = structure(&ours(&draft(plain).expect("a draft")));
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
