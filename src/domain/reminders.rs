//! Reminders of what is left to do after the harm is over: an overdue post-mortem, every working day; an action item, on
//! its day and then every week. Each so many times, then it is a choice. When the next one is due is in the events,
//! because it hangs on whose morning it is: people's zones change, and a replay must not. Nobody's phone rings for it.

use crate::clocks::{self, Milestone};
use crate::decide::Decider;
use crate::event::Event;
use crate::id::PersonId;
use crate::incident::Incident;
use crate::intent::NoticeKind;
use crate::status::IncidentStatus;
use crate::time::Timestamp;
use chrono::{Datelike, Days, NaiveDate, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// When the working day begins, at which people are reminded.
const MORNING_H: u32 = 9;
const WEEK_DAYS: u64 = 7;

/// Whose the draft is: the lead's, else of whoever had it.
pub fn owner_of_draft(i: &Incident) -> Option<&PersonId> {
    i.lead.as_ref().or_else(|| i.acknowledged.as_ref().and_then(|a| a.by.as_person()))
}

pub fn draft_timer(i: &Incident) -> Option<Timestamp> {
    let overdue = clocks::runs(i, Milestone::Postmortem) && i.course.breached.contains(&Milestone::Postmortem);
    i.course.draft_remind_at.filter(|_| overdue)
}

fn next_action(i: &Incident) -> Option<(Timestamp, u32)> {
    // What belonged to an incident that was none is nobody's duty.
    let left = i.actions.iter().filter(|a| a.done_at.is_none() && i.status != IncidentStatus::Cancelled);
    left.filter_map(|a| Some((a.remind_at?, a.no))).min()
}

pub fn action_timer(i: &Incident) -> Option<Timestamp> {
    next_action(i).map(|(at, _)| at)
}

/// When the overdue draft is spoken of first, when its time has just run out.
pub(crate) fn first_of_draft(d: &Decider) -> Option<Timestamp> {
    let zone = zone_of(d, owner_of_draft(&d.incident));
    (d.directory.settings.draft_reminders_max > 0).then(|| next_working_morning(d.now, zone)).flatten()
}

/// The morning of its day; where that is past already, the next working one.
pub(crate) fn first_of_action(d: &Decider, owner: Option<&PersonId>, due: Option<NaiveDate>) -> Option<Timestamp> {
    let zone = zone_of(d, owner);
    let at = morning(due?, zone).filter(|at| *at > d.now).or_else(|| next_working_morning(d.now, zone));
    at.filter(|_| d.directory.settings.action_reminders_max > 0)
}

pub(crate) fn draft_due(d: &mut Decider) {
    let more = d.incident.course.draft_reminders + 1 < d.directory.settings.draft_reminders_max;
    let zone = zone_of(d, owner_of_draft(&d.incident));
    let next_at = next_working_morning(d.now, zone).filter(|_| more);
    let Some(due_at) = clocks::deadline(&d.incident, Milestone::Postmortem) else { return };
    d.emit(Event::DraftReminded { due_at, next_at });
    d.notice(NoticeKind::Clock);
}

pub(crate) fn action_due(d: &mut Decider) {
    let Some((_, no)) = next_action(&d.incident) else { return };
    let Some(item) = d.incident.actions.iter().find(|a| a.no == no) else { return };
    let zone = zone_of(d, item.owner.as_ref());
    let today = d.now.utc().with_timezone(&zone).date_naive();
    let days_late = item.due.map_or(0, |due| today.signed_duration_since(due).num_days().max(0));
    let more = item.reminders + 1 < d.directory.settings.action_reminders_max;
    let next_at = today.checked_add_days(Days::new(WEEK_DAYS)).and_then(|day| morning(day, zone)).filter(|_| more);
    d.emit(Event::ActionReminded { no, days_late, next_at });
    d.notice(NoticeKind::Clock);
}

fn zone_of(d: &Decider, person: Option<&PersonId>) -> Tz {
    person.and_then(|p| d.directory.people.get(p)).map_or(Tz::UTC, |p| p.time_zone)
}

fn morning(day: NaiveDate, zone: Tz) -> Option<Timestamp> {
    let wall = day.and_hms_opt(MORNING_H, 0, 0)?;
    // Where a day has no nine o'clock, that of UTC is as good.
    let at = zone.from_local_datetime(&wall).earliest().map_or(wall.and_utc(), |t| t.with_timezone(&Utc));
    Some(at.into())
}

/// The first one after an instant.
fn next_working_morning(after: Timestamp, zone: Tz) -> Option<Timestamp> {
    let today = after.utc().with_timezone(&zone).date_naive();
    let days = (0..WEEK_DAYS).filter_map(|n| today.checked_add_days(Days::new(n)));
    let working = days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
    working.filter_map(|day| morning(day, zone)).find(|at| *at > after)
}
