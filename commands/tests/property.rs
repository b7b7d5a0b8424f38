//! Whatever is typed: an answer or a refusal, never a panic, a fault or an empty sentence.

use super::super::words::Words;
use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Words that mean something to some command, and some that are trouble.
const PIECES: &[&str] = &[
    "/incident",
    "/oncall",
    "@firebell",
    "INC-1",
    "INC-2",
    "inc999",
    "#1",
    "P1",
    "sev",
    "1",
    "P9",
    "critical",
    "@ana",
    "@bo",
    "@zoe",
    "@",
    "schedule:primary",
    "primary",
    "owners",
    "service:payments",
    "service:",
    "private",
    "private:yes",
    "until",
    "07:00",
    "25:61",
    "tomorrow",
    "friday",
    "by",
    "in",
    "3",
    "days",
    "2026-12-01",
    "+2h",
    "30m",
    "99999999999999999999h",
    "now",
    "at",
    "all",
    "identified",
    "resolved",
    "into",
    "lead",
    "scribe",
    "--help",
    "\"",
    "“",
    "”",
    "\"two words\"",
    "\u{202e}",
    "\u{0}",
    "\u{200b}",
    "\n",
    "\t",
    "é",
    "数据库",
    "🔥",
    "<!channel>",
    "@everyone",
    "<script>",
    "'; DROP TABLE incident; --",
    "…",
    "-1",
    "0",
    "2026-02-30",
    "9999-12-31",
    "23:59",
    "1970-01-01",
    "+9999w",
];

/// A line made of the grammar's own words in any order.
fn shuffled() -> impl Strategy<Value = String> {
    let verbs: Vec<&str> = COMMANDS.iter().map(|c| c.spec.verb).collect();
    let piece = prop_oneof![
        3 => prop::sample::select(PIECES).prop_map(str::to_string),
        1 => prop::sample::select(verbs).prop_map(str::to_string),
        1 => "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..9).prop_map(|p| p.join(" "))
}

/// An example with some of its characters taken out, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let examples: Vec<&str> = COMMANDS.iter().flat_map(|c| c.spec.examples).copied().collect();
    let change = (any::<prop::sample::Index>(), 0..4_u8, any::<char>());
    (prop::sample::select(examples), prop::collection::vec(change, 0..6)).prop_map(|(example, changes)| {
        let mut chars: Vec<char> = example.chars().collect();
        for (at, how, other) in changes {
            if chars.is_empty() {
                break;
            }
            let at = at.index(chars.len());
            match how {
                0 => drop(chars.remove(at)),
                1 => chars.insert(at, chars[at]),
                2 => chars[at] = other,
                _ => chars.truncate(at),
            }
        }
        chars.into_iter().collect()
    })
}

fn typed() -> impl Strategy<Value = String> {
    prop_oneof![2 => shuffled(), 3 => mutated(), 1 => any::<String>(), 1 => ".{0,200}"]
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

#[test]
fn any_line_is_read_or_refused() {
    let mut grounds = [ground(), ground()];
    grounds[1].directory = Arc::default();
    grounds[1].incident = None;
    let run = TestRunner::new(config(4_000)).run(&typed(), |text| {
        let words = Words::new(&text);
        for w in words.left() {
            prop_assert!(text.get(w.from..w.to).is_some(), "{w:?} is not a piece of {text:?}");
        }
        match route(&text) {
            Ok((Some(command), line)) => {
                for ground in &grounds {
                    if let Err(no) = (command.check)(&line.rest, ground) {
                        prop_assert!(!no.to_string().is_empty());
                    }
                }
            }
            Ok((None, line)) => prop_assert_eq!(line.rest, ""),
            Err(no) => prop_assert!(no.to_string().chars().count() < 400, "{}", no),
        }
        Ok(())
    });
    run.unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn any_line_to_a_running_bot_is_answered_or_refused() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let bench = runtime.block_on(Bench::new(directory()));
    runtime.block_on(bench.say("ana", None, "declare P1 checkout is down"));
    let who = prop::sample::select(vec!["ana", "bo", "zoe", "root"]);
    let room = prop::option::of(1..4_i64);
    let mut refused = 0;
    let mut done = 0;
    let cell = std::cell::RefCell::new((&mut done, &mut refused));
    let run = TestRunner::new(config(400)).run(&(who, room, typed()), |(who, room, text)| {
        let said = runtime.block_on(say(&bench.app, &speaker(who), room.map(IncidentId), &text));
        let mut counts = cell.borrow_mut();
        match said {
            Ok(said) => {
                *counts.0 += 1;
                prop_assert!(!said.text.trim().is_empty());
                prop_assert!(said.data.is_object());
            }
            Err(ActError::Refused(no)) => {
                *counts.1 += 1;
                prop_assert_ne!(&no, &Refusal::Stale);
                let hidden = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
                prop_assert!(!no.to_string().contains(hidden), "{:?}", no.to_string());
            }
            Err(ActError::Fault(fault)) => prop_assert!(false, "{text:?}: {fault}"),
        }
        Ok(())
    });
    run.unwrap_or_else(|e| panic!("{e}"));
    assert!(done > 20 && refused > 20, "the lines were of one kind only: {done} done, {refused} refused");
}
