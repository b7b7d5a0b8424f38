//! How it stands with the configuration of a running bot: when the one in force was read, what of it waits for a start,
//! and whether the file has become something that cannot be put in force. A value; reads no file and no clock.

use super::Problem;
use firebell_domain::time::Timestamp;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Standing {
    /// `None` with the built-in defaults.
    pub file: Option<PathBuf>,
    /// When what is in force was put in force.
    pub loaded_at: Timestamp,
    /// Keys whose change takes effect at the next start.
    pub waiting: Vec<String>,
    /// Since when the file says something that cannot be put in force.
    pub refused: Option<Refused>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub since: Timestamp,
    /// The first error, whole: where, what, and what to write instead.
    pub first: String,
    /// How many there are beside it.
    pub more: usize,
}

impl Standing {
    pub fn new(file: Option<PathBuf>, loaded_at: Timestamp) -> Standing {
        Standing { file, loaded_at, waiting: Vec::new(), refused: None }
    }

    /// After a reload that was refused; the first refusal says since when.
    pub fn refuse(&mut self, at: Timestamp, problems: &[Problem]) {
        let mut errors = problems.iter().filter(|p| p.level == super::Level::Error);
        let first = errors.next().map_or_else(String::new, Problem::to_string);
        let since = self.refused.as_ref().map_or(at, |r| r.since);
        self.refused = Some(Refused { since, first, more: errors.count() });
    }
}
