//! Operations over simulated time: once each, whoever runs, whatever the clocks of the world do.

use super::found::{Standing, rows, verdict};
use super::*;
use crate::recurrence::{Days, InMonth, Recurrence};
use crate::run::{CommandEnd, Judged, Ordered, Reading, RunResult};
use chrono::Weekday;
use chrono_tz::Tz;
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) const RULE: &str = "daily 09:00 Europe/Madrid";

pub(super) fn at(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time").into()
}

pub(super) fn by(worker: &str, now: Timestamp) -> Look<'_> {
    Look { now, worker, alone: false, grace_s: 3_600, limit_s: 60 }
}

fn row(is: Standing) -> Row {
    Row { what: "queue".into(), value: "512".into(), is, bound: None, line: 7 }
}

pub(super) fn known(since: &str) -> State {
    State::new(RULE, at(since))
}

pub(super) fn running(state: &State, due: &str, worker: &str) -> State {
    match look(Some(state), RULE, Some(at(due)), by(worker, at(due))) {
        Step::Run(next) => next,
        other => panic!("{other:?}"),
    }
}

pub(super) fn done(state: &State, due: &str, is: Standing, declares: bool) -> State {
    let begun = running(state, due, "one");
    ended(&begun, at(due), "one", vec![row(is)], declares, at(due).plus_s(2)).expect("its own")
}

#[test]
fn what_was_due_before_anybody_knew_of_it_is_neither_run_nor_missed() {
    let now = at("2026-11-22T12:00:00Z");
    let Step::Note(first) = look(None, RULE, Some(at("2026-11-22T08:00:00Z")), by("one", now)) else {
        panic!("it becomes known")
    };
    assert_eq!(first, State::new(RULE, now));
    assert_eq!(look(Some(&first), RULE, Some(at("2026-11-22T08:00:00Z")), by("one", now.plus_s(1))), Step::Rest);
    let another = look(Some(&first), "daily 11:00", Some(at("2026-11-22T11:00:00Z")), by("one", now.plus_s(60)));
    assert_eq!(another, Step::Note(State { rule: "daily 11:00".into(), since: now.plus_s(60), ..first }));
}

#[test]
fn one_worker_gets_it_and_the_others_see_that_somebody_has() {
    let due = at("2026-11-22T08:00:00Z");
    let begun = running(&known("2026-11-21T00:00:00Z"), "2026-11-22T08:00:00Z", "one");
    for worker in ["one", "two"] {
        assert_eq!(look(Some(&begun), RULE, Some(due), by(worker, due.plus_s(30))), Step::Rest, "{worker}");
    }
    assert_eq!(ended(&begun, due, "two", vec![row(Standing::Seen)], false, due.plus_s(2)), None, "not theirs");
    let over = ended(&begun, due, "one", vec![row(Standing::Seen)], false, due.plus_s(2)).expect("its own");
    assert_eq!(look(Some(&over), RULE, Some(due), by("two", due.plus_s(40))), Step::Rest);
    assert_eq!(ended(&over, due, "one", vec![], false, due.plus_s(50)), None, "it is over already");
}

#[test]
fn a_time_that_passed_while_nobody_ran_is_made_up_for_within_the_grace_and_else_said() {
    let state = known("2026-11-21T00:00:00Z");
    let due = at("2026-11-22T08:00:00Z");
    assert!(matches!(look(Some(&state), RULE, Some(due), by("one", due.plus_s(3_600))), Step::Run(_)));
    let now = due.plus_s(3_601);
    let Step::Note(missed) = look(Some(&state), RULE, Some(due), by("one", now)) else { panic!("it is said") };
    assert_eq!(missed.turn, Some(Turn { due, became: Became::Missed { at: now } }));
    assert_eq!(look(Some(&missed), RULE, Some(due), by("two", now.plus_s(5))), Step::Rest, "once");
}

#[test]
fn what_was_interrupted_is_said_and_not_begun_again_but_the_next_time_is_its_own() {
    let due = at("2026-11-22T08:00:00Z");
    let begun = running(&known("2026-11-21T00:00:00Z"), "2026-11-22T08:00:00Z", "one");
    let alone = Look { alone: true, ..by("two", due.plus_s(5)) };
    let Step::Note(lost) = look(Some(&begun), RULE, Some(due), alone) else { panic!("it is said") };
    assert_eq!(lost.turn, Some(Turn { due, became: Became::Interrupted { at: due.plus_s(5) } }));
    assert_eq!(look(Some(&lost), RULE, Some(due), Look { now: due.plus_s(6), ..alone }), Step::Rest);
    // Beside replicas only its time says so.
    assert_eq!(look(Some(&begun), RULE, Some(due), by("two", due.plus_s(89))), Step::Rest);
    assert!(matches!(look(Some(&begun), RULE, Some(due), by("two", due.plus_s(90))), Step::Note(_)));
    let tomorrow = at("2026-11-23T08:00:00Z");
    assert!(matches!(look(Some(&begun), RULE, Some(tomorrow), by("two", tomorrow)), Step::Run(_)));
}

#[test]
fn one_streak_makes_one_alert_and_its_end_is_told_with_the_same_beginning() {
    let state = known("2026-11-20T00:00:00Z");
    let first = done(&state, "2026-11-21T08:00:00Z", Standing::Critical, true);
    let word = first.owes.clone().expect("it is told");
    assert_eq!((word.critical, word.since), (true, at("2026-11-21T08:00:00Z")));
    assert_eq!(word.text, "queue: 512, critical");
    let heard = told(&first, &word, Some(IncidentId(7)));
    assert_eq!((heard.owes.clone(), heard.incident()), (None, Some(IncidentId(7))));
    let again = done(&heard, "2026-11-22T08:00:00Z", Standing::Failed, true);
    let second = again.owes.clone().expect("it is told again, in case the first was not");
    assert_eq!(delivery("shop", "Morning", &second).alerts[0].starts_at, word.since);
    assert_eq!(again.incident(), Some(IncidentId(7)));
    let unclear = done(&told(&again, &second, None), "2026-11-23T08:00:00Z", Standing::NotLooked, true);
    assert_eq!((unclear.owes.clone(), unclear.incident()), (None, Some(IncidentId(7))), "not looked at is not over");
    let over = done(&unclear, "2026-11-24T08:00:00Z", Standing::Healthy, true);
    let end = over.owes.clone().expect("its end is told");
    assert_eq!((end.critical, end.since, over.streak.clone()), (false, word.since, None));
    let delivery = delivery("shop", "Morning", &end);
    assert_eq!((delivery.group_status, delivery.alerts[0].status), (AlertStatus::Resolved, AlertStatus::Resolved));
    let quiet = done(&told(&over, &end, None), "2026-11-25T08:00:00Z", Standing::Warning, true);
    assert_eq!(quiet.owes, None, "a warning declares nothing");
}

#[test]
fn what_people_do_is_due_once_at_its_time() {
    let (due, now) = (at("2026-11-22T08:00:00Z"), at("2026-11-22T08:00:01Z"));
    let first = remind(None, RULE, Some(due), now).expect("it becomes known");
    assert_eq!(remind(Some(&first), RULE, Some(due), now), None, "nobody had promised it");
    let state = known("2026-11-21T00:00:00Z");
    assert_eq!(remind(Some(&state), RULE, None, now), None);
    let reminded = remind(Some(&state), RULE, Some(due), now).expect("it is due");
    let turn = reminded.turn.clone().expect("a turn");
    assert_eq!((turn.due, turn.became.word(), turn.since()), (due, Some(DUE), Some(due)));
    assert_eq!(remind(Some(&reminded), RULE, Some(due), now.plus_s(60)), None);
    let moved = remind(Some(&reminded), "daily 11:00", Some(due.plus_s(3_600)), due.plus_s(7_200));
    assert_eq!(moved.map(|s| (s.since, s.turn)), Some((due.plus_s(7_200), Some(turn))));
}

#[test]
fn what_only_offers_owes_incidents_nothing_while_it_is_critical() {
    let state = known("2026-11-20T00:00:00Z");
    let critical = done(&state, "2026-11-21T08:00:00Z", Standing::Critical, false);
    assert_eq!(critical.owes, None);
    assert!(critical.streak.is_some());
}

fn ordered(text: &str) -> Ordered {
    Ordered {
        line: 7,
        executor: "docker".into(),
        target: "local".into(),
        written: text.into(),
        text: text.into(),
        tongue: String::new(),
        bounds: Vec::new(),
        about: String::new(),
        why: String::new(),
        fix: String::new(),
    }
}

fn result(end: CommandEnd, says: &str, readings: Vec<Reading>) -> RunResult {
    RunResult {
        at: 0,
        verifies: false,
        end,
        output: None,
        took_ms: 5,
        native: false,
        sampled_ms: None,
        says: says.into(),
        readings,
        files: Vec::new(),
    }
}

#[test]
fn a_command_that_fails_is_critical_and_one_that_could_not_be_tried_is_not() {
    let one = |text: &str, end: CommandEnd| {
        let found = rows(&ordered(text), &result(end, "", Vec::new()));
        (verdict(&found), found[0].words())
    };
    let exit = |status| CommandEnd::Exited { status };
    assert_eq!(one("curl -f x", exit(7)), (Verdict::Critical, "curl -f x: exit 7, failed".into()));
    assert_eq!(one("docker ps", exit(0)), (Verdict::Healthy, "docker ps: done".into()));
    assert_eq!(
        one("docker logs n8n | grep ERROR", exit(1)),
        (Verdict::Healthy, "docker logs n8n | grep ERROR: found nothing".into())
    );
    assert_eq!(one("docker logs n8n | grep ERROR", exit(2)).0, Verdict::Critical);
    assert_eq!(one("grep x y | wc -l", exit(1)).0, Verdict::Critical, "it is the last one's status");
    assert_eq!(one("df -h", CommandEnd::TimedOut), (Verdict::Critical, "df -h: no answer in time, failed".into()));
    let away = CommandEnd::NotStarted { why: "no such target".into() };
    assert_eq!(one("df -h", away), (Verdict::Unclear, "df -h: no such target, not looked at".into()));
    assert_eq!(verdict(&[]), Verdict::Unclear);
}

#[test]
fn readings_become_rows_with_their_thresholds_and_the_worst_is_the_verdict() {
    let reading = |metric: &str, value: &str, judged, bound: Option<&str>| Reading {
        metric: metric.into(),
        value: value.into(),
        unit: "%".into(),
        judged,
        bound: bound.map(str::to_string),
    };
    let readings = vec![
        reading("cpu of n8n", "12", Some(Judged::Healthy), None),
        reading("memory of n8n", "93", Some(Judged::Critical), Some("> 90 %")),
        reading("memory of db", "75", Some(Judged::Warning), Some("> 70 %")),
    ];
    let found = rows(&ordered("docker stats"), &result(CommandEnd::Exited { status: 0 }, "", readings));
    assert_eq!(verdict(&found), Verdict::Critical);
    assert_eq!(super::found::worst(&found), "memory of n8n: 93 %, critical (> 90 %)");
    assert_eq!(super::found::bounded(found)[0].what, "memory of n8n", "the worst stands first");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Two workers look in steps over days in which the clocks change; either may die while it runs. No time is begun
    /// twice, none that both could have seen is passed over in silence, and what was begun late was within the grace.
    #[test]
    fn every_time_is_begun_at_most_once_and_none_is_passed_over(
        start_h in 0i64..(365 * 24),
        days in prop_oneof![
            Just(Days::Daily),
            Just(Days::Monthly(InMonth::Nth(1, Weekday::Mon))),
            Just(Days::Weekly(vec![Weekday::Sun, Weekday::Mon])),
        ],
        at_min in prop_oneof![Just(120u32), Just(150), Just(540)],
        steps in proptest::collection::vec((0usize..2, 1i64..20_000, 0u8..4), 20..200),
    ) {
        let rhythm = Recurrence { days, at_min, zone: Tz::Europe__Berlin };
        let begin = at("2026-01-01T00:00:00Z").plus_s(start_h * 3_600);
        let mut now = begin;
        let mut state: Option<State> = None;
        let mut begun: BTreeMap<Timestamp, u32> = BTreeMap::new();
        let mut seen: Vec<Timestamp> = Vec::new();
        let mut looked_at = Vec::new();
        for (who, wait_s, luck) in steps {
            now = now.plus_s(wait_s);
            looked_at.push(now);
            let worker = ["one", "two"][who];
            let mut due = None;
            let mut from = state.as_ref().map_or(now, State::known_until);
            while let Some(next) = rhythm.next_after(from).filter(|n| *n <= now) {
                (due, from) = (Some(next), next);
            }
            match look(state.as_ref(), RULE, due, by(worker, now)) {
                Step::Rest => {}
                Step::Note(next) => {
                    if let Some(Turn { due, became: Became::Missed { .. } }) = &next.turn {
                        seen.push(*due);
                    }
                    state = Some(next);
                }
                Step::Run(next) => {
                    let due = due.expect("due");
                    *begun.entry(due).or_default() += 1;
                    prop_assert!(now.seconds_since(due) <= 3_600);
                    seen.push(due);
                    // Whoever has no luck dies in the middle.
                    let over = (luck > 0).then(|| ended(&next, due, worker, vec![row(Standing::Seen)], false, now));
                    state = Some(over.flatten().unwrap_or(next));
                }
            }
        }
        prop_assert!(begun.values().all(|n| *n == 1), "{begun:?}");
        // The last time before the last look was begun or said, unless whoever had the one before still held it.
        let since = state.as_ref().map_or(now, |s| s.since);
        let mut last = None;
        let mut from = since;
        while let Some(next) = rhythm.next_after(from).filter(|n| *n <= now) {
            (last, from) = (Some(next), next);
        }
        let held = matches!(&state, Some(State { turn: Some(Turn { became: Became::Running { until, .. }, .. }), .. }) if *until > now);
        if let Some(last) = last.filter(|_| !held) {
            prop_assert!(seen.contains(&last), "{last:?} of {seen:?}, looked at {looked_at:?}");
        }
    }
}
