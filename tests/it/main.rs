//! The one integration-test binary: the module list, nothing else.

mod contract;
mod conversation;
mod harness;
mod harness_selftest;
mod heartbeat;
mod hooks;
mod intake;
mod live;
mod outbox;
mod path;
mod recovery;
mod tidy;
