//! Firebell's decisions, pure: given what an incident is, what came in and what time it is, what happened?
//!
//! Nothing here does I/O, waits, reads a clock or draws random numbers; time and identifiers are
//! arguments, and no iteration depends on hash order. The same inputs always give the same events.
//! The entry is [`decide::decide`]; everything it may look up besides the incident is a [`directory::Directory`].

pub mod alert;
pub mod chain;
pub mod chat;
pub mod clocks;
pub mod decide;
pub mod digest;
pub mod directory;
pub mod escalation;
pub mod event;
pub mod figures;
pub mod hours;
pub mod id;
pub mod incident;
pub mod intent;
pub mod limits;
pub mod operation;
pub mod org;
pub mod origin;
pub mod outbox;
pub mod playbook;
pub mod postmortem;
pub mod proposal;
pub mod recurrence;
pub mod refusal;
pub mod regroup;
pub mod rehearsal;
pub mod reminders;
pub mod run;
pub mod schedule;
pub mod severity;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod status;
pub mod storm;
pub mod text;
pub mod time;
pub mod timeline;
pub mod timer;

// The scripted incidents name the package from outside, so that the words of the bot are tested on the same ones.
#[cfg(test)]
extern crate self as firebell_domain;
#[cfg(test)]
mod story;
