//! Conversations with the real application, word for word: `tests/golden/commands/conversations/*.txt`. A line
//! `ana> …` (or `ana in INC-1> …`) is said, `(5m)` lets time pass, `with …` chooses what is configured, `#` is a
//! remark; below stands the answer. UPDATE_EXPECT=1 writes the answers anew; read the difference.

use super::*;
use crate::program;
use firebell_domain::directory::System;
use firebell_domain::time::parse_span;

const CONVERSATIONS: [&str; 10] = [
    "a_night",
    "mistakes",
    "no_pager",
    "nobody_configured",
    "on_call",
    "playbook",
    "private",
    "two_incidents",
    "two_systems",
    "whom_and_when",
];

/// What the lines of a script that are answers begin with.
const ANSWER: &str = "  |";

/// A line that is said: who, in which room, what.
fn spoken(line: &str) -> Option<(&str, Option<i64>, String)> {
    let (who, text) = line.split_once("> ").or_else(|| line.strip_suffix('>').map(|who| (who, "")))?;
    let (who, room) = match who.split_once(" in INC-") {
        Some((who, room)) => (who, Some(room.parse().ok()?)),
        None => (who, None),
    };
    let name = !who.is_empty() && who.bytes().all(|b| b.is_ascii_lowercase());
    // A line break cannot be typed into one line of a script.
    name.then(|| (who, room, text.replace("\\n", "\n")))
}

fn configured(as_what: &str) -> Directory {
    let mut d = directory();
    match as_what {
        "everything" => {}
        "no pager" => d.pagers.clear(),
        "nobody" => d = Directory { severities: d.severities, pagers: d.pagers, ..Directory::default() },
        "two schedules" => {
            let second = d.schedules.values().next().cloned().expect("a schedule");
            d.schedules.insert("secondary".into(), second);
        }
        "a runbook" => {
            d.systems.insert("shop".into(), System::default());
        }
        "two systems" => {
            let of = |system: &str, level: &str, rank| Severity {
                system: Some(system.into()),
                ..Severity::new(level, if rank == 1 { "Outage" } else { "Slow" }, rank)
            };
            for (system, scale) in [("shop", ["P1", "P2"]), ("bank", ["P0", "P1"])] {
                let severities = scale.iter().zip(1..).map(|(level, rank)| of(system, level, rank)).collect();
                d.systems.insert(system.into(), System { severities, ..System::default() });
            }
            d.services.insert("ledger".into(), Service { system: Some("bank".into()), ..Service::default() });
            d.severities = program::of_all_systems(&[], &d.systems);
        }
        other => panic!("nothing is called \"with {other}\""),
    }
    d
}

fn runbooks(as_what: &str) -> Program {
    let sources =
        if as_what == "a runbook" { vec![program::tests::source(program::tests::playbooks())] } else { Vec::new() };
    Program::new(sources)
}

async fn play(script: &str) -> String {
    let asked: Vec<&str> = script.lines().filter(|l| !l.starts_with(ANSWER)).collect();
    let with = asked.iter().find_map(|l| l.strip_prefix("with ")).unwrap_or("everything");
    let bench = Bench::new(configured(with)).await;
    let url = bench.app.public_url().to_string();
    bench.app.reload_all(configured(with), url, Arc::new(runbooks(with)));
    let mut out = String::new();
    for line in asked {
        out.push_str(line);
        out.push('\n');
        if let Some(span) = line.strip_prefix('(').and_then(|l| l.strip_suffix(')')) {
            bench.clock.advance_s(parse_span(span).expect("a span"));
        } else if let Some((who, room, text)) = spoken(line) {
            for answer in bench.say(who, room, &text).await.lines() {
                out.push_str(format!("{ANSWER} {answer}").trim_end());
                out.push('\n');
            }
        } else {
            let known = line.is_empty() || line.starts_with("# ") || line.starts_with("with ");
            assert!(known, "not a line of a script: {line}");
        }
    }
    out
}

async fn check(name: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = format!("conversations/{name}.txt");
    let script = std::fs::read_to_string(path.join("tests/golden/commands").join(&file)).expect("a script");
    let said = script.lines().filter(|l| spoken(l).is_some()).count();
    assert!(said >= 3, "{name} says nothing");
    golden(&file, &play(&script).await);
}

#[tokio::test]
async fn conversations_go_as_they_are_written() {
    let mut found: Vec<String> =
        std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/commands/conversations"))
            .expect("the folder of conversations")
            .map(|e| e.expect("an entry").file_name().to_string_lossy().trim_end_matches(".txt").to_string())
            .collect();
    found.sort();
    assert_eq!(found, CONVERSATIONS, "every conversation is named here");
    for name in CONVERSATIONS {
        check(name).await;
    }
}

#[tokio::test]
async fn what_programs_are_told_names_the_incident_and_how_it_stands() {
    let bench = Bench::new(directory()).await;
    let told = async |room: Option<i64>, text: &str| {
        say(&bench.app, &speaker("ana"), room.map(IncidentId), text).await.expect("done")
    };
    let declared = told(None, "/incident declare P1 checkout is down service:payments").await;
    assert_eq!(declared.incident, Some(IncidentId(1)));
    assert_eq!(declared.data["incident"], "INC-1");
    assert_eq!(declared.data["severity"], "P1");
    assert_eq!(declared.data["service"], "payments");
    assert_eq!(declared.data["acknowledged_by"], Value::Null);
    let acked = told(Some(1), "ack").await;
    assert_eq!(acked.data["acknowledged_by"], "ana");
    assert_eq!(told(None, "/incident list").await.data["incidents"][0]["incident"], "INC-1");
    assert_eq!(told(Some(1), "timeline").await.data["entries"][0]["seq"], 1);
    let menu = told(Some(1), "/incident").await;
    assert_eq!(menu.data["can"][0]["say"], "/incident INC-1 status identified TEXT");
    assert_eq!(told(Some(1), "resolve done").await.data["status"], "resolved");
    assert_eq!(told(Some(1), "postmortem").await.data["draft"]["id"], "INC-1");
    assert_eq!(told(None, "/oncall").await.data["schedules"][0]["now"]["person"], "ana");
}

#[tokio::test]
async fn who_did_it_and_by_which_way_is_in_the_log() {
    let bench = Bench::new(directory()).await;
    let speaker = Speaker { person: "bo".into(), via: "the local token".into(), admin: false, place: None };
    say(&bench.app, &speaker, None, "/incident declare P1 checkout").await.expect("declared");
    let events = bench.app.store().events(IncidentId(1), 0, 10).await.expect("events");
    assert_eq!(events.first().map(|e| e.actor.clone()), Some(Actor::person("bo", "the local token")));
}

#[tokio::test]
async fn dozens_of_other_peoples_private_incidents_hide_nothing_that_is_public() {
    let bench = Bench::new(directory()).await;
    for no in 0..60 {
        bench.say("cy", None, &format!("declare P1 secret {no} private")).await;
    }
    bench.say("cy", None, "declare P2 checkout is down").await;
    // zoe is paged for none of them, and it is the only open one for her.
    assert!(bench.say("zoe", None, "/incident list").await.lines().count() == 1);
    assert!(bench.say("zoe", None, "show").await.contains("checkout is down"));
}
