//! What is ambiguous in a runbook: proposed to the team, inactive until somebody confirms it.

use crate::model::Line;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The item as text: "severity SEV1".
    pub what: String,
    /// Why it is not certain: a sentence.
    pub reason: String,
    pub line: Line,
    pub last: Line,
    /// What is confirmed together: "thresholds under Key metrics".
    pub group: String,
}

impl Proposal {
    pub fn new(what: String, reason: String, lines: (Line, Line), group: String) -> Self {
        Proposal { what, reason, line: lines.0, last: lines.1, group }
    }
}
