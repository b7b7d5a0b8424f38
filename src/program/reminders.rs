//! The schedules of a runbook: when each is due in the team's zone, and whether Firebell looks by itself then or people
//! are reminded (`operations.rs`). Off, and said to be, until the overlay says the zone and where the clients are that
//! its commands need. Runs nothing.

use super::operations::{self, Does};
use super::overlay::Going;
use super::unmapped::client;
use super::words::normal;
use super::{Note, Source, when};
use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
use firebell_domain::recurrence::Recurrence;
use firebell_domain::schedule::instant_of;
use firebell_domain::time::Timestamp;
use firebell_runbook::model::{Cadence, Command, Schedule};
use std::collections::BTreeSet;
use std::str::FromStr;

/// Minutes since midnight at which something is due that says no time of day, where the team's hours say no other.
const NINE: u32 = 9 * 60;
/// Times of a cron line that are looked at for one that the clocks have not swallowed.
const CRON_LOOKED_AT: usize = 8;
/// Seconds between two times below which people are not reminded: it would be noise, and a check for a machine.
const OFTEN_S: i64 = 6 * 3_600;
/// Seconds within which a look that nobody was there for is made up for, where the overlay says nothing else.
const GRACE_S: i64 = 3_600;

#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    pub system: String,
    pub name: String,
    pub tasks: Vec<String>,
    pub file: String,
    pub line: u32,
    pub rhythm: Rhythm,
    /// What becomes of it at its time.
    pub does: Does,
    /// As the overlay says for all schedules or for this one.
    pub going: Going,
    /// Seconds after its time within which a look is made up for.
    pub grace_s: i64,
}

/// A reminder whose time has come.
#[derive(Clone, Copy, Debug)]
pub struct Due<'a> {
    pub reminder: &'a Reminder,
    pub at: Timestamp,
}

impl Due<'_> {
    /// When, on the team's own clock: `09:00 CET`.
    pub fn words(&self) -> String {
        self.reminder.clock(self.at)
    }
}

impl Reminder {
    /// The last time it was due after an instant, up to now.
    pub fn last_after(&self, from: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let mut last = None;
        let mut at = from;
        while let Some(next) = self.rhythm.next_after(at).filter(|next| *next <= now && *next > at) {
            (last, at) = (Some(next), next);
        }
        last
    }

    /// When, on the team's own clock: `09:00 CET`.
    pub fn clock(&self, at: Timestamp) -> String {
        at.utc().with_timezone(&self.rhythm.zone()).format("%H:%M %Z").to_string()
    }

    /// The next time, for people: `Mon 2026-11-23 09:00 CET`.
    pub fn next_words(&self, now: Timestamp) -> Option<String> {
        self.rhythm.next_after(now).map(|next| self.day_and_clock(next))
    }

    /// `Mon 2026-11-23 09:00 CET`
    pub fn day_and_clock(&self, at: Timestamp) -> String {
        at.utc().with_timezone(&self.rhythm.zone()).format("%a %Y-%m-%d %H:%M %Z").to_string()
    }

    /// The last time it was due, unless that is longer ago than so many seconds.
    pub fn last_due(&self, now: Timestamp, within_s: i64) -> Option<Due<'_>> {
        self.last_after(now.plus_s(-within_s), now).map(|at| Due { reminder: self, at })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rhythm {
    Calendar(Recurrence),
    /// What a cron line says, by the wall clock of a zone.
    Cron(Box<cron::Schedule>, Tz),
}

impl Rhythm {
    fn zone(&self) -> Tz {
        match self {
            Rhythm::Calendar(rule) => rule.zone,
            Rhythm::Cron(_, zone) => *zone,
        }
    }

    /// As text that is another when it is due at other times.
    pub fn rule(&self) -> String {
        match self {
            Rhythm::Calendar(rule) => format!("{:?} {} {}", rule.days, rule.at_min, rule.zone),
            Rhythm::Cron(schedule, zone) => format!("{schedule} {zone}"),
        }
    }

    /// Whether it is due so often that a word each time would be noise.
    pub fn often(&self) -> bool {
        let first = self.next_after(Timestamp::default());
        let second = first.and_then(|first| self.next_after(first));
        first.zip(second).is_some_and(|(first, second)| second.seconds_since(first) < OFTEN_S)
    }

    /// The first time after an instant.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Rhythm::Calendar(rule) => rule.next_after(at),
            Rhythm::Cron(schedule, zone) => {
                // The wall clock's numbers as if they were UTC's: cron knows of no zone, and so neither leaves out nor
                // repeats what the clocks do.
                let wall = at.utc().with_timezone(zone).naive_local();
                let back = wall.checked_sub_signed(chrono::Duration::hours(3)).unwrap_or(wall);
                let from: DateTime<Utc> = Utc.from_utc_datetime(&back);
                let times = schedule.after(&from).map(|t| instant_of(*zone, t.naive_utc()));
                let mut later = times.filter(|t| *t > at);
                later.by_ref().take(CRON_LOOKED_AT).min()
            }
        }
    }
}

/// The reminders that are on, and why the others are off.
pub fn of(source: &Source) -> (Vec<Reminder>, Vec<Note>) {
    let (mut on, mut notes) = (Vec::new(), Vec::new());
    let schedules: Vec<&Schedule> =
        source.book().schedules.iter().filter(|s| source.certain("schedules", s.line)).collect();
    if schedules.is_empty() || source.overlay.reminders == Some(false) {
        return (on, notes);
    }
    let note = |schedule: &Schedule, what: String, fix: String| Note {
        kind: "schedule",
        name: schedule.name.clone(),
        line: Some(schedule.line),
        what: format!("\"{}\" is off: {what}", schedule.name),
        fix,
    };
    let Some(zone) = source.overlay.zone else {
        let fix = format!("Add zone = \"Europe/Madrid\" to {}", source.overlay_file);
        let all = schedules.len();
        let are = if all == 1 { "its schedule is".to_string() } else { format!("all {all} schedules are") };
        let what = format!("{are} off: nobody knows the team's time zone");
        let line = schedules.first().map(|s| s.line);
        return (on, vec![Note { kind: "zone", name: source.system.clone(), line, what, fix }]);
    };
    for schedule in schedules {
        if let Some(missing) = unmapped(source, schedule) {
            let fix = format!("Add [[targets]] name = \"{missing}\", target = \"…\" to {}", source.overlay_file);
            notes.push(note(schedule, format!("nobody knows where \"{missing}\" is"), fix));
            continue;
        }
        let (going, does) = (going(source, schedule), operations::does(source, schedule));
        let does = if going.run == Some(false) { does.by_hand(source) } else { does };
        if let Some(note) = operations::note(source, schedule, &going) {
            notes.push(note);
        }
        match rhythm(source, schedule, zone, matches!(does, Does::Looks { .. })) {
            Ok(rhythm) => {
                let left = does.left().len();
                let does = match does {
                    Does::Looks { lines, .. } if left > 0 && rhythm.often() => {
                        notes.push(unsaid(source, schedule, left));
                        Does::Looks { lines, by_hand: Vec::new() }
                    }
                    does => does,
                };
                // Two of one name are told apart by their lines: each has its own turn.
                let twice = on.iter().any(|r: &Reminder| r.name == schedule.name);
                on.push(Reminder {
                    system: source.system.clone(),
                    name: if twice {
                        format!("{} (line {})", schedule.name, schedule.line)
                    } else {
                        schedule.name.clone()
                    },
                    tasks: schedule.tasks.clone(),
                    file: source.short_file(),
                    line: schedule.line,
                    rhythm,
                    does,
                    going,
                    grace_s: source.overlay.grace_s.unwrap_or(GRACE_S),
                });
            }
            Err(why) => {
                let fix = format!(
                    "Add [[times]] schedule = \"{}\", when = \"Mon 09:00\" to {}",
                    schedule.name, source.overlay_file
                );
                notes.push(note(schedule, why.into(), fix));
            }
        }
    }
    (on, notes)
}

/// What is left to people of something that is looked at too often to remind them of it each time.
fn unsaid(source: &Source, schedule: &Schedule, left: usize) -> Note {
    let name = schedule.name.clone();
    let commands = if left == 1 { "command" } else { "commands" };
    Note {
        kind: "schedule",
        line: Some(schedule.line),
        what: format!(
            "\"{name}\" is looked at, and nobody is reminded of its other {left} {commands}: it is too often for that"
        ),
        fix: format!("Give what changes something a schedule of its own in {}", source.short_file()),
        name,
    }
}

/// A client that its commands need and that nobody has placed.
fn unmapped(source: &Source, schedule: &Schedule) -> Option<&'static str> {
    let lines: BTreeSet<u32> = schedule.command_lines.iter().copied().collect();
    let needs = |c: &Command| client(c.executor).filter(|_| lines.contains(&c.line));
    source.book().commands.iter().filter_map(needs).find(|c| !source.overlay.targets.contains_key(*c))
}

/// What the overlay says for one schedule, by its name or its line.
fn said<'a>(source: &'a Source, schedule: &Schedule) -> impl Iterator<Item = &'a super::overlay::Time> {
    let names = [normal(&schedule.name), schedule.line.to_string()];
    source.overlay.times.iter().filter(move |t| names.contains(&normal(&t.schedule)))
}

fn going(source: &Source, schedule: &Schedule) -> Going {
    let all = &source.overlay.schedules;
    let own = |pick: fn(&Going) -> Option<bool>| said(source, schedule).find_map(|t| pick(&t.going)).or(pick(all));
    let severity = said(source, schedule).find_map(|t| t.going.severity.clone());
    let (run, declare, post) = (own(|g| g.run), own(|g| g.declare), own(|g| g.post));
    Going { run, declare, severity: severity.or_else(|| all.severity.clone()), post }
}

/// `looks`: by a machine, which may be every minute.
fn rhythm(source: &Source, schedule: &Schedule, zone: Tz, looks: bool) -> Result<Rhythm, &'static str> {
    let said = said(source, schedule).find_map(|t| t.when.as_deref());
    let by_cron = |cron: cron::Schedule| {
        let rhythm = Rhythm::Cron(Box::new(cron), zone);
        if looks { Ok(rhythm) } else { seldom(rhythm) }
    };
    if let (Some(cron), None) = (&schedule.cron, said) {
        return posix(cron).ok_or("its cron line cannot be read").and_then(by_cron);
    }
    if let Some(cron) = said.and_then(posix) {
        return by_cron(cron);
    }
    if let (Some(Cadence::Hourly), None, true) = (schedule.cadence, said, looks)
        && let Some(cron) = posix("0 * * * *")
    {
        return by_cron(cron);
    }
    let words = when::read(said.or(schedule.when.as_deref()).unwrap_or_default());
    let days = when::days(schedule.cadence, &words).or_else(|why| match said {
        Some(_) => when::days(None, &words).map_err(|_| why),
        None => Err(why),
    })?;
    let at_min = words.at_min.or(source.overlay.hours.as_ref().map(|h| h.from_min)).unwrap_or(NINE);
    Ok(Rhythm::Calendar(Recurrence { days, at_min, zone }))
}

fn seldom(rhythm: Rhythm) -> Result<Rhythm, &'static str> {
    let first = rhythm.next_after(Timestamp::default()).ok_or("its cron line names no day that there is")?;
    match rhythm.next_after(first) {
        Some(second) if second.seconds_since(first) < OFTEN_S => Err("it is too often to remind people of"),
        _ => Ok(rhythm),
    }
}

/// Five POSIX fields. The crate counts weekdays from 1 and wants seconds, so weekdays are given by name; day of month
/// and day of week together mean "either" to POSIX and "both" to the crate, so such a line is not taken.
pub fn posix(line: &str) -> Option<cron::Schedule> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return None };
    if *day != "*" && *weekday != "*" {
        return None;
    }
    const NAMES: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    let named = |part: &str| match part.parse::<usize>() {
        Ok(n) => NAMES.get(n).map(|n| n.to_string()),
        Err(_) => Some(part.to_uppercase()),
    };
    let mut weekdays = Vec::new();
    for part in weekday.split(',') {
        match part.split_once('-') {
            // A range over names may not go over Sunday, so it is written out.
            Some((first, last)) => {
                let no =
                    |w: &str| w.parse::<usize>().ok().or_else(|| NAMES.iter().position(|n| n.eq_ignore_ascii_case(w)));
                let (first, last) = (no(first)?, no(last)?);
                let last = if last < first { last + 7 } else { last };
                weekdays.extend((first..=last).map(|n| NAMES.get(n % 7).map_or("*", |n| n).to_string()));
            }
            None if part == "*" => weekdays.push("*".to_string()),
            None => weekdays.push(named(part)?),
        }
    }
    cron::Schedule::from_str(&format!("0 {minute} {hour} {day} {month} {}", weekdays.join(","))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse::<DateTime<Utc>>().expect("a time").into()
    }

    fn next(line: &str, after: &str) -> Timestamp {
        let schedule = posix(line).unwrap_or_else(|| panic!("{line} is five fields"));
        Rhythm::Cron(Box::new(schedule), Tz::America__New_York).next_after(utc(after)).expect("a next time")
    }

    #[test]
    fn a_cron_line_goes_by_posix_numbers_and_the_teams_wall_clock() {
        for (line, after, due) in [
            ("0 9 * * 1", "2026-11-22T00:00:00Z", "2026-11-23T14:00:00Z"),
            ("0 9 * * 0", "2026-11-22T15:00:00Z", "2026-11-29T14:00:00Z"),
            ("0 9 * * 7", "2026-11-22T15:00:00Z", "2026-11-29T14:00:00Z"),
            ("30 2 * * 1-5", "2026-11-21T00:00:00Z", "2026-11-23T07:30:00Z"),
            ("0 0 1 * *", "2026-11-22T00:00:00Z", "2026-12-01T05:00:00Z"),
            ("*/15 * * * *", "2026-11-22T00:01:00Z", "2026-11-22T00:15:00Z"),
            ("0 9 * * FRI-MON", "2026-11-24T15:00:00Z", "2026-11-27T14:00:00Z"),
        ] {
            assert_eq!(next(line, after), utc(due), "{line} after {after}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_or_repeat_is_due_once() {
        assert_eq!(next("30 2 * * *", "2026-03-07T12:00:00Z"), utc("2026-03-08T07:00:00Z"), "02:30 does not exist");
        assert_eq!(next("30 2 * * *", "2026-03-08T07:00:00Z"), utc("2026-03-09T06:30:00Z"));
        assert_eq!(next("30 1 * * *", "2026-10-31T12:00:00Z"), utc("2026-11-01T05:30:00Z"), "01:30 comes twice");
        assert_eq!(next("30 1 * * *", "2026-11-01T05:30:00Z"), utc("2026-11-02T06:30:00Z"));
    }

    #[test]
    fn what_is_no_five_fields_or_means_two_things_is_not_taken() {
        for line in ["", "0 9 * *", "0 9 1 * 1", "a b c d e", "0 9 * * 9", "0 0 9 * * 1", "61 9 * * 1"] {
            assert!(posix(line).is_none(), "{line}");
        }
    }
}
