//! Which items of a runbook are only proposed: those that stand where an unconfirmed proposal of their kind does.

use super::{Decision, Proposal, Source};
use firebell_runbook::model::Line;

impl Source {
    /// Whether an item of a group is in force: nothing about it is doubtful, or somebody has confirmed it.
    pub fn certain(&self, group: &str, line: Line) -> bool {
        !self.import.proposals.iter().any(|p| {
            p.group == group && (p.line..=p.last).contains(&line) && self.decision(p) != Some(Decision::Confirmed)
        })
    }

    pub fn decision(&self, proposal: &Proposal) -> Option<Decision> {
        self.overlay.decisions.get(&proposal.hash).copied()
    }

    /// Those that nobody has decided about.
    pub fn undecided(&self) -> impl Iterator<Item = &Proposal> {
        self.import.proposals.iter().filter(|p| self.decision(p).is_none())
    }
}
