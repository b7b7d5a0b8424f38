//! `approve`: somebody's word that a run may begin.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;
use firebell_domain::run::RunNo;
use firebell_domain::run::decide::Approve;

pub const SPEC: Spec = Spec {
    verb: "approve",
    aliases: &[],
    summary: "Approves a run that waits for somebody's word",
    usage: "/incident approve RUN [TARGET] | approve RUN break-glass REASON",
    details: "What is approved is exactly the command, the parameters, the target and the runbook that the run shows, and \
              only for a while. What loses data or cuts service takes somebody else than the one who asked, who types the \
              target's name. break-glass, where it is switched on, is for when nobody else can be reached: it pages the \
              next level and stands at the top of the post-mortem.",
    examples: &[
        "/incident approve 3",
        "/incident approve 4 shop-docker",
        "/incident approve 4 break-glass nobody answers",
    ],
    args: &[
        Arg::needed("run", ArgKind::Run, "Its number"),
        Arg::optional("target", ArgKind::Text, "The target's name, typed by hand, or break-glass and why"),
    ],
    group: Group::Fix,
    doing: "approve",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Approve, Refusal> {
    let no = number(words, SPEC.usage)?;
    let mut word = Approve { no, admin: ground.speaker.admin, ..Approve::default() };
    match words.peek().map(|w| w.text.to_lowercase()).as_deref() {
        Some("break-glass" | "breakglass") => {
            words.skip(1);
            word.break_glass = Some(words.rest().to_string());
        }
        Some(_) => {
            word.typed = words.take().map(|w| w.text);
            words.end(SPEC.usage)?;
        }
        None => {}
    }
    Ok(word)
}

/// `3`, `#3`, `run 3`.
pub fn number(words: &mut Words, usage: &str) -> Result<RunNo, Refusal> {
    if words.peek().is_some_and(|w| w.text.eq_ignore_ascii_case("run")) {
        words.skip(1);
    }
    let Some(word) = words.take() else {
        return Err(usage_refusal("Say the number of the run.", usage));
    };
    let digits = word.text.trim_start_matches('#');
    let no = digits.parse().ok().filter(|n| *n > 0 && digits.bytes().all(|b| b.is_ascii_digit()));
    no.ok_or_else(|| usage_refusal(format!("\"{}\" is no number of a run.", shown(&word.text)), usage))
}

pub async fn run(call: &Call<'_>, word: Approve) -> Result<Said, ActError> {
    call.act(Input::ApproveRun(word)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn a_run_is_approved_by_its_number_with_the_target_or_a_reason_behind_it() {
        let read = |text| parse(&mut Words::new(text), &ground());
        let word = |no| Approve { no, ..Approve::default() };
        assert_eq!(read("3"), Ok(word(3)));
        assert_eq!(read("run #3"), Ok(word(3)));
        assert_eq!(read("4 shop-docker"), Ok(Approve { typed: Some("shop-docker".into()), ..word(4) }));
        let alone = Approve { break_glass: Some("nobody answers".into()), ..word(4) };
        assert_eq!(read("4 break-glass nobody answers"), Ok(alone));
        for text in ["", "x", "0", "-1", "3 a b"] {
            assert!(matches!(read(text), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
