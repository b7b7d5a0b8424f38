//! `done`: an action item is finished.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, shown, usage_refusal};
use super::{Call, Ground, Said};
use crate::app::ActError;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "done",
    aliases: &["finish"],
    summary: "Finishes an action item",
    usage: "/incident done NUMBER",
    details: "The number is in the answer to action, and show lists them all.",
    examples: &["/incident done 2", "/incident INC-42 done 1"],
    args: &[Arg::needed("number", ArgKind::ActionItem, "Which action item")],
    group: Group::FollowUp,
    doing: "finish",
    after_end: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, ground: &Ground) -> Result<Input, Refusal> {
    let word = words.take().ok_or_else(|| usage_refusal("Which action item?", SPEC.usage))?;
    words.end(SPEC.usage)?;
    let digits = word.text.trim_start_matches('#').trim_end_matches('.');
    match digits.parse() {
        Ok(no) => Ok(Input::FinishAction { no }),
        Err(_) => Err(match &ground.incident {
            Some(i) => {
                let open = i.actions.iter().filter(|a| a.done_at.is_none()).count();
                Refusal::UnknownActionItem { id: i.id, no: shown(&word.text), open }
            }
            None => usage_refusal("An action item has a number.", SPEC.usage),
        }),
    }
}

pub async fn run(call: &Call<'_>, input: Input) -> Result<Said, ActError> {
    call.act(input).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn a_number_is_read_and_nothing_else() {
        for text in ["2", "#2", "2."] {
            assert_eq!(parse(&mut Words::new(text), &ground()), Ok(Input::FinishAction { no: 2 }), "{text}");
        }
        for text in ["two", "-1", "99999999999"] {
            let no = parse(&mut Words::new(text), &ground());
            assert!(matches!(no, Err(Refusal::UnknownActionItem { .. })), "{text}");
        }
        for text in ["", "1 2"] {
            assert!(matches!(parse(&mut Words::new(text), &ground()), Err(Refusal::Usage { .. })), "{text}");
        }
    }
}
