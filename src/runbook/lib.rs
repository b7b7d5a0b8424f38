//! Reads a team's Markdown operations runbook. Pure: bytes in, [`model::Runbook`] out; nothing is executed, fetched or
//! looked up, no clock is read, and the same bytes always give the same result.

pub mod document;
pub mod knowledge;
pub mod model;
pub mod shell;
pub mod source;
