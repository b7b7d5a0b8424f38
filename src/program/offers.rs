//! What of a runbook can be looked at and what can be carried out, by name, for whoever is choosing. Offers only what
//! would be taken: what a person types by hand and what has no target is left out. Makes no order.

use super::orders::{looked_at, runs_on};
use super::playbooks::risk;
use super::{Source, quick};
use firebell_domain::playbook::{Risk, Walk};
use firebell_domain::run::authority::RunRules;
use firebell_runbook::model::{Command, Line};
use std::collections::BTreeSet;

/// One command of a runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub line: Line,
    /// What the runbook says it is; where it says nothing, the command itself.
    pub name: String,
    /// The command and the headings that it stands under, for whoever searches by them.
    pub more: String,
    pub risk: Risk,
}

fn offer(source: &Source, command: &Command, name: Option<&str>) -> Offer {
    let comment = command.comment.as_deref().map(|c| c.trim().trim_end_matches(':')).filter(|c| !c.is_empty());
    Offer {
        line: command.line,
        name: name.or(comment).unwrap_or(&command.text).to_string(),
        more: format!("{} {}", command.text, command.section.join(" ")),
        risk: risk(source, command),
    }
}

/// The checks that `diagnose` would run, those of the followed playbook first.
pub fn checks(source: &Source, walk: Option<&Walk>, rules: &RunRules) -> Vec<Offer> {
    looked_at(source, walk, rules).into_iter().map(|(c, _)| offer(source, c, None)).collect()
}

/// What `run` would change something with: steps of the followed playbook, then quick fixes, then everything else in
/// the order of the runbook.
pub fn remediations(source: &Source, walk: Option<&Walk>, rules: &RunRules) -> Vec<Offer> {
    let commands = &source.book().commands;
    let at = |line: Line| commands.iter().find(move |c| c.line == line);
    let steps = walk.filter(|w| w.playbook.system == source.system).into_iter();
    let steps = steps.flat_map(|w| w.playbook.steps.iter()).filter(|s| s.risk.is_some());
    let steps = steps.filter_map(|s| Some((at(s.line)?, None)));
    let fixes = quick::all(source);
    let fixes = fixes.iter().filter_map(|f| Some((f.command?, Some(f.fix.issue.as_str()))));
    let mut seen = BTreeSet::new();
    let all = steps.chain(fixes).chain(commands.iter().map(|c| (c, None)));
    let all = all.filter(|(c, _)| risk(source, c) != Risk::Read && runs_on(source, c, rules).is_some());
    all.filter(|(c, _)| seen.insert(c.line)).map(|(c, name)| offer(source, c, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{command, source};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn shop() -> Source {
        let look = |line, text, section: &str| {
            Value::from_iter(
                command(line, text, "read", "redis")
                    .as_object()
                    .cloned()
                    .map(|mut c| {
                        c.insert("section".into(), json!([section]));
                        c
                    })
                    .unwrap_or_default(),
            )
        };
        let mut by_hand = command(44, "redis-cli", "mutate", "redis");
        by_hand["mode"] = json!("tty");
        let mut flush = command(42, "redis-cli flushdb", "destroy", "redis");
        flush["comment"] = json!("Empty the cache:");
        source(json!({
            "commands": [
                look(10, "redis-cli info memory", "Health checks"),
                look(11, "redis-cli dbsize", "Setting up"),
                command(40, "redis-cli config set maxmemory 2gb", "mutate", "redis"),
                flush,
                command(43, "redis-cli memory purge", "mutate", "redis"),
                by_hand,
            ],
            "quick_reference": [
                { "issue": "Redis memory high", "fix": "purge", "command": "redis-cli memory purge", "line": 43 },
            ],
        }))
    }

    #[test]
    fn checks_are_what_a_diagnosis_looks_at_and_remediations_what_changes_something() {
        let rules = RunRules { targets: BTreeMap::from([("cache".into(), None)]), ..RunRules::default() };
        let shop = shop();
        let lines = |all: Vec<Offer>| all.into_iter().map(|o| (o.line, o.name)).collect::<Vec<_>>();
        assert_eq!(lines(checks(&shop, None, &rules)), [(10, "redis-cli info memory".to_string())]);
        let expected = [
            (43, "Redis memory high".to_string()),
            (40, "redis-cli config set maxmemory 2gb".to_string()),
            (42, "Empty the cache".to_string()),
        ];
        assert_eq!(lines(remediations(&shop, None, &rules)), expected);
        assert_eq!(remediations(&shop, None, &rules)[2].risk, Risk::Destroy);
        // Without a target nothing would be taken.
        assert!(remediations(&shop, None, &RunRules::default()).is_empty());
    }
}
