//! What the figures of "alert to page" and "page to acknowledgement" are made of: since when, and when the first page
//! had arrived.

use super::*;

fn reached(case: &Case) -> (Option<Timestamp>, Option<Timestamp>) {
    (case.incident.reached.since, case.incident.reached.first_page_at)
}

#[test]
fn the_first_page_that_a_vendor_takes_counts_and_no_later_one() {
    let mut case = Case::new();
    assert_eq!(reached(&case), (Some(START), None));
    // The notice that goes first is no page, and a try that fails reaches nobody.
    case.sent(1);
    case.wait(1);
    let seq = case.claim(2);
    case.deliver(2, seq, retry(true)).expect("decided");
    assert_eq!(reached(&case).1, None);
    case.wait(2);
    case.sent(2);
    let first = case.now;
    case.fire();
    let later = case.pages().last().expect("level 2 is paged").0;
    case.wait(1);
    case.sent(later);
    assert_eq!(reached(&case), (Some(START), Some(first)));
}

#[test]
fn reopened_it_counts_anew_and_handed_back_nobody_waited_for_the_page() {
    let mut case = Case::new();
    case.sent(2);
    case.says(Input::Acknowledge);
    case.wait(60);
    case.says(Input::Unacknowledge { reason: String::new() });
    assert_eq!(reached(&case), (None, None));
    let page = case.pages().last().expect("paged again").0;
    case.sent(page);
    assert_eq!(reached(&case), (None, Some(case.now)), "what an acknowledgement after it is measured from");
    case.says(resolve());
    case.wait(60);
    case.says(Input::Reopen { reason: "it is back".into() });
    assert_eq!(reached(&case), (Some(case.now), None));
}

#[test]
fn a_page_of_an_earlier_time_that_is_heard_of_late_is_not_the_first_of_this_one() {
    let mut case = Case::new();
    let seq = case.claim(2);
    case.wait(1);
    case.says(resolve());
    case.says(Input::Reopen { reason: "it is back".into() });
    case.wait(1);
    case.deliver(2, seq, done()).expect("a late receipt");
    assert_eq!(reached(&case).1, None);
    let page = case.pages().last().expect("paged again").0;
    case.sent(page);
    assert_eq!(reached(&case).1, Some(case.now));
}

#[test]
fn what_had_to_wait_for_its_turn_says_since_when_and_only_that_changes() {
    let declared = declare(IncidentId(1), &declaration(None), &Actor::Engine, &directory(), START).expect("declared");
    let arrived = START.plus_s(-9);
    assert_eq!(declared.clone().waited_since(START), declared, "it did not wait");
    let waited = declared.clone().waited_since(arrived);
    assert_eq!(waited.incident.reached.since, Some(arrived));
    assert_eq!(waited.incident.declared_at, START);
    assert_eq!(Incident::replay(&waited.events).expect("legal").as_ref(), Some(&waited.incident));
    let [first, rest @ ..] = &waited.events[..] else { panic!("no events") };
    assert!(matches!(&first.body, Event::Declared { arrived_at: Some(at), .. } if *at == arrived));
    assert_eq!(rest, &declared.events[1..]);
}
