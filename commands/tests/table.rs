//! What holds of every command.

use super::super::words::Words;
use super::*;
use firebell_domain::limits;
use std::collections::BTreeSet;

/// The verbs of the grammar (CONTRACTS) that need no target system.
const GRAMMAR: [&str; 33] = [
    "declare",
    "ack",
    "unack",
    "snooze",
    "severity",
    "status",
    "update",
    "note",
    "timeline",
    "show",
    "list",
    "lead",
    "role",
    "runbook",
    "step",
    "page",
    "escalate",
    "action",
    "done",
    "resolve",
    "reopen",
    "merge",
    "cancel",
    "postmortem",
    "help",
    "oncall",
    "override",
    "diagnose",
    "run",
    "approve",
    "deny",
    "stop",
    "use-channel",
];

#[test]
fn every_verb_of_the_grammar_is_there() {
    for verb in GRAMMAR {
        assert!(find(verb).is_some(), "{verb}");
    }
}

#[test]
fn every_example_is_understood_as_its_own_command() {
    let ground = ground();
    for c in COMMANDS {
        assert!(!c.spec.examples.is_empty(), "{} has no example", c.spec.verb);
        for example in c.spec.examples {
            let (found, line) = route(example).unwrap_or_else(|no| panic!("{example}: {no}"));
            assert_eq!(found.map(|f| f.spec.verb), Some(c.spec.verb), "{example}");
            (c.check)(&line.rest, &ground).unwrap_or_else(|no| panic!("{example}: {no}"));
        }
    }
}

#[test]
fn names_are_one_each_and_fit_what_platforms_allow() {
    let mut names = BTreeSet::new();
    for s in COMMANDS.iter().map(|c| c.spec) {
        for name in std::iter::once(&s.verb).chain(s.aliases) {
            assert!(names.insert(*name), "{name} means two commands");
        }
        let option = |n: &str| (1..=32).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(option(s.verb), "{}", s.verb);
        assert!((10..=100).contains(&s.summary.chars().count()), "{}: {}", s.verb, s.summary);
        assert!(!s.summary.ends_with('.') && !s.doing.is_empty(), "{}", s.verb);
        assert!(s.usage.starts_with("/incident ") || s.usage.starts_with("/oncall"), "{}", s.usage);
        for a in s.args {
            assert!(option(a.name) && (5..=100).contains(&a.summary.chars().count()), "{} {}", s.verb, a.name);
        }
        let first_optional = s.args.iter().position(|a| !a.required);
        let last_needed = s.args.iter().rposition(|a| a.required);
        // A schedule and a severity stand before what is needed; platforms sort options themselves.
        let early = ["declare", "override"].contains(&s.verb);
        assert!(early || first_optional.is_none_or(|o| last_needed.is_none_or(|n| n < o)), "{}", s.verb);
    }
}

#[test]
fn completion_carries_the_whole_table() {
    let value = completion();
    let list = value["commands"].as_array().expect("a list");
    assert_eq!(list.len(), COMMANDS.len());
    assert_eq!(list[0]["verb"], "declare");
    assert_eq!(list[0]["args"][0]["kind"], "severity");
}

#[test]
fn a_line_is_routed_whatever_its_front() {
    let id = |n| Some(IncidentId(n));
    for (text, verb, incident, rest) in [
        ("/incident ack", Some("ack"), None, ""),
        ("/INCIDENT INC-42 Ack", Some("ack"), id(42), ""),
        ("/incident #42 note it: \"x\"", Some("note"), id(42), "it: \"x\""),
        ("@firebell ack", Some("ack"), None, ""),
        ("@firebell: /incident inc42 ack", Some("ack"), id(42), ""),
        ("ack", Some("ack"), None, ""),
        ("/ack", Some("ack"), None, ""),
        ("note: two\nlines", Some("note"), None, "two\nlines"),
        ("resolve INC-7 rolled back", Some("resolve"), id(7), "rolled back"),
        ("note INC-7 had it too", Some("note"), None, "INC-7 had it too"),
        ("INC-42 merge INC-7", Some("merge"), id(42), "INC-7"),
        ("INC-42 resolve INC-7", Some("resolve"), id(42), "INC-7"),
        ("ack incense burns", Some("ack"), None, "incense burns"),
        ("", None, None, ""),
        ("/incident", None, None, ""),
        ("/incident INC-42", None, id(42), ""),
        ("/oncall", Some("oncall"), None, ""),
        ("/oncall primary", Some("oncall"), None, "primary"),
        ("/oncall override @bo now +2h", Some("override"), None, "@bo now +2h"),
        ("/oncall primary override @bo now +2h", Some("override"), None, "primary @bo now +2h"),
        ("oncall primary cover @bo now +2h", Some("override"), None, "primary @bo now +2h"),
        ("snooze --help", Some("help"), None, "snooze"),
        ("/oncall help", Some("help"), None, "oncall"),
        ("note help", Some("note"), None, "help"),
    ] {
        let (command, line) = route(text).unwrap_or_else(|no| panic!("{text}: {no}"));
        assert_eq!(command.map(|c| c.spec.verb), verb, "{text}");
        assert_eq!(line, Line { incident, rest: rest.to_string() }, "{text}");
    }
}

#[test]
fn an_unknown_word_is_answered_with_the_one_that_was_probably_meant() {
    for (text, meant) in
        [("/incident akc", Some("ack")), ("reslove it", Some("resolve")), ("/sho", Some("show")), ("xyzzy", None)]
    {
        match route(text) {
            Err(Refusal::UnknownWord { did_you_mean, .. }) => assert_eq!(did_you_mean.as_deref(), meant, "{text}"),
            _ => panic!("{text} is no command"),
        }
    }
}

#[test]
fn a_command_beyond_what_any_platform_sends_is_refused_by_its_length() {
    let long = format!("note {}", "x".repeat(limits::COMMAND_BYTES_MAX));
    assert!(matches!(route(&long), Err(Refusal::TooLong { .. })));
    assert!(Words::new(&long).left().len() == 2);
}
