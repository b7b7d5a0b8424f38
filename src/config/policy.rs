//! Reads escalation policies, and warns of what can reach nobody. Decides nothing: who is paged when is the domain's.

use super::hours::working_hours;
use super::paging;
use super::problem::{Problems, Spot, did_you_mean, nearest, quoted, some_of};
use super::read::{Table, declared};
use firebell_domain::directory::{Directory, EscalationPolicy, Step, Target};
use firebell_domain::hours::When;
use firebell_domain::id::{ChannelId, PersonId, PolicyId, ScheduleId, ServiceId};
use firebell_domain::limits::{
    ACK_TIMEOUT_MIN_S, POLICY_STEPS_MAX, STEP_DELAY_MAX_S, STEP_DELAY_MIN_S, STEP_PEOPLE_MAX,
};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds that a level waits when it does not say: PagerDuty's and most teams' habit.
pub const DELAY_S: i64 = 300;
/// Repeats beyond which "until acknowledged" is meant, which is what leaving the key out says.
const REPEAT_MAX: i64 = 1_000;

struct Names<'a> {
    people: BTreeSet<&'a str>,
    schedules: BTreeSet<&'a str>,
    pagers: &'a BTreeSet<ChannelId>,
}

pub fn policies(
    root: &Table<'_>,
    pagers: &BTreeSet<ChannelId>,
    problems: &mut Problems,
) -> BTreeMap<PolicyId, EscalationPolicy> {
    let names = Names { people: declared(root, "people"), schedules: declared(root, "schedules"), pagers };
    let mut all: BTreeMap<PolicyId, EscalationPolicy> = BTreeMap::new();
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
        let hours = working_hours(&table, problems);
        let steps = rows.iter().map(|row| step(row, hours.is_some(), &names, problems)).collect();
        let repeat_max = table.number("repeat").and_then(|n| {
            if !(0..=REPEAT_MAX).contains(&n) {
                let fix = format!("Write 0 to {REPEAT_MAX}, or leave it out to repeat until acknowledged");
                problems.error(&table.spot("repeat"), format!("{n} is not a number of repeats"), fix);
            }
            u32::try_from(n).ok()
        });
        let bounds = (ACK_TIMEOUT_MIN_S, STEP_DELAY_MAX_S);
        let ack_timeout_s =
            table.seconds("ack_timeout").map(|default| table.span_within("ack_timeout", bounds, default, problems));
        all.insert(name.clone(), EscalationPolicy { name, steps, repeat_max, hours, ack_timeout_s });
    }
    continued(root, all, problems)
}

/// Adds the levels of the policy that `then` names, and of the one that that one names, each once.
fn continued(
    root: &Table<'_>,
    own: BTreeMap<PolicyId, EscalationPolicy>,
    problems: &mut Problems,
) -> BTreeMap<PolicyId, EscalationPolicy> {
    let tables: BTreeMap<&str, Table<'_>> = root.named("policies").into_iter().collect();
    let then = |id: &str| tables.get(id).and_then(|t| t.text("then"));
    let mut whole = own.clone();
    for (id, table) in &tables {
        let mut way = vec![*id];
        while let Some(next) = then(way.last().copied().unwrap_or(id)) {
            if !tables.contains_key(next) {
                // Said once, of the policy that names it.
                if way.len() == 1 {
                    let known = tables.keys().copied();
                    let fix = did_you_mean(next, known, || format!("Add a table [policies.{next}]"));
                    problems.error(&table.spot("then"), format!("there is no policy {}", quoted(next)), fix);
                }
                break;
            }
            let seen = way.iter().position(|w| *w == next);
            way.push(next);
            if seen == Some(0) {
                let what = format!("goes round in a circle: {}", way.join(" → "));
                problems.error(&table.spot("then"), what, "Remove it: a policy repeats by itself, see repeat");
            }
            if seen.is_some() {
                break;
            }
            join(table, &PolicyId::from(*id), own.get(&PolicyId::from(next)), &mut whole, problems);
        }
    }
    whole
}

fn join(
    table: &Table<'_>,
    id: &PolicyId,
    next: Option<&EscalationPolicy>,
    whole: &mut BTreeMap<PolicyId, EscalationPolicy>,
    problems: &mut Problems,
) {
    let (Some(policy), Some(next)) = (whole.get_mut(id), next) else { return };
    if next.steps.iter().any(|s| !s.when.is_always()) && next.hours != policy.hours {
        let what = format!("{} has levels that go by other working hours", quoted(next.name.as_str()));
        problems.error(&table.spot("then"), what, "Give both policies the same working_hours");
    }
    policy.steps.extend(next.steps.iter().cloned());
    if policy.steps.len() > POLICY_STEPS_MAX {
        let what = format!("makes {} levels, more than {POLICY_STEPS_MAX}", policy.steps.len());
        problems.error(&table.spot("then"), what, "Use fewer levels and let the policy repeat");
    }
}

fn step(row: &Table<'_>, has_hours: bool, names: &Names<'_>, problems: &mut Problems) -> Step {
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
    let when = match row.text("when") {
        Some("working-hours") => When::WorkingHours,
        Some("off-hours") => When::OffHours,
        _ => When::Always,
    };
    if !when.is_always() && !has_hours {
        let fix = "Add working_hours = { zone = \"Europe/Madrid\", days = [\"Mon-Fri\"], from = \"09:00\", to = \"17:00\" } \
                   to the policy";
        problems.error(&row.spot("when"), "the policy does not say its working hours", fix);
    }
    let delay_s = row.span_within("delay", (STEP_DELAY_MIN_S, STEP_DELAY_MAX_S), DELAY_S, problems);
    Step { targets, delay_s, when }
}

/// Whom a text of another file pages, by the same names.
pub fn target_of(text: &str, root: &Table<'_>, pagers: &BTreeSet<ChannelId>) -> Result<Target, (String, String)> {
    target(text, &Names { people: declared(root, "people"), schedules: declared(root, "schedules"), pagers })
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
    let pager = ChannelId::from(text);
    if names.pagers.contains(&pager) {
        return Ok(Target::Pager(pager));
    }
    if paging::is_pager(text) {
        return Err(paging::unknown(text, names.pagers));
    }
    let fix = suggest(text, names).unwrap_or_else(|| {
        let all = ways(names);
        format!(
            "Write \"@PERSON\", \"schedule:NAME\", \"owners\" or a pager; there are {}",
            some_of(all.iter().map(String::as_str))
        )
    });
    Err((format!("{} is no person, schedule or pager", quoted(text)), fix))
}

fn ways(names: &Names<'_>) -> Vec<String> {
    let people = names.people.iter().map(|p| format!("@{p}"));
    let schedules = names.schedules.iter().map(|s| format!("schedule:{s}"));
    let pagers = names.pagers.iter().map(ChannelId::to_string);
    people.chain(schedules).chain(["owners".to_string()]).chain(pagers).collect()
}

fn suggest(text: &str, names: &Names<'_>) -> Option<String> {
    let all = ways(names);
    let bare = all
        .iter()
        .find(|w| ["@", "schedule:", "pagerduty.", "webhook."].iter().any(|p| w.strip_prefix(p) == Some(text)));
    let meant = bare.map(String::as_str).or_else(|| nearest(text, all.iter().map(String::as_str)))?;
    Some(format!("Did you mean {}?", quoted(meant)))
}

/// Warns of policies, levels and services whose people cannot be reached. Incidents under them are not silent (every
/// pager is paged), but that is nobody's plan.
pub fn warn_of_silence(root: &Table<'_>, directory: &Directory, problems: &mut Problems) {
    let instead = if directory.pagers.is_empty() { "nobody is paged" } else { "every pager is paged instead" };
    for (id, table) in root.named("policies") {
        let Some(policy) = directory.policies.get(&PolicyId::from(id)) else { continue };
        let silent: Vec<usize> = policy
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| !step.targets.iter().any(|t| can_reach(directory, policy, t, None)))
            .map(|(n, _)| n)
            .collect();
        if silent.len() == policy.steps.len() {
            let what = format!("no level of this policy can reach anybody; {instead}");
            let fix = how_to_reach(directory, policy.steps.iter().flat_map(|s| &s.targets));
            problems.warn(&Spot::new(&table.at, table.path.clone()), what, fix);
            continue;
        }
        for (when, working) in [("off hours", false), ("working hours", true)] {
            let counts = |(n, s): (usize, &Step)| s.when.holds(working) && !silent.contains(&n);
            if !policy.steps.iter().enumerate().any(counts) {
                let what = format!("no level of this policy reaches anybody in {when}; every pager is paged then");
                let fix = "Add a level without \"when\", or one for those hours too";
                problems.warn(&Spot::new(&table.at, table.path.clone()), what, fix);
            }
        }
        let rows = table.rows("levels");
        for n in silent {
            if let (Some(row), Some(step)) = (rows.get(n), policy.steps.get(n)) {
                let what = format!("level {} of this policy can reach nobody", n + 1);
                problems.warn(&row.here(), what, how_to_reach(directory, step.targets.iter()));
            }
        }
    }
    for (id, table) in root.named("services") {
        let service = ServiceId::from(id);
        let Some(policy) = directory.policy_for(Some(&service)) else { continue };
        let reaches = |of| policy.steps.iter().flat_map(|s| &s.targets).any(|t| can_reach(directory, policy, t, of));
        // A policy that reaches nobody for anyone has been complained about.
        if reaches(None) && !reaches(Some(&service)) {
            let what = format!("policies.{} pages its owners, none of whom can be reached; {instead}", policy.name);
            let fix = match directory.services.get(&service).is_some_and(|s| s.owners.is_empty()) {
                true => "Write who they are, such as owners = [\"ana\"]".to_string(),
                false => give_contact(directory),
            };
            problems.warn(&table.here(), what, fix);
        }
    }
}

/// What would make one of these targets reach somebody.
fn how_to_reach<'a>(directory: &Directory, mut targets: impl Iterator<Item = &'a Target>) -> String {
    let nobody_owns = || directory.services.values().all(|s| s.owners.is_empty());
    match targets.all(|t| *t == Target::Owners) && nobody_owns() {
        true => "Write who the owners are: owners = [\"ana\"] in [services.NAME]".to_string(),
        false => give_contact(directory),
    }
}

fn give_contact(directory: &Directory) -> String {
    match directory.pagers.first() {
        Some(channel) => format!("Give one of its people a contact method: contact = [{{ via = \"{channel}\" }}]"),
        None => "Add [paging.pagerduty], [paging.smtp] or [paging.webhook.NAME], and name it as a contact of one of its people".into(),
    }
}

/// `of` asks for the owners of one service; without it, whether there is a service whose owners it reaches.
fn can_reach(directory: &Directory, policy: &EscalationPolicy, target: &Target, of: Option<&ServiceId>) -> bool {
    let reachable = |p: &PersonId| directory.contact_method(p, 0).is_some();
    match target {
        Target::Person(p) => reachable(p),
        Target::Schedule(s) => directory.schedules.get(s).is_some_and(|s| {
            s.rotation.people.iter().any(reachable) || s.overrides.iter().any(|o| reachable(&o.person))
        }),
        Target::Pager(channel) => directory.pagers.contains(channel),
        Target::Owners => directory.services.iter().any(|(id, service)| {
            of.is_none_or(|of| of == id)
                && directory.policy_for(Some(id)).is_some_and(|p| p.name == policy.name)
                && service.owners.iter().any(reachable)
        }),
    }
}
