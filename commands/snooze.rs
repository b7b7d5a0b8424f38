//! `snooze`: nobody is paged until a time.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said, read, when};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;
use firebell_domain::time::{Timestamp, parse_span};

pub const SPEC: Spec = Spec {
    verb: "snooze",
    aliases: &["mute"],
    summary: "Pages nobody until a time, then begins again",
    usage: "/incident snooze [updates] DURATION",
    details: "A duration (30m, 2h, 1h30m) or \"until\" with a time in your own time zone. A bare time of day is the \
              next one; one that passed within the last 6 hours is refused, because it is usually a slip. At most 7 \
              days. When it is over, paging begins again at the first level. With \"updates\" only the reminder of the next \
              status update is put off, and nothing else.",
    examples: &[
        "/incident snooze 30m",
        "/incident snooze until 18:00",
        "/incident snooze until tomorrow 09:00",
        "/incident snooze updates 1h",
    ],
    args: &[Arg::needed("duration", ArgKind::Span, "How long, or until when")],
    group: Group::Answer,
    doing: "snooze",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Input, Refusal> {
    let updates = words.peek().is_some_and(|w| matches!(w.text.to_lowercase().as_str(), "updates" | "update"));
    if updates {
        words.skip(1);
    }
    let until = until(words, ground)?;
    Ok(if updates { Input::SnoozeUpdates { until } } else { Input::Snooze { until } })
}

fn until(words: &mut Words, ground: &Ground) -> Result<Timestamp, Refusal> {
    let said = words.rest().to_string();
    let first = words.peek().map(|w| w.text.to_lowercase());
    let usage = "/incident snooze 30m, or /incident snooze until 18:00";
    match first.as_deref() {
        None => return Err(usage_refusal("For how long?", usage)),
        Some("until") => words.skip(1),
        Some(first) => {
            let span = if first == "for" { said.get("for".len()..).unwrap_or("") } else { &said };
            if let Some(seconds) = parse_span(span) {
                return Ok(ground.now.plus_s(seconds));
            }
        }
    }
    let what = format!("\"{}\" is no duration and no time.", shown(&said));
    let from = when::From { now: ground.now, after: ground.now, zone: read::zone(ground) };
    let (until, used) = match when::point(words.left(), from) {
        Ok(found) => found,
        Err(when::NoTime::NotATime) => return Err(usage_refusal(what, usage)),
        Err(when::NoTime::JustPassed) => return Err(past(words.rest())),
    };
    if until <= ground.now {
        return Err(past(words.rest()));
    }
    words.skip(used);
    words.end(usage)?;
    Ok(until)
}

fn past(said: &str) -> Refusal {
    Refusal::TimeInThePast { what: "end of the snooze", said: shown(said) }
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    /// It is 02:30 UTC, and ana is in Madrid.
    fn minutes(text: &str) -> Result<i64, Refusal> {
        let ground = ground();
        match parse(&mut Words::new(text), &ground)? {
            Input::Snooze { until } => Ok(until.seconds_since(ground.now) / 60),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn durations_and_times_of_the_speaker_are_both_read() {
        for (text, expected) in [
            ("30m", 30),
            ("1h 30m", 90),
            ("for 2 hours", 120),
            ("until 07:00", 210),
            ("until tomorrow 09:00", 29 * 60 + 30),
            ("until 2026-11-22T04:30:00Z", 120),
            ("18:00", 14 * 60 + 30),
        ] {
            assert_eq!(minutes(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_reminder_of_updates_is_put_off_apart_from_the_pages() {
        let ground = ground();
        for text in ["updates 1h", "update for 60m", "updates until 05:00"] {
            let Ok(Input::SnoozeUpdates { until }) = parse(&mut Words::new(text), &ground) else { panic!("{text}") };
            assert!(until > ground.now, "{text}");
        }
        assert!(matches!(parse(&mut Words::new("updates"), &ground), Err(Refusal::Usage { .. })));
    }

    #[test]
    fn the_past_and_the_unreadable_are_refused() {
        for text in ["until 03:15", "until 2026-11-01 07:00", "until now"] {
            assert!(matches!(minutes(text), Err(Refusal::TimeInThePast { .. })), "{text}");
        }
        for text in ["", "30", "a while", "until the morning", "until 18:00 or so"] {
            assert!(matches!(minutes(text), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
