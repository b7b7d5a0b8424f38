//! Tables that say what to do about an issue in one line.

use super::Reading;
use crate::document::{BlockKind, Inline, Table};
use crate::lexicon::Header;
use crate::model::{Line, QuickFix};

pub fn quick_reference(reading: &Reading<'_>) -> Vec<QuickFix> {
    let mut found = Vec::new();
    for block in &reading.document.blocks {
        if let BlockKind::Table(table) = &block.kind
            && !reading.sets_nothing(block.section)
            && let Some(columns) = columns(reading, table)
        {
            found.extend(table.rows.iter().filter_map(|row| fix(&row.cells, &columns, row.line)));
        }
    }
    found
}

struct Columns {
    issue: usize,
    fix: Option<usize>,
    command: Option<usize>,
}

/// An issue and something to do about it; a table of limits, contacts or severities is another thing.
fn columns(reading: &Reading<'_>, table: &Table) -> Option<Columns> {
    let heads = reading.heads(table);
    let at = |wanted: &[Header]| heads.iter().position(|h| h.is_some_and(|h| wanted.contains(&h)));
    let foreign = [
        Header::Metric,
        Header::Warning,
        Header::Critical,
        Header::Level,
        Header::Response,
        Header::Phone,
        Header::Email,
        Header::Status,
        Header::Date,
    ];
    if at(&foreign).is_some() {
        return None;
    }
    let issue = at(&[Header::Issue])?;
    let fix = at(&[Header::Fix]).or_else(|| at(&[Header::Action]));
    let command = at(&[Header::Command]);
    (fix.is_some() || command.is_some()).then_some(Columns { issue, fix, command })
}

fn fix(cells: &[Inline], columns: &Columns, line: Line) -> Option<QuickFix> {
    let text = |at: Option<usize>| {
        at.and_then(|at| cells.get(at))
            .map(|c| c.plain.trim())
            .filter(|t| !t.is_empty() && !matches!(*t, "-" | "–" | "—" | "n/a" | "N/A"))
    };
    let issue = text(Some(columns.issue))?.to_owned();
    let code = |at: Option<usize>| {
        at.and_then(|at| cells.get(at))
            .and_then(|c| c.codes().find(|c| super::reads_like_a_command(c)).map(str::to_owned))
    };
    let command = code(columns.command)
        .or_else(|| text(columns.command).filter(|t| super::reads_like_a_command(t)).map(str::to_owned))
        .or_else(|| code(columns.fix));
    let fix = text(columns.fix).map(str::to_owned);
    (fix.is_some() || command.is_some()).then_some(QuickFix { issue, fix, command, line })
}
