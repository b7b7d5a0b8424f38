//! Any bytes as a runbook: read or refused, never a panic; every line has one state, every line number is one of the
//! file, and the same bytes give the same result.
#![no_main]

use firebell_runbook::import;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(first) = import(bytes) else { return };
    let lines = first.report.lines.len() as u32;
    let runbook = &first.runbook;
    for command in &runbook.commands {
        assert!(command.line >= 1 && command.line <= command.line_end && command.line_end <= lines);
        assert!(!command.text.trim().is_empty());
    }
    let places = runbook.severities.iter().map(|s| s.line).chain(runbook.phases.iter().map(|p| p.line)).chain(runbook.escalation.iter().map(|e| e.line));
    let places = places.chain(runbook.thresholds.iter().map(|t| t.line)).chain(runbook.schedules.iter().map(|s| s.line)).chain(runbook.playbooks.iter().map(|p| p.line));
    let places = places.chain(runbook.checklists.iter().map(|c| c.line)).chain(runbook.contacts.iter().map(|c| c.line)).chain(runbook.endpoints.iter().map(|e| e.line));
    for line in places.chain(runbook.findings.iter().flat_map(|f| f.lines.iter().copied())) {
        assert!(line >= 1 && line <= lines.max(1));
    }
    let again = import(bytes).expect("read once, read twice");
    assert_eq!(first.runbook, again.runbook);
});
