//! Who is on call: one rotation with its hand-off time in its own zone, and overrides on top of it.
//!
//! Hand-offs happen at wall-clock times. The instant of hand-off number k is the wall-clock time `first + k·shift`
//! in the zone: the earlier of two where clocks go back, the first moment that exists where they go forward.
//! So hand-offs never go backwards, and nobody is handed the same shift twice in a repeated hour.

use crate::id::PersonId;
use crate::time::Timestamp;
use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, Offset, TimeZone, Utc};
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

    /// The shift under way at an instant: the longest interval around it in which the same person is on call,
    /// whether by rotation or by override. Where the rotation has only one person, the hand-offs from that
    /// person to the same person end it, because otherwise it would never end.
    pub fn shift_at(&self, at: Timestamp) -> Option<Shift> {
        let person = self.on_call_at(at)?;
        let overridden = self.override_at(at).is_some();
        let (from, to) = (self.shift_start(at, &person), self.shift_end(at, &person));
        Some(Shift { person, from, to, overridden })
    }

    fn shift_end(&self, at: Timestamp, person: &PersonId) -> Timestamp {
        let mut t = at;
        loop {
            let handoff = self.visible_bounds_at(t).map(|(_, end)| end);
            let next = self.edges().filter(|edge| *edge > t).chain(handoff).min().unwrap_or(NEVER);
            let only_by_handoff = Some(next) == handoff && self.rotation.has_one_person();
            if next == NEVER || only_by_handoff || self.on_call_at(next).as_ref() != Some(person) {
                return next;
            }
            t = next;
        }
    }

    fn shift_start(&self, at: Timestamp, person: &PersonId) -> Timestamp {
        let mut t = at;
        loop {
            let handoff = self.visible_bounds_at(t).map(|(start, _)| start);
            let last = self.edges().filter(|edge| *edge <= t).chain(handoff).max().unwrap_or(ALWAYS);
            let before = last.plus_us(-1);
            let only_by_handoff = Some(last) == handoff && self.rotation.has_one_person();
            if last == ALWAYS || only_by_handoff || self.on_call_at(before).as_ref() != Some(person) {
                return last;
            }
            t = before;
        }
    }

    /// The rotation's shift at an instant, unless an override hides it.
    fn visible_bounds_at(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        if self.override_at(at).is_some() { None } else { self.rotation.bounds_at(at) }
    }

    fn edges(&self) -> impl Iterator<Item = Timestamp> {
        self.overrides.iter().filter(|o| o.from < o.to).flat_map(|o| [o.from, o.to])
    }
}

/// The ends of representable time, for a shift that has no beginning or no end.
const ALWAYS: Timestamp = Timestamp(i64::MIN);
const NEVER: Timestamp = Timestamp(i64::MAX);

impl Rotation {
    pub fn person_at(&self, at: Timestamp) -> Option<PersonId> {
        let k = self.shift_number(at)?;
        let index = k.rem_euclid(self.people.len() as i64) as usize;
        self.people.get(index).cloned()
    }

    /// Beginning and end of the rotation's shift at an instant.
    pub fn bounds_at(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let k = self.shift_number(at)?;
        Some((self.handoff(k), self.handoff(k.saturating_add(1))))
    }

    fn has_one_person(&self) -> bool {
        self.people.iter().all(|p| Some(p) == self.people.first())
    }

    /// The greatest k whose hand-off is not after `at`; `None` where there is nobody to hand over to.
    fn shift_number(&self, at: Timestamp) -> Option<i64> {
        if self.people.is_empty() || self.shift_s <= 0 {
            return None;
        }
        // Hand-offs beyond what a calendar can say are pinned to the ends of time: the last is never reached.
        let at = at.min(NEVER.plus_us(-1));
        let local = wall_clock(self.zone, at.utc());
        let guess = (local - self.first_handoff).num_seconds().div_euclid(self.shift_s);
        // The wall clock is never off by more than a day from the time that has passed (zones have skipped whole
        // days), so the answer lies within two days of the guess; hand-offs are in order, so halving finds it.
        let slack = 2 * 86_400 / self.shift_s + 2;
        let (mut low, mut high) = (guess - slack, guess + slack);
        debug_assert!(self.handoff(low) <= at && at < self.handoff(high), "{at:?} {self:?}");
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.handoff(middle) <= at { low = middle } else { high = middle }
        }
        Some(low)
    }

    fn handoff(&self, k: i64) -> Timestamp {
        let wall = Duration::try_seconds(k.saturating_mul(self.shift_s))
            .and_then(|d| self.first_handoff.checked_add_signed(d));
        match wall {
            Some(wall) => instant_of(self.zone, wall),
            None if k < 0 => ALWAYS,
            None => NEVER,
        }
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
            let before =
                |utc: i64| Utc.timestamp_opt(utc, 0).single().map_or(utc < centre, |t| wall_clock(zone, t) < wall);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if before(middle) { low = middle } else { high = middle }
            }
            Timestamp(high.saturating_mul(crate::time::SECOND))
        }
    }
}

/// What the clock on the wall shows; at the ends of the calendar, where that has no name, UTC.
fn wall_clock(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    let utc = at.naive_utc();
    utc.checked_add_offset(zone.offset_from_utc_datetime(&utc).fix()).unwrap_or(utc)
}

#[cfg(test)]
mod tests;
