//! Firebell's decisions, pure: given what an incident is, what came in and what time it is, what happened?
//!
//! Nothing here does I/O, waits, reads a clock or draws random numbers; time and identifiers are
//! arguments, and no iteration depends on hash order. The same inputs always give the same events.

pub mod directory;
pub mod id;
pub mod limits;
pub mod schedule;
pub mod severity;
pub mod time;
