//! What `firebell config check` prints: the problems, and what is valid but leads nowhere (unmapped). Text for
//! people, JSON for machines; neither holds a secret.

use super::problem::{Level, Problem};
use super::unmapped::Unmapped;
use super::{Config, Loaded};
use serde_json::{Value, json};

pub fn report_text(result: &Result<Loaded, Vec<Problem>>) -> String {
    let (problems, notes) = parts(result);
    let mut lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.extend(notes.iter().map(|n| n.note.to_string()));
    let count = |level| problems.iter().filter(|p| p.level == level).count();
    let warnings = plural(count(Level::Warning), "warning", "warnings");
    lines.push(match result {
        Ok(loaded) => {
            let what = match &loaded.file {
                Some(file) => format!("{} is valid", file.display()),
                None => "There is no configuration file, the built-in defaults hold".to_string(),
            };
            let mut line = format!("{what}: {}", summary(&loaded.config));
            if count(Level::Error) > 0 {
                let broken = plural(count(Level::Error), "template", "templates");
                line.push_str(&format!("; {broken} cannot be used, and Firebell starts all the same"));
            }
            if count(Level::Warning) > 0 {
                line.push_str(&format!("; {warnings}"));
            }
            line + "."
        }
        Err(_) => format!(
            "{}, {warnings}. Firebell does not start with this.",
            plural(count(Level::Error), "error", "errors")
        ),
    });
    lines.join("\n") + "\n"
}

pub fn report_json(result: &Result<Loaded, Vec<Problem>>) -> Value {
    let (problems, notes) = parts(result);
    json!({
        "ok": all_well(result),
        "file": result.as_ref().ok().and_then(|l| l.file.as_ref()).map(|f| f.display().to_string()),
        "problems": problems.iter().map(problem_json).collect::<Vec<_>>(),
        "unmapped": notes.iter().map(|n| {
            let mut json = problem_json(&n.note);
            json["kind"] = json!(n.kind);
            json["name"] = json!(n.name);
            json
        }).collect::<Vec<_>>(),
    })
}

/// Whether there is nothing to correct.
pub fn all_well(result: &Result<Loaded, Vec<Problem>>) -> bool {
    result.as_ref().is_ok_and(|loaded| loaded.warnings.iter().all(|p| p.level != Level::Error))
}

fn problem_json(p: &Problem) -> Value {
    json!({
        "level": p.level.as_str(),
        "file": p.file,
        "line": p.line,
        "variable": p.variable,
        "key": Some(&p.key).filter(|k| !k.is_empty()),
        "what": p.what,
        "fix": p.fix,
    })
}

fn parts(result: &Result<Loaded, Vec<Problem>>) -> (&[Problem], &[Unmapped]) {
    match result {
        Ok(loaded) => (&loaded.warnings, &loaded.unmapped),
        Err(problems) => (problems, &[]),
    }
}

fn summary(config: &Config) -> String {
    [
        plural(config.people.len(), "person", "people"),
        plural(config.services.len(), "service", "services"),
        plural(config.policies.len(), "policy", "policies"),
        plural(config.schedules.len(), "schedule", "schedules"),
        plural(config.pagers.len(), "pager", "pagers"),
        plural(config.ingest.len(), "alert source", "alert sources"),
    ]
    .into_iter()
    .chain(match config.program.sources.len() {
        0 => None,
        n => Some(plural(n, "runbook", "runbooks")),
    })
    .collect::<Vec<_>>()
    .join(", ")
}

fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
