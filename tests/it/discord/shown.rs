//! What Discord is given to show, as golden files under `tests/golden/discord/`; and what others who know its limits
//! think of it, whatever people write.

use super::card;
use firebell::chat::discord::{Identities, forms, render};
use firebell::engine::ports::chat::{Card, CardAction, CardValue, Line, LookCard, LookMark, LookOffer};
use firebell::notice;
use firebell_domain::directory::Directory;
use firebell_domain::id::{IncidentId, PersonId};
use firebell_domain::severity::Severity;
use firebell_domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use std::path::Path;
use twilight_model::channel::message::{Component, Embed};

const NOON: Timestamp = Timestamp(1_790_000_000_000_000);

fn golden(name: &str, actual: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/discord").join(name);
    let actual = serde_json::to_string_pretty(actual).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of goldens");
        std::fs::write(&path, &actual).expect("a golden written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{name} differs (UPDATE_EXPECT=1 rewrites it); it is\n{actual}");
}

fn who() -> Identities {
    Identities::new([("ana", "80351110224678912"), ("bo", "80351110224678913")].map(|(p, u)| (p.into(), u.to_string())))
}

/// What others say of a message that is to be posted.
fn judged(message: &Value) -> Result<(), String> {
    let content = message["content"].as_str().unwrap_or_default();
    twilight_validate::message::content(content).map_err(|e| e.to_string())?;
    let embeds: Vec<Embed> = message["embeds"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|e| {
            let mut e = e.clone();
            e["type"] = "rich".into();
            serde_json::from_value(e).map_err(|e| e.to_string())
        })
        .collect::<Result<_, _>>()?;
    twilight_validate::message::embeds(&embeds).map_err(|e| e.to_string())?;
    let components = message.get("components").cloned().unwrap_or(Value::Array(Vec::new()));
    let components: Vec<Component> = serde_json::from_value(components).map_err(|e| e.to_string())?;
    twilight_validate::message::components(&components, false).map_err(|e| e.to_string())?;
    let mut ids: Vec<&str> = Vec::new();
    let rows = message["components"].as_array().into_iter().flatten();
    for c in rows.flat_map(|row| row["components"].as_array().into_iter().flatten()) {
        ids.extend(c["custom_id"].as_str());
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    // Theirs does not look at it: Discord takes no custom id twice.
    if ids.len() == count { Ok(()) } else { Err("a custom id is there twice".to_string()) }
}

fn lines() -> Vec<Line> {
    let line = |seq, who: &str, text: &str| Line { seq, at: NOON.plus_s(seq), who: who.into(), text: text.into() };
    vec![
        line(3, "Ana Ruiz", "acknowledged"),
        line(4, "Bo Lind", "note: **all** cards fail, see https://grafana.example.org/d/a_b"),
        line(5, "Firebell", "@everyone is not called"),
    ]
}

/// What a scheduled look found critical.
fn critical() -> LookCard {
    let offer = LookOffer { id: "5f2a9c01d4e7aa00-1767603600000000".into(), label: "Declare P1".into() };
    LookCard {
        mark: LookMark::Critical,
        name: "Morning check of shop".into(),
        says: "critical at 09:00 CET (shop.md, line 200)".into(),
        rows: vec!["queue depth: 512, critical (> 500)".into(), "`@everyone` **all**: failed".into()],
        text: vec!["Is that an incident? Whoever presses the button declares it, once.".into()],
        offer: Some(offer),
        link: Some(("Open the room".into(), "https://firebell.example.org".into())),
    }
}

#[test]
fn cards_lines_and_forms_look_as_reviewed() {
    let who = who();
    let healthy = LookCard {
        mark: LookMark::Well,
        says: "healthy at 09:00 CET".into(),
        rows: Vec::new(),
        text: Vec::new(),
        offer: None,
        link: None,
        ..critical()
    };
    let ended = Card {
        ended: true,
        status: "resolved by Ana Ruiz".into(),
        actions: Vec::new(),
        severity_rank: 3,
        severity_level: "P3".into(),
        ..card()
    };
    let messages = [
        ("card.json", render::card(&card(), "INC-1/card", &who, None)),
        ("card_ended.json", render::card(&ended, "INC-1/card", &who, None)),
        ("announced.json", render::card(&card(), "INC-1/announce", &who, Some("<#112233445566778899>"))),
        ("lines.json", render::lines(&lines(), "INC-1/lines", "http://127.0.0.1:7911/incidents/1")),
        (
            "links.json",
            render::links(
                &[
                    ("Runbook".into(), "https://wiki.example.org/shop".into()),
                    ("Bridge".into(), "+34 900 000 000".into()),
                ],
                "INC-1/links",
            ),
        ),
        (
            "invitation.json",
            render::invitation(IncidentId(1), &["ana".into(), "bo".into(), "dee".into()], "INC-1/invite", &who),
        ),
        ("look.json", render::look(&critical(), "look-1")),
        ("look_healthy.json", render::look(&healthy, "look-1")),
        (
            "answer.json",
            render::private(
                "INC-1 is yours. *Nobody* else is paged.",
                Some(("Open in the room", "http://127.0.0.1:7911/incidents/1")),
            ),
        ),
    ];
    for (name, message) in messages {
        golden(name, &message);
        assert_eq!(judged(&message), Ok(()), "{name}");
    }
    let severities = [("P1", "Critical", 1), ("P2", "High", 2)].map(|(l, n, r)| Severity::new(l, n, r)).to_vec();
    let d = Directory { severities, ..Directory::default() };
    for verb in ["declare", "update", "resolve", "page", "action", "lead"] {
        let form = notice::form::form(verb, None, &d).expect("a form");
        golden(&format!("form_{verb}.json"), &forms::modal(&form));
    }
}

/// Anything that people or machines may have written: long, empty, turning, calling, marked up.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,300}",
        Just("@everyone <@&1> **x** `y`\n".repeat(300)),
        Just(String::new()),
        Just("\u{202e}🔥".repeat(700)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_fits_and_calls_nobody(
        texts in prop::collection::vec(anything(), 8),
        facts in prop::collection::vec((anything(), anything()), 0..40),
        actions in prop::collection::vec((anything(), any::<bool>()), 0..40),
        rank in 0u32..9,
    ) {
        let all = firebell::commands::COMMANDS;
        let facts = facts.into_iter().map(|(n, v)| (n, CardValue::Text(v))).collect();
        let actions = actions.into_iter().zip(all.iter()).map(|((label, form), c)| CardAction {
            verb: c.spec.verb.to_string(), label, style: firebell::engine::ports::chat::ActionStyle::Plain, form,
        }).collect();
        let shown = Card {
            plain: texts[0].clone(), title: texts[1].clone(), status: texts[2].clone(), severity_level: texts[3].clone(),
            text: texts[4..].to_vec(), link: texts[5].clone(), severity_rank: rank, facts, actions, ..card()
        };
        let line = |(seq, t): (usize, &String)| Line { seq: seq as i64, at: NOON, who: t.clone(), text: t.clone() };
        let said: Vec<Line> = texts.iter().enumerate().map(line).collect();
        let people: Vec<PersonId> = texts.iter().map(|t| PersonId::new(t.clone())).chain(["ana".into()]).collect();
        let links: Vec<(String, String)> = texts.iter().map(|t| (t.clone(), format!("https://a.example/{t}"))).collect();
        let look = LookCard {
            name: texts[0].clone(), says: texts[1].clone(), rows: texts.clone(), text: texts.clone(),
            offer: Some(LookOffer { id: "5f2a-1".into(), label: texts[2].clone() }),
            link: Some((texts[3].clone(), texts[4].clone())), ..critical()
        };
        prop_assert!(render::has_tag(&render::look(&look, "k"), "k"));
        for message in [
            render::look(&look, "k"),
            render::card(&shown, "k", &who(), Some("<#1>")),
            render::lines(&said, "k", "http://127.0.0.1:7911/incidents/1"),
            render::invitation(IncidentId(1), &people, "k", &who()),
            render::links(&links, "k"),
            render::private(&texts[0], Some((&texts[1], &texts[2]))),
        ] {
            prop_assert_eq!(judged(&message), Ok(()), "{}", message);
            prop_assert_eq!(&message["allowed_mentions"]["parse"], &Value::Array(Vec::new()));
            let shown = format!("{} {}", message["content"], message["embeds"]);
            prop_assert!(!shown.contains("@everyone") && !shown.contains("@here"), "{}", shown);
        }
        for message in [render::card(&shown, "k", &who(), None), render::lines(&said, "k", "x"), render::links(&links, "k")] {
            prop_assert!(render::has_tag(&message, "k") && !render::has_tag(&message, "another"));
        }
    }

    #[test]
    fn a_custom_id_is_read_back_or_is_nothing(text in "\\PC{0,60}", n in any::<i64>()) {
        let id = IncidentId(n);
        for press in [render::Press::Say(id, "ack".into()), render::Press::Ask(id, "page".into()), render::Press::Menu,
            render::Press::Offer(critical().offer.expect("an offer").id),
            render::Press::Form(None, "declare".into()), render::Press::Form(Some(id), "update".into())] {
            prop_assert!(press.custom_id().len() <= 100);
            prop_assert_eq!(render::Press::read(&press.custom_id()), Some(press));
        }
        prop_assert_eq!(render::Press::read(&text).is_some(), text == "fb|menu");
    }
}
