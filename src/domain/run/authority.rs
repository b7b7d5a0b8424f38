//! Who may approve what: the runbook's levels of authority as the overlay maps them to people, and policies that ask for
//! more by action, target, environment and time. Policies only ever ask for more than the risk does. Whatever nobody is
//! named for is left to administrators. Pure lookups; reads no configuration.

use super::target::Held;
use super::{Needs, Order};
use crate::directory::{Directory, Target};
use crate::event::Actor;
use crate::hours::{When, WorkingHours};
use crate::id::{PersonId, ServiceId};
use crate::playbook::Risk;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What a decision about a run may look up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRules {
    /// `[targets.NAME]` with its environment.
    pub targets: BTreeMap<String, Option<String>>,
    /// By the runbook's file, as orders name it: the SHA-256 of what is in force.
    pub revisions: BTreeMap<String, String>,
    pub grants: Vec<Grant>,
    pub policies: Vec<RunPolicy>,
    /// Whether somebody may approve alone what needs two, saying why.
    pub break_glass: bool,
    /// Seconds for which a request waits for its approval, and an approved run for its beginning.
    pub approval_s: i64,
    /// Seconds of one command that only looks, and of one that changes something.
    pub read_s: i64,
    pub change_s: i64,
    /// Seconds before the same thing is done to the same target again.
    pub cooldown_s: i64,
    /// What targets are doing: filled in by whoever decides, for the targets of that decision only.
    pub held: BTreeMap<String, Held>,
}

/// A level of authority of a runbook, and who has it here.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// `None`: every system.
    pub system: Option<String>,
    /// As the runbook calls it: `Level 1`.
    pub level: String,
    pub people: Vec<Target>,
    /// The worst that it may approve.
    pub risk: Risk,
    /// What it may approve: `*`, a word of the command (`restart`), or the whole command with `*` in it.
    pub actions: Vec<String>,
}

/// What is asked of a run besides what its risk asks. An empty list means any.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunPolicy {
    pub actions: Vec<String>,
    pub targets: Vec<String>,
    pub environments: Vec<String>,
    pub when: When,
    pub hours: Option<WorkingHours>,
    /// `None`: it is forbidden.
    pub needs: Option<Needs>,
    /// Who alone may approve it; empty: whoever may otherwise.
    pub by: Vec<Target>,
    /// Shown to whoever is refused.
    pub why: String,
}

/// Characters by which a command is more than one, or not what its words say: a grant for a word does not cover it.
const COMPOUND: [char; 9] = [';', '|', '&', '\n', '`', '$', '<', '>', '('];

impl RunRules {
    /// What an order needs at an instant, or why it is forbidden.
    pub fn needs(&self, order: &Order, at: Timestamp) -> Result<Needs, &str> {
        let mut needs = Needs::of(order.risk);
        for policy in self.policies.iter().filter(|p| p.concerns(order, at)) {
            needs = needs.max(policy.needs.ok_or(policy.why.as_str())?);
        }
        Ok(needs)
    }
}

/// By what right somebody approves an order; `None`: they have none. Administrators have every right but those that a
/// policy gives to others alone.
pub fn authority(
    directory: &Directory,
    order: &Order,
    service: Option<&ServiceId>,
    actor: &Actor,
    admin: bool,
    at: Timestamp,
) -> Option<String> {
    let person = actor.as_person()?;
    let is_one = |targets: &[Target]| targets.iter().any(|t| directory.people_of(t, service, at).contains(person));
    let rules = &directory.runs;
    let mut named = false;
    for policy in rules.policies.iter().filter(|p| !p.by.is_empty() && p.concerns(order, at)) {
        if !is_one(&policy.by) {
            return None;
        }
        named = true;
    }
    if named {
        return Some("named by a policy".to_string());
    }
    if admin {
        return Some("administrator".to_string());
    }
    rules.grants.iter().find(|g| g.covers(order) && is_one(&g.people)).map(|g| g.level.clone())
}

/// Who could approve an order now, for a sentence that asks for somebody; administrators are not among them.
pub fn entitled(directory: &Directory, order: &Order, service: Option<&ServiceId>, at: Timestamp) -> Vec<PersonId> {
    let rules = &directory.runs;
    let by = rules.policies.iter().filter(|p| p.concerns(order, at)).flat_map(|p| &p.by);
    let granted = rules.grants.iter().filter(|g| g.covers(order)).flat_map(|g| &g.people);
    let all = by.chain(granted).flat_map(|t| directory.people_of(t, service, at));
    let may = |p: &PersonId| authority(directory, order, service, &Actor::person(p.as_str(), ""), false, at).is_some();
    let mut people: Vec<PersonId> = all.filter(may).collect();
    people.sort();
    people.dedup();
    people
}

impl Grant {
    fn covers(&self, order: &Order) -> bool {
        let covered = |text: &str| self.actions.iter().any(|a| allows(a, text));
        self.system.as_ref().is_none_or(|s| *s == order.system)
            && order.risk <= self.risk
            && order.commands.iter().all(|c| covered(&c.text))
    }
}

impl RunPolicy {
    fn concerns(&self, order: &Order, at: Timestamp) -> bool {
        let any = |list: &[String], holds: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|p| holds(p));
        any(&self.actions, &|a| order.commands.iter().any(|c| touches(a, &c.text)))
            && any(&self.targets, &|t| glob(t, &order.target) || order.commands.iter().any(|c| glob(t, &c.target)))
            && any(&self.environments, &|e| order.environment.as_deref() == Some(e))
            && self.when.holds(self.hours.as_ref().is_none_or(|h| h.contains(at)))
    }
}

/// Whether a pattern permits a command: all of it.
fn allows(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    if text.contains(COMPOUND) {
        return false;
    }
    match pattern.contains(['*', ' ']) {
        true => glob(pattern, &one_line(text)),
        false => text.split_whitespace().any(|w| w.eq_ignore_ascii_case(pattern)),
    }
}

/// Whether a pattern is about a command: anywhere in it.
fn touches(pattern: &str, text: &str) -> bool {
    match pattern.contains(['*', ' ']) {
        true => glob(&format!("*{pattern}*"), &one_line(text)),
        false => {
            text.split(|c: char| !c.is_alphanumeric() && !"-_.".contains(c)).any(|w| w.eq_ignore_ascii_case(pattern))
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `*` stands for anything; everything else for itself. Linear: the pieces between stars are looked for in turn.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut pieces: Vec<&str> = pieces.collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}
