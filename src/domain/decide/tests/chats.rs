//! What is shown in a chat when a claim was lost on the way: the present in the end, whichever try it was that arrived.

use super::*;
use crate::chat::ChatRule;

fn chat() -> ChannelId {
    ChannelId::from("chat")
}

/// An incident with a place in a chat, and its headline about to be posted.
fn placed() -> Case {
    let mut case = Case::new();
    let rule = ChatRule { channel: chat(), opens: true, announces: true, own_only: false, rooms: Default::default() };
    case.directory.chats = vec![rule];
    case.as_person("ana", "chat", Input::UseRoom { chat: chat(), place: "C1".into() }).expect("a place");
    case
}

/// The task of a kind that is on its way.
fn task(case: &Case, word: &str) -> Option<IntentNo> {
    let is_it = |what: &What| matches!(what, What::Room { task, .. } if task.word() == word);
    case.incident.live.values().find(|l| is_it(&l.intent.what)).map(|l| l.intent.no)
}

fn posted() -> SendOutcome {
    SendOutcome::Done { receipt: Some("m1".into()) }
}

#[test]
fn a_post_that_a_lost_claim_may_have_made_is_edited_because_it_may_show_what_was() {
    for word in ["card", "announce"] {
        let mut case = placed();
        let no = task(&case, word).expect("it is to be posted");
        let first = case.claim(no);
        // Meanwhile something happens that the first try did not show.
        case.as_person("ana", "chat", Input::Acknowledge).expect("acknowledged");
        case.engine(Input::ClaimLost { no, claim_seq: first }).expect("taken back");
        let second = case.claim(no);
        case.deliver(no, second, posted()).expect("delivered");
        let again = task(&case, word).unwrap_or_else(|| panic!("{word}: what is there is not known, so it is edited"));
        let third = case.claim(again);
        case.deliver(again, third, posted()).expect("delivered");
        assert_eq!(task(&case, word), None, "{word}: an edit shows what it was claimed with");
    }
}

#[test]
fn a_receipt_that_comes_after_its_claim_was_lost_says_nothing_of_what_happened_since() {
    let mut case = placed();
    let no = task(&case, "card").expect("it is to be posted");
    case.sent(no);
    case.as_person("ana", "chat", Input::Acknowledge).expect("acknowledged");
    for word in ["card", "topic"] {
        case.as_person("ana", "chat", Input::AssignLead { person: "bo".into() }).expect("a lead");
        let no = task(&case, word).expect("it is to be edited");
        let claim = case.claim(no);
        case.as_person("ana", "chat", Input::AssignLead { person: "ana".into() }).expect("another lead");
        case.engine(Input::ClaimLost { no, claim_seq: claim }).expect("taken back");
        case.deliver(no, claim, posted()).expect("late");
        let again = task(&case, word).unwrap_or_else(|| panic!("{word}: the late one showed an earlier lead"));
        case.sent(again);
        assert_eq!(task(&case, word), None);
    }
}

#[test]
fn a_post_that_surely_did_not_arrive_is_made_once() {
    let mut case = placed();
    let no = task(&case, "card").expect("it is to be posted");
    let first = case.claim(no);
    case.deliver(no, first, retry(false)).expect("again later");
    case.wait(60);
    let second = case.claim(no);
    case.deliver(no, second, posted()).expect("delivered");
    assert_eq!(task(&case, "card"), None, "nothing has changed since, and nothing else can be there");
}

#[test]
fn what_is_given_up_is_not_tried_again_until_something_changes() {
    let mut case = placed();
    let no = task(&case, "card").expect("it is to be posted");
    let first = case.claim(no);
    case.engine(Input::ClaimLost { no, claim_seq: first }).expect("taken back");
    case.refused_by_vendor(no);
    assert_eq!(task(&case, "card"), None);
    case.as_person("ana", "chat", Input::Acknowledge).expect("acknowledged");
    assert!(task(&case, "card").is_some());
}

#[test]
fn a_post_tried_again_when_nothing_has_happened_since_is_left_as_it_is() {
    for word in ["card", "announce"] {
        let mut case = placed();
        let no = task(&case, word).expect("it is to be posted");
        let first = case.claim(no);
        case.engine(Input::ClaimLost { no, claim_seq: first }).expect("taken back");
        let second = case.claim(no);
        case.deliver(no, second, posted()).expect("delivered");
        // An edit would take away that it may be there twice.
        assert_eq!(task(&case, word), None, "{word}: whichever try arrived shows the present");
    }
}

#[test]
fn what_is_not_there_yet_waits_for_no_budget_of_edits() {
    let mut case = placed();
    let kind = |case: &Case, word: &str| {
        let no = task(case, word).unwrap_or_else(|| panic!("no {word} is on its way"));
        case.outbox[&no].recipient().expect("a kind")
    };
    for word in ["card", "announce"] {
        assert_eq!(kind(&case, word), word, "a post");
        case.sent(task(&case, word).expect("it is to be posted"));
    }
    case.as_person("ana", "chat", Input::Acknowledge).expect("acknowledged");
    for word in ["card", "announce"] {
        assert_eq!(kind(&case, word), format!("{word}_edit"));
    }
}
