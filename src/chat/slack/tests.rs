//! Cards, lines, answers and forms as Slack gets them: goldens, read as product, and the limits for any content.
//! `UPDATE_EXPECT=1` writes them anew.

use super::forms::{Carried, view};
use super::render::{self, Rendered};
use super::{manifest, text};
use crate::engine::ports::chat::{
    ActionStyle, Card, CardAction, CardValue, Field, FieldKind, Form, Line, LookCard, LookMark, LookOffer, RunTable,
};
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use slack_morphism::prelude::{SlackBlock, SlackView};
use std::path::Path;

const AT: Timestamp = Timestamp(1_767_603_600_000_000);

fn action(verb: &str, label: &str, style: ActionStyle, form: bool) -> CardAction {
    CardAction { verb: verb.into(), label: label.into(), style, form }
}

fn card(title: &str) -> Card {
    Card {
        incident: IncidentId(42),
        plain: format!("[P1] INC-42 {title}: investigating, nobody has acknowledged"),
        title: title.into(),
        severity_level: "P1".into(),
        severity_rank: 1,
        status: "investigating, nobody has acknowledged".into(),
        facts: vec![
            ("Severity".into(), CardValue::Text("P1 Critical".into())),
            ("Declared".into(), CardValue::Time { at: AT, relative: true }),
            ("Lead".into(), CardValue::Person { id: "ana".into(), name: "Ana Ruiz".into() }),
            ("Scribe".into(), CardValue::Person { id: "bo".into(), name: "Bo <Lind>".into() }),
        ],
        text: vec!["Whoever takes it presses Acknowledge: that stops the paging.".into()],
        actions: vec![
            action("ack", "Acknowledge", ActionStyle::Primary, false),
            action("update", "Post update…", ActionStyle::Plain, true),
            action("resolve", "Resolve…", ActionStyle::Danger, true),
            action("escalate", "Escalate now", ActionStyle::Plain, false),
            action("page", "Page somebody…", ActionStyle::Plain, true),
        ],
        link: "https://firebell.example.org/incidents/42".into(),
        ended: false,
    }
}

fn mention(person: &PersonId) -> Option<String> {
    (person.as_str() == "ana").then(|| "UANA".to_string())
}

fn line(n: i64, text: &str) -> Line {
    Line { seq: n, at: Timestamp(AT.0 + n * 60_000_000), who: "Ana Ruiz".into(), text: text.into() }
}

/// What a scheduled look found, in words of people and machines.
fn look(mark: LookMark, said: &str) -> LookCard {
    let critical = mark == LookMark::Critical;
    let offer = LookOffer { id: "5f2a9c01d4e7aa00-1767603600000000".into(), label: "Declare P1".into() };
    LookCard {
        mark,
        name: format!("Morning check{said} of shop"),
        says: if critical { "critical at 09:00 CET (shop.md, line 200)".into() } else { "healthy at 09:00 CET".into() },
        rows: if critical { vec![format!("queue depth: 512, critical (> 500){said}")] } else { Vec::new() },
        text: if critical {
            vec!["Is that an incident? Whoever presses the button declares it, once.".into()]
        } else {
            Vec::new()
        },
        offer: Some(offer).filter(|_| critical),
        link: critical.then(|| ("Open the room".into(), "https://firebell.example.org".into())),
    }
}

fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/slack").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{}: UPDATE_EXPECT=1 writes it anew", path.display());
}

fn message(name: &str, rendered: &Rendered) {
    within_limits(rendered);
    golden(&format!("{name}.json"), &format!("{:#}\n", json!({ "text": rendered.text, "blocks": rendered.blocks })));
    golden(&format!("{name}.txt"), &format!("{}\n", rendered.text));
}

/// Slack's limits, and that the crate's own types read every block.
fn within_limits(rendered: &Rendered) {
    let units = |v: &Value| v.as_str().unwrap_or_default().encode_utf16().count();
    assert!((1..=50).contains(&rendered.blocks.len()));
    assert!(rendered.blocks.iter().map(render::letters).sum::<usize>() <= 12_000, "all blocks together");
    assert!((1..=4_000).contains(&rendered.text.encode_utf16().count()));
    let mut ids = std::collections::BTreeSet::new();
    for block in &rendered.blocks {
        serde_json::from_value::<SlackBlock>(block.clone()).unwrap_or_else(|e| panic!("{e}: {block:#}"));
        match block["type"].as_str().unwrap() {
            "header" => assert!((1..=150).contains(&units(&block["text"]["text"]))),
            "section" => {
                if let Some(fields) = block["fields"].as_array() {
                    assert!(fields.len() <= 10 && fields.iter().all(|f| units(&f["text"]) <= 2_000));
                } else {
                    assert!((1..=3_000).contains(&units(&block["text"]["text"])), "{block:#}");
                }
            }
            "actions" => {
                let elements = block["elements"].as_array().unwrap();
                assert!(elements.len() <= 4 && block["block_id"].as_str().unwrap().len() <= 255);
                for element in elements {
                    assert!(ids.insert(element["action_id"].to_string()), "two are called {}", element["action_id"]);
                    let labels = std::iter::once(element).chain(element["options"].as_array().into_iter().flatten());
                    for label in labels.filter(|l| l.get("text").is_some()) {
                        assert!((1..=75).contains(&units(&label["text"]["text"])), "{label}");
                    }
                    let options = element["options"].as_array().map_or(1, Vec::len);
                    assert!(options <= if element["type"] == "overflow" { 5 } else { 100 });
                }
            }
            "context" => assert!(units(&block["elements"][0]["text"]) <= 2_000),
            other => panic!("a block that is not checked: {other}"),
        }
    }
}

#[test]
fn cards_are_what_people_should_read() {
    message("card", &render::card(&card("checkout is down"), &mention));
    let mut more = card("<!channel> *everything* & \u{202E}more مقهى");
    more.actions.extend(["lead", "severity", "status", "note"].map(|v| action(v, v, ActionStyle::Plain, true)));
    more.facts[0].1 = CardValue::Text("P1 <@UCY>".into());
    message("card_hostile", &render::card(&more, &mention));
    let mut ended = card("checkout is down");
    (ended.ended, ended.status) = (true, "resolved".into());
    ended.actions.truncate(1);
    message("card_ended", &render::card(&ended, &mention));
    message("announcement", &render::announcement(&card("checkout is down"), Some("C024BE7LH"), &mention));
}

#[test]
fn lines_and_answers_are_what_people_should_read() {
    message("line", &render::lines(&[line(0, "made it P2: only one shop <!here>")], false));
    let some = [line(0, "acknowledged"), line(1, "looks at https://grafana.example.org/d/1?a=1&b=2")];
    message("lines", &render::lines(&some, false));
    message("lines_repeated", &render::lines(&some, true));
    message("answer", &render::answer("INC-42 is declared as P1: checkout is down\nTake it: /incident INC-42 ack"));
}

#[test]
fn looks_are_what_people_should_read() {
    message("look", &render::look(&look(LookMark::Critical, " <!here> & *all*")));
    let healthy = render::look(&look(LookMark::Well, ""));
    assert_eq!(healthy.blocks.len(), 1, "one short line");
    message("look_healthy", &healthy);
}

#[test]
fn a_form_is_a_modal() {
    let field = |name: &str, kind: FieldKind, required: bool| Field {
        name: name.into(),
        label: format!("The {name}"),
        hint: Some("as you like".into()),
        kind,
        required,
        value: None,
    };
    let severities = vec![
        ("P1".into(), "P1 Critical".into(), Some("answer within 5 min".into())),
        ("P2".into(), "P2 High".into(), None),
    ];
    let form = Form {
        name: "declare".into(),
        incident: None,
        title: "Declare an incident".into(),
        submit: "Declare".into(),
        intro: Some("Whoever is on call is paged at once.".into()),
        fields: vec![
            field("title", FieldKind::Line(200), true),
            Field { value: Some("P2".into()), ..field("severity", FieldKind::Choice(severities), true) },
            field("service", FieldKind::Choice(Vec::new()), false),
            field("summary", FieldKind::Text(3_000), false),
            field("private", FieldKind::Flag, false),
            field("lead", FieldKind::Person, false),
        ],
    };
    let carried =
        Carried { form: "declare".into(), incident: None, channel: Some("C1".into()), note: None, origin: None };
    let modal = view(&form, &carried);
    golden("form.json", &format!("{modal:#}\n"));
    serde_json::from_value::<SlackView>(modal.clone()).unwrap_or_else(|e| panic!("{e}: {modal:#}"));
    assert_eq!(modal["blocks"].as_array().unwrap().len(), 6, "a list without anything to choose from is left out");
    let long = Carried { note: Some("ж".repeat(5_000)), ..carried };
    assert!(view(&form, &long)["private_metadata"].as_str().unwrap().encode_utf16().count() <= 3_000);
}

#[test]
fn five_hundred_entries_fit_into_one_message() {
    let all: Vec<Line> = (0..500).map(|n| line(n, &"what happened ".repeat(40))).collect();
    let rendered = render::lines(&all, false);
    within_limits(&rendered);
    assert!(rendered.blocks.last().unwrap().to_string().contains("the room has all of it"));
    within_limits(&render::answer(&"a long timeline\n".repeat(20_000)));
}

#[test]
fn what_is_pressed_is_read_back() {
    let value = render::pressed(IncidentId(42), "ack", false);
    assert_eq!(render::read_pressed(&value), Some((IncidentId(42), false, "ack")));
    for forged in ["", "INC-42", "INC-42 say", "INC-42 say ack; rm", "INC-42 do ack", "x say ack"] {
        assert_eq!(render::read_pressed(forged), None, "{forged}");
    }
}

#[test]
fn the_manifest_is_what_is_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (file, printed) = (path.join("config/slack-manifest.yaml"), manifest::yaml("/incident"));
    let page = path.join("docs/slack.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("<!-- scopes -->\n").expect("a place for the scopes");
    let (listed, after) = rest.split_once("<!-- /scopes -->").expect("its end");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &printed).unwrap();
        let page_now = format!("{before}<!-- scopes -->\n{}<!-- /scopes -->{after}", manifest::scope_table());
        return std::fs::write(&page, page_now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), printed, "UPDATE_EXPECT=1 writes it anew");
    assert_eq!(listed, manifest::scope_table(), "UPDATE_EXPECT=1 writes it anew");
}

proptest! {
    #[test]
    fn any_content_stays_within_slacks_limits(
        title in ".{0,400}",
        text in "[a-z<>&@!#*_`ش𝄞 \\n]{0,9000}",
        facts in 0usize..60,
        actions in 0usize..120,
    ) {
        let mut any = card(&title);
        any.status = text.clone().chars().take(2_500).collect();
        any.facts = (0..facts).map(|n| (format!("{title}{n}"), CardValue::Text(text.clone()))).collect();
        any.text = vec![text.clone(), title.clone(), String::new()];
        any.actions = (0..actions).map(|_| action("ack", &title, ActionStyle::Plain, false)).collect();
        any.plain = text.clone();
        within_limits(&render::card(&any, &mention));
        within_limits(&render::announcement(&any, Some("C1/1.2"), &mention));
        within_limits(&render::lines(&[line(0, &text), line(1, &title)], true));
        within_limits(&render::answer(&text));
        let rows = (0..facts.min(14)).map(|n| format!("{n} {text}")).collect();
        let critical = LookCard { name: title.clone(), says: text.clone(), rows, ..look(LookMark::Critical, &title) };
        within_limits(&render::look(&critical));
        let said_of_it = format!("{:?}", render::look(&critical).blocks);
        prop_assert!(!said_of_it.contains("<!channel") && !said_of_it.contains("<@U"));
        let rows = (0..actions.min(9)).map(|n| format!("{n} {text}")).collect();
        let table = RunTable { head: title.clone(), rows, link: "https://bell.example.org/x".into() };
        within_limits(&render::table(&table, facts % 2 == 0));
        let said = format!("{:?}", render::card(&any, &mention).blocks);
        prop_assert!(!said.contains("<!channel") && !said.contains("<@U"));
    }
}

#[test]
fn words_that_would_mention_do_not() {
    assert_eq!(text::escape_plain("<!channel>"), "&lt;!channel&gt;");
}
