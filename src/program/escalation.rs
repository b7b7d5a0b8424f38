//! Who is paged by a runbook's escalation: its steps in order, with their delays, once the overlay says who each of them
//! means. A chain with one unmapped step is not in force as a whole, because half of an escalation ends at the wrong
//! person; then the configured policy stays, else every pager is paged.

use super::words::{holds, normal, parts};
use super::{Note, Source};
use firebell_domain::directory::{EscalationPolicy, Step, Target};
use firebell_domain::id::PolicyId;
use firebell_domain::limits::{POLICY_STEPS_MAX, STEP_DELAY_MAX_S, STEP_DELAY_MIN_S};
use firebell_domain::severity::{self, Severity};
use firebell_domain::time::span;
use firebell_runbook::model::{Action, Escalation};
use std::collections::BTreeMap;

/// Seconds that a level waits where the runbook gives no time: as in [policies].
const DELAY_S: i64 = 300;

/// The chains of a system: by level, and under `None` what holds for the others.
pub fn of(
    source: &Source,
    severities: &[Severity],
    notes: &mut Vec<Note>,
) -> BTreeMap<Option<String>, EscalationPolicy> {
    let mut by_scope: BTreeMap<Option<String>, Vec<&Escalation>> = BTreeMap::new();
    let mut steps: Vec<&Escalation> = source.book().escalation.iter().filter(|e| pages(e.action)).collect();
    steps.retain(|e| source.certain("escalation", e.line));
    steps.sort_by_key(|e| e.line);
    for step in steps {
        for scope in scopes(step.scope.as_deref(), severities) {
            by_scope.entry(scope).or_default().push(step);
        }
    }
    let mut said: Vec<String> = Vec::new();
    let chains = by_scope.into_iter().filter_map(|(scope, steps)| {
        let chain = chain(source, scope.as_deref(), &steps, &mut said, notes)?;
        Some((scope, chain))
    });
    chains.collect()
}

/// Whether a step asks for somebody, and not only for a ticket, a call or a meeting.
fn pages(action: Action) -> bool {
    matches!(action, Action::Page | Action::Escalate | Action::Notify)
}

/// The levels that a step stands under: "P1", "P1/P2", "P1-P3"; none where it stands under something else.
fn scopes(scope: Option<&str>, severities: &[Severity]) -> Vec<Option<String>> {
    let find = |word: &str| severity::find(severities, word).map(|s| (s.rank, s.level.clone()));
    let Some(scope) = scope else { return vec![None] };
    if let Some((_, level)) = find(scope) {
        return vec![Some(level)];
    }
    if let Some((first, last)) = scope.split_once(['–', '-'])
        && let (Some((first, _)), Some((last, _))) = (find(first), find(last))
    {
        let between = severities.iter().filter(|s| (first..=last).contains(&s.rank));
        return between.map(|s| Some(s.level.clone())).collect();
    }
    let listed: Vec<Option<(u32, String)>> = parts(scope).iter().map(|p| find(p)).collect();
    match listed.iter().all(Option::is_some) && !listed.is_empty() {
        true => listed.into_iter().flatten().map(|(_, level)| Some(level)).collect(),
        false => vec![None],
    }
}

fn chain(
    source: &Source,
    scope: Option<&str>,
    steps: &[&Escalation],
    said: &mut Vec<String>,
    notes: &mut Vec<Note>,
) -> Option<EscalationPolicy> {
    let mut timed: Vec<(i64, Vec<Target>)> = Vec::new();
    let mut whole = true;
    let mut at_s = 0;
    for (n, step) in steps.iter().enumerate() {
        let after_s = step.after_s.and_then(|s| i64::try_from(s).ok());
        at_s = after_s.unwrap_or(if n == 0 { 0 } else { at_s + DELAY_S });
        match who(source, &step.target) {
            Ok(targets) if targets.is_empty() => {}
            Ok(targets) => timed.push((at_s, targets)),
            Err(missing) => {
                whole = false;
                for role in missing {
                    if said.contains(&role) {
                        continue;
                    }
                    notes.push(Note {
                        kind: "role",
                        name: role.clone(),
                        line: Some(step.line),
                        what: format!("nobody knows who \"{role}\" is, so this escalation is not in force"),
                        fix: format!("Add [[roles]] name = \"{role}\", page = [\"schedule:primary\"] to {} (page = [] leaves it out)", source.overlay_file),
                    });
                    said.push(role);
                }
            }
        }
    }
    if !whole || timed.is_empty() {
        return None;
    }
    timed.sort_by_key(|(at, _)| *at);
    let mut levels: Vec<(i64, Vec<Target>)> = Vec::new();
    let first = timed.first().map_or(0, |(at, _)| *at);
    if first > 0 {
        let line = steps.first().map(|s| s.line);
        match source.overlay.first.is_empty() {
            false => levels.push((0, source.overlay.first.clone())),
            true => notes.push(Note {
                kind: "policy",
                name: source.system.clone(),
                line,
                what: format!(
                    "the first step comes after {}: it pages at once, because before it nobody would be paged",
                    span(first)
                ),
                fix: format!("Say who is paged first: first = [\"schedule:primary\"] in {}", source.overlay_file),
            }),
        }
    }
    for (at, targets) in timed {
        match levels.last_mut().filter(|(before, _)| *before == at) {
            Some((_, have)) => have.extend(targets.into_iter().filter(|t| !have.contains(t)).collect::<Vec<_>>()),
            None => levels.push((at, targets)),
        }
    }
    levels.truncate(POLICY_STEPS_MAX);
    let begins: Vec<i64> = levels.iter().map(|(at, _)| *at).collect();
    let steps = levels.into_iter().enumerate().map(|(n, (at, targets))| {
        // The first is paged at once; what follows it keeps its time.
        let from = if n == 0 { 0 } else { at };
        let wait = begins.get(n + 1).map_or(DELAY_S, |next| next - from);
        Step::new(targets, wait.clamp(STEP_DELAY_MIN_S, STEP_DELAY_MAX_S))
    });
    let name = match scope {
        Some(level) => format!("runbook:{}:{level}", source.system),
        None => format!("runbook:{}", source.system),
    };
    Some(EscalationPolicy::new(PolicyId::new(name), steps.collect(), None))
}

/// Whom the words of a target mean, or the ones that nobody has mapped.
pub fn who(source: &Source, target: &str) -> Result<Vec<Target>, Vec<String>> {
    let roles = &source.overlay.roles;
    let mut found: Vec<Target> = Vec::new();
    let mut missing = Vec::new();
    let mut add = |targets: &[Target]| {
        for t in targets {
            if !found.contains(t) {
                found.push(t.clone());
            }
        }
    };
    if let Some(targets) = roles.get(&normal(target)) {
        return Ok(targets.clone());
    }
    for part in parts(target) {
        let exact = roles.get(&part);
        let inside =
            || roles.iter().filter(|(role, _)| holds(&part, role)).max_by_key(|(role, _)| role.len()).map(|(_, t)| t);
        match exact.or_else(inside) {
            Some(targets) => add(targets),
            None => missing.push(part),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(missing) }
}
