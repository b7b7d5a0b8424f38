//! The importer as a whole: from bytes to what `runbook show` prints.

mod any;
mod foreign;
mod seeds;
mod styles;
mod whole;
