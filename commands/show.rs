//! `show`: everything about one incident.

use super::spec::{Group, Spec};
use super::words::Words;
use super::{Call, Ground, Said, facts};
use crate::app::ActError;
use crate::notice;
use firebell_domain::refusal::Refusal;
use serde_json::json;

pub const SPEC: Spec = Spec {
    verb: "show",
    aliases: &["info", "view"],
    summary: "Shows how it stands: who has it, what happens next, what is open",
    usage: "/incident show",
    details: "",
    examples: &["/incident show", "/incident INC-42 show"],
    group: Group::Look,
    doing: "show",
    after_end: true,
    ..Spec::BASE
};

pub fn parse(words: &mut Words, _: &Ground) -> Result<(), Refusal> {
    words.end(SPEC.usage)
}

pub async fn run(call: &Call<'_>, _: ()) -> Result<Said, ActError> {
    let i = call.incident()?;
    let mut data = facts(i);
    data["roles"] = json!(i.roles);
    data["people"] = json!(i.responders);
    let item = |a: &firebell_domain::incident::ActionItem| json!({ "no": a.no, "text": a.text, "owner": a.owner, "due": a.due, "done": a.done_at.is_some() });
    data["actions"] = i.actions.iter().map(item).collect();
    data["next_page_at"] = json!(i.escalation.next_at.map(|t| t.rfc3339()));
    Ok(Said { text: notice::show::show(i, call.ground.now), incident: Some(i.id), data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn what_it_does_not_understand_is_said() {
        assert_eq!(parse(&mut Words::new(""), &ground()), Ok(()));
        assert!(matches!(parse(&mut Words::new("everything"), &ground()), Err(Refusal::Usage { .. })));
    }
}
