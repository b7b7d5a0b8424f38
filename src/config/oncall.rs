//! Reads schedules: one rotation each, and the overrides that stand in the file. Never asks what time it is.

use super::people::{known_person, person_list, zone};
use super::problem::{Origin, Place, Problem, Problems, Spot, quoted};
use super::read::{Moment, Table, declared};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use chrono_tz::Tz;
use firebell_domain::directory::Directory;
use firebell_domain::id::ScheduleId;
use firebell_domain::schedule::{Override, Rotation, Schedule, instant_of};
use firebell_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use toml::value::{Date, Datetime, Offset, Time};

const WEEK_S: i64 = 604_800;
/// Seconds below which a shift is refused: nobody hands over every few minutes.
const SHIFT_MIN_S: i64 = 3_600;
/// Seconds (a year) above which a shift is refused: nobody carries a pager longer.
const SHIFT_MAX_S: i64 = 366 * 86_400;

/// The first shift of a rotation that names no `start`: a Monday, and always the same one, so that a restart
/// changes nobody's turn.
fn default_start() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default()
}

pub fn schedules(root: &Table<'_>, problems: &mut Problems) -> BTreeMap<ScheduleId, Schedule> {
    let people = declared(root, "people");
    root.named("schedules")
        .into_iter()
        .map(|(id, table)| (ScheduleId::from(id), schedule(&table, &people, problems)))
        .collect()
}

fn schedule(table: &Table<'_>, people: &BTreeSet<&str>, problems: &mut Problems) -> Schedule {
    let zone = zone(table, "zone", problems);
    let shift_s = table.span_within("shift", (SHIFT_MIN_S, SHIFT_MAX_S), WEEK_S, problems);
    let start = start(table, problems);
    let (day, time) = handoff(table, problems);
    // A week's rotation without a weekday hands over on the weekday of its start; Monday unless that is given.
    let first_day = day.map_or(start, |day| start + chrono::Days::new(days_until(start.weekday(), day)));
    let list = person_list(table, "people", people, problems);
    if table.exists() && table.lists_nothing("people") {
        let fix = "Write the people who take turns, such as people = [\"ana\", \"bo\"]";
        problems.error(&table.spot("people"), "nobody is on this schedule", fix);
    }
    Schedule {
        rotation: Rotation { people: list, shift_s, first_handoff: NaiveDateTime::new(first_day, time), zone },
        overrides: overrides(table, zone, people, problems),
    }
}

fn days_until(from: Weekday, to: Weekday) -> u64 {
    u64::from((to.num_days_from_monday() + 7 - from.num_days_from_monday()) % 7)
}

fn start(table: &Table<'_>, problems: &mut Problems) -> NaiveDate {
    let date = match table.moment("start") {
        None => return default_start(),
        Some(Moment::Typed(Datetime { date: Some(d), time: None, .. })) => date_of(d),
        Some(Moment::Typed(_)) => None,
        Some(Moment::Text(text)) => text.parse().ok(),
    };
    date.unwrap_or_else(|| {
        let fix = "Write a date such as 2026-01-05, without a time: handoff says the time";
        problems.error(&table.spot("start"), "is not a date", fix);
        default_start()
    })
}

/// `Mon 09:00`, `monday 9:00` or `09:00`.
fn handoff(table: &Table<'_>, problems: &mut Problems) -> (Option<Weekday>, NaiveTime) {
    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
    let parsed = match table.moment("handoff") {
        None => return (None, nine),
        Some(Moment::Typed(Datetime { date: None, time: Some(t), offset: None })) => time_of(t).map(|t| (None, t)),
        Some(Moment::Typed(_)) => None,
        Some(Moment::Text(text)) => {
            let (day, clock) = match text.trim().rsplit_once(' ') {
                Some((day, clock)) => (Some(day.trim()), clock),
                None => (None, text.trim()),
            };
            let time = NaiveTime::parse_from_str(clock, "%H:%M").ok();
            match day.map(|d| d.parse::<Weekday>()) {
                None => time.map(|t| (None, t)),
                Some(Ok(day)) => time.map(|t| (Some(day), t)),
                Some(Err(_)) => None,
            }
        }
    };
    parsed.unwrap_or_else(|| {
        let fix = "Write a time of 24 hours such as \"09:00\", or \"Mon 09:00\"";
        problems.error(&table.spot("handoff"), "is not a time to hand over", fix);
        (None, nine)
    })
}

fn overrides(table: &Table<'_>, zone: Tz, people: &BTreeSet<&str>, problems: &mut Problems) -> Vec<Override> {
    let mut found: Vec<(Override, String)> = Vec::new();
    for (n, row) in table.rows("overrides").into_iter().enumerate() {
        let person = row.required("person", problems).and_then(|text| match known_person(text, people) {
            Ok(id) => Some(id),
            Err((what, fix)) => {
                problems.error(&row.spot("person"), what, fix);
                None
            }
        });
        let from = instant(&row, "from", zone, problems);
        let to = instant(&row, "to", zone, problems);
        let (Some(from), Some(to)) = (from, to) else { continue };
        if to <= from {
            problems.error(&row.spot("to"), "is not after from", "Write when it ends, later than when it begins");
            continue;
        }
        if let Some((_, other)) = found.iter().find(|(o, _)| o.from < to && from < o.to) {
            let fix = "Shorten one of the two: only one person can stand in at a time";
            problems.error(&row.here(), format!("overlaps with {other}"), fix);
        }
        if let Some(person) = person {
            let line = match &row.at {
                Origin::Line(line) => format!(", in line {line}"),
                Origin::Variable(_) => String::new(),
            };
            let shown = format!("overrides[{n}]{line}: @{person} from {from} to {to}");
            found.push((Override { person, from, to }, shown));
        }
    }
    found.into_iter().map(|(o, _)| o).collect()
}

/// Where each stand-in of a valid configuration is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandIns(Vec<StandIn>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct StandIn {
    schedule: ScheduleId,
    stand_in: Override,
    /// The complaint's place, without the complaint.
    here: Problem,
}

impl StandIns {
    pub(super) fn of(root: &Table<'_>, directory: &Directory, place: &Place) -> StandIns {
        let mut all = Vec::new();
        for (id, table) in root.named("schedules") {
            let schedule = ScheduleId::from(id);
            let Some(written) = directory.schedules.get(&schedule).map(|s| &s.overrides) else { continue };
            // Of a configuration without errors every row has become one.
            for (row, stand_in) in table.rows("overrides").iter().zip(written) {
                let here = place.warning(&Spot::new(&row.at, row.path.clone()), String::new(), String::new());
                all.push(StandIn { schedule: schedule.clone(), stand_in: stand_in.clone(), here });
            }
        }
        StandIns(all)
    }

    /// Warns of those that one from chat hides: `/oncall override` counts over the file.
    pub fn hidden_by(&self, from_chat: &[(String, Override)], now: Timestamp) -> Vec<Problem> {
        let mut warnings = Vec::new();
        for written in &self.0 {
            let (schedule, own) = (&written.schedule, &written.stand_in);
            let hides = |o: &Override| {
                let (from, to) = (own.from.max(o.from), own.to.min(o.to));
                o.person != own.person && from < to && to > now
            };
            for (_, other) in from_chat.iter().filter(|(s, o)| s == schedule.as_str() && hides(o)) {
                let what = format!(
                    "@{} from {} to {} was put on call by /oncall override and counts instead of @{} while both last",
                    other.person, other.from, other.to, own.person
                );
                let fix = format!(
                    "If @{} is meant, say so in chat: /oncall {schedule} override @{} FROM TO",
                    own.person, own.person
                );
                warnings.push(Problem { what, fix, ..written.here.clone() });
            }
        }
        warnings
    }
}

/// A point in time; one without an offset is meant as the schedule's zone shows it.
fn instant(row: &Table<'_>, key: &str, zone: Tz, problems: &mut Problems) -> Option<Timestamp> {
    const FIX: &str = "Write a time such as 2026-01-05T09:00:00Z, or 2026-01-05T09:00:00 for the schedule's zone";
    let Some(moment) = row.moment(key) else {
        if !row.given(key) {
            problems.error(&row.spot(key), "is missing", FIX);
        }
        return None;
    };
    let (text, found) = match moment {
        Moment::Typed(typed) => (typed.to_string(), typed_instant(typed, zone)),
        Moment::Text(text) => {
            let fixed = DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc().into());
            let local = || {
                ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
                    .iter()
                    .find_map(|f| NaiveDateTime::parse_from_str(text, f).ok())
                    .map(|wall| instant_of(zone, wall))
            };
            (text.to_string(), fixed.or_else(local))
        }
    };
    if found.is_none() {
        problems.error(&row.spot(key), format!("{} is not a point in time", quoted(&text)), FIX);
    }
    found
}

fn typed_instant(typed: Datetime, zone: Tz) -> Option<Timestamp> {
    let wall = NaiveDateTime::new(date_of(typed.date?)?, time_of(typed.time?)?);
    let offset_s = match typed.offset {
        None => return Some(instant_of(zone, wall)),
        Some(Offset::Z) => 0,
        Some(Offset::Custom { minutes }) => i64::from(minutes) * 60,
    };
    Some(Timestamp::from(wall.and_utc()).plus_s(-offset_s))
}

fn date_of(date: Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
}

fn time_of(time: Time) -> Option<NaiveTime> {
    NaiveTime::from_hms_nano_opt(
        time.hour.into(),
        time.minute.into(),
        // A leap second is the last one that a schedule knows.
        time.second.unwrap_or(0).min(59).into(),
        time.nanosecond.unwrap_or(0),
    )
}
