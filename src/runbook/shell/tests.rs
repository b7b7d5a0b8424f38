//! Tables of commands and what they are. Every line is invented; each stands for a kind.

mod breadth;
mod executors;
mod modes;
mod never_read;
mod problems;
mod properties;
mod risks;
mod stages;
mod surroundings;
mod whole;

use super::{Asked, Judged, judge};

fn judged(text: &str) -> Judged {
    judge(&Asked { text, ..Asked::default() })
}
