//! The linter: what is wrong in a runbook, before the incident. A false alarm costs trust, so a rule that is not sure
//! says nothing.
//!
//! Each file holds the rules of one kind; a finding names its rule, its lines and what to write instead. A rule is
//! silenced in the Markdown: `<!-- firebell: ignore RULE -->` (or `# firebell: ignore RULE` in a code block) for its own
//! line and the next, `<!-- firebell: ignore-file RULE -->` for the whole file.

mod broken;
mod contradiction;
mod gap;
mod hazard;
mod placeholder;
pub mod sarif;
mod secret;
mod silence;
#[cfg(test)]
mod tests;

use crate::commands::{Found, Prohibition};
use crate::meaning::Reading;
use crate::model::{Finding, FindingKind, Level, Line, Runbook};
use crate::shell::Judged;

/// A command, where it was found and what it does, in the order of the document.
pub struct Known<'a> {
    pub found: &'a Found,
    pub judged: &'a Judged,
}

pub struct Facts<'a> {
    pub reading: &'a Reading<'a>,
    pub runbook: &'a Runbook,
    pub commands: &'a [Known<'a>],
    pub prohibitions: &'a [Prohibition],
}

/// All findings of a document, in the order of their lines.
pub fn lint(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    broken::find(facts, &mut found);
    hazard::find(facts, &mut found);
    placeholder::find(facts, &mut found);
    secret::find(facts, &mut found);
    contradiction::find(facts, &mut found);
    gap::find(facts, &mut found);
    found
}

/// Puts findings in order and leaves out what the document silences.
pub fn settle(mut findings: Vec<Finding>, lines: &[String]) -> Vec<Finding> {
    silence::apply(&mut findings, lines);
    findings.sort_by(|a, b| {
        (a.lines.first(), a.level, &a.rule, &a.message).cmp(&(b.lines.first(), b.level, &b.rule, &b.message))
    });
    findings.dedup();
    findings
}

/// The rules' names with one sentence each, for SARIF and the documentation.
pub const RULES: &[(&str, FindingKind, &str)] = &[
    ("byte-order-mark", FindingKind::Encoding, "The file begins with a byte order mark."),
    ("command-cannot-work", FindingKind::Broken, "A command fails as it is written."),
    (
        "custom-dump-into-psql",
        FindingKind::Broken,
        "psql is given a dump in custom format, which only pg_restore reads.",
    ),
    ("restore-of-unwritten-file", FindingKind::Broken, "A restore reads a file that nothing in the document writes."),
    ("too-big", FindingKind::Broken, "The file is too big to be read."),
    ("unclosed-fence", FindingKind::Broken, "A code block is never closed."),
    ("escaped-fences", FindingKind::Encoding, "Backticks stand behind backslashes."),
    ("legacy-encoding", FindingKind::Encoding, "The file is not UTF-8."),
    ("line-ends", FindingKind::Encoding, "Lines do not end with LF alone."),
    ("mojibake", FindingKind::Encoding, "Characters were once read in the wrong encoding."),
    ("utf-16", FindingKind::Encoding, "The file is UTF-16."),
    ("comment-understates", FindingKind::Hazard, "A comment promises less than the command below it does."),
    ("cuts-own-session", FindingKind::Hazard, "A firewall rule cuts the session that the next lines need."),
    ("data-loss-as-first-aid", FindingKind::Hazard, "A usual fix loses data."),
    ("forbidden-here", FindingKind::Contradiction, "A command stands in the document that forbids it."),
    (
        "delete-after-disabled-step",
        FindingKind::Hazard,
        "Something is deleted after the step that saves it, which is commented out.",
    ),
    ("never-ends", FindingKind::Hazard, "A command that never ends stands before others."),
    ("restore-over-live-data", FindingKind::Hazard, "A restore writes over live data that nothing stopped or saved."),
    ("scope-cut-by-ampersand", FindingKind::Hazard, "An unquoted & ends the command in the middle of a URL."),
    ("open-contact", FindingKind::Placeholder, "A contact is still to be filled in."),
    ("open-placeholder", FindingKind::Placeholder, "A command has something to fill in."),
    ("to-do", FindingKind::Placeholder, "Something is left to be written."),
    ("literal-secret", FindingKind::Secret, "A secret stands in the document."),
    ("secret-in-output", FindingKind::Secret, "What a command prints or writes is secret."),
    ("secret-on-command-line", FindingKind::Secret, "A secret is an argument, where the list of processes shows it."),
    ("cadence-differs", FindingKind::Contradiction, "One task is to be done at two different intervals."),
    ("path-differs", FindingKind::Contradiction, "One file stands in two different places."),
    ("port-differs", FindingKind::Contradiction, "A port is given twice, differently."),
    ("response-time-differs", FindingKind::Contradiction, "One severity has two response times."),
    ("severity-order", FindingKind::Contradiction, "The names of the severities run against their order."),
    ("threshold-differs", FindingKind::Contradiction, "One metric has two limits of the same level."),
    ("contact-without-address", FindingKind::Gap, "A contact has no address."),
    (
        "delegated-elsewhere",
        FindingKind::Gap,
        "The document leaves a part of the response to a file that is not given.",
    ),
    ("level-not-defined", FindingKind::Gap, "A severity is used that is not defined."),
    ("schedule-without-zone", FindingKind::Gap, "A time of day is given without a time zone."),
    ("severity-without-response-time", FindingKind::Gap, "A severity has no response time."),
    ("threshold-hole", FindingKind::Gap, "Between two bands of a limit there are values that belong to neither."),
];

fn push(found: &mut Vec<Finding>, rule: &'static str, level: Level, lines: Vec<Line>, message: String) {
    let kind = RULES.iter().find(|(name, ..)| *name == rule).map_or(FindingKind::Broken, |(_, kind, _)| *kind);
    found.push(Finding { kind, rule: rule.into(), level, lines, message });
}

/// Enough of a command to recognise it in a sentence; secrets that stand in it were hidden before.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut short: String = line.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
