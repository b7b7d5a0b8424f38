//! Two incidents that never were, to try a template on: one with something of everything, and one that has just been
//! declared, of which next to nothing is known. Made by the same decisions as real ones.

use super::written::{Chapter, Texts};
use crate::alert::{Alert, AlertStatus, Delivery};
use crate::decide::{Because, Declaration, Input, No, SendOutcome, decide, declare};
use crate::directory::{Directory, EscalationPolicy, Person, Service, Step, Target};
use crate::event::{Actor, IncidentEvent};
use crate::id::{IncidentId, PersonId, PolicyId, ServiceId};
use crate::severity::Severity;
use crate::status::IncidentStatus;
use crate::time::Timestamp;

/// 2026-11-21 03:05:10 UTC.
const START: Timestamp = Timestamp(1_795_230_310_000_000);

/// What to call it where a template fails on it, and its log.
pub fn logs() -> Result<[(&'static str, Vec<IncidentEvent>); 2], No> {
    Ok([("one with something of everything", full()?), ("one that has just been declared", bare()?)])
}

fn directory() -> Directory {
    let mut d = Directory { pagers: vec!["webhook.ops".into()], ..Directory::default() };
    let contact_methods = vec!["webhook.ops".into()];
    let ana = Person { name: "Ana".into(), time_zone: chrono_tz::UTC, contact_methods };
    d.people.insert(PersonId::from("ana"), ana);
    d.services
        .insert(ServiceId::from("checkout"), Service { owners: vec![PersonId::from("ana")], ..Service::default() });
    let policy = PolicyId::from("default");
    let steps = vec![Step::new(vec![Target::Owners], 300)];
    d.policies.insert(policy.clone(), EscalationPolicy::new(policy, steps, None));
    d
}

fn bare() -> Result<Vec<IncidentEvent>, No> {
    let declaration = Declaration {
        title: "Search is slow".into(),
        severity: Severity::new("P2", "High", 2),
        service: None,
        private: false,
        because: None,
    };
    let actor = Actor::person("ana", "room");
    Ok(declare(IncidentId(2), &declaration, &actor, &Directory::default(), START)?.events)
}

fn full() -> Result<Vec<IncidentEvent>, No> {
    let d = directory();
    let alert = Alert {
        fingerprint: "f1".into(),
        status: AlertStatus::Firing,
        starts_at: START.plus_s(-60),
        summary: "5xx above 2 %".into(),
        link: None,
    };
    let delivery = Delivery {
        source: "prometheus".into(),
        group: "checkout".into(),
        alerts: vec![alert],
        group_status: AlertStatus::Firing,
        truncated: 0,
    };
    let severity = Severity { response_s: Some(300), ..Severity::new("P1", "Critical", 1) };
    let declaration = Declaration {
        title: "Checkout answers 502".into(),
        severity,
        service: Some("checkout".into()),
        private: false,
        because: Some(Because::Alerts(delivery)),
    };
    let source = Actor::Source { name: "prometheus".into() };
    let begun = declare(IncidentId(1), &declaration, &source, &d, START)?;
    let (mut incident, mut log, mut now) = (begun.incident, begun.events, START);
    let texts = |all: [(Chapter, &str); 6]| -> Texts { all.map(|(c, t)| (c, t.to_string())).into() };
    let ana = Actor::person("ana", "room");
    let page = incident.live.keys().next().copied().unwrap_or(1);
    let mut inputs = vec![(Actor::Engine, Input::Claim { no: page, worker: "w1".into() })];
    for input in [
        Input::Acknowledge,
        Input::AssignLead { person: "ana".into() },
        Input::AssignRole { role: "comms".into(), person: "ana".into() },
        Input::Note { text: "Began with the deploy".into() },
        Input::SetStatus { status: IncidentStatus::Monitoring, text: "Rolled back".into() },
        Input::PostUpdate { text: "Cards work again".into() },
        Input::AddAction {
            text: "Let the deploy wait for payments".into(),
            owner: Some("ana".into()),
            due: chrono::NaiveDate::from_ymd_opt(2026, 12, 1),
        },
        Input::FinishAction { no: 1 },
        Input::Resolve { text: "Rolled back".into() },
        Input::EditPostmortem {
            base: 0,
            texts: texts([
                (Chapter::Summary, "Nobody could pay for half an hour."),
                (Chapter::Impact, "312 payments failed."),
                (Chapter::Factors, "The new build could not reach payments."),
                (Chapter::Lessons, "A deploy waits for what it needs."),
                (Chapter::WentWell, "The alert came within a minute."),
                (Chapter::Lucky, "It was at night."),
            ]),
        },
    ] {
        inputs.push((ana.clone(), input));
    }
    for (actor, input) in inputs {
        now = now.plus_s(60);
        let done = decide(&incident, &input, &actor, &d, now)?;
        let claimed = done.incident.live.get(&page).and_then(|l| l.claim.as_ref()).map(|c| c.seq);
        incident = done.incident;
        log.extend(done.events);
        if let Some(claim_seq) = claimed {
            let outcome = SendOutcome::Done { receipt: Some("r1".into()) };
            let done = decide(&incident, &Input::Delivered { no: page, claim_seq, outcome }, &Actor::Engine, &d, now)?;
            incident = done.incident;
            log.extend(done.events);
        }
    }
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postmortem::draft;

    #[test]
    fn the_full_one_leaves_nothing_empty_and_the_bare_one_nearly_everything() {
        let [(_, full), (_, bare)] = logs().expect("decided");
        let full = serde_json::to_value(draft(&full).expect("a draft")).expect("json");
        for key in ["service", "policy", "detection", "end", "lead", "people", "alerts", "pages", "updates", "actions"]
        {
            assert!(!full[key].is_null() && full[key] != serde_json::json!([]), "{key}");
        }
        assert_eq!(full["pages"][0]["outcome"], "sent");
        assert_eq!(full["written"]["texts"].as_object().map(serde_json::Map::len), Some(6));
        let bare = serde_json::to_value(draft(&bare).expect("a draft")).expect("json");
        for key in ["service", "policy", "detection", "end", "lead"] {
            assert!(bare[key].is_null(), "{key}");
        }
    }
}
