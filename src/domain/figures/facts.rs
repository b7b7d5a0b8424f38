//! What of an incident the figures are made of, and how its rounds follow from a few events of its log: the same
//! rounds, and the same spans, that its post-mortem has (a test compares them).

use crate::clocks::Milestone;
use crate::event::{Event, ResolveCause};
use crate::id::{IncidentId, PersonId};
use crate::status::IncidentStatus;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub id: IncidentId,
    pub title: String,
    /// As it stands now, or stood at the end.
    pub severity: String,
    pub rank: u32,
    pub service: Option<String>,
    pub private: bool,
    /// Of a private one, who is in it; of a public one nobody, since everybody sees it.
    pub involved: Vec<PersonId>,
    pub status: IncidentStatus,
    pub declared_at: Timestamp,
    pub rounds: Vec<Round>,
    /// Every clock that ran out, in time.
    pub breached: Vec<Milestone>,
    pub rings: Vec<Ring>,
}

impl Facts {
    /// What it takes in memory, about.
    pub fn bytes(&self) -> usize {
        let texts = self.title.len() + self.severity.len() + self.service.as_ref().map_or(0, String::len);
        let rings: usize = self.rings.iter().map(|r| size_of::<Ring>() + r.who.len()).sum();
        let involved: usize = self.involved.iter().map(|p| size_of::<PersonId>() + p.as_str().len()).sum();
        let (rounds, breached) = (size_of_val(self.rounds.as_slice()), size_of_val(self.breached.as_slice()));
        size_of::<Facts>() + texts + rings + involved + rounds + breached
    }
}

/// From the declaration, or from a reopening, to the end that followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    pub from: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
}

impl Round {
    pub fn acknowledge_s(&self) -> Option<i64> {
        self.acknowledged_at.map(|at| at.seconds_since(self.from))
    }
    pub fn resolve_s(&self) -> Option<i64> {
        self.resolved_at.map(|at| at.seconds_since(self.from))
    }
}

/// A page that rang, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    pub who: String,
    pub at: Timestamp,
    /// The page whose message it was: its own, or that of the summary that it went in.
    pub message: (IncidentId, u32),
}

/// An event that rounds and breaches are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Acknowledged,
    /// `quiet`: by itself, because its alerts stayed resolved.
    Resolved {
        quiet: bool,
    },
    Reopened,
    Breached(Milestone),
}

impl Mark {
    pub fn of(event: &Event) -> Option<Mark> {
        match event {
            Event::Acknowledged => Some(Mark::Acknowledged),
            Event::Resolved { cause, .. } => Some(Mark::Resolved { quiet: *cause == ResolveCause::Quiet }),
            Event::Reopened { .. } => Some(Mark::Reopened),
            Event::MilestoneBreached { milestone, .. } => Some(Mark::Breached(*milestone)),
            _ => None,
        }
    }
}

/// The rounds of an incident, and the clocks that ran out, from its marks in the order of the log. Resolving says that
/// somebody had it, unless it resolved by itself.
pub fn rounds(
    declared_at: Timestamp,
    marks: impl IntoIterator<Item = (Mark, Timestamp)>,
) -> (Vec<Round>, Vec<Milestone>) {
    let fresh = |from| Round { from, acknowledged_at: None, resolved_at: None };
    let (mut ended, mut now, mut breached) = (Vec::new(), fresh(declared_at), Vec::new());
    for (mark, at) in marks {
        match mark {
            Mark::Acknowledged => {
                now.acknowledged_at.get_or_insert(at);
            }
            Mark::Resolved { quiet } => {
                now.resolved_at = Some(at);
                if !quiet {
                    now.acknowledged_at.get_or_insert(at);
                }
            }
            Mark::Reopened => ended.push(std::mem::replace(&mut now, fresh(at))),
            Mark::Breached(milestone) => breached.push(milestone),
        }
    }
    ended.push(now);
    (ended, breached)
}
