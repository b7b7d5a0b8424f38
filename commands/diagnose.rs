//! `diagnose`: looks at everything that the runbook says how to look at, side by side.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said, answer, run as runs};
use crate::app::ActError;
use crate::program::orders;
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "diagnose",
    aliases: &["diag", "check", "checks"],
    summary: "Runs the checks of the runbook side by side",
    usage: "/incident diagnose [CHECK…]",
    details: "Only what reads: the checks of the followed playbook, then those under the runbook's headings about looking. \
              Each has its own time, so one that hangs delays no other. Words leave only the checks that speak of them. \
              What they say is judged by the runbook's thresholds and stands in the timeline.",
    examples: &["/incident diagnose", "/incident diagnose redis memory"],
    args: &[Arg::optional("checks", ArgKind::Text, "Words that the checks speak of")],
    group: Group::Fix,
    doing: "diagnose",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Vec<String>, Refusal> {
    let mut wanted = Vec::new();
    while let Some(word) = words.take() {
        wanted.push(word.text);
    }
    Ok(wanted)
}

pub async fn run(call: &Call<'_>, wanted: Vec<String>) -> Result<Said, ActError> {
    let incident = call.incident()?;
    let source = runs::source(incident, &call.ground)?;
    let order = orders::diagnosis(source, incident.walk.as_ref(), &wanted, &runs::ground(&call.ground));
    let Some(order) = order else {
        let problem = match wanted.is_empty() {
            true => format!(
                "{} has no check that only reads, leaves nothing open and has its target mapped.",
                source.short_file()
            ),
            false => format!("No such check of {} speaks of that.", source.short_file()),
        };
        return Err(usage_refusal(problem, SPEC.usage).into());
    };
    let changed = call.app.act_on(incident.id, Input::AskRun { order: Box::new(order) }, &call.actor()).await?;
    let no = changed.after.runs_asked;
    Ok(Said { data: runs::data(&changed.after, no), ..answer(&changed, call.ground.now) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn words_choose_among_the_checks() {
        let read = |text| parse(&mut Words::new(text), &ground()).expect("read");
        assert!(read("").is_empty());
        assert_eq!(read("redis memory"), ["redis", "memory"]);
    }
}
