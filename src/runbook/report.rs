//! What became of every line: used for something, kept as text, or not understood. The states of all lines add up to
//! the lines of the file.

use crate::commands::{Guess, Prohibition, Skipped};
use crate::document::{BlockKind, Document, SectionKind};
use crate::model::{Line, Runbook};
use crate::source::Source;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    Blank,
    /// Something was made of it.
    Used,
    /// Prose, titles, rules between sections: for people to read.
    Text,
    /// Code or a table that nothing was made of.
    NotUnderstood,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// One for each line of the file.
    pub lines: Vec<LineState>,
    /// Titles under which nothing was found: line and title.
    pub unused_headings: Vec<(Line, String)>,
}

impl Report {
    pub fn count(&self, state: LineState) -> usize {
        self.lines.iter().filter(|s| **s == state).count()
    }

    /// Of the lines that are not blank, how many something was made of, in percent.
    pub fn used_percent(&self) -> usize {
        let written = self.lines.len() - self.count(LineState::Blank);
        (self.count(LineState::Used) * 100).checked_div(written).unwrap_or(0)
    }
}

pub fn report(
    source: &Source,
    document: &Document,
    runbook: &Runbook,
    prohibitions: &[Prohibition],
    skipped: &[Skipped],
) -> Report {
    let mut used: BTreeSet<Line> = BTreeSet::new();
    let lines = runbook
        .severities
        .iter()
        .map(|s| s.line)
        .chain(runbook.phases.iter().map(|p| p.line))
        .chain(runbook.escalation.iter().map(|e| e.line))
        .chain(runbook.contacts.iter().map(|c| c.line))
        .chain(runbook.thresholds.iter().map(|t| t.line))
        .chain(
            runbook.playbooks.iter().flat_map(|p| std::iter::once(p.line).chain(p.conditions.iter().map(|c| c.line))),
        )
        .chain(runbook.quick_reference.iter().map(|q| q.line))
        .chain(runbook.rules.iter().map(|r| r.line))
        .chain(runbook.schedules.iter().map(|s| s.line))
        .chain(runbook.checklists.iter().map(|c| c.line))
        .chain(runbook.endpoints.iter().map(|e| e.line));
    used.extend(lines);
    for command in &runbook.commands {
        used.extend(command.line..=command.line_end);
    }
    // Texts that were taken into a list: their lines are those of the items that say them.
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    texts.extend(runbook.phases.iter().flat_map(|p| p.actions.iter().map(String::as_str)));
    texts.extend(runbook.schedules.iter().flat_map(|s| s.tasks.iter().map(String::as_str)));
    texts.extend(runbook.checklists.iter().flat_map(|c| c.items.iter().map(String::as_str)));
    texts.extend(runbook.playbooks.iter().flat_map(|p| p.symptoms.iter().map(String::as_str)));
    texts.extend(runbook.escalation.iter().flat_map(|e| e.authority.iter().map(String::as_str)));
    let mut states: Vec<LineState> =
        source.lines.iter().map(|l| if l.trim().is_empty() { LineState::Blank } else { LineState::Text }).collect();
    let mut set = |line: Line, state: LineState| {
        if let Some(slot) = states.get_mut((line as usize).wrapping_sub(1))
            && *slot != LineState::Blank
        {
            *slot = state;
        }
    };
    for block in &document.blocks {
        match &block.kind {
            BlockKind::Item(item) => {
                let text = item.text.iter().map(|l| l.plain.as_str()).collect::<Vec<_>>().join(" ");
                if texts.contains(text.as_str()) {
                    used.extend(block.first..=block.last);
                }
            }
            BlockKind::Fence(fence) => {
                let any = fence.body.iter().any(|(n, _)| used.contains(n));
                for (line, text) in &fence.body {
                    let comment = text.trim_start().starts_with(['#'])
                        || text.trim_start().starts_with("--")
                        || text.trim_start().starts_with("//");
                    set(*line, if any && comment { LineState::Used } else { LineState::NotUnderstood });
                }
            }
            BlockKind::Table(table) => {
                let any = table.rows.iter().any(|r| used.contains(&r.line));
                set(table.head_line, if any { LineState::Used } else { LineState::NotUnderstood });
                for row in &table.rows {
                    set(row.line, LineState::NotUnderstood);
                }
            }
            BlockKind::Html(_) => (block.first..=block.last).for_each(|l| set(l, LineState::NotUnderstood)),
            _ => {}
        }
    }
    // Sample configuration and the like is text for people, and was recognised as that.
    for line in skipped.iter().filter(|s| s.guess != Guess::Unknown) {
        set(line.line, LineState::Text);
    }
    used.extend(prohibitions.iter().map(|p| p.line));
    used.iter().for_each(|l| set(*l, LineState::Used));
    let unused_headings = document
        .sections
        .iter()
        .filter(|s| {
            matches!(s.kind, SectionKind::Heading(_)) && used.range(s.line..=s.last.max(s.line)).next().is_none()
        })
        .map(|s| (s.line, s.name.clone()))
        .collect();
    Report { lines: states, unused_headings }
}
