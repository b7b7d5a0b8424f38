//! `oncall`: who is on call, until when, and who is next.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::when::{self, NoTime};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said, read};
use crate::app::ActError;
use chrono_tz::Tz;
use firebell_domain::id::ScheduleId;
use firebell_domain::refusal::Refusal;
use firebell_domain::schedule::{Schedule, Shift};
use firebell_domain::time::Timestamp;
use serde_json::json;

pub const SPEC: Spec = Spec {
    verb: "oncall",
    aliases: &["on-call", "who"],
    summary: "Shows who is on call, until when, and who is next",
    usage: "/oncall [SCHEDULE] [at TIME]",
    details: "Without a name, every schedule. Times are in the schedule's own zone and in UTC.",
    examples: &["/oncall", "/oncall primary", "/oncall primary at friday 18:00"],
    args: &[
        Arg::optional("schedule", ArgKind::Schedule, "Which schedule"),
        Arg::optional("at", ArgKind::Time, "At which time instead of now"),
    ],
    group: Group::OnCall,
    needs_incident: false,
    doing: "show",
    ..Spec::BASE
};

pub struct Args {
    schedule: Option<ScheduleId>,
    at: Timestamp,
}

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Args, Refusal> {
    let d = &ground.directory;
    let is_at = |w: Option<&super::words::Word>| w.is_some_and(|w| !w.quoted && w.text.eq_ignore_ascii_case("at"));
    let mut schedule = None;
    let mut zone = read::zone(ground);
    if words.peek().is_some() && !is_at(words.peek()) {
        let name = words.take().map(|w| w.text).unwrap_or_default();
        let (id, found) = read::schedule(&name, d)?;
        zone = found.rotation.zone;
        schedule = Some(id.clone());
    }
    let mut at = ground.now;
    if is_at(words.peek()) {
        words.skip(1);
        // Looking back is as good as looking ahead, so a time of day that has just passed is today's.
        let from = when::From { now: ground.now, after: ground.now, zone };
        let (time, used) = match when::point(words.left(), from) {
            Err(NoTime::JustPassed) => {
                when::point(words.left(), when::From { after: ground.now.plus_s(-6 * 3_600), ..from })
            }
            other => other,
        }
        .map_err(|_| {
            usage_refusal(
                format!("\"{}\" is no time.", shown(words.rest())),
                &format!("/oncall at TIME, with {}", when::TIMES),
            )
        })?;
        words.skip(used);
        at = time;
    }
    words.end(SPEC.usage)?;
    Ok(Args { schedule, at })
}

pub async fn run(call: &Call<'_>, args: Args) -> Result<Said, ActError> {
    let directory = call.app.directory_now().await?;
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for (id, schedule) in directory.schedules.iter().filter(|(id, _)| args.schedule.as_ref().is_none_or(|s| s == *id)) {
        let shift = schedule.shift_at(args.at);
        let next = shift.as_ref().and_then(|s| next(schedule, s));
        lines.push(line(id, schedule.rotation.zone, shift.as_ref(), next.as_ref()));
        let row = |s: &Shift| json!({ "person": s.person, "from": s.from.rfc3339(), "until": s.to.rfc3339(), "stands_in": s.overridden });
        rows.push(json!({ "schedule": id, "now": shift.as_ref().map(row), "next": next.as_ref().map(row) }));
    }
    if lines.is_empty() {
        lines.push("No schedule is configured. Add [schedules.NAME] to the configuration.".to_string());
    } else if args.at != call.ground.now {
        lines.insert(0, format!("At {}:", args.at));
    } else {
        lines.push("Somebody else for a while? /oncall override @USER FROM TO".to_string());
    }
    let data = json!({ "at": args.at.rfc3339(), "schedules": rows });
    Ok(Said { text: lines.join("\n"), incident: None, data })
}

/// Whoever comes after; none where a shift never ends or nobody follows.
fn next(schedule: &Schedule, shift: &Shift) -> Option<Shift> {
    (shift.to.0 < i64::MAX).then(|| schedule.shift_at(shift.to)).flatten()
}

fn line(id: &ScheduleId, zone: Tz, shift: Option<&Shift>, next: Option<&Shift>) -> String {
    let Some(s) = shift else { return format!("{id}: nobody is on call") };
    let stands_in = if s.overridden { " (stands in)" } else { "" };
    let until = match s.to.0 {
        i64::MAX => ", without an end".to_string(),
        _ => format!(" until {}", both(s.to, zone)),
    };
    let then = match next {
        Some(n) => format!(", then @{}", n.person),
        None if s.to.0 == i64::MAX => String::new(),
        None => ", then nobody".to_string(),
    };
    format!("{id}: @{}{stands_in}{until}{then}", s.person)
}

/// In the schedule's zone, and in UTC where that is another clock.
pub fn both(at: Timestamp, zone: Tz) -> String {
    let local = when::local(at, zone);
    match local.ends_with(" UTC") {
        true => local,
        false => format!("{local} ({} UTC)", at.utc().format("%H:%M")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn a_schedule_and_a_time_are_both_optional() {
        let g = ground();
        for (text, schedule, hours) in [
            ("", None, 0),
            ("primary", Some("primary"), 0),
            ("PRIMARY at +2h", Some("primary"), 2),
            ("at 2026-11-22T03:30:00Z", None, 1),
            ("at 2026-11-22T01:30:00Z", None, -1),
            // In Madrid, an hour ago.
            ("primary at 02:30", Some("primary"), -1),
        ] {
            let args = parse(&mut Words::new(text), &g).unwrap();
            assert_eq!(args.schedule.map(|s| s.to_string()).as_deref(), schedule, "{text}");
            assert_eq!(args.at.seconds_since(g.now), hours * 3_600, "{text}");
        }
    }

    #[test]
    fn what_is_not_there_is_refused() {
        assert!(matches!(parse(&mut Words::new("primry"), &ground()), Err(Refusal::UnknownSchedule { .. })));
        for text in ["at dawn", "primary at", "primary secondary"] {
            assert!(matches!(parse(&mut Words::new(text), &ground()), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
