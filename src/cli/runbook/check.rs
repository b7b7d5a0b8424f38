//! `runbook check`: the linter for the CI of a runbook's repository. Reads files, writes to standard output, asks nobody.

use crate::cli::End;
use clap::{Args, ValueEnum};
use firebell_domain::timeline::words::counted;
use firebell_runbook::lint::sarif::sarif;
use firebell_runbook::model::{Finding, FindingKind, Level};
use firebell_runbook::source::MAX_BYTES;
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Check {
    /// Markdown files; "-" reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
}

#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    Sarif,
}

impl Check {
    pub fn run(self) -> Result<(), End> {
        let mut files = Vec::new();
        for file in &self.files {
            let bytes = read(file).map_err(|e| End::Sentence(format!("{}: {e}", file.display())))?;
            // What is too big to be read is an error of that file; the others are still checked.
            let findings = firebell_runbook::import(&bytes)
                .map_or_else(|refused| vec![too_big(refused.0)], |i| i.runbook.findings);
            files.push((file.display().to_string(), findings));
        }
        match self.format {
            Form::Text => print!("{}", text(&files)),
            Form::Json => println!(
                "{:#}",
                json!({ "files": files.iter().map(|(path, findings)| json!({ "path": path, "findings": findings })).collect::<Vec<_>>() })
            ),
            Form::Sarif => println!("{:#}", sarif(env!("CARGO_PKG_VERSION"), &files)),
        }
        if files.iter().any(|(_, findings)| findings.iter().any(|f| f.level == Level::Error)) {
            Err(End::No)
        } else {
            Ok(())
        }
    }
}

fn too_big(message: String) -> Finding {
    Finding { kind: FindingKind::Broken, rule: "too-big".into(), level: Level::Error, lines: vec![1], message }
}

/// One byte more than is allowed, so that the importer can say the number.
pub fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 * 16;
    if file.as_os_str() == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// `FILE:LINE: level rule: message`, as compilers write it, so that editors jump there.
pub fn text(files: &[(String, Vec<Finding>)]) -> String {
    let mut out = String::new();
    for (path, findings) in files {
        for finding in findings {
            let (first, others) = finding.lines.split_first().map_or((1, &[][..]), |(f, o)| (*f, o));
            let also = match others {
                [] => String::new(),
                lines => format!(
                    " (also line{} {})",
                    if lines.len() == 1 { "" } else { "s" },
                    lines.iter().take(8).map(u32::to_string).collect::<Vec<_>>().join(", ")
                        + if lines.len() > 8 { ", …" } else { "" }
                ),
            };
            out += &format!("{path}:{first}: {} {}: {}{also}\n", level(finding.level), finding.rule, finding.message);
        }
    }
    let count = |l: Level| files.iter().flat_map(|(_, f)| f).filter(|f| f.level == l).count();
    let (errors, warnings, notes) = (count(Level::Error), count(Level::Warning), count(Level::Note));
    out += &format!(
        "{}: {}, {}, {}.",
        counted(files.len(), "file"),
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(notes, "note")
    );
    if errors + warnings + notes > 0 {
        out += " Silence one with <!-- firebell: ignore RULE --> on the line before.";
    }
    out + "\n"
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}
