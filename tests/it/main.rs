//! The one integration-test binary: the module list, nothing else.

mod harness;
mod harness_selftest;
