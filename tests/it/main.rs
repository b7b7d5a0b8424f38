//! The one integration-test binary: the module list, nothing else.

mod contract;
mod harness;
mod harness_selftest;
mod recovery;
mod tidy;
