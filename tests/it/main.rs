//! The one integration-test binary: the module list, nothing else.

mod acknowledge;
mod browser;
mod clocks;
mod contract;
mod conversation;
mod fake_slack;
mod harness;
mod harness_selftest;
mod heartbeat;
mod hooks;
mod intake;
mod lab;
mod live;
mod mail;
mod outbox;
mod path;
mod people;
mod recovery;
mod reload;
mod runbooks;
mod slack;
mod storm;
mod templates;
mod tidy;
mod watched;
