//! Which quick fixes of a runbook's table fit what is wrong: those whose issue shares its words with the title, an alert
//! or a check that is red. Offers; what is said then goes the way of every run.

use super::playbooks::{risk, words};
use super::{Program, Source};
use firebell_domain::playbook::Risk;
use firebell_runbook::model::{Command, QuickFix};
use std::collections::BTreeSet;

/// Quick fixes that are offered at once.
const OFFERED_MAX: usize = 4;

#[derive(Clone, Copy, Debug)]
pub struct Fix<'a> {
    pub source: &'a Source,
    pub fix: &'a QuickFix,
    /// `None`: it is words only.
    pub command: Option<&'a Command>,
}

impl Fix<'_> {
    pub fn risk(&self) -> Option<Risk> {
        self.command.map(|c| risk(self.source, c))
    }
}

/// Of several words most, of one that one: a word that everything has fits nothing.
fn fits(issue: &str, wanted: &BTreeSet<String>) -> usize {
    let own = words(issue);
    let shared = own.intersection(wanted).count();
    if shared > 0 && shared * 2 > own.len() { shared } else { 0 }
}

/// Those of one runbook, the best first.
pub fn fitting<'a>(source: &'a Source, said: &[&str]) -> Vec<Fix<'a>> {
    let wanted: BTreeSet<String> = said.iter().flat_map(|text| words(text)).collect();
    let certain = source.book().quick_reference.iter().filter(|f| source.certain("quick_reference", f.line));
    let mut all: Vec<(usize, &QuickFix)> =
        certain.map(|f| (fits(&f.issue, &wanted), f)).filter(|(n, _)| *n > 0).collect();
    all.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    all.into_iter().take(OFFERED_MAX).map(|(_, fix)| Fix { source, fix, command: command(source, fix) }).collect()
}

fn command<'a>(source: &'a Source, fix: &QuickFix) -> Option<&'a Command> {
    let text = |c: &&Command| fix.command.as_deref().is_some_and(|t| t == c.text);
    let all = &source.book().commands;
    all.iter().find(|c| text(c) && c.line == fix.line).or_else(|| all.iter().find(text))
}

/// All of one runbook that are certain, in its order.
pub fn all(source: &Source) -> Vec<Fix<'_>> {
    let certain = source.book().quick_reference.iter().filter(|f| source.certain("quick_reference", f.line));
    certain.map(|fix| Fix { source, fix, command: command(source, fix) }).collect()
}

impl Program {
    /// Those of a system, or of all where none is named.
    pub fn quick_fixes<'a>(&'a self, system: Option<&str>, said: &[&str]) -> Vec<Fix<'a>> {
        let of = |s: &&Source| system.is_none_or(|name| s.system == name);
        self.sources.iter().filter(of).flat_map(|s| fitting(s, said)).take(OFFERED_MAX).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{command, source};
    use serde_json::json;

    #[test]
    fn a_quick_fix_is_offered_when_most_of_its_issue_is_what_is_wrong() {
        let shop = source(json!({
            "commands": [command(42, "redis-cli memory purge", "mutate", "redis")],
            "quick_reference": [
                { "issue": "Redis memory high", "fix": "purge", "command": "redis-cli memory purge", "line": 42 },
                { "issue": "Disk full", "fix": "call the provider", "command": null, "line": 43 },
                { "issue": "High CPU of the worker", "fix": null, "command": null, "line": 44 },
            ],
        }));
        let said = |text: &str| fitting(&shop, &[text]).iter().map(|f| f.fix.line).collect::<Vec<_>>();
        assert_eq!(said("RedisMemoryHigh"), [42]);
        assert_eq!(said("memory of redis is at 93 %"), [42]);
        assert_eq!(said("the disk is full again"), [43]);
        assert_eq!(said("high latency"), Vec::<u32>::new(), "one word of three is chance");
        let fix = &fitting(&shop, &["redis memory"])[0];
        assert_eq!((fix.risk(), fix.command.map(|c| c.line)), (Some(Risk::Mutate), Some(42)));
        assert_eq!(fitting(&shop, &["disk full"])[0].risk(), None);
    }
}
