//! Levels in order, levels that reach nobody, policies that repeat or end, pages that fail.

use super::*;
use crate::event::UnreachableReason;
use crate::schedule::{Override, Rotation, Schedule};

#[test]
fn levels_follow_each_other_after_their_delays_and_then_the_policy_is_used_up() {
    let mut case = Case::new();
    assert_eq!(case.paged(), ["ana/pager"]);
    case.sent(2);
    assert_eq!(case.timer(), Some(Timer { kind: TimerKind::Escalate, due_at: START.plus_s(300) }));
    case.fire();
    assert_eq!(case.paged(), ["bo/pager", "cy/mail"]);
    assert_eq!(case.timer().map(|t| t.due_at), Some(START.plus_s(600)));
    assert_eq!(kinds(&case.fire()), ["policy_used_up", "intents_queued"]);
    assert_eq!((case.timer(), case.incident.escalation.used_up), (None, true));
}

#[test]
fn a_policy_without_repeat_goes_round_until_somebody_acknowledges() {
    let mut case = with_policy(&[(&["ana"], 60), (&["bo"], 60)], None);
    for round in 0..15_u32 {
        assert_eq!(case.incident.escalation.pass, round);
        case.sent(case.pages()[0].0);
        case.fire();
        assert_eq!(case.incident.escalation.step, Some(1));
        case.sent(case.pages()[0].0);
        case.fire();
    }
    case.says(Input::Acknowledge);
    assert_eq!(case.timer(), None);
}

#[test]
fn a_policy_repeats_as_often_as_it_says() {
    for repeat in [0, 1, 3] {
        let mut case = with_policy(&[(&["ana"], 60)], Some(repeat));
        let mut pages = 0;
        while case.timer().is_some() {
            case.sent(case.pages()[0].0);
            pages += 1;
            case.fire();
        }
        assert_eq!(pages, repeat + 1);
    }
}

#[test]
fn levels_that_reach_nobody_are_passed_over_at_once_and_say_why() {
    let mut case = with_policy(&[(&["dee"], 300), (&["eve"], 300), (&["bo"], 60)], Some(0));
    let skipped: Vec<UnreachableReason> = case
        .log
        .iter()
        .filter_map(|e| match &e.body {
            Event::StepSkipped { unreachable, .. } => Some(unreachable[0].why),
            _ => None,
        })
        .collect();
    assert_eq!(skipped, [UnreachableReason::Unknown; 2]);
    assert_eq!(case.paged(), ["bo/pager"]);
    case.directory.people.insert(PersonId::from("dee"), person(&["sms"]));
    case.sent(2);
    case.fire();
    assert_eq!(kinds(&case.says(Input::Escalate))[..1], ["step_skipped"]);
    let last = case.log.iter().rev().find_map(|e| match &e.body {
        Event::StepSkipped { step: 0, unreachable, .. } => Some(unreachable[0].why),
        _ => None,
    });
    assert_eq!(last, Some(UnreachableReason::NoContactMethod), "dee has no configured pager");
}

#[test]
fn nobody_reached_pages_every_pager_at_once_and_every_five_minutes() {
    for levels in [&[][..], &[(&["dee"][..], 900), (&[], 900)]] {
        let mut case = with_policy(levels, Some(0));
        for round in 0..5 {
            assert_eq!(case.paged(), ["*/pager", "*/mail"], "round {round}");
            let due = case.timer().map(|t| t.due_at);
            assert_eq!(due, Some(START.plus_s(300 * (round + 1))));
            for (no, ..) in case.pages() {
                case.sent(no);
            }
            case.fire();
        }
        case.says(Input::Acknowledge);
        assert!(case.pages().is_empty() && case.timer().is_none());
    }
}

#[test]
fn without_a_policy_every_pager_is_paged() {
    let mut d = directory();
    d.policies.clear();
    let case = Case::of(d, declaration(None));
    assert_eq!(case.paged(), ["*/pager", "*/mail"]);
}

#[test]
fn whoever_becomes_reachable_is_paged_with_the_next_round() {
    let mut case = with_policy(&[(&["dee"], 900)], Some(0));
    case.directory.people.insert(PersonId::from("dee"), person(&["pager"]));
    case.fire();
    assert!(case.paged().contains(&"dee/pager".to_string()));
    assert_eq!(case.timer().map(|t| t.due_at), Some(START.plus_s(300 + 900)));
}

#[test]
fn without_any_pager_the_incident_still_wakes_every_five_minutes() {
    let mut d = directory();
    d.pagers.clear();
    let mut case = Case::of(d, declaration(None));
    assert!(case.pages().is_empty());
    assert!(case.log.iter().any(|e| matches!(e.body, Event::NobodyReached { pagers: 0, next_at: Some(_) })));
    case.directory.pagers = vec![ChannelId::from("pager")];
    case.fire();
    assert_eq!(case.paged(), ["ana/pager"], "a pager was configured meanwhile");
}

#[test]
fn owners_and_schedules_mean_whoever_is_there_at_that_instant() {
    let mut d = directory();
    let rotation = Rotation {
        people: vec![PersonId::from("ana"), PersonId::from("bo")],
        shift_s: 300,
        first_handoff: START.utc().naive_utc(),
        zone: chrono_tz::UTC,
    };
    let stand_in = Override { person: PersonId::from("cy"), from: START.plus_s(600), to: START.plus_s(900) };
    d.schedules.insert("rota".into(), Schedule { rotation, overrides: vec![stand_in] });
    let steps = [Target::Schedule("rota".into()), Target::Schedule("rota".into()), Target::Owners];
    let steps = steps.map(|t| Step::new(vec![t], 300)).to_vec();
    let name = PolicyId::from("default");
    d.policies.insert(name.clone(), EscalationPolicy::new(name, steps, None));
    let mut case = Case::of(d, declaration(None));
    assert_eq!(case.paged(), ["ana/pager"]);
    case.sent(2);
    case.fire();
    assert_eq!(case.paged(), ["bo/pager"], "handed over at this very instant");
    case.sent(3);
    case.fire();
    assert_eq!(case.paged(), ["cy/mail"], "cy owns the service");
    case.sent(4);
    case.fire();
    assert_eq!(case.paged(), ["bo/pager"], "the stand-in has ended at this instant");
}

#[test]
fn a_page_that_fails_goes_to_the_next_contact_method_and_then_to_the_next_level_at_once() {
    let mut case = Case::new();
    case.refused_by_vendor(2);
    assert_eq!(case.paged(), ["ana/mail"]);
    case.refused_by_vendor(3);
    assert_eq!(case.paged(), ["bo/pager", "cy/mail"]);
    assert_eq!(case.timer().map(|t| t.due_at), Some(START.plus_s(300)), "at once, with the delay of that level");
    case.refused_by_vendor(4);
    assert_eq!(case.paged(), ["cy/mail"], "the level still has somebody under way");
    let events = case.refused_by_vendor(5);
    assert!(kinds(&events).contains(&"nobody_reached"), "{events:?}");
    assert_eq!(case.paged(), ["*/pager", "*/mail"]);
}

#[test]
fn a_level_of_which_one_page_has_arrived_is_given_its_time() {
    let mut case = with_policy(&[(&["bo", "cy"], 300), (&["ana"], 300)], Some(0));
    case.sent(2);
    case.refused_by_vendor(3);
    assert!(case.pages().is_empty());
    assert_eq!(case.incident.escalation.step, Some(0));
}

#[test]
fn vendors_that_refuse_everything_make_no_storm() {
    let mut case = with_policy(&[(&["bo"], 10)], None);
    for _ in 0..100 {
        while let Some((no, ..)) = case.pages().first().cloned() {
            case.refused_by_vendor(no);
        }
        case.fire();
    }
    let pages = case.outbox.values().filter(|r| matches!(r.intent.what, What::Page(_))).count();
    let minutes = case.now.seconds_since(START) / 60;
    assert!(minutes >= 500, "{minutes} min: each round of failures waits five minutes");
    assert!(pages <= 301, "{pages} pages");
}

#[test]
fn a_dead_channel_is_given_up_for_the_next_one_also_where_levels_are_short() {
    let mut case = with_policy(&[(&["ana"], 30)], None);
    let first = case.pages()[0].0;
    for _ in 0..3 {
        case.fire();
    }
    assert!(case.incident.escalation.pass > 0 || case.incident.escalation.everyone);
    case.exhausted(first);
    assert!(case.paged().contains(&"ana/mail".to_string()), "{:?}", case.paged());
}

#[test]
fn a_policy_is_not_used_up_before_a_single_page_has_arrived() {
    let mut case = with_policy(&[(&["bo"], 30)], Some(0));
    let events = case.fire();
    assert!(kinds(&events).contains(&"nobody_reached"), "{events:?}");
    assert_eq!(case.paged(), ["bo/pager", "*/pager", "*/mail"]);
    case.sent(case.pages()[1].0);
    case.fire();
    assert_eq!(kinds(&case.says(Input::Acknowledge))[0], "acknowledged");
    assert!(case.pages().is_empty());
}

#[test]
fn a_page_that_waits_is_not_queued_twice_and_one_that_left_is() {
    let mut case = with_policy(&[(&["bo"], 30)], None);
    let seq = case.claim(2);
    case.deliver(2, seq, retry(false)).expect("to be tried again");
    case.fire();
    case.fire();
    assert_eq!(case.paged().iter().filter(|p| *p == "bo/pager").count(), 1);
    let mut case = with_policy(&[(&["bo"], 30)], None);
    case.sent(2);
    case.fire();
    assert_eq!(case.paged(), ["bo/pager"]);
}

#[test]
fn escalating_by_hand_goes_on_at_once_and_starts_over_after_the_last_level() {
    let mut case = Case::new();
    let events = case.says(Input::Escalate);
    assert!(matches!(events[0], Event::Escalated { step: 1, reason: EscalateReason::ByHand, next_at: Some(_), .. }));
    let events = case.says(Input::Escalate);
    assert!(matches!(events[0], Event::Escalated { step: 0, pass: 1, .. }));
    case.says(Input::Acknowledge);
    let events = case.says(Input::Escalate);
    assert!(matches!(events[0], Event::Escalated { step: 1, next_at: None, .. }), "acknowledged: no timer follows");
    assert_eq!((case.timer(), case.paged()), (None, vec!["bo/pager".to_string(), "cy/mail".to_string()]));
    case.sent(case.pages()[0].0);
}

#[test]
fn a_policy_used_up_begins_again_only_by_hand() {
    let mut case = Case::new();
    case.sent(2);
    case.fire();
    case.fire();
    assert_eq!(case.timer(), None);
    case.says(Input::Escalate);
    assert_eq!((case.incident.escalation.pass, case.incident.escalation.used_up), (1, false));
    assert!(case.timer().is_some());
}

#[test]
fn what_was_promised_when_it_was_declared_outlives_an_edited_policy() {
    let mut case = Case::new();
    case.directory.policies.clear();
    case.sent(2);
    case.fire();
    assert_eq!(case.paged(), ["bo/pager", "cy/mail"]);
}

#[test]
fn a_person_who_is_gone_is_passed_over_and_said_to_be_unknown() {
    let mut case = Case::new();
    case.sent(2);
    case.directory.people.remove(&PersonId::from("bo"));
    let events = case.fire();
    let Event::Escalated { people, unreachable, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(people, &[PersonId::from("cy")]);
    assert_eq!((unreachable[0].target.as_str(), unreachable[0].why), ("@bo", UnreachableReason::Unknown));
}

#[test]
fn a_page_of_an_earlier_level_that_fails_late_moves_no_level() {
    let mut case = with_policy(&[(&["bo"], 30), (&["cy"], 3_600), (&["ana"], 300)], Some(0));
    case.fire();
    let events = case.exhausted(2);
    assert_eq!(kinds(&events), ["intent_failed"], "its time had been given to the next level already");
    assert_eq!(case.incident.escalation.step, Some(1));
}

#[test]
fn a_page_under_way_when_it_is_handed_back_does_not_stand_in_for_the_new_one() {
    let mut case = Case::new();
    case.claim(2);
    case.says(Input::Acknowledge);
    case.says(Input::Unacknowledge { reason: String::new() });
    assert_eq!(case.paged(), ["ana/pager", "ana/pager"], "the first may have rung before it was acknowledged");
}
