//! One suite, run against every implementation of a port.

mod store;
mod timers;
