//! Monitoring in the simulation: groups of alerts that fire, flap and resolve, and a source that tells of them twice,
//! late, out of order, again and again until it is answered. Keeps the truth, so that an oracle can compare.

use super::engine::Acted;
use super::{Happening, World};
use crate::alert::{Alert, AlertStatus, Delivery};
use crate::decide::{Because, Input, Unreadable};
use crate::event::{Actor, KeptAs};
use crate::id::IncidentId;
use crate::limits;
use crate::time::{SECOND, Timestamp};
use std::collections::BTreeMap;

/// What really is the case with one group of alerts.
pub struct Truth {
    pub source: String,
    pub group: String,
    alerts: BTreeMap<String, (AlertStatus, i64)>,
    /// Counts changes: a delivery of an older version is not fresh.
    version: u64,
    names: usize,
    flips_every_s: i64,
}

#[derive(Clone)]
pub struct Telling {
    pub truth: usize,
    version: u64,
    delivery: Delivery,
}

impl Truth {
    pub fn new(source: usize, group: usize, names: usize, flips_every_s: i64) -> Truth {
        let (source, group) = (format!("prom{source}"), format!("group{group}"));
        Truth { source, group, alerts: BTreeMap::new(), version: 0, names, flips_every_s }
    }

    fn firing(&self) -> bool {
        self.alerts.values().any(|(s, _)| *s == AlertStatus::Firing)
    }
}

impl World {
    /// Something begins or stops firing.
    pub(super) fn flip(&mut self, of: usize) {
        if self.calm {
            return;
        }
        let now = self.now;
        let truth = &mut self.truths[of];
        let storm = truth.names > 100;
        let resolve_all = self.dice.chance(350);
        let n = if storm && truth.alerts.is_empty() { truth.names } else { self.dice.range(1, 3) as usize };
        for k in 0..n {
            let which = if n == truth.names { k } else { self.dice.below(truth.names) };
            let (status, starts_at) = truth.alerts.entry(format!("fp{which}")).or_insert((AlertStatus::Resolved, 0));
            match status {
                AlertStatus::Firing => *status = AlertStatus::Resolved,
                AlertStatus::Resolved => (*status, *starts_at) = (AlertStatus::Firing, now),
            }
        }
        if resolve_all {
            truth.alerts.values_mut().for_each(|(s, _)| *s = AlertStatus::Resolved);
        }
        truth.version += 1;
        let next = now + self.dice.range(1, truth.flips_every_s * 2) * SECOND;
        self.plan_at(next, Happening::Flip { truth: of });
        self.tell(of);
    }

    pub(super) fn end_all_alerts(&mut self) {
        for of in 0..self.truths.len() {
            self.truths[of].alerts.values_mut().for_each(|(s, _)| *s = AlertStatus::Resolved);
            self.truths[of].version += 1;
            self.tell(of);
        }
    }

    /// The source tells how things stand, perhaps twice, perhaps late.
    pub(super) fn tell(&mut self, of: usize) {
        let truth = &self.truths[of];
        let firing = truth.firing();
        let mut alerts = Vec::new();
        for (name, (status, starts_at)) in &truth.alerts {
            // Some resolutions are told in a delivery that never arrives.
            if *status == AlertStatus::Firing || self.dice.chance(800) {
                let (fingerprint, starts_at) = (name.clone(), Timestamp(*starts_at));
                let summary = "disk full".to_string();
                alerts.push(Alert { fingerprint, status: *status, starts_at, summary, link: None });
            }
        }
        let truncated = if self.dice.chance(30) && alerts.len() > 1 { alerts.pop().map_or(0, |_| 1) } else { 0 };
        let group_status = if firing { AlertStatus::Firing } else { AlertStatus::Resolved };
        let (source, group) = (truth.source.clone(), truth.group.clone());
        let delivery = Delivery { source, group, alerts, group_status, truncated };
        let telling = Telling { truth: of, version: truth.version, delivery };
        let late = |w: &mut World| if w.dice.chance(200) { w.dice.range(1, 90) * SECOND } else { 50_000 };
        if self.dice.chance(150) {
            let again = self.now + late(self);
            self.plan_at(again, Happening::Deliver { telling: Box::new(telling.clone()) });
        }
        let at = self.now + late(self);
        self.plan_at(at, Happening::Deliver { telling: Box::new(telling) });
    }

    pub(super) fn repeat(&mut self, of: usize) {
        self.tell(of);
        if !self.calm {
            self.plan_at(self.now + 600 * SECOND, Happening::Repeat { truth: of });
        }
    }

    pub(super) fn deliver(&mut self, telling: Telling) {
        let acted = match self.somebody_up() {
            Some(r) => self.ingest(r, &telling.delivery),
            None => Acted::Lost,
        };
        match acted {
            Acted::Lost => {
                let at = self.now + self.dice.range(1, 10) * SECOND;
                self.plan_at(at, Happening::Deliver { telling: Box::new(telling) });
            }
            // What is stale was overtaken between the route and the decision; here nothing can be.
            Acted::Refused(refusal) => {
                self.fail(format!("{} {} was refused: {refusal:?}", telling.delivery.source, telling.delivery.group));
            }
            Acted::Done if telling.version == self.truths[telling.truth].version => {
                if let Err(why) = self.fresh_word_is_believed(&telling.delivery) {
                    self.fail(why);
                }
            }
            Acted::Done => {}
        }
    }

    /// Oracle: after an answered delivery that says how things are, its incident believes it. What fires has an
    /// open incident, unless people ended that and nothing began to fire since.
    fn fresh_word_is_believed(&self, delivery: &Delivery) -> Result<(), String> {
        let key = (delivery.source.clone(), delivery.group.clone());
        let fires = delivery.alerts.iter().any(|a| a.status == AlertStatus::Firing);
        let stored = self.store.groups.get(&key).and_then(|id| self.store.incidents.get(id));
        let Some(stored) = stored else {
            return if fires { Err(format!("{key:?} fires and no incident knows of it")) } else { Ok(()) };
        };
        let i = &stored.incident;
        let group = i.groups.iter().find(|g| (&g.source, &g.key) == (&key.0, &key.1));
        match (i.status.open(), fires) {
            (true, true) if !i.firing_alerts() => Err(format!("{key:?} fires and {} does not know", i.id)),
            (true, false) if delivery.truncated == 0 && group.is_some_and(|g| g.firing()) => {
                Err(format!("{key:?} has resolved and {} does not know", i.id))
            }
            (false, true) => {
                let ended = self.watches.get(&i.id).and_then(|w| w.ended_by_people);
                let began = delivery.alerts.iter().filter(|a| a.status == AlertStatus::Firing).map(|a| a.starts_at.0);
                match ended {
                    None => Err(format!("{key:?} fires and {} ended by itself", i.id)),
                    Some(ended) if began.max().is_some_and(|t| t > ended) => {
                        Err(format!("{key:?} fires anew and {} stays ended", i.id))
                    }
                    Some(_) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// A source says something that nobody can read: joined to its open incident, or declared.
    pub(super) fn garbage(&mut self) {
        let Some(r) = self.somebody_up() else { return };
        let source = "prom0".to_string();
        let actor = Actor::Source { name: source.clone() };
        let kept = "{\"alerts\": [".to_string();
        let problem = "the JSON ends in the middle".to_string();
        let bytes = limits::HOOK_BYTES_MAX as u64 + 1;
        let unreadable = Unreadable { source, problem, bytes, kept, kept_as: KeptAs::Text };
        let joined = self.unreadable.filter(|id: &IncidentId| {
            let stored = self.store.incidents.get(id);
            stored.is_some_and(|s| s.incident.status.open())
        });
        match joined {
            Some(id) => {
                self.act(r, id, &Input::Unreadable(unreadable), &actor);
            }
            None => {
                let declaration = self.alert_declaration(Because::Unreadable(unreadable));
                let (id, acted) = self.declare(r, &declaration, &actor);
                if let Acted::Done = acted {
                    self.unreadable = Some(id);
                }
            }
        }
    }
}
