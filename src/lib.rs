//! Firebell: one way in (`app::act`), one loop (`engine`), one way out (the outbox). `main.rs` only calls `cli`; this
//! is a library so that the tests can hold the parts in their hands.

pub mod app;
pub mod chat;
pub mod cli;
pub mod clock;
#[path = "../commands/mod.rs"]
pub mod commands;
pub mod compose;
pub mod config;
pub mod engine;
pub mod exec;
pub mod fault;
pub mod measure;
pub mod notice;
pub mod notify;
pub mod program;
pub mod stop;
pub mod store;
pub mod telemetry;
pub mod web;
