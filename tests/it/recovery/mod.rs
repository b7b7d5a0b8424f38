//! What Firebell survives: kills, a database that goes away, a full disk, a clock that jumps, a second instance, and
//! files that are not what they should be. Always the real program, seen only from outside: HTTP, the receivers of
//! its pages, the database's own command line.
#![allow(clippy::disallowed_methods, reason = "the tests stand outside the program: their time is real time")]

mod clock;
mod copies;
mod disk;
mod instances;
mod kill;
mod poison;
mod postgres;
mod replicas;
mod start;
pub mod world;
