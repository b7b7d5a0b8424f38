//! Firebell's one binary.

mod clock;
mod config;
mod engine;
mod fault;
mod notify;
mod store;

fn main() {}
