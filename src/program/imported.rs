//! A Markdown runbook after its import, as the bot goes by it. The reading itself is `firebell_runbook`'s.

use firebell_runbook::model::{Line, Runbook};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    pub runbook: Runbook,
    /// SHA-256 of the file as given, in hexadecimal digits.
    pub sha256: String,
    /// What the document does not say for certain, and is not in force until somebody has confirmed it.
    pub proposals: Vec<Proposal>,
    /// How many lines the file has, and what became of them.
    pub lines: Lines,
}

impl Imported {
    /// Reads a file; the error is half a sentence.
    pub fn read(_bytes: &[u8]) -> Result<Imported, String> {
        Err("the importer is not there yet".to_string())
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    pub all: usize,
    /// Of those that say something: lines that something was made of.
    pub used: usize,
    /// Lines that say something: neither blank nor decoration.
    pub said: usize,
    /// Headings that nothing was made of, with their lines.
    pub unused_headings: Vec<(Line, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub what: String,
    /// Why it is not certain.
    pub reason: String,
    pub line: Line,
    pub last: Line,
    /// What it is one of: `thresholds`, `escalation`.
    pub group: String,
    /// Names it, and changes when its text, its place or its reading does.
    pub hash: String,
}
