//! What is left to do is spoken of at nine of its owner's morning, so often, and not after it is done.

use super::*;
use crate::clocks::Milestone;
use crate::directory::Settings;
use crate::intent::Lane;
use crate::severity::Clocks;
use crate::status::PostmortemStatus;
use crate::timer::TimerKind;
use chrono::NaiveDate;

const DAY: i64 = 86_400;

fn utc(text: &str) -> Timestamp {
    text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time").into()
}

/// ana lives in Madrid, bo in New York; a post-mortem is due a day after the end. START is Thursday, 2026-05-28, 20:26:40
/// UTC.
fn case(settings: Settings) -> Case {
    let mut d = Directory { settings, ..directory() };
    for (name, zone) in [("ana", chrono_tz::Europe::Madrid), ("bo", chrono_tz::America::New_York)] {
        d.people.get_mut(&PersonId::from(name)).expect("a person").time_zone = zone;
    }
    let severity = Severity { clocks: Clocks { postmortem_s: Some(DAY), ..Clocks::default() }, ..severity("P1", 1) };
    let mut case = Case::of(d, Declaration { severity, ..declaration(None) });
    case.says(Input::Acknowledge);
    case
}

/// Lets so many days pass: when who was reminded of what.
fn reminders(case: &mut Case, days: i64) -> Vec<(Timestamp, Event)> {
    let end = case.now.plus_s(days * DAY);
    let mut all = Vec::new();
    while let Some(t) = timers(&case.incident).min_by_key(|t| (t.due_at, t.kind)).filter(|t| t.due_at <= end) {
        case.now = case.now.max(t.due_at);
        let happened = case.engine(Input::TimerDue(t)).expect("due");
        let spoken = |e: &Event| matches!(e, Event::DraftReminded { .. } | Event::ActionReminded { .. });
        all.extend(happened.into_iter().filter(spoken).map(|e| (case.now, e)));
    }
    case.now = end;
    all
}

fn times(all: &[(Timestamp, Event)]) -> Vec<Timestamp> {
    all.iter().map(|(at, _)| *at).collect()
}

fn action(owner: Option<&str>, due: &str) -> Input {
    let due: NaiveDate = due.parse().expect("a day");
    Input::AddAction { text: "write a test".into(), owner: owner.map(PersonId::from), due: Some(due) }
}

fn ended(settings: Settings) -> Case {
    let mut case = case(settings);
    case.says(Input::AssignLead { person: "ana".into() });
    case.says(resolve());
    case
}

#[test]
fn an_overdue_draft_is_spoken_of_on_the_mornings_of_working_days_and_then_no_more() {
    let mut case = ended(Settings::default());
    let all = reminders(&mut case, 30);
    // Its time ran out on Friday evening.
    let mornings = ["06-01", "06-02", "06-03", "06-04", "06-05"].map(|day| utc(&format!("2026-{day}T07:00:00Z")));
    assert_eq!(times(&all), mornings, "nine in Madrid is seven in UTC");
    assert!(matches!(all[4].1, Event::DraftReminded { next_at: None, .. }));
    assert_eq!(timers(&case.incident).count(), 0, "it is a choice now");
}

#[test]
fn a_published_draft_is_not_spoken_of_and_a_reopened_incident_begins_anew() {
    let mut case = ended(Settings::default());
    assert_eq!(reminders(&mut case, 4).len(), 1);
    case.says(Input::SetPostmortem { status: PostmortemStatus::InReview });
    assert_eq!(reminders(&mut case, 1).len(), 1, "a review is not published");
    let mut other = case;
    let published = Input::SetPostmortem { status: PostmortemStatus::Published };
    other.says(published);
    assert_eq!(reminders(&mut other, 30), []);
    other.says(Input::Reopen { reason: "again".into() });
    other.says(Input::Acknowledge);
    assert_eq!(reminders(&mut other, 2), [], "first it has to be over");
    other.says(resolve());
    assert_eq!(reminders(&mut other, 30).len(), 5);
}

#[test]
fn an_item_is_spoken_of_on_its_day_by_its_owners_clock_and_every_week_after() {
    let mut case = case(Settings::default());
    case.says(action(Some("bo"), "2026-05-30"));
    let all = reminders(&mut case, 60);
    let mornings = ["05-30", "06-06", "06-13", "06-20"].map(|day| utc(&format!("2026-{day}T13:00:00Z")));
    assert_eq!(times(&all), mornings, "nine in New York is one in the afternoon in UTC");
    let late: Vec<i64> = all
        .iter()
        .map(|(_, e)| if let Event::ActionReminded { days_late, .. } = e { *days_late } else { -1 })
        .collect();
    assert_eq!(late, [0, 7, 14, 21]);
}

#[test]
fn an_item_that_is_done_or_of_an_incident_that_was_none_is_not_spoken_of() {
    let mut done = case(Settings::default());
    done.says(action(Some("ana"), "2026-05-29"));
    done.says(action(None, "2026-05-29"));
    assert_eq!(reminders(&mut done, 1).len(), 2, "also what nobody owns");
    done.says(Input::FinishAction { no: 1 });
    let left = reminders(&mut done, 60);
    assert!(left.iter().all(|(_, e)| matches!(e, Event::ActionReminded { no: 2, .. })));
    assert_eq!(left.len(), 3);
    let mut none = case(Settings::default());
    none.says(action(Some("ana"), "2026-06-20"));
    none.says(Input::Cancel { reason: "a test".into() });
    assert_eq!(reminders(&mut none, 60), []);
}

#[test]
fn an_item_whose_morning_is_past_waits_for_the_next_working_one() {
    // Written down on Thursday evening, and due that day; and one that is due on a day long gone.
    for due in ["2026-05-28", "2026-01-01"] {
        let mut case = case(Settings::default());
        case.says(action(Some("ana"), due));
        assert_eq!(times(&reminders(&mut case, 1)), [utc("2026-05-29T07:00:00Z")], "{due}");
    }
}

#[test]
fn after_a_long_stop_each_is_spoken_of_once() {
    let mut case = ended(Settings::default());
    case.says(action(Some("bo"), "2026-05-29"));
    case.now = case.now.plus_s(20 * DAY);
    let said = reminders(&mut case, 0);
    assert!(
        matches!(said[..], [(_, Event::ActionReminded { no: 1, .. })]),
        "the draft's breach is news enough: {said:?}"
    );
    assert!(case.incident.course.breached.contains(&Milestone::Postmortem));
    assert!(timers(&case.incident).all(|t| t.due_at > case.now));
}

#[test]
fn whoever_wants_none_gets_none() {
    let mut case = ended(Settings { draft_reminders_max: 0, action_reminders_max: 0, ..Settings::default() });
    case.says(action(Some("ana"), "2026-06-01"));
    assert_eq!(reminders(&mut case, 60), []);
    let mut once = ended(Settings { draft_reminders_max: 1, action_reminders_max: 1, ..Settings::default() });
    once.says(action(Some("ana"), "2026-06-01"));
    assert_eq!(reminders(&mut once, 60).len(), 2);
}

#[test]
fn a_reminder_tells_the_rooms_and_rings_nobodys_phone() {
    let mut case = ended(Settings::default());
    case.says(action(Some("bo"), "2026-05-29"));
    let before = case.incident.intents;
    reminders(&mut case, 10);
    let new: Vec<Lane> = case.outbox.range(before + 1..).map(|(_, row)| row.intent.lane).collect();
    assert!(new.len() >= 6 && new.iter().all(|lane| *lane == Lane::Card), "{new:?}");
    assert!(case.incident.course.breached.contains(&Milestone::Postmortem));
    assert!(timers(&case.incident).all(|t| t.kind == TimerKind::ActionReminder));
}
