//! Reads a team's Markdown operations runbook. Pure: bytes in, [`model::Runbook`] out; nothing is executed, fetched or
//! looked up, no clock is read, and the same bytes always give the same result.
//!
//! ```text
//! bytes ─ source ─ document ─┬─ commands ─ shell ─┬─ meaning ─ lint ─ report
//!                            └─ lexicon, grammar ─┘
//! ```

mod beside;
pub mod commands;
pub mod document;
mod fold;
mod grammar;
pub mod knowledge;
mod lexicon;
pub mod lint;
mod meaning;
pub mod model;
pub mod proposal;
pub mod report;
pub mod shell;
pub mod source;
#[cfg(test)]
mod tests;

use beside::beside;
use commands::{Commands, Found, SessionKind};
use document::Document;
use lint::{Facts, Known};
use meaning::Reading;
use meaning::playbooks::Ran;
use model::{Command, Executor, Finding, Line, Mode, Runbook};
use proposal::Proposal;
use report::Report;
use sha2::{Digest, Sha256};
use shell::{Asked, Judged, Tongue};
pub use source::Refused;
use source::Source;
use std::collections::BTreeMap;

/// Everything that was made of a file.
#[derive(Clone, Debug)]
pub struct Import {
    pub runbook: Runbook,
    /// Of the bytes as given: confirmations and approvals are bound to it.
    pub sha256: [u8; 32],
    /// What is ambiguous: inactive until somebody confirms it.
    pub proposals: Vec<Proposal>,
    pub report: Report,
    /// Why each command has its risk, in the order of `runbook.commands`.
    pub judged: Vec<Judged>,
}

/// Reads a file. Never fails but for its size, and never runs anything.
pub fn import(bytes: &[u8]) -> Result<Import, Refused> {
    let source = Source::read(bytes)?;
    let document = Document::read(&source);
    let commands_of = || {
        let commands = commands::find(&document);
        let judged = judge_all(&document, &commands.found);
        (commands, judged)
    };
    let meaning_of = || {
        let reading = Reading::new(&source, &document);
        let said = said(&reading);
        (reading, said)
    };
    let ((commands, judged), (reading, said)) = beside(commands_of, meaning_of);
    let Commands { found, prohibitions, skipped } = commands;
    let Said { mut runbook, mut proposals, findings: more } = said;
    let mut findings = source.findings.clone();
    findings.extend(document.findings.iter().cloned());
    findings.extend(more);
    runbook.commands = found.iter().zip(&judged).map(|(f, j)| command(&document, f, j)).collect();
    let ran: Vec<Ran<'_>> = found
        .iter()
        .zip(&judged)
        .map(|(f, j)| Ran {
            line: f.line,
            section: f.section,
            risk: j.risk,
            unknown: j.flags.unknown_tool,
            comment: f.comment.as_deref(),
            condition: f.condition.as_deref(),
        })
        .collect();
    runbook.playbooks = meaning::playbooks::playbooks(&reading, &ran);
    let does = |p: &model::Playbook| [&p.investigation, &p.resolution, &p.verification].iter().any(|c| !c.is_empty());
    runbook.playbooks.retain(|p| does(p) || !runbook.severities.iter().any(|s| s.line == p.line));
    place_commands(&document, &mut runbook);
    let known: Vec<Known<'_>> = found.iter().zip(&judged).map(|(found, judged)| Known { found, judged }).collect();
    findings.extend(lint::lint(&Facts {
        reading: &reading,
        runbook: &runbook,
        commands: &known,
        prohibitions: &prohibitions,
    }));
    runbook.findings = lint::settle(findings, &source.lines);
    proposals.sort_by(|a, b| (a.line, &a.group, &a.what).cmp(&(b.line, &b.group, &b.what)));
    let report = report::report(&source, &document, &runbook, &prohibitions, &skipped);
    Ok(Import { runbook, sha256: Sha256::digest(bytes).into(), proposals, report, judged })
}

/// What is said in words and tables, before anything is known of the commands.
#[derive(Default)]
struct Said {
    runbook: Runbook,
    proposals: Vec<Proposal>,
    findings: Vec<Finding>,
}

fn said(reading: &Reading<'_>) -> Said {
    let Said { mut runbook, mut proposals, mut findings } = Said::default();
    let properties = meaning::properties::properties(reading);
    (runbook.title, runbook.system, runbook.version) = (properties.title, properties.system, properties.version);
    runbook.severities = meaning::severities::severities(reading, &mut proposals, &mut findings);
    runbook.phases = meaning::phases::phases(reading, &mut proposals);
    // The title that defines a severity says when it is answered: that is no step.
    runbook.phases.retain(|p| !runbook.severities.iter().any(|s| s.line == p.line));
    runbook.thresholds = meaning::thresholds::thresholds(reading);
    (runbook.escalation, proposals) = with(meaning::escalation::escalation(reading), proposals);
    (runbook.contacts, proposals) = with(meaning::contacts::contacts(reading), proposals);
    (runbook.schedules, proposals) = with(meaning::schedules::schedules(reading), proposals);
    runbook.quick_reference = meaning::quick_reference::quick_reference(reading);
    runbook.rules = meaning::rules::rules(reading);
    runbook.checklists = meaning::checklists::checklists(reading);
    runbook.endpoints = meaning::endpoints::endpoints(reading);
    Said { runbook, proposals, findings }
}

fn with<T>((items, more): (Vec<T>, Vec<Proposal>), mut proposals: Vec<Proposal>) -> (Vec<T>, Vec<Proposal>) {
    proposals.extend(more);
    (items, proposals)
}

/// Each in the order of the document. Runbooks say the same command again and again, and it is the same each time, unless
/// nobody knows its program: then what stands around it counts.
fn judge_all(document: &Document, found: &[Found]) -> Vec<Judged> {
    let alike = |a: &Found, b: &Found| {
        let around = |f: &Found| (f.session.as_ref().map(|s| s.kind), f.unit.is_some(), f.option.is_some());
        a.tongue == b.tongue && around(a) == around(b) && a.assigned == b.assigned
    };
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut judged: Vec<Judged> = Vec::with_capacity(found.len());
    for (at, this) in found.iter().enumerate() {
        let before = *seen.entry(&this.text).or_insert(at);
        let again = before < at && alike(&found[before], this) && !judged[before].flags.unknown_tool;
        judged.push(if again { judged[before].clone() } else { judge(document, this) });
    }
    judged
}

fn judge(document: &Document, found: &Found) -> Judged {
    let path = document.path(found.section);
    let mongo = matches!(&found.session, Some(s) if s.kind == SessionKind::Mongo) && commands::is_mongo(&found.text);
    let mut judged = shell::judge(&Asked {
        text: &found.text,
        tongue: if mongo { Tongue::Mongo } else { found.tongue },
        comment: found.comment.as_deref(),
        heading: path.last().map(|s| s.name.as_str()),
        assigned: &found.assigned,
        in_session: found.session.is_some(),
        in_script: found.unit.is_some(),
    });
    // A script that is then told an option reads it from the keyboard.
    if found.option.is_some() && judged.executor == Executor::Script {
        judged.mode = Mode::Tty;
    }
    judged
}

fn command(document: &Document, found: &Found, judged: &Judged) -> Command {
    Command {
        line: found.line,
        line_end: found.line_end,
        text: found.text.clone(),
        lang: found.lang.clone(),
        section: document.path(found.section).iter().map(|s| s.name.clone()).collect(),
        comment: found.comment.clone(),
        risk: judged.risk,
        executor: judged.executor,
        mode: judged.mode,
        placeholders: judged.placeholders.clone(),
        secrets: judged.secrets.clone(),
        problem: judged.problem.clone().or_else(|| found.problem.clone()),
    }
}

/// Commands that stand under a phase or a schedule are named by their lines.
fn place_commands(document: &Document, runbook: &mut Runbook) {
    let lines: Vec<Line> = runbook.commands.iter().map(|c| c.line).collect();
    let under = |line: Line, next: Option<Line>| -> Vec<Line> {
        let Ok(at) = document
            .sections
            .binary_search_by_key(&line, |s| s.line)
            .or_else(|_| document.sections.iter().position(|s| s.line == line).ok_or(()))
        else {
            return lines.iter().copied().filter(|l| *l == line).collect();
        };
        let last = document.sections[at].last.min(next.map_or(Line::MAX, |n| n.saturating_sub(1)));
        let from = lines.partition_point(|l| *l < line);
        let to = lines.partition_point(|l| *l <= last);
        lines[from..to.max(from)].to_vec()
    };
    for phase in &mut runbook.phases {
        phase.command_lines = under(phase.line, None);
    }
    for schedule in &mut runbook.schedules {
        if schedule.command_lines.is_empty() {
            schedule.command_lines = under(schedule.line, None);
        }
    }
}
