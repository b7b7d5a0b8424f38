//! What people do: taking it, handing it back, snoozing, merging, paging by hand, and what they may not write.

use super::*;
use crate::origin::Origin;

#[test]
fn an_acknowledgement_takes_back_every_page_in_the_same_decision() {
    let mut case = Case::new();
    case.sent(2);
    case.fire();
    let events = case.says(Input::Acknowledge);
    assert!(
        events.iter().any(|e| *e == Event::IntentsCancelled { numbers: vec![3, 4], why: CancelReason::Acknowledged })
    );
    assert!(case.pages().is_empty() && case.timer().is_none());
    assert_eq!(case.follows(), [(2, false)]);
    let seq = case.log.iter().find(|e| e.body == Event::Acknowledged).map(|e| e.seq);
    let card = case.incident.live.values().find_map(|l| match &l.intent.what {
        What::Notice { about_seq, kind: NoticeKind::Acknowledged } => Some(*about_seq),
        _ => None,
    });
    assert_eq!(card, seq, "the card is about the acknowledgement itself");
}

#[test]
fn a_page_under_way_at_the_acknowledgement_is_followed_when_it_arrives() {
    let mut case = Case::new();
    let claim = case.claim(2);
    case.says(Input::Acknowledge);
    assert!(case.follows().is_empty());
    case.deliver(2, claim, done()).expect("a late receipt counts");
    assert_eq!(case.follows(), [(2, false)]);
    case.says(resolve());
    assert_eq!(case.follows(), [(2, false), (2, true)]);
}

#[test]
fn what_is_over_is_not_called_acknowledged_afterwards() {
    let mut case = Case::new();
    case.sent(2);
    case.says(Input::Acknowledge);
    let acked = case.incident.live.values().find(|l| matches!(l.intent.what, What::Follow { .. }));
    let no = acked.map(|l| l.intent.no).expect("a follow-up");
    case.says(resolve());
    let claimed = case.engine(Input::Claim { no, worker: "w1".into() }).expect("decided");
    assert_eq!(claimed, [Event::IntentsCancelled { numbers: vec![no], why: CancelReason::Ended }]);
    assert_eq!(case.follows(), [(2, true)]);
}

#[test]
fn every_end_takes_back_pages_and_timers_and_tells_every_vendor() {
    for end in [resolve(), Input::Merge { into: IncidentId(2) }, Input::Cancel { reason: "a drill".into() }] {
        let mut case = Case::new();
        case.sent(2);
        case.fire();
        case.says(end);
        assert!(case.pages().is_empty() && case.timer().is_none());
        assert_eq!(case.follows(), [(2, true)]);
        assert_eq!(case.incident.ended_at, Some(case.now));
    }
}

#[test]
fn an_acknowledgement_at_the_instant_of_the_timer_sends_no_page_whichever_comes_first() {
    let mut case = Case::new().after(300);
    let timer = case.timer().expect("due now");
    case.says(Input::Acknowledge);
    assert_eq!(case.engine(Input::TimerDue(timer)), Err(Refusal::Stale));
    let mut case = Case::new().after(300);
    case.engine(Input::TimerDue(timer)).expect("due");
    case.says(Input::Acknowledge);
    assert!(case.pages().is_empty());
}

#[test]
fn handing_back_begins_the_policy_again() {
    let mut case = Case::new();
    case.sent(2);
    case.fire();
    case.says(Input::Acknowledge);
    case.wait(60);
    let events = case.says(Input::Unacknowledge { reason: "not mine".into() });
    assert!(matches!(&events[0], Event::Unacknowledged { cause: UnackCause::ByHand, reason } if reason == "not mine"));
    assert_eq!(case.paged(), ["ana/pager"]);
    assert_eq!(case.timer().map(|t| t.due_at), Some(case.now.plus_s(300)));
    assert_eq!(case.incident.acknowledged, None);
}

#[test]
fn snoozed_means_no_page_until_then_and_then_from_the_first_level() {
    for acknowledged_first in [false, true] {
        let mut case = Case::new();
        let in_flight = case.claim(2);
        if acknowledged_first {
            case.says(Input::Acknowledge);
        }
        let until = case.now.plus_s(3_600);
        case.says(Input::Snooze { until });
        assert_eq!(case.timer(), Some(Timer { kind: TimerKind::SnoozeEnd, due_at: until }));
        // The page under way fails: neither tried again nor passed on to the next method or level.
        case.deliver(2, in_flight, retry(true)).expect("decided");
        assert!(case.pages().is_empty(), "{:?}", case.pages());
        let events = case.fire();
        assert_eq!(events[0], Event::SnoozeEnded);
        assert_eq!(case.paged(), ["ana/pager"]);
        assert_eq!(case.incident.acknowledged, None);
        assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate));
    }
}

#[test]
fn a_page_that_fails_for_good_while_snoozed_goes_nowhere_else() {
    let mut case = Case::new();
    let seq = case.claim(2);
    case.says(Input::Snooze { until: case.now.plus_s(600) });
    case.deliver(2, seq, never()).expect("decided");
    assert!(case.pages().is_empty());
    assert_eq!(case.incident.escalation.step, Some(0));
}

#[test]
fn people_may_be_paged_by_hand_while_it_is_snoozed() {
    let mut case = Case::new();
    case.says(Input::Snooze { until: case.now.plus_s(600) });
    case.says(Input::Page { whom: to(&["bo"])[0].clone(), text: "look at this".into() });
    let (no, ..) = case.pages()[0].clone();
    case.sent(no);
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::SnoozeEnd));
}

#[test]
fn escalating_by_hand_ends_a_snooze_unless_somebody_has_it() {
    let mut case = Case::new();
    case.says(Input::Snooze { until: case.now.plus_s(600) });
    case.says(Input::Escalate);
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate));
    let mut case = Case::new();
    case.says(Input::Acknowledge);
    case.says(Input::Snooze { until: case.now.plus_s(600) });
    case.says(Input::Escalate);
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::SnoozeEnd), "it still comes back");
}

#[test]
fn a_snooze_is_from_a_minute_to_a_week() {
    for (seconds, accepted) in [(59, false), (60, true), (604_800, true), (604_801, false), (-60, false)] {
        let mut case = Case::new();
        let said = case.say(Input::Snooze { until: case.now.plus_s(seconds) });
        assert_eq!(said.is_ok(), accepted, "{seconds} s");
    }
    let mut case = Case::new();
    let refusal = case.say(Input::Snooze { until: Timestamp(i64::MAX) }).expect_err("out of range");
    assert_eq!(refusal.code(), "span_out_of_range");
}

#[test]
fn a_page_by_hand_says_who_cannot_be_reached_and_goes_on_to_the_next_method() {
    let mut case = Case::new();
    case.says(Input::Acknowledge);
    let refusal = case.say(Input::Page { whom: to(&["dee"])[0].clone(), text: String::new() }).expect_err("unknown");
    assert_eq!(refusal.to_string(), "@dee cannot be paged: nobody of that name is configured.");
    case.says(Input::Page { whom: to(&["ana"])[0].clone(), text: String::new() });
    case.refused_by_vendor(case.pages()[0].0);
    assert_eq!(case.paged(), ["ana/mail"], "also after the acknowledgement: somebody asked for it");
}

#[test]
fn a_page_by_hand_that_was_answered_by_an_acknowledgement_is_not_passed_on() {
    let mut case = Case::new();
    case.says(Input::Page { whom: to(&["ana"])[0].clone(), text: "now".into() });
    let by_hand = case.pages().last().map(|p| p.0).expect("queued");
    let seq = case.claim(by_hand);
    case.says(Input::Acknowledge);
    case.deliver(by_hand, seq, never()).expect("decided");
    assert!(case.pages().is_empty());
}

#[test]
fn a_page_by_hand_neither_counts_for_a_level_nor_holds_it() {
    let mut case = with_policy(&[(&["bo"], 300), (&["cy"], 300)], Some(0));
    case.says(Input::Page { whom: to(&["cy"])[0].clone(), text: String::new() });
    case.sent(3);
    case.refused_by_vendor(2);
    assert_eq!(case.incident.escalation.step, Some(1), "the level itself reached nobody");
}

#[test]
fn reopening_begins_the_policy_and_needs_a_reason() {
    let mut case = Case::new();
    case.says(Input::Acknowledge);
    case.says(resolve());
    assert_eq!(case.say(Input::Reopen { reason: "  ".into() }), Err(Refusal::Empty { what: "reason" }));
    case.wait(86_400);
    case.says(Input::Reopen { reason: "it came back".into() });
    assert_eq!((case.incident.status, case.incident.ended_at), (IncidentStatus::Investigating, None));
    assert_eq!(case.incident.acknowledged, None, "who had it then need not have it now");
    assert_eq!(case.timer().map(|t| t.kind), Some(TimerKind::Escalate));
    assert_eq!(case.paged(), ["ana/pager"]);
}

#[test]
fn text_from_people_is_cleaned_or_refused() {
    let long = "ä".repeat(4_001);
    for (text, code) in [("", "empty"), (" \n\t ", "empty"), ("\u{202e}\u{0}", "empty"), (long.as_str(), "too_long")] {
        let text = text.to_string();
        for input in [
            Input::Note { text: text.clone() },
            Input::PostUpdate { text: text.clone() },
            Input::Cancel { reason: text.clone() },
            Input::AddAction { text: text.clone(), owner: None, due: None },
            Input::AssignRole { role: text.clone(), person: PersonId::from("bo") },
        ] {
            let mut case = Case::new();
            assert_eq!(case.say(input.clone()).expect_err("refused").code(), code, "{input:?}");
        }
    }
    let mut case = Case::new();
    let events = case.says(Input::Note { text: " a\u{7}b\r\nc\u{200b} <!channel> ".into() });
    assert_eq!(events[0], Event::Noted { text: "ab\nc <!channel>".into(), origin: None });
}

#[test]
fn a_title_is_one_line_of_at_most_250_characters() {
    let titled = |title: &str| {
        let d = Declaration { title: title.into(), ..declaration(None) };
        declare(IncidentId(1), &d, &Actor::Engine, &directory(), START).map(|d| d.incident.title)
    };
    assert_eq!(titled(" db \u{1b}[31m\n down "), Ok("db [31m down".to_string()));
    assert!(matches!(titled("\u{feff}"), Err(No::Refused(Refusal::Empty { what: "title" }))));
    assert!(matches!(titled(&"x".repeat(251)), Err(No::Refused(Refusal::TooLong { chars: 251, .. }))));
}

#[test]
fn saying_what_is_already_so_is_refused_and_saying_it_with_a_text_is_an_update() {
    let mut case = Case::new();
    let status = IncidentStatus::Investigating;
    let refusal = case.say(Input::SetStatus { status, text: " ".into() }).expect_err("already there");
    assert_eq!(refusal.to_string(), "The status of INC-1 is investigating already.");
    let events = case.says(Input::SetStatus { status, text: "still looking".into() });
    assert_eq!(events[0], Event::UpdatePosted { text: "still looking".into() });
    case.says(Input::AssignLead { person: PersonId::from("bo") });
    assert_eq!(
        case.say(Input::AssignLead { person: PersonId::from("bo") }).expect_err("twice").code(),
        "already_there"
    );
    let p1 = Input::SetSeverity { severity: severity("P1", 1), reason: String::new() };
    assert_eq!(case.say(p1).expect_err("the same").code(), "already_there");
}

#[test]
fn action_items_are_numbered_finished_once_and_bounded() {
    let mut case = Case::new();
    for no in 1..=limits::ACTION_ITEMS_MAX as u32 {
        let events = case.says(Input::AddAction { text: format!("item {no}"), owner: None, due: None });
        assert!(matches!(events[0], Event::ActionAdded { no: n, .. } if n == no));
    }
    let more = Input::AddAction { text: "one more".into(), owner: None, due: None };
    assert_eq!(case.say(more).expect_err("full").code(), "too_many");
    case.says(Input::FinishAction { no: 7 });
    assert_eq!(case.say(Input::FinishAction { no: 7 }).expect_err("twice").code(), "action_item_done");
    assert_eq!(case.say(Input::FinishAction { no: 999 }).expect_err("none").code(), "unknown_action_item");
}

#[test]
fn a_full_log_refuses_words_and_never_whatever_stops_the_paging() {
    for stop in [
        Input::Acknowledge,
        resolve(),
        Input::SetStatus { status: IncidentStatus::Resolved, text: String::new() },
        Input::Cancel { reason: "no".into() },
        Input::Merge { into: IncidentId(2) },
    ] {
        let full = Incident { seq: limits::EVENTS_PER_INCIDENT_MAX, ..Case::new().incident };
        let ana = Actor::person("ana", "test");
        let note = decide(&full, &Input::Note { text: "more".into() }, &ana, &directory(), START);
        assert!(matches!(note, Err(No::Refused(Refusal::TooMany { .. }))));
        assert!(decide(&full, &stop, &ana, &directory(), START).is_ok(), "{stop:?}");
    }
}

#[test]
fn of_a_private_incident_no_channel_hears_anything_and_people_are_paged_all_the_same() {
    let mut case = Case::of(directory(), Declaration { private: true, ..declaration(None) });
    assert_eq!(case.paged(), ["ana/pager"]);
    case.says(Input::PostUpdate { text: "found it".into() });
    case.says(resolve());
    assert!(case.outbox.values().all(|r| !matches!(r.intent.what, What::Notice { .. })));
}

#[test]
fn cards_that_pile_up_leave_no_page_without_room() {
    let mut case = Case::new();
    case.sent(2);
    for n in 0..limits::INTENTS_LIVE_MAX + 20 {
        case.incident = match decide(
            &case.incident,
            &Input::PostUpdate { text: format!("update {n}") },
            &Actor::person("bo", "test"),
            &case.directory,
            case.now,
        ) {
            Ok(d) => d.incident,
            Err(no) => panic!("{no:?}"),
        };
    }
    assert!(case.incident.live.len() <= limits::INTENTS_LIVE_MAX);
    let timer = timers(&case.incident).next().expect("armed");
    let fired = decide(&case.incident, &Input::TimerDue(timer), &Actor::Engine, &case.directory, timer.due_at);
    let after = fired.expect("due").incident;
    assert_eq!(after.live.values().filter(|l| matches!(l.intent.what, What::Page(_))).count(), 2);
}

#[test]
fn a_quoted_message_keeps_where_it_stands_and_a_note_without_one_is_stored_as_before() {
    let mut case = Case::new();
    let origin = Origin {
        chat: "slack".into(),
        place: "C1".into(),
        message: "1764000000.000100".into(),
        author: Some("UBO".into()),
        link: Some("https://acme.slack.com/archives/C1/p1764000000000100".into()),
    };
    let events = case.says(Input::Quote { text: "db1 is full".into(), origin: Box::new(origin.clone()) });
    let Event::Noted { origin: Some(kept), .. } = &events[0] else { panic!("{events:?}") };
    assert!(**kept == origin && kept.is(&"slack".into(), "C1", "1764000000.000100"));
    let entry = crate::timeline::entries(&case.log).into_iter().find(|e| e.icon_word == "note").expect("an entry");
    let link = origin.link.expect("a link");
    assert_eq!((entry.text, entry.link), (format!("Note: db1 is full, {link}"), Some(link)));

    // As logs have it that were written before: the same bytes, so the same hash.
    let plain = Event::Noted { text: "db1 is full".into(), origin: None };
    let old = r#"{"kind":"noted","text":"db1 is full"}"#;
    assert_eq!(serde_json::to_string(&plain).expect("JSON"), old);
    assert_eq!(serde_json::from_str::<Event>(old).expect("an event"), plain);
}
