//! A Markdown runbook after its import, as the bot goes by it. The reading itself is `firebell_runbook`'s.

use firebell_domain::chain::hex;
use firebell_runbook::model::{Line, Runbook};
use firebell_runbook::report::LineState;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

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
    /// Reads a file; the error is a sentence without its full stop.
    pub fn read(bytes: &[u8]) -> Result<Imported, String> {
        let import = firebell_runbook::import(bytes).map_err(|no| no.to_string().trim_end_matches('.').to_string())?;
        let all = import.report.lines.len();
        let said = all - import.report.count(LineState::Blank);
        let lines = Lines {
            all,
            used: import.report.count(LineState::Used),
            said,
            unused_headings: import.report.unused_headings,
        };
        let proposals = hashed(bytes, import.proposals);
        Ok(Imported { runbook: import.runbook, sha256: hex(&import.sha256), proposals, lines })
    }
}

/// Names each proposal by what it says and by the lines that it stands on, so that a confirmation outlives every edit
/// elsewhere in the file and none of its own; the same thing said twice is told apart by its order.
fn hashed(bytes: &[u8], proposals: Vec<firebell_runbook::proposal::Proposal>) -> Vec<Proposal> {
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    let mut times: BTreeMap<[u8; 32], u32> = BTreeMap::new();
    let named = proposals.into_iter().map(|p| {
        let mut text = Sha256::new();
        for part in [&p.group, &p.what, &p.reason] {
            text.update((part.len() as u64).to_be_bytes());
            text.update(part.as_bytes());
        }
        for line in
            lines.iter().skip(p.line.saturating_sub(1) as usize).take((p.last.max(p.line) - p.line + 1) as usize)
        {
            text.update(line.trim_ascii());
            text.update([0]);
        }
        let hash: [u8; 32] = text.finalize().into();
        let before = times.entry(hash).or_insert(0);
        *before += 1;
        let hash = if *before == 1 { hash } else { Sha256::digest([&hash[..], &before.to_be_bytes()].concat()).into() };
        Proposal { what: p.what, reason: p.reason, line: p.line, last: p.last, group: p.group, hash: hex(&hash) }
    });
    named.collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn proposals(text: &str, lines: &[u32]) -> Vec<String> {
        let of = |line: &u32| {
            let (what, reason) = ("phase Triage".to_string(), "a deadline or an estimate".to_string());
            firebell_runbook::proposal::Proposal::new(what, reason, (*line, *line), "phases".into())
        };
        hashed(text.as_bytes(), lines.iter().map(of).collect()).into_iter().map(|p| p.hash).collect()
    }

    #[test]
    fn a_confirmation_outlives_edits_elsewhere_and_none_of_its_own_line() {
        let before = proposals("# A\n\n## Triage (5 minutes)\n", &[3]);
        assert_eq!(proposals("# Another title\nmore\n\n## Triage (5 minutes)  \r\n", &[4]), before);
        assert_ne!(proposals("# A\n\n## Triage (6 minutes)\n", &[3]), before);
        let twice = proposals("## Triage (5 minutes)\n## Triage (5 minutes)\n", &[1, 2]);
        assert_eq!(twice[0], before[0]);
        assert_ne!(twice[0], twice[1]);
        assert_eq!(proposals("", &[7]).len(), 1);
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_with_the_number() {
        let no = Imported::read(&vec![b'a'; 3_000_000]).expect_err("too large");
        assert!(no.contains("3000000") && !no.ends_with('.'), "{no}");
    }
}
