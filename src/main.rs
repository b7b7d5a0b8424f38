//! Firebell's one binary.

mod engine;
mod notify;

fn main() {}
