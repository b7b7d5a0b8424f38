//! The clocks besides the escalation: milestones, reminders, "still working?", levels by the hour.

use super::*;
use crate::clocks::Milestone;
use crate::event::UnackCause;
use crate::hours::{When, WorkingHours};
use crate::intent::PageReason;
use crate::limits::STILL_WORKING_GRACE_S;
use crate::severity::Clocks;
use crate::status::{IncidentStatus, PostmortemStatus};
use crate::timer::TimerKind;

fn clocked(response_s: Option<i64>, clocks: Clocks) -> Case {
    let severity = Severity { response_s, clocks, ..severity("P1", 1) };
    Case::of(directory(), Declaration { severity, ..declaration(None) })
}

fn forgetful(timeout_s: i64) -> Case {
    let mut d = directory();
    let policy = EscalationPolicy { ack_timeout_s: Some(timeout_s), ..policy(&[(&["bo"], 300)], None) };
    d.policies.insert(PolicyId::from("default"), policy);
    Case::of(d, declaration(None))
}

fn status(status: IncidentStatus) -> Input {
    Input::SetStatus { status, text: "so it is".into() }
}

/// Fires everything that is due by then, in the order in which it is, and tells what came of it.
fn until(case: &mut Case, seconds: i64) -> Vec<Event> {
    let end = START.plus_s(seconds);
    let mut all = Vec::new();
    while let Some(t) = timers(&case.incident).min_by_key(|t| (t.due_at, t.kind)).filter(|t| t.due_at <= end) {
        case.now = case.now.max(t.due_at);
        all.extend(case.engine(Input::TimerDue(t)).expect("due"));
    }
    case.now = end;
    all
}

fn clock_kinds(events: &[Event]) -> Vec<&'static str> {
    kinds(events).into_iter().filter(|k| !k.starts_with("intent") && *k != "escalated").collect()
}

fn due(case: &Case, kind: TimerKind) -> Option<i64> {
    timers(&case.incident).find(|t| t.kind == kind).map(|t| t.due_at.seconds_since(START))
}

#[test]
fn a_milestone_is_warned_of_when_a_quarter_is_left_and_missed_once() {
    let mut case = clocked(Some(200), Clocks { diagnose_s: Some(400), ..Clocks::default() });
    let events = until(&mut case, 1_000);
    let said: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            Event::MilestoneWarned { milestone, due_at } => Some((*milestone, false, due_at.seconds_since(START))),
            Event::MilestoneBreached { milestone, due_at, .. } => Some((*milestone, true, due_at.seconds_since(START))),
            _ => None,
        })
        .collect();
    use Milestone::{Acknowledge, Diagnose};
    assert_eq!(
        said,
        [(Acknowledge, false, 200), (Acknowledge, true, 200), (Diagnose, false, 400), (Diagnose, true, 400)]
    );
    assert_eq!(due(&case, TimerKind::Milestone), None);
}

#[test]
fn what_is_reached_is_not_missed_and_what_was_undone_runs_on() {
    let mut case = clocked(Some(200), Clocks { mitigate_s: Some(1_000), ..Clocks::default() });
    case.says(Input::Acknowledge);
    assert_eq!(due(&case, TimerKind::Milestone), Some(750));
    case.says(status(IncidentStatus::Monitoring));
    assert_eq!(due(&case, TimerKind::Milestone), None);
    case.wait(800);
    case.says(status(IncidentStatus::Investigating));
    assert_eq!(due(&case, TimerKind::Milestone), Some(750), "it did not hold");
    assert_eq!(clock_kinds(&until(&mut case, 900)), ["milestone_warned"]);
    case.says(resolve());
    assert_eq!(until(&mut case, 9_000), []);
    case.says(Input::Reopen { reason: "again".into() });
    assert_eq!(due(&case, TimerKind::Milestone), Some(9_150), "all clocks begin anew");
}

#[test]
fn another_severity_has_other_times_from_the_same_beginning() {
    let mut case = clocked(None, Clocks { resolve_s: Some(400), ..Clocks::default() });
    assert_eq!(clock_kinds(&until(&mut case, 500)), ["milestone_warned", "milestone_breached"]);
    let clocks = Clocks { resolve_s: Some(4_000), ..Clocks::default() };
    let severity = Severity { clocks, ..severity("P2", 2) };
    case.says(Input::SetSeverity { severity, reason: String::new() });
    assert_eq!(due(&case, TimerKind::Milestone), Some(3_000));
}

#[test]
fn the_post_mortem_has_its_time_after_the_end_and_published_stops_it() {
    let mut case = clocked(None, Clocks { postmortem_s: Some(400), ..Clocks::default() });
    assert!(matches!(
        case.say(Input::SetPostmortem { status: PostmortemStatus::Published }),
        Err(Refusal::NoPostmortem { .. })
    ));
    case.says(resolve());
    assert_eq!(due(&case, TimerKind::Milestone), Some(300));
    case.says(Input::SetPostmortem { status: PostmortemStatus::Published });
    assert_eq!(due(&case, TimerKind::Milestone), None);
    case.says(Input::SetPostmortem { status: PostmortemStatus::InReview });
    assert_eq!(clock_kinds(&until(&mut case, 500)), ["milestone_warned", "milestone_breached"]);
}

#[test]
fn after_a_stop_everything_takes_effect_once_in_the_order_in_which_it_was_due() {
    let clocks = Clocks { diagnose_s: Some(100), resolve_s: Some(500), ..Clocks::default() };
    let mut case = clocked(Some(350), clocks);
    case.wait(10_000);
    let late = |case: &Case| timers(&case.incident).find(|t| t.kind == TimerKind::Escalate).expect("armed");
    assert_eq!(case.engine(Input::TimerDue(late(&case))), Err(Refusal::Stale), "the milestones were due before it");
    let mut order = Vec::new();
    while let Some(t) = timers(&case.incident).filter(|t| t.due_at <= case.now).min_by_key(|t| (t.due_at, t.kind)) {
        let events = case.engine(Input::TimerDue(t)).expect("due");
        order.push((t.due_at.seconds_since(START), events[0].kind()));
    }
    // Warnings whose time has run out meanwhile are no news; the breach is.
    assert_eq!(
        order,
        [(75, "milestone_breached"), (262, "milestone_breached"), (300, "escalated"), (375, "milestone_breached")]
    );
}

#[test]
fn updates_are_asked_for_again_and_again_until_written_or_put_off() {
    let mut case = clocked(None, Clocks { update_every_s: Some(600), ..Clocks::default() });
    assert_eq!(due(&case, TimerKind::UpdateReminder), None, "first somebody has to have it");
    assert!(matches!(
        case.say(Input::SnoozeUpdates { until: START.plus_s(900) }),
        Err(Refusal::NotAcknowledged { .. })
    ));
    case.says(Input::Acknowledge);
    assert_eq!(clock_kinds(&until(&mut case, 1_300)), ["update_reminded", "update_reminded"]);
    case.says(Input::PostUpdate { text: "on it".into() });
    assert_eq!(due(&case, TimerKind::UpdateReminder), Some(1_900));
    case.says(Input::SnoozeUpdates { until: START.plus_s(7_200) });
    assert_eq!(due(&case, TimerKind::UpdateReminder), Some(7_200));
    case.says(Input::Snooze { until: START.plus_s(9_000) });
    assert_eq!(due(&case, TimerKind::UpdateReminder), None, "put aside altogether");
    assert!(matches!(
        Case::new().say(Input::SnoozeUpdates { until: START.plus_s(900) }),
        Err(Refusal::NoReminder { .. })
    ));
}

#[test]
fn a_missing_lead_is_reminded_of_three_times_and_not_once_somebody_leads() {
    let mut case = clocked(None, Clocks { lead_within_s: Some(300), ..Clocks::default() });
    case.says(Input::Acknowledge);
    assert_eq!(clock_kinds(&until(&mut case, 9_000)), ["lead_reminded"; 3]);
    let mut led = clocked(None, Clocks { lead_within_s: Some(300), ..Clocks::default() });
    led.says(Input::AssignLead { person: "bo".into() });
    led.says(Input::Acknowledge);
    assert_eq!(until(&mut led, 9_000), []);
}

#[test]
fn whoever_says_nothing_is_asked_by_their_pager_and_without_an_answer_paging_begins_again() {
    let mut case = forgetful(1_200);
    case.says(Input::Acknowledge);
    case.wait(600);
    case.says(Input::Note { text: "looking".into() });
    let asked = until(&mut case, 1_800);
    assert_eq!(clock_kinds(&asked), ["still_working_asked"]);
    assert_eq!(case.paged(), ["ana/pager"], "the question rings where they are");
    let resumed = until(&mut case, 1_800 + STILL_WORKING_GRACE_S);
    assert!(matches!(resumed[0], Event::Unacknowledged { cause: UnackCause::TimedOut, .. }));
    assert_eq!(case.paged(), ["bo/pager"], "the question was taken back");
    assert!(case.incident.unanswered());
}

#[test]
fn anything_that_a_person_does_answers_and_ack_is_enough() {
    for (input, deed) in [
        (Input::Acknowledge, None),
        (Input::Note { text: "still at it".into() }, Some("noted")),
        (status(IncidentStatus::Identified), Some("status_changed")),
    ] {
        let mut case = forgetful(1_200);
        case.says(Input::Acknowledge);
        until(&mut case, 1_200);
        let question = case.pages()[0].0;
        case.sent(question);
        let events = case.says(input);
        assert_eq!(events[0], Event::StillWorking);
        assert!(deed.is_none_or(|d| kinds(&events).contains(&d)), "{events:?}");
        assert!(case.follows().contains(&(question, false)), "the pager stops ringing");
        assert_eq!(due(&case, TimerKind::StillWorking), Some(2_400));
    }
}

#[test]
fn a_refused_word_is_no_answer_and_a_waiting_question_is_taken_back() {
    let mut case = forgetful(1_200);
    case.says(Input::Acknowledge);
    until(&mut case, 1_200);
    let question = case.pages()[0].0;
    assert!(case.say(Input::Note { text: String::new() }).is_err());
    assert!(case.incident.course.asked_at.is_some());
    case.says(Input::Acknowledge);
    assert_eq!(case.status_of(question), OutboxStatus::Cancelled);
    assert!(case.say(Input::Acknowledge).is_err(), "nobody asked any more: it is acknowledged already");
}

#[test]
fn nobody_is_asked_while_it_is_put_aside_or_the_harm_is_over() {
    let mut case = forgetful(1_200);
    case.says(Input::Acknowledge);
    case.says(status(IncidentStatus::Monitoring));
    assert_eq!(due(&case, TimerKind::StillWorking), None);
    case.says(status(IncidentStatus::Investigating));
    case.says(Input::Snooze { until: START.plus_s(7_200) });
    assert_eq!(due(&case, TimerKind::StillWorking), None);
}

#[test]
fn a_question_that_cannot_be_delivered_goes_by_the_next_method_and_stirs_nobody_else() {
    let mut case = forgetful(1_200);
    case.says(Input::Acknowledge);
    until(&mut case, 1_200);
    let events = case.refused_by_vendor(case.pages()[0].0);
    assert_eq!(kinds(&events), ["intent_failed", "intents_queued"]);
    assert_eq!(case.paged(), ["ana/mail"]);
    let events = case.refused_by_vendor(case.pages()[0].0);
    assert_eq!(kinds(&events), ["intent_failed"]);
    assert!(case.incident.acknowledged.is_some());
}

#[test]
fn alerts_that_fire_again_under_monitoring_are_told_and_page_nobody() {
    let mut case = by_alerts(&["a"]);
    case.says(Input::Acknowledge);
    case.alerts(&delivery(&["-a"])).expect("news");
    assert_eq!(case.incident.status, IncidentStatus::Monitoring);
    let events = case.alerts(&delivery(&["a@60"])).expect("news");
    assert!(kinds(&events).contains(&"status_changed"), "{events:?}");
    assert_eq!(case.incident.status, IncidentStatus::Investigating);
    assert_eq!(case.paged(), Vec::<String>::new());
}

/// At an hour that is no working hour.
fn by_the_hour(levels: &[(&str, When)], repeat_max: Option<u32>) -> Case {
    let mut d = directory();
    let days = std::iter::successors(Some(chrono::Weekday::Mon), |d| Some(d.succ())).take(7).collect();
    let office = WorkingHours { zone: chrono_tz::UTC, days, from_min: 540, to_min: 541 };
    assert!(!office.contains(START));
    let steps = levels.iter().map(|(name, when)| Step { when: *when, ..Step::new(to(&[name]), 300) }).collect();
    let policy =
        EscalationPolicy { hours: Some(office), ..EscalationPolicy::new(PolicyId::from("default"), steps, repeat_max) };
    d.policies.insert(PolicyId::from("default"), policy);
    Case::of(d, declaration(None))
}

#[test]
fn a_level_for_other_hours_is_passed_over_at_once_and_noted() {
    let case = by_the_hour(&[("ana", When::WorkingHours), ("bo", When::OffHours)], None);
    assert_eq!(case.paged(), ["bo/pager"]);
    assert!(case.log.iter().any(|e| matches!(e.body, Event::StepSkipped { step: 0, when: When::WorkingHours, .. })));
}

#[test]
fn when_only_levels_for_other_hours_are_left_the_policy_goes_on_as_after_its_last() {
    let mut case = by_the_hour(&[("bo", When::Always), ("ana", When::WorkingHours)], Some(1));
    case.sent(case.pages()[0].0);
    let events = case.fire();
    assert!(matches!(events[1], Event::Escalated { step: 0, pass: 1, .. }), "{events:?}");
    case.sent(case.pages()[0].0);
    assert!(case.fire().contains(&Event::PolicyUsedUp));
}

#[test]
fn when_no_level_is_for_this_hour_every_pager_rings() {
    let case = by_the_hour(&[("ana", When::WorkingHours), ("bo", When::WorkingHours)], None);
    assert_eq!(case.paged(), ["*/pager", "*/mail"]);
}

#[test]
fn a_level_may_page_a_pager_itself_and_one_that_is_gone_reaches_nobody() {
    let mut d = directory();
    let steps = vec![
        Step::new(vec![Target::Pager("siren".into())], 300),
        Step::new(vec![Target::Pager("mail".into()), Target::Person("bo".into())], 300),
    ];
    d.policies.insert(PolicyId::from("default"), EscalationPolicy::new(PolicyId::from("default"), steps, None));
    let case = Case::of(d, declaration(None));
    assert_eq!(case.paged(), ["bo/pager", "*/mail"]);
    let page = case.incident.live.values().find_map(|l| match &l.intent.what {
        What::Page(p) if p.person.is_none() => Some(p.reason),
        _ => None,
    });
    assert_eq!(page, Some(PageReason::Escalation));
    let skipped = case.log.iter().find_map(|e| match &e.body {
        Event::StepSkipped { unreachable, .. } => unreachable.first(),
        _ => None,
    });
    assert_eq!(skipped.map(|u| u.why), Some(crate::event::UnreachableReason::NoPager));
}
