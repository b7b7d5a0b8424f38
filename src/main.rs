//! Firebell's one binary.

mod app;
mod cli;
mod clock;
mod compose;
mod config;
mod engine;
mod fault;
mod notice;
mod notify;
mod stop;
mod store;
mod telemetry;
mod web;

fn main() -> std::process::ExitCode {
    cli::main()
}
