//! Reads the overlay beside a runbook: the same shapes, checks and complaints as for the configuration, with the overlay's
//! own file and lines. Decides nothing about the runbook; a role that it maps must page somebody who is configured.

use super::hours::working_hours;
use super::node;
use super::people::zone;
use super::policy;
use super::problem::{Level, Problem, Problems};
use super::read::Table;
use super::schema::OVERLAY;
use super::shape::Shape;
use crate::program::overlay::{Authority, Decision, Going, Overlay, Place, Secret, Time};
use crate::program::role;
use firebell_domain::directory::Target;
use firebell_domain::id::ChannelId;
use firebell_domain::playbook::Risk;
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Characters from which a value can be told from ordinary words, and hidden in what is printed.
const SECRET_CHARS_MIN: usize = 6;
/// Later than half a day a look is another day's.
const GRACE_MAX_S: i64 = 12 * 3_600;
const GRACE_DEFAULT_S: i64 = 3_600;

/// `root` is the configuration's, whose people, schedules and pagers the overlay may name.
pub fn read(
    file: &Path,
    text: &str,
    root: &Table<'_>,
    pagers: &BTreeSet<ChannelId>,
    env: &BTreeMap<String, String>,
) -> (Overlay, Vec<Problem>) {
    let mut problems = Problems::new(Some(file.display().to_string()));
    let Some(mut tree) = node::parse_file(text, &mut problems) else { return (Overlay::default(), problems.finish()) };
    let folder = file.parent().unwrap_or(Path::new(""));
    Shape { folder, problems: &mut problems }.table(&mut tree, OVERLAY, "");
    let table = Table::root(&tree, OVERLAY);
    let mut overlay = values(&table, root, pagers, &mut problems);
    overlay.secrets = secrets(&table, env, &mut problems);
    (overlay, problems.finish())
}

/// What somebody decided about proposals; the error is half a sentence.
pub fn decisions(text: &str) -> Result<BTreeMap<String, Decision>, String> {
    let mut problems = Problems::new(None);
    let Some(mut tree) = node::parse_file(text, &mut problems) else {
        return Err(problems.finish().first().map_or_else(String::new, |p| p.what.clone()));
    };
    Shape { folder: Path::new(""), problems: &mut problems }.table(&mut tree, OVERLAY, "");
    let decisions = review(&Table::root(&tree, OVERLAY), &mut problems);
    match problems.finish().into_iter().find(|p| p.level == Level::Error) {
        Some(p) => Err(format!("{}: {}", p.key, p.what)),
        None => Ok(decisions),
    }
}

fn review(table: &Table<'_>, problems: &mut Problems) -> BTreeMap<String, Decision> {
    let mut decisions = BTreeMap::new();
    for row in table.rows("review") {
        if let (Some(hash), Some(decision)) = (row.required("hash", problems), row.required("decision", problems)) {
            let decision = if decision == "confirmed" { Decision::Confirmed } else { Decision::Rejected };
            decisions.insert(hash.to_string(), decision);
        }
    }
    decisions
}

fn values(table: &Table<'_>, root: &Table<'_>, pagers: &BTreeSet<ChannelId>, problems: &mut Problems) -> Overlay {
    let mut overlay = Overlay {
        zone: table.given("zone").then(|| zone(table, "zone", problems)),
        hours: working_hours(table, problems),
        first: targets(table, "first", root, pagers, problems),
        reads: table.texts("reads").into_iter().map(|(text, _)| text.to_string()).collect(),
        reminders: table.flag("reminders"),
        schedules: going(&table.table("schedules")),
        grace_s: table
            .table("schedules")
            .given("grace")
            .then(|| table.table("schedules").span_within("grace", (0, GRACE_MAX_S), GRACE_DEFAULT_S, problems)),
        ..Overlay::default()
    };
    // Whoever says when a team works has said where.
    overlay.zone = overlay.zone.or(overlay.hours.as_ref().map(|h| h.zone));
    for row in table.rows("roles") {
        let name = row.required("name", problems);
        if row.exists() && !row.given("page") {
            let fix = "Write whom it means, such as page = [\"@ana\"], or page = [] to leave it out";
            problems.error(&row.spot("page"), "is missing", fix);
        }
        let page = targets(&row, "page", root, pagers, problems);
        if let Some(name) = name
            && overlay.roles.insert(role(name), page).is_some()
        {
            problems.error(&row.spot("name"), "that role is mapped twice", "Keep one of the two");
        }
    }
    for row in table.rows("channels") {
        if let (Some(name), Some(room)) = (row.required("name", problems), row.required("room", problems)) {
            overlay.channels.insert(name.to_string(), room.to_string());
        }
    }
    for row in table.rows("targets") {
        if let (Some(name), Some(target)) = (row.required("name", problems), row.required("target", problems)) {
            let place = Place { target: target.to_string(), inside: row.text("inside").map(str::to_string) };
            overlay.targets.insert(name.to_string(), place);
        }
    }
    for row in table.rows("authority") {
        let level = row.required("level", problems);
        let people = targets(&row, "people", root, pagers, problems);
        let risk = row.text("risk").map(|r| if r == "destroy" { Risk::Destroy } else { Risk::Mutate });
        let actions = row.texts("actions").into_iter().map(|(a, _)| a.to_string()).collect();
        if let Some(level) = level {
            overlay.authority.push(Authority { level: level.to_string(), people, risk, actions });
        }
    }
    for row in table.rows("values") {
        if let (Some(placeholder), Some(value)) =
            (row.required("placeholder", problems), row.required("value", problems))
        {
            overlay.values.insert(placeholder.to_string(), value.to_string());
        }
    }
    for row in table.rows("times") {
        let going = going(&row);
        // A row says when, or how, or both.
        let when = if going == Going::default() { row.required("when", problems) } else { row.text("when") };
        let when = when.map(str::to_string);
        if let Some(schedule) =
            row.required("schedule", problems).filter(|_| when.is_some() || going != Going::default())
        {
            overlay.times.push(Time { schedule: schedule.to_string(), when, going });
        }
    }
    overlay.decisions = review(table, problems);
    overlay
}

/// What the runbook's variables stand for: only what is listed, from a file, the overlay or Firebell's own environment.
fn secrets(table: &Table<'_>, env: &BTreeMap<String, String>, problems: &mut Problems) -> BTreeMap<String, Secret> {
    let mut secrets = BTreeMap::new();
    for row in table.rows("secrets") {
        let Some(variable) = row.required("variable", problems) else { continue };
        let variable = variable.trim_start_matches('$').trim_matches(['{', '}']).to_string();
        let value = match (row.secret("value"), row.text("env")) {
            (Some(_), Some(_)) => {
                problems.error(&row.spot("env"), "the value is given twice", "Keep one of env, value and value_file");
                continue;
            }
            (Some(value), None) => value,
            (None, Some(name)) => match env.get(name).filter(|v| !v.is_empty()) {
                Some(value) => SecretString::from(value.as_str()),
                None => {
                    let what = format!("the variable {name} is not set, so ${variable} stays open");
                    problems.warn(&row.spot("env"), what, "Set it where Firebell is started");
                    continue;
                }
            },
            (None, None) if row.given("value") || row.given("value_file") || row.given("env") => continue,
            (None, None) => {
                let fix = "Add env = \"SHOP_REDIS_PASSWORD\" or value_file = \"secrets/redis\"";
                problems.error(&row.spot("value"), "is missing", fix);
                continue;
            }
        };
        if value.expose_secret().chars().count() < SECRET_CHARS_MIN {
            let what = format!("the value of ${variable} has fewer than {SECRET_CHARS_MIN} characters");
            problems.error(&row.spot("variable"), what, "Use a longer one: output could not be searched for it");
        } else if secrets.insert(variable, Secret(value)).is_some() {
            problems.error(&row.spot("variable"), "that variable is listed twice", "Keep one of the two");
        }
    }
    secrets
}

fn going(table: &Table<'_>) -> Going {
    Going {
        run: table.flag("run"),
        declare: table.flag("declare"),
        severity: table.text("severity").map(str::to_string),
        post: table.flag("post"),
    }
}

fn targets(
    table: &Table<'_>,
    key: &str,
    root: &Table<'_>,
    pagers: &BTreeSet<ChannelId>,
    problems: &mut Problems,
) -> Vec<Target> {
    let mut found = Vec::new();
    for (text, spot) in table.texts(key) {
        match policy::target_of(text, root, pagers) {
            Ok(target) if found.contains(&target) => {}
            Ok(target) => found.push(target),
            Err((what, fix)) => problems.error(&spot, what, fix),
        }
    }
    found
}
