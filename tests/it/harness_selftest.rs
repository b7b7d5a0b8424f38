//! The harness proves itself: a stand-in that is kinder than the vendor, or a database that does not really
//! freeze, would make every test above it worthless.

mod chromium;
mod pagerduty;
mod programs;
mod webhook;
