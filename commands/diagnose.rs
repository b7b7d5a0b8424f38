//! `diagnose`: looks at everything that the runbook says how to look at, side by side.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said, answer, run as runs};
use crate::app::ActError;
use crate::program::orders::{self, Looks};
use firebell_domain::decide::Input;
use firebell_domain::refusal::Refusal;

pub const SPEC: Spec = Spec {
    verb: "diagnose",
    aliases: &["diag", "check", "checks"],
    summary: "Runs the checks of the runbook side by side",
    usage: "/incident diagnose [CHECK…]",
    details: "Only what reads: the checks of the followed playbook, then those under the runbook's headings about looking. \
              Each has its own time, so one that hangs delays no other. Words leave only the checks that speak of them, line LINE the one in that line of the runbook. \
              What they say is judged by the runbook's thresholds and stands in the timeline.",
    examples: &["/incident diagnose", "/incident diagnose redis memory", "/incident diagnose line 120"],
    args: &[Arg::optional("checks", ArgKind::Check, "Words that the checks speak of, or line and its number")],
    group: Group::Fix,
    doing: "diagnose",
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<Looks, Refusal> {
    let mut wanted = Looks::default();
    let mut line = false;
    while let Some(word) = words.take() {
        let text = word.text.trim_end_matches(',').to_string();
        match text.parse::<u32>() {
            Ok(n) if line => {
                wanted.words.pop();
                wanted.lines.push(n);
            }
            _ => wanted.words.push(text.clone()),
        }
        line = text.eq_ignore_ascii_case("line");
    }
    Ok(wanted)
}

pub async fn run(call: &Call<'_>, wanted: Looks) -> Result<Said, ActError> {
    let incident = call.incident()?;
    let source = runs::source(incident, &call.ground)?;
    let order = orders::diagnosis(source, incident.walk.as_ref(), &wanted, &runs::ground(&call.ground));
    let Some(order) = order else {
        let problem = match wanted == Looks::default() {
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
        assert_eq!(read(""), Looks::default());
        assert_eq!(read("redis memory").words, ["redis", "memory"]);
        let some = read("line 120, Line 7 disk 30 line");
        assert_eq!((some.lines, some.words), (vec![120, 7], vec!["disk".into(), "30".into(), "line".to_string()]));
    }
}
