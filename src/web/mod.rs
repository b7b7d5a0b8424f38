//! The one HTTP listener.

pub mod hooks;
