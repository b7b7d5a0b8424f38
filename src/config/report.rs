//! What `firebell config check` prints: the problems, and what is valid but leads nowhere (unmapped). Text for
//! people, JSON for machines; neither holds a secret.

use super::problem::{Level, Problem};
use super::{Config, Loaded};
use firebell_domain::directory::Target;
use firebell_domain::id::PolicyId;
use serde_json::{Value, json};

/// Something valid that leads nowhere.
struct Unmapped {
    kind: &'static str,
    name: String,
    what: String,
}

pub fn report_text(result: &Result<Loaded, Vec<Problem>>) -> String {
    let (problems, notes) = parts(result);
    let mut lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.extend(notes.iter().map(|n| format!("note: {}.", n.what)));
    let count = |level| problems.iter().filter(|p| p.level == level).count();
    let warnings = plural(count(Level::Warning), "warning", "warnings");
    lines.push(match result {
        Ok(loaded) => {
            let what = match &loaded.file {
                Some(file) => format!("{} is valid", file.display()),
                None => "There is no configuration file, the built-in defaults hold".to_string(),
            };
            let mut line = format!("{what}: {}", summary(&loaded.config));
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
        "ok": result.is_ok(),
        "file": result.as_ref().ok().and_then(|l| l.file.as_ref()).map(|f| f.display().to_string()),
        "problems": problems.iter().map(|p| json!({
            "level": match p.level { Level::Error => "error", Level::Warning => "warning" },
            "file": p.file,
            "line": p.line,
            "variable": p.variable,
            "key": Some(&p.key).filter(|k| !k.is_empty()),
            "what": p.what,
            "fix": p.fix,
        })).collect::<Vec<_>>(),
        "unmapped": notes.iter().map(|n| json!({ "kind": n.kind, "name": n.name, "what": n.what })).collect::<Vec<_>>(),
    })
}

fn parts(result: &Result<Loaded, Vec<Problem>>) -> (&[Problem], Vec<Unmapped>) {
    match result {
        Ok(loaded) => (&loaded.warnings, unmapped(&loaded.config)),
        Err(problems) => (problems, Vec::new()),
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
    .join(", ")
}

fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn unmapped(config: &Config) -> Vec<Unmapped> {
    let directory = config.directory();
    let mut notes = Vec::new();
    let mut note = |kind, name: &str, what: String| notes.push(Unmapped { kind, name: name.to_string(), what });
    if config.pagers.is_empty() {
        note(
            "pager",
            "",
            "no pager is configured: nobody is paged. Add [paging.pagerduty], [paging.smtp] or [paging.webhook.NAME]"
                .into(),
        );
    }
    for (id, person) in &directory.people {
        if person.contact_methods.is_empty() {
            let what =
                format!("people.{id} has no contact method: pages cannot reach them. Add contact = [{{ via = … }}]");
            note("person", id.as_str(), what);
        }
    }
    for id in directory.services.keys() {
        if directory.policy_for(Some(id)).is_none() {
            let what = format!("services.{id} has no policy: its incidents page every pager. Add policy = \"…\"");
            note("service", id.as_str(), what);
        }
    }
    let targets = || directory.policies.values().flat_map(|p| &p.steps).flat_map(|s| &s.targets);
    for id in directory.schedules.keys() {
        if !targets().any(|t| matches!(t, Target::Schedule(s) if s == id)) {
            let what = format!(
                "schedules.{id} is used by no policy: being on call there pages nobody. Page \"schedule:{id}\""
            );
            note("schedule", id.as_str(), what);
        }
    }
    let fallback: Option<PolicyId> = directory.policy_for(None).map(|p| p.name.clone());
    for id in directory.policies.keys() {
        let used = directory.services.values().any(|s| s.policy.as_ref() == Some(id));
        if !used && fallback.as_ref() != Some(id) {
            note(
                "policy",
                id.as_str(),
                format!("policies.{id} is used by no service. Name it in [services.NAME], or remove it"),
            );
        }
    }
    notes
}
