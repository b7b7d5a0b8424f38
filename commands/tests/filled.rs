//! Options that were filled in one by one become a line, and the line is read back as the same arguments, whatever
//! people write into them.

use super::super::filled::{Filled, line, spec_of};
use super::super::{action, declare, page, role, severity, snooze, step, words::Words};
use super::*;
use firebell_domain::decide::Input;
use proptest::prelude::*;

fn filled(pairs: &[(&str, &str)]) -> Filled {
    pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

/// The line of a verb, and what its command is given to read.
fn said(verb: &str, pairs: &[(&str, &str)]) -> (String, String) {
    let spec = spec_of(verb).expect("a command");
    let line = line(spec, Some(IncidentId(42)), &filled(pairs), &directory()).expect("a line");
    let (command, routed) = route(&line).expect("a routed line");
    assert_eq!(command.expect("a command").spec.verb, verb, "{line}");
    assert_eq!(routed.incident, Some(IncidentId(42)), "{line}");
    (line, routed.rest)
}

/// Words of people, with what could be taken for something else among them.
fn people_write() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(
            &[
                "low",
                "critical",
                "P1",
                "sev",
                "1",
                "service:search",
                "system:x",
                "private",
                "private:no",
                "by",
                "friday",
                "@bo",
                "INC-7",
                "\"quoted\"",
                "\"two words\"",
                "\"",
                "“",
                "”",
                "»",
                "down",
                "it's",
                "--",
                "数据库",
                "🔥",
            ][..]
        )
        .prop_map(str::to_string),
        "[a-z]{1,8}",
    ];
    prop::collection::vec(piece, 1..7).prop_map(|p| p.join(" "))
}

/// As it may come back: a quotation mark inside is shown by one that ends nothing.
fn same(read: &str, written: &str) -> bool {
    let even = |t: &str| {
        let t: String = t.chars().map(|c| if matches!(c, '"' | '“' | '”' | '″') { '″' } else { c }).collect();
        t.replace('»', "›")
    };
    even(read) == even(written)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_title_is_the_title_whatever_it_looks_like(
        title in people_write(),
        level in prop::sample::select(vec!["", "P1", "sev 2", "critical"]),
        service in prop::sample::select(vec!["", "payments"]),
        private in prop::sample::select(vec!["", "true", "false"]),
    ) {
        let pairs = [("severity", level), ("title", title.as_str()), ("service", service), ("private", private)];
        let (line, rest) = said("declare", &pairs);
        let args = declare::parse(&mut Words::new(&rest), &ground()).map_err(|e| TestCaseError::fail(format!("{line}: {e}")))?;
        let d = args.declaration();
        prop_assert!(same(&d.title, &title), "{line}: {:?}", d.title);
        let expected = match level { "P1" | "critical" => "P1", _ => "P2" };
        prop_assert_eq!(d.severity.level.as_str(), expected, "{}", line);
        prop_assert_eq!(d.service.as_ref().map(|s| s.as_str()).unwrap_or(""), service);
        prop_assert_eq!(d.private, private == "true");
    }

    #[test]
    fn an_action_item_keeps_its_words_its_owner_and_its_day(
        text in people_write(),
        user in prop::sample::select(vec!["", "bo", "@cy"]),
        by in prop::sample::select(vec!["", "2027-01-02", "friday", "in 3 days"]),
    ) {
        let (line, rest) = said("action", &[("text", &text), ("user", user), ("by", by)]);
        let parsed = action::parse(&mut Words::new(&rest), &ground()).map_err(|e| TestCaseError::fail(format!("{line}: {e}")))?;
        let Input::AddAction { text: kept, owner, due } = parsed else { return Err(TestCaseError::fail(line)) };
        prop_assert!(same(&kept, &text), "{line}: {kept:?}");
        prop_assert_eq!(owner.map(|o| o.to_string()).unwrap_or_default(), user.trim_start_matches('@'));
        prop_assert_eq!(due.is_some(), !by.is_empty(), "{}", line);
    }

    #[test]
    fn what_stands_last_is_kept_word_for_word(text in people_write()) {
        let (line, rest) = said("page", &[("whom", "@bo"), ("text", &text)]);
        let parsed = page::parse(&mut Words::new(&rest), &ground()).map_err(|e| TestCaseError::fail(format!("{line}: {e}")))?;
        let Input::Page { whom, text: kept } = parsed else { return Err(TestCaseError::fail(line)) };
        prop_assert_eq!(whom, Target::Person("bo".into()));
        prop_assert_eq!(&kept, text.trim());

        let (line, rest) = said("step", &[("outcome", "failed"), ("text", &text)]);
        let parsed = step::parse(&mut Words::new(&rest), &ground()).map_err(|e| TestCaseError::fail(format!("{line}: {e}")))?;
        let Some(Input::TickStep { done, text: kept }) = parsed else { return Err(TestCaseError::fail(line)) };
        prop_assert_eq!((done, kept.as_str()), (false, text.trim()));

        for verb in ["note", "update"] {
            prop_assert_eq!(said(verb, &[("text", &text)]).1, text.trim());
        }
        for (verb, name) in [("unack", "reason"), ("cancel", "reason"), ("reopen", "reason"), ("resolve", "text")] {
            prop_assert_eq!(said(verb, &[(name, &text)]).1, text.trim());
        }
    }

    #[test]
    fn a_role_of_several_words_stays_one(role in "[a-z]{1,8}( [a-z]{1,8}){0,2}") {
        let (line, rest) = said("role", &[("role", &role), ("user", "bo")]);
        let parsed = role::parse(&mut Words::new(&rest), &ground()).map_err(|e| TestCaseError::fail(format!("{line}: {e}")))?;
        match parsed {
            Input::AssignRole { role: kept, person } => {
                prop_assert_eq!(person.as_str(), "bo");
                prop_assert!(kept == role || ["comms", "sme"].contains(&kept.as_str()), "{}", line);
            }
            Input::AssignLead { .. } => {}
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
    }
}

#[test]
fn every_command_of_the_table_says_what_was_filled_in() {
    let level = said("severity", &[("level", "sev 1"), ("reason", "all cards fail")]).1;
    let set = severity::parse(&mut Words::new(&level), &ground()).expect("a severity");
    assert!(
        matches!(set, Input::SetSeverity { severity, reason } if severity.level == "P1" && reason == "all cards fail")
    );
    let span = said("snooze", &[("duration", "until tomorrow 09:00")]).1;
    assert!(matches!(snooze::parse(&mut Words::new(&span), &ground()), Ok(Input::Snooze { .. })));
    for (verb, pairs, line) in [
        ("ack", vec![("note", "looking")], "/incident INC-42 ack looking"),
        ("status", vec![("status", "identified"), ("text", "a leak")], "/incident INC-42 status identified a leak"),
        ("lead", vec![("user", "bo")], "/incident INC-42 lead @bo"),
        ("list", vec![("all", "true")], "/incident INC-42 list all"),
        ("timeline", vec![("all", "false")], "/incident INC-42 timeline"),
        ("merge", vec![("into", "INC-7")], "/incident INC-42 merge INC-7"),
        ("done", vec![("number", "2")], "/incident INC-42 done 2"),
        ("runbook", vec![("playbook", "queue is full")], "/incident INC-42 runbook queue is full"),
        (
            "oncall",
            vec![("schedule", "primary"), ("at", "friday 18:00")],
            "/incident INC-42 oncall primary at friday 18:00",
        ),
        (
            "override",
            vec![("schedule", "primary"), ("user", "bo"), ("from", "tomorrow 09:00"), ("to", "+8h")],
            "/incident INC-42 override primary @bo tomorrow 09:00 +8h",
        ),
        ("help", vec![("verb", "snooze")], "/incident INC-42 help snooze"),
        ("escalate", vec![], "/incident INC-42 escalate"),
    ] {
        assert_eq!(said(verb, &pairs).0, line);
        assert!(super::super::read(line, &ground()).is_ok(), "{line}");
    }
}

#[test]
fn a_severity_that_is_none_is_refused_before_it_becomes_the_title() {
    let spec = spec_of("declare").expect("a command");
    let refused = line(spec, None, &filled(&[("severity", "banana"), ("title", "checkout is down")]), &directory());
    assert!(matches!(refused, Err(Refusal::UnknownSeverity { word, .. }) if word == "banana"));
}
