//! The people of the simulation: prompt, slow, asleep, of two minds; and one who says everything that can be said, in
//! any order, whether it makes sense or not. They hear nothing but answers and pages.

use super::engine::Acted;
use super::{Happening, World, org};
use crate::decide::{Because, Declaration, Input};
use crate::event::Actor;
use crate::id::{IncidentId, PersonId, ServiceId};
use crate::postmortem::Chapter;
use crate::status::{IncidentStatus, PostmortemStatus};
use crate::time::SECOND;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    Prompt,
    Slow,
    Asleep,
    /// Acknowledges, and hands it back soon after.
    TwoMinds,
}

/// Each hand-back pages everybody again, and everybody who is paged may hand back: without an end to their patience
/// two such people do nothing else all day.
const HAND_BACKS_MAX: u32 = 20;

impl World {
    /// Somebody's pager rings (`None`: a pager that everybody hears).
    pub(super) fn paged(&mut self, incident: IncidentId, person: Option<PersonId>) {
        if self.calm {
            return;
        }
        let names: Vec<PersonId> = self.habits.keys().cloned().collect();
        let Some(person) = person.or_else(|| self.dice.pick(&names).cloned()) else { return };
        let wait_s = match self.habits.get(&person) {
            Some(Habit::Prompt | Habit::TwoMinds) => self.dice.range(2, 90),
            Some(Habit::Slow) => self.dice.range(120, 1_200),
            _ => return,
        };
        // Sometimes at the very instant at which the next level is due.
        let next_at = self.store.incidents.get(&incident).and_then(|s| s.incident.escalation.next_at);
        let at = match next_at {
            Some(t) if self.dice.chance(250) => (t.0 - self.offset_us).max(self.now),
            _ => self.now + wait_s * SECOND,
        };
        let two_minds = self.habits.get(&person) == Some(&Habit::TwoMinds);
        self.says_at(at, &person, incident, Input::Acknowledge);
        if two_minds && self.hand_backs < HAND_BACKS_MAX {
            self.hand_backs += 1;
            let back = at + self.dice.range(1, 600) * SECOND;
            self.says_at(back, &person, incident, Input::Unacknowledge { reason: "not mine".to_string() });
        } else if self.dice.chance(500) {
            let end = at + self.dice.range(60, 2_400) * SECOND;
            self.says_at(end, &person, incident, Input::Resolve { text: String::new() });
        }
    }

    pub(super) fn says_at(&mut self, at: i64, person: &PersonId, incident: IncidentId, input: Input) {
        let (person, input) = (person.clone(), Box::new(input));
        self.plan_at(at, Happening::Say { person, incident, input });
    }

    pub(super) fn say(&mut self, person: PersonId, incident: IncidentId, input: Input) {
        let actor = Actor::Person { name: person.clone(), via: "sim".to_string() };
        let acted = match self.somebody_up() {
            Some(r) => match &input {
                Input::Merge { into } => self.merge(r, incident, *into, &actor),
                _ => self.act(r, incident, &input, &actor),
            },
            None => Acted::Lost,
        };
        if matches!(acted, Acted::Lost) && self.dice.chance(800) {
            // No answer: said again, possibly after it was done.
            let at = self.now + self.dice.range(1, 5) * SECOND;
            self.says_at(at, &person, incident, input);
        }
    }

    /// One incident ends into another: two incidents, one commit.
    fn merge(&mut self, r: usize, from: IncidentId, into: IncidentId, actor: &Actor) -> Acted {
        let Some(stored) = self.store.incidents.get(&from) else { return Acted::Done };
        let absorb =
            Input::Absorb { from, title: stored.incident.title.clone(), groups: stored.incident.groups.clone() };
        let merge = (from, Input::Merge { into });
        // Into itself is refused by the first of the two; deciding both on one state would be our own error.
        let inputs = if from == into { vec![merge] } else { vec![merge, (into, absorb)] };
        self.act_on(r, &inputs, actor)
    }

    pub(super) fn declares(&mut self) {
        let Some(r) = self.somebody_up() else { return };
        let declaration = Declaration {
            title: "checkout is down".to_string(),
            severity: self.directory.severities[0].clone(),
            service: self.dice.chance(600).then(|| ServiceId::from(self.dice.one(org::SERVICES))),
            private: self.dice.chance(100),
            because: None,
        };
        let via = if self.dice.chance(300) { org::WORKSPACE } else { "sim" };
        let actor = Actor::person(org::PEOPLE[self.dice.below(self.plan.people)], via);
        self.declare(r, &declaration, &actor);
    }

    pub(super) fn alert_declaration(&self, because: Because) -> Declaration {
        Declaration {
            title: "an alert".to_string(),
            severity: self.directory.severities[0].clone(),
            service: Some(ServiceId::from(org::SERVICES[1])),
            private: false,
            because: Some(because),
        }
    }

    /// Anything, to any incident.
    pub(super) fn nonsense(&mut self) {
        let of = self.store.incidents.len();
        let incident = IncidentId(self.dice.below(of.max(1)) as i64 + 1);
        let person = PersonId::from(org::PEOPLE[self.dice.below(self.plan.people)]);
        let other = PersonId::from(org::PEOPLE[self.dice.below(org::PEOPLE.len())]);
        let long = "ä".repeat(5_000);
        let text =
            self.dice.one(["", "half the checkouts fail", "\u{202e}\u{0}", "@everyone <!channel>", long.as_str()]);
        let (text, reason) = (text.to_string(), text.to_string());
        let wall = self.wall(0);
        let input = match self.dice.below(30) {
            0 | 1 => Input::Acknowledge,
            2 | 3 => Input::Unacknowledge { reason },
            4 => Input::Snooze { until: wall.plus_s(self.dice.one([60, 300, 1_800, 7_200])) },
            5 => Input::Snooze { until: wall.plus_s(self.dice.one([-60, 0, 59, i64::MAX, 604_801])) },
            6 => {
                let severity = self.directory.severities[self.dice.below(3)].clone();
                Input::SetSeverity { severity, reason }
            }
            7 | 8 => Input::SetStatus { status: self.dice.one(IncidentStatus::ALL), text },
            9 => Input::PostUpdate { text },
            10 => Input::Note { text },
            11 => Input::AssignLead { person: other },
            12 => Input::AssignRole { role: text, person: other },
            13 | 14 => Input::Page { whom: org::target(&self.plan, &mut self.dice), text },
            15 | 16 => Input::Escalate,
            17 => {
                // Yesterday, today, tomorrow, or nobody says when.
                let days = chrono::Duration::days(incident.0 % 4 - 1);
                let due = wall.utc().date_naive().checked_add_signed(days).filter(|_| incident.0 % 4 < 3);
                Input::AddAction { text, owner: Some(other), due }
            }
            18 => Input::FinishAction { no: self.dice.below(4) as u32 },
            19 => Input::Resolve { text },
            20 | 21 => Input::Reopen { reason },
            24 => Input::SnoozeUpdates { until: wall.plus_s(self.dice.one([-1, 60, 1_800, 604_801])) },
            25 => Input::SetPostmortem { status: self.dice.one(PostmortemStatus::ALL) },
            26 => {
                let texts = [(self.dice.one(Chapter::ALL), text)].into();
                Input::EditPostmortem { base: self.dice.below(3) as u32, texts }
            }
            27 => Input::StartPlaybook { playbook: org::playbook(&mut self.dice) },
            28 | 29 => Input::TickStep { done: self.dice.chance(700), text },
            22 => Input::Merge { into: IncidentId(self.dice.below(of + 1) as i64 + 1) },
            _ => Input::Cancel { reason },
        };
        self.say(person, incident, input);
    }

    /// Everybody comes to work and closes what is open.
    pub(super) fn close_everything(&mut self) {
        let open: Vec<IncidentId> =
            self.store.incidents.values().filter(|s| s.incident.status.open()).map(|s| s.incident.id).collect();
        for id in open {
            self.say(PersonId::from("ana"), id, Input::Resolve { text: "over".to_string() });
        }
    }
}
