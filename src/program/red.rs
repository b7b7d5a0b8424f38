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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::orders::{self, Ground};
    use crate::program::tests::{command, source};
    use firebell_domain::event::Actor;
    use firebell_domain::id::IncidentId;
    use firebell_domain::run::authority::RunRules;
    use firebell_domain::run::{Needs, Reading, RunEnd};
    use firebell_domain::time::Timestamp;
    use serde_json::json;

    /// A fix without a playbook, and two looks under a heading about health.
    fn orders() -> (Order, Order) {
        let look = |line, text, executor| {
            let mut look = command(line, text, "read", executor);
            look["section"] = json!(["Health checks"]);
            look
        };
        let book = source(json!({ "commands": [
            command(10, "docker restart orders", "mutate", "docker"),
            look(20, "curl http://orders.test/health", "http"),
            look(21, "docker logs orders", "docker"),
        ] }));
        let rules = RunRules { targets: BTreeMap::from([("main".into(), None)]), ..RunRules::default() };
        let ground = Ground { rules: &rules, read_s: 20, change_s: 60 };
        let change = orders::of_line(&book, 10, &[], &ground).expect("it can be ordered");
        (
            change,
            orders::diagnosis(&book, None, &orders::Looks::default(), &ground).expect("there is something to look at"),
        )
    }

    fn result(at: u32, status: i32, judged: Option<Judged>) -> RunResult {
        let value = "1".to_string();
        let reading = Reading { metric: "status".into(), value, unit: String::new(), judged, bound: None };
        RunResult {
            at,
            verifies: false,
            end: CommandEnd::Exited { status },
            output: None,
            took_ms: 1,
            native: true,
            sampled_ms: None,
            says: String::new(),
            readings: vec![reading],
            files: Vec::new(),
        }
    }

    fn log(diagnosis: Order, results: Vec<RunResult>) -> Vec<IncidentEvent> {
        let at = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        let of = |seq, body| IncidentEvent { incident: IncidentId(1), seq, at, actor: Actor::Engine, body };
        vec![
            of(1, Event::RunAsked { run: 1, order: diagnosis, needs: Needs::Nothing, until: at }),
            of(2, Event::RunFinished { run: 1, end: RunEnd::Done, results, verified: None }),
        ]
    }

    #[test]
    fn what_was_red_is_looked_at_again_beside_the_container_that_was_restarted() {
        let (change, diagnosis) = orders();
        let texts = |order: &Order| order.verify.iter().map(|look| look.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&change), ["docker inspect --format '{{.State.Status}}' orders"]);

        let critical = log(diagnosis.clone(), vec![result(0, 0, Some(Judged::Critical)), result(1, 0, None)]);
        let both = ["docker inspect --format '{{.State.Status}}' orders", "curl http://orders.test/health"];
        assert_eq!(texts(&look_again(change.clone(), &critical)), both);
        let unreached = log(diagnosis.clone(), vec![result(0, 7, None)]);
        assert_eq!(texts(&look_again(change.clone(), &unreached)), both);
        // A program that fails for a reason of its own would fail again.
        let other = log(diagnosis.clone(), vec![result(0, 0, Some(Judged::Warning)), result(1, 1, None)]);
        assert_eq!(look_again(change.clone(), &other), change);
        assert_eq!(look_again(change.clone(), &[]), change);
    }

    #[test]
    fn what_the_runbook_names_itself_stands_alone_and_an_edited_one_is_not_mixed_with_what_it_was() {
        let (change, diagnosis) = orders();
        let red = vec![result(0, 0, Some(Judged::Critical))];
        let named = Order { verify: diagnosis.commands[1..].to_vec(), ..change.clone() };
        assert_eq!(look_again(named.clone(), &log(diagnosis.clone(), red.clone())), named);
        let before = Order { revision: "another".into(), ..diagnosis };
        assert_eq!(look_again(change.clone(), &log(before, red)), change);
    }
}
