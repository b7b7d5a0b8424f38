//! The life of an intent: claims, receipts, retries, losses.

use super::*;
use crate::intent::Thread;

#[test]
fn an_intent_is_claimed_by_one_and_not_before_it_is_due() {
    let mut case = Case::new();
    let seq = case.claim(2);
    assert_eq!(case.engine(Input::Claim { no: 2, worker: "w2".into() }), Err(Refusal::Stale));
    case.deliver(2, seq, retry(false)).expect("decided");
    assert_eq!(case.engine(Input::Claim { no: 2, worker: "w2".into() }), Err(Refusal::Stale), "not due");
    case.wait(2);
    case.claim(2);
    assert_eq!(case.incident.live[&2].attempt, 2);
    assert!(!case.incident.live[&2].maybe_sent, "the first try surely did not arrive");
}

#[test]
fn waits_grow_and_a_vendors_wish_is_bounded() {
    let mut case = with_policy(&[(&["bo"], 3_600)], None);
    for (after_s, at_least, at_most) in [(None, 1, 2), (Some(86_400), 120, 150), (Some(-5), 4, 5), (None, 8, 10)] {
        let due = case.incident.live[&2].due_at;
        case.now = case.now.max(due);
        let seq = case.claim(2);
        case.deliver(2, seq, SendOutcome::Retry { after_s, why: "429".into(), maybe_sent: false }).expect("decided");
        let wait = case.incident.live[&2].due_at.seconds_since(case.now);
        assert!((at_least..=at_most).contains(&wait), "{after_s:?}: {wait} s");
    }
}

#[test]
fn a_page_is_given_up_after_its_tries_and_a_card_after_more() {
    let mut case = Case::new();
    case.exhausted(2);
    assert_eq!((case.status_of(2), case.outbox[&2].attempt), (OutboxStatus::Failed, limits::PAGE_ATTEMPTS_MAX));
    case.exhausted(1);
    assert_eq!((case.status_of(1), case.outbox[&1].attempt), (OutboxStatus::Failed, limits::NOTICE_ATTEMPTS_MAX));
}

fn busy(after_s: i64) -> SendOutcome {
    SendOutcome::Retry { after_s: Some(after_s), why: "429".into(), maybe_sent: false }
}

#[test]
fn a_vendor_that_asks_for_more_than_three_minutes_is_not_waited_for_while_there_is_another_way() {
    for (after_s, paged) in [(86_400, "ana/mail"), (i64::MAX, "ana/mail"), (181, "ana/mail"), (180, "ana/pager")] {
        let mut case = Case::new();
        let seq = case.claim(2);
        case.deliver(2, seq, busy(after_s)).expect("decided");
        assert_eq!(case.paged(), [paged], "asked for {after_s} s");
    }
}

#[test]
fn a_vendor_that_asks_for_patience_again_and_again_holds_up_the_next_contact_method_for_three_minutes_at_most() {
    for after_s in [1, 20, 60, 90, 120, 150] {
        let mut case = Case::new();
        let mut tries = 0;
        while case.paged() == ["ana/pager"] {
            case.now = case.now.max(case.incident.live[&2].due_at);
            let seq = case.claim(2);
            case.deliver(2, seq, busy(after_s)).expect("decided");
            tries += 1;
        }
        assert_eq!(case.paged(), ["ana/mail"]);
        let waited = case.now.seconds_since(START);
        assert!(waited <= limits::PAGE_CHANNEL_MAX_S, "{after_s} s each, {tries} tries: {waited} s");
        assert!(tries > 1, "asked for {after_s} s: the vendor got what it asked for once");
    }
}

#[test]
fn tries_that_time_out_hold_up_the_next_contact_method_for_three_minutes_at_most() {
    let mut case = Case::new();
    while case.paged() == ["ana/pager"] {
        case.now = case.now.max(case.incident.live[&2].due_at);
        let seq = case.claim(2);
        case.wait(20);
        case.deliver(2, seq, retry(true)).expect("decided");
    }
    assert_eq!(case.paged(), ["ana/mail"]);
    assert!(case.now.seconds_since(START) <= limits::PAGE_CHANNEL_MAX_S + 20, "{:?}", case.now);
    assert!(case.incident.threads.contains_key(&2), "it may have arrived, so it will be followed");
}

#[test]
fn the_only_contact_method_is_waited_for_and_left_at_the_first_failure_after_three_minutes() {
    let mut case = with_policy(&[(&["bo"], 3_600), (&["cy"], 3_600)], Some(0));
    let mut tries = 0;
    while case.paged() == ["bo/pager"] {
        case.now = case.now.max(case.incident.live[&2].due_at);
        let seq = case.claim(2);
        case.deliver(2, seq, busy(86_400)).expect("decided");
        tries += 1;
    }
    assert_eq!((case.paged(), tries), (vec!["cy/mail".to_string()], 3), "at 0, 2 and 4 minutes");
    let longest = limits::PAGE_CHANNEL_MAX_S + limits::RETRY_AFTER_MAX_S * 5 / 4;
    assert!(case.now.seconds_since(START) <= longest);
}

#[test]
fn a_page_that_waited_for_firebell_itself_gets_its_second_try() {
    let mut case = with_policy(&[(&["bo"], 7_200)], None).after(3_600);
    let seq = case.claim(2);
    case.deliver(2, seq, retry(false)).expect("decided");
    assert_eq!(case.paged(), ["bo/pager"], "bo has no other method");
    let mut case = Case::new().after(200);
    let seq = case.claim(2);
    case.deliver(2, seq, retry(false)).expect("decided");
    assert_eq!(case.paged(), ["ana/mail"], "ana has one");
}

#[test]
fn follow_ups_and_cards_are_tried_on() {
    let mut case = Case::new();
    case.sent(2);
    case.says(Input::Acknowledge);
    let follow = case.incident.live.values().find(|l| matches!(l.intent.what, What::Follow { .. })).expect("one");
    let (no, due_at) = (follow.intent.no, follow.due_at);
    case.now = due_at.plus_s(600);
    for _ in 0..2 {
        case.now = case.now.max(case.incident.live[&no].due_at);
        let seq = case.claim(no);
        case.deliver(no, seq, busy(86_400)).expect("decided");
    }
    assert_eq!(case.status_of(no), OutboxStatus::Queued);
}

#[test]
fn a_page_whose_pager_a_reload_took_away_goes_on_with_the_methods_of_now() {
    let mut case = Case::new();
    let seq = case.claim(2);
    // Ana had "pager" and then "mail"; the new configuration knows no "pager" and gives her only "mail".
    case.directory.pagers = vec![ChannelId::from("mail")];
    case.directory.people.insert(PersonId::from("ana"), person(&["mail"]));
    case.deliver(2, seq, SendOutcome::Never { why: "pager is not configured any more".into() }).expect("decided");
    assert_eq!(case.paged(), ["ana/mail"]);
    // Swapped, the one that has failed comes around once more after the other, and then the next level.
    let mut case = Case::new();
    let seq = case.claim(2);
    case.directory.people.insert(PersonId::from("ana"), person(&["mail", "pager"]));
    case.deliver(2, seq, SendOutcome::Never { why: "404".into() }).expect("decided");
    assert_eq!(case.paged(), ["ana/mail"]);
}

#[test]
fn a_claim_lost_before_the_acknowledgement_is_sent_again_with_a_label() {
    let mut case = Case::new();
    let seq = case.claim(2);
    let events = case.engine(Input::ClaimLost { no: 2, claim_seq: seq }).expect("lost");
    assert!(matches!(events[..], [Event::IntentRetried { no: 2, maybe_sent: true, .. }]));
    case.claim(2);
    assert!(case.incident.live[&2].maybe_sent);
}

#[test]
fn a_claim_lost_after_the_acknowledgement_is_abandoned_and_its_vendor_is_told() {
    let mut case = Case::new();
    let seq = case.claim(2);
    case.says(Input::Acknowledge);
    let events = case.engine(Input::ClaimLost { no: 2, claim_seq: seq }).expect("lost");
    assert_eq!(kinds(&events), ["intent_abandoned", "intents_queued"]);
    assert_eq!(case.follows(), [(2, false)]);
    assert_eq!(case.deliver(2, seq, done()), Err(Refusal::Stale), "the receipt comes too late to matter");
}

#[test]
fn claims_that_are_lost_each_time_come_to_an_end() {
    let mut case = with_policy(&[(&["bo"], 3_600), (&["cy"], 300)], Some(0));
    for _ in 0..limits::PAGE_ATTEMPTS_MAX {
        let seq = case.claim(2);
        case.engine(Input::ClaimLost { no: 2, claim_seq: seq }).expect("lost");
    }
    assert_eq!(case.status_of(2), OutboxStatus::Failed);
    assert_eq!(case.paged(), ["cy/mail"], "the next level at once");
    case.says(Input::Acknowledge);
    assert_eq!(case.follows(), [(2, false)], "it may have arrived");
}

#[test]
fn a_late_receipt_counts_as_long_as_nobody_else_has_the_claim() {
    let mut case = Case::new();
    let first = case.claim(2);
    case.engine(Input::ClaimLost { no: 2, claim_seq: first }).expect("lost");
    case.deliver(2, first, done()).expect("late, and nobody has it");
    assert_eq!(case.status_of(2), OutboxStatus::Done);
    let mut case = Case::new();
    let first = case.claim(2);
    case.engine(Input::ClaimLost { no: 2, claim_seq: first }).expect("lost");
    let second = case.claim(2);
    for outcome in [done(), retry(true), never()] {
        assert_eq!(case.deliver(2, first, outcome), Err(Refusal::Stale));
    }
    case.deliver(2, second, done()).expect("its own");
}

#[test]
fn a_late_failure_of_a_lost_claim_changes_nothing() {
    let mut case = Case::new();
    let first = case.claim(2);
    case.engine(Input::ClaimLost { no: 2, claim_seq: first }).expect("lost");
    for outcome in [retry(false), never()] {
        assert_eq!(case.deliver(2, first, outcome), Err(Refusal::Stale));
    }
}

#[test]
fn a_second_receipt_is_stale() {
    let mut case = Case::new();
    let seq = case.claim(2);
    case.deliver(2, seq, done()).expect("first");
    assert_eq!(case.deliver(2, seq, done()), Err(Refusal::Stale));
}

#[test]
fn a_retry_that_nobody_needs_any_more_is_taken_back_and_followed() {
    let mut case = Case::new();
    let seq = case.claim(2);
    case.says(Input::Acknowledge);
    let events = case.deliver(2, seq, retry(true)).expect("decided");
    assert_eq!(kinds(&events), ["intent_retried", "intents_cancelled", "intents_queued"]);
    assert_eq!(case.follows(), [(2, false)], "it may have arrived");
    let mut case = Case::new();
    let seq = case.claim(2);
    case.says(Input::Acknowledge);
    case.deliver(2, seq, retry(false)).expect("decided");
    assert_eq!(case.follows(), [], "it surely did not");
}

#[test]
fn a_page_that_may_have_arrived_is_followed_also_after_it_was_given_up() {
    let mut case = with_policy(&[(&["bo"], 3_600)], Some(0));
    for _ in 0..limits::PAGE_ATTEMPTS_MAX {
        case.now = case.now.max(case.incident.live[&2].due_at);
        let seq = case.claim(2);
        let last = case.incident.live[&2].attempt == limits::PAGE_ATTEMPTS_MAX;
        case.deliver(2, seq, retry(last)).expect("decided");
    }
    assert_eq!(case.status_of(2), OutboxStatus::Failed);
    case.says(Input::Acknowledge);
    assert_eq!(case.follows(), [(2, false)]);
}

#[test]
fn of_too_many_pages_the_oldest_are_forgotten() {
    let mut incident = with_policy(&[(&["bo"], 10)], None).incident;
    let d = directory();
    let mut now;
    let step = |i: &Incident, input: Input, now: Timestamp| {
        decide(i, &input, &Actor::Engine, &d, now).unwrap_or_else(|no| panic!("{no:?}")).incident
    };
    // As if it had paged for three days.
    let earlier = Thread { channel: ChannelId::from("pager"), person: None, told: Told::Triggered, taken_at: None };
    incident.intents += 10_000;
    incident.threads = (100..).take(limits::THREADS_MAX - 20).map(|no| (no, earlier.clone())).collect();
    let timer = timers(&incident).next().expect("armed");
    now = timer.due_at;
    incident = step(&incident, Input::TimerDue(timer), now);
    for _ in 0..50 {
        let no = incident.live.values().find(|l| l.intent.lane == Lane::Page).map(|l| l.intent.no).expect("a page");
        incident = step(&incident, Input::Claim { no, worker: "w".into() }, now);
        let claim_seq = incident.seq;
        incident = step(&incident, Input::Delivered { no, claim_seq, outcome: done() }, now);
        let timer = timers(&incident).next().expect("armed");
        now = timer.due_at;
        incident = step(&incident, Input::TimerDue(timer), now);
    }
    assert_eq!(incident.threads.len(), limits::THREADS_MAX);
    assert!(!incident.threads.contains_key(&100));
    let ana = Actor::person("ana", "test");
    let mut acked = decide(&incident, &Input::Acknowledge, &ana, &d, now).expect("acknowledged").incident;
    let triggered = |i: &Incident| i.threads.values().filter(|t| t.told == Told::Triggered).count();
    assert!(triggered(&acked) > 0, "more than may wait at once");
    while let Some(no) = acked.live.keys().next().copied() {
        acked = step(&acked, Input::Claim { no, worker: "w".into() }, now);
        let claim_seq = acked.seq;
        acked = step(&acked, Input::Delivered { no, claim_seq, outcome: done() }, now);
    }
    assert_eq!(triggered(&acked), 0, "in the end every vendor was told");
}
