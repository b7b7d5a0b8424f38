//! The small languages inside a runbook's sentences and cells: times, levels, limits, rhythms, chains. Hand-written
//! descent over folded text with the words of `lexicon`; each reader takes text and gives a value and where it stood.
//!
//! The number never decides what a time means: which reader is asked depends on where the text stands.

pub mod duration;
pub mod escalation;
pub mod schedule;
pub mod severity;
pub mod threshold;
