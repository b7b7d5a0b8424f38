//! What the document says not to report.

use crate::model::{Finding, Line};

pub fn apply(findings: &mut Vec<Finding>, lines: &[String]) {
    let mut here: Vec<(Line, String)> = Vec::new();
    let mut everywhere: Vec<String> = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, l)| l.contains("firebell: ignore")) {
        let number = at as Line + 1;
        let Some((_, rest)) = line.split_once("firebell: ignore") else { continue };
        let rest = rest.trim_end().trim_end_matches("-->").trim_end_matches("*/").trim();
        let (whole, names) = match rest.strip_prefix("-file") {
            Some(names) => (true, names),
            None => (false, rest),
        };
        for name in names.split([',', ' ']).map(str::trim).filter(|n| !n.is_empty()) {
            if whole {
                everywhere.push(name.to_owned());
            } else {
                here.push((number, name.to_owned()));
            }
        }
    }
    findings.retain(|finding| {
        let silenced =
            |line: Line| here.iter().any(|(at, name)| *name == finding.rule && (*at == line || *at + 1 == line));
        !everywhere.contains(&finding.rule) && !(finding.lines.iter().any(|l| silenced(*l)))
    });
}
