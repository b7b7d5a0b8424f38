//! One suite, run against every implementation of a port.

mod sessions;
mod store;
mod timers;
