//! `list`: the incidents that are open.

use super::spec::{Arg, ArgKind, Group, Spec};
use super::words::{Words, usage_refusal};
use super::{Call, Ground, Said, access};
use crate::app::ActError;
use crate::notice::show::{self, ListRow};
use crate::store::IncidentRow;
use firebell_domain::event::Actor;
use firebell_domain::id::{PersonId, ServiceId};
use firebell_domain::refusal::Refusal;
use firebell_domain::severity::Severity;
use firebell_domain::status::IncidentStatus;
use firebell_domain::time::Timestamp;
use serde_json::{Value, json};

pub const SPEC: Spec = Spec {
    verb: "list",
    aliases: &["ls", "incidents"],
    summary: "Lists the open incidents, worst first",
    usage: "/incident list [all]",
    details: "\"all\" lists the ones declared last, newest first, whether open or not.",
    examples: &["/incident list", "/incident list all"],
    args: &[Arg::optional("all", ArgKind::Word, "Also those that have ended")],
    group: Group::Look,
    needs_incident: false,
    doing: "list",
    ..Spec::BASE
};

/// Whether ended ones are asked for too.
pub fn parse(words: &mut Words, _: &Ground) -> Result<bool, Refusal> {
    let all = match words.take().map(|w| w.text.to_lowercase()).as_deref() {
        None | Some("open") => false,
        Some("all" | "recent" | "closed") => true,
        Some(_) => return Err(usage_refusal("Only \"all\" can follow.", SPEC.usage)),
    };
    words.end(SPEC.usage)?;
    Ok(all)
}

pub async fn run(call: &Call<'_>, all: bool) -> Result<Said, ActError> {
    let speaker = &call.ground.speaker;
    let rows = if all { access::recent(call.app, speaker).await? } else { access::open(call.app, speaker).await? };
    Ok(Said { text: text(&rows, call.ground.now), incident: None, data: data(&rows) })
}

pub fn text(rows: &[IncidentRow], now: Timestamp) -> String {
    show::list(&rows.iter().map(list_row).collect::<Vec<_>>(), now)
}

pub fn data(rows: &[IncidentRow]) -> Value {
    let one = |r: &IncidentRow| {
        json!({
            "incident": r.id.to_string(), "title": r.title, "severity": r.severity, "severity_rank": r.severity_rank,
            "status": r.status, "service": r.service, "private": r.private, "lead": r.lead,
            "acknowledged_by": r.acknowledged_by, "declared_at": r.declared_at.rfc3339(),
            "ended_at": r.ended_at.map(Timestamp::rfc3339),
        })
    };
    json!({ "incidents": rows.iter().map(one).collect::<Vec<_>>() })
}

fn list_row(r: &IncidentRow) -> ListRow {
    let severity = Severity::new(r.severity.clone(), String::new(), r.severity_rank);
    ListRow {
        id: r.id,
        title: r.title.clone(),
        severity,
        status: IncidentStatus::parse(&r.status).unwrap_or(IncidentStatus::Investigating),
        service: r.service.clone().map(ServiceId),
        acknowledged_by: r.acknowledged_by.as_deref().map(|name| Actor::person(name, "")),
        lead: r.lead.clone().map(PersonId),
        declared_at: r.declared_at,
        private: r.private,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::tests::ground;

    #[test]
    fn ended_ones_are_asked_for_by_a_word() {
        assert_eq!(parse(&mut Words::new(""), &ground()), Ok(false));
        assert_eq!(parse(&mut Words::new("all"), &ground()), Ok(true));
        assert!(matches!(parse(&mut Words::new("mine"), &ground()), Err(Refusal::Usage { .. })));
    }
}
