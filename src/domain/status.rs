//! The status of an incident and which may follow which: one table, checked when deciding and again on replay.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentStatus {
    Investigating,
    Identified,
    /// Impact is over, the cause may remain.
    Monitoring,
    Resolved,
    /// Ended by becoming part of another incident.
    Merged,
    /// Ended because it was none.
    Cancelled,
}

use IncidentStatus::*;

impl IncidentStatus {
    pub const ALL: [IncidentStatus; 6] = [Investigating, Identified, Monitoring, Resolved, Merged, Cancelled];

    pub fn open(self) -> bool {
        matches!(self, Investigating | Identified | Monitoring)
    }

    /// Open statuses follow each other in any order (a fix that did not hold leads back); every end comes from
    /// an open one, and only a resolved incident can be reopened.
    pub fn may_become(self, next: IncidentStatus) -> bool {
        match (self, next) {
            (a, b) if a == b => false,
            (a, _) if a.open() => true,
            (Resolved, b) => b.open(),
            _ => false,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Investigating => "investigating",
            Identified => "identified",
            Monitoring => "monitoring",
            Resolved => "resolved",
            Merged => "merged",
            Cancelled => "cancelled",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for IncidentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
/// How far the post-mortem of a resolved incident is. Any may follow any: a published one is taken back for review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostmortemStatus {
    #[default]
    Draft,
    InReview,
    Published,
}

impl PostmortemStatus {
    pub const ALL: [PostmortemStatus; 3] =
        [PostmortemStatus::Draft, PostmortemStatus::InReview, PostmortemStatus::Published];

    /// As people say and read it.
    pub fn as_words(self) -> &'static str {
        match self {
            PostmortemStatus::Draft => "draft",
            PostmortemStatus::InReview => "in review",
            PostmortemStatus::Published => "published",
        }
    }

    /// "review" and "in review" are one.
    pub fn parse(words: &str) -> Option<Self> {
        let words = words.trim().to_lowercase();
        let words = words.strip_prefix("in ").or_else(|| words.strip_prefix("in-")).unwrap_or(&words);
        let short = |s: &Self| s.as_words().trim_start_matches("in ");
        Self::ALL.into_iter().find(|s| short(s) == words)
    }
}
