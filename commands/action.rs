//! `action`: something to do later, with an owner and a day.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Word, Words, shown, usage_refusal};
use super::{Call, Ground, Said, read, when};
use crate::app::ActError;
use chrono::NaiveDate;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "action",
    aliases: &["todo", "followup", "follow-up"],
    summary: "Keeps something to do later, with an owner and a day",
    usage: "/incident action TEXT [@USER] [by DATE]",
    details: "The owner stands first or last, the day after \"by\": 2026-12-01, tomorrow, friday, in 3 days. It goes \
              into the post-mortem. done N finishes it.",
    examples: &[
        "/incident action raise the connection limit",
        "/incident action write a test for refunds @bo by friday",
        "/incident action tell the bank about the outage by 2027-12-01",
    ],
    args: &[
        Arg::needed("text", ArgKind::Text, "What is to be done"),
        Arg::optional("user", ArgKind::Person, "Whose it is"),
        Arg::optional("by", ArgKind::Date, "Until when: 2026-12-01, friday, in 3 days"),
    ],
    group: Group::FollowUp,
    doing: "follow up",
    after_end: true,
    verbatim: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Input, Refusal> {
    let all = words.left().to_vec();
    let (mut left, due) = by(&all, ground)?;
    let mut owner = None;
    if let Some((last, before)) = left.split_last().filter(|(w, _)| names(w)) {
        owner = Some(read::person(&last.text, ground)?);
        left = before;
        // "… by friday @bo" is said as well as "… @bo by friday".
        if due.is_none() {
            let (shorter, due) = by(left, ground)?;
            if due.is_some() {
                return made(words, shorter, owner, due);
            }
        }
    } else if let Some((first, after)) = left.split_first().filter(|(w, rest)| names(w) && !rest.is_empty()) {
        owner = Some(read::person(&first.text, ground)?);
        left = after;
    }
    made(words, left, owner, due)
}

fn made(
    words: &Words,
    text: &[Word],
    owner: Option<firebell_domain::id::PersonId>,
    due: Option<NaiveDate>,
) -> Result<Input, Refusal> {
    match words.text(text) {
        text if text.trim().is_empty() => Err(usage_refusal("What is to be done?", SPEC.usage)),
        text => Ok(Input::AddAction { text, owner, due }),
    }
}

fn names(word: &Word) -> bool {
    !word.quoted && word.text.len() > 1 && word.text.starts_with('@')
}

/// The words without a day at their end, and the day. What only looks like one is refused, because a day that ends
/// up in the text is a promise that nobody is reminded of.
fn by<'w>(words: &'w [Word], ground: &Ground) -> Result<(&'w [Word], Option<NaiveDate>), Refusal> {
    let Some(at) = words.iter().rposition(|w| !w.quoted && w.text.eq_ignore_ascii_case("by")) else {
        return Ok((words, None));
    };
    let (text, day) = words.split_at(at);
    let day = day.get(1..).unwrap_or(&[]);
    let zone = read::zone(ground);
    let said = day.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
    match when::date(day, zone, ground.now) {
        Some((due, used)) if used == day.len() => {
            let today = ground.now.utc().with_timezone(&zone).date_naive();
            match due < today {
                true => Err(Refusal::TimeInThePast { what: "day", said: shown(&said) }),
                false => Ok((text, Some(due))),
            }
        }
        None if day.len() == 1 && when::looks_like_date(&said) => {
            Err(usage_refusal(format!("\"{}\" is no day.", shown(&said)), "by 2026-12-01, by friday or by in 3 days"))
        }
        _ => Ok((words, None)),
    }
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    fn read(text: &str) -> Result<(String, Option<String>, Option<String>), Refusal> {
        match parse(&mut Words::new(text), &ground())? {
            Input::AddAction { text, owner, due } => {
                Ok((text, owner.map(|o| o.to_string()), due.map(|d| d.to_string())))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn owner_and_day_are_taken_from_the_ends_and_the_rest_is_text() {
        for (said, text, owner, due) in [
            ("raise the limit", "raise the limit", None, None),
            ("raise the limit @bo by friday", "raise the limit", Some("bo"), Some("2026-11-27")),
            ("raise the limit by friday @bo", "raise the limit", Some("bo"), Some("2026-11-27")),
            ("@bo raise the limit by 2026-12-01", "raise the limit", Some("bo"), Some("2026-12-01")),
            ("raise it by today", "raise it", None, Some("2026-11-22")),
            ("raise it by in 2 weeks", "raise it", None, Some("2026-12-06")),
            ("raise the limit by 20", "raise the limit by 20", None, None),
            ("find what is caused by retries", "find what is caused by retries", None, None),
            ("ask @cy about limits", "ask @cy about limits", None, None),
            ("INC-3 had it too", "INC-3 had it too", None, None),
        ] {
            let expected = (text.to_string(), owner.map(str::to_string), due.map(str::to_string));
            assert_eq!(read(said), Ok(expected), "{said}");
        }
    }

    #[test]
    fn days_that_have_passed_or_never_come_are_refused() {
        assert!(matches!(read("x by 2026-11-21"), Err(Refusal::TimeInThePast { .. })));
        assert!(matches!(read("x by 2026-13-45"), Err(Refusal::Usage { .. })));
        assert!(matches!(read("x @zoe"), Err(Refusal::UnknownPerson { .. })));
        for text in ["", "@bo", "by friday", "@bo by friday"] {
            assert!(matches!(read(text), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
