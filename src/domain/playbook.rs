//! A playbook that people walk through in an incident: investigate, see which condition holds, resolve, verify. What is
//! walked is what the runbook said when it was begun, so that an edit of the Markdown moves nobody's next step. A step is
//! ticked by the person who did it, or by the run that carried its command out and went well.

use crate::run::Order;
use serde::{Deserialize, Serialize};

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Investigate,
    /// A question: the steps under it are for the case that it is so.
    Condition,
    Resolve,
    Verify,
    /// An item of a checklist.
    Item,
}

impl Part {
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Investigate => "investigate",
            Part::Condition => "condition",
            Part::Resolve => "resolve",
            Part::Verify => "verify",
            Part::Item => "item",
        }
    }
}

/// How dangerous a command is, as its runbook's importer judged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    Read,
    Mutate,
    Destroy,
}

impl Risk {
    pub fn as_words(self) -> &'static str {
        match self {
            Risk::Read => "only reads",
            Risk::Mutate => "changes something that can be undone",
            Risk::Destroy => "loses data or cuts service",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub part: Part,
    /// The command as it is to be typed, or the condition in words.
    pub text: String,
    /// As the runbook has it, where values were filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// Where it stands in the runbook, from 1.
    pub line: u32,
    /// Number of the condition that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<u32>,
    /// `None` for what is no command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// Why it changes something or worse, as its importer judged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Placeholders that whoever types it has to fill in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fill: Vec<String>,
    /// What else is to be known before it is typed: that it never ends, that it needs a keyboard, why it cannot work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// The target on which `run` carries it out; `None`: somebody types it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_on: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playbook {
    pub system: String,
    pub name: String,
    /// The runbook it stands in, as configured, and the beginning of its SHA-256.
    pub file: String,
    pub revision: String,
    /// Numbered from 1.
    pub steps: Vec<Step>,
}

impl Playbook {
    pub fn step(&self, no: u32) -> Option<&Step> {
        self.steps.get((no as usize).checked_sub(1)?)
    }
}

/// How far people are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    pub playbook: Playbook,
    /// Number of the step whose turn it is; one more than there are when all have had theirs.
    pub next: u32,
    pub done: u32,
    pub failed: u32,
}

impl Walk {
    /// The step whose turn it is, where this order is just its command.
    pub(crate) fn turn_of(&self, order: &Order) -> Option<u32> {
        let book = &self.playbook;
        let [only] = order.commands.as_slice() else { return None };
        let same = order.system == book.system
            && order.file == book.file
            && order.revision.starts_with(&book.revision)
            && self.step().is_some_and(|s| s.risk.is_some() && s.line == only.line);
        same.then_some(self.next)
    }

    pub fn new(playbook: Playbook) -> Self {
        Walk { playbook, next: 1, done: 0, failed: 0 }
    }

    /// The step whose turn it is.
    pub fn step(&self) -> Option<&Step> {
        self.playbook.step(self.next)
    }

    /// Goes on behind the present step: of a condition that does not hold also behind what is for it.
    pub(crate) fn tick(&mut self, done: bool) {
        let (no, failed_condition) = (self.next, !done && self.step().is_some_and(|s| s.part == Part::Condition));
        match done || failed_condition {
            true => self.done += 1,
            false => self.failed += 1,
        }
        self.next += 1;
        while failed_condition && self.step().is_some_and(|s| s.under == Some(no)) {
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(part: Part, under: Option<u32>) -> Step {
        let text = format!("{} something", part.as_str());
        Step {
            part,
            text,
            written: None,
            line: 1,
            under,
            risk: None,
            why: None,
            fill: Vec::new(),
            caution: None,
            runs_on: None,
        }
    }

    fn walk() -> Walk {
        let steps = vec![
            step(Part::Investigate, None),
            step(Part::Condition, None),
            step(Part::Condition, Some(2)),
            step(Part::Resolve, Some(2)),
            step(Part::Condition, None),
            step(Part::Resolve, Some(5)),
            step(Part::Verify, None),
        ];
        let (system, name) = ("shop".to_string(), "Queue is full".to_string());
        Walk::new(Playbook { system, name, file: "shop.md".into(), revision: "0123".into(), steps })
    }

    #[test]
    fn a_condition_that_does_not_hold_takes_its_steps_with_it() {
        let mut w = walk();
        let mut turns = Vec::new();
        for done in [true, false, true, false, false] {
            turns.push(w.next);
            w.tick(done);
        }
        assert_eq!(turns, [1, 2, 5, 6, 7]);
        assert_eq!((w.step(), w.next), (None, 8));
        assert_eq!((w.done, w.failed), (3, 2), "that a condition does not hold is an answer, not a failure");
    }

    #[test]
    fn a_condition_that_holds_is_followed_step_by_step() {
        let mut w = walk();
        for expected in 1..=7 {
            assert_eq!(w.next, expected);
            w.tick(true);
        }
        assert_eq!((w.step(), w.done, w.failed), (None, 7, 0));
    }
}
