//! `ingest-test`: where a body of an alert source would go, by the configuration alone. Asks no running bot and opens no
//! database, so it knows of no open incident and of no stand-in from chat.

use super::{End, Format};
use crate::app::ingest::dry_run::{self, Alert, DryRun, Group, Level, Paging, Plan};
use crate::config::Config;
use clap::Args;
use firebell_domain::limits::HOOK_BYTES_MAX;
use firebell_domain::text::cut;
use firebell_domain::timeline::words::{counted, one, whole};
use std::io::Read;
use std::path::PathBuf;

/// Alerts of a group that are shown one by one; the JSON has all.
const ALERTS_SHOWN_MAX: usize = 20;
/// Characters of a line that a source wrote.
const LINE_CHARS_MAX: usize = 120;

#[derive(Args)]
pub struct IngestTest {
    /// The source, as in [ingest.NAME]
    name: String,
    /// A file with a body as the source sends it; "-" reads standard input
    file: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl IngestTest {
    pub async fn run(self, config: &Config) -> Result<(), End> {
        let Some(settings) = config.ingest.get(&self.name) else {
            let names: Vec<&str> = config.ingest.keys().map(String::as_str).collect();
            let there = match &names[..] {
                [] => "None is configured: add a table [ingest.NAME].".to_string(),
                names => format!("There are: {}.", names.join(", ")),
            };
            return Err(End::Sentence(format!("There is no alert source \"{}\". {there}", one(&self.name))));
        };
        let body = self.body().map_err(|e| End::Sentence(format!("{}: {e}", self.file.display())))?;
        let (directory, now) = (config.directory(), crate::clock::system_now());
        let run = if body.len() > HOOK_BYTES_MAX {
            let problem = format!("it is larger than {} MB", HOOK_BYTES_MAX / 1024 / 1024);
            dry_run::offline_problem(&self.name, settings, &problem, &directory, now)
        } else {
            dry_run::offline(&self.name, settings, &body, &directory, now)
        };
        match self.format {
            Format::Text => print!("{}", text(&run)),
            Format::Json => println!("{:#}", serde_json::json!(run)),
        }
        if run.unreadable.is_some() { Err(End::No) } else { Ok(()) }
    }

    fn body(&self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        let more_than_allowed = HOOK_BYTES_MAX as u64 + 1;
        if self.file.as_os_str() == "-" {
            std::io::stdin().take(more_than_allowed).read_to_end(&mut body)?;
        } else {
            std::fs::File::open(&self.file)?.take(more_than_allowed).read_to_end(&mut body)?;
        }
        Ok(body)
    }
}

/// The dry run in lines for people.
fn text(run: &DryRun) -> String {
    let mut lines = Vec::new();
    if let Some(unreadable) = &run.unreadable {
        lines.push(format!("This cannot be read: {}.", unreadable.problem));
        lines.push("Firebell would keep its beginning and say so:".to_string());
        lines.extend(plan(&unreadable.would));
    }
    for group in &run.groups {
        lines.extend(self::group(group));
    }
    if run.groups.is_empty() && run.unreadable.is_none() {
        lines.push("There is no alert in it: nothing would happen.".to_string());
    }
    if !run.groups.is_empty() {
        let what = "This is what the configuration alone says. What is open already knows only the running bot:";
        lines.push(what.to_string());
        lines.push(format!("  POST /hooks/{}?dry_run=true, with the source's token", one(&run.source)));
    }
    lines.join("\n") + "\n"
}

fn group(g: &Group) -> Vec<String> {
    let mut counts = vec![format!("{} firing", g.firing), format!("{} resolved", g.resolved)];
    counts.extend((g.muted > 0).then(|| format!("{} muted", g.muted)));
    counts.extend((g.truncated > 0).then(|| format!("{} not listed", g.truncated)));
    let mut lines = vec![format!("Group {}: {}", cut(&whole(&g.group), LINE_CHARS_MAX), counts.join(", "))];
    for alert in g.alerts.iter().take(ALERTS_SHOWN_MAX) {
        lines.push(format!("  {}", self::alert(alert)));
    }
    let more = g.alerts.len().saturating_sub(ALERTS_SHOWN_MAX);
    lines.extend((more > 0).then(|| format!("  … and {} (--format json has all)", counted(more, "more alert"))));
    lines.extend(g.would.iter().flat_map(plan));
    lines.push(String::new());
    lines
}

fn alert(a: &Alert) -> String {
    let status = match a.status {
        firebell_domain::alert::AlertStatus::Firing => "firing  ",
        firebell_domain::alert::AlertStatus::Resolved => "resolved",
    };
    let rule = match &a.rule {
        None => "no rule".to_string(),
        Some(r) if r.r#match.is_empty() => format!("rule {}, {}: every alert", r.number, r.place),
        Some(r) => format!("rule {}, {}: {}", r.number, r.place, r.r#match.join(", ")),
    };
    let what = match (a.incident, &a.service) {
        (false, _) => "makes no incident".to_string(),
        (true, Some(service)) => format!("{}, service {}", level(&a.severity), one(service)),
        (true, None) => level(&a.severity),
    };
    format!("{status} {}: {what} ({rule})", cut(&one(&a.summary), LINE_CHARS_MAX))
}

fn level(l: &Level) -> String {
    if l.level == l.name { one(&l.level) } else { format!("{} ({})", one(&l.level), one(&l.name)) }
}

fn plan(p: &Plan) -> Vec<String> {
    let incident = p.incident.as_deref().unwrap_or("an incident");
    let mut lines = vec![match p.result {
        "declare" => format!(
            "→ declares {}{}: {}",
            p.severity.as_ref().map_or_else(|| "an incident".to_string(), |s| format!("an incident as {}", level(s))),
            p.service.as_ref().map_or_else(String::new, |s| format!(" of service {}", one(s))),
            p.title.as_deref().map(one).unwrap_or_default(),
        ),
        "join" => format!("→ joins {incident}"),
        "reopen" => format!("→ reopens {incident}"),
        _ => format!("→ no incident: {}", p.why.as_deref().unwrap_or("nothing in it is news")),
    }];
    lines.extend(p.paging.iter().flat_map(|paging| self::paging(p, paging)));
    lines
}

fn paging(plan: &Plan, p: &Paging) -> Vec<String> {
    let mut lines: Vec<String> = p.not_reached.iter().map(|n| format!("  not reached: {n}")).collect();
    let policy =
        plan.policy.as_ref().map_or_else(|| "no escalation policy".to_string(), |n| format!("policy {}", one(n)));
    let pages: Vec<String> = p
        .pages
        .iter()
        .map(|page| match &page.person {
            Some(person) => format!("@{} through {}", one(person), one(&page.channel)),
            None => one(&page.channel),
        })
        .collect();
    lines.push(match (p.level, pages.is_empty()) {
        (_, true) => {
            format!("  {policy}: NOBODY WOULD BE PAGED. Add [paging.pagerduty] or [paging.webhook.NAME], and contacts")
        }
        (Some(n), false) => format!("  {policy}, level {n} of {}: pages {} now", p.levels, pages.join(", ")),
        (None, false) => format!("  {policy}: no level reaches anybody, so every pager is paged: {}", pages.join(", ")),
    });
    lines
}
