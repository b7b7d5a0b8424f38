//! Chat platforms: each shows incidents as cards and hands what people say there to the commands. One folder each with
//! the same file names; `hear.rs` is what they share. Knows no policy, decides nothing, promises nothing it has not seen
//! committed.

pub mod discord;
pub mod hear;
pub mod slack;
