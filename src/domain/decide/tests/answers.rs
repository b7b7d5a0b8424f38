//! Acknowledged at the vendor: the same act as everywhere else, as long as that page rings.

use super::*;

fn there(no: IntentNo) -> Input {
    Input::AcknowledgePage { no }
}

#[test]
fn a_page_answered_at_its_vendor_is_the_same_act_as_the_command() {
    let answered = |input: Input| {
        let mut case = Case::new();
        case.sent(2);
        case.fire();
        case.says(input)
    };
    assert_eq!(answered(there(2)), answered(Input::Acknowledge));
}

#[test]
fn an_answer_that_overtakes_the_receipt_of_its_page_counts() {
    let mut case = Case::new();
    let claim = case.claim(2);
    case.says(there(2));
    case.deliver(2, claim, done()).expect("a late receipt counts");
    assert_eq!(case.follows(), [(2, false)]);
}

#[test]
fn a_page_that_was_never_sent_or_never_was_is_answered_by_nobody() {
    let mut case = Case::new();
    for no in [2, 1, 0, 99] {
        assert_eq!(case.say(there(no)), Err(Refusal::Stale), "{no}");
    }
    assert!(case.incident.unanswered());
}

#[test]
fn the_echo_of_our_own_word_takes_nothing_back_after_a_hand_back() {
    let mut case = Case::new();
    case.sent(2);
    case.says(Input::Acknowledge);
    assert_eq!(case.say(there(2)), Err(Refusal::Stale), "the echo of the word that it was answered");
    case.says(Input::Unacknowledge { reason: String::new() });
    assert_eq!(case.say(there(2)), Err(Refusal::Stale), "that page was answered before");
    let new = case.pages().last().map(|p| p.0).expect("paged anew");
    case.sent(new);
    case.says(there(new));
    assert!(!case.incident.unanswered());
}

#[test]
fn still_working_is_answered_there_by_the_page_that_asks_and_by_no_older_one() {
    let mut d = directory();
    let policy = EscalationPolicy { ack_timeout_s: Some(600), ..policy(&[(&["ana"], 300)], None) };
    d.policies.insert(PolicyId::from("default"), policy);
    let mut case = Case::of(d, declaration(None));
    case.sent(2);
    case.says(Input::Acknowledge);
    case.fire();
    let asks = case.pages().last().map(|p| p.0).expect("ana is asked by her pager");
    case.sent(asks);
    assert_eq!(case.say(there(2)), Err(Refusal::Stale), "late word of what was answered long ago");
    assert!(case.incident.course.asked_at.is_some());
    assert!(case.says(there(asks)).contains(&Event::StillWorking));
    assert!(case.incident.acknowledged.is_some() && case.incident.course.asked_at.is_none());
}

#[test]
fn a_full_log_still_takes_an_answer() {
    let mut case = Case::new();
    case.sent(2);
    case.incident.seq = limits::EVENTS_PER_INCIDENT_MAX;
    let answered = decide(&case.incident, &there(2), &Actor::person("ana", "test"), &case.directory, case.now);
    assert!(answered.is_ok(), "{answered:?}");
}

#[test]
fn what_has_ended_is_answered_nowhere() {
    let mut case = Case::new();
    case.sent(2);
    case.says(resolve());
    assert_eq!(case.say(there(2)).expect_err("over").code(), "ended");
}

#[test]
fn a_page_is_remembered_with_whom_it_was_for_and_when_it_was_taken() {
    let mut case = Case::new();
    let page = |case: &Case| case.incident.page_of(2).map(|(p, c)| (p.map(ToString::to_string), c.to_string()));
    let known = Some((Some("ana".to_string()), "pager".to_string()));
    assert_eq!(page(&case), known);
    let claim = case.claim(2);
    case.wait(7);
    case.deliver(2, claim, done()).expect("delivered");
    assert_eq!(page(&case), known);
    assert_eq!(case.incident.threads[&2].taken_at, Some(case.now));
    assert_eq!(case.incident.page_of(1), None, "a card is no page");
}
