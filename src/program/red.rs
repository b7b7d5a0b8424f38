//! What was red before a change and is looked at again after it, where the runbook names nothing to look at: checks of
//! the latest diagnosis, by the incident's log. Pure.

use firebell_domain::event::{Event, IncidentEvent};
use firebell_domain::run::{CommandEnd, Judged, Order, Ordered, RunKind, RunResult};
use std::collections::BTreeMap;

/// Checks that are looked at again at most: the worst of a long diagnosis tell enough.
const CHECKS_MAX: usize = 10;

/// The order with the red checks among what is looked at afterwards.
pub fn look_again(order: Order, log: &[IncidentEvent]) -> Order {
    let changes = matches!(order.kind, RunKind::Remediate | RunKind::Rollback);
    if !changes || order.verify.iter().any(|look| look.line > 0) {
        return order;
    }
    let mut asked: BTreeMap<u32, &Order> = BTreeMap::new();
    let mut latest: Option<(&Order, &[RunResult])> = None;
    for event in log {
        match &event.body {
            Event::RunAsked { run, order, .. } => {
                asked.insert(*run, order);
            }
            Event::RunFinished { run, results, .. } => {
                let of = asked.get(run).filter(|o| o.kind == RunKind::Diagnose && o.file == order.file);
                latest = of.map(|o| (*o, results.as_slice())).or(latest);
            }
            _ => {}
        }
    }
    let Some((diagnosis, results)) = latest else { return order };
    // A runbook that was edited since says itself what is looked at.
    if diagnosis.revision != order.revision {
        return order;
    }
    let found = |r: &RunResult| diagnosis.commands.get(r.at as usize).filter(|c| is_red(c, r)).cloned();
    let mut order = order;
    order.verify.extend(results.iter().filter_map(found).take(CHECKS_MAX));
    // Of one runbook, so a placeholder means the same; what was given for the change comes first.
    for (name, value) in &diagnosis.params {
        order.params.entry(name.clone()).or_insert_with(|| value.clone());
    }
    order
}

/// A value that is critical, or a service that did not answer. A program that fails for a reason of its own is not: it
/// would fail again, whatever the change did.
fn is_red(command: &Ordered, r: &RunResult) -> bool {
    let critical = r.readings.iter().any(|x| x.judged == Some(Judged::Critical));
    let began = !matches!(r.end, CommandEnd::Manual { .. } | CommandEnd::NotStarted { .. });
    critical || (began && !r.end.ok() && command.executor == "http")
}
