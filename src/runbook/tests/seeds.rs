//! Five real runbooks, byte for byte, against labels; the first line of each says how it was made. The files belong to their teams and are not part of
//! this repository: the folder is named by FIREBELL_SEED_RUNBOOKS (relative to the repository). Without the variable
//! the group was not requested, and `./test` says so; with it, a missing file is a failure.

use crate::model::Runbook;
use crate::{Import, import};
use std::path::{Path, PathBuf};

const NAMES: [&str; 5] = ["vividwalls", "leanvibe", "c0di3", "mahavishnu", "travian"];

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("FIREBELL_SEED_RUNBOOKS").filter(|v| !v.is_empty())?;
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(named))
}

/// Checks each file and says together what is wrong in all of them.
fn each(mut check: impl FnMut(&str, &str, &Import) -> Vec<String>) {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for name in NAMES {
        let path = folder.join(format!("{name}.md"));
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        wrong.extend(
            check(name, &text, &import(&bytes).expect("small enough")).into_iter().map(|w| format!("{name}: {w}")),
        );
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn labels(name: &str, kind: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/seeds/{name}.{kind}"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .map(|l| l.split('\t').map(str::to_owned).collect())
        .collect()
}

fn lines(runbook: &Runbook, at: usize) -> String {
    let command = &runbook.commands[at];
    if command.line == command.line_end {
        command.line.to_string()
    } else {
        format!("{}-{}", command.line, command.line_end)
    }
}

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).expect("a word").as_str().expect("a word").to_owned()
}

#[test]
fn every_command_is_found_with_its_exact_text_and_none_is_invented() {
    each(|name, text, import| {
        let found: Vec<String> = (0..import.runbook.commands.len()).map(|at| lines(&import.runbook, at)).collect();
        let wanted: Vec<String> = labels(name, "commands").iter().map(|l| l[0].clone()).collect();
        let missed = wanted.iter().filter(|w| !found.contains(w)).map(|w| format!("missed {w}"));
        let invented = found.iter().filter(|f| !wanted.contains(f)).map(|f| format!("invented {f}"));
        let mut wrong: Vec<String> = missed.chain(invented).collect();
        let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<&str> = text.lines().collect();
        for command in &import.runbook.commands {
            let source = lines[command.line as usize - 1..command.line_end as usize]
                .join("\n")
                .replace("\\\n", " ")
                .replace("\\`", "`");
            if !squeeze(&source).contains(&squeeze(&command.text)) {
                wrong.push(format!("other text on {}: {}", command.line, command.text));
            }
        }
        wrong
    });
}

#[test]
fn risk_executor_and_mode_are_those_decided_by_hand() {
    each(|name, _, import| {
        let mut wrong = Vec::new();
        for label in labels(name, "commands") {
            let Some(at) = (0..import.runbook.commands.len()).find(|at| lines(&import.runbook, *at) == label[0]) else {
                continue;
            };
            let command = &import.runbook.commands[at];
            let got = [word(command.risk), word(command.executor), word(command.mode)];
            if got != label[1..4] {
                wrong.push(format!(
                    "{} wanted {} got {} for {} because {:?}",
                    label[0],
                    label[1..4].join(" "),
                    got.join(" "),
                    command.text,
                    import.judged[at].why
                ));
            }
        }
        wrong
    });
}

#[test]
fn every_line_has_one_state() {
    each(|name, text, import| {
        let count = text.lines().count();
        assert_eq!(import.report.lines.len(), count, "{name}");
        use crate::report::LineState::*;
        assert_eq!(
            [Blank, Used, Text, NotUnderstood].iter().map(|s| import.report.count(*s)).sum::<usize>(),
            count,
            "{name}"
        );
        Vec::new()
    });
}

/// `kind`, line, then what is known of it: `severity P1 143 900 -`.
#[test]
fn severities_phases_escalation_thresholds_and_schedules_are_those_of_the_document() {
    each(|name, _, import| {
        let r = &import.runbook;
        let number = |v: Option<u64>| v.map_or("-".to_owned(), |v| v.to_string());
        let mut got: Vec<String> = Vec::new();
        got.extend(
            r.severities
                .iter()
                .map(|s| format!("severity\t{}\t{}\t{}\t{}", s.line, s.level, s.rank, number(s.response_time_s))),
        );
        got.extend(r.phases.iter().map(|p| {
            format!(
                "phase\t{}\t{}\t{}\t{}",
                p.line,
                p.severity.as_deref().unwrap_or("-"),
                p.window.map_or("-".into(), |w| format!("{}-{}", w[0], w[1])),
                number(p.deadline_s)
            )
        }));
        got.extend(r.escalation.iter().map(|e| {
            format!(
                "escalation\t{}\t{}\t{}\t{}\t{}\t{}",
                e.line,
                e.scope.as_deref().unwrap_or("-"),
                e.order,
                word(e.action),
                number(e.after_s),
                number(e.response_time_s)
            )
        }));
        got.extend(r.thresholds.iter().map(|t| {
            let bound =
                |b: &Option<crate::model::Bound>| b.as_ref().map_or("-".to_owned(), |b| format!("{}{}", b.op, b.value));
            format!(
                "threshold\t{}\t{}\t{}\t{}",
                t.line,
                bound(&t.warning),
                bound(&t.critical),
                t.unit.as_deref().unwrap_or("-")
            )
        }));
        got.extend(r.schedules.iter().map(|s| {
            format!(
                "schedule\t{}\t{}\t{}",
                s.line,
                s.cadence.map_or("-".to_owned(), word),
                s.cron.as_deref().unwrap_or("-")
            )
        }));
        got.extend(r.playbooks.iter().map(|p| {
            format!(
                "playbook\t{}\t{}\t{}\t{}\t{}\t{}",
                p.line,
                p.symptoms.len(),
                p.conditions.len(),
                p.investigation.len(),
                p.resolution.len(),
                p.verification.len()
            )
        }));
        got.extend(r.contacts.iter().map(|c| {
            format!(
                "contact\t{}\t{}{}{}",
                c.line,
                if c.phone.is_some() { "p" } else { "" },
                if c.email.is_some() { "e" } else { "" },
                if c.channel.is_some() { "c" } else { "" }
            )
        }));
        got.extend(r.quick_reference.iter().map(|q| format!("quick\t{}", q.line)));
        got.extend(r.rules.iter().map(|q| format!("rule\t{}", q.line)));
        got.extend(r.checklists.iter().map(|c| format!("checklist\t{}\t{}", c.line, c.items.len())));
        got.extend(r.endpoints.iter().map(|e| format!("endpoint\t{}", e.line)));
        got.extend(
            r.findings
                .iter()
                .map(|f| format!("finding\t{}\t{}\t{}", f.lines.first().copied().unwrap_or(0), word(f.level), f.rule)),
        );
        let wanted: Vec<String> = labels(name, "facts").iter().map(|l| l.join("\t")).collect();
        let missed = wanted.iter().filter(|w| !got.contains(w)).map(|w| format!("- {w}"));
        let more = got.iter().filter(|g| !wanted.contains(g)).map(|g| format!("+ {g}"));
        missed.chain(more).collect()
    });
}
