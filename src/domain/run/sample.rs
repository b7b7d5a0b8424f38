//! For which incidents what is slow to look at is sampled before anybody asks, and what such a sample may answer for.
//! Reads nothing and samples nothing.

use super::RunKind;
use crate::incident::Incident;
use crate::limits::{SAMPLE_AGE_MS_MAX, SAMPLE_FOR_S};
use crate::time::Timestamp;

/// Until when an incident is sampled for, where it ends no earlier: some hours after it was declared, reopened or
/// diagnosed last. `None`: it is over.
pub fn until(incident: &Incident) -> Option<Timestamp> {
    let looked = incident.runs.values().filter(|r| r.order.kind == RunKind::Diagnose).map(|r| r.asked_at);
    let began = looked.chain(incident.reached.since).chain([incident.declared_at]).max()?;
    incident.status.open().then(|| began.plus_s(SAMPLE_FOR_S))
}

/// A reading of something that goes on: it speaks of the time between two moments, in milliseconds before now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub began_ms: u64,
    pub ended_ms: u64,
}

/// Whether a sample may stand for a look of now: it is young, and all of its time came after the last change and after
/// what it is about was started.
pub fn answers(sample: Sample, changed_ms: Option<u64>, started_ms: Option<u64>) -> bool {
    let after = |moment: Option<u64>| moment.is_none_or(|ms| sample.began_ms < ms);
    sample.ended_ms <= SAMPLE_AGE_MS_MAX && after(changed_ms) && after(started_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const YOUNG: Sample = Sample { began_ms: 1_400, ended_ms: 400 };

    #[test]
    fn a_young_sample_answers_and_an_old_one_does_not() {
        assert!(answers(YOUNG, None, None));
        assert!(answers(Sample { began_ms: 6_000, ended_ms: SAMPLE_AGE_MS_MAX }, None, None));
        assert!(!answers(Sample { began_ms: 6_001, ended_ms: SAMPLE_AGE_MS_MAX + 1 }, None, None));
    }

    #[test]
    fn what_was_changed_meanwhile_is_not_answered_from_before() {
        assert!(answers(YOUNG, Some(1_401), Some(60_000)));
        assert!(!answers(YOUNG, Some(1_400), None), "the change came as it began");
        assert!(!answers(YOUNG, Some(700), None), "the change came within it");
        assert!(!answers(YOUNG, None, Some(0)), "it was started anew");
    }
}
