//! What is typed at the prompts of Oracle's own tools (RMAN, Data Guard's, ASM's), by its verb.

use super::part::{Part, Work};
use crate::model::{Executor, Risk};

/// Verbs that only look.
const LOOKS: [&str; 10] = ["list", "report", "show", "validate", "describe", "ls", "lsdg", "lsct", "du", "pwd"];
/// Verbs after which data or a service is gone, or is what it was before.
const LOSES: [&str; 12] = [
    "delete",
    "drop",
    "restore",
    "recover",
    "flashback",
    "shutdown",
    "duplicate",
    "switch",
    "switchover",
    "failover",
    "reset",
    "rm",
];

pub fn judge(text: &str) -> Part {
    let mut part = Part { work: Work::Does, executor: Executor::AppCli, ..Part::default() };
    // Several in one line: `run { shutdown immediate; startup mount; }`.
    for statement in text.split([';', '{', '}']) {
        let verb = statement.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
        match verb.as_str() {
            "" | "run" | "exit" | "quit" => {}
            verb if LOSES.contains(&verb) => part.raise(Risk::Destroy, verb),
            verb if LOOKS.contains(&verb) => {}
            verb => part.raise(Risk::Mutate, verb),
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_says_what_it_does_and_the_worst_of_several_counts() {
        for (text, risk) in [
            ("list backup summary;", Risk::Read),
            ("SHOW CONFIGURATION", Risk::Read),
            ("crosscheck archivelog all;", Risk::Mutate),
            ("delete noprompt obsolete;", Risk::Destroy),
            ("run { allocate channel c1 device type disk; restore database; }", Risk::Destroy),
            ("something new", Risk::Mutate),
        ] {
            let part = judge(text);
            assert_eq!((part.risk, part.executor), (risk, Executor::AppCli), "{text}");
        }
    }
}
