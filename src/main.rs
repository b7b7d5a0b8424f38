//! Firebell's one binary.

mod app;
mod clock;
mod config;
mod engine;
mod fault;
mod notice;
mod notify;
mod stop;
mod store;
mod web;

fn main() {}
