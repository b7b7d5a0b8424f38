//! Conversations: people and alerts say something, the clock moves, pages arrive; named after what a person sees.

mod alerts;
mod nights;
mod speak;
mod titles;
pub mod world;
