//! One suite, run against every implementation of a port.

mod kept;
mod leases;
mod sessions;
mod store;
mod timers;
