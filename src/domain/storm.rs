//! The storm rule: what becomes of many pages to one recipient. Somebody whose phone rings without a pause puts it
//! away, so beyond a few rings a minute the rest goes together as one summary: later by less than a minute, and
//! never not at all. Pure; who rang when is told to it.

use crate::id::{ChannelId, IncidentId, PersonId};
use crate::intent::IntentNo;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The page whose message carries others too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Summary {
    pub incident: IncidentId,
    pub no: IntentNo,
}

impl Summary {
    /// As it is written.
    pub fn parse(text: &str) -> Option<Summary> {
        let (incident, no) = text.split_once('/')?;
        Some(Summary { incident: IncidentId(incident.parse().ok()?), no: no.parse().ok()? })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.incident.0, self.no)
    }
}

/// Whose phone rings: a person's, by whichever pager, or that of whoever answers at a pager's own address.
pub fn recipient(person: Option<&PersonId>, channel: &ChannelId) -> String {
    match person {
        Some(person) => format!("@{person}"),
        None => channel.to_string(),
    }
}

/// What to do with what is due to one recipient through one pager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Each by itself.
    Singly,
    /// The longest due by itself, the others together.
    FirstThenTogether,
    Together,
    /// Too much has rung within the last minute: looked at again as soon as less has.
    Wait,
}

/// `rung`: how often their phone rang within the last minute, a summary counting once. `due`: pages that wait for them
/// now. `max`: rings a minute.
pub fn plan(rung: usize, due: usize, max: usize) -> Plan {
    match () {
        () if rung + due <= max => Plan::Singly,
        // Two at least are free: the first is heard at once and in full.
        () if rung == 0 && max >= 2 => Plan::FirstThenTogether,
        () if rung < max => Plan::Together,
        () => Plan::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    #[test]
    fn a_few_ring_by_themselves_and_a_storm_is_the_first_and_the_rest() {
        assert_eq!(plan(0, 5, 5), Plan::Singly);
        assert_eq!(plan(4, 1, 5), Plan::Singly);
        assert_eq!(plan(0, 6, 5), Plan::FirstThenTogether);
        assert_eq!(plan(0, 10_000, 5), Plan::FirstThenTogether);
        assert_eq!(plan(2, 4, 5), Plan::Together);
        assert_eq!(plan(5, 1, 5), Plan::Wait);
        assert_eq!(plan(0, 2, 1), Plan::Together, "one ring a minute: that one tells everything");
    }

    proptest! {
        /// Minute by minute: whatever comes, nobody's phone rings more often than allowed in any 60 seconds, nothing
        /// waits for longer than that, and nothing is left.
        #[test]
        fn rings_are_bounded_and_nothing_waits_longer_than_a_minute(
            comes in proptest::collection::vec(0usize..8, 1..300), max in 1usize..8,
        ) {
            let (mut waiting, mut rings): (VecDeque<usize>, Vec<usize>) = (VecDeque::new(), Vec::new());
            for second in 0..comes.len() + 120 {
                waiting.extend((0..comes.get(second).copied().unwrap_or(0)).map(|_| second));
                if waiting.is_empty() {
                    continue;
                }
                let rung = rings.iter().filter(|r| **r + 60 > second).count();
                let (ring, told) = match plan(rung, waiting.len(), max) {
                    Plan::Singly => (waiting.len(), waiting.len()),
                    Plan::FirstThenTogether => (2, waiting.len()),
                    Plan::Together => (1, waiting.len()),
                    Plan::Wait => (0, 0),
                };
                rings.extend(std::iter::repeat_n(second, ring));
                waiting.drain(..told);
                prop_assert!(rings.iter().filter(|r| **r + 60 > second).count() <= max);
                prop_assert!(waiting.iter().all(|since| second - since < 60));
            }
            prop_assert!(waiting.is_empty());
        }
    }
}
