//! Reads escalation policies, and warns of what can reach nobody. Decides nothing: who is paged when is the domain's.

use super::problem::{Problems, Spot, nearest, quoted, some_of};
use super::read::{Table, declared};
use firebell_domain::directory::{Directory, EscalationPolicy, Step, Target};
use firebell_domain::id::{PersonId, PolicyId, ScheduleId};
use firebell_domain::limits::{POLICY_STEPS_MAX, STEP_DELAY_MAX_S, STEP_DELAY_MIN_S, STEP_PEOPLE_MAX};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds that a level waits when it does not say: PagerDuty's and most teams' habit.
pub const DELAY_S: i64 = 300;
/// Repeats beyond which "until acknowledged" is meant, which is what leaving the key out says.
const REPEAT_MAX: i64 = 1_000;

struct Names<'a> {
    people: BTreeSet<&'a str>,
    schedules: BTreeSet<&'a str>,
}

pub fn policies(root: &Table<'_>, problems: &mut Problems) -> BTreeMap<PolicyId, EscalationPolicy> {
    let names = Names { people: declared(root, "people"), schedules: declared(root, "schedules") };
    let mut all = BTreeMap::new();
    for (id, table) in root.named("policies") {
        let name = PolicyId::from(id);
        if table.exists() && table.lists_nothing("levels") {
            let fix = format!("Add [[policies.{id}.levels]] with page = [\"@ana\"] and delay = \"5m\"");
            problems.error(&table.spot("levels"), "the policy has no level", fix);
        }
        let rows = table.rows("levels");
        if rows.len() > POLICY_STEPS_MAX {
            let what = format!("{} levels are more than {POLICY_STEPS_MAX}", rows.len());
            problems.error(&table.spot("levels"), what, "Use fewer levels and let the policy repeat");
        }
        let steps = rows.iter().map(|row| step(row, &names, problems)).collect();
        let repeat_max = table.number("repeat").and_then(|n| {
            if !(0..=REPEAT_MAX).contains(&n) {
                let fix = format!("Write 0 to {REPEAT_MAX}, or leave it out to repeat until acknowledged");
                problems.error(&table.spot("repeat"), format!("{n} is not a number of repeats"), fix);
            }
            u32::try_from(n).ok()
        });
        all.insert(name.clone(), EscalationPolicy { name, steps, repeat_max });
    }
    all
}

fn step(row: &Table<'_>, names: &Names<'_>, problems: &mut Problems) -> Step {
    if row.exists() && row.lists_nothing("page") {
        let fix = "Write whom it pages, such as page = [\"@ana\", \"schedule:primary\"]";
        problems.error(&row.spot("page"), "the level pages nobody", fix);
    }
    let written = row.texts("page");
    if written.len() > STEP_PEOPLE_MAX {
        let what = format!("{} are more than the {STEP_PEOPLE_MAX} that one level may page", written.len());
        problems.error(&row.spot("page"), what, "Page a schedule, or spread them over levels");
    }
    let mut targets = Vec::new();
    for (text, spot) in written {
        match target(text, names) {
            Ok(target) if targets.contains(&target) => {
                problems.warn(&spot, format!("{} is paged twice by this level", quoted(text)), "Remove one of the two");
            }
            Ok(target) => targets.push(target),
            Err((what, fix)) => problems.error(&spot, what, fix),
        }
    }
    Step { targets, delay_s: row.span_within("delay", (STEP_DELAY_MIN_S, STEP_DELAY_MAX_S), DELAY_S, problems) }
}

fn target(text: &str, names: &Names<'_>) -> Result<Target, (String, String)> {
    if text == "owners" {
        return Ok(Target::Owners);
    }
    if let Some(name) = text.strip_prefix('@') {
        if names.people.contains(name) {
            return Ok(Target::Person(PersonId::from(name)));
        }
        let fix = suggest(text, names).unwrap_or_else(|| format!("Add a table [people.{name}]"));
        return Err((format!("there is no person {}", quoted(name)), fix));
    }
    if let Some(name) = text.strip_prefix("schedule:") {
        if names.schedules.contains(name) {
            return Ok(Target::Schedule(ScheduleId::from(name)));
        }
        let fix = suggest(text, names).unwrap_or_else(|| format!("Add a table [schedules.{name}]"));
        return Err((format!("there is no schedule {}", quoted(name)), fix));
    }
    let fix = suggest(text, names).unwrap_or_else(|| {
        let all = ways(names);
        format!(
            "Write \"@PERSON\", \"schedule:NAME\" or \"owners\"; there are {}",
            some_of(all.iter().map(String::as_str))
        )
    });
    Err((format!("{} says neither a person nor a schedule", quoted(text)), fix))
}

fn ways(names: &Names<'_>) -> Vec<String> {
    let people = names.people.iter().map(|p| format!("@{p}"));
    let schedules = names.schedules.iter().map(|s| format!("schedule:{s}"));
    people.chain(schedules).chain(["owners".to_string()]).collect()
}

fn suggest(text: &str, names: &Names<'_>) -> Option<String> {
    let all = ways(names);
    let bare = all.iter().find(|w| w.trim_start_matches('@') == text || w.trim_start_matches("schedule:") == text);
    let meant = bare.map(String::as_str).or_else(|| nearest(text, all.iter().map(String::as_str)))?;
    Some(format!("Did you mean {}?", quoted(meant)))
}

/// Warns of policies and levels whose people have no contact method. Incidents under them are not silent (every
/// pager is paged), but that is nobody's plan.
pub fn warn_of_silence(root: &Table<'_>, directory: &Directory, problems: &mut Problems) {
    for (id, table) in root.named("policies") {
        let Some(policy) = directory.policies.get(&PolicyId::from(id)) else { continue };
        let silent: Vec<usize> = policy
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| !step.targets.iter().any(|t| can_reach(directory, policy, t)))
            .map(|(n, _)| n)
            .collect();
        let fix = "Give one of its people a contact method: contact = [{ via = \"pagerduty\" }]";
        if silent.len() == policy.steps.len() {
            let instead = if directory.pagers.is_empty() { "nobody is paged" } else { "every pager is paged instead" };
            let what = format!("no level of this policy can reach anybody; {instead}");
            problems.warn(&Spot::new(&table.at, table.path.clone()), what, fix);
            continue;
        }
        let rows = table.rows("levels");
        for n in silent {
            if let Some(row) = rows.get(n) {
                problems.warn(&row.here(), format!("level {} of this policy can reach nobody", n + 1), fix);
            }
        }
    }
}

fn can_reach(directory: &Directory, policy: &EscalationPolicy, target: &Target) -> bool {
    let reachable = |p: &PersonId| directory.contact_method(p, 0).is_some();
    match target {
        Target::Person(p) => reachable(p),
        Target::Schedule(s) => directory.schedules.get(s).is_some_and(|s| {
            s.rotation.people.iter().any(reachable) || s.overrides.iter().any(|o| reachable(&o.person))
        }),
        Target::Owners => directory.services.iter().any(|(id, service)| {
            directory.policy_for(Some(id)).is_some_and(|p| p.name == policy.name)
                && service.owners.iter().any(reachable)
        }),
    }
}
