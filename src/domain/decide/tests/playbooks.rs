//! Following a playbook: the step whose turn it is, what a condition decides, and what cannot be ticked.

use super::runs::result;
use super::*;
use crate::playbook::{Part, Playbook, Risk, Step};
use crate::run::RunEnd;
use crate::run::decide::{Approve, RunOutcome};

fn playbook(parts: &[(Part, Option<u32>)]) -> Playbook {
    let step = |(no, (part, under)): (u32, &(Part, Option<u32>))| Step {
        part: *part,
        text: format!("step {no}"),
        written: None,
        line: no,
        under: *under,
        risk: None,
        why: None,
        fill: Vec::new(),
        caution: None,
        runs_on: None,
    };
    let steps = (1..).zip(parts).map(step).collect();
    Playbook {
        system: "shop".into(),
        name: "Queue is full".into(),
        file: "shop.md".into(),
        revision: "0".into(),
        steps,
    }
}

fn tick(done: bool) -> Input {
    Input::TickStep { done, text: String::new() }
}

#[test]
fn steps_are_ticked_in_order_and_a_condition_decides_what_follows() {
    let mut case = Case::new();
    let p =
        playbook(&[(Part::Investigate, None), (Part::Condition, None), (Part::Resolve, Some(2)), (Part::Verify, None)]);
    case.says(Input::StartPlaybook { playbook: p });
    assert_eq!(case.says(tick(true)), [Event::PlaybookStepDone { no: 1, text: String::new() }]);
    assert_eq!(case.says(tick(false)), [Event::PlaybookStepFailed { no: 2, text: String::new() }]);
    let failed = case.says(Input::TickStep { done: false, text: "still full".into() });
    assert_eq!(failed, [Event::PlaybookStepFailed { no: 4, text: "still full".into() }]);
    let over = case.say(tick(true)).expect_err("every step had its turn");
    assert_eq!(over.code(), "playbook_over");
}

#[test]
fn without_a_playbook_there_is_nothing_to_tick_and_an_empty_one_is_none() {
    let mut case = Case::new();
    assert_eq!(case.say(tick(true)).expect_err("nothing is followed").code(), "no_playbook");
    let empty = case.say(Input::StartPlaybook { playbook: playbook(&[]) });
    assert_eq!(empty.expect_err("no step").code(), "empty_playbook");
    let long = vec![(Part::Resolve, None); limits::PLAYBOOK_STEPS_MAX + 1];
    let long = case.say(Input::StartPlaybook { playbook: playbook(&long) });
    assert_eq!(long.expect_err("too long").code(), "too_many");
}

#[test]
fn another_playbook_takes_the_place_of_the_one_before() {
    let mut case = Case::new();
    case.says(Input::StartPlaybook { playbook: playbook(&[(Part::Resolve, None), (Part::Verify, None)]) });
    case.says(tick(true));
    case.says(Input::StartPlaybook { playbook: playbook(&[(Part::Investigate, None)]) });
    assert_eq!(case.incident.walk.as_ref().map(|w| (w.next, w.done)), Some((1, 0)));
}

#[test]
fn an_incident_that_has_ended_is_walked_no_further() {
    let mut case = Case::new();
    case.says(Input::StartPlaybook { playbook: playbook(&[(Part::Resolve, None)]) });
    case.says(resolve());
    assert_eq!(case.say(tick(true)).expect_err("it has ended").code(), "ended");
    let again = Input::StartPlaybook { playbook: playbook(&[(Part::Resolve, None)]) };
    assert_eq!(case.say(again).expect_err("it has ended").code(), "ended");
}

#[test]
fn a_run_that_goes_well_ticks_the_step_whose_command_it_was_and_no_other() {
    let step =
        |line: u32, risk: Option<Risk>| Step { line, risk, ..playbook(&[(Part::Resolve, None)]).steps.remove(0) };
    let steps = vec![step(12, Some(Risk::Mutate)), step(14, None), step(12, Some(Risk::Mutate))];
    let followed = Playbook { revision: "a".into(), steps, ..playbook(&[]) };
    let done = |end, verified| RunOutcome::Finished { end, results: vec![result(0)], verified };
    for (outcome, line, ticks) in [
        (done(RunEnd::Done, Some(true)), 12, true),
        (done(RunEnd::Done, None), 12, true),
        (done(RunEnd::Done, Some(false)), 12, false),
        (done(RunEnd::Failed, None), 12, false),
        (done(RunEnd::Done, None), 13, false),
        (RunOutcome::Unknown { why: "the answer was lost".into(), results: Vec::new() }, 12, false),
    ] {
        let mut case = Case::with_runs(runs::rules());
        case.says(Input::StartPlaybook { playbook: followed.clone() });
        let mut wanted = runs::order(Risk::Mutate, "docker restart web");
        wanted.commands[0].line = line;
        let no = case.asks("ana", wanted).expect("asked");
        case.approves("ana", Approve { no, ..Approve::default() }).expect("approved");
        let claim = case.starts(no).expect("begun");
        case.reports(no, claim, outcome.clone()).expect("reported");
        let ticked: Vec<&Event> =
            case.log.iter().map(|e| &e.body).filter(|e| matches!(e, Event::PlaybookStepDone { .. })).collect();
        let expected = Event::PlaybookStepDone { no: 1, text: format!("run {no}") };
        assert_eq!(ticked, if ticks { vec![&expected] } else { vec![] }, "{outcome:?} of line {line}");
        assert_eq!(case.incident.walk.as_ref().map(|w| w.next), Some(if ticks { 2 } else { 1 }));
    }
}
