//! The engine: one loop that wakes, fires what is due and delivers what is committed.

pub mod ports;
