//! An alert stays with the open incident that follows it, whatever group it comes under: a source whose grouping was
//! changed tells of the same alerts in other groups, and they are no other incidents for that. Decides which part of a
//! delivery goes to which incident; what becomes of a part is `alert::route`'s.

use crate::alert::{Alert, AlertStatus, Delivery, Group, START_UNKNOWN};
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::limits;
use std::collections::BTreeMap;

/// A part of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The open incident that it belongs to, whatever its group belonged to before; `None`: it goes by its group.
    pub to: Option<IncidentId>,
    pub delivery: Delivery,
}

/// Whether an alert can be known again under another group: only its start tells one firing from another.
pub fn known_anywhere(alert: &Alert) -> bool {
    alert.starts_at != START_UNKNOWN
}

/// The alerts of a delivery to look for elsewhere, in the order in which incidents follow them.
pub fn looked_up(delivery: &Delivery) -> Vec<&str> {
    let mut all: Vec<&str> =
        delivery.alerts.iter().filter(|a| known_anywhere(a)).map(|a| a.fingerprint.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    all.truncate(limits::ALERTS_LOOKED_UP_MAX);
    all
}

/// The group in which an incident follows this very firing of an alert.
fn follows<'a>(incident: &'a Incident, source: &str, alert: &Alert) -> Option<&'a Group> {
    incident.groups.iter().filter(|g| g.source == source).find(|g| {
        let tracked = g.alerts.get(&alert.fingerprint);
        tracked.is_some_and(|t| t.status == AlertStatus::Firing && t.starts_at == alert.starts_at)
    })
}

/// Divides a delivery. `last` is the incident that its group belonged to last, `follower` the one that followed an
/// alert last, by its fingerprint. What no other incident follows goes by its group; where that has no open incident
/// either, it joins the one that follows most of the delivery's company, the oldest of them.
pub fn parts<'a>(
    delivery: &Delivery,
    last: Option<&Incident>,
    follower: impl Fn(&str) -> Option<&'a Incident>,
) -> Vec<Part> {
    let own = last.filter(|i| i.status.open());
    let mut taken: BTreeMap<(IncidentId, &str), (&Group, Vec<Alert>)> = BTreeMap::new();
    let mut company: BTreeMap<IncidentId, (&Incident, usize)> = BTreeMap::new();
    let mut rest = Vec::new();
    for alert in &delivery.alerts {
        let elsewhere = known_anywhere(alert)
            .then(|| follower(&alert.fingerprint))
            .flatten()
            .filter(|i| i.status.open() && own.is_none_or(|o| o.id != i.id))
            .and_then(|i| Some((i, follows(i, &delivery.source, alert)?)));
        match elsewhere {
            None => rest.push(alert.clone()),
            Some((i, group)) => {
                company.entry(i.id).or_insert((i, 0)).1 += 1;
                taken.entry((i.id, &group.key)).or_insert((group, Vec::new())).1.push(alert.clone());
            }
        }
    }
    if taken.is_empty() {
        return vec![Part { to: None, delivery: delivery.clone() }];
    }
    let rest = Delivery { alerts: rest, ..delivery.clone() };
    let fires = rest.truncated > 0 || rest.alerts.iter().any(|a| a.status == AlertStatus::Firing);
    // The most company first, of those the smallest number; a full one takes no further group.
    let mut hosts: Vec<_> = company.values().filter(|(i, _)| i.groups.len() < limits::ALERT_GROUPS_MAX).collect();
    hosts.sort_by_key(|(i, n)| (std::cmp::Reverse(*n), i.id));
    let host = hosts.first().map(|(i, _)| i.id).filter(|_| own.is_none() && fires);
    let mut parts = vec![Part { to: host, delivery: rest }];
    parts.extend(taken.into_iter().map(|((id, _), (group, alerts))| Part {
        to: Some(id),
        delivery: Delivery {
            source: delivery.source.clone(),
            group: group.key.clone(),
            group_status: word(group, &alerts),
            truncated: 0,
            alerts,
        },
    }));
    parts
}

/// What these alerts leave of the group in which they are followed.
fn word(group: &Group, told: &[Alert]) -> AlertStatus {
    let resolved =
        |fingerprint: &str| told.iter().any(|a| a.fingerprint == fingerprint && a.status == AlertStatus::Resolved);
    let mut firing = group.alerts.iter().filter(|(_, t)| t.status == AlertStatus::Firing);
    match group.partial || firing.any(|(fingerprint, _)| !resolved(fingerprint)) {
        true => AlertStatus::Firing,
        false => AlertStatus::Resolved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{self, Because, Declaration, Input};
    use crate::directory::Directory;
    use crate::event::Actor;
    use crate::severity::Severity;
    use crate::time::Timestamp;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    fn alert(word: &str) -> Alert {
        let (name, status) = match word.strip_suffix(" resolved") {
            Some(name) => (name, AlertStatus::Resolved),
            None => (word, AlertStatus::Firing),
        };
        Alert { fingerprint: name.into(), status, starts_at: NOW, summary: name.into(), link: None }
    }

    fn delivery(group: &str, words: &[&str]) -> Delivery {
        let alerts: Vec<Alert> = words.iter().map(|w| alert(w)).collect();
        let fires = alerts.iter().any(|a| a.status == AlertStatus::Firing);
        let group_status = if fires { AlertStatus::Firing } else { AlertStatus::Resolved };
        Delivery { source: "prom".into(), group: group.into(), alerts, group_status, truncated: 0 }
    }

    fn source() -> Actor {
        Actor::Source { name: "prom".into() }
    }

    fn incident(no: i64, delivery: Delivery) -> Incident {
        let severity = Severity::new("P1", "Critical", 1);
        let because = Some(Because::Alerts(delivery));
        let declaration = Declaration { title: "down".into(), severity, service: None, private: false, because };
        let done = decide::declare(IncidentId(no), &declaration, &source(), &Directory::default(), NOW);
        done.expect("it is declared").incident
    }

    fn told(incident: &Incident, delivery: Delivery) -> Incident {
        let done = decide::decide(incident, &Input::Alerts(delivery), &source(), &Directory::default(), NOW);
        done.expect("it is news").incident
    }

    /// The parts as `INC-1 group [alerts]`.
    fn shown(delivery: &Delivery, last: Option<&Incident>, followers: &[(&str, &Incident)]) -> Vec<String> {
        let follower = |f: &str| followers.iter().find(|(name, _)| *name == f).map(|(_, i)| *i);
        let names = |d: &Delivery| d.alerts.iter().map(|a| a.fingerprint.as_str()).collect::<Vec<_>>().join(" ");
        let to = |p: &Part| p.to.map_or("by group".to_string(), |i| i.to_string());
        let part = |p: &Part| format!("{} {} [{}]", to(p), p.delivery.group, names(&p.delivery));
        parts(delivery, last, follower).iter().map(part).collect()
    }

    #[test]
    fn what_nobody_follows_goes_by_its_group_as_it_came() {
        let inc = incident(1, delivery("old", &["a"]));
        let d = delivery("new", &["x", "y"]);
        assert_eq!(parts(&d, None, |_| None), [Part { to: None, delivery: d.clone() }]);
        let own = delivery("old", &["a", "x"]);
        assert_eq!(parts(&own, Some(&inc), |f| (f == "a").then_some(&inc)), [Part { to: None, delivery: own.clone() }]);
    }

    #[test]
    fn a_group_that_was_split_stays_with_its_incident_and_what_is_new_in_it_joins() {
        let inc = incident(1, delivery("old", &["a", "b"]));
        let known = [("a", &inc), ("b", &inc)];
        assert_eq!(shown(&delivery("new a", &["a"]), None, &known), ["by group new a []", "INC-1 old [a]"]);
        let with_more = shown(&delivery("new b", &["b", "c"]), None, &known);
        assert_eq!(with_more, ["INC-1 new b [c]", "INC-1 old [b]"]);
        assert_eq!(shown(&delivery("new c", &["c"]), None, &known), ["by group new c [c]"], "it has no company");
    }

    #[test]
    fn each_alert_of_a_joined_group_reaches_the_incident_that_follows_it() {
        let (one, two) = (incident(1, delivery("a", &["a"])), incident(2, delivery("b", &["b"])));
        let known = [("a", &one), ("b", &two)];
        let all = shown(&delivery("both", &["a", "b resolved", "c"]), None, &known);
        assert_eq!(all, ["INC-1 both [c]", "INC-1 a [a]", "INC-2 b [b]"]);
        // The resolution ends the second one's group, and only that.
        let all = parts(&delivery("both", &["a", "b resolved"]), None, |f| {
            known.iter().find(|(n, _)| *n == f).map(|(_, i)| *i)
        });
        assert!(!told(&two, all[2].delivery.clone()).firing_alerts());
        assert_eq!(all[2].delivery.group_status, AlertStatus::Resolved);
        assert_eq!(all[1].delivery.group_status, AlertStatus::Firing);
    }

    #[test]
    fn a_group_with_alerts_that_were_only_counted_is_not_said_to_be_over() {
        let counted = Delivery { truncated: 7, ..delivery("old", &["a"]) };
        let inc = incident(1, counted);
        let all = parts(&delivery("new", &["a resolved"]), None, |_| Some(&inc));
        assert_eq!(all[1].delivery.group_status, AlertStatus::Firing);
        assert!(told(&inc, all[1].delivery.clone()).firing_alerts());
    }

    #[test]
    fn another_firing_an_ended_incident_another_source_and_no_start_are_no_company() {
        let inc = incident(1, delivery("old", &["a"]));
        let by_group = ["by group new [a]".to_string()];
        let mut later = delivery("new", &["a"]);
        later.alerts[0].starts_at = NOW.plus_s(60);
        assert_eq!(shown(&later, None, &[("a", &inc)]), by_group);
        let mut unknown = delivery("new", &["a"]);
        unknown.alerts[0].starts_at = START_UNKNOWN;
        assert_eq!(shown(&unknown, None, &[("a", &inc)]), by_group);
        assert!(looked_up(&unknown).is_empty());
        let other = Delivery { source: "other".into(), ..delivery("new", &["a"]) };
        assert_eq!(shown(&other, None, &[("a", &inc)]), by_group);
        let resolve = Input::Resolve { text: String::new() };
        let ana = Actor::person("ana", "room");
        let ended = decide::decide(&inc, &resolve, &ana, &Directory::default(), NOW).expect("it ends").incident;
        assert_eq!(shown(&delivery("new", &["a"]), None, &[("a", &ended)]), by_group);
        let over = told(&inc, delivery("old", &["a resolved"]));
        assert_eq!(shown(&delivery("new", &["a"]), None, &[("a", &over)]), by_group, "a late repeat");
    }

    #[test]
    fn an_incident_that_is_full_of_groups_takes_no_further_one() {
        let mut inc = incident(1, delivery("old", &["a"]));
        let group = inc.groups[0].clone();
        for n in 1..limits::ALERT_GROUPS_MAX {
            inc.groups.push(Group { key: format!("g{n}"), alerts: BTreeMap::new(), ..group.clone() });
        }
        let all = shown(&delivery("new", &["a", "c"]), None, &[("a", &inc)]);
        assert_eq!(all, ["by group new [c]", "INC-1 old [a]"]);
    }
}
