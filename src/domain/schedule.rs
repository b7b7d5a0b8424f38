//! Who is on call: one rotation with its hand-off time in its own zone, and overrides on top of it.
//!
//! Hand-offs happen at wall-clock times. The instant of hand-off number k is the wall-clock time `first + k·shift`
//! in the zone: the earlier of two where clocks go back, the first moment that exists where they go forward.
//! So hand-offs never go backwards, and nobody is handed the same shift twice in a repeated hour.

use crate::id::PersonId;
use crate::time::Timestamp;
use chrono::{Duration, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub rotation: Rotation,
    pub overrides: Vec<Override>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    /// In order; the first has the shift that begins at `first_handoff`.
    pub people: Vec<PersonId>,
    /// Wall-clock length of a shift, in seconds (a day is a day, also when it has 23 hours).
    pub shift_s: i64,
    /// Wall-clock time of the first hand-off.
    pub first_handoff: NaiveDateTime,
    pub zone: Tz,
}

/// Somebody stands in from one instant to another (the end excluded). The latest added wins where two overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub person: PersonId,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A computed interval of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub person: PersonId,
    pub from: Timestamp,
    pub to: Timestamp,
    /// True when it comes from an override and not from the rotation.
    pub overridden: bool,
}

impl Schedule {
    /// Who is on call; `None` only where the rotation has nobody and no override stands in.
    pub fn on_call_at(&self, at: Timestamp) -> Option<PersonId> {
        self.override_at(at).map(|o| o.person.clone()).or_else(|| self.rotation.person_at(at))
    }

    fn override_at(&self, at: Timestamp) -> Option<&Override> {
        self.overrides.iter().rev().find(|o| o.from <= at && at < o.to)
    }

    /// The shift under way at an instant: who has it and until when, with overrides considered.
    pub fn shift_at(&self, at: Timestamp) -> Option<Shift> {
        let person = self.on_call_at(at)?;
        let overridden = self.override_at(at).is_some();
        let (mut from, mut to) = self.rotation.bounds_at(at).unwrap_or((Timestamp(i64::MIN), Timestamp(i64::MAX)));
        if let Some(o) = self.override_at(at) {
            (from, to) = (o.from, o.to);
        }
        // Where another override begins or ends inside, the shift is cut there.
        for o in &self.overrides {
            for edge in [o.from, o.to] {
                if edge <= at && edge > from && self.on_call_at(edge.plus_us(-1)).as_ref() != Some(&person) {
                    from = edge;
                }
                if edge > at && edge < to && self.on_call_at(edge).as_ref() != Some(&person) {
                    to = edge;
                }
            }
        }
        Some(Shift { person, from, to, overridden })
    }
}

impl Rotation {
    pub fn person_at(&self, at: Timestamp) -> Option<PersonId> {
        if self.people.is_empty() || self.shift_s <= 0 {
            return None;
        }
        let k = self.shift_number(at);
        let index = k.rem_euclid(self.people.len() as i64) as usize;
        self.people.get(index).cloned()
    }

    /// Beginning and end of the rotation's shift at an instant.
    pub fn bounds_at(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        if self.people.is_empty() || self.shift_s <= 0 {
            return None;
        }
        let k = self.shift_number(at);
        Some((self.handoff(k), self.handoff(k + 1)))
    }

    /// The greatest k whose hand-off is not after `at`.
    fn shift_number(&self, at: Timestamp) -> i64 {
        let local = self.zone.from_utc_datetime(&at.utc().naive_utc()).naive_local();
        let mut k = (local - self.first_handoff).num_seconds().div_euclid(self.shift_s);
        // The wall clock is off by at most a day from the elapsed time (zones have skipped whole days), so the
        // guess is near; hand-offs are in order, so these two loops end at the answer.
        while self.handoff(k) > at {
            k -= 1;
        }
        while self.handoff(k + 1) <= at {
            k += 1;
        }
        k
    }

    fn handoff(&self, k: i64) -> Timestamp {
        let seconds = k.saturating_mul(self.shift_s);
        let wall = Duration::try_seconds(seconds)
            .and_then(|d| self.first_handoff.checked_add_signed(d))
            .unwrap_or(if k < 0 { NaiveDateTime::MIN } else { NaiveDateTime::MAX });
        instant_of(self.zone, wall)
    }
}

/// The instant of a wall-clock time: the earlier of two, or the first that exists after a gap.
pub fn instant_of(zone: Tz, wall: NaiveDateTime) -> Timestamp {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => t.with_timezone(&Utc).into(),
        LocalResult::None => {
            // Inside a gap: the wall clock jumps from before to after it at one instant, found by halving the
            // three days around (no zone has ever skipped more than one day).
            let centre = wall.and_utc().timestamp();
            let (mut low, mut high) = (centre - 130_000, centre + 130_000);
            let before = |utc: i64| {
                Utc.timestamp_opt(utc, 0).single().is_none_or(|t| t.with_timezone(&zone).naive_local() < wall)
            };
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if before(middle) { low = middle } else { high = middle }
            }
            Timestamp(high.saturating_mul(crate::time::SECOND))
        }
    }
}

#[cfg(test)]
mod tests;
