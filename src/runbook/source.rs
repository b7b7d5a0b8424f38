//! The text of a runbook after what was broken in the file has been undone, line for line: line *n* here is line *n*
//! of the file as given, so that everything found later can name it.

use crate::model::{Finding, Line};

/// What comes in, line by line, repaired; and what had to be repaired.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Without line ends. `lines[n - 1]` is line *n* of the file as given.
    pub lines: Vec<String>,
    pub findings: Vec<Finding>,
}

impl Source {
    /// The line's text; "" beyond the end.
    pub fn line(&self, line: Line) -> &str {
        self.lines.get((line as usize).wrapping_sub(1)).map_or("", String::as_str)
    }
}
