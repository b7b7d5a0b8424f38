//! Reads `[targets.NAME]` and `[runs]`: what commands act on, what may be run there and by whose word. Reaches nothing;
//! whether a target answers is asked by its executor.

use super::hours::working_hours;
use super::policy;
use super::problem::{Problems, did_you_mean, quoted};
use super::read::Table;
use super::settings::Config;
use firebell_domain::directory::Target as Whom;
use firebell_domain::hours::When;
use firebell_domain::id::ChannelId;
use firebell_domain::limits::{APPROVAL_MAX_S, APPROVAL_MIN_S, RUN_MAX_S};
use firebell_domain::run::Needs;
use firebell_domain::run::authority::{RunPolicy, RunRules};
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What people mean when they say nothing.
pub const LOCAL: &str = "local";
const APPROVAL_S: i64 = 900;
const COOLDOWN_S: i64 = 300;
const READ_S: i64 = 20;
const CHANGE_S: i64 = 300;

/// Something that commands act on.
#[derive(Debug)]
pub struct Target {
    /// docker, kubernetes, ssh, postgres, mysql, redis, prometheus, http, host
    pub kind: String,
    pub address: Option<SecretString>,
    pub environment: Option<String>,
    /// Containers, services, hosts or programs that may be acted on, with `*`; empty: all.
    pub allow: Vec<String>,
    /// Whether text of a runbook that only a shell can run may run there.
    pub scripts: bool,
    pub folder: Option<PathBuf>,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub key: Option<SecretString>,
    pub ca_file: Option<PathBuf>,
    pub known_hosts: Option<PathBuf>,
    pub namespace: Option<String>,
    pub database: Option<String>,
    /// What the Compose project in `folder` is called.
    pub project: Option<String>,
}

#[derive(Debug)]
pub struct Runs {
    pub approval_s: i64,
    pub cooldown_s: i64,
    /// Seconds of one command that only looks, and of one that changes something.
    pub read_s: i64,
    pub change_s: i64,
    pub break_glass: bool,
    pub policies: Vec<RunPolicy>,
}

pub fn targets(root: &Table<'_>) -> BTreeMap<String, Target> {
    let path = |t: &Table<'_>, key: &str| t.text(key).map(PathBuf::from);
    let text = |t: &Table<'_>, key: &str| t.text(key).map(str::to_string);
    let target = |t: &Table<'_>| Target {
        kind: t.text("kind").unwrap_or("docker").to_string(),
        address: t.secret("address"),
        environment: text(t, "environment"),
        allow: t.texts("allow").into_iter().map(|(a, _)| a.to_string()).collect(),
        scripts: t.flag("scripts").unwrap_or(false),
        folder: path(t, "folder"),
        user: text(t, "user"),
        password: t.secret("password"),
        key: t.secret("key"),
        ca_file: path(t, "ca_file"),
        known_hosts: path(t, "known_hosts"),
        namespace: text(t, "namespace"),
        database: text(t, "database"),
        project: text(t, "project"),
    };
    root.named("targets").into_iter().map(|(name, t)| (name.to_string(), target(&t))).collect()
}

pub fn runs(root: &Table<'_>, pagers: &BTreeSet<ChannelId>, problems: &mut Problems) -> Runs {
    let table = root.table("runs");
    let span = |key: &str, bounds, default, problems: &mut Problems| table.span_within(key, bounds, default, problems);
    let policies = table.rows("policies").iter().map(|row| run_policy(row, root, pagers, problems)).collect();
    Runs {
        approval_s: span("approval", (APPROVAL_MIN_S, APPROVAL_MAX_S), APPROVAL_S, problems),
        cooldown_s: span("cooldown", (0, 86_400), COOLDOWN_S, problems),
        read_s: span("read_limit", (1, RUN_MAX_S), READ_S, problems),
        change_s: span("change_limit", (1, RUN_MAX_S), CHANGE_S, problems),
        break_glass: table.flag("break_glass").unwrap_or(false),
        policies,
    }
}

fn run_policy(row: &Table<'_>, root: &Table<'_>, pagers: &BTreeSet<ChannelId>, problems: &mut Problems) -> RunPolicy {
    let texts = |key: &str| row.texts(key).into_iter().map(|(t, _)| t.to_string()).collect::<Vec<_>>();
    let known: Vec<&str> = root.named("targets").into_iter().map(|(name, _)| name).collect();
    for (name, spot) in row.texts("targets") {
        if !name.contains('*') && !known.contains(&name) {
            let fix = did_you_mean(name, known.iter().copied(), || format!("Add a table [targets.{name}]"));
            problems.error(&spot, format!("there is no target {}", quoted(name)), fix);
        }
    }
    let mut by: Vec<Whom> = Vec::new();
    for (text, spot) in row.texts("by") {
        match policy::target_of(text, root, pagers) {
            Ok(Whom::Pager(_)) => problems.error(&spot, "a pager approves nothing", "Write people or schedules"),
            Ok(whom) => by.push(whom),
            Err((what, fix)) => problems.error(&spot, what, fix),
        }
    }
    let needs = match row.text("needs") {
        Some("never") => None,
        Some("second-person") => Some(Needs::SecondPerson),
        _ => Some(Needs::Confirmation),
    };
    let when = match row.text("when") {
        Some("working-hours") => When::WorkingHours,
        Some("off-hours") => When::OffHours,
        _ => When::Always,
    };
    let hours = working_hours(row, problems);
    if when != When::Always && hours.is_none() {
        let fix = "Write working_hours = { zone = \"Europe/Madrid\", days = [\"Mon-Fri\"] }";
        problems.error(&row.spot("when"), "nothing says when working hours are", fix);
    }
    RunPolicy {
        actions: texts("actions"),
        targets: texts("targets"),
        environments: texts("environments"),
        when,
        hours,
        needs,
        by,
        why: row.text("why").unwrap_or_default().to_string(),
    }
}

/// What decisions look up. Without a table the Docker of this machine is the one target.
pub fn rules(config: &Config) -> RunRules {
    let mut targets: BTreeMap<String, Option<String>> =
        config.targets.iter().map(|(name, t)| (name.clone(), t.environment.clone())).collect();
    if targets.is_empty() {
        targets.insert(LOCAL.to_string(), None);
    }
    let sources = &config.program.sources;
    RunRules {
        targets,
        revisions: sources.iter().map(|s| (s.short_file(), s.import.sha256.clone())).collect(),
        grants: sources.iter().flat_map(crate::program::authority::grants).collect(),
        policies: config.runs.policies.clone(),
        break_glass: config.runs.break_glass,
        approval_s: config.runs.approval_s,
        cooldown_s: config.runs.cooldown_s,
        read_s: config.runs.read_s,
        change_s: config.runs.change_s,
        held: BTreeMap::new(),
    }
}
