//! `override`: somebody stands in on a schedule for a while.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::when::{self, NoTime};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said, oncall, read};
use crate::app::{Act, ActError, On};
use chrono_tz::Tz;
use firebell_domain::directory::Directory;
use firebell_domain::id::{PersonId, ScheduleId};
use firebell_domain::org::OrgEvent;
use firebell_domain::refusal::Refusal;
use firebell_domain::schedule::Override;
use firebell_domain::time::Timestamp;
use serde_json::json;

/// Others who stand in at the same time that an answer names.
const REPLACED_NAMED_MAX: usize = 3;
/// Seconds below which standing in is a slip, and above which (a year) it is a new rotation.
const LENGTH_S: std::ops::RangeInclusive<i64> = 60..=366 * 86_400;

pub const SPEC: Spec = Spec {
    verb: "override",
    aliases: &["cover"],
    summary: "Puts somebody on call in another's place for a while",
    usage: "/oncall [SCHEDULE] override @USER FROM TO",
    details: "The schedule may be left out where there is only one. Times are in its zone: now, +2h, 18:00, tomorrow \
              09:00, friday 09:00, 2026-12-24 18:00 or 2026-12-24T18:00:00Z. TO counts from FROM: now +8h is eight \
              hours, 18:00 09:00 ends the next morning. Where two overlap, the one added last \
              counts, and the answer names the other.",
    examples: &[
        "/oncall primary override @bo now +2h",
        "/oncall override @bo tomorrow 09:00 tomorrow 18:00",
        "/oncall primary override @cy 2027-12-24 18:00 2027-12-26 09:00",
    ],
    args: &[
        Arg::optional("schedule", ArgKind::Schedule, "Which schedule, where there are several"),
        Arg::needed("user", ArgKind::Person, "Who stands in"),
        Arg::needed("from", ArgKind::Time, "From when: now, 18:00, tomorrow 09:00"),
        Arg::needed("to", ArgKind::Time, "Until when: +8h, friday 09:00"),
    ],
    group: Group::OnCall,
    needs_incident: false,
    doing: "override",
    ..Spec::BASE
};

#[derive(Debug, PartialEq)]
pub struct Args {
    schedule: ScheduleId,
    zone: Tz,
    person: PersonId,
    from: Timestamp,
    to: Timestamp,
}

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Args, Refusal> {
    let d = &ground.directory;
    let first = words.take().ok_or_else(|| usage_refusal("Who stands in, from when, until when?", SPEC.usage))?;
    let (named, who) = match first.text.starts_with('@') {
        true => (None, first),
        false => match read::schedule(&first.text, d) {
            Ok(found) => {
                let who = words.take().ok_or_else(|| usage_refusal("Who stands in?", SPEC.usage))?;
                (Some(found), who)
            }
            // A person without the @.
            Err(_) if !d.people.is_empty() && read::person(&first.text, ground).is_ok() => (None, first),
            Err(no) => return Err(no),
        },
    };
    let (id, schedule) = match (named, d.schedules.len()) {
        (Some(found), _) => found,
        (None, 1) => d.schedules.iter().next().ok_or_else(|| nameless(ground))?,
        (None, _) => return Err(nameless(ground)),
    };
    let person = read::person(&who.text, ground)?;
    let zone = schedule.rotation.zone;
    let from = point(words, ground, zone, ground.now, "beginning")?;
    let to_said = words.rest().to_string();
    if to_said.is_empty() {
        return Err(usage_refusal("Until when?", SPEC.usage));
    }
    let to = point(words, ground, zone, from, "end")?;
    words.end(SPEC.usage)?;
    if to <= from {
        let from = oncall::both(from, zone);
        return Err(Refusal::Backwards { from, to: oncall::both(to, zone) });
    }
    if to <= ground.now {
        return Err(Refusal::TimeInThePast { what: "end", said: shown(&to_said) });
    }
    let seconds = to.seconds_since(from);
    if !LENGTH_S.contains(&seconds) {
        let (min_s, max_s) = (*LENGTH_S.start(), *LENGTH_S.end());
        return Err(Refusal::SpanOutOfRange { what: "stand-in", seconds, min_s, max_s });
    }
    Ok(Args { schedule: id.clone(), zone, person, from, to })
}

fn nameless(ground: &Ground) -> Refusal {
    let known: Vec<String> = ground.directory.schedules.keys().map(ToString::to_string).collect();
    match known.is_empty() {
        true => {
            usage_refusal("No schedule is configured: add [schedules.NAME] to the configuration first.", SPEC.usage)
        }
        false => usage_refusal(format!("Which schedule? Known: {}.", known.join(", ")), SPEC.usage),
    }
}

fn point(
    words: &mut Words,
    ground: &Ground,
    zone: Tz,
    after: Timestamp,
    what: &'static str,
) -> Result<Timestamp, Refusal> {
    let said = words.rest().to_string();
    let from = when::From { now: ground.now, after, zone };
    match when::point(words.left(), from) {
        Ok((at, used)) => {
            words.skip(used);
            Ok(at)
        }
        Err(NoTime::JustPassed) => Err(Refusal::TimeInThePast { what, said: shown(&said) }),
        Err(NoTime::NotATime) if said.is_empty() => Err(usage_refusal("From when, until when?", SPEC.usage)),
        Err(NoTime::NotATime) => Err(usage_refusal(
            format!("\"{}\" is no time.", shown(&said)),
            &format!("{}, with {}", SPEC.usage, when::TIMES),
        )),
    }
}

/// Who stands in already for a part of this time that is not over: the one added last counts, so they do not.
fn replaced(
    directory: &Directory,
    schedule: &ScheduleId,
    person: &PersonId,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Vec<Override> {
    let all = directory.schedules.get(schedule).map_or(&[][..], |s| s.overrides.as_slice());
    let overlaps = |o: &&Override| {
        let (from, to) = (from.max(o.from), to.min(o.to));
        o.person != *person && from < to && to > now
    };
    all.iter().filter(overlaps).cloned().collect()
}

pub async fn run(call: &Call<'_>, args: Args) -> Result<Said, ActError> {
    let Args { schedule, zone, person, from, to } = args;
    let replaced = replaced(&call.app.directory_now().await?, &schedule, &person, (from, to), call.ground.now);
    let event = OrgEvent::OverrideAdded { schedule: schedule.clone(), person: person.clone(), from, to };
    call.app.act(Act { on: On::Organisation(event), actor: call.actor(), once: None }).await?;
    let span = format!("from {} to {}", oncall::both(from, zone), oncall::both(to, zone));
    let mut text = format!("@{person} is on call for {schedule} {span}.\n");
    for o in replaced.iter().take(REPLACED_NAMED_MAX) {
        let span = format!("from {} to {}", oncall::both(o.from, zone), oncall::both(o.to, zone));
        text.push_str(&format!("That is instead of @{} while both last, who stands in {span}.\n", o.person));
    }
    if replaced.len() > REPLACED_NAMED_MAX {
        text.push_str(&format!("And instead of {} more who stand in.\n", replaced.len() - REPLACED_NAMED_MAX));
    }
    text.push_str(&format!("See it: /oncall {schedule}"));
    let d = &call.ground.directory;
    if d.contact_method(&person, 0).is_none() {
        text = format!(
            "@{person} cannot be paged: no contact method through a configured pager ([people.{person}] contact).\n{text}"
        );
    }
    let instead_of: Vec<_> = replaced.iter().map(|o| &o.person).collect();
    let data = json!({
        "schedule": schedule, "person": person, "from": from.rfc3339(), "to": to.rfc3339(), "instead_of": instead_of,
    });
    Ok(Said { text, incident: None, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    fn read(text: &str) -> Result<(String, String, String), Refusal> {
        let args = parse(&mut Words::new(text), &ground())?;
        let short = |t: Timestamp| t.utc().format("%dT%H:%MZ").to_string();
        Ok((args.person.to_string(), short(args.from), short(args.to)))
    }

    /// It is Sunday 2026-11-22, 03:30 in Madrid, where the schedule is.
    #[test]
    fn stand_ins_are_read_in_the_zone_of_the_schedule() {
        for (text, person, from, to) in [
            ("@bo now +2h", "bo", "22T02:30Z", "22T04:30Z"),
            ("primary @bo tomorrow 09:00 tomorrow 18:00", "bo", "23T08:00Z", "23T17:00Z"),
            ("primary bo 18:00 09:00", "bo", "22T17:00Z", "23T08:00Z"),
            ("bo 2026-11-24 18:00 2026-11-25T09:00:00Z", "bo", "24T17:00Z", "25T09:00Z"),
            ("@me friday 09:00 +8h", "ana", "27T08:00Z", "27T16:00Z"),
            ("@bo 2026-11-20 09:00 2026-11-23 09:00", "bo", "20T08:00Z", "23T08:00Z"),
        ] {
            assert_eq!(read(text), Ok((person.to_string(), from.to_string(), to.to_string())), "{text}");
        }
    }

    #[test]
    fn times_that_cannot_be_are_refused() {
        assert!(matches!(read("@bo friday 09:00 tomorrow 09:00"), Err(Refusal::Backwards { .. })));
        assert!(matches!(read("@bo 2026-11-01 09:00 2026-11-02 09:00"), Err(Refusal::TimeInThePast { .. })));
        assert!(matches!(read("@bo now +30s"), Err(Refusal::SpanOutOfRange { .. })));
        assert!(matches!(read("@bo now 2099-01-01 00:00"), Err(Refusal::SpanOutOfRange { .. })));
        assert!(matches!(read("@zoe now +2h"), Err(Refusal::UnknownPerson { .. })));
        assert!(matches!(read("primry @bo now +2h"), Err(Refusal::UnknownSchedule { .. })));
        for text in ["", "primary", "@bo", "@bo now", "@bo soon later", "@bo now +2h or so"] {
            assert!(matches!(read(text), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
