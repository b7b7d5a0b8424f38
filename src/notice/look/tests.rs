//! Every message about a scheduled look, as its golden, read as product.

use super::*;
use crate::notice::story;
use crate::program::Program;
use crate::program::tests::{command, source};
use firebell_domain::id::IncidentId;
use firebell_domain::operation::found::{Row, Standing as Is};
use firebell_domain::operation::{Streak, Turn};
use firebell_domain::severity::Severity;
use serde_json::json;
use std::fmt::Write;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const URL: &str = "https://firebell.example.org";

fn at(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time").into()
}

/// A morning check with something left to people, and one without.
fn program() -> Program {
    let schedule = |name: &str, lines: &[u32], tasks: &[&str]| {
        json!({ "name": name, "cadence": "daily", "when": "9:00 AM", "cron": null, "tasks": tasks,
            "command_lines": lines, "line": 200 })
    };
    let commands =
        json!(
            [command(10, "redis-cli llen queue", "read", "http"), command(12, "./rotate-keys.sh", "mutate", "http"),]
        );
    let schedules =
        json!([schedule("Morning check", &[10], &[]), schedule("Keys", &[10, 12], &["look at the disks", "tell cy"])]);
    let mut shop = source(json!({ "commands": commands, "schedules": schedules }));
    shop.overlay.zone = Some(chrono_tz::Europe::Madrid);
    Program::new(vec![shop])
}

fn row(what: &str, value: &str, is: Is, bound: Option<&str>) -> Row {
    Row { what: what.into(), value: value.into(), is, bound: bound.map(str::to_string), line: 10 }
}

fn printed(card: &LookCard) -> String {
    let mut out = format!("{:?} | {}: {}\n", card.mark, card.name, card.says);
    for line in card.rows.iter().map(|r| format!("- {r}")).chain(card.text.iter().cloned()) {
        writeln!(out, "    {line}").expect("a string takes text");
    }
    if let Some(offer) = &card.offer {
        writeln!(out, "    [{}] {}", offer.label, offer.id).expect("a string takes text");
    }
    if let Some((label, url)) = &card.link {
        writeln!(out, "    <{label}> {url}").expect("a string takes text");
    }
    out
}

#[test]
fn every_message_reads_as_its_golden() {
    let program = program();
    let directory = Directory { severities: vec![Severity::new("P1", "Critical", 1)], ..Directory::default() };
    let due = at("2026-11-22T08:00:00Z");
    let face = Face { run: due, due, word: String::new(), incident: None, offers: None, again: false };
    let ended = |verdict, rows: Vec<Row>| Became::Ended { at: due.plus_s(2), verdict, rows };
    let depth = row("queue depth", "512", Is::Critical, Some("> 500"));
    let critical =
        || ended(Verdict::Critical, vec![depth.clone(), row("disk of db1", "71 %", Is::Warning, Some("> 70 %"))]);
    let older = due.plus_s(-86_400);
    let cases = [
        (ended(Verdict::Healthy, vec![row("queue depth", "3", Is::Healthy, None)]), face.clone(), None),
        (ended(Verdict::Healthy, Vec::new()), Face { again: true, ..face.clone() }, None),
        (ended(Verdict::Warning, vec![row("queue depth", "120", Is::Warning, Some("> 100"))]), face.clone(), None),
        (
            ended(Verdict::Unclear, vec![row("queue depth", "no such container", Is::NotLooked, None)]),
            face.clone(),
            None,
        ),
        (critical(), Face { offers: Some(due), ..face.clone() }, Some(due)),
        (critical(), Face { offers: Some(older), ..face.clone() }, Some(older)),
        (critical(), face.clone(), Some(due)),
        (critical(), Face { incident: Some(IncidentId(42)), ..face.clone() }, Some(older)),
        (
            ended(Verdict::Critical, (0..20).map(|n| row(&format!("disk {n}"), "99 %", Is::Failed, None)).collect()),
            face.clone(),
            Some(due),
        ),
        (Became::Due, face.clone(), None),
        (Became::Missed { at: due.plus_s(7_200) }, face.clone(), None),
        (Became::Interrupted { at: due.plus_s(5) }, face.clone(), None),
    ];
    let mut out = String::new();
    for r in program.reminders() {
        for (became, face, since) in &cases {
            let mut state = State::new("daily", older);
            state.turn = Some(Turn { due, became: became.clone() });
            state.streak = since.map(|since| Streak { since, incident: face.incident, text: String::new() });
            out += &printed(&card(r, &state, face, &directory, URL).expect("there is something to say"));
        }
    }
    story::golden(ROOT, "notice/looks.txt", &out);
}

#[test]
fn what_a_button_names_is_read_back_and_nothing_else_is() {
    let id = offer_id("shop", "Morning check", Timestamp(1_795_338_000_000_000));
    assert!(id.len() <= 60 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{id}");
    assert_eq!(read_offer(&id), Some((short("shop", "Morning check").as_str(), Timestamp(1_795_338_000_000_000))));
    for other in ["", "-", "5f2a", "5f2a-x", "5f2a-99999999999999999999"] {
        assert_eq!(read_offer(other), None, "{other}");
    }
    assert_ne!(short("a", "bc"), short("ab", "c"));
}
